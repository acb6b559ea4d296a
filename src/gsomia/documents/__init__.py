"""Renditions of received documents: the marks put on, what is active refused, the original never touched.

The heavy libraries (pikepdf, typst, pillow, lxml, pypdfium2) come with the `[documents]` extra and are imported when
they are needed.
"""

from __future__ import annotations

from gsomia.documents.derivative import Derivative, Source, derive
from gsomia.documents.docx import docx_lines, inspect_docx, mark_docx
from gsomia.documents.image import mark_image
from gsomia.documents.odf import inspect_odf, mark_odf, odf_lines
from gsomia.documents.pdf import inspect as inspect_pdf
from gsomia.documents.pdf import mark_pdf
from gsomia.documents.rendition import Rendition
from gsomia.documents.typeset import Marks
from gsomia.documents.visible import TextMarks, check_shown, pdf_lines, read_text, shown_marks

__all__ = [
    "Derivative",
    "Marks",
    "Rendition",
    "Source",
    "TextMarks",
    "check_shown",
    "derive",
    "docx_lines",
    "inspect_docx",
    "inspect_odf",
    "inspect_pdf",
    "mark_docx",
    "mark_image",
    "mark_odf",
    "mark_pdf",
    "odf_lines",
    "pdf_lines",
    "read_text",
    "shown_marks",
]
