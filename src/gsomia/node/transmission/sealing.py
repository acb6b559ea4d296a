"""Documents sealed into the node's store, with their labels and their originator's statement."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from gsomia.errors import GsomiaError
from gsomia.keys import Envelope, sign
from gsomia.marking import Label
from gsomia.node.node import Node, new_id
from gsomia.node.record.approval import Passing
from gsomia.node.record.keyholding import holders_of
from gsomia.node.transmission.derivatives import Drawn
from gsomia.node.transmission.looking import Readable
from gsomia.registry import Custody, Item
from gsomia.sealed import (
    PROVENANCE_TYPE,
    BatchedStatement,
    BegunItem,
    Policy,
    Recipient,
    SealedInfo,
    begin,
    provenance,
    provenance_assertion,
    sign_batch,
)
from gsomia.sealed import label as label_assertion

__all__ = ["Document", "SealedOnce", "Sending", "seal_item", "seal_items"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What an officer wants to send.

    Args:
        to: the Party for whom it is meant.
        via: Parties it passes through, in order; empty for direct.
        level: the mark as typed; it must be one of this Party's marks in the agreement.
        subject, purpose: as the agreement names them.
        title: shown in both registers; never part of the offer.
        under: the instrument, or "" for any that could carry it.
        custody: who holds the key once it is delivered; shares are given by `share`.
        cites: control numbers or ids of items that the document draws on (Article 4.3).
        contains: other Parties whose information is in it, as the officer states, though it cites no item of theirs.
        as_is: the officer sends the document although it is active, encrypted or broken; the act says so.
        met: the consents, by id, whose conditions the officer certifies to have met.
        answers: the request for information, by id, that it answers, or "".
    """

    to: str
    level: str
    subject: str
    purpose: str
    title: str = ""
    mime_type: str = "application/octet-stream"
    via: tuple[str, ...] = ()
    under: str = ""
    custody: Custody = Custody.RECIPIENT
    cites: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    as_is: bool = False
    met: tuple[str, ...] = ()
    answers: str = ""

    @property
    def receivers(self) -> tuple[str, ...]:
        """Who would get it, those on the way too."""
        return (*self.via, self.to)

    def passing(self, party: str, receivers: Sequence[str]) -> Passing:
        """What passes from a Party to these receivers, as a consent must fit it."""
        return Passing(giver=party, receivers=tuple(receivers), purpose=self.purpose, met=frozenset(self.met))

    def parts(self, party: str, drawn: Drawn | None) -> tuple[str, ...]:
        """Whose information the document holds: the writer's, its sources', and what the officer states.

        Args:
            party: the writer.
            drawn: what the document takes over from its sources, where it has any.
        """
        found = drawn.contains if drawn is not None else (party,)
        return tuple(dict.fromkeys((*found, *self.contains)))


