"""Small documents made by hand, good and bad."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_REL = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def docx_parts(body: str = "", *, relations: str = "", types: str = "") -> dict[str, str | bytes]:
    return {
        "[Content_Types].xml": (
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{_MAIN}"/>{types}</Types>'
        ),
        "_rels/.rels": (
            f'<Relationships xmlns="{_REL}"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument" '
            'Target="word/document.xml"/></Relationships>'
        ),
        "word/document.xml": (
            f'<w:document xmlns:w="{_W}" xmlns:r="{_OFFICE}"><w:body>'
            f"<w:p><w:r><w:t>Body text</w:t></w:r></w:p>{body}</w:body></w:document>"
        ),
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{_REL}">{relations}</Relationships>',
    }


def docx(
    body: str = "", *, relations: str = "", types: str = "", more: Mapping[str, str | bytes] | None = None
) -> bytes:
    return zipped({**docx_parts(body, relations=relations, types=types), **(more or {})})


def relation(kind: str, target: str, *, outside: bool = False, identifier: str = "rId9") -> str:
    mode = ' TargetMode="External"' if outside else ""
    return f'<Relationship Id="{identifier}" Type="{_OFFICE}/{kind}" Target="{target}"{mode}/>'


_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
_NAMES = " ".join(
    f'xmlns:{prefix}="{_ODF}{name}:1.0"'
    for prefix, name in {
        "office": "office",
        "style": "style",
        "text": "text",
        "meta": "meta",
        "fo": "xsl-fo-compatible",
        "draw": "drawing",
        "script": "script",
        "manifest": "manifest",
    }.items()
)
_XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'


def odt(
    body: str = "",
    *,
    masters: str = "",
    manifest: str = "",
    kind: str = "text",
    more: Mapping[str, str | bytes] | None = None,
) -> bytes:
    master = masters or '<style:master-page style:name="Standard" style:page-layout-name="pm1"/>'
    parts: dict[str, str | bytes] = {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "content.xml": (
            f"<office:document-content {_NAMES} {_XLINK}><office:body><office:text>"
            f"<text:p>Body text</text:p>{body}</office:text></office:body></office:document-content>"
        ),
        "styles.xml": (
            f"<office:document-styles {_NAMES}><office:automatic-styles/><office:master-styles>{master}"
            "</office:master-styles></office:document-styles>"
        ),
        "meta.xml": f"<office:document-meta {_NAMES}><office:meta/></office:document-meta>",
        "META-INF/manifest.xml": f"<manifest:manifest {_NAMES}>{manifest}</manifest:manifest>",
    }
    return zipped({**parts, **(more or {})})


def pdf(
    pages: int = 1,
    *,
    rotate: int = 0,
    content: bytes = b"BT /F1 24 Tf 72 700 Td (Body text) Tj ET",
    change: Any = None,
    **save: Any,
) -> bytes:
    import pikepdf

    document = pikepdf.new()
    font = document.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    )
    for _ in range(pages):
        page = document.add_blank_page(page_size=(595, 842))
        page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        page.obj.Contents = document.make_stream(content)
        if rotate:
            page.obj.Rotate = rotate
    if change is not None:
        change(document, pikepdf)
    out = io.BytesIO()
    document.save(out, **save)
    return out.getvalue()
