"""`verify`: every check of a node, each by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from gsomia.node.check import Check, done
from gsomia.node.comparison.disputes import DISPUTES, check_disputes
from gsomia.node.comparison.entries import SHARED, check_entries
from gsomia.node.node import Node
from gsomia.node.verify.checks import audit_records
from gsomia.node.verify.witnessed import audit_witnesses

__all__ = ["audit"]


def audit(node: Node, elsewhere: Callable[[], Sequence[Check]] | None = None) -> Iterator[Check]:
    """Check the node's logs, acts, register, sealed items and witnesses; each check is yielded as it ends.

    What is kept of what it shares with its peers is checked too, and open disputes are told beside them.

    Args:
        node: whose records.
        elsewhere: gives the checks of logs, acts and register where those are done in another way, or None.
    """
    yield from audit_records(node, elsewhere)
    yield from audit_witnesses(node)
    with node.store.reading() as reader:
        yield done(SHARED, partial(check_entries, node, reader))
        yield done(DISPUTES, partial(check_disputes, node, reader))
