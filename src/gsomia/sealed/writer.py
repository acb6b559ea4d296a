"""Sealing: plaintext in, a sealed item out, in one pass and with two segments' worth of memory."""

from __future__ import annotations

import hmac
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gsomia.errors import SealError
from gsomia.keys import b64, canonical
from gsomia.sealed import container
from gsomia.sealed.assertion import Assertion, bind
from gsomia.sealed.container import MAX_SEGMENTS, OVERHEAD, Sink, Source, crc32, read_exactly, write_all
from gsomia.sealed.digest import PayloadDigest, Pending, Workers, leaf
from gsomia.sealed.manifest import (
    MAX_SEGMENT_BYTES,
    SCHEMA_VERSION,
    core_digest,
    key_access,
)
from gsomia.sealed.policy import Policy
from gsomia.sealed.wrap import SHARE_BYTES, Recipient

__all__ = ["SEGMENT_BYTES", "BegunItem", "SealedInfo", "begin", "key_accesses", "seal", "split"]

SEGMENT_BYTES: Final = 2 * 2**20
"""OpenTDF's usual segment: 2 MiB of plaintext."""
MIN_SEGMENT_BYTES: Final = 2**10
LITTLE_BYTES: Final = 2**15


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedInfo:
    """What was sealed.

    Args:
        manifest: the manifest as written.
        payload_digest: root of the RFC 6962 tree over the ciphertext segments, 32 bytes; empty when `seal` was told to
            leave it out.
        core_digest: SHA-256 of the manifest without `assertions` and `keyAccess`, 32 bytes.
        plaintext_bytes, sealed_bytes: lengths of what was read and of what was written.
        segments: how many segments the payload has.
    """

    manifest: dict[str, Any]
    payload_digest: bytes
    core_digest: bytes
    plaintext_bytes: int
    sealed_bytes: int
    segments: int


def split(key: bytes, sids: Sequence[str]) -> dict[str, bytes]:
    """Cut a payload key into shares, all of which are needed: their XOR is the key.

    Args:
        key: the payload key.
        sids: the shares' names, each once.

    Returns:
        A share for each name; for one name the key itself.
    """
    shares = {sid: AESGCM.generate_key(8 * SHARE_BYTES) for sid in sids[1:]}
    rest = int.from_bytes(key, "big")
    for share in shares.values():
        rest ^= int.from_bytes(share, "big")
    return {sids[0]: rest.to_bytes(SHARE_BYTES, "big"), **shares}


def key_accesses(key: bytes, recipients: Sequence[Recipient], policy_text: str) -> list[dict[str, Any]]:
    """The key access objects that let these recipients, and nobody else, open an item.

    Raises:
        ValueError: no recipients: an item that nobody can open is not made.
    """
    if not recipients:
        raise ValueError("a sealed item needs at least one recipient")
    # In one order, so that nothing can be told by it.
    recipients = sorted(recipients, key=lambda recipient: (recipient.sid, recipient.url, recipient.kid))
    shares = split(key, list(dict.fromkeys(recipient.sid for recipient in recipients)))
    return [key_access(shares[recipient.sid], recipient, policy_text).to_json() for recipient in recipients]


def seal(
    source: Source,
    sink: Sink,
    *,
    recipients: Sequence[Recipient],
    policy: Policy,
    mime_type: str,
    assertions: Sequence[Assertion] = (),
    provenance: Callable[[bytes, bytes], Assertion] | None = None,
    segment_bytes: int = SEGMENT_BYTES,
    digest: bool = True,
    workers: Workers | None = None,
) -> SealedInfo:
    """Seal what a source holds, under a fresh key that only the recipients can unwrap.

    The payload is written first and the manifest after it, so the sink need not be seekable and nothing is held in
    memory but one segment. If it raises, what was written so far is no sealed item.

    Args:
        source, sink, recipients, policy, mime_type, assertions, segment_bytes, digest, workers: as for `begin`.
        provenance: called once with payload digest and core digest, when both are known; what it returns is placed
            after the other assertions.

    Returns:
        What was sealed. The payload key is returned nowhere.

    Raises:
        ValueError: no recipients, a segment size out of range, or provenance without digest.
        SealError: the source holds more than the format allows (65,536 segments, 64 GiB).
    """
    if provenance is not None and not digest:
        raise ValueError("provenance needs the payload digest")
    begun = begin(
        source,
        sink,
        recipients=recipients,
        policy=policy,
        mime_type=mime_type,
        assertions=assertions,
        segment_bytes=segment_bytes,
        digest=digest,
        workers=workers,
    )
    return begun.finish(provenance(begun.payload_digest, begun.core_digest) if provenance is not None else None)


