"""The parts of a line that can be a mark: without what frames it, and without copy and page numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from gsomia.marking import SEPARATOR

_NUMBER: Final = (
    r"(?:\d+\s*[部부]\D{0,6})?(?:COPY|CY|PAGE|P|NO|NR|사본(?:번호)?|第|제)?[\W_]*\d+\s*[号호頁쪽枚部부]?"
    r"(?:\s*(?:/|-|OF)\s*\d+)?\W*"
)
_NUMBERED: Final = re.compile(rf"(?P<mark>.{{1,80}}?)[\s\W_]*{_NUMBER}", re.IGNORECASE)
_ENDS_IN_NUMBER: Final = re.compile(r"\d\s*[号호頁쪽枚部부]?\W*$")
_NUMBER_FIRST: Final = re.compile(rf"(?=\d+\s*[部부]|COPY|第|사본){_NUMBER}[\s\W_]+(?P<mark>\D+)$", re.IGNORECASE)
LINE_LIMIT: Final = 200
"""Longest line, in characters, that is looked at: a longer one is a sentence."""


def bare(text: str) -> str:
    """A line without what merely frames it: `[秘]`, `- SECRET -`, `＊機密＊`; slashes stay, they can be the mark's."""
    start, end = 0, len(text)
    while start < end and _frames(text[start]):
        start += 1
    while end > start and _frames(text[end - 1]):
        end -= 1
    return text[start:end]


def _frames(character: str) -> bool:
    return character != "/" and unicodedata.category(character)[0] in "PSZC"


def pieces(line: str) -> Iterator[str]:
    """The parts of a line that can be a mark: all of it, what a tab or the pair line's dot parts, all without a number.

    Args:
        line: as the document shows it.
    """
    if len(line) > LINE_LIMIT:
        return
    seen: set[str] = set()
    for column in dict.fromkeys((line, *line.split("\t"))):
        first, _, rest = column.partition(SEPARATOR.strip())
        for part in dict.fromkeys((column, first, rest.rpartition(SEPARATOR.strip())[2])):
            text = bare(unicodedata.normalize("NFKC", part))
            for piece in (bare(part), text, _without_number(text)):
                if piece and piece not in seen:
                    seen.add(piece)
                    yield piece


def _without_number(text: str) -> str:
    """A mark without the copy or page number before or after it; "" where there is none."""
    numbered = _NUMBERED.fullmatch(text) if _ENDS_IN_NUMBER.search(text) else _NUMBER_FIRST.match(text)
    mark = bare(numbered["mark"]) if numbered is not None else ""
    return mark if mark == mark.upper() else ""
