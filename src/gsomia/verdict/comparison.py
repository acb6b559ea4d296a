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
    GIVING_ACTS,
    HELD_ACTS,
    LEGAL_ACTS,
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
from gsomia.verdict.attributes import ATTRIBUTES, Tables
from gsomia.verdict.compiling import BoundRule, rules_for
from gsomia.verdict.counterexample import concrete
from gsomia.verdict.decision import decide
from gsomia.verdict.facts import Facts, Item, Request
from gsomia.verdict.law import Law
from gsomia.verdict.reasons import PASSING_ACTS
from gsomia.verdict.world import World, solver_of, words_of

__all__ = ["Difference", "Version", "differences", "unseen"]

Version = tuple[Law, Record, str]
"""The law, the record, and the instrument's name in them."""

_SIDED = frozenset({"rank", "covered", "shown_rank", "shown_covered", "ceiling_rank"})
_CORRESPONDING = frozenset({"mark_corresponds", "regrade_corresponds"})
_ITEMLESS = (*LEGAL_ACTS, "visit", "notify-law-change")
_PERHAPS_ITEMLESS = ("request", "report-loss", "notify-regrade", "warn")
_TRIES = 10
_USUAL = {"envelopes": 2, "witnesses": 2, "outer_mark": False, "combined_staff": False, "rank_put_forward": False}
_GRANTED = frozenset(
    {
        *("assurance", "encrypted", "accredited", "covered_load", "need", "roster", "mark_names_origin"),
        *("translation_note", "translator_cleared", "copies_numbered", "marks_reproduced", "inspected"),
        *("host_authorised", "authorised_by_host", "record_made", "authority_notified"),
    }
)
_VOCABULARY = {
    "subject": ("other", "chn-navy", "dprk-nuclear", "dprk-missile"),
    "form": ("document", "electronic", "oral", "equipment", "track"),
    "channel": ("ordinary", "government"),
    "role": ("contractor", "legislator", "official"),
    "purpose": ("training", "trade", "defence"),
    "item_purpose": ("training", "trade", "defence"),
    "visit_for": ("access", "security-check"),
    "form_of_act": ("email", "speech", "note"),
    "stage": ("preparing", "launched"),
    "loss": ("none", "possible", "known"),
    "law_change": ("none", "unrelated", "affects-protection"),
    "settled_by": ("software", "court", "consultation"),
}
"""Words of the case files for what no rule names."""


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


