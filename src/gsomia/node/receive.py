"""What a node does with a peer's message: decide on offers, take in content, record acts. It checks everything."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from gsomia.errors import GsomiaError, MessageError, SealError, SignatureError, UsageError, VerificationError
from gsomia.keys import Envelope, canonical, unb64
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

__all__ = ["Upload", "answer", "keep_refused", "upload"]

MANY = 256
"""At most this many offers or deliveries in one message: they are decided in one transaction, while others wait."""

MANY_ACTS = 2048
"""At most this many acts in one message."""

USED = ""
"""In the place of an acceptance: it was used up by a rejection."""

WHY_CHARACTERS = 1000
"""At most so much of a reason is told and kept: a peer's words may stand in it."""


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
        handler = _HANDLERS.get(message.type)
        if handler is None:
            raise MessageError(f"nothing is answered to a message of type `{message.type}`")
        kind, body = handler(node, peer, message, at)
    except (
        VerificationError,
        UsageError,
        LookupError,
        TypeError,
        ValueError,
        ArithmeticError,
        RecursionError,
    ) as error:
        # Whatever a peer's words lead to ends in a refusal; only what is wrong with this node itself goes further.
        keep_refused(node, peer, "message", error)
        kind, body = "refusal", {"why": _why(error)}
    return write_message(node, peer.party, kind, body, at=node.clock.now(), answers=about)[1]


def keep_refused(node: Node, peer: Peer, what: str, error: Exception) -> None:
    """Keep for people to see that something of a peer's was refused."""
    with node.store.writing() as tx:
        tx.put_refused(Refused(at=node.clock.now(), source=peer.party, what=what, why=_why(error)))


def _why(error: Exception) -> str:
    text = str(error) if isinstance(error, GsomiaError) else f"it cannot be understood: {type(error).__name__}: {error}"
    return text[:WHY_CHARACTERS].encode("utf-8", "backslashreplace").decode()


def _acts(message: Message) -> list[SignedAct]:
    acts = unpack(message.body.get("acts", []))
    if len(acts) > MANY_ACTS:
        raise MessageError(f"a message carries at most {MANY_ACTS} acts")
    return acts


def _record_acts(node: Node, peer: Peer, message: Message, at: datetime) -> tuple[str, dict[str, Any]]:
    """Acts that concern this node: each is recorded or refused by itself, and the answer says which."""
    acts = _acts(message)
    refused = _take(node, peer, acts, at)
    return "recorded", {"recorded": [act.id for act in acts if act.id not in refused], "refused": refused}


def _take(node: Node, peer: Peer, acts: Sequence[SignedAct], at: datetime) -> dict[str, str]:
    """Record acts from a peer, in order, in one transaction; returns those refused, by id, with the reason."""
    refused: dict[str, str] = {}
    if not acts:
        return refused
    with node.store.writing() as tx:
        taken: list[SignedAct] = []
        for act in acts:
            try:
                with tx.part():
                    if enter(node, tx, act, source=peer.party, at=at) is not None:
                        taken.append(act)
            except VerificationError as error:
                refused[act.id] = _why(error)
                what = f"act {act.statement.type} {act.id[:64]}"
                tx.put_refused(Refused(at=at, source=peer.party, what=what, why=refused[act.id]))
        record(node, tx, taken, at=at)
    return refused


def _answer_offers(node: Node, peer: Peer, message: Message, at: datetime) -> tuple[str, dict[str, Any]]:
    offers = [Offer.from_json(value) for value in _list(message.body.get("offers"))]
    _take(node, peer, _acts(message), at)
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
    body |= {"valid_until": instant(at + node.limits.acceptance), "sealed_bytes": offer.sealed_bytes}
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
    if not isinstance(value, list) or len(value) > MANY:
        raise MessageError(f"a list of at most {MANY} was expected")
    return value


def _upload_name(copy: str) -> str:
    """The name under which an upload waits for the message that delivers it."""
    return f"upload-{copy}"


def _taken_name(copy: str) -> str:
    """The name under which content is checked: nothing that arrives meanwhile can take its place."""
    return f"taken-{copy}"


