"""What enrolling, replacing, retiring and distrusting a key changes, and whose key was whose when.

What a key signed before its end stands in the record, for it was checked when it came in. Whatever arrives afterwards
under that key is refused, whatever instant it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gsomia.errors import VerificationError
from gsomia.keys import PublicKey
from gsomia.node.acts.bodies import text
from gsomia.node.acts.signed import Officer, Statement, read_instant
from gsomia.node.acts.types import Role
from gsomia.node.effects.orders import end_orders_of
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.record.succession import DISTRUSTED, retired_keys
from gsomia.passkeys import enrolled_key

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = [
    "KEY_TYPES",
    "TURNING_TYPES",
    "OfficersThen",
    "apply_compromise",
    "apply_enrolment",
    "apply_retirement",
    "enrolled",
    "node_keys",
    "signing_persons",
]

KEY_TYPES = ("enrol-key", "retire-key", "declare-key-compromised")
"""Acts that say whose keys are an officer's, in the order in which they were done."""

TURNING_TYPES = frozenset({*KEY_TYPES, "enrol-peer", "replace-node-key"})
"""Acts after which other keys count, an officer's or a node's."""


def enrolled(statement: Statement) -> Officer:
    """The officer as an `enrol-key` act enrols them.

    Raises:
        VerificationError: unknown roles, or none.
        ValueError, KeyError, TypeError: the body does not fit.
    """
    body = statement.body
    roles = tuple(body["roles"])
    if not roles or any(role not in Role.ALL for role in roles):
        raise VerificationError(f"act `{statement.id}`: roles are {', '.join(Role.ALL)}")
    if not isinstance(body["officer"], str) or not body["officer"].isprintable() or not body["officer"]:
        raise ValueError("`officer` is printable text")
    return Officer(
        id=body["officer"],
        party=statement.party,
        roles=roles,
        key=enrolled_key(body["key"]),
        act=statement.id,
        enrolled_at=statement.at,
        person=text(body, "person") if "person" in body else text(body, "officer"),
    )


def apply_enrolment(node: Node, tx: Writer, statement: Statement) -> None:
    """Enrol an officer's key; one that replaces another must name it and be new."""
    new = enrolled(statement)
    past = tx.keys_of(statement.party, new.id)
    if statement.body.get("first") is True and tx.had_officers(statement.party):
        raise VerificationError(f"act `{statement.id}`: `{statement.party}` has officers already; none enrols alone")
    replaces = statement.body.get("replaces", "")
    if past and (replaces != past[-1].key.fingerprint or any(new.key.shares(one.key) for one in past)):
        raise VerificationError(f"act `{statement.id}`: officer `{new.id}` is enrolled already")
    if not past and replaces:
        raise VerificationError(f"act `{statement.id}`: officer `{new.id}` has no key to replace")
    for other in tx.sharing(statement.party, new.key):
        if other.id != new.id:
            raise VerificationError(f"act `{statement.id}`: a half of this key is officer `{other.id}`'s")
    # Whose sign-in key it is only the node of that person knows.
    if statement.party == node.party and (holder := tx.holder_of_key(new.key)):
        raise VerificationError(f"act `{statement.id}`: a half of this key is `{holder}`'s sign-in key, or was")
    if past and new.person != past[-1].person:
        raise VerificationError(f"act `{statement.id}`: officer `{new.id}` is `{past[-1].person}`, and nobody else")
    if past and new.roles != past[-1].roles:
        held = ", ".join(past[-1].roles)
        raise VerificationError(
            f"act `{statement.id}`: the key that replaces one of `{new.id}` signs as {held}, no other"
        )
    if tx.officer(statement.party, new.id) is None and new.person in signing_persons(tx, statement):
        # One's own key may follow one that stands, and none that has ended: somebody ended it.
        raise VerificationError(f"act `{statement.id}`: `{new.person}` cannot enrol a key of their own")
    tx.put_officer(new)


def signing_persons(reader: Reader, statement: Statement) -> set[str]:
    """The persons whose officers' keys sign an act; officers that were never enrolled are their own."""
    officers = [signer.officer for signer in statement.signers if signer.officer]
    known = [(officer, reader.officer(statement.party, officer)) for officer in officers]
    return {one.person if one is not None else officer for officer, one in known}


