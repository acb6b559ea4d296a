"""Clauses compiled: all rules of one instrument for one act become one Python function.

A condition is put into negation normal form, so that `not` stands only before single attributes, and each literal is
written so that an unknown attribute makes it false. A rule is satisfied where "it does not apply, or what it requires
holds" is established; it has failed where the opposite is; in between a fact is missing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any as Anything

from gsomia.agreement import (
    ALWAYS,
    Agreement,
    All,
    Any,
    Article,
    AtLeast,
    Clause,
    Condition,
    Is,
    Not,
    Rule,
    Same,
    attributes,
)
from gsomia.verdict.answer import PERMIT, REFUSE, UNCERTAIN, Ground
from gsomia.verdict.attributes import ATTRIBUTES, CLEARANCES
from gsomia.verdict.facts import UNKNOWN

__all__ = ["BoundRule", "Compiled", "compile_act", "established", "silent"]


KEPT_KEYS = 4096
"""So many answers of an instrument for an act are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundRule:
    """A rule, and the article and clause it belongs to."""

    agreement: Agreement
    article: Article
    clause: str
    rule: Rule

    def ground(self, effect: str, text: str, *, clause: str = "", fact: str = "") -> Ground:
        """A ground that cites the article."""
        return Ground(
            effect=effect,
            instrument=self.agreement.name,
            article=self.article.number,
            clause=clause or self.clause,
            text=text,
            fact=fact,
            source=self.article.source,
            confidence=(self.rule.confidence if effect != PERMIT else "") or self.article.confidence,
            binding=self.agreement.binding,
        )


def _code(attribute: str) -> str:
    return ATTRIBUTES[attribute].code


def _literal(condition: Condition, positive: bool, code: Callable[[str], str]) -> str:
    """One literal as Python: true only where it is established."""
    if isinstance(condition, Is):
        attribute = ATTRIBUTES[condition.attribute]
        if attribute.kind == "flag" and condition.values in ((True,), (False,)):
            wanted = condition.values[0] is positive
            return f"{code(condition.attribute)} is {wanted}"
        values = f"== {condition.values[0]!r}" if len(condition.values) == 1 else f"in {condition.values!r}"
        if positive:
            return f"{code(condition.attribute)} {values}"
        unlike = f"!= {condition.values[0]!r}" if len(condition.values) == 1 else f"not in {condition.values!r}"
        if not attribute.facts:
            return f"{code(condition.attribute)} {unlike}"
        return f"((x := {code(condition.attribute)}) is not U and x {unlike})"
    if isinstance(condition, AtLeast):
        left, sign = code(condition.attribute), ">=" if positive else "<"
        right = condition.bound
        if isinstance(right, str):
            other = code(right)
            return f"((x := {left}) is not U and (y := {other}) is not U and x {sign} y)"
        return f"((x := {left}) is not U and x {sign} {right})"
    assert isinstance(condition, Same)
    left, other = code(condition.attribute), code(condition.other)
    sign = "==" if positive else "!="
    return f"((x := {left}) is not U and (y := {other}) is not U and x {sign} y)"


def established(condition: Condition, positive: bool = True, code: Callable[[str], str] = _code) -> str:
    """A condition as one Python expression that is true only where the condition (or its negation) is established.

    Args:
        condition: the condition.
        positive: False for its negation.
        code: how an attribute is read.
    """
    if isinstance(condition, Not):
        return established(condition.of, not positive, code)
    if isinstance(condition, All | Any):
        joined = isinstance(condition, All) is positive
        parts = [established(part, positive, code) for part in condition.of]
        if not parts:
            return str(joined)
        return "(" + (" and " if joined else " or ").join(parts) + ")"
    return "(" + _literal(condition, positive, code) + ")"


def silent(agreement: Agreement, text: str, effect: str = REFUSE) -> Ground:
    """The ground where no article that was read speaks: that silence bars is inferred."""
    return Ground(
        effect=effect,
        instrument=agreement.name,
        article="unread",
        clause="not-spoken-of",
        text=text,
        source="no article that was read",
        confidence="I",
        binding=agreement.binding,
    )


