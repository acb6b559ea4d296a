"""Release: a received item handed on, a third country's or the hub's second leg; and what leaves asked once more.

The same sealed payload goes on with its originator's statement; only its key is wrapped anew (protocol 6).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from gsomia.errors import GsomiaError, RefusedError, UsageError
from gsomia.node.effects.regrades import pass_notice_on
from gsomia.node.facts.asserted import Case, item_facts, item_of, protecting
from gsomia.node.facts.levels import in_force, raised_since
from gsomia.node.facts.words import check_parties
from gsomia.node.ledger import Draft, gather, make
from gsomia.node.node import Acting, Node, known_peer, refused
from gsomia.node.record.approval import Passing
from gsomia.node.record.keyholding import recall_of, unless_raised, unless_recalled, with_custody, with_none_held
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.transmission.requests import request_answered
from gsomia.node.transmission.sending import (
    authority,
    certified,
    check_certified,
    keeping_refusals,
    leaving_copy,
    refuse,
)
from gsomia.registry import GONE, Copy, Item
from gsomia.verdict import Facts, Request, Verdict, decide

__all__ = [
    "Onward",
    "ask_again",
    "ask_release",
    "check_marked",
    "held_copy",
    "hold_up",
    "refresh",
    "release",
    "release_many",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """What an officer wants to hand on.

    Args:
        reference: control number, item id or copy id.
        to: the Party that would get it.
        met: the consents, by id, whose conditions the officer certifies to have met.
    """

    reference: str
    to: str
    met: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A held item that is to go on, with the verdicts: of what protects it, and of what would carry it."""

    onward: Onward
    held: Copy
    item: Item
    verdict: Verdict
    carrying: Verdict | None

    @property
    def what(self) -> str:
        """What is asked, for people."""
        return f"release of {self.held.control_number} to {self.onward.to}"

    @property
    def against(self) -> Verdict | None:
        """The verdict that does not permit it, or None."""
        answers = (self.verdict, self.carrying)
        return next((one for one in answers if one is not None and one.outcome != "permit"), None)


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
    known = reader.copy(reference)
    found = [copy for copy in ([known] if known is not None else reader.find(reference)) if copy.holder == node.party]
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


def release(node: Node, reference: str, to: str, *, met: Sequence[str] = (), by: Acting) -> Copy:
    """Hand a received item on: a release to a third country, or the hub's second leg.

    Args:
        node: the holder's node.
        reference: control number, item id or copy id.
        to: the Party that would get it.
        met: the consents, by id, whose conditions the officer certifies to have met.
        by: a disclosure officer.

    Raises:
        RefusedError: the agreement refuses, such as without the originator's prior written consent.
    """
    outcome = release_many(node, [Onward(reference=reference, to=to, met=tuple(met))], by=by)[0]
    if isinstance(outcome, GsomiaError):
        raise outcome
    return outcome


def release_many(node: Node, releases: Sequence[Onward], *, by: Acting) -> list[Copy | GsomiaError]:
    """Hand received items on, each judged by itself, together in one transaction.

    Args:
        node: the holder's node.
        releases: which, and to whom.
        by: a disclosure officer; the acts are all this officer's.

    Returns:
        For each its copy as registered, or why there is none.

    Raises:
        RefusedError: the officer may not; nothing is registered.
        NodeError: the disk does not take them; nothing is registered.
    """
    at = node.clock.now()
    outcomes: dict[int, Copy | GsomiaError] = {}
    asked: dict[int, _Asked] = {}
    with keeping_refusals(node, "release", at), node.store.reading() as reader:
        node.officer(reader, by, "disclosure")
        gather(reader, copies=[onward.reference for onward in releases])
        for number, onward in enumerate(releases):
            try:
                asked[number] = _ask(node, reader, onward, at)
            except (UsageError, RefusedError) as error:
                outcomes[number] = error
    for number, one in [*asked.items()]:
        try:
            _check(node, one, at)
        except RefusedError as error:
            outcomes[number] = error
            del asked[number]
    if asked:
        with node.store.writing() as tx:
            gather(tx, copies=[one.held.id for one in asked.values()])
            entries = {number: _entry(node, tx, one, at) for number, one in asked.items()}
            drafts = [
                authority(
                    Case.of(node, tx),
                    entries[number],
                    one.item,
                    one.verdict,
                    protecting=one.held.instrument,
                    met=certified(tx, one.item, one.onward.met),
                    mark=one.held.own_mark,
                    answers=request_answered(tx, one.held, one.onward.to),
                )
                for number, one in asked.items()
            ]
            make(node, tx, drafts, at=at, by=by, send=False)
            for number, entry in entries.items():
                # A mark that follows a notice is judged by that notice, so it goes first.
                pass_notice_on(node, tx, entry, asked[number].item)
                tx.put_outgoing(entry.holder, "copy", entry.id, node.clock.machine())
        outcomes |= entries
    return [outcomes[number] for number in range(len(releases))]


def _ask(node: Node, reader: Reader, onward: Onward, at: datetime) -> _Asked:
    held = held_copy(reader, node, onward.reference)
    item = reader.item(held.item)
    assert item is not None  # a copy never stands without its item
    verdict, _, carrying = ask_release(node, reader, held, item, onward.to, at=at, met=onward.met)
    asked = _Asked(onward=onward, held=held, item=item, verdict=verdict, carrying=carrying)
    if asked.against is None:
        known_peer(reader, onward.to)
    return asked


