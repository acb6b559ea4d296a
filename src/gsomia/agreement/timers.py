"""Terms, anniversaries and cut-offs: half-open, in the zone that the agreement file names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

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

    def end_for(self, entered: datetime, received: datetime) -> datetime:
        """The first end of a term that a notice received then still serves."""
        terms = max(1, (received - entered).days // (366 * self.years))
        while True:
            end = self.anniversary(entered, terms)
            if received < end - self.notice:
                return end
            terms += 1

    def is_end(self, entered: datetime, instant: datetime) -> bool:
        """Whether a term ends at the instant."""
        terms = max(1, round((instant - entered).days / (365.2425 * self.years)))
        return any(self.anniversary(entered, t) == instant for t in (terms, terms + 1, max(1, terms - 1)))


def next_anniversary(term: Term, entered: datetime, at: datetime) -> datetime:
    """The first end of a term after the instant."""
    terms = max(1, (at - entered).days // (366 * term.years))
    while True:
        end = term.anniversary(entered, terms)
        if end > at:
            return end
        terms += 1
