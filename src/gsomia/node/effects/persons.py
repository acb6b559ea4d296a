"""What an act about a person changes: clearance, rosters, roles of the house, needs, briefings; where a copy is kept.

A peer has no say in any of it, and nobody signs what is about themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from gsomia.errors import VerificationError
from gsomia.keys import Verifies
from gsomia.node.acts.bodies import day, flag, text
from gsomia.node.acts.signed import Statement
from gsomia.node.acts.types import Role
from gsomia.node.effects.keyends import signing_persons
from gsomia.node.record.access import entered_person, facility_of
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.record.stored import Briefing, Need, Person
from gsomia.registry import Copy

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = [
    "PERSON_TYPES",
    "apply_briefing",
    "apply_end",
    "apply_need",
    "apply_person",
    "apply_placement",
    "apply_strike",
    "led_in",
    "other_holder",
    "unconfirmed",
]

PERSON_TYPES = ("enter-person", "strike-person", "end-access", "brief", "enter-need", "place")
"""Acts about this Party's own persons and rooms: no peer is told of one, and none is taken from a peer."""


def apply_person(node: Node, tx: Writer, statement: Statement) -> None:
    """A person is entered, or entered anew: what the act says is all that counts from now on."""
    person = entered_person(statement)
    _of_another(tx, statement, person.id)
    unknown = [role for role in person.house_roles if role not in Role.HOUSE]
    if unknown or len({*person.house_roles}) != len(person.house_roles):
        raise VerificationError(f"act `{statement.id}`: roles of the house are {', '.join(Role.HOUSE)}, each once")
    if len({*person.rosters}) != len(person.rosters) or "" in person.rosters:
        raise VerificationError(f"act `{statement.id}`: facilities are named, each once")
    for account in person.accounts:
        binding = tx.binding(account)
        if (binding is not None and binding.person != person.id) or person.accounts.count(account) > 1:
            raise VerificationError(f"act `{statement.id}`: an account is bound to one person, once")
    for key in person.sign_in_keys:
        if sum(key.shares(other) for other in person.sign_in_keys) > 1:
            raise VerificationError(f"act `{statement.id}`: sign-in keys are named each once")
        if whose := other_holder(tx, key, person.id):
            raise VerificationError(f"act `{statement.id}`: this sign-in key, or a half of it, is {whose}'s")
    before = tx.person(person.id)
    if before is not None:
        person = replace(person, returned=before.returned if before.left_at is None else statement.id)
    tx.put_person(person)


def apply_strike(node: Node, tx: Writer, statement: Statement) -> None:
    """A person leaves: no roster, role or need is left."""
    person = _known(tx, statement)
    text(statement.body, "why")
    if person.left_at is not None and not unconfirmed(tx, person):
        raise VerificationError(f"act `{statement.id}`: `{person.id}` has left already, by act `{person.act}`")
    tx.put_person(person.struck(statement.at, statement.id))
    tx.end_needs(person.id)


def apply_end(node: Node, tx: Writer, statement: Statement) -> None:
    """A person's access ends by the node's word, which takes away alone; an officer's `strike-person` confirms it."""
    person = _known(tx, statement)
    text(statement.body, "why")
    if person.left_at is not None:
        raise VerificationError(f"act `{statement.id}`: `{person.id}` has left already, by act `{person.act}`")
    tx.put_person(person.struck(statement.at, statement.id))
    tx.end_needs(person.id)


def other_holder(reader: Reader, key: Verifies, person: str) -> str:
    """Who else than a person has, or ever had, a key or a half of it, for people; an officer of any Party, or a person.

    An officer's key is no sign-in key, the person's own neither: one key would be taken for two that say different
    things.
    """
    for officer in reader.sharing(None, key):
        return f"officer `{officer.id}` of `{officer.party}`"
    holder = reader.holder_of_key(key)
    return f"`{holder}`" if holder not in ("", person) else ""


def unconfirmed(reader: Reader, person: Person) -> bool:
    """Whether a person's access was ended by an `end-access` that no officer's act has confirmed."""
    ended = reader.act(person.act)
    return ended is not None and ended.statement.type == "end-access"


def apply_briefing(node: Node, tx: Writer, statement: Statement) -> None:
    """A person was briefed."""
    body = statement.body
    until = day(body, "until") if text(body, "until") else ""
    held = Briefing(
        person=_known(tx, statement).id,
        act=statement.id,
        what=text(body, "what"),
        day=day(body, "day"),
        until=until,
    )
    if until and until < held.day:
        raise VerificationError(f"act `{statement.id}`: a briefing of {held.day} cannot count until {until}")
    tx.put_briefing(held)


def apply_need(node: Node, tx: Writer, statement: Statement) -> None:
    """A person has a need to know one item, or has none, whatever the subjects of the duties say."""
    person = _known(tx, statement)
    if person.left_at is not None:
        raise VerificationError(f"act `{statement.id}`: `{person.id}` has left, by act `{person.act}`")
    if tx.item(statement.item) is None:
        raise VerificationError(f"act `{statement.id}`: item `{statement.item}` is not in the register")
    tx.put_need(Need(item=statement.item, person=person.id, need=flag(statement.body, "need"), act=statement.id))


def apply_placement(node: Node, tx: Writer, statement: Statement) -> None:
    """A copy that this Party holds is kept at a facility from now on."""
    copy = tx.copy(statement.copy)
    if copy is None or (copy.item, copy.holder) != (statement.item, node.party):
        raise VerificationError(f"act `{statement.id}`: this Party holds no such copy")
    facility = text(statement.body, "facility")
    if not facility:
        raise VerificationError(f"act `{statement.id}`: a facility is named")
    if (person := led_in(tx, signing_persons(tx, statement), copy, facility)) is not None:
        raise VerificationError(f"act `{statement.id}`: `{person}` cannot bring a copy to where they may open it")
    if tx.contractor_facility(facility) is not None or tx.contractor_copy(copy.id) is not None:
        raise VerificationError(f"act `{statement.id}`: no `place` brings a copy to a contractor's, or back from there")
    tx.put_placement(copy.id, facility, statement.id)


def led_in(reader: Reader, persons: Iterable[str], copy: Copy, facility: str) -> str | None:
    """Who of some persons stands on the roster of a facility, and not on that of the one where a copy is now."""
    now = facility_of(reader, copy)
    for name in sorted(persons):
        person = reader.person(name)
        if person is not None and facility in person.rosters and now not in person.rosters:
            return name
    return None


def _known(tx: Writer, statement: Statement) -> Person:
    """The person whom an act is about, who is another than those who sign it.

    Raises:
        VerificationError: nobody of that id was entered, or they sign it themselves.
    """
    name = text(statement.body, "person")
    person = tx.person(name)
    if person is None:
        raise VerificationError(f"act `{statement.id}`: nobody entered a person `{name}`")
    _of_another(tx, statement, name)
    return person


def _of_another(tx: Writer, statement: Statement, person: str) -> None:
    if person in signing_persons(tx, statement):
        raise VerificationError(f"act `{statement.id}`: `{person}` cannot sign what is about themselves")
