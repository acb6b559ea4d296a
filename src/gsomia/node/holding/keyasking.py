"""The asking side of `originator` custody and of shares: a key for one opening, from a node that answers for it.

The key comes wrapped to a key pair made for this one opening, which is forgotten after it; it is never at rest here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gsomia.errors import (
    GsomiaError,
    PeerError,
    PendingError,
    RefusedError,
    SealError,
    SignatureError,
    VerificationError,
)
from gsomia.node.acts.signed import SignedAct, unpack, verify_act
from gsomia.node.holding.keyrequests import KeyRequest, check_release
from gsomia.node.ledger import enter, record
from gsomia.node.messages import link_to, read_answer, write_message
from gsomia.node.node import KnownKeys, Node, new_id
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.record.stored import Peer, PendingOpening, Refused
from gsomia.node.transmission.wrapping import party_of
from gsomia.registry import Copy, Custody, Item
from gsomia.sealed import Identity, KeyAccess, SealedItem, XWingPrivateKey
from gsomia.verdict import Facts

__all__ = ["Keys", "ask_keys", "enter_acts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What opens an item once: the item with its shares as released, the keys for them, and the acts of release."""

    sealed: SealedItem
    identities: tuple[Identity, ...]
    acts: tuple[SignedAct, ...] = ()

    @property
    def releases(self) -> list[str]:
        """The ids of the acts of release."""
        return [act.id for act in self.acts if act.statement.type == "release-key"]


def ask_keys(
    node: Node, copy: Copy, item: Item, sealed: SealedItem, *, person: str, facts: Facts, verdict: str
) -> Keys:
    """The keys for one opening: this node's own, or with what another Party's node releases for it.

    Args:
        node: the holder's.
        copy, item: what is to be opened; this Party's own verdict on it is a permit already.
        sealed: the item, its provenance checked.
        person: who waits where a peer cannot be reached; never told to a peer.
        facts: of the person and the use.
        verdict: the digest of this node's own verdict.

    Raises:
        RefusedError: those who hold what is missing refuse; the refusals stand in the logs.
        PendingError: none of those who did not refuse can be reached; the opening is kept among those that wait.
    """
    if item.custody is Custody.RECIPIENT:
        return Keys(sealed=sealed, identities=node.identities)
    with node.store.reading() as reader:
        missing, holders = _missing(node, reader, sealed)
        peers = dict(reader.peers())
    ephemeral = XWingPrivateKey.generate()
    request = KeyRequest.from_json(
        {
            "v": 1,
            "id": new_id(),
            "copy": copy.id,
            "item": item.id,
            "payload_digest": item.payload_digest,
            "sid": missing,
            "key": KeyRequest.key_text(ephemeral.public),
            "verdict": verdict,
        }
        | _told(facts)
    )
    asking = _Asking(node=node, sealed=sealed, ephemeral=Identity(kid=ephemeral.kid, key=ephemeral))
    # The originator decides first; another holder of the share serves where it cannot be reached.
    order = sorted(holders, key=lambda party: (party != item.originator, party))
    away: list[str] = []
    refusals: list[SignedAct] = []
    for party in order:
        try:
            keys, acts = asking.ask(peers[party], replace(request, id=new_id()))
        except (PeerError, VerificationError) as error:
            away.append(f"{party}: {error}")
            continue
        if keys is not None:
            return replace(keys, acts=(*refusals, *keys.acts))
        refusals.extend(acts)
    raise _unanswered(node, copy, person, refusals, away)


def _told(facts: Facts) -> dict[str, Any]:
    person = facts.person
    return {
        "role": person.role,
        "rank": person.rank,
        "clearance": person.clearance,
        "need": person.need,
        "roster": person.roster,
        "purpose": facts.purpose,
        "purpose_ended": facts.purpose_ended,
    }