def apply_retirement(tx: Writer, statement: Statement) -> None:
    """End an officer's key: one's own Party's alone."""
    _end(tx, statement, statement.party, str(statement.body["officer"]), str(statement.body["key"]))
    end_orders_of(tx, statement, statement.party, str(statement.body["key"]))


def apply_compromise(node: Node, tx: Writer, statement: Statement) -> None:
    """Distrust a key: that of the declaring Party's own officer; of others only where this node itself declares it."""
    body = statement.body
    party, officer, key = str(body["party"]), str(body["officer"]), str(body["key"])
    read_instant(body["since"])
    if party != statement.party and statement.party != node.party:
        raise VerificationError(f"act `{statement.id}`: `{statement.party}` has no say over the keys of `{party}`")
    if officer:
        _distrust_officer(tx, statement, party, officer, key)
        end_orders_of(tx, statement, party, key)
    elif key in node_keys(node, tx, party):
        tx.put_setting(f"{DISTRUSTED}{key}", statement.id)
    else:
        raise VerificationError(f"act `{statement.id}`: the node of `{party}` never had such a key")


def node_keys(node: Node, reader: Reader, party: str) -> set[str]:
    """The fingerprints of every key that a Party's node has had, as far as this node knows."""
    if party == node.party:
        return {key.public.fingerprint for key in (node.keys.signing, *node.keys.retired)}
    keys = {old.signing.fingerprint for old in retired_keys(reader, party)}
    for act in reader.acts(types=["enrol-peer"]):
        identity = act.statement.body["identity"]
        if identity["party"] == party:
            keys.add(PublicKey.from_json(identity["signing"]).fingerprint)
    return keys | ({reader.peers()[party].signing.fingerprint} if party in reader.peers() else set())


def _distrust_officer(tx: Writer, statement: Statement, party: str, officer: str, key: str) -> None:
    """Distrust any key that an officer has or had; only one that still stands ends with that."""
    if all(one.key.fingerprint != key for one in tx.keys_of(party, officer)):
        raise VerificationError(f"act `{statement.id}`: officer `{officer}` of `{party}` never had such a key")
    known = tx.officer(party, officer)
    if known is not None and known.key.fingerprint == key:
        tx.end_officer(party, officer)


def _end(tx: Writer, statement: Statement, party: str, officer: str, key: str) -> None:
    known = tx.officer(party, officer)
    if known is None or known.key.fingerprint != key:
        raise VerificationError(f"act `{statement.id}`: officer `{officer}` of `{party}` has no such key")
    tx.end_officer(party, officer)


@dataclass
class OfficersThen:
    """Whose key was whose when an act was recorded: led along the acts in their order.

    Args:
        party: whose record it is; its word says who its peers are.
    """

    party: str = ""
    nodes: dict[str, PublicKey] = field(default_factory=dict)
    officers: dict[tuple[str, str], Officer] = field(default_factory=dict)

    def officer(self, party: str, officer: str) -> Officer | None:
        """An officer whose key could sign at this point."""
        return self.officers.get((party, officer))

    def learn(self, statement: Statement) -> None:
        """Go past an act that was verified."""
        if statement.type not in TURNING_TYPES:
            return
        body: Mapping[str, Any] = statement.body
        if statement.type == "enrol-key":
            officer = enrolled(statement)
            self.officers[officer.party, officer.id] = officer
        elif statement.type == "retire-key":
            self._end(statement.party, body)
        elif statement.type == "declare-key-compromised" and body["officer"]:
            self._end(body["party"], body)
        elif statement.type == "enrol-peer" and statement.party == self.party:
            self.nodes[str(body["identity"]["party"])] = PublicKey.from_json(body["identity"]["signing"])
        elif statement.type == "replace-node-key" and statement.party != self.party:
            self.nodes[statement.party] = PublicKey.from_json(body["signing"])

    def _end(self, party: str, body: Mapping[str, Any]) -> None:
        # A key that was replaced before can be distrusted too; the one that took its place goes on.
        known = self.officers.get((party, body["officer"]))
        if known is not None and known.key.fingerprint == body["key"]:
            del self.officers[party, body["officer"]]
