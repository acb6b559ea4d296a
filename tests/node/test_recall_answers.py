"""What the holders of a recalled item answer, and by when: returned, destroyed by two persons, cannot and why."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import click
import pytest
from lying import act, message, resigned, send
from openings import acts, away, held, opened, recalled
from stories import Stage, finish, holds, official, refusals, register, same_story, words_of

from gsomia.cli.main import cli
from gsomia.errors import PeerError, RefusedError, UsageError
from gsomia.keys import Envelope
from gsomia.node import (
    WHAT_WAS_MADE,
    AskedBack,
    Role,
    answer_recall,
    asked_back,
    destroy,
    handle,
    pack,
    recall,
    release,
)
from gsomia.node.holding.consent import ask_consent, give_consent
from gsomia.registry import Copy
from gsomia.testing import Exercise, Player

DAY = timedelta(days=1)


def standing(player: Player) -> list[AskedBack]:
    with player.node.store.reading() as reader:
        return asked_back(reader)


def states(player: Player) -> list[tuple[str, str]]:
    """Each copy asked back, by its holder, and where it stands now."""
    return [(one.copy.holder, one.state(player.node.clock.now())) for one in standing(player)]


def closed(player: Player) -> dict[str, str]:
    """What is known of each holder's node."""
    return {one.copy.holder: one.closed for one in standing(player)}


def asked(player: Player, copy: Copy, days: int = 10) -> str:
    due = player.node.clock.now() + days * DAY
    return recall(player.node, copy.id, "an error in it", due=due, by=player.by(Role.DISCLOSURE)).id


def answered(player: Player, reference: str, answer: str, why: str = "", **words: Any) -> list[str]:
    made = answer_recall(player.node, reference, answer, why=why, by=player.by(Role.REGISTRY), **words)
    return [one.id for one in made]


def burnt(player: Player, copy: Copy) -> str:
    return destroy(player.node, copy.id, "burnt", by=(player.by(Role.REGISTRY), player.by(Role.SECURITY))).id


def given_back(player: Player, copy: Copy) -> str:
    return handle(player.node, "return", copy.id, "by courier", by=player.by(Role.REGISTRY)).id


@pytest.fixture
def both(stage: Stage) -> Exercise:
    """Japan and Korea."""
    return stage()


@pytest.mark.parametrize(("answer", "ends"), [("destroyed", burnt), ("returned", given_back), ("cannot", None)])
def test_an_answer_stands_at_both_nodes(
    both: Exercise, answer: str, ends: Callable[[Player, Copy], str] | None
) -> None:
    copy = held(both)
    japan, korea = both["JPN"], both["KOR"]
    asked(japan, copy)
    both.settle()
    assert [states(player) for player in (japan, korea)] == [[("KOR", "asked")]] * 2
    if ends is not None:
        ended = ends(korea, copy)
        both.settle()
    answered(korea, copy.id, answer, "held by a court" if ends is None else "")
    both.settle()
    assert [states(player) for player in (japan, korea)] == [[("KOR", answer)]] * 2
    (one,) = standing(japan)
    assert one.answer is not None and one.closed == "confirmed" and not one.is_open
    assert one.answer.body["acts"] == ([ended] if ends is not None else [])
    assert [signer.role for signer in one.answer.signers] == ["node", "registry"]
    assert korea.node.blobs.exists(copy.item) is (ends is None)
    same_story(both)
    holds(both)


def test_silence_is_overdue_at_both(both: Exercise) -> None:
    copy = held(both)
    asked(both["JPN"], copy, days=10)
    both.settle()
    both.pass_time(10 * DAY - timedelta(seconds=1))
    assert [states(player) for player in both.players.values()] == [[("KOR", "asked")]] * 2
    both.pass_time(timedelta(seconds=1))
    assert [states(player) for player in both.players.values()] == [[("KOR", "overdue")]] * 2
    burnt(both["KOR"], copy)
    answered(both["KOR"], copy.item, "destroyed")
    both.settle()
    assert [states(player) for player in both.players.values()] == [[("KOR", "destroyed")]] * 2
    holds(both)


