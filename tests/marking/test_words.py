"""Marks as people type them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsomia.errors import DataError
from gsomia.marking import fold, match

MARKS = (
    "군사Ⅰ급비밀",
    "군사Ⅱ급비밀",
    "군사Ⅲ급비밀",
    "대외비",
    "極秘",
    "特定秘密",
    "秘",
    "機密",
    "TOP SECRET",
    "SECRET",
)


@pytest.mark.parametrize(
    ("typed", "mark"),
    [
        ("군사II급비밀", "군사Ⅱ급비밀"),
        ("군사 II급 비밀", "군사Ⅱ급비밀"),
        ("군사\u200bⅡ급\u2060비밀", "군사Ⅱ급비밀"),
        (unicodedata.normalize("NFD", "군사Ⅲ급비밀"), "군사Ⅲ급비밀"),
        ("ＳＥＣＲＥＴ", "SECRET"),
        ("secret", "SECRET"),
        ("top\u3000secret", "TOP SECRET"),
        ("\u202eSECRET\u202c", "SECRET"),
        ("極\u3164秘", "極秘"),
        ("極\u00ad秘\ufe00", "極秘"),
    ],
)
def test_typed_marks_match(typed: str, mark: str) -> None:
    assert fold(typed) == fold(mark)
    assert match(typed, MARKS) == mark


@pytest.mark.parametrize(
    ("typed", "message", "hint"),
    [
        ("SECERT", "not one of the marks", "`SECRET`"),
        ("SЕCRET", "CYRILLIC CAPITAL LETTER IE", "`SECRET`"),
        ("ΤΟΡ SECRET", "GREEK CAPITAL LETTER TAU", "`TOP SECRET`"),
        ("군사2급비밀", "DIGIT TWO", "`군사Ⅱ급비밀`"),
        ("군사ll급비밀", "LATIN CAPITAL LETTER L", "`군사Ⅱ급비밀`"),
        ("군사11급비밀", "DIGIT ONE", "`군사Ⅱ급비밀`"),
        ("极秘", "only looks like `極秘`", "`極秘`"),
        ("", "not one of the marks", ""),
        ("Q" * 5000, "...", ""),
    ],
)
def test_imitations_are_named(typed: str, message: str, hint: str) -> None:
    with pytest.raises(DataError) as caught:
        match(typed, MARKS)
    assert message in str(caught.value)
    assert hint in caught.value.hint


def test_hi_is_not_gokuhi() -> None:
    assert fold("秘") != fold("極秘")
    assert match("秘", MARKS) == "秘"


@given(st.text())
def test_fold_is_idempotent_and_ignores_what_is_not_drawn(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert fold(f" {text}\u200b") == folded
    assert not any(c.isspace() for c in folded)


@given(st.text(alphabet=st.characters(max_codepoint=0x7F)))
def test_the_short_way_for_ascii_is_the_long_way(text: str) -> None:
    assert fold(text + "極").removesuffix("極") == fold(text)


@pytest.mark.parametrize("typed", ["군사Ⅳ급비밀", "군사급비밀", "군사V급비밀"])
def test_no_level_is_offered_where_several_are_near(typed: str) -> None:
    levels = ("군사Ⅰ급비밀", "군사Ⅱ급비밀", "군사Ⅲ급비밀", "대외비")
    with pytest.raises(DataError, match="is not one of the marks: `군사Ⅰ급비밀`, `군사Ⅱ급비밀`") as caught:
        match(typed, levels)
    assert caught.value.hint == ""
