"""The ways by which a document could go, offered to its sender in order of lawfulness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from gsomia.errors import GsomiaError
from gsomia.node.facts.asserted import Case
from gsomia.node.facts.words import treaty_mark
from gsomia.node.node import Node
from gsomia.node.record.store_port import Reader
from gsomia.node.transmission.sealing import Sending
from gsomia.node.transmission.sending import ask_transmit
from gsomia.verdict import Item, Route, routes

__all__ = ["lawful_ways", "way_rows"]


def lawful_ways(node: Node, reader: Reader, sending: Sending, at: datetime) -> list[Route]:
    """Every way that is not refused by what this node knows now, the most lawful first.

    Args:
        node: the sender's node.
        reader: its store.
        sending: what would go, and to whom; its `via` and `under` are not used.
        at: the instant.

    Returns:
        Each way with the verdict of this node's own law, record and facts; who stands on it gets the item too, which
        the sender's officer consents to with the transmission.

    Raises:
        UsageError: a Party, level, subject or purpose that is not known.
    """
    case = Case.of(node, reader)
    item = Item(
        originator=node.party,
        level=treaty_mark(case, node.party, sending.level),
        subject=sending.subject,
        form="electronic",
        contains=sending.parts(node.party, None),
        purpose=sending.purpose,
    )
    found: list[Route] = []
    for route in routes(case.law, case.record, at, node.party, sending.to, item):
        if route.act != "transmit" or route.verdict.outcome == "refuse":
            continue
        # A chain of agreements has no name to be asked by; where an arrangement carries it too, that is what answers.
        named = "" if "+" in route.instrument else route.instrument
        try:
            verdict = ask_transmit(node, reader, replace(sending, via=route.via, under=named), at=at)[2]
        except GsomiaError:
            continue  # nobody on that way is known here
        if verdict.outcome != "refuse" and verdict.instrument == route.instrument:
            found.append(replace(route, verdict=verdict))
    return sorted(found, key=lambda route: route.lawfulness)


def way_rows(ways: Sequence[Route]) -> list[dict[str, Any]]:
    """Ways as they are told to the sender's officer."""
    return [
        {
            "via": list(way.via),
            "instrument": way.instrument,
            "outcome": way.verdict.outcome,
            "binding": way.binding,
        }
        for way in ways
    ]
