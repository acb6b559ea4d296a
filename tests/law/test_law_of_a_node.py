"""The commands about the law, asked of a node: the law it adopted, its own record, and what its register holds."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from gsomia.agreement import LegalAct, Record, unlike
from gsomia.app import Home, init, shipped_acts
from gsomia.cli.law.agreement import agreement
from gsomia.cli.law.routes import duties_command, matrix_command, routes_command
from gsomia.errors import UsageError
from gsomia.keys import Envelope
from gsomia.node import (
    Node,
    Note,
    Role,
    Sending,
    accredit,
    answer,
    answer_shared,
    assure,
    enter_legal_acts,
    fingerprint,
    step,
    transmit,
    upload,
)

RUNNER = CliRunner()
AT = datetime(2024, 1, 10, tzinfo=UTC)
PACT = "jpn-kor-2016"


def run(command: click.Command, node: Path, *words: str) -> Result:
    return RUNNER.invoke(command, [*words, "--node", str(node)], catch_exceptions=False)


@dataclass
class Way:
    """The way to the other node, which stands in the same process."""

    there: Node
    sender: str

    def exchange(self, message: Envelope) -> Envelope:
        """Ask the other node."""
        with self.there.store.reading() as reader:
            peer = reader.peers()[self.sender]
        return answer(self.there, peer, message)

    def shared_digest(self) -> bytes:
        """Ask the other node for the digest of what is shared."""
        with self.there.store.reading() as reader:
            peer = reader.peers()[self.sender]
        return answer_shared(self.there, peer)

    def upload(self, copy: str, chunks: Iterable[bytes], size: int, same: int) -> None:
        """Stage the bytes at the other node."""
        with self.there.store.reading() as reader:
            peer = reader.peers()[self.sender]
        with upload(self.there, peer, copy, offset=0, size=size) as sink:
            for chunk in chunks:
                sink.write(chunk)


def _always(way: Way, peer: str) -> Way:
    del peer
    return way


def notice(day: int, name: str = "give-notice-kor-2024") -> LegalAct:
    at = datetime(2024, 1, day, tzinfo=UTC)
    return LegalAct(id=f"{PACT}/{name}", under=PACT, act="give-notice", by="KOR", at=at)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Two nodes: one item delivered, one that waits, and a Korean notice that Japan has not entered."""
    root = tmp_path_factory.mktemp("nodes")
    with ExitStack() as stack:
        homes: dict[str, Home] = {}
        for party in ("JPN", "KOR"):
            home = homes[party] = init(root / party, party, exercise=True)
            stack.callback(home.close)
            home.clock.set(AT)
            home.enrol_officer("all", Role.ALL, by=None)
        for party, other in (("JPN", "KOR"), ("KOR", "JPN")):
            home, document = homes[party], homes[other].identity()
            home.enrol_peer(document, fingerprint(document), "https://127.0.0.1:1", by=home.acting("", Role.SECURITY))
        nodes = {party: homes[party].node for party in homes}
        for party, other in (("JPN", "KOR"), ("KOR", "JPN")):
            way = Way(homes[other].node, party)
            nodes[party] = replace(nodes[party], link=partial(_always, way))

        def settle() -> None:
            while step(nodes["JPN"], "KOR") or step(nodes["KOR"], "JPN"):
                pass

        past = [act for act in shipped_acts() if act.under == PACT]
        for party, other in (("JPN", "KOR"), ("KOR", "JPN")):
            home, node = homes[party], nodes[party]
            home.adopt((PACT,), by=home.acting("", Role.LEGAL))
            accredit(node, "system", "SECRET", by=home.acting("", Role.SECURITY))
            assure(node, other, PACT, "SECRET", by=home.acting("", Role.SECURITY))
        settle()
        for home in homes.values():
            note = Note.of_text("history", b"history", dated="2016-11-23")
            enter_legal_acts(home.node, past, note, by=home.acting("", Role.LEGAL))
        settle()
        japan, by = nodes["JPN"], homes["JPN"].acting("", Role.DISCLOSURE)
        sending = Sending(to="KOR", level="秘", subject="dprk-missile", purpose="defence")
        transmit(japan, io.BytesIO(b"first"), sending, by=by)
        settle()
        transmit(japan, io.BytesIO(b"second"), sending, by=by)
        note = Note.of_text("notice", b"notice", dated="2016-11-23")
        enter_legal_acts(nodes["KOR"], [notice(9)], note, by=homes["KOR"].acting("", Role.LEGAL))
        while step(nodes["KOR"], "JPN"):
            pass
    yield {party: root / party for party in ("JPN", "KOR")}


