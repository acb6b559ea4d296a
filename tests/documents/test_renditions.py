"""Renditions of received documents."""

from __future__ import annotations

import base64
import hashlib
import io
import tracemalloc
import zipfile
import zlib
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


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("box", [(0, 0, 595, 842), (-300, -400, 300, 400), (0, 0, 300, 100)])
def test_nothing_that_the_originator_shows_is_covered(rotate: int, box: tuple[int, int, int, int]) -> None:
    pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    left, low, right, high = box

    def framed(document: Any, pikepdf: Any) -> None:
        document.pages[0].obj.MediaBox = pikepdf.Array(box)

    frame = f"0 0 1 RG 8 w {left + 4} {low + 4} {right - left - 8} {high - low - 8} re S"
    made = mark_pdf(pdf(1, rotate=rotate, content=frame.encode(), change=framed), MARKS)
    picture = pdfium.PdfDocument(made.data)[0].render(scale=1.0).to_pil().convert("RGB")
    wide, tall = picture.size
    assert (wide, tall) == ((high - low, right - left) if rotate % 180 else (right - left, high - low))
    start, top, end, bottom = where(picture, lambda r, g, b: r < 90 and b > 180)
    assert where(picture.crop((0, top + 1, wide, bottom - 1)), lambda r, g, b: r > 120 and g < 60) is None
    _, first, _, last = where(picture, lambda r, g, b: r > 120 and g < 60)
    assert first < top
    assert bottom < last
    assert abs((end - start) / (bottom - top) - wide / tall) < 0.1
    middle = (start + end) // 2, (top + bottom) // 2  # the frame is whole
    for place in ((middle[0], top + 2), (middle[0], bottom - 3), (start + 2, middle[1]), (end - 3, middle[1])):
        assert picture.getpixel(place)[2] > 180


def where(picture: Any, wanted: Callable[[int, int, int], bool]) -> Any:
    """The box of the pixels of a colour, or None."""
    colors = {color for _, color in picture.getcolors(1 << 20) if wanted(*color)}
    mask = image_module.new("1", picture.size)
    mask.putdata([pixel in colors for pixel in zip(*[iter(picture.tobytes())] * 3, strict=True)])
    return mask.getbbox()


def test_what_was_cropped_away_stays_away() -> None:
    def crop(document: Any, pikepdf: Any) -> None:
        document.pages[0].obj.CropBox = pikepdf.Array([100, 100, 400, 500])

    pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    made = mark_pdf(pdf(1, change=crop, content=b"0 1 0 rg 0 0 99 842 re f 0 0 595 99 re f"), MARKS)
    picture = pdfium.PdfDocument(made.data)[0].render(scale=1.0).to_pil().convert("RGB")
    assert all(not (color[1] > 200 > color[0]) for _, color in picture.getcolors(100000))


def test_a_page_too_small_for_the_marks_is_refused() -> None:
    def shrink(document: Any, pikepdf: Any) -> None:
        document.pages[0].obj.MediaBox = pikepdf.Array([0, 0, 30, 30])

    with pytest.raises(DataError, match="a page of 30 by 30 points is too small"):
        mark_pdf(pdf(1, change=shrink), MARKS)


def test_a_pdf_carries_its_label() -> None:
    import pikepdf

    made = mark_pdf(pdf(1), MARKS, LABEL)
    with pikepdf.open(io.BytesIO(made.data)) as document:
        assert str(document.docinfo["/gsomia-label"]) == LABEL["gsomia-label"]
    assert mark_pdf(pdf(1), MARKS, LABEL).data == made.data


def catalog(**entries: Callable[[Any, Any], Any]) -> Callable[[Any, Any], None]:
    def change(document: Any, pikepdf: Any) -> None:
        for key, make in entries.items():
            document.Root["/" + key] = make(document, pikepdf)

    return change


def action(kind: str) -> Callable[[Any, Any], Any]:
    return lambda document, pikepdf: pikepdf.Dictionary(S=pikepdf.Name("/" + kind), JS=pikepdf.String("app.alert(1)"))


