"""The legal state through time: periods between the instants at which it changes, and what happens at instants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gsomia.agreement.acts import LegalAct, Record
from gsomia.agreement.instrument import Agreement
from gsomia.agreement.lifecycle import LegalState, state_at
from gsomia.agreement.timers import next_anniversary

__all__ = ["Event", "Period", "events", "periods", "rows_of"]


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
        what: `act`, `no-act` (an announcement, or an act in a form that does not bind), `cut-off`, `extension`, `end`.
        act: the act; None for what the law does by itself.
        state: the state from then on, `uncertain` where the Parties' readings differ.
        views: the state from then on by each Party's reading.
        text: what happened, for people; where the Parties read it differently, each Party's reading.
    """

    at: datetime
    what: str
    act: LegalAct | None
    state: str
    views: dict[str, str]
    text: str

    def to_json(self) -> dict[str, Any]:
        """The event as a JSON object."""
        return {
            "at": _utc(self.at),
            "what": self.what,
            "act": self.act.to_json() if self.act else None,
            "state": self.state,
            "views": self.views,
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
    """Acts, cut-offs, extensions and the end of an instrument, in order of time.

    Args:
        agreement: the instrument.
        record: the acts.
        until: how far cut-offs and extensions are told.
        readings: each Party's reading; by default as declared.
    """
    found: list[Event] = []

    def happens(at: datetime, what: str, text: str, act: LegalAct | None = None) -> None:
        state = state_at(agreement, record, at, readings)
        found.append(Event(at=at, what=what, act=act, state=state.state, views=dict(state.views), text=text))

    for act in record.under(agreement.name):
        binding = act.act != "announce" and act.form in ("note", "signature")
        text = f"{act.by} {act.act}" + (f": {act.note}" if act.note else "")
        happens(act.at, "act" if binding else "no-act", text, act)
    before: dict[str, str] = {}
    for period in periods(agreement, record, readings):
        ending = [p for p, view in period.views.items() if view == "terminated" and before.get(p) != "terminated"]
        if ending and period.start is not None:
            held = state_at(agreement, record, period.start, readings).readings
            whose = ", ".join(f"{party} ({held[party]})" for party in ending)
            among = "" if len(ending) == len(period.views) else f" as read by {whose}"
            happens(period.start, "end", "the instrument ends" + among)
        before = period.views
    entered = next(
        (v.entered for v in state_at(agreement, record, until, readings).courses if v.entered is not None), None
    )
    term = agreement.term
    if term is not None and entered is not None:
        at = entered
        while True:
            at = next_anniversary(term, entered, at)
            cut_off = at - term.notice
            if cut_off > until or _over(agreement, record, cut_off, readings):
                break
            then, day = state_at(agreement, record, cut_off, readings), f"{at.astimezone(term.zone):%Y-%m-%d}"
            running = f"too late from now on for a notice to end it on {day}"
            happens(cut_off, "cut-off", _told(then, running, "no cut-off, the notice is suspended"))
            if at > until or _over(agreement, record, at, readings):
                break
            then = state_at(agreement, record, at, readings)
            happens(at, "extension", _told(then, "a new term begins", "no new term, the notice is suspended"))
    return tuple(sorted(found, key=lambda event: (event.at, event.what != "act", event.what != "end", event.text)))


def _over(agreement: Agreement, record: Record, at: datetime, readings: Mapping[str, str] | None) -> bool:
    return set(state_at(agreement, record, at, readings).views.values()) == {"terminated"}


def _told(state: LegalState, running: str, suspended: str) -> str:
    """What an instant of the term means, to each Party where they read it differently."""
    told = {p: _by(view, state.readings[p], running, suspended) for p, view in state.views.items()}
    if len(set(told.values())) == 1:
        return next(iter(told.values()))
    return "; ".join(f"{party} ({state.readings[party]}): {text}" for party, text in told.items())


def _by(view: str, reading: str, running: str, suspended: str) -> str:
    if view == "terminated":
        return "it has ended"
    if view == "uncertain":
        return "not settled"
    return suspended if view == "notice-suspended" and reading != "fresh-notice" else running


def rows_of(agreement: Agreement, found: tuple[Period, ...]) -> dict[str, tuple[Period, ...]]:
    """The rows of a drawing: one where the Parties agree throughout, else one for each Party.

    Args:
        agreement: the instrument.
        found: its periods.
    """
    if not any(len(set(period.views.values())) > 1 for period in found):
        return {agreement.name: found}
    return {
        f"as read by {party}": tuple(
            Period(start=p.start, end=p.end, state=p.views[party], views={party: p.views[party]}) for p in found
        )
        for party in agreement.parties
    }
