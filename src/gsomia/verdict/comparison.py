"""Two versions of an instrument compared for every request whatever, by a solver (extra `[prove]`).

The solver finds a request that one version permits and the other does not; the request is then put to both, and only
what they answer so is told as a difference. What the solver finds and nobody could ask is told as open, and what it
cannot see (when a state begins or ends) as well: nothing is called proven that is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any as Anything

from gsomia.agreement import (
    Agreement,
    All,
    Any,
    LegalAct,
    Not,
    Record,
    attributes,
    midnight,
    periods,
)
from gsomia.verdict.answer import Verdict
from gsomia.verdict.attributes import Tables
from gsomia.verdict.compiling import BoundRule, rules_for
from gsomia.verdict.counterexample import concrete
from gsomia.verdict.decision import decide
from gsomia.verdict.facts import Facts, Item, Request
from gsomia.verdict.law import Law
from gsomia.verdict.pair import Pair, between
from gsomia.verdict.world import solver_of, words_of

__all__ = ["Difference", "Version", "differences", "unseen"]

Version = tuple[Law, Record, str]
"""The law, the record, and the instrument's name in them."""
_TRIES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What one version permits and the other does not.

    Args:
        act: the act.
        newly: `permitted` or `refused`.
        through: the article and clause, or the level, that makes it different; "" where no single one does.
        request, facts, at: a request for which that is so; None where the clauses differ for this act and no request
            could be put together that shows it.
        old, new: what the two versions answer.
    """

    act: str
    newly: str
    through: str = ""
    request: Request | None = None
    facts: Facts | None = None
    at: datetime | None = None
    old: Verdict | None = None
    new: Verdict | None = None


def unseen(one: Agreement, other: Agreement) -> tuple[list[str], list[str]]:
    """What differs between two versions and is no rule on a request.

    Returns:
        What moves the state, which the comparison takes as given; and what decides which requests are carried at
        all, of which it says nothing.
    """
    moving = {
        "term": "the term, so when it begins and ends",
        "readings": "the readings, so its state where they matter",
    }
    carrying = {
        "parties": "the Parties",
        "hub": "the hub",
        "legs": "the legs that it rests on",
        "considered": "whether it is asked without being named",
        "text_not_held": "whether its text is held",
    }

    def differing(words: dict[str, str]) -> list[str]:
        return [text for key, text in words.items() if getattr(one, key) != getattr(other, key)]

    return differing(moving), differing(carrying)


def differences(old: Version, new: Version, acts: Iterable[str]) -> list[Difference]:
    """What the new version permits and the old does not, and the other way; none for an act: proven the same.

    Args:
        old, new: two versions of one instrument, which may bear two names.
        acts: the acts to compare.

    Returns:
        Differences that both versions were asked about, and those that remain open. That there is none holds for
        every state of the instrument alike; see `unseen` for what may differ besides.

    Raises:
        UsageError: the solver is not installed.
    """
    z3 = solver_of()
    one, other = old[0].agreements[old[2]], new[0].agreements[new[2]]
    tables = (old[0].sheets[old[2]].tables, new[0].sheets[new[2]].tables)
    same_levels = _levels(tables[0]) == _levels(tables[1])
    days = sorted({max(one.since, other.since), *one.days, *other.days})
    found: list[Difference] = []
    for act in acts:
        told: dict[tuple[str, str], Difference] = {}
        for day in days:
            before, after = rules_for(one, act, day), rules_for(other, act, day)
            if same_levels and [b.rule for b in before] == [b.rule for b in after]:
                continue
            for newly in ("permitted", "refused"):
                for more in _Search(z3, (old, new), act, newly, (before, after), day).found():
                    known = told.get((newly, more.through))
                    if known is None or known.request is None:
                        told[(newly, more.through)] = more
        found += told.values()
    return found


def _levels(tables: Tables) -> Anything:
    table = tables.levels
    return [(x.party, x.mark, x.english, x.rank, x.covered) for x in table.levels], table.equivalences


class _Search:
    """What one version permits and the other refuses, for one act on one day: a request for each cause of its own."""

    def __init__(
        self,
        z3: Anything,
        versions: tuple[Version, Version],
        act: str,
        newly: str,
        rules: tuple[tuple[BoundRule, ...], tuple[BoundRule, ...]],
        day: date,
    ) -> None:
        self.z3, self.versions, self.act, self.newly, self.rules, self.day = z3, versions, act, newly, rules, day
        tables = tuple(law.sheets[name].tables for law, _, name in versions)
        self.world = world = Pair(z3, (tables[0], tables[1]), act, words_of((*rules[0], *rules[1])))
        sides = []
        for side, version in enumerate(versions):
            world.side = side
            sides.append(z3.And(world.permitted(rules[side]), between(world, version[0].agreements[version[2]])))
        self.refusing = 0 if newly == "permitted" else 1
        self.differs = z3.And(sides[1 - self.refusing], z3.Not(sides[self.refusing]))
        bound = {b for bounds in rules for b in bounds}
        self.asked = {a for b in bound for c in (b.rule.applies, b.rule.requires) for a in attributes(c)}

    def found(self) -> Iterator[Difference]:
        """A difference for each cause, and one for what no single cause explains."""
        z3, rest = self.z3, []
        for through, (cause, alone) in self._causes().items():
            rest.append(z3.Not(cause))
            shown = self._shown(through, cause, alone) or self._shown(through, cause)
            if shown is not None:
                yield shown
            elif self._possible(cause, alone):
                yield Difference(act=self.act, newly=self.newly, through=through)
        shown = self._shown("", *rest)
        if shown is not None:
            yield shown
        elif self._possible(*rest):
            yield Difference(act=self.act, newly=self.newly)

    def _causes(self) -> dict[str, tuple[Anything, Anything]]:
        """By article and clause, or level: what it makes different, and that nothing else does."""
        z3, world = self.z3, self.world
        refusing, permitting = self.rules[self.refusing], self.rules[1 - self.refusing]

        def only(these: tuple[BoundRule, ...], those: tuple[BoundRule, ...]) -> list[BoundRule]:
            there = {(b.article.number, b.clause, b.rule) for b in those}
            return [b for b in these if (b.article.number, b.clause, b.rule) not in there]

        world.side = self.refusing
        met = {b: world.true(Any((Not(b.rule.applies), b.rule.requires))) for b in refusing}
        gone = only(refusing, permitting)
        parts: dict[str, list[Anything]] = {}
        for b in gone:
            parts.setdefault(_place(b), []).append(z3.Not(met[b]))
        world.side = 1 - self.refusing
        for b in only(permitting, refusing):
            if not b.rule.gate:
                parts.setdefault(_place(b), []).append(world.true(All((b.rule.applies, b.rule.requires))))
        causes = {
            place: (z3.Or(*found), z3.And(*(holds for b, holds in met.items() if _place(b) != place)))
            for place, found in parts.items()
        }
        levels: dict[str, list[Anything]] = {}
        for n, (owner, typed) in enumerate(world.marks):
            item = Item(originator=owner, level=typed, subject="", form="")
            was, now = ((t.rank(item), t.covers(item)) for t in world.tables)
            if was != now:
                named = [x for t in world.tables for p in (owner, *world.real) if (x := t.levels.find(p, typed))]
                levels.setdefault(f"level {named[0].party} {named[0].mark}", []).append(world.mark == n)
        for level, marks in levels.items():
            causes[level] = (z3.Or(*marks), z3.And(*(met[b] for b in gone)))
        return causes

    def _possible(self, *more: Anything) -> bool:
        solver = self.z3.Solver()
        solver.add(self.differs, *self.world.axioms, *more)
        return bool(solver.check() != self.z3.unsat)

    def _shown(self, through: str, *more: Anything) -> Difference | None:
        """A request that both versions were asked about and that shows it, the plainest first."""
        if not self._possible(*more):
            return None
        z3, world = self.z3, self.world
        known = list(world.known.values())
        for plain in ([*world.plain(), *known, *world.usual()], [*world.plain(), *known], known, []):
            solver = z3.Solver()
            solver.add(self.differs, *world.axioms, *more, *plain)
            for _ in range(_TRIES):
                if solver.check() != z3.sat:
                    break
                model = solver.model()
                seen = world.shown(model)
                for answer in _asked(*self.versions, self.act, seen, self.asked, self.day):
                    if answer.old is not None and answer.new is not None:
                        permitted = (answer.old.permitted, answer.new.permitted)
                        if permitted == ((False, True) if self.newly == "permitted" else (True, False)):
                            return replace(answer, newly=self.newly, through=through)
                turns = [world.mark, *world.by.values(), *world.to.values(), *world.via.values(), *world.parts.values()]
                turns += [v for k, v in world.vars.items() if k in ("state", "rank_put_forward", "combined_staff")]
                solver.add(z3.Or(*(v != model.eval(v, model_completion=True) for v in turns)))
        return None


def _place(bound: BoundRule) -> str:
    return f"{bound.article.number} {bound.clause}"


def _asked(
    old: Version, new: Version, act: str, seen: dict[str, Anything], asked: set[str], day: date
) -> Iterator[Difference]:
    """What the solver found, as it would be asked, put to both versions at every instant that fits."""
    state = str(seen.get("state", "in-force"))
    placed = [(at, False) for version in (old, new) for at in _instants(version, state, day)]
    if not placed and state == "terminated":
        # No record leads there: both are thought to have been left.
        placed = [(at + timedelta(days=1), True) for at in _instants(old, "in-force", day)]
    for at, left in dict.fromkeys(placed):
        request, facts = concrete(old[0].agreements[old[2]], seen, asked, at)
        answers = []
        for law, record, name in (old, new):
            known = record.plus([_leaving(law.agreements[name], at)]) if left else record
            answers.append(decide(law, replace(request, under=name), facts, known, at))
        yield Difference(act=act, newly="", request=request, facts=facts, at=at, old=answers[0], new=answers[1])


def _leaving(agreement: Agreement, at: datetime) -> LegalAct:
    name, by = agreement.name, agreement.parties[0]
    return LegalAct(id=f"{name}/thought-of-end", under=name, act="replace", by=by, at=at - timedelta(hours=1))


def _instants(version: Version, state: str, day: date) -> Iterator[datetime]:
    law, record, name = version
    agreement = law.agreements[name]
    first = midnight(agreement, day)
    for period in periods(agreement, record):
        if period.state == state:
            start = max(first, period.start) if period.start is not None else first
            if period.end is None or start < period.end:
                yield start
