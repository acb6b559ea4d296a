"""Visible marks against labels, derivatives."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from gsomia.documents import check_shown, shown_marks
from gsomia.errors import DataError
from gsomia.marking import Category, Label, Scale, Source, derive
from gsomia.marking.us import parse_banner, to_label

AT = datetime(2026, 11, 23, 5, tzinfo=UTC)
MARKS = ("秘", "極秘", "特定秘密", "군사Ⅱ급비밀", "군사Ⅲ급비밀")
KOR = Scale.of("KOR", ["군사Ⅲ급비밀", "군사Ⅱ급비밀"])


def label(mark: str, policy: str = "KOR", *release: str) -> Label:
    categories = (Category(type="PERMISSIVE", tag="Releasable To", values=release),) if release else ()
    return Label(policy=policy, classification=mark, categories=categories, created=AT)


def test_marks_that_a_document_shows() -> None:
    lines = ["大韓民国政府 · 極 秘", "この文書は秘である", "군사III급비밀", "極秘"]
    assert shown_marks(lines, MARKS) == ("極秘", "군사Ⅲ급비밀")


def test_a_contradiction_names_both() -> None:
    check_shown(["日本国政府 · 군사III급비밀", "text"], label("군사Ⅲ급비밀"), MARKS)
    with pytest.raises(DataError, match="shows `군사Ⅱ급비밀` and its label says `군사Ⅲ급비밀`"):
        check_shown(["군사Ⅱ급비밀", "text"], label("군사Ⅲ급비밀"), MARKS)
    usa = to_label(parse_banner("SECRET//NOFORN"), created=AT)
    check_shown(["SECRET//NOFORN"], usa, ())
    with pytest.raises(DataError, match="shows `TOP SECRET//NOFORN` and its label says `SECRET//NOFORN`"):
        check_shown(["TOP SECRET//NOFORN"], usa, ())


KOREAN = ("군사I급비밀", "군사II급비밀", "군사III급비밀", "대외비")
JAPANESE = ("極秘", "特定秘密", "秘", "機密")
AMERICAN = ("CONFIDENTIAL", "SECRET", "TOP SECRET")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("[군사I급비밀]", "군사I급비밀"),
        ("- 군사Ⅰ급비밀 -", "군사I급비밀"),
        ("＊ 군 사 Ⅰ 급 비 밀 ＊", "군사I급비밀"),
        ("군사I급비밀 사본번호 2/5", "군사I급비밀"),
        ("군사1급비밀", "군사1급비밀`, which is nearly `군사I급비밀"),
        ("군사I급비일", "군사I급비일`, which is nearly `군사I급비밀"),
        ("（機密）", "機密"),
        ("機密 5部の内第2号", "機密"),
        ("第2号 機密", "機密"),
        ("極祕", "極祕`, which is nearly `極秘"),
        ("機密\tページ", "機密"),
        ("極秘 · 注意", "極秘"),
        ("TOP SECRET", "TOP SECRET"),
        ("【TOP SECRET】", "TOP SECRET"),
        ("TOP SECRET//NOFORN", "TOP SECRET//NOFORN"),
        ("SECRET//NOFORN", "SECRET//NOFORN"),
        ("UNCLASSIFIED", "UNCLASSIFIED"),
    ],
)
def test_marks_of_every_party_are_held_to_the_label(line: str, shown: str) -> None:
    every = (*KOREAN, *JAPANESE, *AMERICAN)
    with pytest.raises(DataError) as caught:
        check_shown([line, "text"], label("군사II급비밀", "KOR", "KOR", "JPN"), every, ("SECRET", "特定秘密"))
    assert f"shows `{shown}`" in str(caught.value)
    assert "its label says `군사II급비밀" in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "군사Ⅱ급비밀",
        "[군사II급비밀] 3/5",
        "SECRET",
        "SECRET//REL TO USA, JPN, KOR",
        "（特定秘密）",
        "機械",
        "군사비밀",
        "秘密",
        "A",
        "극비리에",
    ],
)
def test_lines_that_contradict_no_korean_label(line: str) -> None:
    every = (*KOREAN, *JAPANESE, *AMERICAN)
    assert check_shown([line], label("군사II급비밀", "KOR", "KOR", "JPN"), every, ("SECRET", "特定秘密")) == ()


def test_ten_thousand_lines_of_prose_are_read_in_a_moment() -> None:
    every = (*KOREAN, *JAPANESE, *AMERICAN)
    lines = [f"{'군사시설 보호구역' if n % 2 else 'A STUDY OF'} {n} {'abc ' * (n % 20)}" for n in range(10_000)]
    start = time.process_time()
    assert check_shown(lines, label("군사II급비밀", "KOR", "KOR", "JPN"), every) == ()
    assert time.process_time() - start < 8


def test_a_label_with_its_own_banner_holds_the_portions_too() -> None:
    usa = to_label(parse_banner("SECRET//NOFORN"), created=AT)
    assert check_shown(["SECRET//NOFORN", "(S//NF) x", "(C) y"], usa, ()) == ()
    for portion in ("(TS//NF)", "(S//SI//NF)", "(S//OC/NF)"):
        with pytest.raises(DataError, match="its label says `SECRET//NOFORN`"):
            check_shown(["SECRET//NOFORN", f"{portion} x"], usa, ())


def test_a_derivative_says_whose_information_it_holds() -> None:
    sources = [
        Source(item="jpn-1", control_number="K-1", label=label("군사Ⅱ급비밀"), origin_names=("일본국 정부",)),
        Source(item="usa-1", control_number="K-2", label=label("군사Ⅲ급비밀"), origin_names=("미합중국 정부",)),
        Source(item="jpn-2", control_number="K-3", label=label("군사Ⅲ급비밀"), origin_names=("일본국 정부",)),
        Source(item="own-1", control_number="", label=label("군사Ⅲ급비밀")),
    ]
    made = derive(
        sources,
        own=label("군사Ⅲ급비밀"),
        scale=KOR,
        statement="이 문서는 {names}의 군사비밀정보를 포함한다",
        lang="ko",
        at=AT,
        originator="officer@example.org",
        originator_type="rfc822Name",
    )
    assert made.label.classification == "군사Ⅱ급비밀"
    assert made.label.originator == "officer@example.org"
    assert made.statement is not None
    assert made.statement.text == "이 문서는 일본국 정부, 미합중국 정부의 군사비밀정보를 포함한다"
    assert made.sources == (("jpn-1", "K-1"), ("usa-1", "K-2"), ("jpn-2", "K-3"), ("own-1", ""))


def test_derivatives_that_are_refused() -> None:
    one = Source(item="a", control_number="K-1", label=label("군사Ⅲ급비밀", "KOR", "JPN"), origin_names=("x",))
    two = Source(item="b", control_number="K-2", label=label("군사Ⅲ급비밀", "KOR", "USA"), origin_names=("y",))
    foreign = Source(item="c", control_number="K-3", label=label("秘", "JPN"), origin_names=("z",))
    for sources, statement, message in (
        ([], "{names}", "at least one"),
        ([one, one], "{names}", "twice"),
        ([one, two], "{names}", "nothing is left of `Releasable To`"),
        ([foreign], "{names}", "not ordered by `KOR`"),
        ([one], "no place", "one place"),
    ):
        with pytest.raises(DataError, match=message):
            derive(sources, own=label("군사Ⅲ급비밀"), scale=KOR, statement=statement, lang="ko", at=AT)


def test_own_sources_need_no_statement() -> None:
    own = Source(item="a", control_number="", label=label("군사Ⅲ급비밀"))
    made = derive([own], own=label("군사Ⅲ급비밀"), scale=KOR, statement="{names}", lang="ko", at=AT)
    assert made.statement is None
