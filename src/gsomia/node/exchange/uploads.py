"""Content on its way in from a peer: for a copy that was accepted, within a bound, and continued where it was cut."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from gsomia.errors import MessageError, SealError, SignatureError, VerificationError
from gsomia.node.node import Node
from gsomia.node.record.stored import Peer
from gsomia.node.record.succession import distrusted
from gsomia.node.refusals import keep_refused
from gsomia.registry import read_copy_id
from gsomia.sealed import read

__all__ = ["Upload", "held_of", "upload", "upload_name"]


def upload_name(copy: str) -> str:
    """The name under which an upload waits for the message that delivers it."""
    return f"upload-{copy}"


class Upload:
    """The bytes of one accepted copy on their way in; more than was accepted or announced is not taken."""

    def __init__(self, copy: str, sink: BinaryIO, left: int) -> None:
        self._copy = copy
        self._sink = sink
        self._left = left

    @property
    def whole(self) -> bool:
        """Whether the last byte has come."""
        return self._left == 0

    def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            MessageError: they are more than was offered and accepted.
        """
        self._left -= len(chunk)
        if self._left < 0:
            raise MessageError(f"copy `{self._copy}`: more bytes than were offered and accepted")
        self._sink.write(chunk)


@contextmanager
def upload(node: Node, peer: Peer, copy: str, *, offset: int, size: int) -> Iterator[Upload]:
    """Take in a sealed item's bytes for a copy whose offer was accepted; what came stays, and may be continued.

    Args:
        node: the recipient.
        peer: whose channel they come through.
        copy: the copy's id.
        offset: where they go on; at most what `held_of` says.
        size: of the whole sealed item.

    Raises:
        MessageError: nothing was accepted under this id from this peer, more comes than was, it goes on behind what is
            here, or too much of this peer's lies here half-done; kept as refused.
        NodeError: the disk does not take it.
    """
    try:
        limit, name = _upload_limit(node, peer, copy), upload_name(copy)
        if size > limit:
            raise MessageError(f"copy `{copy}`: more bytes than were offered and accepted")
        if offset > min(node.blobs.held(name), size):
            raise MessageError(f"copy `{copy}`: it goes on at byte {offset}, and less is here")
        others = sum(
            held for other, held in node.blobs.partials().items() if other != name and _giver(other) == peer.party
        )
        if others + size > node.limits.max_item_bytes:
            raise MessageError(f"too much of what `{peer.party}` sends lies here half-done; it is dropped after a day")
        try:
            with node.blobs.continuing(name, offset) as sink:
                taken = Upload(copy, sink, size - offset)
                yield taken
        except VerificationError:
            node.blobs.remove(name)
            raise
        if taken.whole:
            node.blobs.complete(name)
            _put_back(node, copy)
    except VerificationError as error:
        keep_refused(node, peer, "upload", error)
        raise


def held_of(node: Node, peer: Peer, copy: str) -> int:
    """How many bytes of an accepted copy's content are here already; it goes on from there.

    Raises:
        MessageError: nothing was accepted under this id from this peer.
    """
    _upload_limit(node, peer, copy)
    return node.blobs.held(upload_name(copy))


def _giver(name: str) -> str:
    """The Party whose upload has this name; "" where it is none."""
    try:
        return read_copy_id(name.removeprefix("upload-"))[1]
    except VerificationError:
        return ""


def _upload_limit(node: Node, peer: Peer, copy: str) -> int:
    _, giver, _ = read_copy_id(copy)
    with node.store.reading() as reader:
        act = reader.act(reader.acceptance(copy) or "")
        known = reader.copy(copy)
        declared = distrusted(reader, peer.signing)
        item = reader.item(known.item) if known is not None else None
    if declared is not None:
        raise SignatureError(f"the key of `{peer.party}` was declared compromised by act `{declared}`")
    lost = item is not None and not node.blobs.exists(item.id)
    if giver != peer.party or (act is None and not lost) or (known is not None and not lost):
        raise MessageError(f"no content was accepted for copy `{copy}` from `{peer.party}`")
    if item is not None:
        return item.sealed_bytes
    assert act is not None  # one of the two is here
    return int(act.statement.body["sealed_bytes"])


def _put_back(node: Node, copy: str) -> None:
    """The content of a copy that is registered and whose bytes were lost takes its place again.

    Raises:
        VerificationError: it is another one than was registered.
    """
    with node.store.reading() as reader:
        known = reader.copy(copy)
        item = reader.item(known.item) if known is not None else None
    if item is None or node.blobs.exists(item.id):
        return
    name = upload_name(copy)
    try:
        with node.blobs.reading(name) as file:
            sealed = read(file)
            if (sealed.item_id, sealed.core_digest.hex()) != (item.id, item.core_digest):
                raise SealError(f"what came for copy `{copy}` is not item `{item.id}` as it was registered")
            sealed.check_payload_digest(bytes.fromhex(item.payload_digest))
    except VerificationError:
        node.blobs.remove(name)
        raise
    node.blobs.rename([(name, item.id)])
