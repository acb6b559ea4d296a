"""The legal state through time: periods between the instants at which it changes, as data and as a drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from html import escape
from typing import Any

from gsomia.agreement.acts import LegalAct, Record
from gsomia.agreement.instrument import Agreement
from gsomia.agreement.lifecycle import state_at
from gsomia.agreement.timers import next_anniversary

__all__ = ["Event", "Period", "draw", "events", "periods"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A stretch of time in one state.

    Args:
        start: when it begins; None for "always before".
        end: when the next begins; None where nothing ends it.
        state: the state, or `uncertain`.
        views: the state that each Party's reading gives.
    """

    start: datetime | None
    end: datetime | None
    state: str
    views: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """The period as a JSON object, instants in UTC."""
        return {
            "start": _utc(self.start),
            "end": _utc(self.end),
            "state": self.state,
            "views": self.views,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that stands on the time line.

    Args:
        at: when.
        what: `act`, `no-act` (an announcement, or an act in a form that does not bind), `extension`, `end`.
        act: the act; None for what the law does by itself.
        state: the state from then on.
        text: what happened, for people.
    """

    at: datetime
    what: str
    act: LegalAct | None
    state: str
    text: str

    def to_json(self) -> dict[str, Any]:
        """The event as a JSON object."""
        return {
            "at": _utc(self.at),
            "what": self.what,
            "act": self.act.to_json() if self.act else None,
            "state": self.state,
            "text": self.text,
        }


def _utc(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at is not None else None


def periods(agreement: Agreement, record: Record, readings: Mapping[str, str] | None = None) -> tuple[Period, ...]:
    """The states of an instrument in order of time, from before its first act on.

    Args:
        agreement: the instrument.
        record: the acts.
        readings: each Party's reading; by default as declared.
    """
    waiting = sorted({act.at for act in record.under(agreement.name)})
    at = waiting[0] - timedelta(seconds=1) if waiting else _EARLY
    state = state_at(agreement, record, at, readings)
    found: list[Period] = []
    start: datetime | None = None
    while True:
        ends = [n.ends for view in state.courses for n in view.notices if n.ends is not None]
        later = [instant for instant in (*waiting, *ends) if instant > at]
        if not later:
            found.append(Period(start=start, end=None, state=state.state, views=state.views))
            return tuple(found)
        at = min(later)
        after = state_at(agreement, record, at, readings)
        if (after.state, after.views) != (state.state, state.views):
            found.append(Period(start=start, end=at, state=state.state, views=state.views))
            start = at
        state = after


_EARLY = datetime(1900, 1, 1, tzinfo=UTC)


def events(
    agreement: Agreement,
    record: Record,
    until: datetime,
    readings: Mapping[str, str] | None = None,
) -> tuple[Event, ...]:
    """Acts, extensions and the end of an instrument, in order of time.

    Args:
        agreement: the instrument.
        record: the acts.
        until: how far extensions are told.
        readings: each Party's reading; by default as declared.
    """
    found: list[Event] = []
    for act in record.under(agreement.name):
        state = state_at(agreement, record, act.at, readings).state
        binding = act.act != "announce" and act.form in ("note", "signature")
        text = f"{act.by} {act.act}" + (f": {act.note}" if act.note else "")
        found.append(Event(at=act.at, what="act" if binding else "no-act", act=act, state=state, text=text))
    for period in periods(agreement, record, readings):
        if period.state == "terminated" and period.start is not None:
            found.append(Event(at=period.start, what="end", act=None, state="terminated", text="the instrument ends"))
    entered = next(
        (v.entered for v in state_at(agreement, record, until, readings).courses if v.entered is not None), None
    )
    if agreement.term is not None and entered is not None:
        at = next_anniversary(agreement.term, entered, entered)
        while at <= until:
            state_then = state_at(agreement, record, at, readings)
            if state_then.state == "terminated":
                break
            text = "a new term begins" if state_then.state != "notice-suspended" else "a term ends, notice suspended"
            found.append(Event(at=at, what="extension", act=None, state=state_then.state, text=text))
            at = next_anniversary(agreement.term, entered, at)
    return tuple(sorted(found, key=lambda event: (event.at, event.what != "act", event.text)))


_PATTERNS = {
    # Fill and hatch, so that the drawing reads in print without colour.
    "none": ("#ffffff", ""),
    "signed": ("#e6e6e6", "2 4"),
    "in-force": ("#2f6f4f", ""),
    "notice-pending": ("#d9a441", "6 3"),
    "notice-suspended": ("#7fb08f", "2 2"),
    "terminated": ("#8c2f39", "1 3"),
    "uncertain": ("#6a4c93", "4 4"),
}


def draw(
    rows: Mapping[str, tuple[Period, ...]],
    start: datetime,
    end: datetime,
    zone: tzinfo,
    *,
    title: str = "EXERCISE",
) -> str:
    """Periods as one self-contained SVG: a row for each instrument, years below, patterns that read in print.

    Args:
        rows: a label for each row, and its periods.
        start, end: what is shown.
        zone: the zone of the years' beginnings.
        title: written on top.

    Returns:
        SVG text, without scripts and without anything fetched.
    """
    left, width, row_height, top = 150, 900, 34, 40
    span = (end - start).total_seconds() or 1.0

    def place(at: datetime) -> float:
        inside = min(max(at, start), end)
        return left + width * (inside - start).total_seconds() / span

    height = top + row_height * len(rows) + 60
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 20} {height}" role="img" '
        f'aria-label="{escape(title, quote=True)}" font-family="sans-serif" font-size="12">',
        f'<text x="{left}" y="20" font-size="14">{escape(title)}</text>',
    ]
    for n, (label, found) in enumerate(rows.items()):
        y = top + n * row_height
        out.append(f'<text x="{left - 8}" y="{y + 16}" text-anchor="end">{escape(label)}</text>')
        for period in found:
            x, x2 = place(period.start or start), place(period.end or end)
            if x2 <= x:
                continue
            fill, dash = _PATTERNS[period.state]
            dashes = f' stroke-dasharray="{dash}"' if dash else ""
            out.append(
                f'<rect x="{x:.1f}" y="{y}" width="{x2 - x:.1f}" height="22" fill="{fill}" stroke="#222"{dashes}>'
                f"<title>{escape(label)}: {period.state}</title></rect>"
            )
    base = top + row_height * len(rows)
    for year in range(start.astimezone(zone).year, end.astimezone(zone).year + 1):
        at = datetime(year, 1, 1, tzinfo=zone)
        if start <= at <= end:
            x = place(at)
            out.append(f'<line x1="{x:.1f}" y1="{top - 6}" x2="{x:.1f}" y2="{base}" stroke="#999" stroke-width="0.5"/>')
            out.append(f'<text x="{x + 2:.1f}" y="{base + 14}" font-size="10">{year}</text>')
    for n, (state, (fill, dash)) in enumerate(_PATTERNS.items()):
        x = left + n * 125
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        out.append(
            f'<rect x="{x}" y="{base + 26}" width="14" height="14" fill="{fill}" stroke="#222"{dashes}/>'
            f'<text x="{x + 18}" y="{base + 38}" font-size="11">{state}</text>'
        )
    out.append("</svg>")
    return "\n".join(out) + "\n"
