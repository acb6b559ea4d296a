"""Nobody comes to a role or a right by their own hand: each way in which one could try, and what one holds after it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from lying import act, message, send
from openings import held
from stories import MARKS, Stage, holds, official, once

from gsomia.errors import GsomiaError, RefusedError, VerificationError
from gsomia.identity import principal_of
from gsomia.keys import SigningKey
from gsomia.node import (
    Acting,
    PersonDetails,
    Role,
    brief,
    change_person,
    end_access,
    enrol_officer,
    enter_need,
    enter_person,
    place,
    replace_officer_key,
    retire_officer_key,
    strike_person,
    transmit,
)
from gsomia.node.acts.signed import pack
from gsomia.node.ledger import Draft, make
from gsomia.testing import Exercise, Player

KEY, SECOND, NEW, THIRD = (SigningKey(bytes([number]) * 64) for number in range(7, 11))
ROLES = [Role.SECURITY, Role.REGISTRY]


@pytest.fixture
@once
def both(stage: Stage) -> Exercise:
    """Korea holds an item; its officer `desk` is the person `lee`, entered with little."""
    exercise = stage()
    held(exercise)
    korea = exercise["KOR"]
    chief = korea.by(Role.SECURITY)
    enter_person(korea.node, PersonDetails(id="lee", clearance="CONFIDENTIAL", rosters=("annex",)), by=chief)
    enrol_officer(korea.node, "desk", ROLES, KEY.public, by=chief, person="lee")
    # A role that was taken from lee.
    enrol_officer(korea.node, "desk-2", [Role.DISCLOSURE], SECOND.public, by=chief, person="lee")
    retire_officer_key(korea.node, "desk-2", by=chief)
    return exercise


def lee() -> Acting:
    return Acting(officer="desk", key=KEY)


def copy_of(player: Player) -> str:
    return player.copies()[0].id


def what_lee_holds(player: Player) -> tuple[object, ...]:
    """Everything that the table of rights asks of the person, and what is entered of items by name."""
    with player.node.store.reading() as reader:
        who = principal_of(player.node, reader, officer="desk")
        assert who is not None
        keys = [(one.id, one.roles, one.key.fingerprint) for one in reader.officers_of("KOR", person="lee")]
        facility = reader.placement(copy_of(player))
        return (
            who.roles,
            who.clearance,
            who.needs,
            who.rosters,
            tuple(keys),
            tuple(reader.needs(person="lee")),
            facility,
        )


Way = Callable[[Player], object]
BY_ONE_S_OWN_HAND: dict[str, Way] = {
    "a second key": lambda k: enrol_officer(k.node, "new", ["legal"], NEW.public, by=lee(), person="lee"),
    "one's own id": lambda k: enrol_officer(k.node, "lee", ["legal"], NEW.public, by=lee()),
    "the same id with more roles": lambda k: enrol_officer(
        k.node, "desk", Role.ALL, NEW.public, by=lee(), person="lee"
    ),
    "the same id as another person": lambda k: enrol_officer(
        k.node, "desk", Role.ALL, NEW.public, by=lee(), person="x"
    ),
    "another's id as oneself": lambda k: enrol_officer(
        k.node, k.by(Role.LEGAL).officer, ["legal"], NEW.public, by=lee(), person="lee"
    ),
    "as the first officer": lambda k: enrol_officer(k.node, "new", Role.ALL, NEW.public, by=None),
    "a key that was ended": lambda k: replace_officer_key(k.node, "desk-2", NEW.public, by=lee()),
    "a clearance": lambda k: change_person(k.node, "lee", clearance="TOP SECRET", by=lee()),
    "a clearance under the officer's id": lambda k: enter_person(k.node, official("desk"), by=lee()),
    "a role of the house": lambda k: change_person(k.node, "lee", house_roles=("reader",), by=lee()),
    "a subject": lambda k: change_person(k.node, "lee", needs=("dprk-missile",), by=lee()),
    "a roster": lambda k: change_person(k.node, "lee", rosters=("main",), by=lee()),
    "a need by name": lambda k: enter_need(k.node, "lee", copy_of(k), need=True, why="x", by=lee()),
    "a briefing": lambda k: brief(k.node, "lee", "x", "2018-01-01", by=lee()),
    "the copy to one's own room": lambda k: place(k.node, copy_of(k), "annex", by=lee()),
    "an officer's role for another by the house": lambda k: change_person(
        k.node, "kim", house_roles=("security",), by=lee()
    ),
    "with another's name": lambda k: change_person(
        k.node, "lee", clearance="SECRET", by=Acting(officer=k.by(Role.SECURITY).officer, key=KEY)
    ),
    "with a name that nobody has": lambda k: change_person(
        k.node, "lee", clearance="SECRET", by=Acting(officer="nobody", key=KEY)
    ),
    "with a key that was ended": lambda k: change_person(
        k.node, "lee", clearance="SECRET", by=Acting(officer="desk-2", key=SECOND)
    ),
    "in a role that one does not hold": lambda k: transmit(
        k.node, io.BytesIO(b"x"), k.sending(to="JPN", level=MARKS["KOR"]), by=lee()
    ),
}


@pytest.mark.parametrize("way", BY_ONE_S_OWN_HAND)
def test_nobody_comes_to_a_role_or_a_right_by_their_own_hand(both: Exercise, way: str) -> None:
    """It is refused, what the person holds is what it was, and nothing was signed."""
    korea = both["KOR"]
    before = what_lee_holds(korea)
    with korea.node.store.reading() as reader:
        place_before = reader.last_place()
    with pytest.raises(GsomiaError):
        BY_ONE_S_OWN_HAND[way](korea)
    assert what_lee_holds(korea) == before
    with korea.node.store.reading() as reader:
        assert reader.last_place() == place_before
    holds(both)


def body(key: SigningKey = NEW, **words: Any) -> dict[str, Any]:
    return {
        "officer": "desk", "person": "lee", "roles": ROLES, "key": key.public.to_json(), "first": False,
        "replaces": KEY.public.fingerprint,
    } | words  # fmt: skip


FORGED: dict[str, tuple[str, dict[str, Any], str]] = {
    "more roles with a new key": ("enrol-key", body(roles=[*Role.ALL]), "signs as security, registry, no other"),
    "other roles with a new key": ("enrol-key", body(roles=["legal", "security"]), "no other"),
    "a key that was ended": (
        "enrol-key",
        body(officer="desk-2", roles=["disclosure"], replaces=SECOND.public.fingerprint),
        "`lee` cannot enrol a key of their own",
    ),
    "another's person": ("enrol-key", body(person="kim"), "is `lee`, and nobody else"),
    "as the first": ("enrol-key", body(officer="new", replaces="", first=True), "none enrols alone"),
    "one's own clearance": (
        "enter-person",
        {
            "person": "lee", "role": "official", "rank": "", "clearance": "SECRET", "basis": "", "expires": "",
            "needs": [], "purposes": [], "rosters": [], "house_roles": [], "accounts": [],
            "sign_in_keys": [],
        },
        "cannot sign what is about themselves",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", FORGED)
def test_an_act_that_one_s_own_node_would_enter_is_held_against_the_register(both: Exercise, what: str) -> None:
    """Whoever made the statement: the effects of an act refuse it, and so does a peer's node where it is told."""
    kind, said, why = FORGED[what]
    korea = both["KOR"]
    both.settle()
    before = what_lee_holds(korea)
    with pytest.raises(VerificationError, match=why), korea.node.store.writing() as tx:
        make(korea.node, tx, [Draft(type=kind, body=said)], at=both.clock.at, by=lee())
    assert what_lee_holds(korea) == before
    if kind == "enrol-key":
        lie = act(korea, kind, signers=[(Role.SECURITY, "desk", KEY)], instrument="", body=said)
        answer = send(both, "KOR", "JPN", message(korea, "JPN", "acts", {"acts": pack([lie])}))
        assert why.split(", no")[0] in answer["body"]["refused"][lie.id]
    holds(both)


