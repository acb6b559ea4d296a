"""What a standing order changes, what rests on one is held against, and what a peer said of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from gsomia.agreement import SUBJECTS
from gsomia.errors import VerificationError
from gsomia.node.acts.bodies import text, texts
from gsomia.node.acts.signed import SignedAct, Statement, read_instant
from gsomia.node.facts.levels import levels_given
from gsomia.node.record.order import StandingOrder
from gsomia.node.record.store_port import Reader, Writer
from gsomia.registry import Copy, Item

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = [
    "apply_order",
    "apply_order_end",
    "check_order",
    "check_orders_of",
    "end_orders_of",
    "note_refused",
    "note_taken",
    "refusal_of",
]

_ORDERING = ("standing-order", "end-standing-order")
_REFUSED = "order-refused/"
"""Begins the name of the setting that holds why the giver refused an act about an order; "" once it took it."""


def apply_order(node: Node, tx: Writer, statement: Statement) -> None:
    """A registry officer ordered beforehand how what comes from a Party is marked, and that it is receipted."""
    body = statement.body
    marks = body["marks"]
    if not isinstance(marks, dict) or not marks or not all(isinstance(own, str) and own for own in marks.values()):
        raise ValueError("it names a mark for at least one of the giver's")
    order = StandingOrder(
        id=statement.id,
        party=statement.party,
        giver=text(body, "giver"),
        instrument=statement.instrument,
        marks=tuple(sorted(marks.items())),
        subjects=texts(body, "subjects"),
        key=statement.signers[-1].key,
        at=statement.at,
        until=read_instant(text(body, "until")),
    )
    if node.party not in {order.party, order.giver} or order.party == order.giver or not order.instrument:
        raise VerificationError(f"act `{statement.id}`: nothing of it concerns `{node.party}`")
    if not {*order.subjects} <= {*SUBJECTS} or order.until <= order.at:
        raise VerificationError(f"act `{statement.id}`: it names no subject that there is, or ends before it begins")
    tx.put_order(order)


def apply_order_end(node: Node, tx: Writer, statement: Statement) -> None:
    """An officer of the same Party ended a standing order."""
    order = tx.order(text(statement.body, "order"))
    if order is None or order.party != statement.party:
        raise VerificationError(f"act `{statement.id}`: `{statement.party}` gave no such standing order")
    if not order.ended_by:
        tx.put_order(replace(order, ended_at=statement.at, ended_by=statement.id))


def end_orders_of(tx: Writer, statement: Statement, party: str, key: str) -> None:
    """An officer's key was retired or declared compromised: what was ordered by it ends with it."""
    for order in tx.orders(party):
        if order.key == key:
            tx.put_order(replace(order, ended_at=statement.at, ended_by=statement.id))


def check_orders_of(node: Node, tx: Reader, statement: Statement, at: datetime) -> None:
    """Check that a peer whose new order comes has not as many standing here as this node takes.

    Args:
        node: the giver's, whose setting it is.
        tx: the store, before the act is applied.
        statement: of a `standing-order`.
        at: the instant of recording.

    Raises:
        VerificationError: it has.
    """
    standing = [one for one in tx.orders(statement.party) if at < one.until]
    if len(standing) >= node.limits.standing_orders:
        raise VerificationError(
            f"act `{statement.id}`: {len(standing)} standing orders of `{statement.party}` stand here, and "
            f"`{node.party}` takes no more than {node.limits.standing_orders}; end one, or let one be over, first"
        )


def note_refused(tx: Writer, act: SignedAct | None, why: str) -> None:
    """Keep that the giver refused an act about an order; other acts are passed over."""
    if act is not None and act.statement.type in _ORDERING:
        tx.put_setting(f"{_REFUSED}{act.id}", why)


def note_taken(tx: Writer, party: str, giver: str, has: Callable[[str], bool]) -> None:
    """The giver tells which acts it has: what it said before of those about orders is over.

    Args:
        tx: the open transaction.
        party: whose orders they are about.
        giver: who tells it.
        has: whether it has an act, by its id.
    """
    orders = [one for one in tx.orders() if (one.party, one.giver) == (party, giver)]
    for act in (act for one in orders for act in (one.id, one.ended_by) if has(act) and refusal_of(tx, act)):
        tx.put_setting(f"{_REFUSED}{act}", "")


def refusal_of(reader: Reader, act: str) -> str:
    """Why the giver refused an act about an order, or "" where it did not, or took it since."""
    return reader.setting(f"{_REFUSED}{act}") or ""


def check_order(tx: Reader, statement: Statement, copy: Copy, item: Item, mark: str) -> None:
    """Check an act that a node signed alone, by a standing order that it names (protocol 8).

    Args:
        tx: the store, before the act is applied.
        statement: of a `mark` or a `receipted`; where it names no order an officer signed it.
        copy, item: what it is about.
        mark: the holder's mark that it puts, or compares.

    Raises:
        VerificationError: there is no such order, or it does not cover the copy, or says another mark.
    """
    if "order" not in statement.body:
        return
    order = tx.order(text(statement.body, "order"))
    if order is None:
        raise VerificationError(f"act `{statement.id}`: it rests on a standing order that is not known")
    given = levels_given(tx, item)
    named = statement.body.get("foreign")
    foreign = named if named in given else next((one for one in given if order.own_mark(one) == mark), item.level)
    why = order.against(copy, item, foreign, statement.at)
    if why or order.own_mark(foreign) != mark:
        why = why or f"by it `{foreign}` is marked `{order.own_mark(foreign)}`, and not `{mark}`"
        raise VerificationError(f"act `{statement.id}`: the standing order `{order.id}` does not cover it: {why}")
