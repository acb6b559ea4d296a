"""What an act of a consultation changes: the consultation, its steps, and the views of an assessment."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gsomia.agreement import PURPOSES, SUBJECTS
from gsomia.errors import VerificationError
from gsomia.node.acts.bodies import count, digest, text, texts
from gsomia.node.acts.signed import Statement, instant
from gsomia.node.acts.types import CONSULTED
from gsomia.node.record.consultation_rules import STEPS, Consultation, Standing, Step, View, fault
from gsomia.node.record.store_port import Reader, Writer
from gsomia.registry import CopyState

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = [
    "OPENING",
    "PRESENTING",
    "SIGNING_VIEW",
    "TEXTS",
    "TITLE_CHARACTERS",
    "apply_opening",
    "apply_presented",
    "apply_signed_view",
    "apply_step",
    "given",
    "standing_of",
    "standings_of",
    "step_of",
    "view_of",
]

OPENING, PRESENTING, SIGNING_VIEW = "open-consultation", "present-view", "sign-view"

TEXTS = ("state-position", "propose-draft")
"""The acts that bring a text, as a sealed item."""

_ARRIVED = (CopyState.DELIVERED, CopyState.RECEIPTED, CopyState.OPENED, CopyState.DESTROYED)
TITLE_CHARACTERS = 200
"""The longest title and the longest name of what it is about."""


def standing_of(reader: Reader, consultation: Consultation) -> Standing:
    """How a consultation stands by all the acts that are recorded here."""
    return standings_of(reader, [consultation])[0]


def standings_of(reader: Reader, consultations: Sequence[Consultation]) -> list[Standing]:
    """How each consultation stands by all the acts that are recorded here."""
    steps = reader.consultation_steps([consultation.id for consultation in consultations])
    return [Standing(consultation, tuple(steps[consultation.id])) for consultation in consultations]


def given(reader: Reader, item: str, party: str) -> bool:
    """Whether a copy of an item arrived at a Party, as this register shows it."""
    return any(copy.holder == party and copy.state in _ARRIVED for copy in reader.copies(item=item))


def apply_opening(node: Node, tx: Writer, statement: Statement) -> None:
    """A Party opens a consultation among Parties to an agreement."""
    body = statement.body
    parties = texts(body, "order")
    if node.party not in parties or {*parties} != {statement.party, *statement.parties} or len(parties) < 2:
        raise VerificationError(f"act `{statement.id}`: its Parties are not those whom it goes to")
    if len({*parties}) != len(parties):
        raise VerificationError(f"act `{statement.id}`: a Party stands in the order twice")
    agreement = node.law(tx.adopted()).agreements.get(statement.instrument)
    if agreement is None:
        raise VerificationError(f"act `{statement.id}`: `{statement.instrument}` is not adopted here")
    outside = sorted({*parties} - {*agreement.parties})
    if outside:
        raise VerificationError(f"act `{statement.id}`: `{outside[0]}` is no Party to `{agreement.name}`")
    said = Consultation(
        id=statement.id,
        instrument=statement.instrument,
        about=_one_of(body["about"], CONSULTED),
        reference=_short(statement, "reference"),
        title=_short(statement, "title"),
        subject=_one_of(body["subject"], SUBJECTS),
        purpose=_one_of(body["purpose"], PURPOSES),
        parties=parties,
        opened_by=statement.party,
        digest=_digest(statement),
        at=statement.at,
    )
    tx.put_consultation(said)


def apply_step(node: Node, tx: Writer, statement: Statement) -> None:
    """An act of a consultation: its turn, its bases and its signatures are judged by what its author had seen."""
    consultation = _consultation_of(tx, statement)
    standing, step = standing_of(tx, consultation), step_of(statement)
    if why := fault(standing, step):
        raise VerificationError(f"act `{statement.id}`: `{statement.type}` of `{statement.party}`: {why}")
    seen = standing.before(step.after).steps
    last = max((one.at for one in seen), default=consultation.at)
    if statement.at < last - node.limits.max_skew:
        raise VerificationError(
            f"act `{statement.id}`: it is dated {instant(statement.at)}, before what it follows on, of {instant(last)}"
        )
    if step.kind in TEXTS:
        _check_text(node, tx, statement)
    tx.put_consultation_step(step)


def apply_presented(node: Node, tx: Writer, statement: Statement) -> None:
    """A Party presents to one other what that may have of its assessment."""
    consultation = _consultation_of(tx, statement)
    if len(statement.parties) != 1:
        raise VerificationError(f"act `{statement.id}`: a view is for one Party")
    _check_taking_part(tx, statement, consultation)
    _check_text(node, tx, statement)
    if view_of(tx, consultation, statement.item) is not None:
        raise VerificationError(f"act `{statement.id}`: item `{statement.item}` was presented before")
    tx.put_consultation_view(
        View(
            item=statement.item,
            consultation=consultation.id,
            author=statement.party,
            party=statement.parties[0],
            text=digest(statement.body, "text"),
            act=statement.id,
            signed="",
            at=statement.at,
        )
    )


def apply_signed_view(node: Node, tx: Writer, statement: Statement) -> None:
    """A Party signs what was presented to it, and its author alone is told."""
    consultation = _consultation_of(tx, statement)
    view = view_of(tx, consultation, statement.item)
    if view is None or (view.party, (view.author,)) != (statement.party, statement.parties):
        raise VerificationError(f"act `{statement.id}`: no such view was presented to `{statement.party}`")
    _check_taking_part(tx, statement, consultation)
    if view.signed:
        raise VerificationError(f"act `{statement.id}`: `{statement.party}` has signed it already, by `{view.signed}`")
    if digest(statement.body, "text") != view.text:
        raise VerificationError(f"act `{statement.id}`: it signs another text than that which was presented")
    tx.put_consultation_view(replace(view, signed=statement.id))


def step_of(statement: Statement) -> Step:
    """A step as an act says it.

    Raises:
        KeyError, TypeError, ValueError: the act does not say it.
    """
    body, kind = statement.body, statement.type
    if kind not in STEPS:
        raise ValueError(f"`{kind}` is no act that follows on others")
    return Step(
        act=statement.id,
        consultation=text(body, "consultation"),
        kind=kind,
        party=statement.party,
        parties=statement.parties,
        digest=_digest(statement),
        after=tuple(digest({"after": one}, "after") for one in texts(body, "after")),
        item=statement.item,
        text=digest(body, "text") if kind in (*TEXTS, "sign-joint-text") else "",
        number=count(body, "number") if kind in TEXTS else 0,
        bases=texts(body, "bases") if kind == "propose-draft" else (),
        draft=text(body, "draft") if kind == "sign-joint-text" else "",
        among=texts(body, "among") if kind == "sign-joint-text" else (),
        at=statement.at,
    )


def view_of(reader: Reader, consultation: Consultation, item: str) -> View | None:
    """The view that an item is, or None."""
    return next((view for view in reader.consultation_views(consultation.id) if view.item == item), None)


def _consultation_of(tx: Reader, statement: Statement) -> Consultation:
    named = text(statement.body, "consultation")
    consultation = tx.consultation(named)
    if consultation is None:
        raise VerificationError(f"act `{statement.id}`: no consultation `{named}` was opened here")
    if (statement.instrument, statement.body["about"]) != (consultation.instrument, consultation.about):
        raise VerificationError(f"act `{statement.id}`: consultation `{named}` is under another instrument or subject")
    return consultation


def _check_taking_part(tx: Reader, statement: Statement, consultation: Consultation) -> None:
    """Views go between two Parties and follow on nothing; only that it is this consultation, and not over, is asked."""
    if digest(statement.body, "opening") != consultation.digest:
        raise VerificationError(f"act `{statement.id}`: consultation `{consultation.id}` was opened here otherwise")
    outside = sorted({statement.party, *statement.parties} - {*consultation.parties})
    if outside:
        raise VerificationError(f"act `{statement.id}`: `{outside[0]}` is no Party to consultation `{consultation.id}`")
    if statement.party in standing_of(tx, consultation).ended:
        raise VerificationError(f"act `{statement.id}`: `{statement.party}` has closed the consultation or left it")


def _check_text(node: Node, tx: Reader, statement: Statement) -> None:
    """A text is an item of its author's, and whoever is told of it holds it."""
    item = tx.item(statement.item)
    if item is None or item.originator != statement.party:
        raise VerificationError(f"act `{statement.id}`: item `{statement.item}` of `{statement.party}` is not here")
    told = statement.parties if statement.party == node.party else (node.party,)
    without = [party for party in told if not given(tx, item.id, party)]
    if without:
        raise VerificationError(f"act `{statement.id}`: `{without[0]}` was not given item `{item.id}`")


def _digest(statement: Statement) -> str:
    return hashlib.sha256(statement.to_bytes()).hexdigest()


def _short(statement: Statement, name: str) -> str:
    value = text(statement.body, name)
    if not 0 < len(value) <= TITLE_CHARACTERS:
        raise ValueError(f"`{name}` has 1 to {TITLE_CHARACTERS} characters")
    return value


def _one_of(value: object, known: Iterable[str]) -> str:
    found = [*known]
    if not isinstance(value, str) or value not in found:
        raise ValueError(f"`{value!s:.40}` is none of {', '.join(found)}")
    return value
