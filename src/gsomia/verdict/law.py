"""The law a node applies: its instruments, each compiled, and which of them could carry a request."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime

from gsomia.agreement import Agreement, Levels, Record, day_of
from gsomia.verdict.attributes import Tables
from gsomia.verdict.compiling import Compiled, compile_act
from gsomia.verdict.plans import Bound

__all__ = ["Law", "Sheet"]


class Sheet:
    """One instrument ready to be asked: its tables, and its clauses compiled act by act when first needed."""

    __slots__ = ("_compiled", "_days", "agreement", "tables")

    def __init__(self, agreement: Agreement, levels: Levels) -> None:
        self.agreement = agreement
        self.tables = Tables(agreement, levels)
        self._days = agreement.days
        self._compiled: dict[tuple[str, int], Compiled] = {}

    def compiled(self, act: str, at: datetime) -> Compiled:
        """The clauses for an act as they stand at an instant."""
        age = bisect_right(self._days, day_of(self.agreement, at)) if self._days else 0
        found = self._compiled.get((act, age))
        if found is None:
            day = day_of(self.agreement, at)
            found = self._compiled[(act, age)] = compile_act(self.agreement, act, day)
        return found


class Law:
    """The instruments that are asked.

    Args:
        agreements: name to instrument.
    """

    __slots__ = ("_between", "_others", "agreements", "arrangements", "bound", "sheets")

    def __init__(self, agreements: Mapping[str, Agreement]) -> None:
        self.agreements = dict(sorted(agreements.items()))
        self.sheets = {name: Sheet(a, self._levels(a)) for name, a in self.agreements.items()}
        considered = [a for a in self.agreements.values() if a.considered]
        self.arrangements = [self.sheets[a.name] for a in considered if a.hub]
        self._between: dict[frozenset[str], tuple[Sheet, ...]] = {}
        for agreement in considered:
            if agreement.hub:
                continue
            for one in agreement.parties:
                for other in agreement.parties:
                    pair = frozenset((one, other))
                    known = self._between.get(pair, ())
                    if len(pair) == 2 and self.sheets[agreement.name] not in known:
                        self._between[pair] = (*known, self.sheets[agreement.name])
        self.bound = Bound(self.agreements, Record(), None)
        self._others: dict[tuple[int, object], Bound] = {}

    def bind(self, record: Record, readings: Mapping[str, str] | None) -> Bound:
        """What is remembered for a record and a set of readings; the few used last are kept."""
        key = (id(record), tuple(sorted(readings.items())) if readings is not None else None)
        found = self._others.get(key)
        if found is None or found.record is not record:
            if len(self._others) >= 16:
                self._others = {}
            found = self._others[key] = Bound(self.agreements, record, readings)
        if readings is None:
            self.bound = found
        return found

    def between(self, one: str, other: str) -> tuple[Sheet, ...]:
        """The instruments that both are Parties to and that carry without a hub."""
        return self._between.get(frozenset((one, other)), ())

    def of(self, party: str) -> tuple[Sheet, ...]:
        """The instruments without a hub that a Party is party to."""
        return tuple(
            s
            for s in self.sheets.values()
            if s.agreement.considered and not s.agreement.hub and party in s.agreement.party_set
        )

    def versions(self) -> dict[str, str]:
        """Name to version of every instrument."""
        return {name: a.version for name, a in self.agreements.items()}

    def _levels(self, agreement: Agreement) -> Levels:
        """The table of an instrument; for one that rests on legs, their tables joined through the hub."""
        if not agreement.legs or agreement.levels:
            return agreement.levels_table
        legs = [self.agreements[name] for name in agreement.legs if name in self.agreements]
        levels = {(x.party, x.mark): x for leg in legs for x in leg.levels}
        ways = {key: gives for leg in legs for key, gives in leg.levels_table.equivalences.items()}
        joined = dict(ways)
        for (mark, from_, hub), through in ways.items():
            if hub != agreement.hub:
                continue
            for to in agreement.parties:
                gives = [m for middle in through for m in ways.get((middle, hub, to), ())]
                if to not in (from_, hub) and gives:
                    joined[(mark, from_, to)] = tuple(dict.fromkeys(gives))
        return Levels(tuple(levels.values()), joined)
