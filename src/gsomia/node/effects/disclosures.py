"""What the record of an oral or visual disclosure changes: it stands in the registers of both Parties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gsomia.agreement import PURPOSES, SUBJECTS
from gsomia.errors import VerificationError
from gsomia.node.acts.bodies import text, texts
from gsomia.node.acts.signed import Statement
from gsomia.node.record.oral import OralDisclosure, present_of
from gsomia.node.record.store_port import Writer

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = ["apply_disclosure"]


def apply_disclosure(node: Node, tx: Writer, statement: Statement) -> None:
    """A Party told or showed another something; the originator of a part learns of it too."""
    body = statement.body
    said = OralDisclosure(
        id=statement.id,
        giver=statement.party,
        receiver=text(body, "to"),
        instrument=text(body, "under"),
        item=statement.item,
        part=text(body, "part"),
        originator=text(body, "originator"),
        contains=texts(body, "contains"),
        level=text(body, "level"),
        mark=text(body, "mark"),
        subject=text(body, "subject"),
        purpose=text(body, "purpose"),
        what=text(body, "what"),
        place=text(body, "place"),
        present=texts(body, "present"),
        at=statement.at,
    )
    parties = {party for party, _ in map(present_of, said.present)}
    if said.subject not in SUBJECTS or said.purpose not in PURPOSES or not all((said.level, said.what, said.place)):
        raise ValueError("it names subject, purpose, level, place, and what was told")
    if parties != {said.giver, said.receiver} or len({*said.present}) != len(said.present):
        raise VerificationError(f"act `{statement.id}`: somebody of both Parties was there, nobody twice, no other's")
    if said.originator not in said.contains or said.giver == said.receiver:
        raise VerificationError(f"act `{statement.id}`: it is not said whose information went to whom")
    if node.party not in {said.giver, said.receiver, *said.contains}:
        raise VerificationError(f"act `{statement.id}`: nothing of it concerns `{node.party}`")
    item = tx.item(said.item) if said.item else None
    if item is not None and (item.originator, item.contains) != (said.originator, said.contains):
        raise VerificationError(f"act `{statement.id}`: item `{said.item}` is registered here as another Party's")
    if item is None and not said.item and said.originator != said.giver:
        raise VerificationError(f"act `{statement.id}`: what is another Party's is named by its item")
    tx.put_disclosure(said)
