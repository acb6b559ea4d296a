"""What was recorded between a judgement and what rests on it: a copy that it bears on is judged once more.

A peer answers an offer in its own time, and acts are recorded meanwhile: a notice, a recall, a consent that ends, an
agreement that does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from gsomia.node.node import Node
from gsomia.node.record.store_port import Reader
from gsomia.node.transmission.leaving import Leaving, prepare
from gsomia.registry import Item

__all__ = ["judged_again"]

_PASSING = ("transmit", "acceptance", "dispatched", "accepted", "delivered")
"""What a copy's own way brings: no verdict rests on it, and while documents go there is hardly anything else."""


def judged_again(
    node: Node, tx: Reader, judged: Sequence[Leaving], place: int, at: datetime
) -> Mapping[str, Leaving | None]:
    """Judge once more what something was recorded about since.

    Args:
        node: the giver's node.
        tx: its store, as it stands now.
        judged: copies about to leave.
        place: that of the act recorded last when they were judged.
        at: the instant.

    Returns:
        By copy, of those alone: what holds of it now, None where it is on its way no longer.
    """
    touched = tx.touched_since(place, _PASSING)
    if not touched:
        return {}
    return {
        one.copy.id: prepare(node, tx, one.entry, at)
        for one in judged
        # What is about no item is about the law, a Party or a key, and may bear on any.
        if "" in touched or not touched.isdisjoint(_drawn_on(tx, one.item))
    }


def _drawn_on(reader: Reader, item: Item) -> set[str]:
    """An item, and all that it draws on as far as that is known here."""
    found: set[str] = set()
    left = [item.id]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            known = item if name == item.id else reader.item(name)
            left += [source.item for source in known.cites] if known is not None else []
    return found
