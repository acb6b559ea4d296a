"""Standing orders given and ended by a registry officer, and the node's marks and receipts by them (protocol 8).

An officer who receives many items of the same kind settles once which mark each gets and that the node's comparison of
contents and marks serves as the receipt. Whatever asks for more than that comparison waits for an officer as before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from gsomia.agreement import SUBJECTS
from gsomia.errors import UsageError
from gsomia.node.acts.signed import SignedAct, instant
from gsomia.node.effects.orders import refusal_of
from gsomia.node.facts.asserted import Case
from gsomia.node.facts.levels import level_notified
from gsomia.node.facts.words import treaty_mark
from gsomia.node.holding.custody import marking, receipting
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node, known_peer
from gsomia.node.record.order import StandingOrder
from gsomia.node.record.store_port import Reader, Writer
from gsomia.registry import Item, Rung

__all__ = ["LONGEST_ORDER", "end_order", "give_order", "order_rows", "receipt_by_order"]

LONGEST_ORDER = timedelta(days=366)
"""A house rule: what nobody looked at for a year an officer orders anew. No article names a time."""


def give_order(
    node: Node,
    giver: str,
    instrument: str,
    marks: Mapping[str, str],
    *,
    until: datetime,
    subjects: Sequence[str] = (),
    by: Acting,
) -> SignedAct:
    """Order that the node marks and receipts what a Party gives of its own; that Party is told.

    Args:
        node: the recipient's.
        giver: an enrolled peer.
        instrument: the agreement under which the items come.
        marks: from the giver's mark to one's own; each an equivalent by that agreement (Article 4.2).
        until: when the order ends.
        subjects: of which it is; none for every one.
        by: a registry officer.

    Raises:
        UsageError: an agreement that is not adopted or not between the two, a mark that is no equivalent, a subject
            that is not known, or an end that is past or more than a year away.
        RefusedError: the officer may not.
    """
    at = node.clock.now()
    if not at < until <= at + LONGEST_ORDER:
        raise UsageError(f"a standing order ends within {LONGEST_ORDER.days} days", hint="--until names the day")
    unknown = [subject for subject in subjects if subject not in SUBJECTS]
    if unknown:
        raise UsageError(f"unknown subject `{unknown[0]}`", hint=f"subjects: {', '.join(SUBJECTS)}")
    if not marks:
        raise UsageError("which marks?", hint="--mark THEIRS=OWN, once for each")
    with node.store.writing() as tx:
        known_peer(tx, giver)
        case = Case.of(node, tx)
        agreement = case.law.agreements.get(instrument)
        if agreement is None or not {node.party, giver} <= {*agreement.parties}:
            raise UsageError(f"`{instrument}` is no agreement adopted here between `{node.party}` and `{giver}`")
        table: dict[str, str] = {}
        for theirs, own in marks.items():
            foreign, mark = treaty_mark(case, giver, theirs), treaty_mark(case, node.party, own)
            allowed = agreement.equivalents(foreign, giver, node.party)
            if mark not in allowed:
                raise UsageError(
                    f"`{own}` is not the equivalent of `{theirs}` under `{instrument}` (Article 4.2)",
                    hint=f"equivalents: {', '.join(allowed) or 'none'}",
                )
            table[foreign] = mark
        _unless_otherwise_ordered(tx, node.party, giver, instrument, table, subjects, at)
        body: dict[str, Any] = {
            "giver": giver,
            "marks": dict(sorted(table.items())),
            "subjects": sorted({*subjects}),
            "until": instant(until),
        }
        draft = Draft(type="standing-order", instrument=instrument, parties=(giver,), body=body)
        return make(node, tx, [draft], at=at, by=by)[0]


def _unless_otherwise_ordered(
    reader: Reader,
    party: str,
    giver: str,
    instrument: str,
    table: Mapping[str, str],
    subjects: Sequence[str],
    at: datetime,
) -> None:
    """Check that no order that stands says another mark for what this one is about.

    Raises:
        UsageError: one does.
    """
    for one in reader.orders(party):
        alike = (one.giver, one.instrument) == (giver, instrument) and at < one.until
        overlap = not subjects or not one.subjects or {*subjects} & {*one.subjects}
        for foreign, mark in table.items() if alike and overlap else ():
            if one.own_mark(foreign) not in ("", mark):
                raise UsageError(
                    f"standing order `{one.id}` marks `{foreign}` as `{one.own_mark(foreign)}`",
                    hint=f"`gsomia order end {one.id}` first",
                )


def end_order(node: Node, order: str, *, by: Acting) -> SignedAct:
    """End a standing order; from then on an officer marks and receipts.

    Args:
        node: whose order it is.
        order: the act's id that gave it.
        by: a registry officer.

    Raises:
        UsageError: there is no such order of this Party's, or it was ended.
        RefusedError: the officer may not.
    """
    with node.store.writing() as tx:
        found = tx.order(order)
        if found is None or found.party != node.party or found.ended_by:
            standing = [one.id for one in tx.orders(node.party)]
            raise UsageError(f"no standing order `{order}`", hint=f"there are: {', '.join(standing) or 'none'}")
        draft = Draft(
            type="end-standing-order", instrument=found.instrument, parties=(found.giver,), body={"order": order}
        )
        return make(node, tx, [draft], at=node.clock.now(), by=by)[0]


def order_rows(reader: Reader) -> list[dict[str, Any]]:
    """The standing orders, the earliest first, as data; `refused` is what the giver's node did not take of them.

    `sent_again` says that an act is on its way there once more.
    """
    return [
        {
            "order": one.id,
            "party": one.party,
            "giver": one.giver,
            "instrument": one.instrument,
            "marks": dict(one.marks),
            "subjects": list(one.subjects),
            "at": instant(one.at),
            "until": instant(one.until),
            "ended": instant(one.ended_at) if one.ended_at is not None else None,
            "refused": [_refused(reader, one, act, why) for act, why in _refusals(reader, one)],
        }
        for one in reader.orders()
    ]


def _refusals(reader: Reader, order: StandingOrder) -> list[tuple[str, str]]:
    """The acts about an order that the giver did not take, and why."""
    return [(act, why) for act in (order.id, order.ended_by) if act and (why := refusal_of(reader, act))]


def _refused(reader: Reader, order: StandingOrder, act: str, why: str) -> dict[str, Any]:
    waiting = any(one.subject == act for one in reader.outgoing(peer=order.giver))
    return {"act": act, "by": order.giver, "why": why, "sent_again": waiting}


def receipt_by_order(node: Node, tx: Writer, copies: Sequence[str], at: datetime) -> None:
    """Mark and receipt those copies just delivered that a standing order covers; the others wait for an officer.

    Args:
        node: the holder's; it compared each content with the digest that its originator signed.
        tx: the open transaction.
        copies: the ids.
        at: the instant.
    """
    # What rests on an order that the giver refused it would refuse too.
    orders = [one for one in tx.orders(node.party) if one.stands(at) and not refusal_of(tx, one.id)]
    if not orders:
        return
    case = Case.of(node, tx)
    marks: list[Draft] = []
    covered: dict[str, tuple[Item, str]] = {}
    for copy in filter(None, map(tx.copy, copies)):
        item = tx.item(copy.item)
        if item is None or copy.own_mark or copy.rung(Rung.RECEIPTED) is not None:
            continue
        foreign = level_notified(tx, item)
        order = next((one for one in orders if not one.against(copy, item, foreign, at)), None)
        if order is None:
            continue
        draft, verdict = marking(
            node, tx, case, copy, order.own_mark(foreign), at, settled_by=f"standing order {order.id}", order=order.id
        )
        if verdict.outcome == "permit":
            marks.append(draft)
            covered[copy.id] = item, order.id
    make(node, tx, marks, at=at)
    receipts = [
        receipting(marked, item, order=order)
        for name, (item, order) in covered.items()
        if (marked := tx.copy(name)) is not None
    ]
    make(node, tx, receipts, at=at)
