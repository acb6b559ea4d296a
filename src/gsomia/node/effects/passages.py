"""What a giver's node says of what passes under a consent: it stands beside the consent, at the giver and its giver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gsomia.errors import VerificationError
from gsomia.node.acts.bodies import digest, text, texts
from gsomia.node.acts.signed import Statement, read_instant
from gsomia.node.effects.consents import consent_said
from gsomia.node.effects.passing import supersedes
from gsomia.node.record.approval import Passing, certified_words, objection
from gsomia.node.record.store_port import Writer
from gsomia.node.record.stored import Consent, Passage
from gsomia.registry import CopyState, read_copy_id

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = ["apply_passage"]

_SAME = ("given", "receivers", "purpose", "level", "payload_digest", "certified", "authorised")
"""What every act about one copy and one consent says alike."""


def apply_passage(node: Node, tx: Writer, statement: Statement) -> None:
    """A copy of what draws on an item, or holds a part of it, goes by a consent; or arrived, or goes no further.

    The act that gave the consent says whether it let that pass at the instant of the officer's act. One that was taken
    back before counts as it was given: the giver may not have heard of it, and what went is to be known.
    """
    said = _said(statement)
    consent = _given(node, tx, statement, said)
    item, giver, _ = read_copy_id(said.copy)
    known_item = tx.item(item)
    if giver != statement.party:
        raise VerificationError(f"act `{statement.id}`: copy `{said.copy}` is not `{statement.party}`'s to give")
    if item == consent.item and known_item is not None and known_item.originator == consent.originator:
        raise VerificationError(f"act `{statement.id}`: copy `{said.copy}` is of the item itself, which is released")
    if known_item is not None and known_item.payload_digest != said.payload_digest:
        raise VerificationError(f"act `{statement.id}`: item `{item}` is registered here with another payload")
    met = {consent.id} if said.certified == certified_words(consent) else set()
    passing = Passing(
        giver=giver,
        receivers=said.receivers,
        purpose=said.purpose,
        met=frozenset(met),
        drawn=item != consent.item,
    )
    # That the act is not dated before the consent is checked where instants are: two clocks are apart.
    against = objection(consent, passing, said.authorised, max(said.authorised, consent.at))
    if against or not said.receivers:
        why = against or "it names nobody who gets it"
        raise VerificationError(f"act `{statement.id}`: consent `{consent.id}` does not let it pass: {why}")
    known = next((one for one in tx.passages(copy=said.copy) if one.consent == said.consent), None)
    if known is not None and (other := [name for name in _SAME if getattr(known, name) != getattr(said, name)]):
        raise VerificationError(f"act `{statement.id}`: act `{known.act}` said another `{other[0]}` of `{said.copy}`")
    if supersedes(said.state, known):
        tx.put_passage(said)


def _said(statement: Statement) -> Passage:
    """What the act says, read strictly."""
    body = statement.body
    (given,) = texts(body, "acts")
    said = Passage(
        consent=text(body, "consent"),
        copy=text(body, "copy"),
        given=given,
        receivers=texts(body, "receivers"),
        purpose=text(body, "purpose"),
        level=text(body, "level"),
        payload_digest=digest(body, "payload_digest"),
        certified=texts(body, "certified"),
        authorised=read_instant(body["authorised"]),
        state=text(body, "state"),
        act=statement.id,
        at=statement.at,
    )
    going = said.state == CopyState.AUTHORISED
    if not said.level or said.authorised > said.at or (going and said.authorised != said.at):
        raise ValueError("it says at what level, and when the officer's act was, which comes first")
    return said


def _given(node: Node, tx: Writer, statement: Statement, said: Passage) -> Consent:
    """The consent as its originator gave it.

    Raises:
        VerificationError: it was never given, it is to another item, or it is none of this node's business.
    """
    act = tx.act(said.given)
    consent = consent_said(act.statement) if act is not None and act.statement.type == "consent" else None
    if consent is None or (consent.id, consent.item) != (said.consent, statement.item):
        raise VerificationError(
            f"act `{statement.id}`: no consent `{said.consent}` to item `{statement.item}` was given"
        )
    if consent.originator not in statement.parties or node.party not in (consent.originator, statement.party):
        raise VerificationError(f"act `{statement.id}`: a passage is told to `{consent.originator}`, who consented")
    return consent
