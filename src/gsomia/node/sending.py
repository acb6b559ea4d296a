"""Transmit and release: the sending officer's part, from the question to the signed act in the log.

The verdict comes first; then the item is sealed, and item, copy, act, log entry and outbox entry are written in one
transaction. The node sends it when the recipient's node has accepted (see `exchange`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import NoReturn

from gsomia.errors import NodeError, RefusedError, UsageError
from gsomia.marking import Label
from gsomia.node.derivatives import Drawn, ask_sources, draw_on
from gsomia.node.facts import Case, heads_of, item_facts, item_of, protecting, transmission_facts
from gsomia.node.keyholding import holders_of, recall_of, unless_recalled, with_custody
from gsomia.node.labels import item_label
from gsomia.node.ledger import Draft, make
from gsomia.node.levels import in_force
from gsomia.node.node import Acting, Node, known_peer, new_id, refused
from gsomia.node.offers import verdict_digest
from gsomia.node.ports import Reader, Writer
from gsomia.node.registering import authority_body, next_control_number
from gsomia.node.sealing import Sending
from gsomia.node.stored import Consent, Refused
from gsomia.node.words import check_parties, check_words, treaty_mark
from gsomia.registry import GONE, Copy, CopyState, Direction, Item, copy_id
from gsomia.verdict import Facts, Request, Verdict, decide
from gsomia.verdict import Item as LawItem

__all__ = ["Sending", "ask_transmit", "release"]


def ask_transmit(
    node: Node,
    reader: Reader,
    sending: Sending,
    *,
    at: datetime,
    item: str = "",
    pending: Sequence[Consent] = (),
    case: Case | None = None,
    holders: Sequence[str] = (),
    drawn: Drawn | None = None,
) -> tuple[Request, Facts, Verdict]:
    """The question of a transmission and the agreement's answer, without acting.

    Args:
        node: the sender's node.
        reader: its store.
        sending: what would go where.
        at: the instant of the question.
        item: the item's id where it has one; one that is only thought of has the consent that `transmit` would record.
        pending: consents that the same act would record.
        case: another law or record than the node's own, for a counterfactual.
        holders: the Parties that would hold shares of its key.
        drawn: what the document takes over from those that it draws on.

    Raises:
        UsageError: a Party, level, subject, purpose or agreement that is not known; it names those that are.
    """
    case = case or Case.of(node, reader)
    if not item and sending.via and not pending:
        pending = [replace(own_consent(node, sending, "", at), act="the consent that `transmit` records with it")]
    _check_words(case, sending)
    level = drawn.label.classification if drawn is not None else treaty_mark(case, node.party, sending.level)
    request = Request(
        act="transmit",
        by=node.party,
        to=sending.to,
        via=sending.via,
        item=LawItem(
            originator=node.party,
            level=level,
            subject=sending.subject,
            form="electronic",
            contains=sending.parts(node.party, drawn),
            received=None,
            purpose=sending.purpose,
        ),
        under=sending.under or None,
    )
    hop = sending.via[0] if sending.via else sending.to
    facts = transmission_facts(
        node,
        reader,
        giver=node.party,
        holder=hop,
        item=item,
        mark=(node.party, level),
        receivers=sending.receivers,
        at=at,
        pending=pending,
        cites=drawn.cites if drawn is not None else (),
    )
    verdict = with_custody(
        decide(case.law, request, facts, case.record, at),
        sending.custody,
        holders_of(sending.custody, node.party, holders),
        direct=not sending.via,
        taken=node.limits.custody,
    )
    return request, facts, verdict


def _check_words(case: Case, sending: Sending) -> None:
    check_words(
        case,
        to=sending.to,
        via=sending.via,
        contains=sending.contains,
        subject=sending.subject,
        purpose=sending.purpose,
        under=sending.under,
        title=sending.title,
    )


def own_label(node: Node, request: Request, receivers: Sequence[str], at: datetime) -> Label:
    """The label of an item that is all this Party's own."""
    assert request.item is not None  # `ask_transmit` always names one
    return item_label(node.party, request.item.level, receivers, at, exercise=node.exercise)


def draw(
    node: Node, reader: Reader, case: Case, sending: Sending, receivers: Sequence[str], at: datetime
) -> tuple[Drawn | None, list[tuple[str, Verdict]]]:
    """What a new document takes over from its sources, and what the agreements with their originators say of it.

    Args:
        node: the writer's node.
        reader: its store.
        case: the law and the record.
        sending: what is sent; where it cites nothing there is nothing to take over.
        receivers: who would get it, those on the way too.
        at: the instant of the question.
    """
    if not sending.cites:
        return None, []
    _check_words(case, sending)
    level = treaty_mark(case, node.party, sending.level)
    own = item_label(node.party, level, receivers, at, exercise=node.exercise)
    drawn = draw_on(node, reader, case, sending.cites, own, receivers)
    return drawn, ask_sources(node, reader, case, drawn, purpose=sending.purpose, receivers=receivers, at=at)


