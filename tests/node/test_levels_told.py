"""Levels told by a peer: lies, marks too low, and notices that come in another order."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from lying import act, message, resigned, send
from openings import acts
from regrades import II, III, finish_at, followed, held, notified, states
from stories import Stage, holds, refusals, words_of

from gsomia.errors import RefusedError
from gsomia.node import Role, pack, regraded
from gsomia.node.facts.labels import equivalent_label
from gsomia.node.node import new_act_id
from gsomia.testing import Exercise


@pytest.fixture
def both(stage: Stage) -> Exercise:
    """Japan and Korea."""
    return stage()


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
