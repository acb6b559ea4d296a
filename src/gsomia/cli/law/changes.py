"""What differs between two versions of an agreement, in words; and requests that show it, or that break a property."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from gsomia.agreement import Agreement, Level, Owing
from gsomia.cli.law.shared import cited, local
from gsomia.verdict import UNKNOWN, CaseChange, Difference, Facts, Item, Mark, Person, Request, Verdict, granted

__all__ = ["conclusion", "data_changes", "difference_json", "difference_told", "example_json", "example_told", "word"]


def word(value: Any) -> str:
    """A value of the law's data, or of a fact, as people write it."""
    if value is UNKNOWN:
        return "not established"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return local(value)
    if isinstance(value, timedelta):
        return f"{value // timedelta(hours=24)} x 24 hours"
    if isinstance(value, dict):
        return ", ".join(f"{key} {word(entry)}" for key, entry in value.items()) or "none"
    if isinstance(value, (tuple, list, set, frozenset)):
        entries = sorted(value) if isinstance(value, (set, frozenset)) else value
        return ", ".join(word(entry) for entry in entries) or "none"
    if hasattr(value, "__dataclass_fields__"):
        told = {field.name.replace("_", " "): getattr(value, field.name) for field in fields(value)}
        told.pop("compiled", None)
        return ", ".join(f"{key} {word(entry)}" for key, entry in told.items() if entry != "")
    return str(value) or "none"


def _article(article: Any) -> str:
    uses = []
    for use in article.clauses:
        settings = "; ".join(f"{f.name}: {word(getattr(use.clause, f.name))}" for f in fields(use.clause))
        since = f" since {use.since.isoformat()}" if use.since else ""
        uses.append(f"{use.name}{f' ({settings})' if settings else ''}{since}")
    how = ", ".join(uses) or f"by hand: {article.by_hand}"
    return f"{how} [{article.confidence}; {article.source}]"


def _level(level: Level | None) -> str:
    if level is None:
        return "not there"
    covered = "covered" if level.covered else "not covered"
    read = f" ({level.romanised})" if level.romanised else ""
    return f"{covered}, {level.english or 'no English name'}{read} [{level.confidence}; {level.source}]"


def _owing(owing: Owing) -> str:
    return f"{', '.join(owing.acts)}: {owing.what} by the {owing.by} ({owing.article})"


def data_changes(one: Agreement, other: Agreement) -> list[str]:
    """Every difference between the data of two versions, one line each."""
    found = []
    plain = (
        "title",
        "kind",
        "binding",
        "parties",
        "languages",
        "authentic",
        "since",
        "term",
        "readings",
        "hub",
        "legs",
    )
    cited = ("considered", "authorities", "entry_article", "end_article", "survival_article", "dispute_article")
    for key in (*plain, *cited):
        was, now = getattr(one, key), getattr(other, key)
        if was != now:
            found.append(f"{key.replace('_', ' ')}: {word(was)} to {word(now)}")
    old, new = ({(x.party, x.mark): x for x in a.levels} for a in (one, other))
    for k in dict.fromkeys((*old, *new)):
        if old.get(k) != new.get(k):
            found.append(f"level {k[0]} {k[1]}: {_level(old.get(k))} to {_level(new.get(k))}")
    ways = one.levels_table.equivalences, other.levels_table.equivalences
    for mark, from_, to in dict.fromkeys((*ways[0], *ways[1])):
        gives = [" or ".join(way.get((mark, from_, to), ())) or "none" for way in ways]
        if gives[0] != gives[1]:
            found.append(f"equivalence of {from_} {mark} at {to}: {gives[0]} to {gives[1]}")
    before, after = ({(x.number, x.text): x for x in a.articles} for a in (one, other))
    for number, text in dict.fromkeys((*before, *after)):
        place = (number, text)
        if place not in after:
            found.append(f"article {number} is gone: {text}")
        elif place not in before:
            found.append(f"article {number} is new: {text}")
        elif before[place] != after[place]:
            found.append(f"article {number}: {_article(before[place])} to {_article(after[place])}")
    names, named = one.governments, other.governments
    for party in sorted({*names, *named}):
        if names.get(party) != named.get(party):
            found.append(f"government {party}: {word(names.get(party))} to {word(named.get(party))}")
    owed, owing = ({_owing(x): x for x in a.obligations} for a in (one, other))
    for told in dict.fromkeys((*owed, *owing)):
        if owed.get(told) != owing.get(told):
            change = "is gone" if told not in owing else "is new" if told not in owed else "is put otherwise"
            found.append(f"obligation {change}: {told}")
    return found


def _item(item: Item) -> str:
    mark = f"`{item.level}`" if item.level else "no mark"
    others = [party for party in item.contains if party != item.originator]
    parts = f", with parts of {', '.join(others)}" if others else ""
    given = f", given for {item.purpose}" if item.purpose else ", given for no stated purpose"
    return f"{item.originator} {mark} ({item.subject}, {item.form}{parts}{given})"


