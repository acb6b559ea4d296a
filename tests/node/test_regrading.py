"""A level changed by its originator (Article 6(g)): who is told, who follows, and what counts until then."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from lying import act, message, resigned, send
from openings import acts, opened
from stories import Stage, finish, forget, holds, official, refusals, register, same_story, words_of
from test_derivatives import drawn
from test_recall_answers import asked, between, handed_on

from gsomia.errors import MessageError, RefusedError, UsageError
from gsomia.node import (
    WHAT_WAS_MADE,
    Case,
    Review,
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
    receipt,
    regraded,
    release,
    reviews,
    step,
)
from gsomia.node.labels import equivalent_label, read_label_text
from gsomia.node.leaving import authority_of, make_offer
from gsomia.node.levels import in_force
from gsomia.node.node import new_act_id
from gsomia.node.offers import Offer
from gsomia.node.registering import item_said
from gsomia.node.releasing import refresh
from gsomia.registry import Copy, CopyState, Custody, Item
from gsomia.testing import Exercise, Player

II, III = "군사II급비밀", "군사III급비밀"
CORRESPONDING = {"秘": III, "極秘": II}


def notified(player: Player, reference: str, level: str) -> str:
    return notify_regrade(player.node, reference, level, "EXERCISE", by=player.by(Role.DISCLOSURE)).id


def followed(player: Player, reference: str, **words: Any) -> list[str]:
    return [one.id for one in follow_regrade(player.node, reference, by=player.by(Role.REGISTRY), **words)]


def states(player: Player) -> list[tuple[str, str, str]]:
    """Each copy of a regraded item: its holder, the holder's mark, and where it stands."""
    with player.node.store.reading() as reader:
        return [(one.copy.holder, one.copy.own_mark, one.state) for one in regraded(reader)]


def to_review(player: Player) -> list[Review]:
    with player.node.store.reading() as reader:
        return reviews(reader, Case.of(player.node, reader))


def held(exercise: Exercise, level: str, **words: Any) -> tuple[Item, Copy]:
    """A report of Japan's at a level, which Korea has marked and receipted."""
    korea = exercise["KOR"]
    copy = exercise["JPN"].transmit(b"report", to="KOR", level=level, **words)
    exercise.settle()
    finish_at(korea, copy.id, CORRESPONDING[level])
    receipt(korea.node, copy.id, by=korea.by(Role.REGISTRY))
    exercise.settle()
    found, item = register(korea)[copy.id]
    return item, found


def finish_at(player: Player, reference: str, level: str) -> None:
    mark(player.node, reference, level, by=player.by(Role.REGISTRY))


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


def source_and_document(exercise: Exercise, level: str = "秘") -> tuple[str, Copy]:
    """A source of Japan's, and a document of Korea's for Japan that draws on it."""
    item = exercise["JPN"].transmit(b"source", to="KOR", level=level)
    exercise.settle()
    mark(exercise["KOR"].node, item.id, CORRESPONDING[level], by=exercise["KOR"].by(Role.REGISTRY))
    exercise.settle()
    document = drawn(exercise["KOR"], "JPN", item.id)
    exercise.settle()
    mark(exercise["JPN"].node, document.id, level, by=exercise["JPN"].by(Role.REGISTRY))
    exercise.settle()
    return item.item, document


def test_a_document_beneath_its_source_is_to_be_raised_and_protected_at_once(both: Exercise) -> None:
    for party in ("JPN", "KOR"):
        both.enter(official("junior", clearance="CONFIDENTIAL"), party)
    japan, korea = both["JPN"], both["KOR"]
    source, document = source_and_document(both)
    assert to_review(korea) == [] and opened(japan, document.id, "junior")
    up = notified(japan, source, "極秘")
    both.settle()
    for player in (japan, korea):
        (review,) = to_review(player)
        assert (review.item.id, review.level, review.floor, review.must_rise) == (document.item, III, II, True)
        assert [notice.id for notice in review.notices] == [up]
    with pytest.raises(RefusedError, match="refuse"):
        opened(japan, document.id, "junior")
    with pytest.raises(RefusedError, match="too low"):
        notified(korea, document.id, III)
    notified(korea, document.id, II)
    both.settle()
    assert [to_review(player) for player in (japan, korea)] == [[], []]
    assert ("JPN", "秘", "to follow") in states(japan)
    followed(japan, document.id, level="極秘")
    both.settle()
    assert ("JPN", "極秘", "followed") in states(korea)
    same_story(both)
    holds(both)


