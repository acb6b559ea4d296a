"""Proofs over all requests at once, by a solver (extra `[prove]`).

The rules of each instrument are given to the solver as they are in the law data, with every fact known or unknown
and of any value; who gives, who receives, through whom, and whose parts are in the item are variables too. What is not
modelled stands in `COVERS`, and is printed with every proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any as Anything

from gsomia.agreement import Agreement, All, AtLeast, Is, Not
from gsomia.verdict.compiling import BoundRule, rules_for
from gsomia.verdict.law import Law
from gsomia.verdict.world import World, between, solver_of, words_of

__all__ = ["COVERS", "PROPERTIES", "Proof", "prove"]

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
    4: "nobody opens an item, or has it released to himself or his firm, without clearance, need and a place on the "
    "roster (open, release)",
}
_ACTS = {
    1: ("transmit", "disclose-orally", "release"),
    2: ("transmit", "disclose-orally", "visit"),
    3: ("transmit", "disclose-orally", "visit"),
    4: ("open", "release"),
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


def _broken(world: World, number: int, rules: tuple[BoundRule, ...]) -> Anything:
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
    person = world.true(Is("to", ("person", "contractor"))) if world.act == "release" else z3.BoolVal(True)
    return z3.And(person, z3.Not(world.true(cleared)))


def prove(law: Law, name: str, day: date) -> list[Proof]:
    """Whether an instrument keeps the four properties, for every request whatever.

    Args:
        law: the instruments; an arrangement is taken together with its legs.
        name: the instrument.
        day: the day on which its clauses must have begun.

    Raises:
        UsageError: the solver is not installed.
    """
    z3 = solver_of()
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


def _one(z3: Anything, agreement: Agreement, act: str, number: int, rules: tuple[BoundRule, ...]) -> Proof:
    world = World(z3, agreement.parties, act, words_of(rules))
    solver = z3.Solver()
    permitted, broken = world.permitted(rules), _broken(world, number, rules)
    solver.add(permitted, broken, *world.axioms, *between(world, agreement))
    answer = solver.check()
    if answer == z3.unsat:
        alone = z3.Solver()
        alone.add(world.permitted(rules), *world.axioms, *between(world, agreement))
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
