"""The questions that anyone may put to the agreements without acting; facts come from the node's register alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gsomia.errors import UsageError
from gsomia.node.facts.asserted import Case
from gsomia.node.holding.custody import ask_open
from gsomia.node.node import Node
from gsomia.node.record.store_port import Reader
from gsomia.node.transmission.releasing import ask_release, held_copy
from gsomia.node.transmission.sealing import Sending
from gsomia.node.transmission.sending import ask_transmit
from gsomia.verdict import Verdict

__all__ = ["may_open", "may_release", "may_transmit"]


def may_transmit(
    node: Node, reader: Reader, sending: Sending, *, at: datetime | None = None, without: Sequence[str] = ()
) -> Verdict:
    """May this Party transmit such an item?

    Args:
        node: the sender's node.
        reader: its store.
        sending: what would go where.
        at: the instant of the question; now by the node's clock where it is None.
        without: acts left out of the record, for a counterfactual.

    Raises:
        UsageError: no such act stands in the record, or a word that is not known.
    """
    case = Case.of(node, reader)
    if without:
        known = {act.id for act in case.record}
        if unknown := [act for act in without if act not in known]:
            raise UsageError(f"no such act in the record: `{unknown[0]}`", hint=f"known: {', '.join(sorted(known))}")
        case = Case(law=case.law, record=case.record.without(without))
    return ask_transmit(node, reader, sending, at=at or node.clock.now(), case=case)[2]


def may_open(node: Node, reader: Reader, reference: str, person: str, *, at: datetime | None = None) -> Verdict:
    """May this person open a held item, with clearance, need, roster and recall as they were at the instant?"""
    return ask_open(node, reader, reference, person, at=at)[2]


def may_release(
    node: Node, reader: Reader, reference: str, to: str, *, at: datetime | None = None, met: Sequence[str] = ()
) -> Verdict:
    """May a held item be handed on? Where both agreements permit, the one that carries it answers.

    Args:
        node: the holder's node.
        reader: its store.
        reference: control number, item id or copy id.
        to: the Party that would get it.
        at: the instant of the question; now by the node's clock where it is None.
        met: the consents whose conditions the officer certifies as met.

    Raises:
        UsageError: nothing such is held.
    """
    held = held_copy(reader, node, reference)
    entry = reader.item(held.item)
    if entry is None:
        raise UsageError(f"copy `{held.id}` stands without its item", hint="run `gsomia verify`")
    verdict, _, carrying = ask_release(node, reader, held, entry, to, at=at or node.clock.now(), met=met)
    return carrying if verdict.outcome == "permit" and carrying is not None else verdict
