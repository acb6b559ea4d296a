"""Checking an agreement folder: what it leaves open, where it contradicts itself, when a rule changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

from gsomia.agreement import HANDLING_ACTS, LEGAL_ACTS, Agreement, ClauseUse, Record
from gsomia.errors import DataError
from gsomia.verdict.cases import Case, run_case
from gsomia.verdict.compiling import rules_for
from gsomia.verdict.law import Law

__all__ = ["CaseChange", "Finding", "changed_cases", "check_agreement", "idle_clauses"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found.

    Args:
        kind: `gap`, `contradiction`, `lapse`, `change` or `case`.
        place: article, case or act.
        text: what was found, for people.
    """

    kind: str
    place: str
    text: str

    def to_json(self) -> dict[str, str]:
        """The finding as a JSON object."""
        return {"kind": self.kind, "place": self.place, "text": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChange:
    """A case whose answer is another one under another version.

    Args:
        case: the case.
        old, new: the answers; with the state `uncertain`, each Party's view too.
    """

    case: Case
    old: str
    new: str

    def to_json(self) -> dict[str, str]:
        """The change as a JSON object."""
        return {"case": self.case.id, "title": self.case.title, "old": self.old, "new": self.new}


def changed_cases(
    old: tuple[Law, Record, str], new: tuple[Law, Record, str], cases: Iterable[Case]
) -> list[CaseChange]:
    """The cases whose answers differ between two versions of an instrument, whatever the cases expect.

    Args:
        old, new: law, record and the instrument's name in each.
        cases: the cases of both folders, under either name; one that stands in both is asked once.
    """
    found: list[CaseChange] = []
    asked: set[str] = set()
    for case in cases:
        if case.id in asked:
            continue
        asked.add(case.id)
        answers = [_answer(law, record, _renamed(case, {old[2], new[2]}, name)) for law, record, name in (old, new)]
        if answers[0] != answers[1]:
            found.append(CaseChange(case=case, old=answers[0], new=answers[1]))
    return found


def _renamed(case: Case, names: set[str], name: str) -> Case:
    """The case with the instrument under the name that it has in this version."""
    plus = tuple(replace(act, under=name) if act.under in names else act for act in case.plus)
    without = tuple(f"{name}/{i.partition('/')[2]}" if i.partition("/")[0] in names else i for i in case.without)
    under = name if case.request.under in names else case.request.under
    return replace(case, request=replace(case.request, under=under), plus=plus, without=without)


def _answer(law: Law, record: Record, case: Case) -> str:
    try:
        result = run_case(law, record, case)
    except DataError:
        return "cannot be asked"
    views = result.answer.get("views") if case.ask == "state" and result.got == "uncertain" else None
    told = ", ".join(f"{party}: {view}" for party, view in sorted(views.items())) if views else ""
    return f"{result.got} ({told})" if told else result.got


def check_agreement(law: Law, name: str, record: Record, cases: list[Case] | None) -> list[Finding]:
    """What a lawyer should look at in one instrument.

    Args:
        law: the instruments, this one among them.
        name: the instrument.
        record: the acts, for the cases.
        cases: the folder's cases; None where they are not to be run: then nothing is said of what they cover.

    Returns:
        Cases that do not hold, contradictions, dates on which a rule would lapse or change, gaps; in this order.
    """
    agreement = law.agreements[name]
    found: list[Finding] = []
    for case in cases or ():
        result = run_case(law, record, case)
        if not result.holds:
            found.append(Finding(kind="case", place=case.id, text=f"{case.title}: {result.text}"))
    found += _contradictions(agreement)
    found += _changes(agreement)
    found += _gaps(agreement)
    if cases is not None:
        found += [
            Finding(kind="gap", place=f"{number} {clause}", text="no case of the folder turns on this clause")
            for number, clause in idle_clauses(law, name, record, cases)
        ]
    return found


def _contradictions(agreement: Agreement) -> list[Finding]:
    """Two articles that cannot both be kept on one day: both are shown, neither is dropped."""
    found: dict[tuple[str, str], Finding] = {}
    for day in (agreement.since, *agreement.days):
        uses = agreement.uses(day)
        for n, (article, use) in enumerate(uses):
            for other, another in uses[n + 1 :]:
                if article is other or not _gainsays(use, another):
                    continue
                text = (
                    f"from {day.isoformat()}: {article.number} ({article.source}) has {_settings(use)}, "
                    f"{other.number} ({other.source}) has {_settings(another)}"
                )
                place = f"{article.number} / {other.number}: {_named(use, another)}"
                found.setdefault(
                    (place, text.partition(": ")[2]), Finding(kind="contradiction", place=place, text=text)
                )
        for finding in _closed(agreement, day):
            found.setdefault((finding.place, finding.text.partition(": ")[2]), finding)
    return list(found.values())


_EXCLUSIVE = (
    ("unread-final-clauses", "ends-on-notice"),
    ("unread-final-clauses", "amended-by-consent"),
    ("text-not-held", "unread-final-clauses"),
)
"""Clauses of which one says that the wording was not read which the other states."""


def _gainsays(one: ClauseUse, other: ClauseUse) -> bool:
    """Whether two clauses cannot both be so: one clause with other settings for the same acts, or read and not read."""
    if one.name != other.name:
        return (one.name, other.name) in _EXCLUSIVE or (other.name, one.name) in _EXCLUSIVE
    if one.clause == other.clause:
        return False
    acts, others = (set(getattr(use.clause, "acts", ())) for use in (one, other))
    return bool(acts & others) or not (acts or others)


def _named(one: ClauseUse, other: ClauseUse) -> str:
    return one.name if one.name == other.name else f"{one.name}, {other.name}"


def _closed(agreement: Agreement, day: date) -> list[Finding]:
    """Acts that one article carries and another sends through a hub that the file does not name."""
    if agreement.hub:
        return []
    found = []
    for act in HANDLING_ACTS:
        rules = rules_for(agreement, act, day)
        hubs = [b for b in rules if b.clause == "through-hub" and not b.rule.gate]
        carried = [b for b in rules if b.clause != "through-hub" and not b.rule.gate]
        for bound in hubs:
            by = f"; {carried[0].article.number} ({carried[0].article.source}) carries it" if carried else ""
            text = (
                f"from {day.isoformat()}: {bound.article.number} ({bound.article.source}) sends `{act}` through a hub, "
                f"and the file names no `hub`, so that it is always refused{by}"
            )
            place = bound.article.number + (f" / {carried[0].article.number}" if carried else "") + f": {act}"
            found.append(Finding(kind="contradiction", place=place, text=text))
    return found


def _settings(use: ClauseUse) -> str:
    return f"{use.name}(" + ", ".join(f"{name}={value!r}" for name, value in use.settings.items()) + ")"


def _changes(agreement: Agreement) -> list[Finding]:
    """What each date of the file changes; a rule that then asks less is told as a lapse."""
    found = _late(agreement)
    for day in agreement.days:
        before = {(a.number, u.name): u for a, u in agreement.uses(day - timedelta(days=1))}
        for article, use in agreement.uses(day):
            was = before.get((article.number, use.name))
            if was is None:
                text = f"from {day.isoformat()}: {_settings(use)}"
                found.append(Finding(kind="change", place=article.number, text=text))
            elif was.clause != use.clause:
                kind = "lapse" if _looser(was, use) else "change"
                text = f"from {day.isoformat()}: {_settings(was)} becomes {_settings(use)}"
                found.append(Finding(kind=kind, place=article.number, text=text))
    return found


def _late(agreement: Agreement) -> list[Finding]:
    """Clauses that begin later than the instrument: until then nothing asks what they ask."""
    found = []
    for article in agreement.articles:
        begun: dict[str, date | None] = {}
        for use in article.clauses:
            begun.setdefault(use.name, use.since)
        for name, since in begun.items():
            if since is None:
                continue
            others = [a.number for a, u in agreement.uses(agreement.since) if u.name == name and a is not article]
            if not others:
                start, end = agreement.since.isoformat(), since.isoformat()
                text = f"from {start} to {end} no article is `{name}`: nothing barred what it bars"
                found.append(Finding(kind="lapse", place=article.number, text=text))
    return found


def _looser(was: ClauseUse, now: ClauseUse) -> bool:
    """Whether a later setting allows what the earlier barred: a longer list, or a higher bound."""
    old: Any = was.clause
    new: Any = now.clause
    for setting in fields(old):
        one, other = getattr(old, setting.name), getattr(new, setting.name)
        if isinstance(one, tuple) and set(other) - set(one):
            return setting.name != "acts"
        if isinstance(one, tuple) and setting.name == "acts" and set(one) - set(other):
            return True
        if isinstance(one, int) and other > one:
            return True
    return False


def _gaps(agreement: Agreement) -> list[Finding]:
    found = []
    day: date = max((agreement.since, *agreement.days))
    for act in (*HANDLING_ACTS, *LEGAL_ACTS):
        if not any(not bound.rule.gate for bound in rules_for(agreement, act, day)):
            found.append(Finding(kind="gap", place=act, text="no article carries this act; it is refused"))
    for article in agreement.articles:
        if article.number == "unread":
            text = f"nobody has read under which number it stands [{article.confidence}]: {article.text}"
            found.append(Finding(kind="gap", place="unread", text=text))
    return found


def idle_clauses(law: Law, name: str, record: Record, cases: list[Case]) -> list[tuple[str, str]]:
    """Clauses without which every case would still hold: (article, clause).

    Args:
        law, name, record, cases: as for `check_agreement`.
    """
    agreement = law.agreements[name]
    holding = [case for case in cases if run_case(law, record, case).holds]
    idle = []
    for article in agreement.articles:
        for use in article.clauses:
            rest = tuple(u for u in article.clauses if u is not use)
            articles = tuple(replace(a, clauses=rest) if a is article else a for a in agreement.articles)
            version = f"{agreement.version} without {article.number} {use.name}"
            thinner = replace(agreement, articles=articles, version=version)
            without = Law({**law.agreements, name: thinner})
            if all(_same(law, without, record, case) for case in holding):
                idle.append((article.number, use.name))
    return idle


def _same(law: Law, without: Law, record: Record, case: Case) -> bool:
    """Whether a case comes out the same, its grounds in this instrument included."""
    one, other = run_case(law, record, case), run_case(without, record, case)
    return bool(other.holds) and _said(one.answer) == _said(other.answer)


def _said(answer: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return [(g["article"], g["clause"], g["effect"], g["source"]) for g in answer.get("grounds", ())]
