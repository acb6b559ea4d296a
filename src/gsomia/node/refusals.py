"""What was refused of a peer's, and of officers without authority, kept for people to see: so much that no flood fills
a disk."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from gsomia.errors import GsomiaError, MessageError, RefusedError
from gsomia.node.node import Node
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.record.stored import Peer, Refused

__all__ = [
    "CHECKPOINT",
    "CLOCK",
    "FLOOD",
    "WHY_CHARACTERS",
    "check_flood",
    "keep",
    "keep_denied",
    "keep_refused",
    "times",
    "why_of",
]

WHY_CHARACTERS = 1000
"""At most so much of a reason is told and kept."""

FLOOD = "flood"
"""What the one entry is called that counts what is not kept."""

_DENIED = "without authority: "
"""What an entry is called by that counts what one officer asked for without authority."""

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


def keep_denied(node: Node, officer: str, asked: str, error: RefusedError) -> None:
    """Keep for people to see that an officer asked for what is not theirs to ask for.

    The same, asked by the same officer again within an hour, is counted in one entry, and of these entries ten times as
    many are kept as of one peer's refusals in an hour: who asks again and again fills no disk, and pushes nothing else
    out.

    Args:
        node: whose officer.
        officer: the officer's id.
        asked: what was asked for, in words.
        error: why it was refused.
    """
    at, what = node.clock.now(), f"{_DENIED}{asked}, by officer `{officer}`"
    detail = {**error.verdict, "count": 1}
    with node.store.writing() as tx:
        tx.count_refused(Refused(at=at, source=node.party, what=what, why=why_of(error), detail=detail), at - _SPAN)
        tx.thin_refused(node.party, node.limits.refusals * _SPANS, _DENIED)


def times(refused: Refused) -> int:
    """How many refusals an entry stands for."""
    counted = refused.what in (FLOOD, CLOCK) or refused.what.startswith((CHECKPOINT, _DENIED))
    return int(refused.detail.get("count", 1)) if counted else 1


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
