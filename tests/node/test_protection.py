"""What is held stays protected (Articles 6(b), 21.4): its measures are recorded, and the duty outlives the end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from lying import act, message, send
from stories import MARKS, Stage, finish, holds, once, same_story

from gsomia.errors import RefusedError, UsageError
from gsomia.node import Role, SignedAct, destroy, handle, owed_rows, release
from gsomia.node.acts.signed import pack
from gsomia.testing import Exercise, Player

DAY = timedelta(days=1)


@pytest.fixture
@once
def both(stage: Stage) -> Exercise:
    """Korea has receipted an item of Japan's three days before the agreement ends: its notice was never suspended."""
    found = stage(at="2019-11-20T12:00:00+09:00")
    found["JPN"].transmit(b"report", to="KOR", level=MARKS["JPN"])
    found.settle()
    finish(found["KOR"], found["KOR"].copies()[0].id)
    found.settle()
    return found


def protect(exercise: Exercise, what: str = "vault 2, two locks", role: str = Role.SECURITY) -> SignedAct:
    """Korea's security officer records the measures."""
    korea = exercise["KOR"]
    said = handle(korea.node, "protect", korea.copies()[0].id, what, by=korea.by(role))
    exercise.settle()
    return said


def listed(player: Player, of: str = "KOR") -> list[dict[str, Any]]:
    """What a Party has to go on protecting, as a node lists it."""
    with player.node.store.reading() as reader:
        at = player.node.clock.now()
        rows = owed_rows(player.node, reader, of, at, unreconciled_for=7 * DAY)
    return [row for row in rows if row["act"] == "protect"]


def test_measures_are_recorded_before_and_after_the_end_and_told(both: Exercise) -> None:
    assert [listed(player) for player in both.players.values()] == [[], []]
    before = protect(both)
    both.pass_time(4 * DAY)
    for player in both.players.values():
        (duty,) = listed(player)
        assert (duty["by"], duty["to"], duty["article"]) == ("KOR", ["JPN"], "21.4")
        assert duty["since"].startswith("2019-11-22T15:00:00") and not duty["overdue"]
        assert "no measures are recorded since" in duty["text"]
    after = protect(both, "moved to vault 3")
    for player in both.players.values():
        assert f"measures recorded by act {after.id}" in listed(player)[0]["text"]
        with player.node.store.reading() as reader:
            assert [one.id for one in reader.acts(types=["protect"])] == [before.id, after.id]
    same_story(both)
    holds(both)


def test_what_is_no_longer_held_is_no_longer_to_be_protected(both: Exercise) -> None:
    both.pass_time(4 * DAY)
    korea = both["KOR"]
    destroy(korea.node, korea.copies()[0].id, "shredded", by=(korea.by(Role.REGISTRY), korea.by(Role.SECURITY)))
    both.settle()
    assert [listed(player) for player in both.players.values()] == [[], []]
    with pytest.raises(RefusedError, match="was destroyed"):
        protect(both)


def test_the_originator_learns_the_measures_through_who_handed_it_on(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    copy = three["JPN"].transmit(b"report", to="KOR", via=("USA",), under="tisa-2014", level=MARKS["JPN"])
    three.settle()
    finish(three["USA"], copy.id)
    release(three["USA"].node, copy.id, "KOR", by=three["USA"].by(Role.DISCLOSURE))
    three.settle()
    finish(three["KOR"], three["KOR"].copies()[0].id)
    said = protect(three)
    for party, player in three.players.items():
        with player.node.store.reading() as reader:
            assert [one.id for one in reader.acts(types=["protect"])] == [said.id], party
    holds(three)


@pytest.mark.parametrize("role", [Role.REGISTRY, Role.DISCLOSURE, Role.LEGAL])
def test_only_a_security_officer_records_them(both: Exercise, role: str) -> None:
    with pytest.raises(RefusedError, match="does not hold the role `security`"):
        protect(both, role=role)


def test_nothing_is_protected_that_is_not_held(both: Exercise) -> None:
    korea, japan = both["KOR"], both["JPN"]
    with pytest.raises(UsageError, match="no item `x` is held here"):
        handle(korea.node, "protect", "x", "vault", by=korea.by(Role.SECURITY))
    with pytest.raises(UsageError, match="is held here"):
        handle(japan.node, "protect", japan.copies()[0].id, "vault", by=japan.by(Role.SECURITY))


def test_a_peer_s_lies_about_measures_are_refused(both: Exercise) -> None:
    copy = both["KOR"].copies()[0]
    known: dict[str, Any] = {"item": copy.item, "copy": copy.id, "body": {"what": "x", "certified": [], "verdict": ""}}

    def told(sender: str, to: str, role: str = Role.SECURITY, **words: Any) -> str:
        lie = act(both[sender], "protect", roles=(role,), parties=(to,), **known | words)
        said = send(both, sender, to, message(both[sender], to, "acts", {"acts": pack([lie])}))
        return str(said["body"]["refused"].get(lie.id, ""))

    assert "is held by `KOR`" in told("JPN", "KOR")
    assert "needs an officer with the role `security`" in told("KOR", "JPN", Role.REGISTRY)
    assert "never sent" in told("KOR", "JPN", copy="x")
    assert "does not fit" in told("KOR", "JPN", body={"what": "a\nb", "certified": []})
    assert "on which it rests" in told("KOR", "JPN", at=both.clock.at - DAY)
    assert told("KOR", "JPN") == ""
