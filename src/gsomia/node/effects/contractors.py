"""What the clearance of a contractor's facility, a release to it and the return from it change (Article 16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gsomia.agreement import RANKS
from gsomia.errors import VerificationError
from gsomia.node.acts.bodies import day, text
from gsomia.node.acts.signed import Statement
from gsomia.node.effects.copies import apply_handling
from gsomia.node.record.access import MAIN_FACILITY
from gsomia.node.record.sites import NOT_CLEARED, ContractorCopy, ContractorFacility
from gsomia.node.record.store_port import Writer

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = ["apply_clearance", "apply_contractor_release", "apply_contractor_return"]


def apply_clearance(node: Node, tx: Writer, statement: Statement) -> None:
    """A contractor's facility is cleared, or anew, or no longer; what the act says is all that counts from now on."""
    body = statement.body
    said = ContractorFacility(
        id=text(body, "facility"),
        contractor=text(body, "contractor"),
        part_of=text(body, "part_of"),
        level=text(body, "level"),
        basis=text(body, "basis"),
        inspected=day(body, "inspected"),
        until=day(body, "until"),
        act=statement.id,
    )
    if said.level not in (NOT_CLEARED, *RANKS) or not said.id or said.id == MAIN_FACILITY or not said.contractor:
        raise ValueError("it names a facility that is not the node's own, its contractor, and a level")
    if said.until < said.inspected:
        raise VerificationError(f"act `{statement.id}`: an inspection of {said.inspected} counts until {said.until}")
    known = tx.contractor_facility(said.id)
    if known is None and tx.kept_at(said.id):
        raise VerificationError(f"act `{statement.id}`: copies are kept at `{said.id}`, this Party's own")
    if known is not None and known.contractor != said.contractor:
        raise VerificationError(f"act `{statement.id}`: `{said.id}` is a facility of `{known.contractor}`")
    if said.part_of and (said.part_of == said.id or tx.contractor_facility(said.part_of) is None):
        raise VerificationError(f"act `{statement.id}`: `{said.part_of}` is no contractor's facility")
    if said.level == NOT_CLEARED and tx.kept_at(said.id):
        raise VerificationError(f"act `{statement.id}`: copies lie at `{said.id}`; they are taken back first")
    tx.put_contractor_facility(said)


def apply_contractor_release(node: Node, tx: Writer, statement: Statement) -> None:
    """The holder of a copy gives it to a contractor; giver and originator see at which facility it lies."""
    apply_handling(node, tx, statement)
    facility, contractor = text(statement.body, "facility"), text(statement.body, "contractor")
    if not facility or not contractor:
        raise ValueError("a contractor and a facility are named")
    lies = tx.contractor_copy(statement.copy)
    if lies is not None:
        raise VerificationError(f"act `{statement.id}`: copy `{lies.copy}` lies at `{lies.facility}` already")
    said = ContractorCopy(
        copy=statement.copy, contractor=contractor, facility=facility, act=statement.id, at=statement.at
    )
    tx.put_contractor_copy(said)
    if statement.party == node.party:
        tx.put_placement(statement.copy, facility, statement.id)


def apply_contractor_return(node: Node, tx: Writer, statement: Statement) -> None:
    """The contractor gave a copy back: it lies in its holder's own facility again."""
    apply_handling(node, tx, statement)
    lies = tx.contractor_copy(statement.copy)
    if lies is None or lies.facility != text(statement.body, "facility"):
        raise VerificationError(f"act `{statement.id}`: copy `{statement.copy}` lies at no such contractor's")
    tx.end_contractor_copy(statement.copy)
    if statement.party == node.party:
        tx.put_placement(statement.copy, MAIN_FACILITY, statement.id)
