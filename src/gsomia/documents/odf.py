"""Mark an ODF text document: header and footer of every page style, and user-defined metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from gsomia.documents.archive import pack, unpack, xml_bytes, xml_part
from gsomia.documents.links import is_outside, link_fault
from gsomia.documents.rendition import Rendition
from gsomia.documents.typeset import Marks
from gsomia.errors import DataError
from gsomia.marking import Line, xml_etree

if TYPE_CHECKING:
    from lxml.etree import _Element

MEDIA_TYPE: Final = b"application/vnd.oasis.opendocument.text"
_WHAT: Final = "the ODF document"
_URN: Final = "{urn:oasis:names:tc:opendocument:xmlns:"
_OFFICE, _STYLE, _TEXT = f"{_URN}office:1.0}}", f"{_URN}style:1.0}}", f"{_URN}text:1.0}}"
_META, _FO = f"{_URN}meta:1.0}}", f"{_URN}xsl-fo-compatible:1.0}}"
_MANIFEST, _SCRIPT = f"{_URN}manifest:1.0}}", f"{_URN}script:1.0}}"
_DRAW: Final = f"{_URN}drawing:1.0}}"
_HREF: Final = "{http://www.w3.org/1999/xlink}href"
_FETCHING: Final = frozenset({_TEXT + "dde-connection", _OFFICE + "dde-source", _TEXT + "execute-macro"})
_LINKS: Final = frozenset({_TEXT + "a", _DRAW + "a"})
_PARAGRAPHS: Final = (_TEXT + "p", _TEXT + "h")
_BREAKS: Final = {_TEXT + "line-break": "\n", _TEXT + "tab": "\t", _TEXT + "s": " "}
_TOLD: Final = {
    _TEXT + "tracked-changes": "tracked changes: what was deleted is still inside",
    _TEXT + "hidden-text": "hidden text",
    _TEXT + "hidden-paragraph": "hidden text",
    _OFFICE + "annotation": "comments",
}
_NAMED: Final = "gsomia-"
_COUNTRIES: Final = {"ko": "KR", "ja": "JP", "en": "US", "fr": "FR"}
_ORDER: Final = ("header", "header-left", "header-first", "footer", "footer-left", "footer-first")


def inspect_odf(data: bytes) -> tuple[str, ...]:
    """Look an ODF text document over.

    Returns:
        Remarks on what is passive and still worth a look.

    Raises:
        DataError: broken, encrypted, another kind of document, or active content; the message names all kinds of it.
    """
    return _inspect(unpack(data, _WHAT))


def _inspect(parts: Mapping[str, bytes]) -> tuple[str, ...]:
    kind = parts.get("mimetype", b"")
    if kind != MEDIA_TYPE:
        raise DataError(f"{_WHAT} is not a text document but `{kind[:60].decode('ascii', 'replace')}`")
    active: set[str] = set()
    remarks: set[str] = set()
    if any(True for _ in xml_part(parts, "META-INF/manifest.xml", _WHAT).iter(_MANIFEST + "encryption-data")):
        raise DataError(f"{_WHAT} is encrypted")
    for name in parts:
        if name.startswith(("Basic/", "Scripts/")) or name.lower().endswith((".py", ".js", ".bsh", ".jar")):
            active.add("macros")
        elif name.startswith("Object ") or name.endswith(".bin"):
            active.add("an embedded object")
        elif name.startswith("META-INF/") and "signature" in name.lower():
            remarks.add("a signature, which does not hold for the rendition")
    for name in ("content.xml", "styles.xml"):
        for element in xml_part(parts, name, _WHAT).iter():
            if not isinstance(element.tag, str):
                continue
            tag = element.tag
            if tag.startswith(_SCRIPT):
                active.add("a script")
            elif tag in _FETCHING or tag.startswith(_TEXT + "database-"):
                active.add("a link that fetches data")
            elif tag in (_DRAW + "applet", _DRAW + "plugin", _DRAW + "object", _DRAW + "object-ole"):
                active.add("an embedded object")
            elif tag in _TOLD:
                remarks.add(_TOLD[tag])
            elif element.get(_TEXT + "display") == "none":
                remarks.add("hidden text")
            _look_at_target(tag, str(element.get(_HREF, "")), active, remarks)
    if "meta.xml" in parts and any(True for _ in xml_part(parts, "meta.xml", _WHAT).iter(_META + "auto-reload")):
        active.add("a page that is fetched anew")
    if active:
        raise DataError(f"{_WHAT} holds active content: {', '.join(sorted(active))}")
    return tuple(sorted(remarks))


def _look_at_target(tag: str, target: str, active: set[str], remarks: set[str]) -> None:
    fault = link_fault(target)
    if fault and tag in _LINKS:
        active.add(fault)
    elif fault or (tag not in _LINKS and ":" in target):
        active.add("a part from outside")
    elif tag in _LINKS and is_outside(target):
        remarks.add("links to addresses outside")


def odf_lines(data: bytes) -> tuple[str, ...]:
    """The text lines of headers, footers, notes, comments and body, for finding marks in them."""
    parts = unpack(data, _WHAT)
    lines: list[str] = []
    for name in ("styles.xml", "content.xml"):
        root = xml_part(parts, name, _WHAT)
        deleted = {p for changes in root.iter(_TEXT + "tracked-changes") for p in changes.iter(*_PARAGRAPHS)}
        for paragraph in root.iter(*_PARAGRAPHS):
            if paragraph not in deleted:
                lines += [line for line in "".join(_shown(paragraph)).splitlines() if line.strip()]
    return tuple(lines)


def _shown(element: _Element) -> Iterator[str]:
    """The text of a paragraph without that of paragraphs inside it."""
    yield element.text or ""
    for child in element:
        if child.tag in _BREAKS:
            yield _BREAKS[child.tag]
        elif child.tag not in _PARAGRAPHS and isinstance(child.tag, str):
            yield from _shown(child)
        yield child.tail or ""


def mark_odf(data: bytes, marks: Marks, properties: Mapping[str, str]) -> Rendition:
    """Make a rendition of an ODF text document with the marks in every header and footer.

    Args:
        data: the document; it is not changed.
        marks: the lines above and below.
        properties: user-defined metadata, such as the label as text; they replace those of the same names.

    Raises:
        DataError: as `inspect_odf`, or the document has no page styles.
    """
    parts = unpack(data, _WHAT)
    remarks = _inspect(parts)
    styles = xml_part(parts, "styles.xml", _WHAT)
    pages = list(styles.iter(_STYLE + "master-page"))
    if not pages:
        raise DataError(f"{_WHAT} has no page styles")
    automatic = styles.find(_OFFICE + "automatic-styles")
    if automatic is None:
        automatic = xml_etree().Element(_OFFICE + "automatic-styles")
        masters = styles.find(_OFFICE + "master-styles")
        assert masters is not None
        masters.addprevious(automatic)
    if any(str(s.get(_STYLE + "name", "")).startswith(_NAMED) for s in automatic):
        raise DataError(f"{_WHAT} carries our marks already", hint="mark the original")
    for lang in sorted({line.lang.partition("-")[0] for line in (*marks.top, *marks.bottom)}):
        _add_style(automatic, lang, marks.color)
    for page in pages:
        for kind, lines in (("header", marks.top), ("footer", marks.bottom)):
            present = [c for c in page if c.tag in {_STYLE + n for n in _ORDER if n.startswith(kind)}]
            if not any(c.tag == _STYLE + kind for c in present):
                made = xml_etree().Element(_STYLE + kind)
                before = _ORDER.index(kind)
                later = [c for c in page if c.tag in {_STYLE + n for n in _ORDER[before + 1 :]}]
                if later:
                    later[0].addprevious(made)
                else:
                    page.insert(len(present) if kind == "header" else _after_headers(page), made)
                present.append(made)
            for region in present:
                region.set(_STYLE + "display", "true")
                for place, paragraph in enumerate(_paragraphs(lines)):
                    region.insert(place, paragraph)
    parts["styles.xml"] = xml_bytes(styles)
    _set_properties(parts, properties)
    return Rendition.of(data, pack(parts, stored=frozenset({"mimetype"})), len(pages), remarks)


def _after_headers(page: _Element) -> int:
    return sum(1 for c in page if c.tag in {_STYLE + n for n in _ORDER if n.startswith("header")})


def _add_style(automatic: _Element, lang: str, color: str) -> None:
    country = _COUNTRIES.get(lang, "none")
    paragraph = xml_etree().SubElement(automatic, _STYLE + "style")
    paragraph.set(_STYLE + "name", f"{_NAMED}line-{lang}")
    paragraph.set(_STYLE + "family", "paragraph")
    xml_etree().SubElement(paragraph, _STYLE + "paragraph-properties").set(_FO + "text-align", "center")
    text = xml_etree().SubElement(paragraph, _STYLE + "text-properties")
    for name, value in (
        (_FO + "font-weight", "bold"),
        (_STYLE + "font-weight-asian", "bold"),
        (_FO + "color", color),
        (_FO + "language", lang),
        (_FO + "country", country),
        (_STYLE + "language-asian", lang),
        (_STYLE + "country-asian", country),
    ):
        text.set(name, value)


def _paragraphs(lines: Sequence[Line]) -> list[_Element]:
    made = []
    for line in lines:
        paragraph = xml_etree().Element(_TEXT + "p")
        paragraph.set(_TEXT + "style-name", f"{_NAMED}line-{line.lang.partition('-')[0]}")
        paragraph.text = line.text
        made.append(paragraph)
    return made


def _set_properties(parts: dict[str, bytes], properties: Mapping[str, str]) -> None:
    if not properties:
        return
    root = xml_part(parts, "meta.xml", _WHAT)
    meta = root.find(_OFFICE + "meta")
    if meta is None:
        meta = xml_etree().SubElement(root, _OFFICE + "meta")
    tag = _META + "user-defined"
    for old in [e for e in meta.iter(tag) if e.get(_META + "name") in properties]:
        meta.remove(old)
    for key, value in properties.items():
        entry = xml_etree().SubElement(meta, tag)
        entry.set(_META + "name", key)
        entry.set(_META + "value-type", "string")
        entry.text = value
    parts["meta.xml"] = xml_bytes(root)
