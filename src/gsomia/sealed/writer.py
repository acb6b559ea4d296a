"""Sealing: plaintext in, a sealed item out, in one pass and with two segments' worth of memory."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gsomia.errors import SealError
from gsomia.keys import b64, canonical
from gsomia.sealed import container
from gsomia.sealed.assertion import Assertion, bind
from gsomia.sealed.container import Sink, Source, crc32, read_exactly, write_all
from gsomia.sealed.digest import PayloadDigest, Workers
from gsomia.sealed.manifest import (
    MAX_SEGMENT_BYTES,
    MAX_SEGMENTS,
    OVERHEAD,
    SCHEMA_VERSION,
    core_digest,
    key_access,
)
from gsomia.sealed.policy import Policy
from gsomia.sealed.wrap import SHARE_BYTES, Recipient

__all__ = ["SEGMENT_BYTES", "SealedInfo", "key_accesses", "seal", "split"]

SEGMENT_BYTES: Final = 2 * 2**20
"""OpenTDF's usual segment: 2 MiB of plaintext."""
MIN_SEGMENT_BYTES: Final = 2**10


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
        source: the plaintext; read to its end.
        sink: takes the sealed item.
        recipients: who can open it; see `Recipient.sid` for splits.
        policy: names the item; bound to the key by every key access object.
        mime_type: of the plaintext.
        assertions: statements to bind, the label among them.
        provenance: called once with payload digest and core digest, when both are known; what it returns is placed
            after the other assertions.
        segment_bytes: plaintext bytes in each segment but the last, 1 KiB to 4 MiB.
        digest: compute the payload digest; without it sealing is some three times as fast, and has no provenance.
        workers: takes the hashes beside the caller's thread, for a digest at nearly the price of none.

    Returns:
        What was sealed. The payload key is returned nowhere.

    Raises:
        ValueError: no recipients, a segment size out of range, or provenance without digest.
        SealError: the source holds more than the format allows (65,536 segments, 64 GiB).
    """
    if not MIN_SEGMENT_BYTES <= segment_bytes <= MAX_SEGMENT_BYTES:
        raise ValueError(f"a segment has {MIN_SEGMENT_BYTES} to {MAX_SEGMENT_BYTES} bytes, not {segment_bytes}")
    if provenance is not None and not digest:
        raise ValueError("provenance needs the payload digest")
    key = AESGCM.generate_key(8 * SHARE_BYTES)
    policy_text = policy.encode()
    access = key_accesses(key, recipients, policy_text)
    write_all(sink, container.payload_start())
    payload = _Payload(key, PayloadDigest(workers) if digest else None)
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
    core = core_digest(manifest)
    root = payload.digest.root() if payload.digest is not None else b""
    stated = [*assertions, *([provenance(root, core)] if provenance is not None else [])]
    if len({entry.id for entry in stated}) != len(stated):
        raise ValueError("two assertions have one `id`")
    manifest["assertions"] = [bind(entry, key=key, tags=bytes(payload.tags)) for entry in stated]
    tail = container.tail(canonical(manifest), payload_crc=payload.crc, payload_size=payload.size)
    write_all(sink, tail)
    before = len(container.payload_start()) + payload.size + len(container.payload_end(0, 0))
    return SealedInfo(
        manifest=manifest,
        payload_digest=root,
        core_digest=core,
        plaintext_bytes=payload.size - OVERHEAD * len(payload.segments),
        sealed_bytes=before + len(tail),
        segments=len(payload.segments),
    )


class _Payload:
    """Writes the segments, and keeps what the manifest must tell of them."""

    __slots__ = ("_cipher", "crc", "digest", "segments", "size", "tags")

    def __init__(self, key: bytes, digest: PayloadDigest | None) -> None:
        self._cipher = AESGCM(key)
        self.crc = 0
        self.size = 0
        self.tags = bytearray()
        self.segments: list[dict[str, Any]] = []
        self.digest = digest

    def write(self, source: Source, sink: Sink, segment_bytes: int) -> None:
        plain = memoryview(bytearray(segment_bytes))
        # With workers two, because one may still be hashing the segment before; else one, which stays in the cache.
        count = 2 if self.digest is not None and self.digest.beside else 1
        buffers = [memoryview(bytearray(segment_bytes + OVERHEAD)) for _ in range(count)]
        while True:
            got = read_exactly(source, plain)
            # An empty source still gets one segment, so that even nothing is authenticated.
            if got or not self.segments:
                self._segment(plain[:got], buffers[len(self.segments) % count][: got + OVERHEAD], sink)
            if got < segment_bytes:
                return

    def _segment(self, plain: memoryview, sealed: memoryview, sink: Sink) -> None:
        number = len(self.segments)
        if number >= MAX_SEGMENTS or self.size + len(sealed) > container.MAX_PAYLOAD_BYTES:
            raise SealError(f"the source is too long: a sealed item has at most {MAX_SEGMENTS} segments and 64 GiB")
        # The key is fresh and seals this payload alone, so the segment's number is a nonce that cannot repeat.
        nonce = number.to_bytes(12, "big")
        sealed[:12] = nonce
        self._cipher.encrypt_into(nonce, plain, None, sealed[12:])
        tag = bytes(sealed[-16:])
        if self.digest is not None:
            self.digest.add(sealed)
        self.crc = crc32(sealed, self.crc)
        self.tags += tag
        self.size += len(sealed)
        self.segments.append({"hash": b64(tag), "segmentSize": len(plain), "encryptedSegmentSize": len(sealed)})
        write_all(sink, sealed)