def test_each_node_says_what_its_own_record_makes(folders: dict[str, Path]) -> None:
    asked = ("state", "--at", "2024-01-10T12:00Z", "--json")
    japan, korea = (json.loads(run(agreement, folders[party], *asked).stdout) for party in ("JPN", "KOR"))
    assert (japan["state"], korea["state"]) == ("in-force", "notice-pending")
    act = "jpn-kor-2016/give-notice-kor-2024"
    for said in (japan, korea):
        assert [(d["JPN"], d["KOR"]["id"]) for d in said["reported"]] == [(None, act)]
        assert said["disputed"] == [], "nothing contradicts: the one has entered it, the other not yet"


def test_a_difference_is_told_naming_both_sides(folders: dict[str, Path]) -> None:
    for words in (("state",), ("show", PACT)):
        said = run(agreement, folders["JPN"], *words).stdout
        line = next(line for line in said.splitlines() if "reported" in line)
        assert "give-notice-kor-2024: JPN has no such entry; KOR has give-notice by KOR at 2024-01-09" in line
        assert "only consultation between the Parties settles it" not in said
    assert "reported" not in RUNNER.invoke(agreement, ["state"], env={"GSOMIA_NODE": ""}).stdout


def test_the_clock_is_the_node_s(folders: dict[str, Path]) -> None:
    said = RUNNER.invoke(agreement, ["state", "--json"], env={"GSOMIA_NODE": str(folders["KOR"])})
    assert json.loads(said.stdout)["at"].startswith("2024-01-10")
    told = run(agreement, folders["KOR"], "timeline", "--until", "2025-12-01T00:00Z").stdout
    assert "2024-11-23 00:00:00+0900 x terminated" in told
    signed = [line for line in told.splitlines() if "KOR sign: " in line]
    assert signed and all("one signed text" in line and "(note: " in line for line in signed), signed


def test_what_an_act_would_stop_and_what_is_held(folders: dict[str, Path]) -> None:
    words = ("what-if", "give-notice", "--by", "JPN", "--at", "2024-01-10T12:00Z")
    found = json.loads(run(agreement, folders["JPN"], *words, "--json").stdout)
    assert [(s["to"], s["outcome"], s["from"][:16]) for s in found["stopping"]] == [
        ("KOR", "refuse", "2024-11-22T15:00")
    ]
    assert [(h["holder"], h["originator"], h["items"], h["protected"]) for h in found["held"]] == [
        ("KOR", "JPN", 1, True)
    ]
    said = run(agreement, folders["JPN"], *words).stdout
    assert "stops: what waits to go JPN - KOR" in said
    assert "held: 1 of JPN 秘 by KOR: stays protected" in said
    # In Korea the notice is there already: another one stops nothing more, and nothing waits there.
    found = json.loads(run(agreement, folders["KOR"], *words, "--json").stdout)
    assert (found["stopping"], found["held"][0]["items"]) == ([], 1)


def test_duties_name_the_items_that_wait(folders: dict[str, Path]) -> None:
    rows = json.loads(run(duties_command, folders["KOR"], "--party", "KOR", "--json").stdout)["duties"]
    waiting = [(row["act"], row["to"], row["article"]) for row in rows if "item" in row]
    assert [(act, to) for act, to, _ in waiting] == [("mark", ["JPN"]), ("receipt", ["JPN"])]
    assert waiting[0][2] == "4.2"
    said = run(duties_command, folders["KOR"], "--party", "KOR").stdout
    assert run(duties_command, folders["KOR"]).stdout == said, "a node's own Party need not be named"
    assert said.startswith(f"{PACT}:4.2 [A] mark of ")
    # The giver's node owes no mark, and does not speak for another Party's items.
    for party in ("JPN", "KOR"):
        rows = json.loads(run(duties_command, folders["JPN"], "--party", party, "--json").stdout)["duties"]
        assert not any("item" in row for row in rows)


