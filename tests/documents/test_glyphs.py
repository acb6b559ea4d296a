"""The lines of marks as they are drawn: data, in the glyphs of their language, or refused."""

from __future__ import annotations

import pytest
from office_files import pdf
from rendering import PAIR, shown

from gsomia.documents import Marks, mark_pdf, pdf_lines
from gsomia.errors import DataError
from gsomia.marking import Line


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
