"""Links in documents: the kinds that lead to a page or an address, and all others."""

from __future__ import annotations

import re
from typing import Final

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_ALLOWED: Final = frozenset({"http", "https", "mailto"})


def link_fault(target: str) -> str:
    """What is wrong with where a link leads; "" for `http`, `https`, `mailto`, a fragment, or a relative path.

    Args:
        target: the link as the document holds it.
    """
    tidy = "".join(c for c in target if c > " ")  # readers skip white space and controls
    scheme = _SCHEME.match(tidy)
    if scheme is not None:
        return "" if scheme[1].lower() in _ALLOWED else f"a link of the kind `{scheme[1]:.20}:`"
    place = tidy.replace("\\", "/").partition("#")[0]
    if place.startswith(("/", ".uno")) or ".." in place.split("/") or ":" in place:
        return "a link to a file"
    return ""


def is_outside(target: str) -> bool:
    """Whether a link leads out of the document at all."""
    return bool(target.strip()) and not target.strip().startswith("#")
