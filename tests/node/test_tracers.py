"""Receipts that are late: a tracer by the Party's own days, and a possible loss where it stays out (Article 17)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from lying import act, message, send
from stories import Stage, finish, holds, same_story

from gsomia.errors import PeerError
from gsomia.keys import Envelope
from gsomia.node import (
    Awaited,
    Limits,
    PersonDetails,
    Role,
    TracerDays,
    awaited,
    dead_letter,
    mark,
    pack,
    receipt,
    release,
    step,
    trace,
)
from gsomia.node.holding.consent import ask_consent, give_consent
from gsomia.testing import Exercise, Player

DAYS = {"jpn-kor-2016": TracerDays(receipt=timedelta(days=3), answer=timedelta(days=2))}


def waiting(player: Player, days: dict[str, TracerDays] = DAYS) -> list[Awaited]:
    with player.node.store.reading() as reader:
        return awaited(player.node, reader, days)


def sent(both: Exercise) -> str:
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    return both["KOR"].copies()[0].control_number


def traced(both: Exercise, days: dict[str, TracerDays] = DAYS) -> list[str]:
    """What JPN's suspense run does, once told to the others."""
    acts = trace(both["JPN"].node, days)
    both.settle()
    return [one.statement.type for one in acts]


def test_copies_of_one_instant_stand_in_the_order_of_their_ids(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page ends at an instant and an id: in another order the next one would leave some out."""
    both = stage()
    sent(both)
    with both["JPN"].node.store.reading() as reader:
        (one, *_), kind = waiting(both["JPN"]), type(reader)
    copies = [replace(one.copy, id=f"copy-{n}") for n in (3, 1, 2)]
    monkeypatch.setattr(kind, "copies", lambda self, **_: copies)
    assert [one.copy.id for one in waiting(both["JPN"])] == ["copy-1", "copy-2", "copy-3"]


def test_a_late_receipt_is_traced_once_and_then_counts_as_a_possible_loss(stage: Stage) -> None:
    both = stage()
    sent(both)
    both.pass_time(timedelta(days=2, hours=23))
    assert traced(both) == [] and waiting(both["KOR"]) == []
    both.pass_time(timedelta(hours=1))
    assert traced(both) == ["tracer"] and traced(both) == []
    (ours,), (theirs,) = waiting(both["JPN"]), waiting(both["KOR"])
    assert ours.tracer is not None and theirs.tracer is not None and ours.tracer.id == theirs.tracer.id
    assert theirs.answer_due == both.clock.at + timedelta(days=2) and theirs.loss is None
    both.pass_time(timedelta(days=2))
    assert traced(both) == ["possible-loss"] and traced(both) == []
    assert all(one.loss is not None for player in both.players.values() for one in waiting(player))
    holds(both)
    same_story(both)


def test_a_receipt_ends_it(stage: Stage) -> None:
    both = stage()
    number = sent(both)
    both.pass_time(timedelta(days=4))
    assert traced(both) == ["tracer"]
    finish(both["KOR"], number)
    both.settle()
    assert [waiting(player) for player in both.players.values()] == [[], []]
    both.pass_time(timedelta(days=9))
    assert traced(both) == []


def test_nothing_is_overdue_by_a_number_that_nobody_has_set(stage: Stage) -> None:
    both = stage()
    sent(both)
    both.pass_time(timedelta(days=400))
    assert traced(both, {}) == []
    (one,) = waiting(both["JPN"], {})
    assert one.due is None


def test_the_originator_is_told_of_a_possible_loss_further_on(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA", at="2018-01-10T12:00:00+09:00")
    number = sent(three)
    usa, kor = three["USA"], three["KOR"]
    three.enter(PersonDetails(id="p", clearance="SECRET", needs=("dprk-missile",), rosters=("main",)), "USA")
    finish(kor, number)
    three.settle()
    (asked,) = ask_consent(kor.node, number, "USA", "why", by=kor.by(Role.DISCLOSURE))
    three.settle()
    give_consent(three["JPN"].node, asked.id, by=three["JPN"].by(Role.DISCLOSURE))
    three.settle()
    copy = release(kor.node, number, "USA", by=kor.by(Role.DISCLOSURE))
    three.settle()
    assert [one.holder for one in usa.copies()] == ["USA"]
    days = {copy.instrument: TracerDays(receipt=timedelta(days=1), answer=timedelta(days=1))}
    for _ in range(2):
        three.pass_time(timedelta(days=1))
        trace(kor.node, days)
        three.settle()
    with three["JPN"].node.store.reading() as reader:
        told = [one.statement.party for one in reader.acts(types=["possible-loss"])]
    assert told == ["KOR"]
    holds(three)


@pytest.mark.parametrize("kind", ["tracer", "possible-loss"])
def test_nobody_traces_what_it_never_gave(stage: Stage, kind: str) -> None:
    both = stage()
    sent(both)
    (copy,) = both["JPN"].copies()
    body = {"answer_by": "2019-01-01T00:00:00.000000Z"}
    lies = [
        act(both["KOR"], kind, parties=("JPN",), item=copy.item, copy=copy.id, body=body),
        act(both["KOR"], kind, parties=("JPN",), item=copy.item, copy=copy.id[:-1] + "9", body=body),
    ]
    answer = send(both, "KOR", "JPN", message(both["KOR"], "JPN", "acts", {"acts": pack(lies)}))
    assert len(answer["body"]["refused"]) == len(lies)


def test_what_is_long_tried_in_vain_is_a_dead_letter_and_goes_on_being_tried(stage: Stage) -> None:
    both = stage()
    number = sent(both)
    limits = Limits(retry=timedelta(seconds=1), retry_limit=timedelta(seconds=8))
    both.with_limits("KOR", limits)
    kor = both["KOR"]

    def cut(_direction: str, _sender: str, _envelope: Envelope) -> Envelope:
        raise PeerError("the wire is cut")

    both.wire.fault = cut
    mark(kor.node, number, "군사II급비밀", by=kor.by(Role.REGISTRY))
    receipt(kor.node, number, by=kor.by(Role.REGISTRY))
    dead = []
    for _ in range(6):
        with pytest.raises(PeerError):
            step(kor.node, "JPN")
        with kor.node.store.reading() as reader:
            entry = reader.outgoing(peer="JPN")[0]
        dead.append((entry.next_at - both.clock.at, dead_letter(entry, limits)))
        both.pass_time(timedelta(seconds=10))
    assert [(wait.seconds, is_dead) for wait, is_dead in dead] == [
        (1, False),
        (2, False),
        (4, False),
        (8, True),
        (8, True),
        (8, True),
    ]
    both.wire.fault = None
    both.settle()
    same_story(both)
