"""Mark a DOCX: header and footer of every section, and custom properties; what is active is refused."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from gsomia.documents.archive import pack, unpack, xml_bytes, xml_part
from gsomia.documents.docx_active import look_inside
from gsomia.documents.docx_parts import (
    PACKAGE_RELATIONS,
    RELATION,
    TYPES,
    WHAT,
    WORD,
    W,
    main_part,
    relations_part,
)
from gsomia.documents.rendition import Rendition
from gsomia.documents.typeset import Marks
from gsomia.errors import DataError
from gsomia.marking import Line, xml_escaped, xml_etree

if TYPE_CHECKING:
    from lxml.etree import _Element

_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006"
_ID: Final = f"{{{_OFFICE}/relationships}}id"
_PROPERTIES: Final = f"{_OFFICE}/custom-properties"
_VALUES: Final = f"{_OFFICE}/docPropsVTypes"
_FORMAT: Final = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
_LANGUAGES: Final = {"ko": "ko-KR", "ja": "ja-JP", "en": "en-US", "fr": "fr-FR"}


def mark_docx(data: bytes, marks: Marks, properties: Mapping[str, str]) -> Rendition:
    """Make a rendition of a DOCX with the marks in every header and footer.

    Args:
        data: the document; it is not changed.
        marks: the lines above and below.
        properties: custom properties, such as the label as text; they replace those of the same names.

    Raises:
        DataError: as `inspect_docx`.
    """
    parts = unpack(data, WHAT)
    remarks = look_inside(parts)
    main = main_part(parts)
    document = xml_part(parts, main, WHAT)
    body = document.find(W + "body")
    if body is None:
        raise DataError(f"{WHAT} has no body")
    sections = list(document.iter(W + "sectPr"))
    if not sections:
        sections = [xml_etree().SubElement(body, W + "sectPr")]
    names = set(parts)
    relations_name = relations_part(main)
    relations = (
        xml_part(parts, relations_name, WHAT)
        if relations_name in parts
        else xml_etree().Element(RELATION + "s", nsmap={None: PACKAGE_RELATIONS})
    )
    types = xml_part(parts, "[Content_Types].xml", WHAT)
    folder = posixpath.dirname(main)
    for kind, lines in (("header", marks.top), ("footer", marks.bottom)):
        present = {
            str(r.get("Id")): posixpath.normpath(posixpath.join(folder, str(r.get("Target"))))
            for r in relations.iter(RELATION)
            if str(r.get("Type", "")).endswith("/" + kind)
        }
        for name in sorted(set(present.values())):
            root = xml_part(parts, name.lstrip("/"), WHAT)
            for place, paragraph in enumerate(_paragraphs(lines, marks.color)):
                root.insert(place, paragraph)
            parts[name.lstrip("/")] = xml_bytes(root)
        identifier = f"gsomia{kind}"
        name = f"{folder}/gsomia_{kind}.xml"
        if name in names:
            raise DataError(f"{WHAT} carries our marks already", hint="mark the original")
        root = xml_etree().Element(W + ("hdr" if kind == "header" else "ftr"), nsmap={"w": WORD})
        root.extend(_paragraphs(lines, marks.color))
        parts[name] = xml_bytes(root)
        xml_etree().SubElement(
            relations,
            RELATION,
            Id=identifier,
            Type=f"{_OFFICE}/relationships/{kind}",
            Target=posixpath.basename(name),
        )
        xml_etree().SubElement(
            types,
            TYPES + "Override",
            PartName="/" + name,
            ContentType=f"application/vnd.openxmlformats-officedocument.wordprocessingml.{kind}+xml",
        )
        _refer(sections, kind, identifier)
    _set_properties(parts, types, properties)
    parts[main] = xml_bytes(document)
    parts[relations_name] = xml_bytes(relations)
    parts["[Content_Types].xml"] = xml_bytes(types)
    return Rendition.of(data, pack(parts), len(sections), remarks)


def _refer(sections: Sequence[_Element], kind: str, identifier: str) -> None:
    """Refer to our header or footer where a section has none, neither its own nor one of the section before.

    A section without a reference shows what the section before it shows; a reference of ours there would put the
    originator's own header away.
    """
    there: set[str] = set()
    for section in sections:
        there |= {str(r.get(W + "type", "default")) for r in section.iterchildren(f"{W}{kind}Reference")}
        for which in ("first", "even", "default"):
            if which not in there:
                reference = xml_etree().Element(f"{W}{kind}Reference")
                reference.set(W + "type", which)
                reference.set(_ID, identifier)
                section.insert(0, reference)
        there |= {"first", "even", "default"}


def _paragraphs(lines: Sequence[Line], color: str) -> list[_Element]:
    made = []
    for line in lines:
        language = xml_escaped(_LANGUAGES.get(line.lang.partition("-")[0], line.lang), attribute=True)
        made.append(
            xml_etree().fromstring(
                f'<w:p xmlns:w="{WORD}"><w:pPr><w:jc w:val="center"/></w:pPr><w:r><w:rPr><w:b/>'
                f'<w:color w:val="{color.lstrip("#").upper()}"/>'
                f'<w:lang w:val="{language}" w:eastAsia="{language}"/>'
                f'</w:rPr><w:t xml:space="preserve">{xml_escaped(line.text)}</w:t></w:r></w:p>'
            )
        )
    return made


def _set_properties(parts: dict[str, bytes], types: _Element, properties: Mapping[str, str]) -> None:
    if not properties:
        return
    name = "docProps/custom.xml"
    tag = f"{{{_PROPERTIES}}}property"
    if name in parts:
        root = xml_part(parts, name, WHAT)
    else:
        root = xml_etree().Element(f"{{{_PROPERTIES}}}Properties", nsmap={None: _PROPERTIES, "vt": _VALUES})
        xml_etree().SubElement(
            types,
            TYPES + "Override",
            PartName="/" + name,
            ContentType="application/vnd.openxmlformats-officedocument.custom-properties+xml",
        )
        relations = xml_part(parts, "_rels/.rels", WHAT)
        xml_etree().SubElement(
            relations,
            RELATION,
            Id="gsomiaProperties",
            Type=f"{_OFFICE}/relationships/custom-properties",
            Target=name,
        )
        parts["_rels/.rels"] = xml_bytes(relations)
    for old in [p for p in root.iter(tag) if p.get("name") in properties]:
        root.remove(old)
    number = max([1, *(int(p.get("pid", "1")) for p in root.iter(tag) if p.get("pid", "1").isdecimal())])
    for key, value in properties.items():
        number += 1
        entry = xml_etree().SubElement(root, tag, fmtid=_FORMAT, pid=str(number), name=key)
        xml_etree().SubElement(entry, f"{{{_VALUES}}}lpwstr").text = value
    parts[name] = xml_bytes(root)
