"""Locks of a node's folder: one process at a time, named for whoever finds it taken."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, *, wait: bool = False) -> Iterator[bool]:
    """Hold a lock, or learn that another process does; the file names the process that took it last.

    Args:
        path: its file.
        wait: whether to wait for it; then it is always held.
    """
    # Opened without emptying it, so that one who finds it taken does not wipe out who took it.
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield True


def serving(folder: Path) -> str | None:
    """The process that serves the node in a folder: its id, "" where the lock does not say it, None where none does.

    Args:
        folder: a node's folder, or one that is none; it is not changed.
    """
    try:
        with (folder / "node.lock").open("r") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return lock.read().strip()
    except OSError:
        pass
    return None