class _Pair(World):
    """One request that two versions are asked, each with its own tables of levels."""

    def __init__(self, z3: Anything, tables: tuple[Tables, Tables], act: str, words: dict[str, set[Anything]]) -> None:
        self.tables = tables
        self.side = 0
        self.real = list(dict.fromkeys(p for t in tables for p in t.agreement.parties))
        levels = [level for t in tables for level in t.levels.levels]
        typed = dict.fromkeys(w for x in levels for w in (x.mark, x.english))
        self.typed = [*typed, "a mark that no table names"]
        self.typing: dict[str, Anything] = {}
        super().__init__(z3, self.real, act, words)

    def _tie(self, giver: dict[str, Anything], receiver: dict[str, Anything]) -> None:
        z3 = self.z3
        self.marks = [(o, m) for o in self.parties for m in ("", *self.typed)] + [("", "")]
        self.mark = z3.Int("the item's mark")
        self.orig = {
            p: z3.Or(*(self.mark == n for n, (owner, _) in enumerate(self.marks) if owner == p)) for p in self.parties
        }
        without = self.mark == len(self.marks) - 1
        self.axioms += [self.mark >= 0, self.mark < len(self.marks)]
        self.axioms += [z3.Implies(self.orig[p], self.parts[p]) for p in self.parties]
        if self.act in _ITEMLESS:
            self.axioms.append(without)
        elif self.act not in _PERHAPS_ITEMLESS:
            self.axioms.append(z3.Not(without))
        accepts = self.act == "accept"
        super()._tie(self.orig if accepts else giver, self.by if accepts else receiver)

    def key(self, name: str) -> str:
        return f"{name} in the {('old', 'new')[self.side]}" if name in _SIDED | _CORRESPONDING else name

    def _typed(self, name: str, whose: dict[str, Anything]) -> Anything:
        """The variable of a mark that a fact holds: -1 for none, else a mark of the Party whose it is."""
        if name not in self.typing:
            var = self.typing[name] = self.z3.Int(name)
            count = len(self.typed)
            self.axioms += [var >= -1, var < count * len(self.real)]
            for n, party in enumerate(self.real):
                among = self.z3.And(var >= n * count, var < (n + 1) * count)
                self.axioms.append(self.z3.Implies(among, whose[party]))
        return self.typing[name]

    def _entries(self) -> Iterator[tuple[int, str, str]]:
        for n, party in enumerate(self.real):
            for m, typed in enumerate(self.typed):
                yield n * len(self.typed) + m, party, typed

    def bind(self, name: str, var: Anything) -> None:
        """What each attribute is, for the mark that the item bears and the marks that facts hold."""
        z3, tables = self.z3, self.tables[self.side]
        given = [(n, Item(originator=o, level=m, subject="", form="")) for n, (o, m) in enumerate(self.marks)]
        if name in ("rank", "covered"):
            for n, item in given:
                value = tables.rank(item) if name == "rank" else tables.covers(item)
                self.axioms.append(z3.Implies(self.mark == n, var == value))
        elif name in ("shown_rank", "shown_covered", "ceiling_rank"):
            fact = "ceiling" if name == "ceiling_rank" else "shown_level"
            typed = self._typed(fact, self.to)
            ask = getattr(tables, name)
            self.axioms.append(z3.Implies(typed == -1, var == ask(Request(act=self.act, by=""), None)))
            for n, party, word in self._entries():
                value = ask(Request(act=self.act, by="", to=party), word)
                self.axioms.append(z3.Implies(typed == n, var == value))
        elif name in _CORRESPONDING:
            typed = self._typed("mark.level", self.by)
            if name == "mark_corresponds":
                wanted, now = self.mark, [(n, i.originator, i.level) for n, i in given]
            else:
                wanted, now = self._typed("regrade_to", self.orig), list(self._entries())
            pairs = [
                z3.And(wanted == n, typed == m)
                for n, originator, level in now
                for m, party, word in self._entries()
                if tables.corresponds(
                    Request(act=self.act, by=party), Item(originator=originator, level="", subject="", form=""), word,
                    level,
                )
                is True
            ]  # fmt: skip
            # No new mark corresponds to nothing; where no level is named (`regrade_to`), any mark does.
            unnamed = [z3.And(wanted == -1, typed != -1)] if name == "regrade_corresponds" else []
            self.axioms.append(var == z3.Or(*pairs, *unnamed))
        elif name == "mark_given":
            self.axioms.append(var == (self._typed("mark.level", self.by) != -1))
        elif name == "marked":
            self.axioms.append(var == z3.Or(*(self.mark == n for n, i in given if i.level)))
        elif name == "item_named":
            self.axioms.append(var == (self.mark != len(self.marks) - 1))
        elif name == "by_originator":
            self.axioms.append(var == z3.Or(*(z3.And(self.by[p], self.orig[p]) for p in self.parties)))
        elif name == "to_originator":
            back = [z3.And(self.to[p], self.parts[p], z3.Not(self.by[p])) for p in self.parties]
            self.axioms.append(var == z3.Or(*back))
        elif name == "passes_through":
            self.axioms.append(var == z3.Or(*self.via.values()))
        elif name in ("live_notice", "suspended_notice", "crosses_end", "timely", "notified"):
            self._bind_notice(name, var)
        elif name in ("through_hub", "hub_releases", "from_hub") and tables.hub:
            self._bind_hub(name, var, tables)

    def _bind_notice(self, name: str, var: Anything) -> None:
        """What a notice says of the state, whatever the record."""
        z3 = self.z3
        state = self.var("state")
        states = self.listed("state")

        def among(*words: str) -> Anything:
            return z3.Or(*(state == states.index(word) for word in words))

        if name == "live_notice":
            self.axioms.append(z3.Implies(var, among("notice-pending")))
        elif name in ("suspended_notice", "crosses_end"):
            self.axioms.append(z3.Implies(var, among("notice-pending", "notice-suspended")))
        elif name == "timely":
            late = [var == n for n, word in enumerate(self.listed("timely")) if word != "in-time"]
            self.axioms.append(z3.Implies(z3.Or(*late), among("in-force", "notice-pending", "notice-suspended")))
        else:
            self.axioms.append(z3.Implies(among("none"), z3.Not(var)))

    def _bind_hub(self, name: str, var: Anything, tables: Tables) -> None:
        z3, hub = self.z3, tables.hub
        other = self.orig if self.act == "accept" else self.to
        direct = z3.Not(z3.Or(*self.via.values()))
        if name == "from_hub":
            self.axioms.append(var == z3.And(self.by[hub], self.orig[hub]))
        elif name == "hub_releases":
            others = z3.Or(*(self.to[p] for p in tables.agreement.parties if p != hub))
            self.axioms.append(var == z3.And(self.by[hub], others, direct))
        else:
            between = [
                z3.And(self.by[p], other[q])
                for p in tables.agreement.parties
                for q in tables.agreement.parties
                if p != q
            ]
            ends = z3.Or(self.by[hub], other[hub])
            alone = z3.And(self.via[hub], *(z3.Not(v) for p, v in self.via.items() if p != hub))
            self.axioms.append(var == z3.And(z3.Or(*between), z3.If(ends, direct, alone)))

    def plain(self) -> list[Anything]:
        """What makes a request plain: it goes straight, from Party to Party, and holds its originator's part alone."""
        z3 = self.z3
        found = [z3.Not(v) for v in self.via.values()]
        without = self.mark == len(self.marks) - 1
        found += [z3.Implies(self.parts[p], z3.Or(self.orig[p], z3.And(without, self.by[p]))) for p in self.parties]
        found += [z3.Not(self.by[p]) for p in self.parties if p not in self.real]
        found += [z3.Not(self.orig[p]) for p in self.parties if p not in self.real]
        own = {(x.party, x.mark) for t in self.tables for x in t.levels.levels} | {("", "")}
        named = [n for n, mark in enumerate(self.marks) if mark in own]
        return [*found, z3.Or(*(self.mark == n for n in named))]

    def usual(self) -> list[Anything]:
        """Facts as they are where all that can be asked for is granted."""
        found = []
        if self.act in HELD_ACTS:
            # What another Party gave, for one's own is nobody else's matter.
            found += [self.z3.Not(self.z3.And(self.by[p], self.orig[p])) for p in self.parties]
        for key, var in self.vars.items():
            name = self.names[key]
            if key in _USUAL:
                found.append(var == _USUAL[key])
            elif ATTRIBUTES[name].kind == "flag" and key in _GRANTED:
                found.append(var)
        return found

    def shown(self, model: Anything) -> dict[str, Anything]:
        """A request that the solver found; the marks as typed."""

        def number(var: Anything) -> int:
            return int(model.eval(var, model_completion=True).as_long())

        out = super().shown(model)
        for key, value in out.items():
            if value == "any other":
                listed = self.listed(key)
                out[key] = next((word for word in _VOCABULARY.get(key, ()) if word not in listed), "another")
        out["item"] = self.marks[number(self.mark)]
        for name, var in self.typing.items():
            n = number(var)
            out[f"typed {name}"] = None if n < 0 else self.typed[n % len(self.typed)]
        return out


