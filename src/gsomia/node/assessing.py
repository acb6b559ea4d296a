"""A common assessment: from one text in portions, for each other Party the view that it may have, and no hint of more.

Every Party is given a view, in one order, each by acts of its own: nothing that one Party gets depends on a portion
that is withheld from it. The author's internal log alone binds the views to the assessment.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gsomia.errors import DataError, RefusedError, UsageError
from gsomia.marking import Label
from gsomia.node.act_types import CONSULTED, Role
from gsomia.node.acts import SignedAct
from gsomia.node.assessment import Assessment, Shown, read_assessment, render_view
from gsomia.node.consultation import carrying, consultation_named, own_item
from gsomia.node.consultation_effects import PRESENTING, SIGNING_VIEW, given, standing_of, view_of
from gsomia.node.consultation_rules import Consultation
from gsomia.node.consultation_texts import text_digest
from gsomia.node.derivatives import citations
from gsomia.node.facts import Case
from gsomia.node.labels import item_label, scale_of
from gsomia.node.ledger import Draft, make
from gsomia.node.looking import look_over
from gsomia.node.node import Acting, Node, refused
from gsomia.node.ports import Reader, Writer
from gsomia.node.sealing import Sending
from gsomia.node.sending import ask_transmit, draw, keeping_refusals
from gsomia.node.transmitting import transmit_together
from gsomia.node.words import treaty_mark
from gsomia.registry import Copy, CopyState, Item

__all__ = ["ViewDraft", "assess", "present_view", "sign_view", "views_of"]

_HELD = (CopyState.DELIVERED, CopyState.RECEIPTED, CopyState.OPENED)
_ENDED = (CopyState.REFUSED, CopyState.REJECTED, CopyState.RETURNED, CopyState.DESTROYED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewDraft:
    """A view before it is sealed: for whom, its bytes, how it is sent, and the label that it will carry."""

    party: str
    text: bytes
    sending: Sending
    label: Label


def views_of(node: Node, reader: Reader, consultation: Consultation, data: bytes, at: datetime) -> list[ViewDraft]:
    """The view of an assessment that each other Party may have, in the order of their names; nothing is sent.

    A Party may have a portion whose author names it, where the agreement between the two permits it now, and where the
    originators of what it rests on have consented. Of the items that a portion cites a view names those that its Party
    holds, by that Party's own control number.

    Args:
        node: the author's.
        reader: its store.
        consultation: whose Parties they are.
        data: the assessment, TOML.
        at: the instant of the question.

    Raises:
        UsageError: the assessment cannot be read, or it cites what is not held here.
        RefusedError: a Party may not have the first portion, which is for all.
    """
    try:
        assessment = read_assessment(data, node.party)
    except DataError as error:
        raise UsageError(str(error), hint=error.hint) from error
    case = Case.of(node, reader)
    others = sorted({*standing_of(reader, consultation).members} - {node.party})
    if any(not {*others} <= {*portion.to} for portion in assessment.portions[:1]):
        raise refused(
            "first-portion",
            f"the first portion is for every Party of the consultation: {', '.join(others)}",
            hint="begin with what all may read, such as what is assessed and why",
        )
    return [_view(node, reader, case, consultation, assessment, party, at) for party in others]


def _view(
    node: Node,
    reader: Reader,
    case: Case,
    consultation: Consultation,
    assessment: Assessment,
    party: str,
    at: datetime,
) -> ViewDraft:
    sending = Sending(
        to=party,
        level="",
        subject=consultation.subject,
        purpose=consultation.purpose,
        title=assessment.title,
        mime_type="text/plain",
        under=_under(node, reader, consultation, party),
    )
    shown: list[Shown] = []
    foreign: dict[str, None] = {}
    for place, portion in enumerate(assessment.portions):
        mark = treaty_mark(case, node.party, portion.mark)
        sources = [item for item, _ in citations(node, reader, portion.cites)]
        received = tuple(item.id for item in sources if item.contains != (node.party,))
        if party not in portion.to or not _may_have(node, reader, case, _at(sending, mark, received), at):
            if place == 0:
                raise refused("first-portion", f"`{party}` may not have the first portion, which is for all Parties")
            continue
        numbers = tuple(number for item in sources if (number := _number_at(reader, item, party)))
        shown.append(Shown(mark=mark, to=portion.to, text=portion.text, numbers=numbers))
        foreign |= dict.fromkeys(received)
    level = max((one.mark for one in shown), key=scale_of(case, node.party).rank)
    whole = _at(sending, level, tuple(foreign))
    drawn, answers = draw(node, reader, case, whole, (party,), at)
    _, _, verdict = ask_transmit(node, reader, whole, at=at, case=case, drawn=drawn)
    for what, answer in [*answers, (f"transmit to {party}", verdict)]:
        if answer.outcome != "permit":
            raise RefusedError(f"{what}: {answer.outcome}", verdict=answer.to_json())
    label = drawn.label if drawn is not None else item_label(node.party, level, (party,), at, exercise=node.exercise)
    text = render_view(assessment.title, shown, author=node.party, party=party, level=label.classification)
    return ViewDraft(party=party, text=text, sending=whole, label=label)


def _at(sending: Sending, level: str, cites: tuple[str, ...] = ()) -> Sending:
    return replace(sending, level=level, cites=cites)


def _under(node: Node, reader: Reader, consultation: Consultation, party: str) -> str:
    """The agreement that carries a view: that of the consultation where it is one of the two alone."""
    name = carrying(node, reader, consultation)
    agreement = node.law(reader.adopted()).agreements.get(name)
    return name if agreement is not None and {*agreement.parties} == {node.party, party} else ""


def _may_have(node: Node, reader: Reader, case: Case, sending: Sending, at: datetime) -> bool:
    """Whether the agreement, and the originators of what it rests on, let a Party have a portion by itself."""
    try:
        drawn, answers = draw(node, reader, case, sending, sending.receivers, at)
    except RefusedError:
        return False
    _, _, verdict = ask_transmit(node, reader, sending, at=at, case=case, drawn=drawn)
    return all(answer.outcome == "permit" for answer in (verdict, *(one for _, one in answers)))


def _number_at(reader: Reader, item: Item, party: str) -> str:
    """A Party's own control number for an item that it holds or gave, or "" where it does neither."""
    for copy in sorted(reader.copies(item=item.id), key=lambda copy: copy.id):
        if (copy.holder == party and copy.state in _HELD) or (copy.giver == party and copy.state is not _GONE):
            number = _said_number(reader, copy, party)
            if number:
                return number
    return ""


