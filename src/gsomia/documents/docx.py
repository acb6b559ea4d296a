"""Mark a DOCX: header and footer of every section, and custom properties; what is active is refused."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from gsomia.documents.archive import pack, unpack, xml_bytes, xml_part
from gsomia.documents.rendition import Rendition
from gsomia.documents.typeset import Marks
from gsomia.errors import DataError
from gsomia.marking import Line, xml_escaped, xml_etree

if TYPE_CHECKING:
    from lxml.etree import _Element

_WORD: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_W: Final = f"{{{_WORD}}}"
_TYPES: Final = "{http://schemas.openxmlformats.org/package/2006/content-types}"
_PACKAGE_RELATIONS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_R: Final = f"{{{_PACKAGE_RELATIONS}}}"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006"
_ID: Final = f"{{{_OFFICE}/relationships}}id"
_PROPERTIES: Final = f"{_OFFICE}/custom-properties"
_VALUES: Final = f"{_OFFICE}/docPropsVTypes"
_FORMAT: Final = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
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
_FIELDS: Final = re.compile(
    r"^\s*(DDE|DDEAUTO|INCLUDETEXT|INCLUDEPICTURE|LINK|IMPORT|MACROBUTTON|DATABASE|AUTOTEXT)\b", re.IGNORECASE
)
_LANGUAGES: Final = {"ko": "ko-KR", "ja": "ja-JP", "en": "en-US", "fr": "fr-FR"}
_WHAT: Final = "the DOCX"


def _main(parts: Mapping[str, bytes]) -> str:
    for relation in xml_part(parts, "_rels/.rels", _WHAT).iter(_R + "Relationship"):
        if str(relation.get("Type", "")).endswith("/officeDocument"):
            return str(relation.get("Target", "")).lstrip("/")
    raise DataError(f"{_WHAT} has no main document")


def _relations(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", name + ".rels")


def inspect_docx(data: bytes) -> tuple[str, ...]:
    """Look a DOCX over.

    Returns:
        Remarks on what is passive and still worth a look.

    Raises:
        DataError: broken, encrypted, not a DOCX, or active content; the message names all kinds of it.
    """
    return _inspect(unpack(data, _WHAT))


def _inspect(parts: Mapping[str, bytes]) -> tuple[str, ...]:
    active: set[str] = set()
    remarks: set[str] = set()
    main = _main(parts)
    kinds = {
        str(entry.get("PartName", entry.get("Extension", ""))): str(entry.get("ContentType", ""))
        for entry in xml_part(parts, "[Content_Types].xml", _WHAT)
        if isinstance(entry.tag, str)
    }
    if any("macroEnabled" in kind or "vbaProject" in kind for kind in kinds.values()):
        active.add("macros")
    elif kinds.get("/" + main) != _MAIN_TYPE:
        raise DataError(f"{_WHAT} is not one: its main part is `{kinds.get('/' + main, 'missing'):.80}`")
    for name in parts:
        lower = name.lower()
        if "vbaproject" in lower or lower.endswith(".bin"):
            active.add("macros" if "vba" in lower else "an embedded object")
        elif "/activex/" in lower:
            active.add("an ActiveX control")
        elif "/embeddings/" in lower:
            active.add("an embedded object")
        if name.endswith(".rels"):
            _look_at_relations(xml_part(parts, name, _WHAT), active, remarks)
        elif name.startswith("word/") and name.endswith(".xml"):
            for text in _field_codes(xml_part(parts, name, _WHAT)):
                found = _FIELDS.match(text)
                if found:
                    active.add(f"the field {found[1].upper()}")
    if active:
        raise DataError(f"{_WHAT} holds active content: {', '.join(sorted(active))}")
    return tuple(sorted(remarks))


def _look_at_relations(root: _Element, active: set[str], remarks: set[str]) -> None:
    for relation in root.iter(_R + "Relationship"):
        kind = str(relation.get("Type", "")).rpartition("/")[2]
        outside = relation.get("TargetMode") == "External"
        if kind in _ACTIVE_RELATIONS and (outside or kind in _INTERNAL_ACTIVE):
            active.add(_ACTIVE_RELATIONS[kind])
        elif outside and kind == "hyperlink":
            remarks.add("links to addresses outside")
        elif outside:
            active.add(f"a relation `{kind:.40}` to outside")
        if kind == "signature" or "digital-signature" in str(relation.get("Type", "")):
            remarks.add("a signature, which does not hold for the rendition")


def _field_codes(root: _Element) -> Iterator[str]:
    """Field codes; Word joins what stands in several runs of a paragraph, so does this."""
    for paragraph in root.iter(_W + "p"):
        code = "".join(run.text or "" for run in paragraph.iter(_W + "instrText"))
        if code:
            yield code
    for simple in root.iter(_W + "fldSimple"):
        yield str(simple.get(_W + "instr", ""))


def docx_lines(data: bytes) -> tuple[str, ...]:
    """The text of every paragraph of headers, footers and body, for finding marks in it."""
    parts = unpack(data, _WHAT)
    main = _main(parts)
    folder = posixpath.dirname(main)
    lines: list[str] = []
    names = [n for n in parts if n.startswith(folder) and re.search(r"(header|footer)[^/]*\.xml$", n)]
    for name in [*sorted(names), main]:
        for paragraph in xml_part(parts, name, _WHAT).iter(_W + "p"):
            text = "".join(run.text or "" for run in paragraph.iter(_W + "t"))
            if text.strip():
                lines.append(text)
    return tuple(lines)


def mark_docx(data: bytes, marks: Marks, properties: Mapping[str, str]) -> Rendition:
    """Make a rendition of a DOCX with the marks in every header and footer.

    Args:
        data: the document; it is not changed.
        marks: the lines above and below.
        properties: custom properties, such as the label as text; they replace those of the same names.

    Raises:
        DataError: as `inspect_docx`.
    """
    parts = unpack(data, _WHAT)
    remarks = _inspect(parts)
    main = _main(parts)
    document = xml_part(parts, main, _WHAT)
    body = document.find(_W + "body")
    if body is None:
        raise DataError(f"{_WHAT} has no body")
    sections = list(document.iter(_W + "sectPr"))
    if not sections:
        sections = [xml_etree().SubElement(body, _W + "sectPr")]
    names = set(parts)
    relations_name = _relations(main)
    relations = (
        xml_part(parts, relations_name, _WHAT)
        if relations_name in parts
        else xml_etree().Element(_R + "Relationships", nsmap={None: _PACKAGE_RELATIONS})
    )
    types = xml_part(parts, "[Content_Types].xml", _WHAT)
    folder = posixpath.dirname(main)
    for kind, lines in (("header", marks.top), ("footer", marks.bottom)):
        present = {
            str(r.get("Id")): posixpath.normpath(posixpath.join(folder, str(r.get("Target"))))
            for r in relations.iter(_R + "Relationship")
            if str(r.get("Type", "")).endswith("/" + kind)
        }
        for name in sorted(set(present.values())):
            root = xml_part(parts, name.lstrip("/"), _WHAT)
            for place, paragraph in enumerate(_paragraphs(lines, marks.color)):
                root.insert(place, paragraph)
            parts[name.lstrip("/")] = xml_bytes(root)
        identifier = f"gsomia{kind}"
        name = f"{folder}/gsomia_{kind}.xml"
        if name in names:
            raise DataError(f"{_WHAT} carries our marks already", hint="mark the original")
        root = xml_etree().Element(_W + ("hdr" if kind == "header" else "ftr"), nsmap={"w": _WORD})
        root.extend(_paragraphs(lines, marks.color))
        parts[name] = xml_bytes(root)
        xml_etree().SubElement(
            relations,
            _R + "Relationship",
            Id=identifier,
            Type=f"{_OFFICE}/relationships/{kind}",
            Target=posixpath.basename(name),
        )
        xml_etree().SubElement(
            types,
            _TYPES + "Override",
            PartName="/" + name,
            ContentType=f"application/vnd.openxmlformats-officedocument.wordprocessingml.{kind}+xml",
        )
        for section in sections:
            has = {str(r.get(_W + "type", "default")) for r in section.iterchildren(f"{_W}{kind}Reference")}
            for which in ("first", "even", "default"):
                if which not in has:
                    reference = xml_etree().Element(f"{_W}{kind}Reference")
                    reference.set(_W + "type", which)
                    reference.set(_ID, identifier)
                    section.insert(0, reference)
    _set_properties(parts, types, properties)
    parts[main] = xml_bytes(document)
    parts[relations_name] = xml_bytes(relations)
    parts["[Content_Types].xml"] = xml_bytes(types)
    return Rendition.of(data, pack(parts), len(sections), remarks)


def _paragraphs(lines: Sequence[Line], color: str) -> list[_Element]:
    made = []
    for line in lines:
        language = xml_escaped(_LANGUAGES.get(line.lang.partition("-")[0], line.lang), attribute=True)
        made.append(
            xml_etree().fromstring(
                f'<w:p xmlns:w="{_WORD}"><w:pPr><w:jc w:val="center"/></w:pPr><w:r><w:rPr><w:b/>'
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
        root = xml_part(parts, name, _WHAT)
    else:
        root = xml_etree().Element(f"{{{_PROPERTIES}}}Properties", nsmap={None: _PROPERTIES, "vt": _VALUES})
        xml_etree().SubElement(
            types,
            _TYPES + "Override",
            PartName="/" + name,
            ContentType="application/vnd.openxmlformats-officedocument.custom-properties+xml",
        )
        relations = xml_part(parts, "_rels/.rels", _WHAT)
        xml_etree().SubElement(
            relations,
            _R + "Relationship",
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
        entry = xml_etree().SubElement(
            root, tag, fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}", pid=str(number), name=key
        )
        xml_etree().SubElement(entry, f"{{{_VALUES}}}lpwstr").text = value
    parts[name] = xml_bytes(root)