def entries(pikepdf: Any, given: dict[str, Any]) -> Any:
    def value(item: Any) -> Any:
        if isinstance(item, dict):
            return entries(pikepdf, item)
        if isinstance(item, int):
            return item
        return pikepdf.Name(item) if item.startswith("/") else pikepdf.String(item)

    return pikepdf.Dictionary({f"/{key}": value(item) for key, item in given.items()})


def linked(**action: Any) -> Callable[[Any, Any], None]:
    """A link on the first page that does something."""

    def change(document: Any, pikepdf: Any) -> None:
        link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=pikepdf.Array([0, 0, 9, 9]))
        link.A = document.make_indirect(entries(pikepdf, action))
        document.pages[0].obj.Annots = pikepdf.Array([document.make_indirect(link)])

    return change


def form(**more: Any) -> Callable[[Any, Any], None]:
    """A form XObject on the first page with further entries."""

    def change(document: Any, pikepdf: Any) -> None:
        made = document.make_stream(b"", entries(pikepdf, {"Type": "/XObject", "Subtype": "/Form", **more}))
        document.pages[0].obj.Resources.XObject = pikepdf.Dictionary(E=made)

    return change


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
    **{
        kind: (linked(S=f"/{kind}"), f"action {kind}") for kind in ("Hide", "Named", "ResetForm", "GoTo3DView", "Novel")
    },
    "next-action": (linked(S="/GoTo", Next={"S": "/Novel"}), "action Novel"),
    "file-link": (linked(S="/URI", URI="file:///etc/passwd"), "a link of the kind `file:`"),
    "annotation-of-no-known-kind": (
        catalog(Extra=lambda d, p: p.Dictionary(Type=p.Name.Annot, Subtype=p.Name.Novel)),
        "a Novel annotation",
    ),
    "opening-a-link": (catalog(OpenAction=lambda d, p: p.Dictionary(S=p.Name.URI)), "an action at opening"),
    "file-by-address": (
        catalog(AF=lambda d, p: p.Array([p.Dictionary(Type=p.Name.Filespec, FS=p.Name.URL, F=p.String("http://x"))])),
        "a file from outside",
    ),
    "portfolio": (catalog(Collection=lambda d, p: p.Dictionary()), "a portfolio"),
    "requirement": (
        catalog(Requirements=lambda d, p: p.Array([p.Dictionary(S=p.Name.EnableJavaScripts)])),
        "a demand for EnableJavaScripts",
    ),
    "stream-elsewhere": (form(F="other"), "a stream kept in another file"),
    "reference": (form(Ref={"Page": 0}), "a page of another document"),
    "postscript": (form(Subtype="/PS"), "a stream of the kind PS"),
    "postscript-form": (form(Subtype2="/PS"), "PostScript"),
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


def revised(data: bytes) -> bytes:
    """The PDF with an incremental revision that changes nothing."""
    place = data.rindex(b"startxref") + len(b"startxref\n")
    start = int(data[place:].split()[0])
    size = data[data.rindex(b"/Size") :].split()[1].decode()
    root = data[data.rindex(b"/Root") :].split()[1].decode()
    at = len(data)
    trailer = f"xref\n0 0\ntrailer\n<< /Size {size} /Root {root} 0 R /Prev {start} >>\nstartxref\n{at}\n%%EOF\n"
    return data + trailer.encode()


def test_what_stands_beside_the_document_is_reported() -> None:
    source = pdf(1)
    assert inspect_pdf(revised(source))[0].startswith("revisions: what an earlier one showed is still inside")
    assert inspect_pdf(source + b"<script>")[0].startswith("bytes after its end")
    for quiet in (source, source + b"\r\n\0", pdf(1, linearize=True)):
        assert inspect_pdf(quiet) == ()
    made = mark_pdf(revised(source) + b"<script>", MARKS)
    assert len(made.remarks) == 2
    assert inspect_pdf(made.data) == ()


