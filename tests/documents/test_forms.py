"""Documents of any format: what they are, looked over, marked."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from office_files import docx, docx_parts, odt, pdf, zipped

from gsomia.documents import kind_of, known, look_over, mark_document
from gsomia.errors import DataError
from gsomia.marking import Category, Label, Line

for name in ("lxml", "typst", "pikepdf", "pypdfium2"):
    pytest.importorskip(name, reason=f"{name} is not installed")

AT = datetime(2026, 11, 23, 5, tzinfo=UTC)
MARKS = ("SECRET", "CONFIDENTIAL", "TOP SECRET")
LINE = (Line(text="秘", lang="ja"),)


def label(policy: str = "USA", mark: str = "SECRET") -> Label:
    """A label as nodes put it on items."""
    released = Category(type="PERMISSIVE", tag="Releasable To", values=("USA", "JPN"))
    return Label(policy=policy, classification=mark, categories=(released,), created=AT)


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
        ("(TS//NF) One.\n(U) Two.", "portions up to TOP SECRET//NOFORN"),
    ],
)
def test_a_banner_that_withholds_what_the_label_releases_contradicts_it(text: str, shown: str) -> None:
    with pytest.raises(DataError) as caught:
        look_over(text.encode(), "", label(), MARKS)
    assert f"shows `{shown}` and its label says `SECRET" in str(caught.value)


@pytest.mark.parametrize("text", ["SECRET", "SECRET//REL TO USA, JPN", "SECRET//REL TO USA, JPN, KOR", "(S) x", "text"])
def test_a_banner_that_agrees(text: str) -> None:
    assert look_over(text.encode(), "", label(), MARKS).fault == ""


def test_faults_are_told_and_what_cannot_be_read_is_remarked() -> None:
    assert "broken" in look_over(pdf(1)[:-200], "", label(), MARKS).fault
    macros = docx_parts()
    macros["word/vbaProject.bin"] = b"x"
    assert "macros" in look_over(zipped(macros), "", label(), MARKS).fault
    assert look_over(b"\xff", "text/plain", label(), MARKS).fault == "the text is not UTF-8 at byte 0"
    assert look_over(b"\xff\x00", "", label(), MARKS).remarks == ("no format whose marks can be read",)
    assert "picture" in look_over(b"\x89PNG", "", label(), MARKS).remarks[0]
    empty = look_over(pdf(1, content=b""), "", label(), MARKS)
    assert "no text whose marks could be read" in empty.remarks[-1]


def test_every_known_format_is_marked_and_no_other() -> None:
    from PIL import Image

    picture = io.BytesIO()
    Image.new("RGB", (300, 200)).save(picture, "PNG")
    for data, mime_type in (
        (pdf(1), "application/pdf"),
        (docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (odt(), "application/vnd.oasis.opendocument.text"),
        (picture.getvalue(), "image/png"),
        (b"text", "text/plain; charset=utf-8"),
    ):
        made = mark_document(data, "", top=LINE, bottom=LINE, properties={})
        assert made.mime_type == mime_type
        assert made.data != data
    assert mark_document(b"\xef\xbb\xbfa", "", top=LINE, bottom=LINE, properties={}).data == "秘\n\na\n\n秘\n".encode()
    with pytest.raises(DataError, match="not a PDF"):
        mark_document(b"\x00", "", top=LINE, bottom=LINE, properties={})
