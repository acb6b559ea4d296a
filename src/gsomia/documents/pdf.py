"""Mark a PDF: a rendition with the marks on every page; what is active, encrypted or broken is refused."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, Final

from gsomia.documents.rendition import Rendition
from gsomia.documents.typeset import Marks, overlay
from gsomia.errors import DataError

PAGE_LIMIT: Final = 2000
BYTE_LIMIT: Final = 256 * 1024 * 1024
OBJECT_LIMIT: Final = 1_000_000

_ADDRESS: Final = re.compile(r"stream <[^>]*>")

_ACTIVE_KEYS: Final = {
    "/JS": "JavaScript",
    "/JavaScript": "JavaScript",
    "/AA": "actions that run by themselves",
    "/XFA": "an XFA form",
    "/EmbeddedFiles": "embedded files",
    "/EF": "an embedded file",
    "/RichMedia": "rich media",
    "/RichMediaContent": "rich media",
}
_ACTIVE_ACTIONS: Final = frozenset(
    {
        "/JavaScript",
        "/Launch",
        "/SubmitForm",
        "/ImportData",
        "/GoToR",
        "/GoToE",
        "/Rendition",
        "/Movie",
        "/Sound",
        "/RichMediaExecute",
        "/Trans",
        "/SetOCGState",
    }
)
_ACTIVE_ANNOTATIONS: Final = frozenset({"/FileAttachment", "/RichMedia", "/Screen", "/Movie", "/Sound", "/3D"})


def _pikepdf() -> Any:
    try:
        import pikepdf
    except ImportError as error:
        raise DataError("marking a PDF needs `pikepdf`", hint="install gsomia with its `[documents]` extra") from error
    return pikepdf


def _open(data: bytes, page_limit: int) -> Any:
    module = _pikepdf()
    if len(data) > BYTE_LIMIT:
        raise DataError(f"the PDF is longer than {BYTE_LIMIT} bytes")
    if not data.startswith(b"%PDF-"):
        raise DataError("the document is not a PDF: it does not start with `%PDF-`")
    try:
        pdf = module.Pdf.open(io.BytesIO(data), attempt_recovery=False, suppress_warnings=True)
        if pdf.is_encrypted:
            raise DataError("the PDF is encrypted", hint="its originator must send it open, inside a sealed item")
        pages = len(pdf.pages)
        counted = int(pdf.Root.Pages.Count)
    except module.PasswordError as error:
        raise DataError(
            "the PDF is encrypted", hint="its originator must send it open, inside a sealed item"
        ) from error
    except (module.PdfError, ValueError, RuntimeError, AttributeError, TypeError, KeyError) as error:
        raise DataError(f"the PDF is broken: {_said(error)}") from error
    warnings = pdf.get_warnings()
    if warnings:
        raise DataError(f"the PDF is broken: {_said(warnings[0])}")
    if counted != pages:
        raise DataError(f"the PDF is broken: it says {counted} pages and has {pages}")
    if not 1 <= pages <= page_limit:
        raise DataError(f"the PDF has {pages} pages, and 1 to {page_limit} are marked")
    return pdf


def _said(error: object) -> str:
    """What the library says, without the address of the object that it read from."""
    return _ADDRESS.sub("the document", str(error))[:160]


def _values(node: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every key and value of an object and of the direct objects inside it."""
    module = _pikepdf()
    if depth > 50:
        raise DataError("the PDF nests objects deeper than 50")
    if isinstance(node, module.Stream | module.Dictionary):
        for key, value in node.items():
            yield key, value
            if isinstance(value, module.Object) and not value.is_indirect:
                yield from _values(value, depth + 1)
    elif isinstance(node, module.Array):
        for value in node:
            if isinstance(value, module.Object) and not value.is_indirect:
                yield from _values(value, depth + 1)


def inspect(data: bytes, *, page_limit: int = PAGE_LIMIT) -> tuple[str, ...]:
    """Look a PDF over.

    Args:
        data: the document.
        page_limit: most pages.

    Returns:
        Remarks on what is passive and still worth a look.

    Raises:
        DataError: it is encrypted, broken, too long, or holds active content; the message names all kinds of it.
    """
    return _inspected(_open(data, page_limit))


