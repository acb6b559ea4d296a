"""Copies that stop before they arrive: by this node's verdict, a peer's refusal, or a store that lost them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gsomia.node.acts.signed import Statement
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Node
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.record.stored import Refused
from gsomia.registry import Copy
from gsomia.verdict import Verdict

__all__ = ["Stop", "stop_copies"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A copy that is not known to have arrived, and why it stops here.

    Args:
        copy: which.
        why: in words.
        detail: the verdict or the peer's words, or nothing.
        by: the peer that refused it; "" where this node stops it by itself.
    """

    copy: Copy
    why: str
    detail: Mapping[str, Any]
    by: str = ""

    @classmethod
    def own(cls, copy: Copy, verdict: Verdict) -> Stop:
        """This node's own verdict no longer lets it go."""
        return cls(copy=copy, why=f"{verdict.outcome}: {verdict.against}", detail=verdict.to_json())

    @classmethod
    def refused(cls, copy: Copy, statement: Statement) -> Stop:
        """The peer answered its offer with a refusal."""
        why = str(statement.body.get("why", "the peer answered another offer"))
        return cls(
            copy=copy, why=f"refused by {statement.party}: {why}", detail=dict(statement.body), by=statement.party
        )


def stop_copies(node: Node, tx: Writer, stops: Sequence[Stop], at: datetime) -> None:
    """Stop copies by acts of this node's own, under one signature; whoever knows of them is told.

    The originator is, and the holder that was to get a copy where it has accepted that one: to any other it is not
    announced that there was one.
    """
    drafts = [
        Draft(
            type="stop",
            instrument=stop.copy.instrument,
            item=stop.copy.item,
            copy=stop.copy.id,
            parties=_concerned(node, tx, stop),
            body={"why": stop.why, "to": stop.copy.destination},
        )
        for stop in stops
    ]
    make(node, tx, drafts, at=at)
    for stop in stops:
        what = f"copy {stop.copy.control_number}"
        tx.put_refused(Refused(at=at, source=stop.by or node.party, what=what, why=stop.why, detail=stop.detail))


def _concerned(node: Node, tx: Reader, stop: Stop) -> tuple[str, ...]:
    copy, item = stop.copy, tx.item(stop.copy.item)
    accepted = tx.acts(types=["acceptance"], item=copy.item)
    told = {act.statement.party for act in accepted if act.statement.copy == copy.id}
    if item is not None:
        told.add(item.originator)
    return tuple(sorted(told & {*tx.peers()}))