def test_what_only_leads_elsewhere_in_the_document_is_let_through() -> None:
    assert inspect_pdf(pdf(1, change=linked(S="/GoTo", D="here"))) == ()
    assert inspect_pdf(pdf(1, change=catalog(OpenAction=lambda d, p: p.Dictionary(S=p.Name.GoTo)))) == ()
    assert inspect_pdf(pdf(1, change=linked(S="/URI", URI="https://example.org/"))) == ("links to addresses outside",)


def packed(raw: bytes, *filters: str, **more: Any) -> bytes:
    """A PDF whose page has this content, packed already."""

    def change(document: Any, pikepdf: Any) -> None:
        stream = document.make_stream(raw)
        stream.Filter = pikepdf.Array([pikepdf.Name(f"/{name}") for name in filters])
        for key, value in more.items():
            stream[f"/{key}"] = pikepdf.Name(value) if isinstance(value, str) else value
        document.pages[0].obj.Contents = stream

    pikepdf = pytest.importorskip("pikepdf", reason="pikepdf is not installed")
    return pdf(1, change=change, stream_decode_level=pikepdf.StreamDecodeLevel.none, compress_streams=False)


SPACES = zlib.compress(b" " * 40_000_000, 9)
BOMBS: dict[str, bytes] = {
    "flate": packed(SPACES, "FlateDecode"),
    "called-a-picture": packed(SPACES, "FlateDecode", Subtype="/Image", Width=1, Height=1),
    "picture-as-content": packed(SPACES, "FlateDecode", Subtype="/Image", Width=9000, Height=9000),
    "huge-picture": packed(SPACES, "FlateDecode", Subtype="/Image", Width=90000, Height=90000),
    "twice": packed(zlib.compress(SPACES), "FlateDecode", "FlateDecode"),
    "hexadecimal": packed(SPACES.hex().encode() + b">", "ASCIIHexDecode", "FlateDecode"),
    "short-names": packed(SPACES.hex().encode() + b">", "AHx", "Fl"),
    "ascii85": packed(base64.a85encode(SPACES) + b"~>", "ASCII85Decode", "FlateDecode"),
    "run-length": packed(b"\x81 " * 263_000, "RunLengthDecode"),
    "unknown": packed(b"x", "NovelDecode"),
    "structure": pdf(1).replace(b"stream\n", b" /Type /ObjStm /F#69lter [/AHx /Fl] >>\nstream\n", 1),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_pdf_that_unpacks_to_too_much_is_refused_before_it_does(name: str) -> None:
    message = r"more than|not read|in the place of|in layers"
    for work in (inspect_pdf, lambda data: mark_pdf(data, MARKS)):
        with pytest.raises(DataError, match=message):
            work(BOMBS[name])


def test_refusing_a_pdf_that_unpacks_to_too_much_takes_little_memory() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="more than"):
            inspect_pdf(BOMBS["flate"])
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("raw", "filters"),
    [
        (b"BT /F1 24 Tf 72 700 Td (Body text) Tj ET".hex().encode() + b">", ("ASCIIHexDecode",)),
        (base64.a85encode(b"BT /F1 24 Tf 72 700 Td (Body text) Tj ET") + b"~>", ("ASCII85Decode",)),
        (b"\x27BT /F1 24 Tf 72 700 Td (Body text) Tj ET\x80", ("RunLengthDecode",)),
        (bytes.fromhex("800B6050220C0C8501"), ("LZWDecode",)),
    ],
)
def test_other_packings_are_read(raw: bytes, filters: tuple[str, ...]) -> None:
    made = mark_pdf(packed(raw, *filters), MARKS)
    assert "LZWDecode" in filters or "Body text" in shown(made.data)


