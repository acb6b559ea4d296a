"""What leaves for a peer, by wire or by parcel: copies judged once more, what is said of them, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gsomia.errors import AnswerError, SignatureError, VerificationError
from gsomia.keys import PublicKey
from gsomia.node.acts.signed import SignedAct, instant, pack, unpack
from gsomia.node.effects.keyends import KEY_TYPES
from gsomia.node.effects.orders import note_refused, note_taken
from gsomia.node.effects.registering import AUTHORITIES
from gsomia.node.facts.asserted import Case, heads_of
from gsomia.node.ledger import Draft, enter, gather, record
from gsomia.node.node import Node
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.record.stored import Outgoing, Peer, Refused
from gsomia.node.record.succession import told_key
from gsomia.node.refusals import WHY_CHARACTERS
from gsomia.node.transmission.offers import Offer, verdict_digest
from gsomia.node.transmission.releasing import refresh
from gsomia.node.transmission.stopping import Stop, stop_copies
from gsomia.registry import GONE, Copy, CopyState, Item, Rung
from gsomia.verdict import Request, Verdict

__all__ = [
    "MESSAGE_BYTES",
    "PART",
    "SETTLED",
    "Leaving",
    "acts_body",
    "authority_of",
    "deliveries_body",
    "dispatch",
    "enter_answered",
    "give_up",
    "offers_body",
    "prepare",
    "read_acts",
    "settle_acts",
    "settle_deliveries",
]


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
        act = tx.act(entry.subject)
        if entry.subject in refused:
            why = str(refused[entry.subject])[:WHY_CHARACTERS]
            tx.put_refused(Refused(at=node.clock.now(), source=peer.party, what=f"act {entry.subject}", why=why))
            note_refused(tx, act, why)
        elif entry.kind == "key" and act is not None:
            # Not the key in use now: another may have taken its place while the answer was under way.
            told = PublicKey.from_json(act.statement.body["signing"])
            tx.put_setting(told_key(peer.party), told.fingerprint)
        tx.done(entry.id)
    taken = {entry.subject for entry in run} & named - refused.keys()
    note_taken(tx, node.party, peer.party, taken.__contains__)
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