def test_where_no_day_is_named_the_settings_name_it(both: Exercise) -> None:
    copy = held(both)
    japan = both["JPN"]
    with pytest.raises(UsageError, match="cannot be due"):
        recall(japan.node, copy.id, "?", due=both.clock.at, by=japan.by(Role.DISCLOSURE))
    recall(japan.node, copy.id, "?", by=japan.by(Role.DISCLOSURE))
    assert [one.due for one in standing(japan)] == [both.clock.at + japan.node.limits.recall_answer]


def test_a_copy_that_ended_before_is_not_asked_for(both: Exercise) -> None:
    copy = held(both)
    burnt(both["KOR"], copy)
    both.pass_time(timedelta(seconds=1))
    asked(both["JPN"], copy)
    both.settle()
    assert [states(player) for player in both.players.values()] == [[("KOR", "gone before")]] * 2


def test_who_cannot_may_still_end_it_and_may_be_asked_again(both: Exercise) -> None:
    copy = held(both)
    japan, korea = both["JPN"], both["KOR"]
    first = asked(japan, copy)
    with pytest.raises(RefusedError, match="recalled before"):
        asked(japan, copy)
    both.settle()
    with pytest.raises(RefusedError, match="says why"):
        answered(korea, copy.id, "cannot")
    answered(korea, copy.id, "cannot", "held by a court")
    both.settle()
    second = asked(japan, copy, days=60)
    assert acts(japan, "recall")[-1]["body"]["again"] == first
    assert recalled(japan, copy) == "confirmed", "it is closed since it was asked for first"
    both.settle()
    assert [states(player) for player in both.players.values()] == [[("KOR", "asked")]] * 2
    answered(korea, second, "cannot", "still there")
    both.settle()
    burnt(korea, copy)
    both.settle()
    assert [states(player) for player in both.players.values()] == [[("KOR", "cannot, destroyed since")]] * 2
    holds(both)


def test_an_answer_that_crosses_a_second_recall_is_refused_and_given_again(both: Exercise) -> None:
    copy = held(both)
    japan, korea = both["JPN"], both["KOR"]
    first = asked(japan, copy, days=1)
    both.settle()
    both.pass_time(DAY)
    away(both, "JPN")
    burnt(korea, copy)
    answered(korea, copy.id, "destroyed")
    second = asked(japan, copy, days=20)
    both.wire.fault = None
    both.settle()
    said = words_of(refusals(japan))
    assert f"it answers the recall `{first}`, in whose place the recall `{second}` stands" in said
    assert f"in whose place the recall `{second}` stands" in words_of(refusals(korea)), "who answered is told"
    assert [states(player) for player in both.players.values()] == [[("KOR", "asked")]] * 2
    answered(korea, copy.id, "destroyed")
    both.settle()
    assert [states(player) for player in both.players.values()] == [[("KOR", "destroyed")]] * 2
    same_story(both)
    holds(both)


def test_what_is_refused_at_the_holders_own_node(both: Exercise) -> None:
    copy = held(both)
    japan, korea = both["JPN"], both["KOR"]
    with pytest.raises(RefusedError, match="was never recalled"):
        answered(korea, copy.id, "cannot", "why")
    asked(japan, copy)
    both.settle()
    cases: list[tuple[str, Callable[[], object]]] = [
        ("still stands", lambda: answered(korea, copy.id, "destroyed")),
        ("still stands", lambda: answered(korea, copy.item, "returned")),
        ("is held by KOR, whose officer", lambda: answered(japan, copy.id, "cannot", "why")),
        (
            "does not hold the role `registry`",
            lambda: answer_recall(korea.node, copy.id, "cannot", why="x", by=korea.by(Role.DISCLOSURE)),
        ),
    ]
    for match, call in cases:
        with pytest.raises(RefusedError, match=match):
            call()
        assert match in words_of(refusals(japan if "whose officer" in match else korea)), "it is kept"
    with pytest.raises(UsageError, match="no answer to a recall"):
        answered(korea, copy.id, "burnt")
    with pytest.raises(UsageError, match="no item `x`"):
        answered(korea, "x", "cannot", "why")
    answered(korea, copy.id, "cannot", "held by a court")
    with pytest.raises(RefusedError, match="answered for before"):
        answered(korea, copy.id, "cannot", "again")
    both.settle()
    assert len(acts(japan, "answer-recall")) == 1
    holds(both)


