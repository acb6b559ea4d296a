"""`gsomia marking`: read, check and convert marks and labels; no node is needed."""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import click

from gsomia.errors import DataError, GsomiaError
from gsomia.marking import (
    US_ATTRIBUTES,
    US_UNSHOWN,
    Label,
    Policy,
    UsMarking,
    banner,
    breaches,
    check_label,
    copy_line,
    load_spif,
    pair_line,
    parse_banner,
    parse_portion,
    read_label,
    read_spiffy,
    recipient_line,
    render_banner,
    render_label,
    render_portion,
    roll_up_portions,
    translate_label,
    us_label,
    us_marking,
    write_label,
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
        for name in US_UNSHOWN:
            row.pop(name, None)
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
        unknown = set(header) - {*US_ATTRIBUTES, *US_UNSHOWN, "banner", "portion"}
        if missing or unknown or len(set(header)) != len(header):
            fault = sorted(missing or unknown or header)[0]
            raise DataError(
                f"`{file}` line 1: column `{fault}` is missing, unknown or there twice",
                hint=f"the columns are {', '.join(US_ATTRIBUTES)}, banner, portion",
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
        click.echo(render_banner(roll_up_portions(marks)))
    except DataError as error:
        _fail(context, error, 1)


NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The time that `--lenient` gives a label that has none."""

_FORMS: Final = ("xml", "json", "ocl", "ism", "banner", "portion", "text")


@marking.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--to", "form", type=click.Choice(_FORMS), required=True, help="What to write.")
@click.option("--from", "source", type=click.Choice(_FORMS[:-1]), help="What FILE must be; otherwise it is looked at.")
@click.option("--policy", "spif", type=click.Path(path_type=Path), help="A SPIF: the label is checked against it.")
@click.option(
    "--lenient", is_flag=True, help="Accept a label without a time of creation, and a SPIF with small faults."
)
@click.option("--lang", default="en", show_default=True, help="The language of `--to text`.")
@click.pass_context
def convert(
    context: click.Context,
    file: Path,
    form: str,
    source: str | None,
    spif: Path | None,
    lenient: bool,
    lang: str,
) -> None:
    """Read a label in any form and write it in another.

    FILE holds STANAG 4774 XML, STANAG 5636 JSON (`ocl`), our own JSON, ISM attributes as JSON, or a banner or portion
    mark; `-` is standard input. `--to text` shows it as its policy has it shown, and needs `--policy`.
    """
    try:
        policy = _policy(spif, lenient) if spif is not None else None
        data = _bytes(file)
        if source is not None and _found(data) != source:
            raise DataError(f"`{file}` is `{_found(data)}`, not `{source}`")
        label = _label(data, policy, lenient)
        if policy is not None:
            check_label(policy, label)
        click.echo(_form(label, form, policy, lang), nl=False)
    except GsomiaError as error:
        _fail(context, error, 1)


def _policy(spif: Path, lenient: bool) -> Policy:
    policy = load_spif(_bytes(spif), lenient=lenient)
    for remark in policy.remarks:
        click.echo(f"note: the SPIF: {remark}", err=True)
    return policy


def _found(data: bytes) -> str:
    head = data.lstrip()[:1]
    if head == b"<":
        return "xml"
    if head == b"{":
        return "ocl" if b'"ocl"' in data else "ism" if b'"ownerProducer"' in data[:2000] else "json"
    return "portion" if head == b"(" else "banner"


def _label(data: bytes, policy: Policy | None, lenient: bool) -> Label:
    head = data.lstrip()[:1]
    if head == b"<":
        return _xml_label(data, policy, lenient)
    if head == b"{":
        try:
            value = json.loads(data, object_pairs_hook=_no_doubles)
        except (ValueError, RecursionError) as error:
            raise DataError(f"not JSON: {error}") from error
        if "ocl" in value:
            return Label.from_ocl(value, policy=policy.name if policy is not None else "")
        if "ownerProducer" not in value:
            return Label.from_json(value)
        if not all(isinstance(v, str) for v in value.values()):
            raise DataError("ISM attributes are text")
        return us_label(UsMarking.from_attributes(value), created=_no_time(lenient))
    try:
        text = data.decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError as error:
        raise DataError(f"not UTF-8 at byte {error.start}") from error
    read_mark = parse_portion if text.startswith("(") else parse_banner
    return us_label(read_mark(text), created=_no_time(lenient))


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands there twice")
    return value


def _no_time(lenient: bool) -> datetime:
    if not lenient:
        raise DataError(
            "the label has no time of creation, which STANAG 4774 requires", hint="--lenient accepts it and says so"
        )
    click.echo(f"note: the label has no time of creation; {NO_TIME:%Y-%m-%dT%H:%M:%SZ} stands in for it", err=True)
    return NO_TIME


def _xml_label(data: bytes, policy: Policy | None, lenient: bool) -> Label:
    if b"http://surevine.com/xmlns/spiffy" in data:
        if policy is None:
            raise DataError("a label in the short form holds numbers", hint="give its SPIF with --policy")
        return read_spiffy(data, policy, created=_no_time(lenient))
    label = read_label(data, created=NO_TIME if lenient else None).label
    if label.created == NO_TIME:
        _no_time(lenient)
    return label


def _form(label: Label, form: str, policy: Policy | None, lang: str) -> bytes:
    if form == "xml":
        return write_label(label)
    if form == "text":
        if policy is None:
            raise DataError("`--to text` shows a label as its policy has it shown", hint="give its SPIF with --policy")
        return (render_label(policy, label, lang=lang) + "\n").encode()
    if form in ("json", "ocl"):
        value = label.to_json() if form == "json" else label.to_ocl()
        return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
    found = us_marking(label)
    if form == "ism":
        return (json.dumps(found.to_attributes(), indent=2) + "\n").encode()
    return ((render_banner(found) if form == "banner" else render_portion(found)) + "\n").encode()


@marking.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--from", "source", type=click.Path(path_type=Path), required=True, help="The label's own SPIF.")
@click.option("--to", "target", type=click.Path(path_type=Path), required=True, help="The other policy's SPIF.")
@click.option(
    "--side",
    type=click.Choice(["encrypt", "decrypt"]),
    required=True,
    help="Who translates: the giver (encrypt) or the receiver (decrypt).",
)
@click.option("--at", required=True, help="The new label's time of creation, such as 2026-11-23T05:00:00Z.")
@click.option("--lenient", is_flag=True, help="As for `convert`.")
@click.pass_context
def translate(
    context: click.Context,
    file: Path,
    source: Path,
    target: Path,
    side: Literal["encrypt", "decrypt"],
    at: str,
    lenient: bool,
) -> None:
    """Write the equivalent of a label in another policy, where the label's own policy allows it."""
    try:
        try:
            when = datetime.fromisoformat(at)
        except ValueError as error:
            raise DataError(f"`{at}` is not an instant", hint="write it like 2026-11-23T05:00:00Z") from error
        own, other = _policy(source, lenient), _policy(target, lenient)
        label = _label(_bytes(file), own, lenient)
        click.echo(write_label(translate_label(own, other, label, side=side, at=when), "alternative"), nl=False)
    except GsomiaError as error:
        _fail(context, error, 1)


@marking.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--lenient", is_flag=True, help="List every small fault instead of stopping at the first.")
@click.pass_context
def policy(context: click.Context, file: Path, lenient: bool) -> None:
    """Check a SPIF and list its levels; exits 0 if it is valid."""
    try:
        found = _policy(file, lenient)
    except GsomiaError as error:
        _fail(context, error, 1)
        return
    click.echo(f"{found.name} {found.id} version {found.version}: {len(found.tags)} tags")
    for level in sorted(found.levels, key=lambda level: level.hierarchy):
        to = ", ".join(f"{e.policy} {e.lacv} ({e.applied})" for e in level.equivalents)
        click.echo(f"{level.hierarchy:>4}  {level.name}{f'  = {to}' if to else ''}")
    context.exit(1 if found.remarks else 0)


_KINDS: Final = {b"%PDF": "pdf", b"\x89PNG": "image", b"\xff\xd8": "image", b"II*\0": "image", b"MM\0*": "image"}


def _kind(data: bytes) -> str:
    for head, kind in _KINDS.items():
        if data.startswith(head):
            return kind
    if data.startswith(b"PK"):
        return "odf" if data[30:38] == b"mimetype" else "docx"
    raise DataError("not a PDF, DOCX, ODF text, PNG, JPEG or TIFF")


@marking.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_context
def inspect(context: click.Context, file: Path) -> None:
    """Look a document over: exits 1 if it is active, encrypted or broken, and names everything found."""
    from gsomia.documents import inspect_docx, inspect_image, inspect_odf, inspect_pdf

    try:
        data = _bytes(file)
        kind = _kind(data)
        looks = {"pdf": inspect_pdf, "docx": inspect_docx, "odf": inspect_odf, "image": inspect_image}
        remarks = looks[kind](data)
    except GsomiaError as error:
        _fail(context, error, 1)
        return
    click.echo(f"{kind}: no active content")
    for remark in remarks:
        click.echo(f"note: {remark}", err=True)


@marking.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--origin", required=True, help="The providing Government's name, in the recipient's language.")
@click.option("--mark", required=True, help="The recipient's own mark.")
@click.option("--lang", required=True, help="The recipient's language, such as ko or ja.")
@click.option("--copy", "copies", type=(int, int), help="Number of this copy, and of all copies.")
@click.option("--recipient", help="Whom this copy is for.")
@click.option("--label", type=click.Path(path_type=Path), help="The label to carry in the document's properties.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def stamp(
    context: click.Context,
    file: Path,
    out: Path,
    origin: str,
    mark: str,
    lang: str,
    copies: tuple[int, int] | None,
    recipient: str | None,
    label: Path | None,
    as_json: bool,
) -> None:
    """Write to OUT a rendition of FILE with the pair line on every page; FILE is not changed."""
    from gsomia.documents import Marks, mark_docx, mark_image, mark_odf, mark_pdf

    try:
        data = _bytes(file)
        kind = _kind(data)
        below = [banner(mark, lang=lang)]
        if copies is not None:
            below.append(copy_line(copies[0], copies[1], lang=lang))
        if recipient:
            below.append(recipient_line(recipient, lang=lang))
        marks = Marks(top=(pair_line(origin, mark, lang=lang),), bottom=tuple(below))
        properties: dict[str, str] = {}
        if label is not None:
            carried = _label(_bytes(label), None, False)
            properties["gsomia-label"] = json.dumps(carried.to_json(), ensure_ascii=False)
        markers = {"pdf": mark_pdf, "docx": mark_docx, "odf": mark_odf, "image": mark_image}
        made = markers[kind](data, marks, properties)
        try:
            with out.open("xb") as stream:
                stream.write(made.data)
        except OSError as error:
            raise DataError(f"`{out}` cannot be written: {error.strerror}") from error
    except GsomiaError as error:
        _fail(context, error, 1)
        return
    shown = {"source": made.source_sha256, "rendition": made.sha256, "parts": made.parts, "remarks": list(made.remarks)}
    if as_json:
        click.echo(json.dumps({"schema": "gsomia.marking.stamp/v1", **shown}, ensure_ascii=False))
        return
    click.echo(f"source     sha256:{made.source_sha256}")
    click.echo(f"rendition  sha256:{made.sha256}  {made.parts} marked")
    for remark in made.remarks:
        click.echo(f"note: {remark}", err=True)
