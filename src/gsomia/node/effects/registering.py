"""Items and copies in the register, made from acts and from nothing else.

What an officer's act of `transmit` or `release` says becomes the rows of item and copy: in the giver's register at
once, in the holder's when the copy was dispatched and its content is here. The holder's own number for it, and how many
bytes it keeps, come from its node's act `delivered`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gsomia.errors import SealError, SignatureError, VerificationError
from gsomia.node.acts.bodies import count, digest, text, texts
from gsomia.node.acts.signed import Statement, instant, read_instant
from gsomia.node.record.store_port import Writer
from gsomia.registry import (
    Citation,
    Copy,
    CopyState,
    Custody,
    Direction,
    Item,
    Rung,
    control_number,
    read_control_number,
    read_copy_id,
)

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = [
    "AUTHORITIES",
    "USED",
    "arrive",
    "authority_body",
    "give",
    "item_said",
    "next_control_number",
    "number_once",
    "report",
    "take",
]

AUTHORITIES = ("transmit", "release")
"""The officers' acts by which a copy goes."""

USED = ""
"""In the place of an acceptance: it was used up by a rejection."""

STATEMENT_CHARACTERS = 1000
"""The longest statement of whose information an item holds."""


def authority_body(copy: Copy, item: Item) -> dict[str, Any]:
    """What an officer's act says of a copy and its item: all that either register holds of them.

    Args:
        copy, item: as they will stand in the giver's register.
    """
    return {
        "holder": copy.holder,
        "destination": copy.destination,
        "via": list(copy.via),
        "under": copy.instrument,
        "control_number": copy.control_number,
        "originator": item.originator,
        "level": item.level,
        "subject": item.subject,
        "form": item.form,
        "purpose": item.purpose,
        "contains": list(item.contains),
        "cites": [source.to_json() for source in item.cites],
        "statement": item.statement,
        "title": item.title,
        "mime_type": item.mime_type,
        "label": item.label,
        "payload_digest": item.payload_digest,
        "core_digest": item.core_digest,
        "plaintext_bytes": item.plaintext_bytes,
        "sealed_bytes": item.sealed_bytes,
        "created_at": instant(item.created_at),
        "custody": item.custody.value,
        "holders": list(item.holders),
    }


def item_said(statement: Statement) -> Item:
    """The item as an officer's act says it is.

    Raises:
        KeyError, TypeError, ValueError: the act does not say it.
    """
    body = statement.body
    said = text(body, "statement")
    if len(said) > STATEMENT_CHARACTERS:
        raise ValueError(f"`statement` has at most {STATEMENT_CHARACTERS} characters")
    cites = tuple(_citation(one) for one in body["cites"])
    if any(source.item == statement.item for source in cites):
        raise ValueError("`cites` names the item itself")
    return Item(
        id=statement.item,
        originator=text(body, "originator"),
        level=text(body, "level"),
        subject=text(body, "subject"),
        form=text(body, "form"),
        purpose=text(body, "purpose"),
        contains=texts(body, "contains"),
        title=text(body, "title"),
        mime_type=text(body, "mime_type"),
        label=text(body, "label"),
        payload_digest=digest(body, "payload_digest"),
        core_digest=digest(body, "core_digest"),
        plaintext_bytes=count(body, "plaintext_bytes"),
        sealed_bytes=count(body, "sealed_bytes"),
        created_at=read_instant(body["created_at"]),
        exercise=statement.exercise,
        custody=Custody(text(body, "custody")),
        holders=texts(body, "holders"),
        cites=cites,
        statement=said,
    )


def _citation(value: Mapping[str, Any]) -> Citation:
    return Citation(item=text(value, "item"), contains=texts(value, "contains"))


def _copy_said(statement: Statement, direction: Direction) -> Copy:
    """The copy as an officer's act says it is, without a number of this registry's."""
    body = statement.body
    item, giver, number = read_copy_id(statement.copy)
    if (item, giver) != (statement.item, statement.party):
        raise VerificationError(
            f"act `{statement.id}`: copy `{statement.copy}` is not `{statement.party}`'s to {statement.type}"
        )
    return Copy(
        id=statement.copy,
        item=item,
        number=number,
        direction=direction,
        act=statement.type,
        giver=giver,
        holder=text(body, "holder"),
        via=texts(body, "via"),
        destination=text(body, "destination"),
        instrument=text(body, "under"),
        state=CopyState.AUTHORISED,
        control_number="",
        custodian=giver,
        at=statement.at,
    )


