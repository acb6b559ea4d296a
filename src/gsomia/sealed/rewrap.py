"""Passing an item on: the same sealed payload, its key wrapped to other recipients.

A hub never encrypts anew (protocol 6). Payload digest and core digest stay as they are, so the originator's provenance
holds for the next Party too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from gsomia.sealed import container
from gsomia.sealed.container import Seekable, Sink, write_all
from gsomia.sealed.item import payload_key, read
from gsomia.sealed.manifest import KeyAccess, key_access
from gsomia.sealed.policy import canonical_form
from gsomia.sealed.shares import WrappedKey, open_shares
from gsomia.sealed.wrap import Encapsulation, Identity, Recipient
from gsomia.sealed.writer import key_accesses

__all__ = ["CHUNK_BYTES", "release", "rewrap", "rewrap_chunks"]

CHUNK_BYTES: Final = 2**18


def rewrap(
    source: Seekable,
    sink: Sink,
    *,
    identities: Sequence[Identity],
    recipients: Sequence[Recipient],
    payload_digest: bytes | None = None,
) -> int:
    """Write the same sealed payload with new key access objects in place of the old; assertions are kept.

    Args:
        source: the sealed item, seekable.
        sink: takes the new one.
        identities: private keys that together open the item.
        recipients: who can open the new one, instead of those who could open the old.
        payload_digest: when given, checked before anything is written.

    Returns:
        How many bytes were written.

    Raises:
        ValueError: no recipients.
        SealError: no key opens it, or it was altered; what was written so far is then no sealed item.
    """
    size, _, chunks = rewrap_chunks(source, identities=identities, recipients=recipients, payload_digest=payload_digest)
    for chunk in chunks:
        write_all(sink, chunk)
    return size


def rewrap_chunks(
    source: Seekable,
    *,
    identities: Sequence[Identity],
    recipients: Sequence[Recipient],
    payload_digest: bytes | None = None,
    chunk_bytes: int = CHUNK_BYTES,
) -> tuple[int, int, Iterator[bytes]]:
    """As `rewrap`, for a channel that asks for pieces and wants the whole length first.

    Args:
        source, identities, recipients, payload_digest: as for `rewrap`; the source stays open until the last piece.
        chunk_bytes: the longest piece.

    Returns:
        The length of the new item in bytes, how many of them, from the first on, are the same whatever its key is
        wrapped to, and its pieces. The keys are checked at once; altered segments make the
        iterator raise `SealError`, so a receiver that counts bytes never takes a broken item for a whole one.

    Raises:
        ValueError: no recipients, or no room in a piece.
        SealError: no key opens it, or its structure, policy, root signature or assertions do not hold.
    """
    if chunk_bytes < 1:
        raise ValueError("a piece has at least one byte")
    item = read(source)
    key = payload_key(item, identities)
    if payload_digest is not None:
        item.check_payload_digest(payload_digest)
    access = key_accesses(key, recipients, item.policy_text)
    information = item.manifest["encryptionInformation"] | {"keyAccess": access}
    manifest = canonical_form(item.manifest | {"encryptionInformation": information}, "the manifest")
    crc, size = item.payload_crc, item.payload_bytes
    start, tail = container.payload_start(), container.tail(manifest, payload_crc=crc, payload_size=size)
    end = container.payload_end(crc, size)

    def pieces() -> Iterator[bytes]:
        yield from _cut(start, chunk_bytes)
        for segment in item.ciphertext():
            yield from _cut(segment, chunk_bytes)
        yield from _cut(end + tail, chunk_bytes)

    return len(start) + size + len(end) + len(tail), size, pieces()


def _cut(data: bytes | memoryview, size: int) -> Iterator[bytes]:
    view = memoryview(data)
    for at in range(0, len(view), size):
        yield bytes(view[at : at + size])


def release(
    wrapped: WrappedKey,
    *,
    identities: Sequence[Identity],
    recipient: Recipient,
    sid: str | None = None,
    encapsulation: Encapsulation | None = None,
) -> tuple[KeyAccess, ...]:
    """Wrap the shares that these identities open to one recipient, share by share.

    So the holder of one share answers a request to open without seeing the key, and an originator's node releases a key
    for one opening; the asker puts the answers together with `SealedItem.with_key_access`.

    Args:
        wrapped: of the sealed item (`SealedItem.wrapped_key`).
        identities: private keys that open one share or more.
        recipient: who asked; its `sid` is not used.
        sid: the one share that was asked for; None for every one that opens.
        encapsulation: to the recipient's key, where several keys are released to it at once.

    Returns:
        A key access object for each share, under the share's own `sid`; none when no share opens.

    Raises:
        SealError: the policy was altered.
    """
    if sid is not None:
        wrapped = replace(wrapped, key_access=tuple(one for one in wrapped.key_access if one.sid == sid))
    return tuple(
        key_access(
            share,
            Recipient(kid=recipient.kid, url=recipient.url, key=recipient.key, sid=name),
            wrapped.policy_text,
            encapsulation,
        )
        for name, share in open_shares(wrapped, identities).items()
    )
