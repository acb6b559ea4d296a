"""Two real nodes compared by the command and by their schedule: what it prints, its exit, the duty, the way back."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from pair import MARKS, Pair

pytestmark = [pytest.mark.wire, pytest.mark.slow]


def settings(pair: Pair, party: str, text: str) -> None:
    path = pair.folder / party / "node.toml"
    path.write_text(path.read_text() + f"\n[reconciliation]\n{text}\n")


def test_a_receipt_that_was_lost_is_found_owed_and_sent_again(pair: Pair, tmp_path: Path) -> None:
    settings(pair, "JPN", "duty_seconds = 0")
    pair.start()
    (tmp_path / "document").write_bytes(b"EXERCISE report")
    assert pair.transmit("JPN", tmp_path / "document").returncode == 0
    pair.settle()
    assert "0 differences between" in pair.say("JPN", "reconcile", "KOR")
    pair.settle()

    # Korea's officer signs the receipt while Japan is away, and what waits in the outbox is lost.
    pair.kill("JPN", signal.SIGTERM)
    (row,) = json.loads(pair.say("KOR", "inbox", "--json"))["items"]
    pair.say("KOR", "mark", row["control_number"], "--level", MARKS["KOR"])
    pair.say("KOR", "receipt", row["control_number"])
    refused = pair.run("KOR", "reconcile", "JPN")
    assert refused.returncode == 6 and "cannot be reached" in refused.stderr
    pair.kill("KOR", signal.SIGTERM)
    with closing(sqlite3.connect(pair.folder / "KOR" / "register.sqlite")) as register, register:
        register.execute("DELETE FROM outgoing")
    settings(pair, "KOR", "interval_seconds = 0.2")
    pair.start()

    result = json.loads(pair.say("JPN", "reconcile", "KOR", "--json", status=1))
    assert result["schema"] == "gsomia/reconciliation/v1" and result["exercise"] is True
    kinds = {one["kind"] for one in result["differences"]}
    assert {"missing rung receipted", "missing act mark", "custody"} <= kinds
    assert result["bytes"]["heard"] > 0 and result["rounds"] >= 2
    duties = json.loads(pair.say("JPN", "duties", "--party", "JPN", "--json"))["duties"]
    assert {one["act"] for one in duties if one.get("item") == row["copy"]} == {"reconcile"}
    assert "setting: reconcile of" in pair.say("JPN", "duties", "--party", "JPN")
    assert "missing rung receipted" in pair.say("JPN", "reconcile", "KOR", status=1)

    # Japan's operator is told as soon as the node looks.
    pair.kill("JPN", signal.SIGTERM)
    pair.start("JPN")
    deadline = time.monotonic() + 30
    while "records differ from a peer's for too long" not in (pair.folder / "JPN.log").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.1)

    # Korea's own schedule finds it too, and says so to its operator.
    deadline = time.monotonic() + 30
    while "records were compared with a peer's" not in (pair.folder / "KOR.log").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    repairs = sorted({line for one in result["differences"] for line in one["repair"]})
    assert len(repairs) == 2
    for line in repairs:
        assert line.startswith("at KOR: gsomia act send ")
        pair.say("KOR", *line.removeprefix("at KOR: gsomia ").split())
    pair.settle()
    assert "0 differences between" in pair.say("JPN", "reconcile", "KOR")
    assert pair.run("JPN", "act", "send", "nothing", "--to", "KOR").returncode == 2
    pair.same_story()
    pair.holds()
