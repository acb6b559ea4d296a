"""The payload of a sealed item as it lies in its file: segments read in order, hashed, and decrypted."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gsomia.errors import SealError
from gsomia.sealed.container import OVERHEAD, Member, Seekable, Sink, crc32, read_exactly, write_all
from gsomia.sealed.digest import PayloadDigest, Pending, Workers

__all__ = ["Payload"]


class Payload:
    """The segments of a sealed item; not safe for use by two threads at once.

    Args:
        file: the sealed item, seekable.
        member: where the payload lies in it.
        offsets: where each segment begins in the payload, and at the end its length.
        tags: the segments' GCM tags as the manifest names them, 16 bytes each.
    """

    __slots__ = ("_digest", "_file", "_held", "_member", "_offsets", "_tags", "_witness")

    def __init__(self, file: Seekable, member: Member, *, offsets: Sequence[int], tags: bytes) -> None:
        self._file = file
        self._member = member
        self._offsets = offsets
        self._tags = tags
        self._digest = b""
        # GMACs of the ciphertext under a key nobody else has: they hold later readings to the bytes that were hashed,
        # at a tenth of the price of hashing them again.
        self._witness = AESGCM(AESGCM.generate_key(256))
        self._held: list[bytes] = []

    @property
    def segments(self) -> int:
        """How many segments there are."""
        return len(self._offsets) - 1

    def digest(self, workers: Workers | None = None) -> bytes:
        """Root of the RFC 6962 tree over the ciphertext segments: see `SealedItem.payload_digest`."""
        if self._digest:
            return self._digest
        digest, held, crc = PayloadDigest(workers), [], 0
        for number, segment in self._read(0, self.segments):
            digest.add(segment)
            held.append(self._seen(number, segment))
            crc = crc32(segment, crc)
        self._check_crc(crc)
        self._held, self._digest = held, digest.root()
        return self._digest

    def ciphertext(self) -> Iterator[memoryview]:
        """The segments as they stand: see `SealedItem.ciphertext`."""
        crc = 0
        for number, segment in self._read(0, self.segments):
            self._check_same(number, segment)
            crc = crc32(segment, crc)
            yield segment
        self._check_crc(crc)

    def decrypt(self, cipher: AESGCM, sink: Sink, workers: Workers | None = None) -> int:
        """Write the plaintext to a sink, each segment once it is verified.

        Args:
            cipher: holds the payload key.
            sink: takes the plaintext.
            workers: verifies and decrypts beside the caller's thread, which reads and writes meanwhile.

        Returns:
            How many bytes were written.

        Raises:
            SealError: a segment was altered or is cut short.
        """
        crc, written = 0, 0
        before: tuple[memoryview, Pending] | None = None
        beside = workers if self.segments > 1 else None
        plains = [memoryview(bytearray(self._largest(0, self.segments))) for _ in range(2 if beside else 1)]
        for number, segment in self._read(0, self.segments):
            crc = crc32(segment, crc) if not self._held else crc
            view = plains[number % len(plains)][: len(segment) - OVERHEAD]
            if beside is None:
                self._decrypt(cipher, number, segment, view)
                write_all(sink, view)
            else:
                ready = _wait(before)
                before = (view, beside.submit(self._decrypt, cipher, number, segment, view))
                write_all(sink, ready)
            written += len(view)
        write_all(sink, _wait(before))
        if not self._held:
            self._check_crc(crc)
        return written

    def decrypt_segment(self, cipher: AESGCM, number: int) -> bytes:
        """The plaintext of one segment, without reading the others.

        Raises:
            SealError: it was altered or is cut short.
        """
        for _, segment in self._read(number, number + 1):
            plain = bytearray(len(segment) - OVERHEAD)
            self._decrypt(cipher, number, segment, memoryview(plain))
        return bytes(plain)

    def _decrypt(self, cipher: AESGCM, number: int, segment: memoryview, plain: memoryview) -> bytes:
        self._check_same(number, segment)
        try:
            cipher.decrypt_into(segment[:12], segment[12:], None, plain)
            return b""
        except InvalidTag:
            raise SealError(f"segment {number} was altered") from None

    def _check_crc(self, crc: int) -> None:
        if crc != self._member.crc:
            raise SealError("the payload's CRC-32 does not hold")

    def _seen(self, number: int, segment: memoryview) -> bytes:
        return self._witness.encrypt(number.to_bytes(12, "big"), b"", segment)

    def _check_same(self, number: int, segment: memoryview) -> None:
        if self._held and not hmac.compare_digest(self._seen(number, segment), self._held[number]):
            raise SealError(f"segment {number} changed while the item was being read")

    def _read(self, first: int, end: int) -> Iterator[tuple[int, memoryview]]:
        """The segments from `first` up to `end`, each in a buffer that the next but one overwrites."""
        offsets = self._offsets
        buffers = [memoryview(bytearray(self._largest(first, end))) for _ in range(2)]
        at = self._member.data + offsets[first]
        for number in range(first, end):
            segment = buffers[number % 2][: offsets[number + 1] - offsets[number]]
            self._file.seek(at)
            if read_exactly(self._file, segment) != len(segment):
                raise SealError("the payload is cut short")
            at += len(segment)
            if segment[-16:] != self._tags[16 * number : 16 * number + 16]:
                raise SealError(f"segment {number} does not end in the tag that the manifest names")
            yield number, segment

    def _largest(self, first: int, end: int) -> int:
        offsets = self._offsets
        return max((offsets[number + 1] - offsets[number] for number in range(first, end)), default=0)


def _wait(job: tuple[memoryview, Pending] | None) -> memoryview:
    """The plaintext that a worker verified, or nothing."""
    if job is None:
        return memoryview(b"")
    job[1].result()
    return job[0]
