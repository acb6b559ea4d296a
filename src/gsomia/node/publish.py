"""A log as files (C2SP tlog-tiles), for inspectors and witnesses: the store's log in the form public tools read."""

from __future__ import annotations

from collections.abc import Iterator

from gsomia.errors import NodeError, UsageError
from gsomia.node.node import Node
from gsomia.node.ports import LogState, Reader
from gsomia.tlog import (
    CHECKPOINT_PATH,
    TILE_WIDTH,
    LogCheck,
    LogProof,
    Tile,
    check_tiles,
    encode_entries,
    encode_tile,
    inclusion_proof,
    tiles_for,
)

__all__ = ["KEYS_PATH", "check_log", "log_files", "log_named", "prove"]

KEYS_PATH = "log.pub"
"""The log's verifier keys, beside its checkpoint."""


def log_files(node: Node, reader: Reader, state: LogState) -> Iterator[tuple[str, bytes]]:
    """Every file of a log, path and bytes; the checkpoint last, when all it covers is there.

    Args:
        node: whose log.
        reader: its store.
        state: the log's head.
    """
    yield KEYS_PATH, node.keys.log.public.named(state.name).to_text().encode()
    for tile in tiles_for(state.size):
        yield tile.path, _tile(reader, state, tile)
    yield CHECKPOINT_PATH, state.checkpoint


def _tile(reader: Reader, state: LogState, tile: Tile) -> bytes:
    if tile.level is None:
        start = tile.index * TILE_WIDTH
        return encode_entries([entry for entry, _, _ in reader.log_entries(state.name, start, start + tile.width)])
    return encode_tile(tile, lambda level, index: reader.log_node(state.name, level, index))


def check_log(node: Node, reader: Reader, state: LogState) -> LogCheck:
    """Check a whole log in the store as its files: every entry, every tile, the signed checkpoint (`log fsck`).

    Args:
        node: whose log.
        reader: its store.
        state: the log's head.
    """
    tiles = {tile.path: tile for tile in tiles_for(state.size)}

    def read_file(path: str) -> bytes | None:
        if path == CHECKPOINT_PATH:
            return state.checkpoint
        try:
            return _tile(reader, state, tiles[path]) if path in tiles else None
        except NodeError:
            return None  # a hash of the tile is missing

    return check_tiles(read_file, node.keys.log.public.named(state.name))


def log_named(reader: Reader, name: str) -> LogState:
    """The log with this origin, or with this last part of it: `KOR`, `internal`.

    Raises:
        UsageError: there is none.
    """
    logs = reader.logs()
    found = [state for state in logs if name in (state.name, state.name.split("/")[2])]
    # Of a log and those that took its place the last one is meant.
    found = [state for state in found if state.name == name] or found[-1:]
    if len(found) != 1:
        raise UsageError(f"no log `{name}`", hint=f"logs: {', '.join(state.name for state in logs) or 'none'}")
    return found[0]


def prove(reader: Reader, act: str, log: str = "") -> tuple[str, LogProof]:
    """The proof that an act is in a log, up to the log's newest checkpoint (c2sp.org/tlog-proof).

    Args:
        reader: the node's store.
        act: the act's id.
        log: the log, as for `log_named`; "" where the act stands in one log alone.

    Returns:
        The log's origin, and the proof; its `extra` is the entry's salt.

    Raises:
        UsageError: no such act, not in that log, or in several.
    """
    places = {name: (position, salt) for name, position, salt in reader.log_places(act)}
    if not places:
        raise UsageError(f"no act `{act}` is in a log", hint="`gsomia act list --all` lists them")
    if not log and len(places) > 1:
        raise UsageError(f"act `{act}` is in {len(places)} logs", hint=f"name one with --log: {', '.join(places)}")
    state = log_named(reader, log or next(iter(places)))
    if state.name not in places:
        raise UsageError(f"act `{act}` is not in the log `{state.name}`", hint=f"it is in: {', '.join(places)}")
    position, salt = places[state.name]
    hashes = inclusion_proof(position, state.size, lambda level, index: reader.log_node(state.name, level, index))
    return state.name, LogProof(index=position, hashes=tuple(hashes), note=state.checkpoint, extra=salt)