def test_a_document_whose_source_was_lowered_is_reviewed_and_never_changed_by_itself(both: Exercise) -> None:
    japan, korea = both["JPN"], both["KOR"]
    first, _ = source_and_document(both, "極秘")
    second = japan.transmit(b"another", to="KOR", level="極秘")
    both.settle()
    mark(korea.node, second.id, II, by=korea.by(Role.REGISTRY))
    document = drawn(korea, "JPN", first, second.id)
    both.settle()
    notified(japan, first, "秘")
    both.settle()
    pending = {review.item.id: review for review in to_review(korea)}
    assert not any(review.must_rise for review in pending.values()) and len(pending) == 2
    with pytest.raises(RefusedError, match="draws on what is now at"):
        notified(korea, document.id, III)
    notified(korea, document.id, II)
    both.settle()
    assert document.item not in {review.item.id for review in to_review(japan)}
    with pytest.raises(RefusedError, match=f"is at `{II}` already"):
        notified(korea, document.id, II)
    same_story(both)
    holds(both)


def test_a_notice_reaches_who_holds_a_document_that_draws_on_it(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    japan, korea, usa = (three[party] for party in ("JPN", "KOR", "USA"))
    source = japan.transmit(b"source", to="KOR", level="秘")
    three.settle()
    finish_at(korea, source.id, III)
    (request,) = ask_consent(korea.node, source.id, "USA", "EXERCISE", by=korea.by(Role.DISCLOSURE))
    three.settle()
    give_consent(japan.node, request.id, by=japan.by(Role.DISCLOSURE))
    three.settle()
    document = drawn(korea, "USA", source.id)
    three.settle()
    up = notified(japan, source.id, "極秘")
    assert [one["parties"] for one in acts(japan, "notify-regrade")] == [["KOR"]], "Japan knows of no document"
    three.settle()
    (review,) = to_review(usa)
    assert (review.item.id, review.floor, [notice.id for notice in review.notices]) == (document.item, II, [up])
    notified(korea, document.item, II)
    three.settle()
    assert to_review(usa) == [] == to_review(korea)
    finish(usa, document.id)
    three.settle()
    assert states(usa) == [("USA", "SECRET", "followed")]
    same_story(three)
    holds(three)


def test_what_draws_on_it_goes_by_the_new_mark_and_waits_for_it(both: Exercise) -> None:
    japan, korea = both["JPN"], both["KOR"]
    item, _ = held(both, level="秘")
    notified(japan, item.id, "極秘")
    both.settle()
    with pytest.raises(RefusedError, match="put on for another level"):
        drawn(korea, "JPN", item.id)
    followed(korea, item.id)
    document = drawn(korea, "JPN", item.id)
    own = drawn_by_japan(japan, item.id)
    both.settle()
    assert register(korea)[document.id][1].level == II and register(korea)[own.id][1].level == "極秘"
    holds(both)


def drawn_by_japan(japan: Player, item: str) -> Copy:
    return japan.transmit(b"its own", to="KOR", level="秘", cites=(item,))


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


def test_lies_about_levels_are_refused(both: Exercise) -> None:
    japan, korea = both["JPN"], both["KOR"]
    item, copy = held(both, level="極秘")
    notice = notified(japan, item.id, "秘")
    both.settle()
    followed(korea, item.id)
    (done,) = [one["body"] for one in acts(korea, "regrade")]
    told = {"level": III, "before": II, "why": "", "payload_digest": item.payload_digest, "reviews": []}
    bodies: list[tuple[str, str, dict[str, Any], str]] = [
        ("notify-regrade", "disclosure", told, "is `JPN`'s to regrade"),
        ("regrade", "registry", done | {"notice": "x"}, "a notice that is not here"),
        ("regrade", "registry", done | {"notice": copy.act}, "a notice that is not here"),
        ("regrade", "registry", done | {"foreign": "極秘", "level": II}, "notified no such level"),
        ("regrade", "registry", done | {"level": II}, "is not the equivalent"),
        ("regrade", "registry", done | {"origin": "KOR"}, "is not the equivalent"),
        ("regrade", "registry", {"notice": notice}, "does not fit"),
        ("regrade", "security", done, "registry"),
    ]
    for kind, role, body, match in bodies:
        of = copy.id if kind == "regrade" else ""
        lie = act(korea, kind, roles=(role,), parties=("JPN",), item=item.id, copy=of, body=body)
        said = send(both, "KOR", "JPN", message(korea, "JPN", "acts", {"acts": pack([lie])}))
        assert match in said["body"]["refused"][lie.id]
        assert match in words_of(refusals(japan))


def test_what_was_raised_beyond_what_may_be_handed_on_stays(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    japan, usa = three["JPN"], three["USA"]
    copy = japan.transmit(b"report", to="USA", level="極秘")
    three.settle()
    finish(usa, copy.id)
    (request,) = ask_consent(usa.node, copy.id, "KOR", "EXERCISE", by=usa.by(Role.DISCLOSURE))
    three.settle()
    give_consent(japan.node, request.id, by=japan.by(Role.DISCLOSURE))
    notified(japan, copy.id, "機密")
    three.settle()
    with pytest.raises(RefusedError) as caught:
        release(usa.node, copy.id, "KOR", by=usa.by(Role.DISCLOSURE))
    facts = {ground["fact"] for ground in caught.value.verdict["grounds"] if ground["effect"] != "permit"}
    assert "assurance" in facts, caught.value.verdict


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


def test_a_mark_that_is_too_low_for_the_level_notified_is_refused(both: Exercise) -> None:
    japan, korea = both["JPN"], both["KOR"]
    item, copy = held(both, level="秘")
    notice = notified(japan, item.id, "極秘")
    both.settle()
    label = json.loads(copy.own_label)
    body = {"notice": notice, "foreign": "極秘", "level": III, "origin": "JPN", "label": label, "certified": []}
    lie = act(korea, "regrade", roles=(Role.REGISTRY,), parties=("JPN",), item=item.id, copy=copy.id, body=body)
    said = send(both, "KOR", "JPN", message(korea, "JPN", "acts", {"acts": pack([lie])}))
    assert f"`{III}` of `KOR` is lower than `極秘` of `JPN`" in said["body"]["refused"][lie.id]
    assert states(japan) == [("KOR", III, "to follow")]


def test_of_notices_that_come_in_another_order_the_later_one_counts_everywhere(both: Exercise) -> None:
    japan, korea = both["JPN"], both["KOR"]
    item, _ = held(both, level="秘")
    notified(japan, item.id, "極秘")
    last = notified(japan, item.id, "特定秘密")
    with japan.node.store.reading() as reader:
        first, second = reader.acts(types=("notify-regrade",))
    assert second.id == last and second.statement.at > first.statement.at, "though the clock stood still"
    for one in (second, first):
        send(both, "JPN", "KOR", message(japan, "KOR", "acts", {"acts": pack([one])}))
    both.settle()
    for player in (japan, korea):
        with player.node.store.reading() as reader:
            assert [one.notice.id for one in regraded(reader)] == [last], player.node.party
    followed(korea, item.id)
    both.settle()
    assert [states(player) for player in (japan, korea)] == [[("KOR", II, "followed")]] * 2
    holds(both)


def test_a_notice_is_not_made_by_a_clock_that_was_set_far_back(both: Exercise) -> None:
    item, _ = held(both, level="極秘")
    notified(both["JPN"], item.id, "秘")
    both.pass_time(-timedelta(hours=1))
    with pytest.raises(RefusedError, match="the clock stands at"):
        notified(both["JPN"], item.id, "極秘")


@pytest.mark.parametrize(("minutes", "refused"), [(1, True), (-1, False)], ids=["after", "before"])
def test_a_regrade_for_an_earlier_notice_is_refused_where_it_was_made_after_the_last(
    both: Exercise, minutes: int, refused: bool
) -> None:
    japan, korea = both["JPN"], both["KOR"]
    item, copy = held(both, level="極秘")
    earlier = notified(japan, item.id, "秘")
    both.pass_time(timedelta(minutes=2))
    both.settle()
    notified(japan, item.id, "機密")
    at = both.clock.at + timedelta(minutes=minutes)
    both.pass_time(timedelta(minutes=2))
    label = equivalent_label(item, III, "KOR", at).to_json()
    body = {"notice": earlier, "foreign": "秘", "level": III, "origin": "JPN", "label": label, "certified": []}
    roles = (Role.REGISTRY,)
    told = act(korea, "regrade", roles=roles, parties=("JPN",), item=item.id, copy=copy.id, body=body, at=at)
    said = send(both, "KOR", "JPN", message(korea, "JPN", "acts", {"acts": pack([told])}))
    why = said["body"]["refused"].get(told.id, "")
    assert (f"`{III}` of `KOR` is lower than `機密` of `JPN`" in why) is refused
    assert bool(why) is refused, why
    assert states(japan) == [("KOR", II if refused else III, "to follow")]


def test_a_mark_is_no_lower_than_the_level_that_it_says_it_is_for(both: Exercise) -> None:
    japan, korea = both["JPN"], both["KOR"]
    copy = japan.transmit(b"report", to="KOR", level="秘")
    both.settle()
    notified(japan, copy.id, "極秘")
    finish_at(korea, copy.id, III)
    with korea.node.store.reading() as reader:
        (honest,) = reader.acts(types=("mark",))
    lie = resigned(both, honest, id=new_act_id(both.clock.at), body={"foreign": "極秘"})
    said = send(both, "KOR", "JPN", message(korea, "JPN", "acts", {"acts": pack([lie])}))
    assert f"marked it `{III}`, lower than `極秘` of `JPN`" in said["body"]["refused"][lie.id]
    both.settle()
    assert [states(player) for player in (japan, korea)] == [[("KOR", III, "to follow")]] * 2
    holds(both)


def test_sources_that_draw_on_one_another_end(both: Exercise) -> None:
    japan = both["JPN"]
    source, document = source_and_document(both)
    notified(japan, source, "極秘")
    both.settle()
    notified(both["KOR"], document.item, II)
    both.settle()
    ring = json.dumps([{"item": document.item, "contains": ["KOR", "JPN"]}])
    assert forget(japan, "UPDATE item SET cites = ? WHERE id = ?", ring, source) == 1
    with japan.node.store.reading() as reader:
        entry = reader.item(document.item)
        assert entry is not None and in_force(reader, Case.of(japan.node, reader), entry).level == II
    assert source in {review.item.id for review in to_review(japan)}


@pytest.mark.parametrize(
    ("before", "after", "leaves"), [("秘", "極秘", False), ("極秘", "秘", True)], ids=["raised", "lowered"]
)
def test_what_waits_to_leave_is_judged_by_the_level_that_stands_then(
    both: Exercise, before: str, after: str, leaves: bool
) -> None:
    japan, korea = both["JPN"], both["KOR"]
    copy = japan.transmit(b"report", to="KOR", level=before)
    notice = notified(japan, copy.id, after)
    both.settle()
    entry, _ = register(japan)[copy.id]
    assert entry.state is (CopyState.DELIVERED if leaves else CopyState.REFUSED)
    assert (copy.id in register(korea)) is leaves
    if not leaves:
        assert f"raised to `{after}` since its officer signed" in words_of(refusals(japan))
        assert notice in str(refusals(japan)[-1].detail), "by which notice"
    assert states(korea) == ([("KOR", "", "not marked yet")] if leaves else [])
    holds(both)


def test_a_release_that_waits_is_stopped_where_its_item_was_raised(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    japan, usa = three["JPN"], three["USA"]
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
    notice = notified(japan, copy.id, "極秘")
    step(japan.node, "USA")
    three.settle()
    assert register(usa)[onward.id][0].state is CopyState.REFUSED and onward.id not in register(three["KOR"])
    assert "raised to `極秘` since its officer signed" in words_of(refusals(usa))
    assert notice in str(refusals(usa)[-1].detail), "by which notice"
    holds(three)


def test_a_document_that_waits_is_stopped_where_its_source_was_raised(both: Exercise) -> None:
    japan, korea = both["JPN"], both["KOR"]
    source, _ = source_and_document(both)
    again = drawn(korea, "JPN", source)
    notified(japan, source, "極秘")
    step(japan.node, "KOR")
    both.settle()
    assert register(korea)[again.id][0].state is CopyState.REFUSED and again.id not in register(japan)
    assert "raised to `군사II급비밀` since its officer signed" in words_of(refusals(korea))


def test_an_offer_of_an_item_that_draws_on_itself_is_no_offer(both: Exercise) -> None:
    _, document = source_and_document(both)
    node = both["KOR"].node
    at = node.clock.now()
    with node.store.reading() as reader:
        item = reader.item(document.item)
        assert item is not None
        said = authority_of(reader, document).statement.body
        question, verdict = refresh(node, reader, document, item, (), at)
        offer = make_offer(node, reader, document, item, question, verdict, at, said)
    assert Offer.from_json(offer.to_json()) == offer
    itself = [{"item": document.item, "contains": ["KOR"]}]
    with pytest.raises(MessageError, match="names the item itself"):
        Offer.from_json(offer.to_json() | {"cites": itself})


def test_an_item_that_draws_on_itself_is_no_item(both: Exercise) -> None:
    _, document = source_and_document(both)
    with both["KOR"].node.store.reading() as reader:
        (authority,) = (one for one in reader.acts(types=("transmit",), item=document.item))
    itself = [{"item": document.item, "contains": ["KOR"]}]
    lie = resigned(both, authority, body={"cites": itself}).statement
    with pytest.raises(ValueError, match="names the item itself"):
        item_said(lie)
