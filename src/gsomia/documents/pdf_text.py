"""The text of a PDF, for finding marks in it."""

from __future__ import annotations

import io
from importlib import import_module

from gsomia.errors import DataError


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
