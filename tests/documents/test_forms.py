"""Documents of any format: what they are, looked over, marked."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime

import pytest
from office_files import docx, docx_parts, odt, pdf, zipped

from gsomia.documents import kind_of, known, look_over, mark_document
from gsomia.errors import DataError
from gsomia.marking import Category, Label, Line
from gsomia.node import Look

for name in ("lxml", "typst", "pikepdf", "pypdfium2"):
    pytest.importorskip(name, reason=f"{name} is not installed")

AT = datetime(2026, 11, 23, 5, tzinfo=UTC)
MARKS = ("SECRET", "CONFIDENTIAL", "TOP SECRET")
LINE = (Line(text="秘", lang="ja"),)


def label(policy: str = "USA", mark: str = "SECRET") -> Label:
    """A label as nodes put it on items."""
    released = Category(type="PERMISSIVE", tag="Releasable To", values=("USA", "JPN"))
    return Label(policy=policy, classification=mark, categories=(released,), created=AT)


def image() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.effect_noise((100, 100), 50).save(out, "PNG")
    return out.getvalue()


def sheet(kind: bytes) -> bytes:
    return zipped({"mimetype": b"application/vnd.oasis.opendocument." + kind, "content.xml": ""})


@pytest.mark.parametrize(
    ("data", "mime_type", "kind"),
    [
        (pdf(1), "", "pdf"),
        (docx(), "", "docx"),
        (odt(), "", "odf"),
        (sheet(b"spreadsheet"), "", ""),
        (zipped({"word/a": "", "b": ""}), "", ""),
        (zipped({"[Content_Types].xml": "", "xl/workbook.xml": ""}), "", ""),
        (b"\x89PNG\r\n", "", "image"),
        ("秘密\n".encode(), "", "text"),
        ("秘密".encode()[:-1], "", "text"),
        (b"", "", "text"),
        (b"\xff\xfe\x00", "", ""),
        (b"\xff\xfe\x00", "text/plain", "text"),
        (b"a\x00b", "", ""),
    ],
)
def test_the_bytes_tell_the_format(data: bytes, mime_type: str, kind: str) -> None:
    assert kind_of(data, mime_type) == kind
    assert known(data, mime_type) == (bool(kind) or data.startswith(b"PK"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("SECRET//NOFORN", "SECRET//NOFORN"),
        ("TOP SECRET", "TOP SECRET"),
        ("CONFIDENTIAL//REL TO USA, JPN", "CONFIDENTIAL//REL TO USA, JPN"),
        ("SECRET//REL TO USA, KOR", "SECRET//REL TO USA, KOR"),
        ("(TS//NF) One.\n(U) Two.", "(TS//NF)"),
        ("(S//SI//NF) body", "(S//SI//NF)"),
        ("1. (S//NF) body", "(S//NF)"),
        ("SECRET//REL TO USA, JPN\n(S) One.\n(S//REL) Two.", "portions up to SECRET//NOFORN"),
        ("SECRET//SI//REL TO USA, JPN", "SECRET//SI//REL TO USA, JPN"),
        ("SECRET//ORCON/REL TO USA, JPN", "SECRET//ORCON/REL TO USA, JPN"),
        ("SECRET//DISPLAY ONLY JPN", "SECRET//DISPLAY ONLY JPN"),
        ("//JPN SECRET", "//JPN SECRET"),
        ("SECRET//FGI KOR//REL TO USA, JPN", "SECRET//FGI KOR//REL TO USA, JPN"),
        ("[TOP SECRET]", "TOP SECRET"),
        ("- SECRET//NOFORN -", "SECRET//NOFORN"),
        ("SECRET//NOFORN COPY 2 OF 5", "SECRET//NOFORN"),
        ("SECRET//NOFORN\tPage 1", "SECRET//NOFORN"),
        ("TOP SECRET//NOFRON", "TOP SECRET//NOFRON`, which is nearly `TOP SECRET//NOFORN`,"),
        ("TOP SECERT", "TOP SECERT`, which is nearly `TOP SECRET`,"),
        ("ТОР ЅЕСRЕТ", "ТОР ЅЕСRЕТ`, which is nearly `TOP SECRET`,"),
        ("ЅЕСRЕТ//NOFORN", "ЅЕСRЕТ//NOFORN`, which is nearly `SECRET//NOFORN`,"),
        ("(S//NFORN) body", "(S//NFORN)`, which is nearly `(S//NF)`,"),
    ],
)
def test_a_banner_that_withholds_what_the_label_releases_contradicts_it(text: str, shown: str) -> None:
    with pytest.raises(DataError) as caught:
        look_over(text.encode(), "", label(), MARKS)
    assert f"shows `{shown.removesuffix('`,')}`" in str(caught.value)
    assert (f"{shown} and" if shown.endswith(",") else f"{shown}` and") in str(caught.value)
    assert "and its label says `SECRET" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "SECRET",
        "SECRET//REL TO USA, JPN",
        "SECRET//REL TO USA, JPN, KOR",
        "(S) x",
        "text",
        "[SECRET] COPY 2 OF 5",
        "SECRET//FGI JPN//REL TO USA, JPN\n(C//REL) One.\n(U) Two.",
        "SECRET//REL TO USA, JPN/RELIDO",
        "(a) first\n(1) second\n(C) 2026 the author",
        "The secret of https://example.org//a",
        "SECRETS OF THE SEA AND OTHER STORIES",
        "Top of the page 12",
        "// a remark in a program",
        "(see above) and (S 12)",
    ],
)
def test_what_is_no_contradiction_and_no_near_mark(text: str) -> None:
    assert look_over(text.encode(), "", label(), MARKS) == Look(kind="text")


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("SECERT", "the line `SECERT` is nearly `SECRET`"),
        ("SECRET//REL USA, JPN", "the line `SECRET//REL USA, JPN` is nearly `SECRET//REL TO USA, JPN`"),
        ("SECRET//ZEBRA CROSSING", "the line `SECRET//ZEBRA CROSSING` begins like a mark and cannot be read"),
        ("(S/REL TO USA, JPN) x", "the portion mark `(S/REL TO USA, JPN)` is nearly `(S//REL TO USA, JPN)`"),
    ],
)
def test_a_line_that_is_nearly_a_mark_is_reported(text: str, remark: str) -> None:
    assert look_over(text.encode(), "", label(), MARKS).remarks == (remark,)


def test_lines_of_near_marks_are_counted_and_not_all_listed() -> None:
    text = "\n".join(f"SECRET//ZEBRA {chr(65 + i)}{chr(65 + i)}X" for i in range(15))
    remarks = look_over(text.encode(), "", label(), MARKS).remarks
    assert len(remarks) == 11
    assert remarks[-1] == "and 5 lines more that are nearly marks"


def test_a_flood_of_lines_that_look_like_marks_is_told_and_not_read() -> None:
    text = "\n".join(f"// {n:05} A" for n in range(1000))
    start = time.process_time()
    assert look_over(text.encode(), "", label(), MARKS).remarks == (
        "200 lines look like marks and are none: banners and portions after them were not read",
    )
    assert time.process_time() - start < 10


def test_faults_are_told_and_what_cannot_be_read_is_remarked() -> None:
    assert "broken" in look_over(pdf(1)[:-200], "", label(), MARKS).fault
    macros = docx_parts()
    macros["word/vbaProject.bin"] = b"x"
    assert "macros" in look_over(zipped(macros), "", label(), MARKS).fault
    assert look_over(b"\xff", "text/plain", label(), MARKS).fault == "the text is not UTF-8 at byte 0"
    assert look_over(b"\xff\x00", "", label(), MARKS).remarks == ("no format whose marks can be read",)
    assert look_over(b"\x89PNG", "", label(), MARKS).fault == "the image is broken: it is no PNG, JPEG or TIFF"
    assert look_over(image(), "", label(), MARKS).remarks == ("marks inside a picture cannot be read",)
    assert look_over(image()[:200], "", label(), MARKS).fault.startswith("the image is broken")
    empty = look_over(pdf(1, content=b""), "", label(), MARKS)
    assert "no text whose marks could be read" in empty.remarks[-1]


def test_every_known_format_is_marked_and_no_other() -> None:
    for data, mime_type in (
        (pdf(1), "application/pdf"),
        (docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (odt(), "application/vnd.oasis.opendocument.text"),
        (image(), "image/png"),
        (b"text", "text/plain; charset=utf-8"),
    ):
        made = mark_document(data, "", top=LINE, bottom=LINE, properties={})
        assert made.mime_type == mime_type
        assert made.data != data
    assert mark_document(b"\xef\xbb\xbfa", "", top=LINE, bottom=LINE, properties={}).data == "秘\n\na\n\n秘\n".encode()
    with pytest.raises(DataError, match="not a PDF"):
        mark_document(b"\x00", "", top=LINE, bottom=LINE, properties={})
