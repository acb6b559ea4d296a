"""What the recall of an item, its confirmation and the answers to it change, and when they cannot be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gsomia.errors import VerificationError
from gsomia.node.acts.bodies import text
from gsomia.node.acts.signed import Statement, read_instant
from gsomia.node.record.recall_answers import answer_fault, standing_recall
from gsomia.node.record.store_port import Writer
from gsomia.registry import CopyState

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = ["apply_answer", "apply_confirmation", "apply_recall"]


def apply_recall(node: Node, tx: Writer, statement: Statement) -> None:
    """A recall stops what has not left yet, ends what waits, and goes on to those the item was handed on to."""
    text(statement.body, "why")
    again = text(statement.body, "again")
    if read_instant(statement.body["due"]) <= statement.at:
        raise VerificationError(f"act `{statement.id}`: its answer is due before it is asked for")
    before = standing_recall(tx, statement.item, statement.party, but=statement.id)
    if before is not None and before.id != again:
        raise VerificationError(
            f"act `{statement.id}`: item `{statement.item}` was recalled before, by act `{before.id}`, which it does "
            "not name"
        )
    item = tx.item(statement.item)
    if item is None:
        return  # what was recalled before it came is not taken in: `keyholding.recall_of` finds the act
    if statement.party != item.originator:
        raise VerificationError(f"act `{statement.id}`: only `{item.originator}` recalls item `{item.id}`")
    if statement.body.get("payload_digest") != item.payload_digest:
        raise VerificationError(f"act `{statement.id}`: it is of another payload than item `{item.id}`")
    for copy in tx.copies(item=item.id):
        tx.end_pending(copy.id)
        if copy.giver != node.party:
            continue
        if copy.state in (CopyState.AUTHORISED, CopyState.OFFERED):
            tx.put_copy(replace(copy, state=CopyState.REFUSED, reason=f"recalled by {statement.party}"))
        elif statement.party != node.party and copy.holder not in {statement.party, *statement.parties}:
            tx.put_outgoing(copy.holder, "act", statement.id, node.clock.machine())


def apply_confirmation(node: Node, tx: Writer, statement: Statement) -> None:
    """A holder's node says that nothing opens the item there any more; it changes no register."""
    act = tx.act(text(statement.body, "recall"))
    if act is None or (act.statement.type, act.statement.item) != ("recall", statement.item):
        raise VerificationError(f"act `{statement.id}` confirms a recall that was never asked")


def apply_answer(node: Node, tx: Writer, statement: Statement) -> None:
    """A holder's officer answers for one copy; it changes no register, and rests on the acts that did."""
    copy = tx.copy(statement.copy)
    if copy is None or copy.item != statement.item:
        raise VerificationError(
            f"act `{statement.id}`: it answers for a copy of item `{statement.item}` never sent: `{statement.copy}`"
        )
    if fault := answer_fault(tx, statement.party, copy, statement.body, act=statement.id):
        raise VerificationError(f"act `{statement.id}`: {fault}")
