"""A text whose paragraphs begin with portion marks, and the banner that they give."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gsomia.errors import DataError
from gsomia.marking.us.model import UsMarking
from gsomia.marking.us.parsing import parse_banner, parse_portion
from gsomia.marking.us.repair import diagnose
from gsomia.marking.us.rollup import roll_up
from gsomia.marking.us.text import render_banner
from gsomia.marking.words import printable

# what stands in parentheses at the start of a line and holds no small letter is meant as a mark
_MARK: Final = re.compile(r"\([^()a-z]*\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraphs:
    """What a portion-marked text says.

    Args:
        banner: rolled up from the portions.
        portions: each paragraph's marking, in order.
        stated: the banner lines that the text shows, each with the number of its line; all are equal to `banner`.
    """

    banner: UsMarking
    portions: tuple[UsMarking, ...]
    stated: tuple[int, ...] = ()


def read_paragraphs(text: str, *, nicknames: frozenset[str] = frozenset()) -> Paragraphs:
    """Read a text's portion marks, roll them up, and hold its banner lines against the result.

    A paragraph begins with its mark, on the first line, after an empty line, or on any line that begins with a mark.
    Further lines belong to it. A banner stands on the first line, the last, or after an empty line.

    Args:
        text: the whole text.
        nicknames: as for `parse_banner`.

    Raises:
        DataError: a paragraph without a mark, a wrong mark, or a banner that the portions contradict; the message
            names the line and both.
    """
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    last = max((number for number, line in lines if line), default=0)
    stated: list[tuple[int, UsMarking]] = []
    portions: list[UsMarking] = []
    inside = False  # a paragraph goes on
    for number, line in lines:
        if not line:
            inside = False
            continue
        try:
            if line.startswith("(") and (not inside or _MARK.match(line)):
                end = line.find(")") + 1
                whole = stated[0][1] if stated else None
                portions.append(parse_portion(line[:end] if end else line, banner=whole, nicknames=nicknames))
                inside = True
            elif not inside or number == last:
                found = _banner(line, inside, nicknames)
                if found is not None:
                    stated.append((number, found))
        except DataError as error:
            raise DataError(f"line {number}: {error}", hint=error.hint) from error
    banner = roll_up(portions)
    for number, marking in stated:
        if marking != banner:
            raise DataError(
                f"line {number} shows `{render_banner(marking)}` and the portions give `{render_banner(banner)}`"
            )
    return Paragraphs(banner=banner, portions=tuple(portions), stated=tuple(number for number, _ in stated))


def _banner(line: str, inside: bool, nicknames: frozenset[str]) -> UsMarking | None:
    """A line that may be a banner; None where it is the end of a paragraph."""
    try:
        return parse_banner(line, nicknames=nicknames)
    except DataError:
        if inside and not ("//" in line and line.upper() == line):
            return None
        if "//" in line or diagnose(line, nicknames=nicknames).reading:
            raise
        raise DataError(
            f"the paragraph `{printable(line, 40)}` has no portion mark", hint="begin it with `(U)`, `(S)` or the like"
        ) from None