def _inspected(pdf: Any) -> tuple[str, ...]:
    module = _pikepdf()
    active: set[str] = set()
    remarks: set[str] = set()
    try:
        objects = list(pdf.objects)
        if len(objects) > OBJECT_LIMIT:
            raise DataError(f"the PDF has more than {OBJECT_LIMIT} objects")
        for node in [pdf.trailer, *objects]:
            if not isinstance(node, module.Dictionary | module.Stream | module.Array):
                continue
            for key, value in _values(node):
                if key in _ACTIVE_KEYS and value is not None:
                    active.add(_ACTIVE_KEYS[key])
                elif key == "/S" and isinstance(value, module.Name) and str(value) in _ACTIVE_ACTIONS:
                    active.add(f"the action {str(value)[1:]}")
                elif key == "/Subtype" and isinstance(value, module.Name) and str(value) in _ACTIVE_ANNOTATIONS:
                    active.add(f"a {str(value)[1:]} annotation")
                elif key == "/OpenAction" and isinstance(value, module.Dictionary):
                    active.add("an action at opening")
                elif key == "/S" and isinstance(value, module.Name) and str(value) == "/URI":
                    remarks.add("links to addresses outside")
                elif key == "/ByteRange":
                    remarks.add("a signature, which does not hold for the rendition")
                elif key == "/OCProperties":
                    remarks.add("layers that a reader can hide")
    except (module.PdfError, RuntimeError, ValueError) as error:
        raise DataError(f"the PDF is broken: {_said(error)}") from error
    if active:
        raise DataError(f"the PDF holds active content: {', '.join(sorted(active))}")
    return tuple(sorted(remarks))


def mark_pdf(data: bytes, marks: Marks, *, page_limit: int = PAGE_LIMIT) -> Rendition:
    """Make a rendition of a PDF with the marks on every page.

    Annotations are flattened and each page's content is closed off, so that nothing in it can cover, move or clip the
    marks. The document given is not changed.

    Args:
        data: the PDF.
        marks: what to put on each page.
        page_limit: most pages.

    Raises:
        DataError: as `inspect`, or a page cannot be marked.
    """
    module = _pikepdf()
    pdf = _open(data, page_limit)
    remarks = _inspected(pdf)
    laid: dict[tuple[float, float], Any] = {}
    try:
        if any("/Annots" in page for page in pdf.pages):
            pdf.generate_appearance_streams()
            pdf.flatten_annotations("all")
        for page in pdf.pages:
            _mark_page(pdf, page, marks, laid)
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
        for warning in pdf.get_warnings():  # what the library mended on the way is not passed on as whole
            raise DataError(f"the PDF is broken: {_said(warning)}")
    except (module.PdfError, ValueError, RuntimeError, ArithmeticError, TypeError) as error:
        raise DataError(f"the PDF cannot be marked: {_said(error)}") from error
    return Rendition.of(data, out.getvalue(), len(pdf.pages), remarks)


def _mark_page(pdf: Any, page: Any, marks: Marks, laid: dict[tuple[float, float], Any]) -> None:
    module = _pikepdf()
    media, crop = _box(page.mediabox), _box(page.cropbox)
    left, low = max(media[0], crop[0]), max(media[1], crop[1])
    right, high = min(media[2], crop[2]), min(media[3], crop[3])
    width, height = right - left, high - low
    if not (20 <= width <= 20000 and 20 <= height <= 20000):
        raise DataError(f"a page of {width:.0f} by {height:.0f} points cannot be marked")
    turn = int(page.obj.get("/Rotate", page.rotation if hasattr(page, "rotation") else 0)) % 360
    shown = (height, width) if turn in (90, 270) else (width, height)
    size = (round(shown[0], 2), round(shown[1], 2))
    if size not in laid:
        made = module.Pdf.open(io.BytesIO(overlay(marks, *size)))
        laid[size] = pdf.copy_foreign(made.pages[0].as_form_xobject())
    matrix = {
        0: f"1 0 0 1 {left:.3f} {low:.3f}",
        90: f"0 1 -1 0 {right:.3f} {low:.3f}",
        180: f"-1 0 0 -1 {right:.3f} {high:.3f}",
        270: f"0 -1 1 0 {left:.3f} {high:.3f}",
    }.get(turn)
    if matrix is None:
        raise DataError(f"a page is turned by {turn} degrees")
    # a form of its own: what the page does to the graphics state ends with it
    page.contents_coalesce()
    stream = page.obj.get("/Contents")
    content = pdf.make_stream(stream.read_bytes() if isinstance(stream, module.Stream) else b"")
    content.Type, content.Subtype = module.Name.XObject, module.Name.Form
    content.BBox = module.Array(list(media))
    content.Resources = page.resources
    if "/Group" in page.obj:
        content.Group = page.obj.Group
    page.obj.Resources = module.Dictionary(XObject=module.Dictionary(Content=content, Marks=laid[size]))
    page.obj.Contents = pdf.make_stream(f"q /Content Do Q q {matrix} cm /Marks Do Q".encode())
    for key in ("/Annots", "/AA"):
        if key in page.obj:
            del page.obj[key]


def _box(box: Any) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(v) for v in box)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