def test_a_node_answers_by_what_it_adopted(folders: dict[str, Path]) -> None:
    at = ("--at", "2024-01-10T12:00Z", "--json")
    node = folders["JPN"]
    with pytest.raises(UsageError, match="has not adopted `tisa-2014`") as caught:
        run(agreement, node, "state", "tisa-2014")
    assert caught.value.hint == "adopted: jpn-kor-2016"
    assert "not adopted by this node" in run(agreement, node, "show", "tisa-2014").stdout
    assert "adopted by this node\n" in run(agreement, node, "show", PACT).stdout
    rows = json.loads(run(agreement, node, "show", "--json").stdout)["agreements"]
    assert [row["name"] for row in rows if row["adopted"]] == [PACT]
    found = json.loads(run(routes_command, node, "--from", "JPN", "--to", "KOR", "--item", "level=秘", *at).stdout)
    assert {route["instrument"] for route in found["routes"] if route["outcome"] == "permit"} == {PACT}
    with pytest.raises(UsageError, match="`USA` is no Party"):
        run(duties_command, node, "--party", "USA")
    owed = json.loads(run(duties_command, node, "--party", "JPN", *at).stdout)
    assert owed["duties"] and owed["exercise"] is True
    assert {row["instrument"] for row in json.loads(run(matrix_command, node, *at).stdout)["rows"]} <= {PACT, ""}
    assert run(agreement, node, "path", "--to", "terminated").exit_code == 0
    assert '@article("jpn-kor-2016:6(a)")' in run(agreement, node, "export", "--cedar").stdout


def test_records_that_differ() -> None:
    sign = LegalAct(id=f"{PACT}/sign", under=PACT, act="sign", by="KOR", at=AT - timedelta(days=400))
    own = Record([sign, notice(9)])
    assert unlike(own, Record(), PACT) == [(notice(9), None), (sign, None)]
    read = LegalAct(id=f"{PACT}/read", under=PACT, act="declare-reading", by="KOR", at=AT, note="clock")
    assert unlike(own.plus([read]), own, PACT) == [], "a reading is its own Party's alone"
    assert unlike(own, Record([sign]), PACT) == [(notice(9), None)]
    assert unlike(own, Record([sign, notice(8)]), PACT) == [(notice(9), notice(8))]
    late = notice(11, "give-notice-kor-2024-b")
    assert unlike(own, Record([sign, notice(9), late]), PACT) == [(None, late)]
    assert unlike(own, Record([sign, replace(notice(9), form="email")]), PACT)[0][1] is not None


def test_a_dispute_is_open_until_an_act_of_both_closes_it() -> None:
    sign = LegalAct(id=f"{PACT}/sign", under=PACT, act="sign", by="KOR", at=AT - timedelta(days=400))
    settle = LegalAct(id=f"{PACT}/settled", under=PACT, act="settle-dispute", by="JPN", at=AT + timedelta(days=30))
    own, theirs = [sign, notice(9)], [sign, notice(8)]
    open_ = [(notice(9), notice(8))]
    assert unlike(Record([*own, settle]), Record(theirs), PACT) == [*open_, (settle, None)]
    assert unlike(Record(own), Record([*theirs, settle]), PACT) == [*open_, (None, settle)]
    later = replace(settle, at=settle.at + timedelta(days=1))
    assert unlike(Record([*own, settle]), Record([*theirs, later]), PACT) == [*open_, (settle, later)]
    assert unlike(Record([*own, settle]), Record([*theirs, settle]), PACT) == []
    # What a Party enters after that, also about an instant before it, is open again.
    entered = replace(notice(8, "give-notice-kor-2024-b"), known_at=settle.at + timedelta(days=1))
    assert unlike(Record([*own, settle]), Record([*theirs, settle, entered]), PACT) == [(None, entered)]
