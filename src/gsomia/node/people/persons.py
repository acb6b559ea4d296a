"""The persons of this Party who may be given access: entered, briefed, struck; and where a copy is held.

Nobody signs what is about themselves: two keys of one person are one person.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gsomia.agreement import PURPOSES
from gsomia.errors import UsageError
from gsomia.keys import PublicKey
from gsomia.marking import is_visible
from gsomia.node.acts.signed import SignedAct, instant
from gsomia.node.acts.types import Role
from gsomia.node.effects.persons import led_in, other_holder, unconfirmed
from gsomia.node.facts.words import check_subject
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node, refused
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import Person
from gsomia.node.transmission.releasing import held_copy

__all__ = [
    "CLEARANCES",
    "PERSON_ROLES",
    "PersonDetails",
    "brief",
    "change_person",
    "end_access",
    "enter_need",
    "enter_person",
    "here",
    "known_person",
    "of_another",
    "place",
    "strike_person",
]

CLEARANCES = ("none", "CONFIDENTIAL", "SECRET", "TOP SECRET")
PERSON_ROLES = ("official", "legislator", "contractor")
_KEYS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDetails:
    """What is entered of a person: clearance, need, rosters (Articles 6(e), 7.2); a rank is no ground (7.1).

    The need is a subject that the duties require, for one of the purposes; use for another purpose is 6(c)'s question.

    Args:
        basis: the decision on which the clearance rests, by its reference.
        expires: when the clearance ends, aware; None where no end was named.
        rosters: the facilities on whose rosters the person is to stand, and no other.
        house_roles: of `Role.HOUSE`.
        accounts: at providers of identities (OpenID Connect), each `ISSUER CLAIM VALUE`, such as
            `https://id.example sub 248289761001`; by them the person signs in to read, and signs nothing.
        sign_in_keys: nobody else's, nor an officer's; by them the person signs in to read and to run what the roles
            permit, and signs no act.
    """

    id: str
    clearance: str
    basis: str = ""
    expires: datetime | None = None
    needs: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ("defence", "missile-defence")
    rosters: tuple[str, ...] = ()
    house_roles: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    sign_in_keys: tuple[PublicKey, ...] = ()
    role: str = "official"
    rank: str = ""

    @classmethod
    def of(cls, person: Person) -> PersonDetails:
        """What stands of a person, to be entered anew with a change."""
        return cls(**{name: getattr(person, name) for name in cls.__dataclass_fields__})


def enter_person(node: Node, person: PersonDetails, *, by: Acting) -> SignedAct:
    """Enter a person, or enter them anew, by an act of a security officer; a change takes effect at the next question.

    Args:
        node: the Party's node.
        person: all that counts of them from now on.
        by: a security officer, another person.

    Raises:
        UsageError: a clearance, role or facility that is not known, or will not do.
        RefusedError: the officer may not, or it is their own clearance.
    """
    _check(person)
    body = {
        "person": person.id,
        "role": person.role,
        "rank": person.rank,
        "clearance": person.clearance,
        "basis": person.basis,
        "expires": instant(person.expires) if person.expires is not None else "",
        "needs": list(person.needs),
        "purposes": list(person.purposes),
        "rosters": sorted({*person.rosters}),
        "house_roles": sorted({*person.house_roles}),
        "accounts": sorted({*person.accounts}),
        "sign_in_keys": [key.to_json() for key in sorted({*person.sign_in_keys}, key=lambda key: key.fingerprint)],
    }
    with node.store.writing() as tx:
        of_another(node, tx, by, person.id)
        for account in person.accounts:
            if (binding := tx.binding(account)) is not None and binding.person != person.id:
                raise UsageError(f"the account `{account}` is bound to `{binding.person}`")
        for key in person.sign_in_keys:
            if whose := other_holder(tx, key, person.id):
                hint = "`gsomia person key` makes one that is nobody else's"
                raise UsageError(f"this key, or a half of it, is {whose}'s, or was", hint=hint)
        return make(node, tx, [Draft(type="enter-person", body=body)], at=node.clock.now(), by=by)[0]


def change_person(node: Node, person: str, *, by: Acting, **changes: Any) -> SignedAct:
    """Enter a person anew with some of what stands changed.

    Args:
        node: the Party's node.
        person: the person's id.
        by: a security officer, another person.
        changes: fields of `PersonDetails`.

    Raises:
        UsageError: nobody of that id is entered, or as for `enter_person`.
    """
    with node.store.reading() as reader:
        stands = known_person(reader, person)
    return enter_person(node, replace(PersonDetails.of(stands), **changes), by=by)


def strike_person(node: Node, person: str, why: str, *, by: Acting) -> list[SignedAct]:
    """Strike a person who leaves: rosters, needs and roles end, and the officers' keys; every peer is told of the keys.

    From the next question on nothing is opened for them; what waits to be opened for them waits no longer.

    Args:
        node: the Party's node.
        person: the person's id.
        why: for the record.
        by: a security officer, another person.

    Returns:
        The act, and one for each key that ends.

    Raises:
        UsageError: nobody of that id is here.
        RefusedError: the officer may not, or is that person.
    """
    _printable(why, "--why")
    with node.store.writing() as tx:
        of_another(node, tx, by, person)
        known = known_person(tx, person)
        if known.left_at is not None and not unconfirmed(tx, known):
            raise UsageError(f"`{person}` has left already")
        drafts = [Draft(type="strike-person", body={"person": person, "why": why})]
        for officer in tx.officers_of(node.party, person=person):
            drafts.append(Draft(type="retire-key", body={"officer": officer.id, "key": officer.key.fingerprint}))
        acts = make(node, tx, drafts, at=node.clock.now(), by=by)
        for act in acts[1:]:
            for peer in tx.peers():
                tx.put_outgoing(peer, "act", act.id, node.clock.machine())
        tx.end_pending_of(person)
    return acts


def end_access(node: Node, person: str, why: str) -> list[SignedAct]:
    """End a person's access at once by the node's own act: it takes away alone, and a `strike-person` is owed.

    The officers' keys stand until that act is signed; nobody signs in or signs with them but the last security officer.

    Args:
        node: the Party's node.
        person: the person's id.
        why: for the record.

    Returns:
        The act; none where they have left already.

    Raises:
        UsageError: nobody of that id is here.
    """
    _printable(why, "why")
    with node.store.writing() as tx:
        if known_person(tx, person).left_at is not None:
            return []
        acts = make(node, tx, [Draft(type="end-access", body={"person": person, "why": why})], at=node.clock.now())
        tx.end_pending_of(person)
    return acts


def brief(node: Node, person: str, what: str, day: str, *, until: str = "", by: Acting) -> SignedAct:
    """Record that a person was briefed.

    Args:
        node: the Party's node.
        person: who was.
        what: what for.
        day: when, as YYYY-MM-DD.
        until: the last day on which it counts; "" for no end.
        by: a security officer, another person.

    Raises:
        UsageError: nobody of that id is entered.
    """
    _printable(what, "--what")
    body = {"person": person, "what": what, "day": day, "until": until}
    if until and until < day:
        raise UsageError(f"a briefing of {day} cannot count until {until}")
    with node.store.writing() as tx:
        known_person(tx, person)
        of_another(node, tx, by, person)
        return make(node, tx, [Draft(type="brief", body=body)], at=node.clock.now(), by=by)[0]


def enter_need(node: Node, person: str, reference: str, *, need: bool, why: str, by: Acting) -> SignedAct:
    """Enter that a person's duties require one held item, or that they do not, whatever their subjects say.

    Args:
        node: the Party's node.
        person: whose duties.
        reference: control number, item id or copy id.
        need: whether there is a need.
        why: for the record.
        by: a registry officer, another person.

    Raises:
        UsageError: no such item is held, or nobody of that id is here.
    """
    _printable(why, "--why")
    with node.store.writing() as tx:
        copy = held_copy(tx, node, reference)
        if known_person(tx, person).left_at is not None:
            raise UsageError(f"`{person}` has left")
        of_another(node, tx, by, person)
        draft = Draft(type="enter-need", item=copy.item, body={"person": person, "need": need, "why": why})
        return make(node, tx, [draft], at=node.clock.now(), by=by)[0]


def place(node: Node, reference: str, facility: str, *, by: Acting) -> SignedAct:
    """Record the facility at which a held copy is kept: the roster of that facility must name who opens it (6(e)).

    Args:
        node: the Party's node.
        reference: control number, item id or copy id.
        facility: its name, as rosters give it.
        by: a registry officer.

    Raises:
        UsageError: no such item is held, or the facility has no roster.
        RefusedError: the officer is one who could open it only there; the facility is a contractor's, or the copy lies
            at one.
    """
    with node.store.writing() as tx:
        copy = held_copy(tx, node, reference)
        if facility not in dict(tx.facilities()):
            hint = "`gsomia roster list` lists the facilities with a roster"
            raise UsageError(f"no person is on a roster of `{facility}`", hint=hint)
        officer = tx.officer(node.party, by.officer)
        who = officer.person if officer is not None else by.officer
        if led_in(tx, [who], copy, facility) is not None:
            text = f"`{who}` stands on the roster of `{facility}` alone: another officer places a copy there"
            raise refused("own-affair", text)
        if tx.contractor_facility(facility) is not None:
            raise refused(
                "contractor", f"`{facility}` is a contractor's", hint="`gsomia contractor release` (Article 16)"
            )
        if (lies := tx.contractor_copy(copy.id)) is not None:
            raise refused(
                "contractor",
                f"`{copy.control_number}` lies at `{lies.facility}` of `{lies.contractor}`",
                hint="`gsomia contractor return` first",
            )
        draft = Draft(type="place", item=copy.item, copy=copy.id, body={"facility": facility})
        return make(node, tx, [draft], at=node.clock.now(), by=by)[0]


def known_person(reader: Reader, person: str) -> Person:
    """A person who was entered.

    Raises:
        UsageError: nobody of that id was.
    """
    known = reader.person(person)
    if known is None:
        raise UsageError(f"unknown person `{person}`", hint="`gsomia person list` lists them")
    return known


def here(reader: Reader, person: str) -> None:
    """Check that a person has not left.

    Raises:
        UsageError: they have.
    """
    known = reader.person(person)
    if known is not None and known.left_at is not None:
        raise UsageError(f"`{person}` has left", hint="`gsomia person enter` enters who comes back")


def of_another(node: Node, reader: Reader, by: Acting, person: str) -> None:
    """Check that an officer is another person than the one whom an act is about.

    Raises:
        RefusedError: it is the officer's own.
    """
    officer = reader.officer(node.party, by.officer)
    if person in (by.officer, officer.person if officer is not None else by.officer):
        raise refused("own-affair", f"`{person}` cannot sign what is about themselves: another officer does")


def _check(person: PersonDetails) -> None:
    """Raises UsageError on a word that is not known or will not do."""
    if person.clearance not in CLEARANCES:
        raise UsageError(f"unknown clearance `{person.clearance}`", hint=f"clearances: {', '.join(CLEARANCES)}")
    if person.role not in PERSON_ROLES:
        raise UsageError(f"unknown role `{person.role}`", hint=f"roles: {', '.join(PERSON_ROLES)}")
    for role in person.house_roles:
        if role not in Role.HOUSE:
            raise UsageError(f"unknown role of the house `{role}`", hint=f"known: {', '.join(Role.HOUSE)}")
    for need in person.needs:
        check_subject(need, "--need")
    for purpose in person.purposes:
        if purpose not in PURPOSES:
            raise UsageError(f"unknown purpose `{purpose}`", hint=f"known: {', '.join(PURPOSES)}; named with --purpose")
    for name in (person.id, *person.rosters):
        if name in ("", ".", "..") or not is_visible(name) or len(name) > 64:
            what = "a person's id" if name == person.id else "a facility"
            raise UsageError(
                f"not {what}: `{name!a}`",
                hint="one to 64 characters that show; neither `.` nor `..`, which no path has",
            )
    for account in person.accounts:
        issuer, claim, value = (*account.split(" ", 2), "", "")[:3]
        if not issuer.startswith("https://") or claim not in ("sub", "email") or not value or len(account) > 512:
            raise UsageError(f"not an account: `{account!a}`", hint="such as `https://id.example sub 248289761001`")
        if not is_visible(account):
            raise UsageError("an account is text in which every character shows")
    if len(person.sign_in_keys) > _KEYS:
        raise UsageError(f"a person has at most {_KEYS} sign-in keys")
    _printable(person.rank, "--rank")
    _printable(person.basis, "--basis")


def _printable(text: str, option: str) -> None:
    if not is_visible(text) or len(text) > 200:
        raise UsageError(f"{option} is at most 200 characters that show")
