"""What a node does with a peer's message: checks it, and hands offers to `judging`, content to `intake`, acts on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gsomia.errors import ClockError, MessageError, NodeError, UsageError, VerificationError
from gsomia.keys import Envelope
from gsomia.node.acts.signed import SignedAct, pack, unpack
from gsomia.node.comparison.rangeanswers import answer_ranges
from gsomia.node.effects.keyends import KEY_TYPES
from gsomia.node.exchange.intake import Delivery, take_deliveries
from gsomia.node.exchange.judging import decide_offer, standing_acceptance
from gsomia.node.exchange.recovering import answer_content, answer_log
from gsomia.node.holding.keyrelease import answer_key_requests
from gsomia.node.holding.revocation import confirm_recalls
from gsomia.node.ledger import SELDOM, Draft, enter, gather, make, record
from gsomia.node.logs.witnessing import answer_checkpoints, told_what_is_kept
from gsomia.node.messages import Message, read_message, write_message
from gsomia.node.node import Node
from gsomia.node.record.stored import Peer, Refused
from gsomia.node.refusals import CLOCK, check_flood, keep, keep_refused, why_of
from gsomia.node.transmission.offers import Offer
from gsomia.node.transmission.underway import heed

__all__ = ["REFUSABLE", "answer", "reply_to"]

MANY = 256
"""At most this many offers or deliveries in one message: they are decided in one transaction, while others wait."""

MANY_ACTS = 2048
"""At most this many acts in one message."""


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
        # It is made durable with what the message leads to. Where that is nothing, a power cut may let the same message
        # be used once more over its sender's own channel, and again it leads to nothing.
        with node.store.writing(durable=False) as tx:
            # Older messages are refused by their clock.
            tx.forget_messages(at - 2 * node.limits.max_skew)
            if not tx.see_message(message.id, peer.party, at):
                raise MessageError(f"message `{message.id}` was used before: a replay")
        kind, body = reply_to(node, peer, message, at)
    except REFUSABLE as error:
        keep_refused(node, peer, CLOCK if isinstance(error, ClockError) else "message", error)
        kind, body = "refusal", {"why": why_of(error)}
    return write_message(node, peer.party, kind, body, at=node.clock.now(), answers=about)[1]


REFUSABLE = (
    VerificationError,
    UsageError,
    LookupError,
    TypeError,
    ValueError,
    ArithmeticError,
    RecursionError,
)
"""Whatever a peer's words lead to ends in a refusal; only what is wrong with this node itself goes further."""


def reply_to(node: Node, peer: Peer, message: Message, at: datetime) -> tuple[str, dict[str, Any]]:
    """What is answered to a message that was read: the type and the body of the answer, still to be signed.

    Raises:
        MessageError, or another of `REFUSABLE`: it cannot be used.
    """
    if message.type not in ("checkpoints", "ask-log") and not told_what_is_kept(node, peer.party):
        raise NodeError(f"`{peer.party}` has not told yet which checkpoints of this node it keeps")
    handler = _HANDLERS.get(message.type)
    if handler is None:
        raise MessageError(f"nothing is answered to a message of type `{message.type}`")
    if message.type in _BY_ACTS:
        with node.store.reading() as reader:
            check_flood(node, reader, peer.party, at)
    answered: tuple[str, dict[str, Any]] = handler(node, peer, message, at)
    return answered


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
    if not acts or _recorded(node, acts):
        return refused
    with node.store.writing() as tx:
        gather(tx, acts)
        taken: list[SignedAct] = []
        for act in acts:
            try:
                with tx.part():
                    if enter(node, tx, act, source=peer.party, at=at) is not None:
                        taken.append(act)
            except VerificationError as error:
                refused[act.id] = why_of(error)
                what = f"act {act.statement.type} {act.id[:64]}"
                keep(node, tx, Refused(at=at, source=peer.party, what=what, why=refused[act.id]))
        record(node, tx, taken, at=at)
        confirm_recalls(node, tx, taken, at)
        heed(node, tx, taken, at)
    return refused


def _recorded(node: Node, acts: Sequence[SignedAct]) -> bool:
    """Whether all these are recorded as they stand: a peer tells of its officers with every delivery."""
    with node.store.reading() as reader:
        reader.prefetch(acts=[act.id for act in acts])
        known = [reader.act(act.id) for act in acts]
    return all(one is not None and one.data == act.data for one, act in zip(known, acts, strict=True))


def _answer_offers(node: Node, peer: Peer, message: Message, at: datetime) -> tuple[str, dict[str, Any]]:
    offers = [Offer.from_json(value) for value in _list(message.body.get("offers"))]
    _take(node, peer, _acts(message), at)
    with node.store.writing() as tx:
        tx.prefetch(copies=[offer.copy for offer in offers], items=[offer.item for offer in offers], types=SELDOM)
        standing: list[SignedAct] = []
        drafts: list[Draft] = []
        for offer in offers:
            if offer.giver != peer.party or offer.holder != node.party:
                raise MessageError(f"an offer of copy `{offer.copy}` that is not from `{peer.party}` to `{node.party}`")
            known = standing_acceptance(tx, offer, at)
            if known is not None:
                standing.append(known)
            else:
                drafts.append(decide_offer(node, tx, peer, offer, at))
        made = make(node, tx, drafts, at=at, send=False)
        for act in made:
            if act.statement.type != "acceptance":
                what = f"offer of item {act.statement.item}"
                why = str(act.statement.body["why"])
                keep(node, tx, Refused(at=at, source=peer.party, what=what, why=why, detail=act.statement.body))
    return "answers", {"acts": pack([*standing, *made])}


def _list(value: object) -> list[Any]:
    if not isinstance(value, list) or len(value) > MANY:
        raise MessageError(f"a list of at most {MANY} was expected")
    return value


def _take_deliveries(node: Node, peer: Peer, message: Message, at: datetime) -> tuple[str, dict[str, Any]]:
    acts = _acts(message)
    _take(node, peer, [act for act in acts if act.statement.type in (*KEY_TYPES, "consent")], at)
    deliveries: dict[str, Delivery] = {}
    for value in _list(message.body.get("deliveries")):
        delivery = Delivery.from_json(value)
        offer = delivery.offer
        if offer.giver != peer.party or offer.holder != node.party:
            raise MessageError(f"a delivery of `{offer.copy}` that is not from `{peer.party}`")
        deliveries.setdefault(offer.copy, delivery)
    results, missing = take_deliveries(node, peer, list(deliveries.values()), acts, at)
    return "delivered", {"acts": pack(results), "missing": missing}


_BY_ACTS = ("offers", "deliver", "ask-keys")
"""Each of what these ask is answered by an act, which stays in the log for ever."""

_HANDLERS: Mapping[str, Any] = {
    "acts": _record_acts,
    "offers": _answer_offers,
    "deliver": _take_deliveries,
    "ask-keys": answer_key_requests,
    "checkpoints": answer_checkpoints,
    "ask-log": answer_log,
    "ask-content": answer_content,
    "ask-ranges": answer_ranges,
}