_GONE = CopyState.DESTROYED


def _said_number(reader: Reader, copy: Copy, party: str) -> str:
    """The number that a Party's own act gives to a copy: its `delivered`, or its `transmit` or `release`."""
    kinds = ("delivered",) if copy.holder == party else ("transmit", "release")
    said = [
        act.statement.body["control_number"]
        for act in reader.acts(types=kinds, item=copy.item)
        if (act.statement.copy, act.statement.party) == (copy.id, party)
    ]
    return str(said[0]) if said else ""


def assess(node: Node, reference: str, data: bytes, *, by: Acting, disclosure: Acting) -> list[Copy]:
    """Give each other Party of a consultation the view of an assessment that it may have.

    Args:
        node: the author's.
        reference: the consultation.
        data: the assessment, TOML.
        by: an officer in the role that the subject needs: signs what binds the views together.
        disclosure: a disclosure officer: signs the transmissions.

    Returns:
        One copy for each, in the order of their names; `present_view` comes when it has arrived. Where these very views
        were given before and not all of them were presented, their copies: a repeat completes what was begun.

    Raises:
        UsageError: the assessment cannot be read, or it cites what is not held here.
        RefusedError: a Party may not have the first portion, or the officer may not; nothing goes.
    """
    at = node.clock.now()
    with keeping_refusals(node, f"assess in {reference}", at):
        with node.store.reading() as reader:
            consultation = consultation_named(reader, reference)
            _not_over(node, reader, consultation)
            node.officer(reader, by, CONSULTED[consultation.about])
            node.officer(reader, disclosure, Role.DISCLOSURE)
            views = views_of(node, reader, consultation, data, at)
            if left := _left(node, reader, consultation, data, views):
                return left
            case = Case.of(node, reader)
        for view in views:  # all of them, before one goes
            look_over(node, io.BytesIO(view.text), view.sending.mime_type, view.label, case, as_is=False, at=at)

        def bind(tx: Writer, copies: Sequence[Copy], at: datetime) -> None:
            _not_over(node, tx, consultation)
            bound = {
                "about": consultation.about,
                "consultation": consultation.id,
                "text": hashlib.sha256(data).hexdigest(),
                "views": [
                    {"party": view.party, "item": copy.item, "text": hashlib.sha256(view.text).hexdigest()}
                    for view, copy in zip(views, copies, strict=True)
                ],
            }
            make(node, tx, [Draft(type="assess", instrument=consultation.instrument, body=bound)], at=at, by=by)

        # Each under its own signature: under one, a Party's act would hold the hash of another's.
        documents = [(io.BytesIO(view.text), view.sending) for view in views]
        return transmit_together(node, documents, by=disclosure, bind=bind)


