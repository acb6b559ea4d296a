"""Transmit: documents authorised by an officer, from the question to the signed acts in the log.

The verdict on each comes first; then those permitted are sealed, and items, copies, acts, log and outbox entries
are written in one transaction. One signature and one disk write then serve many, and one document is the ordinary case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

from gsomia.errors import GsomiaError, NodeError, RefusedError, UsageError
from gsomia.node.facts import Case
from gsomia.node.ledger import Draft, make
from gsomia.node.looking import look_over
from gsomia.node.node import Acting, Node, known_peer, new_id
from gsomia.node.ports import Reader
from gsomia.node.sealing import Document, Sending, seal_items
from gsomia.node.sending import (
    ask_transmit,
    authority,
    certified,
    consent_draft,
    discard,
    draw,
    new_copy,
    own_consent,
    own_label,
    refuse,
)
from gsomia.node.stored import Consent
from gsomia.registry import Copy, Item
from gsomia.sealed import Recipient
from gsomia.verdict import Verdict

__all__ = ["transmit", "transmit_many"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Permitted:
    """A document that the agreement lets go."""

    document: Document
    verdict: Verdict
    hop: str
    consents: tuple[Consent, ...]


def transmit(node: Node, source: BinaryIO, sending: Sending, *, by: Acting) -> Copy:
    """Authorise the transmission of one document: verdict, label, seal, act, log and outbox.

    Args:
        node: the sender's node.
        source: the document's bytes, read once to the end.
        sending: what goes where.
        by: a disclosure officer.

    Returns:
        The copy as registered; its state goes on as the peer answers.

    Raises:
        RefusedError: the agreement refuses or is uncertain, or the officer may not; nothing is registered.
        NodeError: the disk does not take it; nothing is registered.
    """
    outcome = transmit_many(node, [(source, sending)], by=by)[0]
    if isinstance(outcome, GsomiaError):
        raise outcome
    return outcome


def transmit_many(node: Node, documents: Sequence[tuple[BinaryIO, Sending]], *, by: Acting) -> list[Copy | GsomiaError]:
    """Authorise the transmission of documents, each judged by itself, together in one transaction.

    Args:
        node: the sender's node.
        documents: each document's bytes, and what goes where.
        by: a disclosure officer; the acts are all this officer's.

    Returns:
        For each document its copy as registered, or why it was not: the agreement refuses it, its words are unknown, or
        it cannot be read.

    Raises:
        RefusedError: the officer may not; nothing is registered.
        NodeError: the disk does not take them; nothing is registered.
    """
    at = node.clock.now()
    outcomes: dict[int, Copy | GsomiaError] = {}
    permitted: dict[int, _Permitted] = {}
    with node.store.reading() as reader:
        node.officer(reader, by, "disclosure")
        case = Case.of(node, reader)
        refusals: list[tuple[int, str, Verdict]] = []
        for number, (source, sending) in enumerate(documents):
            try:
                one, answers = _ask(node, reader, case, source, sending, at)
            except (UsageError, NodeError, RefusedError) as error:
                outcomes[number] = error
                continue
            against = next(((what, answer) for what, answer in answers if answer.outcome != "permit"), None)
            if against is None:
                permitted[number] = one
            else:
                refusals.append((number, *against))
    for number, what, verdict in refusals:
        try:
            refuse(node, what, verdict, at)
        except RefusedError as error:
            outcomes[number] = error
    for number, one in [*permitted.items()]:
        try:
            permitted[number] = replace(one, document=_looked_over(node, documents[number][0], one.document, case))
        except (NodeError, RefusedError) as error:
            outcomes[number] = error
            del permitted[number]
    if permitted:
        sealed = seal_items(node, [one.document for one in permitted.values()])
        items: dict[int, Item] = {}
        for number, result in zip(permitted, sealed, strict=True):
            if isinstance(result, GsomiaError):
                outcomes[number] = result
            else:
                items[number] = result
        try:
            outcomes |= _authorise(node, permitted, items, by=by, at=at)
        except BaseException:
            for item in items.values():
                discard(node, item.id)
            raise
    return [outcomes[number] for number in range(len(documents))]


def _looked_over(node: Node, source: BinaryIO, document: Document, case: Case) -> Document:
    """The document as it was looked over, with what was found."""
    sending = document.sending
    looked, remarks = look_over(
        node, source, sending.mime_type, document.label, case, as_is=sending.as_is, at=document.at
    )
    return replace(document, source=looked, remarks=remarks)


def _ask(
    node: Node, reader: Reader, case: Case, source: BinaryIO, sending: Sending, at: datetime
) -> tuple[_Permitted, list[tuple[str, Verdict]]]:
    """Put one document to the agreement; what comes back may go only if each of the verdicts is a permit."""
    item = new_id()
    hop = sending.via[0] if sending.via else sending.to
    consents = (own_consent(node, sending, item, sending.receivers, at),) if sending.via else ()
    drawn, answers = draw(node, reader, case, sending, sending.receivers, at)
    request, _, verdict = ask_transmit(
        node, reader, sending, at=at, item=item, pending=consents, case=case, drawn=drawn
    )
    if verdict.outcome == "permit":
        known_peer(reader, hop)
    own = Recipient(kid=node.keys.sealing.kid, url=f"gsomia:{node.party}", key=node.keys.sealing.public)
    document = Document(
        source=source,
        sending=sending,
        item=item,
        label=drawn.label if drawn is not None else own_label(node, request, (hop, sending.to), at),
        at=at,
        recipients=[own],
        drawn=drawn,
    )
    one = _Permitted(document=document, verdict=verdict, hop=hop, consents=consents)
    return one, [*answers, (f"transmit to {sending.to}", verdict)]


def _authorise(
    node: Node, permitted: dict[int, _Permitted], items: dict[int, Item], *, by: Acting, at: datetime
) -> dict[int, Copy]:
    """Items, copies, the officer's acts and the outbox entries, in one transaction."""
    copies: dict[int, Copy] = {}
    if not items:
        return copies
    with node.store.writing() as tx:
        drafts: list[Draft] = []
        for number, item in items.items():
            one = permitted[number]
            entry = new_copy(node, tx, one.document.sending, item, one.verdict, hop=one.hop, at=at)
            copies[number] = entry
            drafts.extend(consent_draft(consent, (one.hop,)) for consent in one.consents)
            met = certified(tx, item, one.document.sending.met)
            drafts.append(authority(Case.of(node, tx), entry, item, one.verdict, remarks=one.document.remarks, met=met))
        make(node, tx, drafts, at=at, by=by, send=False)
        for entry in copies.values():
            tx.put_outgoing(entry.holder, "copy", entry.id, node.clock.machine())
    return copies
