"""Peers witness each other's logs: what is cosigned, what is not, and what proves a rollback or a fork."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lying import altered, cut, message, send
from stories import Stage, back_up, failed, finish, forget, holds, refusals, restore, survived, words_of

from gsomia.errors import PeerError
from gsomia.node import Check, Cosigned, LogLie, LogState, ask_witness, audit, log_origin, prove
from gsomia.testing import Exercise, Player
from gsomia.tlog import Equivocation, WitnessRequest, commitment, verify_cosignatures

COMMON = {"JPN": "exercise.gsomia/JPN/KOR", "KOR": "exercise.gsomia/KOR/JPN"}


def heads(player: Player) -> dict[str, LogState]:
    with player.node.store.reading() as reader:
        return {state.name: state for state in reader.logs()}


def cosigned(player: Player) -> dict[tuple[str, str], Cosigned]:
    with player.node.store.reading() as reader:
        return {(row.log, row.witness): row for row in reader.cosigned()}


def lies(player: Player) -> list[LogLie]:
    with player.node.store.reading() as reader:
        return list(reader.lies())


def of_witnesses(player: Player) -> dict[str, Check]:
    return {check.name: check for check in audit(player.node) if check.name.startswith("witnesses")}


def exchange(both: Exercise, count: int = 1) -> None:
    for _ in range(count):
        both["JPN"].transmit(b"report", to="KOR", level="極秘")
        both.settle()
        both.pass_time(timedelta(seconds=2))


def test_every_log_is_cosigned_when_an_exchange_is_done(stage: Stage) -> None:
    both = stage()
    exchange(both)
    finish(both["KOR"], exchange_number(both["KOR"]))
    both.settle()
    for party, other in (("JPN", "KOR"), ("KOR", "JPN")):
        rows, logs = cosigned(both[party]), heads(both[party])
        assert {log for log, _ in rows} == set(logs) == {COMMON[party], f"exercise.gsomia/{party}/internal"}
        for (log, witness), row in rows.items():
            assert (witness, row.size, row.error) == (other, logs[log].size, "")
            assert verify_cosignatures(row.note, [both[other].node.keys.log.public]) != ()
    holds(both)
    assert all(not check.remark for player in both.players.values() for check in of_witnesses(player).values())


def exchange_number(player: Player) -> str:
    return next(copy.control_number for copy in player.copies() if copy.holder == player.node.party)


def test_a_log_is_shown_to_none_but_the_parties_to_it(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    exchange(three)
    for party, player in three.players.items():
        for log, witness in cosigned(player):
            assert log in (log_origin(party, witness, exercise=True), log_origin(party, "", exercise=True))
    head = heads(three["JPN"])[log_origin("JPN", "KOR", exercise=True)]
    request = WitnessRequest(old_size=0, proof=(), note=head.checkpoint).to_bytes().decode()
    answer = send(three, "JPN", "USA", message(three["JPN"], "USA", "checkpoints", {"requests": [request]}))
    (said,) = answer["body"]["answers"]
    assert said["refused"] == "origin" and "no log for this witness" in said["why"]


def test_an_act_never_waits_for_a_witness_and_verify_fails_after_a_day(stage: Stage) -> None:
    both = stage()
    both.settle()
    both.wire.fault = cut("checkpoints")
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle(tolerate=True)
    assert [copy.state for copy in both["KOR"].copies()] == ["delivered"]
    check = of_witnesses(both["JPN"])[f"witnesses of {COMMON['JPN']}"]
    assert check.holds and check.remark.startswith("not yet witnessed: ") and "the wire is cut" in check.remark
    both.pass_time(timedelta(hours=24, seconds=1))
    assert f"witnesses of {COMMON['JPN']}" in failed(both["JPN"])
    both.wire.fault = None
    both.settle()
    holds(both)


def test_an_answer_that_was_lost_is_asked_for_again(stage: Stage) -> None:
    both = stage()
    both.settle()
    both.wire.fault = cut("cosigned")
    exchange_tolerating(both)
    behind = cosigned(both["JPN"])[COMMON["JPN"], "KOR"]
    with both["KOR"].node.store.reading() as reader:
        kept = reader.kept(COMMON["JPN"])
    assert kept is not None and behind.attempts >= 1 and "the wire is cut" in behind.error
    both.wire.fault = None
    exchange(both)
    row = cosigned(both["JPN"])[COMMON["JPN"], "KOR"]
    assert (row.size, row.attempts, row.error) == (heads(both["JPN"])[COMMON["JPN"]].size, 0, "")
    holds(both)


def exchange_tolerating(both: Exercise) -> None:
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle(tolerate=True)
    both.pass_time(timedelta(minutes=10))


@pytest.mark.parametrize(("more", "kind"), [(1, "rollback"), (3, "fork")])
def test_a_store_restored_from_an_old_backup_is_noticed_by_the_witness(
    stage: Stage, tmp_path: Path, more: int, kind: str
) -> None:
    both = stage()
    exchange(both)
    back_up(both["JPN"], tmp_path / "backup")
    exchange(both, 2)
    holds(both)
    restore(both["JPN"], tmp_path / "backup")
    # It goes on as if nothing had been: with fewer entries than were cosigned, or with other ones.
    both.wire.fault = cut("checkpoints")
    for _ in range(more):
        both["JPN"].transmit(b"another report", to="KOR", level="極秘")
        both.settle(tolerate=True)
        both.pass_time(timedelta(hours=2))
    both.wire.fault = None
    both.settle()
    assert [(lie.log, lie.party, lie.kind) for lie in lies(both["KOR"])] == [(COMMON["JPN"], "JPN", kind)]
    proof = Equivocation.from_bytes(lies(both["KOR"])[0].proof)
    assert proof.verify(both["JPN"].node.keys.log.public.named(COMMON["JPN"])) == kind
    assert kind in failed(both["KOR"])["logs that lied"]
    # The restored node is told too, and believes it for its own signatures alone.
    assert kind in failed(both["JPN"])["logs that lied"]
    assert "this node signed" in failed(both["JPN"])[f"witnesses of {COMMON['JPN']}"]
    assert "checkpoint" in words_of(refusals(both["JPN"])) and "checkpoint" in words_of(refusals(both["KOR"]))
    assert all(not name.startswith("log ") for player in both.players.values() for name in failed(player))


def test_what_a_witness_merely_says_proves_nothing(stage: Stage) -> None:
    both = stage()
    both.settle()

    def change(value: dict[str, Any]) -> None:
        value["body"]["answers"] = [
            {"refused": "fork", "why": "it has forked", "kept": "", "proof": ""} for _ in value["body"]["answers"]
        ]

    altered(both, "KOR", "cosigned", change)
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle(tolerate=True)
    assert lies(both["JPN"]) == [] and failed(both["JPN"]) == {}
    survived(both, told={"JPN": "it has forked"})


@pytest.mark.parametrize(
    "answers",
    [
        [],
        "text",
        [{"cosignature": ""}],
        [{"cosignature": "— gsomia/KOR AAAAAAAAAAA=\n"}],
        [{"refused": "stale"}],
        [{}],
        ["text"],
        [{"refused": "stale", "why": "w", "kept": "no note", "proof": ""}],
    ],
)
def test_an_answer_that_cannot_be_used_is_no_cosignature(stage: Stage, answers: object) -> None:
    both = stage()
    both.settle()
    before = cosigned(both["JPN"])[COMMON["JPN"], "KOR"]

    def change(value: dict[str, Any]) -> None:
        value["body"]["answers"] = answers

    altered(both, "KOR", "cosigned", change, times=9)
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle(tolerate=True)
    with pytest.raises(PeerError):
        both.pass_time(timedelta(minutes=10))
        ask_witness(both["JPN"].node, "KOR")
    after = cosigned(both["JPN"])[COMMON["JPN"], "KOR"]
    assert (after.size, after.note) == (before.size, before.note) and after.error
    survived(both, told={"JPN": re.escape(after.error)})


@pytest.mark.parametrize("requests", ["text", [1], ["nothing"], ["old 0\n\nnothing"], ["old 0\n\n"] * 5])
def test_a_request_that_cannot_be_read_is_refused(stage: Stage, requests: object) -> None:
    both = stage()
    answer = send(both, "KOR", "JPN", message(both["KOR"], "JPN", "checkpoints", {"requests": requests}))
    if answer["type"] == "cosigned":
        assert [said["refused"] for said in answer["body"]["answers"]] == ["malformed"]
    else:
        assert answer["type"] == "refusal"
    give = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    assert give.id in {copy.id for copy in both["KOR"].copies()}
    survived(both, told={"JPN": "KOR: (message|checkpoint)"})


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("UPDATE cosigned SET note = zeroblob(10) WHERE log LIKE '%/KOR'", f"witnesses of {COMMON['JPN']}"),
        ("UPDATE cosigned SET note = substr(note, 1, length(note) - 60)", f"witnesses of {COMMON['JPN']}"),
        (
            "UPDATE cosigned SET note = (SELECT note FROM cosigned WHERE log LIKE '%internal')",
            f"witnesses of {COMMON['JPN']}",
        ),
        (
            "INSERT INTO lie SELECT 'x', name, 'KOR', 'fork', checkpoint, signed_at FROM log LIMIT 1",
            "logs that lied",
        ),
    ],
)
def test_what_was_done_to_the_evidence_is_found(stage: Stage, statement: str, check: str) -> None:
    both = stage()
    exchange(both)
    holds(both)
    assert forget(both["JPN"], statement) >= 1
    assert check in failed(both["JPN"])


def test_a_proof_carries_the_cosignatures_where_there_are_any(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    jpn, kor = both["JPN"].node, both["KOR"].node
    with jpn.store.reading() as reader:
        (act,) = reader.acts(types=["transmit"], item=sent.item)
        name, proof = prove(reader, act.id)
        signed = proof.verify(commitment(proof.extra, act.data), jpn.keys.log.public.named(name))
    (found,) = verify_cosignatures(signed.note, [kor.keys.log.public])
    assert found.name == kor.keys.log.public.name
