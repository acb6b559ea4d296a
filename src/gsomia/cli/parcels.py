"""Commands of parcels: the exchange through files, over a diode or with a stick."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gsomia.app import Home, export_file, import_file, parcel_file, parcel_path, parcel_reading
from gsomia.cli.address.asked import RUN_SECONDS, anywhere_option, asked, is_address, reached
from gsomia.cli.address.paths import api_path
from gsomia.cli.address.sending import SLOWEST, once_there, sent_there, tried_again
from gsomia.cli.options import home_of, json_option, plain, print_json, table
from gsomia.cli.reconcile import tell_reconciled
from gsomia.errors import GsomiaError, PeerError
from gsomia.node import Reader, parcel_rows

if TYPE_CHECKING:
    from gsomia.cli.address.remote import Remote

__all__ = ["parcel_command"]


@click.group("parcel")
def parcel_command() -> None:
    """Carry the exchange with a peer through files."""


@parcel_command.command("export")
@click.argument("target", metavar="DIR_OR_FILE", type=click.Path(path_type=Path))
@click.option("--to", "party", required=True, help="The peer for whom it is.")
@click.option("--new", "new_only", is_flag=True, help="Leave out what an earlier parcel carried, answered or not.")
@json_option
@anywhere_option
def export_command(target: Path, party: str, new_only: bool, as_json: bool, node_dir: str | None) -> None:
    """Make a parcel of all that is open towards a peer, and sign it; a node at its address makes it, and it comes here.

    What was carried and not answered goes again, so that a parcel that is lost takes nothing with it.
    """
    if is_address(node_dir):
        with reached(node_dir) as remote:
            there = _export_there(remote, target, party, new_only)
    else:
        with home_of(node_dir) as home:
            made = export_file(home, target, party, new_only=new_only)
        there = None if made is None else (made[0], dataclasses.asdict(made[1]))
    if there is None:
        if as_json:
            print_json("parcel", {"file": None})
        else:
            click.echo(f"nothing to carry to {party}")
        return
    path, told = there
    if as_json:
        print_json("parcel", {"file": str(path), "to": party, **told})
        return
    kinds = [("offers", "offered"), ("copies", "delivered"), ("acts", "acts"), ("answers", "answers")]
    held = ", ".join(f"{told[key]} {name}" for name, key in kinds if told[key])
    click.echo(f"{path}: parcel {told['number']} for {party}: {held or 'what was received, and checkpoints'}")
    if told["left"]:
        click.echo(f"{told['left']} entries of the outbox wait for a later parcel", err=True)


def _export_there(remote: Remote, target: Path, party: str, new_only: bool) -> tuple[Path, dict[str, int]] | None:
    """A parcel that a node makes for a peer of its own, fetched: the file, and what it holds; None for nothing.

    Raises:
        UsageError: a file of that name is there.
        NodeError: the disk here does not take it.
        PeerError: the node cannot be reached. Whichever it is, nothing lies here, and what the parcel holds goes with
            the next that is made without `--new`.
    """
    own = remote.frame.party
    parcel_path(target, own, party, 0)  # before it is made: one that lies nowhere uses up a number
    with _for_the_next(PeerError):
        told = once_there(remote, "parcel-exports", {"to": party, "new": new_only}, seconds=RUN_SECONDS)
    if not told["parcel"]:
        return None
    made = {key: int(told[key]) for key in ("number", "offered", "delivered", "acts", "answers", "left")}
    name = api_path("parcel-exports", told["parcel"])
    try:
        with _for_the_next(GsomiaError):
            path = parcel_path(target, own, party, made["number"])
            _fetch(remote, name, path, told["bytes"])
    finally:
        with suppress(GsomiaError):
            remote.delete(name)
    return path, made


@contextmanager
def _for_the_next(*kinds: type[GsomiaError]) -> Iterator[None]:
    """Say how to have what a parcel held that a node made, or may have made, and that does not lie here."""
    try:
        yield
    except kinds as error:
        error.hint = "make the next without --new: it holds what was in this one"
        raise


def _fetch(remote: Remote, name: str, path: Path, size: int) -> None:
    """Fetch a parcel that was made, whole or not at all."""
    with parcel_file(path) as file:

        def fetched() -> None:
            file.seek(0)
            file.truncate()
            remote.download(name, file)
            if file.tell() != size:
                raise PeerError(f"of {size} bytes of the parcel {file.tell()} came")

        tried_again(fetched)


@parcel_command.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@anywhere_option
def import_command(file: Path, as_json: bool, node_dir: str | None) -> None:
    """Take in a parcel; all of it is checked before any of it counts."""
    if is_address(node_dir):
        with reached(node_dir) as remote:
            taken = _import_there(remote, file)
    else:
        with home_of(node_dir) as home:
            taken = dataclasses.asdict(import_file(home, file))
    if as_json:
        print_json("taken-in", taken)
        return
    name = plain(f"parcel {taken['number']} of {taken['sender']}")
    if taken["again"]:
        click.echo(f"{name} was taken in before; nothing was done")
        return
    held = ", ".join(f"{count} {kind}" for kind, count in taken["messages"].items()) or "nothing but its number"
    click.echo(plain(f"{name}: {held}"))
    if taken["missing"]:
        click.echo(
            f"{taken['missing']} parcels before it did not come; what is still open of them is in this one", err=True
        )
    if taken["compared"] is not None:
        tell_reconciled(taken["compared"])
    for why in taken["refused"]:
        click.echo(plain(f"refused: {why}"), err=True)


def _import_there(remote: Remote, file: Path) -> dict[str, Any]:
    """What came of a parcel that is sent to a node from here."""
    with parcel_reading(file) as source:
        digest, size = sent_there(remote, source)
    return once_there(remote, "parcel-imports", {"content": digest}, seconds=RUN_SECONDS + size / SLOWEST)


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
