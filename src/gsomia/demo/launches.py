"""The 339 launches on record, and by which route a report of each could have passed between Japan and South Korea.

    for found in all_routes(law, record, launches()):
        found.launch.date, found.route, found.articles

No answer is written here: each comes from `decide`, asked for the instant of the launch and in both directions.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from gsomia.agreement import Record, midnight, state_at
from gsomia.errors import DataError
from gsomia.verdict import Item, Law, Request, Verdict, decide, granted

__all__ = [
    "CLASSES",
    "DIRECT",
    "NO",
    "NONE",
    "ROUTES",
    "TISA",
    "UNKNOWN",
    "YES",
    "Launch",
    "LaunchRoutes",
    "all_routes",
    "launches",
    "read_launches",
    "routes",
    "turning_points",
]

NONE, TISA, DIRECT, UNKNOWN = "none", "tisa", "direct", "unknown"
ROUTES = (NONE, TISA, DIRECT, UNKNOWN)
"""No route · through the USA under the arrangement of 2014 · direct · the answer changes within the month."""
YES, NO = "yes", "no"
"""The answers of the two lighter columns; the third is `UNKNOWN`."""

CLASSES = ("SRBM", "MRBM", "IRBM", "ICBM", "SLBM", "SLV", "HGV", "Unknown")
OUTCOMES = ("success", "failure", "unknown")
COLUMNS = (
    "date_utc",
    "time_utc",
    "series",
    "missile",
    "missile_name",
    "missile_class",
    "facility",
    "facility_name",
    "launch_lat",
    "launch_lon",
    "bearing_deg",
    "apogee_km",
    "distance_km",
    "outcome",
)

NOON_IN_TOKYO = time(3, tzinfo=UTC)
"""12:00 in Tokyo, which counts where the hour of a launch is missing."""
_INSTANT = timedelta(microseconds=1)
_DATA = Path(__file__).parent / "data" / "launches.csv"

JK, ARRANGEMENT, WARNING = "jpn-kor-2016", "tisa-2014", "warning-2023"
WITH_USA = {"JPN": "usa-jpn-2007", "KOR": "usa-kor-1987"}
"""The agreement of each Party with the USA, for the chain of bilateral agreements."""
DIRECTIONS = (("JPN", "KOR"), ("KOR", "JPN"))

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One launch, as the record has it.

    Args:
        number: its place in the record, from 1.
        date: the day in UTC, `2017-11-28`, or only the month, `1984-09`.
        time: the time of day in UTC, `18:17`, or "" where it is missing.
        series: its number within its day or series.
        missile, missile_name, missile_class: the type: short word, name, one of `CLASSES`.
        facility, facility_name: the site: short word, name.
        launch_lat, launch_lon: degrees north and east.
        bearing_deg: degrees clockwise from north.
        apogee_km, distance_km: kilometres, or None where the record has none.
        outcome: `success`, `failure`, `unknown`.
    """

    number: int
    date: str
    time: str
    series: int
    missile: str
    missile_name: str
    missile_class: str
    facility: str
    facility_name: str
    launch_lat: float
    launch_lon: float
    bearing_deg: float
    apogee_km: float | None
    distance_km: float | None
    outcome: str

    @property
    def year(self) -> int:
        """The year in UTC."""
        return int(self.date[:4])

    @property
    def month_only(self) -> bool:
        """Whether the record has no day."""
        return len(self.date) == len("1984-09")

    @property
    def first(self) -> datetime:
        """The instant that counts; for a row known only by month, the first of the month."""
        if self.month_only:
            return datetime.fromisoformat(f"{self.date}-01T00:00:00+00:00")
        day = date.fromisoformat(self.date)
        if not self.time:
            return datetime.combine(day, NOON_IN_TOKYO)
        return datetime.combine(day, time.fromisoformat(self.time), UTC)

    @property
    def last(self) -> datetime:
        """The same instant; for a row known only by month, the last of the month."""
        if not self.month_only:
            return self.first
        following = self.first.replace(day=28) + timedelta(days=4)
        return following.replace(day=1) - _INSTANT


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchRoutes:
    """By which route a SECRET report of one launch could have passed.

    Args:
        launch: the launch.
        route: one of `ROUTES`: the straightest one that is permitted in both directions.
        chained: `yes`, `no` or `unknown`: the bilateral agreements one after the other, with consent.
        warn: the same for warning data in real time.
        asked: the instants asked about: one, or for a month every one at which the answer could change.
        verdicts: what the route rests on at the first instant: the permits of both directions, or all refusals.
    """

    launch: Launch
    route: str
    chained: str
    warn: str
    asked: tuple[datetime, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def articles(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What the verdicts cite: each instrument with its articles, in the order of the verdicts."""
        found: dict[str, dict[str, None]] = {}
        for verdict in self.verdicts:
            for instrument, article in verdict.articles:
                found.setdefault(instrument, {})[article] = None
        return tuple((instrument, tuple(articles)) for instrument, articles in found.items())


@dataclass(frozen=True, slots=True)
class _Answers:
    """The answers at one instant."""

    route: str
    chained: str
    warn: str
    verdicts: tuple[Verdict, ...]


def launches() -> tuple[Launch, ...]:
    """The launches that come with the package.

    Raises:
        DataError: the file is malformed.
    """
    return read_launches(_DATA.read_bytes(), _DATA.name)


def read_launches(data: bytes, file: str) -> tuple[Launch, ...]:
    """Read a table of launches strictly.

    Args:
        data: CSV in UTF-8 with the columns `COLUMNS`.
        file: its name, for errors.

    Raises:
        DataError: malformed; the message names file, line and column.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: not UTF-8 at byte {error.start}") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: list[Launch] = []
    try:
        header = next(reader, [])
        if tuple(header) != COLUMNS:
            raise DataError(f"{file}: line 1: the columns must be `{','.join(COLUMNS)}`")
        for cells in reader:
            place = f"{file}: line {reader.line_num}"
            launch = _launch(cells, len(found) + 1, place)
            if found and launch.date < found[-1].date:
                raise DataError(f"{place}: date_utc: `{launch.date}` is earlier than the line before")
            found.append(launch)
    except csv.Error as error:
        raise DataError(f"{file}: line {reader.line_num}: {error}") from error
    if not found:
        raise DataError(f"{file}: holds no launch")
    return tuple(found)


def _launch(cells: list[str], number: int, place: str) -> Launch:
    if len(cells) != len(COLUMNS):
        raise DataError(f"{place}: {len(cells)} cells, not {len(COLUMNS)}")
    row = dict(zip(COLUMNS, cells, strict=True))

    def read(column: str, how: Callable[[str], _Value | None], what: str) -> _Value:
        value = how(row[column])
        if value is None:
            raise DataError(f"{place}: {column}: `{row[column]}` is not {what}")
        return value

    def measure(column: str, low: float, high: float) -> float | None:
        if not row[column]:
            return None
        return read(column, partial(_number, low=low, high=high), f"a number from {low:g} to {high:g}")

    launch = Launch(
        number=number,
        date=read("date_utc", _day, "a day `YYYY-MM-DD` or a month `YYYY-MM`"),
        time=read("time_utc", _hour, "a time `HH:MM` or nothing"),
        series=read("series", _count, "a count from 1"),
        missile=read("missile", _slug, "a short word of a-z, 0-9 and -"),
        missile_name=read("missile_name", _name, "a name"),
        missile_class=read("missile_class", partial(_word, among=CLASSES), f"one of {', '.join(CLASSES)}"),
        facility=read("facility", _slug, "a short word of a-z, 0-9 and -"),
        facility_name=read("facility_name", _name, "a name"),
        launch_lat=read("launch_lat", partial(_number, low=-90, high=90), "degrees north"),
        launch_lon=read("launch_lon", partial(_number, low=-180, high=180), "degrees east"),
        bearing_deg=read("bearing_deg", partial(_number, low=0, high=360), "degrees from 0 to 360"),
        apogee_km=measure("apogee_km", 0, 100_000),
        distance_km=measure("distance_km", 0, 40_000),
        outcome=read("outcome", partial(_word, among=OUTCOMES), f"one of {', '.join(OUTCOMES)}"),
    )
    if launch.month_only and launch.time:
        raise DataError(f"{place}: time_utc: `{launch.time}` with a month and no day")
    return launch


def _day(text: str) -> str | None:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?", text):
        return None
    try:
        date.fromisoformat(text if len(text) > len("1984-09") else f"{text}-01")
    except ValueError:
        return None
    return text


def _hour(text: str) -> str | None:
    return text if re.fullmatch(r"(([01][0-9]|2[0-3]):[0-5][0-9])?", text) else None


def _count(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,3}", text) else None


def _slug(text: str) -> str | None:
    return text if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text) else None


def _name(text: str) -> str | None:
    return text if text and text == text.strip() and text.isprintable() else None


def _word(text: str, among: Sequence[str]) -> str | None:
    return text if text in among else None


def _number(text: str, low: float, high: float) -> float | None:
    if not re.fullmatch(r"-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,9})?", text):
        return None
    return float(text) if low <= float(text) <= high else None


def all_routes(law: Law, record: Record, launches: Sequence[Launch]) -> tuple[LaunchRoutes, ...]:
    """The routes of many launches; each instant is asked once.

    Args:
        law: the instruments.
        record: the legal acts.
        launches: the launches, in any order.
    """
    points = turning_points(law, record)
    known: dict[datetime, _Answers] = {}
    return tuple(_routes(law, record, launch, points, known) for launch in launches)


def routes(law: Law, record: Record, launch: Launch) -> LaunchRoutes:
    """The routes of one launch: see `all_routes`."""
    return _routes(law, record, launch, turning_points(law, record), {})


def turning_points(law: Law, record: Record) -> tuple[datetime, ...]:
    """Every instant at which an answer could change: an act, an end that a notice serves, a clause that begins."""
    points: set[datetime] = set()
    for name, agreement in law.agreements.items():
        points.update(midnight(agreement, day) for day in agreement.days)
        for act in record.under(name):
            points.add(act.at)
            courses = state_at(agreement, record, act.at).courses
            points.update(notice.ends for view in courses for notice in view.notices if notice.ends is not None)
    return tuple(sorted(points))


def _routes(
    law: Law, record: Record, launch: Launch, points: Sequence[datetime], known: dict[datetime, _Answers]
) -> LaunchRoutes:
    first, last = launch.first, launch.last
    asked = tuple(sorted({first, last, *(at for at in points if first < at < last)}))
    answers = []
    for at in asked:
        if at not in known:
            known[at] = _answers(law, record, at)
        answers.append(known[at])
    return LaunchRoutes(
        launch=launch,
        route=_settled([answer.route for answer in answers]),
        chained=_settled([answer.chained for answer in answers]),
        warn=_settled([answer.warn for answer in answers]),
        asked=asked,
        verdicts=answers[0].verdicts,
    )


def _settled(answers: Sequence[str]) -> str:
    return answers[0] if len(set(answers)) == 1 else UNKNOWN


def _answers(law: Law, record: Record, at: datetime) -> _Answers:
    """Ask at one instant; a route counts when both directions are permitted, and `uncertain` is no permit."""

    def both(ask: Callable[[str, str], list[Request]]) -> tuple[Verdict, ...]:
        asked = [question for giver, taker in DIRECTIONS for question in ask(giver, taker)]
        # As a careful registry would ask, with everything established.
        return tuple(decide(law, request, granted(request, at), record, at) for request in asked)

    direct, tisa = both(_direct), both(_through_arrangement)
    if _permitted(direct):
        route, verdicts = DIRECT, direct
    elif _permitted(tisa):
        route, verdicts = TISA, tisa
    else:
        route, verdicts = NONE, tuple(verdict for verdict in (*direct, *tisa) if not verdict.permitted)
    return _Answers(
        route,
        YES if _permitted(both(_chained)) else NO,
        YES if _permitted(both(_warned)) else NO,
        verdicts,
    )


def _permitted(verdicts: tuple[Verdict, ...]) -> bool:
    return bool(verdicts) and all(verdict.permitted for verdict in verdicts)


def _direct(giver: str, taker: str) -> list[Request]:
    return [_question("transmit", giver, taker, originator=giver, under=JK)]


def _through_arrangement(giver: str, taker: str) -> list[Request]:
    return [_question("transmit", giver, taker, via=("USA",), originator=giver, under=ARRANGEMENT)]


def _chained(giver: str, taker: str) -> list[Request]:
    """Three questions: may it go to the USA, may the USA let it out, may the USA give it to the other.

    The first two are asked under the giver's agreement with the USA, whose third-party clause needs the giver's
    consent; the last under the taker's.
    """
    ours, theirs = WITH_USA[giver], WITH_USA[taker]
    return [
        _question("transmit", giver, "USA", originator=giver, under=ours),
        _question("release", "USA", taker, originator=giver, under=ours),
        _question("transmit", "USA", taker, originator=giver, under=theirs),
    ]


def _warned(giver: str, taker: str) -> list[Request]:
    return [_question("warn", giver, taker, via=("USA",), originator=giver, under=WARNING, form="track")]


def _question(
    act: str,
    by: str,
    to: str,
    *,
    originator: str,
    under: str,
    via: tuple[str, ...] = (),
    form: str = "document",
) -> Request:
    """A question about a SECRET report."""
    item = Item(originator=originator, level="SECRET", subject="dprk-missile", form=form, purpose="defence")
    return Request(act=act, by=by, to=to, via=via, item=item, under=under)
