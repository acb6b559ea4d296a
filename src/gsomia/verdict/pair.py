"""One request that two versions of an instrument are asked, in the solver's variables (extra `[prove]`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any as Anything

from gsomia.agreement import (
    GIVING_ACTS,
    HELD_ACTS,
    LEGAL_ACTS,
    Agreement,
)
from gsomia.verdict.attributes import ATTRIBUTES, Tables
from gsomia.verdict.facts import Item, Request
from gsomia.verdict.reasons import PASSING_ACTS
from gsomia.verdict.world import World

__all__ = ["Pair", "between"]

_SIDED = frozenset({"rank", "covered", "shown_rank", "shown_covered", "ceiling_rank"})
_CORRESPONDING = frozenset({"mark_corresponds", "regrade_corresponds"})
_ITEMLESS = (*LEGAL_ACTS, "visit", "notify-law-change")
_PERHAPS_ITEMLESS = ("request", "report-loss", "notify-regrade", "warn")
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


class Pair(World):
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


def between(world: Pair, agreement: Agreement) -> Anything:
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
