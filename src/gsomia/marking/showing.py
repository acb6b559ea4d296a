"""Text in which every character shows: what names may hold, and how any other text is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800") | frozenset(
    chr(c) for c in (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
)
"""Letters and marks that are drawn as nothing: Unicode's Default_Ignorable_Code_Point outside category Cf (UAX 44), and
the empty Braille pattern. `str.isprintable` calls them printable."""

_COMPACT = json.JSONEncoder(ensure_ascii=False)
"""Made once: `json.dumps` makes a new one for each value."""


def is_visible(text: str) -> bool:
    """Whether every character of a text shows, and none turns others: so may a name be written.

    >>> is_visible("김 kim"), is_visible("kim\\u3164"), is_visible("k\\u202eim")
    (True, False, False)
    """
    return text.isprintable() and (text.isascii() or INVISIBLE.isdisjoint(text))


def escaped(text: str) -> str:
    """A text as people are shown it: a character that does not show, or turns others, stands as its escape.

    >>> escaped("kim\\u3164")
    'kim\\\\u3164'
    """
    if is_visible(text):
        return text
    return "".join(c if is_visible(c) else c.encode("unicode_escape").decode() for c in text)


def visible_json(
    value: Any, *, indent: int | None = None, sort_keys: bool = False, default: Callable[[Any], Any] | None = None
) -> str:
    """JSON in which every character shows; one that does not stands as its escape, and means the same.

        >>> print(visible_json({"person": "kim\\u3164"}))
        {"person": "kim\\u3164"}

    Args:
        value: what `json` writes.
        indent: spaces for each level; None for one line.
        sort_keys: whether keys stand in their order.
        default: what is written for a value that `json` does not know; TypeError without it.
    """
    if indent is None and not sort_keys and default is None:
        text = _COMPACT.encode(value)
    else:
        text = json.dumps(value, ensure_ascii=False, indent=indent, sort_keys=sort_keys, default=default)
    if is_visible(text):
        return text
    # Outside of texts stand only characters that show, and the ends of lines.
    return "".join(c if is_visible(c) or c == "\n" else json.dumps(c)[1:-1] for c in text)
