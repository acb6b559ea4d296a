"""Texts with portion marks: paragraphs, banner lines, and what contradicts them."""

from __future__ import annotations

import pytest

from gsomia.errors import DataError
from gsomia.marking.us import read_paragraphs, render_banner


@pytest.mark.parametrize(
    ("text", "banner", "portions", "stated"),
    [
        ("(U) One.\n(S//NF) Two.\n", "SECRET//NOFORN", 2, ()),
        ("SECRET//NOFORN\n\n(U) One.\n\n(S//NF) Two.\n\nSECRET//NOFORN\n", "SECRET//NOFORN", 2, (1, 7)),
        ("SECRET//NOFORN\n(S//NF) Two.\nSECRET//NOFORN", "SECRET//NOFORN", 1, (1, 3)),
        ("(U) One (with a parenthesis)\n(so it is) and a second line.\nA third.\n", "UNCLASSIFIED", 1, ()),
        ("(U) It ends in a word\nalone", "UNCLASSIFIED", 1, ()),
        ("(U) One\ngoes on.\n(C) Two\ngoes on.\n", "CONFIDENTIAL", 2, ()),
        ("SECRET//REL TO USA, JPN\n\n(S//REL) One.\n(U) Two.", "SECRET//REL TO USA, JPN", 2, (1,)),
        ("(S) One.\n\nSECRET\n\n(U) On the next page.\n", "SECRET", 2, (3,)),
        ("(S) One.\r\ngoes on\r\n", "SECRET", 1, ()),
    ],
)
def test_texts(text: str, banner: str, portions: int, stated: tuple[int, ...]) -> None:
    found = read_paragraphs(text)
    assert (render_banner(found.banner), len(found.portions), found.stated) == (banner, portions, stated)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "nothing to roll up"),
        ("SECRET\n", "nothing to roll up"),
        ("(S) One.\n\nNo mark.\n\n(U) Two.\n", "line 3: the paragraph `No mark.` has no portion mark"),
        ("(S) One.\n\nNo mark.\n", "line 3: the paragraph `No mark.` has no portion mark"),
        ("A title\n\n(S) One.\n", "line 1: the paragraph `A title` has no portion mark"),
        ("(U) One.\n(SECERT) Two.\n", "line 2: column 2"),
        ("(U) One.\n(S//NOFRON) Two.\n", "line 2: column"),
        ("SECERT\n\n(S) One.\n", "line 1: column 1"),
        ("CONFIDENTIAL\n\n(S) One.\n", "line 1 shows `CONFIDENTIAL` and the portions give `SECRET`"),
        ("(S//NF) One.\nSECRET", "line 2 shows `SECRET` and the portions give `SECRET//NOFORN`"),
        ("(S//NF) One.\nSECRET//NOFRON", "line 2: column"),
        (
            "SECRET//REL TO USA, JPN\n\n(TS//REL) One.",
            "line 1 shows `.+` and the portions give `TOP SECRET//REL TO USA, JPN`",
        ),
        ("SECRET\n\n(s) One.\n", "line 3: column 2"),
        ("(S One.\n", "line 1: a portion mark stands in parentheses"),
    ],
)
def test_texts_that_contradict_themselves(text: str, message: str) -> None:
    with pytest.raises(DataError, match="^" + message.replace("(", r"\(").replace(")", r"\)")):
        read_paragraphs(text)
