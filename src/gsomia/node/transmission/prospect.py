"""What a thought-of legal act would bear on at this node: what waits to leave, and what is held (for `what-if`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gsomia.node.facts.asserted import Case, item_facts, item_of
from gsomia.node.node import Node
from gsomia.node.record.approval import Passing
from gsomia.node.record.store_port import Reader
from gsomia.node.transmission.leaving import authority_of
from gsomia.node.transmission.releasing import ask_again, ask_release
from gsomia.registry import CopyState
from gsomia.verdict import Facts, Item, Request

__all__ = ["holdings", "waiting"]

_NOWHERE = (CopyState.AUTHORISED, CopyState.OFFERED, CopyState.REFUSED, CopyState.REJECTED)


def waiting(node: Node, reader: Reader, at: datetime) -> list[tuple[Request, Facts]]:
    """What was authorised here and has not left yet, as it would be asked again before it leaves.

    Args:
        node: the giver's node.
        reader: its store.
        at: the instant of the question.

    Returns:
        Each question with the facts that this node's records establish for it.
    """
    agreements = Case.of(node, reader).law.agreements
    found: list[tuple[Request, Facts]] = []
    for copy in reader.copies(states=(CopyState.AUTHORISED, CopyState.OFFERED)):
        item = reader.item(copy.item)
        if copy.giver != node.party or item is None:
            continue
        met = frozenset(authority_of(reader, copy).statement.body["met"])
        if copy.act != "release":
            found.append(ask_again(node, reader, copy, item, met, at))
            continue
        held = next((c for c in reader.copies(item=item.id) if c.holder == node.party), None)
        if held is not None:
            under = copy.instrument if copy.instrument in agreements else ""
            _, request, _ = ask_release(node, reader, held, item, copy.holder, at=at, under=under, met=met)
            passing = Passing(giver=node.party, receivers=(copy.holder,), purpose=item.purpose, met=met)
            found.append((request, item_facts(node, reader, item, passing=passing, holder=copy.holder, at=at)))
    return found


def holdings(reader: Reader) -> Iterator[tuple[str, Item]]:
    """(holder, item) of every registered copy that has reached its holder, or is on its way there."""
    items = {item.id: item_of(item) for item in reader.items()}
    for copy in reader.copies():
        if copy.state not in _NOWHERE:
            yield copy.holder, items[copy.item]
