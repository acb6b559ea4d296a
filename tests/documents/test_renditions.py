"""Renditions of received documents."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from office_files import docx, docx_parts, odt, pdf, relation, zipped

from gsomia.documents import (
    Marks,
    Rendition,
    docx_lines,
    inspect_docx,
    inspect_odf,
    inspect_pdf,
    mark_docx,
    mark_image,
    mark_odf,
    mark_pdf,
    odf_lines,
    pdf_lines,
)
from gsomia.errors import DataError
from gsomia.marking import Line, banner, copy_line, pair_line, recipient_line

pytest.importorskip("lxml", reason="lxml is not installed")
pytest.importorskip("typst", reason="typst is not installed")
pytest.importorskip("pikepdf", reason="pikepdf is not installed")
image_module = pytest.importorskip("PIL.Image", reason="pillow is not installed")

PAIR = pair_line("日本国政府", "군사Ⅲ급비밀", lang="ko")
MARKS = Marks(
    top=(banner("군사Ⅲ급비밀", lang="ko"), PAIR),
    bottom=(copy_line(2, 5, lang="ko"), recipient_line("국방부", lang="ko")),
)
EVERY = [line.text for line in (*MARKS.top, *MARKS.bottom)]
LABEL = {"gsomia-label": '{"policy":"KOR","classification":"군사Ⅲ급비밀"}'}


def shown(data: bytes) -> str:
    pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    return "\n".join(pdf_lines(data))


def checked(source: bytes, made: Rendition) -> Rendition:
    assert made.source_sha256 == hashlib.sha256(source).hexdigest()
    assert made.sha256 == hashlib.sha256(made.data).hexdigest()
    assert made.data != source
    return made


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_every_page_of_a_pdf_is_marked(rotate: int) -> None:
    source = pdf(3, rotate=rotate)
    made = checked(source, mark_pdf(source, MARKS))
    assert made.parts == 3
    text = shown(made.data)
    for line in ("Body text", *EVERY):
        assert text.count(line) == (6 if line == "군사Ⅲ급비밀" else 3)
    assert mark_pdf(source, MARKS).data == made.data
    assert inspect_pdf(made.data) == ()


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_the_marks_stand_upright_at_the_edges(rotate: int) -> None:
    pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    made = mark_pdf(pdf(1, rotate=rotate, content=b""), MARKS)
    picture = pdfium.PdfDocument(made.data)[0].render(scale=1.0).to_pil().convert("RGB")
    red = [
        (x, y)
        for y in range(picture.height)
        for x in range(picture.width)
        if picture.getpixel((x, y))[0] > 120 and picture.getpixel((x, y))[1] < 60
    ]
    rows = {y for _, y in red}
    assert min(rows) < 20
    assert max(rows) > picture.height - 20
    assert not any(60 < y < picture.height - 60 for y in rows)
    columns = [x for x, _ in red]
    assert abs((min(columns) + max(columns)) / 2 - picture.width / 2) < 5


@pytest.mark.parametrize(
    "content",
    [
        b"q q q 1 0 0 1 5000 5000 cm",
        b"0 0 1 1 re W n",
        b"Q Q Q",
        b"/OC /Hidden BDC BT /F1 9 Tf (x) Tj",
        b"BT /F1 24 Tf 3 Tr",
        b"",
    ],
)
def test_no_content_can_move_or_clip_the_marks(content: bytes) -> None:
    pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")

    def picture(data: bytes) -> bytes:
        return bytes(pdfium.PdfDocument(data)[0].render(scale=1.0).to_pil().crop((0, 0, 595, 60)).tobytes())

    assert picture(mark_pdf(pdf(1, content=content), MARKS).data) == picture(mark_pdf(pdf(1, content=b""), MARKS).data)


def test_no_annotation_covers_the_marks() -> None:
    def cover(document: Any, pikepdf: Any) -> None:
        white = document.make_stream(b"1 g 0 0 595 842 re f")
        white.Type, white.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
        white.BBox = pikepdf.Array([0, 0, 595, 842])
        stamp = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Stamp,
            Rect=pikepdf.Array([0, 0, 595, 842]),
            F=4,
            AP=pikepdf.Dictionary(N=white),
        )
        document.pages[0].obj.Annots = pikepdf.Array([document.make_indirect(stamp)])

    made = mark_pdf(pdf(1, change=cover), MARKS)
    pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    picture = pdfium.PdfDocument(made.data)[0].render(scale=1.0).to_pil().convert("RGB").crop((0, 0, 595, 60))
    assert any(color[0] > 120 and color[1] < 60 for _, color in picture.getcolors(100000))


def test_what_an_annotation_shows_stays() -> None:
    def stamp(document: Any, pikepdf: Any) -> None:
        square = document.make_stream(b"0 0 1 rg 0 0 100 100 re f")
        square.Type, square.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
        square.BBox = pikepdf.Array([0, 0, 100, 100])
        annotation = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Stamp,
            Rect=pikepdf.Array([200, 300, 300, 400]),
            F=4,
            AP=pikepdf.Dictionary(N=square),
        )
        document.pages[0].obj.Annots = pikepdf.Array([document.make_indirect(annotation)])

    made = mark_pdf(pdf(1, change=stamp), MARKS)
    pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    picture = pdfium.PdfDocument(made.data)[0].render(scale=1.0).to_pil().convert("RGB")
    assert picture.getpixel((250, 842 - 350)) == (0, 0, 255)


def test_the_crop_box_is_what_is_marked() -> None:
    def crop(document: Any, pikepdf: Any) -> None:
        document.pages[0].obj.CropBox = pikepdf.Array([100, 100, 400, 500])

    made = mark_pdf(pdf(1, change=crop, content=b""), MARKS)
    pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    picture = pdfium.PdfDocument(made.data)[0].render(scale=1.0).to_pil().convert("L")
    assert picture.size == (300, 400)
    assert picture.crop((0, 0, 300, 30)).getextrema()[0] < 128


def catalog(**entries: Callable[[Any, Any], Any]) -> Callable[[Any, Any], None]:
    def change(document: Any, pikepdf: Any) -> None:
        for key, make in entries.items():
            document.Root["/" + key] = make(document, pikepdf)

    return change


def action(kind: str) -> Callable[[Any, Any], Any]:
    return lambda document, pikepdf: pikepdf.Dictionary(S=pikepdf.Name("/" + kind), JS=pikepdf.String("app.alert(1)"))


ACTIVE_PDF = {
    "open-action": (catalog(OpenAction=action("JavaScript")), "JavaScript"),
    "launch": (catalog(Extra=action("Launch")), "Launch"),
    "additional-actions": (catalog(AA=lambda d, p: p.Dictionary()), "run by themselves"),
    "names-javascript": (catalog(Names=lambda d, p: p.Dictionary(JavaScript=p.Dictionary())), "JavaScript"),
    "embedded-files": (catalog(Names=lambda d, p: p.Dictionary(EmbeddedFiles=p.Dictionary())), "embedded files"),
    "xfa": (catalog(AcroForm=lambda d, p: p.Dictionary(XFA=p.Array([]))), "XFA"),
    "deep": (
        catalog(Extra=lambda d, p: p.Array([p.Dictionary(A=p.Array([p.Dictionary(S=p.Name.GoToE)]))])),
        "GoToE",
    ),
    "attachment": (
        catalog(Extra=lambda d, p: d.make_indirect(p.Dictionary(Subtype=p.Name.FileAttachment))),
        "FileAttachment",
    ),
}


@pytest.mark.parametrize("name", ACTIVE_PDF)
def test_active_pdfs_are_refused(name: str) -> None:
    change, what = ACTIVE_PDF[name]
    with pytest.raises(DataError, match=f"active content: .*{what}"):
        mark_pdf(pdf(1, change=change), MARKS)


def test_what_is_passive_is_reported() -> None:
    link = catalog(Extra=lambda d, p: p.Dictionary(S=p.Name.URI), Sig=lambda d, p: p.Dictionary(ByteRange=p.Array([])))
    assert mark_pdf(pdf(1, change=link), MARKS).remarks == (
        "a signature, which does not hold for the rendition",
        "links to addresses outside",
    )


def test_encrypted_long_and_broken_pdfs_are_refused() -> None:
    import pikepdf

    for user in ("secret", ""):
        locked = pdf(1, encryption=pikepdf.Encryption(owner="owner", user=user))
        with pytest.raises(DataError, match="encrypted"):
            mark_pdf(locked, MARKS)
    with pytest.raises(DataError, match="11 pages"):
        mark_pdf(pdf(11), MARKS, page_limit=10)
    good = pdf(2)
    place = good.rindex(b"startxref")
    for broken in (
        good[:place],
        good[: len(good) // 2],
        good[:place] + b"startxref\n99999\n%%EOF",
        good.replace(b"/Count 2", b"/Count 3"),
        b"",
        b"%PDF-1.7\n",
        b"PK\x03\x04",
        b"\x00" + good,
    ):
        with pytest.raises(DataError):
            mark_pdf(broken, MARKS)


def test_ten_thousand_pages_are_refused_quickly() -> None:
    with pytest.raises(DataError, match="10000 pages"):
        mark_pdf(pdf(10000, content=b""), MARKS)


PDF_BYTES = pdf(1)


@given(st.integers(0, len(PDF_BYTES) - 1), st.sampled_from([b"", b"x", b"(", b"<<", b"\x00"]))
@settings(max_examples=60)
def test_a_damaged_pdf_is_marked_or_refused(place: int, byte: bytes) -> None:
    damaged = PDF_BYTES[:place] + byte + PDF_BYTES[place + 1 :]
    try:
        made = mark_pdf(damaged, MARKS)
    except DataError:
        return
    assert inspect_pdf(made.data) is not None


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
        assert document.count("headerReference") == 6
        assert document.count("footerReference") == 6
        assert 'w:eastAsia="ko-KR"' in archive.read("word/gsomia_header.xml").decode()
    assert mark_docx(source, MARKS, LABEL).data == made.data
    with pytest.raises(DataError, match="our marks already"):
        mark_docx(made.data, MARKS, LABEL)


def test_a_docx_that_another_library_can_open() -> None:
    library = pytest.importorskip("docx", reason="python-docx is not installed")
    made = mark_docx(docx(), MARKS, LABEL)
    section = library.Document(io.BytesIO(made.data)).sections[0]
    assert [p.text for p in section.header.paragraphs] == [line.text for line in MARKS.top]
    assert [p.text for p in section.first_page_footer.paragraphs] == [line.text for line in MARKS.bottom]


FIELD = "<w:p><w:r><w:instrText>DD</w:instrText></w:r><w:r><w:instrText>EAUTO c:\\x</w:instrText></w:r></w:p>"
BAD_DOCX: dict[str, tuple[bytes, str]] = {
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


def test_a_link_in_a_docx_is_reported() -> None:
    source = docx(relations=relation("hyperlink", "https://example.org/", outside=True))
    assert mark_docx(source, MARKS, {}).remarks == ("links to addresses outside",)


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
    "encrypted": (odt(manifest="<manifest:encryption-data/>"), "encrypted"),
    "no-styles": (zipped({"mimetype": "application/vnd.oasis.opendocument.text"}), "lacks the part"),
}


@pytest.mark.parametrize("name", BAD_ODF)
def test_bad_odf(name: str) -> None:
    data, message = BAD_ODF[name]
    for work in (inspect_odf, lambda d: mark_odf(d, MARKS, LABEL)):
        with pytest.raises(DataError, match=message):
            work(data)


def picture(size: tuple[int, int] = (320, 240), kind: str = "PNG", **how: Any) -> bytes:
    out = io.BytesIO()
    image_module.new("RGB", size, (10, 200, 10)).save(out, kind, **how)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_an_image_gets_a_border_and_loses_nothing(kind: str) -> None:
    source = picture(kind=kind)
    made = checked(source, mark_image(source, MARKS, LABEL))
    found = image_module.open(io.BytesIO(made.data))
    assert (found.format, found.width >= 320, found.height > 240 + 20) == ("PNG", True, True)
    assert found.info["gsomia-label"] == LABEL["gsomia-label"]
    inside = found.getcolors(100000)
    assert max(inside)[1][1] > 180
    assert sum(count for count, color in inside if color[1] > 180 and color[0] < 60) >= 320 * 240
    assert mark_image(source, MARKS, LABEL).data == made.data


def test_bad_images() -> None:
    gif = io.BytesIO()
    image_module.new("P", (9, 9)).save(gif, "GIF")
    frames = io.BytesIO()
    image_module.new("RGB", (9, 9)).save(frames, "TIFF", save_all=True, append_images=[image_module.new("RGB", (9, 9))])
    bomb = bytearray(picture((1, 1)))
    bomb[16:24] = (60000).to_bytes(4, "big") * 2
    for bad in (b"", b"x" * 100, picture()[:200], gif.getvalue(), frames.getvalue(), bytes(bomb)):
        with pytest.raises(DataError):
            mark_image(bad, MARKS, LABEL)


def test_lang_chooses_the_glyphs() -> None:
    from gsomia.documents.typeset import strip

    def drawn(text: str, lang: str) -> bytes:
        return strip([Line(text=text, lang=lang)], 400)

    assert drawn("返送連達違", "ja") != drawn("返送連達違", "ko")
    assert drawn("ABC", "ja") == drawn("ABC", "ko")


def test_a_line_is_data_and_never_a_command() -> None:
    line = Line(text='#read("/etc/passwd") $x$ \\ *b* ${f}', lang="en")
    made = mark_pdf(pdf(1), Marks(top=(line,), bottom=(line,)))
    assert '#read("/etc/passwd") $x$ \\ *b* ${f}' in shown(made.data)


def test_marks_that_cannot_be_shown_are_refused() -> None:
    for text in ("秘 🚀", "秘 ก"):
        with pytest.raises(DataError, match="the font has no"):
            Marks(top=(Line(text=text, lang="ja"),), bottom=(PAIR,))
    with pytest.raises(DataError, match="above and below"):
        Marks(top=(), bottom=(PAIR,))
    with pytest.raises(DataError, match="more than 8"):
        Marks(top=(PAIR,) * 9, bottom=(PAIR,))
