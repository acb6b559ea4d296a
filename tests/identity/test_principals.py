"""Who acts: a person and all their keys, as the register stands; and an open stream that ends with the right to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from openings import held
from stories import Stage, official, once

from gsomia.errors import UsageError
from gsomia.identity import About, Principal, Rights, about_copy, about_request, principal_of
from gsomia.keys import SigningKey
from gsomia.node import (
    Acting,
    Role,
    ask_consent,
    change_person,
    enrol_officer,
    enter_need,
    place,
    retire_officer_key,
    strike_person,
)
from gsomia.registry import Custody
from gsomia.testing import Exercise, Player

DAY = timedelta(days=1)
RIGHTS = Rights.load()
KEY = SigningKey(b"\x07" * 64)
OTHER = SigningKey(b"\x08" * 64)


def who(player: Player, *, officer: str = "", person: str = "") -> Principal | None:
    """The principal as the register stands."""
    with player.node.store.reading() as reader:
        return principal_of(player.node, reader, officer=officer, person=person)


@pytest.fixture
@once
def both(stage: Stage) -> Exercise:
    """Korea holds an item; Kim reads there, and signs under two ids."""
    both = stage()
    held(both, Custody.RECIPIENT)
    korea, by = both["KOR"], both["KOR"].by(Role.SECURITY)
    change_person(korea.node, "kim", by=by, house_roles=("reader", "custodian"), expires=both.clock.at + 9 * DAY)
    enrol_officer(korea.node, "kim-r", [Role.REGISTRY], KEY.public, by=by, person="kim")
    enrol_officer(korea.node, "kim-d", [Role.DISCLOSURE], OTHER.public, by=by, person="kim")
    return both


def test_a_person_is_one_principal_under_all_their_keys(both: Exercise) -> None:
    korea = both["KOR"]
    kim = who(korea, person="kim")
    assert kim is not None and kim == who(korea, officer="kim-r") == who(korea, officer="kim-d")
    assert kim.roles == {"registry", "disclosure", "reader", "custodian"} and kim.officers == ("kim-d", "kim-r")
    assert (kim.clearance, *kim.needs, *kim.rosters) == ("SECRET", "dprk-missile", "main")
    chief = who(korea, officer="kor-security")
    assert chief is not None
    assert (chief.person, *chief.roles, chief.clearance) == ("kor-security", "security", "none")
    assert who(korea, officer="jpn-security") is who(korea, person="nobody") is who(korea, officer="kim") is None


def test_what_a_principal_is_ends_with_what_it_rests_on(both: Exercise) -> None:
    korea, by = both["KOR"], both["KOR"].by(Role.SECURITY)
    retire_officer_key(korea.node, "kim-d", by=by)
    kim = who(korea, person="kim")
    assert kim is not None and "disclosure" not in kim.roles and "registry" in kim.roles
    both.clock.at += 9 * DAY
    kim = who(korea, person="kim")
    assert kim is not None and kim.clearance == "none"
    strike_person(korea.node, "kim", "moved", by=by)
    assert who(korea, person="kim") is who(korea, officer="kim-r") is None


def test_a_row_of_the_register_is_seen_by_need_clearance_and_roster(both: Exercise) -> None:
    korea = both["KOR"]
    copy = korea.copies()[0]

    def sees() -> bool:
        with korea.node.store.reading() as reader:
            kim = principal_of(korea.node, reader, person="kim")
            assert kim is not None
            # As a reader alone: registry officers see the register whatever they need.
            reads = Principal(
                **{name: getattr(kim, name) for name in kim.__dataclass_fields__} | {"roles": frozenset({"reader"})}
            )
            return RIGHTS.decide(reads, "see-item", about_copy(korea.node, reader, copy, kim)).permitted

    by, registry = korea.by(Role.SECURITY), korea.by(Role.REGISTRY)
    assert sees()
    enter_need(korea.node, "kim", copy.id, need=False, why="x", by=registry)
    assert not sees()
    enter_need(korea.node, "kim", copy.id, need=True, why="x", by=registry)
    change_person(korea.node, "kim", by=by, needs=())
    assert sees()
    change_person(korea.node, "kim", by=by, clearance="CONFIDENTIAL")
    assert not sees()
    change_person(korea.node, "kim", by=by, clearance="SECRET")
    korea_lee = official("lee", rosters=("north",))
    both.enter(korea_lee, "KOR")
    place(korea.node, copy.id, "north", by=registry)
    assert not sees()


def test_nobody_approves_what_they_asked_for_under_another_key(stage: Stage) -> None:
    """Who asked is told from the act's signers: of this Party the persons behind the keys, of a peer nobody."""
    three = stage("JPN", "KOR", "USA")
    copy, korea = held(three, Custody.RECIPIENT), three["KOR"]
    by = korea.by(Role.SECURITY)
    for name, key in (("kim-d", KEY), ("kim-e", OTHER)):
        enrol_officer(korea.node, name, [Role.DISCLOSURE], key.public, by=by, person="kim")
    (asked,) = ask_consent(korea.node, copy.id, "USA", "x", by=Acting(officer="kim-d", key=KEY))
    retire_officer_key(korea.node, "kim-d", by=by)
    three.settle()
    outcomes = {}
    for party, officer in (("KOR", "kim-e"), ("KOR", "kor-disclosure"), ("JPN", "jpn-disclosure")):
        with three[party].node.store.reading() as reader:
            about = about_request(three[party].node, reader, asked.id)
            principal = principal_of(three[party].node, reader, officer=officer)
            assert principal is not None
            outcomes[officer] = RIGHTS.decide(principal, "consent", about).permitted
            with pytest.raises(UsageError, match="no act `x`"):
                about_request(three[party].node, reader, "x")
    assert outcomes == {"kim-e": False, "kor-disclosure": True, "jpn-disclosure": True}


def may_still(player: Player, person: str, act: str, about: About) -> bool:
    """Whether a person may, as the register has them now."""
    with player.node.store.reading() as reader:
        now = principal_of(player.node, reader, person=person)
    return now is not None and RIGHTS.decide(now, act, about).permitted


ENDS: dict[str, Callable[[Exercise], object]] = {
    "the person leaves": lambda both: strike_person(both["KOR"].node, "kim", "moved", by=both["KOR"].by(Role.SECURITY)),
    "the role is taken": lambda both: change_person(
        both["KOR"].node, "kim", by=both["KOR"].by(Role.SECURITY), house_roles=("administrator",)
    ),
    "the place on the roster is taken": lambda both: change_person(
        both["KOR"].node, "kim", by=both["KOR"].by(Role.SECURITY), rosters=("north",)
    ),
    "the clearance expires": lambda both: both.pass_time(9 * DAY),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_right_ends_with_what_it_rests_on(both: Exercise, how: str) -> None:
    korea = both["KOR"]
    for officer in ("kim-r", "kim-d"):
        retire_officer_key(korea.node, officer, by=korea.by(Role.SECURITY))
    with korea.node.store.reading() as reader:
        kim = principal_of(korea.node, reader, person="kim")
        assert kim is not None
        about = about_copy(korea.node, reader, korea.copies()[0], kim)
    change_person(korea.node, "kim", by=korea.by(Role.SECURITY), house_roles=("reader",))
    assert may_still(korea, "kim", "see-item", about)
    ENDS[how](both)
    assert not may_still(korea, "kim", "see-item", about)
