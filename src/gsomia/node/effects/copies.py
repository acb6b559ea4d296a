"""What an act about a copy changes in the register: its rungs, its mark, its renditions, its handling, its end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gsomia.errors import VerificationError
from gsomia.marking import Label
from gsomia.node.acts.bodies import digest, text, texts
from gsomia.node.acts.signed import Statement, read_instant
from gsomia.node.effects.leftovers import note_leftover
from gsomia.node.effects.orders import check_order
from gsomia.node.effects.registering import USED, arrive, give, number_once, report, take
from gsomia.node.effects.regrades import pass_notice_on
from gsomia.node.effects.requests import note_answer
from gsomia.node.facts.labels import equivalent_label, label_text
from gsomia.node.record.store_port import Writer
from gsomia.registry import Copy, CopyState, Rendition, Rung, RungEntry, advance, read_copy_id

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = [
    "apply_acceptance",
    "apply_authority",
    "apply_handling",
    "apply_mark",
    "apply_refusal",
    "apply_rejection",
    "apply_rendition",
    "apply_rung",
    "apply_stop",
    "apply_tracer",
]


def apply_rung(node: Node, tx: Writer, statement: Statement, rung: Rung, *, delivered: bool) -> None:
    """A rung of the order of evidence is reached, by the act of the Party whose rung it is."""
    own = statement.party == node.party
    if rung is Rung.DISPATCHED and delivered and node.party in statement.parties and tx.copy(statement.copy) is None:
        copy = arrive(node, tx, statement)
    else:
        copy = _copy_of(tx, statement)
    signer = copy.giver if rung is Rung.DISPATCHED else copy.holder
    if statement.party != signer:
        raise VerificationError(
            f"act `{statement.id}`: the rung `{rung}` of copy `{copy.id}` is for `{signer}` to sign"
        )
    item = tx.item(copy.item)
    if item is None or statement.body.get("payload_digest") != item.payload_digest:
        raise VerificationError(f"act `{statement.id}`: the rung `{rung}` is for another payload than copy `{copy.id}`")
    state = advance(copy, rung)
    if rung is Rung.RECEIPTED:
        _no_receipt_yet(statement, copy)
        _marked_so(statement, copy)
        check_order(tx, statement, copy, item, copy.own_mark)
    custodian = copy.holder if rung is Rung.RECEIPTED else copy.custodian
    if own and rung is Rung.DISPATCHED:
        tx.put_acceptance(copy.id, text(statement.body, "acceptance"))
    elif own and rung is Rung.DELIVERED:
        copy = take(node, tx, statement, copy)
    elif rung is Rung.DELIVERED:
        number_once(node, tx, statement)
        if copy.act == "release" and copy.giver == node.party:
            pass_notice_on(node, tx, copy, item)
    _enter(node, tx, replace(copy, state=state, custodian=custodian))
    tx.put_rung(RungEntry(copy=copy.id, rung=rung, act=statement.id, party=statement.party, at=statement.at))


def apply_rejection(node: Node, tx: Writer, statement: Statement) -> None:
    """The holder's node rejects a copy whose content does not hold."""
    if statement.party == node.party and tx.copy(statement.copy) is None:
        # What this node rejects is never registered; its acceptance was for once.
        tx.put_acceptance(statement.copy, USED)
        return
    copy = _copy_of(tx, statement)
    if statement.party != copy.holder:
        raise VerificationError(f"act `{statement.id}`: only `{copy.holder}` can reject copy `{copy.id}`")
    if copy.state not in (CopyState.DISPATCHED, CopyState.OFFERED, CopyState.REFUSED, CopyState.REJECTED):
        raise VerificationError(f"act `{statement.id}`: copy `{copy.id}` is {copy.state}: it cannot be rejected")
    if copy.state in (CopyState.DISPATCHED, CopyState.OFFERED):
        _enter(node, tx, replace(copy, state=CopyState.REJECTED, reason=str(statement.body["why"])))


def apply_mark(node: Node, tx: Writer, statement: Statement) -> None:
    """The holder's officer marks a copy with the equivalent of the originator's level (Article 4.2)."""
    copy = _copy_of(tx, statement)
    if statement.party != copy.holder:
        raise VerificationError(f"act `{statement.id}`: only `{copy.holder}` marks copy `{copy.id}` (re-marking)")
    _no_receipt_yet(statement, copy)
    mark, item = statement.body, tx.item(copy.item)
    level, label = text(mark, "level"), Label.from_json(mark["label"])
    if item is not None and text(mark, "origin") != item.originator:
        raise VerificationError(f"act `{statement.id}`: it names another than `{item.originator}` (Article 4.2)")
    if item is None or label != equivalent_label(item, level, copy.holder, label.created):
        raise VerificationError(f"act `{statement.id}`: its label is not the equivalent of the originator's")
    check_order(tx, statement, copy, item, level)
    tx.put_copy(replace(copy, own_mark=level, origin_mark=text(mark, "origin"), own_label=label_text(label)))


def _no_receipt_yet(statement: Statement, copy: Copy) -> None:
    """A copy has one receipt, and keeps the mark that it was receipted with."""
    signed = copy.rung(Rung.RECEIPTED)
    if signed is not None:
        raise VerificationError(
            f"act `{statement.id}`: `{statement.type}` of copy `{copy.id}`, which was receipted by act `{signed.act}`"
        )


