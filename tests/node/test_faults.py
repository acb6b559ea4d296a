"""Faults beside those of the wire: a clock a day wrong, a log that forks, a backdated act, a flood, an old backup."""

from __future__ import annotations

import io
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from lying import message, reading, send
from stories import (
    Stage,
    failed,
    finish,
    forget,
    holds,
    nothing_lost,
    nothing_twice,
    official,
    refusals,
    register,
    same_story,
    survived,
    words_of,
)

from gsomia.errors import NodeError, PeerError
from gsomia.keys import Envelope, Signature
from gsomia.node import open_item
from gsomia.testing import Exercise, SetClock
from gsomia.tlog import Checkpoint, Frontier, WitnessRequest, consistency_proof, leaf_hash

FLOOD = 2000 if os.environ.get("GSOMIA_FAULTS") else 150


def give(both: Exercise) -> None:
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()


@pytest.mark.parametrize("off", [timedelta(days=1), timedelta(days=-1)])
def test_with_a_clock_a_day_wrong_nothing_moves_and_both_are_told(stage: Stage, off: timedelta) -> None:
    both = stage()
    give(both)
    kor = both["KOR"]
    wrong = replace(kor.node, clock=SetClock(both.clock.at + off))
    both.players["KOR"] = replace(kor, node=wrong)
    both["JPN"].transmit(b"another", to="KOR", level="極秘")
    both.settle(tolerate=True)
    assert len(both["KOR"].copies()) == 1
    with both["JPN"].node.store.reading() as reader:
        (waiting,) = reader.outgoing(peer="KOR")
    assert "86400 s apart" in waiting.error
    assert "86400 s apart" in words_of(refusals(both["KOR"]))
    both.players["KOR"] = kor
    both.pass_time(timedelta(minutes=10))
    both.settle()
    assert len(kor.copies()) == 2
    survived(both, told={"KOR": "86400 s apart"})


def test_a_peer_that_forks_its_log_is_proven_to_have_lied(stage: Stage) -> None:
    both = stage()
    give(both)
    jpn, kor = both["JPN"], both["KOR"]
    name = "exercise.gsomia/KOR/JPN"
    with jpn.node.store.reading() as reader:
        kept = reader.kept(name)
    assert kept is not None
    size = int(kept.split(b"\n")[1])
    # Another list from the beginning on, longer than the one that was cosigned.
    frontier, nodes = Frontier().append([leaf_hash(b"another %d" % i) for i in range(size + 3)])
    stored = {(level, index): value for level, index, value in nodes}
    both.pass_time(timedelta(seconds=5))
    note = kor.node.keys.log.named(name).sign_checkpoint(
        Checkpoint(origin=name, size=frontier.size, root=frontier.root()), both.clock.at
    )
    proof = consistency_proof(size, frontier.size, lambda level, index: stored[level, index])
    if size & (size - 1) == 0:
        proof.insert(0, Frontier.at(size, lambda level, index: stored[level, index]).root())
    request = WitnessRequest(old_size=size, proof=tuple(proof), note=note).to_bytes().decode()
    answer = send(both, "KOR", "JPN", message(kor, "JPN", "checkpoints", {"requests": [request]}))
    assert answer["body"]["answers"][0]["refused"] == "fork"
    assert "fork, proven by its own two signed checkpoints" in failed(jpn)["logs that lied"]
    assert name in words_of(refusals(jpn)) or "does not continue" in words_of(refusals(jpn))
    give(both)
    survived(both, told={"JPN": f"{name}.*: fork, proven"}, proven=["logs that lied"])


