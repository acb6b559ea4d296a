"""Content taken in from a peer: checked, and registered in one transaction, or rejected."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from gsomia.errors import GsomiaError, MessageError, SealError, SignatureError, UsageError, VerificationError
from gsomia.keys import canonical, unb64
from gsomia.marking import Label
from gsomia.node.acts.signed import SignedAct, instant, read_instant
from gsomia.node.effects.registering import USED, next_control_number
from gsomia.node.exchange.judging import judge
from gsomia.node.exchange.uploads import upload_name
from gsomia.node.holding.ordering import receipt_by_order
from gsomia.node.ledger import SELDOM, Draft, enter, gather, make, record
from gsomia.node.node import KnownKeys, Node
from gsomia.node.record.keyholding import recall_of
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.record.stored import Peer, Refused
from gsomia.node.record.succession import distrusted
from gsomia.node.refusals import keep, why_of
from gsomia.node.transmission.offers import Offer
from gsomia.node.transmission.wrapping import check_wrapping
from gsomia.registry import CopyState, Rung
from gsomia.sealed import Policy, SealedItem, check_provenance, read, read_provenance

__all__ = ["Delivery", "take_deliveries"]


def _taken_name(copy: str) -> str:
    """The name under which content is checked: nothing that arrives meanwhile can take its place."""
    return f"taken-{copy}"


_DELIVERY_TEXTS = ("title", "mime_type", "core_digest", "payload_digest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
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
    def from_json(cls, value: Any) -> Delivery:
        """Read a delivery strictly.

        Raises:
            MessageError: a key is missing, unknown or of the wrong kind.
        """
        try:
            if set(value) - {"content"} != {*_DELIVERY_TEXTS, "offer", "created_at", "plaintext_bytes"}:
                raise ValueError("other keys than a delivery has")
            texts = {name: value[name] for name in _DELIVERY_TEXTS}
            if not all(isinstance(text, str) and text.isprintable() for text in texts.values()):
                raise ValueError("printable text was expected")
            size = value["plaintext_bytes"]
            if not isinstance(size, int) or isinstance(size, bool) or size < 0:
                raise ValueError("`plaintext_bytes` is a count")
            return cls(
                **texts,
                offer=Offer.from_json(value["offer"]),
                created_at=read_instant(value["created_at"]),
                plaintext_bytes=size,
                content=unb64(value["content"]) if "content" in value else None,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MessageError(f"not a delivery: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrived:
    """A copy whose content lies here and holds, ready to be registered."""

    delivery: Delivery
    acts: Sequence[SignedAct]
    name: str
    sealed_bytes: int


def take_deliveries(
    node: Node, peer: Peer, deliveries: Sequence[Delivery], acts: Sequence[SignedAct], at: datetime
) -> tuple[list[SignedAct], list[str]]:
    """Take in copies: each wholly, or not at all, and all that hold in one transaction.

    Args:
        node: the recipient.
        peer: who sent them.
        deliveries: what the message tells of each copy, each copy once.
        acts: the acts that came along.
        at: the instant.

    Returns:
        The rungs, or the rejections, or for a copy that came before what was given then; and the copies whose content
        is not here yet.
    """
    by_copy: dict[str, list[SignedAct]] = {}
    for act in acts:
        by_copy.setdefault(act.statement.copy, []).append(act)
    given: list[SignedAct] = []
    missing: list[str] = []
    arrived: list[_Arrived] = []
    faults: dict[str, str] = {}
    with node.locks.of_all([delivery.offer.copy for delivery in deliveries]):
        with node.blobs.together() as write, node.store.reading() as reader:
            _gather(reader, deliveries)
            for delivery in deliveries:
                copy = delivery.offer.copy
                if before := _given_before(reader, delivery.offer):
                    given.extend(before)
                    continue
                try:
                    one = _arrive(node, reader, delivery, by_copy.get(copy, ()), at, write)
                except (VerificationError, UsageError) as error:
                    faults[copy] = why_of(error)
                except (GsomiaError, OSError, MemoryError):
                    raise  # this node's own fault, or the disk's: the peer sends the copy again
                except Exception as error:
                    # What a malformed item brings about is that item's fault, and no other's that came along.
                    faults[copy] = why_of(error)
                else:
                    missing.extend([copy] if one is None else [])
                    arrived.extend([one] if one is not None else [])
        if arrived or faults:
            given.extend(_take_in(node, peer, deliveries, arrived, faults, at))
        for delivery in deliveries:
            if delivery.offer.copy not in missing:
                node.blobs.remove(_taken_name(delivery.offer.copy))
                node.blobs.remove(upload_name(delivery.offer.copy))
    return given, missing


def _gather(reader: Reader, deliveries: Sequence[Delivery], acts: Sequence[SignedAct] = ()) -> None:
    """Read together what will be asked for of each."""
    offers = [delivery.offer for delivery in deliveries]
    copies = [offer.copy for offer in offers]
    items = [offer.item for offer in offers]
    reader.prefetch(copies=copies, items=items, types=SELDOM)
    reader.prefetch(acts=[reader.acceptance(copy) or "" for copy in copies])
    gather(reader, acts)


def _arrive(
    node: Node,
    reader: Reader,
    delivery: Delivery,
    acts: Sequence[SignedAct],
    at: datetime,
    write: Callable[[str], AbstractContextManager[BinaryIO]],
) -> _Arrived | None:
    """One copy's content, checked and written under a name of this node's alone, or None where it is not here yet."""
    acceptance = _accepted(node, reader, delivery, at)
    name = _taken_name(delivery.offer.copy)
    if delivery.content is not None:
        if len(delivery.content) > delivery.offer.sealed_bytes:
            raise MessageError(f"copy `{delivery.offer.copy}`: more bytes than were offered and accepted")
        sealed = _check_content(node, reader, delivery, io.BytesIO(delivery.content))
        with write(name) as sink:
            sink.write(delivery.content)
    else:
        if not _staged(node, delivery.offer.copy):
            return None
        with node.blobs.reading(name) as file:
            sealed = _check_content(node, reader, delivery, file)
    _check_authority(delivery, acceptance, acts)
    return _Arrived(delivery=delivery, acts=acts, name=name, sealed_bytes=sealed.sealed_bytes)


def _take_in(
    node: Node,
    peer: Peer,
    deliveries: Sequence[Delivery],
    arrived: Sequence[_Arrived],
    faults: dict[str, str],
    at: datetime,
) -> list[SignedAct]:
    """Register what arrived and reject what is at fault, in one transaction; returns the rungs and rejections."""
    with node.store.writing() as tx:
        drafts: list[Draft] = []
        moves: dict[str, str] = {}
        kept: dict[str, int] = {}
        entered: list[SignedAct] = []
        _gather(tx, [one.delivery for one in arrived], [act for one in arrived for act in one.acts])
        for one in arrived:
            offer = one.delivery.offer
            try:
                with tx.part():
                    known = tx.item(offer.item)
                    held = known is not None and node.blobs.exists(offer.item)
                    entered.extend(_register(node, tx, peer, one, at))
            except (VerificationError, UsageError) as error:
                faults[offer.copy] = why_of(error)
                continue
            if not held:
                moves.setdefault(offer.item, one.name)
            size = known.sealed_bytes if known is not None and held else one.sealed_bytes
            body: dict[str, Any] = {"payload_digest": one.delivery.payload_digest}
            drafts.append(_draft("accepted", peer, offer, dict(body)))
            body |= {
                "control_number": next_control_number(node, tx, at),
                "sealed_bytes": kept.setdefault(offer.item, size),
            }
            drafts.append(_draft("delivered", peer, offer, body))
        for offer in (delivery.offer for delivery in deliveries if delivery.offer.copy in faults):
            why = faults[offer.copy]
            keep(node, tx, Refused(at=at, source=peer.party, what=f"copy {offer.copy}", why=why))
            drafts.append(_draft("rejected", peer, offer, {"why": why}))
        record(node, tx, entered, at=at)
        made = make(node, tx, drafts, at=at, send=False)
        # Whatever stands against a mark or a receipt by an order, an officer looks at the copies then.
        with suppress(VerificationError), tx.part():
            receipt_by_order(node, tx, [one.delivery.offer.copy for one in arrived], at)
        # Before the transaction ends: an item is never registered without its content.
        node.blobs.rename([(name, item) for item, name in moves.items()])
    return made


def _draft(kind: str, peer: Peer, offer: Offer, body: dict[str, Any]) -> Draft:
    return Draft(type=kind, instrument=offer.under, item=offer.item, copy=offer.copy, parties=(peer.party,), body=body)


def _given_before(reader: Reader, offer: Offer) -> list[SignedAct]:
    """What this node said when the same copy came before: its rungs, or its rejection."""
    entry = reader.copy(offer.copy)
    if entry is not None:
        given = [entry.rung(Rung.ACCEPTED), entry.rung(Rung.DELIVERED)]
        return [act for rung in given if rung is not None and (act := reader.act(rung.act)) is not None]
    if reader.acceptance(offer.copy) != USED:
        return []
    return [act for act in reader.acts(types=["rejected"], item=offer.item) if act.statement.copy == offer.copy][-1:]


def _accepted(node: Node, reader: Reader, delivery: Delivery, at: datetime) -> str:
    """Content is taken in only on this node's own acceptance of this very offer; after its time it is decided again.

    Returns:
        The acceptance's id.
    """
    offer = delivery.offer
    act = reader.act(reader.acceptance(offer.copy) or "")
    if act is None or act.statement.body["offer"] != offer.digest:
        raise MessageError(f"copy `{offer.copy}` was not offered and accepted")
    if (recalled := recall_of(reader, offer.item, offer.originator)) is not None:
        raise MessageError(f"item `{offer.item}` was recalled by `{recalled.by}`")
    # What comes by parcel was accepted days ago: the law may have changed since.
    if read_instant(act.statement.body["valid_until"]) < at or node.limits.travel is not None:
        why, _ = judge(node, reader, offer, at)
        if why:
            past = "has expired" if node.limits.travel is None else "is some time ago"
            raise MessageError(f"the acceptance of copy `{offer.copy}` {past}, and now: {why}")
    return act.id


def _staged(node: Node, copy: str) -> bool:
    """Whether a copy's content was uploaded; it then lies under its taken name."""
    if node.blobs.exists(upload_name(copy)):
        node.blobs.rename([(upload_name(copy), _taken_name(copy))])
        return True
    return node.blobs.exists(_taken_name(copy))


