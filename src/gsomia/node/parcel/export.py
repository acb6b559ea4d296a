"""A parcel is made: all that is open towards one peer, in order, as the wire would say it (docs/spec/parcel.md).

What was carried and not answered goes again with the next one, so a parcel that is lost takes nothing with it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from gsomia.node.acts.signed import SignedAct, read_instant
from gsomia.node.comparison.summaries import summary_pages, to_ask
from gsomia.node.effects.leftovers import remove_leftovers
from gsomia.node.exchange.recovering import contents_asked, log_pages
from gsomia.node.ledger import make
from gsomia.node.logs.witnessing import kept_of, open_requests
from gsomia.node.messages import message_keys, write_message
from gsomia.node.node import Node, known_peer, new_id
from gsomia.node.parcel.form import Contents, ParcelWriter
from gsomia.node.parcel.taking_in import lost_count
from gsomia.node.record.lognames import halt_of
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import Carried, Outgoing, Peer, Question, Reply
from gsomia.node.transmission.leaving import (
    MESSAGE_BYTES,
    PART,
    Leaving,
    acts_body,
    deliveries_body,
    dispatch,
    give_up,
    offers_body,
    prepare,
)
from gsomia.node.transmission.meanwhile import judged_again
from gsomia.node.transmission.payloads import contents_of, upload_again
from gsomia.node.transmission.stopping import Stop, stop_copies
from gsomia.registry import CopyState
from gsomia.sealed import ParcelKey

__all__ = ["Made", "export_parcel"]

ACTS = 256
"""At most so many acts in one message, beside those that are needed to check them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A parcel that was made.

    Args:
        number: among this node's parcels for the peer.
        offered, delivered, acts, answers: what went with it.
        left: entries of the outbox that wait: for an answer that must come first, or for room in the next parcel.
    """

    number: int
    offered: int
    delivered: int
    acts: int
    answers: int
    left: int


@dataclass(slots=True)
class _Load:
    """What goes in one message: entries of the outbox of one kind, in their order."""

    kind: str
    entries: list[Outgoing] = field(default_factory=list)
    copies: list[Leaving] = field(default_factory=list)
    held: int = 0

    def takes(self, kind: str, size: int) -> bool:
        """Whether another entry goes in the same message."""
        most = ACTS if kind == "acts" else PART
        fits = len(self.entries) < most and (kind != "deliver" or self.held + size <= MESSAGE_BYTES)
        return self.kind == kind and fits


@dataclass(slots=True)
class _Plan:
    """What is to go, and what is settled without going.

    Args:
        place: that of the act recorded last when it was made.
        halted: nothing is recorded in the log with the peer: its own is asked for, and nothing else goes.
        compares: what is asked of the peer's set, to compare it with this side's.
        told: a parcel is made though nothing is open: the peer has lost count of its own.
    """

    place: int = 0
    halted: bool = False
    compares: dict[str, Any] | None = None
    told: bool = False
    loads: list[_Load] = field(default_factory=list)
    accepted: list[tuple[Leaving, SignedAct]] = field(default_factory=list)
    stopped: list[Leaving] = field(default_factory=list)
    settled: list[Outgoing] = field(default_factory=list)
    replies: Sequence[Reply] = ()
    left: int = 0

    @property
    def empty(self) -> bool:
        """Whether nothing is to be said but that something was received."""
        asks = self.halted or self.compares is not None
        return not (self.loads or self.replies or asks or self.told)

    def put(self, kind: str, entry: Outgoing, copy: Leaving | None = None) -> None:
        """One more entry, behind those before it."""
        size = copy.item.sealed_bytes if copy is not None else 0
        if not self.loads or not self.loads[-1].takes(kind, size):
            self.loads.append(_Load(kind))
        load = self.loads[-1]
        load.entries.append(entry)
        load.held += size
        if copy is not None:
            load.copies.append(copy)

    def keep_back(self, copies: Collection[str]) -> None:
        """Copies whose content does not go after all."""
        for load in [one for one in self.loads if one.kind == "deliver"]:
            load.copies = [one for one in load.copies if one.copy.id not in copies]
            load.entries = [entry for entry in load.entries if entry.subject not in copies]
        self.loads = [load for load in self.loads if load.entries]
        self.accepted = [(one, act) for one, act in self.accepted if one.copy.id not in copies]


def export_parcel(
    node: Node, party: str, place: Callable[[int], AbstractContextManager[BinaryIO]], *, new_only: bool = False
) -> Made | None:
    """Make a parcel for a peer.

    Args:
        node: the sender.
        party: the peer.
        place: opens the file for the parcel of this number; it is durable under its name when the block ends well.
        new_only: leave out what an earlier parcel carried and nobody answered yet.

    Returns:
        What was made, or None where there is nothing to carry.

    Raises:
        UsageError: not an enrolled peer.
        NodeError: one whose key was declared compromised; or the disk does not take it.
    """
    at = node.clock.now()
    with node.store.reading() as reader:
        known_peer(reader, party)
        peer = reader.peers()[party]
        before = reader.parcels(party)
        plan = _plan(node, reader, peer, at, new_only=new_only)
        requests = open_requests(node, reader, peer)
        lost = reader.setting(lost_count(party))
    taken = [parcel for parcel in before if parcel.direction == "in"]
    made = [parcel for parcel in before if parcel.direction == "out"]
    seen = taken[-1].number if taken else 0
    told = made[-1].seen if made else 0
    owed = any(parcel.parts and parcel.number > told for parcel in taken)
    plan.told |= bool(lost)
    _decide(node, peer, plan, at)
    remove_leftovers(node)
    if plan.empty and not (requests or owed):
        return None
    # A register that was restored from an old backup learns from its peer which numbers it had given.
    number = max((p.number if p.direction == "out" else p.seen for p in before), default=0) + 1
    with place(number) as sink:
        writer = ParcelWriter(sink, ParcelKey.new(peer.sealing))
        questions, gone = _write(node, peer, plan, writer, at)
        contents = writer.finish(
            lambda parts: Contents(
                id=new_id(),
                number=number,
                sender=node.party,
                recipient=party,
                at=at,
                exercise=node.exercise,
                seen=seen,
                kid=peer.sealing.kid,
                key=writer.key.wrapped,
                parts=parts,
            ),
            message_keys(node, party),
        )
        # Before the file has its name: no number is ever used for two of them.
        with node.store.writing() as tx:
            tx.put_parcel(
                Carried(
                    peer=party,
                    direction="out",
                    number=number,
                    id=contents.id,
                    made_at=at,
                    at=at,
                    parts=len(contents.parts),
                    seen=seen,
                )
            )
            if lost:
                tx.put_setting(lost_count(party), "")
            for question in questions:
                tx.put_question(question)
            tx.forget_parcels(at - 2 * node.limits.parcel_age)
    with node.store.writing() as tx:
        entries = [entry.id for load in gone for entry in load.entries]
        tx.carried(entries, [reply.id for reply in plan.replies], number)
    return Made(
        number=number,
        offered=_count(gone, "offers"),
        delivered=_count(gone, "deliver"),
        acts=_count(gone, "acts"),
        answers=len(plan.replies),
        left=plan.left,
    )


def _count(loads: Sequence[_Load], kind: str) -> int:
    return sum(len(load.entries) for load in loads if load.kind == kind)


def _plan(node: Node, reader: Reader, peer: Peer, at: datetime, *, new_only: bool) -> _Plan:
    """What of the outbox goes: acts in their order, copies that were accepted, and offers of the others."""
    replies = [r for r in reader.replies(peer.party) if not (new_only and r.parcel)]
    plan = _Plan(
        place=reader.last_place(), replies=replies, halted=bool(halt_of(reader, node.log_name(reader, peer.party)))
    )
    if plan.halted:
        return plan
    plan.compares = to_ask(reader, peer.party)
    # What is said of an item waits until the item itself has gone.
    waiting: set[str] = set()
    # What is signed by a new key is understood only by one who knows of it.
    for entry in sorted(reader.outgoing(peer=peer.party), key=lambda one: one.kind != "key"):
        if entry.kind in ("content", "ask-content"):
            if entry.kind == "content" and not _here(node, reader, entry):
                plan.settled.append(entry)
            elif not (new_only and entry.parcel):
                plan.put(entry.kind, entry)
            continue
        if entry.kind != "copy":
            act = reader.act(entry.subject)
            if act is not None and act.statement.item in waiting and entry.kind != "key":
                plan.left += 1
            elif not (new_only and entry.parcel):
                plan.put("acts", entry)
            continue
        one = prepare(node, reader, entry, at)
        if one is None:
            plan.settled.append(entry)
        elif one.copy.state is CopyState.DISPATCHED:
            if not (new_only and entry.parcel):
                # Where it may go no longer, the peer is only asked whether it has come.
                plan.put("deliver" if one.verdict.outcome == "permit" else "ask", entry, one)
        elif one.verdict.outcome != "permit":
            plan.stopped.append(one)
        elif (acceptance := _acceptance(reader, peer, one, at)) is not None:
            plan.accepted.append((one, acceptance))
            plan.put("deliver", entry, one)
        else:
            waiting.add(one.item.id)
            if not (new_only and entry.parcel):
                plan.put("offers", entry, one)
    return plan


def _here(node: Node, reader: Reader, entry: Outgoing) -> bool:
    copy = reader.copy(entry.subject)
    return copy is not None and node.blobs.exists(copy.item)


def _acceptance(reader: Reader, peer: Peer, one: Leaving, at: datetime) -> SignedAct | None:
    """The peer's acceptance of this very offer, while it is valid."""
    for act in reader.acts(types=["acceptance"], item=one.item.id):
        said = act.statement
        this = (said.party, said.copy, said.body.get("offer")) == (peer.party, one.copy.id, one.offer.digest)
        if this and read_instant(said.body["valid_until"]) >= at:
            return act
    return None


