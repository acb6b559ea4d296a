"""What a request for information, its refusal, and a copy that answers it change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gsomia.agreement import PURPOSES, SUBJECTS
from gsomia.errors import VerificationError
from gsomia.node.acts.bodies import text, texts
from gsomia.node.acts.signed import Statement, read_instant
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.record.stored import InformationRequest
from gsomia.registry import CopyState

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = ["apply_request", "apply_request_refusal", "check_answered", "note_answer", "state_of"]

_GOES_NOWHERE = (CopyState.REFUSED, CopyState.REJECTED)


def apply_request(node: Node, tx: Writer, statement: Statement) -> None:
    """A Party asks another for information; a Party on the way passes it on to one that the asker cannot reach."""
    body = statement.body
    due = read_instant(body["due"]) if text(body, "due") else None
    said = InformationRequest(
        id=statement.id,
        asker=statement.party,
        asked=text(body, "to"),
        via=texts(body, "via"),
        instrument=statement.instrument,
        subject=text(body, "subject"),
        level=text(body, "level"),
        purpose=text(body, "purpose"),
        what=text(body, "what"),
        due=due,
        at=statement.at,
    )
    texts(body, "certified")
    if said.subject not in SUBJECTS or said.purpose not in PURPOSES or not said.what or not said.instrument:
        raise ValueError(
            "a request names an agreement, a subject and a purpose that the agreements know, and says what"
        )
    if due is not None and due <= statement.at:
        raise ValueError("`due` is after the request itself")
    way = (said.asker, *said.via, said.asked)
    if len({*way}) != len(way) or node.party not in way:
        raise VerificationError(f"act `{statement.id}`: it is no request of or to `{node.party}`: {' to '.join(way)}")
    tx.put_request(said)
    _pass_on(node, tx, statement, said, said.asked)


def apply_request_refusal(node: Node, tx: Writer, statement: Statement) -> None:
    """The Party asked refuses in writing."""
    why, named = text(statement.body, "why"), text(statement.body, "request")
    request = tx.request(named)
    if request is None:
        raise VerificationError(f"act `{statement.id}`: the request `{named}` was never made here")
    _by_the_asked(statement, request)
    if request.refusal:
        raise VerificationError(f"act `{statement.id}`: the request `{named}` was refused by act `{request.refusal}`")
    if state_of(tx, request) == "answered":
        raise VerificationError(f"act `{statement.id}`: the request `{named}` is answered by {request.answers[0]}")
    tx.put_request(replace(request, refusal=statement.id, why=why))
    _pass_on(node, tx, statement, request, request.asker)


def note_answer(tx: Writer, statement: Statement) -> None:
    """A copy that names the request which it answers: by the Party asked, or one on the way that hands it on.

    Raises:
        VerificationError: it is refused, or is another's.
    """
    named = text(statement.body, "answers")
    request = tx.request(named)
    if request is None:
        return  # a bundle holds the acts on one item, and a request is on none
    if statement.type != "release" or statement.party not in request.via:
        _by_the_asked(statement, request)
    elif statement.body["originator"] != request.asked:
        raise VerificationError(
            f"act `{statement.id}`: it hands on what `{request.asked}`, which was asked, did not give"
        )
    if request.asker not in (statement.body["holder"], statement.body["destination"]):
        raise VerificationError(f"act `{statement.id}`: it answers `{request.asker}` and goes to another")
    if request.refusal:
        raise VerificationError(f"act `{statement.id}`: the request `{named}` was refused by act `{request.refusal}`")
    if statement.copy not in request.answers:
        tx.put_request(replace(request, answers=(*request.answers, statement.copy)))


def check_answered(tx: Reader, statement: Statement) -> None:
    """Check that a peer's act that names a request names one that was made.

    Raises:
        VerificationError: it was never made here.
    """
    named = statement.body.get("answers")
    if named is not None and (not isinstance(named, str) or tx.request(named) is None):
        raise VerificationError(f"act `{statement.id}`: the request `{named}`, which it answers, was never made here")


def _by_the_asked(statement: Statement, request: InformationRequest) -> None:
    if statement.party != request.asked:
        raise VerificationError(
            f"act `{statement.id}`: the request `{request.id}` is for `{request.asked}` to answer, "
            f"not for `{statement.party}`"
        )


def _pass_on(node: Node, tx: Writer, statement: Statement, request: InformationRequest, to: str) -> None:
    """A Party on the way hands an act on to the Party for whom it is, where that was not told by its own way."""
    if node.party in request.via and to not in {statement.party, *statement.parties} and to in tx.peers():
        tx.put_outgoing(to, "act", statement.id, node.clock.machine())


def state_of(reader: Reader, request: InformationRequest) -> str:
    """`refused`; `answered` while a copy that answers it is on its way or has arrived; else `open`."""
    if request.refusal:
        return "refused"
    # A copy that does not stand here went to a Party on the way, which handed it on.
    copies = (reader.copy(name) for name in request.answers)
    return "answered" if any(copy is None or copy.state not in _GOES_NOWHERE for copy in copies) else "open"
