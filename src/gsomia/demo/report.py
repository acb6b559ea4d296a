"""What the launches and the law make together: a table for a terminal, and a page that a ministry would print."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gsomia.agreement import LegalAct, Record
from gsomia.demo.drawing import KST, STATE_WORDS, overview, years
from gsomia.demo.launches import (
    ARRANGEMENT,
    DIRECT,
    JK,
    NONE,
    ROUTES,
    TISA,
    UNKNOWN,
    WARNING,
    WITH_USA,
    YES,
    Launch,
    LaunchRoutes,
)
from gsomia.demo.timeline import Band, bands
from gsomia.verdict import Law

__all__ = ["width_of", "write_report", "year_table"]

BANNER = (("en", "EXERCISE"), ("ja", "訓練"), ("ko", "훈련"))
"""The mark of an exercise, in the languages of those who read it."""
SHORT_NAMES = {
    JK: "Agreement 2016",
    ARRANGEMENT: "TISA 2014",
    WARNING: "Warning 2023",
    WITH_USA["JPN"]: "JPN–USA 2007",
    WITH_USA["KOR"]: "KOR–USA 1987",
}
CONFIDENCE = {
    "A": "the text itself was read",
    "B": "an official statement or named press",
    "C": "known from sister texts, not confirmed",
    "I": "our own reading",
}
_COLUMNS = ("year", "launches", "none", "TISA", "direct", "unknown", "chained", "warn")
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class YearRow:
    """The counts of one year, or of all.

    Args:
        label: the year, or `all`.
        launches: how many there were.
        routes: for each of `ROUTES` how many.
        chained, warn: how many could have passed so; `unknown` ones are counted apart.
        chained_unknown, warn_unknown: how many could not be told.
    """

    label: str
    launches: int
    routes: dict[str, int]
    chained: int
    chained_unknown: int
    warn: int
    warn_unknown: int

    def cells(self) -> tuple[str, ...]:
        """The row as words: an empty count is a dot, what could not be told stands after a plus."""
        return (
            self.label,
            str(self.launches),
            *(str(self.routes[route] or "·") for route in ROUTES),
            _with_unknown(self.chained, self.chained_unknown),
            _with_unknown(self.warn, self.warn_unknown),
        )


def _with_unknown(count: int, unknown: int) -> str:
    return f"{count}+{unknown}?" if unknown else str(count or "·")


def year_rows(routes: Sequence[LaunchRoutes]) -> tuple[YearRow, ...]:
    """The counts by year (UTC), and of all at the end."""
    by_year: dict[int, list[LaunchRoutes]] = {}
    for found in routes:
        by_year.setdefault(found.launch.year, []).append(found)
    rows = [_counts(str(year), some) for year, some in sorted(by_year.items())]
    return (*rows, _counts("all", routes))


def _counts(label: str, some: Sequence[LaunchRoutes]) -> YearRow:
    return YearRow(
        label,
        len(some),
        {route: sum(found.route == route for found in some) for route in ROUTES},
        sum(found.chained == YES for found in some),
        sum(found.chained == UNKNOWN for found in some),
        sum(found.warn == YES for found in some),
        sum(found.warn == UNKNOWN for found in some),
    )


def year_table(routes: Sequence[LaunchRoutes]) -> str:
    """The counts by year as plain text for people, aligned in a terminal.

    Args:
        routes: the launches with their routes.

    Returns:
        Lines ended by a newline each; the first and last say EXERCISE.
    """
    rows = [_COLUMNS, *(row.cells() for row in year_rows(routes))]
    widths = [max(width_of(row[n]) for row in rows) for n in range(len(_COLUMNS))]
    lines = [_aligned(row, widths) for row in rows]
    rule = "".join("┼" if char == "│" else "─" for char in lines[0])
    banner = " · ".join(word for _, word in BANNER)
    mark = " " * max(0, (width_of(rule) - width_of(banner)) // 2) + banner
    return "\n".join((mark, lines[0], rule, *lines[1:-1], rule, lines[-1], mark, ""))


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [" " * (width - width_of(cell)) + cell for cell, width in zip(row, widths, strict=True)]
    return f"{cells[0]}  {cells[1]} │ {'  '.join(cells[2:6])} │ {'  '.join(cells[6:])}"


def width_of(text: str) -> int:
    """How many columns a text takes in a terminal: wide letters two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def write_report(path: Path, law: Law, record: Record, routes: Sequence[LaunchRoutes], *, made_at: datetime) -> None:
    """Write the report: one file that needs no script and no network, and prints on A4.

    Args:
        path: where to write it.
        law: the instruments.
        record: the legal acts.
        routes: the launches with their routes, as `all_routes` found them.
        made_at: when it was made (aware), for the foot of the page.
    """
    path.write_text(page(law, record, routes, made_at=made_at), encoding="utf-8")


