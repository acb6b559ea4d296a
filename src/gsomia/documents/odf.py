"""Mark an ODF text document: header and footer of every page style, and user-defined metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from gsomia.documents.archive import pack, unpack, xml_bytes, xml_part
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
            elif tag in (_TEXT + "dde-connection", _OFFICE + "dde-source", _TEXT + "execute-macro"):
                active.add("a link that fetches data")
            elif tag in (_DRAW + "applet", _DRAW + "plugin", _DRAW + "object", _DRAW + "object-ole"):
                active.add("an embedded object")
            target = element.get(_HREF, "")
            if "://" in target or target.startswith(("//", "../")):
                if tag == _TEXT + "a":
                    remarks.add("links to addresses outside")
                else:
                    active.add("a part from outside")
    if active:
        raise DataError(f"{_WHAT} holds active content: {', '.join(sorted(active))}")
    return tuple(sorted(remarks))


def odf_lines(data: bytes) -> tuple[str, ...]:
    """The text of every paragraph of headers, footers and body, for finding marks in it."""
    parts = unpack(data, _WHAT)
    lines = []
    for name in ("styles.xml", "content.xml"):
        for paragraph in xml_part(parts, name, _WHAT).iter(_TEXT + "p", _TEXT + "h"):
            text = "".join(str(piece) for piece in paragraph.itertext())
            if text.strip():
                lines.append(text)
    return tuple(lines)


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
