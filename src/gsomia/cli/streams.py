"""Files and pipes that commands read and write: read to a bound, and written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import signal
import stat
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO, Final

from gsomia.errors import NodeError, SealError, UsageError

__all__ = ["Source", "reading", "writing"]

_CHUNK: Final = 2**20
_NO_NAMELESS: Final = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT)
"""What opening a nameless file says on a filesystem, or a kernel, that has none."""


class Source:
    """What is read: a file, or standard input; an error of the disk is said as one of reading, wherever it happens.

    Args:
        name: for errors.
        file: binary, open.
    """

    def __init__(self, name: str, file: IO[bytes]) -> None:
        self._name = name
        self._file = file

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""
        with self._errors():
            return self._file.read(size) or b""

    def readinto(self, view: memoryview, /) -> int:
        """Fill a view as far as there is something to be had; 0 at the end."""
        readinto = getattr(self._file, "readinto", None)
        if readinto is None:
            data = self.read(len(view))
            view[: len(data)] = data
            return len(data)
        with self._errors():
            return readinto(view) or 0

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a place, and tell it."""
        with self._errors():
            return self._file.seek(offset, whence)

    def seekable(self) -> bool:
        """Whether it can be read at any place."""
        return self._file.seekable()

    @property
    def length(self) -> int | None:
        """How many bytes are still to be read, where that is known beforehand: of a plain file."""
        try:
            found = os.fstat(self._file.fileno())
            return found.st_size - self._file.tell() if stat.S_ISREG(found.st_mode) else None
        except (OSError, ValueError, AttributeError):
            return None

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UsageError(f"cannot read `{self._name}`: {error.strerror or error}") from error


@contextmanager
def reading(file: str, *, limit: int, seekable: bool = False) -> Iterator[Source]:
    """A file, or standard input for `-`; what must be sought in and cannot be is kept in a nameless file meanwhile.

    Args:
        file: path, or `-`.
        limit: so many bytes can be used; what is known to be longer, or turns out so while it is kept, is refused.
        seekable: it is read at any place.

    Raises:
        UsageError: it cannot be read.
        SealError: it is longer than the limit.
    """
    with _opened(file) as source:
        length = source.length
        if length is not None and length > limit:
            raise SealError(f"`{file}` is {length} bytes long; larger than a sealed item may be ({limit} bytes)")
        if not seekable or source.seekable():
            yield source
            return
        with tempfile.TemporaryFile() as kept:
            _keep(file, source, kept, limit)
            yield Source(file, kept)


def _keep(file: str, source: Source, kept: IO[bytes], limit: int) -> None:
    left = limit
    while data := source.read(_CHUNK):
        left -= len(data)
        if left < 0:
            raise SealError(f"`{file}` is larger than a sealed item may be ({limit} bytes)")
        try:
            kept.write(data)
        except OSError as error:
            raise NodeError(f"cannot keep `{file}` in `{tempfile.gettempdir()}`: {error.strerror}") from error
    kept.seek(0)


@contextmanager
def _opened(file: str) -> Iterator[Source]:
    if file == "-":
        yield Source("-", sys.stdin.buffer)
        return
    path = Path(file)
    if path.is_dir():
        raise UsageError(f"`{file}` is a directory", hint="give a file; pack a folder with tar first")
    try:
        opened = path.open("rb", buffering=0)
    except OSError as error:
        raise UsageError(f"cannot read `{file}`: {error.strerror}") from error
    with opened:
        yield Source(file, opened)


@contextmanager
def writing(output: str, *, force: bool) -> Iterator[IO[bytes]]:
    """A new file under its final name only when all went well; a device or pipe; or standard output for `-`.

    Until then the file has no name (O_TMPFILE), so whatever ends the process leaves nothing. A filesystem that has no
    such files gets a hidden one, `.gsomia-` and 16 digits, which any end but SIGKILL and a crash removes.

    Args:
        output: path, or `-`.
        force: replace an existing file.

    Raises:
        UsageError: there is such a file already.
        NodeError: it cannot be written.
    """
    try:
        with _ended_in_order(), _sink(output, force=force) as sink:
            yield sink
    except BrokenPipeError:
        raise
    except FileExistsError as error:
        raise UsageError(f"`{output}` exists", hint="give another name, or --force for a file") from error
    except OSError as error:
        raise NodeError(f"cannot write `{output}`: {error.strerror}") from error


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """SIGTERM and SIGHUP, where nobody handles or ignores them, end the work as an interrupt does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


@contextmanager
def _sink(output: str, *, force: bool) -> Iterator[IO[bytes]]:
    if output == "-":
        if sys.stdout.isatty():
            raise UsageError("a terminal is no place for this", hint="give -o OUT, or redirect standard output")
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    final = Path(output)
    if final.exists() and not final.is_file() and not final.is_dir():
        with final.open("wb", buffering=0) as device:
            yield device
        return
    if final.is_dir() or (final.exists() and not force):
        raise FileExistsError(output)
    folder = os.open(final.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        handle = _nameless(folder)
        if handle is not None:
            with os.fdopen(handle, "wb", buffering=0) as file:
                yield file
                os.fsync(file.fileno())
                _name(file.fileno(), folder, final.name, force=force)
            return
        name = _hidden()
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
        try:
            with os.fdopen(handle, "wb", buffering=0) as file:
                yield file
                os.fsync(file.fileno())
            if force:
                os.replace(name, final.name, src_dir_fd=folder, dst_dir_fd=folder)
            else:
                # Unlike a rename, a link never takes the place of a file that appeared meanwhile.
                os.link(name, final.name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            _remove(name, folder)
    finally:
        os.close(folder)


def _nameless(folder: int) -> int | None:
    """A file in a folder that has no name yet, or None where there are none of the kind."""
    if not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.open(".", os.O_WRONLY | os.O_TMPFILE | os.O_CLOEXEC, 0o600, dir_fd=folder)
    except OSError as error:
        if error.errno in _NO_NAMELESS:
            return None
        raise


def _name(handle: int, folder: int, name: str, *, force: bool) -> None:
    """Give a nameless file its name; it takes another's place only by force."""
    here = f"/proc/self/fd/{handle}"
    try:
        # A directory's handle is given so that the link is to the file and not to the entry in /proc (linkat(2)).
        os.link(here, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=True)
    except FileExistsError:
        if not force:
            raise
        meanwhile = _hidden()
        try:
            os.link(here, meanwhile, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=True)
            os.replace(meanwhile, name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            _remove(meanwhile, folder)


def _hidden() -> str:
    return f".gsomia-{secrets.token_hex(8)}"


def _remove(name: str, folder: int) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
