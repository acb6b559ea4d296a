"""A text whose paragraphs begin with portion marks: read, rolled up, and held to its banner."""

from __future__ import annotations

from dataclasses import dataclass

from gsomia.errors import DataError
from gsomia.marking import UsMarking, parse_banner, parse_portion, render_banner, roll_up_portions


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
