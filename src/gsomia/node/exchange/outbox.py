"""The outbox at work: offer, acceptance, content, rungs; and acts for peers. Sent at least once, registered once.

A step takes what is due for one peer, in order. Whatever stops it, the outbox entry stays until the peer's signed
answer is recorded, so the next step begins where this one broke off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from gsomia.errors import AnswerError, GsomiaError, PeerError
from gsomia.node.acts.signed import SignedAct
from gsomia.node.effects.registering import AUTHORITIES
from gsomia.node.exchange.recovering import PAGE, contents_asked, settle_asked
from gsomia.node.ledger import SELDOM, Draft, gather, make, record
from gsomia.node.logs.witnessing import ask_witness
from gsomia.node.messages import link_to, read_answer, write_message
from gsomia.node.node import Limits, Node, known_peer
from gsomia.node.record.lognames import unless_halted
from gsomia.node.record.stored import Outgoing, Peer, Refused
from gsomia.node.record.succession import told_key
from gsomia.node.refusals import keep, why_of
from gsomia.node.transmission.leaving import (
    MESSAGE_BYTES,
    PART,
    SETTLED,
    Leaving,
    acts_body,
    deliveries_body,
    dispatch,
    enter_answered,
    give_up,
    offers_body,
    prepare,
    read_acts,
    settle_acts,
    settle_deliveries,
)
from gsomia.node.transmission.meanwhile import judged_again
from gsomia.node.transmission.payloads import contents_of, upload_again
from gsomia.node.transmission.stopping import Stop, stop_copies
from gsomia.registry import CopyState

__all__ = ["dead_letter", "step", "try_now"]

BATCH = 512
"""At most this many outbox entries in one step, with those that come while it goes on."""

FEW = 8
"""At most so many where an earlier attempt broke off: each part that gets through is a step, however bad the way is."""


def step(node: Node, peer: str) -> int:
    """Send what is due for one peer.

    Args:
        node: whose outbox.
        peer: the Party.

    Returns:
        How many outbox entries were settled.

    Raises:
        PeerError: the peer cannot be reached or answered what cannot be used; the entries wait, with the reason.
        AnswerError: its answer does not hold, which is kept as refused.
        NodeError: this node cannot do its part now, such as on a full disk; the entries wait.
    """
    with node.store.reading() as reader:
        unless_halted(reader, node.log_name(reader, peer))
        due = reader.outgoing(peer=peer, limit=BATCH)
        known = reader.peers().get(peer)
        keys = node.keys
        if keys.retired and reader.setting(told_key(peer)) != keys.signing.public.fingerprint:
            due = [entry for entry in reader.outgoing(peer=peer) if entry.kind == "key"] or due
    if not due or due[0].next_at > node.clock.machine() or known is None:
        return 0
    # Order is kept per peer: only the run of one kind at the head is taken.
    run = _of_kind(due, due[0].kind)
    try:
        if peer in node.unasked:
            # What waits has a wait of its own, which is over.
            node.unasked.put_off(peer, node.clock.machine())
            ask_witness(node, peer)
        if peer in node.unasked:
            return 0
        if run[0].kind == "content":
            return _send_contents(node, known, run)
        if run[0].kind == "ask-content":
            return _ask_contents(node, known, run[:PAGE])
        return _send_acts(node, known, run) if run[0].kind in ("act", "key") else _send_copies(node, known, run)
    except GsomiaError as error:
        wait = node.limits.backoff(run[0].attempts)
        with node.store.writing() as tx:
            for entry in run:
                tx.retry(entry.id, at=node.clock.machine() + wait, error=str(error))
            if isinstance(error, AnswerError):
                keep(node, tx, Refused(at=node.clock.now(), source=peer, what="answer", why=why_of(error)))
        raise


def _of_kind(due: Iterable[Outgoing], kind: str) -> list[Outgoing]:
    return [*takewhile(lambda entry: entry.kind == kind, due)]


def _exchange(node: Node, peer: Peer, kind: str, body: Mapping[str, Any], answer: str) -> Mapping[str, Any]:
    message, envelope = write_message(node, peer.party, kind, body, at=node.clock.now())
    reply = link_to(node, peer).exchange(envelope)
    return read_answer(node, reply, message, peer.signing, answer, at=node.clock.now())


def _send_acts(node: Node, peer: Peer, run: Sequence[Outgoing]) -> int:
    with node.store.reading() as reader:
        body = acts_body(node, reader, peer, run)
    answer = _exchange(node, peer, "acts", body, "recorded")
    with node.store.writing() as tx:
        silent = settle_acts(node, tx, peer, run, answer)
        if silent:
            raise AnswerError(f"`{peer.party}` did not say what became of act `{min(silent)}`")
    return len(run)


def _ask_contents(node: Node, peer: Peer, run: Sequence[Outgoing]) -> int:
    """Ask a peer to send once more the contents of copies that it gave and that were lost here."""
    answer = _exchange(node, peer, "ask-content", contents_asked(run), "recorded")
    with node.store.writing() as tx:
        settle_asked(tx, peer, run, answer, node.clock.now())
    return len(run)


def _send_contents(node: Node, peer: Peer, run: Sequence[Outgoing]) -> int:
    """Send once more the contents of copies that the peer holds and whose bytes it lost."""
    with node.store.reading() as reader:
        found = [(copy, reader.item(copy.item)) for entry in run if (copy := reader.copy(entry.subject)) is not None]
    for copy, item in found:
        if item is not None and node.blobs.exists(item.id):
            upload_again(node, peer, copy.id, item, link_to(node, peer).upload)
    with node.store.writing() as tx:
        for entry in run:
            tx.done(entry.id)
    return len(run)


def _send_copies(node: Node, peer: Peer, run: list[Outgoing]) -> int:
    """Send a run of copies in parts.

    While the peer takes one part in, the next is offered and made ready, and the one before is settled. What comes
    meanwhile is added to the run, so that the peer need not wait for another step to begin.
    """
    size = FEW if run[0].attempts else PART
    if len(run) <= size:
        part = _made_ready(node, peer, run)
        _settle(node, peer, _hand_over(node, peer, part))
        return part.taken
    with ThreadPoolExecutor(max_workers=1) as ahead, ThreadPoolExecutor(max_workers=1) as behind:
        coming = ahead.submit(_made_ready, node, peer, run[:size])
        settling: Future[None] | None = None
        position = 0
        while True:
            part = coming.result()
            position += part.taken
            if position + size > len(run):
                with node.store.reading() as reader:
                    since = reader.outgoing(peer=peer.party, after=run[-1].id, limit=max(BATCH - len(run), 1))
                run += _of_kind(since[: BATCH - len(run)], run[0].kind)
            rest = run[position : position + size]
            if rest:
                coming = ahead.submit(_made_ready, node, peer, rest)
            told = _hand_over(node, peer, part)
            if settling is not None:
                settling.result()
            settling = behind.submit(_settle, node, peer, told)
            if not rest:
                settling.result()
                return position


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Part of a run, offered: how many of its entries were dealt with, and which copies are ready to go.

    Args:
        contents: the small ones' sealed bytes in base64, by copy; large ones were uploaded.
        again: those that were dispatched before.
        place: that of the act recorded last when they were judged.
    """

    taken: int
    place: int
    ready: Sequence[Leaving]
    contents: Mapping[str, str]
    again: Sequence[Leaving]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What the peer answered to a delivery of these copies, still to be settled."""

    ready: Sequence[Leaving]
    answer: Mapping[str, Any]


def _made_ready(node: Node, peer: Peer, run: Sequence[Outgoing]) -> _Part:
    """Offer a part of a run; what is accepted is dispatched, and its key wrapped for the peer."""
    leaving: list[Leaving] = []
    stopped: list[Leaving] = []
    settled: list[Outgoing] = []
    carried = again = 0
    with node.store.reading() as reader:
        at, place = node.clock.now(), reader.last_place()
        gather(reader, copies=[entry.subject for entry in run], types=(*AUTHORITIES, *SELDOM))
        for entry in run:
            one = prepare(node, reader, entry, at)
            if one is None:
                settled.append(entry)
            elif one.verdict.outcome != "permit" and one.copy.state is not CopyState.DISPATCHED:
                stopped.append(one)
            else:
                again += one.copy.state is CopyState.DISPATCHED
                carried += one.item.sealed_bytes
                if leaving and (carried > MESSAGE_BYTES or again > FEW):
                    break
                leaving.append(one)
    if settled or stopped:
        with node.store.writing() as tx:
            standing = [(tx.copy(one.copy.id), one) for one in stopped]
            stops = [Stop.own(c, one.verdict) for c, one in standing if c is not None and c.state is one.copy.state]
            stop_copies(node, tx, stops, at)
            for entry in (*settled, *(one.entry for one in stopped)):
                tx.done(entry.id)
    accepted = _offer(node, peer, [one for one in leaving if one.copy.state is not CopyState.DISPATCHED], place)
    before = [one for one in leaving if one.copy.state is CopyState.DISPATCHED]
    ready, contents = _wrapped(node, peer, accepted)
    taken = len(leaving) + len(settled) + len(stopped)
    return _Part(taken=taken, place=place, ready=ready, contents=contents, again=before)


def _wrapped(node: Node, peer: Peer, accepted: Sequence[Leaving]) -> tuple[list[Leaving], dict[str, str]]:
    """The copies whose content holds here, and the small ones' bytes for the peer; the others are given up."""
    if not accepted:
        return [], {}
    contents, spoilt = contents_of(node, peer, accepted, link_to(node, peer).upload)
    give_up(node, [one for one in accepted if one.copy.id in spoilt], spoilt)
    return [one for one in accepted if one.copy.id not in spoilt], contents


