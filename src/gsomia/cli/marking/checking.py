"""`gsomia marking check`: rows of ISM attributes against the banner and portion mark that stand beside them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any, Final

import click

from gsomia.cli.marking.group import file_text, marking, note, told
from gsomia.errors import DataError
from gsomia.marking import (
    US_ATTRIBUTES,
    US_UNSHOWN,
    UsMarking,
    breaches,
    nearest,
    official_banner,
    official_portion,
    render_banner,
    render_portion,
    visible_json,
)

__all__ = ["check", "read_rows"]

_MARKS: Final = ("banner", "portion")
_NEEDED: Final = ("classification", "ownerProducer", *_MARKS)
_PREFIX: Final = "ism:"

_LATER: Final = frozenset(
    {"cuiBasic", "cuiSpecified", "handleViaChannels", "highWaterNATO", "joint", "secondBannerLine"}
)
"""Attributes of later versions of ISM that change a mark; this one (DESVersion 10) has no words for them."""

Row = tuple[int, dict[str, str]]


@marking.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def check(context: click.Context, file: Path, as_json: bool) -> None:
    """Render each row of FILE.csv from its ISM attributes and compare banner and portion, byte for byte.

    Rendered as ISM's stylesheets do (DESVersion 10). Where the register's grammar writes something else, or knows no
    such marking, a note says so. Exits 0 if all are the same, 1 if one differs, 2 if the file cannot be read.
    """
    with told(context, 2):
        rows = read_rows(file_text(file), str(file))
    different: list[dict[str, Any]] = []
    for line, row in rows:
        fault: dict[str, Any] = {}
        attributes = {name: value for name, value in row.items() if name not in _MARKS}
        for name, got in (("banner", official_banner(attributes)), ("portion", official_portion(attributes))):
            if got != row[name]:
                fault[name] = {"file": row[name], "rendered": got}
        for remark in _remarks(attributes):
            click.echo(f"line {line}: note: {remark}", err=True)
        if fault:
            different.append({"line": line, **fault})
    if as_json:
        result = {"schema": "gsomia.marking.check/v1", "rows": len(rows), "different": different}
        click.echo(visible_json(result))
    else:
        for fault in different:
            for name in _MARKS:
                if name in fault:
                    click.echo(f"line {fault['line']}: {name} in the file   {fault[name]['file']!r}")
                    click.echo(f"line {fault['line']}: {name} as rendered   {fault[name]['rendered']!r}")
        click.echo(f"{len(rows)} rows, {len(different)} different" if different else f"{len(rows)} rows, all the same")
    context.exit(1 if different else 0)


def _remarks(attributes: dict[str, str]) -> list[str]:
    """Where the register's grammar departs from what the stylesheets print."""
    try:
        read = UsMarking.from_attributes(attributes, lenient=True)
    except DataError as error:
        return [f"not a marking by the register: {error}"]
    remarks = [f"{breach.message} ({breach.rule})" for breach in breaches(read)]
    remarks += [
        f"the register's {name} is `{own}`"
        for name, own, theirs in (
            ("banner", render_banner(read), official_banner(attributes)),
            ("portion", render_portion(read), official_portion(attributes)),
        )
        if own != theirs
    ]
    return remarks


def read_rows(text: str, file: str) -> list[Row]:
    """The rows of a CSV with the columns that a mark shows, each with the number of its line.

    Args:
        text: the CSV.
        file: its name, for messages.

    Raises:
        DataError: no CSV, a column is missing or in doubt, or there is no row.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, None)
        if header is None:
            raise DataError(f"`{file}` is empty")
        names = [name.strip().removeprefix(_PREFIX) for name in header]
        _check_header(file, header, names)
        rows = []
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                raise DataError(f"`{file}` line {reader.line_num}: {len(row)} fields, the header has {len(header)}")
            rows.append((reader.line_num, dict(zip(names, row, strict=True))))
    except csv.Error as error:
        raise DataError(f"`{file}` line {reader.line_num}: {error}") from error
    if not rows:
        raise DataError(f"`{file}` has no rows to check")
    return _shown(file, header, rows)


def _check_header(file: str, header: list[str], names: list[str]) -> None:
    for name in _NEEDED:
        if name not in names:
            hint = "the fields are parted by commas" if ";" in header[0] or "\t" in header[0] else ""
            raise DataError(
                f"`{file}` line 1: column `{name}` is missing",
                hint=hint or f"the columns are {', '.join(US_ATTRIBUTES)}, banner, portion",
            )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"`{file}` line 1: column `{twice}` stands there twice")


def _shown(file: str, header: list[str], rows: list[Row]) -> list[Row]:
    """The rows with what a mark shows; columns that say something else are told, and none that might is left out."""
    known = {*US_ATTRIBUTES, *_MARKS}
    ignored = []
    for whole in header:
        name = whole.strip().removeprefix(_PREFIX)
        if name in known:
            continue
        said = next((line for line, row in rows if row[name].strip()), None)
        if said is not None and name not in US_UNSHOWN:
            near = nearest(name, (*US_ATTRIBUTES, *US_UNSHOWN), limit=2)
            if near or name in _LATER or whole.strip().startswith(_PREFIX):
                raise DataError(
                    f"`{file}` line 1: column `{whole}` is no attribute of ISM, DESVersion 10 (line {said} uses it)",
                    hint=f"did you mean `{near}`?" if near else f"the attributes are {', '.join(US_ATTRIBUTES)}",
                )
        ignored.append(whole)
    if ignored:
        note(f"no part of a mark, so ignored: {', '.join(f'`{name}`' for name in ignored)}")
    return [(line, {name: value for name, value in row.items() if name in known}) for line, row in rows]
