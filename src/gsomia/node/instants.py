"""The instant that an act names, held against the clock here and against what the act rests on.

When an act arrives says nothing: it may have waited for days in an outbox or on a stick. So it is compared with the
acts that must have been before it, each dated by its own Party's clock; two clocks may differ by `max_skew`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from gsomia.errors import VerificationError
from gsomia.node.acts.signed import Statement, instant
from gsomia.node.acts.types import CONTRACTED, HANDLING
from gsomia.node.record.store_port import Reader
from gsomia.registry import Rung

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = ["check_instant", "named_by"]

_NAMED = ("acceptance", "authority", "request", "recall", "again", "notice", "tracer", "consent", "answers", "order")
"""Where acts name another act that they answer or rest on; `acts` is a list of such."""
_NAMED_KEYS = frozenset(_NAMED)

_AFTER: dict[str, tuple[Rung, ...]] = {
    Rung.ACCEPTED: (Rung.DISPATCHED,),
    "rejected": (Rung.DISPATCHED,),
    Rung.DELIVERED: (Rung.DISPATCHED, Rung.ACCEPTED),
    "mark": (Rung.DISPATCHED, Rung.ACCEPTED, Rung.DELIVERED),
    Rung.RECEIPTED: (Rung.DISPATCHED, Rung.ACCEPTED, Rung.DELIVERED),
    Rung.OPENED: (Rung.DISPATCHED, Rung.ACCEPTED, Rung.DELIVERED),
    **dict.fromkeys(
        (*HANDLING, *CONTRACTED, "destroy", "regrade"),
        (Rung.DISPATCHED, Rung.ACCEPTED, Rung.DELIVERED),
    ),
    "tracer": (Rung.DISPATCHED,),
    "possible-loss": (Rung.DISPATCHED,),
}
"""The rungs of the same copy that must have been before an act."""


def check_instant(node: Node, reader: Reader, statement: Statement, at: datetime) -> None:
    """Check that an act is dated neither ahead of this node's clock nor before what it rests on.

    Args:
        node: who records it; its `max_skew` is how far two clocks may be apart.
        reader: its store, before the act is applied.
        statement: of the act, its signatures verified.
        at: the instant of recording.

    Raises:
        VerificationError: it is; both instants are named.
    """
    skew = node.limits.max_skew
    if statement.at > at + skew:
        raise VerificationError(
            f"act `{statement.id}`: `{statement.type}` is dated {instant(statement.at)}, ahead of this node's clock "
            f"{instant(at)}"
        )
    for what, before in _before(reader, statement):
        if statement.at < before - skew:
            raise VerificationError(
                f"act `{statement.id}`: `{statement.type}` is dated {instant(statement.at)}, before {what} of "
                f"{instant(before)}, on which it rests"
            )


def named_by(statement: Statement) -> list[str]:
    """The acts that an act says it answers or rests on, whether there are such or not."""
    body = statement.body
    rests_on = body.get("acts")
    present = body.keys() & _NAMED_KEYS
    said = (*(body[name] for name in _NAMED if name in present), *(rests_on if isinstance(rests_on, list) else ()))
    return [named for named in said if isinstance(named, str) and named]


def _before(reader: Reader, statement: Statement) -> Iterator[tuple[str, datetime]]:
    """What must have been before an act: the rungs beneath it, the mark that a receipt names, the acts it names."""
    rungs = _AFTER.get(statement.type, ())
    copy = reader.copy(statement.copy) if rungs else None
    if copy is not None:
        for entry in copy.rungs:
            if entry.rung in rungs:
                yield f"the rung `{entry.rung}`", entry.at
    if statement.type == Rung.RECEIPTED:
        marks = [a for a in reader.acts(types=["mark"], item=statement.item) if a.statement.copy == statement.copy]
        if marks:
            yield "the mark", marks[-1].statement.at
    for named in named_by(statement):
        act = reader.act(named)
        if act is not None:
            yield f"the `{act.statement.type}`", act.statement.at
