"""Sealed files that nobody here may have any more: noted with the act that ends them, and removed right after it.

The note is written in the transaction of the act, so that a crash leaves it; the file goes in a transaction of its own,
in which nothing is registered, so that a copy of the same item that comes meanwhile keeps its content.
"""

from __future__ import annotations

from gsomia.node.node import Node
from gsomia.node.record.store_port import Writer
from gsomia.registry import GONE, LEAVING, Copy, gone

__all__ = ["note_leftover", "remove_leftovers"]


def note_leftover(tx: Writer, copy: Copy, party: str) -> None:
    """Note that an item's sealed file is to be removed, where this Party has the item no more by what it just entered.

    Args:
        tx: the open transaction.
        copy: as it was entered: one that this Party held, or one that it handed on.
        party: this node's.
    """
    ended = copy.holder == party and copy.state in GONE
    handed_on = copy.giver == party and copy.act == "release" and copy.state not in LEAVING
    if (ended or handed_on) and gone(party, tx.copies(item=copy.item)):
        tx.put_leftover(copy.item)


def remove_leftovers(node: Node) -> int:
    """Remove the sealed files of items that this Party has no more.

    Args:
        node: whose.

    Returns:
        How many there were.

    Raises:
        NodeError: the disk does not take it; they stay noted.
    """
    with node.store.reading() as reader:
        if not reader.leftovers():
            return 0
    with node.store.writing() as tx:
        noted = tx.leftovers()
        ended = [item for item in noted if gone(node.party, tx.copies(item=item))]
        node.blobs.erase(ended)
        for item in noted:
            tx.drop_leftover(item)
    return len(ended)