def test_one_s_own_key_is_renewed_while_it_stands_and_keeps_its_roles(both: Exercise) -> None:
    korea = both["KOR"]
    replace_officer_key(korea.node, "desk", NEW.public, by=lee())
    with korea.node.store.reading() as reader:
        now = reader.officer("KOR", "desk")
        assert now is not None and (now.roles, now.key.fingerprint) == (tuple(ROLES), NEW.public.fingerprint)
    with pytest.raises(RefusedError):
        brief(korea.node, "kim", "x", "2018-01-01", by=lee())
    # What another officer brings back is back.
    replace_officer_key(korea.node, "desk-2", THIRD.public, by=korea.by(Role.SECURITY))
    both.settle()
    holds(both)


def test_who_left_comes_back_by_nobody_s_hand_but_an_officer_s(both: Exercise) -> None:
    """Neither the node nor what was signed before brings back what was ended; who is entered anew begins anew."""
    korea, chief = both["KOR"], both["KOR"].by(Role.SECURITY)
    enter_need(korea.node, "lee", copy_of(korea), need=True, why="x", by=korea.by(Role.REGISTRY))
    end_access(korea.node, "lee", "moved")
    ways: tuple[Callable[[], object], ...] = (
        lambda: change_person(korea.node, "lee", clearance="SECRET", by=lee()),
        lambda: enter_need(korea.node, "lee", copy_of(korea), need=True, why="x", by=lee()),
        lambda: replace_officer_key(korea.node, "desk", NEW.public, by=lee()),
    )
    for way in ways:
        with pytest.raises(GsomiaError):
            way()
    strike_person(korea.node, "lee", "moved", by=chief)
    enter_person(korea.node, official("lee"), by=chief)
    with korea.node.store.reading() as reader:
        assert reader.officers_of("KOR", person="lee") == [] and reader.needs(person="lee") == []
        assert principal_of(korea.node, reader, officer="desk") is None
    holds(both)