def test_lzw_is_measured() -> None:
    from gsomia.documents.pdf_sizes import _lzw_size

    assert _lzw_size(bytes.fromhex("800B6050220C0C8501")) == 10  # ISO 32000-1, 7.4.4.2, example
    codes = [256, 65, *range(258, 258 + 3000)]
    bits, width, entries = "", 9, 258
    for place, code in enumerate(codes):
        bits += f"{code:0{width}b}"
        entries += place > 1
        width = max(9, (entries + 1).bit_length())
    packed_bytes = int(bits + "0" * (-len(bits) % 8), 2).to_bytes((len(bits) + 7) // 8, "big")
    assert _lzw_size(packed_bytes) == sum(range(1, 3002))


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


@pytest.mark.parametrize("wrong", [-4, 4, -20])
def test_what_no_rendition_can_be_made_of_does_not_pass_when_it_is_looked_over(wrong: int) -> None:
    content = b"0 0 m 10 10 l S " * 4
    good = b"/Length %d" % len(content)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << >> >>",
        b"<< %b >>\nstream\n%b\nendstream" % (good, content),
    ]
    data, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(data)
    data += b"xref\n0 5\n0000000000 65535 f \n" + table + end
    assert inspect_pdf(data) == () and mark_pdf(data, MARKS)
    broken = data.replace(good, b"/Length %d" % (len(content) + wrong))
    for read in (inspect_pdf, lambda it: mark_pdf(it, MARKS)):
        with pytest.raises(DataError, match=r"the PDF is broken: .*expected endstream"):
            read(broken)


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


def pixels(source: Any, kind: str) -> set[Any]:
    """The colours of the middle of a marked image."""
    out = io.BytesIO()
    source.save(out, kind)
    made = image_module.open(io.BytesIO(mark_image(out.getvalue(), MARKS, {}).data))
    middle = made.height // 2
    return {made.getpixel((made.width // 2 + offset, middle)) for offset in (-20, 20)}


def test_what_is_transparent_stands_on_white() -> None:
    clear = image_module.new("RGBA", (300, 300), (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (150, 0, 300, 300))
    assert pixels(clear, "PNG") == {(255, 255, 255), (0, 0, 0)}
    assert pixels(clear.convert("LA"), "PNG") == {(255, 255, 255), (0, 0, 0)}
    half = image_module.new("RGBA", (300, 300), (0, 0, 0, 128))
    assert pixels(half, "PNG") == {(127, 127, 127)}


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_a_colour_are_scaled(kind: str) -> None:
    deep = image_module.frombytes("I;16", (300, 300), (b"\x00\x10" * 150 + b"\xff\xff" * 150) * 300)
    assert pixels(deep, kind) == {(15, 15, 15), (255, 255, 255)}


def test_values_without_a_range_are_refused() -> None:
    for mode in ("I", "F"):
        out = io.BytesIO()
        image_module.new(mode, (9, 9), 70000).save(out, "TIFF")
        with pytest.raises(DataError, match="say nothing of black and white"):
            mark_image(out.getvalue(), MARKS, {})


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


@pytest.mark.parametrize(
    "name",
    [
        "渡邉",
        "髙橋",
        "齋藤",
        "國澤",
        "山﨑",
        "濵田",
        "栁",
        "德",
        "뷁",
        "쀍",
        "김윤희",
        "崔景錫",
        "Müller",
        "Иван",
        "神奈川県横須賀市",
    ],
)
def test_names_of_people_and_places_can_be_shown(name: str) -> None:
    line = Line(text=name, lang="ja")
    assert name in shown(mark_pdf(pdf(1), Marks(top=(line,), bottom=(line,))).data)


def test_every_character_listed_has_a_glyph() -> None:
    from gsomia.documents.typeset import _characters, strips

    letters = sorted(c for c in _characters() if c.isalpha())
    assert len(letters) > 20_000
    assert {chr(code) for code in range(0xAC00, 0xD7A4)} <= set(letters)
    few = letters[:: len(letters) // 300]
    lines = (Line(text="".join(few), lang="ja"),)
    text = "".join(pdf_lines(strips(Marks(top=lines, bottom=lines), 2000, 2000)))
    assert set(few) - set(text) == set()


def test_marks_that_cannot_be_shown_are_refused() -> None:
    for text in ("秘 🚀", "秘 ก"):
        with pytest.raises(DataError, match="the font has no"):
            Marks(top=(Line(text=text, lang="ja"),), bottom=(PAIR,))
    with pytest.raises(DataError, match="above and below"):
        Marks(top=(), bottom=(PAIR,))
    with pytest.raises(DataError, match="more than 8"):
        Marks(top=(PAIR,) * 9, bottom=(PAIR,))