@dataclass(slots=True, kw_only=True)
class SealedOnce:
    """A document whose officer signs elsewhere: sealed when its act is prepared, entered so when that is signed.

    Its sealed file stays until whoever prepared the act discards it.

    Args:
        item: the new item's id.
        consent: the id of the consent that the same officer gives, "" until it is known.
        info: what was sealed, or None before.
        remarks: what a look at the document found.
    """

    item: str = field(default_factory=new_id)
    consent: str = ""
    info: SealedInfo | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document to be sealed.

    Args:
        source: its bytes, read to the end.
        sending: what is sent.
        item: the new item's id.
        label: what it carries.
        at: when.
        recipients: to whom the key, or its shares, are wrapped.
        holders: the Parties that hold shares of the key.
        drawn: what it takes over from the items that it draws on, where it does.
        remarks: what a look at it found.
        once: where its officer signs elsewhere; what was sealed by it is not sealed again.
    """

    source: Readable
    sending: Sending
    item: str
    label: Label
    at: datetime
    recipients: Sequence[Recipient]
    holders: Sequence[str] = ()
    drawn: Drawn | None = None
    remarks: tuple[str, ...] = ()
    once: SealedOnce | None = None


def seal_item(node: Node, document: Document) -> Item:
    """Seal one document; see `seal_items`.

    Raises:
        NodeError: it cannot be read, or the disk does not take it.
    """
    sealed = seal_items(node, [document])[0]
    if isinstance(sealed, GsomiaError):
        raise sealed
    return sealed


def seal_items(node: Node, documents: Sequence[Document]) -> list[Item | GsomiaError]:
    """Seal documents with their labels and one signed statement of their originator into the node's store.

    Args:
        node: the originator's.
        documents: one or more, each with an item id of its own.

    Returns:
        For each document its item, durable and not yet registered; or what is wrong with that document alone.

    Raises:
        NodeError: the disk does not take them; none is left.
    """
    sealed: dict[str, Item | GsomiaError] = {}
    begun: list[tuple[Document, BegunItem]] = []
    finished: list[tuple[Document, SealedInfo]] = []
    try:
        with node.blobs.together() as write, ExitStack() as writing:
            for document in documents:
                if document.once is not None and document.once.info is not None:
                    sealed[document.item] = _item(node, document, document.once.info)
                    continue
                try:
                    with ExitStack() as own:
                        sink = own.enter_context(write(document.item))
                        begun.append(_begin(node, document, sink))
                        writing.push(own.pop_all())
                except GsomiaError as error:
                    sealed[document.item] = error
            signed = _sign(node, [_statement(node, document, one) for document, one in begun])
            for (document, one), statement in zip(begun, signed, strict=True):
                info = one.finish(provenance_assertion(statement))
                sealed[document.item] = _item(node, document, info)
                finished.append((document, info))
    except BaseException:
        for document in documents:
            if document.once is None or document.once.info is None:
                node.blobs.remove(document.item)
        raise
    for document, info in finished:
        if document.once is not None:
            document.once.info = info
    return [sealed[document.item] for document in documents]


def _begin(node: Node, document: Document, sink: BinaryIO) -> tuple[Document, BegunItem]:
    begun = begin(
        document.source,
        sink,
        recipients=document.recipients,
        policy=Policy(uuid=document.item),
        mime_type=document.sending.mime_type,
        assertions=[label_assertion(document.label.to_ocl())],
    )
    return document, begun


def _statement(node: Node, document: Document, begun: BegunItem) -> bytes:
    return provenance(
        item=document.item,
        label=document.label.to_ocl(),
        policy=Policy(uuid=document.item),
        payload_digest=begun.payload_digest,
        core_digest=begun.core_digest,
        exercise=node.exercise,
    )


def _sign(node: Node, statements: Sequence[bytes]) -> Sequence[Envelope | BatchedStatement]:
    """One signature for all; a single item carries its envelope plain, as public tools read it."""
    if len(statements) > 1:
        return sign_batch(statements, node.keys.signing)
    return [sign(statement, PROVENANCE_TYPE, [node.keys.signing]) for statement in statements]


def _item(node: Node, document: Document, info: SealedInfo) -> Item:
    sending, drawn = document.sending, document.drawn
    return Item(
        id=document.item,
        originator=node.party,
        level=document.label.classification,
        subject=sending.subject,
        form="electronic",
        purpose=sending.purpose,
        contains=sending.parts(node.party, drawn),
        title=sending.title,
        mime_type=sending.mime_type,
        label=json.dumps(document.label.to_ocl(), ensure_ascii=False, sort_keys=True),
        payload_digest=info.payload_digest.hex(),
        core_digest=info.core_digest.hex(),
        plaintext_bytes=info.plaintext_bytes,
        sealed_bytes=info.sealed_bytes,
        created_at=document.at,
        exercise=node.exercise,
        custody=sending.custody,
        holders=holders_of(sending.custody, node.party, document.holders),
        cites=drawn.cites if drawn is not None else (),
        statement=drawn.statement if drawn is not None else "",
    )
