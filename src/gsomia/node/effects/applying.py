"""What a recorded act changes in the register, the roster and the record: one place for one's own acts and a peer's.

Both registers are made from the same acts by this module, so they tell the same story or the act is refused. What each
kind of act changes stands in the module of that kind beside this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from gsomia.agreement import RECORD_ACTS
from gsomia.errors import DataError, VerificationError
from gsomia.node.acts.bodies import count, digest, text
from gsomia.node.acts.signed import Statement
from gsomia.node.acts.types import HANDLING, TOLD
from gsomia.node.effects.consents import apply_consent, apply_revocation
from gsomia.node.effects.consultations import (
    OPENING,
    PRESENTING,
    SIGNING_VIEW,
    apply_opening,
    apply_presented,
    apply_signed_view,
    apply_step,
)
from gsomia.node.effects.contractors import apply_clearance, apply_contractor_release, apply_contractor_return
from gsomia.node.effects.copies import (
    apply_acceptance,
    apply_authority,
    apply_handling,
    apply_mark,
    apply_refusal,
    apply_rejection,
    apply_rendition,
    apply_rung,
    apply_stop,
    apply_tracer,
)
from gsomia.node.effects.disclosures import apply_disclosure
from gsomia.node.effects.keyends import KEY_TYPES, apply_compromise, apply_enrolment, apply_retirement
from gsomia.node.effects.legal import apply_legal_act
from gsomia.node.effects.orders import apply_order, apply_order_end
from gsomia.node.effects.passages import apply_passage
from gsomia.node.effects.passing import PASSAGE
from gsomia.node.effects.peers import apply_node_keys, apply_peer, apply_successor_log
from gsomia.node.effects.persons import (
    PERSON_TYPES,
    apply_briefing,
    apply_end,
    apply_need,
    apply_person,
    apply_placement,
    apply_strike,
)
from gsomia.node.effects.recalls import apply_answer, apply_confirmation, apply_recall
from gsomia.node.effects.regrades import apply_notice, apply_regrade
from gsomia.node.effects.requests import apply_request, apply_request_refusal
from gsomia.node.record.consultation_rules import STEPS
from gsomia.node.record.store_port import Writer
from gsomia.node.record.stored import Credential
from gsomia.registry import Rung

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = ["PUBLIC_TYPES", "apply"]

PUBLIC_TYPES = (*KEY_TYPES, "accredit")
"""Acts that every peer is told of: whose keys are an officer's, and that the node's system is accredited."""

# A peer may never write these into our store: they are about this node's own people, peers and law.
_OWN_ONLY = frozenset({"access", "adopt-law", "assess", "clear-facility", "enrol-peer", "rendition", *PERSON_TYPES})

_RUNGS = {rung.value: rung for rung in Rung}


def apply(node: Node, tx: Writer, statement: Statement, *, source: str, at: datetime, delivered: bool = False) -> None:
    """Apply a verified act.

    Args:
        node: who records it.
        tx: the open transaction.
        statement: what the act says.
        source: "own", or the Party it came from.
        at: the instant of recording.
        delivered: whether the content of the copy that it is about came with it and holds.

    Raises:
        VerificationError: what it says cannot be.
    """
    kind = statement.type
    if source != "own" and kind in _OWN_ONLY:
        raise VerificationError(f"act `{statement.id}`: a peer has no say in `{kind}`")
    try:
        if kind in RECORD_ACTS:
            apply_legal_act(tx, statement, at)
        elif kind in _RUNGS:
            apply_rung(node, tx, statement, _RUNGS[kind], delivered=delivered)
        elif kind in _EFFECTS:
            _EFFECTS[kind](node, tx, statement)
    except (AttributeError, ArithmeticError, LookupError, TypeError, ValueError, DataError) as error:
        raise VerificationError(f"act `{statement.id}`: its body does not fit `{kind}`: {error}") from error


def _enrol_key(node: Node, tx: Writer, statement: Statement) -> None:
    apply_enrolment(node, tx, statement)


def _retire_key(node: Node, tx: Writer, statement: Statement) -> None:
    apply_retirement(tx, statement)


def _assure(node: Node, tx: Writer, statement: Statement) -> None:
    # An assurance is given to one providing Party (Article 7.5); one given to another says nothing here.
    if statement.party == node.party or node.party in statement.parties:
        _credential(tx, statement, "assure", f"{statement.instrument}")


def _accredit(node: Node, tx: Writer, statement: Statement) -> None:
    _credential(tx, statement, "accredit", "")


def _credential(tx: Writer, statement: Statement, kind: str, instrument: str) -> None:
    tx.put_credential(
        Credential(
            kind=kind,
            party=statement.party,
            instrument=instrument,
            level=text(statement.body, "level"),
            act=statement.id,
            at=statement.at,
        )
    )


def _adopt_law(node: Node, tx: Writer, statement: Statement) -> None:
    tx.put_adopted(statement.instrument, text(statement.body, "version"), statement.id)


def _told(node: Node, tx: Writer, statement: Statement) -> None:
    """What a Party tells changes no register."""
    text(statement.body, "what")


def _answer_key(node: Node, tx: Writer, statement: Statement) -> None:
    item = tx.item(statement.item)
    told = {statement.party, *statement.parties}
    if item is not None and statement.type == "release-key" and not {statement.party} <= {*item.holders}:
        raise VerificationError(f"act `{statement.id}`: `{statement.party}` holds no key of item `{item.id}`")
    if node.party not in told:
        raise VerificationError(f"act `{statement.id}`: it is no answer to this node")


def _reconcile(node: Node, tx: Writer, statement: Statement) -> None:
    """That two records were compared changes neither; what it says can be read."""
    for name in ("entries", "discrepancies", "under_way"):
        count(statement.body, name)
    digest(statement.body, "root")


_EFFECTS: Mapping[str, Callable[[Node, Writer, Statement], None]] = {
    "enrol-key": _enrol_key,
    "retire-key": _retire_key,
    "declare-key-compromised": apply_compromise,
    "enrol-peer": apply_peer,
    "replace-node-key": apply_node_keys,
    "recover-log": apply_successor_log,
    "assure": _assure,
    "accredit": _accredit,
    "enter-person": apply_person,
    "strike-person": apply_strike,
    "end-access": apply_end,
    "brief": apply_briefing,
    "enter-need": apply_need,
    "place": apply_placement,
    "adopt-law": _adopt_law,
    "rejected": apply_rejection,
    "mark": apply_mark,
    "standing-order": apply_order,
    "end-standing-order": apply_order_end,
    "tracer": apply_tracer,
    "possible-loss": apply_tracer,
    "rendition": apply_rendition,
    "acceptance": apply_acceptance,
    "refusal": apply_refusal,
    "transmit": apply_authority,
    "release": apply_authority,
    "stop": apply_stop,
    "revoke-consent": apply_revocation,
    **dict.fromkeys((*HANDLING, "destroy"), apply_handling),
    **dict.fromkeys(TOLD, _told),
    "notify-regrade": apply_notice,
    "regrade": apply_regrade,
    "recall": apply_recall,
    "confirm-recall": apply_confirmation,
    "answer-recall": apply_answer,
    "release-key": _answer_key,
    "refuse-key": _answer_key,
    "disclose-orally": apply_disclosure,
    "clear-facility": apply_clearance,
    "release-to-contractor": apply_contractor_release,
    "return-from-contractor": apply_contractor_return,
    "request": apply_request,
    "refuse-request": apply_request_refusal,
    "request-consent": apply_consent,
    "consent": apply_consent,
    "refuse-consent": apply_consent,
    PASSAGE: apply_passage,
    OPENING: apply_opening,
    **dict.fromkeys(STEPS, apply_step),
    PRESENTING: apply_presented,
    SIGNING_VIEW: apply_signed_view,
    "reconcile": _reconcile,
}
