"""Whose access has ended signs nothing more, on the node's own host as over the API.

The last security officer alone still signs as that: nobody who holds a directory can leave a node without one.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from openings import held
from stories import MARKS, Stage, holds, official

from gsomia.errors import GsomiaError, RefusedError
from gsomia.keys import SigningKey
from gsomia.node import (
    Acting,
    AwaitedKey,
    Role,
    brief,
    destroy,
    end_access,
    enrol_officer,
    enter_need,
    enter_person,
    lapses,
    prepare,
    receipt,
    retire_officer_key,
    strike_person,
    transmit,
)
from gsomia.testing import Exercise, Player

KEYS = [SigningKey(bytes([number]) * 64) for number in range(7, 10)]
DAY = timedelta(days=1)


def officer(player: Player, *roles: str, person: str = "lee", key: SigningKey = KEYS[0], **words: object) -> Acting:
    """An officer who is entered as a person."""
    by = player.by(Role.SECURITY)
    enter_person(player.node, official(person, **words), by=by)
    enrol_officer(player.node, f"{person}-key", roles, key.public, by=by, person=person)
    return Acting(officer=f"{person}-key", key=key)


def clause(work: Callable[[], object]) -> str:
    """The rule by which it is refused; "" where it is done, or fails for another reason."""
    try:
        work()
    except RefusedError as error:
        return str(error.verdict["grounds"][0]["clause"])
    except GsomiaError:
        pass
    return ""


Signs = Callable[[Player, str, Acting], object]
SIGNED: dict[str, tuple[str, Signs]] = {
    "a transmission": (
        Role.DISCLOSURE,
        lambda one, _, by: transmit(one.node, io.BytesIO(b"x"), one.sending(to="JPN", level=MARKS["KOR"]), by=by),
    ),
    "a receipt": (Role.REGISTRY, lambda one, copy, by: receipt(one.node, copy, by=by)),
    "a need": (Role.REGISTRY, lambda one, copy, by: enter_need(one.node, "kim", copy, need=True, why="x", by=by)),
    "half of a destruction": (
        Role.REGISTRY,
        lambda one, copy, by: destroy(one.node, copy, "shredded", by=(by, one.by(Role.SECURITY))),
    ),
    "a person": (Role.SECURITY, lambda one, _, by: enter_person(one.node, official("new"), by=by)),
    "another's key": (
        Role.SECURITY,
        lambda one, _, by: enrol_officer(one.node, "o", [Role.LEGAL], KEYS[1].public, by=by),
    ),
    "a briefing": (Role.SECURITY, lambda one, _, by: brief(one.node, "kim", "crypto", "2024-01-09", by=by)),
}
HANDLES = {Role.DISCLOSURE, Role.REGISTRY}


@pytest.mark.parametrize("what", SIGNED)
@pytest.mark.parametrize("how", ["access ended", "clearance ended"])
def test_whose_access_has_ended_signs_nothing(stage: Stage, what: str, how: str) -> None:
    both = stage()
    copy, korea = held(both), both["KOR"]
    role, signs = SIGNED[what]
    lee = officer(korea, role, expires=both.clock.at + DAY)
    away = Acting(officer=lee.officer, key=AwaitedKey(public=lee.key.public))
    assert clause(lambda: prepare(lambda: signs(korea, copy.id, away))) == "", "while access stands it is prepared"
    if how == "access ended":
        end_access(korea.node, "lee", "moved")
        expected = "left"
    else:
        both.clock.at += DAY
        # Who handles no items needs no clearance for what they sign; only so can a clearance be renewed.
        expected = "clearance-ended" if role in HANDLES else ""
    with korea.node.store.reading() as reader:
        before = reader.last_place()
    assert clause(lambda: prepare(lambda: signs(korea, copy.id, away))) == expected
    assert clause(lambda: signs(korea, copy.id, lee)) == expected
    if expected:
        with korea.node.store.reading() as reader:
            assert reader.last_place() == before, "nothing was signed"
    holds(both)


def test_who_comes_back_or_is_cleared_anew_signs_again(stage: Stage) -> None:
    both = stage()
    copy, korea = held(both), both["KOR"]
    lee, by = officer(korea, Role.REGISTRY, expires=both.clock.at + DAY), korea.by(Role.SECURITY)

    def need() -> str:
        return clause(lambda: enter_need(korea.node, "kim", copy.id, need=True, why="x", by=lee))

    both.clock.at += DAY
    assert need() == "clearance-ended"
    enter_person(korea.node, official("lee", expires=both.clock.at + DAY), by=by)
    assert need() == ""
    end_access(korea.node, "lee", "moved")
    assert need() == "left"
    enter_person(korea.node, official("lee"), by=by)
    assert need() == ""
    holds(both)


def test_the_last_security_officer_still_signs_as_that_alone(stage: Stage) -> None:
    both = stage()
    copy, korea = held(both), both["KOR"]
    node, chief = korea.node, korea.by(Role.SECURITY)

    def briefing(by: Acting) -> str:
        return clause(lambda: brief(node, "kim", "x", "2024-01-09", by=by))

    lee = officer(korea, Role.SECURITY, Role.REGISTRY)
    kim = officer(korea, Role.SECURITY, person="park", key=KEYS[1])
    retire_officer_key(node, chief.officer, by=lee)
    end_access(node, "lee", "moved")
    assert briefing(lee) == "left", "another one is here"
    end_access(node, "park", "moved")
    for one in (lee, kim):
        assert briefing(one) == ""
    assert clause(lambda: enter_need(node, "kim", copy.id, need=True, why="x", by=lee)) == "left"
    enrol_officer(node, "new", [Role.SECURITY], KEYS[2].public, by=lee)
    for one in (lee, kim):
        assert briefing(one) == "left"
    new = Acting(officer="new", key=KEYS[2])
    strike_person(node, "lee", "moved", by=new)
    holds(both)


def test_the_list_of_lapses_says_what_an_officer_still_signs(stage: Stage) -> None:
    both: Exercise = stage()
    korea = both["KOR"]
    officer(korea, Role.REGISTRY, Role.SECURITY, expires=both.clock.at + DAY)
    both.clock.at += DAY
    with korea.node.store.reading() as reader:
        found = lapses(korea.node, reader, since=None, until=both.clock.at)
    said = next("; ".join(one.consequences) for one in found if one.person == "lee")
    assert "signs no more as registry" in said and "still signs as security" in said