def _left(
    node: Node, reader: Reader, consultation: Consultation, data: bytes, views: Sequence[ViewDraft]
) -> list[Copy]:
    """The copies of these very views where they were given before and not all were presented, or nothing."""
    text = hashlib.sha256(data).hexdigest()
    wanted = [(view.party, hashlib.sha256(view.text).hexdigest()) for view in views]
    for act in reversed([*reader.acts(types=["assess"])]):
        body = act.statement.body
        if (body["consultation"], body["text"]) != (consultation.id, text):
            continue
        given_before = body["views"]
        if [(one["party"], one["text"]) for one in given_before] != wanted:
            return []  # another Party, or one that may have more or less now
        if all(view_of(reader, consultation, one["item"]) is not None for one in given_before):
            return []
        sent = [_sent(node, reader, one["item"], one["party"]) for one in given_before]
        return [] if any(copy.state in _ENDED for copy in sent) else sent
    return []


def _sent(node: Node, reader: Reader, item: str, party: str) -> Copy:
    """The copy of a view that its author gave to its Party: the first, where the view went on by itself later."""
    return next(
        copy
        for copy in sorted(reader.copies(item=item), key=lambda copy: copy.number)
        if (copy.giver, copy.destination) == (node.party, party)
    )


def present_view(node: Node, reference: str, item: str, *, by: Acting) -> SignedAct:
    """Present a view to its Party, once it has arrived there: that Party can then sign it.

    Args:
        node: the author's.
        reference: the consultation.
        item: the view's control number or id.
        by: an officer in the role that the subject needs.

    Raises:
        UsageError: it is no view of an assessment in this consultation.
        RefusedError: it has not arrived, was presented before, or the officer may not.
    """
    at = node.clock.now()
    with keeping_refusals(node, f"{PRESENTING} in {reference}", at):
        with node.store.reading() as reader:
            consultation = consultation_named(reader, reference)
            entry = own_item(node, reader, item)
            said = _bound(reader, consultation, entry.id)
        text = text_digest(node, entry)
        if said.get("text") != text:
            raise UsageError(f"`{item}` is no view of an assessment here", hint="`gsomia consult assess` makes them")
        with node.store.writing() as tx:
            _not_over(node, tx, consultation)
            if not given(tx, entry.id, said["party"]):
                raise refused("not-given", f"the view has not arrived at {said['party']}", hint="`gsomia outbox`")
            if view_of(tx, consultation, entry.id) is not None:
                raise refused("presented", f"`{item}` was presented before")
            return _make(node, tx, PRESENTING, consultation, entry.id, said["party"], text, at, by=by)


def sign_view(node: Node, reference: str, item: str, *, by: Acting) -> SignedAct:
    """Sign the view of an assessment that was presented to this Party; its author alone is told.

    Args:
        node: the Party's.
        reference: the consultation.
        item: the view's control number or id.
        by: an officer in the role that the subject needs.

    Raises:
        UsageError: no such view was presented here.
        RefusedError: signed before, another text, or the officer may not.
    """
    at = node.clock.now()
    with keeping_refusals(node, f"{SIGNING_VIEW} in {reference}", at):
        with node.store.reading() as reader:
            consultation = consultation_named(reader, reference)
            copies = [copy for copy in reader.find(item) if copy.holder == node.party]
            view = view_of(reader, consultation, copies[0].item) if copies else None
            entry = reader.item(view.item) if view is not None else None
        if view is None or entry is None or view.party != node.party:
            raise UsageError(f"no view `{item}` was presented here", hint="`gsomia consult show` lists them")
        if text_digest(node, entry) != view.text:
            raise refused("another-text", f"the text of `{item}` is not the one that was presented")
        with node.store.writing() as tx:
            _not_over(node, tx, consultation)
            now = view_of(tx, consultation, entry.id)
            if now is None or now.signed:
                raise refused("signed", f"`{item}` was signed before")
            return _make(node, tx, SIGNING_VIEW, consultation, entry.id, view.author, view.text, at, by=by)


def _make(
    node: Node,
    tx: Writer,
    kind: str,
    consultation: Consultation,
    item: str,
    to: str,
    text: str,
    at: datetime,
    *,
    by: Acting,
) -> SignedAct:
    body = {
        "about": consultation.about,
        "consultation": consultation.id,
        "opening": consultation.digest,
        "text": text,
    }
    draft = Draft(type=kind, instrument=consultation.instrument, item=item, parties=(to,), body=body)
    return make(node, tx, [draft], at=at, by=by)[0]


def _not_over(node: Node, reader: Reader, consultation: Consultation) -> None:
    standing = standing_of(reader, consultation)
    if standing.closed or node.party in standing.ended:
        raise refused("consultation", "the consultation is closed, or this Party has left it")


def _bound(reader: Reader, consultation: Consultation, item: str) -> dict[str, str]:
    """What the author's own act says of a view, or nothing."""
    for act in reader.acts(types=["assess"]):
        if act.statement.body["consultation"] == consultation.id:
            for view in act.statement.body["views"]:
                if view["item"] == item:
                    return dict(view)
    return {}