def _between(world: _Pair, agreement: Agreement) -> Anything:
    """What the engine asks of every request before any clause: Parties act, and give to another Party."""
    z3, act = world.z3, world.act
    found = [z3.Or(*(world.by[p] for p in agreement.parties))]
    passing = act in (*PASSING_ACTS, "visit", "return") and act != "accept"
    if passing:
        found.append(z3.Or(*(world.to[p] for p in agreement.parties)))
    if passing or act == "release":
        found += [z3.Not(z3.And(world.by[p], world.to[p])) for p in world.parties]
    if act == "accept":
        found.append(z3.Or(*(z3.Or(world.orig[p], world.via[p]) for p in agreement.parties)))
        found += [z3.Not(z3.And(world.by[p], world.orig[p])) for p in world.parties]
    elif not (agreement.hub and act in (*GIVING_ACTS, "request", "warn")) and not agreement.text_not_held:
        found += [z3.Not(v) for v in world.via.values()]
    if act in HELD_ACTS and act != "return":
        found.append(z3.Or(*(world.parts[p] for p in agreement.parties)))
    return z3.And(*found)


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
        self.world = world = _Pair(z3, (tables[0], tables[1]), act, words_of((*rules[0], *rules[1])))
        sides = []
        for side, version in enumerate(versions):
            world.side = side
            sides.append(z3.And(world.permitted(rules[side]), _between(world, version[0].agreements[version[2]])))
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
