"""Requests for information: one Party asks another, which answers by transmitting or refuses in writing.

Nobody has to give what is asked for. The agreement says who may ask (Article 2(d): a notified authority), until when,
of what and by which way; each side puts the request to it by its own record. An answer is a transmission like any other
that names the request, and is judged as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gsomia.agreement import PURPOSES
from gsomia.errors import UsageError
from gsomia.node.acts.signed import SignedAct, instant
from gsomia.node.effects.requests import state_of
from gsomia.node.facts.asserted import Case
from gsomia.node.facts.words import check_parties, check_subject, treaty_mark
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node, known_peer, refused
from gsomia.node.record.beginnings import begun
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import InformationRequest
from gsomia.node.transmission.offers import verdict_digest
from gsomia.node.transmission.sending import keeping_refusals, refuse
from gsomia.registry import Copy
from gsomia.verdict import UNKNOWN, Facts, Item, Request, Verdict, decide

__all__ = [
    "REQUEST_CERTIFIED",
    "InformationWanted",
    "ask_information",
    "check_answer",
    "refuse_request",
    "request_answered",
    "request_named",
    "request_rows",
    "request_view",
]

REQUEST_CERTIFIED = ("authority-notified",)
"""What the officer who signs a request may certify in it, where this Party's record does not hold the note."""

_TEXT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class InformationWanted:
    """What a Party asks for.

    Args:
        to: the Party asked.
        under: the agreement.
        subject, purpose: as the agreement names them.
        what: in words, for the other Party's officer.
        level: the highest mark of the Party asked that would serve, or "".
        via: the Parties through which it would pass.
        due: by when it is wanted; a wish, for no agreement sets a day.
    """

    to: str
    under: str
    subject: str
    what: str
    purpose: str = "defence"
    level: str = ""
    via: tuple[str, ...] = ()
    due: datetime | None = None


def ask_information(node: Node, wanted: InformationWanted, *, certified: Sequence[str] = (), by: Acting) -> SignedAct:
    """Ask another Party for information, where the agreement lets this Party ask.

    Args:
        node: who asks.
        wanted: for what.
        certified: of `REQUEST_CERTIFIED`, what the officer certifies by signing.
        by: a disclosure officer.

    Raises:
        UsageError: a word that is not known, nothing is asked for, `due` is past, or it would go to no enrolled peer.
        RefusedError: the agreement refuses or is uncertain, or the officer may not ask; it is kept.
    """
    at = node.clock.now()
    what = f"request to {wanted.to} under {wanted.under}"
    if unknown := sorted({*certified} - {*REQUEST_CERTIFIED}):
        raise UsageError(f"nobody certifies `{unknown[0]}` here", hint=f"known: {', '.join(REQUEST_CERTIFIED)}")
    with keeping_refusals(node, what, at), node.store.writing() as tx:
        node.officer(tx, by, "disclosure")
        case = Case.of(node, tx)
        level = _check(node, case, wanted, at)
        known_peer(tx, wanted.via[0] if wanted.via else wanted.to)
        said = InformationRequest(
            id="",
            asker=node.party,
            asked=wanted.to,
            via=wanted.via,
            instrument=wanted.under,
            subject=wanted.subject,
            level=level,
            purpose=wanted.purpose,
            what=wanted.what,
            due=wanted.due,
            at=at,
        )
        verdict = _judge(node, tx, case, said, certified, at)
        act = None
        if verdict.outcome == "permit":
            body: dict[str, Any] = {
                "to": said.asked,
                "via": list(said.via),
                "subject": said.subject,
                "level": said.level,
                "purpose": said.purpose,
                "what": said.what,
                "due": instant(said.due) if said.due is not None else "",
                "certified": sorted(certified),
                "verdict": verdict_digest(verdict),
            }
            parties = tuple(sorted({said.asked, *said.via} & {*tx.peers()}))
            draft = Draft(type="request", instrument=said.instrument, parties=parties, body=body)
            act = make(node, tx, [draft], at=at, by=by)[0]
    if act is None:
        refuse(node, what, verdict, at)
    return act


