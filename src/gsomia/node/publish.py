"""A log as files (C2SP tlog-tiles), for inspectors and witnesses: the store's log in the form public tools read."""

from __future__ import annotations

from collections.abc import Iterator

from gsomia.node.node import Node
from gsomia.node.ports import LogState, Reader
from gsomia.tlog import CHECKPOINT_PATH, TILE_WIDTH, encode_entries, encode_tile, tiles_for

__all__ = ["KEYS_PATH", "log_files"]

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
        if tile.level is None:
            start = tile.index * TILE_WIDTH
            entries = reader.log_entries(state.name, start, start + tile.width)
            yield tile.path, encode_entries([entry for entry, _, _ in entries])
        else:
            yield tile.path, encode_tile(tile, lambda level, index: reader.log_node(state.name, level, index))
    yield CHECKPOINT_PATH, state.checkpoint
