"""A change of an item's level (Article 6(g)): notified by its originator, followed by each holder copy by copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gsomia.errors import UsageError
from gsomia.node.acts.signed import SignedAct, Statement, instant
from gsomia.node.facts.asserted import Case, item_facts, item_of, protecting, rank_of
from gsomia.node.facts.labels import equivalent_label
from gsomia.node.facts.levels import Review, level_notified, marked_for, notice_of, review_of
from gsomia.node.facts.words import treaty_mark
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node, refused
from gsomia.node.record.approval import Passing
from gsomia.node.record.recall_answers import WHAT_WAS_MADE, made_from
from gsomia.node.record.store_port import Reader
from gsomia.node.transmission.offers import verdict_digest
from gsomia.node.transmission.releasing import check_marked
from gsomia.node.transmission.sending import keeping_refusals, refuse
from gsomia.registry import GONE, Copy, CopyState, Item
from gsomia.verdict import Facts, Mark, Request, Verdict, decide

__all__ = ["HELD", "Regraded", "follow_regrade", "notify_regrade", "regraded", "reviews"]

HELD = (CopyState.DELIVERED, CopyState.OPENED, CopyState.RECEIPTED)
"""The states of a copy that lies with its holder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regraded:
    """A copy of an item whose level its originator changed.

    Args:
        item, copy: as registered.
        notice: the notice that counts.
        marked_for: the originator's level for which its holder's mark was put on, or "" where there is none yet.
        made: the acts by which copies, translations and renditions were made from it, as far as it knows; they
            bear another mark by the word of the officer who followed.
    """

    item: Item
    copy: Copy
    notice: Statement
    marked_for: str
    made: tuple[str, ...]

    @property
    def level(self) -> str:
        """The level notified."""
        return str(self.notice.body["level"])

    @property
    def state(self) -> str:
        """`to follow`, `followed`, `not marked yet`, or what became of the copy."""
        if self.copy.state in GONE:
            return str(self.copy.state)
        if not self.marked_for:
            return "not marked yet"
        return "followed" if self.marked_for == self.level else "to follow"


def regraded(reader: Reader, item: str = "") -> list[Regraded]:
    """The copies of regraded items with their holders, as this register knows them; the oldest notice first.

    Args:
        reader: the store.
        item: of this item alone; "" for all.
    """
    found: list[Regraded] = []
    for name in dict.fromkeys(act.statement.item for act in reader.acts(types=("notify-regrade",), item=item)):
        entry = reader.item(name)
        notice = notice_of(reader, name, entry.originator) if entry is not None else None
        if entry is None or notice is None:
            continue
        found += [
            Regraded(
                item=entry,
                copy=copy,
                notice=notice,
                marked_for=marked_for(reader, copy),
                made=tuple(made_from(reader, copy)),
            )
            for copy in reader.copies(item=name)
            if copy.holder != entry.originator and copy.state in (*HELD, *GONE)
        ]
    return sorted(found, key=lambda one: (one.notice.at, one.copy.id))


def reviews(reader: Reader, case: Case) -> list[Review]:
    """The documents to be looked at since one of their sources was regraded, whoever wrote them.

    Args:
        reader: the store.
        case: the law, for the order of the marks.
    """
    sources = dict.fromkeys(act.statement.item for act in reader.acts(types=("notify-regrade",)))
    items = {item.id: item for source in sources for item in reader.drawing_on(source)}
    return [review for item in items.values() if (review := review_of(reader, case, item)) is not None]


