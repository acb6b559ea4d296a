"""Recall of an item by its originator (protocol 11): what it stops, when, and who is told."""

from __future__ import annotations

import json

import pytest
from openings import acts, away, ended, held, opened, recalled
from stories import Stage, finish, holds, official, register, same_story

from gsomia.errors import RefusedError, UsageError
from gsomia.node import Role, ask_consent, give_consent, recall, release
from gsomia.registry import CopyState, Custody


def test_the_end_of_the_agreement_stops_no_opening_and_a_recall_stops_the_next(stage: Stage) -> None:
    both = stage()
    copy = held(both)
    assert opened(both["KOR"], copy.id) == b"report"
    ended(both)
    with pytest.raises(RefusedError):
        both["JPN"].transmit(b"another", to="KOR", level="極秘")
    assert opened(both["KOR"], copy.id) == b"report"

    act = recall(both["JPN"].node, copy.control_number, "an error in it", by=both["JPN"].by(Role.DISCLOSURE))
    standing = recalled(both["JPN"], copy)
    assert standing == "stopped", "the recall has not reached Korea, and Japan's node answers no more"
    with pytest.raises(RefusedError, match="recalled by JPN") as caught:
        opened(both["KOR"], copy.id)
    assert [ground["clause"] for ground in caught.value.verdict["grounds"]] == ["recalled"]
    both.settle()
    assert recalled(both["JPN"], copy) == "confirmed"
    with pytest.raises(RefusedError, match="refuse") as caught:
        opened(both["KOR"], copy.id)
    assert act.id in json.dumps(caught.value.verdict)
    assert len(acts(both["JPN"], "refuse-key")) == 1, "Korea's own node refuses by now and asks nobody"
    holds(both)
    same_story(both)


def test_with_recipient_custody_a_recall_is_asked_until_the_holder_has_logged_it(stage: Stage) -> None:
    both = stage()
    copy = held(both, Custody.RECIPIENT)
    away(both, "JPN")
    recall(both["JPN"].node, copy.item, "an error in it", by=both["JPN"].by(Role.DISCLOSURE))
    both.settle(tolerate=True)
    assert recalled(both["JPN"], copy) == "asked, not confirmed"
    assert opened(both["KOR"], copy.id) == b"report"
    both.wire.fault = None
    both.settle()
    assert recalled(both["JPN"], copy) == "confirmed"
    with pytest.raises(RefusedError, match="refuse"):
        opened(both["KOR"], copy.id)
    holds(both)


def test_a_recall_keeps_what_has_not_left(stage: Stage) -> None:
    both = stage()
    copy = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    recall(both["JPN"].node, copy.item, "too soon", by=both["JPN"].by(Role.DISCLOSURE))
    both.settle()
    entry, _ = register(both["JPN"])[copy.id]
    assert (entry.state, entry.reason) == (CopyState.REFUSED, "recalled by JPN") and register(both["KOR"]) == {}
    with pytest.raises(RefusedError, match="recalled before"):
        recall(both["JPN"].node, copy.item, "again", by=both["JPN"].by(Role.DISCLOSURE))
    with pytest.raises(UsageError, match="no item"):
        recall(both["JPN"].node, "JPN-2018-000077", "?", by=both["JPN"].by(Role.DISCLOSURE))
    with pytest.raises(RefusedError, match="does not hold the role"):
        other = both["JPN"].transmit(b"report", to="KOR", level="極秘")
        recall(both["JPN"].node, other.item, "?", by=both["JPN"].by(Role.REGISTRY))


def test_only_the_originator_recalls(stage: Stage) -> None:
    both = stage()
    copy = held(both)
    with pytest.raises(RefusedError, match="`JPN`'s to recall"):
        recall(both["KOR"].node, copy.id, "?", by=both["KOR"].by(Role.DISCLOSURE))


def test_an_item_that_was_handed_on_is_recalled_from_all(stage: Stage) -> None:
    all_three = stage("JPN", "KOR", "USA")
    copy = all_three["JPN"].transmit(b"report", to="USA", level="極秘")
    all_three.settle()
    finish(all_three["USA"], copy.id)
    by = all_three["USA"].by(Role.DISCLOSURE)
    asked = ask_consent(all_three["USA"].node, copy.id, "KOR", "EXERCISE", by=by)
    all_three.settle()
    give_consent(all_three["JPN"].node, asked[0].id, by=all_three["JPN"].by(Role.DISCLOSURE))
    all_three.settle()
    onward = release(all_three["USA"].node, copy.id, "KOR", by=by)
    all_three.settle()
    all_three.enter(official("kim"), "KOR")
    finish(all_three["KOR"], onward.id, "kim")
    all_three.settle()
    recall(all_three["JPN"].node, copy.item, "an error in it", by=all_three["JPN"].by(Role.DISCLOSURE))
    all_three.settle()
    assert {recalled(all_three["JPN"], one) for one in (copy, onward)} == {"confirmed"}
    with pytest.raises(RefusedError, match="refuse"):
        opened(all_three["KOR"], onward.id)
    holds(all_three)
