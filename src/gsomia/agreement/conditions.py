"""Conditions: the small language in which clauses say what they ask.

A condition is data. One text of a clause is compiled to Python to decide, written out as Cedar for the referee, and
given to a solver for proofs; so it holds no functions. Attributes are names such as `assurance` or `state`; which
there are, and how each is read from a request, is known to `gsomia.verdict` alone.

Every condition has three values: an attribute that nobody established makes it neither true nor false.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ALWAYS", "NEVER", "All", "Any", "AtLeast", "Condition", "Duty", "Is", "Not", "Rule", "Same", "attributes"]

Scalar = str | int | bool


@dataclass(frozen=True, slots=True)
class Is:
    """The attribute has one of the values."""

    attribute: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The attribute, a whole number, is no smaller than the bound: a number, or another attribute."""

    attribute: str
    bound: int | str


@dataclass(frozen=True, slots=True)
class Same:
    """Two attributes have the same value."""

    attribute: str
    other: str


@dataclass(frozen=True, slots=True)
class All:
    """Every one of the conditions holds; of none at all: true."""

    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one of the conditions holds; of none at all: false."""

    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The condition is false."""

    of: Condition


Condition = Is | AtLeast | Same | All | Any | Not

ALWAYS: Condition = All(())
NEVER: Condition = Any(())


def attributes(condition: Condition) -> frozenset[str]:
    """The names of the attributes that a condition reads."""
    match condition:
        case Is():
            return frozenset({condition.attribute})
        case AtLeast():
            bound = condition.bound
            return frozenset({condition.attribute, bound} if isinstance(bound, str) else {condition.attribute})
        case Same():
            return frozenset({condition.attribute, condition.other})
        case Not():
            return attributes(condition.of)
        case _:
            return frozenset(name for part in condition.of for name in attributes(part))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a clause asks of one kind of act.

    Args:
        acts: the acts that the rule speaks of.
        applies: when it speaks of them at all; where that is not known, it does.
        requires: what must then be established. An applicable rule whose requirement holds carries a permit.
        otherwise: `refuse`, or `uncertain` where the instrument is silent or read in more than one way.
        text: what failed, for people.
        fact: the fact that failed, as the case files name it; "" where it is no single one.
        confidence: how sure it is that the rule is so, where that is another tag than its article's; "" as the article.
        gate: True where the rule only bars: an act that nothing but gates speaks of is not permitted.
    """

    acts: tuple[str, ...]
    requires: Condition
    text: str
    applies: Condition = ALWAYS
    otherwise: str = "refuse"
    fact: str = ""
    confidence: str = ""
    gate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """What a clause makes a Party owe.

    Args:
        act: the act that is owed.
        owed: when it is.
        unsettled: when it is not settled whether it is (where `owed` does not hold).
        by: who owes it: `recipient`, `originator` or `party`.
        text: what is owed, for people.
        applies: when the clause speaks of it at all.
        survives: whether it goes on when the instrument has ended.
    """

    act: str
    owed: Condition
    by: str
    text: str
    unsettled: Condition = NEVER
    applies: Condition = ALWAYS
    survives: bool = True
