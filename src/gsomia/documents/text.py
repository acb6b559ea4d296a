"""Mark a plain text: the lines stand above and below it."""

from __future__ import annotations

from gsomia.documents.rendition import Rendition
from gsomia.documents.typeset import Marks
from gsomia.errors import DataError


def text_lines(data: bytes) -> tuple[str, ...]:
    """The lines of a text that are not empty.

    Raises:
        DataError: not UTF-8.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"the text is not UTF-8 at byte {error.start}") from error
    return tuple(line for line in text.splitlines() if line.strip())


def mark_text(data: bytes, marks: Marks) -> Rendition:
    """Make a rendition of a text with the marks above and below.

    Args:
        data: UTF-8; it is not changed.
        marks: the lines.

    Raises:
        DataError: not UTF-8.
    """
    text_lines(data)
    above = "".join(f"{line.text}\n" for line in marks.top).encode()
    below = "".join(f"{line.text}\n" for line in marks.bottom).encode()
    body = data.removeprefix(b"\xef\xbb\xbf")
    return Rendition.of(data, above + b"\n" + body + (b"" if body.endswith(b"\n") else b"\n") + b"\n" + below, 1)
