"""What waits to leave when its level is changed: judged by the level that stands then."""

from __future__ import annotations

import pytest
from regrades import followed, notified, source_and_document, states
from stories import Stage, finish, holds, refusals, register, words_of
from test_derivatives import drawn

from gsomia.errors import RefusedError
from gsomia.node import Role, ask_consent, give_consent, release, step
from gsomia.registry import CopyState
from gsomia.testing import Exercise


@pytest.fixture
def both(stage: Stage) -> Exercise:
    """Japan and Korea."""
    return stage()


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
