"""Which one of some ids is meant by the beginning of it, as an officer types it."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["begun"]


def begun(ids: Iterable[str], reference: str) -> str:
    """The id that a reference is, or that alone of all begins with it; "" where there is none, or more than one.

    Args:
        ids: those of which one is meant; one that stands there twice is one.
        reference: as it was typed; an empty one means none.
    """
    known = {*ids}
    if reference in known:
        return reference
    found = [one for one in known if one.startswith(reference)] if reference else []
    return found[0] if len(found) == 1 else ""
