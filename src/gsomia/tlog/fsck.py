"""Checking a whole log that is at hand as files: every entry, every tile, up to the signed checkpoint.

The checkpoint is what was signed, so trust goes down from it: tiles that lead to its root are right, and then the tiles
and entries beneath them must give what those hold. Where a tile does not lead to what stands above it, what stands
beneath it says at which place it is wrong. So each fault is named where it is, and not where it is noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations

from gsomia.errors import LogError, VerificationError
from gsomia.tlog.frontier import Frontier
from gsomia.tlog.signing import LogVerifier, SignedCheckpoint, verify_signed
from gsomia.tlog.tiles import (
    CHECKPOINT_PATH,
    TILE_HEIGHT,
    TILE_WIDTH,
    ReadFile,
    Tile,
    decode_tile,
    entries_until_broken,
)
from gsomia.tlog.tree import HASH_BYTES, leaf_hash, root

__all__ = ["Fault", "FaultKind", "LogCheck", "check_tiles"]

MAX_FAULTS = 100
"""After so many the check stops: the log is lost, and a list of a million faults helps nobody."""

MAX_MIXED = 8
"""Up to so many doubtful places, every mixture of stored and computed hashes is tried to tell which is wrong."""

Each = Callable[[int, Sequence[bytes]], None]
"""Takes the entries of a bundle, after the number of the first."""


class FaultKind(StrEnum):
    """What is wrong with a log."""

    CHECKPOINT = "checkpoint"
    """The checkpoint is missing, malformed, or its signatures do not hold."""
    ENTRY = "entry"
    """An entry is not the one that was logged."""
    TILE = "tile"
    """A hash in a tile is not the one that was computed."""
    MISSING = "missing"
    """A file that must be there is not, or has another length."""
    ROOT = "root"
    """Entries and tiles agree with each other and not with what is above: they were rewritten together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong, and where.

    Args:
        kind: what is wrong.
        path: the file.
        index: the entry's number in the log, or the hash's place in its tile; `None` where the whole file is meant.
        text: the same for people.
    """

    kind: FaultKind
    path: str
    index: int | None = None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogCheck:
    """What checking a log gave.

    Args:
        signed: the checkpoint, or `None` where it does not hold; nothing else was checked then.
        entries, tiles: how many were read and found right.
        faults: what is wrong, entries in order; stops after 100.
    """

    signed: SignedCheckpoint | None
    entries: int
    tiles: int
    faults: tuple[Fault, ...]

    @property
    def holds(self) -> bool:
        """Whether the log is whole: a good checkpoint and no fault."""
        return self.signed is not None and not self.faults


class _Enough(Exception):  # noqa: N818 - leaves the walk, is not an error and never leaves this module
    """So many faults that the walk stops."""


Rows = list[tuple[Tile, Sequence[bytes]]]
"""Tiles and the hashes that they hold, or should."""


@dataclass(slots=True)
class _Walk:
    """One pass over a log's files; holds no more than one tile for each level."""

    read_file: ReadFile
    size: int
    each: Each | None
    faults: list[Fault] = field(default_factory=list)
    entries: int = 0
    tiles: int = 0

    def run(self, trusted: bytes) -> None:
        """Check everything under the signed root."""
        # Rows come the highest level first, and that is the order of the entries beneath them.
        for tile, row in self.settle(list(self.edge()), trusted, self.edge_root):
            self.descend(tile, row)

    def descend(self, tile: Tile, hashes: Sequence[bytes]) -> None:
        """Check what lies beneath a tile whose hashes are known."""
        if not tile.level:
            self.bundle(tile, hashes)
            return
        for at, trusted in enumerate(hashes):
            child = self.tile(tile.level - 1, tile.index * TILE_WIDTH + at)
            for settled, row in self.settle([child], trusted, lambda rows: root(rows[0][1])):
                self.descend(settled, row)

    def settle(self, tiles: Sequence[Tile], trusted: bytes, root_of: Callable[[Rows], bytes]) -> Rows:
        """The right hashes of tiles that together must lead to a trusted one; names those that are wrong."""
        stored = [self.load(tile) for tile in tiles]
        there: Rows = [(tile, row) for tile, row in zip(tiles, stored, strict=True) if row is not None]
        if len(there) == len(tiles) and root_of(there) == trusted:
            self.tiles += len(tiles)
            return there
        for tile, row in zip(tiles, stored, strict=True):
            if row is None:
                self.missing(tile)
        choice = _Choice(tiles, stored, [self.row_beneath(tile) for tile in tiles])
        for rows in choice.candidates():
            if root_of(rows) == trusted:
                self.altered(choice.altered(rows))
                return rows
        # Nothing leads to the trusted hash: below, compare with what is stored, and say that it proves nothing.
        doubtful = choice.differences()
        self.altered(doubtful)
        if not doubtful and len(there) == len(tiles):
            self.rewritten(tiles)
        return there

    def bundle(self, tile: Tile, hashes: Sequence[bytes]) -> None:
        """Check a bundle of entries against its leaf hashes."""
        bundle = self.tile(None, tile.index)
        first = tile.index * TILE_WIDTH
        data = self.read_file(bundle.path)
        if data is None:
            self.missing(bundle)
            return
        entries, whole = entries_until_broken(data, bundle.width)
        bad = [at for at, (entry, known) in enumerate(zip(entries, hashes, strict=False)) if leaf_hash(entry) != known]
        if not whole:
            # Where lengths are broken every later entry is cut wrongly: only the first one says something.
            bad = bad[:1] or [min(len(entries), bundle.width - 1)]
        for at in bad:
            text = f"entry {first + at} (in `{bundle.path}`) is not the one that was logged"
            self.fault(FaultKind.ENTRY, bundle.path, first + at, text)
        self.entries += bundle.width - len(bad) if whole else bad[0]
        if not bad and self.each is not None:
            self.each(first, entries)

    def edge(self) -> Iterator[Tile]:
        """The partial tiles, the highest level first; with the full tiles beneath them they are the whole log."""
        for level in range(self.size.bit_length() // TILE_HEIGHT, -1, -1):
            count = self.size >> TILE_HEIGHT * level
            if count % TILE_WIDTH:
                yield self.tile(level, count // TILE_WIDTH)

    def edge_root(self, rows: Rows) -> bytes:
        """The root that the partial tiles lead to."""
        peaks: list[bytes] = []
        for tile, row in rows:
            at = 0
            for bit in range(TILE_HEIGHT - 1, -1, -1):
                if tile.width >> bit & 1:
                    peaks.append(root(row[at : at + (1 << bit)]))
                    at += 1 << bit
        return Frontier(size=self.size, hashes=tuple(peaks)).root()

    def tile(self, level: int | None, index: int) -> Tile:
        """A tile or bundle as it is at this size."""
        count = self.size >> TILE_HEIGHT * (level or 0)
        return Tile(level=level, index=index, width=min(TILE_WIDTH, count - index * TILE_WIDTH))

    def load(self, tile: Tile) -> list[bytes] | None:
        """A tile's hashes, or `None` where they cannot be read."""
        data = self.read_file(tile.path)
        if data is None or len(data) != tile.width * HASH_BYTES:
            return None
        return decode_tile(data, tile.width)

    def row_beneath(self, tile: Tile) -> list[bytes | None]:
        """For each place of a tile, what it should hold by the entry or tile directly under it."""
        if not tile.level:
            data = self.read_file(self.tile(None, tile.index).path)
            entries, _ = entries_until_broken(data or b"", tile.width)
            return [*map(leaf_hash, entries), *[None] * (tile.width - len(entries))]
        first = tile.index * TILE_WIDTH
        children = (self.load(self.tile(tile.level - 1, first + at)) for at in range(tile.width))
        return [None if child is None else root(child) for child in children]

    def fault(self, kind: FaultKind, path: str, index: int | None, text: str) -> None:
        self.faults.append(Fault(kind=kind, path=path, index=index, text=text))
        if len(self.faults) >= MAX_FAULTS:
            raise _Enough

    def missing(self, tile: Tile) -> None:
        what = "is missing" if self.read_file(tile.path) is None else "has another length than it must"
        self.fault(FaultKind.MISSING, tile.path, None, f"the file `{tile.path}` {what}")

    def altered(self, places: Sequence[tuple[Tile, int]]) -> None:
        for tile, at in places:
            text = f"hash {at} of the tile `{tile.path}` is not the one that was computed"
            self.fault(FaultKind.TILE, tile.path, at, text)

    def rewritten(self, tiles: Sequence[Tile]) -> None:
        if len(tiles) == 1 and tiles[0].width == TILE_WIDTH:
            path = tiles[0].path
            text = f"the tile `{path}` and all beneath it agree with each other and not with the tile above"
        else:
            path = CHECKPOINT_PATH
            text = f"entries and tiles agree with each other and do not lead to the signed root of size {self.size}"
        self.fault(FaultKind.ROOT, path, None, text)


@dataclass(frozen=True, slots=True)
class _Choice:
    """Tiles as they are stored and as what lies beneath gives them: each place is right in one of the two."""

    tiles: Sequence[Tile]
    stored: Sequence[Sequence[bytes] | None]
    found: Sequence[Sequence[bytes | None]]

    def differences(self) -> list[tuple[Tile, int]]:
        """The places where both are there and differ."""
        return [
            (tile, at)
            for tile, row, below in zip(self.tiles, self.stored, self.found, strict=True)
            if row is not None
            for at in range(tile.width)
            if below[at] is not None and below[at] != row[at]
        ]

    def candidates(self) -> Iterator[Rows]:
        """Every mixture of the two while they differ in few places; else only one and the other."""
        places = self.differences()
        if len(places) <= MAX_MIXED:
            for number in range(len(places) + 1):
                for chosen in combinations(places, number):
                    yield from self.rows(chosen)
        else:
            yield from self.rows(places)
            yield from self.rows(())

    def rows(self, beneath: Sequence[tuple[Tile, int]]) -> Iterator[Rows]:
        """The stored hashes, but at some places those from beneath, as everywhere in a missing tile; or nothing."""
        rows: Rows = []
        for tile, row, below in zip(self.tiles, self.stored, self.found, strict=True):
            here = {at for other, at in beneath if other == tile} if row is not None else range(tile.width)
            mixed = [below[at] if row is None or at in here else row[at] for at in range(tile.width)]
            known = [value for value in mixed if value is not None]
            if len(known) != tile.width:
                return
            rows.append((tile, known))
        yield rows

    def altered(self, rows: Rows) -> list[tuple[Tile, int]]:
        """The places where a stored hash is not that of `rows`, which are right."""
        return [
            (tile, at)
            for (tile, right), row in zip(rows, self.stored, strict=True)
            if row is not None
            for at in range(tile.width)
            if right[at] != row[at]
        ]


def check_tiles(read_file: ReadFile, verifier: LogVerifier, each: Each | None = None) -> LogCheck:
    """Check a whole log: its checkpoint, every tile, every entry.

    Args:
        read_file: gives the log's files by path: `checkpoint`, `tile/...`; each once, and again where one is wrong.
        verifier: the log's keys.
        each: is given the entries of every bundle that is right, with the number of the first, in order.

    Returns:
        What was found; a fault is named by the entry's index, or by the tile and the place in it.
    """
    note = read_file(CHECKPOINT_PATH)
    try:
        if note is None:
            raise LogError("there is no checkpoint")
        signed = verify_signed(note, verifier)
    except VerificationError as error:
        fault = Fault(kind=FaultKind.CHECKPOINT, path=CHECKPOINT_PATH, text=f"the checkpoint does not hold: {error}")
        return LogCheck(signed=None, entries=0, tiles=0, faults=(fault,))
    walk = _Walk(read_file=read_file, size=signed.checkpoint.size, each=each)
    with suppress(_Enough):
        walk.run(signed.checkpoint.root)
    return LogCheck(signed=signed, entries=walk.entries, tiles=walk.tiles, faults=tuple(walk.faults))
