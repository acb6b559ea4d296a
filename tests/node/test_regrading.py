"""A level changed by its originator (Article 6(g)): who is told, who follows, and what is owed until then."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from lying import act, message, send
from openings import acts, opened
from regrades import II, III, finish_at, followed, held, notified, source_and_document, states
from stories import Stage, finish, holds, official, refusals, register, same_story, words_of
from test_recall_answers import asked, between, handed_on

from gsomia.errors import RefusedError, UsageError
from gsomia.node import (
    WHAT_WAS_MADE,
    Role,
    ask_consent,
    follow_regrade,
    give_consent,
    handle,
    make_rendition,
    mark,
    notify_regrade,
    owing,
    pack,
    regraded,
    release,
)
from gsomia.node.facts.labels import read_label_text
from gsomia.registry import Custody
from gsomia.testing import Exercise, Player


@pytest.fixture
def both(stage: Stage) -> Exercise:
    """Japan and Korea."""
    return stage()


@pytest.mark.parametrize(
    ("before", "after", "was", "becomes"), [("極秘", "秘", II, III), ("秘", "特定秘密", III, II)], ids=["down", "up"]
)
def test_a_notice_is_followed_and_both_registers_say_so(
    both: Exercise, before: str, after: str, was: str, becomes: str
) -> None:
    japan, korea = both["JPN"], both["KOR"]
    item, copy = held(both, level=before)
    notified(japan, copy.id, after)
    both.settle()
    for player in (japan, korea):
        assert states(player) == [("KOR", was, "to follow")]
    (done,) = followed(korea, item.id)
    both.settle()
    for player in (japan, korea):
        assert states(player) == [("KOR", becomes, "followed")]
        entry, _ = register(player)[copy.id]
        label = read_label_text(entry.own_label)
        assert (label.policy, label.classification) == ("KOR", becomes)
        assert json.loads(register(player)[copy.id][1].label)["ocl"]["cls"] == before, "what was signed stays"
    with pytest.raises(RefusedError, match="already"):
        followed(korea, copy.id)
    assert [one["id"] for one in acts(japan, "regrade")] == [done]
    same_story(both)
    holds(both)


def test_a_higher_level_counts_at_once_and_a_lower_one_when_it_was_followed(both: Exercise) -> None:
    both.enter(official("junior", clearance="CONFIDENTIAL"), "KOR")
    japan, korea = both["JPN"], both["KOR"]
    item, _ = held(both, level="秘")
    assert opened(korea, item.id, "junior")
    notified(japan, item.id, "極秘")
    both.settle()
    with pytest.raises(RefusedError, match="refuse"):
        opened(korea, item.id, "junior")
    followed(korea, item.id)
    notified(japan, item.id, "秘")
    both.settle()
    with pytest.raises(RefusedError, match="refuse"):
        opened(korea, item.id, "junior")
    followed(korea, item.id)
    assert opened(korea, item.id, "junior")
    both.settle()
    same_story(both)
    holds(both)


def test_what_is_not_marked_yet_is_marked_for_the_level_notified(both: Exercise) -> None:
    japan, korea = both["JPN"], both["KOR"]
    copy = japan.transmit(b"report", to="KOR", level="秘")
    both.settle()
    notified(japan, copy.id, "極秘")
    both.settle()
    assert states(korea) == [("KOR", "", "not marked yet")]
    with pytest.raises(RefusedError, match="refuse"):
        mark(korea.node, copy.id, III, by=korea.by(Role.REGISTRY))
    finish(korea, copy.id)
    both.settle()
    assert [states(player) for player in (japan, korea)] == [[("KOR", II, "followed")]] * 2
    holds(both)


def test_what_was_made_from_it_bears_the_mark_too(both: Exercise) -> None:
    both.enter(official("kim"), "KOR")
    japan, korea = both["JPN"], both["KOR"]
    by = korea.by(Role.REGISTRY)
    item, copy = held(both, level="極秘", mime_type="text/plain")
    certified = ("translation-note", "translator-cleared")
    handle(korea.node, "translate", copy.id, "into Korean", certified=certified, by=by)
    make_rendition(korea.node, copy.id, "kim", by=by)
    notified(japan, item.id, "秘")
    both.settle()
    with pytest.raises(RefusedError, match="2 copies, translations or renditions"):
        followed(korea, item.id)
    followed(korea, item.id, certified=(WHAT_WAS_MADE,))
    both.settle()
    assert states(japan) == [("KOR", III, "followed")]
    made = []
    for player in (japan, korea):
        with player.node.store.reading() as reader:
            made.append([len(one.made) for one in regraded(reader)])
    assert made == [[1], [2]], "of a rendition its holder's register alone knows"
    holds(both)


def test_it_reaches_all_down_the_chain_and_each_follows(stage: Stage) -> None:
    three, copy, onward = handed_on(stage)
    three.settle()
    finish(three["KOR"], onward.id)
    three.settle()
    between(three, "JPN", "KOR")
    notified(three["JPN"], copy.id, "秘")
    three.settle(tolerate=True)
    assert states(three["KOR"]) == []
    three.wire.fault = None
    three.settle()
    followed(three["KOR"], onward.id)
    followed(three["USA"], copy.id)
    three.settle()
    whole = [("KOR", III, "followed"), ("USA", "CONFIDENTIAL", "followed")]
    for party in ("JPN", "USA"):
        assert sorted(states(three[party])) == whole
    same_story(three)
    holds(three)


def test_who_handed_it_on_passes_it_on_where_the_originator_has_not_heard(stage: Stage) -> None:
    three, copy, onward = handed_on(stage)
    between(three, "JPN", "USA")
    three.settle(tolerate=True)
    finish(three["KOR"], onward.id)
    notified(three["JPN"], copy.id, "秘")
    three.settle(tolerate=True)
    assert [one["parties"] for one in acts(three["JPN"], "notify-regrade")] == [["USA"]]
    three.wire.fault = None
    three.settle()
    assert states(three["KOR"]) == [("KOR", II, "to follow")]
    followed(three["KOR"], onward.id)
    three.settle()
    assert ("KOR", III, "followed") in states(three["JPN"])
    same_story(three)
    holds(three)


def test_what_is_handed_on_after_a_notice_brings_it(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    japan, usa, korea = (three[party] for party in ("JPN", "USA", "KOR"))
    copy = japan.transmit(b"report", to="USA", level="極秘")
    three.settle()
    finish(usa, copy.id)
    (request,) = ask_consent(usa.node, copy.id, "KOR", "EXERCISE", by=usa.by(Role.DISCLOSURE))
    notified(japan, copy.id, "秘")
    three.settle()
    give_consent(japan.node, request.id, by=japan.by(Role.DISCLOSURE))
    followed(usa, copy.id)
    three.settle()
    onward = release(usa.node, copy.id, "KOR", by=usa.by(Role.DISCLOSURE))
    three.settle()
    assert states(korea) == [("KOR", "", "not marked yet")]
    finish_at(korea, onward.id, III)
    three.settle()
    assert sorted(states(japan)) == [("KOR", III, "followed"), ("USA", "CONFIDENTIAL", "followed")]
    holds(three)


def test_what_has_not_followed_is_a_duty_at_both_nodes(both: Exercise) -> None:
    japan, korea = both["JPN"], both["KOR"]
    source, document = source_and_document(both)
    assert [duties(player) for player in (japan, korea)] == [
        [("receipt", party, "12(a)", "C")] for party in ("JPN", "KOR")
    ]
    notified(japan, source, "極秘")
    both.settle()
    told = [("regrade", "KOR", "6(g)", "A"), ("notify-regrade", "KOR", "6(g)", "A")]
    assert [duties(player)[1:] for player in (japan, korea)] == [told, told]
    followed(korea, source)
    notified(korea, document.item, II)
    both.settle()
    told = [("regrade", "JPN", "6(g)", "A")]
    assert [duties(player)[1:] for player in (japan, korea)] == [told, told]
    followed(japan, document.item, level="特定秘密")
    both.settle()
    assert [duties(player)[1:] for player in (japan, korea)] == [[], []]


def duties(player: Player) -> list[tuple[str, str, str, str]]:
    with player.node.store.reading() as reader:
        return [(one.act, one.by, one.article, one.confidence) for one in owing(player.node, reader)]


def test_what_is_refused_at_ones_own_node(both: Exercise) -> None:
    japan, korea = both["JPN"], both["KOR"]
    item, copy = held(both, level="極秘")
    cases: list[tuple[Player, str, Callable[[], object]]] = [
        (korea, "is not `KOR`'s to regrade", lambda: notified(korea, copy.id, III)),
        (japan, "is at `極秘` already", lambda: notified(japan, item.id, "極秘")),
        (korea, "has notified no other level", lambda: followed(korea, item.id)),
        (
            japan,
            "does not hold the role `disclosure`",
            lambda: notify_regrade(japan.node, item.id, "秘", "", by=japan.by(Role.REGISTRY)),
        ),
    ]
    for player, match, call in cases:
        with pytest.raises(RefusedError, match=match):
            call()
        assert match in words_of(refusals(player)), "it is kept"
    for match, level in (("unknown level", "top"), ("which level", " ")):
        with pytest.raises(UsageError, match=match):
            notified(japan, item.id, level)
    notified(japan, item.id, "秘")
    both.settle()
    with pytest.raises(RefusedError, match="refuse") as caught:
        followed(korea, item.id, level=II)
    assert "6(g)" in {ground["article"] for ground in caught.value.verdict["grounds"]}
    with pytest.raises(RefusedError, match="does not hold the role `registry`"):
        follow_regrade(korea.node, item.id, by=korea.by(Role.DISCLOSURE))
    with pytest.raises(UsageError, match="no item `x`"):
        followed(korea, "x")
    holds(both)


def test_the_key_at_the_originators_is_released_by_the_level_of_now(both: Exercise) -> None:
    both.enter(official("junior", clearance="CONFIDENTIAL"), "KOR")
    _, copy = held(both, level="秘", custody=Custody.ORIGINATOR)
    assert opened(both["KOR"], copy.id, "junior")
    notified(both["JPN"], copy.id, "極秘")
    with pytest.raises(RefusedError):
        opened(both["KOR"], copy.id, "junior")
    assert acts(both["JPN"], "refuse-key"), "Korea's node had not heard of it yet; Japan's refused the key"


def test_nobody_follows_or_answers_for_another_partys_copy(stage: Stage) -> None:
    three, copy, onward = handed_on(stage)
    three.settle()
    finish(three["KOR"], onward.id)
    three.settle()
    notice, back = notified(three["JPN"], copy.id, "秘"), asked(three["JPN"], copy)
    three.settle()
    label = json.loads(register(three["KOR"])[onward.id][0].own_label)
    bodies: dict[str, dict[str, Any]] = {
        "regrade": {"notice": notice, "foreign": "秘", "level": III, "origin": "JPN", "before": II, "label": label},
        "answer-recall": {"recall": back, "answer": "cannot", "acts": [], "why": "x"},
    }
    usa, roles = three["USA"], (Role.REGISTRY,)
    for kind, body in bodies.items():
        words = body | {"certified": []}
        lie = act(usa, kind, roles=roles, parties=("JPN",), item=copy.item, copy=onward.id, body=words)
        said = send(three, "USA", "JPN", message(usa, "JPN", "acts", {"acts": pack([lie])}))
        assert "is held by `KOR`" in said["body"]["refused"][lie.id]