def notify_regrade(node: Node, reference: str, level: str, why: str, *, by: Acting) -> SignedAct:
    """Notify another level of one's own item to all who have a copy of it or of what draws on it (Article 6(g)).

    A document that draws on regraded items may also be notified at the level that it has: it was looked at, and stays.

    Args:
        node: the originator's.
        reference: control number, item id or copy id; it is for the whole item.
        level: one of this Party's own marks, as typed.
        why: for the holders' officers.
        by: a disclosure officer.

    Raises:
        UsageError: no such item or mark.
        RefusedError: another Party's item, the level that it has, one beneath its sources', a clock that stands before
            the last notice, or the agreement refuses; it is kept, and nothing is recorded.
    """
    at = node.clock.now()
    against = None
    what = f"notify-regrade of {reference}"
    with keeping_refusals(node, what, at), node.store.writing() as tx:
        node.officer(tx, by, "disclosure")
        copies = tx.find(reference)
        item = tx.item(copies[0].item) if copies else None
        if item is None:
            raise UsageError(f"no item `{reference}` is registered", hint="`gsomia register` lists what is")
        if item.originator != node.party:
            raise refused("not-the-originator", f"item `{item.id}` is not `{node.party}`'s to regrade")
        last = notice_of(tx, item.id, item.originator)
        if last is not None and last.at >= at:
            # The later one counts everywhere, so this one has to be the later.
            at = _after(node, last, at)
        case = Case.of(node, tx)
        new, now, review = treaty_mark(case, node.party, level), level_notified(tx, item), review_of(tx, case, item)
        _check_level(case, item, new, now, review)
        asked = [(to, _ask_notifying(node, tx, case, item, to, at)) for to in _reached(tx, node, item)]
        # Between whom there is no agreement, who handed it on passes the notice on.
        verdicts = [(to, verdict) for to, verdict in asked if verdict is not None]
        against = next((verdict for _, verdict in verdicts if verdict.outcome != "permit"), None)
        if against is None:
            draft = Draft(
                type="notify-regrade",
                instrument=copies[0].instrument,
                item=item.id,
                parties=tuple(to for to, _ in verdicts),
                body={
                    "level": new,
                    "before": now,
                    "why": why,
                    "payload_digest": item.payload_digest,
                    "reviews": [notice.id for notice in review.notices] if review is not None else _seen(tx, item),
                    "verdicts": [verdict_digest(verdict) for _, verdict in verdicts],
                },
            )
            act = make(node, tx, [draft], at=at, by=by)[0]
    if against is not None:
        refuse(node, what, against, at)
    return act


def _after(node: Node, last: Statement, at: datetime) -> datetime:
    """The first instant after a notice that is not before this one.

    Raises:
        RefusedError: the clock stands so far before it that no peer would take it in.
    """
    if last.at > at + node.limits.max_skew:
        raise refused(
            "clock",
            f"the last notice of item `{last.item}` is of {instant(last.at)}, and the clock stands at {instant(at)}",
            hint="set the clock right first",
        )
    return last.at + timedelta(microseconds=1)


def _check_level(case: Case, item: Item, new: str, now: str, review: Review | None) -> None:
    if not new:
        raise UsageError("which level?", hint="name it with --level")
    if new == now and review is None:
        raise refused("same-level", f"item `{item.id}` is at `{now}` already")
    floor = review.floor if review is not None else ""
    if floor and rank_of(case.law, item.originator, new) < rank_of(case.law, item.originator, floor):
        raise refused("beneath-its-sources", f"item `{item.id}` draws on what is now at `{floor}`: `{new}` is too low")


def _seen(reader: Reader, item: Item) -> list[str]:
    before = notice_of(reader, item.id, item.originator)
    return list(before.body["reviews"]) if before is not None else []


def _reached(reader: Reader, node: Node, item: Item) -> list[str]:
    """The peers that gave or hold a copy of an item, or of what draws on it, as far as this register knows."""
    items = [item, *reader.drawing_on(item.id)]
    copies = [copy for one in items for copy in reader.copies(item=one.id)]
    parties = {party for copy in copies if copy.state is not CopyState.REFUSED for party in (copy.giver, copy.holder)}
    return sorted(parties & {*reader.peers()})


def _ask_notifying(node: Node, reader: Reader, case: Case, item: Item, to: str, at: datetime) -> Verdict | None:
    """Whether the agreement with one Party lets it be notified; None where there is none with it."""
    sheets = case.law.between(node.party, to)
    if not sheets:
        return None
    known: dict[str, Any] = {"form_of_act": "signature"}
    passing = Passing(giver=node.party, receivers=(to,), purpose=item.purpose)
    facts = item_facts(node, reader, item, passing=passing, holder=to, at=at)
    by = {"form-of-act": "this act, by the officer who signs it"}
    facts = replace(facts, **known, established_by={**facts.established_by, **by})
    request = Request(act="notify-regrade", by=node.party, to=to, item=item_of(item), under=sheets[0].agreement.name)
    return decide(case.law, request, facts, case.record, at)


