"""The outbox at work: offer, acceptance, content, rungs; and acts for peers. Sent at least once, registered once.

A step takes what is due for one peer, in order. Whatever stops it, the outbox entry stays until the peer's signed
answer is recorded, so the next step begins where this one broke off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from gsomia.errors import GsomiaError, NodeError, PeerError, SignatureError, VerificationError
from gsomia.keys import b64
from gsomia.node.acts import SignedAct, instant, pack, unpack
from gsomia.node.facts import Case
from gsomia.node.keyends import KEY_TYPES
from gsomia.node.ledger import Draft, enter, make, record
from gsomia.node.messages import read_answer, write_message
from gsomia.node.node import Limits, Node
from gsomia.node.offers import Offer, verdict_digest
from gsomia.node.ports import Outgoing, Peer, Reader, Refused, Writer
from gsomia.node.sending import refresh
from gsomia.node.succession import told_key
from gsomia.registry import Copy, CopyState, Custody, Item, Rung
from gsomia.sealed import Recipient, read, rewrap_chunks
from gsomia.verdict import Request, Verdict

__all__ = ["INLINE_BYTES", "dead_letter", "step"]

INLINE_BYTES = 256 * 2**10
"""Sealed items up to this size travel inside the message that delivers them; larger ones are uploaded before it."""

BATCH = 256
"""At most this many outbox entries in one step."""

PART = 64
"""At most this many copies in one offer, and in one delivery."""

FEW = 8
"""At most so many where an earlier attempt broke off: each part that gets through is a step, however bad the way is."""

MESSAGE_BYTES = 4 * 2**20
"""About so much content at most goes with one part, so that a batch of items needs little memory, and little time."""


def step(node: Node, peer: str) -> int:
    """Send what is due for one peer.

    Args:
        node: whose outbox.
        peer: the Party.

    Returns:
        How many outbox entries were settled.

    Raises:
        PeerError: the peer cannot be reached or answered what cannot be used; the entries wait, with the reason.
        NodeError: this node cannot do its part now, such as on a full disk; the entries wait.
    """
    with node.store.reading() as reader:
        due = reader.outgoing(peer=peer, limit=BATCH)
        known = reader.peers().get(peer)
        if node.keys.retired and reader.setting(told_key(peer)) != node.keys.signing.public.fingerprint:
            due = [entry for entry in reader.outgoing(peer=peer) if entry.kind == "key"] or due
    if not due or due[0].next_at > node.clock.machine() or known is None:
        return 0
    # Order is kept per peer: only the run of one kind at the head is taken.
    run = due[: next((i for i, entry in enumerate(due) if entry.kind != due[0].kind), len(due))]
    try:
        return _send_acts(node, known, run) if run[0].kind in ("act", "key") else _send_copies(node, known, run)
    except GsomiaError as error:
        wait = backoff(run[0].attempts, node.limits.retry, node.limits.retry_limit)
        with node.store.writing() as tx:
            for entry in run:
                tx.retry(entry.id, at=node.clock.machine() + wait, error=str(error))
        raise


def _exchange(node: Node, peer: Peer, kind: str, body: Mapping[str, Any], answer: str) -> Mapping[str, Any]:
    message, envelope = write_message(node, peer.party, kind, body, at=node.clock.now())
    reply = node.link(peer.party).exchange(envelope)
    return read_answer(node, reply, message, peer.signing, answer, at=node.clock.now())


def _send_acts(node: Node, peer: Peer, run: Sequence[Outgoing]) -> int:
    with node.store.reading() as reader:
        acts = [act for entry in run if (act := reader.act(entry.subject)) is not None]
        parties = sorted({act.statement.party for act in acts} - {node.party, peer.party})
        witnesses = [act for party in parties for act in officer_acts(reader, party)]
        arrivals = [rung for act in acts for rung in _arrival(node, reader, act)]
    answer = _exchange(node, peer, "acts", {"acts": pack([*witnesses, *arrivals, *acts])}, "recorded")
    refused, recorded = answer.get("refused"), answer.get("recorded")
    if not isinstance(refused, dict) or not isinstance(recorded, list):
        raise PeerError(f"`{peer.party}` did not say which acts it recorded")
    silent = {entry.subject for entry in run} - {*refused, *(act for act in recorded if isinstance(act, str))}
    if silent:
        raise PeerError(f"`{peer.party}` did not say what became of act `{min(silent)}`")
    with node.store.writing() as tx:
        for entry in run:
            if entry.subject in refused:
                why = str(refused[entry.subject])
                tx.put_refused(Refused(at=node.clock.now(), source=peer.party, what=f"act {entry.subject}", why=why))
            elif entry.kind == "key":
                tx.put_setting(told_key(peer.party), node.keys.signing.public.fingerprint)
            tx.done(entry.id)
    return len(run)


def _arrival(node: Node, reader: Reader, act: SignedAct) -> list[SignedAct]:
    """The rungs by which a copy arrived, where an act builds on them: the answer that told them may have been lost."""
    copy = reader.copy(act.statement.copy) if act.statement.copy else None
    if copy is None or copy.holder != node.party or act.statement.party != node.party:
        return []
    rungs = [copy.rung(rung) for rung in (Rung.ACCEPTED, Rung.DELIVERED)]
    return [found for rung in rungs if rung is not None and (found := reader.act(rung.act)) is not None]


def officer_acts(reader: Reader, party: str) -> list[SignedAct]:
    """The acts that enrolled a Party's officers, in order: what another node needs to check their signatures."""
    return [
        act
        for act in reader.acts(types=KEY_TYPES)
        if act.statement.party == party == act.statement.body.get("party", party)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaving:
    """A copy about to leave, with what the peer has to be told and this node's own verdict on it now."""

    entry: Outgoing
    copy: Copy
    item: Item
    offer: Offer
    verdict: Verdict


def _send_copies(node: Node, peer: Peer, run: Sequence[Outgoing]) -> int:
    """Send a run of copies in parts; while the content of one part is on its way, the next is offered."""
    size = FEW if run[0].attempts else PART
    if len(run) <= size:
        part = _offered(node, peer, run)
        _hand_over(node, peer, part)
        return part.taken
    with ThreadPoolExecutor(max_workers=1) as ahead:
        offered = ahead.submit(_offered, node, peer, run[:size])
        position = 0
        while True:
            part = offered.result()
            position += part.taken
            rest = run[position : position + size]
            if rest:
                offered = ahead.submit(_offered, node, peer, rest)
            _hand_over(node, peer, part)
            if not rest:
                return position


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Part of a run, offered: how many of its entries were dealt with, and which copies are ready to go."""

    taken: int
    ready: Sequence[_Leaving]
    again: Sequence[_Leaving]


def _offered(node: Node, peer: Peer, run: Sequence[Outgoing]) -> _Part:
    leaving: list[_Leaving] = []
    stopped: list[_Leaving] = []
    settled: list[Outgoing] = []
    carried = again = 0
    with node.store.reading() as reader:
        at = node.clock.now()
        for entry in run:
            one = _prepare(node, reader, entry, at)
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
            for one in stopped:
                copy = tx.copy(one.copy.id)
                if copy is not None and copy.state is one.copy.state:
                    _refuse(node, tx, copy, one.verdict, at)
            for entry in (*settled, *(one.entry for one in stopped)):
                tx.done(entry.id)
    ready = _offer(node, peer, [one for one in leaving if one.copy.state is not CopyState.DISPATCHED])
    before = [one for one in leaving if one.copy.state is CopyState.DISPATCHED]
    return _Part(taken=len(leaving) + len(settled) + len(stopped), ready=ready, again=before)


def _hand_over(node: Node, peer: Peer, part: _Part) -> None:
    # What was dispatched before may have arrived: its answer was lost, or the node stopped. So the peer is asked first,
    # whatever the agreement says by now, and content moves only where it is missing and still permitted.
    again = part.again
    if again:
        missing = _deliver(node, peer, again, content=False)
        again = _permitted(node, [one for one in again if one.copy.id in missing])
    ready = [*again, *part.ready]
    if ready and _deliver(node, peer, ready, content=True):
        raise PeerError(f"`{peer.party}` says that content it was sent did not arrive")


def _prepare(node: Node, reader: Reader, entry: Outgoing, at: datetime) -> _Leaving | None:
    """Decide once more on a copy about to leave; None where it is on its way no longer."""
    copy = reader.copy(entry.subject)
    item = reader.item(copy.item) if copy is not None else None
    if (
        copy is None
        or item is None
        or copy.state not in (CopyState.AUTHORISED, CopyState.OFFERED, CopyState.DISPATCHED)
    ):
        return None
    question, verdict = refresh(node, reader, copy, item, at)
    offer = _make_offer(node, reader, copy, item, question, verdict, at)
    return _Leaving(entry=entry, copy=copy, item=item, offer=offer, verdict=verdict)


def _permitted(node: Node, asked: Sequence[_Leaving]) -> list[_Leaving]:
    """Of copies that left and did not arrive, those that may still go; the others stop."""
    stopped = [one for one in asked if one.verdict.outcome != "permit"]
    if stopped:
        with node.store.writing() as tx:
            for one in stopped:
                _refuse(node, tx, one.copy, one.verdict, node.clock.now())
                tx.done(one.entry.id)
    return [one for one in asked if one.verdict.outcome == "permit"]


def _refuse(node: Node, tx: Writer, copy: Copy, verdict: Verdict, at: datetime) -> None:
    why = next((ground.text for ground in verdict.grounds if ground.effect != "permit"), verdict.outcome)
    _stop(node, tx, copy, f"{verdict.outcome}: {why}", verdict.to_json(), at)


def _stop(node: Node, tx: Writer, copy: Copy, why: str, detail: Mapping[str, Any], at: datetime) -> None:
    """A copy that is not known to have arrived stops here, by an act of this node's own."""
    draft = Draft(type="stop", instrument=copy.instrument, item=copy.item, copy=copy.id, body={"why": why})
    make(node, tx, [draft], at=at)
    tx.put_refused(Refused(at=at, source=copy.holder, what=f"copy {copy.control_number}", why=why, detail=detail))


def _make_offer(
    node: Node, tx: Reader, copy: Copy, item: Item, question: Request, verdict: Verdict, at: datetime
) -> Offer:
    case = Case.of(node, tx)
    level = question.item.level if question.item is not None else item.level
    return Offer(
        copy=copy.id,
        item=item.id,
        originator=item.originator,
        level=item.level,
        subject=item.subject,
        form=item.form,
        purpose=item.purpose,
        contains=item.contains,
        cites=item.cites,
        label=item.label,
        act=question.act,
        giver=copy.giver,
        holder=copy.holder,
        destination=copy.destination,
        via=copy.via,
        under=question.under or verdict.instrument or "",
        own_level="" if level == item.level else level,
        custody=item.custody,
        holders=item.holders,
        law=dict(verdict.law),
        heads={name: case.record.head(name) for name in sorted(verdict.law)},
        verdict=verdict_digest(verdict),
        sealed_bytes=item.sealed_bytes + 64 * 2**10,
        clock=at,
    )


def _offer(node: Node, peer: Peer, leaving: Sequence[_Leaving]) -> list[_Leaving]:
    """Offer copies; returns those that were accepted, with their dispatch signed and in the log."""
    if not leaving:
        return []
    with node.store.reading() as reader:
        evidence = [act for one in leaving for act in _consents(reader, one.copy, one.item)]
        parties = sorted({act.statement.party for act in evidence} - {peer.party})
        witnesses = [act for party in parties for act in officer_acts(reader, party)]
    body = {"offers": [one.offer.to_json() for one in leaving], "acts": pack([*witnesses, *evidence])}
    answer = _exchange(node, peer, "offers", body, "answers")
    acts = {act.statement.copy: act for act in _read_acts(peer, answer)}
    accepted: list[_Leaving] = []
    with node.store.writing() as tx:
        at = node.clock.now()
        drafts: list[Draft] = []
        new: list[SignedAct] = []
        for one in leaving:
            act = acts.get(one.copy.id)
            if act is None or act.statement.party != peer.party:
                raise PeerError(f"`{peer.party}` gave no answer to the offer of copy `{one.copy.control_number}`")
            if _enter(node, tx, peer, act, at):
                new.append(act)
            if act.statement.type != "acceptance" or act.statement.body.get("offer") != one.offer.digest:
                why = str(act.statement.body.get("why", "the peer answered another offer"))
                _stop(node, tx, one.copy, f"refused by {peer.party}: {why}", dict(act.statement.body), at)
                tx.done(one.entry.id)
                continue
            accepted.append(one)
            drafts.append(
                Draft(
                    type="dispatched",
                    instrument=one.copy.instrument,
                    item=one.item.id,
                    copy=one.copy.id,
                    parties=(peer.party,),
                    body={
                        "acceptance": act.id,
                        "authority": _authority(tx, one.copy).id,
                        "payload_digest": one.item.payload_digest,
                        "verdict": one.offer.verdict,
                    },
                )
            )
        record(node, tx, new, at=at)
        make(node, tx, drafts, at=at, send=False)
    return accepted


def _authority(reader: Reader, copy: Copy) -> SignedAct:
    """The officer's act by which a copy goes."""
    return next(act for act in reader.acts(types=[copy.act], item=copy.item) if act.statement.copy == copy.id)


def _consents(reader: Reader, copy: Copy, item: Item) -> list[SignedAct]:
    """The consents on which a copy may go: those for the item, and for its sources those that name its receiver."""
    found = list(reader.acts(types=["consent"], item=item.id))
    for source in item.cites:
        given = reader.acts(types=["consent"], item=source.item)
        found += [act for act in given if copy.holder in act.statement.body["receivers"]]
    return found


def _read_acts(peer: Peer, body: Mapping[str, Any]) -> list[SignedAct]:
    try:
        return unpack(body.get("acts"))
    except SignatureError as error:
        raise PeerError(f"`{peer.party}` answered with acts that cannot be read: {error}") from error


def _enter(node: Node, tx: Writer, peer: Peer, act: SignedAct, at: datetime) -> bool:
    try:
        return enter(node, tx, act, source=peer.party, at=at) is not None
    except VerificationError as error:
        raise PeerError(f"`{peer.party}` answered with an act that does not hold: {error}") from error


def _deliver(node: Node, peer: Peer, ready: Sequence[_Leaving], *, content: bool) -> set[str]:
    """Deliver copies that were accepted, or ask what became of them.

    Args:
        node: the giver's.
        peer: the holder's.
        ready: the copies.
        content: whether their bytes go along.

    Returns:
        The copies whose content the peer does not have; all others are settled.
    """
    contents: dict[str, str] = {}
    if content:
        contents, spoilt = _contents(node, peer, ready)
        _give_up(node, [one for one in ready if one.copy.id in spoilt], spoilt)
        ready = [one for one in ready if one.copy.id not in spoilt]
        if not ready:
            return set()
    with node.store.reading() as reader:
        acts: list[SignedAct] = []
        for one in ready:
            acts.extend(_travelling(reader, one.copy, one.item))
        parties = sorted({act.statement.party for act in acts} - {peer.party})
        witnesses = [act for party in parties for act in officer_acts(reader, party)]
    # The clock in an offer is that of its sending: an upload takes its time.
    now = node.clock.now()
    deliveries = [
        {
            "offer": replace(one.offer, clock=now).to_json(),
            "title": one.item.title,
            "mime_type": one.item.mime_type,
            "created_at": instant(one.item.created_at),
            "core_digest": one.item.core_digest,
            "payload_digest": one.item.payload_digest,
            "plaintext_bytes": one.item.plaintext_bytes,
        }
        | ({"content": contents[one.copy.id]} if one.copy.id in contents else {})
        for one in ready
    ]
    body = {"deliveries": deliveries, "acts": pack([*witnesses, *acts])}
    answer = _exchange(node, peer, "deliver", body, "delivered")
    told, given = _read_acts(peer, answer), answer.get("missing")
    missing = {copy for copy in given if isinstance(copy, str)} if isinstance(given, list) else set()
    with node.store.writing() as tx:
        at = node.clock.now()
        record(node, tx, [act for act in told if _enter(node, tx, peer, act, at)], at=at)
        for one in ready:
            copy = tx.copy(one.copy.id)
            if copy is not None and copy.state in _SETTLED:
                tx.done(one.entry.id)
            elif one.copy.id not in missing:
                raise PeerError(f"`{peer.party}` did not say what became of copy `{one.copy.id}`")
            if copy is not None and copy.state is CopyState.REJECTED:
                what = f"copy {copy.control_number}"
                tx.put_refused(Refused(at=at, source=peer.party, what=what, why=copy.reason))
    return missing & {one.copy.id for one in ready}


_SETTLED = (CopyState.DELIVERED, CopyState.RECEIPTED, CopyState.OPENED, CopyState.REJECTED)


def _contents(node: Node, peer: Peer, ready: Sequence[_Leaving]) -> tuple[dict[str, str], dict[str, str]]:
    """The sealed items with their keys wrapped for the peer: small ones to go inside a message, large ones uploaded.

    Returns:
        The small ones by copy; and by copy what is wrong with those that no longer hold in this node's own store.
    """
    inside: dict[str, str] = {}
    spoilt: dict[str, str] = {}
    for one in ready:
        try:
            content = _content(node, peer, one)
        except VerificationError as error:
            spoilt[one.copy.id] = str(error)
        except NodeError as error:
            if node.blobs.exists(one.item.id):
                raise
            spoilt[one.copy.id] = str(error)
        else:
            if content:
                inside[one.copy.id] = b64(content)
    return inside, spoilt


def _content(node: Node, peer: Peer, one: _Leaving) -> bytes:
    """One sealed item's bytes, or b"" where it was large and was uploaded."""
    recipient = Recipient(kid=peer.sealing.kid, url=f"gsomia:{peer.party}", key=peer.sealing)
    with node.blobs.reading(one.item.id) as file:
        if one.item.custody is Custody.RECIPIENT:
            total, chunks = rewrap_chunks(file, identities=node.identities, recipients=[recipient])
        else:
            # Its key stays wrapped as it is: for its originator's node alone, or in shares.
            sealed = read(file)
            sealed.check_payload_digest(bytes.fromhex(one.item.payload_digest))
            total, chunks = sealed.sealed_bytes, _pieces(file)
        if total <= INLINE_BYTES:
            return b"".join(chunks)
        node.link(peer.party).upload(one.copy.id, chunks, total)
    return b""


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(INLINE_BYTES):
        yield piece


def _give_up(node: Node, lost: Sequence[_Leaving], why: Mapping[str, str]) -> None:
    """Stop copies whose item no longer holds here: people must look, and nothing else waits for them."""
    if not lost:
        return
    with node.store.writing() as tx:
        for one in lost:
            _stop(node, tx, one.copy, f"the item does not hold in this store: {why[one.copy.id]}", {}, node.clock.now())
            tx.done(one.entry.id)


def _travelling(reader: Reader, copy: Copy, item: Item) -> list[SignedAct]:
    """The acts that go with a copy: the officer's authority, the consents, and the dispatch."""
    own = [act for act in reader.acts(types=[copy.act, "dispatched"], item=item.id) if act.statement.copy == copy.id]
    return [*_consents(reader, copy, item), *own]


def dead_letter(entry: Outgoing, limits: Limits) -> bool:
    """Whether an entry has been tried in vain for so long that people must look: its wait no longer grows.

    It is never given up: it goes on being tried, and its order among those of its peer is kept.
    """
    return entry.attempts > 0 and backoff(entry.attempts - 1, limits.retry, limits.retry_limit) >= limits.retry_limit


def backoff(attempts: int, first: timedelta, limit: timedelta) -> timedelta:
    """How long to wait after so many failed attempts: doubling, up to a limit."""
    return min(first * int(2 ** min(attempts, 20)), limit)
