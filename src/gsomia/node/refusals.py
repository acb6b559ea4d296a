"""What was refused of a peer's, kept for people to see: so much of it that a peer that floods fills no disk."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from gsomia.errors import GsomiaError, MessageError
from gsomia.node.node import Node
from gsomia.node.store_port import Reader, Writer
from gsomia.node.stored import Peer, Refused

__all__ = ["CHECKPOINT", "CLOCK", "FLOOD", "check_flood", "keep", "keep_refused", "why_of"]

WHY_CHARACTERS = 1000
"""At most so much of a reason is told and kept."""

FLOOD = "flood"
"""What the one entry is called that counts what is not kept."""

CLOCK = "clock"
"""What was refused for the clocks alone: a fault that the peer may not know of, and no flood however long it lasts."""

CHECKPOINT = "checkpoint: "
"""Begins what is kept of a checkpoint that was not cosigned, before the reason's kind; a node goes on asking."""

_SPAN = timedelta(hours=1)
_SPANS = 10
"""Of one peer's, ten times as many are kept in all as in one hour."""
_THINNED = 100
"""How often, in refusals, the oldest are let go."""


def keep_refused(node: Node, peer: Peer, what: str, error: Exception) -> None:
    """Keep for people to see that something of a peer's was refused."""
    with node.store.writing() as tx:
        keep(node, tx, Refused(at=node.clock.now(), source=peer.party, what=what, why=why_of(error)))


def keep(node: Node, tx: Writer, refused: Refused) -> None:
    """Keep a refusal of what a peer sent; beyond what is kept in an hour it is counted in one entry.

    One for the clocks, or of a checkpoint, stands once an hour, with its count: so it never fills what is kept.
    """
    since, most = refused.at - _SPAN, node.limits.refusals
    if refused.what == CLOCK or refused.what.startswith(CHECKPOINT):
        tx.count_refused(replace(refused, detail={"count": 1}), since)
        return
    count = tx.refusals(refused.source, since, refused.at)
    if count < most:
        tx.put_refused(refused)
        if count % _THINNED == 0:
            tx.thin_refused(refused.source, most * _SPANS)
        return
    why = f"more than {most} things of `{refused.source}` were refused within an hour; the others are only counted"
    tx.count_refused(Refused(at=refused.at, source=refused.source, what=FLOOD, why=why, detail={"count": 1}), since)


def check_flood(node: Node, reader: Reader, party: str, at: datetime) -> None:
    """Look at nothing that would have to be answered by an act of a peer of whom too much was refused of late.

    Raises:
        MessageError: it has to wait.
    """
    if reader.refusals(party, at - _SPAN, at) >= node.limits.refusals:
        most = node.limits.refusals
        raise MessageError(f"more than {most} things of `{party}` were refused within an hour; this waits for its end")


def why_of(error: Exception) -> str:
    """A reason as it is told and kept; a peer's own words may stand in it, so it has an end."""
    text = str(error) if isinstance(error, GsomiaError) else f"it cannot be understood: {type(error).__name__}: {error}"
    return text[:WHY_CHARACTERS].encode("utf-8", "backslashreplace").decode()
