"""Deciding: which instruments are asked, what each says under each reading, and what that makes together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from gsomia.agreement import (
    ALWAYS,
    HELD_ACTS,
    LEGAL_ACTS,
    Is,
    Record,
    View,
    courses_of,
    readings_at,
)
from gsomia.verdict.answer import PERMIT, REFUSE, UNCERTAIN, Ground, Ruling, Verdict, best, worst
from gsomia.verdict.facts import Facts, Item, Request
from gsomia.verdict.law import Law
from gsomia.verdict.legs import Leg, candidates, governing, through_hub
from gsomia.verdict.plans import KEPT, Bound, Epoch, Question, make_plan, route
from gsomia.verdict.reasons import (
    between_others,
    consulting,
    differing,
    no_instrument,
    obligations,
    party_fault,
    passed_on,
    with_originators,
)

__all__ = ["decide"]

NOTHING = Item(originator="", level="", subject="", form="")
_VERDICT = tuple.__new__


def decide(
    law: Law,
    request: Request,
    facts: Facts,
    record: Record,
    at: datetime,
    readings: Mapping[str, str] | None = None,
) -> Verdict:
    """Whether an act may be done: pure and total, the same on any machine.

    Args:
        law: the instruments, in the versions that the node has adopted.
        request: what is asked.
        facts: what is established; a fact left unknown refuses where a clause needs it.
        record: the legal acts.
        at: the instant asked about (aware).
        readings: each Party's reading of resuming a suspended notice; by default as declared.

    Returns:
        The verdict. Where no instrument is named, each that could carry the act is asked; the best outcome wins and
        the grounds of the others are kept.
    """
    bound = law.bound
    if bound.record is not record or readings is not None:
        bound = law.bind(record, readings)
    epoch = bound.epoch
    if not epoch.lo <= at < epoch.hi:
        epoch = bound.find(at)
    try:
        # One pair, so that nobody sees the request of one with the plan of another.
        asked, plan = epoch.latest
        if asked is not request:
            plan = epoch.plans.get(route(request, epoch))
            if plan is not None:
                epoch.latest = (request, plan)
        ruling = plan.rulings.get(plan.bits(facts, at)) if plan is not None else None
        if ruling is None:
            ruling = _worked_out(law, request, facts, bound, epoch, at)
    except Exception as error:  # a clause that fails to evaluate refuses: it never vanishes
        ruling = _erroring(request, error)
    return _VERDICT(Verdict, (ruling, at, facts.established_by))


def _worked_out(law: Law, q: Request, f: Facts, bound: Bound, epoch: Epoch, at: datetime) -> Ruling:
    """The ruling in full, and what is remembered of it: a plan once its label and route come again."""
    key = route(q, epoch)
    plan = epoch.plans.get(key)
    if plan is None:
        if key not in epoch.seen:
            if len(epoch.seen) >= KEPT:
                epoch.seen.clear()
            epoch.seen[key] = None
            return _decide(law, q, f, bound.record, at, bound.readings)
        if len(epoch.plans) >= KEPT:
            epoch.plans.clear()
        plan = epoch.plans[key] = make_plan(_questions(law, q, bound, at))
    bits = plan.bits(f, at)
    ruling = plan.rulings.get(bits)
    if ruling is None:
        ruling = _decide(law, q, f, bound.record, at, bound.readings)
        if not bits & plan.missing:
            if len(plan.rulings) >= KEPT:
                plan.rulings.clear()
            plan.rulings[bits] = ruling
    return ruling


def _questions(law: Law, q: Request, bound: Bound, at: datetime) -> list[Question]:
    """Every instrument that `_decide` would ask, with the views in which it would ask it."""
    if q.item is not None and not q.via and q.under is None and q.act in HELD_ACTS:
        item = q.item
        foreign = [o for o in item.contains if o != q.by]
        found = [governing(law, q, item, o, bound.record, at) for o in foreign]
        ways = [legs for legs in found if legs is not None] + through_hub(law, q, item, bound.record, at)
        if not foreign:
            ways = [(Leg(sheet, q),) for sheet in law.of(q.by)]
    else:
        ways = candidates(law, q)
    questions = []
    for legs in ways:
        for leg in legs:
            if party_fault(leg.sheet, leg.request):
                continue
            asked, _, _, disputed = _views(leg, bound.record, at, bound.readings)
            rules = [(b.rule.applies, b.rule.requires) for b in leg.sheet.compiled(leg.request.act, at).rules]
            for view, reading in asked:
                questions.append(Question(rules, leg.request, view, reading, disputed, leg.sheet.tables))
        if len(legs) > 1 and not legs[0].sheet.agreement.hub:
            # A chain asks for consent to the whole way besides what its legs ask.
            rules = [(ALWAYS, Is("consented", (True,)))]
            questions.append(Question(rules, q, View(), "", False, legs[0].sheet.tables))
    return questions


def _erroring(request: Request, error: Exception) -> Ruling:
    text = f"a clause could not be evaluated: {type(error).__name__}"
    ground = Ground(effect=REFUSE, instrument=request.under or "", clause="erroring", text=text)
    return Ruling(outcome=REFUSE, grounds=(ground,), instrument=request.under or "")


def _decide(
    law: Law,
    q: Request,
    f: Facts,
    record: Record,
    at: datetime,
    readings: Mapping[str, str] | None,
) -> Ruling:
    if q.item is not None and not q.via and q.under is None and q.act in HELD_ACTS:
        return _held(law, q, f, record, at, readings)
    ways = candidates(law, q)
    if not ways:
        return _nothing(law, q)
    rulings = [_way(law, legs, q, f, record, at, readings) for legs in ways]
    return rulings[0] if len(rulings) == 1 else _best(rulings)


def _best(rulings: list[Ruling]) -> Ruling:
    outcome = best([ruling.outcome for ruling in rulings])
    chosen = [ruling for ruling in rulings if ruling.outcome == outcome]
    first = chosen[0]
    return Ruling(
        outcome=outcome,
        grounds=tuple(dict.fromkeys(g for ruling in chosen for g in ruling.grounds)),
        obligations=first.obligations,
        instrument=first.instrument,
        law=tuple(dict.fromkeys(pair for ruling in rulings for pair in ruling.law)),
        views=first.views,
        readings=first.readings,
        others=tuple(ruling for ruling in rulings if ruling is not first),
    )


def _nothing(law: Law, q: Request) -> Ruling:
    if q.under is not None and q.under not in law.sheets:
        text = f"`{q.under}` is not among the instruments that are applied here"
    elif q.under is None and q.act in LEGAL_ACTS:
        text = "a legal act is done under an instrument, and none was named"
    else:
        text = "no instrument that is applied here carries this act between these Parties by this route"
    ground = no_instrument(law, text, q.under or "")
    return Ruling(outcome=REFUSE, grounds=(ground,), instrument=q.under or "")


def _held(law: Law, q: Request, f: Facts, record: Record, at: datetime, readings: Mapping[str, str] | None) -> Ruling:
    """An act on what a Party holds: the agreement with every originator of a part must allow it."""
    item = q.item
    assert item is not None
    foreign = [o for o in item.contains if o != q.by]
    if not foreign:
        found = [_way(law, (Leg(s, q),), q, f, record, at, readings) for s in law.of(q.by)]
        return _best(found) if found else _nothing(law, q)
    rulings: list[Ruling] = []
    for originator in foreign:
        legs = governing(law, q, item, originator, record, at)
        if legs is None:
            rulings.append(_nothing(law, q))
            continue
        rulings.append(_way(law, legs, q, f, record, at, readings))
    held = rulings[0] if len(rulings) == 1 else _all(rulings)
    through = [_way(law, legs, q, f, record, at, readings) for legs in through_hub(law, q, item, record, at)]
    return _best([held, *through]) if through else held


def _all(rulings: list[Ruling]) -> Ruling:
    outcome = worst([ruling.outcome for ruling in rulings])
    telling = [r for r in rulings if r.outcome == outcome]
    return Ruling(
        outcome=outcome,
        grounds=tuple(dict.fromkeys(g for ruling in telling for g in ruling.grounds)),
        obligations=tuple(dict.fromkeys(o for ruling in rulings for o in ruling.obligations))
        if outcome == PERMIT
        else (),
        instrument=telling[0].instrument if telling else "",
        law=tuple(dict.fromkeys(pair for ruling in rulings for pair in ruling.law)),
        views=telling[0].views if telling else (),
        readings=telling[0].readings if telling else (),
        others=tuple(r for r in rulings if r not in telling),
    )


def _way(
    law: Law,
    legs: tuple[Leg, ...],
    q: Request,
    f: Facts,
    record: Record,
    at: datetime,
    readings: Mapping[str, str] | None,
) -> Ruling:
    """One way: every leg must permit; the name is the first instrument's, or all of a chain's."""
    rulings = [_leg(law, leg, f, record, at, readings) for leg in legs]
    if len(rulings) == 1:
        return rulings[0]
    joined = _all(rulings)
    first = legs[0].sheet.agreement
    if first.hub:
        return replace(joined, instrument=first.name)
    chain = "+".join(leg.sheet.agreement.name for leg in legs)
    if q.via and joined.outcome == PERMIT:
        consent = law.sheets[legs[0].sheet.agreement.name].tables.consented(q, q.item or NOTHING, f)
        if consent is not True:
            ground = passed_on(first, missing=consent is not False)
            return Ruling(outcome=REFUSE, grounds=(ground,), instrument=chain, law=joined.law)
    return replace(joined, instrument=chain)


def _leg(law: Law, leg: Leg, f: Facts, record: Record, at: datetime, readings: Mapping[str, str] | None) -> Ruling:
    """What one instrument says: under every reading, and `uncertain` where they differ."""
    sheet, q = leg.sheet, leg.request
    agreement = sheet.agreement
    fault = party_fault(sheet, q)
    if fault:
        ground = between_others(agreement, fault)
        return Ruling(
            outcome=REFUSE, grounds=(ground,), instrument=agreement.name, law=((agreement.name, agreement.version),)
        )
    asked, by_party, chosen, disputed = _views(leg, record, at, readings)
    item = q.item or NOTHING
    compiled = sheet.compiled(q.act, at)
    rulings: dict[tuple[str, tuple[Ground, ...]], None] = {}
    answers: dict[tuple[View, str], str] = {}
    for view, reading in asked:
        key = compiled.judge(q, item, f, view, reading, disputed, at, sheet.tables)
        outcome, grounds, missing = compiled.grounds(key)
        if missing:
            names = {"f": f, "i": item, "q": q}
            grounds = compiled.missing(key, names)
        rulings.setdefault((outcome, grounds))
        answers[(view, reading)] = outcome
    outcomes = {outcome for outcome, _ in rulings}
    grounds = tuple(dict.fromkeys(g for _, found in rulings for g in found))
    views_told: tuple[tuple[str, str], ...] = ()
    if len(outcomes) > 1:
        outcome = UNCERTAIN
        views_told = tuple(
            (party, views[0].state if len({v.state for v in views}) == 1 else "uncertain")
            for party, views in by_party.items()
        )
        told = {
            party: {answers[(view, chosen[party] if q.act in LEGAL_ACTS else "")] for view in views}
            for party, views in by_party.items()
        }
        answered = {party: found.pop() if len(found) == 1 else UNCERTAIN for party, found in told.items()}
        grounds = (differing(sheet, views_told, chosen, answered), *grounds)
    else:
        outcome = outcomes.pop()
        if outcome == UNCERTAIN:
            grounds = (*grounds, *consulting(agreement))
        if disputed:
            views_told = tuple((party, views[0].state) for party, views in by_party.items())
    if outcome != PERMIT:
        grounds = with_originators(law, sheet, q, item, f, grounds)
    return Ruling(
        outcome=outcome,
        grounds=grounds,
        obligations=obligations(sheet, q) if outcome == PERMIT else (),
        instrument=agreement.name,
        law=compiled.law,
        views=views_told,
        readings=tuple(chosen.items()) if views_told else (),
    )


def _views(
    leg: Leg, record: Record, at: datetime, readings: Mapping[str, str] | None
) -> tuple[list[tuple[View, str]], dict[str, tuple[View, ...]], dict[str, str], bool]:
    """In which views an instrument is asked, with the reading behind each; and whether they differ in state."""
    agreement = leg.sheet.agreement
    chosen = readings_at(agreement, record, at, readings)
    by_party = courses_of(agreement, record, at, chosen)
    asked: dict[tuple[View, str], None] = {}
    legal = leg.request.act in LEGAL_ACTS
    for party, views in by_party.items():
        for view in views:
            # A reading matters to legal acts beyond the state it gives.
            asked.setdefault((view, chosen[party] if legal else ""))
    return list(asked), by_party, chosen, len({view.state for view, _ in asked}) > 1
