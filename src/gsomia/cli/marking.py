"""`gsomia marking`: read, check and convert marks and labels; no node is needed."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any, Final

import click

from gsomia.errors import DataError, GsomiaError
from gsomia.marking.us import (
    ATTRIBUTES,
    UsMarking,
    breaches,
    parse_banner,
    parse_portion,
    render_banner,
    render_portion,
    roll_up,
)

FILE_LIMIT: Final = 64 * 1024 * 1024
"""Largest file, in bytes, that these commands read."""


@click.group(name="marking")
def marking() -> None:
    """Marks and labels: check, read, roll up, convert."""


@marking.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def check(context: click.Context, file: Path, as_json: bool) -> None:
    """Render each row of FILE.csv from its ISM attributes and compare banner and portion, byte for byte.

    Exits 0 if all are the same, 1 if one differs, 2 if the file cannot be read.
    """
    try:
        rows = _rows(file)
    except GsomiaError as error:
        _fail(context, error, 2)
        return
    different: list[dict[str, Any]] = []
    for line, row in rows:
        banner, portion = row.pop("banner"), row.pop("portion")
        fault: dict[str, Any] = {}
        try:
            read = UsMarking.from_attributes(row, lenient=True)
        except DataError as error:
            fault["error"] = str(error)
        else:
            for name, wanted, got in (
                ("banner", banner, render_banner(read)),
                ("portion", portion, render_portion(read)),
            ):
                if got != wanted:
                    fault[name] = {"file": wanted, "rendered": got}
            for breach in breaches(read):
                click.echo(f"line {line}: note: {breach.message} ({breach.rule})", err=True)
        if fault:
            different.append({"line": line, **fault})
    if as_json:
        result = {"schema": "gsomia.marking.check/v1", "rows": len(rows), "different": different}
        click.echo(json.dumps(result, ensure_ascii=False))
    else:
        for fault in different:
            _show_difference(fault)
        click.echo(f"{len(rows)} rows, {len(different)} different" if different else f"{len(rows)} rows, all the same")
    context.exit(1 if different else 0)


def _show_difference(fault: dict[str, Any]) -> None:
    if "error" in fault:
        click.echo(f"line {fault['line']}: {fault['error']}")
    for name in ("banner", "portion"):
        if name in fault:
            click.echo(f"line {fault['line']}: {name} in the file   {fault[name]['file']!r}")
            click.echo(f"line {fault['line']}: {name} as rendered   {fault[name]['rendered']!r}")


def _rows(file: Path) -> list[tuple[int, dict[str, str]]]:
    text = _text(file)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, None)
        if header is None:
            raise DataError(f"`{file}` is empty")
        missing = {"classification", "ownerProducer", "banner", "portion"} - set(header)
        unknown = set(header) - set(ATTRIBUTES) - {"banner", "portion"}
        if missing or unknown or len(set(header)) != len(header):
            fault = sorted(missing or unknown or header)[0]
            raise DataError(
                f"`{file}` line 1: column `{fault}` is missing, unknown or there twice",
                hint=f"the columns are {', '.join(ATTRIBUTES)}, banner, portion",
            )
        rows = []
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                raise DataError(f"`{file}` line {reader.line_num}: {len(row)} fields, the header has {len(header)}")
            rows.append((reader.line_num, dict(zip(header, row, strict=True))))
    except csv.Error as error:
        raise DataError(f"`{file}` line {reader.line_num}: {error}") from error
    if not rows:
        raise DataError(f"`{file}` has no rows to check")
    return rows


def _bytes(file: Path) -> bytes:
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


def _text(file: Path) -> str:
    try:
        return _bytes(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"`{file}` is not UTF-8 at byte {error.start}") from error


def _fail(context: click.Context, error: GsomiaError, code: int) -> None:
    click.echo(f"error: {error}", err=True)
    if error.hint:
        click.echo(f"hint: {error.hint}", err=True)
    context.exit(code)


@marking.command()
@click.argument("text")
@click.option("--nickname", multiple=True, help="An ACCM nickname that may stand in the mark.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def read(context: click.Context, text: str, nickname: tuple[str, ...], as_json: bool) -> None:
    """Read a United States banner, or a portion mark in parentheses, and show what it says.

    Exits 0 if the mark is right, 1 if it is not; then the error names the column and the nearest right one.
    """
    portion = text.startswith("(")
    names = frozenset(nickname)
    try:
        found = parse_portion(text, nicknames=names) if portion else parse_banner(text, nicknames=names)
    except DataError as error:
        _fail(context, error, 1)
        return
    shown = {
        "schema": "gsomia.marking.read/v1",
        "ism": found.to_attributes(),
        "banner": render_banner(found),
        "portion": render_portion(found),
    }
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False))
        return
    for name, value in found.to_attributes().items():
        click.echo(f"{name:22} {value}")
    click.echo(f"{'banner':22} {shown['banner']}")
    click.echo(f"{'portion':22} {shown['portion']}")


@marking.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_context
def rollup(context: click.Context, file: Path) -> None:
    """Print the banner of a document from its portion marks: one mark at the start of each paragraph of FILE."""
    try:
        marks = []
        for number, line in enumerate(_text(file).splitlines(), 1):
            if not line.strip():
                continue
            if not line.startswith("("):
                raise DataError(f"line {number} has no portion mark")
            end = line.find(")") + 1
            try:
                marks.append(parse_portion(line[:end] if end else line))
            except DataError as error:
                raise DataError(f"line {number}: {error}", hint=error.hint) from error
        click.echo(render_banner(roll_up(marks)))
    except DataError as error:
        _fail(context, error, 1)
