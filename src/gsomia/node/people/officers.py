"""Officers' keys enrolled, and what every new peer is told of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gsomia.errors import UsageError
from gsomia.keys import PublicKey, Verifies
from gsomia.marking import is_visible
from gsomia.node.acts.signed import SignedAct
from gsomia.node.acts.types import Role
from gsomia.node.effects.applying import PUBLIC_TYPES
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node
from gsomia.node.people.persons import here, of_another
from gsomia.node.record.store_port import Reader
from gsomia.passkeys import Passkey

__all__ = ["a_pair_enrols", "enrol_officer", "of_no_other", "public_acts"]


def enrol_officer(
    node: Node, officer: str, roles: Sequence[str], key: Verifies, *, by: Acting | None, person: str = ""
) -> SignedAct:
    """Enrol an officer's key by an act; every enrolled peer is told.

    Args:
        node: the Party's node.
        officer: the officer's id within the Party.
        roles: what the officer may sign, of `Role.ALL`.
        key: the officer's public key, a pair or a passkey.
        by: a security officer, another person; None only for the first officer of all, whom nobody is there to enrol.
        person: whose key it is, where that is not the officer's id: so two keys of one person never count as two.

    Raises:
        UsageError: an unknown role, an id that will not do, a person who has left, another officer's key, or a
            passkey where no pair would be left that enrols.
        RefusedError: it is the officer's own.
    """
    unknown = [role for role in roles if role not in Role.ALL]
    if unknown or not roles:
        raise UsageError(
            f"unknown role `{'`, `'.join(unknown)}`",
            hint=f"an officer signs as {', '.join(Role.ALL)}; {', '.join(Role.HOUSE)}: `gsomia person enter --as`",
        )
    if not officer or not is_visible(officer) or "/" in officer or len(officer) > 64:
        raise UsageError(f"not an officer's id: `{officer!a}`", hint="one to 64 characters that show without `/`")
    if not is_visible(person) or len(person) > 64:
        raise UsageError(f"not a person's id: `{person!a}`", hint="one to 64 characters that show")
    with node.store.writing() as tx:
        first = not tx.officers(node.party, limit=1)
        if not first and by is None:
            raise UsageError("there are officers already", hint="name a security officer with --by")
        if not first and by is not None:
            of_another(node, tx, by, person or officer)
        here(tx, person or officer)
        of_no_other(tx, node.party, officer, key)
        a_pair_enrols(tx, node.party, officer, roles, key)
        body: dict[str, Any] = {"officer": officer, "roles": list(roles), "key": key.to_json(), "first": first}
        if person and person != officer:
            body["person"] = person
        act = make(node, tx, [Draft(type="enrol-key", body=body)], at=node.clock.now(), by=None if first else by)[0]
        for peer in tx.peers():
            tx.put_outgoing(peer, "act", act.id, node.clock.machine())
    return act


def of_no_other(reader: Reader, party: str, officer: str, key: Verifies) -> None:
    """Check that a key, or a half of it, is no other officer's, nor a person's sign-in key, and never was.

    Two keys of one token are one hand.

    Raises:
        UsageError: it is.
    """
    for other in reader.sharing(party, key):
        if other.id != officer:
            what = "passkey" if isinstance(key, Passkey) else "key, or a half of it,"
            raise UsageError(
                f"this {what} is officer `{other.id}`'s", hint="each officer has a key of their own, on a token too"
            )
    if holder := reader.holder_of_key(key):
        hint = "what signs in and no more never comes to sign: make a new key"
        raise UsageError(f"this key, or a half of it, is `{holder}`'s sign-in key, or was", hint=hint)


def a_pair_enrols(reader: Reader, party: str, officer: str, roles: Sequence[str], key: Verifies) -> None:
    """Check that some security officer has a pair: no passkey signs what works by the node's folder alone.

    Raises:
        UsageError: with this passkey none would.
    """
    if not isinstance(key, Passkey) or Role.SECURITY not in roles:
        return
    others = (other for other in reader.officers_of(party, role=Role.SECURITY) if other.id != officer)
    if not any(isinstance(other.key, PublicKey) for other in others):
        raise UsageError(
            f"officer `{officer}` is the last security officer who signs by a pair, and nobody else could enrol keys",
            hint="enrol another security officer first, with a key in a file or on a card",
        )


def public_acts(node: Node, reader: Reader) -> list[str]:
    """The ids of the acts that every new peer is told of."""
    return [
        act.id
        for act in reader.acts(types=PUBLIC_TYPES)
        # What this Party holds of a peer's key is its own affair.
        if act.statement.party == node.party == act.statement.body.get("party", node.party)
    ]
