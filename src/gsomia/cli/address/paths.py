"""The paths of a node's API that hold a word that was typed."""

from __future__ import annotations

from urllib.parse import quote

from gsomia.errors import UsageError

__all__ = ["api_path"]

_FREE = frozenset({"acts", "consents", "persons", "rosters"})
"""Where a name may have a slash: a legal act's has, and people name persons and facilities as they like."""


def api_path(kind: str, name: str, *more: str) -> str:
    """Where one thing is found in the API, without `/v1/`.

    Args:
        kind: what it is among, as the API says it.
        name: its own, as it was typed.
        more: what of it.

    Raises:
        UsageError: nothing is named so: nothing at all, what leads to another place (RFC 3986, section 5.2.4), or a
            slash where no name has one.
    """
    if name in ("", ".", "..") or ("/" in name and kind not in _FREE):
        raise UsageError(f"`{name}` is the name of nothing", hint="give it as the node lists it")
    return "/".join((kind, quote(name, safe=""), *more))
