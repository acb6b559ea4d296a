"""The views of an assessment before they are sealed: what each Party may have, and on which way it goes to it.

A view goes straight to its Party where an agreement between the two lets it, and else through a hub that takes part in
the consultation. The hub reads what it hands on: on such a way a view holds only portions whose author names the hub
too, and names no item by a number that the hub did not see itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gsomia.errors import DataError, RefusedError, UsageError
from gsomia.marking import Label
from gsomia.node.consultations.assessment import Assessment, Portion, Shown, read_assessment, render_view
from gsomia.node.consultations.steps import carrying
from gsomia.node.effects.consultations import standing_of
from gsomia.node.facts.asserted import Case
from gsomia.node.facts.labels import item_label, scale_of
from gsomia.node.facts.words import treaty_mark
from gsomia.node.node import Node, refused
from gsomia.node.record.consultation_rules import Consultation
from gsomia.node.record.store_port import Reader
from gsomia.node.transmission.derivatives import citations
from gsomia.node.transmission.sealing import Sending
from gsomia.node.transmission.sending import ask_transmit, draw
from gsomia.node.transmission.ways import lawful_ways
from gsomia.registry import Copy, CopyState, Item

__all__ = ["ViewDraft", "view_row", "views_of"]

_HELD = (CopyState.DELIVERED, CopyState.RECEIPTED, CopyState.OPENED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewDraft:
    """A view before it is sealed.

    Args:
        party: for whom it is.
        text: its bytes.
        sending: how it is sent; who stands in its `via` reads it.
        label: what it will carry.
        shown: the portions that are in it, by their place in the assessment, from 1. For the author alone.
        unnamed: the portions, from 1, that name `party` and not everybody on its way, so that they are not in it. For
            the author alone.
    """

    party: str
    text: bytes
    sending: Sending
    label: Label
    shown: Mapping[int, Shown] = field(default_factory=dict, compare=False)
    unnamed: tuple[int, ...] = ()


def views_of(node: Node, reader: Reader, consultation: Consultation, data: bytes, at: datetime) -> list[ViewDraft]:
    """The view of an assessment that each other Party may have, in the order of their names; nothing is sent.

    A Party may have a portion whose author names it, where the agreement between the two permits it now, and where the
    originators of what it rests on have consented; through a hub, where all that is so of the hub too. Of the items
    that a portion cites a view names those that its Party holds, by that Party's own control number.

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
    author = _Author(node=node, reader=reader, case=case, consultation=consultation, assessment=assessment, at=at)
    return [author.view(party, others) for party in others]


