"""The fold against a slow oracle: Hypothesis walks through acts, and the oracle goes from midnight to midnight."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gsomia.agreement import READINGS, LegalAct, Record, state_at
from gsomia.cli.law.shared import shipped

TOKYO = timezone(timedelta(hours=9))
AGREEMENT = shipped()[0].agreements["jpn-kor-2016"]
START = datetime(2016, 11, 22, 22, tzinfo=TOKYO)


def oracle(acts: list[LegalAct], at: datetime, reading: str) -> str:
    """The state under one reading, moment by moment: acts, ends of terms, ends of clocks."""
    signed = False
    notified: set[str] = set()
    entered: datetime | None = None
    notices: list[dict[str, Any]] = []
    ends_of_clocks: list[datetime] = []
    moments: list[tuple[datetime, int, LegalAct | None]] = [(a.at, 1, a) for a in acts if a.at <= at]
    for year in range(2017, 2031):
        for month in range(1, 13):
            for day in range(1, 32):
                try:
                    moment = datetime(year, month, day, tzinfo=TOKYO)
                except ValueError:
                    continue
                if moment <= at:
                    moments.append((moment, 0, None))
    moments.sort(key=lambda m: (m[0], m[1], m[2].id if m[2] else ""))
    for moment, _, act in moments:
        if any(end <= moment for end in ends_of_clocks):
            return "terminated"
        if act is None:
            if entered is None:
                continue
            first = entered.astimezone(TOKYO)
            if (moment.month, moment.day) == (first.month, first.day) and moment.year > first.year:
                for notice in notices:
                    counts = notice["state"] == "live" or reading == "strict"
                    if counts and notice["end"] == "term" and notice["at"] < moment - timedelta(days=90):
                        return "terminated"
            continue
        if act.form != "note" or act.act == "announce":
            continue
        if act.act == "sign":
            signed = True
        elif act.act == "notify-entry" and signed:
            notified.add(act.by)
            if entered is None and notified == {"JPN", "KOR"}:
                entered = act.at
        elif entered is None:
            continue
        elif act.act == "give-notice":
            notices.append({"by": act.by, "at": act.at, "state": "live", "end": "term", "cut": None})
        elif act.act == "suspend-notice":
            for notice in notices:
                if notice["by"] == act.by and notice["state"] == "live":
                    notice["state"], notice["cut"] = "suspended", act.at
                    if notice["end"] != "term":
                        ends_of_clocks.remove(notice["end"])
        elif act.act == "resume-notice" and reading != "fresh-notice":
            for notice in notices:
                if notice["by"] == act.by and notice["state"] == "suspended":
                    own = own_day(entered, notice["at"])
                    if reading == "immediate" and own <= act.at:
                        return "terminated"
                    notice["state"] = "live"
                    if reading == "clock":
                        was = own if notice["end"] == "term" else notice["end"]
                        notice["end"] = act.at + (was - notice["cut"])
                        ends_of_clocks.append(notice["end"])
                    elif reading == "strict" or own > act.at:
                        notice["end"] = "term"
        elif act.act == "withdraw-notice":
            for notice in notices:
                if notice["by"] == act.by and notice["end"] != "term" and notice["end"] in ends_of_clocks:
                    ends_of_clocks.remove(notice["end"])
            notices = [n for n in notices if n["by"] != act.by]
    if any(end <= at for end in ends_of_clocks):
        return "terminated"
    if entered is None:
        return "signed" if signed else "none"
    if any(n["state"] == "live" for n in notices):
        return "notice-pending"
    return "notice-suspended" if notices else "in-force"


def own_day(entered: datetime, received: datetime) -> datetime:
    """The first end of a term that a notice serves."""
    first = entered.astimezone(TOKYO).replace(hour=0, minute=0, second=0, microsecond=0)
    year = first.year + 1
    while True:
        day = first.replace(year=year)
        if received < day - timedelta(days=90):
            return day
        year += 1


def edge(at: datetime, month_day: tuple[int, int], seconds: int) -> datetime:
    """The next such midnight after an instant, and so many seconds beside it."""
    year = at.astimezone(TOKYO).year
    while True:
        found = datetime(year, *month_day, tzinfo=TOKYO) + timedelta(seconds=seconds)
        if found > at:
            return found
        year += 1


KINDS = (
    *("sign", "notify-entry", "give-notice", "give-notice", "suspend-notice", "resume-notice"),
    *("withdraw-notice", "announce"),
)
# Fresh notices beside a suspended one leave `immediate` open: the oracle knows one answer only, so they are told apart.
steps = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from(("JPN", "KOR")),
        st.one_of(
            st.integers(min_value=0, max_value=400 * 24 * 6),
            # To a second before, at, or after the next cut-off or end of a term: where it is decided.
            st.tuples(st.sampled_from(((8, 25), (11, 23))), st.sampled_from((-1, 0, 1))),
        ),
        st.sampled_from(("note", "note", "note", "note", "email", "speech")),
    ),
    max_size=12,
)


@settings(max_examples=max(120, settings().max_examples), deadline=None)
@given(steps, st.integers(min_value=0, max_value=3000), st.sampled_from(READINGS), st.booleans())
def test_the_fold_is_the_oracle(walk: list[tuple[str, str, Any, str]], later: int, reading: str, entered: bool) -> None:
    acts: list[LegalAct] = []
    at = START
    if entered:
        for n, (kind, by) in enumerate((("sign", "KOR"), ("notify-entry", "JPN"), ("notify-entry", "KOR"))):
            at += timedelta(hours=1)
            acts.append(LegalAct(id=f"e{n}", under=AGREEMENT.name, act=kind, by=by, at=at))
    suspended: set[str] = set()
    for n, (kind, by, gap, form) in enumerate(walk):
        at = at + timedelta(minutes=10 * gap) if isinstance(gap, int) else edge(at, *gap)
        if reading == "immediate" and kind == "give-notice" and by in suspended:
            continue
        if kind == "suspend-notice":
            suspended.add(by)
        elif kind == "withdraw-notice" and form == "note":
            suspended.discard(by)
        acts.append(LegalAct(id=f"a{n:02}", under=AGREEMENT.name, act=kind, by=by, at=at, form=form))
    asked = min(at + timedelta(hours=later), datetime(2030, 12, 1, tzinfo=UTC))
    record = Record()
    for act in acts:
        record = record.plus([act])
    readings = {"JPN": reading, "KOR": reading}
    days = {datetime(year, 11, 23, tzinfo=TOKYO) for year in range(2017, asked.year + 1)}
    days = {day for day in days if day <= asked} | {day - timedelta(seconds=1) for day in days if day <= asked}
    for instant in {asked, *days, *(act.at for act in acts)}:
        if instant <= datetime(2030, 12, 1, tzinfo=UTC):
            state = state_at(AGREEMENT, record, instant, readings).state
            assert state == oracle(acts, instant, reading)
    assert record.head(AGREEMENT.name) == Record(reversed(acts)).head(AGREEMENT.name)


def test_the_order_in_which_instants_are_asked_changes_nothing() -> None:
    """Stages are kept between acts: asked backwards, forwards or alone, an instant has the one state."""
    rng = random.Random(21)
    kinds = ("give-notice", "suspend-notice", "resume-notice", "withdraw-notice", "amend")
    for reading in READINGS:
        chosen = {"JPN": "fresh-notice", "KOR": reading}
        at = START
        acts = [LegalAct(id="jpn-kor-2016/s", under=AGREEMENT.name, act="sign", by="KOR", at=at, form="signature")]
        acts += [
            LegalAct(id=f"jpn-kor-2016/e-{by}", under=AGREEMENT.name, act="notify-entry", by=by, at=at)
            for by in ("JPN", "KOR")
        ]
        for n in range(60):
            at += timedelta(days=rng.choice((0, 1, 40, 200)))
            act = LegalAct(
                id=f"jpn-kor-2016/{n}",
                under=AGREEMENT.name,
                act=rng.choice(kinds),
                by=rng.choice(("JPN", "KOR")),
                at=at,
            )
            acts.append(act)
        instants = [a.at + timedelta(days=days) for a in acts for days in (-1, 0, 1, 100, 366)]
        kept = Record(acts)
        rng.shuffle(instants)
        told = [state_at(AGREEMENT, kept, instant, chosen) for instant in instants]
        assert told == [state_at(AGREEMENT, kept, instant, chosen) for instant in instants]
        for instant, state in list(zip(instants, told, strict=True))[::7]:
            assert state == state_at(AGREEMENT, Record(a for a in acts if a.at <= instant), instant, chosen)
