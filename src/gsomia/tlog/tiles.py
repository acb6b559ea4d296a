"""A log as files: hash tiles of 256, bundles of 256 entries, and the last ones partial (c2sp.org/tlog-tiles).

A full tile never changes, so it may be kept and copied for ever. A partial one is named by its width and belongs to the
sizes at which a checkpoint was signed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gsomia.errors import LogError
from gsomia.tlog.tree import HASH_BYTES, Read, root

__all__ = [
    "CHECKPOINT_PATH",
    "TILE_HEIGHT",
    "TILE_LEVELS",
    "TILE_WIDTH",
    "ReadFile",
    "Tile",
    "decode_tile",
    "encode_entries",
    "encode_tile",
    "entries_path",
    "entry_tiles",
    "reader_of_levels",
    "tile_path",
    "tiles_for",
]

CHECKPOINT_PATH = "checkpoint"
TILE_WIDTH = 256
TILE_HEIGHT = 8
TILE_LEVELS = range(TILE_HEIGHT, 64, TILE_HEIGHT)
"""The levels of the tree above the leaves that tiles hold: every eighth one."""
MAX_ENTRY_BYTES = 0xFFFF

ReadFile = Callable[[str], bytes | None]
"""Gives a log's file by its path (forward slashes, below the log's folder), or `None` where there is none."""


def _number(index: int) -> str:
    """An index as path elements of three digits, all but the last with an `x`: 1234067 is `x001/x234/067`."""
    text = f"{index % 1000:03}"
    while index := index // 1000:
        text = f"x{index % 1000:03}/{text}"
    return text


def _partial(width: int | None) -> str:
    if width is None or width == TILE_WIDTH:
        return ""
    if not 0 < width < TILE_WIDTH:
        raise ValueError(f"a tile is 1 to {TILE_WIDTH} wide, not {width}")
    return f".p/{width}"


def tile_path(level: int, index: int, width: int | None = None) -> str:
    """The path of a hash tile.

    Args:
        level: of the tile, 0 for leaf hashes; each is 8 levels of the tree.
        index: the tile's number on its level.
        width: hashes in a partial tile; `None` or 256 for a full one.

    Returns:
        Such as `tile/0/x001/234.p/7`, below the log's folder.

    Raises:
        ValueError: no such tile can be.
    """
    if not 0 <= level < 64 or index < 0:
        raise ValueError(f"there is no tile {level}, {index}")
    return f"tile/{level}/{_number(index)}{_partial(width)}"


def entries_path(index: int, width: int | None = None) -> str:
    """The path of an entry bundle, such as `tile/entries/x001/234.p/7`; arguments as for `tile_path`."""
    if index < 0:
        raise ValueError(f"there is no bundle {index}")
    return f"tile/entries/{_number(index)}{_partial(width)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One file of a log.

    Args:
        level: of the hash tile, or `None` for a bundle of entries.
        index: number on its level.
        width: hashes or entries in it, 1 to 256.
    """

    level: int | None
    index: int
    width: int

    @property
    def path(self) -> str:
        """Its path below the log's folder."""
        if self.level is None:
            return entries_path(self.index, self.width)
        return tile_path(self.level, self.index, self.width)


def _row(level: int | None, count: int) -> Iterator[Tile]:
    for index in range(count // TILE_WIDTH):
        yield Tile(level=level, index=index, width=TILE_WIDTH)
    if width := count % TILE_WIDTH:
        yield Tile(level=level, index=count // TILE_WIDTH, width=width)


def entry_tiles(size: int) -> Iterator[Tile]:
    """The entry bundles of a log of `size` entries, in order."""
    return _row(None, size)


def tiles_for(size: int) -> Iterator[Tile]:
    """Every file of a log of `size` entries but the checkpoint: the bundles, then the hash tiles level by level."""
    yield from entry_tiles(size)
    level = 0
    while count := size >> TILE_HEIGHT * level:
        yield from _row(level, count)
        level += 1


def encode_tile(tile: Tile, read: Read) -> bytes:
    """A hash tile's content, from stored hashes.

    Args:
        tile: a hash tile, not a bundle.
        read: gives stored hashes.
    """
    if tile.level is None:
        raise ValueError("a bundle of entries is not made of hashes")
    start = tile.index * TILE_WIDTH
    return b"".join(read(tile.level * TILE_HEIGHT, i) for i in range(start, start + tile.width))


def decode_tile(data: bytes, width: int) -> list[bytes]:
    """The hashes of a tile.

    Raises:
        LogError: not exactly `width` hashes.
    """
    if len(data) != width * HASH_BYTES:
        raise LogError(f"a tile of {len(data)} bytes where {width * HASH_BYTES} are needed")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def encode_entries(entries: Sequence[bytes]) -> bytes:
    """A bundle's content: each entry after its length in 2 bytes, big-endian.

    Raises:
        LogError: an entry is longer than 65,535 bytes.
    """
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise LogError(f"an entry of {len(entry)} bytes where at most {MAX_ENTRY_BYTES} fit")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def entries_until_broken(data: bytes, width: int) -> tuple[list[bytes], bool]:
    """The entries of a bundle as far as they can be read, and whether that is exactly `width` and nothing more."""
    entries: list[bytes] = []
    at = 0
    while len(entries) < width:
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            return entries, False
        entries.append(data[at + 2 : end])
        at = end
    return entries, at == len(data)


def reader_of_levels(hashes: Callable[[int, int, int], Sequence[bytes]]) -> Read:
    """Any hash of a tree, from those levels alone that tiles hold.

    Args:
        hashes: gives those of a tile level, from one number up to another and not that; at most 128, within one tile.

    Returns:
        The function that proofs are built with: the levels between are made from the one beneath them.
    """

    def read(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, TILE_HEIGHT)
        return root(hashes(tile_level, index << height, (index + 1) << height))

    return read
