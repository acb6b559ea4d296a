"""What is recorded while a peer answers an offer: a copy that was judged before it leaves by what stands then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from carrying import carry, exported, rounds
from lying import kind_of
from stories import MARKS, Stage, finish, holds, refusals, register, same_story, words_of

from gsomia.agreement import LegalAct
from gsomia.errors import PeerError
from gsomia.keys import Envelope
from gsomia.node import (
    Note,
    Role,
    ask_consent,
    enter_legal_acts,
    follow_regrade,
    give_consent,
    notify_regrade,
    recall,
    release,
    revoke_consent,
    step,
)
from gsomia.node.parcel import export
from gsomia.registry import Copy, CopyState
from gsomia.testing import Exercise

Meanwhile = Callable[[Exercise, Copy], object]
"""What is done while a copy's offer is answered."""


def regraded(level: str) -> Meanwhile:
    def act(both: Exercise, copy: Copy) -> None:
        japan = both["JPN"]
        notify_regrade(japan.node, copy.id, level, "EXERCISE", by=japan.by(Role.DISCLOSURE))

    return act


def asked_back(both: Exercise, copy: Copy) -> None:
    recall(both["JPN"].node, copy.item, "an error in it", by=both["JPN"].by(Role.DISCLOSURE))


def way_closed(both: Exercise, copy: Copy) -> None:
    """The note of August 2018 is entered late: the agreement has ended."""
    at = datetime.fromisoformat("2018-08-20T12:00:00+09:00")
    notice = LegalAct(
        id="EXERCISE/notice", under="jpn-kor-2016", act="give-notice", by="JPN", at=at, form="note",
        source="EXERCISE", confidence="A", note="EXERCISE", known_at=at,
    )  # fmt: skip
    note = Note.of_text("EXERCISE", b"EXERCISE", dated="2018-08-20")
    enter_legal_acts(both["JPN"].node, [notice], note, by=both["JPN"].by(Role.LEGAL))


def another_is_asked_back(both: Exercise, copy: Copy) -> None:
    other = both["JPN"].transmit(b"other", to="KOR", level="秘")
    asked_back(both, other)


# At which level, what is recorded meanwhile, whether the copy leaves, and what people are told.
CASES: dict[str, tuple[str, Meanwhile, bool, str]] = {
    "raised": ("秘", regraded("極秘"), False, "raised to `極秘` since its officer signed"),
    "lowered": ("極秘", regraded("秘"), True, ""),
    "asked back": ("秘", asked_back, False, ""),
    "way closed": ("秘", way_closed, False, "the instrument has ended"),
    "another asked back": ("秘", another_is_asked_back, True, ""),
    "nothing": ("秘", lambda both, copy: None, True, ""),
}


def while_answered(exercise: Exercise, act: Callable[[], object], by: str = "KOR") -> list[str]:
    """Does something once, while the answer to an offer comes back; returns, in time, the kinds of what went."""
    kinds: list[str] = []

    def fault(direction: str, sender: str, envelope: Envelope) -> Envelope:
        first = "answers" not in kinds
        kinds.append(kind_of(envelope))
        if first and (direction, sender, kinds[-1]) == ("answered", by, "answers"):
            act()
        return envelope

    exercise.wire.fault = fault
    return kinds


@pytest.mark.parametrize("name", CASES)
def test_what_is_recorded_while_an_offer_is_answered_counts(stage: Stage, name: str) -> None:
    level, meanwhile, leaves, told = CASES[name]
    both = stage(at="2019-03-01T12:00:00+09:00")
    japan, korea = both["JPN"], both["KOR"]
    copy = japan.transmit(b"report", to="KOR", level=level)
    while_answered(both, lambda: meanwhile(both, copy))
    step(japan.node, "KOR")
    assert (copy.id in register(korea)) is leaves
    both.wire.fault = None
    both.settle()
    assert register(japan)[copy.id][0].state is (CopyState.DELIVERED if leaves else CopyState.REFUSED)
    assert (copy.id in register(korea)) is leaves
    assert told in words_of(refusals(japan))
    holds(both)


