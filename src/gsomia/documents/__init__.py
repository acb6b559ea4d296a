"""Renditions of received documents: the marks put on, what is active refused, the original never touched.

The heavy libraries (pikepdf, typst, pillow, lxml, pypdfium2) come with the `[documents]` extra and are imported when
they are needed.
"""

from __future__ import annotations

from gsomia.documents.docx import mark_docx
from gsomia.documents.docx_active import inspect_docx
from gsomia.documents.docx_parts import docx_lines
from gsomia.documents.forms import kind_of, known, look_over, mark_document
from gsomia.documents.image import inspect_image, mark_image
from gsomia.documents.odf import inspect_odf, mark_odf, odf_lines
from gsomia.documents.pdf import inspect as inspect_pdf
from gsomia.documents.pdf import mark_pdf
from gsomia.documents.pdf_text import pdf_lines
from gsomia.documents.rendition import Rendition
from gsomia.documents.text import mark_text, text_lines
from gsomia.documents.typeset import Marks
from gsomia.documents.visible import check_shown, shown_marks

__all__ = [
    "Marks",
    "Rendition",
    "check_shown",
    "docx_lines",
    "inspect_docx",
    "inspect_image",
    "inspect_odf",
    "inspect_pdf",
    "kind_of",
    "known",
    "look_over",
    "mark_document",
    "mark_docx",
    "mark_image",
    "mark_odf",
    "mark_pdf",
    "mark_text",
    "odf_lines",
    "pdf_lines",
    "shown_marks",
    "text_lines",
]
