"""Views of an assessment that reach their Party through the hub: two legs, no portion that the hub may not read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from consulting import THREE, TWO, Talk, opened
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from portions import document, drafts, plaintext, portion, seen
from stories import MARKS, Stage, finish, forget, holds, refusals, register, same_story, words_of

from gsomia.errors import RefusedError
from gsomia.node import (
    Role,
    assess,
    mark,
    present_view,
    receipt,
    release,
    revoke_consent,
    sign_view,
    withdraw_from_consultation,
)
from gsomia.registry import Copy, CopyState, Rung
from gsomia.testing import Exercise

# Before the agreement of 2016 nothing leads straight from Japan to Korea, only the arrangement through the hub.
BEFORE = "2015-06-01T12:00:00+09:00"


@pytest.fixture
def talk(stage: Stage) -> Talk:
    """A consultation of three before Japan and Korea had an agreement of their own."""
    return opened(stage(*THREE, at=BEFORE))


def give(talk: Talk, data: bytes) -> dict[str, Copy]:
    """The copies that leave Japan, by the Party whose view each is; none is presented yet."""
    japan = talk.exercise["JPN"]
    copies = assess(japan.node, talk.id, data, by=talk.by("JPN"), disclosure=japan.by(Role.DISCLOSURE))
    talk.exercise.settle()
    return {copy.destination: copy for copy in copies}


def pass_on(exercise: Exercise, copy: Copy, level: str = "CONFIDENTIAL") -> Copy:
    """The hub's officers mark, receipt and release what lies there."""
    america = exercise["USA"]
    mark(america.node, copy.id, level, by=america.by(Role.REGISTRY))
    receipt(america.node, copy.id, by=america.by(Role.REGISTRY))
    onward = release(america.node, copy.id, "KOR", by=america.by(Role.DISCLOSURE))
    exercise.settle()
    return onward


ALL, HUB, KOREA = ("KOR", "USA"), ("USA",), ("KOR",)


def test_a_view_goes_by_two_legs_and_its_party_signs_it(talk: Talk) -> None:
    exercise, japan = talk.exercise, talk.exercise["JPN"]
    data = document(portion("For the hub.", *HUB), portion("For both.", *ALL, mark="極秘"), portion("Alone.", *KOREA))
    copies = give(talk, data)
    sent = copies["KOR"]
    assert (sent.holder, sent.via, sent.instrument) == ("USA", ("USA",), "tisa-2014")
    assert (copies["USA"].via, copies["USA"].instrument) == ((), "usa-jpn-2007")
    assert register(exercise["KOR"]) == {}
    with pytest.raises(RefusedError, match="has not arrived at KOR; it lies at USA"):
        present_view(japan.node, talk.id, sent.id, by=talk.by("JPN"))
    onward = pass_on(exercise, sent, "SECRET")
    text = "極秘\n\nLaunch\n\n1. (秘 · KOR, USA) What all know.\n\n2. (極秘 · KOR, USA) For both.\n\n極秘\n"
    assert {plaintext(exercise, party, sent.item).decode() for party in THREE} == {text}
    for view in (sent, copies["USA"]):
        present_view(japan.node, talk.id, view.id, by=talk.by("JPN"))
    exercise.settle()
    finish(exercise["KOR"], onward.id)
    exercise.settle()
    sign_view(exercise["KOR"].node, talk.id, onward.id, by=talk.by("KOR"))
    exercise.settle()
    with japan.node.store.reading() as reader:
        views = {view.party: bool(view.signed) for view in reader.consultation_views(talk.id)}
    assert views == {"KOR": True, "USA": False}
    there, item = register(japan)[onward.id]
    assert (there.own_mark, register(japan)[sent.id][0].own_mark) == (MARKS["KOR"], MARKS["USA"])
    assert {entry.rung for entry in there.rungs} == {*Rung} - {Rung.OPENED}
    assert "KOR" in item.label and "USA" in item.label
    same_story(exercise)
    holds(exercise)


def test_a_view_goes_straight_where_it_may_and_nobody_reads_it_on_the_way(stage: Stage) -> None:
    talk = opened(stage(*THREE))
    assert [view.sending.via for view in drafts(talk, document()).values()] == [(), ()]


def test_the_author_is_told_who_reads_a_view_and_what_it_lacks_for_that(talk: Talk) -> None:
    data = document(portion("Alone.", *KOREA), portion("Both.", *ALL), portion("Hub.", *HUB), portion("Us.", *KOREA))
    views = drafts(talk, data)
    assert (views["KOR"].sending.via, views["KOR"].unnamed) == (("USA",), (2, 5))
    assert (views["USA"].sending.via, views["USA"].unnamed) == ((), ())


def left(talk: Talk) -> None:
    """The hub leaves the consultation."""
    withdraw_from_consultation(talk.exercise["USA"].node, talk.id, by=talk.by("USA"))
    talk.exercise.settle()


def unassured(talk: Talk) -> None:
    """The second leg's agreement carries nothing: what assures it is not on file."""
    forget(talk.exercise["JPN"], "DELETE FROM credential WHERE kind = 'assure'")


CLOSED: dict[str, tuple[Callable[[Talk], None], str]] = {
    "the hub takes no part": (left, "through USA: `USA` would read it, and takes no part"),
    "no leg carries it": (unassured, "may not have the first portion"),
}


