"""The legal state of an instrument: a pure fold over its acts, one for each reading of the Parties.

What the text leaves open (Article 21 says nothing on suspending a notice) is not decided here: each Party's declared
reading gives a view, and where the views differ the state is `uncertain`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from gsomia.agreement.acts import READINGS, STATES
from gsomia.agreement.timers import Term, next_anniversary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gsomia.agreement.acts import Chain, LegalAct, Record
    from gsomia.agreement.instrument import Agreement

__all__ = ["READINGS", "STATES", "LegalState", "Notice", "View", "state_at", "without_effect"]


_BINDING_FORMS = frozenset({"note", "signature"})


class Notice(NamedTuple):
    """One notice of termination.

    Args:
        by: the Party that gave it.
        day: the end of the term that it serves; None where the term was not read.
        ends: when it ends the instrument if nothing else happens.
        suspended: since when its effect is suspended, or None.
        beside: whether its giver had an older one suspended at the time.
    """

    by: str
    day: datetime | None
    ends: datetime | None
    suspended: datetime | None = None
    beside: bool = False


class View(NamedTuple):
    """The state of an instrument under one reading.

    Args:
        state: one of `STATES`.
        since: from when; None for `none`.
        entered: when it entered into force.
        notices: the notices that are there, live and suspended.
        notified: the Parties that have notified that their own law is satisfied.
    """

    state: str = "none"
    since: datetime | None = None
    entered: datetime | None = None
    notices: tuple[Notice, ...] = ()
    notified: frozenset[str] = frozenset()


class LegalState(NamedTuple):
    """The legal state at an instant.

    Args:
        state: one of `STATES`, or `uncertain` where the Parties' readings give different ones.
        views: the state that each Party's reading gives.
        readings: each Party's reading.
        courses: the views behind them, without repetition; with more than one, each may be asked.
        by_party: the views behind each Party's reading: two where the reading itself leaves something open.
        articles: what the state rests on.
        cut_off: before when a notice must be received to serve the next end of a term; None where none runs.
        anniversary: the next end of a term.
    """

    state: str
    views: dict[str, str]
    readings: dict[str, str]
    courses: tuple[View, ...]
    by_party: dict[str, tuple[View, ...]]
    articles: tuple[str, ...]
    cut_off: datetime | None
    anniversary: datetime | None

    @property
    def disputed(self) -> bool:
        """Whether the declared readings give different states."""
        return self.state == "uncertain"


def _label(notices: tuple[Notice, ...]) -> str:
    for notice in notices:
        if notice.suspended is None:
            return "notice-pending"
    return "notice-suspended" if notices else "in-force"


def lapse(view: View, at: datetime, reading: str) -> View:
    """What the law itself does up to an instant: a live notice whose day has come ends the instrument."""
    if not view.notices or view.state == "terminated":
        return view
    ends = None
    for _, _, day, suspended, beside in view.notices:
        if day is None or day > at or (ends is not None and ends <= day):
            continue
        if (suspended is None or reading == "strict") and not (beside and reading == "immediate-else"):
            ends = day
    if ends is None:
        return view
    return View("terminated", ends, view.entered, (), view.notified)


def step(view: View, act: LegalAct, term: Term | None, parties: frozenset[str], reading: str) -> View:
    """The view after one more act.

    Args:
        view: the view before, with every earlier lapse done.
        act: the act; one without effect leaves the view as it is.
        term: how the instrument runs; None where that was not read.
        parties: the Parties of the instrument.
        reading: one of `READINGS`; `immediate-else` is `immediate` with a fresh notice beside a suspended one void.
    """
    kind = act.act
    if act.form not in _BINDING_FORMS or act.by not in parties or view.state == "terminated":
        return view
    if view.entered is None:
        if kind == "take-effect":
            return View("in-force", act.at, act.at, (), view.notified)
        if kind == "sign" and view.state == "none":
            return View("signed", act.at)
        if kind == "notify-entry" and view.state == "signed":
            notified = view.notified | {act.by}
            if notified == parties:
                return View("in-force", act.at, act.at, (), notified)
            return View("signed", view.since, None, (), notified)
        return view
    notices = view.notices
    if kind == "give-notice":
        day = term.end_for(view.entered, act.at) if term is not None else None
        beside = False
        for notice in notices:
            beside = beside or (notice.by == act.by and notice.suspended is not None)
        if beside and day is not None and term is not None and reading == "immediate":
            # Whoever may end it at once is perhaps bound by no cut-off: the next end of a term is the earliest that
            # such a note could serve. That it does nothing is the other course, `immediate-else`; so it is open.
            day = next_anniversary(term, view.entered, act.at)
        for notice in notices:
            own = notice.by == act.by and notice.suspended is None and notice.beside <= beside
            if own and (notice.ends is None or (day is not None and notice.ends <= day)):
                # A live notice of the same Party that ends it no later: another adds nothing.
                return view
        notices = (*notices, Notice(act.by, day, day, None, beside))
    elif kind == "suspend-notice":
        notices = tuple(n._replace(suspended=act.at) if n.by == act.by and n.suspended is None else n for n in notices)
    elif kind == "resume-notice":
        return _resume(view, act, reading)
    elif kind == "withdraw-notice":
        notices = tuple(n for n in notices if n.by != act.by)
    elif kind in ("leave", "replace"):
        return View("terminated", act.at, view.entered, (), view.notified)
    if notices == view.notices:
        return view
    return View(_label(notices), act.at, view.entered, notices, view.notified)


def _resume(view: View, act: LegalAct, reading: str) -> View:
    if reading == "fresh-notice":
        return view
    notices = []
    for notice in view.notices:
        if notice.by == act.by and notice.suspended is not None:
            if reading.startswith("immediate") and notice.day is not None and notice.day <= act.at:
                return View("terminated", act.at, view.entered, (), view.notified)
            ends = notice.ends
            if reading == "clock" and ends is not None:
                ends = act.at + (ends - notice.suspended)
            notices.append(notice._replace(suspended=None, ends=ends))
        else:
            notices.append(notice)
    if tuple(notices) == view.notices:
        return view
    return View(_label(tuple(notices)), act.at, view.entered, tuple(notices), view.notified)


def without_effect(agreement: Agreement, kind: str) -> tuple[str, str] | None:
    """Why `take-effect` or `leave` does nothing under an instrument: they are acts of texts that nobody has read.

    Args:
        agreement: the instrument.
        kind: the kind of act.

    Returns:
        The article that says how the instrument begins or ends (`unread` for a binding one whose article was not
        read), and the reason; None where the act counts.
    """
    if kind == "take-effect" and agreement.entry_article:
        return agreement.entry_article, "how it enters into force stands in its own article, which knows no such act"
    if kind == "leave" and agreement.end_article:
        return agreement.end_article, "how it ends stands in its own article, which lets no Party leave at once"
    if kind == "leave" and agreement.binding:
        return "unread", "one leaves an arrangement; a binding instrument ends as its text says, which was not read"
    return None


def _view(agreement: Agreement, chain: Chain, index: int, at: datetime, reading: str) -> View:
    """The view at an instant, before which `index` acts moved the state: folded once and kept along the chain."""
    key = (agreement.version, reading)
    views: dict[int, View] | None = chain.folds.get(key)
    if views is None:
        views = chain.folds[key] = {0: View()}
    done = len(views)
    if done <= index:
        view, term, parties, acts = views[done - 1], agreement.term, agreement.party_set, chain.acts
        for position in range(done - 1, index):
            act = acts[chain.moving[position][1]]
            if view.notices:
                view = lapse(view, act.at, reading)
            if without_effect(agreement, act.act) is None:
                view = step(view, act, term, parties, reading)
            views[position + 1] = view
    view = views[index]
    return lapse(view, at, reading) if view.notices else view


def readings_at(
    agreement: Agreement, record: Record, at: datetime, readings: Mapping[str, str] | None
) -> dict[str, str]:
    """Each Party's reading at an instant: asked for, else declared by an act, else as the agreement file has it."""
    own = agreement.readings
    out = {party: own.get(party, "fresh-notice") for party in agreement.parties}
    if record.declares(agreement.name):
        out |= {party: known for party in out if (known := record.reading(agreement.name, party, at))}
    if readings:
        out |= {party: asked for party in out if (asked := readings.get(party))}
    return out


