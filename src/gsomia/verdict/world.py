"""One request as a solver sees it: a variable for each attribute, known or not, and the Parties concerned."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any as Anything

from gsomia.agreement import Agreement, All, Any, AtLeast, Condition, Is, Not, Same
from gsomia.errors import UsageError
from gsomia.verdict.attributes import ATTRIBUTES
from gsomia.verdict.compiling import BoundRule

__all__ = ["World", "between", "solver_of", "words_of"]

_RUNNING = ("in-force", "notice-pending", "notice-suspended")


def solver_of() -> Anything:
    try:
        return import_module("z3")
    except ImportError as error:
        raise UsageError(
            "proofs need the solver, which is not installed", hint="install gsomia with the extra `prove`"
        ) from error


_NO_PARTY = ("contractor", "person")


class World:
    """One request as the solver sees it: a variable for each attribute, known or not, and the Parties concerned."""

    def __init__(self, z3: Anything, parties: Iterable[str], act: str, words: dict[str, set[Anything]]) -> None:
        self.z3 = z3
        self.act = act
        self.parties = [*parties, "third country", "another third country"]
        self.vars: dict[str, Anything] = {}
        self.known: dict[str, Anything] = {}
        self.names: dict[str, str] = {}
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
        self._tie(self.by, self.to)

    def _one(self, among: dict[str, Anything]) -> Anything:
        values = list(among.values())
        return self.z3.PbEq([(v, 1) for v in values], 1)

    def _tie(self, giver: dict[str, Anything], receiver: dict[str, Anything]) -> None:
        """What `third_party` and `consented` mean: `consents_needed` once more, for all Parties at once."""
        z3 = self.z3
        direct = z3.Not(z3.Or(*self.via.values()))
        needs, met = [], []
        for o in self.parties:
            for p in self.parties:
                if o == p:
                    continue
                receives = z3.Or(self.via[p], receiver[p])
                own_way = z3.And(direct, giver[o])
                # The addressee is named for a part of its own too only where another Party stands between.
                need = z3.And(self.parts[o], receives, z3.Not(own_way), z3.Not(receiver[o]))
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

    def key(self, name: str) -> str:
        """Under which key the variable of an attribute is kept."""
        return name

    def sure(self, name: str) -> Anything:
        """Whether an attribute is known."""
        self.var(name)
        return self.known[self.key(name)]

    def var(self, name: str) -> Anything:
        """The variable of an attribute; one that rests on no fact is always known."""
        key = self.key(name)
        if key not in self.vars:
            z3, kind = self.z3, ATTRIBUTES[name].kind
            make = {"flag": z3.Bool, "count": z3.Int, "word": z3.Int}[kind]
            self.vars[key] = make(key)
            self.names[key] = name
            self.known[key] = z3.Bool(f"{name} known") if ATTRIBUTES[name].facts else z3.BoolVal(True)
            if kind != "flag":
                self.axioms.append(self.vars[key] >= 0)
            if name in ("rank", "clearance"):
                self.axioms.append(self.vars[key] <= 3)
            if kind == "word":
                # Beside the words that rules know there is "any other"; of states there is none.
                self.axioms.append(self.vars[key] <= len(self.listed(name)) - (name == "state"))
            if name == "to":
                # A firm or a person is no Party.
                nobody = [self.vars[key] == n for n, word in enumerate(self.listed(name)) if word in _NO_PARTY]
                self.axioms.append(z3.Implies(z3.Or(*nobody), z3.Not(z3.Or(*(self.to[p] for p in self.parties[:-2])))))
            self.bind(name, self.vars[key])
        return self.vars[key]

    def bind(self, name: str, var: Anything) -> None:
        """Say more of an attribute's variable, once, when it is made."""

    def listed(self, name: str) -> list[Anything]:
        """The words of an attribute that some rule knows."""
        return sorted(self.words.get(name, set()), key=str)

    def _word(self, name: str, value: Anything) -> int:
        found = self.listed(name)
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
            return z3.And(self.sure(condition.attribute), found if positive else z3.Not(found))
        if isinstance(condition, AtLeast):
            left, bound = self.var(condition.attribute), condition.bound
            right = self.var(bound) if isinstance(bound, str) else bound
            known = [self.sure(condition.attribute), *([self.sure(bound)] if isinstance(bound, str) else [])]
            return z3.And(*known, left >= right if positive else left < right)
        left, right = self.var(condition.attribute), self.var(condition.other)
        same = left == right
        known = [self.sure(condition.attribute), self.sure(condition.other)]
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
        for key, var in sorted(self.vars.items()):
            name = self.names[key]
            shown = "the word in `to`" if key == "to" else key
            if not z3.is_true(model.eval(self.known[key], model_completion=True)):
                out[shown] = "unknown"
                continue
            value = model.eval(var, model_completion=True)
            if ATTRIBUTES[name].kind == "flag":
                out[shown] = z3.is_true(value)
            elif ATTRIBUTES[name].kind == "count":
                out[shown] = value.as_long()
            else:
                listed = self.listed(name)
                out[shown] = listed[value.as_long()] if value.as_long() < len(listed) else "any other"
        return out


def words_of(rules: Iterable[BoundRule]) -> dict[str, set[Anything]]:
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
            # Two words at least, for with one alone the two could not differ.
            shared = found.setdefault(condition.attribute, set()) | found.setdefault(condition.other, set())
            shared = shared | {"defence", "trade"}
            found[condition.attribute] = found[condition.other] = shared

    for bound in rules:
        walk(bound.rule.applies)
        walk(bound.rule.requires)
    return found


def between(world: World, agreement: Agreement) -> list[Anything]:
    """What the engine asks of every request before any clause: Parties act, and give to another Party."""
    z3 = world.z3
    found = [z3.Or(*(world.by[p] for p in agreement.parties))]
    if world.act in ("transmit", "disclose-orally", "visit"):
        found.append(z3.Or(*(world.to[p] for p in agreement.parties)))
    if world.act != "open":
        found += [z3.Not(z3.And(world.by[p], world.to[p])) for p in world.parties]
    if not agreement.hub or world.act == "release":
        found += [z3.Not(v) for v in world.via.values()]
    if world.act == "release":
        found.append(z3.Or(*(world.parts[p] for p in agreement.parties)))
    if world.act == "open":
        found.append(z3.Or(*(z3.And(world.parts[p], z3.Not(world.by[p])) for p in agreement.parties)))
    return found
