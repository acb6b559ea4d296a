"""What leaves for a peer, by wire or by parcel: copies judged once more, what is said of them, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, BinaryIO

from gsomia.errors import AnswerError, NodeError, SignatureError, VerificationError
from gsomia.keys import b64
from gsomia.node.acts.signed import SignedAct, Statement, instant, pack, unpack
from gsomia.node.effects.keyends import KEY_TYPES
from gsomia.node.effects.orders import note_refused
from gsomia.node.effects.registering import AUTHORITIES
from gsomia.node.facts.asserted import Case, heads_of
from gsomia.node.ledger import Draft, enter, gather, make, record
from gsomia.node.node import Node
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.record.stored import Outgoing, Peer, Refused
from gsomia.node.record.succession import told_key
from gsomia.node.refusals import WHY_CHARACTERS
from gsomia.node.transmission.offers import Offer, verdict_digest
from gsomia.node.transmission.releasing import refresh
from gsomia.registry import GONE, Copy, CopyState, Custody, Item, Rung
from gsomia.sealed import Recipient, read, rewrap_chunks
from gsomia.verdict import Request, Verdict

__all__ = [
    "INLINE_BYTES",
    "MESSAGE_BYTES",
    "PART",
    "SETTLED",
    "Leaving",
    "Stop",
    "Upload",
    "acts_body",
    "authority_of",
    "contents_of",
    "deliveries_body",
    "dispatch",
    "enter_answered",
    "give_up",
    "offers_body",
    "prepare",
    "read_acts",
    "settle_acts",
    "settle_deliveries",
    "stop_copies",
    "upload_again",
]

INLINE_BYTES = 256 * 2**10
"""Sealed items up to this size travel inside the message that delivers them; larger ones are uploaded before it."""

MESSAGE_BYTES = 4 * 2**20
"""About so much content at most goes with one part, so that a batch of items needs little memory, and little time."""

PART = 64
"""At most this many copies in one offer, and in one delivery."""


def acts_body(node: Node, reader: Reader, peer: Peer, run: Sequence[Outgoing]) -> dict[str, Any]:
    """The body of a message `acts`: acts for a peer, and what it needs to check them."""
    reader.prefetch(acts=[entry.subject for entry in run])
    acts = [act for entry in run if (act := reader.act(entry.subject)) is not None]
    gather(reader, [act for act in acts if act.statement.party == node.party], types=())
    parties = sorted({act.statement.party for act in acts} - {node.party, peer.party})
    witnesses = [act for party in parties for act in officer_acts(reader, party)]
    arrivals = [rung for act in acts for rung in arrival(node, reader, act)]
    return {"acts": pack([*witnesses, *arrivals, *acts])}


def settle_acts(node: Node, tx: Writer, peer: Peer, run: Sequence[Outgoing], answer: Mapping[str, Any]) -> set[str]:
    """Settle those acts of which a peer's answer `recorded` says what became of them.

    Returns:
        The acts that it does not name.

    Raises:
        AnswerError: it is no such answer.
    """
    refused, recorded = answer.get("refused"), answer.get("recorded")
    if not isinstance(refused, dict) or not isinstance(recorded, list):
        raise AnswerError(f"`{peer.party}` did not say which acts it recorded")
    named = {*refused, *(act for act in recorded if isinstance(act, str))}
    for entry in run:
        if entry.subject not in named:
            continue
        if entry.subject in refused:
            why = str(refused[entry.subject])[:WHY_CHARACTERS]
            tx.put_refused(Refused(at=node.clock.now(), source=peer.party, what=f"act {entry.subject}", why=why))
            note_refused(tx, tx.act(entry.subject), why)
        elif entry.kind == "key":
            tx.put_setting(told_key(peer.party), node.keys.signing.public.fingerprint)
        tx.done(entry.id)
    return {entry.subject for entry in run} - named


def arrival(node: Node, reader: Reader, act: SignedAct) -> list[SignedAct]:
    """The rungs by which a copy arrived, where an act builds on them: the answer that told them may have been lost."""
    said = act.statement
    if said.party != node.party or not said.copy:
        return []
    found = reader.copies(item=said.item) if said.type == "release" else [reader.copy(said.copy)]
    held = [copy for copy in found if copy is not None and copy.holder == node.party]
    rungs = [copy.rung(rung) for copy in held for rung in (Rung.ACCEPTED, Rung.DELIVERED)]
    return [rung_act for rung in rungs if rung is not None and (rung_act := reader.act(rung.act)) is not None]


def officer_acts(reader: Reader, party: str) -> list[SignedAct]:
    """The acts that enrolled a Party's officers, in order: what another node needs to check their signatures."""
    return [
        act
        for act in reader.acts(types=KEY_TYPES)
        if act.statement.party == party == act.statement.body.get("party", party)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A copy about to leave, with what the peer has to be told and this node's own verdict on it now."""

    entry: Outgoing
    copy: Copy
    item: Item
    authority: SignedAct
    offer: Offer
    verdict: Verdict


def prepare(node: Node, reader: Reader, entry: Outgoing, at: datetime) -> Leaving | None:
    """Decide once more on a copy about to leave; None where it is on its way no longer."""
    copy = reader.copy(entry.subject)
    item = reader.item(copy.item) if copy is not None else None
    if (
        copy is None
        or item is None
        or copy.state not in (CopyState.AUTHORISED, CopyState.OFFERED, CopyState.DISPATCHED)
    ):
        return None
    authority = authority_of(reader, copy)
    said = authority.statement.body
    question, verdict = refresh(node, reader, copy, item, tuple(said["met"]), at)
    offer = make_offer(node, reader, copy, item, question, verdict, at, said)
    return Leaving(entry=entry, copy=copy, item=item, authority=authority, offer=offer, verdict=verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A copy that is not known to have arrived, and why it stops here.

    Args:
        copy: which.
        why: in words.
        detail: the verdict or the peer's words, or nothing.
        by: the peer that refused it; "" where this node stops it by itself.
    """

    copy: Copy
    why: str
    detail: Mapping[str, Any]
    by: str = ""

    @classmethod
    def own(cls, copy: Copy, verdict: Verdict) -> Stop:
        """This node's own verdict no longer lets it go."""
        return cls(copy=copy, why=f"{verdict.outcome}: {verdict.against}", detail=verdict.to_json())

    @classmethod
    def refused(cls, copy: Copy, statement: Statement) -> Stop:
        """The peer answered its offer with a refusal."""
        why = str(statement.body.get("why", "the peer answered another offer"))
        return cls(
            copy=copy, why=f"refused by {statement.party}: {why}", detail=dict(statement.body), by=statement.party
        )


def stop_copies(node: Node, tx: Writer, stops: Sequence[Stop], at: datetime) -> None:
    """Stop copies by acts of this node's own, under one signature; whoever knows of them is told.

    The originator is, and the holder that was to get a copy where it has accepted that one: to any other it is not
    announced that there was one.
    """
    drafts = [
        Draft(
            type="stop",
            instrument=stop.copy.instrument,
            item=stop.copy.item,
            copy=stop.copy.id,
            parties=_concerned(node, tx, stop),
            body={"why": stop.why, "to": stop.copy.destination},
        )
        for stop in stops
    ]
    make(node, tx, drafts, at=at)
    for stop in stops:
        what = f"copy {stop.copy.control_number}"
        tx.put_refused(Refused(at=at, source=stop.by or node.party, what=what, why=stop.why, detail=stop.detail))


def _concerned(node: Node, tx: Reader, stop: Stop) -> tuple[str, ...]:
    copy, item = stop.copy, tx.item(stop.copy.item)
    accepted = tx.acts(types=["acceptance"], item=copy.item)
    told = {act.statement.party for act in accepted if act.statement.copy == copy.id}
    if item is not None:
        told.add(item.originator)
    return tuple(sorted(told & {*tx.peers()}))


def make_offer(
    node: Node,
    tx: Reader,
    copy: Copy,
    item: Item,
    question: Request,
    verdict: Verdict,
    at: datetime,
    said: Mapping[str, Any],
) -> Offer:
    """The offer of a copy: the question, the law and record that it was decided on, and the verdict (protocol 2).

    Args:
        node: the giver's node.
        tx: its store.
        copy, item: what is offered, as registered.
        question: what the agreement was asked.
        verdict: what it answered.
        at: the instant of the offer.
        said: what the officer's act says by which it goes.
    """
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
        mark=said["mark"],
        met=tuple(sorted(said["met"])),
        custody=item.custody,
        holders=item.holders,
        law=dict(verdict.law),
        heads=heads_of(case, verdict.law),
        verdict=verdict_digest(verdict),
        sealed_bytes=item.sealed_bytes + 64 * 2**10,
        clock=at,
    )


def offers_body(reader: Reader, peer: Peer, leaving: Sequence[Leaving]) -> dict[str, Any]:
    """The body of a message `offers`: the questions, and the acts that their verdicts rest on."""
    gather(reader, copies=[one.copy.id for one in leaving], types=("consent",))
    evidence = [act for one in leaving for act in consents_of(reader, one.copy, one.item)]
    parties = sorted({act.statement.party for act in evidence} - {peer.party})
    witnesses = [act for party in parties for act in officer_acts(reader, party)]
    return {"offers": [one.offer.to_json() for one in leaving], "acts": pack([*witnesses, *evidence])}


def dispatch(peer: Peer, one: Leaving, acceptance: SignedAct) -> Draft:
    """The act by which a copy that was accepted leaves."""
    return Draft(
        type="dispatched",
        instrument=one.copy.instrument,
        item=one.item.id,
        copy=one.copy.id,
        parties=(peer.party,),
        body={
            "acceptance": acceptance.id,
            "authority": one.authority.id,
            "payload_digest": one.item.payload_digest,
            "verdict": one.offer.verdict,
        },
    )


def authority_of(reader: Reader, copy: Copy) -> SignedAct:
    """The officer's act by which a copy goes."""
    return next(act for act in reader.acts(types=[copy.act], item=copy.item) if act.statement.copy == copy.id)


def consents_of(reader: Reader, copy: Copy, item: Item) -> list[SignedAct]:
    """The consents on which a copy may go: those for the item, and for its sources those that name its receiver."""
    return [*reader.acts(types=["consent"], item=item.id), *_consents_of_sources(reader, copy, item)]


def _consents_of_sources(reader: Reader, copy: Copy, item: Item) -> list[SignedAct]:
    given = [act for source in item.cites for act in reader.acts(types=["consent"], item=source.item)]
    return [act for act in given if copy.holder in act.statement.body["receivers"]]


def deliveries_body(
    reader: Reader, peer: Peer, ready: Sequence[Leaving], contents: Mapping[str, str], at: datetime
) -> dict[str, Any]:
    """The body of a message `deliver`.

    Args:
        reader: the giver's store.
        peer: the holder's.
        ready: the copies.
        contents: the small ones' sealed bytes in base64, by copy.
        at: the clock in an offer is that of its sending: an upload takes its time.
    """
    gather(reader, copies=[one.copy.id for one in ready], types=(*AUTHORITIES, "consent", "dispatched"))
    acts: list[SignedAct] = []
    for one in ready:
        acts.extend(travelling(reader, one.copy, one.item))
    parties = sorted({act.statement.party for act in acts} - {peer.party})
    witnesses = [act for party in parties for act in officer_acts(reader, party)]
    deliveries = [
        {
            "offer": replace(one.offer, clock=at).to_json(),
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
    return {"deliveries": deliveries, "acts": pack([*witnesses, *acts])}


SETTLED = (CopyState.DELIVERED, CopyState.RECEIPTED, CopyState.OPENED, CopyState.REJECTED, *GONE)
"""The states of a copy of which its holder's node has said what became of it."""


def settle_deliveries(
    node: Node, tx: Writer, peer: Peer, run: Sequence[Outgoing], answer: Mapping[str, Any]
) -> set[str]:
    """Record the rungs and rejections of a peer's answer `delivered`, and settle the copies that they are of.

    Returns:
        The copies whose content is missing there.

    Raises:
        AnswerError: its acts cannot be read or do not hold.
    """
    told, given = read_acts(peer, answer), answer.get("missing")
    at = node.clock.now()
    gather(tx, told, copies=[entry.subject for entry in run])
    record(node, tx, [act for act in told if enter_answered(node, tx, peer, act, at)], at=at)
    for entry in run:
        copy = tx.copy(entry.subject)
        if copy is not None and copy.state in SETTLED:
            tx.done(entry.id)
        if copy is not None and copy.state is CopyState.REJECTED:
            what = f"copy {copy.control_number}"
            tx.put_refused(Refused(at=at, source=peer.party, what=what, why=copy.reason))
    return {copy for copy in given if isinstance(copy, str)} if isinstance(given, list) else set()


def read_acts(peer: Peer, body: Mapping[str, Any]) -> list[SignedAct]:
    """The acts in a peer's answer.

    Raises:
        AnswerError: they cannot be read.
    """
    try:
        return unpack(body.get("acts"))
    except SignatureError as error:
        raise AnswerError(f"`{peer.party}` answered with acts that cannot be read: {error}") from error


def enter_answered(node: Node, tx: Writer, peer: Peer, act: SignedAct, at: datetime) -> bool:
    """Enter an act of a peer's answer, still to be logged; whether it is new.

    Raises:
        AnswerError: it does not hold.
    """
    try:
        return enter(node, tx, act, source=peer.party, at=at) is not None
    except VerificationError as error:
        raise AnswerError(f"`{peer.party}` answered with an act that does not hold: {error}") from error


Upload = Callable[[str, Iterable[bytes], int, int], None]
"""Takes a large sealed item on its way: its copy, its bytes, how many they are, and how many are always the same."""


@contextmanager
def _sealed_for(node: Node, peer: Peer, item: Item) -> Iterator[tuple[int, int, Iterable[bytes]]]:
    """A sealed item's length, its payload's, and its bytes, the payload first; its key is wrapped for the peer."""
    recipient = Recipient(kid=peer.sealing.kid, url=f"gsomia:{peer.party}", key=peer.sealing)
    with node.blobs.reading(item.id) as file:
        if item.custody is Custody.RECIPIENT:
            yield rewrap_chunks(file, identities=node.identities, recipients=[recipient])
        else:
            # Its key stays wrapped as it is: for its originator's node alone, or in shares.
            sealed = read(file)
            sealed.check_payload_digest(bytes.fromhex(item.payload_digest))
            yield sealed.sealed_bytes, sealed.payload_bytes, pieces(file)


def upload_again(node: Node, peer: Peer, copy: str, item: Item, upload: Upload) -> None:
    """Send a sealed item's bytes to a peer that holds the copy and lost them."""
    with _sealed_for(node, peer, item) as (total, same, chunks):
        upload(copy, chunks, total, same)


def _content_of(node: Node, peer: Peer, one: Leaving, upload: Upload) -> bytes:
    """One sealed item's bytes, its key wrapped for the peer; b"" where it is large and was handed on."""
    with _sealed_for(node, peer, one.item) as (total, same, chunks):
        if total <= INLINE_BYTES:
            return b"".join(chunks)
        upload(one.copy.id, chunks, total, same)
    return b""


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """A file from its beginning, in pieces of at most `INLINE_BYTES`."""
    file.seek(0)
    while piece := file.read(INLINE_BYTES):
        yield piece


def contents_of(
    node: Node, peer: Peer, ready: Sequence[Leaving], upload: Upload
) -> tuple[dict[str, str], dict[str, str]]:
    """The sealed items, their keys wrapped for the peer: small ones to go in a message, large ones handed to `upload`.

    Returns:
        The small ones by copy; and by copy what is wrong with those that no longer hold in this node's own store.
    """
    inside: dict[str, str] = {}
    spoilt: dict[str, str] = {}
    for one in ready:
        try:
            content = _content_of(node, peer, one, upload)
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


def give_up(node: Node, lost: Sequence[Leaving], why: Mapping[str, str]) -> None:
    """Stop copies whose item no longer holds here: people must look, and nothing else waits for them."""
    if not lost:
        return
    with node.store.writing() as tx:
        stops = [
            Stop(copy=one.copy, why=f"the item does not hold in this store: {why[one.copy.id]}", detail={})
            for one in lost
        ]
        stop_copies(node, tx, stops, node.clock.now())
        for one in lost:
            tx.done(one.entry.id)


def travelling(reader: Reader, copy: Copy, item: Item) -> list[SignedAct]:
    """The acts that go with a copy: the officer's authority, the consents, and the dispatch."""
    found = list(reader.acts(types=["consent", copy.act, "dispatched"], item=item.id))
    consents = [act for act in found if act.statement.type == "consent"]
    own = [act for act in found if act.statement.type != "consent" and act.statement.copy == copy.id]
    return [*consents, *_consents_of_sources(reader, copy, item), *own]