def _hand_over(node: Node, peer: Peer, part: _Part) -> _Told | None:
    """Deliver the contents of a part; what the peer answered is still to be settled."""
    # What was dispatched before may have arrived: its answer was lost, or the node stopped. So the peer is asked first,
    # whatever the agreement says by now, and content moves only where it is missing and still permitted.
    ready, contents = [*part.ready], {**part.contents}
    if part.again:
        missing = _settled(node, peer, _deliver(node, peer, part.again, {}))
        again = _permitted(node, [one for one in part.again if one.copy.id in missing], part.place)
        again, found = _wrapped(node, peer, again)
        ready, contents = [*again, *ready], contents | found
    return _deliver(node, peer, ready, contents) if ready else None


def _permitted(node: Node, asked: Sequence[Leaving], place: int) -> list[Leaving]:
    """Of copies that left and did not arrive, those that may still go; the others stop."""
    if not asked:
        return []
    with node.store.writing() as tx:
        at = node.clock.now()
        late = judged_again(node, tx, asked, place, at)
        found = [(one, late.get(one.copy.id, one)) for one in asked]
        stopped = [one for _, one in found if one is not None and one.verdict.outcome != "permit"]
        stop_copies(node, tx, [Stop.own(one.copy, one.verdict) for one in stopped], at)
        for one, now in found:
            if now is None or now in stopped:
                tx.done(one.entry.id)
    return [one for _, one in found if one is not None and one not in stopped]


