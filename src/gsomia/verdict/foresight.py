"""Foresight: what an act would change, and which acts lead to a state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any as Anything

from gsomia.agreement import (
    LEGAL_ACTS,
    STATES,
    Agreement,
    LegalAct,
    LegalState,
    Period,
    Record,
    periods,
    state_at,
    without_effect,
)
from gsomia.verdict.answer import REFUSE, UNCERTAIN, Ground, Ruling, Verdict
from gsomia.verdict.decision import decide
from gsomia.verdict.facts import Facts, Item, Request
from gsomia.verdict.law import Law
from gsomia.verdict.questions import StandingDuty, granted, matrix, standing_duties

__all__ = ["UNREAD_ACTS", "PathStep", "WhatIf", "path_to", "what_if"]

UNREAD_ACTS = ("take-effect", "leave")
"""Acts that a record may hold of an instrument whose text says nothing that was read on how it begins and ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What an act would change.

    Args:
        act: the act thought of.
        verdict: whether it would have its effect.
        before, after: the periods from the act on, without and with it.
        views: reading to the state right after the act, a day later and a year later; with `ended`, the instant, where
            under that reading it had ended before the act.
        closing, opening: routes that close or open, with the instant from which on.
        stopping: pending requests that would no longer be permitted, with the instant.
        held: how many items held fall under rules that survive, by holder, originator and instrument.
        surviving: duties that go on after the end.
    """

    act: LegalAct
    verdict: Verdict
    before: tuple[Period, ...]
    after: tuple[Period, ...]
    views: dict[str, dict[str, str]]
    closing: tuple[dict[str, Anything], ...]
    opening: tuple[dict[str, Anything], ...]
    stopping: tuple[dict[str, Anything], ...]
    held: tuple[dict[str, Anything], ...]
    surviving: tuple[StandingDuty, ...]

    def to_json(self) -> dict[str, Anything]:
        """The answer as a JSON object."""
        return {
            "version": 1,
            "act": self.act.to_json(),
            "verdict": self.verdict.to_json(),
            "before": [p.to_json() for p in self.before],
            "after": [p.to_json() for p in self.after],
            "views": self.views,
            "closing": list(self.closing),
            "opening": list(self.opening),
            "stopping": list(self.stopping),
            "held": list(self.held),
            "surviving": [d.to_json() for d in self.surviving],
        }


def what_if(
    law: Law,
    record: Record,
    act: LegalAct,
    *,
    facts: Facts | None = None,
    pending: Iterable[tuple[Request, Facts]] = (),
    held: Iterable[tuple[str, Item]] = (),
) -> WhatIf:
    """What would change if a legal act were done.

    Args:
        law, record: as for `decide`.
        act: the act thought of; its instant is when it would be done.
        facts: the facts of the act; by default it is in its own form and received at once.
        pending: requests that wait, such as transmissions not yet sent.
        held: (holder, item) of everything registered; a million is no trouble.
    """
    agreement = law.agreements[act.under]
    other = next((p for p in agreement.parties if p != act.by), None)
    request = Request(act=act.act, by=act.by, to=other, under=act.under)
    known = facts or replace(granted(request, act.at), form_of_act=act.form, consent="none")
    verdict = decide(law, request, known, record, act.at)
    if act.act in UNREAD_ACTS:
        verdict = _unread(agreement, act)
    then = record.plus([act])
    before = _since(periods(agreement, record), act.at)
    after = _since(periods(agreement, then), act.at)
    instants = sorted({p.start for p in (*before, *after) if p.start is not None and p.start >= act.at} | {act.at})
    closing, opening = _moved(law, record, then, agreement, instants)
    stopping: list[dict[str, Anything]] = []
    for asked, about in pending:
        for instant in instants:
            now, later = (decide(law, asked, about, r, instant) for r in (record, then))
            if now.permitted and not later.permitted:
                stopping.append(
                    {
                        "by": asked.by,
                        "to": asked.to,
                        "via": list(asked.via),
                        "from": instant.isoformat(),
                        "outcome": later.outcome,
                        "articles": [f"{n}:{a}" for n, a in later.articles],
                    }
                )
                break
    ends = [p.start for p in after if p.state in ("terminated", "uncertain") and p.start is not None]
    last = max([*ends, act.at])
    return WhatIf(
        act=act,
        verdict=verdict,
        before=before,
        after=after,
        views=_by_reading(agreement, then, act.at),
        closing=tuple(closing),
        opening=tuple(opening),
        stopping=tuple(stopping),
        held=tuple(_held(law, then, last, held, agreement)),
        surviving=tuple(
            duty
            for party in agreement.parties
            for duty in standing_duties(law, then, last, party)
            if duty.instrument == agreement.name and duty.survives
        ),
    )


def _unread(agreement: Agreement, act: LegalAct) -> Verdict:
    """What is said of an act that a record may hold: no article that was read speaks of it, or one rules it out."""
    barred = without_effect(agreement, act.act)
    if barred is not None:
        number, text = barred
        found = agreement.article(number) if number != "unread" else None
        ground = Ground(
            effect=REFUSE,
            instrument=agreement.name,
            article=number,
            clause="lifecycle",
            text=text,
            confidence=found.confidence if found is not None else "I",
            binding=agreement.binding,
        )
        law = ((agreement.name, agreement.version),)
        return Verdict(Ruling(outcome=REFUSE, grounds=(ground,), instrument=agreement.name, law=law), act.at)
    ground = Ground(
        effect=UNCERTAIN,
        instrument=agreement.name,
        article="unread",
        clause="unread-final-clauses",
        text="who may do this, and in which form, was not read; a record that holds it counts it as shown here",
        confidence="I",
        binding=agreement.binding,
    )
    law = ((agreement.name, agreement.version),)
    return Verdict(Ruling(outcome=UNCERTAIN, grounds=(ground,), instrument=agreement.name, law=law), act.at)


def _since(found: tuple[Period, ...], at: datetime) -> tuple[Period, ...]:
    return tuple(p for p in found if p.end is None or p.end > at)


def _by_reading(agreement: Agreement, record: Record, at: datetime) -> dict[str, dict[str, str]]:
    out: dict[str, dict[str, str]] = {}
    for reading in ("immediate", "fresh-notice", "clock", "strict"):
        readings = dict.fromkeys(agreement.parties, reading)
        out[reading] = {
            when: state_at(agreement, record, instant, readings).state
            for when, instant in (
                ("at once", at),
                ("a day later", at + timedelta(days=1)),
                ("a year later", at + timedelta(days=366)),
            )
        }
        ended = {v.since for v in state_at(agreement, record, at, readings).courses if v.state == "terminated"}
        before = [since for since in ended if since is not None and since < at]
        if before and len(before) == len(ended):
            out[reading]["ended"] = min(before).isoformat()
    declared = state_at(agreement, record, at)
    out["as declared"] = {"at once": declared.state, **declared.views}
    return out


def _moved(
    law: Law, record: Record, then: Record, agreement: Agreement, instants: list[datetime]
) -> tuple[list[dict[str, Anything]], list[dict[str, Anything]]]:
    closing: dict[tuple[Anything, ...], dict[str, Anything]] = {}
    opening: dict[tuple[Anything, ...], dict[str, Anything]] = {}
    for instant in instants:
        old, new = matrix(law, record, instant), matrix(law, then, instant)
        for one, other in zip(old, new, strict=True):
            if one["outcome"] == other["outcome"]:
                continue
            key = (one["by"], one["to"], one["level"], one["subject"], tuple(one["via"]))
            into = closing if one["outcome"] == "permit" else opening
            into.setdefault(key, {**other, "was": one["outcome"], "from": instant.isoformat()})
    del agreement
    return list(closing.values()), list(opening.values())


def _held(
    law: Law, record: Record, at: datetime, held: Iterable[tuple[str, Item]], agreement: Agreement
) -> list[dict[str, Anything]]:
    counts = Counter((holder, i.originator, i.level, i.subject, i.form, i.contains, i.purpose) for holder, i in held)
    found: Counter[tuple[str, str, str, str]] = Counter()
    for (holder, originator, level, subject, form, contains, purpose), count in counts.items():
        if holder not in agreement.party_set or not (set(contains) - {holder}) & agreement.party_set:
            continue
        item = Item(originator=originator, level=level, subject=subject, form=form, contains=contains, purpose=purpose)
        request = Request(act="protect", by=holder, item=item, under=agreement.name)
        outcome = decide(law, request, granted(request, at), record, at).outcome
        found[(holder, originator, level, outcome)] += count
    return [
        {
            "holder": holder,
            "originator": originator,
            "level": level,
            "items": count,
            "protected": outcome == "permit",
            "instrument": agreement.name,
        }
        for (holder, originator, level, outcome), count in sorted(found.items())
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStep:
    """One act on the way to a state, or what the law itself does.

    Args:
        act, by: what is done, and by which Party; `JPN or KOR` where either alone may, `JPN and KOR` where both must.
            `lapse` is no act and is done by nobody: a notice has come to its day.
        form: in which form.
        not_before: from which instant on it works; None where it does at once.
        by_when: before which instant it must count; None where nothing presses.
        reached: for `lapse` the instant from which the state holds; None where it does with the act.
        state: the state from then on.
        article: what it rests on.
    """

    act: str
    by: str
    form: str
    not_before: datetime | None
    by_when: datetime | None
    state: str
    article: str
    reached: datetime | None = None

    def to_json(self) -> dict[str, Anything]:
        """The step as a JSON object."""
        return {
            "act": self.act,
            "by": self.by,
            "form": self.form,
            "not_before": self.not_before.isoformat() if self.not_before else None,
            "by_when": self.by_when.isoformat() if self.by_when else None,
            "reached": self.reached.isoformat() if self.reached else None,
            "state": self.state,
            "article": self.article,
        }


def path_to(law: Law, name: str, record: Record, at: datetime, goal: str) -> tuple[list[PathStep] | None, str]:
    """The shortest way of acts to a state: which acts, by whom, in which form, by when.

    Args:
        law, record: as for `decide`; of the record what had been done at the instant.
        name: the instrument.
        at: from when on.
        goal: the state to be reached, one of `STATES`.

    Returns:
        The steps (none where the state is there already), or None where no acts under the instrument lead there;
        and a sentence that says why.
    """
    assert goal in STATES
    agreement = law.agreements[name]
    record = Record(act for act in record if act.at <= at)
    start = state_at(agreement, record, at)
    if start.state == goal:
        return [], f"it is {goal} already"
    by_itself = _lapse(agreement, record, at)
    if by_itself is not None and by_itself.state == goal:
        return [by_itself], f"no act is needed: it becomes {goal} by itself, unless a notice is withdrawn or suspended"
    frontier: list[tuple[Record, list[PathStep], datetime]] = [(record, [], at)]
    seen = {_mark_of(start)}
    for _ in range(4):
        reached: list[tuple[Record, list[PathStep], datetime]] = []
        for known, steps, instant in frontier:
            for kind in (*LEGAL_ACTS, *(() if agreement.binding else UNREAD_ACTS)):
                there = [(p, _try(law, agreement, known, kind, p, instant)) for p in agreement.parties]
                tried = [(p, found) for p, found in there if found is not None]
                leading = [
                    (p, found) for p, found in tried if goal in (found.step.state, found.lapse and found.lapse.state)
                ]
                if leading:
                    first = leading[0][1]
                    who = (" and " if kind == "sign" else " or ").join(p for p, _ in leading)
                    way = [*steps, replace(first.step, by=who)]
                    acts = f"{len(way)} acts lead to {goal}" if len(way) > 1 else f"one act leads to {goal}"
                    return way if first.lapse is None or first.step.state == goal else [*way, first.lapse], acts
                for _, found in tried:
                    step = found.step
                    if kind == "sign":
                        step = replace(step, by=" and ".join(p for p, _ in tried))
                    if _mark_of(found.after) not in seen:
                        seen.add(_mark_of(found.after))
                        reached.append((found.record, [*steps, step], found.later))
        frontier = reached
    if start.state == "terminated":
        return None, "it has ended: what could bring it back is a new text, signed and notified anew"
    if start.disputed:
        return None, "the Parties' readings differ: consultation between them comes first"
    return None, f"no acts under {name} lead from {start.state} to {goal}"


def _mark_of(state: LegalState) -> tuple[Anything, ...]:
    return (
        state.state,
        tuple((v.state, v.notified, tuple((n.by, n.suspended is None) for n in v.notices)) for v in state.courses),
    )


def _lapse(agreement: Agreement, record: Record, at: datetime) -> PathStep | None:
    """What the law itself does next if nobody does anything: the first end of a notice that changes the state."""
    now = state_at(agreement, record, at)
    for end in sorted({n.ends for v in now.courses for n in v.notices if n.ends is not None and n.ends > at}):
        state = state_at(agreement, record, end).state
        if state != now.state:
            article = agreement.end_article or "unread"
            return PathStep(
                act="lapse", by="", form="", not_before=None, by_when=None, state=state, article=article, reached=end
            )
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """An act tried: the step, the record and state with it, what the law does then, and when one can go on."""

    step: PathStep
    record: Record
    after: LegalState
    lapse: PathStep | None
    later: datetime


def _try(law: Law, agreement: Agreement, record: Record, kind: str, party: str, at: datetime) -> _Tried | None:
    other = next(p for p in agreement.parties if p != party)
    request = Request(act=kind, by=party, to=other, under=agreement.name)
    not_before = None
    if kind not in UNREAD_ACTS and not decide(law, request, granted(request, at), record, at).permitted:
        # A notice that is too late for this term is given in the next one.
        not_before = state_at(agreement, record, at).anniversary if kind == "give-notice" else None
        if not_before is None or not decide(law, request, granted(request, not_before), record, not_before).permitted:
            return None
        at = not_before
    form = "signature" if kind == "sign" else "note"
    name = f"{agreement.name}/thought-{len(record)}"
    act = LegalAct(id=name, under=agreement.name, act=kind, by=party, at=at, form=form)
    then = record.plus([act])
    before, after = state_at(agreement, record, at), state_at(agreement, then, at)
    if _mark_of(after) == _mark_of(before):
        return None
    pressing = [n.ends for v in before.courses for n in v.notices if n.ends is not None and n.suspended is None]
    when = min(pressing, default=None)
    lapse = _lapse(agreement, then, at)
    live = [n for v in after.courses for n in v.notices if n.by == party and n.suspended is None]
    ends = [n.ends for n in live if n.ends is not None and n.ends > at]
    if kind == "give-notice" and ends and agreement.term is not None:
        # To serve the day on which it works by itself it must be received before the cut-off.
        when = min(ends) - agreement.term.notice
    article = agreement.end_article or "unread"
    if kind in ("sign", "notify-entry"):
        article = agreement.entry_article or "unread"
    if kind in UNREAD_ACTS:
        article = "unread"
    step = PathStep(
        act=kind, by=party, form=form, not_before=not_before, by_when=when, state=after.state, article=article
    )
    return _Tried(step=step, record=then, after=after, lapse=lapse, later=at + timedelta(seconds=1))