def begin(
    source: Source,
    sink: Sink,
    *,
    recipients: Sequence[Recipient],
    policy: Policy,
    mime_type: str,
    assertions: Sequence[Assertion] = (),
    segment_bytes: int = SEGMENT_BYTES,
    digest: bool = True,
    workers: Workers | None = None,
) -> BegunItem:
    """Seal the payload alone: what many items need whose originator signs for all of them at once.

    Args:
        source: the plaintext; read to its end.
        sink: takes the sealed item.
        recipients: who can open it; see `Recipient.sid` for splits.
        policy: names the item; bound to the key by every key access object.
        mime_type: of the plaintext.
        assertions: statements to bind, the label among them.
        segment_bytes: plaintext bytes in each segment but the last, 1 KiB to 4 MiB.
        digest: compute the payload digest; without it sealing is some three times as fast, and has no provenance.
        workers: seals and hashes beside the caller's thread, which reads and writes meanwhile.

    Returns:
        The item, whose manifest `BegunItem.finish` writes.

    Raises:
        ValueError: no recipients, or a segment size out of range.
        SealError: the source holds more than the format allows (65,536 segments, 64 GiB).
    """
    if not MIN_SEGMENT_BYTES <= segment_bytes <= MAX_SEGMENT_BYTES:
        raise ValueError(f"a segment has {MIN_SEGMENT_BYTES} to {MAX_SEGMENT_BYTES} bytes, not {segment_bytes}")
    key = AESGCM.generate_key(8 * SHARE_BYTES)
    policy_text = policy.encode()
    access = key_accesses(key, recipients, policy_text)
    write_all(sink, container.payload_start())
    payload = _Payload(key, digest=digest, workers=workers)
    payload.write(source, sink, segment_bytes)
    write_all(sink, container.payload_end(payload.crc, payload.size))
    manifest: dict[str, Any] = {
        "schemaVersion": SCHEMA_VERSION,
        "payload": {
            "type": "reference",
            "url": "0.payload",
            "protocol": "zip",
            "mimeType": mime_type,
            "isEncrypted": True,
        },
        "encryptionInformation": {
            "type": "split",
            "policy": policy_text,
            "keyAccess": access,
            "method": {"algorithm": "AES-256-GCM", "isStreamable": True, "iv": ""},
            "integrityInformation": {
                "rootSignature": {"alg": "HS256", "sig": b64(hmac.digest(key, payload.tags, "sha256"))},
                "segmentHashAlg": "GMAC",
                "segmentSizeDefault": segment_bytes,
                "encryptedSegmentSizeDefault": segment_bytes + OVERHEAD,
                "segments": payload.segments,
            },
        },
    }
    return BegunItem(key, payload, sink, manifest, tuple(assertions))


class BegunItem:
    """An item whose payload is sealed and whose manifest is still to be written; it holds the key until then.

    Made by `begin`; never shown, copied or pickled.
    """

    __slots__ = ("_assertions", "_key", "_manifest", "_payload", "_sink", "core_digest", "payload_digest")

    def __init__(
        self, key: bytes, payload: _Payload, sink: Sink, manifest: dict[str, Any], assertions: tuple[Assertion, ...]
    ) -> None:
        self._key = key
        self._payload = payload
        self._sink = sink
        self._manifest = manifest
        self._assertions = assertions
        self.core_digest = core_digest(manifest)
        self.payload_digest = payload.digest.root() if payload.digest is not None else b""

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("an item with its key is not pickled")

    def finish(self, provenance: Assertion | None = None) -> SealedInfo:
        """Write the manifest; the key is forgotten.

        Args:
            provenance: the assertion that carries the originator's signed statement; placed after the others.

        Returns:
            What was sealed. The payload key is returned nowhere.

        Raises:
            ValueError: it was finished before, the payload has no digest to state, or two assertions have one `id`.
        """
        if not self._key:
            raise ValueError("the item was finished before")
        if provenance is not None and not self.payload_digest:
            raise ValueError("provenance needs the payload digest")
        payload, manifest = self._payload, self._manifest
        stated = [*self._assertions, *([provenance] if provenance is not None else [])]
        if len({entry.id for entry in stated}) != len(stated):
            raise ValueError("two assertions have one `id`")
        manifest["assertions"] = [bind(entry, key=self._key, tags=bytes(payload.tags)) for entry in stated]
        self._key = b""
        tail = container.tail(canonical(manifest), payload_crc=payload.crc, payload_size=payload.size)
        write_all(self._sink, tail)
        before = len(container.payload_start()) + payload.size + len(container.payload_end(0, 0))
        return SealedInfo(
            manifest=manifest,
            payload_digest=self.payload_digest,
            core_digest=self.core_digest,
            plaintext_bytes=payload.size - OVERHEAD * len(payload.segments),
            sealed_bytes=before + len(tail),
            segments=len(payload.segments),
        )