def _check(node: Node, asked: _Asked, at: datetime) -> None:
    """Check that a held item may go on and is marked; where it was to pass through here its originator is told.

    Raises:
        RefusedError: it may not, or is not; kept for people to see.
    """
    if asked.against is not None:
        with node.store.writing() as tx:
            hold_up(node, tx, asked.held, asked.item, asked.against, at, to=asked.onward.to)
        refuse(node, asked.what, asked.against, at)
    with keeping_refusals(node, asked.what, at):
        check_marked(asked.held)


def hold_up(node: Node, tx: Writer, held: Copy, item: Item, against: Verdict, at: datetime, *, to: str) -> None:
    """Tell the originator, once, that what was to pass through this node goes no further, and why.

    Args:
        node: the hub's.
        tx: the open transaction.
        held, item: what lies here.
        against: the verdict that does not let it go on.
        at: the instant.
        to: the Party that would get it; where the copy was not meant for it nobody is told.
    """
    if held.destination in (node.party, "") or to != held.destination or item.originator not in tx.peers():
        return
    before = tx.acts(types=["stop"], item=item.id)
    if any((act.statement.copy, act.statement.party) == (held.id, node.party) for act in before):
        return
    body = {"why": f"{against.outcome}: {against.against}", "to": to}
    told = (item.originator,)
    draft = Draft(type="stop", instrument=held.instrument, item=item.id, copy=held.id, parties=told, body=body)
    make(node, tx, [draft], at=at)


def _entry(node: Node, tx: Writer, asked: _Asked, at: datetime) -> Copy:
    """The new copy, which the officer's act will register."""
    return leaving_copy(
        node,
        tx,
        asked.item.id,
        act="release",
        holder=asked.onward.to,
        via=(),
        destination=asked.onward.to,
        instrument=(asked.carrying or asked.verdict).instrument or asked.held.instrument,
        at=at,
    )


def ask_release(
    node: Node,
    reader: Reader,
    held: Copy,
    item: Item,
    to: str,
    *,
    at: datetime,
    under: str = "",
    met: Collection[str] = (),
) -> tuple[Verdict, Request, Verdict | None]:
    """Whether a held item may go on, and by what.

    Args:
        node: the holder's node.
        reader: its store.
        held, item: what is held.
        to: the Party that would get it.
        at: the instant of the question.
        under: the instrument that was to carry it, where that was found before.
        met: the consents, by id, whose conditions are certified.

    Returns:
        The verdict of the instrument that protects it; the question for the recipient's node; and, where the recipient
        is no Party to that instrument, the verdict of the one that would carry it between the two Governments.

    Raises:
        UsageError: a Party that no adopted agreement has.
    """
    case = Case.of(node, reader)
    check_parties(case, (to,), "--to")
    if met:
        check_certified(met, reader.consents(item.id))
    item = in_force(reader, case, item, held)
    passing = Passing(giver=node.party, receivers=(to,), purpose=item.purpose, met=frozenset(met))
    facts = item_facts(node, reader, item, passing=passing, holder=to, at=at)
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


def refresh(
    node: Node, tx: Reader, copy: Copy, item: Item, met: Collection[str], at: datetime
) -> tuple[Request, Verdict]:
    """Ask again for a copy that is about to leave: time has passed since the officer's act.

    One whose item was raised meanwhile does not leave: it bears the mark of the level that it had.

    Args:
        node: the giver's node.
        tx: its store.
        copy, item: what is about to leave.
        met: the consents whose conditions the officer's act certifies.
        at: the instant.

    Returns:
        The question for the recipient's node, and this node's answer to it.
    """
    case = Case.of(node, tx)
    raised = raised_since(tx, case, item, copy)
    if copy.act == "release":
        # The item may have come more than once; any of the copies still held may be what goes on.
        came = [held for held in tx.copies(item=item.id) if held.holder == node.party]
        here = [held for held in came if held.state not in GONE]
        answers = [
            (question, carrying if verdict.outcome == "permit" and carrying is not None else verdict)
            for held in here or came
            for verdict, question, carrying in [
                ask_release(node, tx, held, item, copy.holder, at=at, under=copy.instrument, met=met)
            ]
        ]
        question, answer = next((one for one in answers if one[1].outcome == "permit"), answers[0])
        return question, unless_raised(answer, *raised) if here else with_none_held(answer, came[0])
    question, facts = ask_again(node, tx, copy, item, met, at)
    verdict = with_custody(
        unless_recalled(decide(case.law, question, facts, case.record, at), recall_of(tx, item.id, item.originator)),
        item.custody,
        item.holders,
        direct=not copy.via,
        taken=node.limits.custody,
    )
    return question, unless_raised(verdict, *raised)


def ask_again(
    node: Node, reader: Reader, copy: Copy, item: Item, met: Collection[str], at: datetime
) -> tuple[Request, Facts]:
    """The question of a transmission whose copy is registered, and what this node knows that bears on it.

    Args:
        node: the giver's node.
        reader: its store.
        copy, item: what waits to leave.
        met: the consents whose conditions the officer's act certifies.
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
    passing = Passing(giver=node.party, receivers=receivers, purpose=item.purpose, met=frozenset(met))
    return question, item_facts(node, reader, item, passing=passing, holder=copy.holder, at=at)
