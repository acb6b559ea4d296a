"""Lines that stand on an item: the national banner, the pair line of a received item, the copy number.

Party names and mark words are treaty data and come in as arguments; nothing here knows a country.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gsomia.errors import DataError
from gsomia.marking.words import checked, fold, match, printable

SEPARATOR: Final = " · "
"""Between the providing Government's name and the mark; neither may hold it."""

_COPY: Final = {
    "ja": "{total}部の内第{number}号",
    "ko": "사본번호 {number}/{total}",
    "en": "COPY {number} OF {total}",
}
_HOLDS: Final = {
    "ja": "この文書は{names}の秘密軍事情報を含む",
    "ko": "이 문서는 {names}의 군사비밀정보를 포함하고 있음",
    "en": "This document contains classified military information of {names}",
}
_RECIPIENT: Final = {"ja": "配布先 {name}", "ko": "수령자 {name}", "en": "RECIPIENT {name}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of visible marking.

    Args:
        text: what is shown.
        lang: its language (BCP 47), set on every run: it decides which glyphs Han characters get.
    """

    text: str
    lang: str

    def __post_init__(self) -> None:
        checked(self.text, "text")
        checked(self.lang, "lang")

    def __str__(self) -> str:
        return self.text


def pair_line(origin_name: str, own_mark: str, *, lang: str) -> Line:
    """What the recipient puts on a received item: the providing Government's name and its own mark.

    Article 4.2 of the Japan-Korea agreement; other agreements ask the same.

    Args:
        origin_name: the providing Government, in the recipient's language, as the treaty names it.
        own_mark: the recipient's own mark for the level.
        lang: the recipient's language.
    """
    for text, what in ((origin_name, "origin_name"), (own_mark, "own_mark")):
        if SEPARATOR.strip() in checked(text, what):
            raise DataError(f"`{what}` holds `{SEPARATOR.strip()}`, which separates name and mark")
    return Line(text=f"{origin_name}{SEPARATOR}{own_mark}", lang=lang)


def read_pair_line(text: str, origin_names: Iterable[str], own_marks: Iterable[str]) -> tuple[str, str]:
    """Read a pair line back.

    Args:
        text: the line as it stands on the item; width, spaces and case do not matter.
        origin_names: the Governments' names that may stand there.
        own_marks: the recipient's marks.

    Returns:
        The name and the mark, each as the lists spell it.

    Raises:
        DataError: not two parts, or a part is not in its list.
    """
    name, separator, mark = text.partition(SEPARATOR.strip())
    if not separator:
        raise DataError(
            f"`{printable(text)}` is not a pair of the providing Government's name and the recipient's mark",
            hint=f"write the name, `{SEPARATOR.strip()}`, and the mark",
        )
    return match(name, origin_names), match(mark, own_marks)


def banner(mark: str, *, lang: str, caveats: Iterable[str] = ()) -> Line:
    """A national banner: the mark, then each caveat.

    Args:
        mark: the level in native script, in the treaty's form: `極秘`, `군사Ⅱ급비밀`, `NATO SECRET`.
        lang: the language of the line.
        caveats: further words, each once, in the order in which they are shown.
    """
    words = [checked(mark, "mark"), *(checked(c, "a caveat") for c in caveats)]
    if len({fold(w) for w in words}) != len(words):
        raise DataError("a banner has a word twice")
    return Line(text=SEPARATOR.join(words), lang=lang)


def read_banner(text: str, marks: Iterable[str], caveats: Iterable[str] = ()) -> tuple[str, tuple[str, ...]]:
    """Read a national banner back: Japanese, Korean, NATO's, any whose words are known.

    Args:
        text: the line as it stands; width, spaces and case do not matter, the separator does.
        marks: the levels' marks.
        caveats: the further words that may follow.

    Returns:
        The mark and the caveats, each as its list spells it.

    Raises:
        DataError: a word that is not in its list; the message gives its column and the hint the nearest one.
    """
    known = tuple(caveats)
    column, found = 1, []
    for place, part in enumerate(text.split(SEPARATOR.strip())):
        start = column + len(part) - len(part.lstrip())
        try:
            found.append(match(part, known if place else tuple(marks)))
        except DataError as error:
            raise DataError(f"column {start}: {error}", hint=error.hint) from error
        column += len(part) + 1
    if len(set(found)) != len(found):
        raise DataError(f"a word stands in `{printable(text)}` twice")
    return found[0], tuple(found[1:])


def copy_line(number: int, total: int, *, lang: str) -> Line:
    """The copy number: `COPY 2 OF 5` in the line's language, in English where we have no other.

    Raises:
        DataError: not 1 <= number <= total.
    """
    if not 1 <= number <= total:
        raise DataError(f"copy {number} of {total} does not exist")
    language = lang.partition("-")[0] if lang.partition("-")[0] in _COPY else "en"
    return Line(text=_COPY[language].format(number=number, total=total), lang=lang if language != "en" else "en")


def recipient_line(name: str, *, lang: str) -> Line:
    """Whom this copy is for, in the line's language, in English where we have no other."""
    language = lang.partition("-")[0] if lang.partition("-")[0] in _RECIPIENT else "en"
    text = _RECIPIENT[language].format(name=checked(name, "name"))
    return Line(text=text, lang=lang if language != "en" else "en")


def holding_words(*, lang: str) -> tuple[str, str]:
    """What a derivative says of whose information it holds, with `{names}` for the Governments; and its language.

    In the line's language, in English where we have no other.
    """
    language = lang.partition("-")[0] if lang.partition("-")[0] in _HOLDS else "en"
    return _HOLDS[language], lang if language != "en" else "en"
