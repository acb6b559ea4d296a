"""Any document of a known format: what it is, looked over, marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from gsomia.documents.archive import archive_entry
from gsomia.documents.docx import mark_docx
from gsomia.documents.docx_active import inspect_docx
from gsomia.documents.docx_parts import docx_lines
from gsomia.documents.image import inspect_image, mark_image
from gsomia.documents.odf import MEDIA_TYPE, inspect_odf, mark_odf, odf_lines
from gsomia.documents.pdf import inspect, mark_pdf
from gsomia.documents.pdf_text import pdf_lines
from gsomia.documents.rendition import Rendition
from gsomia.documents.text import mark_text, text_lines
from gsomia.documents.typeset import Marks
from gsomia.documents.visible import check_shown
from gsomia.errors import DataError
from gsomia.marking import Label, Line

if TYPE_CHECKING:
    from gsomia.node import Look, Marked

_IMAGES: Final = (b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*")
_NEEDS: Final = {"pdf": ("pikepdf", "pypdfium2"), "docx": ("lxml",), "odf": ("lxml",), "image": ("PIL",)}
_TYPES: Final = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "odf": "application/vnd.oasis.opendocument.text",
    "image": "image/png",
    "text": "text/plain; charset=utf-8",
}
_MARKERS: Final = {"pdf": mark_pdf, "docx": mark_docx, "odf": mark_odf, "image": mark_image}
_UNREAD: Final = "no format whose marks can be read"


def kind_of(data: bytes, mime_type: str = "") -> str:
    """What a document is by its first bytes: `pdf`, `docx`, `odf`, `image`, `text`, or "" for anything else.

    Args:
        data: the document, or as much of its beginning as there is.
        mime_type: as it is called; it decides only whether bytes that may be text are.
    """
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(_IMAGES):
        return "image"
    if data.startswith(b"PK\x03\x04"):
        if data[30:38] == b"mimetype":
            return "odf" if archive_entry(data, "mimetype", len(MEDIA_TYPE)) == MEDIA_TYPE else ""
        return "docx" if mime_type == _TYPES["docx"] or _names_word(data) else ""
    if mime_type.startswith("text/") or _is_text(data):
        return "text"
    return ""


def _names_word(data: bytes) -> bool:
    return b"word/" in data and b"[Content_Types].xml" in data


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":  # where the beginning ends, a character may be cut off
            return False
        text = data[: error.start].decode("utf-8")
    return all(c.isprintable() or c in "\t\n\r\f\ufeff" for c in text)


def known(head: bytes, mime_type: str) -> bool:
    """Whether a document that begins so is of a format whose marks can be read or put on."""
    return bool(kind_of(head, mime_type)) or head.startswith(b"PK\x03\x04")


def look_over(data: bytes, mime_type: str, label: Label, marks: Sequence[str], alike: Sequence[str] = ()) -> Look:
    """Look a document over and hold the marks that it shows to its label.

    Args:
        data: the document.
        mime_type: as its sender names it.
        label: what it carries.
        marks: the marks of every Party that could stand there.
        alike: those of them, of other Parties, that an agreement makes equal to the label's.

    Raises:
        DataError: a visible mark, or what is nearly one, contradicts the label; the message names both.
    """
    from gsomia.node import Look  # marking alone needs no node

    kind = kind_of(data, mime_type)
    missing = [name for name in _NEEDS.get(kind, ()) if find_spec(name) is None]
    if missing:
        why = f"not looked over: that needs {', '.join(f'`{name}`' for name in missing)}"
        return Look(kind=kind, remarks=(why,))
    if not kind:
        return Look(kind="", remarks=(_UNREAD,))
    try:
        remarks = _inspected(kind, data)
        if kind == "image":
            return Look(kind=kind, remarks=remarks)
        lines = {"pdf": pdf_lines, "docx": docx_lines, "odf": odf_lines, "text": text_lines}[kind](data)
    except DataError as error:
        return Look(kind=kind, fault=str(error))
    remarks = (*remarks, *check_shown(lines, label, marks, alike))
    if not lines and kind != "text":
        remarks = (*remarks, "it holds no text whose marks could be read")
    return Look(kind=kind, remarks=remarks)


def _inspected(kind: str, data: bytes) -> tuple[str, ...]:
    looks = {"pdf": inspect, "docx": inspect_docx, "odf": inspect_odf, "image": inspect_image}
    return looks[kind](data) if kind in looks else ()


def mark_document(
    data: bytes, mime_type: str, *, top: Sequence[Line], bottom: Sequence[Line], properties: Mapping[str, str]
) -> Marked:
    """A rendition of a document of any known format, with lines above and below; the document is not changed.

    Args:
        data: the document.
        mime_type: as it is called.
        top, bottom: the lines.
        properties: kept inside where the format has a place for them.

    Raises:
        DataError: a format that cannot be marked, or active, encrypted, broken or too long.
    """
    from gsomia.node import Marked  # marking alone needs no node

    marks = Marks(top=tuple(top), bottom=tuple(bottom))
    kind = kind_of(data, mime_type)
    made: Rendition
    if kind == "text":
        made = mark_text(data, marks)
    elif kind in _MARKERS:
        made = _MARKERS[kind](data, marks, properties)
    else:
        raise DataError("not a PDF, DOCX, ODF text, PNG, JPEG, TIFF or plain text", hint="open it with `gsomia open`")
    return Marked(data=made.data, mime_type=_TYPES[kind], parts=made.parts, remarks=made.remarks)
