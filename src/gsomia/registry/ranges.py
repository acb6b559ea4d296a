"""Fingerprints over ranges of a set, so that two Parties find where their sets differ without sending them.

An entry stands at a position, the SHA-256 of what names it, and has a digest, the SHA-256 of what is said of it. The
set under a prefix of positions has one fingerprint, whatever the order in which it grew: a Merkle tree over sixteen
ways at a time, whose ends hold at most `END` entries. No sum or exclusive-or is taken of digests: such a fingerprint
can be solved for, and one of these cannot be met by another set without a collision of SHA-256 (FIPS 180-4).
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gsomia.errors import VerificationError

__all__ = [
    "EMPTY",
    "END",
    "Fingerprint",
    "MemoryRanges",
    "RangeStore",
    "bounds_of",
    "entries_fingerprint",
    "fingerprint",
    "parts_fingerprint",
    "parts_of",
    "position",
    "read_prefix",
    "regrow",
]

END = 16
"""So many entries at most end a branch; a range with more is parted in sixteen."""

WAYS = "0123456789abcdef"
PART_BYTES = 8 + 32
POSITION_DIGITS = 64

_END_TAG, _PARTS_TAG = b"\x00", b"\x01"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """How many entries a range has, and the digest over all of them."""

    count: int
    digest: bytes

    def to_bytes(self) -> bytes:
        """Count (8 bytes, big-endian) and digest (32)."""
        return self.count.to_bytes(8, "big") + self.digest


EMPTY = Fingerprint(0, bytes(32))
"""The fingerprint of a range without entries."""


class RangeStore(Protocol):
    """Where the entries shared with one Party lie, in the order of their positions, and the parted ranges over them."""

    def parts(self, prefix: str) -> bytes | None:
        """The sixteen fingerprints of a parted range; None where it ends in its entries."""
        ...

    def put_parts(self, prefix: str, parts: bytes | None) -> None:
        """Keep the sixteen fingerprints of a range, or none any more."""
        ...

    def entries(self, prefix: str, most: int) -> Sequence[tuple[bytes, bytes]]:
        """The first entries of a range: position and digest, in order."""
        ...


class MemoryRanges:
    """Entries and the ranges over them in memory: what is kept in a store is held against it."""

    def __init__(self, entries: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.parted: dict[str, bytes] = {}
        self._entries = sorted(entries)
        regrow(self, [one for one, _ in self._entries])

    def parts(self, prefix: str) -> bytes | None:
        """The sixteen fingerprints of a parted range; None where it ends in its entries."""
        return self.parted.get(prefix)

    def put_parts(self, prefix: str, parts: bytes | None) -> None:
        """Keep the sixteen fingerprints of a range, or none any more."""
        if parts is None:
            self.parted.pop(prefix, None)
        else:
            self.parted[prefix] = parts

    def entries(self, prefix: str, most: int) -> Sequence[tuple[bytes, bytes]]:
        """The first entries of a range: position and digest, in order."""
        first, behind = bounds_of(prefix)
        start = bisect_left(self._entries, (first, b""))
        stop = len(self._entries) if behind is None else bisect_left(self._entries, (behind, b""))
        return self._entries[start : min(stop, start + most)]

    def put(self, changes: Mapping[bytes, bytes | None]) -> Fingerprint:
        """Entries that came or changed, and those that went (None)."""
        left = {**dict(self._entries), **changes}
        self._entries = sorted((one, digest) for one, digest in left.items() if digest is not None)
        return regrow(self, changes)


def position(kind: str, name: str) -> bytes:
    """Where an entry stands: the SHA-256 of its kind and its id, so that who chooses ids does not choose the branch."""
    return hashlib.sha256(f"{kind}/{name}".encode()).digest()


def read_prefix(text: object) -> str:
    """A prefix of positions, in hexadecimal.

    Raises:
        VerificationError: it is none.
    """
    if not isinstance(text, str) or len(text) >= POSITION_DIGITS or not {*text} <= {*WAYS}:
        raise VerificationError(f"not a range: `{text!s:.80}`; a prefix of a position in hexadecimal was expected")
    return text


def bounds_of(prefix: str) -> tuple[bytes, bytes | None]:
    """The first position of a range, and the first behind it; None where it goes to the end."""
    first = bytes.fromhex(prefix.ljust(POSITION_DIGITS, "0"))
    behind = int(prefix, 16) + 1 if prefix else 1
    if behind >= 16 ** len(prefix):
        return first, None
    return first, bytes.fromhex(f"{behind:0{len(prefix)}x}".ljust(POSITION_DIGITS, "0"))


def entries_fingerprint(entries: Sequence[tuple[bytes, bytes]], prefix: str = "") -> Fingerprint:
    """The fingerprint of a range from its entries.

    Args:
        entries: position and digest, in order, all of them beneath the prefix.
        prefix: the range.
    """
    if not entries:
        return EMPTY
    if len(entries) <= END:
        return Fingerprint(len(entries), hashlib.sha256(_END_TAG + b"".join(p + d for p, d in entries)).digest())
    return parts_fingerprint(
        b"".join(entries_fingerprint(part, way).to_bytes() for way, part in _parted(entries, prefix))
    )


def parts_fingerprint(parts: bytes) -> Fingerprint:
    """The fingerprint of a parted range from the sixteen beneath it."""
    count = sum(int.from_bytes(parts[at : at + 8], "big") for at in range(0, len(parts), PART_BYTES))
    return Fingerprint(count, hashlib.sha256(_PARTS_TAG + parts).digest())


def parts_of(prefix: str, parts: bytes) -> dict[str, Fingerprint]:
    """The sixteen fingerprints beneath a range, by prefix.

    Raises:
        VerificationError: they are not sixteen, or an empty one is not written as such.
    """
    if len(parts) != PART_BYTES * len(WAYS):
        raise VerificationError(f"range `{prefix}` is parted in {len(parts)} bytes; sixteen fingerprints were expected")
    found = {}
    for number, way in enumerate(WAYS):
        at = number * PART_BYTES
        one = Fingerprint(int.from_bytes(parts[at : at + 8], "big"), parts[at + 8 : at + PART_BYTES])
        if one.count == 0 and one != EMPTY:
            raise VerificationError(f"range `{prefix}{way}` has no entries and a digest")
        found[prefix + way] = one
    return found


def fingerprint(store: RangeStore, prefix: str = "") -> Fingerprint:
    """The fingerprint of a range as it is kept."""
    parts = store.parts(prefix)
    return parts_fingerprint(parts) if parts is not None else entries_fingerprint(store.entries(prefix, END), prefix)


def regrow(store: RangeStore, changed: Iterable[bytes]) -> Fingerprint:
    """Make the kept ranges right after entries came, went or changed; what was not touched is not read.

    Args:
        store: with the entries as they are now, and the ranges as they were before.
        changed: the positions of all entries that came, went or changed.

    Returns:
        The fingerprint of the whole set.
    """
    return _regrow(store, "", sorted({one.hex() for one in changed}))


def _regrow(store: RangeStore, prefix: str, changed: Sequence[str]) -> Fingerprint:
    if not changed:
        return fingerprint(store, prefix)
    before = store.parts(prefix)
    if before is None:
        # It ended in at most `END` entries, so there are hardly more than those and the ones that came.
        entries = store.entries(prefix, END + len(changed))
        return _grown(store, prefix, entries)
    parts = parts_of(prefix, before)
    depth = len(prefix)
    for way in WAYS:
        beneath = [one for one in changed if one[depth] == way]
        if beneath:
            parts[prefix + way] = _regrow(store, prefix + way, beneath)
    if sum(one.count for one in parts.values()) <= END:
        store.put_parts(prefix, None)
        return entries_fingerprint(store.entries(prefix, END), prefix)
    joined = b"".join(one.to_bytes() for one in parts.values())
    store.put_parts(prefix, joined)
    return parts_fingerprint(joined)


def _grown(store: RangeStore, prefix: str, entries: Sequence[tuple[bytes, bytes]]) -> Fingerprint:
    """A range that is parted now where it has grown too large to end in its entries."""
    if len(entries) <= END:
        return entries_fingerprint(entries, prefix)
    joined = b"".join(_grown(store, way, part).to_bytes() for way, part in _parted(entries, prefix))
    store.put_parts(prefix, joined)
    return parts_fingerprint(joined)


def _parted(entries: Sequence[tuple[bytes, bytes]], prefix: str) -> list[tuple[str, Sequence[tuple[bytes, bytes]]]]:
    depth = len(prefix)
    found: dict[str, list[tuple[bytes, bytes]]] = {prefix + way: [] for way in WAYS}
    for one in entries:
        byte = one[0][depth // 2]
        found[prefix + WAYS[byte & 15 if depth % 2 else byte >> 4]].append(one)
    return list(found.items())