class _Payload:
    """Writes the segments, and keeps what the manifest must tell of them."""

    __slots__ = ("_cipher", "_workers", "crc", "digest", "segments", "size", "tags")

    def __init__(self, key: bytes, *, digest: bool, workers: Workers | None) -> None:
        self._cipher = AESGCM(key)
        self._workers = workers
        self.crc = 0
        self.size = 0
        self.tags = bytearray()
        self.segments: list[dict[str, Any]] = []
        self.digest = PayloadDigest() if digest else None

    def write(self, source: Source, sink: Sink, segment_bytes: int) -> None:
        if isinstance(source, io.BytesIO) and self._workers is None:
            self._write_from_memory(source, sink, segment_bytes)
            return
        plain, got = _first(source, segment_bytes)
        sealed = memoryview(bytearray(got + OVERHEAD))
        if got == segment_bytes and self._workers is not None:
            self._write_beside(self._workers, source, sink, plain, sealed)
            return
        while True:
            # An empty source still gets one segment, so that even nothing is authenticated.
            if got or not self.segments:
                self._put(sink, sealed[: got + OVERHEAD], self._seal(len(self.segments), plain[:got], sealed))
            if got < segment_bytes:
                return
            got = read_exactly(source, plain)

    def _write_from_memory(self, source: io.BytesIO, sink: Sink, segment_bytes: int) -> None:
        """The same of what lies in memory already: it is sealed from where it lies."""
        # Unlike `getbuffer`, this copies nothing where the bytes were given whole.
        plain = memoryview(source.getvalue())[source.tell() :]
        sealed = memoryview(bytearray(min(len(plain), segment_bytes) + OVERHEAD))
        for number, at in enumerate(range(0, max(len(plain), 1), segment_bytes)):
            part = plain[at : at + segment_bytes]
            self._put(sink, sealed[: len(part) + OVERHEAD], self._seal(number, part, sealed))
        source.seek(0, io.SEEK_END)

    def _write_beside(
        self, workers: Workers, source: Source, sink: Sink, first: memoryview, sealed: memoryview
    ) -> None:
        """The same with two threads: a worker seals and hashes one segment, while this one reads the next and writes
        the one before."""
        plains, buffers = (first, memoryview(bytearray(len(first)))), (sealed, memoryview(bytearray(len(sealed))))
        got, count = len(first), 0
        before: tuple[memoryview, Pending] | None = None
        while got:
            done = (before[0], before[1].result()) if before is not None else None
            room = buffers[count % 2][: got + OVERHEAD]
            before = (room, workers.submit(self._seal, count, plains[count % 2][:got], room))
            if done is not None:
                self._put(sink, *done)
            count += 1
            got = read_exactly(source, plains[count % 2]) if got == len(first) else 0
        if before is not None:
            self._put(sink, before[0], before[1].result())

    def _seal(self, number: int, plain: memoryview, room: memoryview) -> bytes:
        """Fill the room with the sealed segment; returns its leaf hash, or nothing where no digest is wanted."""
        if number >= MAX_SEGMENTS:
            raise _too_long()
        # The key is fresh and seals this payload alone, so the segment's number is a nonce that cannot repeat.
        nonce = number.to_bytes(12, "big")
        room = room[: len(plain) + OVERHEAD]
        room[:12] = nonce
        self._cipher.encrypt_into(nonce, plain, None, room[12:])
        return leaf(room) if self.digest is not None else b""

    def _put(self, sink: Sink, sealed: memoryview, hashed: bytes) -> None:
        if self.size + len(sealed) - OVERHEAD * (len(self.segments) + 1) > container.MAX_PLAINTEXT_BYTES:
            raise _too_long()
        tag = bytes(sealed[-16:])
        if self.digest is not None:
            self.digest.add_leaf(hashed)
        self.crc = crc32(sealed, self.crc)
        self.tags += tag
        self.size += len(sealed)
        plain = len(sealed) - OVERHEAD
        self.segments.append({"hash": b64(tag), "segmentSize": plain, "encryptedSegmentSize": len(sealed)})
        write_all(sink, sealed)


def _first(source: Source, segment_bytes: int) -> tuple[memoryview, int]:
    """The first segment's plaintext: its buffer, and how many bytes of it are filled.

    Most items are small and many: room for a whole segment is made only for a source that has more than a little.
    """
    plain = memoryview(bytearray(min(LITTLE_BYTES, segment_bytes)))
    got = read_exactly(source, plain)
    if got == len(plain) < segment_bytes:
        whole = memoryview(bytearray(segment_bytes))
        whole[:got] = plain
        return whole, got + read_exactly(source, whole[got:])
    return plain, got


def _too_long() -> SealError:
    return SealError(f"the source is too long: a sealed item has at most {MAX_SEGMENTS} segments and 64 GiB")
