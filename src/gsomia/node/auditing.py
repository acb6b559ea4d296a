"""`verify`: every check of a node, each by name."""

from __future__ import annotations

from collections.abc import Iterator

from gsomia.node.checks import Check, audit_records
from gsomia.node.node import Node
from gsomia.node.witnessed import audit_witnesses

__all__ = ["audit"]


def audit(node: Node) -> Iterator[Check]:
    """Check the node's logs, acts, register, sealed items and witnesses; each check is yielded as it ends.

    Args:
        node: whose records.
    """
    yield from audit_records(node)
    yield from audit_witnesses(node)
