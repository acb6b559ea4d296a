"""What a notice of another level, and its following, change (Article 6(g))."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gsomia.errors import VerificationError
from gsomia.marking import Label
from gsomia.node.acts.bodies import text, texts
from gsomia.node.acts.signed import Statement
from gsomia.node.facts.labels import equivalent_label, label_text
from gsomia.node.facts.levels import notice_of
from gsomia.node.record.recall_answers import WHAT_WAS_MADE, made_from
from gsomia.node.record.store_port import Writer
from gsomia.registry import Copy, CopyState, Item

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = ["apply_notice", "apply_regrade", "pass_notice_on"]


def apply_notice(node: Node, tx: Writer, statement: Statement) -> None:
    """A notice counts from its record on, and goes on to those whom this node gave a copy, or what draws on it."""
    body = statement.body
    if not text(body, "level"):
        raise ValueError("it names no level")
    text(body, "before"), text(body, "why"), texts(body, "reviews")
    item = tx.item(statement.item)
    if item is not None and item.originator != statement.party:
        raise VerificationError(f"act `{statement.id}`: item `{item.id}` is `{item.originator}`'s to regrade")
    if item is not None and text(body, "payload_digest") != item.payload_digest:
        raise VerificationError(f"act `{statement.id}`: it is of another payload than item `{item.id}`")
    if statement.party == node.party:
        return
    names = [statement.item, *(one.id for one in tx.drawing_on(statement.item))]
    given = {copy.holder for name in names for copy in tx.copies(item=name) if copy.giver == node.party}
    for holder in sorted(given - {node.party, statement.party, *statement.parties}):
        tx.put_outgoing(holder, "act", statement.id, node.clock.machine())


def pass_notice_on(node: Node, tx: Writer, copy: Copy, item: Item) -> None:
    """Who was handed a regraded item hears of its last notice from who handed it on."""
    notice = notice_of(tx, item.id, item.originator)
    if notice is not None:
        tx.put_outgoing(copy.holder, "act", notice.id, node.clock.machine())


def apply_regrade(node: Node, tx: Writer, statement: Statement) -> None:
    """A copy bears another mark of its holder's from now on; the originator's own label stays beside it."""
    body, copy = statement.body, tx.copy(statement.copy)
    if copy is None or copy.item != statement.item:
        raise VerificationError(f"act `{statement.id}`: `regrade` of a copy never sent: `{statement.copy}`")
    if statement.party != copy.holder:
        raise VerificationError(f"act `{statement.id}`: copy `{copy.id}` is held by `{copy.holder}`")
    if copy.state not in (CopyState.DELIVERED, CopyState.RECEIPTED, CopyState.OPENED) or not copy.own_mark:
        state = copy.state if copy.own_mark else "not marked"
        raise VerificationError(f"act `{statement.id}`: no `regrade` of copy `{copy.id}`, which is {state}")
    item, named = tx.item(copy.item), tx.act(text(body, "notice"))
    notice = named.statement if named is not None else None
    if item is None or notice is None:
        raise VerificationError(f"act `{statement.id}`: it follows a notice that is not here")
    said = (notice.type, notice.item, notice.party, notice.body["level"])
    if said != ("notify-regrade", item.id, item.originator, text(body, "foreign")):
        raise VerificationError(f"act `{statement.id}`: `{item.originator}` notified no such level")
    level, label = text(body, "level"), Label.from_json(body["label"])
    if text(body, "origin") != item.originator or label != equivalent_label(item, level, copy.holder, label.created):
        raise VerificationError(f"act `{statement.id}`: its label is not the equivalent of the originator's")
    if WHAT_WAS_MADE not in texts(body, "certified") and made_from(tx, copy):
        raise VerificationError(
            f"act `{statement.id}`: nobody certifies that what was made from copy `{copy.id}` bears the new mark"
        )
    tx.put_copy(replace(copy, own_mark=level, origin_mark=item.originator, own_label=label_text(label)))
