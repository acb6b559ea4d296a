"""Parcels between two nodes of which one item was accepted, and what must not change when one is refused."""

from __future__ import annotations

from typing import Any

from carrying import carry, exported, rounds
from stories import PRESENT, holds, register, same_story

from gsomia.testing import Exercise

__all__ = ["LARGE", "accepted", "finished", "state"]


LARGE = bytes(400_000)


def state(exercise: Exercise, party: str) -> dict[str, Any]:
    """All that a node holds, but for what it refused: tables by their rows, and the files."""
    player = exercise[party]
    held: dict[str, Any] = {"files": player.node.blobs.names()}
    with player.node.store.reading() as reader:
        for table in (
            "act",
            "copy",
            "rung",
            "acceptance",
            "outgoing",
            "parcel",
            "parcel_question",
            "parcel_reply",
            "log",
        ):
            held[table] = [tuple(row) for row in reader.rows(table).rows]
    return held


def accepted(both: Exercise, *documents: bytes) -> bytes:
    """Documents offered and accepted by parcel; returns the parcel that delivers them."""
    for document in documents:
        both["JPN"].transmit(document, to="KOR", level="極秘")
    carry(both, "JPN", "KOR")
    carry(both, "KOR", "JPN")
    made, parcel = exported(both, "JPN", "KOR")
    assert made is not None and made.delivered == len(documents)
    return parcel


def finished(both: Exercise, count: int) -> None:
    """Everything arrived, once, and all agree."""
    rounds(both)
    assert len(register(both["KOR"])) == count
    assert all(copy.state in PRESENT for copy, _ in register(both["KOR"]).values())
    same_story(both)
    holds(both)
