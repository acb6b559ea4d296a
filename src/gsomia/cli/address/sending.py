"""A transmission by a node's address: the document goes up in pieces, and its act is signed here."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from gsomia.cli.address.signing import signed
from gsomia.errors import NodeError, PeerError, RefusedError, UsageError

if TYPE_CHECKING:
    from gsomia.cli.address.remote import Remote
    from gsomia.node import Statement

__all__ = ["SLOWEST", "once_there", "prepared_there", "sent_there", "transmit_there", "tried_again", "until_unchanged"]

T = TypeVar("T")

_PIECE_BYTES = 4 * 2**20
_TRIES = 5
"""So often a piece, or an act that changed while it was prepared, is tried again."""
SLOWEST = 4 * 2**20
"""A node that seals fewer bytes a second is not waited for."""


def transmit_there(remote: Remote, source: BinaryIO, wanted: Mapping[str, Any]) -> tuple[str, list[Statement]]:
    """Send a document to a node, and transmit it with the signature of the officer who is here.

    Args:
        remote: the node, as that officer.
        source: the document, an ordinary file.
        wanted: the act, as the node's API takes it, but for the content.

    Returns:
        The document's SHA-256, hexadecimal, and what was signed: the transmission, or one for each Party that gets a
        copy, and the consent that goes with it.

    Raises:
        RefusedError: the agreement refuses or is uncertain, or the officer may not.
        PeerError: the node cannot be reached, and what was sent waits there to be continued.
    """
    digest, size = sent_there(remote, source)
    asked = {**wanted, "content": digest}
    return digest, until_unchanged(lambda: signed(remote, prepared_there(remote, asked, size), {**asked, "size": size}))


def sent_there(remote: Remote, source: BinaryIO) -> tuple[str, int]:
    """Send a document to a node; its SHA-256, hexadecimal, and its length in bytes.

    Raises:
        NodeError: it cannot be read.
        PeerError: the node cannot be reached, and what was sent waits there to be continued.
    """
    try:
        hashed, size = hashlib.sha256(), 0
        while piece := source.read(_PIECE_BYTES):
            hashed.update(piece)
            size += len(piece)
        _send(remote, source, hashed.hexdigest(), size)
    except OSError as error:
        raise NodeError(f"cannot read `{getattr(source, 'name', 'the document')}`: {error.strerror}") from error
    return hashed.hexdigest(), size


def until_unchanged(work: Callable[[], T]) -> T:
    """Prepare and sign something; where a number was given to another document meanwhile, again, looked at anew."""
    for tried in range(1, _TRIES + 1):
        try:
            return work()
        except RefusedError as error:
            changed = any(ground.get("clause") == "prepared" for ground in error.verdict.get("grounds", []))
            if not changed or tried == _TRIES:
                raise
    raise AssertionError("the last try returns or raises")


def prepared_there(remote: Remote, asked: Mapping[str, Any], size: int) -> dict[str, Any]:
    """The act as the node prepared it."""
    return once_there(remote, "preparations", asked, seconds=60 + size / SLOWEST)


def once_there(remote: Remote, path: str, asked: Mapping[str, Any], *, seconds: float) -> dict[str, Any]:
    """Ask for something to be done; asked again under the same key where no answer came, it is done once."""
    key = {"idempotency-key": str(uuid.uuid4())}
    return tried_again(lambda: remote.post(path, asked, key, seconds=seconds))


def tried_again(work: Callable[[], T]) -> T:
    """Do something; where the node could not be reached, again after a while."""
    for tried in range(1, _TRIES + 1):
        try:
            return work()
        except PeerError:
            if tried == _TRIES:
                raise
            time.sleep(tried)
    raise AssertionError("the last try returns or raises")


def _send(remote: Remote, source: BinaryIO, digest: str, size: int) -> None:
    """Send a document from where the node has it, and go on where the way was cut."""
    tried = 0
    held = _held(remote, digest)
    while held is None or held < size:
        start = held or 0
        source.seek(start)
        headers = {"upload-offset": str(start), "upload-length": str(size)}
        try:
            held = int(remote.patch(f"contents/{digest}", source.read(_PIECE_BYTES), headers)["held"])
            tried = 0
        except PeerError:
            tried += 1
            if tried == _TRIES:
                raise
            time.sleep(tried)
            held = _held(remote, digest)


def _held(remote: Remote, digest: str) -> int | None:
    """How much of a document the node has; None where it has nothing."""
    try:
        return int(remote.get(f"contents/{digest}")["held"])
    except UsageError:
        return None