@pytest.mark.parametrize("answer", ["returned", "destroyed"])
def test_who_answers_for_what_still_stands_is_told_the_command_that_records_it(both: Exercise, answer: str) -> None:
    copy = held(both)
    asked(both["JPN"], copy)
    both.settle()
    with pytest.raises(RefusedError, match="still stands") as caught:
        answered(both["KOR"], copy.item, answer)
    _, *words = shlex.split(caught.value.hint.split("`")[1])
    command: click.Command = cli
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found is not None
        command = found
    params = command.make_context("told", words).params
    number = both["KOR"].copies()[0].control_number
    assert (params["item"], params["by"]) == (number, both["KOR"].by(Role.REGISTRY).officer)
    assert params.get("witness") == (both["KOR"].by(Role.SECURITY).officer if answer == "destroyed" else None)


def test_what_was_made_from_it_goes_the_same_way(both: Exercise) -> None:
    copy = held(both)
    japan, korea = both["JPN"], both["KOR"]
    certified = ("translation-note", "translator-cleared")
    handle(korea.node, "translate", copy.id, "into Korean", certified=certified, by=korea.by(Role.REGISTRY))
    asked(japan, copy)
    both.settle()
    burnt(korea, copy)
    with pytest.raises(RefusedError, match="1 copies, translations or renditions were made"):
        answered(korea, copy.id, "destroyed")
    answered(korea, copy.id, "destroyed", certified=(WHAT_WAS_MADE,))
    both.settle()
    assert states(japan) == [("KOR", "destroyed")]
    holds(both)


# What a lying node signs: by, act's party changes; each with the words of the refusal.
LIES: list[tuple[str, str, dict[str, Any], str]] = [
    ("destroyed, and it stands", "KOR", {"answer": "destroyed"}, "still stands"),
    ("returned, and it stands", "KOR", {"answer": "returned"}, "still stands"),
    ("cannot, without a reason", "KOR", {"answer": "cannot", "why": " "}, "says why"),
    ("some other word", "KOR", {"answer": "lost"}, "is no answer to a recall"),
    ("a recall that never was", "KOR", {"answer": "cannot", "recall": "x"}, "was never asked"),
    ("no recall named", "KOR", {"recall": None}, "its body does not fit"),
]


@pytest.mark.parametrize(("by", "body", "match"), [lie[1:] for lie in LIES], ids=[lie[0] for lie in LIES])
def test_a_lying_answer_is_refused(both: Exercise, by: str, body: dict[str, Any], match: str) -> None:
    copy = held(both)
    named = asked(both["JPN"], copy)
    both.settle()
    whole = {"recall": named, "answer": "cannot", "acts": [], "why": "x", "certified": []} | body
    lie = act(
        both[by], "answer-recall", roles=(Role.REGISTRY,), parties=("JPN",), item=copy.item, copy=copy.id, body=whole
    )
    said = send(both, by, "JPN", message(both[by], "JPN", "acts", {"acts": pack([lie])}))
    assert match in said["body"]["refused"][lie.id]
    assert match in words_of(refusals(both["JPN"]))
    assert states(both["JPN"]) == [("KOR", "asked")]


def test_a_recall_answered_twice_by_a_peer_keeps_its_first_answer(both: Exercise) -> None:
    """The holder's own node refuses a second one; one that lies signs it all the same, and is refused by the other."""
    copy = held(both)
    asked(both["JPN"], copy)
    both.settle()
    (name,) = answered(both["KOR"], copy.id, "cannot", "held by a court")
    with both["KOR"].node.store.reading() as reader:
        first = reader.act(name)
    assert first is not None
    both.settle()
    again = resigned(both, first, id="0d9c1f6e-4b2a-4d1c-9a57-3f3e2d1c0b9a", body={"why": "lost"})
    said = send(both, "KOR", "JPN", message(both["KOR"], "JPN", "acts", {"acts": pack([again])}))
    assert "was answered for before, by act" in said["body"]["refused"][again.id]
    assert "was answered for before" in words_of(refusals(both["JPN"]))
    assert states(both["JPN"]) == [("KOR", "cannot")]
    (kept,) = acts(both["JPN"], "answer-recall")
    assert kept["body"]["why"] == "held by a court"


