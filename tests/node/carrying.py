"""Parcels between the nodes of an exercise: made into bytes, carried by hand, taken in."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gsomia.node import Made, TakenIn, export_parcel, import_parcel
from gsomia.testing import Exercise

__all__ = ["carry", "exported", "rounds", "taken"]


def exported(exercise: Exercise, sender: str, recipient: str, *, new_only: bool = False) -> tuple[Made | None, bytes]:
    """A parcel from one to the other, as bytes; b"" where there is nothing to carry."""
    files: list[bytes] = []

    @contextmanager
    def place(_number: int) -> Iterator[io.BytesIO]:
        sink = io.BytesIO()
        yield sink
        files.append(sink.getvalue())

    made = export_parcel(exercise[sender].node, recipient, place, new_only=new_only)
    return made, b"".join(files)


def taken(exercise: Exercise, recipient: str, parcel: bytes) -> TakenIn:
    """Take a parcel in."""
    return import_parcel(exercise[recipient].node, io.BytesIO(parcel))


def carry(exercise: Exercise, sender: str, recipient: str) -> TakenIn | None:
    """One way, once; None where there was nothing to carry."""
    made, parcel = exported(exercise, sender, recipient)
    return None if made is None else taken(exercise, recipient, parcel)


def rounds(exercise: Exercise, *, between: Callable[[], None] = lambda: None, most: int = 12) -> int:
    """There and back until nobody has anything to carry; returns how many parcels went."""
    count = 0
    for _ in range(most):
        moved = 0
        for sender in exercise.players:
            for recipient in exercise.players:
                if sender != recipient:
                    moved += carry(exercise, sender, recipient) is not None
                    between()
        if not moved:
            return count
        count += moved
    raise AssertionError(f"still something to carry after {most} rounds")
