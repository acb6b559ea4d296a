"""What a node does with a peer's message: decide on offers, take in content, record acts. It checks everything."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from gsomia.errors import GsomiaError, MessageError, SealError, SignatureError, VerificationError
from gsomia.keys import Envelope, unb64
from gsomia.marking import Label
from gsomia.node.acts import SignedAct, instant, pack, read_instant, unpack
from gsomia.node.effects import next_control_number
from gsomia.node.facts import Case, transmission_facts
from gsomia.node.ledger import Draft, enter, make, record
from gsomia.node.messages import Message, read_message, write_message
from gsomia.node.node import KnownKeys, Node
from gsomia.node.offers import Offer, verdict_digest
from gsomia.node.ports import Peer, Reader, Refused, Writer
from gsomia.registry import Copy, CopyState, Direction, Item, Rung, read_copy_id
from gsomia.sealed import SealedItem, check_provenance, read, read_provenance
from gsomia.verdict import Verdict, decide

__all__ = ["answer", "may_upload", "stage_name"]


def answer(node: Node, peer: Peer, envelope: Envelope) -> Envelope:
    """Answer one message from an enrolled peer.

    Args:
        node: the recipient.
        peer: whose channel the message came through.
        envelope: the message.

    Returns:
        The signed answer; a message that cannot be used is answered with a signed refusal, kept for people to see.
    """
    at = node.clock.now()
    about = ""
    try:
        message = read_message(node, envelope, peer.party, peer.signing, at=at)
        about = message.id
        with node.store.writing() as tx:
            if not tx.see_message(message.id, peer.party, at):
                raise MessageError(f"message `{message.id}` was used before: a replay")
        kind, body = _HANDLERS[message.type](node, peer, message, at)
    except (VerificationError, KeyError) as error:
        why = str(error) if isinstance(error, GsomiaError) else f"no answer to a message of this type: {error}"
        with node.store.writing() as tx:
            tx.put_refused(Refused(at=at, source=peer.party, what="message", why=why))
        kind, body = "refusal", {"why": why}
    return write_message(node, peer.party, kind, body, at=node.clock.now(), answers=about)[1]


def _acts(message: Message) -> list[SignedAct]:
    return unpack(message.body.get("acts", []))


def _record_acts(node: Node, peer: Peer, message: Message, at: datetime) -> tuple[str, dict[str, Any]]:
    """Acts that concern this node: each is recorded or refused by itself, and the answer says which."""
    recorded: list[str] = []
    refused: dict[str, str] = {}
    for act in _acts(message):
        why = _take(node, peer, act, at)
        if why:
            refused[act.id] = why
        else:
            recorded.append(act.id)
    return "recorded", {"recorded": recorded, "refused": refused}


def _take(node: Node, peer: Peer, act: SignedAct, at: datetime) -> str:
    """Record one act from a peer; returns why not, or ""."""
    try:
        with node.store.writing() as tx:
            if enter(node, tx, act, source=peer.party, at=at) is not None:
                record(node, tx, [act], at=at)
    except VerificationError as error:
        with node.store.writing() as tx:
            what = f"act {act.statement.type} {act.id}"
            tx.put_refused(Refused(at=at, source=peer.party, what=what, why=str(error)))
        return str(error)
    return ""


def _answer_offers(node: Node, peer: Peer, message: Message, at: datetime) -> tuple[str, dict[str, Any]]:
    offers = [Offer.from_json(value) for value in _list(message.body.get("offers"))]
    for act in _acts(message):
        _take(node, peer, act, at)
    with node.store.writing() as tx:
        standing: list[SignedAct] = []
        drafts: list[Draft] = []
        for offer in offers:
            if offer.giver != peer.party or offer.holder != node.party:
                raise MessageError(f"an offer of copy `{offer.copy}` that is not from `{peer.party}` to `{node.party}`")
            known = _standing_acceptance(tx, offer, at)
            if known is not None:
                standing.append(known)
            else:
                drafts.append(_decide_offer(node, tx, peer, offer, at))
        made = make(node, tx, drafts, at=at, send=False)
        for act in made:
            if act.statement.type == "acceptance":
                tx.put_acceptance(act.statement.copy, act.id)
            else:
                what = f"offer of item {act.statement.item}"
                why = str(act.statement.body["why"])
                tx.put_refused(Refused(at=at, source=peer.party, what=what, why=why, detail=act.statement.body))
    return "answers", {"acts": pack([*standing, *made])}


def _standing_acceptance(tx: Reader, offer: Offer, at: datetime) -> SignedAct | None:
    """The acceptance given for the same offer before, while it is valid or the copy is here already."""
    act = tx.act(tx.acceptance(offer.copy) or "")
    if act is None or act.statement.body["offer"] != offer.digest:
        return None
    valid = read_instant(act.statement.body["valid_until"]) >= at
    return act if valid or tx.copy(offer.copy) is not None else None


def _decide_offer(node: Node, tx: Reader, peer: Peer, offer: Offer, at: datetime) -> Draft:
    why, verdict = _judge(node, tx, offer, at)
    body: dict[str, Any] = {"offer": offer.digest}
    if verdict is not None:
        body |= {"verdict": verdict_digest(verdict), "law": dict(verdict.law), "outcome": verdict.outcome}
    if why:
        grounds = verdict.to_json()["grounds"] if verdict is not None else []
        body |= {"why": why, "grounds": grounds}
        return Draft(
            type="refusal", instrument=offer.under, item=offer.item, copy=offer.copy, parties=(peer.party,), body=body
        )
    body["valid_until"] = instant(at + node.limits.acceptance)
    return Draft(
        type="acceptance", instrument=offer.under, item=offer.item, copy=offer.copy, parties=(peer.party,), body=body
    )


def _judge(node: Node, tx: Reader, offer: Offer, at: datetime) -> tuple[str, Verdict | None]:
    """This node's own answer to an offer: why not ("" for a permit), and the verdict where it came to one."""
    skew = abs(offer.clock - at)
    if skew > node.limits.max_skew:
        return f"the offer's clock is {skew.total_seconds():.0f} s from ours", None
    if offer.sealed_bytes > node.limits.max_item_bytes:
        return f"{offer.sealed_bytes} bytes are more than this node takes ({node.limits.max_item_bytes})", None
    adopted = tx.adopted()
    for instrument, version in offer.law.items():
        if instrument in adopted and adopted[instrument] != version:
            return (
                f"`{offer.giver}` applies `{instrument}` in the version {version[:12]}, "
                f"`{node.party}` in {adopted[instrument][:12]}: nothing new moves until both adopt one",
                None,
            )
    case = Case.of(node, tx)
    facts = transmission_facts(
        node,
        tx,
        giver=offer.giver,
        holder=node.party,
        item=offer.item,
        receivers=(*offer.via, offer.destination),
        at=at,
    )
    verdict = decide(case.law, offer.request(), facts, case.record, at)
    if verdict.outcome == "permit":
        return "", verdict
    why = next((ground.text for ground in verdict.grounds if ground.effect != "permit"), verdict.outcome)
    return f"{verdict.outcome}: {why}", verdict


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise MessageError("a list was expected")
    return value