class Compiled:
    """All rules of one instrument for one act.

    Args:
        agreement: the instrument.
        act: the act.
        rules: its rules, in the order of the articles.
    """

    __slots__ = ("_grounds", "_missing", "_needing", "_size", "agreement", "judge", "law", "rules")

    def __init__(self, agreement: Agreement, act: str, rules: tuple[BoundRule, ...]) -> None:
        self.agreement = agreement
        self.rules = rules
        self._size = len(rules)
        self._grounds: dict[int, tuple[str, tuple[Ground, ...], bool]] = {}
        self._needing: dict[int, dict[tuple[int, str, int], CodeType]] = {}
        self._missing: dict[tuple[int, tuple[tuple[int, str, int], ...]], tuple[Ground, ...]] = {}
        self.judge: Callable[..., int] = _function(act, rules)
        self.law = ((agreement.name, agreement.version),)

    def grounds(self, key: int) -> tuple[str, tuple[Ground, ...], bool]:
        """What a key of `judge` means: outcome, grounds, and whether a fact was missing.

        A missing fact's ground does not name it yet: see `missing`.
        """
        found = self._grounds.get(key)
        if found is None:
            found = self._read(key)
            if len(self._grounds) < KEPT_KEYS:
                self._grounds[key] = found
        return found

    def _read(self, key: int) -> tuple[str, tuple[Ground, ...], bool]:
        size = self._size
        failed: list[Ground] = []
        unsettled: list[Ground] = []
        cited: list[Ground] = []
        granted = unknown = False
        for n, bound in enumerate(self.rules):
            if key >> (2 * size + n) & 1:
                failed.append(bound.ground(REFUSE, "a fact it needs is unknown", clause="fact-not-established"))
                unknown = True
            elif key >> (size + n) & 1:
                rule = bound.rule
                into = failed if rule.otherwise == REFUSE else unsettled
                into.append(bound.ground(rule.otherwise, rule.text, fact=rule.fact))
            elif key >> n & 1:
                granted = granted or not bound.rule.gate
                ground = bound.ground(PERMIT, bound.article.text, fact=bound.rule.fact)
                if not any(g.article == ground.article and g.clause == ground.clause for g in cited):
                    cited.append(ground)
        if failed:
            # What still binds after the end is told with the refusal: the rule survives, and by which article.
            survives = [g._replace(effect=REFUSE) for g in cited if g.clause == "protection-survives"]
            return REFUSE, tuple(dict.fromkeys(failed + unsettled + survives)), unknown
        if unsettled:
            return UNCERTAIN, tuple(dict.fromkeys(unsettled + cited)), False
        if granted:
            return PERMIT, tuple(cited), False
        text = "no article that was read speaks of this act"
        ground = silent(self.agreement, text)
        return REFUSE, (ground, *cited), False

    def missing(self, key: int, names: dict[str, Anything]) -> tuple[Ground, ...]:
        """The grounds of a key of which some rest on missing facts, each missing fact named.

        Args:
            key: what `judge` gave.
            names: the variables that attributes are read from.
        """
        needing = self._needing.get(key)
        if needing is None:
            needing = self._needs(key)
            if len(self._needing) < KEPT_KEYS:
                self._needing[key] = needing
        # Each fact is looked at once, and which of them are missing says it all.
        unknown = tuple(
            need
            for need, code in needing.items()
            if eval(code, {"U": UNKNOWN}, names) is UNKNOWN  # noqa: S307  # our own table of attributes
        )
        found = self._missing.get((key, unknown))
        if found is None:
            found = self._named(key, {*unknown})
            if len(self._missing) < KEPT_KEYS:
                self._missing[key, unknown] = found
        return found

    def _needs(self, key: int) -> dict[tuple[int, str, int], CodeType]:
        """What each rule of a key that lacks a fact may lack: rule, fact and which reading of it, with its code."""
        size = self._size
        needing: dict[tuple[int, str, int], CodeType] = {}
        for n, bound in enumerate(self.rules):
            if key >> (2 * size + n) & 1:
                asked = {a for c in (bound.rule.requires, bound.rule.applies) for a in attributes(c)}
                facts = sorted({f for a in asked for f in ATTRIBUTES[a].facts})
                needing |= {(n, fact, place): _reading(code) for place, (fact, code) in enumerate(facts)}
        return needing

    def _named(self, key: int, unknown: set[tuple[int, str, int]]) -> tuple[Ground, ...]:
        grounds = [
            self.rules[n].ground(REFUSE, f"`{fact}` is not established", clause="fact-not-established", fact=fact)
            for n, fact, _ in sorted(unknown, key=lambda need: (need[0], need[2]))
        ]
        rest = [g for g in self.grounds(key)[1] if g.clause != "fact-not-established"]
        return tuple(dict.fromkeys(grounds + rest))