def discard(node: Node, item: str) -> None:
    """Remove the content of an item that was not registered after all."""
    with suppress(NodeError):
        with node.store.reading() as reader:
            registered = reader.item(item) is not None
        if not registered:
            node.blobs.remove(item)


def new_copy(node: Node, tx: Writer, sending: Sending, item: Item, verdict: Verdict, *, hop: str, at: datetime) -> Copy:
    """A new copy of one's own item, which the officer's act will register."""
    number = tx.next_serial(f"copy/{item.id}")
    return Copy(
        id=copy_id(item.id, node.party, number),
        item=item.id,
        number=number,
        direction=Direction.SENT,
        act="transmit",
        giver=node.party,
        holder=hop,
        via=sending.via,
        destination=sending.to,
        instrument=verdict.instrument or "",
        state=CopyState.AUTHORISED,
        control_number=next_control_number(node, tx, at),
        custodian=node.party,
        at=at,
    )


def own_consent(node: Node, sending: Sending, item: str, at: datetime) -> Consent:
    """The originator's consent to the passage of its own item through a hub, for this item alone (TISA)."""
    act = new_id()
    return Consent(
        id=act,
        item=item,
        originator=node.party,
        asker=node.party,
        receivers=tuple(dict.fromkeys((*sending.via, sending.to))),
        instrument=sending.under,
        state="granted",
        conditions="",
        act=act,
        at=at,
    )


def consent_draft(consent: Consent, told: tuple[str, ...]) -> Draft:
    """The originator's own consent as an act, for the Parties it is told to."""
    return Draft(
        type="consent",
        id=consent.act,
        instrument=consent.instrument,
        item=consent.item,
        parties=told,
        body={
            "request": "",
            "originator": consent.originator,
            "asker": consent.asker,
            "receivers": list(consent.receivers),
            "conditions": consent.conditions,
        },
    )


def authority(
    case: Case, copy: Copy, item: Item, verdict: Verdict, *, protecting: str = "", remarks: Sequence[str] = ()
) -> Draft:
    """The officer's act: this copy of this item goes to this Party, by this instrument and this verdict.

    A release is an act under the agreement that protects the item; `under` is the one that carries the copy. `heads`
    are those of the record in `case`, so that what was decided on can be shown later.
    """
    law = {"law": dict(verdict.law), "heads": heads_of(case, verdict.law)}
    return Draft(
        type=copy.act,
        instrument=protecting or copy.instrument,
        item=item.id,
        copy=copy.id,
        parties=(copy.holder,),
        body=authority_body(copy, item) | law | {"remarks": list(remarks), "verdict": verdict_digest(verdict)},
    )


def refuse(node: Node, what: str, verdict: Verdict, at: datetime) -> NoReturn:
    """Keep a refusal for people to see, and stop.

    Raises:
        RefusedError: always; it carries the verdict.
    """
    grounds = verdict.to_json()
    with node.store.writing() as tx:
        tx.put_refused(Refused(at=at, source=node.party, what=what, why=verdict.against, detail=grounds))
    raise RefusedError(f"{what}: {verdict.outcome}", verdict=grounds)


@contextmanager
def keeping_refusals(node: Node, what: str, at: datetime) -> Iterator[None]:
    """Keep for people to see what the node's own rules refuse within, and let it stop."""
    try:
        yield
    except RefusedError as error:
        with node.store.writing() as tx:
            tx.put_refused(Refused(at=at, source=node.party, what=what, why=str(error), detail=error.verdict))
        raise


def check_marked(copy: Copy) -> None:
    """Check that a received copy carries this Party's own mark.

    Raises:
        RefusedError: it has not been marked.
    """
    if not copy.own_mark:
        raise refused(
            "not-marked",
            f"`{copy.control_number}` has not been marked (Article 4.2)",
            hint=f"`gsomia mark {copy.control_number} --level ...` first",
        )


def held_copy(reader: Reader, node: Node, reference: str) -> Copy:
    """The one copy that this Party holds under a control number, an item id or a copy id.

    Raises:
        UsageError: there is none, or more than one.
    """
    found = [copy for copy in reader.find(reference) if copy.holder == node.party]
    if not found:
        raise UsageError(f"no item `{reference}` is held here", hint="`gsomia register` lists what is")
    if all(copy.state in GONE for copy in found):
        raise refused(found[0].state.value, f"`{found[0].control_number}` was {found[0].state}")
    found = [copy for copy in found if copy.state not in GONE]
    if len(found) > 1:
        raise UsageError(
            f"`{reference}` names {len(found)} copies", hint=f"name one: {', '.join(c.control_number for c in found)}"
        )
    return found[0]