def page(law: Law, record: Record, routes: Sequence[LaunchRoutes], *, made_at: datetime) -> str:
    """The report as HTML; see `write_report`."""
    found = {name: bands(law.agreements[name], record) for name in SHORT_NAMES}
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    total = year_rows(routes)[-1]
    return environment.get_template("report.html").render(
        banner=BANNER,
        routes=routes,
        headline=(
            ("no route", total.routes[NONE]),
            ("through the USA, TISA", total.routes[TISA]),
            ("direct", total.routes[DIRECT]),
            ("unknown", total.routes[UNKNOWN]),
        ),
        first=routes[0].launch.year,
        last=routes[-1].launch.year,
        overview=overview(routes, found, SHORT_NAMES),
        years=years(routes, found),
        rows=year_rows(routes),
        states=[_state_row(band) for band in found[JK]],
        acts=[_act_row(act) for name in SHORT_NAMES for act in record.under(name)],
        instruments=[_instrument_row(law, name) for name in SHORT_NAMES],
        launches=[_launch_row(one, found[JK]) for one in routes],
        confidence=CONFIDENCE,
        made_at=_stamp(made_at),
    )


def _state_row(band: Band) -> dict[str, str]:
    return {
        "state": STATE_WORDS[band.state],
        "start": _stamp(band.start) if band.start else "",
        "end": _stamp(band.end) if band.end else "",
        "acts": ", ".join(f"{act.act} ({act.by})" for act in band.begun_by)
        or ("" if band.start is None else "by the law itself"),
        "articles": ", ".join(band.articles),
    }


def _act_row(act: LegalAct) -> dict[str, str]:
    return {
        "at": _stamp(act.at),
        "under": act.under,
        "act": act.act,
        "by": act.by,
        "form": act.form,
        "note": act.note,
        "source": act.source,
        "confidence": act.confidence,
    }


def _instrument_row(law: Law, name: str) -> dict[str, str]:
    agreement = law.agreements[name]
    return {
        "name": name,
        "title": agreement.title,
        "kind": f"{agreement.kind}, {'binding' if agreement.binding else 'not binding'}",
        "parties": ", ".join(agreement.parties),
        "version": agreement.version[:16],
    }


def _launch_row(found: LaunchRoutes, states: Sequence[Band]) -> dict[str, object]:
    launch = found.launch
    return {
        "number": str(launch.number),
        "date": launch.date,
        "time": _time_of(launch),
        "missile": launch.missile_name,
        "class": launch.missile_class,
        "site": launch.facility_name,
        "outcome": launch.outcome,
        "state": ", then ".join(dict.fromkeys(_state_on(states, at) for at in found.asked)),
        "route": found.route,
        "chained": found.chained,
        "warn": found.warn,
        "outcome_word": " or ".join(dict.fromkeys(verdict.outcome for verdict in found.verdicts)),
        "articles": [(instrument, ", ".join(articles)) for instrument, articles in found.articles],
    }


def _time_of(launch: Launch) -> str:
    return "" if launch.month_only else launch.time or "03:00*"


def _state_on(states: Iterable[Band], at: datetime) -> str:
    return next(STATE_WORDS[band.state] for band in states if band.holds(at))


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(KST):%Y-%m-%d %H:%M} KST"
