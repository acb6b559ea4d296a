"""What is owed for the copies in a register: marks, receipts, answers to what was asked back, levels to follow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gsomia.agreement import Agreement, state_at
from gsomia.node.facts.asserted import Case, item_of, protecting
from gsomia.node.holding.regrading import HELD, regraded, reviews
from gsomia.node.node import Node
from gsomia.node.record.recall_answers import asked_back
from gsomia.node.record.store_port import Reader
from gsomia.registry import Copy, CopyState, Item
from gsomia.verdict import Facts, Request, owed

__all__ = ["Owing", "owing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owing:
    """An act that is owed for one copy.

    Args:
        act: its type, or `receipt`.
        by, to: who owes it, and to whom.
        copy: for which copy.
        instrument, article, text, confidence: where it stands and what it says; `unread` where no article that was read
            says it.
        since: from when on.
        due: until when; None where nobody has set a day.
    """

    act: str
    by: str
    to: tuple[str, ...]
    copy: Copy
    instrument: str
    article: str
    text: str
    confidence: str
    since: datetime
    due: datetime | None = None

    def overdue(self, at: datetime) -> bool:
        """Whether its day is over at an instant."""
        return self.due is not None and self.due <= at

    def to_json(self, at: datetime) -> dict[str, Any]:
        """What is owed as a JSON object, at an instant."""
        return {
            "act": self.act,
            "by": self.by,
            "to": list(self.to),
            "instrument": self.instrument,
            "article": self.article,
            "text": self.text,
            "confidence": self.confidence,
            "since": self.since.isoformat(),
            "due": self.due.isoformat() if self.due is not None else "",
            "overdue": self.overdue(at),
            "item": self.copy.control_number or self.copy.id,
            "copy": self.copy.id,
        }


def owing(node: Node, reader: Reader) -> list[Owing]:
    """What is owed for copies, as far as this node knows: by its own Party, and to it.

    Args:
        node: whose register.
        reader: its store.
    """
    case = Case.of(node, reader)
    at = node.clock.now()
    return [
        *_marks_and_receipts(node, reader, case),
        *_answers(reader, case),
        *_regrades(reader, case, at),
        *_raises(reader, case, at),
        *_inspections(node, reader, case),
        *_protection(reader, case, at),
    ]


def _marks_and_receipts(node: Node, reader: Reader, case: Case) -> Iterator[Owing]:
    """What this Party owes for what it holds and has not yet marked or receipted."""
    for copy in reader.copies(states=[CopyState.DELIVERED, CopyState.OPENED]):
        if copy.holder != node.party:
            continue
        # Of a chain the last instrument is the one that gave it to its holder.
        a = case.law.agreements.get(copy.instrument.rpartition("+")[2])
        legs = [case.law.agreements[name] for name in a.legs if name in case.law.agreements] if a else []
        instruments = [x for x in (a, *legs) if x is not None and node.party in x.parties]
        for what in ("receipt",) if copy.own_mark else ("mark", "receipt"):
            found = [(x, o) for x in instruments for o in x.obligations if o.what == what and o.by == "receiver"]
            for x, o in found[:1]:
                yield Owing(
                    act=what,
                    by=node.party,
                    to=(copy.giver,),
                    copy=copy,
                    instrument=x.name,
                    article=o.article,
                    text=o.text,
                    confidence=o.confidence,
                    since=copy.at,
                )


def _answers(reader: Reader, case: Case) -> Iterator[Owing]:
    """The answers to recalls that were not given yet, at whichever end this node stands."""
    for one in asked_back(reader):
        if not one.is_open:
            continue
        agreement = _between(case, one.copy, one.item)
        article = agreement.stating("kept-no-longer-than-needed") if agreement is not None else None
        said = f"; what is held no longer: {article.number} [{article.confidence}]" if article is not None else ""
        yield Owing(
            act="answer-recall",
            by=one.copy.holder,
            to=(one.item.originator,),
            copy=one.copy,
            instrument=agreement.name if agreement is not None else one.copy.instrument,
            article="unread",
            text=f"answer its recall; no article that was read speaks of one, the day is the originator's own{said}",
            confidence="I",
            since=one.recall.at,
            due=one.due,
        )


def _regrades(reader: Reader, case: Case, at: datetime) -> Iterator[Owing]:
    """The marks that were not changed yet as their originators notified."""
    for one in regraded(reader):
        if one.state != "to follow":
            continue
        facts = Facts(regrade_notice=True, regrade_to=one.level)
        agreement = _between(case, one.copy, one.item)
        item = item_of(one.item, received=one.copy.at)
        yield Owing(
            act="regrade",
            by=one.copy.holder,
            to=(one.item.originator,),
            copy=one.copy,
            since=one.notice.at,
            **_cited(case, Request(act="regrade", by=one.copy.holder, item=item), facts, agreement, at),
        )


def _raises(reader: Reader, case: Case, at: datetime) -> Iterator[Owing]:
    """The documents that stand beneath what they draw on now: their originators owe their holders a notice."""
    for one in reviews(reader, case):
        if not one.must_rise:
            continue
        facts = Facts(regrade_notice=True, regrade_to=one.floor)
        by = one.item.originator
        for copy in reader.copies(item=one.item.id):
            if copy.holder == by or copy.state not in HELD:
                continue
            agreement = next((sheet.agreement for sheet in case.law.between(by, copy.holder)), None)
            yield Owing(
                act="notify-regrade",
                by=by,
                to=(copy.holder,),
                copy=copy,
                since=max(notice.at for notice in one.notices),
                **_cited(case, Request(act="notify-regrade", by=by, item=item_of(one.item)), facts, agreement, at),
            )


def _protection(reader: Reader, case: Case, at: datetime) -> Iterator[Owing]:
    """What stays protected although the agreement by which it is held has ended (Article 21.4), copy by copy.

    The measures that its holder recorded last are named; an end that a Party's reading alone sees counts.
    """
    ended: dict[str, datetime | None] = {}
    for copy in reader.copies(states=HELD) if _any_ended(case, ended, at) else ():
        item = reader.item(copy.item)
        agreement = _between(case, copy, item) if item is not None and item.originator != copy.holder else None
        since = ended.get(agreement.name) if agreement is not None else None
        if item is None or agreement is None or since is None:
            continue
        outlives = agreement.article(agreement.survival_article)
        recorded = [
            one.statement
            for one in reader.acts(types=["protect"], item=item.id)
            if one.statement.copy == copy.id and one.statement.at >= since
        ]
        measures = f"measures recorded by act {recorded[-1].id}" if recorded else "no measures are recorded since"
        yield Owing(
            act="protect",
            by=copy.holder,
            to=(item.originator,),
            copy=copy,
            instrument=agreement.name,
            article=outlives.number if outlives is not None else "unread",
            text=f"go on protecting it after the end of {agreement.name}: {measures}",
            confidence=outlives.confidence if outlives is not None else "I",
            since=since,
        )


def _any_ended(case: Case, ended: dict[str, datetime | None], at: datetime) -> bool:
    """Find the agreements that have ended by the reading of a Party at least, each with since when."""
    for name, agreement in case.law.agreements.items():
        over = [view.since for view in state_at(agreement, case.record, at).courses if view.state == "terminated"]
        if over:
            ended[name] = min((one for one in over if one is not None), default=None)
    return bool(ended)


def _inspections(node: Node, reader: Reader, case: Case) -> Iterator[Owing]:
    """The next inspection of each contractor's facility at which this Party has a copy."""
    for lies in reader.contractor_copies():
        copy, site = reader.copy(lies.copy), reader.contractor_facility(lies.facility)
        item = reader.item(copy.item) if copy is not None else None
        if copy is None or item is None or site is None or copy.holder != node.party:
            continue
        agreement = _between(case, copy, item)
        stating = [
            article
            for article in (agreement.articles if agreement is not None else ())
            if any(use.name == "firm-inspected" for use in article.clauses)
        ]
        yield Owing(
            act="clear-facility",
            by=node.party,
            to=(item.originator,),
            copy=copy,
            instrument=agreement.name if agreement is not None else copy.instrument,
            article=stating[-1].number if stating else "unread",
            text=f"inspect `{site.id}` of `{site.contractor}` again"
            + (f": {stating[-1].text}" if stating else "; no article that was read says when"),
            confidence=stating[-1].confidence if stating else "I",
            since=lies.at,
            due=datetime.fromisoformat(site.until).replace(tzinfo=UTC) + timedelta(days=1),
        )


def _cited(case: Case, request: Request, facts: Facts, agreement: Agreement | None, at: datetime) -> dict[str, Any]:
    """Where a duty stands that has come to be owed, and what it says."""
    if agreement is not None:
        found = owed(case.law, replace(request, under=agreement.name), facts, case.record, at)
        for ground in found.grounds if found.owed is True else ():
            if ground.effect == "owed":
                return {
                    "instrument": agreement.name,
                    "article": ground.article,
                    "text": ground.text,
                    "confidence": ground.confidence,
                }
    name = agreement.name if agreement is not None else ""
    text = "no article that was read makes it owed now"
    return {"instrument": name, "article": "unread", "text": text, "confidence": "I"}


def _between(case: Case, copy: Copy, item: Item) -> Agreement | None:
    """The agreement that protects a copy in its holder's hands, towards its originator."""
    name = protecting(case, copy, item)
    if name is not None:
        return case.law.agreements[name]
    return next((sheet.agreement for sheet in case.law.between(copy.holder, item.originator)), None)
