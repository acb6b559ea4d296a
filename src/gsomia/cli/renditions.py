"""Commands of renditions: marked copies of a held document, who has which, and whose one is that was found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, asked, is_address, reached
from gsomia.cli.address.signing import signed
from gsomia.cli.options import by_option, force_option, home_of, json_option, plain, print_json, table
from gsomia.cli.streams import writing
from gsomia.errors import NodeError, UsageError, VerificationError
from gsomia.node import Reader, Role, make_rendition, numbered_renditions, rendition_row

__all__ = ["rendition_command"]


@click.group("rendition")
def rendition_command() -> None:
    """Marked copies of held documents: each numbered, for one person, with both digests in the register."""


@rendition_command.command("make")
@click.argument("item")
@click.option("--for", "person", required=True, help="Who gets it; clearance, need and roster come from the register.")
@click.option("--of", "total", default=0, help="How many copies there are to be; as said before where it is left out.")
@click.option("--output", "-o", default="-", metavar="FILE", help="Where it goes; else standard output.")
@force_option
@by_option
@anywhere_option
def make_command(item: str, person: str, total: int, output: str, force: bool, by: str, node_dir: str | None) -> None:
    """Open a held ITEM for a person and write a marked copy; the sealed original stays as it is."""
    if is_address(node_dir):
        wanted = {"act": "rendition", "item": item, "person": person, "total": total}
        with reached(node_dir) as remote, writing(output, force=force) as sink:
            told = remote.post("preparations", wanted)
            (said,) = signed(remote, told, wanted)
            data, headers = remote.content(f"preparations/{told['id']}/document", {})
            if hashlib.sha256(data).hexdigest() != said.body["rendition"]:
                raise VerificationError("what came is not the rendition that was signed")
            sink.write(data)
        _tell(said.body, said.id, [str(one) for one in json.loads(unquote(headers["x-gsomia-remarks"]))])
        return
    with home_of(node_dir) as home:
        with writing(output, force=force) as sink:
            made = make_rendition(home.node, item, person, total=total, by=home.acting(by, Role.REGISTRY))
            sink.write(made.data)
        _tell(rendition_row(made.entry), made.entry.act, made.remarks)
        home.deliver()


def _tell(row: Mapping[str, Any], act: str, remarks: Sequence[str]) -> None:
    click.echo(plain(f"rendition {row['number']} of {row['total']} for {row['person']} by act {act}"), err=True)
    click.echo(plain(f"original   sha256:{row['original']}"), err=True)
    click.echo(plain(f"rendition  sha256:{row['rendition']}"), err=True)
    for remark in remarks:
        click.echo(plain(f"note: {remark}"), err=True)


@rendition_command.command("list")
@json_option
@anywhere_option
def list_command(as_json: bool, node_dir: str | None) -> None:
    """List the renditions that were made: of what, for whom, with both digests."""

    def here(_: Home, reader: Reader) -> dict[str, Any]:
        return {"renditions": numbered_renditions(reader)}

    made = asked(node_dir, "renditions", here)["renditions"]
    if as_json:
        print_json("renditions", {"renditions": made})
        return
    head = ["control number", "copy", "for", "at", "original sha256", "rendition sha256"]
    rows = [
        [
            row["control_number"],
            f"{row['number']} of {row['total']}",
            *(row[key] for key in ("person", "at", "original", "rendition")),
        ]
        for row in made
    ]
    table(head, rows)


@rendition_command.command("trace")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@anywhere_option
def trace_command(file: Path, as_json: bool, node_dir: str | None) -> None:
    """Say which rendition FILE is, and whose: for a copy that was found where it should not be."""
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise NodeError(f"cannot read `{file}`: {error.strerror}") from error

    def here(_: Home, reader: Reader) -> dict[str, Any]:
        return {"renditions": numbered_renditions(reader, digest)}

    found = asked(node_dir, "renditions", here, digest=digest)["renditions"]
    if not found:
        raise UsageError(f"`{file}` is no rendition of this node", hint="one changed by a single byte is none either")
    row = found[0]
    if as_json:
        print_json("rendition", row)
        return
    click.echo(
        plain(f"{row['control_number']} copy {row['number']} of {row['total']}, made for {row['person']} {row['at']}")
    )
