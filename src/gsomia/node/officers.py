"""Officers' keys, and the persons of this Party who may be given access."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gsomia.agreement import PURPOSES
from gsomia.errors import UsageError
from gsomia.keys import PublicKey
from gsomia.node.act_types import Role
from gsomia.node.acts import SignedAct
from gsomia.node.effects import PUBLIC_TYPES
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node
from gsomia.node.ports import Reader
from gsomia.node.words import check_subject

__all__ = ["CLEARANCES", "PersonDetails", "enrol_officer", "enter_person"]

CLEARANCES = ("none", "CONFIDENTIAL", "SECRET", "TOP SECRET")
PERSON_ROLES = ("official", "legislator", "contractor")


def enrol_officer(node: Node, officer: str, roles: Sequence[str], key: PublicKey, *, by: Acting | None) -> SignedAct:
    """Enrol an officer's key by an act; every enrolled peer is told.

    Args:
        node: the Party's node.
        officer: the officer's id within the Party.
        roles: what the officer may sign, of `Role.ALL`.
        key: the officer's public key.
        by: a security officer; None only for the first officer of all, whom nobody is there to enrol.

    Raises:
        UsageError: an unknown role, or an id that will not do.
    """
    unknown = [role for role in roles if role not in Role.ALL]
    if unknown or not roles:
        raise UsageError(f"unknown role `{'`, `'.join(unknown)}`", hint=f"roles: {', '.join(Role.ALL)}")
    if not officer or not officer.isprintable() or "/" in officer or len(officer) > 64:
        raise UsageError(f"not an officer's id: `{officer}`", hint="one to 64 printable characters without `/`")
    with node.store.writing() as tx:
        first = not tx.officers(node.party)
        if not first and by is None:
            raise UsageError("there are officers already", hint="name a security officer with --by")
        body = {"officer": officer, "roles": list(roles), "key": key.to_json(), "first": first}
        act = make(node, tx, [Draft(type="enrol-key", body=body)], at=node.clock.now(), by=None if first else by)[0]
        for peer in tx.peers():
            tx.put_outgoing(peer, "act", act.id, node.clock.machine())
    return act


def public_acts(node: Node, reader: Reader) -> list[str]:
    """The ids of the acts that every new peer is told of."""
    return [
        act.id
        for act in reader.acts(types=PUBLIC_TYPES)
        # What this Party holds of a peer's key is its own affair.
        if act.statement.party == node.party == act.statement.body.get("party", node.party)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDetails:
    """What is entered of a person: clearance, need, roster (Articles 6(e), 7.2); a rank is no ground (7.1).

    The need is a subject that the duties require, for one of the purposes; use for another purpose is 6(c)'s question.
    """

    id: str
    clearance: str
    needs: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ("defence", "missile-defence")
    roster: bool = False
    role: str = "official"
    rank: str = ""


def enter_person(node: Node, person: PersonDetails, *, by: Acting) -> SignedAct:
    """Enter or change a person by an act of a security officer; a change takes effect at the next question.

    Raises:
        UsageError: a clearance or role that is not known.
        RefusedError: the officer may not.
    """
    if person.clearance not in CLEARANCES:
        raise UsageError(f"unknown clearance `{person.clearance}`", hint=f"clearances: {', '.join(CLEARANCES)}")
    if person.role not in PERSON_ROLES:
        raise UsageError(f"unknown role `{person.role}`", hint=f"roles: {', '.join(PERSON_ROLES)}")
    for need in person.needs:
        check_subject(need, "--need")
    for purpose in person.purposes:
        if purpose not in PURPOSES:
            raise UsageError(f"unknown purpose `{purpose}`", hint=f"known: {', '.join(PURPOSES)}; named with --purpose")
    if not person.id or not person.id.isprintable() or not person.rank.isprintable() or len(person.id) > 64:
        raise UsageError(f"not a person's id: `{person.id!a}`", hint="one to 64 printable characters")
    body = {
        "person": person.id,
        "role": person.role,
        "rank": person.rank,
        "clearance": person.clearance,
        "needs": list(person.needs),
        "purposes": list(person.purposes),
        "roster": person.roster,
    }
    with node.store.writing() as tx:
        return make(node, tx, [Draft(type="enter-person", body=body)], at=node.clock.now(), by=by)[0]