def _missing(node: Node, reader: Reader, sealed: SealedItem) -> tuple[str, list[str]]:
    """The share that this node lacks, and the peers' nodes to which it is wrapped.

    Raises:
        SealError: it is wrapped to nobody known.
    """
    holders: dict[str, set[str]] = {}
    for access in sealed.key_access:
        holders.setdefault(access.sid, set()).add(party_of(node, reader, access))
    lacking = [sid for sid, parties in holders.items() if node.party not in parties]
    parties = sorted(holders[lacking[0]] - {""}) if len(lacking) == 1 else []
    if not parties:
        raise SealError("the item's key is not held as its custody says")
    return lacking[0], parties


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """One opening's requests: what is asked is the same, whoever is asked."""

    node: Node
    sealed: SealedItem
    ephemeral: Identity

    def ask(self, peer: Peer, request: KeyRequest) -> tuple[Keys | None, list[SignedAct]]:
        """Ask one Party's node.

        Returns:
            The keys where it released the share, and its act.

        Raises:
            PeerError: it cannot be reached, or answers what cannot be used.
            VerificationError: its answer does not hold.
        """
        node = self.node
        body = {"requests": [request.to_json()]}
        message, envelope = write_message(node, peer.party, "ask-keys", body, at=node.clock.now())
        reply = link_to(node, peer).exchange(envelope)
        answer = read_answer(node, reply, message, peer.signing, "keys", at=node.clock.now())
        act = self._act(peer, request, answer)
        if act.statement.type == "refuse-key":
            return None, [act]
        access = self._access(request, answer)
        check_release(request, act.statement, peer.party, access)
        others = [one for one in self.sealed.key_access if one.sid != request.sid]
        keys = Keys(
            sealed=self.sealed.with_key_access([*others, access]),
            identities=(self.ephemeral, *node.identities),
            acts=(act,),
        )
        # A share of another item, or no share at all, shows here, before the act that says that it was opened.
        keys.sealed.segment(0, keys.identities)
        return keys, [act]

    def _act(self, peer: Peer, request: KeyRequest, answer: Mapping[str, Any]) -> SignedAct:
        acts = unpack(answer.get("acts"))
        if len(acts) != 1:
            raise PeerError(f"`{peer.party}` did not answer with one act")
        act = acts[0]
        with self.node.store.reading() as reader:
            known = KnownKeys(reader, self.node.party, self.node.keys.signing.public)
            statement = verify_act(act, known, exercise=self.node.exercise)
        said = (statement.party, statement.item, statement.copy, statement.body.get("request"))
        if said != (peer.party, request.item, request.copy, request.digest):
            raise SignatureError(f"act `{act.id}` answers another request")
        if statement.type not in ("release-key", "refuse-key"):
            raise SignatureError(f"act `{act.id}` is no answer to a request for a key")
        return act

    def _access(self, request: KeyRequest, answer: Mapping[str, Any]) -> KeyAccess:
        given = answer.get("access")
        if not isinstance(given, Mapping) or set(given) != {request.id}:
            raise SealError("the answer holds no wrapped key for this request")
        return KeyAccess.from_json(given[request.id])


def enter_acts(node: Node, tx: Writer, acts: Sequence[SignedAct], at: datetime) -> None:
    """Enter the peers' answers in this node's own store and logs."""
    entered = [act for act in acts if enter(node, tx, act, source=act.statement.party, at=at) is not None]
    record(node, tx, entered, at=at)


def _unanswered(node: Node, copy: Copy, person: str, refusals: Sequence[SignedAct], away: Sequence[str]) -> GsomiaError:
    """Keep what came of an opening for which nobody released the key; returns what is to be raised."""
    at = node.clock.now()
    why = "; ".join([*away, *(f"{act.statement.party}: {act.statement.body.get('why', '')}" for act in refusals)])
    with node.store.writing() as tx:
        enter_acts(node, tx, refusals, at)
        if away:
            tx.put_pending(PendingOpening(copy=copy.id, person=person, at=at, why=why))
        else:
            tx.end_pending(copy.id, person)
            what = f"open {copy.control_number} for {person}"
            source = refusals[0].statement.party
            tx.put_refused(Refused(at=at, source=source, what=what, why=why, detail=refusals[0].statement.body))
    if away:
        return PendingError(
            f"the opening of {copy.control_number} for {person} waits: {why}",
            hint="open it again once the peer answers; `gsomia inbox` lists what waits",
        )
    refusal: dict[str, object] = {
        "outcome": "refuse",
        "grounds": [ground for act in refusals for ground in _grounds(act)],
    }
    return RefusedError(f"open {copy.control_number} for {person}: {why}", verdict=refusal)


def _grounds(act: SignedAct) -> list[dict[str, Any]]:
    """The grounds of a refusal as the peer gave them; its reason alone where it gave none."""
    body = act.statement.body
    given = body.get("grounds")
    grounds = [ground for ground in given if isinstance(ground, dict)] if isinstance(given, list) else []
    text = f"{act.statement.party}: {body.get('why', '')}"
    return grounds or [{"effect": "refuse", "instrument": "", "article": "", "clause": "custody", "text": text}]
