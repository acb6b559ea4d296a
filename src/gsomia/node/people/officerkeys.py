"""Officers' keys replaced, retired, or declared compromised; and a peer's node key declared compromised (protocol 10).

A declaration takes effect at the next message. What a key signed before stands in the record, for it was checked when
it came in; whatever arrives afterwards under that key is refused, whatever instant it names.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gsomia.errors import UsageError
from gsomia.keys import Verifies
from gsomia.node.acts.signed import Officer, SignedAct, instant
from gsomia.node.effects.keyends import node_keys
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node
from gsomia.node.people.officers import a_pair_enrols, of_no_other
from gsomia.node.people.persons import here, of_another
from gsomia.node.record.store_port import Reader, Writer

__all__ = ["declare_compromised", "replace_officer_key", "retire_officer_key", "signed_by", "signed_since"]


def replace_officer_key(node: Node, officer: str, key: Verifies, *, by: Acting) -> SignedAct:
    """Enrol a new key for an officer, whose old one ends with it; every peer is told.

    Args:
        node: the Party's node.
        officer: enrolled already, perhaps with a key that was retired or compromised.
        key: the new key, a pair or a passkey.
        by: a security officer.

    Raises:
        UsageError: no such officer, it is no new key or another's passkey, the person has left, or it is a passkey
            where no pair would be left that enrols.
        RefusedError: the key has ended, and the person's own hand would bring it back.
    """
    with node.store.writing() as tx:
        known = tx.keys_of(node.party, officer)
        if not known:
            raise UsageError(f"officer `{officer}` is not enrolled", hint="`gsomia officer enrol` does that")
        if any(key.shares(past.key) for past in known):
            raise UsageError(f"officer `{officer}` has had this key already; a key that ended never comes back")
        here(tx, known[-1].person)
        if tx.officer(node.party, officer) is None:
            of_another(node, tx, by, known[-1].person)
        of_no_other(tx, node.party, officer, key)
        a_pair_enrols(tx, node.party, officer, known[-1].roles, key)
        body: dict[str, Any] = {
            "officer": officer,
            "roles": list(known[-1].roles),
            "key": key.to_json(),
            "first": False,
            "replaces": known[-1].key.fingerprint,
        }
        if known[-1].person != officer:
            body["person"] = known[-1].person
        return _public(node, tx, Draft(type="enrol-key", body=body), by)


def retire_officer_key(node: Node, officer: str, *, by: Acting) -> SignedAct:
    """End an officer's key; every peer is told, and refuses what it signs from then on.

    Raises:
        UsageError: the officer has no key that could sign.
    """
    with node.store.writing() as tx:
        known = _officer(tx, node.party, officer)
        body = {"officer": officer, "key": known.key.fingerprint}
        return _public(node, tx, Draft(type="retire-key", body=body), by)


def declare_compromised(
    node: Node, party: str, officer: str, since: datetime, *, by: Acting, key: str = ""
) -> SignedAct:
    """Declare that somebody else may sign with a key: an officer's or a node's, one's own or a peer's.

    Args:
        node: who declares.
        party: whose key.
        officer: the officer's id, or "" for the node.
        since: from when the key may have been in other hands.
        by: a security officer.
        key: the fingerprint of the key, or the beginning of it: of any that the officer or the node has had. Where it
            is "", the officer's only one, or the one that the node uses.

    Returns:
        The act; `signed_by` says what the key signed since.

    Raises:
        UsageError: no such key, or the officer has had several and none is named.
    """
    with node.store.writing() as tx:
        key = _officer_key(tx, party, officer, key) if officer else _node_key(node, tx, party, key)
        body = {"party": party, "officer": officer, "key": key, "since": instant(since)}
        draft = Draft(type="declare-key-compromised", body=body)
        if party == node.party:
            return _public(node, tx, draft, by)
        return make(node, tx, [draft], at=node.clock.now(), by=by)[0]


def _node_key(node: Node, reader: Reader, party: str, named: str) -> str:
    """The fingerprint of a node's key: the one in use, or the one that begins so.

    Raises:
        UsageError: no such peer, or none or several of its keys begin so.
    """
    if party != node.party and party not in reader.peers():
        raise UsageError(f"`{party}` is not an enrolled peer")
    if not named:
        current = node.keys.signing.public if party == node.party else reader.peers()[party].signing
        return current.fingerprint
    keys = node_keys(node, reader, party)
    found = [key for key in keys if key.startswith(named)]
    if len(found) != 1:
        listed = ", ".join(sorted(key[:16] for key in keys))
        raise UsageError(f"`{named}` names {len(found)} keys of the node of `{party}`", hint=f"they are: {listed}")
    return found[0]


def _officer_key(reader: Reader, party: str, officer: str, named: str) -> str:
    """The fingerprint of a key that an officer has or had: the only one, or the one that begins so.

    Raises:
        UsageError: the officer was never enrolled, or none or several of the keys begin so.
    """
    known = reader.keys_of(party, officer)
    if not known:
        listed = ", ".join(one.id for one in reader.officers(party)) or "none"
        raise UsageError(f"officer `{officer}` of `{party}` never had a key here", hint=f"there are: {listed}")
    found = [one for one in known if one.key.fingerprint.startswith(named)]
    if len(found) == 1:
        return found[0].key.fingerprint
    now = reader.officer(party, officer)
    listed = "; ".join(
        f"{one.key.fingerprint[:16]} of {one.enrolled_at:%Y-%m-%d %H:%M}Z"
        + (", in use" if now is not None and now.key == one.key else ", ended")
        for one in known
    )
    what = f"`{named}` names {len(found)}" if named else f"none of {len(known)} is named"
    raise UsageError(f"which key of officer `{officer}` of `{party}`: {what}", hint=f"name one with --key: {listed}")


def _officer(reader: Reader, party: str, officer: str) -> Officer:
    """An officer with a key that can sign.

    Raises:
        UsageError: there is none.
    """
    known = reader.officer(party, officer)
    if known is None:
        listed = ", ".join(one.id for one in reader.officers(party)) or "none"
        raise UsageError(f"officer `{officer}` of `{party}` has no key that can sign", hint=f"they have: {listed}")
    return known


def _public(node: Node, tx: Writer, draft: Draft, by: Acting) -> SignedAct:
    act = make(node, tx, [draft], at=node.clock.now(), by=by)[0]
    for peer in tx.peers():
        tx.put_outgoing(peer, "act", act.id, node.clock.machine())
    return act


def signed_by(reader: Reader, key: str, since: datetime) -> list[SignedAct]:
    """The acts that a key signed, as node or officer, with an instant of their own or of their arrival since then.

    Args:
        reader: the node's store.
        key: the key's fingerprint.
        since: acts that name an earlier instant count too where they were recorded later.
    """
    return [act for _, act in reader.acts_after(0, key=key) if signed_since(reader, act, key, since)]


def signed_since(reader: Reader, act: SignedAct, key: str, since: datetime) -> bool:
    """Whether a key signed an act that names an instant since then, or was recorded since then."""
    if all(signer.key != key for signer in act.statement.signers):
        return False
    arrival = reader.arrival(act.id)
    return act.statement.at >= since or (arrival is not None and arrival[1] >= since)
