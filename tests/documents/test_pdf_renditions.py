"""Renditions of PDF files: every page bears the marks, and nothing moves, clips or covers them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from office_files import pdf
from rendering import EVERY, LABEL, MARKS, checked, image_module, shown

from gsomia.documents import inspect_pdf, mark_pdf
from gsomia.errors import DataError


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