@pytest.mark.parametrize("roles", [(), (Role.SECURITY,), (Role.DISCLOSURE,)])
def test_an_answer_without_a_registry_officer_is_refused(both: Exercise, roles: tuple[str, ...]) -> None:
    copy = held(both)
    named = asked(both["JPN"], copy)
    both.settle()
    body = {"recall": named, "answer": "cannot", "acts": [], "why": "x", "certified": []}
    lie = act(both["KOR"], "answer-recall", roles=roles, parties=("JPN",), item=copy.item, copy=copy.id, body=body)
    said = send(both, "KOR", "JPN", message(both["KOR"], "JPN", "acts", {"acts": pack([lie])}))
    assert "registry" in said["body"]["refused"][lie.id]


@pytest.mark.parametrize("kind", ["use", "translate", "reproduce"])
def test_what_was_recalled_is_used_no_more(both: Exercise, kind: str) -> None:
    copy = held(both)
    certified = ("translation-note", "translator-cleared", "marks-reproduced", "copies-numbered", "record-made")
    by = both["KOR"].by(Role.REGISTRY)
    handle(both["KOR"].node, kind, copy.id, "before", certified=certified, by=by)
    asked(both["JPN"], copy)
    both.settle()
    with pytest.raises(RefusedError) as caught:
        handle(both["KOR"].node, kind, copy.id, "after", certified=certified, by=by)
    assert [ground["text"] for ground in caught.value.verdict["grounds"]] == ["recalled by JPN"]


def test_a_recall_by_another_or_with_a_day_that_is_over_is_refused(both: Exercise) -> None:
    copy = held(both)
    _, item = register(both["KOR"])[copy.id]
    body = {"why": "x", "payload_digest": item.payload_digest, "due": "2018-01-01T00:00:00.000000Z", "again": ""}
    lie = act(both["JPN"], "recall", roles=(Role.DISCLOSURE,), parties=("KOR",), item=copy.item, body=body)
    said = send(both, "JPN", "KOR", message(both["JPN"], "KOR", "acts", {"acts": pack([lie])}))
    assert "due before it is asked for" in said["body"]["refused"][lie.id]
    asked(both["JPN"], copy)
    both.settle()
    body |= {"due": "2030-01-01T00:00:00.000000Z"}
    lie = act(both["JPN"], "recall", roles=(Role.DISCLOSURE,), parties=("KOR",), item=copy.item, body=body)
    said = send(both, "JPN", "KOR", message(both["JPN"], "KOR", "acts", {"acts": pack([lie])}))
    assert "was recalled before" in said["body"]["refused"][lie.id]
    holds(both)


def handed_on(stage: Stage) -> tuple[Exercise, Copy, Copy]:
    """A report of Japan's that the United States hold and handed on to Korea with consent."""
    three = stage("JPN", "KOR", "USA")
    japan, usa = three["JPN"], three["USA"]
    copy = japan.transmit(b"report", to="USA", level="極秘")
    three.settle()
    finish(usa, copy.id)
    (request,) = ask_consent(usa.node, copy.id, "KOR", "EXERCISE", by=usa.by(Role.DISCLOSURE))
    three.settle()
    give_consent(japan.node, request.id, by=japan.by(Role.DISCLOSURE))
    three.settle()
    three.enter(official("kim"), "KOR")
    onward = release(usa.node, copy.id, "KOR", by=usa.by(Role.DISCLOSURE))
    return three, copy, onward


def test_a_recall_goes_down_the_chain_and_the_answers_come_back_up(stage: Stage) -> None:
    three, copy, onward = handed_on(stage)
    three.settle()
    finish(three["KOR"], onward.id)
    three.settle()
    asked(three["JPN"], copy)
    three.settle()
    whole = {"KOR": "confirmed", "USA": "confirmed"}
    assert [closed(three[party]) for party in ("JPN", "USA")] == [whole, whole]
    assert closed(three["KOR"]) == {"KOR": "confirmed"}
    burnt(three["USA"], copy)
    three.settle()
    answered(three["USA"], copy.item, "destroyed")
    given_back(three["KOR"], onward)
    answered(three["KOR"], onward.item, "returned")
    three.settle()
    said = [("KOR", "returned"), ("USA", "destroyed")]
    assert sorted(states(three["JPN"])) == said and sorted(states(three["USA"])) == said
    assert states(three["KOR"]) == [("KOR", "returned")]
    same_story(three)
    holds(three)


