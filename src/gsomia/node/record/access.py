"""What the register says, now or as of an instant, of a person who asks to open an item, and of where it is held.

Clearance and subjects are a person's; a need, or none, may be entered for one item by name, and then that counts. A
copy is held at a facility, and the roster of that facility must name the person.
"""

from __future__ import annotations

from datetime import datetime

from gsomia.keys import PublicKey
from gsomia.node.acts.bodies import flag, text, texts
from gsomia.node.acts.signed import Statement, read_instant
from gsomia.node.acts.types import CONTRACTED
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import Need, Person
from gsomia.registry import Copy
from gsomia.registry import Item as RegisterItem
from gsomia.verdict import Facts
from gsomia.verdict import Person as LawPerson

__all__ = ["MAIN_FACILITY", "entered_person", "facility_of", "opening_facts", "person_at"]

MAIN_FACILITY = "main"
"""The facility of the node itself, at which a copy is held that no act placed elsewhere."""


def entered_person(statement: Statement) -> Person:
    """The person as an act of type `enter-person` enters them."""
    body = statement.body
    return Person(
        id=text(body, "person"),
        role=text(body, "role"),
        rank=text(body, "rank"),
        clearance=text(body, "clearance"),
        basis=text(body, "basis"),
        expires=read_instant(body["expires"]) if text(body, "expires") else None,
        needs=texts(body, "needs"),
        purposes=texts(body, "purposes"),
        rosters=texts(body, "rosters"),
        house_roles=texts(body, "house_roles"),
        accounts=texts(body, "accounts"),
        sign_in_keys=tuple(PublicKey.from_json(key) for key in body["sign_in_keys"]),
        left_at=None,
        returned="",
        act=statement.id,
    )


def person_at(reader: Reader, person: str, at: datetime | None) -> Person | None:
    """A person as entered last up to an instant, or as the register has them now; None for one nobody entered.

    Args:
        reader: the node's store.
        person: the person's id.
        at: the instant; None for now.
    """
    if at is None:
        return reader.person(person)
    found: Person | None = None
    for statement in reader.person_statements(person):
        if statement.at > at:
            continue
        if statement.type == "enter-person":
            found = entered_person(statement)
        elif found is not None:
            found = found.struck(statement.at, statement.id)
    return found


def facility_of(reader: Reader, copy: Copy, at: datetime | None = None) -> str:
    """The facility at which a copy is held, now or at an instant."""
    if at is None:
        return reader.placement(copy.id) or MAIN_FACILITY
    placed = [a.statement for a in reader.acts(types=["place", *CONTRACTED], item=copy.item)]
    last = next((s for s in reversed(placed) if s.copy == copy.id and s.at <= at), None)
    return MAIN_FACILITY if last is None or last.type == "return-from-contractor" else text(last.body, "facility")


def _named(reader: Reader, item: str, person: Person, at: datetime | None) -> Need | None:
    """What is entered of this person and this very item; a person who left and came back begins anew."""
    if at is None:
        return reader.need(item, person.id)
    entered = [a.statement for a in reader.acts(types=["enter-need"], item=item) if a.statement.at <= at]
    mine = [s for s in entered if s.body.get("person") == person.id]
    struck = [
        s.at for s in reader.person_statements(person.id) if s.type in ("strike-person", "end-access") and s.at <= at
    ]
    since = max(struck, default=None)
    last = next((s for s in reversed(mine) if since is None or s.at > since), None)
    return None if last is None else Need(item=item, person=person.id, need=flag(last.body, "need"), act=last.id)


def opening_facts(
    reader: Reader, person: Person, item: RegisterItem, copy: Copy, now: datetime, *, at: datetime | None = None
) -> Facts:
    """What the register says of a person who asks to open an item.

    Args:
        reader: the node's store.
        person: as entered at the instant that is asked.
        item, copy: what would be opened.
        now: the instant at which it is decided.
        at: the instant that is asked, where the register is asked of then; None where that is now.
    """
    purpose = item.purpose if item.purpose in person.purposes else next(iter(person.purposes), "")
    named = _named(reader, item.id, person, at)
    facility = facility_of(reader, copy, at)
    here = person.left_at is None
    need = named.need if named is not None else item.subject in person.needs
    rests = person.act if here and not person.expired(at or now) else f"{person.act}: {_ended(person)}"
    return Facts(
        purpose=purpose,
        purpose_ended=False,
        consent="none",
        person=LawPerson(
            role=person.role,
            clearance=person.cleared(at or now),
            need=here and need,
            roster=here and facility in person.rosters,
            rank=person.rank,
        ),
        established_by={
            "person": rests,
            "person.clearance": rests,
            "person.need": named.act if here and named is not None else rests,
            "person.roster": rests if facility == MAIN_FACILITY else f"{rests}; held at {facility}",
            "purpose": person.act,
            "purpose-ended": f"register: {copy.control_number} is held for its purpose",
            "consent": "register: no consent to another use on file",
        },
    )


def _ended(person: Person) -> str:
    """Why nothing of the person counts any more."""
    if person.left_at is not None:
        return f"left on {person.left_at:%Y-%m-%d}"
    return f"the clearance expired on {person.expires:%Y-%m-%d}"
