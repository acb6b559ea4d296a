"""`verify`: every check of a node, each by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gsomia.node.checks import Check, audit_records
from gsomia.node.node import Node
from gsomia.node.witnessed import audit_witnesses

__all__ = ["audit"]


def audit(node: Node, register: Callable[[], Check] | None = None) -> Iterator[Check]:
    """Check the node's logs, acts, register, sealed items and witnesses; each check is yielded as it ends.

    Args:
        node: whose records.
        register: gives the check of the register where that is done elsewhere, or None.
    """
    yield from audit_records(node, register)
    yield from audit_witnesses(node)
