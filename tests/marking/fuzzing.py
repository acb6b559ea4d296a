"""Every reader of marks, labels and documents against damaged input, for as long as it is told.

Not collected by pytest: `make fuzz` runs ten minutes, or as many seconds as GSOMIA_FUZZ_SECONDS says; half of them
guided by coverage where `atheris` (extra `fuzz`) is installed. A reader may refuse with our own error and nothing else,
takes no longer than `SLOW` seconds of the processor, and what it accepts it writes back the same, byte for byte.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "documents"))

from office_files import docx, odt, pdf

from gsomia.cli.marking.checking import read_rows
from gsomia.documents import (
    Marks,
    docx_lines,
    inspect_docx,
    inspect_odf,
    inspect_pdf,
    look_over,
    mark_document,
    mark_docx,
    mark_image,
    mark_odf,
    mark_pdf,
    odf_lines,
)
from gsomia.errors import GsomiaError
from gsomia.marking import Category, Clearance, ItemLabels, Label, Line, match, read_banner, read_pair_line
from gsomia.marking.spif import load, read_spiffy, scale
from gsomia.marking.us import (
    ATTRIBUTES,
    UsMarking,
    diagnose,
    official_banner,
    official_portion,
    parse_banner,
    parse_portion,
    read_attributes,
    read_paragraphs,
    render_banner,
    render_portion,
    write_attributes,
)
from gsomia.marking.xml import (
    Binding,
    DataReference,
    read_binding,
    read_ism,
    read_label,
    write_binding,
    write_ism,
    write_label,
)

SLOW = 2.0
AT = datetime(2026, 11, 23, 5, tzinfo=UTC)
VECTORS = Path(__file__).parents[2] / "vectors" / "marking"
LABEL = Label(
    policy="NATO",
    classification="SECRET",
    categories=(Category(type="PERMISSIVE", tag="Releasable To", values=("JPN", "KOR")),),
    created=AT,
)
NODE_LABEL = Label(policy="USA", classification="SECRET", categories=LABEL.categories, created=AT)
MARKS = Marks(top=(Line(text="秘", lang="ja"),), bottom=(Line(text="秘", lang="ja"),))
NATO = (VECTORS / "stanag4774" / "nato-4774-policy.xml").read_bytes()
POLICY = load(NATO)
WORDS = ["SECRET", "//", "/", "REL TO USA, JPN", "NF", "SI-G ABCD", "FGI", "//JOINT ", "(", ")", " EYES ONLY", "極秘"]
WORDS += [
    "ｓ",
    "\u200b",
    "\u202e",
    "SAR-",
    "RD-CNWDI-SIGMA 14",
    "-",
    " ",
    ",",
    "DISPLAY ONLY",
    "군사Ⅱ급비밀",
    "·",
    "\x00",
]


def banner(text: str) -> None:
    assert render_banner(parse_banner(text)) == text


def portion(text: str) -> None:
    assert render_portion(parse_portion(text)) == text


def repaired(text: str) -> None:
    reading = diagnose(text[:3000]).reading
    assert not reading or render_banner(parse_banner(reading)) == reading


def own_json(text: str) -> None:
    value = json.loads(text)
    assert Label.from_json(value).to_json() == value


def ocl(text: str) -> None:
    value = json.loads(text)
    label = Label.from_ocl(value)
    assert {"catl": [], **value["ocl"]} == label.to_ocl()["ocl"]


def xml_label(data: bytes) -> None:
    found = read_label(data)
    assert found.encoded() == data
    again = write_label(found.label, found.kind)
    assert read_label(again) == found
    assert write_label(read_label(again).label, found.kind) == again


def binding(data: bytes) -> None:
    found = read_binding(data)
    assert found.encoded() == data
    assert read_binding(write_binding(found)) == found


def ism_json(text: str) -> None:
    value = json.loads(text)
    if isinstance(value, dict):
        found = read_attributes(value)
        again = write_attributes(found.marking, found.created)
        assert write_attributes(read_attributes(again).marking, found.created) == again


def ism_xml(data: bytes) -> None:
    found = read_ism(data)
    again = write_ism(found.marking, found.created)
    assert write_ism(read_ism(again).marking, found.created) == again


def clearance(text: str) -> None:
    Clearance.from_json(json.loads(text))


def rows(text: str) -> None:
    with contextlib.redirect_stderr(io.StringIO()):
        found = read_rows(text, "rows.csv")
    for _, row in found:
        assert official_portion(row).startswith("(")
        assert official_banner(row)
        with contextlib.suppress(GsomiaError):
            render_banner(UsMarking.from_attributes({k: row[k] for k in row if k in ATTRIBUTES}, lenient=True))


def words(text: str) -> None:
    for read in (
        lambda: match(text, ("極秘", "SECRET")),
        lambda: read_banner(text, ("極秘", "SECRET"), ("NF",)),
        lambda: read_pair_line(text, ("日本国政府",), ("극비",)),
        lambda: read_paragraphs(text),
    ):
        try:
            read()
        except GsomiaError:
            continue


def image_bytes() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (40, 30), (1, 2, 3)).save(out, "PNG")
    return out.getvalue()


def anything(data: bytes) -> None:
    """What a node does with a document of any kind; a fault is told, and only a contradiction is raised."""
    look = look_over(data, "", NODE_LABEL, ("SECRET", "CONFIDENTIAL"))
    if look.kind and not look.fault:
        mark_document(data, "", top=MARKS.top, bottom=MARKS.bottom, properties={"a": "b"})


ROWS = "ism:classification,ism:ownerProducer,banner,portion,comment\nS,USA,SECRET,(S),x\n"
TEXTS: list[tuple[Callable[[str], object], list[str]]] = [
    (
        banner,
        ["TOP SECRET//SI-G ABCD/TK//SAR-BP-J12 J54/CD//RD-CNWDI-SIGMA 14//FGI JPN//ORCON/REL TO USA, JPN//LIMDIS"],
    ),
    (portion, ["(//JOINT S JPN KOR USA//REL TO USA, JPN, KOR)", "(S//DISPLAY ONLY JPN)"]),
    (repaired, ["SECRET//REL TO USA, JPN/DISPLAY ONLY KOR", "USA/GBR EYES ONLY", "//NATO SECRET//ATOMAL"]),
    (own_json, [json.dumps(LABEL.to_json())]),
    (ocl, [json.dumps(LABEL.to_ocl())]),
    (ism_json, [json.dumps(write_attributes(parse_banner("SECRET//SI//FGI JPN//REL TO USA, JPN"), AT))]),
    (clearance, [json.dumps({"policy": "NATO", "classifications": ["SECRET"], "categories": {"Context": ["NATO"]}})]),
    (rows, [(VECTORS / "ism" / "departures.csv").read_text("utf-8")[:2000], ROWS]),
    (words, ["日本国政府 · 極秘", "(S//NF) text\nSECRET//NOFORN"]),
]
BYTES: list[tuple[Callable[[bytes], object], list[bytes]]] = [
    (xml_label, [write_label(LABEL)]),
    (ism_xml, [write_ism(parse_banner("SECRET//NOFORN"), AT)]),
    (
        binding,
        [write_binding(Binding(labels=ItemLabels(originator=LABEL), data=(DataReference(uri="urn:x"),)))],
    ),
    (lambda data: scale(load(data)), [NATO[:9000] + NATO[-3000:], NATO]),
    (lambda data: load(data, lenient=True), [(VECTORS / "stanag4774" / "tlp.xml").read_bytes()]),
    (
        lambda data: read_spiffy(data, POLICY, created=AT),
        [(VECTORS / "stanag4774" / "nato-4774-17-1.xml").read_bytes()],
    ),
    (anything, [pdf(1), docx(), odt(), image_bytes(), b"EXERCISE\nSECRET//NOFORN\n(S) text\n", "秘\n".encode()]),
    (inspect_pdf, [pdf(2)]),
    (lambda data: mark_pdf(data, MARKS), [pdf(1, rotate=90)]),
    (inspect_docx, [docx()]),
    (docx_lines, [docx()]),
    (lambda data: mark_docx(data, MARKS, {"a": "b"}), [docx()]),
    (inspect_odf, [odt()]),
    (odf_lines, [odt()]),
    (lambda data: mark_odf(data, MARKS, {"a": "b"}), [odt()]),
    (lambda data: mark_image(data, MARKS, {"a": "b"}), [image_bytes()]),
]


def damaged_text(chance: random.Random, text: str) -> str:
    for _ in range(chance.randint(1, 4)):
        place = chance.randint(0, len(text))
        end = min(len(text), place + chance.choice((0, 0, 1, 2, 8)))
        text = text[:place] + chance.choice((*WORDS, "", "", chr(chance.randint(1, 0x2FFF)))) + text[end:]
    return text


def damaged_bytes(chance: random.Random, data: bytes) -> bytes:
    for _ in range(chance.randint(1, 4)):
        place = chance.randint(0, len(data))
        end = min(len(data), place + chance.choice((0, 1, 1, 4, 64)))
        put = chance.choice(
            (b"", chance.randbytes(1), chance.randbytes(4), b"<", b"&a;", b"<!--", data[:40], data[-40:])
        )
        data = data[:place] + put + data[end:]
    return data


def run(seconds: float, seed: int) -> int:
    """Fuzz for so long; the count of inputs tried."""
    chance = random.Random(seed)
    end = time.monotonic() + seconds
    tried = 0
    slowest = 0.0
    while time.monotonic() < end:
        given: str | bytes
        for read, texts in TEXTS:
            for _ in range(20):
                given = damaged_text(chance, chance.choice(texts))
                slowest = max(slowest, check_one(read, given))
                tried += 1
        for work, samples in BYTES:
            given = damaged_bytes(chance, chance.choice(samples))
            slowest = max(slowest, check_one(work, given))
            tried += 1
    print(f"{tried} inputs, slowest {slowest:.3f} s")
    return tried


def check_one(read: Callable[..., object], given: str | bytes) -> float:
    """Give a reader one input; the seconds of the processor that it took."""
    start = time.process_time()  # other work on the machine is no slowness of a reader
    try:
        read(given)
    except GsomiaError:
        pass
    except json.JSONDecodeError:
        pass
    except BaseException:
        print(f"failed on {given!r:.2000}", file=sys.stderr)
        raise
    took = time.process_time() - start
    if took > SLOW:
        raise AssertionError(f"{took:.1f} s for {given!r:.500}")
    return took


def main() -> None:
    """All the time for the mutator here, or half of it guided by coverage."""
    seconds = float(os.environ.get("GSOMIA_FUZZ_SECONDS", "600"))
    seed = int(os.environ.get("GSOMIA_FUZZ_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
    print(f"{seconds:.0f} s, GSOMIA_FUZZ_SEED={seed}")
    if importlib.util.find_spec("atheris") is not None:
        seconds /= 2
        guided = Path(__file__).with_name("guided_fuzzing.py")
        subprocess.run([sys.executable, str(guided), str(round(seconds)), str(seed)], check=True)
    else:
        print("atheris is not installed: not guided by coverage")
    run(seconds, seed)


if __name__ == "__main__":
    main()