def _function(act: str, rules: tuple[BoundRule, ...]) -> Callable[..., int]:
    """One function of all the rules: bit n cited, bit size+n failed, bit 2*size+n a fact is missing."""
    size = len(rules)
    lines = ["def judge(q, i, f, v, r, d, at, t):", "    k = 0"]
    always = 0
    for n, bound in enumerate(rules):
        applies, requires = _known(bound.rule.applies, act), _known(bound.rule.requires, act)
        if applies == ALWAYS and requires == ALWAYS:
            always |= 1 << n
            continue
        cited, failed, unknown = 1 << n, 1 << (size + n), 1 << (2 * size + n)
        indent = "    "
        if applies != ALWAYS:
            lines.append(f"    if not {established(applies, False)}:")
            indent = "        "
        if requires == ALWAYS:
            lines.append(f"{indent}k |= {cited}")
            continue
        lines.append(f"{indent}if {established(requires)}: k |= {cited}")
        both = All((applies, Not(requires)))
        lines.append(f"{indent}elif {established(both)}: k |= {failed}")
        lines.append(f"{indent}else: k |= {unknown}")
    lines.append(f"    return k | {always}")
    return _compiled("\n".join(lines))


@lru_cache(maxsize=4096)
def _compiled(text: str) -> Callable[..., int]:
    """The function written so; instruments whose rules are alike share one."""
    names: dict[str, Anything] = {"U": UNKNOWN, "CLEARANCES": CLEARANCES}
    exec(compile(text, "<clauses>", "exec"), names)  # noqa: S102  # from checked law data
    function: Callable[..., int] = names["judge"]
    return function


@lru_cache(maxsize=1024)
def _reading(code: str) -> CodeType:
    """A line that reads a fact, compiled."""
    return compile(code, "<fact>", "eval")


@lru_cache(maxsize=4096)
def _rules(clause: Clause) -> tuple[Rule, ...]:
    """The rules of a clause; instruments with the same clause in the same settings share them."""
    return tuple(clause.rules())


def _known(condition: Condition, act: str) -> Condition:
    """The condition with the act put in: parts that hold or fail for it are gone."""
    if isinstance(condition, Is) and condition.attribute == "act":
        return ALWAYS if act in condition.values else Any(())
    if isinstance(condition, Not):
        of = _known(condition.of, act)
        if of in (ALWAYS, Any(())):
            return Any(()) if of == ALWAYS else ALWAYS
        return Not(of)
    if isinstance(condition, All):
        parts = [_known(part, act) for part in condition.of]
        if Any(()) in parts:
            return Any(())
        parts = [part for part in parts if part != ALWAYS]
        return parts[0] if len(parts) == 1 else All(tuple(parts))
    if isinstance(condition, Any):
        parts = [_known(part, act) for part in condition.of]
        if ALWAYS in parts:
            return ALWAYS
        parts = [part for part in parts if part != Any(())]
        return parts[0] if len(parts) == 1 else Any(tuple(parts))
    return condition


def rules_for(agreement: Agreement, act: str, day: Anything) -> tuple[BoundRule, ...]:
    """The rules of one instrument that speak of an act on a day, in the order of the articles."""
    age = bisect_right(agreement.days, day)
    bound: tuple[BoundRule, ...] | None = agreement.compiled.get(age)
    if bound is None:
        bound = agreement.compiled[age] = tuple(
            BoundRule(agreement=agreement, article=article, clause=use.name, rule=rule)
            for article, use in agreement.uses(day)
            for rule in _rules(use.clause)
        )
    return tuple(b for b in bound if act in b.rule.acts and _known(b.rule.applies, act) != Any(()))


def compile_act(agreement: Agreement, act: str, day: Anything) -> Compiled:
    """The rules of one instrument for one act on one day, compiled.

    Args:
        agreement: the instrument.
        act: a handling act or a legal act.
        day: the day on which the clauses must have begun.
    """
    return Compiled(agreement, act, rules_for(agreement, act, day))
