"""Transmit: documents authorised by an officer, from the question to the signed acts in the log.

The verdict on each comes first; then those permitted are sealed, and items, copies, acts, log and outbox entries
are written in one transaction. One signature and one disk write then serve many, and one document is the ordinary case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

from gsomia.errors import GsomiaError, NodeError, RefusedError, UsageError
from gsomia.node.facts.asserted import Case
from gsomia.node.ledger import Draft, Signing, make, make_each
from gsomia.node.node import Acting, Node, known_peer, new_id
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.record.stored import Consent
from gsomia.node.transmission.looking import look_over
from gsomia.node.transmission.requests import check_answer
from gsomia.node.transmission.sealing import Document, SealedOnce, Sending, seal_items
from gsomia.node.transmission.sending import (
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
from gsomia.node.transmission.wrapping import own_recipient
from gsomia.registry import Copy, Item
from gsomia.verdict import Verdict

__all__ = ["transmit", "transmit_many", "transmit_together"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Permitted:
    """A document that the agreement lets go."""

    document: Document
    verdict: Verdict
    hop: str
    consents: tuple[Consent, ...]


def transmit(node: Node, source: BinaryIO, sending: Sending, *, by: Acting, once: SealedOnce | None = None) -> Copy:
    """Authorise the transmission of one document: verdict, label, seal, act, log and outbox.

    Args:
        node: the sender's node.
        source: the document's bytes, read once to the end.
        sending: what goes where.
        by: a disclosure officer.
        once: where the officer signs elsewhere; what was sealed by it is not read again.

    Returns:
        The copy as registered; its state goes on as the peer answers.

    Raises:
        RefusedError: the agreement refuses or is uncertain, or the officer may not; nothing is registered.
        NodeError: the disk does not take it; nothing is registered.
    """
    outcome = _transmit(node, [(source, sending)], by=by, once=[once])[0]
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
    return _transmit(node, documents, by=by, once=[None] * len(documents))


def _transmit(
    node: Node, documents: Sequence[tuple[BinaryIO, Sending]], *, by: Acting, once: Sequence[SealedOnce | None]
) -> list[Copy | GsomiaError]:
    at = node.clock.now()
    permitted, errors = _permitted(node, documents, by=by, at=at, once=once)
    outcomes: dict[int, Copy | GsomiaError] = {**errors}
    if permitted:
        items, failed = _sealed(node, permitted)
        outcomes |= failed
        with _kept(node, permitted, items):
            if items:
                with node.store.writing() as tx:
                    outcomes |= _authorise(node, tx, permitted, items, by=by, at=at)
    return [outcomes[number] for number in range(len(documents))]


def transmit_together(
    node: Node,
    documents: Sequence[tuple[BinaryIO, Sending]],
    *,
    by: Acting,
    bind: Callable[[Writer, Sequence[Copy]], Signing],
    once: Sequence[SealedOnce | None] = (),
) -> list[Copy]:
    """Authorise the transmission of documents all or none, each under a signature of its own, and what binds them.

    Args:
        node: the sender's node.
        documents: each document's bytes, and what goes where.
        by: a disclosure officer.
        bind: what makes one thing of the copies, entered in the same transaction: either all is there or nothing.
        once: for each document, where the officers sign elsewhere; what was sealed by it is not read again.

    Returns:
        The copies as registered, in the order of their documents.

    Raises:
        RefusedError: the agreement refuses one or is uncertain, or the officer may not; nothing is registered.
        NodeError: the disk does not take them; nothing is registered.
    """
    at = node.clock.now()
    permitted, errors = _permitted(node, documents, by=by, at=at, once=once or [None] * len(documents))
    for error in errors.values():
        raise error
    items, failed = _sealed(node, permitted)
    with _kept(node, permitted, items):
        for error in failed.values():
            raise error
        with node.store.writing() as tx:
            drafted = [_draft(node, tx, permitted[number], item, at) for number, item in items.items()]
            copies = [copy for copy, _ in drafted]
            signings = [Signing(drafts=drafts, by=by, send=False) for _, drafts in drafted]
            make_each(node, tx, [*signings, bind(tx, copies)], at=at)
            _put_out(node, tx, copies)
    return copies


def _permitted(
    node: Node,
    documents: Sequence[tuple[BinaryIO, Sending]],
    *,
    by: Acting,
    at: datetime,
    once: Sequence[SealedOnce | None],
) -> tuple[dict[int, _Permitted], dict[int, GsomiaError]]:
    """The documents that may go, looked over, by their place among all; and why the others may not."""
    errors: dict[int, GsomiaError] = {}
    permitted: dict[int, _Permitted] = {}
    with node.store.reading() as reader:
        node.officer(reader, by, "disclosure")
        case = Case.of(node, reader)
        refusals: list[tuple[int, str, Verdict]] = []
        for number, (source, sending) in enumerate(documents):
            try:
                one, answers = _ask(node, reader, case, source, sending, at, once[number])
            except (UsageError, NodeError, RefusedError) as error:
                errors[number] = error
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
            errors[number] = error
    for number, one in [*permitted.items()]:
        try:
            permitted[number] = replace(one, document=_looked_over(node, documents[number][0], one.document, case))
        except (NodeError, RefusedError) as error:
            errors[number] = error
            del permitted[number]
    return permitted, errors


def _sealed(node: Node, permitted: dict[int, _Permitted]) -> tuple[dict[int, Item], dict[int, GsomiaError]]:
    """The items that were sealed, and why others were not, by the place of their documents."""
    results = seal_items(node, [one.document for one in permitted.values()])
    items: dict[int, Item] = {}
    failed: dict[int, GsomiaError] = {}
    for number, result in zip(permitted, results, strict=True):
        if isinstance(result, GsomiaError):
            failed[number] = result
        else:
            items[number] = result
    return items, failed


@contextmanager
def _kept(node: Node, permitted: Mapping[int, _Permitted], items: Mapping[int, Item]) -> Iterator[None]:
    """Keep the sealed files of items if what is within comes to its end, and discard them otherwise."""
    try:
        yield
    except BaseException:
        for number, item in items.items():
            if permitted[number].document.once is None:
                discard(node, item.id)
        raise


def _looked_over(node: Node, source: BinaryIO, document: Document, case: Case) -> Document:
    """The document as it was looked over, with what was found."""
    sending, once = document.sending, document.once
    if once is not None and once.info is not None:
        return replace(document, remarks=once.remarks)
    looked, remarks = look_over(
        node, source, sending.mime_type, document.label, case, as_is=sending.as_is, at=document.at
    )
    if once is not None:
        once.remarks = remarks
    return replace(document, source=looked, remarks=remarks)


def _ask(
    node: Node,
    reader: Reader,
    case: Case,
    source: BinaryIO,
    sending: Sending,
    at: datetime,
    once: SealedOnce | None,
) -> tuple[_Permitted, list[tuple[str, Verdict]]]:
    """Put one document to the agreement; what comes back may go only if each of the verdicts is a permit."""
    if sending.answers:
        check_answer(node, reader, sending.answers, sending.receivers)
    item = new_id() if once is None else once.item
    hop = sending.via[0] if sending.via else sending.to
    consents = (own_consent(node, sending, item, sending.receivers, at, once=once),) if sending.via else ()
    drawn, answers = draw(node, reader, case, sending, sending.receivers, at)
    request, _, verdict = ask_transmit(
        node, reader, sending, at=at, item=item, pending=consents, case=case, drawn=drawn
    )
    if verdict.outcome == "permit":
        known_peer(reader, hop)
    own = own_recipient(node)
    document = Document(
        source=source,
        sending=sending,
        item=item,
        label=drawn.label if drawn is not None else own_label(node, request, (hop, sending.to), at),
        at=at,
        recipients=[own],
        drawn=drawn,
        once=once,
    )
    one = _Permitted(document=document, verdict=verdict, hop=hop, consents=consents)
    return one, [*answers, (f"transmit to {sending.to}", verdict)]


def _authorise(
    node: Node, tx: Writer, permitted: dict[int, _Permitted], items: dict[int, Item], *, by: Acting, at: datetime
) -> dict[int, Copy]:
    """Items, copies, the officer's acts under one signature, and the outbox entries, in the open transaction."""
    drafted = {number: _draft(node, tx, permitted[number], item, at) for number, item in items.items()}
    make(node, tx, [one for _, drafts in drafted.values() for one in drafts], at=at, by=by, send=False)
    copies = {number: copy for number, (copy, _) in drafted.items()}
    _put_out(node, tx, copies.values())
    return copies


def _draft(node: Node, tx: Writer, one: _Permitted, item: Item, at: datetime) -> tuple[Copy, list[Draft]]:
    """A copy of an item that may go, and the officer's acts by which it does."""
    sending = one.document.sending
    copy = new_copy(node, tx, sending, item, one.verdict, hop=one.hop, at=at)
    drafts = [consent_draft(consent, (one.hop,)) for consent in one.consents]
    met = certified(tx, item, sending.met)
    remarks, answers = one.document.remarks, sending.answers
    drafts.append(authority(Case.of(node, tx), copy, item, one.verdict, remarks=remarks, met=met, answers=answers))
    return copy, drafts


def _put_out(node: Node, tx: Writer, copies: Iterable[Copy]) -> None:
    for copy in copies:
        tx.put_outgoing(copy.holder, "copy", copy.id, node.clock.machine())
