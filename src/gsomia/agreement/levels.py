"""Levels of an instrument: national marks in native script, and what each becomes in each direction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gsomia.marking import fold

__all__ = ["RANKS", "Government", "Level", "Levels"]

RANKS: dict[str, int] = {"CONFIDENTIAL": 1, "SECRET": 2, "TOP SECRET": 3}
"""English names of the levels in rising order; 0 is no level at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One national mark.

    Args:
        party: the Party whose mark it is.
        mark: the mark in native script, as the instrument prints it.
        romanised: how it is read.
        english: the English name beside it in the table, or "" where the table does not hold the mark and nothing read
            sets it beside another.
        rank: 1 CONFIDENTIAL, 2 SECRET, 3 TOP SECRET, 0 where there is no English name.
        covered: whether the instrument covers it.
        source, confidence: as for an article.
    """

    party: str
    mark: str
    romanised: str
    english: str
    rank: int
    covered: bool
    source: str
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Government:
    """How the providing Government is named where its information is marked or spoken of (Articles 4.2 and 4.3).

    Args:
        party: the Party whose Government it is.
        language: of its own marks (BCP 47).
        names: language to the name in it.
        source, confidence: as for an article.
    """

    party: str
    language: str
    names: Mapping[str, str]
    source: str
    confidence: str


class Levels:
    """The table of levels of one instrument.

    Args:
        levels: the marks.
        equivalences: (mark, from, to) to the marks it becomes; more than one where the recipient's competent
            authority chooses.
    """

    __slots__ = ("_folded", "equivalences", "levels", "parties")

    def __init__(self, levels: tuple[Level, ...], equivalences: Mapping[tuple[str, str, str], tuple[str, ...]]) -> None:
        self.levels = levels
        self.equivalences = dict(equivalences)
        self.parties = frozenset(level.party for level in levels)
        self._folded: dict[tuple[str, str], Level] = {}
        for level in levels:
            self._folded[(level.party, fold(level.mark))] = self._folded[(level.party, level.mark)] = level
        for level in levels:
            # The English name stands for the row; a national mark that reads the same stays itself.
            if level.english:
                self._folded.setdefault((level.party, fold(level.english)), level)

    def find(self, party: str, typed: str) -> Level | None:
        """The level that a typed mark names among a Party's marks: by native script or by its English name."""
        # What is its own fold, and a mark as the table has it, need no folding.
        found = self._folded.get((party, typed))
        return found if found is not None else self._folded.get((party, fold(typed)))

    def equivalents(self, mark: str, from_: str, to: str) -> tuple[str, ...]:
        """The marks that a mark becomes in one direction, in native script; () where there is none."""
        level = self.find(from_, mark)
        if level is None:
            return ()
        if fold(mark) != fold(level.mark):
            # Typed by its English name: whatever any mark of that row becomes.
            rows = [row for row in self.levels if row.party == from_ and row.english == level.english]
            found = [m for row in rows for m in self.equivalences.get((row.mark, from_, to), ())]
            return tuple(dict.fromkeys(found))
        return self.equivalences.get((level.mark, from_, to), ())
