"""When registers were compared with a peer last, and which differences have stood too long."""

from __future__ import annotations

from datetime import datetime, timedelta

from gsomia.node.node import Node
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.record.stored import Discrepancy

__all__ = ["UNDER_WAY", "begin_reconciling", "note_reconciled", "overdue", "reconciled_at"]

UNDER_WAY = "under way"
"""What is kept of an entry that a peer says is under way: since when it has."""


def reconciled_at(reader: Reader, peer: str) -> int | None:
    """When a reconciliation with a peer was done last, or its schedule began, in seconds of this machine's time."""
    found = reader.setting(_done(peer))
    return int(found) if found is not None else None


def begin_reconciling(node: Node, peer: str) -> None:
    """Let the schedule with a peer begin now, where no reconciliation was done: the first is due an interval later."""
    with node.store.writing() as tx:
        if tx.setting(_done(peer)) is None:
            note_reconciled(node, tx, peer)


def note_reconciled(node: Node, tx: Writer, peer: str) -> None:
    """Note that a reconciliation with a peer is done now."""
    tx.put_setting(_done(peer), str(int(node.clock.machine().timestamp())))


def _done(peer: str) -> str:
    return f"reconciled/{peer}"


def overdue(reader: Reader, at: datetime, age: timedelta) -> list[Discrepancy]:
    """The discrepancies that stand for longer than they may.

    Args:
        reader: the node's store.
        at: now.
        age: how long one may stand.
    """
    return [one for one in reader.discrepancies() if one.kind != UNDER_WAY and at - one.since > age]
