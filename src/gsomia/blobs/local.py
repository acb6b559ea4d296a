"""Sealed items in a local folder: written whole under their name, or not at all."""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import sys
import time
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from gsomia.errors import NodeError

__all__ = ["LocalBlobs", "sync_folder"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,149}")
_STAGING = ".staging-"
_PARTIAL = ".partial-"
_COUNT = itertools.count()

Writing = Callable[[str], AbstractContextManager[BinaryIO]]


class LocalBlobs:
    """A folder of sealed items; a name appears only when its bytes are durable.

    Args:
        folder: where they lie; made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        """Where a blob of this name lies or would lie."""
        if not _NAME.fullmatch(name):
            raise NodeError(f"not a name for a sealed item: `{name}`")
        return self._folder / name

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """Write a blob; it takes its name when the block ends well, durable, replacing an older one.

        Args:
            name: the blob's name.

        Raises:
            NodeError: the disk does not take it; nothing is left under the name.
        """
        with self.together() as writing, writing(name) as file:
            yield file

    @contextmanager
    def together(self) -> Iterator[Writing]:
        """Write blobs that take their names when the block ends well, so that the disk is waited for once.

        Yields:
            What `writing` is for each of them; a blob whose own block fails is left out.

        Raises:
            NodeError: the disk does not take them; nothing is left under the names that were not given yet.
        """
        staged: dict[Path, BinaryIO] = {}
        names: dict[Path, Path] = {}

        @contextmanager
        def writing(name: str) -> Iterator[BinaryIO]:
            final = self.path(name)
            staging = self._folder / f"{_STAGING}{name}.{os.getpid()}-{next(_COUNT)}"
            try:
                if not staged:
                    self._folder.mkdir(parents=True, exist_ok=True)
                # It stays open until it has its name.
                staged[staging] = file = staging.open("x+b")
                # Held while the writer lives, however it ends: by it `sweep` knows what nobody writes any more.
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield file
                file.flush()
                _begin_to_write(file)
                names[staging] = final
            except OSError as error:
                raise NodeError(f"cannot write the sealed item `{name}`: {error.strerror or error}") from error

        try:
            yield writing
            try:
                for staging in names:
                    os.fsync(staged[staging].fileno())
                for staging, final in names.items():
                    staging.replace(final)
                    staged.pop(staging).close()
                if names:
                    sync_folder(self._folder)
            except OSError as error:
                raise NodeError(f"cannot write sealed items: {error.strerror or error}") from error
        finally:
            for staging, file in staged.items():
                with suppress(OSError):
                    file.close()
                staging.unlink(missing_ok=True)

    def held(self, name: str) -> int:
        """How many bytes are durable of a blob that is written in parts; 0 where nothing is begun."""
        partial = self._partial(name)
        return partial.stat().st_size if partial.is_file() else 0

    def partials(self) -> dict[str, int]:
        """The blobs that are written in parts and are not whole: how many bytes of each are here."""
        if not self._folder.is_dir():
            return {}
        found = (path for path in self._folder.iterdir() if path.name.startswith(_PARTIAL))
        return {path.name.removeprefix(_PARTIAL): path.stat().st_size for path in found}

    @contextmanager
    def continuing(self, name: str, offset: int) -> Iterator[BinaryIO]:
        """Write on at a blob that is written in parts; what was written stays, durable, however the block ends.

        Args:
            name: the blob's name, which it has once `complete` gave it.
            offset: where to write on, at most what `held` says; what lies behind is dropped.

        Raises:
            NodeError: less is here, another writes at it, or the disk does not take it (then nothing is left of it).
        """
        partial = self._partial(name)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with partial.open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if offset > file.tell():
                    raise NodeError(f"`{name}` is held to byte {file.tell()}, not to {offset}")
                file.truncate(offset)
                try:
                    yield file
                finally:
                    file.flush()
                    os.fsync(file.fileno())
        except BlockingIOError as error:
            raise NodeError(f"`{name}` is being written") from error
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise NodeError(f"cannot write the sealed item `{name}`: {error.strerror or error}") from error

    def complete(self, name: str) -> None:
        """Give a blob that was written in parts its name, durably.

        Raises:
            NodeError: nothing of it is here.
        """
        try:
            self._partial(name).replace(self.path(name))
            sync_folder(self._folder)
        except OSError as error:
            raise NodeError(f"cannot name the sealed item `{name}`: {error.strerror}") from error

    def _partial(self, name: str) -> Path:
        return self._folder / f"{_PARTIAL}{self.path(name).name}"

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        """Read a blob.

        Raises:
            NodeError: there is none of this name.
        """
        try:
            file = self.path(name).open("rb")
        except OSError as error:
            raise NodeError(f"the sealed item `{name}` is not in the store: {error.strerror}") from error
        with file:
            yield file

    def exists(self, name: str) -> bool:
        """Whether a whole blob has this name."""
        return self.path(name).is_file()

    def size(self, name: str) -> int:
        """Its length in bytes.

        Raises:
            NodeError: there is none of this name.
        """
        try:
            return self.path(name).stat().st_size
        except OSError as error:
            raise NodeError(f"the sealed item `{name}` is not in the store: {error.strerror}") from error

    def stamp(self, name: str) -> Hashable:
        """What tells this blob from one that took its place, or was changed: file number, length, time of change.

        Raises:
            NodeError: there is none of this name.
        """
        try:
            found = self.path(name).stat()
        except OSError as error:
            raise NodeError(f"the sealed item `{name}` is not in the store: {error.strerror}") from error
        return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

    def rename(self, names: Sequence[tuple[str, str]]) -> None:
        """Give whole blobs other names, durably, replacing those that have them.

        Args:
            names: old and new name of each.

        Raises:
            NodeError: there is none of an old name, or the disk does not take it.
        """
        try:
            for old, new in names:
                self.path(old).replace(self.path(new))
            if names:
                sync_folder(self._folder)
        except OSError as error:
            raise NodeError(f"cannot name the sealed item `{new}`: {error.strerror}") from error

    def remove(self, name: str) -> None:
        """Remove a blob that no register entry needs, and what was written of it; a missing one is no fault."""
        self.path(name).unlink(missing_ok=True)
        self._partial(name).unlink(missing_ok=True)

    def erase(self, names: Sequence[str]) -> None:
        """Remove blobs that nobody may have any more, durably; a missing one is no fault.

        Raises:
            NodeError: the disk does not take it; some may be there still.
        """
        try:
            for name in names:
                self.remove(name)
            if self._folder.is_dir():
                sync_folder(self._folder)
        except OSError as error:
            raise NodeError(f"cannot remove sealed items: {error.strerror or error}") from error

    def names(self) -> list[str]:
        """Every whole blob's name, sorted."""
        if not self._folder.is_dir():
            return []
        return sorted(p.name for p in self._folder.iterdir() if not p.name.startswith("."))

    def sweep(self, known: Collection[str], *, older_than: float = 24 * 3600) -> int:
        """Remove what was left half-done: files nobody writes any more, and whole ones that nothing needs.

        Args:
            known: the names that the register needs.
            older_than: files of other names, whole or in parts, stay for so long, in seconds; their entry may be on its
                way.

        Returns:
            How many files were removed.
        """
        swept = 0
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if path.name.startswith(_STAGING):
                abandoned = _nobody_writes(path)
            else:
                abandoned = path.name not in known and time.time() - _changed(path) > older_than
            if abandoned:
                path.unlink(missing_ok=True)
                swept += 1
        return swept


def _changed(path: Path) -> float:
    """When a file was changed last, in seconds since 1970; inf where it got another name since."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _nobody_writes(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _begin_to_write(file: BinaryIO) -> None:
    """Let the disk begin with a file, and wait for nothing: `fsync` of many files then takes little more than of one.

    Linux writes out what is dirty when it is told that it will not be needed soon (posix_fadvise(2)).
    """
    if sys.platform == "linux":
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
