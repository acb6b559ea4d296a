"""The nodes of a log's tree that are stored, held against those that its leaves give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from gsomia.node.ports import Reader
from gsomia.tlog import TILE_HEIGHT
from gsomia.tlog import Node as TreeNode

__all__ = ["stored_nodes", "wrong_nodes"]


def stored_nodes(completed: Iterable[TreeNode]) -> list[TreeNode]:
    """Those nodes that a store keeps: what tiles hold above the leaves, whose hashes the entries give.

    Args:
        completed: nodes as `Frontier.append` completes them.
    """
    return [node for node in completed if node[0] and not node[0] % TILE_HEIGHT]


def wrong_nodes(reader: Reader, log: str, computed: Sequence[TreeNode]) -> Iterator[tuple[int, int]]:
    """The nodes that are missing from the store or are not what the leaves give; proofs are made of them.

    Args:
        reader: the store.
        log: the log's origin.
        computed: nodes as `Frontier.append` completes them, level by level; those that are not kept are passed over.

    Returns:
        Level and index of each.
    """
    for level, group in groupby(stored_nodes(computed), key=lambda node: node[0]):
        nodes = list(group)
        first, last = nodes[0][1], nodes[-1][1]
        stored = dict(reader.log_nodes(log, level, first, last + 1))
        yield from ((level, index) for _, index, digest in nodes if stored.get(index) != digest)
