"""Renditions of ODF texts, those that are refused, and what is told of the others."""

from __future__ import annotations

import io
import zipfile

import pytest
from office_files import odt, zipped
from rendering import LABEL, MARKS, checked

from gsomia.documents import inspect_odf, mark_odf, odf_lines
from gsomia.errors import DataError


def test_an_odf_text_is_marked_in_every_page_style() -> None:
    masters = (
        '<style:master-page style:name="Standard" style:page-layout-name="pm1"/>'
        '<style:master-page style:name="First" style:page-layout-name="pm1">'
        '<style:header style:display="false"><text:p>Own header</text:p></style:header>'
        "<style:header-left><text:p>Left</text:p></style:header-left>"
        "<style:footer><text:p>Own footer</text:p></style:footer></style:master-page>"
    )
    source = odt(masters=masters)
    made = checked(source, mark_odf(source, MARKS, LABEL))
    assert made.parts == 2
    lines = odf_lines(made.data)
    assert [lines.count(line.text) for line in MARKS.top] == [3, 3]
    assert [lines.count(line.text) for line in MARKS.bottom] == [2, 2]
    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        assert archive.infolist()[0].filename == "mimetype"
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
        styles = archive.read("styles.xml").decode()
        assert 'display="false"' not in styles
        assert 'language-asian="ko"' in styles
        first = styles[styles.index('style:name="First"') :]
        assert first.index("header-left") < first.index("<style:footer")
        assert "군사Ⅲ급비밀" in archive.read("meta.xml").decode()
    assert mark_odf(source, MARKS, LABEL).data == made.data
    with pytest.raises(DataError, match="our marks already"):
        mark_odf(made.data, MARKS, LABEL)


BAD_ODF: dict[str, tuple[bytes, str]] = {
    "spreadsheet": (odt(kind="spreadsheet"), "not a text document"),
    "macros": (odt(more={"Basic/Standard/Module1.xml": "<x/>"}), "macros"),
    "python": (odt(more={"x/evil.py": "x"}), "macros"),
    "script": (odt("<script:event-listener/>"), "a script"),
    "object": (odt("<draw:object/>"), "embedded object"),
    "part": (odt(more={"Object 1/content.xml": "<x/>"}), "embedded object"),
    "picture": (odt('<draw:image xlink:href="http://x/y.png"/>'), "from outside"),
    "file": (odt('<draw:image xlink:href="../../y.png"/>'), "from outside"),
    "dde": (odt("<text:dde-connection/>"), "fetches data"),
    "database": (odt("<text:database-display/>"), "fetches data"),
    "script-link": (odt('<text:a xlink:href="vnd.sun.star.script:x.py$y"/>'), "the kind `vnd.sun.star.script:`"),
    "command-link": (odt('<text:a xlink:href=".uno:Quit"/>'), "a link to a file"),
    "file-link": (odt('<text:a xlink:href="file:///etc/passwd"/>'), "the kind `file:`"),
    "spaced-link": (odt('<text:a xlink:href=" java&#9;script:x"/>'), "the kind `javascript:`"),
    "path": (odt('<draw:image xlink:href="/etc/passwd"/>'), "from outside"),
    "file-picture": (odt('<draw:image xlink:href="file:/etc/passwd"/>'), "from outside"),
    "reload": (
        odt(more={"meta.xml": '<x xmlns:m="urn:oasis:names:tc:opendocument:xmlns:meta:1.0"><m:auto-reload/></x>'}),
        "fetched anew",
    ),
    "encrypted": (odt(manifest="<manifest:encryption-data/>"), "encrypted"),
    "no-styles": (zipped({"mimetype": "application/vnd.oasis.opendocument.text"}), "lacks the part"),
}


@pytest.mark.parametrize("name", BAD_ODF)
def test_bad_odf(name: str) -> None:
    data, message = BAD_ODF[name]
    for work in (inspect_odf, lambda d: mark_odf(d, MARKS, LABEL)):
        with pytest.raises(DataError, match=message):
            work(data)


def test_lines_of_an_odf_text_are_those_that_it_shows() -> None:
    body = (
        "<text:tracked-changes><text:p>gone</text:p></text:tracked-changes>"
        "<text:p>機密<text:line-break/>one<text:tab/>two<text:note><text:p>note</text:p></text:note></text:p>"
    )
    assert odf_lines(odt(body)) == ("Body text", "機密", "one\ttwo", "note")


def test_what_an_odf_text_hides_and_links_to_is_reported() -> None:
    body = (
        "<text:tracked-changes/><office:annotation/><text:hidden-text/>"
        '<text:a xlink:href="https://example.org/"/><text:a xlink:href="#here"/>'
        '<draw:image xlink:href="Pictures/a.png"/>'
    )
    assert inspect_odf(odt(body)) == (
        "comments",
        "hidden text",
        "links to addresses outside",
        "tracked changes: what was deleted is still inside",
    )
