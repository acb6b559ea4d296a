"""Marks, labels and documents: how many a second."""

from __future__ import annotations

import io
import random
import resource
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from bench.measure import Result, compare
from gsomia.errors import DataError
from gsomia.marking import Category, Label, Scale, pair_line
from gsomia.marking.us import UsMarking, parse_banner, parse_portion, render_banner, roll_up
from gsomia.marking.us.vocabulary import COUNTRIES, in_order

AT = datetime(2026, 11, 23, 5, tzinfo=UTC)


def _new_banners(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    others = sorted(COUNTRIES - {"USA"})
    made: dict[str, None] = {}
    while len(made) < count:
        release = ", ".join(("USA", *in_order(tuple(chance.sample(others, 3)))))
        level = chance.choice(["CONFIDENTIAL", "SECRET", "TOP SECRET"])
        made[f"{level}//{chance.choice(['SI', 'TK', 'SI/TK'])}//ORCON/REL TO {release}"] = None
    return list(made)


def _read_and_write(texts: list[str]) -> int:
    for text in texts:
        if render_banner(parse_banner(text)) != text:
            raise AssertionError(text)
    return len(texts)


def _split(texts: list[str]) -> int:
    """The least that any reader does: cut the text apart and join it again."""
    for text in texts:
        parts = [part.split("/") for part in text.split("//")]
        if "//".join("/".join(items) for items in parts) != text:
            raise AssertionError(text)
    return len(texts)


def _portions(count: int) -> list[UsMarking]:
    marks = [parse_portion(f"(S//REL TO {', '.join(('USA', *in_order(c)))})") for c in _pairs(count)]
    return [marks[place % len(marks)] for place in range(count)]


def _pairs(count: int) -> list[tuple[str, ...]]:
    chance = random.Random(7)
    others = sorted(COUNTRIES - {"USA"})
    return [("JPN", *chance.sample([c for c in others if c != "JPN"], 2)) for _ in range(min(count, 2000))]


def _least(portions: list[UsMarking]) -> int:
    """The highest class and the common releasability, and nothing else."""
    common = set(portions[0].releasable_to)
    for portion in portions:
        common &= set(portion.releasable_to)
    return len(portions)


def run(short: bool) -> Iterator[Result]:
    """The measures of this group; `short` takes fewer."""
    count = 2_000 if short else 20_000
    seeds = iter(range(1, 1000))
    fresh = {seed: _new_banners(count, seed) for seed in range(1, 7)}
    yield compare(
        "marking.banner-new",
        "banners/s",
        lambda: _read_and_write(fresh[next(seeds)]),
        "cut apart and joined, nothing checked",
        lambda: _split(fresh[1]),
        rounds=5,
    )
    repeated = ["SECRET//SI/TK//ORCON/REL TO USA, JPN, KOR"] * (count * 5)
    yield compare(
        "marking.banner-repeated",
        "banners/s",
        lambda: _read_and_write(repeated),
        "cut apart and joined, nothing checked",
        lambda: _split(repeated),
    )
    portions = _portions(10_000)

    def rolled() -> int:
        roll_up(portions)
        return len(portions)

    yield compare("marking.rollup", "portions/s", rolled, "class and releasability only", lambda: _least(portions))
    scale = Scale.of("KOR", ["군사Ⅲ급비밀", "군사Ⅱ급비밀"])
    labels = [
        Label(
            policy="KOR",
            classification="군사Ⅲ급비밀",
            categories=(Category(type="PERMISSIVE", tag="Releasable To", values=("JPN", "USA", f"X{place}")),),
            created=AT,
        )
        for place in range(10_000)
    ]

    def joined() -> int:
        scale.roll_up(labels, at=AT)
        return len(labels)

    def hashed() -> int:
        return len(dict.fromkeys(labels))

    yield compare("marking.rollup-labels", "labels/s", joined, "the labels hashed once each", hashed)
    try:
        yield from _xml(labels[0], count)
        yield from _pdf(short)
    except DataError as error:
        print(f"marking: {error} ({error.hint})")


def _xml(label: Label, count: int) -> Iterator[Result]:
    from gsomia.marking.xml import etree, parse, read_label, write_label

    etree()
    data = write_label(label)

    def read() -> int:
        for _ in range(count):
            read_label(data)
        return count

    def bare() -> int:
        for _ in range(count):
            parse(data, "the label")
        return count

    yield compare("marking.xml-4774", "labels/s", read, "the XML parsed, the label not read", bare)


def _pdf(short: bool) -> Iterator[Result]:
    from gsomia.documents import Marks, mark_pdf

    data = _pages(50)
    marks = Marks(
        top=(pair_line("日本国政府", "군사Ⅲ급비밀", lang="ko"),),
        bottom=(pair_line("日本国政府", "군사Ⅲ급비밀", lang="ko"),),
    )

    def mark() -> int:
        return mark_pdf(data, marks).parts

    def rewrite() -> int:
        import pikepdf

        with pikepdf.Pdf.open(io.BytesIO(data)) as pdf:
            pdf.save(io.BytesIO())
        return 50

    yield compare(
        "marking.pdf", "pages/s", mark, "the PDF read and written unmarked", rewrite, rounds=2 if short else 5
    )
    yield _first(mark)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Result(
        name="marking.memory", value=peak, unit="MB", baseline="limit", baseline_value=200.0, ratio=peak / 200.0
    )


def _first(mark: Callable[[], int]) -> Result:
    start = time.perf_counter()
    mark()
    took = time.perf_counter() - start
    return Result(name="marking.pdf-50-pages", value=took, unit="s", baseline="limit", baseline_value=1.0, ratio=took)


def _pages(count: int) -> bytes:
    try:
        import pikepdf
    except ImportError as error:
        raise DataError("marking a PDF needs `pikepdf`", hint="install the `[documents]` extra") from error
    chance = random.Random(11)
    pdf = pikepdf.new()
    name = pikepdf.Name
    font = pdf.make_indirect(pikepdf.Dictionary(Type=name.Font, Subtype=name.Type1, BaseFont=name.Helvetica))
    for number in range(count):
        page = pdf.add_blank_page(page_size=(595, 842))
        picture = pdf.make_stream(chance.randbytes(200 * 200 * 3))
        picture.Type, picture.Subtype, picture.ColorSpace = name.XObject, name.Image, name.DeviceRGB
        picture.Width, picture.Height, picture.BitsPerComponent = 200, 200, 8
        page.obj.Resources = pikepdf.Dictionary(
            Font=pikepdf.Dictionary(F=font), XObject=pikepdf.Dictionary(P=pdf.make_indirect(picture))
        )
        page.obj.Contents = pdf.make_stream(_content(chance, number))
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def _content(chance: random.Random, number: int) -> bytes:
    """A page of its own: fifty lines of text, a drawing of a thousand strokes, a picture."""
    lines = [
        f"BT /F 10 Tf 60 {780 - 12 * row} Td (page {number} {chance.randbytes(30).hex()}) Tj ET" for row in range(50)
    ]
    strokes = [" ".join(f"{chance.uniform(60, 530):.2f}" for _ in range(2)) for _ in range(1000)]
    drawing = f"{strokes[0]} m " + " ".join(f"{stroke} l" for stroke in strokes[1:]) + " S"
    return "\n".join([*lines, drawing, "q 200 0 0 200 200 60 cm /P Do Q"]).encode()