def stage_name(copy: str) -> str:
    """The name under which an upload waits for the message that delivers it."""
    return f"upload-{copy}"


def may_upload(node: Node, peer: Peer, copy: str) -> int:
    """How many bytes a peer may upload for a copy: only what was offered and accepted.

    Raises:
        MessageError: nothing was accepted under this id from this peer.
    """
    _, giver, _ = read_copy_id(copy)
    with node.store.reading() as reader:
        act = reader.act(reader.acceptance(copy) or "")
        known = reader.copy(copy)
    if giver != peer.party or act is None or act.statement.party != node.party or known is not None:
        raise MessageError(f"no content was accepted for copy `{copy}` from `{peer.party}`")
    return node.limits.max_item_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Delivery:
    """A delivery as the message tells it, before anything of it is believed."""

    offer: Offer
    title: str
    mime_type: str
    created_at: datetime
    core_digest: str
    payload_digest: str
    plaintext_bytes: int
    content: bytes | None

    @classmethod
    def from_json(cls, value: Any) -> _Delivery:
        try:
            content = value.get("content")
            return cls(
                offer=Offer.from_json(value["offer"]),
                title=str(value["title"]),
                mime_type=str(value["mime_type"]),
                created_at=read_instant(value["created_at"]),
                core_digest=str(value["core_digest"]),
                payload_digest=str(value["payload_digest"]),
                plaintext_bytes=int(value["plaintext_bytes"]),
                content=None if content is None else unb64(content),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MessageError(f"not a delivery: {error}") from error


def _take_deliveries(node: Node, peer: Peer, message: Message, at: datetime) -> tuple[str, dict[str, Any]]:
    acts = _acts(message)
    for act in acts:
        if act.statement.type in ("enrol-key", "consent"):
            _take(node, peer, act, at)
    results: list[SignedAct] = []
    for value in _list(message.body.get("deliveries")):
        delivery = _Delivery.from_json(value)
        if delivery.offer.giver != peer.party or delivery.offer.holder != node.party:
            raise MessageError(f"a delivery of `{delivery.offer.copy}` that is not from `{peer.party}`")
        own = [act for act in acts if act.statement.copy == delivery.offer.copy]
        results.extend(_take_delivery(node, peer, delivery, own, at))
    return "delivered", {"acts": pack(results)}


def _take_delivery(
    node: Node, peer: Peer, delivery: _Delivery, acts: Sequence[SignedAct], at: datetime
) -> list[SignedAct]:
    """Take in one copy: wholly, or not at all. Returns the rungs, those given before where it came again."""
    copy_id = delivery.offer.copy
    with node.store.reading() as reader:
        if reader.copy(copy_id) is not None:
            return _rungs_given(node, reader, copy_id)
    try:
        _accepted(node, delivery, at)
        name = _stage(node, delivery)
        with node.blobs.reading(name) as file:
            sealed = _check_content(node, peer, delivery, acts, file)
        # Another copy of the same item that is here already is replaced by its equal.
        node.blobs.rename(name, delivery.offer.item)
        with node.store.writing() as tx:
            return _register(node, tx, peer, delivery, acts, sealed, at)
    except VerificationError as error:
        node.blobs.remove(stage_name(copy_id))
        return [_reject(node, peer, delivery, str(error), at)]


def _rungs_given(node: Node, reader: Reader, copy: str) -> list[SignedAct]:
    entry = reader.copy(copy)
    assert entry is not None  # asked by the caller
    given = [entry.rung(Rung.ACCEPTED), entry.rung(Rung.DELIVERED)]
    return [act for rung in given if rung is not None and (act := reader.act(rung.act)) is not None]


def _accepted(node: Node, delivery: _Delivery, at: datetime) -> None:
    """Content is taken in only on this node's own acceptance of this very offer; after its time, decided again."""
    offer = delivery.offer
    with node.store.reading() as reader:
        act = reader.act(reader.acceptance(offer.copy) or "")
        if act is None or act.statement.body["offer"] != offer.digest:
            raise MessageError(f"copy `{offer.copy}` was not offered and accepted")
        if read_instant(act.statement.body["valid_until"]) < at:
            why, _ = _judge(node, reader, offer, at)
            if why:
                raise MessageError(f"the acceptance of copy `{offer.copy}` has expired, and now: {why}")


def _stage(node: Node, delivery: _Delivery) -> str:
    name = stage_name(delivery.offer.copy)
    if delivery.content is not None:
        with node.blobs.writing(name) as sink:
            sink.write(delivery.content)
    elif not node.blobs.exists(name):
        raise MessageError(f"the content of copy `{delivery.offer.copy}` has not arrived")
    return name


def _check_content(
    node: Node, peer: Peer, delivery: _Delivery, acts: Sequence[SignedAct], file: BinaryIO
) -> SealedItem:
    """Seal, authorship and authority, before anything is registered.

    Raises:
        VerificationError: the first thing that does not hold.
    """
    offer = delivery.offer
    sealed = read(file)
    if sealed.item_id != offer.item:
        raise SealError(f"the sealed item is `{sealed.item_id}`, offered was `{offer.item}`")
    if sealed.core_digest.hex() != delivery.core_digest:
        raise SealError("the sealed item is not the one whose digests were signed")
    if sealed.plaintext_bytes != delivery.plaintext_bytes or sealed.mime_type != delivery.mime_type:
        raise SealError("the sealed item's size or type is not what was said")
    if node.keys.sealing.kid not in {access.kid for access in sealed.key_access}:
        raise SealError("the sealed item's key is not wrapped for this node")
    with node.store.reading() as reader:
        origin = KnownKeys(reader, node.party, node.keys.signing.public).node_key(offer.originator)
    if origin is None:
        raise SignatureError(f"the originator `{offer.originator}` is not an enrolled peer: origin unproven")
    envelope = read_provenance(sealed)
    if envelope is None:
        raise SignatureError("the sealed item carries no statement of its originator: origin unproven")
    statement = check_provenance(sealed, envelope, origin)
    if statement.payload_digest.hex() != delivery.payload_digest:
        raise SealError("the sealed item is not the one whose digests were signed")
    sealed.segment(0, [node.identity])  # the key wrapped for this node is the one bound to the policy
    if statement.exercise is not node.exercise:
        raise SignatureError("real and EXERCISE nodes refuse each other's items")
    label = Label.from_ocl(statement.label)
    if statement.label != json.loads(offer.label) or label.classification != offer.level:
        raise SealError("the label that was offered is not the one that the originator signed")
    _check_authority(offer, delivery.payload_digest, acts)
    return sealed


def _check_authority(offer: Offer, digest: str, acts: Sequence[SignedAct]) -> None:
    """The officer's act must be for this copy, this recipient and this payload; its signatures are checked on entry."""
    kinds = {act.statement.type: act.statement for act in acts if act.statement.party == offer.giver}
    authority = kinds.get("transmit") or kinds.get("release")
    if authority is None or "dispatched" not in kinds:
        raise SignatureError(f"copy `{offer.copy}` comes without its officer's act or its dispatch")
    said = {name: authority.body.get(name) for name in ("level", "subject", "purpose", "label", "contains", "holder")}
    offered = {name: getattr(offer, name) for name in said} | {"contains": list(offer.contains)}
    if said != offered or authority.body.get("payload_digest") != digest or authority.item != offer.item:
        raise SignatureError(f"the officer's act is not for copy `{offer.copy}` of this payload as it was offered")


def _register(
    node: Node,
    tx: Writer,
    peer: Peer,
    delivery: _Delivery,
    acts: Sequence[SignedAct],
    sealed: SealedItem,
    at: datetime,
) -> list[SignedAct]:
    """Item, copy, the giver's acts and this node's rungs, in one transaction."""
    offer = delivery.offer
    known = tx.item(offer.item)
    if known is None:
        tx.put_item(
            Item(
                id=offer.item,
                originator=offer.originator,
                level=offer.level,
                subject=offer.subject,
                form=offer.form,
                purpose=offer.purpose,
                contains=offer.contains,
                title=delivery.title,
                mime_type=delivery.mime_type,
                label=offer.label,
                payload_digest=delivery.payload_digest,
                core_digest=delivery.core_digest,
                plaintext_bytes=delivery.plaintext_bytes,
                sealed_bytes=sealed.sealed_bytes,
                created_at=delivery.created_at,
                exercise=node.exercise,
            )
        )
    elif (known.payload_digest, known.originator) != (delivery.payload_digest, offer.originator):
        raise SealError(f"item `{offer.item}` is registered here with another payload")
    tx.put_copy(
        Copy(
            id=offer.copy,
            item=offer.item,
            number=read_copy_id(offer.copy)[2],
            direction=Direction.RECEIVED,
            act=next(a.statement.type for a in acts if a.statement.type in ("transmit", "release")),
            giver=peer.party,
            holder=node.party,
            via=offer.via,
            destination=offer.destination,
            instrument=offer.under,
            state=CopyState.OFFERED,
            control_number=next_control_number(node, tx, at),
            custodian=peer.party,
            at=at,
        )
    )
    new = [act for act in acts if enter(node, tx, act, source=peer.party, at=at) is not None]
    record(node, tx, new, at=at)
    rungs = ("accepted", "delivered")
    return make(
        node,
        tx,
        [
            Draft(
                type=rung,
                instrument=offer.under,
                item=offer.item,
                copy=offer.copy,
                parties=(peer.party,),
                body={"payload_digest": delivery.payload_digest},
            )
            for rung in rungs
        ],
        at=at,
        send=False,
    )


def _reject(node: Node, peer: Peer, delivery: _Delivery, why: str, at: datetime) -> SignedAct:
    offer = delivery.offer
    with node.store.writing() as tx:
        tx.put_refused(Refused(at=at, source=peer.party, what=f"copy {offer.copy}", why=why))
        draft = Draft(
            type="rejected",
            instrument=offer.under,
            item=offer.item,
            copy=offer.copy,
            parties=(peer.party,),
            body={"why": why},
        )
        return make(node, tx, [draft], at=at, send=False)[0]


_HANDLERS: Mapping[str, Any] = {
    "acts": _record_acts,
    "offers": _answer_offers,
    "deliver": _take_deliveries,
}