def _request(request: Request) -> str:
    to = f" to {request.to}" if request.to else ""
    via = f" through {', '.join(request.via)}" if request.via else ""
    item = f" of {_item(request.item)}" if request.item is not None else ""
    return f"{request.act} by {request.by}{to}{via}{item}"


def _facts(facts: Facts, request: Request, at: datetime) -> list[str]:
    """The facts that are not as they are where all that can be asked for is granted."""
    usual = granted(request, at)
    found = []
    for field in fields(Facts):
        value, normal = getattr(facts, field.name), getattr(usual, field.name)
        if isinstance(value, Person | Mark):
            prefix = f"{field.name}'s "
            pairs = [(prefix + f.name, getattr(value, f.name), getattr(normal, f.name)) for f in fields(value)]
        else:
            pairs = [(field.name, value, normal)]
        found += [f"{name.replace('_', ' ')}: {word(v)}" for name, v, n in pairs if v != n]
    if facts.consent == "none":
        found = [line for line in found if not line.startswith("consent ")]
    return found


def example_told(request: Request, facts: Facts, at: datetime, verdict: Verdict) -> list[str]:
    """A request that breaks a property, in words, with its verdict and the grounds."""
    lines = [f"{_request(request)}, at {local(at)}: {verdict.outcome}", _with(facts, request, at)]
    told = [f"{cited(g)} {g.text}" for g in verdict.grounds if g.effect == verdict.outcome and g.text]
    return [*lines, *dict.fromkeys(told)]


def example_json(request: Request, facts: Facts, at: datetime, verdict: Verdict) -> dict[str, Any]:
    """A request that breaks a property as a JSON object, in the same words."""
    return {
        "request": _request(request),
        "facts": _facts(facts, request, at),
        "at": at.isoformat(),
        "verdict": verdict.to_json(),
    }


def _with(facts: Facts, request: Request, at: datetime) -> str:
    told = _facts(facts, request, at)
    return f"with {'; '.join(told)}; all else granted" if told else "with all that can be asked granted"


def difference_told(d: Difference) -> list[str]:
    """A difference in words: the request, what both versions answer, and why the one refuses."""
    if d.request is None or d.facts is None or d.at is None or d.old is None or d.new is None:
        where = f" ({d.through})" if d.through else ""
        return [f"open: the clauses for {d.act} differ{where}; no request was found that is newly {d.newly}"]
    lines = [f"newly {d.newly}: {_request(d.request)}, at {local(d.at)}: {d.old.outcome} to {d.new.outcome}"]
    lines.append(f"    {_with(d.facts, d.request, d.at)}")
    lines += [f"    through {d.through}"] if d.through else []
    refusing = d.old if d.new.permitted else d.new
    told = [g for g in refusing.grounds if g.effect == refusing.outcome and g.text]
    lines += [f"    {'old' if d.new.permitted else 'new'}: {cited(g)} {g.text}" for g in told[:3]]
    return lines


def difference_json(d: Difference) -> dict[str, Any]:
    """A difference as a JSON object; `request` is null where the clauses differ and no request shows it."""
    asked = d.request is not None and d.facts is not None and d.at is not None
    return {
        "act": d.act,
        "newly": d.newly,
        "through": d.through,
        "request": _request(d.request) if d.request is not None else None,
        "facts": _facts(d.facts, d.request, d.at) if asked and d.facts and d.request and d.at else [],
        "at": d.at.isoformat() if d.at is not None else None,
        "old": d.old.to_json() if d.old is not None else None,
        "new": d.new.to_json() if d.new is not None else None,
    }


def conclusion(moved: Iterable[Difference], moving: list[str], carrying: list[str], cases: list[CaseChange]) -> str:
    """What the comparison proves, and what it does not.

    Args:
        moved: the requests, from `differences`.
        moving, carrying: from `unseen`.
        cases: the cases that are newly permitted.
    """
    newly = [d for d in moved if d.newly == "permitted"]
    shown, opened = ([d.act for d in newly if (d.request is not None) is is_shown] for is_shown in (True, False))
    said = []
    if shown:
        said.append(f"the new version newly permits {', '.join(dict.fromkeys(shown))}")
    if cases:
        said.append(f"{len(cases)} case(s) newly permitted, see above")
    if opened:
        said.append(
            f"the clauses for {', '.join(dict.fromkeys(opened))} differ, and no request was found that shows it"
        )
    if moving or carrying:
        said.append(f"what no rule on a request says differs: {'; '.join((*moving, *carrying))}")
    if moving and not (shown or opened or carrying):
        said.append(
            "in one and the same state the clauses and levels of the new version are proven to permit nothing that "
            "those of the old do not"
        )
    if not said:
        return "proven: the clauses and levels of the new version permit nothing that those of the old do not"
    return f"{'not the same' if shown or cases else 'not proven'}: {'; '.join(said)}"
