"""Documents looked over before they are sealed or shown: what is active, and marks that contradict the label."""

from __future__ import annotations

import io
from datetime import datetime
from typing import BinaryIO, Protocol

from gsomia.errors import DataError, NodeError
from gsomia.marking import Label
from gsomia.node.facts.asserted import Case
from gsomia.node.facts.labels import alike_marks, marks_of
from gsomia.node.node import Node, refused
from gsomia.node.ports import Look
from gsomia.node.record.stored import Refused

__all__ = ["LOOK_BYTES", "Readable", "hold_to_label", "look_over"]

LOOK_BYTES = 32 * 2**20
"""The longest document, in bytes, that is taken into memory to be looked over or marked."""

_HEAD = 8 * 2**10


class Readable(Protocol):
    """A document as it is read."""

    def read(self, size: int = -1, /) -> bytes:
        """Read up to so many bytes."""
        ...


class _Source:
    """The document as it is read: a fault of it is told as its own, and not as one of the store it is sealed into."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source

    def read(self, size: int = -1, /) -> bytes:
        """Read up to so many bytes."""
        try:
            return self._source.read(size)
        except OSError as error:
            name = getattr(self._source, "name", "the document")
            raise NodeError(f"cannot read `{name}`: {error.strerror}") from error


class _Joined:
    """What was read already, and then the rest."""

    def __init__(self, head: bytes, rest: Readable) -> None:
        self._head = io.BytesIO(head)
        self._rest = rest

    def read(self, size: int = -1, /) -> bytes:
        """Read up to so many bytes."""
        return self._head.read(size) or self._rest.read(size)


def look_over(
    node: Node, source: BinaryIO, mime_type: str, label: Label, case: Case, *, as_is: bool, at: datetime
) -> tuple[Readable, tuple[str, ...]]:
    """Look a document over before it is sealed.

    Args:
        node: whose document it is.
        source: its bytes, read from here on.
        mime_type: as its sender names it.
        label: what it is to carry.
        case: the law that is adopted, whose Parties' marks could stand there.
        as_is: the officer sends it although it is active, encrypted or broken; the act says so.
        at: the instant.

    Returns:
        The document to be read from its beginning, and what people should know of it.

    Raises:
        RefusedError: a visible mark contradicts the label (never overruled), or the document is active, encrypted or
            broken. It is kept.
    """
    document = _Source(source)
    head = _take(document, _HEAD)
    if not node.documents.known(head, mime_type):
        return _Joined(head, document), ("no format whose marks can be read",)
    data = head + _take(document, LOOK_BYTES + 1 - len(head)) if len(head) == _HEAD else head
    if len(data) > LOOK_BYTES:
        fault = f"longer than the {LOOK_BYTES >> 20} MiB that are looked over"
        remarks = _faulty(node, "the document", fault, at, as_is=as_is)
        return _Joined(data, document), remarks
    look = hold_to_label(node, data, mime_type, label, case, "the document", at)
    remarks = look.remarks
    if look.fault:
        remarks = (*remarks, *_faulty(node, "the document", look.fault, at, as_is=as_is))
    return io.BytesIO(data), remarks


def hold_to_label(node: Node, data: bytes, mime_type: str, label: Label, case: Case, what: str, at: datetime) -> Look:
    """Hold the marks that a document shows to its label.

    Raises:
        RefusedError: they contradict each other; the message names both.
    """
    try:
        return node.documents.look_over(data, mime_type, label, marks_of(case), alike_marks(case, label))
    except DataError as error:
        _keep(node, what, str(error), at)
        raise refused("mark-contradicts-label", f"{what}: {error}", hint=error.hint) from error


def _faulty(node: Node, what: str, fault: str, at: datetime, *, as_is: bool) -> tuple[str, ...]:
    if as_is:
        return (f"sent as it is: {fault}",)
    _keep(node, what, fault, at)
    raise refused(
        "document-refused", f"{what}: {fault}", hint="send it open and still, or as it is: the act will say so"
    )


def _keep(node: Node, what: str, why: str, at: datetime) -> None:
    with node.store.writing() as tx:
        tx.put_refused(Refused(at=at, source=node.party, what=what, why=why))


def _take(document: Readable, size: int) -> bytes:
    """So many bytes, or all there are."""
    chunks: list[bytes] = []
    while size > 0 and (chunk := document.read(size)):
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
