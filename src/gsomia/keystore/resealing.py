"""A node's secrets sealed anew under another passphrase: all of them or none, wherever it breaks off.

The new files are made in a folder beside the old ones and read back; one rename of that folder decides; then each takes
its old one's place. Where that broke off, whoever opens the node next goes on with it, and needs no passphrase for it.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from gsomia.errors import NodeError
from gsomia.keystore.files import Box, KeyFiles, sync

__all__ = ["finish_resealing", "reseal"]

_PARTS = ("keys", "officers")
"""The folders of a node that hold secrets."""

_MAKING, _MADE = ".resealing", ".resealed"


def reseal(folder: Path, old: Box, new: Box, *, exercise: bool) -> int:
    """Seal every secret in a node's folder anew; nothing may be at work there.

    Args:
        folder: the node's.
        old: opens them.
        new: closes them.
        exercise: whether an EXERCISE node's.

    Returns:
        How many.

    Raises:
        NodeError: one cannot be opened, one was written meanwhile, or the disk does not take them; all are as before.
    """
    making = folder / _MAKING
    found = _secrets(folder)
    shutil.rmtree(making, ignore_errors=True)
    try:
        making.mkdir(mode=0o700)
        for part, name in found:
            held = KeyFiles(folder / part, old, exercise=exercise)
            made = KeyFiles(making / part, new, exercise=exercise)
            kind = held.kind(name)
            secret = held.read(name, kind)
            made.write(name, kind, secret)
            if made.read(name, kind) != secret:
                raise NodeError(f"the key `{name}` cannot be read back")
        if _secrets(folder) != found:
            raise NodeError("a key was written meanwhile", hint="nothing is changed; try again")
        sync(making)
        making.rename(folder / _MADE)
        sync(folder)
    except OSError as error:
        raise NodeError(f"cannot write in `{folder}`: {error.strerror}") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    finish_resealing(folder)
    return len(found)


def finish_resealing(folder: Path) -> None:
    """Put secrets that were sealed anew into their places, where that broke off.

    Args:
        folder: a node's.

    Raises:
        NodeError: the disk does not take it.
    """
    made = folder / _MADE
    if not made.is_dir():
        return
    try:
        for part in _PARTS:
            for name in KeyFiles(made / part).names():
                # Somebody else who opens the node may do the same.
                with suppress(FileNotFoundError):
                    KeyFiles(made / part).path(name).replace(KeyFiles(folder / part).path(name))
            if (folder / part).is_dir():
                sync(folder / part)
        shutil.rmtree(made, ignore_errors=True)
        sync(folder)
    except OSError as error:
        raise NodeError(f"cannot write in `{folder}`: {error.strerror}") from error


def _secrets(folder: Path) -> list[tuple[str, str]]:
    return [(part, name) for part in _PARTS for name in KeyFiles(folder / part).names()]
