"""How two entries are named apart: each difference by its kind, with the act that would repair it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gsomia.node import Discrepancy
from gsomia.node.comparison.discrepancies import Between, named
from gsomia.node.comparison.entries import ACT, ITEM

COPY = "24ed1be5-68be-47d2-8413-0683d98e15e0-JPN-1"


def an_item(*acts: tuple[str, str, str], **words: str) -> dict[str, Any]:
    """An entry with acts (id, type, Party) about its copy; `words` are other words of item or copy."""
    item = {"originator": "JPN", "level": "極秘", "label": "l", "payload_digest": "p", "core_digest": "c", "key": "k"}
    copy = {"id": COPY, "giver": "JPN", "holder": "KOR", "custodian": "KOR", "state": "receipted", "mark": "m"}
    copy |= {"origin_mark": "JPN", "own_label": ""}
    item |= {name: word for name, word in words.items() if name in item}
    copy |= {name: word for name, word in words.items() if name in copy}
    rows = [[act, kind, party, COPY, words.get(act, "digest")] for act, kind, party in acts]
    return {"kind": ITEM, "id": "i", "item": item, "copies": [{**copy, "rungs": []}], "acts": rows}


def apart(here: dict[str, Any] | None, there: dict[str, Any] | None) -> list[Discrepancy]:
    between = Between(here="JPN", there="KOR", at=datetime(2018, 1, 10, tzinfo=UTC), before={})
    return named(between, (here or there or {})["kind"], (here or there or {})["id"], here, there)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ({"originator": "USA"}, "originator"),
        ({"level": "秘"}, "level"),
        ({"label": "other"}, "level"),
        ({"payload_digest": "other"}, "payload"),
        ({"core_digest": "other"}, "payload"),
        ({"key": "other"}, "key custody"),
        ({"holder": "USA"}, "giver or holder"),
        ({"custodian": "JPN"}, "custody"),
        ({"mark": "other"}, "level"),
        ({"own_label": "other"}, "level"),
        ({"state": "opened"}, "state"),
    ],
)
def test_words_that_differ_under_the_same_acts(words: dict[str, str], kind: str) -> None:
    act = ("a", "transmit", "JPN")
    (one,) = apart(an_item(act), an_item(act, **words))
    assert (one.kind, one.about) == (kind, "i")
    assert one.repair == ("at JPN: gsomia verify", "at KOR: gsomia verify")


def test_what_is_missing_is_sent_again_in_the_order_in_which_it_can_be_taken_in() -> None:
    acts = [("1", "receipted", "KOR"), ("2", "opened", "KOR"), ("3", "mark", "KOR"), ("4", "delivered", "KOR")]
    acts += [("5", "destroy", "KOR"), ("6", "accepted", "KOR")]
    missing = apart(an_item(), an_item(*acts))
    assert [one.repair for one in missing] == [(f"at KOR: gsomia act send {n} --to JPN",) for n in "643125"]
    assert [one.kind for one in missing][-1] == "destroyed there and not here"
    assert [one.kind for one in apart(an_item(*acts), an_item())][-1] == "destroyed here and not there"


def test_a_side_that_lacks_an_act_of_its_own_has_lost_it() -> None:
    missing = apart(an_item(("1", "receipted", "KOR"), ("2", "recall", "JPN")), an_item())
    assert {one.repair for one in missing} == {("at KOR: gsomia log recover --by OFFICER",)}


def test_two_statements_under_one_id() -> None:
    act = ("1", "recall", "JPN")
    (one,) = apart(an_item(act), an_item(act, **{"1": "another"}))
    assert (one.kind, one.subject, one.here, one.there) == ("act", "1", "digest", "another")
    lone = {"kind": ACT, "id": "2", "type": "assure", "party": "JPN", "digest": "d"}
    assert [one.kind for one in apart(lone, {**lone, "digest": "e"})] == ["act"]
    assert [(one.kind, one.subject) for one in apart(None, lone)] == [("missing act assure", "2")]


def test_acts_by_which_a_copy_left_say_nothing_where_it_has_not_arrived() -> None:
    gone = [("1", "transmit", "JPN"), ("2", "dispatched", "JPN"), ("3", "delivered", "KOR")]
    assert [one.kind for one in apart(None, an_item(*gone))] == ["missing rung delivered", "copy count"]
