"""The parts of a DOCX: which one is the document, which hold Word's XML, and the text that they show."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from gsomia.documents.archive import unpack, xml_part
from gsomia.errors import DataError

if TYPE_CHECKING:
    from lxml.etree import _Element

WHAT: Final = "the DOCX"
WORD: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
W: Final = f"{{{WORD}}}"
PACKAGE_RELATIONS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
RELATION: Final = f"{{{PACKAGE_RELATIONS}}}Relationship"
TYPES: Final = "{http://schemas.openxmlformats.org/package/2006/content-types}"
_DRAWING: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_STRICT: Final = "{http://purl.oclc.org/ooxml/"
_BREAKS: Final = {
    W + "br": "\n",
    W + "cr": "\n",
    W + "tab": "\t",
    W + "ptab": "\t",
    W + "noBreakHyphen": "-",
    _DRAWING + "br": "\n",
}
_NOT_SHOWN: Final = frozenset({W + "del", W + "moveFrom", W + "pPr", W + "rPr"})


def main_part(parts: Mapping[str, bytes]) -> str:
    """The name of the part that is the document.

    Raises:
        DataError: there is none.
    """
    for relation in xml_part(parts, "_rels/.rels", WHAT).iter(RELATION):
        if str(relation.get("Type", "")).endswith("/officeDocument"):
            return str(relation.get("Target", "")).lstrip("/")
    raise DataError(f"{WHAT} has no main document")


def relations_part(part: str) -> str:
    """The name of the part that holds another one's relations."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", name + ".rels")


def content_types(parts: Mapping[str, bytes]) -> dict[str, str]:
    """The types by part name (`/word/document.xml`) and by extension (`xml`)."""
    return {
        str(entry.get("PartName", entry.get("Extension", ""))): str(entry.get("ContentType", ""))
        for entry in xml_part(parts, "[Content_Types].xml", WHAT)
        if isinstance(entry.tag, str)
    }


def xml_parts(parts: Mapping[str, bytes]) -> Iterator[tuple[str, _Element]]:
    """Every part that is XML but relations and types: header, footer, notes, comments and body, wherever they lie.

    Raises:
        DataError: one is not well-formed, or written in the strict form of OOXML.
    """
    types = content_types(parts)
    for name in parts:
        kind = types.get("/" + name, types.get(name.rpartition(".")[2], ""))
        if name.endswith(".rels") or name == "[Content_Types].xml" or kind == "image/svg+xml":
            continue
        if name.lower().endswith(".xml") or kind.endswith("xml"):
            root = xml_part(parts, name, WHAT)
            if str(root.tag).startswith(_STRICT):
                raise DataError(
                    f"{WHAT} is written in the strict form of OOXML, which is not read",
                    hint="its originator must save it as an ordinary DOCX",
                )
            yield name, root


def docx_lines(data: bytes) -> tuple[str, ...]:
    """The text lines of headers, footers, notes, comments and body, for finding marks in them."""
    parts = unpack(data, WHAT)
    roots = dict(xml_parts(parts))
    main = main_part(parts)
    names = sorted(roots, key=lambda name: ("header" not in name, "footer" not in name, name != main, name))
    lines: list[str] = []
    for name in names:
        for paragraph in roots[name].iter(W + "p", _DRAWING + "p"):
            lines += [line for line in "".join(_text(paragraph)).splitlines() if line.strip()]
    return tuple(lines)


def _text(element: _Element) -> Iterator[str]:
    """The text of a paragraph without that of paragraphs inside it, and without what was deleted."""
    for child in element:
        if child.tag in (W + "p", _DRAWING + "p") or child.tag in _NOT_SHOWN:
            continue
        if child.tag in (W + "t", _DRAWING + "t"):
            yield child.text or ""
        elif child.tag in _BREAKS:
            yield _BREAKS[child.tag]
        else:
            yield from _text(child)