def test_a_holder_that_the_originator_has_not_heard_of_is_reached_by_who_handed_it_on(stage: Stage) -> None:
    three, copy, onward = handed_on(stage)
    between(three, "JPN", "USA")
    three.settle(tolerate=True)
    finish(three["KOR"], onward.id)
    asked(three["JPN"], copy)
    three.settle(tolerate=True)
    assert [one.holder for one in three["JPN"].copies()] == ["USA"] and states(three["KOR"]) == []
    three.wire.fault = None
    three.settle()
    assert states(three["KOR"]) == [("KOR", "asked")]
    with pytest.raises(RefusedError, match="refuse"):
        opened(three["KOR"], onward.id)
    between(three, "JPN", "USA")
    burnt(three["KOR"], onward)
    answered(three["KOR"], onward.item, "destroyed")
    three.settle(tolerate=True)
    assert ("KOR", "asked") in states(three["JPN"]), "the answer waits where the copy came through"
    three.wire.fault = None
    three.settle()
    assert sorted(states(three["JPN"])) == [("KOR", "destroyed"), ("USA", "asked")]
    same_story(three)
    holds(three)


def test_a_confirmation_brings_the_recall_to_who_handed_the_item_on(stage: Stage) -> None:
    three, copy, onward = handed_on(stage)
    three.settle()
    finish(three["KOR"], onward.id)
    three.settle()
    between(three, "JPN", "USA")
    asked(three["JPN"], copy)
    three.settle(tolerate=True)
    assert sorted(states(three["USA"])) == [("KOR", "asked"), ("USA", "asked")]
    assert closed(three["USA"]) == {"KOR": "confirmed", "USA": "confirmed"}
    burnt(three["KOR"], onward)
    answered(three["KOR"], onward.item, "destroyed")
    three.settle(tolerate=True)
    assert ("KOR", "destroyed") in states(three["USA"])
    three.wire.fault = None
    three.settle()
    assert sorted(states(three["JPN"])) == [("KOR", "destroyed"), ("USA", "asked")]
    same_story(three)
    holds(three)


def test_a_holder_of_two_copies_answers_for_each(stage: Stage) -> None:
    three, copy, first = handed_on(stage)
    second = release(three["USA"].node, copy.id, "KOR", by=three["USA"].by(Role.DISCLOSURE))
    three.settle()
    korea = three["KOR"]
    assert {one.id for one in korea.copies()} == {first.id, second.id}
    asked(three["JPN"], copy)
    three.settle()
    burnt(korea, first)
    assert korea.node.blobs.exists(copy.item)
    with pytest.raises(RefusedError, match=f"copy `{second.id}` still stands"):
        answered(korea, copy.item, "destroyed")
    answered(korea, first.id, "destroyed")
    three.settle()
    assert sorted(states(three["JPN"])) == [("KOR", "asked"), ("KOR", "destroyed"), ("USA", "asked")]
    burnt(korea, second)
    (act_id,) = answered(korea, copy.item, "destroyed")
    three.settle()
    assert [one.answer.id for one in standing(three["JPN"]) if one.answer and one.copy.id == second.id] == [act_id]
    assert sorted(states(three["JPN"])) == [("KOR", "destroyed"), ("KOR", "destroyed"), ("USA", "asked")]
    holds(three)


def between(exercise: Exercise, one: str, other: str) -> None:
    """Nothing goes between two Parties' nodes."""

    def fault(_direction: str, _sender: str, envelope: Envelope) -> Envelope:
        message = json.loads(envelope.payload)
        if {message["from"], message["to"]} == {one, other}:
            raise PeerError("connection refused")
        return envelope

    exercise.wire.fault = fault
