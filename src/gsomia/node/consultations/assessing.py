"""A common assessment: from one text in portions, for each other Party the view that it may have, and no hint of more.

Every Party is given a view, in one order, each by acts of its own: nothing that one Party gets depends on a portion
that is withheld from it. The author's internal log alone binds the views to the assessment.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from datetime import datetime

from gsomia.errors import UsageError
from gsomia.node.acts.signed import SignedAct
from gsomia.node.acts.types import CONSULTED, Role
from gsomia.node.consultations.steps import consultation_named, own_item
from gsomia.node.consultations.texts import text_digest
from gsomia.node.consultations.view_drafts import ViewDraft, views_of
from gsomia.node.effects.consultations import PRESENTING, SIGNING_VIEW, given, standing_of, view_of
from gsomia.node.facts.asserted import Case
from gsomia.node.ledger import Draft, Signing, make
from gsomia.node.node import Acting, Node, refused
from gsomia.node.record.beginnings import begun
from gsomia.node.record.consultation_rules import Consultation
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.transmission.looking import look_over
from gsomia.node.transmission.sealing import SealedOnce
from gsomia.node.transmission.sending import keeping_refusals
from gsomia.node.transmission.transmitting import transmit_together
from gsomia.registry import Copy, CopyState

__all__ = ["assess", "present_view", "sign_view", "views_given", "views_left", "where_view_lies"]

_ENDED = (CopyState.REFUSED, CopyState.REJECTED, CopyState.RETURNED, CopyState.DESTROYED)


def assess(
    node: Node,
    reference: str,
    data: bytes,
    *,
    by: Acting,
    disclosure: Acting,
    once: dict[str, SealedOnce] | None = None,
) -> list[Copy]:
    """Give each other Party of a consultation the view of an assessment that it may have.

    Args:
        node: the author's.
        reference: the consultation.
        data: the assessment, TOML.
        by: an officer in the role that the subject needs: signs what binds the views together.
        disclosure: a disclosure officer: signs the transmissions.
        once: where the officers sign elsewhere: what was sealed for each Party, filled as it is.

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
            if left := views_left(node, reader, consultation, data, views):
                return left
            case = Case.of(node, reader)
        for view in views:  # all of them, before one goes
            look_over(node, io.BytesIO(view.text), view.sending.mime_type, view.label, case, as_is=False, at=at)

        def bind(tx: Writer, copies: Sequence[Copy]) -> Signing:
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
            return Signing(drafts=[Draft(type="assess", instrument=consultation.instrument, body=bound)], by=by)

        # Each under its own signature: under one, a Party's act would hold the hash of another's.
        documents = [(io.BytesIO(view.text), view.sending) for view in views]
        sealed = [once.setdefault(view.party, SealedOnce()) for view in views] if once is not None else ()
        return transmit_together(node, documents, by=disclosure, bind=bind, once=sealed)


def views_left(
    node: Node, reader: Reader, consultation: Consultation, data: bytes, views: Sequence[ViewDraft]
) -> list[Copy]:
    """The copies of these very views where they were given before and not all were presented, or nothing.

    Args:
        node: the author's.
        reader: its store.
        consultation: whose views they are.
        data: the assessment, TOML.
        views: those that would be given now.
    """
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
        return [] if any(_ended(reader, copy) for copy in sent) else sent
    return []


def _ended(reader: Reader, sent: Copy) -> bool:
    """Whether a view that was sent comes no further by itself, on its first leg or a later one."""
    ways = [copy for copy in reader.copies(item=sent.item) if copy.destination == sent.destination]
    last = [copy for copy in ways if copy.holder == sent.destination]
    stopped = any(act.statement.copy == sent.id for act in reader.acts(types=["stop"], item=sent.item))
    return stopped or all(copy.state in _ENDED for copy in last or [sent])


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
            if lies := where_view_lies(node, tx, entry.id, said["party"]):
                hint = "`gsomia outbox`" if lies == node.party else f"the officers of `{lies}` mark it and release it"
                raise refused("not-given", f"the view has not arrived at {said['party']}; it lies at {lies}", hint=hint)
            if view_of(tx, consultation, entry.id) is not None:
                raise refused("presented", f"`{item}` was presented before")
            return _make(node, tx, PRESENTING, consultation, entry.id, said["party"], text, at, by=by)


def where_view_lies(node: Node, reader: Reader, item: str, party: str) -> str:
    """The Party that has a view on its way to another: its author, or a hub; "" once it has arrived.

    Args:
        node: the author's.
        reader: its store.
        item: the view's id.
        party: for whom it is.
    """
    if given(reader, item, party):
        return ""
    sent = _sent(node, reader, item, party)
    return sent.holder if given(reader, item, sent.holder) else node.party


def views_given(node: Node, reader: Reader, consultation: Consultation) -> list[tuple[Copy, str, str]]:
    """The copies of the views that this Party gave, where each lies, and the act that presented it.

    Args:
        node: the author's.
        reader: its store.
        consultation: whose views they are.

    Returns:
        For each the Party that has it on its way, "" once it has arrived; and the act's id, "" before.
    """
    found = []
    for act in reader.acts(types=["assess"]):
        if act.statement.body["consultation"] == consultation.id:
            for view in act.statement.body["views"]:
                sent = _sent(node, reader, view["item"], view["party"])
                presented = view_of(reader, consultation, view["item"])
                lies = where_view_lies(node, reader, sent.item, sent.destination)
                found.append((sent, lies, presented.act if presented is not None else ""))
    return found


def sign_view(node: Node, reference: str, item: str, *, by: Acting) -> SignedAct:
    """Sign the view of an assessment that was presented to this Party; its author alone is told.

    Args:
        node: the Party's.
        reference: the consultation.
        item: the view's control number or id, or the beginning of the id.
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
            mine = [view.item for view in reader.consultation_views(consultation.id) if view.party == node.party]
            view = view_of(reader, consultation, copies[0].item if copies else begun(mine, item))
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