def _check_content(node: Node, reader: Reader, delivery: Delivery, file: BinaryIO) -> SealedItem:
    """Seal and authorship, before anything is registered.

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
    if sealed.policy != Policy(uuid=offer.item):
        # Attributes and names in the policy limit who may open. A node that does not know them would not keep to them.
        raise SealError("the item's policy names attributes or persons that this node does not know")
    envelope = read_provenance(sealed)
    if envelope is None:
        raise SignatureError("the sealed item carries no statement of its originator: origin unproven")
    origin = KnownKeys(reader, node.party, node.keys.signing.public).author(offer.originator, envelope)
    if origin is None:
        raise SignatureError(f"the originator `{offer.originator}` is not an enrolled peer: origin unproven")
    if (declared := distrusted(reader, origin)) is not None:
        raise SignatureError(
            f"the key by which `{offer.originator}` states the item was declared compromised by act `{declared}`"
        )
    statement = check_provenance(sealed, envelope, origin)
    if statement.payload_digest.hex() != delivery.payload_digest:
        raise SealError("the sealed item is not the one whose digests were signed")
    check_wrapping(node, reader, sealed, offer)
    if statement.exercise is not node.exercise:
        raise SignatureError("real and EXERCISE nodes refuse each other's items")
    label = Label.from_ocl(statement.label)
    if canonical(statement.label) != _canonical_text(offer.label) or label.classification != offer.level:
        raise SealError("the label that was offered is not the one that the originator signed")
    return sealed


def _canonical_text(text: str) -> bytes:
    try:
        return canonical(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise SealError("the label that was offered is no JSON") from error


def _check_authority(delivery: Delivery, acceptance: str, acts: Sequence[SignedAct]) -> None:
    """The officer's act must be for this copy, this recipient and this payload, and the dispatch for this acceptance.

    Their signatures are checked on entry.
    """
    offer = delivery.offer
    kinds = {act.statement.type: act.statement for act in acts if act.statement.party == offer.giver}
    # What is another's is released, and its originator told: nobody transmits it as if it were its own.
    wanted = "transmit" if offer.giver == offer.originator else "release"
    authority = kinds.get(wanted)
    if authority is None or "dispatched" not in kinds:
        raise SignatureError(f"copy `{offer.copy}` comes without its officer's `{wanted}` or its dispatch")
    if kinds["dispatched"].body.get("acceptance") != acceptance:
        raise SignatureError(f"copy `{offer.copy}` was dispatched on another acceptance than this node's")
    names = (
        "originator",
        "level",
        "subject",
        "form",
        "purpose",
        "label",
        "contains",
        "cites",
        "holder",
        "destination",
        "via",
        "under",
        "custody",
        "holders",
        "mark",
    )
    said = {name: authority.body.get(name) for name in names} | {"met": sorted(authority.body["met"])}
    offered = {name: getattr(offer, name) for name in said} | {"met": list(offer.met)}
    offered |= {name: list(getattr(offer, name)) for name in ("contains", "via", "holders")}
    offered["cites"] = [source.to_json() for source in offer.cites]
    told = {name: getattr(delivery, name) for name in (*_DELIVERY_TEXTS, "plaintext_bytes")}
    told["created_at"] = instant(delivery.created_at)
    if {**said, **{name: authority.body.get(name) for name in told}} != offered | told or authority.item != offer.item:
        raise SignatureError(f"the officer's act is not for copy `{offer.copy}` of this payload as it was offered")


def _register(node: Node, tx: Writer, peer: Peer, arrived: _Arrived, at: datetime) -> list[SignedAct]:
    """The giver's acts, which register item and copy; returns those that are new, still to be logged."""
    # The dispatch comes last: it is what registers the copy, by the officer's act that it names.
    acts = sorted(arrived.acts, key=lambda act: act.statement.type == "dispatched")
    new = [act for act in acts if enter(node, tx, act, source=peer.party, at=at, delivered=True) is not None]
    copy = arrived.delivery.offer.copy
    entry = tx.copy(copy)
    if entry is None or entry.state is not CopyState.DISPATCHED:
        raise SignatureError(f"copy `{copy}` was not dispatched by the acts that came with it")
    if acts[-1].statement.body["authority"] not in {act.id for act in acts if act.statement.type == entry.act}:
        raise SignatureError(f"copy `{copy}` was dispatched on another act than the officer's that came with it")
    return new
