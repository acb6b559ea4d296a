"""Parcels as files: named, durable, never half-written, and one at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from gsomia.app.home import Home
from gsomia.blobs import sync_folder
from gsomia.errors import NodeError, UsageError
from gsomia.node import Made, TakenIn, export_parcel, import_parcel, sender_of, shown_log

__all__ = ["export_file", "import_file", "log_in_file", "parcel_file", "parcel_path", "parcel_reading"]


def export_file(home: Home, target: Path, party: str, *, new_only: bool = False) -> tuple[Path, Made] | None:
    """Make a parcel as a file.

    Args:
        home: the node.
        target: the file, which must not be there yet; or a folder, in which it gets a name of its own.
        party: the peer for whom it is.
        new_only: leave out what an earlier parcel carried and nobody answered yet.

    Returns:
        The file and what it holds, or None where there is nothing to carry.

    Raises:
        UsageError: a file of that name is there.
        PendingError: another parcel is being made or taken in, or the node is at work with this peer by wire.
        NodeError: the disk does not take it.
    """
    places: list[Path] = []

    @contextmanager
    def place(number: int) -> Iterator[BinaryIO]:
        path = parcel_path(target, home.node.party, party, number)
        with parcel_file(path) as file:
            yield file
        places.append(path)

    with home.parcel_turn(party):
        made = export_parcel(home.node, party, place, new_only=new_only)
    return None if made is None else (places[0], made)


def parcel_path(target: Path, sender: str, recipient: str, number: int) -> Path:
    """Where a parcel is to lie: in the file that was named, or under a name of its own in a folder.

    Raises:
        UsageError: a file of that name is there.
    """
    path = target / f"{sender}-{recipient}-{number:06d}.parcel" if target.is_dir() else target
    if path.exists():
        raise UsageError(f"`{path}` is there already", hint="name another file, or a folder")
    return path


@contextmanager
def parcel_file(path: Path) -> Iterator[BinaryIO]:
    """Write a parcel's file, durable under its name when the block ends well, and not there at all otherwise.

    Raises:
        NodeError: the disk does not take it.
    """
    staging = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with staging.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        staging.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise NodeError(f"cannot write the parcel `{path}`: {error.strerror or error}") from error
    finally:
        staging.unlink(missing_ok=True)


def import_file(home: Home, path: Path) -> TakenIn:
    """Take in a parcel from a file.

    Raises:
        UsageError: there is no such file.
        PendingError: another parcel is being made or taken in, or the node is at work with its sender by wire.
        NodeError: it cannot be read.
        VerificationError: it is refused.
    """
    with parcel_reading(path) as file, home.parcel_turn(sender_of(file)):
        return import_parcel(home.node, file)


def log_in_file(home: Home, path: Path) -> tuple[str, Sequence[Mapping[str, Any]]]:
    """What a parcel shows of its sender's log of acts with this node: the sender, and its answers.

    Raises:
        UsageError: there is no such file.
        NodeError: it cannot be read.
        VerificationError: it is refused, or shows no log that was asked for.
    """
    with parcel_reading(path) as file:
        return shown_log(home.node, file)


@contextmanager
def parcel_reading(path: Path) -> Iterator[BinaryIO]:
    """A parcel's file, open; where it cannot be read, that is said with its name."""
    if not path.exists():
        raise UsageError(f"there is no file `{path}`")
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise NodeError(f"cannot read `{path}`: {error.strerror or error}") from error
