"""Commands of renditions: marked copies of a held document, who has which, and whose one is that was found."""

from __future__ import annotations

from pathlib import Path

import click

from gsomia.cli.options import by_option, force_option, home_of, json_option, node_option, print_json, table
from gsomia.cli.streams import writing
from gsomia.errors import NodeError, UsageError
from gsomia.node import Role, instant, make_rendition, rendition_of, rendition_row

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
@node_option
def make_command(item: str, person: str, total: int, output: str, force: bool, by: str, node_dir: str | None) -> None:
    """Open a held ITEM for a person and write a marked copy; the sealed original stays as it is."""
    with home_of(node_dir) as home:
        with writing(output, force=force) as sink:
            made = make_rendition(home.node, item, person, total=total, by=home.acting(by, Role.REGISTRY))
            sink.write(made.data)
        entry = made.entry
        click.echo(f"rendition {entry.number} of {entry.total} for {entry.person} by act {entry.act}", err=True)
        click.echo(f"original   sha256:{entry.original}", err=True)
        click.echo(f"rendition  sha256:{entry.rendition}", err=True)
        for remark in made.remarks:
            click.echo(f"note: {remark}", err=True)
        home.deliver()


@rendition_command.command("list")
@json_option
@node_option
def list_command(as_json: bool, node_dir: str | None) -> None:
    """List the renditions that were made: of what, for whom, with both digests."""
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        made = reader.renditions()
        numbers = {copy.id: copy.control_number for copy in reader.copies()}
    if as_json:
        print_json("renditions", {"renditions": [rendition_row(entry) for entry in made]})
        return
    head = ["control number", "copy", "for", "at", "original sha256", "rendition sha256"]
    rows = [
        [numbers.get(e.copy, e.copy), f"{e.number} of {e.total}", e.person, instant(e.at), e.original, e.rendition]
        for e in made
    ]
    table(head, rows)


@rendition_command.command("trace")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@node_option
def trace_command(file: Path, as_json: bool, node_dir: str | None) -> None:
    """Say which rendition FILE is, and whose: for a copy that was found where it should not be."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise NodeError(f"cannot read `{file}`: {error.strerror}") from error
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        entry = rendition_of(reader, data)
        copy = reader.copy(entry.copy) if entry is not None else None
    if entry is None or copy is None:
        raise UsageError(f"`{file}` is no rendition of this node", hint="one changed by a single byte is none either")
    if as_json:
        print_json("rendition", rendition_row(entry) | {"control_number": copy.control_number})
        return
    click.echo(
        f"{copy.control_number} copy {entry.number} of {entry.total}, made for {entry.person} {instant(entry.at)}"
    )
