"""Terms, anniversaries and cut-offs: half-open, in the zone that the agreement file names."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from gsomia.errors import UsageError

__all__ = ["Term", "next_anniversary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long the instrument runs and how it is ended.

    Args:
        years: length of a term in years.
        notice: how long before the end of a term a notice must have been received.
        zone: the fixed offset at whose midnight a day begins.
        article: where this stands, for citations.
    """

    years: int
    notice: timedelta
    zone: tzinfo
    article: str

    def anniversary(self, entered: datetime, terms: int) -> datetime:
        """The instant at which the given number of terms since entry into force is over.

        A day that the year lacks (29 February) is taken as the next day, so that no term is shorter than it says.

        Args:
            entered: the instant of entry into force.
            terms: how many terms, at least 1.
        """
        day = entered.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        year = day.year + terms * self.years
        try:
            return day.replace(year=year).astimezone(UTC)
        except ValueError:
            return day.replace(year=year, month=3, day=1).astimezone(UTC)

    def ends(self, entered: datetime) -> tuple[list[datetime], list[datetime]]:
        """The ends of the first 400 terms, and the cut-off of each."""
        found = _ENDS.get((self, entered))
        if found is None:
            ends = [self.anniversary(entered, n) for n in range(1, 401) if entered.year + n * self.years < 9990]
            found = ends, [end - self.notice for end in ends]
            if len(_ENDS) >= 256:
                _ENDS.clear()
            _ENDS[(self, entered)] = found
        return found

    def end_for(self, entered: datetime, received: datetime) -> datetime:
        """The first end of a term that a notice received then still serves.

        Raises:
            UsageError: it is beyond the terms that are counted.
        """
        ends, cut_offs = self.ends(entered)
        return _at(ends, bisect_right(cut_offs, received), received)

    def is_end(self, entered: datetime, instant: datetime) -> bool:
        """Whether a term ends at the instant."""
        return instant in self.ends(entered)[0]


_ENDS: dict[tuple[Term, datetime], tuple[list[datetime], list[datetime]]] = {}
"""Computed once for each day of entry into force; nothing is ever decided by what is in it."""


def next_anniversary(term: Term, entered: datetime, at: datetime) -> datetime:
    """The first end of a term after the instant.

    Raises:
        UsageError: it is beyond the terms that are counted.
    """
    ends, _ = term.ends(entered)
    return _at(ends, bisect_right(ends, at), at)


def _at(ends: list[datetime], place: int, asked: datetime) -> datetime:
    if place >= len(ends):
        raise UsageError(f"`{asked.isoformat()}` is beyond the {len(ends)} terms that are counted")
    return ends[place]
