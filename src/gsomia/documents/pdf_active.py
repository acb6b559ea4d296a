"""What in a PDF acts, fetches or hides: by lists of what may be there, so that what nobody knows is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gsomia.documents.links import link_fault
from gsomia.documents.pdf_sizes import check_chain
from gsomia.errors import DataError

OBJECT_LIMIT: Final = 1_000_000
_DEPTH: Final = 50

_KEYS: Final = {
    "/JS": "JavaScript",
    "/JavaScript": "JavaScript",
    "/AA": "actions that run by themselves",
    "/XFA": "an XFA form",
    "/EmbeddedFiles": "embedded files",
    "/EF": "an embedded file",
    "/RichMedia": "rich media",
    "/RichMediaContent": "rich media",
    "/Collection": "a portfolio",
    "/OPI": "a picture from outside",
}
_ACTION_KEYS: Final = ("/A", "/PA", "/Next", "/OpenAction")
_ACTIONS: Final = frozenset({"/GoTo", "/URI"})
# fmt: off
_NAMED_ACTIONS: Final = {
    "/GoTo3DView", "/GoToDp", "/GoToE", "/GoToR", "/Hide", "/ImportData", "/JavaScript", "/Launch", "/Movie",
    "/Named", "/Rendition", "/ResetForm", "/RichMediaExecute", "/SetOCGState", "/Sound", "/SubmitForm",
    "/Thread", "/Trans"
}
"""Refused wherever they stand, also where no reader would look for an action."""

# fmt: on
# fmt: off
_ANNOTATIONS: Final = {
    "/Text", "/Link", "/FreeText", "/Line", "/Square", "/Circle", "/Polygon", "/PolyLine", "/Highlight",
    "/Underline", "/Squiggly", "/StrikeOut", "/Caret", "/Stamp", "/Ink", "/Popup", "/Widget", "/Watermark",
    "/TrapNet", "/PrinterMark", "/Redact"
}
# fmt: on
_ACTIVE_ANNOTATIONS: Final = frozenset({"/FileAttachment", "/RichMedia", "/Screen", "/Movie", "/Sound", "/3D"})
_STREAMS: Final = frozenset({"/Form", "/Image", "/XML", "/Type1C", "/CIDFontType0C", "/OpenType"})
_TEXT_KEYS: Final = ("/Contents", "/FontFile", "/FontFile2", "/FontFile3", "/ToUnicode")

_END: Final = re.compile(rb"startxref\s+\d+\s+%%EOF")


def look_inside(pdf: Any, data: bytes) -> tuple[str, ...]:
    """Look at every object of an open PDF, whether or not a page shows it.

    Args:
        pdf: as pikepdf opened it.
        data: the file.

    Returns:
        Remarks on what is passive and still worth a look.

    Raises:
        DataError: active content; the message names all kinds of it. Or more objects, or deeper ones, than are read.
    """
    import pikepdf

    active: set[str] = set()
    remarks: set[str] = set(_remarks_on_file(pdf, data))
    objects = list(pdf.objects)
    if len(objects) > OBJECT_LIMIT:
        raise DataError(f"the PDF has more than {OBJECT_LIMIT} objects")
    for node in [pdf.trailer, *objects]:
        if isinstance(node, pikepdf.Dictionary | pikepdf.Stream | pikepdf.Array):
            for found in _dictionaries(node):
                entries = dict(found.items())
                _look_at_keys(entries, active, remarks)
                _look_at_actions(entries, active, remarks)
                if isinstance(found, pikepdf.Stream):
                    _look_at_stream(found, entries, active)
                else:
                    _look_at_kind(entries, active)
    if active:
        raise DataError(f"the PDF holds active content: {', '.join(sorted(active))}")
    return tuple(sorted(remarks))


def _remarks_on_file(pdf: Any, data: bytes) -> Iterator[str]:
    if data[data.rfind(b"%%EOF") + 5 :].strip(b"\0\t\n\f\r "):
        yield "bytes after its end, which the rendition leaves out"
    if len(_END.findall(data)) > (2 if pdf.is_linearized else 1):
        yield "revisions: what an earlier one showed is still inside, and the rendition leaves it out"


def _dictionaries(node: Any, depth: int = 0) -> Iterator[Any]:
    """An object and the direct objects inside it, as far as they are dictionaries or streams."""
    import pikepdf

    if depth > _DEPTH:
        raise DataError(f"the PDF nests objects deeper than {_DEPTH}")
    values: list[Any]
    if isinstance(node, pikepdf.Array):
        values = list(node)
    else:
        yield node
        values = [value for _, value in node.items()]
    for value in values:
        if (
            isinstance(value, pikepdf.Dictionary | pikepdf.Array)  # a stream is never direct
            and not isinstance(value, pikepdf.Stream)
            and not value.is_indirect
        ):
            yield from _dictionaries(value, depth + 1)


def _name(value: object) -> str:
    import pikepdf

    return str(value) if isinstance(value, pikepdf.Name) else ""


def _look_at_keys(entries: Mapping[str, Any], active: set[str], remarks: set[str]) -> None:
    import pikepdf

    for key, value in entries.items():
        if key in _KEYS and value is not None:
            active.add(_KEYS[key])
        elif key == "/ByteRange":
            remarks.add("a signature, which does not hold for the rendition")
        elif key == "/OCProperties":
            remarks.add("layers that a reader can hide")
        elif key == "/Requirements" and isinstance(value, pikepdf.Array):
            kinds = [_name(r.get("/S")) for r in value if isinstance(r, pikepdf.Dictionary)]
            active.update(f"a demand for {kind[1:] or 'something'}" for kind in kinds)
        elif key in _TEXT_KEYS:
            for stream in value if isinstance(value, pikepdf.Array) else [value]:
                if isinstance(stream, pikepdf.Stream) and _name(stream.get("/Subtype")) == "/Image":
                    raise DataError(f"the PDF is broken: a picture stands in the place of `{key[1:]}`")


def _look_at_actions(entries: Mapping[str, Any], active: set[str], remarks: set[str]) -> None:
    import pikepdf

    own = _name(entries.get("/S"))
    if own in _NAMED_ACTIONS and _name(entries.get("/Type")) != "/StructElem":
        active.add(f"the action {own[1:]}")
    elif own == "/URI":
        remarks.add("links to addresses outside")
        target = entries.get("/URI")
        fault = link_fault(str(target)) if isinstance(target, pikepdf.String) else ""
        if fault:
            active.add(fault)
    for key in _ACTION_KEYS:
        value = entries.get(key)
        for action in value if isinstance(value, pikepdf.Array) and key != "/OpenAction" else [value]:
            if not isinstance(action, pikepdf.Dictionary):
                continue
            kind = _name(action.get("/S"))
            if key == "/OpenAction" and kind != "/GoTo":
                active.add("an action at opening")
            if "/S" in action and kind not in _ACTIONS:
                active.add(f"the action {kind[1:] or 'of no kind'}")


def _look_at_kind(entries: Mapping[str, Any], active: set[str]) -> None:
    """Annotations by the list of those that only show something; files outside by what they are called."""
    kind, subtype = _name(entries.get("/Type")), _name(entries.get("/Subtype"))
    noted = kind == "/Annot" or ("/Rect" in entries and bool(subtype))
    if subtype in _ACTIVE_ANNOTATIONS or (noted and subtype not in _ANNOTATIONS):
        active.add(f"a {subtype[1:] or 'nameless'} annotation")
    if _name(entries.get("/FS")) == "/URL" or kind in ("/Filespec", "/F"):
        active.add("a file from outside" if "/EF" not in entries else "an embedded file")


def _look_at_stream(stream: Any, entries: Mapping[str, Any], active: set[str]) -> None:
    import pikepdf

    subtype = _name(entries.get("/Subtype"))
    if "/F" in entries or "/FFilter" in entries:
        active.add("a stream kept in another file")
    if subtype and subtype not in _STREAMS:
        active.add(f"a stream of the kind {subtype[1:]}")
    if "/Ref" in entries:
        active.add("a page of another document")
    if "/PS" in entries or _name(entries.get("/Subtype2")):
        active.add("PostScript")
    packing = entries.get("/Filter")
    filters = [_name(f) for f in packing] if isinstance(packing, pikepdf.Array) else [_name(packing)]
    if packing is not None and filters not in ([], ["/FlateDecode"]):
        check_chain(stream.read_raw_bytes(), filters)
