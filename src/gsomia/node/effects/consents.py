"""What a request for an originator's consent, its answer and its end change (Article 6(a))."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gsomia.agreement import PURPOSES
from gsomia.errors import VerificationError
from gsomia.node.acts.bodies import text, texts
from gsomia.node.acts.signed import Statement, instant, read_instant
from gsomia.node.record.approval import GRANTED, PARTS, REVOKED, WHOLE, WRITTEN
from gsomia.node.record.store_port import Writer
from gsomia.node.record.stored import Consent

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = ["apply_consent", "apply_revocation", "consent_said"]


_STATES = {"request-consent": "asked", "consent": GRANTED, "refuse-consent": "refused"}

CONDITIONS = 20
"""The most conditions of one consent."""


def apply_consent(node: Node, tx: Writer, statement: Statement) -> None:
    """A consent is asked for by the holder, and granted or refused by the originator."""
    said = consent_said(statement)
    request = text(statement.body, "request")
    if said.state != "asked" and statement.party != said.originator:
        raise VerificationError(f"act `{statement.id}`: only the originator `{said.originator}` can consent or refuse")
    if said.state == "asked" and (request or statement.party != said.asker):
        raise VerificationError(f"act `{statement.id}`: nobody asks for another, or under another's request")
    asked = tx.consent(request) if request else None
    if asked is not None and asked.state == REVOKED and said.state == GRANTED:
        return  # word of its end came first
    if request and asked is None and said.asker == node.party:
        raise VerificationError(f"act `{statement.id}`: `{node.party}` never made the request `{request}`")
    if asked is not None:
        _check_answer(statement, asked, said)
    known = tx.consent(said.id) if not request else None
    if known is not None and known.state == REVOKED:
        return  # word of its end came first
    item = tx.item(statement.item)
    if item is not None and said.originator not in item.contains:
        raise VerificationError(f"act `{statement.id}`: `{said.originator}` has no part in item `{statement.item}`")
    if asked is not None and said.state == "refused":
        said = replace(said, purpose=asked.purpose, part=asked.part, extent=asked.extent)
    tx.put_consent(said)


def _check_answer(statement: Statement, asked: Consent, said: Consent) -> None:
    """An answer is to what was asked: of the same item, for the same Parties, for no more of it."""
    same = ("item", "originator", "asker", "receivers")
    differing = [name for name in same if getattr(asked, name) != getattr(said, name)]
    if asked.state != "asked" or differing:
        what = f"its {', '.join(differing)} is another" if differing else f"that is {asked.state} already"
        raise VerificationError(f"act `{statement.id}`: it does not answer the request `{asked.id}`: {what}")
    if said.state == GRANTED and asked.part not in (WHOLE, said.part):
        raise VerificationError(
            f"act `{statement.id}`: the request `{asked.id}` was for a {asked.part}, this is for a {said.part}"
        )


def consent_said(statement: Statement) -> Consent:
    """The request, consent or refusal as its act says it.

    Raises:
        KeyError, TypeError, ValueError, VerificationError: it does not say it, or what it says is no consent.
    """
    body: Mapping[str, Any] = statement.body
    state = _STATES[statement.type]
    conditions: tuple[str, ...] = ()
    expires: datetime | None = None
    purpose, part, extent = "", WHOLE, ""
    if state != "refused":
        purpose, part, extent = text(body, "purpose"), text(body, "part"), text(body, "extent")
        if purpose not in PURPOSES or part not in PARTS or bool(extent) != (part != WHOLE):
            raise ValueError("`purpose`, `part` and `extent` say for what, and how much of the item")
    if state == GRANTED:
        conditions = texts(body, "conditions")
        if text(body, "form") != WRITTEN:
            raise VerificationError(f"act `{statement.id}`: an approval that is not in writing is no consent")
        if len(conditions) > CONDITIONS or not all(conditions):
            raise ValueError(f"`conditions` are at most {CONDITIONS}, none of them empty")
        expires = read_instant(body["expires"]) if text(body, "expires") else None
        if expires is not None and expires <= statement.at:
            raise VerificationError(
                f"act `{statement.id}`: a consent of {instant(statement.at)} that expired {instant(expires)}"
            )
    return Consent(
        id=text(body, "request") or statement.id,
        item=statement.item,
        originator=text(body, "originator"),
        asker=text(body, "asker"),
        receivers=texts(body, "receivers"),
        instrument=statement.instrument,
        state=state,
        purpose=purpose,
        part=part,
        extent=extent,
        conditions=conditions,
        expires=expires,
        why=text(body, "why"),
        act=statement.id,
        at=statement.at,
    )


def apply_revocation(node: Node, tx: Writer, statement: Statement) -> None:
    """The originator takes a consent back: nothing is handed on under it any more.

    Who handed the item on under it tells the Parties that the originator cannot reach.
    """
    body = statement.body
    named, originator, asker = text(body, "consent"), text(body, "originator"), text(body, "asker")
    receivers, why = texts(body, "receivers"), text(body, "why")
    known = tx.consent(named)
    given = (statement.item, originator, asker, receivers)
    if statement.party != originator:
        raise VerificationError(f"act `{statement.id}`: only the originator `{originator}` takes its consent back")
    # Who asked may hear of the end before the answer: the consent itself then changes nothing any more.
    ended = known is not None and known.state not in ("asked", GRANTED)
    if known is not None and (ended or (known.item, known.originator, known.asker, known.receivers) != given):
        raise VerificationError(f"act `{statement.id}`: it is of no consent that was given, or one that ended before")
    if known is None:
        known = Consent(
            id=named,
            item=statement.item,
            originator=originator,
            asker=asker,
            receivers=receivers,
            instrument=statement.instrument,
            state=REVOKED,
            purpose="",
            part=WHOLE,
            extent="",
            conditions=(),
            expires=None,
            why=why,
            act=statement.id,
            at=statement.at,
        )
    tx.put_consent(replace(known, state=REVOKED, why=why, act=statement.id, at=statement.at))
    for holder in {copy.holder for copy in tx.copies(item=statement.item) if copy.giver == node.party}:
        if holder in receivers and holder not in {originator, *statement.parties}:
            tx.put_outgoing(holder, "act", statement.id, node.clock.machine())
