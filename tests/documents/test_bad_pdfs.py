"""PDF files that are refused or told of: active, packed too much, encrypted, broken; and those that are not."""

from __future__ import annotations

import base64
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from office_files import pdf
from rendering import MARKS, shown

from gsomia.documents import inspect_pdf, mark_pdf
from gsomia.errors import DataError


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