def give(node: Node, tx: Writer, statement: Statement) -> None:
    """This Party's own officer gives a copy: item and copy enter the register, with its number for the copy.

    Args:
        node: whose register.
        tx: the open transaction.
        statement: of a `transmit` or `release` of this Party's.

    Raises:
        VerificationError: the item is another's, is registered with other words, or the copy was given before.
    """
    said, entry = item_said(statement), _copy_said(statement, Direction.SENT)
    known = tx.item(said.id)
    if known is None and said.originator != statement.party:
        raise VerificationError(f"act `{statement.id}`: item `{said.id}` of `{said.originator}` was never here")
    if known is not None and known != said:
        raise VerificationError(f"act `{statement.id}`: item `{said.id}` is registered here with other words")
    if tx.copy(entry.id) is not None:
        raise VerificationError(f"act `{statement.id}`: copy `{entry.id}` was given before")
    if known is None:
        tx.put_item(said)
    tx.raise_serial(f"copy/{said.id}", entry.number)
    tx.put_copy(replace(entry, control_number=_own_number(node, tx, statement)))


def report(tx: Writer, statement: Statement) -> None:
    """A release that its originator is told of: its register shows where its item went (Article 6(a)).

    Raises:
        VerificationError: the copy is not the giver's to release, or the item was never delivered to the giver.
    """
    entry = _copy_said(statement, Direction.REPORTED)
    came = [one for one in tx.copies(item=entry.item) if one.holder == entry.giver]
    if not any(one.rung(Rung.DELIVERED) is not None for one in came):
        raise VerificationError(
            f"act `{statement.id}`: `{entry.giver}` hands on item `{entry.item}`, which was never delivered to it"
        )
    if tx.copy(entry.id) is None:
        tx.put_copy(entry)


def arrive(node: Node, tx: Writer, statement: Statement) -> Copy:
    """A copy was dispatched to this node and its content is here: its item enters the register, and the copy may.

    Args:
        node: the holder's.
        tx: the open transaction.
        statement: of the giver's `dispatched`.

    Returns:
        The copy as it was offered; the caller puts it.

    Raises:
        VerificationError: it was not accepted here, no officer's act stands behind it, or the item is another one.
    """
    body = statement.body
    if tx.acceptance(statement.copy) != text(body, "acceptance") or body["acceptance"] == USED:
        raise SignatureError(f"act `{statement.id}`: copy `{statement.copy}` was not accepted here")
    found = tx.act(text(body, "authority"))
    authority = found.statement if found is not None else None
    said = (statement.party, statement.item, statement.copy)
    if (
        authority is None
        or authority.type not in AUTHORITIES
        or (authority.party, authority.item, authority.copy) != said
        or authority.body["holder"] != node.party
    ):
        raise SignatureError(f"act `{statement.id}`: no officer's act stands behind copy `{statement.copy}`")
    item, entry = item_said(authority), _copy_said(authority, Direction.RECEIVED)
    known = tx.item(item.id)
    if known is None:
        tx.put_item(item)
    elif replace(known, sealed_bytes=0) != replace(item, sealed_bytes=0):
        raise SealError(f"item `{item.id}` is registered here with another payload, in another custody or other words")
    return replace(entry, state=CopyState.OFFERED)


def take(node: Node, tx: Writer, statement: Statement, copy: Copy) -> Copy:
    """This node's own `delivered`: the copy gets this registry's number, and the item's size is the one kept here.

    Args:
        node: whose register.
        tx: the open transaction.
        statement: of the act.
        copy: as it stands.

    Returns:
        The copy as it stands now; the caller puts it.
    """
    item = tx.item(copy.item)
    size = count(statement.body, "sealed_bytes")
    if item is not None and item.sealed_bytes != size:
        tx.put_item(replace(item, sealed_bytes=size))
    return replace(copy, control_number=_own_number(node, tx, statement), at=statement.at)


def number_once(node: Node, tx: Writer, statement: Statement) -> str:
    """The control number that an act gives to its copy, which no other copy has or gets.

    This registry counts its own; a store that was restored from a backup may have counted one twice before it was told
    so, and then holds both (see `recovering`).

    Args:
        node: who records it.
        tx: the open transaction.
        statement: of a `transmit`, a `release` or a `delivered`.

    Raises:
        VerificationError: it is another registry's, or that of another copy.
    """
    number = text(statement.body, "control_number")
    if read_control_number(number)[0] != statement.party:
        raise ValueError(f"`{number}` is no number of the registry of `{statement.party}`")
    known = tx.numbered(number)
    if known is not None and statement.party == node.party:
        return number
    if known not in (None, statement.copy):
        raise VerificationError(
            f"act `{statement.id}`: `{statement.party}` gave the control number `{number}` to copy `{known}` before"
        )
    tx.put_numbered(number, statement.copy)
    return number


def next_control_number(node: Node, tx: Writer, at: datetime) -> str:
    """The registry's next control number."""
    return control_number(node.party, at.year, tx.next_serial(f"control/{at.year}"))


def _own_number(node: Node, tx: Writer, statement: Statement) -> str:
    """The control number that an act of this Party's gives, and the registry's count taken up to it."""
    number = number_once(node, tx, statement)
    _, year, serial = read_control_number(number)
    tx.raise_serial(f"control/{year}", serial)
    return number
