"""Banners and portion marks read strictly.

    >>> marking = parse_banner("SECRET//SI/TK//REL TO USA, JPN, KOR")
    >>> render_portion(marking)
    '(S//SI/TK//REL TO USA, JPN, KOR)'
    >>> render_banner(marking)
    'SECRET//SI/TK//REL TO USA, JPN, KOR'

What is read is written back the same: a reader that accepts a mark has rendered it and compared.
"""

from __future__ import annotations

from functools import lru_cache

from gsomia.errors import DataError
from gsomia.marking.us.model import UsMarking
from gsomia.marking.us.repair import diagnose
from gsomia.marking.us.rules import breaches
from gsomia.marking.us.text import TEXT_LIMIT, Unreadable, read, render_banner, render_portion
from gsomia.marking.words import printable


@lru_cache(maxsize=4096)
def _parsed(text: str, portion: bool, nicknames: frozenset[str]) -> UsMarking:
    marking: UsMarking | None = None
    if len(text) <= TEXT_LIMIT:
        try:
            marking = read(text, portion=portion, nicknames=nicknames)
        except (Unreadable, DataError):
            marking = None
        if marking is not None:
            written = render_portion(marking)[1:-1] if portion else render_banner(marking)
            if written != text or breaches(marking, portion=portion):
                marking = None
    if marking is not None:
        return marking
    raise diagnose(text, portion=portion, nicknames=nicknames).error()


def parse_banner(text: str, *, nicknames: frozenset[str] = frozenset()) -> UsMarking:
    """Read a banner line strictly.

    Args:
        text: the line, nothing around it.
        nicknames: names of alternative compensatory control measures (ACCM) that may stand there; the official
            banner writes the bare name, so only names known beforehand can be told from a typing error.

    Raises:
        DataError: not such a line, or one that breaks a rule; the message gives the column and the hint gives the
            nearest valid reading.
    """
    return _parsed(text, False, nicknames)


def parse_portion(text: str, *, banner: UsMarking | None = None, nicknames: frozenset[str] = frozenset()) -> UsMarking:
    """Read a portion mark in parentheses strictly.

    Args:
        text: the mark with its parentheses, nothing around it.
        banner: the document's marking, where the portion may say just `REL`.
        nicknames: as for `parse_banner`.

    Raises:
        DataError: as for `parse_banner`.
    """
    if len(text) < 3 or text[0] != "(" or text[-1] != ")":
        raise DataError(f"a portion mark stands in parentheses, not `{printable(text)}` (column 1)")
    inside = text[1:-1]
    if banner is not None and banner.releasable_to:
        parts = inside.split("/")
        for short, whole in (
            ("REL", "REL TO " + ", ".join(banner.releasable_to)),
            ("EYES", "/".join(banner.releasable_to) + " EYES ONLY"),
        ):
            if short in banner.dissemination and short in parts:
                inside = "/".join(whole if part == short else part for part in parts)
    return _parsed(inside, True, nicknames)
