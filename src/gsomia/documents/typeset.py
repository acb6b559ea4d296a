"""Lines of marking typeset with typst: strips to put above and below a page or an image."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from typing import Any, Final

from gsomia.errors import DataError
from gsomia.marking import Line

MARK_LIMIT: Final = 8
"""Most lines at one edge of a page."""

# text comes in as data, never as source: nothing that a line holds can be a command
_SOURCE: Final = b"""
#let data = json(bytes(sys.inputs.data))
#let edge = data.edge * 1pt
#set page(width: data.width * 1pt, height: auto, fill: white)
#set text(font: "Noto Sans CJK JP", size: data.size * 1pt, weight: "bold", fill: rgb(data.color), fallback: false,
  top-edge: "ascender", bottom-edge: "descender")
#let rule = line(length: 100%, stroke: 0.4pt + rgb(data.color))
#let marks(items) = align(center, stack(spacing: 0.1em, ..items.map(item => text(lang: item.lang, item.text))))
#page(margin: (x: edge, top: edge, bottom: 1pt), stack(spacing: 2pt, marks(data.top), rule))
#page(margin: (x: edge, top: 1pt, bottom: edge), stack(spacing: 2pt, rule, marks(data.bottom)))
"""

_STRIP: Final = b"""
#let data = json(bytes(sys.inputs.data))
#set page(width: data.width * 1pt, height: auto, margin: (x: 4pt, y: 3pt), fill: white)
#set text(font: "Noto Sans CJK JP", size: data.size * 1pt, weight: "bold", fill: rgb(data.color), fallback: false,
  top-edge: "ascender", bottom-edge: "descender")
#align(center, stack(spacing: 0.1em, ..data.top.map(item => text(lang: item.lang, item.text))))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What stands at the edges of every page.

    Args:
        top: lines above: the banner, the pair line.
        bottom: lines below: the banner again, the copy number, the recipient.
        color: of text and frame, `#rrggbb`.
    """

    top: tuple[Line, ...]
    bottom: tuple[Line, ...]
    color: str = "#b00000"

    def __post_init__(self) -> None:
        object.__setattr__(self, "top", tuple(self.top))
        object.__setattr__(self, "bottom", tuple(self.bottom))
        if not self.top or not self.bottom:
            raise DataError("a page is marked above and below")
        if max(len(self.top), len(self.bottom)) > MARK_LIMIT:
            raise DataError(f"more than {MARK_LIMIT} lines at one edge")
        for line in (*self.top, *self.bottom):
            missing = uncovered(line.text)
            if missing:
                raise DataError(
                    f"the font has no `{missing[0]}` (U+{ord(missing[0]):04X}) for the line `{line.text}`",
                    hint="write it with Hangul, characters of JIS X 0213 levels 1 to 3 or KS X 1001, or Latin-1",
                )


@lru_cache(maxsize=1)
def _characters() -> frozenset[str]:
    return frozenset((files("gsomia.documents") / "fonts" / "characters.txt").read_text("utf-8"))


def uncovered(text: str) -> tuple[str, ...]:
    """The characters of a text that the shipped font cannot show, each once."""
    return tuple(dict.fromkeys(c for c in text if c not in _characters()))


def _typst() -> Any:
    try:
        import typst
    except ImportError as error:
        raise DataError(
            "marking documents needs `typst`", hint="install gsomia with its `[documents]` extra"
        ) from error
    return typst


@lru_cache(maxsize=1)
def _fonts() -> Any:
    with as_file(files("gsomia.documents") / "fonts") as folder:
        return _typst().Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])


def _items(lines: Sequence[Line]) -> list[dict[str, str]]:
    return [{"text": line.text, "lang": line.lang.partition("-")[0]} for line in lines]


def _compile(source: bytes, data: dict[str, Any], **how: Any) -> bytes:
    module = _typst()
    compiler = module.Compiler(source, font_paths=_fonts(), sys_inputs={"data": json.dumps(data, ensure_ascii=False)})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            made = compiler.compile(timestamp=0, **how)
    except (module.TypstError, Warning) as error:
        raise DataError(f"the marking cannot be typeset: {error!s:.200}") from error
    assert isinstance(made, bytes)
    return made


def strips(marks: Marks, width: float, height: float) -> bytes:
    """A PDF of two pages: the strip above a page and the one below it, as high as their lines need.

    Args:
        marks: the lines.
        width, height: of the page, in points.

    Raises:
        DataError: typst is not installed, or refuses.
    """
    lines = len(marks.top) + len(marks.bottom)
    data = {
        "width": width,
        "size": max(4.0, min(10.0, width / 48, height / (6 * lines))),
        "edge": min(8.0, height / 60),
        "color": marks.color,
        "top": _items(marks.top),
        "bottom": _items(marks.bottom),
    }
    return _compile(_SOURCE, data, format="pdf", pdf_tags=False)


def strip(lines: Sequence[Line], width: int, color: str = "#b00000") -> bytes:
    """A PNG with the lines, as wide as an image.

    Args:
        lines: what to show.
        width: in pixels; the strip is a pixel wider at most.
        color: of the text, `#rrggbb`.
    """
    data = {"width": width, "size": min(28.0, max(7.0, width / 36)), "color": color, "top": _items(lines)}
    return _compile(_STRIP, data, format="png", ppi=72)