def refuse_request(node: Node, request: str, why: str, *, by: Acting) -> SignedAct:
    """Refuse a request in writing; what this Party's own record says of it stands in the act.

    Args:
        node: the node of the Party asked.
        request: the request's id, or the beginning of it.
        why: for the asker's officer.
        by: a disclosure officer.

    Raises:
        UsageError: no such request is open here, or no reason is given.
        RefusedError: the officer may not answer, or a copy that answers it is on its way or there.
    """
    at = node.clock.now()
    if not why.strip() or not why.isprintable() or len(why) > _TEXT:
        raise UsageError("why is it refused?", hint=f"one line of at most {_TEXT} printable characters, with --why")
    with keeping_refusals(node, f"refusal of request {request}", at), node.store.writing() as tx:
        node.officer(tx, by, "disclosure")
        named = request_named(tx, request)
        asked = open_request(node, tx, named.id if named is not None else request)
        if state_of(tx, asked) == "answered":
            raise refused("answered", f"request `{request}` is answered by {', '.join(asked.answers)}")
        verdict = _judge(node, tx, Case.of(node, tx), asked, (), at)
        draft = Draft(
            type="refuse-request",
            instrument=asked.instrument,
            parties=tuple(sorted({asked.asker, *asked.via} & {*tx.peers()})),
            body={
                "request": asked.id,
                "why": why,
                "outcome": verdict.outcome,
                "verdict": verdict_digest(verdict),
            },
        )
        return make(node, tx, [draft], at=at, by=by)[0]


def _open_requests(node: Node, reader: Reader) -> list[InformationRequest]:
    """The requests to this Party that wait for an answer."""
    return [one for one in reader.requests() if one.asked == node.party and state_of(reader, one) == "open"]


def request_named(reader: Reader, reference: str) -> InformationRequest | None:
    """The request of this id, or the only one whose id begins so."""
    return reader.request(begun((one.id for one in reader.requests()), reference))


def open_request(node: Node, reader: Reader, request: str) -> InformationRequest:
    """A request to this Party that may still be answered.

    Raises:
        UsageError: there is none of that id, it is another's to answer, or it was refused.
    """
    found = reader.request(request)
    if found is None or found.asked != node.party or found.refusal:
        listed = ", ".join(one.id for one in _open_requests(node, reader)) or "none"
        what = f"was refused by act `{found.refusal}`" if found is not None and found.refusal else "is not open here"
        raise UsageError(f"request `{request}` {what}", hint=f"open: {listed}; `gsomia request list` shows them")
    return found


def check_answer(node: Node, reader: Reader, request: str, receivers: Sequence[str]) -> None:
    """Check that what goes to these Parties may answer a request.

    Args:
        node: the node of the Party asked.
        reader: its store.
        request: the request's id.
        receivers: who would get the copy, those on the way too.

    Raises:
        UsageError: no such request is open here, or the Party that asked would not get the copy.
    """
    asked = open_request(node, reader, request)
    if asked.asker not in receivers:
        raise UsageError(
            f"`{asked.asker}` made the request `{request}`, and would not get it", hint="name it with --to"
        )


def request_answered(reader: Reader, held: Copy, to: str) -> str:
    """The request that a held copy answers on its way to a Party, or "": who stands between them hands it on by it.

    Args:
        reader: the store of the Party between them.
        held: the copy that came.
        to: the Party to which it goes on.
    """
    acts = reader.acts(types=["transmit"], item=held.item)
    named = next((str(a.statement.body.get("answers", "")) for a in acts if a.statement.copy == held.id), "")
    request = reader.request(named) if named else None
    return named if request is not None and request.asker == to else ""


def request_rows(node: Node, reader: Reader, at: datetime) -> list[dict[str, Any]]:
    """The requests that this Party made or got, as data.

    Args:
        node: whose register it is.
        reader: its store.
        at: the instant of the question.
    """
    return [_row(node, reader, one, at) for one in reader.requests()]