class Upload:
    """The bytes of one accepted copy on their way in; more than was accepted is not taken."""

    def __init__(self, copy: str, sink: BinaryIO, limit: int) -> None:
        self._copy = copy
        self._sink = sink
        self._left = limit

    def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            MessageError: they are more than was offered and accepted.
        """
        self._left -= len(chunk)
        if self._left < 0:
            raise MessageError(f"copy `{self._copy}`: more bytes than were offered and accepted")
        self._sink.write(chunk)


@contextmanager
def upload(node: Node, peer: Peer, copy: str) -> Iterator[Upload]:
    """Take in a sealed item's bytes for a copy whose offer was accepted; they stay when the block ends well.

    Args:
        node: the recipient.
        peer: whose channel they come through.
        copy: the copy's id.

    Raises:
        MessageError: nothing was accepted under this id from this peer, or more comes than was; kept as refused.
        NodeError: the disk does not take it.
    """
    try:
        limit = _upload_limit(node, peer, copy)
        with node.blobs.writing(_upload_name(copy)) as sink:
            yield Upload(copy, sink, limit)
    except VerificationError as error:
        keep_refused(node, peer, "upload", error)
        raise


def _upload_limit(node: Node, peer: Peer, copy: str) -> int:
    _, giver, _ = read_copy_id(copy)
    with node.store.reading() as reader:
        act = reader.act(reader.acceptance(copy) or "")
        known = reader.copy(copy)
    if giver != peer.party or act is None or known is not None:
        raise MessageError(f"no content was accepted for copy `{copy}` from `{peer.party}`")
    return int(act.statement.body["sealed_bytes"])


_DELIVERY_TEXTS = ("title", "mime_type", "core_digest", "payload_digest")


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


def _take_deliveries(node: Node, peer: Peer, message: Message, at: datetime) -> tuple[str, dict[str, Any]]:
    acts = _acts(message)
    _take(node, peer, [act for act in acts if act.statement.type in ("enrol-key", "consent")], at)
    results: list[SignedAct] = []
    missing: list[str] = []
    for value in _list(message.body.get("deliveries")):
        delivery = _Delivery.from_json(value)
        offer = delivery.offer
        if offer.giver != peer.party or offer.holder != node.party:
            raise MessageError(f"a delivery of `{offer.copy}` that is not from `{peer.party}`")
        own = [act for act in acts if act.statement.copy == offer.copy]
        with node.locks.of(offer.copy):
            rungs = _take_delivery(node, peer, delivery, own, at)
        if rungs:
            results.extend(rungs)
        else:
            missing.append(offer.copy)
    return "delivered", {"acts": pack(results), "missing": missing}


def _take_delivery(
    node: Node, peer: Peer, delivery: _Delivery, acts: Sequence[SignedAct], at: datetime
) -> list[SignedAct]:
    """Take in one copy: wholly, or not at all.

    Returns:
        The rungs, or the rejection; those given before where it came again; [] where its content is not here yet.
    """
    offer = delivery.offer
    with node.store.reading() as reader:
        given = _given_before(reader, offer)
    if given:
        return given
    try:
        acceptance = _accepted(node, delivery, at)
        name = _stage(node, delivery)
        if not name:
            return []
        with node.blobs.reading(name) as file:
            sealed = _check_content(node, delivery, file)
        _check_authority(offer, delivery.payload_digest, acceptance, acts)
        with node.store.writing() as tx:
            held = tx.item(offer.item) is not None and node.blobs.exists(offer.item)
            rungs = _register(node, tx, peer, delivery, acts, sealed, at)
            if not held:
                # Before the transaction ends: an item is never registered without its content.
                node.blobs.rename(name, offer.item)
    except (VerificationError, UsageError) as error:
        rungs = [_reject(node, peer, delivery, _why(error), at)]
    node.blobs.remove(_taken_name(offer.copy))
    return rungs


def _given_before(reader: Reader, offer: Offer) -> list[SignedAct]:
    """What this node said when the same copy came before: its rungs, or its rejection."""
    entry = reader.copy(offer.copy)
    if entry is not None:
        given = [entry.rung(Rung.ACCEPTED), entry.rung(Rung.DELIVERED)]
        return [act for rung in given if rung is not None and (act := reader.act(rung.act)) is not None]
    if reader.acceptance(offer.copy) != USED:
        return []
    return [act for act in reader.acts(types=["rejected"], item=offer.item) if act.statement.copy == offer.copy][-1:]


def _accepted(node: Node, delivery: _Delivery, at: datetime) -> str:
    """Content is taken in only on this node's own acceptance of this very offer; after its time, decided again.

    Returns:
        The acceptance's id.
    """
    offer = delivery.offer
    with node.store.reading() as reader:
        act = reader.act(reader.acceptance(offer.copy) or "")
        if act is None or act.statement.body["offer"] != offer.digest:
            raise MessageError(f"copy `{offer.copy}` was not offered and accepted")
        if read_instant(act.statement.body["valid_until"]) < at:
            why, _ = _judge(node, reader, offer, at)
            if why:
                raise MessageError(f"the acceptance of copy `{offer.copy}` has expired, and now: {why}")
        return act.id


def _stage(node: Node, delivery: _Delivery) -> str:
    """The name under which the content lies for this node alone, or "" where it has not arrived."""
    copy = delivery.offer.copy
    name = _taken_name(copy)
    if delivery.content is not None:
        if len(delivery.content) > delivery.offer.sealed_bytes:
            raise MessageError(f"copy `{copy}`: more bytes than were offered and accepted")
        with node.blobs.writing(name) as sink:
            sink.write(delivery.content)
    elif node.blobs.exists(_upload_name(copy)):
        node.blobs.rename(_upload_name(copy), name)
    elif not node.blobs.exists(name):
        return ""
    return name


def _check_content(node: Node, delivery: _Delivery, file: BinaryIO) -> SealedItem:
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
    if canonical(statement.label) != _canonical_text(offer.label) or label.classification != offer.level:
        raise SealError("the label that was offered is not the one that the originator signed")
    return sealed


def _canonical_text(text: str) -> bytes:
    try:
        return canonical(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise SealError("the label that was offered is no JSON") from error


def _check_authority(offer: Offer, digest: str, acceptance: str, acts: Sequence[SignedAct]) -> None:
    """The officer's act must be for this copy, this recipient and this payload, and the dispatch for this acceptance.

    Their signatures are checked on entry.
    """
    kinds = {act.statement.type: act.statement for act in acts if act.statement.party == offer.giver}
    authority = kinds.get("transmit") or kinds.get("release")
    if authority is None or "dispatched" not in kinds:
        raise SignatureError(f"copy `{offer.copy}` comes without its officer's act or its dispatch")
    if kinds["dispatched"].body.get("acceptance") != acceptance:
        raise SignatureError(f"copy `{offer.copy}` was dispatched on another acceptance than this node's")
    names = ("level", "subject", "purpose", "label", "contains", "holder", "destination", "via", "under")
    said = {name: authority.body.get(name) for name in names}
    offered = {name: getattr(offer, name) for name in said} | {"contains": list(offer.contains), "via": list(offer.via)}
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
    elif (known.payload_digest, known.core_digest, known.originator) != (
        delivery.payload_digest,
        delivery.core_digest,
        offer.originator,
    ):
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
        # An acceptance is for once: what was rejected under it cannot come again under it.
        tx.put_acceptance(offer.copy, USED)
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
