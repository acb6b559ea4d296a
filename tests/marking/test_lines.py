"""Pair lines, national banners, copy numbers."""

from __future__ import annotations

import pytest

from gsomia.errors import DataError
from gsomia.marking import banner, copy_line, pair_line, read_banner, read_pair_line, recipient_line

NAMES = ("日本国政府", "大韓民国政府")
MARKS = ("군사Ⅱ급비밀", "군사Ⅲ급비밀")


def test_a_pair_line_reads_back() -> None:
    line = pair_line("日本国政府", "군사Ⅲ급비밀", lang="ko")
    assert (line.text, line.lang) == ("日本国政府 · 군사Ⅲ급비밀", "ko")
    assert read_pair_line(line.text, NAMES, MARKS) == ("日本国政府", "군사Ⅲ급비밀")
    assert read_pair_line("日本國政府・".replace("國", "国").replace("・", "·") + "군사 III급비밀", NAMES, MARKS) == (
        "日本国政府",
        "군사Ⅲ급비밀",
    )


@pytest.mark.parametrize("text", ["군사Ⅲ급비밀", "日本国政府", "日本国政府 · ", " · 군사Ⅲ급비밀", "日本国政府 · 秘"])
def test_half_a_pair_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        read_pair_line(text, NAMES, MARKS)


@pytest.mark.parametrize(("name", "mark"), [("", "秘"), ("日本国政府", ""), ("日本 · 国", "秘")])
def test_a_pair_has_a_name_and_a_mark(name: str, mark: str) -> None:
    with pytest.raises(DataError):
        pair_line(name, mark, lang="ko")


def test_banners_and_copies() -> None:
    assert banner("極秘", lang="ja", caveats=("取扱注意",)).text == "極秘 · 取扱注意"
    assert copy_line(2, 5, lang="ja").text == "5部の内第2号"
    assert copy_line(2, 5, lang="ko-KR").text == "사본번호 2/5"
    assert copy_line(2, 5, lang="fr").lang == "en"
    assert recipient_line("국방부", lang="ko").text == "수령자 국방부"
    with pytest.raises(DataError, match="twice"):
        banner("SECRET", lang="en", caveats=("secret",))


@pytest.mark.parametrize(("number", "total"), [(0, 1), (2, 1), (-1, 3)])
def test_a_copy_that_does_not_exist(number: int, total: int) -> None:
    with pytest.raises(DataError):
        copy_line(number, total, lang="en")


JAPANESE = ("秘", "極秘", "特定秘密", "機密")
KOREAN = ("군사Ⅰ급비밀", "군사Ⅱ급비밀", "군사Ⅲ급비밀", "대외비")
NATO = ("NATO UNCLASSIFIED", "NATO RESTRICTED", "NATO CONFIDENTIAL", "NATO SECRET", "COSMIC TOP SECRET")
CAVEATS = ("取扱注意", "ATOMAL", "훈련")


@pytest.mark.parametrize("marks", [JAPANESE, KOREAN, NATO])
def test_national_banners_read_back(marks: tuple[str, ...]) -> None:
    for mark in marks:
        for caveats in ((), ("ATOMAL",), CAVEATS):
            line = banner(mark, lang="ja", caveats=caveats)
            assert read_banner(line.text, marks, CAVEATS) == (mark, caveats)
    assert read_banner(f" {marks[0]}·atomal", marks, CAVEATS) == (marks[0], ("ATOMAL",))


@pytest.mark.parametrize(
    ("text", "column", "hint"),
    [
        ("NATO SECERT", 1, "NATO SECRET"),
        ("NATO SECRET · ATOMLA", 15, "ATOMAL"),
        ("COSMIC TOP SEKRET", 1, "COSMIC TOP SECRET"),
        ("NATO SЕCRET", 1, "NATO SECRET"),
        ("NATO SECRET · ", 15, ""),
    ],
)
def test_wrong_national_banners(text: str, column: int, hint: str) -> None:
    with pytest.raises(DataError) as caught:
        read_banner(text, NATO, CAVEATS)
    assert f"column {column}: " in str(caught.value)
    assert hint in caught.value.hint


def test_a_banner_with_a_word_twice() -> None:
    with pytest.raises(DataError, match="twice"):
        read_banner("NATO SECRET · ATOMAL · ATOMAL", NATO, CAVEATS)
