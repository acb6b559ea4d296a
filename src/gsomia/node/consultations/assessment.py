"""An assessment in portions, and the view of it that one Party may have. Values in, values out.

title = "Launch preparations"

[[portion]]
mark = "秘"
to = ["KOR", "USA"]
cites = ["JPN-2018-000001"]
text = "The first portion is for all Parties of the consultation."
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from gsomia.errors import DataError
from gsomia.marking import SEPARATOR, UsMarking, parse_portion, render_banner, render_portion

__all__ = ["ASSESSMENT_BYTES", "Assessment", "Portion", "Shown", "read_assessment", "render_view"]

ASSESSMENT_BYTES = 2**20
"""The longest assessment."""

_PORTIONS = 1000
_CONTROL_NUMBER = re.compile(r"[A-Z]{3}-[0-9]{4}-[0-9]{6}")
_US_CLASSES = {"RESTRICTED": "R", "CONFIDENTIAL": "C", "SECRET": "S", "TOP SECRET": "TS"}
_US = "USA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """A portion of an assessment.

    Args:
        mark: its author's mark, as typed.
        to: the Parties that may have it, the author aside, sorted.
        cites: control numbers or ids of the items on which it rests.
        text: what it says.
    """

    mark: str
    to: tuple[str, ...]
    cites: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """An assessment as its author wrote it: a title that every Party sees, and portions in order."""

    title: str
    portions: tuple[Portion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A portion as one Party sees it: `mark` in the agreement's form, `numbers` are the Party's own control numbers."""

    mark: str
    to: tuple[str, ...]
    text: str
    numbers: tuple[str, ...]


def read_assessment(data: bytes, author: str) -> Assessment:
    """Read an assessment strictly.

    Args:
        data: TOML in UTF-8.
        author: whose it is; the United States may write `mark` as a portion mark, `(S//REL TO USA, JPN, KOR)`.

    Raises:
        DataError: not TOML, a key is missing, unknown or of the wrong kind, or a text that names a control number.
    """
    if len(data) > ASSESSMENT_BYTES:
        raise DataError(f"an assessment has at most {ASSESSMENT_BYTES >> 20} MiB")
    try:
        whole = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"the assessment is no TOML: {error}") from error
    _keys(whole, "an assessment", {"title", "portion"})
    title, portions = whole["title"], whole["portion"]
    if not isinstance(title, str) or not title.isprintable() or not title.strip():
        raise DataError("`title` is one line of text")
    if not isinstance(portions, list) or not 0 < len(portions) <= _PORTIONS:
        raise DataError(f"an assessment has 1 to {_PORTIONS} tables `[[portion]]`")
    found = []
    for place, portion in enumerate(portions, 1):
        try:
            found.append(_portion(portion, author))
        except DataError as error:
            raise DataError(f"portion {place}: {error}", hint=error.hint) from error
    return Assessment(title=title, portions=tuple(found))


def _portion(value: object, author: str) -> Portion:
    if not isinstance(value, dict):
        raise DataError("a portion is a table")
    _keys(value, "a portion", {"mark", "text"}, {"to", "cites"})
    mark, text = value["mark"], value["text"]
    if not isinstance(mark, str) or not mark.strip() or not isinstance(text, str) or not text.strip():
        raise DataError("`mark` and `text` are texts that say something")
    if not all(c.isprintable() or c in "\n\t" for c in text):
        raise DataError("`text` holds characters that cannot be printed")
    if _CONTROL_NUMBER.search(text):
        raise DataError(
            "`text` names a control number", hint="cite the item: each Party then reads its own number, or none"
        )
    to = _texts(value, "to")
    if author == _US and mark.startswith("("):
        if to:
            raise DataError("a portion mark says itself to whom it may go", hint="leave `to` out")
        mark, to = _marked(mark)
    return Portion(mark=mark, to=tuple(sorted({*to} - {author})), cites=_texts(value, "cites"), text=text.strip())


def _marked(mark: str) -> tuple[str, tuple[str, ...]]:
    """A classification and the Parties that may have it; with any other control nobody may."""
    said = parse_portion(mark)
    word = next((word for word, code in _US_CLASSES.items() if code == said.classification), "UNCLASSIFIED")
    plain = UsMarking(
        classification=said.classification, dissemination=("REL",), releasable_to=said.releasable_to or (_US, "JPN")
    )
    return word, said.releasable_to if said == plain else ()


def _texts(value: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = value.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, str) and one.isprintable() for one in found):
        raise DataError(f"`{key}` is a list of texts")
    if len({*found}) != len(found):
        raise DataError(f"`{key}` holds one twice")
    return tuple(found)


def _keys(value: Mapping[str, Any], what: str, needed: set[str], others: set[str] | None = None) -> None:
    unknown = sorted({*value} - needed - (others or set()))
    if unknown:
        raise DataError(
            f"{what} has no key `{unknown[0]}`", hint=f"known: {', '.join(sorted(needed | (others or set())))}"
        )
    missing = sorted(needed - {*value})
    if missing:
        raise DataError(f"{what} lacks `{missing[0]}`")


def render_view(title: str, portions: Sequence[Shown], *, author: str, to: Sequence[str], level: str) -> bytes:
    """The view of one Party: banner, title, the portions that it may have, numbered from 1 without a gap, banner.

    Args:
        title: of the assessment.
        portions: in order, no other one is hinted at.
        author: whose marks are put on.
        to: who reads it, its Party last.
        level: rolled up from the portions and what they rest on.
    """
    banner = _banner(author, to, level)
    parts = [banner, title]
    for number, portion in enumerate(portions, 1):
        sources = f"\nSources: {', '.join(portion.numbers)}" if portion.numbers else ""
        parts.append(f"{number}. {_portion_mark(author, portion)} {portion.text}{sources}")
    return "".join(f"{part}\n\n" for part in parts).encode() + f"{banner}\n".encode()


def _us_marking(level: str, to: Sequence[str]) -> UsMarking:
    code = cast(Any, _US_CLASSES.get(level, "U"))
    return UsMarking(classification=code, dissemination=("REL",), releasable_to=(_US, *sorted({*to} - {_US})))


def _banner(author: str, to: Sequence[str], level: str) -> str:
    return render_banner(_us_marking(level, to)) if author == _US else level


def _portion_mark(author: str, portion: Shown) -> str:
    if author == _US:
        return render_portion(_us_marking(portion.mark, portion.to))
    return f"({portion.mark}{SEPARATOR}{', '.join(portion.to)})"
