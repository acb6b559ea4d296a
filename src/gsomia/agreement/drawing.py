"""The time line as one self-contained SVG: states as bars, what happens as signs, and a list of the acts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from html import escape
from unicodedata import east_asian_width

from gsomia.agreement.timeline import Event, Period

__all__ = ["draw"]

_LEFT, _WIDTH, _ROW, _TOP = 150, 900, 34, 74
_FONTS = "'Noto Sans', 'Noto Sans CJK JP', 'Noto Sans CJK KR', sans-serif"
_LINE = 150
"""How many columns of text a line of the list holds; a Chinese, Japanese or Korean character takes two."""
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


_SIGNS = {
    "act": "a legal act",
    "no-act": "changes nothing",
    "cut-off": "cut-off for a notice",
    "extension": "a term ends",
    "end": "the end",
}


def draw(
    rows: Mapping[str, tuple[Period, ...]],
    start: datetime,
    end: datetime,
    zone: tzinfo,
    *,
    title: str = "EXERCISE",
    marks: Sequence[Event] = (),
) -> str:
    """Periods and events as one self-contained SVG: patterns and signs that read in print without colour.

    Args:
        rows: a label for each row, and its periods.
        start, end: what is shown.
        zone: the zone of days and of the years' beginnings.
        title: written on top.
        marks: what happens, as signs above the rows; acts are numbered and listed below.

    Returns:
        SVG text, without scripts and without anything fetched.
    """
    span = (end - start).total_seconds() or 1.0

    def place(at: datetime) -> float:
        inside = min(max(at, start), end)
        return _LEFT + _WIDTH * (inside - start).total_seconds() / span

    shown = [event for event in marks if start <= event.at <= end]
    acts = [event for event in shown if event.act is not None]
    base = _TOP + _ROW * len(rows)
    height = base + 74 + 16 * len(acts)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 20} {height}" role="img" '
        f'aria-label="{escape(title, quote=True)}" font-family="{_FONTS}" font-size="12">',
        f'<text x="{_LEFT}" y="20" font-size="14">{escape(title)}</text>',
    ]
    for n, (label, found) in enumerate(rows.items()):
        y = _TOP + n * _ROW
        out.append(f'<text x="{_LEFT - 8}" y="{y + 16}" text-anchor="end">{escape(label)}</text>')
        for period in found:
            x, x2 = place(period.start or start), place(period.end or end)
            if x2 <= x:
                continue
            fill, dash = _PATTERNS[period.state]
            look = f'fill="{fill}" stroke="#222"{_dashed(dash)}'
            out.append(
                f'<rect x="{x:.1f}" y="{y}" width="{x2 - x:.1f}" height="22" {look}>'
                f"<title>{escape(label)}: {period.state}</title></rect>"
            )
    for year in range(start.astimezone(zone).year, end.astimezone(zone).year + 1):
        at = datetime(year, 1, 1, tzinfo=zone)
        if start <= at <= end:
            x = place(at)
            out.append(
                f'<line x1="{x:.1f}" y1="{_TOP - 6}" x2="{x:.1f}" y2="{base}" stroke="#999" stroke-width="0.5"/>'
            )
            out.append(f'<text x="{x + 2:.1f}" y="{base + 12}" font-size="10">{year}</text>')
    out += _marked(shown, place, base, zone)
    out += _legend(base, bool(shown))
    out += _listed(acts, base + 78, zone)
    out.append("</svg>")
    return "\n".join(out) + "\n"


def _dashed(dash: str) -> str:
    return f' stroke-dasharray="{dash}"' if dash else ""


def _sign(what: str, x: float, y: float) -> str:
    """The sign of an event, its middle at a point."""
    if what == "act":
        return f'<path d="M{x - 5:.1f} {y - 5:.1f}h10l-5 10z" fill="#111"/>'
    if what == "no-act":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#fff" stroke="#111"/>'
    if what == "cut-off":
        return f'<path d="M{x:.1f} {y - 5:.1f}v10" stroke="#111" stroke-dasharray="2 2" fill="none"/>'
    if what == "extension":
        return f'<path d="M{x - 4:.1f} {y:.1f}h8M{x:.1f} {y - 4:.1f}v8" stroke="#111" fill="none"/>'
    return f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8" stroke="#111" stroke-width="2" fill="none"/>'


def _marked(shown: Iterable[Event], place: Callable[[datetime], float], base: int, zone: tzinfo) -> list[str]:
    """The signs: acts above, what the law does by itself beneath them; acts close together share their numbers."""
    out: list[str] = []
    number = 0
    last: tuple[float, list[str]] = (-100.0, [])
    labels: list[tuple[float, list[str]]] = []
    for event in shown:
        x = place(event.at)
        y = _TOP - 28 if event.act is not None else _TOP - 12
        said = f"{event.at.astimezone(zone):%Y-%m-%d %H:%M} {event.text}"
        out.append(f'<g class="{event.what}"><title>{escape(said)}</title>{_sign(event.what, x, y)}</g>')
        if event.what == "cut-off":
            out.append(
                f'<line x1="{x:.1f}" y1="{_TOP - 6}" x2="{x:.1f}" y2="{base}" stroke="#555" stroke-width="0.5" '
                'stroke-dasharray="2 3"/>'
            )
        if event.act is not None:
            number += 1
            if x - last[0] < 14:
                last[1].append(str(number))
            else:
                last = (x, [str(number)])
                labels.append(last)
    for x, numbers in labels:
        told = numbers[0] if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}"
        out.append(f'<text x="{x:.1f}" y="{_TOP - 36}" font-size="10" text-anchor="middle">{told}</text>')
    return out


def _legend(base: int, signs: bool) -> list[str]:
    out = []
    for n, (state, (fill, dash)) in enumerate(_PATTERNS.items()):
        x = _LEFT + n * 125
        out.append(
            f'<rect x="{x}" y="{base + 22}" width="14" height="14" fill="{fill}" stroke="#222"{_dashed(dash)}/>'
            f'<text x="{x + 18}" y="{base + 34}" font-size="11">{state}</text>'
        )
    for n, (what, text) in enumerate(_SIGNS.items() if signs else ()):
        x = _LEFT + 7 + n * 150
        out.append(f'{_sign(what, x, base + 51)}<text x="{x + 12}" y="{base + 55}" font-size="11">{text}</text>')
    return out


def _listed(acts: Iterable[Event], y: int, zone: tzinfo) -> list[str]:
    """The acts by their numbers; a line too long for the drawing is cut, and whole in its title."""
    out = []
    for n, event in enumerate(acts, 1):
        said = f"{n}  {event.at.astimezone(zone):%Y-%m-%d %H:%M}  {event.text}"
        out.append(
            f'<text x="{_LEFT}" y="{y + 16 * (n - 1)}" font-size="11">{escape(_cut(said))}'
            f"<title>{escape(said)}</title></text>"
        )
    return out


def _cut(text: str) -> str:
    columns = 0
    for n, character in enumerate(text):
        columns += 2 if east_asian_width(character) in "WF" else 1
        if columns > _LINE:
            return text[: n - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return text
