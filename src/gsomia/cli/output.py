"""Where a command writes bytes: a file whole or not at all, a device or pipe, or standard output."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from gsomia.errors import NodeError, UsageError

__all__ = ["force_option", "writing"]

force_option = click.option("--force", "-f", is_flag=True, help="Replace a file that is there already.")


@contextmanager
def writing(output: str, *, force: bool) -> Iterator[BinaryIO]:
    """A new file under its final name only when all went well; a device or pipe; or standard output for `-`.

    Args:
        output: the file's name, or `-`.
        force: replace an existing file.

    Raises:
        UsageError: it would go to a terminal, or in the place of a file.
        NodeError: the file cannot be written.
    """
    try:
        with _sink(output, force=force) as sink:
            yield sink
    except BrokenPipeError:
        raise
    except FileExistsError as error:
        raise UsageError(f"`{output}` exists", hint="give another name, or --force for a file") from error
    except OSError as error:
        raise NodeError(f"cannot write `{output}`: {error.strerror}") from error


@contextmanager
def _sink(output: str, *, force: bool) -> Iterator[BinaryIO]:
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
    handle, name = tempfile.mkstemp(prefix=f".{final.name}.", dir=final.parent)
    try:
        with os.fdopen(handle, "wb", buffering=0) as file:
            yield file
            os.fsync(file.fileno())
        if force:
            Path(name).replace(final)
        else:
            # Unlike a rename, a link never takes the place of a file that appeared meanwhile.
            os.link(name, final)
    finally:
        Path(name).unlink(missing_ok=True)
