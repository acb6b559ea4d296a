"""The legal state of an instrument over time, as bands that follow one another without a gap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gsomia.agreement import Agreement, LegalAct, Record, state_at

__all__ = ["Band", "bands"]

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """One stretch of time in which the state is the same.

    Args:
        state: as `state_at` says it, `uncertain` where the Parties' readings differ.
        start: its first instant; None for the first band.
        end: the first instant that no longer belongs to it; None for the last band.
        articles: what the state rests on.
        begun_by: the acts at its first instant; none where the law itself began it.
    """

    state: str
    start: datetime | None
    end: datetime | None
    articles: tuple[str, ...]
    begun_by: tuple[LegalAct, ...]

    def holds(self, at: datetime) -> bool:
        """Whether an instant lies in the band."""
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


def bands(agreement: Agreement, record: Record) -> tuple[Band, ...]:
    """The states of an instrument, from before its first act to after its last.

    Args:
        agreement: the instrument.
        record: the legal acts; each counts from its own instant on, and a notice on the day that it serves.
    """
    acts = record.under(agreement.name)
    points = {act.at for act in acts}
    for act in acts:
        for view in state_at(agreement, record, act.at).courses:
            points.update(notice.ends for notice in view.notices if notice.ends is not None)
    starts: list[datetime | None] = [None, *sorted(points)]
    found: list[Band] = []
    for start in starts:
        # Before the first act the instant just before it stands for all the time until then.
        at = start or (min(points) - _INSTANT if points else None)
        state = state_at(agreement, record, at) if at is not None else None
        label = state.state if state is not None else "none"
        if found and found[-1].state == label:
            continue
        if found:
            found[-1] = _ended(found[-1], start)
        found.append(
            Band(
                state=label,
                start=start,
                end=None,
                articles=state.articles if state is not None else (),
                begun_by=tuple(act for act in acts if act.at == start and act.act != "announce"),
            )
        )
    return tuple(found)


def _ended(band: Band, end: datetime | None) -> Band:
    return Band(state=band.state, start=band.start, end=end, articles=band.articles, begun_by=band.begun_by)
