"""The group `gsomia marking`, and how its commands read files and tell errors."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from gsomia.errors import DataError, GsomiaError

__all__ = ["FILE_LIMIT", "file_bytes", "file_text", "marking", "note", "told", "write_new"]

FILE_LIMIT: Final = 64 * 1024 * 1024
"""Largest file, in bytes, that these commands read."""


@click.group(name="marking")
def marking() -> None:
    """Marks and labels: check, read, roll up, convert, bind."""


def file_bytes(file: Path) -> bytes:
    """What a file holds; `-` is standard input.

    Raises:
        DataError: it cannot be read, or is larger than `FILE_LIMIT`.
    """
    try:
        if str(file) == "-":
            data = sys.stdin.buffer.read(FILE_LIMIT + 1)
        else:
            with file.open("rb") as stream:
                data = stream.read(FILE_LIMIT + 1)
    except OSError as error:
        raise DataError(f"`{file}` cannot be read: {error.strerror}") from error
    if len(data) > FILE_LIMIT:
        raise DataError(f"`{file}` is larger than {FILE_LIMIT} bytes")
    return data


def file_text(file: Path) -> str:
    """What a file of UTF-8 text holds, without a byte order mark.

    Raises:
        DataError: as for `file_bytes`, or it is not UTF-8.
    """
    try:
        return file_bytes(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"`{file}` is not UTF-8 at byte {error.start}") from error


def write_new(out: Path, data: bytes) -> None:
    """Write a file that is not there yet.

    Raises:
        DataError: it cannot be written.
    """
    try:
        with out.open("xb") as stream:
            stream.write(data)
    except OSError as error:
        raise DataError(f"`{out}` cannot be written: {error.strerror}") from error


def note(text: str) -> None:
    """Tell people something that is no error."""
    click.echo(f"note: {text}", err=True)


@contextmanager
def told(context: click.Context, code: int = 1) -> Iterator[None]:
    """Tell one of our errors, with its hint, and leave with a status."""
    try:
        yield
    except GsomiaError as error:
        click.echo(f"error: {error}", err=True)
        if error.hint:
            click.echo(f"hint: {error.hint}", err=True)
        context.exit(code)