def _decide(node: Node, peer: Peer, plan: _Plan, at: datetime) -> None:
    """What this node decided, by acts: copies that stop, and the dispatch of those that were accepted.

    What was recorded since the plan was made counts: content goes only where it may go still, by the same offer.
    """
    going = [one for load in plan.loads if load.kind == "deliver" for one in load.copies]
    if not (plan.stopped or plan.settled or going):
        return
    with node.store.writing() as tx:
        offered = {one.copy.id: one.offer.digest for one in going}
        late = judged_again(node, tx, going, plan.place, at)
        plan.keep_back({copy for copy, one in late.items() if one is None or not _goes(one, offered[copy])})
        stop_copies(node, tx, [Stop.own(one.copy, one.verdict) for one in plan.stopped], at)
        for entry in (*plan.settled, *(one.entry for one in plan.stopped)):
            tx.done(entry.id)
        drafts = [dispatch(peer, one, acceptance) for one, acceptance in plan.accepted]
        make(node, tx, drafts, at=at, send=False)
        # That its offer was carried says nothing of its content.
        tx.carried([one.entry.id for one, _ in plan.accepted], [], 0)


def _goes(one: Leaving, offered: str) -> bool:
    return one.verdict.outcome == "permit" and one.offer.digest == offered


def _write(
    node: Node, peer: Peer, plan: _Plan, writer: ParcelWriter, at: datetime
) -> tuple[list[Question], list[_Load]]:
    """Write what goes; returns what was asked with it, and what of the plan went."""
    questions: list[Question] = []
    gone: list[_Load] = []

    def ask(kind: str, body: dict[str, Any], **kept: Any) -> None:
        message, envelope = write_message(node, peer.party, kind, body, at=at)
        writer.message(envelope)
        questions.append(Question(message=message.id, peer=peer.party, kind=kind, at=at, body=kept))

    with node.store.reading() as reader:
        kept, requests = kept_of(node, reader, peer), open_requests(node, reader, peer)
    if kept and (requests or not plan.empty):
        # First of all, so that a node that was restored records nothing more on a log of which something is missing.
        writer.message(write_message(node, peer.party, "checkpoints", {"requests": [], "kept": kept}, at=at)[1])
    for reply in plan.replies:
        for body in _said(node, peer, reply, plan.replies):
            writer.message(write_message(node, peer.party, reply.kind, body, at=at, answers=reply.answers)[1])
    if plan.halted:
        ask("ask-log", {"from": 0})
    if plan.compares is not None:
        ask("ask-summary", plan.compares, **plan.compares)
    for load in plan.loads:
        if writer.room < len(load.entries) + 2:
            plan.left += len(load.entries)
            continue
        gone.append(load)
        for kind, body in _bodies(node, peer, load, writer, at):
            ask(kind, body)
    with node.store.reading() as reader:
        requests = open_requests(node, reader, peer)
    if requests:
        texts = [request.to_bytes().decode() for request in requests]
        ask("checkpoints", {"requests": texts}, requests=texts)
    return questions, gone


