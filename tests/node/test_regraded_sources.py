"""Documents that draw on an item whose level was changed: reviewed, raised, and never in a ring without an end."""

from __future__ import annotations

import json

import pytest
from lying import resigned
from openings import acts, opened
from regrades import II, III, finish_at, followed, held, notified, source_and_document, states, to_review
from stories import Stage, finish, forget, holds, official, register, same_story
from test_derivatives import drawn

from gsomia.errors import MessageError, RefusedError
from gsomia.node import Case, Role, ask_consent, give_consent, mark
from gsomia.node.effects.registering import item_said
from gsomia.node.facts.levels import in_force
from gsomia.node.transmission.leaving import authority_of, make_offer
from gsomia.node.transmission.offers import Offer
from gsomia.node.transmission.releasing import refresh
from gsomia.registry import Copy
from gsomia.testing import Exercise, Player


@pytest.fixture
def both(stage: Stage) -> Exercise:
    """Japan and Korea."""
    return stage()


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
