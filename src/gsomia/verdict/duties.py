"""What is owed: to whom, by which article, under every reading."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any as Anything

from gsomia.agreement import (
    ALWAYS,
    Agreement,
    Condition,
    Duty,
    Record,
    Rule,
    View,
    attributes,
    courses_of,
    day_of,
    readings_at,
)
from gsomia.verdict.answer import UNCERTAIN, Ground, Owed
from gsomia.verdict.attributes import ATTRIBUTES, CLEARANCES
from gsomia.verdict.compiling import BoundRule, established, silent
from gsomia.verdict.decision import NOTHING
from gsomia.verdict.facts import UNKNOWN, Facts, Request
from gsomia.verdict.law import Law, Sheet
from gsomia.verdict.reasons import between_others, consulting, no_instrument

__all__ = ["owed"]

_NO_RULE = Rule(acts=(), requires=ALWAYS, text="")


def owed(
    law: Law,
    request: Request,
    facts: Facts,
    record: Record,
    at: datetime,
    readings: Mapping[str, str] | None = None,
) -> Owed:
    """Whether a Party owes an act.

    Args:
        law, request, facts, record, at, readings: as for `decide`.

    Returns:
        Owed, not owed, or `uncertain` where the instrument is silent or the Parties' readings differ. A duty that
        turns on a fact nobody established is `uncertain`, and the ground names the fact.
    """
    sheets = _asked(law, request)
    answers = [_under(sheet, request, facts, record, at, readings) for sheet in sheets]
    if not answers:
        ground = no_instrument(law, "no instrument that is applied here speaks of it", request.under or "")
        return Owed(owed=False, grounds=(ground,), instrument=request.under or "", at=at)
    order: dict[bool | str, int] = {True: 0, "uncertain": 1, False: 2}
    answers.sort(key=lambda answer: order[answer.owed])
    return answers[0]


def _asked(law: Law, q: Request) -> list[Sheet]:
    if q.under is not None:
        return [law.sheets[q.under]] if q.under in law.sheets else []
    others = [o for o in q.item.contains if o != q.by] if q.item is not None else []
    if q.to is not None and q.to not in others:
        others.append(q.to)
    found = [sheet for other in others for sheet in law.between(q.by, other)]
    if not others:
        found = list(law.of(q.by))
    return list(dict.fromkeys(found))


def _under(
    sheet: Sheet, q: Request, f: Facts, record: Record, at: datetime, readings: Mapping[str, str] | None
) -> Owed:
    agreement = sheet.agreement
    chosen = readings_at(agreement, record, at, readings)
    by_party = courses_of(agreement, record, at, chosen)
    views = list(dict.fromkeys(view for found in by_party.values() for view in found))
    disputed = len({view.state for view in views}) > 1
    answers = [_in_view(sheet, q, f, view, disputed, at) for view in views]
    said = {answer for answer, _ in answers}
    grounds = tuple(dict.fromkeys(g for _, found in answers for g in found))
    if len(said) > 1:
        grounds = tuple(dict.fromkeys((*grounds, *consulting(agreement))))
    return Owed(
        owed=said.pop() if len(said) == 1 else UNCERTAIN,
        grounds=grounds,
        instrument=agreement.name,
        at=at,
        law={agreement.name: agreement.version},
        views={p: v[0].state for p, v in by_party.items()} if disputed else {},
    )


def _in_view(
    sheet: Sheet, q: Request, f: Facts, view: View, disputed: bool, at: datetime
) -> tuple[bool | str, tuple[Ground, ...]]:
    agreement = sheet.agreement
    if q.by not in sheet.tables.parties:
        return False, (between_others(agreement, f"{q.by} is not a Party to {agreement.name}"),)
    if view.entered is None:
        return False, (_cite(agreement, agreement.entry_article, "in-force", "it has not entered into force"),)
    item = q.item or NOTHING
    answers: list[tuple[bool | str, Ground]] = []
    for article, use in agreement.uses(day_of(agreement, at)):
        for duty in use.clause.duties():
            if duty.act != q.act or not _owes(duty, q, sheet):
                continue
            if view.state == "terminated" and not duty.survives:
                continue
            bound = BoundRule(agreement=agreement, article=article, clause=use.name, rule=_NO_RULE)
            env = {"q": q, "i": item, "f": f, "v": view, "r": "", "d": disputed, "at": at, "t": sheet.tables}
            if _true(duty.applies, env, positive=False):
                continue
            if not _true(duty.applies, env) or not (_true(duty.owed, env) or _true(duty.owed, env, positive=False)):
                for fact in _missing(duty, env):
                    text = f"`{fact}` is not established"
                    answers.append((UNCERTAIN, bound.ground(UNCERTAIN, text, clause="fact-not-established", fact=fact)))
                continue
            if _true(duty.owed, env):
                answers.append((True, bound.ground("owed", duty.text)))
            elif _true(duty.unsettled, env):
                text = "whether this alone makes it owed is not settled"
                answers.append((UNCERTAIN, bound.ground(UNCERTAIN, text)))
            else:
                answers.append((False, bound.ground("not-owed", "what would make it owed is not there: " + duty.text)))
    if not answers:
        text = "no article that was read makes anybody owe this"
        return False, (silent(agreement, text, "not-owed"),)
    # A clause that says yes decides; beside it one that merely says nothing does not count.
    said: bool | str = False
    if any(answer is True for answer, _ in answers):
        said = True
    elif any(answer == UNCERTAIN for answer, _ in answers):
        said = UNCERTAIN
    grounds = [ground for answer, ground in answers if answer == said]
    if said == UNCERTAIN and any(ground.clause != "fact-not-established" for ground in grounds):
        grounds += consulting(agreement)
    if view.state == "terminated" and agreement.survival_article:
        grounds.append(
            _cite(agreement, agreement.survival_article, "protection-survives", "it outlives the instrument")
        )
    return said, tuple(dict.fromkeys(grounds))


def _owes(duty: Duty, q: Request, sheet: Sheet) -> bool:
    """Whether the acting Party is the one whom the duty binds."""
    if duty.by == "party" or q.item is None:
        return True
    own = q.by == q.item.originator
    if duty.by == "originator":
        return own
    return not own or any(o != q.by and o in sheet.tables.parties for o in q.item.contains)


def _cite(agreement: Agreement, number: str, clause: str, text: str) -> Ground:
    article = agreement.article(number) if number else agreement.stating(clause)
    return Ground(
        effect="cited",
        instrument=agreement.name,
        article=article.number if article else "unread",
        clause="state",
        text=text,
        fact="state",
        source=article.source if article else "no article that was read",
        confidence=article.confidence if article else "I",
        binding=agreement.binding,
    )


@lru_cache(maxsize=1024)
def _code(condition: Condition, positive: bool) -> Anything:
    return compile(established(condition, positive), "<duty>", "eval")


def _true(condition: Condition, env: dict[str, Anything], *, positive: bool = True) -> bool:
    names = {"U": UNKNOWN, "CLEARANCES": CLEARANCES}
    return bool(eval(_code(condition, positive), names, dict(env)))  # noqa: S307  # our own table of attributes


def _missing(duty: Duty, env: dict[str, Anything]) -> list[str]:
    asked = {a for c in (duty.owed, duty.applies) for a in attributes(c)}
    found = sorted({f for a in asked for f in ATTRIBUTES[a].facts})
    names = {"U": UNKNOWN}
    return [n for n, code in found if eval(code, names, dict(env)) is UNKNOWN]  # noqa: S307  # as above
