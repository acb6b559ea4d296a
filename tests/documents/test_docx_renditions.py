"""Renditions of DOCX files, those that are refused, and what is told of the others."""

from __future__ import annotations

import io
import zipfile

import pytest
from office_files import docx, docx_parts, relation, zipped
from rendering import LABEL, MARKS, checked

from gsomia.documents import docx_lines, inspect_docx, mark_docx
from gsomia.errors import DataError


def test_a_docx_is_marked_in_every_section() -> None:
    section = (
        '<w:p><w:pPr><w:sectPr/></w:pPr></w:p><w:sectPr><w:headerReference w:type="first" r:id="rId9"/></w:sectPr>'
    )
    w = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    own = f'<w:hdr xmlns:w="{w}"><w:p><w:r><w:t>Own header</w:t></w:r></w:p></w:hdr>'
    parts = {**docx_parts(section, relations=relation("header", "header1.xml")), "word/header1.xml": own}
    source = zipped(parts)
    made = checked(source, mark_docx(source, MARKS, LABEL))
    assert made.parts == 2
    lines = docx_lines(made.data)
    assert "Body text" in lines
    assert lines.index(MARKS.top[0].text) < lines.index("Own header")
    assert [lines.count(line.text) for line in MARKS.top] == [2, 2]
    assert [lines.count(line.text) for line in MARKS.bottom] == [1, 1]
    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        assert "군사Ⅲ급비밀" in archive.read("docProps/custom.xml").decode()
        document = archive.read("word/document.xml").decode()
        assert document.count("headerReference") == 4  # the second section goes on with the first one's
        assert document.count("footerReference") == 3
        assert 'w:eastAsia="ko-KR"' in archive.read("word/gsomia_header.xml").decode()
    assert mark_docx(source, MARKS, LABEL).data == made.data
    with pytest.raises(DataError, match="our marks already"):
        mark_docx(made.data, MARKS, LABEL)


def test_the_originators_headers_stay_in_every_section() -> None:
    library = pytest.importorskip("docx", reason="python-docx is not installed")
    section = (
        '<w:p><w:pPr><w:sectPr><w:headerReference w:type="default" r:id="rId9"/></w:sectPr></w:pPr></w:p>'
        "<w:p><w:r><w:t>two</w:t></w:r></w:p><w:sectPr/>"
    )
    w = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    header = "application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"
    parts = docx_parts(
        section,
        relations=relation("header", "header1.xml"),
        types=f'<Override PartName="/word/header1.xml" ContentType="{header}"/>',
    )
    parts["word/header1.xml"] = f'<w:hdr xmlns:w="{w}"><w:p><w:r><w:t>Own header</w:t></w:r></w:p></w:hdr>'
    made = library.Document(io.BytesIO(mark_docx(zipped(parts), MARKS, {}).data))
    assert len(made.sections) == 2
    for found in made.sections:
        assert [p.text for p in found.header.paragraphs] == [*(line.text for line in MARKS.top), "Own header"]
        assert [p.text for p in found.footer.paragraphs] == [line.text for line in MARKS.bottom]


def test_a_docx_that_another_library_can_open() -> None:
    library = pytest.importorskip("docx", reason="python-docx is not installed")
    made = mark_docx(docx(), MARKS, LABEL)
    section = library.Document(io.BytesIO(made.data)).sections[0]
    assert [p.text for p in section.header.paragraphs] == [line.text for line in MARKS.top]
    assert [p.text for p in section.first_page_footer.paragraphs] == [line.text for line in MARKS.bottom]


FIELD = "<w:p><w:r><w:instrText>DD</w:instrText></w:r><w:r><w:instrText>EAUTO c:\\x</w:instrText></w:r></w:p>"


def run(*pieces: str) -> str:
    """A paragraph of runs: `{` begins a field, `|` its result, `}` ends it, `=text` is code, other text is text."""
    kinds = {"{": "begin", "|": "separate", "}": "end"}
    made = [
        f'<w:fldChar w:fldCharType="{kinds[piece]}"/>'
        if piece in kinds
        else f"<w:instrText>{piece[1:]}</w:instrText>"
        if piece.startswith("=")
        else f"<w:t>{piece}</w:t>"
        for piece in pieces
    ]
    return f"<w:p>{''.join(f'<w:r>{piece}</w:r>' for piece in made)}</w:p>"


