"""What a request for an originator's consent, its answer and its end change (Article 6(a))."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gsomia.errors import VerificationError
from gsomia.node.acts import Statement
from gsomia.node.bodies import text, texts
from gsomia.node.ports import Writer
from gsomia.node.stored import Consent

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = ["apply_consent", "apply_revocation"]


REVOKED = "revoked"
"""The state of a consent that its originator took back."""

_STATES = {"request-consent": "asked", "consent": "granted", "refuse-consent": "refused"}


def apply_consent(node: Node, tx: Writer, statement: Statement) -> None:
    """A consent is asked for by the holder, and granted or refused by the originator."""
    state = _STATES[statement.type]
    body: Mapping[str, Any] = statement.body
    originator, asker, request = text(body, "originator"), text(body, "asker"), text(body, "request")
    receivers = texts(body, "receivers")
    if state != "asked" and statement.party != originator:
        raise VerificationError(f"act `{statement.id}`: only the originator `{originator}` can consent or refuse")
    if state == "asked" and (request or statement.party != asker):
        raise VerificationError(f"act `{statement.id}`: nobody asks for another, or under another's request")
    asked = next((c for c in tx.consents() if c.id == request), None) if request else None
    if asked is not None and (asked.state, asked.item, asked.originator, asked.asker, asked.receivers) != (
        "asked",
        statement.item,
        originator,
        asker,
        receivers,
    ):
        raise VerificationError(f"act `{statement.id}`: it does not answer the request `{request}`, or too late")
    if any(c.id == (request or statement.id) and c.state == REVOKED for c in tx.consents()):
        return  # word of its end came first
    item = tx.item(statement.item)
    if item is not None and originator not in item.contains:
        raise VerificationError(f"act `{statement.id}`: `{originator}` has no part in item `{statement.item}`")
    tx.put_consent(
        Consent(
            id=request or statement.id,
            item=statement.item,
            originator=originator,
            asker=asker,
            receivers=receivers,
            instrument=statement.instrument,
            state=state,
            conditions=text(body, "conditions"),
            act=statement.id,
            at=statement.at,
        )
    )


def apply_revocation(node: Node, tx: Writer, statement: Statement) -> None:
    """The originator takes a consent back: nothing is handed on under it any more."""
    body = statement.body
    named, originator, asker = text(body, "consent"), text(body, "originator"), text(body, "asker")
    text(body, "why")
    known = next((c for c in tx.consents() if c.id == named), None)
    given = (statement.item, originator, asker, texts(body, "receivers"), "granted")
    if statement.party != originator:
        raise VerificationError(f"act `{statement.id}`: only the originator `{originator}` takes its consent back")
    if known is not None and (known.item, known.originator, known.asker, known.receivers, known.state) != given:
        raise VerificationError(f"act `{statement.id}`: it is of no consent that was given, or one that ended before")
    tx.put_consent(
        Consent(
            id=named,
            item=statement.item,
            originator=originator,
            asker=asker,
            receivers=given[3],
            instrument=statement.instrument,
            state=REVOKED,
            conditions=known.conditions if known is not None else "",
            act=statement.id,
            at=statement.at,
        )
    )