def _said(node: Node, peer: Peer, reply: Reply, replies: Sequence[Reply]) -> Iterator[Mapping[str, Any]]:
    """An answer as it goes: a log is shown as it stands now, and once, however often it was asked for."""
    if reply.kind not in ("log", "summary"):
        yield reply.body
    elif reply is not [one for one in replies if one.kind == reply.kind][-1]:
        return
    elif reply.kind == "summary":
        yield from summary_pages(node, peer, reply.body["ranges"])
    else:
        with node.store.reading() as reader:
            yield from log_pages(node, reader, peer, reply.body["from"])


def _bodies(
    node: Node, peer: Peer, load: _Load, writer: ParcelWriter, at: datetime
) -> Iterator[tuple[str, dict[str, Any]]]:
    if load.kind == "acts":
        with node.store.reading() as reader:
            yield "acts", acts_body(node, reader, peer, load.entries)
    elif load.kind == "offers":
        with node.store.reading() as reader:
            yield "offers", offers_body(reader, peer, load.copies)
    elif load.kind == "ask-content":
        yield "ask-content", contents_asked(load.entries)
    elif load.kind == "content":
        with node.store.reading() as reader:
            found = [(c.id, reader.item(c.item)) for e in load.entries if (c := reader.copy(e.subject)) is not None]
        for copy, item in found:
            if item is not None:
                upload_again(node, peer, copy, item, lambda copy, chunks, _size, _same: writer.content(copy, chunks))
    else:
        contents: dict[str, str] = {}
        ready: Sequence[Leaving] = load.copies
        if load.kind == "deliver":
            contents, spoilt = contents_of(
                node, peer, ready, lambda copy, chunks, _size, _same: writer.content(copy, chunks)
            )
            give_up(node, [one for one in ready if one.copy.id in spoilt], spoilt)
            ready = [one for one in ready if one.copy.id not in spoilt]
        if ready:
            with node.store.reading() as reader:
                yield "deliver", deliveries_body(reader, peer, ready, contents, at)