def courses_of(
    agreement: Agreement, record: Record, at: datetime, readings: Mapping[str, str]
) -> dict[str, tuple[View, ...]]:
    """The views of each Party: one, or two where its own reading leaves something open."""
    chain, length = record.chain(agreement.name)
    return _courses(agreement, chain, chain.moved(at, length), at, readings)


def _courses(
    agreement: Agreement, chain: Chain, index: int, at: datetime, readings: Mapping[str, str]
) -> dict[str, tuple[View, ...]]:
    found: dict[str, tuple[View, ...]] = {}
    known: dict[str, tuple[View, ...]] = {}
    for party, reading in readings.items():
        views = known.get(reading)
        if views is None:
            first = _view(agreement, chain, index, at, reading)
            views = (first,)
            if reading == "immediate" and (first.notices or first.state == "terminated"):
                other = _view(agreement, chain, index, at, "immediate-else")
                if other != first:
                    views = (first, other)
            known[reading] = views
        found[party] = views
    return found


def state_at(
    agreement: Agreement,
    record: Record,
    at: datetime,
    readings: Mapping[str, str] | None = None,
    *,
    known: datetime | None = None,
) -> LegalState:
    """The legal state of an instrument at an instant.

    Args:
        agreement: the instrument.
        record: the acts.
        at: the instant asked about (aware); an act counts from its own instant on.
        readings: each Party's reading of resuming a suspended notice; by default as declared.
        known: ask what a record held at that earlier instant, instead of what it holds now.
    """
    if known is not None:
        record = record.known(known)
    chain, length = record.chain(agreement.name)
    index = chain.moved(at, length)
    if not record.declares(agreement.name):
        stage = _stages(agreement, chain, record, index, readings)[index]
        if at < stage.until:
            return _timed(stage.state, agreement.term, stage.running, at)
    chosen = readings_at(agreement, record, at, readings)
    state, running = _joined(agreement, chosen, _courses(agreement, chain, index, at, chosen))
    return _timed(state, agreement.term, running, at)