def view_row(view: ViewDraft) -> dict[str, Any]:
    """A view as its author is told of it before it goes: for whom, through whom, which portions, and its text."""
    return {
        "party": view.party,
        "via": list(view.sending.via),
        "level": view.label.classification,
        "portions": [
            {"portion": place, "mark": one.mark, "sources": list(one.numbers)} for place, one in view.shown.items()
        ],
        "unnamed": list(view.unnamed),
        "text": view.text.decode(),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Author:
    """Who writes an assessment, and what the views of it are judged by."""

    node: Node
    reader: Reader
    case: Case
    consultation: Consultation
    assessment: Assessment
    at: datetime

    def view(self, party: str, others: Sequence[str]) -> ViewDraft:
        """The view of one Party, on the first way on which it may have the first portion."""
        node, reader, case = self.node, self.reader, self.case
        sending = self._way(party, others)
        shown: dict[int, Shown] = {}
        foreign: dict[str, None] = {}
        unnamed: list[int] = []
        for number, portion in enumerate(self.assessment.portions, 1):
            mark, sources = treaty_mark(case, node.party, portion.mark), self._sources(portion)
            if party not in portion.to:
                continue
            if not {*sending.via} <= {*portion.to}:
                unnamed.append(number)
                continue
            if number > 1 and self._against(sending, portion):
                continue
            numbers = tuple(said for item in sources if (said := _number_at(reader, item, party, sending.via)))
            shown[number] = Shown(mark=mark, to=portion.to, text=portion.text, numbers=numbers)
            foreign |= dict.fromkeys(self._received(sources))
        level = max((one.mark for one in shown.values()), key=scale_of(case, node.party).rank)
        whole = replace(sending, level=level, cites=tuple(foreign))
        drawn, answers = draw(node, reader, case, whole, whole.receivers, self.at)
        _, _, verdict = ask_transmit(node, reader, whole, at=self.at, case=case, drawn=drawn)
        for what, answer in [*answers, (f"transmit to {party}", verdict)]:
            if answer.outcome != "permit":
                raise RefusedError(f"{what}: {answer.outcome}", verdict=answer.to_json())
        own = item_label(node.party, level, whole.receivers, self.at, exercise=node.exercise)
        label = drawn.label if drawn is not None else own
        text = render_view(
            self.assessment.title, [*shown.values()], author=node.party, to=whole.receivers, level=label.classification
        )
        return ViewDraft(party=party, text=text, sending=whole, label=label, shown=shown, unnamed=tuple(unnamed))

    def _way(self, party: str, others: Sequence[str]) -> Sending:
        """How a view goes to a Party: straight, or by the most lawful way on which the others alone read it.

        The first portion decides, which is for all: so the way says nothing of the others.

        Raises:
            RefusedError: on no way may it have the first portion.
        """
        first = self.assessment.portions[0]
        why: list[str] = []
        for sending in self._ways(party):
            strangers = sorted({*sending.via} - {*others})
            if strangers:
                against = f"`{strangers[0]}` would read it, and takes no part in the consultation"
            else:
                against = self._against(sending, first)
            if not against:
                return sending
            why.append(f"{'through ' + ', '.join(sending.via) if sending.via else 'straight'}: {against}")
        raise refused(
            "first-portion",
            f"`{party}` may not have the first portion, which is for all Parties; {'; '.join(why)}",
        )

    def _ways(self, party: str) -> Iterator[Sending]:
        """The ways on which a view could go, the straight one first: on any other somebody else reads it."""
        sending = Sending(
            to=party,
            level=self.assessment.portions[0].mark,
            subject=self.consultation.subject,
            purpose=self.consultation.purpose,
            title=self.assessment.title,
            mime_type="text/plain",
            under=self._under(party),
        )
        yield sending
        for way in lawful_ways(self.node, self.reader, sending, self.at):
            if way.via:
                # A chain of agreements has no name to be asked by.
                yield replace(sending, via=way.via, under="" if "+" in way.instrument else way.instrument)

    def _under(self, party: str) -> str:
        """The agreement that carries a view: that of the consultation where it is one of the two alone."""
        name = carrying(self.node, self.reader, self.consultation)
        agreement = self.node.law(self.reader.adopted()).agreements.get(name)
        return name if agreement is not None and {*agreement.parties} == {self.node.party, party} else ""

    def _sources(self, portion: Portion) -> list[Item]:
        return [item for item, _ in citations(self.node, self.reader, portion.cites)]

    def _received(self, sources: Sequence[Item]) -> tuple[str, ...]:
        """The sources that hold what another Party gave: their originators are asked."""
        return tuple(item.id for item in sources if item.contains != (self.node.party,))

    def _against(self, sending: Sending, portion: Portion) -> str:
        """Why the agreements, or the originators of what it rests on, do not let a portion go so; "" where they do."""
        mark = treaty_mark(self.case, self.node.party, portion.mark)
        alone = replace(sending, level=mark, cites=self._received(self._sources(portion)))
        try:
            drawn, answers = draw(self.node, self.reader, self.case, alone, alone.receivers, self.at)
        except RefusedError as error:
            return str(error)
        _, _, verdict = ask_transmit(self.node, self.reader, alone, at=self.at, case=self.case, drawn=drawn)
        asked = (verdict, *(answer for _, answer in answers))
        return next((answer.against for answer in asked if answer.outcome != "permit"), "")


def _number_at(reader: Reader, item: Item, party: str, via: Sequence[str]) -> str:
    """A Party's own control number for an item that it holds or gave, or "" where it does neither.

    Args:
        reader: the author's store.
        item: what is cited.
        party: whose number.
        via: who reads it on the way: one that did not hand the item on, or get it, is told of no copy of it.
    """
    for copy in sorted(reader.copies(item=item.id), key=lambda copy: copy.id):
        if not {*via} <= {copy.giver, copy.holder}:
            continue
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
