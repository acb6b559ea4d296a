"""The pictures of the report: launches as marks under the bands of the law, in SVG that prints in black and white.

Two pictures: `overview` shows all launches by thirds of a year, `years` each launch at its instant. What a mark says is
in its form: the filling is the route, the outline the class of the missile; colour only repeats it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import groupby

from markupsafe import Markup, escape

from gsomia.demo.launches import ARRANGEMENT, CLASSES, DIRECT, JK, NONE, TISA, UNKNOWN, WARNING, LaunchRoutes
from gsomia.demo.timeline import Band

__all__ = ["STATE_WORDS", "overview", "years"]

KST = timezone(timedelta(hours=9), "KST")
STATE_WORDS = {
    "none": "none",
    "signed": "signed",
    "in-force": "in force",
    "notice-pending": "notice pending",
    "notice-suspended": "notice suspended",
    "terminated": "ended",
    "uncertain": "uncertain",
}
ROUTE_WORDS = {
    NONE: "no route",
    TISA: "through the USA under TISA",
    DIRECT: "direct",
    UNKNOWN: "unknown",
}
CLASS_WORDS = {
    "SRBM": "short range",
    "MRBM": "medium range",
    "IRBM": "intermediate range",
    "ICBM": "intercontinental",
    "SLBM": "from a submarine",
    "SLV": "space launcher",
    "HGV": "glide vehicle",
    "Unknown": "class unknown",
}

_WIDTH = 760.0
_GUTTER = 112.0
_RIGHT = 8.0
_DOT = 4.9
"""From one mark to the next in the overview."""
_MARK = 6.6
"""From one mark to the next in the picture by years."""
_PILE = 6
"""How many marks of one day stand on one another before they stand side by side."""

# Outlines about the origin, some 6 wide; two classes never differ by size alone.
_OUTLINES = {
    "SRBM": '<circle r="2.55"',
    "MRBM": '<rect x="-2.4" y="-2.4" width="4.8" height="4.8"',
    "IRBM": '<path d="M0-3.3 3.1 0 0 3.3-3.1 0Z"',
    "ICBM": '<path d="M0-3.2 3 2.5-3 2.5Z"',
    "SLBM": '<path d="M0 3.2 3-2.5-3-2.5Z"',
    "SLV": '<path d="M0-3.6 1-1.1 3.4-1.1 1.5.5 2.2 3-0 1.5-2.2 3-1.5.5-3.4-1.1-1-1.1Z"',
    "HGV": '<path d="M-3.2-2.6 0-.9 3.2-2.6 0 3.2Z"',
    "Unknown": '<path d="M-1.4-3 1.4-3 3 0 1.4 3-1.4 3-3 0Z"',
}


@dataclass(frozen=True, slots=True)
class Scale:
    """Time to the right.

    Args:
        start, end: the instants at its left and right end.
        left, width: where it lies, in units of the picture.
    """

    start: datetime
    end: datetime
    left: float = _GUTTER
    width: float = _WIDTH - _GUTTER - _RIGHT

    def __call__(self, at: datetime | None, *, missing: datetime | None = None) -> float:
        """Where an instant lies, within the ends."""
        found = at or missing or self.start
        part = (found - self.start) / (self.end - self.start)
        return round(self.left + self.width * min(1.0, max(0.0, part)), 2)


def overview(
    routes: Sequence[LaunchRoutes], law: Mapping[str, Sequence[Band]], names: Mapping[str, str], *, prefix: str = "o"
) -> Markup:
    """All launches by thirds of a year, under the bands of every instrument.

    Args:
        routes: the launches with their routes.
        law: instrument to its bands; the first is drawn large.
        names: instrument to its short name.
        prefix: put before every id, so that two pictures can stand on one page.
    """
    first, last = min(r.launch.year for r in routes), max(r.launch.year for r in routes)
    scale = Scale(_new_year(first), _new_year(last + 1))
    main, *others = law
    changes = [band for band in law[main] if band.start is not None]
    top = 10 + 12.0 * len(changes)
    parts = list(_stairs(changes, scale, top))
    parts += _band_row(law[main], scale, top, 27)
    parts.append(_gutter(names[main], top + 17, bold=True))
    y = top + 35
    for name in others:
        parts += _thin_row(law[name], scale, y, 7)
        parts.append(_gutter(names[name], y + 6.4))
        y += 12
    piles = _thirds(routes)
    floor = y + 20 + _DOT * max(len(pile) for pile in piles.values())
    parts += [_line(scale(b.start), top + 27, scale(b.start), floor, "turn") for b in changes]
    parts += _counting_lines(scale, floor, max(len(pile) for pile in piles.values()))
    step = (scale(_new_year(first + 1)) - scale(_new_year(first))) / 3
    for (year, third), pile in piles.items():
        x = scale(_new_year(year)) + step * (third + 0.5)
        for height, found in enumerate(pile):
            parts.append(_use(f"{prefix}-dot-{found.route}", x, floor - _DOT * (height + 0.5), _told(found)))
    parts += _year_axis(scale, floor, first, last)
    parts += _route_legend(prefix, "dot", floor + 38)
    title = f"{len(routes)} launches {first} to {last} under the legal state of the agreement of 2016"
    about = "; ".join(_spoken(band) for band in law[main])
    return _svg(prefix, floor + 50, title, f"State of the agreement: {about}.", _definitions(prefix), parts)


def years(
    routes: Sequence[LaunchRoutes], law: Mapping[str, Sequence[Band]], *, prefix: str = "y", since: int | None = None
) -> Markup:
    """Each launch at its instant, a row for each year, over the state of the agreement on that day.

    Args:
        routes: the launches with their routes.
        law: the bands of `jpn-kor-2016`, `tisa-2014` and `warning-2023`.
        prefix: put before every id.
        since: the first year drawn; by default the one in which the first of the three changes.
    """
    begun = [band.start.year for name in (JK, ARRANGEMENT, WARNING) for band in law[name] if band.start is not None]
    first = since or min(begun)
    last = max(r.launch.year for r in routes)
    parts: list[str] = list(_months(14))
    y = 20.0
    for year in range(first, last + 1):
        found = [r for r in routes if r.launch.year == year]
        row, y = _year_row(year, found, law, y, prefix)
        parts += row
    parts += _months(y + 8)
    parts += _class_legend(prefix, y + 30)
    parts += _state_legend(y + 48, law)
    title = f"Each launch {first} to {last} at its instant, over the legal state of the agreement of 2016"
    about = "One row for each year; the list below holds the same in words."
    return _svg(prefix, y + 74, title, about, _definitions(prefix), parts)


def _year_row(
    year: int, found: Sequence[LaunchRoutes], law: Mapping[str, Sequence[Band]], y: float, prefix: str
) -> tuple[list[str], float]:
    # A year of 366 days is a day narrower; each row ends with its own year.
    scale = Scale(_new_year(year), _new_year(year + 1))
    placed = list(_swarm([scale(r.launch.first) for r in found]))
    height = _MARK * (1 + max((level for _, level in placed), default=0))
    strip = y + height + 5
    changes = [band for band in law[JK] if _begins(band, scale)]
    thin = [
        (scale(band.start), f"{_local(band.start).date()} {words} {_effect(band)}")
        for name, words in ((ARRANGEMENT, "TISA"), (WARNING, "warning"))
        for band in law[name]
        if _begins(band, scale)
    ]
    parts = [_text(_GUTTER - 10, strip + 8.6, str(year), "year", "end")]
    parts.append(_text(_GUTTER - 42, strip + 8.6, _counted(len(found)), "small", "end"))
    parts += _band_row([b for b in law[JK] if _meets(b, scale)], scale, strip, 11, small=True)
    parts += _effect_line(law[ARRANGEMENT], scale, strip + 14.2, "tisa")
    parts += _effect_line(law[WARNING], scale, strip + 18.2, "warning")
    for (x, level), launch in zip(placed, found, strict=True):
        mark = f"{prefix}-{launch.launch.missile_class}-{launch.route}"
        parts.append(_use(mark, x, strip - 4.2 - _MARK * level, _told(launch)))
    foot = strip + 20
    notes = sorted(_notes(changes, scale) + thin)
    for number, (x, note) in enumerate(notes):
        parts.append(_line(x, strip - 2, x, foot + 9 * number + 4, "leader"))
        anchor = "end" if x > _WIDTH / 2 else "start"
        parts.append(_text(x + (-3 if anchor == "end" else 3), foot + 9 * number + 6, note, "note", anchor))
    return parts, foot + 9 * len(notes) + 5


def _notes(changes: Sequence[Band], scale: Scale) -> list[tuple[float, str]]:
    found: list[tuple[float, str]] = []
    for day, group in groupby(changes, key=lambda band: _local(band.start).date() if band.start else None):
        some = list(group)
        said = ", ".join(f"{_local(b.start):%H:%M} {STATE_WORDS[b.state]}" for b in some if b.start is not None)
        found.append((scale(some[-1].start), f"{day} {said}"))
    return found


def _swarm(xs: Sequence[float]) -> Iterator[tuple[float, int]]:
    """Places for marks: each as low as it can stand without touching another, and none above `_PILE`."""
    taken: list[tuple[float, int]] = []
    for x in xs:
        for aside in (0, 1, -1, 2, -2, 3, -3, 4, -4):
            here = x + aside * _MARK
            free = (n for n in range(_PILE) if all(m != n or abs(other - here) >= _MARK - 0.01 for other, m in taken))
            level = next(free, None)
            if level is not None:
                break
        else:
            here, level = x, _PILE
        taken.append((here, level))
        yield here, level


def _stairs(changes: Sequence[Band], scale: Scale, top: float) -> Iterator[str]:
    """What changed and when, above the band: the earliest lowest, so that no line crosses a text."""
    for number, band in enumerate(changes):
        if band.start is None:
            continue
        x, y = scale(band.start), top - 6 - 12 * number
        yield _line(x, y - 3, x, top, "leader")
        yield _text(x - 4, y, f"{_local(band.start):%Y-%m-%d %H:%M} KST  {STATE_WORDS[band.state]}", "note", "end")


def _band_row(row: Sequence[Band], scale: Scale, y: float, height: float, *, small: bool = False) -> Iterator[str]:
    for band in row:
        x, end = scale(band.start), scale(band.end, missing=scale.end)
        # What lasted an hour would vanish; it keeps a hair's breadth.
        width = max(end - x, 0.6)
        yield _stretch(band.state, x, y, width, height)
        yield from _band_words(band.state, x + width / 2, y, height, width, small)


def _band_words(state: str, x: float, y: float, height: float, width: float, small: bool) -> Iterator[str]:
    """The name of a state in its band, in one line or two, on a white plate where the band is hatched; or nothing."""
    words, kind, size, line = STATE_WORDS[state], "state", 4.95, 9.0
    if small:
        kind, size, line = "state small", 4.6, 8.0
    lines = [words] if width > size * len(words) + 6 else words.split()
    wide = size * max(map(len, lines)) + 3
    if wide + 2 > width or line * len(lines) > height:
        return
    top = y + (height - line * len(lines)) / 2
    if state == "terminated" or any(True for _ in _hatching(state, width, height)):
        low, high = (y + 0.35, height - 0.7) if small else (top - 0.6, line * len(lines) + 1.2)
        box = f'x="{x - wide / 2:.2f}" y="{low:.2f}" width="{wide:.2f}" height="{high:.2f}"'
        yield f'<rect {box} class="plate"/>'
    for number, word in enumerate(lines):
        yield _text(x, top + line * (number + 0.79), word, kind, "middle")


def _thin_row(row: Sequence[Band], scale: Scale, y: float, height: float) -> Iterator[str]:
    yield _line(scale.left, y + height / 2, scale.left + scale.width, y + height / 2, "grid")
    for band in row:
        if band.state not in ("none", "signed", "terminated"):
            x, end = scale(band.start), scale(band.end, missing=scale.end)
            yield f'<rect x="{x:g}" y="{y:g}" width="{max(end - x, 0.6):.2f}" height="{height:g}" class="thin"/>'


def _effect_line(row: Sequence[Band], scale: Scale, y: float, kind: str) -> Iterator[str]:
    for band in row:
        x, end = scale(band.start), scale(band.end, missing=scale.end)
        if band.state not in ("none", "signed", "terminated") and end > x:
            yield _line(x, y, end, y, kind)


def _thirds(routes: Iterable[LaunchRoutes]) -> dict[tuple[int, int], list[LaunchRoutes]]:
    piles: dict[tuple[int, int], list[LaunchRoutes]] = {}
    for found in routes:
        piles.setdefault((found.launch.year, (found.launch.first.month - 1) // 4), []).append(found)
    return piles


def _counting_lines(scale: Scale, floor: float, highest: int) -> Iterator[str]:
    for count in range(10, highest + 1, 10):
        y = floor - _DOT * count
        yield _line(scale.left, y, scale.left + scale.width, y, "grid")
        yield _text(scale.left - 6, y + 3, str(count), "small", "end")
    yield _text(scale.left - 6, floor, "launches", "small", "end")


def _year_axis(scale: Scale, floor: float, first: int, last: int) -> Iterator[str]:
    yield _line(scale.left, floor, scale.left + scale.width, floor, "axis")
    for year in range(first, last + 1):
        x = scale(_new_year(year))
        yield _line(x, floor, x, floor + (6 if year % 5 == 0 else 3), "axis")
        if year % 5 == 0:
            yield _text(x + 2, floor + 13, str(year), "note", "start")


def _months(y: float) -> Iterator[str]:
    scale = Scale(_new_year(2025), _new_year(2026))
    for month in range(1, 13):
        x = scale(datetime(2025, month, 1, tzinfo=UTC))
        yield _text(x + 2, y, f"{month:02}", "small", "start")
        yield _line(x, y - 7, x, y, "axis")


def _route_legend(prefix: str, mark: str, y: float) -> Iterator[str]:
    x = _GUTTER
    yield _text(_GUTTER - 6, y + 3, "route", "small", "end")
    for route, words in ROUTE_WORDS.items():
        yield _use(f"{prefix}-{mark}-{route}", x + 4, y)
        yield _text(x + 12, y + 3, words, "small", "start")
        x += 26 + 4.3 * len(words)


def _class_legend(prefix: str, y: float) -> Iterator[str]:
    yield _text(_GUTTER - 6, y + 3, "class", "small", "end")
    x = _GUTTER
    for kind in CLASSES:
        yield _use(f"{prefix}-{kind}-{NONE}", x + 4, y)
        yield _text(x + 11, y + 3, CLASS_WORDS[kind], "small", "start")
        x += 22 + 4.15 * len(CLASS_WORDS[kind])
    yield from _route_legend(prefix, "SRBM", y + 16)


def _state_legend(y: float, law: Mapping[str, Sequence[Band]]) -> Iterator[str]:
    y += 14
    yield _text(_GUTTER - 6, y + 3, "state", "small", "end")
    x = _GUTTER
    for state in dict.fromkeys(band.state for band in law[JK]):
        yield _stretch(state, x, y - 5, 16, 10)
        yield _text(x + 20, y + 3, STATE_WORDS[state], "small", "start")
        x += 34 + 4.15 * len(STATE_WORDS[state])
    for kind, words in (("tisa", "TISA in effect"), ("warning", "warning in real time")):
        yield _line(x, y, x + 18, y, kind)
        yield _text(x + 22, y + 3, words, "small", "start")
        x += 36 + 4.15 * len(words)


def _definitions(prefix: str) -> str:
    """The marks, once for each picture."""
    half = f'<clipPath id="{prefix}-half"><rect x="-5" y="-5" width="5" height="10"/></clipPath>'
    marks = [
        f'<g id="{prefix}-{kind}-{route}">{_filled(outline, route, prefix)}</g>'
        for kind, outline in (*_OUTLINES.items(), ("dot", '<circle r="1.95"'))
        for route in ROUTE_WORDS
    ]
    return "<defs>" + half + "".join(marks) + "</defs>"


def _filled(outline: str, route: str, prefix: str) -> str:
    if route == TISA:
        half = f'{outline} class="m-full" clip-path="url(#{prefix}-half)"/>'
        return f'{outline} class="m-open"/>{half}{outline} class="m-rim"/>'
    if route == UNKNOWN:
        return f'{outline} class="m-open m-maybe"/>'
    return f'{outline} class="{"m-full" if route == DIRECT else "m-open"}"/>'


def _stretch(state: str, x: float, y: float, width: float, height: float) -> str:
    """One stretch of a state: its ground, its hatching, its edge; drawn in lines, which print sharper than patterns."""
    box = f'x="{x:g}" y="{y:g}" width="{width:.2f}" height="{height:g}"'
    lines = "".join(
        f"M{x + x1:.1f} {y + y1:.1f}L{x + x2:.1f} {y + y2:.1f}" for x1, y1, x2, y2 in _hatching(state, width, height)
    )
    hatching = f'<path d="{lines}" class="hatch"/>' if lines else ""
    return f'<rect {box} class="{state}"/>{hatching}<rect {box} class="edge"/>'


def _hatching(state: str, width: float, height: float) -> Iterator[tuple[float, float, float, float]]:
    """The lines over a box: rising for a notice pending, upright for one suspended, crossed for `uncertain`."""
    if state == "signed":
        yield from ((0, height * part / 4, width, height * part / 4) for part in (1, 2, 3))
    if state == "notice-suspended":
        yield from ((n * 4.0, 0, n * 4.0, height) for n in range(1, int(width / 4) + 1))
    if state in ("notice-pending", "uncertain"):
        for n in range(1, int((width + height) / 3.2) + 1):
            # Where a line of 45 degrees enters at the foot or the left, and leaves at the top or the right.
            reach = n * 3.2
            low, high = max(0.0, reach - height), min(reach, width)
            yield (low, reach - low, high, reach - high)
            if state == "uncertain":
                yield (width - low, reach - low, width - high, reach - high)


def _told(found: LaunchRoutes) -> str:
    launch = found.launch
    when = f"{launch.date} {launch.time} UTC" if launch.time else launch.date
    return f"{when}, {launch.missile_name}: {ROUTE_WORDS[found.route]}"


def _spoken(band: Band) -> str:
    start = f"{_local(band.start):%Y-%m-%d %H:%M} KST" if band.start else "the beginning"
    return f"{STATE_WORDS[band.state]} from {start}"


def _effect(band: Band) -> str:
    # What binds nobody is in effect, not in force.
    return "in effect" if band.state == "in-force" else STATE_WORDS[band.state]


def _meets(band: Band, scale: Scale) -> bool:
    return (band.start is None or band.start < scale.end) and (band.end is None or band.end > scale.start)


def _begins(band: Band, scale: Scale) -> bool:
    return band.start is not None and scale.start <= band.start < scale.end


def _new_year(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)


def _local(at: datetime | None) -> datetime:
    assert at is not None
    return at.astimezone(KST)


def _counted(count: int) -> str:
    return f"{count} launch" if count == 1 else f"{count} launches"


def _gutter(words: str, y: float, *, bold: bool = False) -> str:
    return _text(_GUTTER - 6, y, words, "year" if bold else "small", "end")


def _use(mark: str, x: float, y: float, told: str = "") -> str:
    body = f"<title>{escape(told)}</title>" if told else ""
    return f'<use href="#{mark}" x="{x:.2f}" y="{y:.2f}">{body}</use>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line x1="{x1:.2f}" y1="{y1:.2f}" x2="{x2:.2f}" y2="{y2:.2f}" class="{kind}"/>'


def _text(x: float, y: float, words: str, kind: str, anchor: str) -> str:
    return f'<text x="{x:.2f}" y="{y:.2f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def _svg(prefix: str, height: float, title: str, about: str, definitions: str, parts: Iterable[str]) -> Markup:
    # Safe: every text went through `escape`; all else is numbers and words of this module.
    return Markup(  # noqa: S704 - every text in it was escaped
        f'<svg class="picture" role="img" viewBox="0 0 {_WIDTH:g} {height:.0f}" lang="en"'
        f' aria-labelledby="{prefix}-title {prefix}-about">'
        f'<title id="{prefix}-title">{escape(title)}</title><desc id="{prefix}-about">{escape(about)}</desc>'
        f"{definitions}{''.join(parts)}</svg>"
    )