def _marked_so(statement: Statement, copy: Copy) -> None:
    """A receipt names the mark that an officer's act put on the copy (Article 4.2), and there must be one."""
    named = (text(statement.body, "mark"), text(statement.body, "origin"))
    if not copy.own_mark or named != (copy.own_mark, copy.origin_mark):
        marked = f"was marked `{copy.own_mark}`" if copy.own_mark else "was never marked"
        raise VerificationError(
            f"act `{statement.id}`: a receipt for copy `{copy.id}` with the mark `{named[0]}`; the copy {marked}"
        )


def apply_rendition(node: Node, tx: Writer, statement: Statement) -> None:
    """A rendition enters the register: numbered on, and of the same original as those before it."""
    copy, body = _copy_of(tx, statement), statement.body
    before = [made for made in tx.renditions(item=copy.item) if made.copy == copy.id]
    number, total = body["number"], body["total"]
    if number != len(before) + 1 or not number <= total or any(made.total > total for made in before):
        raise VerificationError(f"act `{statement.id}`: rendition {number} of {total} does not follow {len(before)}")
    original, rendition = digest(body, "original"), digest(body, "rendition")
    if any(made.original != original for made in tx.renditions(item=copy.item)):
        raise VerificationError(f"act `{statement.id}`: item `{copy.item}` had another original before")
    tx.put_rendition(
        Rendition(
            act=statement.id,
            copy=copy.id,
            item=copy.item,
            person=text(body, "person"),
            number=number,
            total=total,
            original=original,
            rendition=rendition,
            mime_type=text(body, "mime_type"),
            at=statement.at,
        )
    )


def apply_tracer(node: Node, tx: Writer, statement: Statement) -> None:
    """A tracer or a possible loss changes nothing in the register; it is about a copy that its sender gave."""
    copy = _copy_of(tx, statement)
    if copy.giver != statement.party:
        raise VerificationError(f"act `{statement.id}`: `{statement.party}` never gave copy `{copy.id}`")
    if statement.type == "tracer":
        read_instant(statement.body["answer_by"])


def apply_acceptance(node: Node, tx: Writer, statement: Statement) -> None:
    """This node's own acceptance of an offer is kept until the copy is here, for once."""
    if statement.party == node.party:
        tx.put_acceptance(statement.copy, statement.id)


def apply_refusal(node: Node, tx: Writer, statement: Statement) -> None:
    """The answer to an offer; what was accepted and delivered since cannot be denied by it."""
    copy = tx.copy(statement.copy)
    if statement.party == node.party or copy is None:
        return
    if statement.party != copy.holder:
        raise VerificationError(f"act `{statement.id}`: only `{copy.holder}` can refuse copy `{copy.id}`")
    if copy.rung(Rung.ACCEPTED) is not None:
        raise VerificationError(f"act `{statement.id}`: copy `{copy.id}` is {copy.state}: it cannot be refused")


def apply_authority(node: Node, tx: Writer, statement: Statement) -> None:
    """One's own officer gives a copy; a peer's, which comes before the content, is kept until that is here."""
    if "answers" in statement.body:
        note_answer(tx, statement)
    if statement.party == node.party:
        give(node, tx, statement)
        return
    number_once(node, tx, statement)
    if statement.type == "release" and statement.body.get("holder") != node.party:
        item = tx.item(statement.item)
        if item is not None and item.originator == node.party:
            report(tx, statement)


def apply_stop(node: Node, tx: Writer, statement: Statement) -> None:
    """A copy that is not known to have arrived goes no further: its giver's node says so, to whoever knows of it.

    The holder's node of a copy that was to pass through it says so of that copy, which stays where it is.
    """
    why, _ = text(statement.body, "why"), text(statement.body, "to")
    copy = tx.copy(statement.copy)
    giver = read_copy_id(statement.copy)[1]
    if copy is None:
        if giver != statement.party or tx.acceptance(statement.copy) is None:
            raise VerificationError(f"act `{statement.id}`: copy `{statement.copy}` was never offered here")
        tx.put_acceptance(statement.copy, USED)
        return
    if statement.party not in (giver, copy.holder):
        raise VerificationError(f"act `{statement.id}`: copy `{copy.id}` is not `{statement.party}`'s to stop")
    if statement.party == giver and copy.state in (CopyState.AUTHORISED, CopyState.OFFERED, CopyState.DISPATCHED):
        _enter(node, tx, replace(copy, state=CopyState.REFUSED, reason=why))


_ENDS = {"destroy": CopyState.DESTROYED, "return": CopyState.RETURNED}


def apply_handling(node: Node, tx: Writer, statement: Statement) -> None:
    """What a copy's holder did with it; what ends the copy changes the register."""
    copy = _copy_of(tx, statement)
    text(statement.body, "what"), texts(statement.body, "certified")
    if statement.party != copy.holder:
        raise VerificationError(f"act `{statement.id}`: copy `{copy.id}` is held by `{copy.holder}`")
    if copy.state not in (CopyState.DELIVERED, CopyState.RECEIPTED, CopyState.OPENED):
        raise VerificationError(
            f"act `{statement.id}`: no `{statement.type}` of copy `{copy.id}`, which is {copy.state}"
        )
    if statement.type in _ENDS:
        _enter(node, tx, replace(copy, state=_ENDS[statement.type]))
        tx.end_contractor_copy(copy.id)


def _enter(node: Node, tx: Writer, copy: Copy) -> None:
    tx.put_copy(copy)
    note_leftover(tx, copy, node.party)


def _copy_of(tx: Writer, statement: Statement) -> Copy:
    copy = tx.copy(statement.copy)
    if copy is None:
        raise VerificationError(f"act `{statement.id}`: `{statement.type}` of a copy never sent: `{statement.copy}`")
    if copy.item != statement.item:
        raise VerificationError(f"act `{statement.id}`: copy `{copy.id}` is not of item `{statement.item}`")
    return copy
