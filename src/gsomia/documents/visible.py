"""Marks that a document shows, against the label that it carries."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from gsomia.errors import DataError
from gsomia.marking import (
    Label,
    UsMarking,
    fold,
    parse_banner,
    parse_portion,
    render_banner,
    roll_up_portions,
    us_marking,
)

_SEPARATOR: Final = "·"


def shown_marks(lines: Iterable[str], marks: Iterable[str]) -> tuple[str, ...]:
    """The marks that stand alone on a line, or as the second part of a pair line, each once.

    Args:
        lines: the document's lines.
        marks: all the marks that could stand there, of every Party.
    """
    by_fold = {fold(mark): mark for mark in marks}
    found: list[str] = []
    for line in lines:
        for part in (line, line.rpartition(_SEPARATOR)[2]):
            mark = by_fold.get(fold(part))
            if mark is not None and mark not in found:
                found.append(mark)
    return tuple(found)


def check_shown(lines: Iterable[str], label: Label, marks: Iterable[str]) -> None:
    """Check that no visible mark contradicts the label.

    Args:
        lines: the document's lines, from `docx_lines`, `odf_lines`, `pdf_lines` or a text.
        label: what the document carries.
        marks: the marks of the label's policy.

    Raises:
        DataError: a mark is shown that the label does not say; the message names both.
    """
    kept = list(lines)
    wanted = fold(label.classification)
    for mark in shown_marks(kept, marks):
        if fold(mark) != wanted:
            raise DataError(
                f"the document shows `{mark}` and its label says `{label.classification}`",
                hint="its originator must say which is right",
            )
    if label.policy == "USA":
        _check_us(kept, label)


def _check_us(lines: Iterable[str], label: Label) -> None:
    """Banners against the label: whole where the label has ISM's tags, else the class and to whom it is released."""
    released = frozenset(label.values("Releasable To", "PERMISSIVE"))
    wanted = "" if released else render_banner(us_marking(label))
    said = wanted or f"{label.classification}, releasable to {', '.join(sorted(released))}"
    portions: list[UsMarking] = []
    for line in lines:
        try:
            if line.strip().startswith("("):
                portions.append(parse_portion(line.strip().partition(")")[0] + ")"))
                continue
            seen = parse_banner(line.strip())
        except DataError:
            continue
        if render_banner(seen) != wanted if wanted else _withholds(seen, label.classification, released):
            raise _contradiction(render_banner(seen), said)
    if portions and released:
        whole = roll_up_portions(portions)
        if _PLACES.index(whole.classification) > _PLACES.index(us_class(label.classification)):
            raise _contradiction(f"portions up to {render_banner(whole)}", said)


_PLACES: Final = ("U", "R", "C", "S", "TS")


def us_class(word: str) -> str:
    """The letter of a United States classification, or the lowest where it is none."""
    return {"RESTRICTED": "R", "CONFIDENTIAL": "C", "SECRET": "S", "TOP SECRET": "TS"}.get(word, "U")


def _withholds(seen: UsMarking, classification: str, released: frozenset[str]) -> bool:
    """Whether a banner says another class, or bars one of those to whom the label releases it."""
    if seen.classification != us_class(classification):
        return True
    if "NF" in seen.dissemination and released - {"USA"}:
        return True
    return bool(seen.releasable_to) and not released <= frozenset(seen.releasable_to)


def _contradiction(shown: str, said: str) -> DataError:
    return DataError(
        f"the document shows `{shown}` and its label says `{said}`", hint="its originator must say which is right"
    )


def pdf_lines(data: bytes) -> tuple[str, ...]:
    """The text lines of every page of a PDF, for finding marks in it; text in pictures is not seen.

    Raises:
        DataError: pypdfium2 is not installed, or the PDF cannot be read.
    """
    try:
        pypdfium2 = import_module("pypdfium2")
    except ImportError as error:
        raise DataError(
            "reading a PDF's text needs `pypdfium2`", hint="install gsomia with its `[documents]` extra"
        ) from error
    lines: list[str] = []
    try:
        document = pypdfium2.PdfDocument(io.BytesIO(data))
        try:
            for page in document:
                lines += [line for line in page.get_textpage().get_text_bounded().splitlines() if line.strip()]
        finally:
            document.close()
    except (pypdfium2.PdfiumError, ValueError, RuntimeError) as error:
        raise DataError(f"the PDF cannot be read: {error!s:.120}") from error
    return tuple(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMarks:
    """What a portion-marked text says.

    Args:
        banner: rolled up from the portions.
        portions: each paragraph's marking, in order.
    """

    banner: UsMarking
    portions: tuple[UsMarking, ...]


def read_text(text: str) -> TextMarks:
    """Read a text whose paragraphs begin with portion marks, roll them up, and check the banner lines if there are any.

    Args:
        text: paragraphs with empty lines or line ends between them; the first and last may be the banner.

    Raises:
        DataError: a paragraph without a mark, a wrong mark, or a banner that the portions contradict; the message
            names the line and both.
    """
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    banners: list[tuple[int, UsMarking]] = []
    portions: list[UsMarking] = []
    for place, (number, line) in enumerate(lines):
        try:
            if line.startswith("("):
                end = line.find(")") + 1
                stated = banners[0][1] if banners else None
                portions.append(parse_portion(line[:end] if end else line, banner=stated))
            elif place in (0, len(lines) - 1):
                banners.append((number, parse_banner(line)))
            else:
                raise DataError("the paragraph has no portion mark", hint="begin it with `(U)`, `(S)` or the like")
        except DataError as error:
            raise DataError(f"line {number}: {error}", hint=error.hint) from error
    banner = roll_up_portions(portions)
    for number, stated in banners:
        if stated != banner:
            raise DataError(
                f"line {number} shows `{render_banner(stated)}` and the portions give `{render_banner(banner)}`"
            )
    return TextMarks(banner=banner, portions=tuple(portions))