def follow_regrade(
    node: Node, reference: str, *, level: str = "", certified: Sequence[str] = (), by: Acting
) -> list[SignedAct]:
    """Re-mark held copies as their originator's last notice says: one of them, or all that have not followed.

    Args:
        node: the holder's.
        reference: control number or copy id of one copy; item id for all.
        level: one of this Party's own marks, where several correspond to the level notified; "" where one does.
        certified: `what-was-made`, where copies, translations or renditions were made from it and bear the mark too.
        by: a registry officer.

    Returns:
        One act for each copy.

    Raises:
        UsageError: no such copy or mark, or several marks to choose from.
        RefusedError: no notice, followed already, not marked, or the agreement refuses; it is kept.
    """
    at = node.clock.now()
    what = f"regrade of {reference}"
    drafts: list[Draft] = []
    against: Verdict | None = None
    with keeping_refusals(node, what, at), node.store.writing() as tx:
        node.officer(tx, by, "registry")
        held = [copy for copy in tx.find(reference) if copy.holder == node.party]
        item = tx.item(held[0].item) if held else None
        if item is None:
            raise UsageError(f"no item `{reference}` is held here", hint="`gsomia register` lists what is")
        notice = notice_of(tx, item.id, item.originator)
        if notice is None:
            raise refused("no-notice", f"`{item.originator}` has notified no other level of item `{item.id}`")
        case = Case.of(node, tx)
        for copy in _not_followed(tx, held, notice):
            own = _mark_for(case, node, copy, item, str(notice.body["level"]), level)
            verdict = _ask_following(case, copy, item, notice, own, at)
            if verdict.outcome != "permit":
                against = verdict
                break
            if (made := made_from(tx, copy)) and WHAT_WAS_MADE not in certified:
                raise refused(
                    "what-was-made",
                    f"{len(made)} copies, translations or renditions were made from copy `{copy.id}`, and nobody "
                    f"certifies that they bear the new mark (`{WHAT_WAS_MADE}`)",
                )
            body = {
                "notice": notice.id,
                "foreign": str(notice.body["level"]),
                "level": own,
                "origin": item.originator,
                "before": copy.own_mark,
                "label": equivalent_label(item, own, node.party, at).to_json(),
                "certified": sorted(certified),
                "verdict": verdict_digest(verdict),
            }
            drafts.append(
                Draft(
                    type="regrade",
                    instrument=copy.instrument,
                    item=item.id,
                    copy=copy.id,
                    parties=(copy.giver,),
                    body=body,
                )
            )
        acts = make(node, tx, drafts, at=at, by=by) if against is None else []
    if against is not None:
        refuse(node, what, against, at)
    return acts


def _not_followed(reader: Reader, held: Sequence[Copy], notice: Statement) -> list[Copy]:
    """Those of the copies that are still here and bear a mark for another level than the one notified.

    Raises:
        RefusedError: none does.
    """
    here = [copy for copy in held if copy.state in HELD]
    if not here:
        raise refused(held[0].state.value, f"`{held[0].control_number}` was {held[0].state}")
    for copy in here:
        check_marked(copy)
    found = [copy for copy in here if marked_for(reader, copy) != notice.body["level"]]
    if not found:
        raise refused("followed", f"`{here[0].control_number}` bears the mark for `{notice.body['level']}` already")
    return found


def _mark_for(case: Case, node: Node, copy: Copy, item: Item, notified: str, typed: str) -> str:
    """The holder's mark for a level of the originator's: as typed, or the only one that the table gives.

    Raises:
        UsageError: several correspond, or none does.
    """
    if typed:
        return treaty_mark(case, node.party, typed)
    under = protecting(case, copy, item)
    agreements = (
        [case.law.agreements[under]]
        if under is not None
        else [sheet.agreement for sheet in case.law.between(node.party, item.originator)]
    )
    marks = list(dict.fromkeys(x for a in agreements for x in a.equivalents(notified, item.originator, node.party)))
    if len(marks) != 1:
        known = ", ".join(marks) or "none"
        raise UsageError(
            f"{len(marks)} marks of `{node.party}` correspond to `{notified}` of `{item.originator}`",
            hint=f"name one with --level: {known}",
        )
    return marks[0]


def _ask_following(case: Case, copy: Copy, item: Item, notice: Statement, own: str, at: datetime) -> Verdict:
    facts = Facts(
        mark=Mark(level=own, origin=item.originator),
        regrade_notice=True,
        regrade_to=str(notice.body["level"]),
        purpose=item.purpose,
        purpose_ended=False,
        established_by={
            "mark": "the officer who signs this act",
            "regrade-notice": notice.id,
            "regrade-to": notice.id,
            "purpose": "the register",
            "purpose-ended": "the register",
        },
    )
    request = Request(
        act="regrade", by=copy.holder, item=item_of(item, received=copy.at), under=protecting(case, copy, item)
    )
    return decide(case.law, request, facts, case.record, at)