def test_a_backdated_act_shows_when_it_was_recorded_and_is_told(stage: Stage) -> None:
    """A Party signs under an instant that is long past; its peer's log and `verify` say when it came."""
    both = stage()
    give(both)
    kor = both["KOR"]
    (copy,) = kor.copies()
    finish(kor, copy.id)
    both.settle()
    both.enter(official("kim"), "KOR")
    both.pass_time(timedelta(days=9))
    both.settle()
    early = both.clock.at - timedelta(days=8)
    assert open_item(replace(kor.node, clock=SetClock(early)), copy.id, "kim", io.BytesIO())
    both.settle()
    with both["JPN"].node.store.reading() as reader:
        (late,) = reader.acts(types=["opened"])
        arrival = reader.arrival(late.id)
        assert late.statement.at == early
        assert arrival == ("KOR", both.clock.at), "what was recorded when is this node's own word"
        (log, position, _), *_ = reader.log_places(late.id)
        head = reader.log(log)
    assert head is not None and position == head.size - 1, "it stands at the end of the log, behind what was before it"
    words = f"backdated: 1, the last: `{late.id}`, `opened` by `KOR`, names 2018-01-11.* recorded 2018-01-19"
    survived(both, told={"JPN": words})


def test_a_flood_is_refused_one_by_one_and_the_node_goes_on(stage: Stage) -> None:
    both = stage()
    give(both)
    kor, jpn = both["KOR"], both["JPN"]
    garbage = Envelope(payload_type="text/plain", payload=b"x" * 100, signatures=(Signature(keyid="k", sig=b"s"),))
    once = message(kor, "JPN", "acts", {"acts": []})
    send(both, "KOR", "JPN", once)
    for number in range(FLOOD):
        answer = send(both, "KOR", "JPN", (garbage, once)[number % 2])
        assert answer["type"] == "refusal"
    assert len(refusals(jpn)) == FLOOD
    with jpn.node.store.reading() as reader:
        assert all(len(entry.why) < 1001 for entry in reader.refused())
    give(both)
    finish(kor, max(copy.control_number for copy in kor.copies()))
    both.settle()
    survived(both, told={"JPN": f"message `{reading(once)['id']}` was used before: a replay"})


def test_a_register_restored_from_an_old_backup_gets_back_what_peers_still_owe_it(stage: Stage, tmp_path: Path) -> None:
    """What the backup lacks is found by the witness; what the peer has not been told of is told again."""
    both = stage()
    give(both)
    kor = both["KOR"]
    path = kor.database
    with closing(sqlite3.connect(path)) as here, closing(sqlite3.connect(tmp_path / "backup")) as there:
        here.backup(there)

    def cut(_direction: str, sender: str, envelope: Envelope) -> Envelope:
        if sender == "KOR":
            raise PeerError("the answer was lost")
        return envelope

    both["JPN"].transmit(b"second", to="KOR", level="極秘")
    both.wire.fault = cut
    both.settle(tolerate=True)
    with closing(sqlite3.connect(tmp_path / "backup")) as there, closing(sqlite3.connect(path)) as here:
        there.backup(here)
    both.wire.fault = None
    both.pass_time(timedelta(minutes=10))
    both.settle(tolerate=True)
    assert len(kor.copies()) == 2, "the giver still had it, for nobody had signed that it arrived"
    both.settle()
    nothing_lost(both)
    nothing_twice(both)
    same_story(both)
    holds(both)


def test_an_act_does_not_happen_when_the_log_cannot_be_written(stage: Stage) -> None:
    """The log's table takes nothing: no act, no row, no content, at the giver and then at the recipient."""
    both = stage()
    for party in ("JPN", "KOR"):
        no = "CREATE TRIGGER no BEFORE INSERT ON log_group BEGIN SELECT RAISE(ABORT, 'the log is full'); END"
        forget(both[party], no)
        before = {one: (register(both[one]), both[one].node.blobs.names()) for one in both.players}
        if party == "JPN":
            with pytest.raises(NodeError, match="the log is full"):
                both["JPN"].transmit(b"report", to="KOR", level="極秘")
        else:
            sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
            before["JPN"] = (register(both["JPN"]), [sent.item])
            both.settle(tolerate=True)
        with both[party].node.store.reading() as reader:
            assert not list(reader.acts(types=["transmit", "acceptance", "delivered"]))
        assert {one: (register(both[one]), both[one].node.blobs.names()) for one in both.players} == before
        forget(both[party], "DROP TRIGGER no")
    both.pass_time(timedelta(minutes=5))
    both.settle()
    assert [copy.state for copy in both["KOR"].copies()] == ["delivered"]
    same_story(both)
    holds(both)
