"""Commands of parcels: the exchange through files, over a diode or with a stick."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import click

from gsomia.app import Home, export_file, import_file
from gsomia.cli.address.asked import anywhere_option, asked
from gsomia.cli.options import home_of, json_option, node_option, plain, print_json, table
from gsomia.cli.reconcile import tell_reconciled
from gsomia.node import Reader, parcel_rows

__all__ = ["parcel_command"]


@click.group("parcel")
def parcel_command() -> None:
    """Carry the exchange with a peer through files."""


@parcel_command.command("export")
@click.argument("target", metavar="DIR_OR_FILE", type=click.Path(path_type=Path))
@click.option("--to", "party", required=True, help="The peer for whom it is.")
@click.option("--new", "new_only", is_flag=True, help="Leave out what an earlier parcel carried, answered or not.")
@json_option
@node_option
def export_command(target: Path, party: str, new_only: bool, as_json: bool, node_dir: str | None) -> None:
    """Make a parcel of all that is open towards a peer, and sign it.

    What was carried and not answered goes again, so that a parcel that is lost takes nothing with it.
    """
    with home_of(node_dir) as home:
        result = export_file(home, target, party, new_only=new_only)
    if result is None:
        if as_json:
            print_json("parcel", {"file": None})
        else:
            click.echo(f"nothing to carry to {party}")
        return
    path, made = result
    if as_json:
        print_json("parcel", {"file": str(path), "to": party, **dataclasses.asdict(made)})
        return
    told = [("offers", made.offered), ("copies", made.delivered), ("acts", made.acts), ("answers", made.answers)]
    held = ", ".join(f"{count} {name}" for name, count in told if count) or "what was received, and checkpoints"
    click.echo(f"{path}: parcel {made.number} for {party}: {held}")
    if made.left:
        click.echo(f"{made.left} entries of the outbox wait for a later parcel", err=True)


@parcel_command.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@node_option
def import_command(file: Path, as_json: bool, node_dir: str | None) -> None:
    """Take in a parcel; all of it is checked before any of it counts."""
    with home_of(node_dir) as home:
        taken = import_file(home, file)
    if as_json:
        print_json("taken-in", dataclasses.asdict(taken))
        return
    name = f"parcel {taken.number} of {taken.sender}"
    if taken.again:
        click.echo(f"{name} was taken in before; nothing was done")
        return
    held = ", ".join(f"{count} {kind}" for kind, count in taken.messages.items()) or "nothing but its number"
    click.echo(f"{name}: {held}")
    if taken.missing:
        click.echo(
            f"{taken.missing} parcels before it did not come; what is still open of them is in this one", err=True
        )
    if taken.compared is not None:
        tell_reconciled(taken.compared)
    for why in taken.refused:
        click.echo(plain(f"refused: {why}"), err=True)


@parcel_command.command("list")
@json_option
@anywhere_option
def list_command(as_json: bool, node_dir: str | None) -> None:
    """List the parcels that were made and taken in, and what the peer is known to have."""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return {"parcels": parcel_rows(reader)}

    rows = asked(node_dir, "parcels", here)["parcels"]
    if as_json:
        print_json("parcels", {"parcels": rows})
        return
    head = ("peer", "way", "number", "made_at", "at", "parts", "there")
    table([word.replace("_", " ") for word in head], [[row[key] for key in head] for row in rows])