def release(node: Node, reference: str, to: str, *, by: Acting) -> Copy:
    """Hand a received item on: a release to a third country, or the hub's second leg.

    The same sealed payload goes on with its originator's statement; only its key is wrapped anew (protocol 6).

    Args:
        node: the holder's node.
        reference: control number, item id or copy id.
        to: the Party that would get it.
        by: a disclosure officer.

    Raises:
        RefusedError: the agreement refuses, such as without the originator's prior written consent.
    """
    at = node.clock.now()
    with node.store.reading() as reader:
        node.officer(reader, by, "disclosure")
        held = held_copy(reader, node, reference)
        item = reader.item(held.item)
        assert item is not None  # a copy never stands without its item
        verdict, _, carrying = ask_release(node, reader, held, item, to, at=at)
    for answer in (verdict, carrying):
        if answer is not None and answer.outcome != "permit":
            refuse(node, f"release of {held.control_number} to {to}", answer, at)
    with keeping_refusals(node, f"release of {held.control_number} to {to}", at):
        check_marked(held)
    with node.store.writing() as tx:
        known_peer(tx, to)
        number = tx.next_serial(f"copy/{item.id}")
        entry = Copy(
            id=copy_id(item.id, node.party, number),
            item=item.id,
            number=number,
            direction=Direction.SENT,
            act="release",
            giver=node.party,
            holder=to,
            via=(),
            destination=to,
            instrument=(carrying or verdict).instrument or held.instrument,
            state=CopyState.AUTHORISED,
            control_number=next_control_number(node, tx, at),
            custodian=node.party,
            at=at,
        )
        act = authority(Case.of(node, tx), entry, item, verdict, protecting=held.instrument)
        make(node, tx, [act], at=at, by=by, send=False)
        tx.put_outgoing(to, "copy", entry.id, node.clock.machine())
    return entry


def ask_release(
    node: Node, reader: Reader, held: Copy, item: Item, to: str, *, at: datetime, under: str = ""
) -> tuple[Verdict, Request, Verdict | None]:
    """Whether a held item may go on, and by what.

    Args:
        node: the holder's node.
        reader: its store.
        held, item: what is held.
        to: the Party that would get it.
        at: the instant of the question.
        under: the instrument that was to carry it, where that was found before.

    Returns:
        The verdict of the instrument that protects it; the question for the recipient's node; and, where the recipient
        is no Party to that instrument, the verdict of the one that would carry it between the two Governments.

    Raises:
        UsageError: a Party that no adopted agreement has.
    """
    case = Case.of(node, reader)
    check_parties(case, (to,), "--to")
    item = in_force(reader, case, item, held)
    facts = item_facts(node, reader, item, holder=to, receivers=(to,), at=at)
    onward = Request(
        act="release",
        by=node.party,
        to=to,
        via=(),
        item=item_of(item, received=held.at),
        under=protecting(case, held, item),
    )
    verdict = with_custody(
        unless_recalled(decide(case.law, onward, facts, case.record, at), recall_of(reader, item.id, item.originator)),
        item.custody,
        item.holders,
        direct=False,
        taken=node.limits.custody | {item.custody},
    )
    agreement = case.law.agreements.get(verdict.instrument)
    if agreement is not None and to in agreement.parties:
        return verdict, onward, None
    carried = Request(
        act="transmit", by=node.party, to=to, via=(), item=item_of(item, level=held.own_mark), under=under or None
    )
    return verdict, carried, decide(case.law, carried, facts, case.record, at)


def refresh(node: Node, tx: Reader, copy: Copy, item: Item, at: datetime) -> tuple[Request, Verdict]:
    """Ask again for a copy that is about to leave: time has passed since the officer's act.

    Returns:
        The question for the recipient's node, and this node's answer to it.
    """
    if copy.act == "release":
        # The item may have come more than once; any of the copies held may be what goes on.
        answers = [
            (question, carrying if verdict.outcome == "permit" and carrying is not None else verdict)
            for held in tx.copies(item=item.id)
            if held.holder == node.party
            for verdict, question, carrying in [
                ask_release(node, tx, held, item, copy.holder, at=at, under=copy.instrument)
            ]
        ]
        return next((answer for answer in answers if answer[1].outcome == "permit"), answers[0])
    question, facts = ask_again(node, tx, copy, item, at)
    case = Case.of(node, tx)
    verdict = with_custody(
        unless_recalled(decide(case.law, question, facts, case.record, at), recall_of(tx, item.id, item.originator)),
        item.custody,
        item.holders,
        direct=not copy.via,
        taken=node.limits.custody,
    )
    return question, verdict


def ask_again(node: Node, reader: Reader, copy: Copy, item: Item, at: datetime) -> tuple[Request, Facts]:
    """The question of a transmission whose copy is registered, and what this node knows that bears on it.

    Args:
        node: the giver's node.
        reader: its store.
        copy, item: what waits to leave.
        at: the instant of the question.
    """
    question = Request(
        act="transmit",
        by=node.party,
        to=copy.destination,
        via=copy.via,
        item=item_of(item),
        # A chain of agreements, written with `+`, is found anew.
        under=copy.instrument if copy.instrument in Case.of(node, reader).law.agreements else None,
    )
    receivers = (*copy.via, copy.destination)
    return question, item_facts(node, reader, item, holder=copy.holder, receivers=receivers, at=at)
