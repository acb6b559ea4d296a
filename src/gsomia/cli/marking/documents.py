"""`gsomia marking inspect|stamp`: look a document over, and make a marked rendition of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import click

from gsomia.cli.marking.forms import read_form
from gsomia.cli.marking.group import file_bytes, marking, note, told, write_new
from gsomia.errors import DataError
from gsomia.marking import banner, copy_line, pair_line, recipient_line, visible_json

__all__ = ["inspect", "stamp"]

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

    with told(context):
        data = file_bytes(file)
        kind = _kind(data)
        looks = {"pdf": inspect_pdf, "docx": inspect_docx, "odf": inspect_odf, "image": inspect_image}
        remarks = looks[kind](data)
    click.echo(f"{kind}: no active content")
    for remark in remarks:
        note(remark)


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

    with told(context):
        data = file_bytes(file)
        kind = _kind(data)
        below = [banner(mark, lang=lang)]
        if copies is not None:
            below.append(copy_line(copies[0], copies[1], lang=lang))
        if recipient:
            below.append(recipient_line(recipient, lang=lang))
        marks = Marks(top=(pair_line(origin, mark, lang=lang),), bottom=tuple(below))
        properties: dict[str, str] = {}
        if label is not None:
            carried = read_form(file_bytes(label)).label
            properties["gsomia-label"] = json.dumps(carried.to_json(), ensure_ascii=False)
        markers = {"pdf": mark_pdf, "docx": mark_docx, "odf": mark_odf, "image": mark_image}
        made = markers[kind](data, marks, properties)
        write_new(out, made.data)
    shown = {"source": made.source_sha256, "rendition": made.sha256, "parts": made.parts, "remarks": list(made.remarks)}
    if as_json:
        click.echo(visible_json({"schema": "gsomia.marking.stamp/v1", **shown}))
        return
    click.echo(f"source     sha256:{made.source_sha256}")
    click.echo(f"rendition  sha256:{made.sha256}  {made.parts} marked")
    for remark in made.remarks:
        note(remark)