@pytest.mark.parametrize("why", CLOSED)
def test_where_the_hub_may_not_carry_it_nothing_goes_and_the_reason_is_kept(talk: Talk, why: str) -> None:
    close, says = CLOSED[why]
    close(talk)
    with pytest.raises(RefusedError, match=says):
        give(talk, document())
    japan = talk.exercise["JPN"]
    assert says in words_of(refusals(japan)) and japan.copies() == []


def test_two_parties_alone_give_no_third_one_their_views(stage: Stage) -> None:
    """A consultation of two under their own agreement: when that ends nothing goes around by one that is outside."""
    exercise = stage(*TWO, "USA")
    talk = opened(exercise)
    withdraw_from_consultation(exercise["USA"].node, talk.id, by=talk.by("USA"))
    exercise.settle()
    forget(exercise["JPN"], "DELETE FROM credential WHERE kind = 'assure' AND instrument = 'jpn-kor-2016'")
    with pytest.raises(RefusedError, match="through USA: `USA` would read it, and takes no part"):
        seen(talk, document())


def test_a_source_is_named_to_no_hub_that_did_not_hand_it_on(stage: Stage) -> None:
    """Korea's own number would tell the hub that Korea has the item; where it came through the hub that knows it."""
    talk = opened(stage(*THREE, at=BEFORE))
    exercise, japan = talk.exercise, talk.exercise["JPN"]
    source = japan.transmit(b"track", to="KOR", via=("USA",), level="秘")
    exercise.settle()
    mark(exercise["USA"].node, source.id, "CONFIDENTIAL", by=exercise["USA"].by(Role.REGISTRY))
    exercise.settle()
    data = document(portion("It rests on a track.", *ALL, cites=[source.id]))
    assert "Sources" not in seen(talk, data)["KOR"]
    onward = release(exercise["USA"].node, source.id, "KOR", by=exercise["USA"].by(Role.DISCLOSURE))
    exercise.settle()
    number = register(exercise["KOR"])[onward.id][0].control_number
    assert f"Sources: {number}" in seen(talk, data)["KOR"]
    forget(japan, "UPDATE copy SET giver = 'JPN' WHERE id = ?", onward.id)
    assert "Sources" not in seen(talk, data)["KOR"], "as if it had gone straight, past the hub"


def test_a_view_stopped_at_the_hub_is_told_and_given_anew(talk: Talk) -> None:
    exercise, japan = talk.exercise, talk.exercise["JPN"]
    first = give(talk, document())
    assert give(talk, document()) == {party: register(japan)[copy.id][0] for party, copy in first.items()}
    revoke_consent(japan.node, first["KOR"].item, "no longer", by=japan.by(Role.DISCLOSURE))
    exercise.settle()
    assert "stopped by USA" in words_of(refusals(japan)) and register(exercise["KOR"]) == {}
    again = give(talk, document())
    assert again["KOR"].item != first["KOR"].item
    onward = pass_on(exercise, again["KOR"])
    assert register(exercise["KOR"])[onward.id][0].state is CopyState.DELIVERED
    same_story(exercise)
    holds(exercise)


def test_a_view_that_the_last_recipient_refused_is_given_anew(talk: Talk) -> None:
    exercise = talk.exercise
    first = give(talk, document())
    forget(exercise["KOR"], "DELETE FROM credential WHERE kind = 'accredit' AND party = 'USA'")
    onward = pass_on(exercise, first["KOR"])
    assert register(exercise["JPN"])[onward.id][0].state is CopyState.REFUSED
    assert give(talk, document())["KOR"].item != first["KOR"].item


_portions = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["秘", "極秘", "機密"]),
        st.sampled_from([(), HUB, KOREA, ALL]),
    ),
    max_size=6,
)


@settings(
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(_portions)
def test_the_hub_reads_no_portion_that_its_own_view_does_not_hold(
    talk: Talk, portions: Sequence[tuple[str, str, tuple[str, ...]]]
) -> None:
    """Nor does the way, the label or a word of Korea's view depend on what is kept from Korea or from the hub."""
    whole = [portion(f"{number} {text}.", *to, mark=mark) for number, (text, mark, to) in enumerate(portions)]
    views = drafts(talk, document(*whole))
    told = {party: {line.split(") ", 1)[-1] for line in paragraphs(view.text)} for party, view in views.items()}
    assert told["KOR"] <= told["USA"]
    open_to_both = [one for one, (_, mark, to) in zip(whole, portions, strict=True) if to == ALL and mark != "機密"]
    alone = drafts(talk, document(*open_to_both))["KOR"]
    korea = views["KOR"]
    assert (alone.text, alone.sending, alone.label) == (korea.text, korea.sending, korea.label)


def paragraphs(text: bytes) -> list[str]:
    """The portions of a view."""
    return text.decode().split("\n\n")[2:-1]


def test_an_assessment_waits_for_no_clock(talk: Talk) -> None:
    """Days between the legs: each is judged at its own instant."""
    sent = give(talk, document())["KOR"]
    talk.exercise.clock.at += timedelta(days=3)
    onward = pass_on(talk.exercise, sent)
    assert register(talk.exercise["KOR"])[onward.id][0].state is CopyState.DELIVERED
