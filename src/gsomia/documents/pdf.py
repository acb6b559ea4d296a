"""Mark a PDF: a rendition with the marks on every page; what is active, encrypted or broken is refused."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from gsomia.documents.pdf_active import look_inside
from gsomia.documents.pdf_sizes import check_sizes
from gsomia.documents.rendition import Rendition
from gsomia.documents.typeset import Marks, strips
from gsomia.errors import DataError

PAGE_LIMIT: Final = 2000
BYTE_LIMIT: Final = 256 * 1024 * 1024
_MOST_MARKS: Final = 0.5
"""The largest share of a page's height that the marks may take."""

_ADDRESS: Final = re.compile(r"stream <[^>]*>")


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
    check_sizes(data)
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
    return _inspected(_open(data, page_limit), data)


def _inspected(pdf: Any, data: bytes) -> tuple[str, ...]:
    module = _pikepdf()
    try:
        remarks = look_inside(pdf, data)
    except (module.PdfError, RuntimeError, ValueError) as error:
        raise DataError(f"the PDF is broken: {_said(error)}") from error
    _check_warnings(pdf)
    return remarks


def _check_warnings(pdf: Any) -> None:
    """What the library mends as it reads an object, such as a stream's wrong length, is not passed on as whole."""
    for warning in pdf.get_warnings():
        raise DataError(f"the PDF is broken: {_said(warning)}")


def mark_pdf(
    data: bytes, marks: Marks, properties: Mapping[str, str] | None = None, *, page_limit: int = PAGE_LIMIT
) -> Rendition:
    """Make a rendition of a PDF with the marks on every page.

    What a page shows is made smaller and stands between two strips with the marks, so that it hides none of them and
    they hide nothing of it: the originator's own marks stay to be read. Annotations are flattened first, and the
    content is closed off and clipped, so that nothing in it can cover, move or clip the strips. The document given is
    not changed.

    Args:
        data: the PDF.
        marks: what to put on each page.
        properties: entries of the document information dictionary, such as the label as text; they replace those of
            the same names.
        page_limit: most pages.

    Raises:
        DataError: as `inspect`, or a page cannot be marked.
    """
    module = _pikepdf()
    pdf = _open(data, page_limit)
    remarks = _inspected(pdf, data)
    laid: dict[tuple[float, float], _Strips] = {}
    try:
        if any("/Annots" in page for page in pdf.pages):
            pdf.generate_appearance_streams()
            pdf.flatten_annotations("all")
        for page in pdf.pages:
            _mark_page(pdf, page, marks, laid)
        for key, value in (properties or {}).items():
            pdf.docinfo[module.Name(f"/{key}")] = module.String(value)
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
        _check_warnings(pdf)
    except (module.PdfError, ValueError, RuntimeError, ArithmeticError, TypeError) as error:
        raise DataError(f"the PDF cannot be marked: {_said(error)}") from error
    return Rendition.of(data, out.getvalue(), len(pdf.pages), remarks)


class _Strips(NamedTuple):
    """The two strips for pages of one size, as form XObjects, and their heights in points."""

    top: Any
    bottom: Any
    top_height: float
    bottom_height: float


def _strips(pdf: Any, marks: Marks, width: float, height: float) -> _Strips:
    made = _pikepdf().Pdf.open(io.BytesIO(strips(marks, width, height)))
    heights = [box[3] - box[1] for box in (_box(page.mediabox) for page in made.pages)]
    if len(heights) != 2 or sum(heights) > height * _MOST_MARKS:
        raise DataError(f"a page of {width:.0f} by {height:.0f} points is too small for the marks")
    top, bottom = (pdf.copy_foreign(page.as_form_xobject()) for page in made.pages)
    return _Strips(top, bottom, *heights)


def _mark_page(pdf: Any, page: Any, marks: Marks, laid: dict[tuple[float, float], _Strips]) -> None:
    module = _pikepdf()
    media, crop = _box(page.mediabox), _box(page.cropbox)
    left, low = max(media[0], crop[0]), max(media[1], crop[1])
    right, high = min(media[2], crop[2]), min(media[3], crop[3])
    width, height = right - left, high - low
    if not (20 <= width <= 20000 and 20 <= height <= 20000):
        raise DataError(f"a page of {width:.0f} by {height:.0f} points cannot be marked")
    turn = int(page.obj.get("/Rotate", page.rotation if hasattr(page, "rotation") else 0)) % 360
    # from the page as it is shown, upright with its origin below left, to its own coordinates
    turned = {
        0: (1, 0, 0, 1, left, low),
        90: (0, 1, -1, 0, right, low),
        180: (-1, 0, 0, -1, right, high),
        270: (0, -1, 1, 0, left, high),
    }.get(turn)
    if turned is None:
        raise DataError(f"a page is turned by {turn} degrees")
    shown = (height, width) if turn in (90, 270) else (width, height)
    size = (round(shown[0], 2), round(shown[1], 2))
    if size not in laid:
        laid[size] = _strips(pdf, marks, *size)
    found = laid[size]
    a, b, c, d, e, f = turned
    scale = 1 - (found.top_height + found.bottom_height) / shown[1]
    lift = (found.bottom_height - found.top_height) / 2  # of the middle of what is shown
    x = (left + right) / 2 * (1 - scale) + c * lift
    y = (low + high) / 2 * (1 - scale) + d * lift
    above = shown[1] - found.top_height
    content = _closed_off(pdf, page, (left, low, right, high))
    page.obj.Resources = module.Dictionary(
        XObject=module.Dictionary(Content=content, Top=found.top, Bottom=found.bottom)
    )
    page.obj.Contents = pdf.make_stream(
        f"q {scale:.6f} 0 0 {scale:.6f} {x:.3f} {y:.3f} cm /Content Do Q "
        f"q {a} {b} {c} {d} {e + c * above:.3f} {f + d * above:.3f} cm /Top Do Q "
        f"q {a} {b} {c} {d} {e:.3f} {f:.3f} cm /Bottom Do Q".encode()
    )
    for key in ("/Annots", "/AA"):
        if key in page.obj:
            del page.obj[key]


def _closed_off(pdf: Any, page: Any, box: tuple[float, float, float, float]) -> Any:
    """A page's content as a form of its own: what it does to the graphics state ends with it."""
    module = _pikepdf()
    stream = page.obj.get("/Contents")
    if isinstance(stream, module.Array) and len(stream) > 1:
        page.contents_coalesce()
        stream = page.obj.get("/Contents")
    elif isinstance(stream, module.Array):
        stream = stream[0] if len(stream) else None
    if isinstance(stream, module.Stream):
        content = pdf.make_stream(stream.read_raw_bytes())
        for key in ("/Filter", "/DecodeParms"):
            if key in stream:
                content[key] = stream[key]
    else:
        content = pdf.make_stream(b"")
    content.Type, content.Subtype = module.Name.XObject, module.Name.Form
    content.BBox = module.Array(list(box))
    content.Resources = page.resources
    if "/Group" in page.obj:
        content.Group = page.obj.Group
    return content


def _box(box: Any) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(v) for v in box)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
