"""The right edge of a log's tree: enough to append to it and to know its root, in at most 63 hashes."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from itertools import count, repeat

from gsomia.errors import LogError
from gsomia.tlog.tree import HASH_BYTES, MAX_SIZE, Read, fold, parents

__all__ = ["Frontier", "Node"]

Node = tuple[int, int, bytes]
"""A completed node: level, index on that level, hash."""


LEVELS = range(MAX_SIZE.bit_length())
"""All levels of a tree; level 0 is the leaf hashes."""


def _levels(size: int) -> list[int]:
    """The levels of a tree's full subtrees, the highest first."""
    return [level for level in range(size.bit_length() - 1, -1, -1) if size >> level & 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """The full subtrees of a tree, side by side, the largest first; one for each 1 in the size.

    Args:
        size: leaves so far.
        hashes: their roots, 32 bytes each.

    Raises:
        LogError: the number of hashes does not fit the size.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE:
            raise LogError(f"a log cannot have {self.size} entries")
        if len(self.hashes) != self.size.bit_count() or any(len(h) != HASH_BYTES for h in self.hashes):
            raise LogError(f"the frontier of a tree of {self.size} has other hashes than given")

    @classmethod
    def at(cls, size: int, read: Read) -> Frontier:
        """The frontier of the tree of `size` leaves, from stored hashes."""
        return cls(size=size, hashes=tuple(read(level, (size >> level) - 1) for level in _levels(size)))

    def append(self, leaf_hashes: Sequence[bytes], *, levels: Container[int] = LEVELS) -> tuple[Frontier, list[Node]]:
        """The frontier after more leaves, and the nodes they complete.

        Args:
            leaf_hashes: hashes of the new leaves, in order, 32 bytes each.
            levels: of which levels nodes are given back; a store that keeps `TILE_LEVELS` wants those alone.

        Returns:
            The new frontier; and the completed nodes, level by level, from 0 (the leaf hashes themselves): what has to
            be stored before the new root is signed.
        """
        if any(len(h) != HASH_BYTES for h in leaf_hashes):
            raise LogError(f"a leaf hash is {HASH_BYTES} bytes")
        peaks = dict(zip(_levels(self.size), self.hashes, strict=True))
        completed: list[Node] = []
        fresh = list(leaf_hashes)
        level = 0
        while fresh:
            if level in levels:
                completed.extend(zip(repeat(level), count(self.size >> level), fresh))
            if level in peaks:
                fresh.insert(0, peaks.pop(level))
            if len(fresh) % 2:
                peaks[level] = fresh[-1]
            fresh = parents(fresh)
            level += 1
        hashes = tuple(peaks[level] for level in sorted(peaks, reverse=True))
        return Frontier(size=self.size + len(leaf_hashes), hashes=hashes), completed

    def root(self) -> bytes:
        """The root of the tree: 32 bytes."""
        return fold(self.hashes)

    def to_bytes(self) -> bytes:
        """The size as 8 bytes, big-endian, and the hashes."""
        return self.size.to_bytes(8, "big") + b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        """Read what `to_bytes` wrote.

        Raises:
            LogError: not exactly that.
        """
        size = int.from_bytes(data[:8], "big")
        if len(data) != 8 + HASH_BYTES * size.bit_count():
            raise LogError(f"{len(data)} bytes are no frontier")
        hashes = tuple(data[at : at + HASH_BYTES] for at in range(8, len(data), HASH_BYTES))
        return cls(size=size, hashes=hashes)