def _offer(node: Node, peer: Peer, leaving: Sequence[Leaving], place: int) -> list[Leaving]:
    """Offer copies; returns those that were accepted, with their dispatch signed and in the log.

    What was recorded meanwhile counts: a copy that may go no longer stops, one whose offer would be another now waits
    to be offered anew.
    """
    if not leaving:
        return []
    with node.store.reading() as reader:
        body = offers_body(reader, peer, leaving)
    answer = _exchange(node, peer, "offers", body, "answers")
    acts = {act.statement.copy: act for act in read_acts(peer, answer)}
    accepted: list[Leaving] = []
    with node.store.writing() as tx:
        at = node.clock.now()
        gather(tx, [*acts.values(), *(one.authority for one in leaving)])
        late = judged_again(node, tx, leaving, place, at)
        drafts: list[Draft] = []
        new: list[SignedAct] = []
        stops: list[Stop] = []
        for one in leaving:
            act, now = acts.get(one.copy.id), late.get(one.copy.id, one)
            if act is None or act.statement.party != peer.party:
                raise AnswerError(f"`{peer.party}` gave no answer to the offer of copy `{one.copy.control_number}`")
            if enter_answered(node, tx, peer, act, at):
                new.append(act)
            taken = act.statement.type == "acceptance" and act.statement.body.get("offer") == one.offer.digest
            if now is not None and taken and now.verdict.outcome == "permit":
                if now.offer.digest == one.offer.digest:
                    accepted.append(now)
                    drafts.append(dispatch(peer, now, act))
                continue
            if now is not None:
                stops.append(Stop.own(now.copy, now.verdict) if taken else Stop.refused(now.copy, act.statement))
            tx.done(one.entry.id)
        record(node, tx, new, at=at)
        stop_copies(node, tx, stops, at)
        make(node, tx, drafts, at=at, send=False)
    return accepted


def _deliver(node: Node, peer: Peer, ready: Sequence[Leaving], contents: Mapping[str, str]) -> _Told:
    """Deliver copies that were accepted; without contents and uploads the peer says what became of them."""
    with node.store.reading() as reader:
        body = deliveries_body(reader, peer, ready, contents, node.clock.now())
    return _Told(ready=ready, answer=_exchange(node, peer, "deliver", body, "delivered"))


def _settle(node: Node, peer: Peer, told: _Told | None) -> None:
    """Settle copies whose content went along."""
    if told is not None and _settled(node, peer, told):
        raise PeerError(f"`{peer.party}` says that content it was sent did not arrive")


def _settled(node: Node, peer: Peer, told: _Told) -> set[str]:
    """Record what the peer answered to a delivery.

    Returns:
        The copies whose content the peer does not have; all others are settled.
    """
    with node.store.writing() as tx:
        missing = settle_deliveries(node, tx, peer, [one.entry for one in told.ready], told.answer)
        for one in told.ready:
            copy = tx.copy(one.copy.id)
            if (copy is None or copy.state not in SETTLED) and one.copy.id not in missing:
                raise AnswerError(f"`{peer.party}` did not say what became of copy `{one.copy.id}`")
    return missing & {one.copy.id for one in told.ready}


def try_now(node: Node, peer: str) -> int:
    """Have what waits for a peer tried at once, whatever wait its failures have led to; order is kept.

    Args:
        node: whose outbox.
        peer: an enrolled peer.

    Returns:
        How many entries wait.

    Raises:
        UsageError: it is no enrolled peer.
        NodeError: its node's key was declared compromised.
    """
    with node.store.writing() as tx:
        known_peer(tx, peer)
        tx.hasten(peer, node.clock.machine())
        return len(tx.outgoing(peer=peer))


def dead_letter(entry: Outgoing, limits: Limits) -> bool:
    """Whether an entry has been tried in vain for so long that people must look: its wait no longer grows.

    It is never given up: it goes on being tried, and its order among those of its peer is kept.
    """
    return entry.attempts > 0 and limits.backoff(entry.attempts - 1) >= limits.retry_limit