def request_view(node: Node, reader: Reader, request: InformationRequest, at: datetime) -> dict[str, Any]:
    """A request with what the agreement says of it by this Party's record, and who has not been told of it yet.

    Args:
        node, reader, at: as for `request_rows`.
        request: which.
    """
    said = reader.act(request.id)
    certified = tuple(said.statement.body["certified"]) if said is not None and request.asker == node.party else ()
    verdict = _judge(node, reader, Case.of(node, reader), request, certified, at)
    told = {request.id, request.refusal}
    waiting = sorted({entry.peer for entry in reader.outgoing() if entry.subject in told})
    return _row(node, reader, request, at) | {"verdict": verdict.to_json(), "not_told_yet": waiting}


def _row(node: Node, reader: Reader, one: InformationRequest, at: datetime) -> dict[str, Any]:
    state = state_of(reader, one)
    copies = [(name, reader.copy(name)) for name in one.answers]
    return {
        "request": one.id,
        "asker": one.asker,
        "asked": one.asked,
        "via": list(one.via),
        "instrument": one.instrument,
        "subject": one.subject,
        "level": one.level,
        "purpose": one.purpose,
        "what": one.what,
        "due": instant(one.due) if one.due is not None else "",
        "late": one.due is not None and one.due < at and state == "open",
        "at": instant(one.at),
        "state": state,
        "answers": [
            {
                "copy": name,
                "control_number": copy.control_number if copy is not None else "",
                "state": copy.state.value if copy is not None else "",
            }
            for name, copy in copies
        ],
        "why": one.why,
        "to_answer": state == "open" and one.asked == node.party,
    }


def _judge(
    node: Node, reader: Reader, case: Case, said: InformationRequest, certified: Sequence[str], at: datetime
) -> Verdict:
    """What the agreement says of the request by this Party's own record; what the other certifies is its own word."""
    note = next(
        (
            one
            for one in reader.record()
            if one.entered_by == node.party
            and (one.legal.act, one.legal.by, one.legal.under) == ("designate-authority", said.asker, said.instrument)
            and one.legal.form == "note"
            and one.legal.at <= at
        ),
        None,
    )
    by = {}
    if note is not None:
        by = {"authority-notified": note.act}
    elif "authority-notified" in certified:
        by = {"authority-notified": "this act, by the officer who signs it"}
    facts = Facts(authority_notified=True if by else UNKNOWN, established_by=by)
    item = Item(
        originator=said.asked,
        level=said.level,
        subject=said.subject,
        form="electronic",
        contains=(said.asked,),
        received=None,
        purpose=said.purpose,
    )
    request = Request(act="request", by=said.asker, to=said.asked, via=said.via, item=item, under=said.instrument)
    return decide(case.law, request, facts, case.record, at)


def _check(node: Node, case: Case, wanted: InformationWanted, at: datetime) -> str:
    """The mark asked for, in the agreements' form.

    Raises:
        UsageError: a word that is not known, with those that are; or nothing is asked for.
    """
    if wanted.under not in case.law.agreements:
        known = ", ".join(sorted(case.law.agreements)) or "none"
        raise UsageError(f"unknown agreement `{wanted.under}`", hint=f"adopted: {known}; named with --under")
    check_parties(case, (wanted.to,), "--to")
    check_parties(case, wanted.via, "--via")
    way = (node.party, *wanted.via, wanted.to)
    if len({*way}) != len(way):
        raise UsageError(f"from `{node.party}` to itself: {' to '.join(way)}", hint="name another Party with --to")
    check_subject(wanted.subject)
    if wanted.purpose not in PURPOSES:
        raise UsageError(
            f"unknown purpose `{wanted.purpose}`", hint=f"known: {', '.join(PURPOSES)}; named with --purpose"
        )
    if not wanted.what.strip() or not wanted.what.isprintable() or len(wanted.what) > _TEXT:
        raise UsageError("what is asked for?", hint=f"one line of at most {_TEXT} printable characters, with --what")
    if wanted.due is not None and wanted.due <= at:
        raise UsageError(f"`{instant(wanted.due)}` is past", hint="name a later instant with --due, or none")
    return treaty_mark(case, wanted.to, wanted.level)