def waiting_release(stage: Stage) -> tuple[Exercise, str, Copy]:
    """Korea is about to hand an item of Japan's on to America; the consent that lets it."""
    three = stage("JPN", "KOR", "USA")
    japan, korea = three["JPN"], three["KOR"]
    came = japan.transmit(b"report", to="KOR", level=MARKS["JPN"])
    three.settle()
    finish(korea, came.id)
    (request,) = ask_consent(korea.node, came.id, "USA", "EXERCISE", by=korea.by(Role.DISCLOSURE))
    three.settle()
    give_consent(japan.node, request.id, by=japan.by(Role.DISCLOSURE))
    three.settle()
    return three, request.id, release(korea.node, came.id, "USA", by=korea.by(Role.DISCLOSURE))


def test_a_consent_withdrawn_while_the_next_offer_is_answered_stops_the_copy(stage: Stage) -> None:
    three, consent, copy = waiting_release(stage)

    def withdraw() -> None:
        revoke_consent(three["JPN"].node, consent, "EXERCISE", by=three["JPN"].by(Role.DISCLOSURE))
        step(three["JPN"].node, "KOR")

    while_answered(three, withdraw, by="USA")
    step(three["KOR"].node, "USA")
    assert register(three["KOR"])[copy.id][0].state is CopyState.REFUSED and register(three["USA"]) == {}
    with three["KOR"].node.store.reading() as reader:
        assert [act for act in reader.acts(types=["dispatched"]) if act.statement.copy == copy.id] == []
        assert [entry.kind for entry in reader.outgoing(peer="USA") if entry.kind == "copy"] == []
    three.wire.fault = None
    three.settle()
    same_story(three)
    holds(three)


def test_a_copy_whose_offer_would_be_another_now_is_offered_anew(stage: Stage) -> None:
    """Its level is lowered, and Korea's registry follows, while America answers the offer at the level before."""
    three, _, copy = waiting_release(stage)
    japan, korea = three["JPN"], three["KOR"]

    def lower() -> None:
        notify_regrade(japan.node, copy.item, "秘", "EXERCISE", by=japan.by(Role.DISCLOSURE))
        step(japan.node, "KOR")
        follow_regrade(korea.node, copy.item, by=korea.by(Role.REGISTRY))

    kinds = while_answered(three, lower, by="USA")
    step(korea.node, "USA")
    assert register(three["USA"]) == {} and register(korea)[copy.id][0].state is CopyState.AUTHORISED
    three.settle()
    assert kinds.count("answers") == 2 and register(three["USA"])[copy.id][0].state is CopyState.DELIVERED
    same_story(three)
    holds(three)


def test_what_left_and_did_not_arrive_goes_again_only_by_what_stands_then(stage: Stage) -> None:
    """Its content was lost on the way; it is asked back while the peer says so."""
    both = stage()
    japan = both["JPN"]
    copy = japan.transmit(b"report", to="KOR", level="秘")
    asked: list[str] = []

    def fault(direction: str, _sender: str, envelope: Envelope) -> Envelope:
        kind = kind_of(envelope)
        if kind == "deliver" and not asked:
            asked.append(kind)
            raise PeerError("cut")
        if kind == "delivered" and len(asked) == 1:
            asked.append(kind)
            asked_back(both, copy)
        return envelope

    both.wire.fault = fault
    with pytest.raises(PeerError, match="cut"):
        step(japan.node, "KOR")
    step(japan.node, "KOR")
    assert asked == ["deliver", "delivered"] and register(both["KOR"]) == {}
    assert register(japan)[copy.id][0].state is CopyState.REFUSED
    both.settle()
    holds(both)


@pytest.mark.parametrize("again", [False, True], ids=["first", "again"])
def test_what_is_recorded_while_a_parcel_is_planned_counts(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    both = stage()
    japan = both["JPN"]
    copy = japan.transmit(b"report", to="KOR", level="秘")
    carry(both, "JPN", "KOR")
    carry(both, "KOR", "JPN")
    if again:
        exported(both, "JPN", "KOR")  # dispatched, and lost
    plan = export._plan

    def planned(*arguments: Any, **words: Any) -> Any:
        found = plan(*arguments, **words)
        asked_back(both, copy)
        return found

    monkeypatch.setattr(export, "_plan", planned)
    made, _ = exported(both, "JPN", "KOR")
    monkeypatch.undo()
    assert made is None or made.delivered == 0
    assert copy.id not in register(both["KOR"])
    rounds(both)
    assert register(japan)[copy.id][0].state is CopyState.REFUSED and copy.id not in register(both["KOR"])
    holds(both)
