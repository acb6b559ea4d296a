"""Marks as people type them: folding for comparison, and the rules for text that a label may hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from gsomia.errors import DataError
from gsomia.marking.showing import INVISIBLE, escaped, is_visible

TEXT_LIMIT = 1000
"""Longest text, in characters, that one field of a label may hold."""

BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Direction controls: they can show a mark in another order than it is stored."""


def fold(text: str) -> str:
    """The form in which two marks are compared: NFKC, nothing invisible, no white space, upper case.

    What was typed is what is stored and shown; the fold is for comparing only.

        >>> fold("군사 Ⅱ급비밀") == fold("군사II급비밀")
        True

    Args:
        text: a mark, in any script.

    Returns:
        The fold; folding it again changes nothing.
    """
    if text.isascii():
        if text.isalnum():
            return text.upper()
        return "".join(c for c in text if c > " " and c != "\x7f").upper()
    while True:
        folded = unicodedata.normalize("NFKC", text)
        folded = unicodedata.normalize("NFKC", "".join(c for c in folded if _is_drawn(c)).upper())
        if folded == text:
            return folded
        text = folded


def _is_drawn(character: str) -> bool:
    return unicodedata.category(character) not in _NOT_DRAWN and character not in INVISIBLE


_NOT_DRAWN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


def match(typed: str, marks: Iterable[str]) -> str:
    """Find the mark that a person typed among the marks that there are.

    Args:
        typed: what was typed, in any width, with or without spaces.
        marks: the allowed marks, in the form in which they are shown.

    Returns:
        The allowed mark, as the list spells it.

    Raises:
        DataError: no mark has this fold; the message names the nearest one, and in a look-alike the first
            character that the mark does not have.
    """
    allowed = tuple(marks)
    wanted = fold(typed)
    for mark in allowed:
        if fold(mark) == wanted:
            return mark
    for mark in allowed:
        if skeleton(mark) == skeleton(typed):
            odd = next((c for c in fold(typed) if c not in fold(mark)), "")
            name = unicodedata.name(odd, f"U+{ord(odd):04X}") if odd else "another character"
            raise DataError(
                f"`{printable(typed)}` only looks like `{mark}`: it holds {name}",
                hint=f"type `{mark}`",
            )
    # one mark among several that are near may be another level: then none is offered
    close = [mark for mark in allowed if nearest(typed, (mark,))]
    near = close[0] if len(close) == 1 else ""
    known = ", ".join(f"`{mark}`" for mark in allowed) or "there are none"
    raise DataError(
        f"`{printable(typed)}` is not one of the marks: {known}",
        hint=f"did you mean `{near}`?" if near else "",
    )


# Letters of other scripts that are drawn as Latin capitals, and Han, Kana and Hangul drawn alike. Not all of
# Unicode's table (UTS 39): the ones that can be typed from a Korean, Japanese or Cyrillic keyboard.
_LETTERS = {
    **dict(zip("АВЕЅІЈКМНОРСТУХԚԜ", "ABESIJKMHOPCTYXQW", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)),
    **dict(zip("ᎪᎬᎻᏀᎾᏒᏚᏟᏢ", "AEHGORSCP", strict=True)),
}
_LATIN = str.maketrans(_LETTERS)
_LOOK_ALIKE = str.maketrans(
    {
        **_LETTERS,
        "0": "O",
        "1": "I",
        "L": "I",
        "|": "I",
        "ᅵ": "I",
        "2": "II",
        "3": "III",
        "丨": "I",
        "一": "ー",
        "ᅳ": "ー",
        "―": "ー",
        "—": "ー",
        "–": "ー",
        "口": "ロ",
        "ᄆ": "ロ",
        "祕": "秘",
        "极": "極",
        "机": "機",
    }
)


def latin(text: str) -> str:
    """Capitals of other scripts that are drawn as Latin ones, made those: to guess what was meant, not to accept it."""
    return text.translate(_LATIN)


def skeleton(text: str) -> str:
    """The fold with look-alike characters made one: equal skeletons of unequal folds are an imitation."""
    folded = unicodedata.normalize("NFKC", fold(text).translate(_LOOK_ALIKE))
    return folded.translate(_LOOK_ALIKE)


def nearest(typed: str, words: Iterable[str], *, limit: int = 2) -> str:
    """The word with the fewest changed characters from what was typed; "" beyond `limit`.

    Args:
        typed: what was typed.
        words: the candidates, in the order in which ties are decided.
        limit: most characters added, left out, changed or swapped with their neighbour.
    """
    best, found = limit + 1, ""
    wanted = fold(typed)
    for word in words:
        candidate = fold(word)
        if abs(len(candidate) - len(wanted)) >= best:
            continue
        distance = _edits(wanted, candidate)
        if distance < best and distance < max(len(candidate), 2):
            best, found = distance, word
    return found


def _edits(a: str, b: str) -> int:
    """Optimal string alignment distance."""
    before: list[int] = []
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        current = [i]
        for j, y in enumerate(b, 1):
            cost = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        before, previous = previous, current
    return previous[-1]


def printable(text: str, limit: int = 80) -> str:
    """The text for an error message: what cannot be seen is escaped, what is long is cut."""
    return escaped(text[:limit]) + ("..." if len(text) > limit else "")


def checked(text: object, what: str) -> str:
    """Text that a label may hold: visible, unambiguous, no longer than `TEXT_LIMIT`.

    Args:
        text: the value; anything but text is refused.
        what: the field's name, for the message.

    Raises:
        DataError: empty, too long, white space at an end, or a character that text in a label may not hold.
    """
    if not isinstance(text, str):
        raise DataError(f"`{what}` is text")
    # the quick way for nearly all text
    if is_visible(text) and 0 < len(text) <= TEXT_LIMIT and text.strip() == text:
        return text
    if len(text) > TEXT_LIMIT:
        raise DataError(f"`{what}` is longer than {TEXT_LIMIT} characters")
    for place, character in enumerate(text, 1):
        kind = unicodedata.category(character)
        if kind in ("Cc", "Cs", "Zl", "Zp") or character in BIDI or ord(character) & 0xFFFE == 0xFFFE:
            raise DataError(f"`{what}` holds U+{ord(character):04X} at character {place}")
    if text != text.strip() or not fold(text):
        raise DataError(f"`{what}` is empty or has white space at an end: `{printable(text)}`")
    return text
