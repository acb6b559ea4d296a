"""The recipient's own officers at work: re-marking (Article 4.2), the receipt, and opening for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from gsomia.errors import GsomiaError, RefusedError, UsageError
from gsomia.node.acts.signed import SignedAct, instant
from gsomia.node.facts.asserted import Case, item_of, protecting
from gsomia.node.facts.labels import equivalent_label
from gsomia.node.facts.levels import in_force, level_notified
from gsomia.node.facts.words import treaty_mark
from gsomia.node.holding.keyasking import ask_keys, enter_acts
from gsomia.node.ledger import Draft, gather, make
from gsomia.node.node import Acting, KnownKeys, Node, refused
from gsomia.node.record.access import opening_facts, person_at
from gsomia.node.record.keyholding import recall_of, unless_recalled
from gsomia.node.record.store_port import Reader
from gsomia.node.transmission.offers import verdict_digest
from gsomia.node.transmission.releasing import check_marked, held_copy
from gsomia.node.transmission.sending import keeping_refusals, refuse
from gsomia.registry import Copy, Item, Rung
from gsomia.sealed import Statement as ProvenanceStatement
from gsomia.sealed import check_provenance, read, read_provenance
from gsomia.verdict import Facts, Mark, Request, Verdict, decide

__all__ = ["Opening", "ask_open", "mark", "mark_many", "marking", "open_item", "receipt", "receipting"]

_NAMED = 20
"""So many persons are named to one who typed another."""


def mark(node: Node, reference: str, level: str, *, by: Acting) -> SignedAct:
    """Put this Party's own mark, with the providing Government's name, on a received item (Article 4.2).

    Where one foreign grade meets two marks of one's own, the officer's choice is what this act records.

    Args:
        node: the recipient's node.
        reference: control number, item id or copy id.
        level: one of this Party's own marks, as typed.
        by: a registry officer.

    Raises:
        RefusedError: not a mark that the agreement's table gives for the item's level.
    """
    outcome = mark_many(node, [reference], level, by=by)[0]
    if isinstance(outcome, GsomiaError):
        raise outcome
    return outcome


def mark_many(node: Node, references: Sequence[str], level: str, *, by: Acting) -> list[SignedAct | GsomiaError]:
    """Put one mark of this Party's on received items, each judged by itself, under one signature.

    Args:
        node, level, by: as for `mark`.
        references: control numbers, item ids or copy ids.

    Returns:
        For each its act, or why it was not marked.

    Raises:
        RefusedError: the officer may not; nothing is marked.
    """
    at = node.clock.now()
    outcomes: dict[int, SignedAct | GsomiaError] = {}
    drafts: dict[int, Draft] = {}
    against: dict[int, tuple[str, Verdict | RefusedError]] = {}
    # Decided and signed in one transaction: a receipt that comes between would be for another mark.
    with keeping_refusals(node, "mark", at), node.store.writing() as tx:
        node.officer(tx, by, "registry")
        case = Case.of(node, tx)
        own = treaty_mark(case, node.party, level)
        gather(tx, copies=references)
        for number, reference in enumerate(references):
            try:
                copy = held_copy(tx, node, reference)
                draft, verdict = marking(node, tx, case, copy, own, at, settled_by=f"officer {by.officer}")
            except RefusedError as error:
                against[number] = (f"mark {reference}", error)
            except UsageError as error:
                outcomes[number] = error
            else:
                if verdict.outcome == "permit":
                    drafts[number] = draft
                else:
                    against[number] = (f"mark {copy.control_number} as {own}", verdict)
        outcomes |= dict(zip(drafts, make(node, tx, [*drafts.values()], at=at, by=by), strict=True))
    for number, (what, why) in against.items():
        try:
            with keeping_refusals(node, what, at):
                if isinstance(why, RefusedError):
                    raise why
            refuse(node, what, why, at)
        except RefusedError as error:
            outcomes[number] = error
    return [outcomes[number] for number in range(len(references))]


def marking(
    node: Node, tx: Reader, case: Case, copy: Copy, own: str, at: datetime, *, settled_by: str, order: str = ""
) -> tuple[Draft, Verdict]:
    """The act that would mark a copy, and what the agreement says of it.

    Args:
        node, tx: the holder's.
        case: the agreements as they stand.
        copy, own: the copy, and the mark.
        at: the instant.
        settled_by: who or what settled the mark.
        order: the standing order by which the node signs alone, or "".

    Raises:
        RefusedError: the copy has its receipt.
    """
    item = _item(tx, copy)
    _not_receipted(copy)
    foreign = level_notified(tx, item)
    facts = Facts(mark=Mark(level=own, origin=item.originator), established_by={"mark": settled_by})
    under = protecting(case, copy, item)
    request = Request(act="mark", by=node.party, item=item_of(item, level=foreign, received=copy.at), under=under)
    verdict = decide(case.law, request, facts, case.record, at)
    body = {
        "level": own,
        "origin": item.originator,
        "foreign": foreign,
        "label": equivalent_label(item, own, node.party, at).to_json(),
        "verdict": verdict_digest(verdict),
    } | ({"order": order} if order else {})
    draft = Draft(
        type="mark", instrument=copy.instrument, item=copy.item, copy=copy.id, parties=(copy.giver,), body=body
    )
    return draft, verdict


def _ready_for_receipt(copy: Copy) -> None:
    """Check that a copy is marked and has no receipt yet.

    Raises:
        RefusedError: it is not, or has.
    """
    _not_receipted(copy)
    check_marked(copy)


def _not_receipted(copy: Copy) -> None:
    """Check that the receipt has not been signed: there is one, for the contents and marks as they were then.

    Raises:
        RefusedError: it has; names the act.
    """
    signed = copy.rung(Rung.RECEIPTED)
    if signed is not None:
        raise refused("receipted", f"`{copy.control_number}` was receipted by act {signed.act}")


def receipt(node: Node, reference: str, *, by: Acting) -> SignedAct:
    """Sign the receipt: contents and marks were compared; custody passes (Articles 9 and 12, protocol 8).

    Args:
        node: the recipient's node.
        reference: control number, item id or copy id.
        by: a registry officer.

    Raises:
        RefusedError: the item has not been marked yet, or has its receipt.
        VerificationError: the item held is not the one that was registered.
    """
    with keeping_refusals(node, f"receipt of {reference}", node.clock.now()):
        return _receipt(node, reference, by=by)


def _receipt(node: Node, reference: str, *, by: Acting) -> SignedAct:
    with node.store.reading() as reader:
        node.officer(reader, by, "registry")
        copy = held_copy(reader, node, reference)
        item = _item(reader, copy)
    _ready_for_receipt(copy)
    with node.blobs.reading(item.id) as file:
        digest = read(file).payload_digest().hex()
    if digest != item.payload_digest:
        raise refused("contents-differ", f"the item held as `{copy.control_number}` is not the one registered")
    with node.store.writing() as tx:
        # While the item was read, another officer may have signed, or put another mark.
        copy = held_copy(tx, node, copy.id)
        _ready_for_receipt(copy)
        return make(node, tx, [receipting(copy, item)], at=node.clock.now(), by=by)[0]


def receipting(copy: Copy, item: Item, *, order: str = "") -> Draft:
    """The receipt of a marked copy, by an officer or by the standing order that is named."""
    body = {
        "payload_digest": item.payload_digest,
        "control_number": copy.control_number,
        "mark": copy.own_mark,
        "origin": copy.origin_mark,
    }
    return Draft(
        type="receipted",
        instrument=copy.instrument,
        item=copy.item,
        copy=copy.id,
        parties=(copy.giver,),
        body=body | ({"order": order} if order else {}),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """An opening that was done: the copy, the verdict, and what the originator signed."""

    copy: Copy
    item: Item
    verdict: Verdict
    statement: ProvenanceStatement


def ask_open(
    node: Node, reader: Reader, reference: str, person: str, *, at: datetime | None = None
) -> tuple[Copy, Item, Verdict]:
    """Whether a person may open an item, without opening it; what a holder of the key says comes with the opening.

    Args:
        node: the holder's node.
        reader: its store.
        reference: control number, item id or copy id.
        person: who would read.
        at: the instant that is asked, with clearance, need, roster and recall as this node had them then; now where
            it is None.

    Raises:
        UsageError: no such item is held, or it came later; or the person was never entered, or later.
    """
    copy = held_copy(reader, node, reference)
    item = _item(reader, copy)
    if at is not None and at < copy.at:
        raise UsageError(f"`{copy.control_number}` came at {instant(copy.at)}, later than {instant(at)}")
    who = person_at(reader, person, at)
    if who is None:
        known = ", ".join(p.id for p in reader.persons(limit=_NAMED)) or "none"
        then = "" if at is None else f" at {instant(at)}"
        raise UsageError(f"unknown person `{person}`{then}", hint=f"entered: {known}; `gsomia person enter` adds one")
    case = Case.of(node, reader)
    request = Request(
        act="open",
        by=node.party,
        to="person",
        item=item_of(in_force(reader, case, item, copy), received=copy.at),
        under=protecting(case, copy, item),
    )
    now = node.clock.now()
    verdict = decide(case.law, request, opening_facts(reader, who, item, copy, now, at=at), case.record, at or now)
    return copy, item, unless_recalled(verdict, recall_of(reader, item.id, item.originator, until=at))


def open_item(node: Node, reference: str, person: str, sink: IO[bytes]) -> Opening:
    """Open a held item for a person: verdict, every check to the last segment, act in the log, and only then plaintext.

    Args:
        node: the holder's node.
        reference: control number, item id or copy id.
        person: who reads; clearance, need and roster come from the register alone.
        sink: takes the plaintext.

    Raises:
        RefusedError: the agreement refuses, here or at the node that holds the key; the refusal is kept.
        PendingError: the node that holds the key cannot be reached; the opening is kept among those that wait.
        VerificationError: the item does not hold; no plaintext leaves.
    """
    at = node.clock.now()
    with node.store.reading() as reader:
        copy, item, verdict = ask_open(node, reader, reference, person)
        who = reader.person(person)
        assert who is not None  # `ask_open` has seen the person
        facts = opening_facts(reader, who, item, copy, at)
    if verdict.outcome != "permit":
        with node.store.writing() as tx:
            tx.end_pending(copy.id, person)
        refuse(node, f"open {copy.control_number} for {person}", verdict, at)
    with keeping_refusals(node, f"open {copy.control_number} for {person}", at):
        check_marked(copy)
    with node.blobs.reading(item.id) as file:
        sealed = read(file)
        envelope = read_provenance(sealed)
        with node.store.reading() as reader:
            known = KnownKeys(reader, node.party, node.keys.signing.public)
            origin = known.author(item.originator, envelope) if envelope is not None else None
        if envelope is None or origin is None:
            raise refused("origin-unproven", f"`{copy.control_number}`: its origin cannot be proven")
        statement = check_provenance(sealed, envelope, origin)
        keys = ask_keys(node, copy, item, sealed, person=person, facts=facts, verdict=verdict_digest(verdict))
        # The act says that it was opened, so everything that could stop that is looked at before.
        keys.sealed.verify(keys.identities, payload_digest=bytes.fromhex(item.payload_digest))
        with node.store.writing() as tx:
            enter_acts(node, tx, keys.acts, at)
            tx.end_pending(copy.id, person)
            # While the key was asked for, a clearance may have ended, or the item been recalled or opened.
            copy, item, verdict = ask_open(node, tx, copy.id, person)
            body = {"person": person, "verdict": verdict_digest(verdict), "releases": keys.releases}
            drafts = [Draft(type="access", instrument=copy.instrument, item=copy.item, copy=copy.id, body=body)]
            if copy.rung(Rung.OPENED) is None:
                # The originator is told once that the item was opened, never by whom.
                drafts.append(
                    Draft(
                        type="opened",
                        instrument=copy.instrument,
                        item=copy.item,
                        copy=copy.id,
                        parties=(copy.giver,),
                        body={"payload_digest": item.payload_digest},
                    )
                )
            if verdict.outcome == "permit":
                make(node, tx, drafts, at=at)
        if verdict.outcome != "permit":
            refuse(node, f"open {copy.control_number} for {person}", verdict, at)
        keys.sealed.open(keys.identities, sink, payload_digest=bytes.fromhex(item.payload_digest))
    return Opening(copy=copy, item=item, verdict=verdict, statement=statement)


def _item(reader: Reader, copy: Copy) -> Item:
    item = reader.item(copy.item)
    if item is None:
        raise UsageError(f"copy `{copy.id}` stands without its item", hint="run `gsomia verify`")
    return item
