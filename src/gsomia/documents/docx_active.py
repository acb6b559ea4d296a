"""What in a DOCX acts, fetches or hides: fields by a list of those that only show something, and relations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gsomia.documents.archive import unpack, xml_part
from gsomia.documents.docx_parts import RELATION, WHAT, W, content_types, main_part, xml_parts
from gsomia.documents.links import is_outside, link_fault
from gsomia.errors import DataError

if TYPE_CHECKING:
    from lxml.etree import _Element

_MAIN_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_ACTIVE_RELATIONS: Final = {
    "attachedTemplate": "a template from outside",
    "oleObject": "an embedded object",
    "package": "an embedded package",
    "control": "an ActiveX control",
    "vbaProject": "macros",
    "subDocument": "a document from outside",
    "frame": "a frame from outside",
    "aFChunk": "a chunk of another format",
    "image": "a picture from outside",
}
_INTERNAL_ACTIVE: Final = frozenset({"oleObject", "package", "control", "vbaProject", "aFChunk"})
# fmt: off
_FIELDS: Final = {
    "=", "ADDIN", "ADVANCE", "AUTHOR", "AUTONUM", "AUTONUMLGL", "AUTONUMOUT", "BARCODE", "BIBLIOGRAPHY",
    "BIDIOUTLINE", "CITATION", "COMMENTS", "COMPARE", "CREATEDATE", "DATE", "DISPLAYBARCODE", "DOCPROPERTY",
    "DOCVARIABLE", "EDITTIME", "EQ", "FILENAME", "FILESIZE", "FORMCHECKBOX", "FORMDROPDOWN", "FORMTEXT",
    "GOTOBUTTON", "HYPERLINK", "IF", "INDEX", "INFO", "KEYWORDS", "LASTSAVEDBY", "LISTNUM", "MERGEFIELD", "NOTEREF",
    "NUMCHARS", "NUMPAGES", "NUMWORDS", "PAGE", "PAGEREF", "PRINTDATE", "QUOTE", "REF", "REVNUM", "SAVEDATE",
    "SECTION", "SECTIONPAGES", "SEQ", "SET", "STYLEREF", "SUBJECT", "SYMBOL", "TA", "TC", "TEMPLATE", "TIME",
    "TITLE", "TOA", "TOC", "USERADDRESS", "USERINITIALS", "USERNAME", "XE"
}
"""Fields that show something out of the document itself; every other one is refused."""
# fmt: on

_NESTED: Final = "\0"
_WORD_OF: Final = re.compile(r"\s*(=|[^\s\\\"]+)")
_TARGET: Final = re.compile(r"\s*HYPERLINK\s+(?:\"([^\"]*)\"|([^\s\\\"]\S*))", re.IGNORECASE)
_TRACKED: Final = tuple(W + name for name in ("ins", "del", "moveFrom", "moveTo"))
_OFF: Final = frozenset({"0", "false", "off"})


def inspect_docx(data: bytes) -> tuple[str, ...]:
    """Look a DOCX over.

    Returns:
        Remarks on what is passive and still worth a look.

    Raises:
        DataError: broken, encrypted, not a DOCX, or active content; the message names all kinds of it.
    """
    return look_inside(unpack(data, WHAT))


def look_inside(parts: Mapping[str, bytes]) -> tuple[str, ...]:
    """Look at every part of a DOCX.

    Args:
        parts: by name.

    Returns:
        Remarks, as `inspect_docx`.
    """
    active: set[str] = set()
    remarks: set[str] = set()
    main = main_part(parts)
    kinds = content_types(parts)
    if any("macroEnabled" in kind or "vbaProject" in kind for kind in kinds.values()):
        active.add("macros")
    elif kinds.get("/" + main) != _MAIN_TYPE:
        raise DataError(f"{WHAT} is not one: its main part is `{kinds.get('/' + main, 'missing'):.80}`")
    for name in parts:
        lower = name.lower()
        if "vbaproject" in lower or lower.endswith(".bin"):
            active.add("macros" if "vba" in lower else "an embedded object")
        elif "/activex/" in lower:
            active.add("an ActiveX control")
        elif "/embeddings/" in lower:
            active.add("an embedded object")
        if name.endswith(".rels"):
            _look_at_relations(xml_part(parts, name, WHAT), active, remarks)
    for name, root in xml_parts(parts):
        if name == main and root.tag != W + "document":
            raise DataError(f"{WHAT} is not one: its main part holds `{root.tag!s:.80}`")
        for code in _field_codes(root):
            _look_at_field(code, active, remarks)
        remarks.update(_remarks_on(root))
    if active:
        raise DataError(f"{WHAT} holds active content: {', '.join(sorted(active))}")
    return tuple(sorted(remarks))


def _look_at_relations(root: _Element, active: set[str], remarks: set[str]) -> None:
    for relation in root.iter(RELATION):
        kind = str(relation.get("Type", "")).rpartition("/")[2]
        target = str(relation.get("Target", ""))
        outside = str(relation.get("TargetMode", "Internal")).lower() != "internal" or ":" in target
        if kind in _ACTIVE_RELATIONS and (outside or kind in _INTERNAL_ACTIVE):
            active.add(_ACTIVE_RELATIONS[kind])
        elif outside and kind == "hyperlink":
            _look_at_link(target, active, remarks)
        elif outside:
            active.add(f"a relation `{kind:.40}` to outside")
        if kind == "signature" or "digital-signature" in str(relation.get("Type", "")):
            remarks.add("a signature, which does not hold for the rendition")


def _look_at_link(target: str, active: set[str], remarks: set[str]) -> None:
    fault = link_fault(target)
    if fault:
        active.add(fault)
    elif is_outside(target):
        remarks.add("links to addresses outside")


def _look_at_field(code: str, active: set[str], remarks: set[str]) -> None:
    word = _WORD_OF.match(code)
    if word is None:
        return
    if _NESTED in word[1]:
        active.add("a field made of fields")
    elif word[1].upper() not in _FIELDS and not word[1].startswith("="):
        active.add(f"the field {word[1].upper():.20}")
    link = _TARGET.match(code)
    if link is not None:
        _look_at_link(link[1] or link[2] or "", active, remarks)


@dataclass(slots=True)
class _Field:
    """A field as it is read: its code so far, and whether its result has begun."""

    code: list[str] = field(default_factory=list)
    shown: bool = False


def _field_codes(root: _Element) -> Iterator[str]:
    """Every field's code, in whatever runs and paragraphs it stands; what stands in no field is read too.

    A field inside another one's code leaves `_NESTED` there.
    """
    fields: list[_Field] = []
    loose: list[str] = []
    for element in root.iter(*(W + n for n in ("p", "fldChar", "instrText", "delInstrText", "t", "fldSimple"))):
        inside = bool(fields) and not fields[-1].shown
        if element.tag == W + "p":
            yield "".join(loose)
            loose = []
        elif element.tag == W + "fldSimple":
            yield str(element.get(W + "instr", ""))
        elif element.tag == W + "fldChar":
            kind = element.get(W + "fldCharType")
            if kind == "begin":
                if inside:
                    fields[-1].code.append(_NESTED)
                fields.append(_Field())
            elif fields:
                if not fields[-1].shown:
                    yield "".join(fields[-1].code)
                fields[-1].shown = True
                if kind == "end":
                    fields.pop()
        elif inside:
            fields[-1].code.append(element.text or "")
        elif element.tag != W + "t":
            loose.append(element.text or "")
            yield element.text or ""
    yield "".join(loose)
    for left in fields:
        if not left.shown:
            yield "".join(left.code)


def _remarks_on(root: _Element) -> Iterator[str]:
    if next(root.iter(*_TRACKED), None) is not None:
        yield "tracked changes: what was deleted is still inside"
    if root.tag == W + "comments" and len(root):
        yield "comments"
    if root.tag != W + "styles":
        hidden = root.iter(W + "vanish", W + "specVanish")
        if any(str(element.get(W + "val", "true")).lower() not in _OFF for element in hidden):
            yield "hidden text"
