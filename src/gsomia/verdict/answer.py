"""What is answered: a verdict with its grounds and obligations, or what is owed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

__all__ = ["PERMIT", "REFUSE", "UNCERTAIN", "Ground", "Obligation", "Owed", "Ruling", "Verdict", "worst"]

PERMIT, REFUSE, UNCERTAIN = "permit", "refuse", "uncertain"
_WEIGHT = {PERMIT: 0, UNCERTAIN: 1, REFUSE: 2}


class Ground(NamedTuple):
    """One reason.

    Args:
        effect: what it speaks for: `permit`, `refuse`, `uncertain`.
        instrument: the instrument, or "" where none speaks of the act.
        article: the article as cited; `unread` where nobody has read the number, or where none that was read speaks.
        clause: the standard clause; or `parties`, `no-instrument`, `not-spoken-of`, `readings`,
            `consultation`, `fact-not-established`, `erroring`.
        text: the reason, for people.
        fact: the fact that failed or is unknown, by the name of the case files; "" where it is no single one.
        established_by: the act or register entry that established the fact; "" where nobody said.
        source: where the article was read.
        confidence: `A` text read, `B` official or press, `C` sister texts, `I` inferred: that silence bars is inferred.
        binding: whether the source binds (an agreement) or not (an arrangement, a memorandum).
    """

    effect: str
    instrument: str = ""
    article: str = ""
    clause: str = ""
    text: str = ""
    fact: str = ""
    established_by: str = ""
    source: str = ""
    confidence: str = ""
    binding: bool = False

    @property
    def citation(self) -> str:
        """`instrument:article`, or the instrument alone where no number was read."""
        return f"{self.instrument}:{self.article}" if self.article and self.instrument else self.instrument

    def to_json(self) -> dict[str, Any]:
        """The ground as a JSON object."""
        return {
            "effect": self.effect,
            "instrument": self.instrument,
            "article": self.article,
            "clause": self.clause,
            "text": self.text,
            "fact": self.fact,
            "established_by": self.established_by,
            "source": self.source,
            "confidence": self.confidence,
            "binding": self.binding,
        }


_GROUND = tuple.__new__
_BY = Ground._fields.index("established_by")


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """What the permitted act obliges somebody to do.

    Args:
        what: a short word: `mark`, `receipt`, `record`.
        by: the Party that owes it.
        instrument, article, text, confidence: where it stands and what it says.
    """

    what: str
    by: str
    instrument: str
    article: str
    text: str
    confidence: str = ""

    def to_json(self) -> dict[str, Any]:
        """The obligation as a JSON object."""
        return {
            "what": self.what,
            "by": self.by,
            "instrument": self.instrument,
            "article": self.article,
            "text": self.text,
            "confidence": self.confidence,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a verdict says apart from its instant; shared by all verdicts that say the same.

    `places` says by fact which grounds name it: their place, and what stands before and after what established it.
    """

    outcome: str
    grounds: tuple[Ground, ...]
    obligations: tuple[Obligation, ...] = ()
    instrument: str = ""
    law: tuple[tuple[str, str], ...] = ()
    views: tuple[tuple[str, str], ...] = ()
    readings: tuple[tuple[str, str], ...] = ()
    others: tuple[Ruling, ...] = ()
    places: dict[str, list[tuple[int, tuple[Any, ...], tuple[Any, ...]]]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        for place, ground in enumerate(self.grounds):
            if ground.fact:
                self.places.setdefault(ground.fact, []).append((place, ground[:_BY], ground[_BY + 1 :]))


class Verdict(NamedTuple):
    """The answer to a request: what, why, under which law, and what follows from it.

    Args:
        ruling: what it says; read it through the properties.
        at: the instant that was asked about.
        established_by: fact name to the act or register entry that established it.
    """

    ruling: Ruling
    at: datetime
    established_by: Mapping[str, str] = {}

    @property
    def outcome(self) -> str:
        """`permit`, `refuse` or `uncertain`; to enforce, all but `permit` is a refusal."""
        return self.ruling.outcome

    @property
    def confidence(self) -> str:
        """The weakest tag among the grounds that speak for the outcome (A, B, C, I in that order); "" without any."""
        tags = [g.confidence for g in self.ruling.grounds if g.effect == self.ruling.outcome and g.confidence]
        return max(tags, key="ABCI".index, default="")

    @property
    def permitted(self) -> bool:
        """Whether the act may be done."""
        return self.ruling.outcome == PERMIT

    @property
    def grounds(self) -> tuple[Ground, ...]:
        """The reasons for the outcome, each naming what established its fact."""
        by = self.established_by
        if not by:
            return self.ruling.grounds
        found = list(self.ruling.grounds)
        places = self.ruling.places
        for fact, entry in by.items():
            for place, before, after in places.get(fact, ()):
                found[place] = _GROUND(Ground, before + (entry,) + after)  # noqa: RUF005  # the quicker of the two
        return tuple(found)

    @property
    def against(self) -> str:
        """The first reason why the act is not permitted, for people; the outcome itself where there is none."""
        return next((ground.text for ground in self.ruling.grounds if ground.effect != PERMIT), self.outcome)

    @property
    def obligations(self) -> tuple[Obligation, ...]:
        """What the act obliges to, where it is permitted."""
        return self.ruling.obligations

    @property
    def instrument(self) -> str:
        """The instrument under which it is permitted, or the first that was asked."""
        return self.ruling.instrument

    @property
    def law(self) -> dict[str, str]:
        """The versions of the law that were applied: name to hash."""
        return dict(self.ruling.law)

    @property
    def views(self) -> dict[str, str]:
        """The state that each Party's reading gives, where they differ."""
        return dict(self.ruling.views)

    @property
    def readings(self) -> dict[str, str]:
        """Each Party's reading, where the views differ."""
        return dict(self.ruling.readings)

    @property
    def others(self) -> tuple[Ruling, ...]:
        """What the other instruments that were asked say."""
        return self.ruling.others

    @property
    def articles(self) -> tuple[tuple[str, str], ...]:
        """(instrument, article) of every ground, in order, without repetition."""
        found = {(g.instrument, g.article): None for g in self.ruling.grounds if g.article and g.instrument}
        return tuple(found)

    @property
    def consult(self) -> str:
        """Whose consultation would settle an uncertain answer; "" otherwise."""
        if self.outcome != UNCERTAIN:
            return ""
        return "consultation between the Parties to " + (self.instrument or "the instrument")

    def to_json(self) -> dict[str, Any]:
        """The verdict as a JSON object, the same on any machine."""
        return {
            "version": 1,
            "outcome": self.outcome,
            "at": self.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "instrument": self.instrument,
            "law": self.law,
            "grounds": [ground.to_json() for ground in self.grounds],
            "obligations": [obligation.to_json() for obligation in self.obligations],
            "views": self.views,
            "readings": self.readings,
            "consult": self.consult,
            "others": [
                {
                    "instrument": ruling.instrument,
                    "outcome": ruling.outcome,
                    "grounds": [ground.to_json() for ground in ruling.grounds],
                }
                for ruling in self.others
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """Whether an act is owed.

    Args:
        owed: `True`, `False` or `"uncertain"`.
        grounds: why.
        instrument: under which instrument.
        at: the instant that was asked about.
        law: the versions of the law that were applied.
        views: the state that each Party's reading gives, where they differ.
    """

    owed: bool | str
    grounds: tuple[Ground, ...]
    instrument: str
    at: datetime
    law: dict[str, str] = field(default_factory=dict)
    views: dict[str, str] = field(default_factory=dict)

    @property
    def articles(self) -> tuple[tuple[str, str], ...]:
        """(instrument, article) of every ground, in order, without repetition."""
        found = {(g.instrument, g.article): None for g in self.grounds if g.article and g.instrument}
        return tuple(found)

    def to_json(self) -> dict[str, Any]:
        """The answer as a JSON object."""
        return {
            "version": 1,
            "owed": self.owed,
            "at": self.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "instrument": self.instrument,
            "law": self.law,
            "grounds": [ground.to_json() for ground in self.grounds],
            "views": self.views,
        }


def worst(outcomes: list[str]) -> str:
    """The outcome of all together: one refusal refuses, else one uncertain is uncertain; of none: refuse."""
    return max(outcomes, key=_WEIGHT.__getitem__, default=REFUSE)


def best(outcomes: list[str]) -> str:
    """The outcome of the best of them; of none: refuse."""
    return min(outcomes, key=_WEIGHT.__getitem__, default=REFUSE)
