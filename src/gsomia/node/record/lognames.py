"""Which log a node's acts with a peer go into: its origin, the one that took its place, and whether it is halted."""

from __future__ import annotations

from gsomia.errors import NodeError
from gsomia.node.record.store_port import Reader

__all__ = [
    "current_log",
    "halt_of",
    "halted",
    "is_log_of",
    "log_origin",
    "peer_of_log",
    "succession",
    "successor_of",
    "unless_halted",
]

INTERNAL = "internal"


def log_origin(party: str, peer: str, *, exercise: bool) -> str:
    """The first origin of a node's log: `gsomia/JPN/KOR`, `gsomia/JPN/internal`, with `exercise.` before it."""
    return f"{'exercise.' if exercise else ''}gsomia/{party}/{peer or INTERNAL}"


def peer_of_log(origin: str) -> str:
    """The peer with whom a log is shared, by its origin; "" for the internal one."""
    peer = origin.split("/")[2]
    return "" if peer == INTERNAL else peer


def is_log_of(origin: str, party: str, *, exercise: bool) -> bool:
    """Whether an origin is one of a Party's node: the first of a log, or one that took its place."""
    parts = origin.split("/")
    later = parts[3:]
    return (
        len(parts) in (3, 4)
        and "/".join(parts[:3]) == log_origin(party, peer_of_log(origin), exercise=exercise)
        and all(number.isdecimal() and str(int(number)) == number and int(number) > 1 for number in later)
    )


def successor_of(origin: str) -> str:
    """The origin that takes a log's place when its node has lost entries of it: `gsomia/KOR/JPN/2`."""
    parts = origin.split("/")
    number = int(parts[3]) if len(parts) == 4 else 1
    return "/".join([*parts[:3], str(number + 1)])


def current_log(reader: Reader, party: str, peer: str, *, exercise: bool) -> str:
    """The origin of a log that is written now."""
    origin = log_origin(party, peer, exercise=exercise)
    return reader.setting(succession(origin)) or origin


def succession(origin: str) -> str:
    """The setting that names the origin which took a log's place."""
    return f"log/{'/'.join(origin.split('/')[:3])}"


def halted(origin: str) -> str:
    """The setting that says why nothing is recorded in a log."""
    return f"halted/{origin}"


def halt_of(reader: Reader, origin: str) -> str:
    """Why nothing is recorded in a log now; "" where it goes on."""
    return reader.setting(halted(origin)) or ""


def unless_halted(reader: Reader, origin: str) -> None:
    """Check that acts may be recorded in a log.

    Raises:
        NodeError: a peer keeps a checkpoint that the log does not continue.
    """
    if why := halt_of(reader, origin):
        raise NodeError(f"nothing is recorded in `{origin}`: {why}", hint="`gsomia log recover`")