STRICT = '<w:document xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main"><w:body/></w:document>'
DDE = run("{", "= DDEAUTO c:\\x ", "}")
BAD_DOCX: dict[str, tuple[bytes, str]] = {
    "second-field": (docx(run("{", "= PAGE ", "}", "{", "= DDEAUTO x ", "}")), "the field DDEAUTO"),
    "field-in-a-result": (docx(run("{", "= PAGE ", "|", "1", "{", "= LINK x ", "}", "}")), "the field LINK"),
    "field-over-paragraphs": (docx(run("{", "= INCLUDE") + run("=TEXT x", "}")), "the field INCLUDETEXT"),
    "field-of-fields": (docx(run("{", "{", "= QUOTE 68 68 69 ", "}", "= c:\\x", "}")), "a field made of fields"),
    "field-without-an-end": (docx(run("{", "= DDE x")), "the field DDE"),
    "field-in-text": (docx(run("{", " DDE x", "}")), "the field DDE"),
    "novel-field": (docx(run("{", "= NOVEL x", "}")), "the field NOVEL"),
    "field-in-a-footnote": (
        docx(more={"word/footnotes.xml": docx_parts(DDE)["word/document.xml"]}),
        "the field DDEAUTO",
    ),
    "field-elsewhere": (docx(more={"other/x.xml": docx_parts(DDE)["word/document.xml"]}), "the field DDEAUTO"),
    "strict": (docx(more={"word/document.xml": STRICT}), "the strict form"),
    "other-root": (docx(more={"word/document.xml": "<novel/>"}), "its main part holds `novel`"),
    "file-link": (docx(run("{", '= HYPERLINK "file:///x"', "}")), "a link of the kind `file:`"),
    "file-link-relation": (docx(relations=relation("hyperlink", "\\\\host\\x", outside=True)), "a link to a file"),
    "lower-case-mode": (
        docx(relations=relation("image", "http://x/", outside=True).replace("External", "external")),
        "picture from outside",
    ),
    "macros": (docx(types='<Override PartName="/x" ContentType="application/vnd.ms-office.vbaProject"/>'), "macros"),
    "macro-part": (docx(more={"word/vbaProject.bin": b"x"}), "macros"),
    "ole": (docx(more={"word/embeddings/o.docx": b"x"}), "embedded object"),
    "activex": (docx(more={"word/activeX/a.xml": "<x/>"}), "ActiveX"),
    "template": (docx(relations=relation("attachedTemplate", "http://x/", outside=True)), "template from outside"),
    "picture": (docx(relations=relation("image", "http://x/y.png", outside=True)), "picture from outside"),
    "chunk": (docx(relations=relation("aFChunk", "chunk.html")), "another format"),
    "unknown-outside": (docx(relations=relation("novel", "http://x/", outside=True)), "relation `novel`"),
    "dde": (docx(FIELD), "the field DDEAUTO"),
    "include": (docx('<w:p><w:fldSimple w:instr=" INCLUDETEXT x"/></w:p>'), "the field INCLUDETEXT"),
    "dtd": (
        zipped({**docx_parts(), "word/document.xml": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}),
        "document type",
    ),
    "not-docx": (zipped({"a.txt": "x"}), "lacks the part"),
    "not-zip": (b"PK\x03\x04 not really", "broken archive"),
    "empty": (b"", "broken archive"),
    "outside-name": (docx(more={"../evil": "x"}), "leads outside"),
    "bomb": (docx(more={"word/media/zero": b"\0" * 20_000_000}), "unpacks to more"),
    "many": (docx(more={f"x/{i}": "" for i in range(2001)}), "more than 2000"),
}


@pytest.mark.parametrize("name", BAD_DOCX)
def test_bad_docx(name: str) -> None:
    data, message = BAD_DOCX[name]
    for work in (inspect_docx, lambda d: mark_docx(d, MARKS, LABEL)):
        with pytest.raises(DataError, match=message):
            work(data)


def test_lines_of_a_docx_are_those_that_it_shows() -> None:
    body = (
        "<w:p><w:r><w:t>機密</w:t><w:br/><w:t>one</w:t><w:tab/><w:t>two</w:t></w:r></w:p>"
        "<w:p><w:del><w:r><w:delText>gone</w:delText><w:t>too</w:t></w:r></w:del>"
        "<w:r><w:pict><w:p><w:r><w:t>box</w:t></w:r></w:p></w:pict><w:t>after</w:t></w:r></w:p>"
    )
    note = docx_parts("<w:p><w:r><w:t>極秘</w:t></w:r></w:p>")["word/document.xml"]
    lines = docx_lines(docx(body, more={"word/footnotes.xml": note, "word/header2.xml": note}))
    assert lines == ("Body text", "極秘", "Body text", "機密", "one\ttwo", "after", "box", "Body text", "極秘")


def test_what_a_docx_hides_is_reported() -> None:
    w = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "<w:p><w:ins><w:r><w:rPr><w:vanish/></w:rPr><w:t>x</w:t></w:r></w:ins></w:p>"
    comments = f'<w:comments xmlns:w="{w}"><w:comment/></w:comments>'
    assert inspect_docx(docx(body, more={"word/comments.xml": comments})) == (
        "comments",
        "hidden text",
        "tracked changes: what was deleted is still inside",
    )
    shown = '<w:p><w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>x</w:t></w:r></w:p>'
    fields = run(
        "{", "= PAGE ", "|", "1", "}", "{", "= IF ", "{", "= NUMPAGES ", "}", "= &gt; 1 ", "}", "{", "= =1+1 ", "}"
    )
    assert inspect_docx(docx(shown + fields)) == ()


def test_a_link_in_a_docx_is_reported() -> None:
    source = docx(relations=relation("hyperlink", "https://example.org/", outside=True))
    assert mark_docx(source, MARKS, {}).remarks == ("links to addresses outside",)
