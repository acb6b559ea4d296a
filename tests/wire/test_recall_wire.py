"""A recall between two processes over TLS: how soon the holder's node opens the item no more, and what both say."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from pair import AT, MARKS, PARTIES, Pair
from test_key_custody_wire import data, inside

from gsomia.node import Role, ask_open, recall

pytestmark = pytest.mark.wire

PROMISED = 1.0
"""A recall reaches a connected peer's enforcement within so many seconds."""


def closed_within(pair: Pair, item: str) -> float:
    """Seconds from when Japan's officer has recalled an item until Korea's node refuses to open it."""
    japan, korea = pair.home("JPN"), pair.home("KOR")
    try:
        recall(japan.node, item, "an error in it", by=japan.acting("", Role.DISCLOSURE))
        began = time.perf_counter()
        while time.perf_counter() < began + 30:
            with korea.node.store.reading() as reader:
                if ask_open(korea.node, reader, item, "reader")[2].outcome == "refuse":
                    return time.perf_counter() - began
            time.sleep(0.002)
    finally:
        japan.close()
        korea.close()
    raise AssertionError("it can still be opened")


def regrade_and_follow(pair: Pair, item: str) -> None:
    """Japan's officer lowers an item, and Korea's follows; both registers and duties say so."""
    status, said = inside(pair, "KOR", "regrade", "notify", item, "--level", "군사III급비밀", "--why", "x")
    assert status == 3 and "is not `KOR`'s to regrade" in said
    assert inside(pair, "JPN", "regrade", "notify", item, "--level", "秘", "--why", "less grave")[0] == 0
    pair.settle()
    for party in PARTIES:
        (row,) = data(pair, party, "regrade", "list")["copies"]
        assert (row["holder"], row["mark"], row["level"], row["state"]) == ("KOR", MARKS["KOR"], "秘", "to follow")
        owed = [row for row in data(pair, party, "duties", "--party", "KOR")["duties"] if row.get("by") == "KOR"]
        assert ("regrade", "6(g)", "A") in {(row["act"], row["article"], row["confidence"]) for row in owed}
        assert "to follow" in inside(pair, party, "regrade", "list")[1]
    assert [one["level"] for one in data(pair, "KOR", "inbox")["regraded"]] == ["秘"]
    assert "waits to be re-marked" in inside(pair, "KOR", "inbox")[1]
    assert inside(pair, "KOR", "regrade", "follow", item)[0] == 0
    pair.settle()
    for party in PARTIES:
        (row,) = data(pair, party, "regrade", "list")["copies"]
        assert (row["mark"], row["state"]) == ("군사III급비밀", "followed")
        assert "極秘, now 秘" in inside(pair, party, "register")[1]


def later(pair: Pair, days: int) -> None:
    """The clocks of both nodes go on."""
    for party in PARTIES:
        home = pair.home(party)
        home.clock.set(AT + timedelta(days=days))
        home.close()


def test_a_recall_is_enforced_answered_and_overdue_at_both(
    pair: Pair, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    document = tmp_path / "report"
    document.write_bytes(b"report")
    pair.start()
    items = []
    for _ in range(3):
        done = pair.transmit("JPN", document, "--json")
        assert done.returncode == 0, done.stderr
        items.append(json.loads(done.stdout)["item"])
    for item in items:
        assert inside(pair, "KOR", "mark", item, "--level", MARKS["KOR"])[0] == 0
    pair.settle()
    regrade_and_follow(pair, items[2])
    seconds = sorted(closed_within(pair, item) for item in items)
    record_property("seconds", seconds)
    print(f"a recall was enforced after {', '.join(f'{one:.3f}' for one in seconds)} s")
    assert seconds[0] < PROMISED, seconds
    pair.settle()

    inbox = data(pair, "KOR", "inbox")["recalls"]
    assert [one["control_number"] for one in inbox] == [f"KOR-2018-{n:06}" for n in (1, 2, 3)]
    words = ("--method", "burnt", "--by", "registry", "--with", "security")
    status, said = inside(pair, "KOR", "answer-recall", items[0], "--as", "destroyed")
    assert status == 3 and "still stands" in said
    assert inside(pair, "KOR", "destroy", items[0], *words)[0] == 0
    assert inside(pair, "KOR", "answer-recall", items[0], "--as", "destroyed")[0] == 0
    assert inside(pair, "KOR", "answer-recall", "KOR-2018-000002", "--as", "cannot", "--why", "held by a court")[0] == 0
    status, said = inside(pair, "KOR", "answer-recall", "KOR-2018-000002", "--as", "cannot", "--why", "again")
    assert status == 3 and "answered for before" in said
    assert "answered for before" in inside(pair, "KOR", "refused")[1]
    pair.settle()
    for party in PARTIES:
        states = {row["item"]: (row["state"], row["closed"]) for row in data(pair, party, "recalls")["copies"]}
        assert [states[item] for item in items] == [
            (state, "confirmed") for state in ("destroyed", "cannot", "asked")
        ], party

    for party in PARTIES:
        pair.kill(party, signal.SIGTERM)
    later(pair, 31)
    pair.start()
    for party in PARTIES:
        for asked in PARTIES:
            duties = [row for row in data(pair, party, "duties", "--party", asked)["duties"] if "copy" in row]
            (owed,) = [row for row in duties if row["act"] == "answer-recall"]
            assert (owed["by"], owed["to"], owed["overdue"]) == ("KOR", ["JPN"], True)
            assert (owed["article"], owed["confidence"]) == ("unread", "I") and "6(h) [A]" in owed["text"]
        assert "answer-recall of" in inside(pair, party, "duties", "--party", "KOR")[1]
        deadline = time.monotonic() + 10
        while "a recall is not answered" not in (pair.folder / f"{party}.log").read_text():
            assert time.monotonic() < deadline, f"the operator of {party} is not told"
            time.sleep(0.05)
    status, said = inside(pair, "JPN", "recall", items[2], "--why", "again", "--due", "2018-01-01T00:00Z")
    assert status == 2 and "cannot be due" in said
    assert inside(pair, "JPN", "recall", items[2], "--why", "again", "--due", "2018-03-01T00:00Z")[0] == 0
    pair.settle()
    assert [row["state"] for row in data(pair, "KOR", "recalls", "--item", items[2])["copies"]] == ["asked"]
    pair.holds()
