"""The nodes of a log's tree that are stored, held against those that its leaves give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from gsomia.node.record.store_port import Reader
from gsomia.tlog import Node as TreeNode

__all__ = ["wrong_nodes"]


def wrong_nodes(reader: Reader, log: str, computed: Sequence[TreeNode]) -> Iterator[tuple[int, int]]:
    """The nodes that are missing from the store or are not what the leaves give; proofs are made of them.

    Args:
        reader: the store.
        log: the log's origin.
        computed: nodes as `Frontier.append` completes them, level by level.

    Returns:
        Level and index of each.
    """
    for level, group in groupby(computed, key=lambda node: node[0]):
        nodes = list(group)
        first, last = nodes[0][1], nodes[-1][1]
        stored = dict(reader.log_nodes(log, level, first, last + 1))
        yield from ((level, index) for _, index, digest in nodes if stored.get(index) != digest)
