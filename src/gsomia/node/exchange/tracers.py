"""Tracers: a receipt that is late is asked for, and one that stays out is a possible loss (Articles 12 and 17).

How many days that takes no agreement that was read says, so there is no default: a Party sets its own days for each
agreement, and without them nothing is overdue by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gsomia.node.acts.signed import SignedAct, instant, read_instant
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Node
from gsomia.node.record.store_port import Reader
from gsomia.registry import Copy, CopyState, Direction, Rung

__all__ = ["Awaited", "TracerDays", "awaited", "trace"]

_OUT = (CopyState.DISPATCHED, CopyState.ACCEPTED, CopyState.DELIVERED, CopyState.OPENED)
"""The states of a copy that left and whose receipt is not here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TracerDays:
    """A Party's own days under one agreement.

    Args:
        receipt: from dispatch until a tracer is sent.
        answer: from the tracer until the copy counts as a possible loss.
    """

    receipt: timedelta
    answer: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """A copy whose receipt is not here.

    Args:
        copy: as registered; this Party gave it, or holds it and was traced.
        since: when it was dispatched.
        due: when its receipt is or was due; None where no days are set.
        tracer: the tracer's act, or None.
        answer_due: by when the tracer asks for the receipt.
        loss: the act that reported a possible loss, or None.
    """

    copy: Copy
    since: datetime
    due: datetime | None
    tracer: SignedAct | None
    answer_due: datetime | None
    loss: SignedAct | None


def awaited(node: Node, reader: Reader, days: Mapping[str, TracerDays]) -> list[Awaited]:
    """The copies whose receipts are not here: those this Party gave, and those it holds and was asked about.

    Args:
        node: whose register.
        reader: its store.
        days: by agreement.
    """
    found = []
    for copy in reader.copies(states=_OUT):
        dispatched = copy.rung(Rung.DISPATCHED)
        if dispatched is None or copy.rung(Rung.RECEIPTED) is not None:
            continue
        acts = [act for act in reader.acts(types=_TYPES, item=copy.item) if act.statement.copy == copy.id]
        tracer = next((act for act in acts if act.statement.type == "tracer"), None)
        loss = next((act for act in acts if act.statement.type == "possible-loss"), None)
        if copy.direction is not Direction.SENT and tracer is None:
            continue
        limit = days.get(copy.instrument) if copy.direction is Direction.SENT else None
        found.append(
            Awaited(
                copy=copy,
                since=dispatched.at,
                due=dispatched.at + limit.receipt if limit is not None else None,
                tracer=tracer,
                answer_due=read_instant(tracer.statement.body["answer_by"]) if tracer is not None else None,
                loss=loss,
            )
        )
    return sorted(found, key=lambda one: (one.since, one.copy.id))


_TYPES = ("tracer", "possible-loss")


def trace(node: Node, days: Mapping[str, TracerDays]) -> list[SignedAct]:
    """Send a tracer for each receipt that is overdue, and report each that stayed out after one as a possible loss.

    The holder is told of both, and so is the originator where it is another Party (Article 17).

    Args:
        node: the giver's.
        days: by agreement.

    Returns:
        The acts made.
    """
    at = node.clock.now()
    with node.store.writing() as tx:
        drafts = []
        for one in awaited(node, tx, days):
            if one.copy.direction is not Direction.SENT:
                continue
            limit = days.get(one.copy.instrument)
            if one.tracer is None and limit is not None and one.due is not None and one.due <= at:
                body = {"due": instant(one.due), "answer_by": instant(at + limit.answer)}
                drafts.append(_draft(tx, node, one, "tracer", body))
            elif one.tracer is not None and one.loss is None and one.answer_due is not None and one.answer_due <= at:
                drafts.append(_draft(tx, node, one, "possible-loss", {"tracer": one.tracer.id, "article": "17"}))
        return make(node, tx, drafts, at=at)


def _draft(tx: Reader, node: Node, one: Awaited, kind: str, body: Mapping[str, str]) -> Draft:
    item = tx.item(one.copy.item)
    told = {one.copy.holder} | ({item.originator} if item is not None else set())
    return Draft(
        type=kind,
        instrument=one.copy.instrument,
        item=one.copy.item,
        copy=one.copy.id,
        parties=tuple(sorted((told - {node.party}) & {*tx.peers()})),
        body=dict(body),
    )
