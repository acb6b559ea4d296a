"""Clauses as Cedar text: the same rules for another engine, which is the referee in our tests.

Each rule that bars becomes a `forbid`, each that carries becomes a `permit`, annotated with article, clause, source and
what it makes the answer. Cedar has two answers, so `uncertain` forbids. Attributes are the context: a flag, a word or a
whole number each; one that is not there makes no condition true, so an unknown fact forbids, as with us.
"""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from types import CodeType
from typing import Any as Anything

from gsomia.agreement import (
    HANDLING_ACTS,
    LEGAL_ACTS,
    Agreement,
    All,
    Any,
    AtLeast,
    Condition,
    Is,
    Not,
    Same,
    attributes,
)
from gsomia.verdict.attributes import ATTRIBUTES, CLEARANCES
from gsomia.verdict.compiling import BoundRule, rules_for
from gsomia.verdict.facts import UNKNOWN, Request
from gsomia.verdict.plans import Question

__all__ = ["cedar_context", "to_cedar"]


def _term(condition: Condition, positive: bool = True) -> str:
    """A condition in Cedar, true only where it is established."""
    if isinstance(condition, Not):
        return _term(condition.of, not positive)
    if isinstance(condition, All | Any):
        joined = isinstance(condition, All) is positive
        parts = [_term(part, positive) for part in condition.of]
        if not parts:
            return "true" if joined else "false"
        return "(" + (" && " if joined else " || ").join(parts) + ")"
    if isinstance(condition, Is):
        name = condition.attribute
        values = ", ".join(json.dumps(v, ensure_ascii=False) for v in condition.values)
        inner = f"[{values}].contains(context.{name})"
        return f"(context has {name} && {inner if positive else '!' + inner})"
    if isinstance(condition, AtLeast):
        name, bound = condition.attribute, condition.bound
        sign = ">=" if positive else "<"
        if isinstance(bound, str):
            return f"(context has {name} && context has {bound} && context.{name} {sign} context.{bound})"
        return f"(context has {name} && context.{name} {sign} {bound})"
    assert isinstance(condition, Same)
    one, other = condition.attribute, condition.other
    sign = "==" if positive else "!="
    return f"(context has {one} && context has {other} && context.{one} {sign} context.{other})"


def _notes(bound: BoundRule, number: int, effect: str) -> str:
    notes = {
        "id": f"{bound.agreement.name}/{bound.article.number}/{bound.clause}/{number}",
        "article": f"{bound.agreement.name}:{bound.article.number}",
        "clause": bound.clause,
        "outcome": effect,
        "source": bound.article.source,
        "confidence": bound.article.confidence,
        "text": bound.rule.text or bound.article.text,
    }
    return "\n".join(f"@{key}({json.dumps(value, ensure_ascii=False)})" for key, value in notes.items())


def to_cedar(agreement: Agreement, day: date, acts: tuple[str, ...] = (*HANDLING_ACTS, *LEGAL_ACTS)) -> str:
    """The clauses of an instrument, as they stand on a day, as a Cedar policy set.

    Args:
        agreement: the instrument.
        day: the day.
        acts: the acts to be written out.
    """
    head = [
        f"// {agreement.title}",
        f"// {agreement.name}, version {agreement.version}, as of {day.isoformat()}",
        "// The context holds the attributes of the request in one legal state; see the gsomia documentation.",
    ]
    out = ["\n".join(head)]
    for act in acts:
        for number, bound in enumerate(rules_for(agreement, act, day), 1):
            rule = bound.rule
            scope = f'(principal, action == Action::"{act}", resource)'
            met = _term(Any((Not(rule.applies), rule.requires)))
            out.append(f"{_notes(bound, number, rule.otherwise)}\nforbid {scope}\nunless {{ {met} }};")
            if not rule.gate:
                carried = _term(All((rule.applies, rule.requires)))
                out.append(f"{_notes(bound, number, 'permit')}\npermit {scope}\nwhen {{ {carried} }};")
    return "\n\n".join(out) + "\n"


@cache
def _read(name: str) -> CodeType:
    return compile(ATTRIBUTES[name].code, f"<{name}>", "eval")


def cedar_context(question: Question, facts: Anything, at: Anything, request: Request) -> dict[str, Anything]:
    """The context of one request: every attribute that its rules read and that is established.

    Args:
        question: the rules and what their attributes are read from.
        facts: the facts.
        at: the instant.
        request: the request.
    """
    names = {**question.names, "f": facts, "at": at, "q": request, "CLEARANCES": CLEARANCES}
    asked = {name for rule in question.rules for condition in rule for name in attributes(condition)}
    found: dict[str, Anything] = {}
    for name in sorted(asked):
        value = eval(_read(name), names)  # noqa: S307  # our own table of attributes
        if value is not UNKNOWN:
            # Where nobody gets anything `to` is not there, which is known: an empty word.
            found[name] = "" if value is None else value
    return found
