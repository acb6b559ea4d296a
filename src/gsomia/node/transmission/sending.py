"""Transmit: the sending officer's part, from the question to the signed act; what a release shares with it too.

The verdict comes first; then the item is sealed, and item, copy, act, log entry and outbox entry are written in one
transaction. The node sends it when the recipient's node has accepted (see `exchange.outbox`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, NoReturn

from gsomia.errors import NodeError, RefusedError, UsageError
from gsomia.marking import Label
from gsomia.node.effects.registering import authority_body, next_control_number
from gsomia.node.facts.asserted import Case, heads_of, transmission_facts
from gsomia.node.facts.labels import item_label
from gsomia.node.facts.words import check_words, treaty_mark
from gsomia.node.ledger import Draft
from gsomia.node.node import Node, new_act_id
from gsomia.node.record.approval import GRANTED, WHOLE, WRITTEN, conditions_met
from gsomia.node.record.keyholding import holders_of, with_custody
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.record.stored import Consent, Refused
from gsomia.node.transmission.derivatives import Drawn, ask_sources, draw_on
from gsomia.node.transmission.offers import verdict_digest
from gsomia.node.transmission.sealing import SealedOnce, Sending
from gsomia.registry import Copy, CopyState, Direction, Item, copy_id
from gsomia.verdict import Facts, Request, Verdict, decide
from gsomia.verdict import Item as LawItem

__all__ = [
    "SealedOnce",
    "Sending",
    "ask_transmit",
    "authority",
    "certified",
    "check_certified",
    "consent_draft",
    "discard",
    "draw",
    "keeping_refusals",
    "leaving_copy",
    "new_copy",
    "own_consent",
    "own_label",
    "refuse",
]


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
        pending = [
            replace(
                own_consent(node, sending, "", sending.receivers, at), act="the consent that `transmit` records with it"
            )
        ]
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
        passing=sending.passing(node.party, sending.receivers),
        holder=hop,
        item=item,
        mark=(node.party, level),
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

    Raises:
        UsageError: a consent is certified that is to none of the sources, or a source is not here.
    """
    if not sending.cites:
        check_certified(sending.met, ())
        return None, []
    _check_words(case, sending)
    level = treaty_mark(case, node.party, sending.level)
    own = item_label(node.party, level, receivers, at, exercise=node.exercise)
    passing = replace(sending.passing(node.party, receivers), drawn=True)
    drawn = draw_on(node, reader, case, sending.cites, own, passing, at)
    check_certified(sending.met, [one for source in drawn.cites for one in reader.consents(source.item)])
    return drawn, ask_sources(node, reader, case, drawn, passing, at)


def discard(node: Node, item: str) -> None:
    """Remove the content of an item that was not registered after all."""
    with suppress(NodeError, OSError):
        with node.store.reading() as reader:
            registered = reader.item(item) is not None
        if not registered:
            node.blobs.remove(item)


def new_copy(node: Node, tx: Writer, sending: Sending, item: Item, verdict: Verdict, *, hop: str, at: datetime) -> Copy:
    """A new copy of one's own item, which the officer's act will register."""
    return leaving_copy(
        node,
        tx,
        item.id,
        act="transmit",
        holder=hop,
        via=sending.via,
        destination=sending.to,
        instrument=verdict.instrument or "",
        at=at,
    )


def leaving_copy(
    node: Node,
    tx: Writer,
    item: str,
    *,
    act: str,
    holder: str,
    via: tuple[str, ...],
    destination: str,
    instrument: str,
    at: datetime,
) -> Copy:
    """A new copy that is to leave this node, under the next number of its item and of this registry.

    Args:
        node: the giver's.
        tx: the open transaction.
        item: the item's id.
        act: by which it is authorised, `transmit` or `release`.
        holder, via, destination: the next Party, those on the way, and the last.
        instrument: by which it goes.
        at: the instant.
    """
    number = tx.next_serial(f"copy/{item}")
    return Copy(
        id=copy_id(item, node.party, number),
        item=item,
        number=number,
        direction=Direction.SENT,
        act=act,
        giver=node.party,
        holder=holder,
        via=via,
        destination=destination,
        instrument=instrument,
        state=CopyState.AUTHORISED,
        control_number=next_control_number(node, tx, at),
        custodian=node.party,
        at=at,
    )


def own_consent(
    node: Node,
    sending: Sending,
    item: str,
    receivers: Sequence[str],
    at: datetime,
    *,
    why: str = "",
    once: SealedOnce | None = None,
) -> Consent:
    """The originator's consent that its own item goes through a hub, for this item alone (TISA).

    Args:
        node: the originator's.
        sending: what is sent.
        item: its id.
        receivers: every Party that may get it.
        at: the instant.
        why: what it is for, for people.
        once: where the officer signs elsewhere: the consent keeps the id that it was prepared under.
    """
    act = (once.consent if once is not None else "") or new_act_id(at)
    if once is not None:
        once.consent = act
    return Consent(
        id=act,
        item=item,
        originator=node.party,
        asker=node.party,
        receivers=tuple(dict.fromkeys(receivers)),
        instrument=sending.under,
        state=GRANTED,
        purpose=sending.purpose,
        part=WHOLE,
        extent="",
        conditions=(),
        expires=None,
        why=why,
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
            "purpose": consent.purpose,
            "part": consent.part,
            "extent": consent.extent,
            "conditions": list(consent.conditions),
            "expires": "",
            "form": WRITTEN,
            "why": consent.why,
        },
    )


def authority(
    case: Case,
    copy: Copy,
    item: Item,
    verdict: Verdict,
    *,
    protecting: str = "",
    remarks: Sequence[str] = (),
    met: Mapping[str, Sequence[str]] = MappingProxyType({}),
    mark: str = "",
    answers: str = "",
) -> Draft:
    """The officer's act: this copy of this item goes to this Party, by this instrument and this verdict.

    A release is an act under the agreement that protects the item; `under` is the one that carries the copy. `heads`
    are those of the record in `case`, so that what was decided on can be shown later. `met` is what the officer
    certifies of the consents that it goes by, `mark` the giver's own mark on what it hands on, `answers` the request
    for information that it answers.
    """
    law: dict[str, Any] = {"law": dict(verdict.law), "heads": heads_of(case, verdict.law)}
    law |= {"met": {consent: list(words) for consent, words in met.items()}, "mark": mark}
    if answers:
        law["answers"] = answers
    return Draft(
        type=copy.act,
        instrument=protecting or copy.instrument,
        item=item.id,
        copy=copy.id,
        parties=(copy.holder,),
        body=authority_body(copy, item) | law | {"remarks": list(remarks), "verdict": verdict_digest(verdict)},
    )


def check_certified(met: Collection[str], on_file: Iterable[Consent]) -> None:
    """Check that what an officer certifies are conditions of consents that are on file.

    Args:
        met: the consents, by id, whose conditions are certified.
        on_file: those to the item or to its sources.

    Raises:
        UsageError: one is not.
    """
    if strange := {*met} - {consent.id for consent in on_file}:
        raise UsageError(f"no consent `{min(strange)}` to this item is on file", hint="`gsomia consent list` has them")


def certified(reader: Reader, item: Item, met: Collection[str]) -> Mapping[str, list[str]]:
    """What the officer certifies of the consents to an item and to its sources, by consent, in their words."""
    if not met:
        return {}
    consents = [one for name in (item.id, *(source.item for source in item.cites)) for one in reader.consents(name)]
    return conditions_met(consents, met)


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
