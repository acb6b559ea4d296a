"""The sealed bytes of what leaves, keys wrapped for the peer: small ones in a message, large ones uploaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from gsomia.errors import NodeError, VerificationError
from gsomia.keys import b64
from gsomia.node.node import Node
from gsomia.node.record.stored import Peer
from gsomia.node.transmission.leaving import Leaving
from gsomia.registry import Custody, Item
from gsomia.sealed import Recipient, read, rewrap_chunks

__all__ = ["INLINE_BYTES", "Upload", "contents_of", "pieces", "upload_again"]

INLINE_BYTES = 256 * 2**10
"""Sealed items up to this size travel inside the message that delivers them; larger ones are uploaded before it."""


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
