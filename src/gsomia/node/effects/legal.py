"""What a legal act enters in the record: a Party's own entry, or what a peer reports (protocol 4)."""

from __future__ import annotations

from datetime import datetime

from gsomia.agreement import READINGS, LegalAct
from gsomia.errors import VerificationError
from gsomia.node.acts.bodies import day, digest, text
from gsomia.node.acts.signed import Statement, read_instant
from gsomia.node.record.store_port import Writer
from gsomia.node.record.stored import EnteredAct

__all__ = ["apply_legal_act", "legal_act"]


def legal_act(statement: Statement, at: datetime) -> LegalAct:
    """What an act enters in the record of legal acts.

    Args:
        statement: of one of `RECORD_ACTS`.
        at: the instant of recording.

    Raises:
        VerificationError: its body is no legal act.
    """
    body = statement.body
    try:
        declared = _reading(statement) if statement.type == "declare-reading" else ""
        declared = text(body, "successor") if statement.type == "replace" else declared
        return LegalAct(
            id=text(body, "id"),
            under=statement.instrument,
            act=statement.type,
            by=text(body, "by"),
            at=read_instant(body["effective"]),
            form=text(body, "form"),
            source=text(body, "source"),
            confidence=text(body, "confidence"),
            note=declared or text(body, "note"),
            known_at=at,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise VerificationError(f"act `{statement.id}`: not a legal act as the record holds it: {error}") from error


def apply_legal_act(tx: Writer, statement: Statement, at: datetime) -> None:
    """A legal act enters the record as that Party's own entry; a peer's entry is *reported* (protocol 4)."""
    legal = legal_act(statement, at)
    for known in tx.record():
        if (known.legal.id, known.entered_by) == (legal.id, statement.party):
            raise VerificationError(
                f"act `{statement.id}`: `{statement.party}` has entered `{legal.id}` already, by act `{known.act}`"
            )
    tx.put_entered(
        EnteredAct(
            legal=legal,
            entered_by=statement.party,
            note=text(statement.body, "note"),
            note_date=day(statement.body, "note_date"),
            note_digest=digest(statement.body, "note_digest"),
            act=statement.id,
        )
    )


def _reading(statement: Statement) -> str:
    """The reading that a Party declares: its own, and nobody else's (protocol 4)."""
    reading = statement.body["reading"]
    if reading not in READINGS:
        raise ValueError(f"a reading is one of {', '.join(READINGS)}")
    if statement.body["by"] != statement.party:
        raise ValueError(f"a reading is declared by its own Party, this one by `{statement.party}`")
    return str(reading)
