"""Proofs over all requests at once, by a solver (extra `[prove]`).

The rules of each instrument are given to the solver as they are in the law data, with every fact known or unknown
and of any value; who gives, who receives, through whom, and whose parts are in the item are variables too. What is not
modelled stands in `COVERS`, and is printed with every proof.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import Any as Anything

from gsomia.agreement import Agreement, All, Any, AtLeast, Condition, Is, Not, Same, attributes
from gsomia.errors import UsageError
from gsomia.verdict.attributes import ATTRIBUTES
from gsomia.verdict.compiling import BoundRule, rules_for
from gsomia.verdict.law import Law

__all__ = ["COVERS", "PROPERTIES", "Difference", "Proof", "differences", "prove"]

COVERS = (
    "Covered: every rule of the instrument for the acts named, on the day named, for every combination of facts, each "
    "known or unknown, every state of the instrument, and an item with parts of any of the Parties and of two third "
    "countries. A request is permitted only if every reading permits it and every leg does; each leg is an instrument "
    "proven by itself. Not covered: how facts are established, how a mark is looked up in the table (the tests compare "
    "that), and the engine that runs the rules (the tests compare it with Cedar and with a slow reference)."
)
PROPERTIES = {
    1: "nobody but its originator and that originator's direct addressee receives a part without the originator's "
    "prior written consent naming the receiver (transmit, disclose-orally, release)",
    2: "nothing new is given under an instrument that a reading finds not in force (transmit, disclose-orally, visit)",
    3: "nothing is given above the levels that the instrument covers (transmit, disclose-orally, visit)",
    4: "nobody opens an item without clearance, need and a place on the roster (open)",
}
_ACTS = {
    1: ("transmit", "disclose-orally", "release"),
    2: ("transmit", "disclose-orally", "visit"),
    3: ("transmit", "disclose-orally", "visit"),
    4: ("open",),
}
_RUNNING = ("in-force", "notice-pending", "notice-suspended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One property of one act of one instrument.

    Args:
        instrument, act: what was asked.
        number: which of `PROPERTIES`.
        holds: True if no request whatever breaks it.
        request: a request that breaks it: attribute to value; empty where none does.
        text: for people.
    """

    instrument: str
    act: str
    number: int
    holds: bool
    request: dict[str, Anything]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What one version permits and the other does not.

    Args:
        act: the act.
        newly: `permitted` or `refused`.
        request: a request for which that is so: attribute to value.
    """

    act: str
    newly: str
    request: dict[str, Anything]


def _solver() -> Anything:
    try:
        return import_module("z3")
    except ImportError as error:
        raise UsageError(
            "proofs need the solver, which is not installed", hint="install gsomia with the extra `prove`"
        ) from error


class _World:
    """One request as the solver sees it: a variable for each attribute, known or not, and the Parties concerned."""

    def __init__(self, z3: Anything, parties: Iterable[str], acts: str, words: dict[str, set[Anything]]) -> None:
        self.z3 = z3
        self.act = acts
        self.parties = [*parties, "third country", "another third country"]
        self.vars: dict[str, Anything] = {}
        self.known: dict[str, Anything] = {}
        self.words = words
        b = z3.Bool
        self.by = {p: b(f"by {p}") for p in self.parties}
        self.to = {p: b(f"to {p}") for p in self.parties}
        self.via = {p: b(f"via {p}") for p in self.parties}
        self.parts = {p: b(f"contains {p}") for p in self.parties}
        self.of = {p: b(f"consent of {p}") for p in self.parties}
        self.naming = {p: b(f"consent naming {p}") for p in self.parties}
        self.written, self.before = b("consent in writing"), b("consent before")
        self.heard = b("consent known")
        self.axioms = [self._one(self.by), self._one(self.to), z3.Or(*self.parts.values())]
        self._tie()

    def _one(self, among: dict[str, Anything]) -> Anything:
        values = list(among.values())
        return self.z3.PbEq([(v, 1) for v in values], 1)

    def _tie(self) -> None:
        """What `third_party` and `consented` mean: `consents_needed` once more, for all Parties at once."""
        z3 = self.z3
        direct = z3.Not(z3.Or(*self.via.values()))
        needs, met = [], []
        for o in self.parties:
            for p in self.parties:
                if o == p:
                    continue
                receives = z3.Or(self.via[p], self.to[p])
                own_way = z3.And(direct, self.by[o])
                # The addressee is named for a part of its own too only where another Party stands between.
                need = z3.And(self.parts[o], receives, z3.Not(own_way), z3.Not(self.to[o]))
                needs.append(need)
                met.append(z3.Implies(need, z3.And(self.of[o], self.naming[p])))
        self.consented = z3.Or(z3.Not(z3.Or(*needs)), z3.And(self.heard, self.written, self.before, *met))
        self.axioms += [
            self.flag("third_party") == z3.Or(*needs),
            self.flag("consented") == self.consented,
            self.known["third_party"],
            z3.Implies(z3.Not(z3.Or(*needs)), self.known["consented"]),
            z3.Implies(self.flag("consented"), self.known["consented"]),
        ]

    def flag(self, name: str) -> Anything:
        """The variable of a flag."""
        return self.var(name)

    def var(self, name: str) -> Anything:
        """The variable of an attribute; one that rests on no fact is always known."""
        if name not in self.vars:
            z3, kind = self.z3, ATTRIBUTES[name].kind
            make = {"flag": z3.Bool, "count": z3.Int, "word": z3.Int}[kind]
            self.vars[name] = make(name)
            self.known[name] = z3.Bool(f"{name} known") if ATTRIBUTES[name].facts else z3.BoolVal(True)
            if kind != "flag":
                self.axioms.append(self.vars[name] >= 0)
            if name in ("rank", "clearance"):
                self.axioms.append(self.vars[name] <= 3)
            if kind == "word":
                # Beside the words that rules know there is "any other"; of states there is none.
                self.axioms.append(self.vars[name] <= len(self._listed(name)) - (name == "state"))
        return self.vars[name]

    def _listed(self, name: str) -> list[Anything]:
        return sorted(self.words.get(name, set()), key=str)

    def _word(self, name: str, value: Anything) -> int:
        found = self._listed(name)
        # A number for each word that some rule knows; the next one stands for every other word.
        return found.index(value) if value in found else len(found)

    def true(self, condition: Condition, positive: bool = True) -> Anything:
        """A condition, true only where it is established."""
        z3 = self.z3
        if isinstance(condition, Not):
            return self.true(condition.of, not positive)
        if isinstance(condition, All | Any):
            parts = [self.true(part, positive) for part in condition.of]
            return z3.And(*parts) if isinstance(condition, All) is positive else z3.Or(*parts)
        if isinstance(condition, Is):
            if condition.attribute == "act":
                return z3.BoolVal((self.act in condition.values) is positive)
            left = self.var(condition.attribute)
            kind = ATTRIBUTES[condition.attribute].kind
            values = [left == (self._word(condition.attribute, v) if kind == "word" else v) for v in condition.values]
            found = z3.Or(*values)
            return z3.And(self.known[condition.attribute], found if positive else z3.Not(found))
        if isinstance(condition, AtLeast):
            left, bound = self.var(condition.attribute), condition.bound
            right = self.var(bound) if isinstance(bound, str) else bound
            known = [self.known[condition.attribute], *([self.known[bound]] if isinstance(bound, str) else [])]
            return z3.And(*known, left >= right if positive else left < right)
        left, right = self.var(condition.attribute), self.var(condition.other)
        same = left == right
        known = [self.known[condition.attribute], self.known[condition.other]]
        return z3.And(*known, same if positive else z3.Not(same))

    def permitted(self, rules: tuple[BoundRule, ...]) -> Anything:
        """Every rule satisfied, and one that carries the act applicable."""
        z3 = self.z3
        met = [self.true(Any((Not(b.rule.applies), b.rule.requires))) for b in rules]
        carried = [self.true(All((b.rule.applies, b.rule.requires))) for b in rules if not b.rule.gate]
        return z3.And(*met, z3.Or(*carried))

    def shown(self, model: Anything) -> dict[str, Anything]:
        """A request that the solver found, in words."""
        z3 = self.z3
        out: dict[str, Anything] = {"act": self.act}

        def named(among: dict[str, Anything]) -> list[str]:
            return [p for p, v in among.items() if z3.is_true(model.eval(v, model_completion=True))]

        out["by"], out["to"] = "".join(named(self.by)), "".join(named(self.to))
        out["via"], out["contains"] = named(self.via), named(self.parts)
        said = [z3.is_true(model.eval(v, model_completion=True)) for v in (self.heard, self.written, self.before)]
        out["consent"] = "written" if said[0] and said[1] else "none"
        out["consent_before"] = said[2]
        out["consent_of"], out["consent_to"] = named(self.of), named(self.naming)
        for name, var in sorted(self.vars.items()):
            if not z3.is_true(model.eval(self.known[name], model_completion=True)):
                out[name] = "unknown"
                continue
            value = model.eval(var, model_completion=True)
            if ATTRIBUTES[name].kind == "flag":
                out[name] = z3.is_true(value)
            elif ATTRIBUTES[name].kind == "count":
                out[name] = value.as_long()
            else:
                listed = self._listed(name)
                out[name] = listed[value.as_long()] if value.as_long() < len(listed) else "any other"
        return out


def _words(rules: Iterable[BoundRule]) -> dict[str, set[Anything]]:
    found: dict[str, set[Anything]] = {"state": {"none", "signed", *_RUNNING, "terminated"}}

    def walk(condition: Condition) -> None:
        if isinstance(condition, Is):
            found.setdefault(condition.attribute, set()).update(condition.values)
        elif isinstance(condition, Not):
            walk(condition.of)
        elif isinstance(condition, All | Any):
            for part in condition.of:
                walk(part)
        elif isinstance(condition, Same):
            shared = found.setdefault(condition.attribute, set()) | found.setdefault(condition.other, set())
            found[condition.attribute] = found[condition.other] = shared

    for bound in rules:
        walk(bound.rule.applies)
        walk(bound.rule.requires)
    return found


def _broken(world: _World, number: int, rules: tuple[BoundRule, ...]) -> Anything:
    """What would break a property."""
    z3 = world.z3
    if number == 1:
        direct = z3.Not(z3.Or(*world.via.values()))
        found = []
        for o in world.parties:
            for p in world.parties:
                if o != p:
                    handed = z3.And(direct, world.by[o])
                    agreed = z3.And(world.written, world.before, world.heard, world.of[o], world.naming[p])
                    gets = z3.Or(world.via[p], world.to[p])
                    back = world.to[o]
                    found.append(z3.And(world.parts[o], gets, z3.Not(handed), z3.Not(back), z3.Not(agreed)))
        return z3.Or(*found)
    if number == 2:
        access = z3.BoolVal(True)
        if world.act == "visit":
            access = world.true(Not(Is("visit_for", ("security-check",))))
        return z3.And(world.true(Not(Is("state", _RUNNING))), access)
    if number == 3:
        if world.act == "visit":
            return world.true(All((Not(Is("shown_rank", (0,))), Not(Is("shown_covered", (True,))))))
        return world.true(Not(Is("covered", (True,))))
    cleared = All((AtLeast("clearance", "rank"), Is("need", (True,)), Is("roster", (True,))))
    return z3.Not(world.true(cleared))


def prove(law: Law, name: str, day: date) -> list[Proof]:
    """Whether an instrument keeps the four properties, for every request whatever.

    Args:
        law: the instruments; an arrangement is taken together with its legs.
        name: the instrument.
        day: the day on which its clauses must have begun.

    Raises:
        UsageError: the solver is not installed.
    """
    z3 = _solver()
    agreement = law.agreements[name]
    legs = [law.agreements[leg] for leg in agreement.legs if leg in law.agreements]
    found: list[Proof] = []
    for number, acts in _ACTS.items():
        for act in acts:
            own = rules_for(agreement, act, day)
            if not any(not bound.rule.gate for bound in own):
                found.append(
                    Proof(
                        instrument=name,
                        act=act,
                        number=number,
                        holds=True,
                        request={},
                        text="the instrument does not carry this act",
                    )
                )
                continue
            sets = [own]
            if legs and number in (3, 4):
                # The arrangement leaves levels and access to its legs: whichever leg it is, it must keep the property.
                sets = [(*own, *rules_for(leg, act, day)) for leg in legs]
            for rules in sets:
                found.append(_one(z3, agreement, act, number, rules))
    return found


def _between(world: _World, agreement: Agreement) -> list[Anything]:
    """What the engine asks of every request before any clause: Parties act, and give to another Party."""
    z3 = world.z3
    found = [z3.Or(*(world.by[p] for p in agreement.parties))]
    if world.act in ("transmit", "disclose-orally", "visit"):
        found.append(z3.Or(*(world.to[p] for p in agreement.parties)))
    if world.act != "open":
        found += [z3.Not(z3.And(world.by[p], world.to[p])) for p in world.parties]
    if not agreement.hub or world.act == "release":
        found += [z3.Not(v) for v in world.via.values()]
    if world.act == "open":
        found.append(z3.Or(*(z3.And(world.parts[p], z3.Not(world.by[p])) for p in agreement.parties)))
    return found


def _one(z3: Anything, agreement: Agreement, act: str, number: int, rules: tuple[BoundRule, ...]) -> Proof:
    world = _World(z3, agreement.parties, act, _words(rules))
    solver = z3.Solver()
    permitted, broken = world.permitted(rules), _broken(world, number, rules)
    solver.add(permitted, broken, *world.axioms, *_between(world, agreement))
    answer = solver.check()
    if answer == z3.unsat:
        alone = z3.Solver()
        alone.add(world.permitted(rules), *world.axioms, *_between(world, agreement))
        text = "proven"
        if alone.check() != z3.sat:
            text = "proven, but nothing at all is permitted"
        return Proof(instrument=agreement.name, act=act, number=number, holds=True, request={}, text=text)
    if answer != z3.sat:
        return Proof(instrument=agreement.name, act=act, number=number, holds=False, request={}, text="not decided")
    request = world.shown(solver.model())
    return Proof(
        instrument=agreement.name,
        act=act,
        number=number,
        holds=False,
        request=request,
        text="a request that is permitted and breaks it",
    )


def differences(old: Agreement, new: Agreement, day: date, acts: Iterable[str]) -> list[Difference]:
    """What the new version permits and the old does not, and the other way; none for an act: proven the same.

    Args:
        old, new: two versions of one instrument.
        day: the day on which the clauses must have begun.
        acts: the acts to compare.

    Raises:
        UsageError: the solver is not installed.
    """
    z3 = _solver()
    found: list[Difference] = []
    for act in acts:
        before, after = rules_for(old, act, day), rules_for(new, act, day)
        if [b.rule for b in before] == [b.rule for b in after]:
            continue
        world = _World(z3, dict.fromkeys((*old.parties, *new.parties)), act, _words((*before, *after)))
        for newly, yes, no in (("permitted", after, before), ("refused", before, after)):
            solver = z3.Solver()
            permitted = world.permitted(yes) if yes else z3.BoolVal(False)
            refused = z3.Not(world.permitted(no)) if no else z3.BoolVal(True)
            solver.add(permitted, refused, *world.axioms)
            if solver.check() == z3.sat:
                request = world.shown(solver.model())
                keep = {a for b in (*before, *after) for c in (b.rule.applies, b.rule.requires) for a in attributes(c)}
                shown = {k: v for k, v in request.items() if k in keep or k in ("act", "by", "to", "via", "contains")}
                found.append(Difference(act=act, newly=newly, request=shown))
    return found
