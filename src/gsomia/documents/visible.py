"""Marks that a document shows, against the label that it carries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from gsomia.documents.lines import LINE_LIMIT, pieces
from gsomia.documents.us_visible import UsLines
from gsomia.errors import DataError
from gsomia.marking import Label, fold, nearest, printable, skeleton

REMARK_LIMIT: Final = 10
"""Most remarks on lines that are nearly marks."""


def shown_marks(lines: Iterable[str], marks: Iterable[str]) -> tuple[str, ...]:
    """The marks that stand alone on a line, framed, numbered, or as a part of a pair line, each once.

    Args:
        lines: the document's lines.
        marks: all the marks that could stand there, of every Party.
    """
    by_fold = {fold(mark): mark for mark in marks}
    found = (by_fold.get(fold(piece)) for line in lines for piece in pieces(line))
    return tuple(dict.fromkeys(mark for mark in found if mark is not None))


def check_shown(lines: Iterable[str], label: Label, marks: Iterable[str], alike: Iterable[str] = ()) -> tuple[str, ...]:
    """Check that no visible mark contradicts the label.

    Args:
        lines: the document's lines, from `docx_lines`, `odf_lines`, `pdf_lines` or a text.
        label: what the document carries.
        marks: the marks of every Party that could stand there.
        alike: those of them, of other Parties, that an agreement makes equal to the label's.

    Returns:
        Remarks on lines that are nearly a mark, and on marks that cannot be read.

    Raises:
        DataError: a mark is shown, or nearly one, that the label does not say; the message names both.
    """
    known = _Known.of(label, marks, alike)
    us = UsLines(label, known.agreeing) if known.has_us else None
    remarks: dict[str, None] = {}
    for line in dict.fromkeys(lines):
        found = known.read(line)
        near = found.remark() if found is not None else ""
        if found is not None and fold(found.mark) not in known.agreeing:
            raise _contradiction(found, label)
        if us is not None and (found is None or not found.exact) and len(line) <= LINE_LIMIT:
            near = us.read(line) or near
        if near:
            remarks[near] = None
    if us is not None:
        remarks |= dict.fromkeys(us.close())
    kept = tuple(remarks)
    more = len(kept) - REMARK_LIMIT
    return kept if more <= 0 else (*kept[:REMARK_LIMIT], f"and {more} lines more that are nearly marks")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A mark read from a line: as the line shows it, and as the list spells it."""

    shown: str
    mark: str
    exact: bool

    def remark(self) -> str:
        return "" if self.exact else f"the line `{printable(self.shown)}` is nearly `{self.mark}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """The marks that could stand in a document, by what they are compared by."""

    by_fold: dict[str, str]
    by_skeleton: dict[str, str]
    agreeing: frozenset[str]
    longest: int = field(default=0)

    @classmethod
    def of(cls, label: Label, marks: Iterable[str], alike: Iterable[str]) -> _Known:
        equal = tuple(alike)
        every = dict.fromkeys((label.classification, *equal, *marks))  # of two as near, the one that agrees is read
        by_fold: dict[str, str] = {}
        by_skeleton: dict[str, str] = {}
        for mark in every:
            by_fold.setdefault(fold(mark), mark)
            by_skeleton.setdefault(skeleton(mark), mark)
        return cls(
            by_fold=by_fold,
            by_skeleton=by_skeleton,
            agreeing=frozenset(fold(mark) for mark in (label.classification, *equal)),
            longest=max(map(len, by_fold)),
        )

    @property
    def has_us(self) -> bool:
        """Whether banners of the United States can stand there."""
        return "TOPSECRET" in self.by_fold or "SECRET" in self.by_fold

    def read(self, line: str) -> _Found | None:
        """The mark that a line shows, or nearly shows; None where it is none."""
        near: _Found | None = None
        for piece in pieces(line):
            if len(piece) > 4 * self.longest:  # letters may stand far apart
                continue
            folded = fold(piece)
            if len(folded) > self.longest + 2:
                continue
            mark = self.by_fold.get(folded)
            if mark is not None:
                return _Found(shown=piece, mark=mark, exact=True)
            if near is None:
                mark = self.by_skeleton.get(skeleton(piece), "") or self._typed(piece, folded)
                near = _Found(shown=line.strip(), mark=mark, exact=False) if mark else None
        return near

    def _typed(self, piece: str, folded: str) -> str:
        """The mark that was mistyped, where a word is long enough to tell that from another word."""
        if len(folded) < 4 or piece != piece.upper():
            return ""
        limit = 1 if len(folded) < 8 else 2
        letters = set(folded)
        alike = [mark for fold_, mark in self.by_fold.items() if len(set(fold_) - letters) <= limit]
        return nearest(piece, alike, limit=limit) if alike else ""


def _contradiction(found: _Found, label: Label) -> DataError:
    nearly = "" if found.exact else f", which is nearly `{found.mark}`,"
    shown = found.mark if found.exact else printable(found.shown)
    return DataError(
        f"the document shows `{shown}`{nearly} and its label says `{label.classification}`",
        hint="its originator must say which is right",
    )