class _Stage(NamedTuple):
    """What holds from one act that moves the state to the next.

    Args:
        state: the state, without its timers.
        running: since when its terms run; None where none does.
        until: the first instant at which the law itself ends it under some reading.
    """

    state: LegalState
    running: datetime | None
    until: datetime


def _stages(
    agreement: Agreement, chain: Chain, record: Record, index: int, readings: Mapping[str, str] | None
) -> dict[int, _Stage]:
    """The stages up to one, worked out once and kept along the chain by position, as the views are."""
    key = (agreement.version, tuple(sorted(readings.items())) if readings else None, "stages")
    stages: dict[int, _Stage] | None = chain.folds.get(key)
    if stages is None:
        stages = chain.folds[key] = {}
    if len(stages) > index:
        return stages
    chosen = readings_at(agreement, record, _LATEST, readings)
    asked = {party: (own, "immediate-else") if own == "immediate" else (own,) for party, own in chosen.items()}
    for position in range(len(stages), index + 1):
        at = chain.instants[position - 1] if position else _EARLIEST
        by_party = _courses(agreement, chain, position, at, chosen)
        before = stages[position - 1] if position else None
        if before is not None and at < before.until and by_party == before.state.by_party:
            # An act without effect.
            stages[position] = before
            continue
        until = _LATEST
        for party, views in by_party.items():
            for view in views:
                for reading in asked[party] if view.notices else ():
                    ended = lapse(view, _LATEST, reading).since
                    if ended is not None and at < ended < until:
                        until = ended
        stages[position] = _Stage(*_joined(agreement, chosen, by_party), until)
    return stages


_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
_LATEST = datetime(9999, 12, 30, tzinfo=UTC)


def _joined(
    agreement: Agreement, chosen: dict[str, str], by_party: dict[str, tuple[View, ...]]
) -> tuple[LegalState, datetime | None]:
    """The views of all Parties as one state, without its timers; and since when its terms run."""
    views: dict[str, str] = {}
    courses: list[View] = []
    running: datetime | None = None
    for party, found in by_party.items():
        state = found[0].state
        for view in found:
            if view not in courses:
                courses.append(view)
            if view.state != state:
                state = "uncertain"
            if view.entered is not None and view.state != "terminated":
                running = view.entered
        views[party] = state
    distinct = set(views.values())
    state = distinct.pop() if len(distinct) == 1 else "uncertain"
    kinds = tuple([(view.entered is not None, view.state == "terminated") for view in courses])
    a = agreement
    articles = _articles(a.entry_article, a.end_article, a.survival_article, a.dispute_article, kinds)
    return LegalState(state, views, chosen, tuple(courses), by_party, articles, None, None), running


def _timed(state: LegalState, term: Term | None, running: datetime | None, at: datetime) -> LegalState:
    """The state with the next end of a term and its cut-off."""
    if term is None or running is None:
        return state
    word, views, readings, courses, by_party, articles, _, _ = state
    anniversary = next_anniversary(term, running, at)
    return LegalState(word, views, readings, courses, by_party, articles, anniversary - term.notice, anniversary)


@lru_cache(maxsize=256)
def _articles(
    entry: str, end: str, survival: str, dispute: str, kinds: tuple[tuple[bool, bool], ...]
) -> tuple[str, ...]:
    """What a state rests on, by whether each of its views has begun and has ended."""
    found: dict[str, None] = {}
    for begun, ended in kinds:
        for name, told in ((entry, True), (end, begun), (survival, ended), (dispute, len(kinds) > 1)):
            if told and name:
                found[name] = None
    return tuple(found)
