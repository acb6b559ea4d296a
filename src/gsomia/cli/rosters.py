"""The commands `roster` and `place`: who is on a facility's roster, and where a held copy is kept (Article 6(e))."""

from __future__ import annotations

import click

from gsomia.cli.options import by_option, home_of, json_option, node_option, print_json, table
from gsomia.cli.pages import page_options, tell_more
from gsomia.node import Role, place

__all__ = ["place_command", "roster_command"]


@click.group("roster")
def roster_command() -> None:
    """The facilities' rosters: who may be given what is held there."""


@roster_command.command("list")
@page_options
@json_option
@node_option
def list_command(after: str, limit: int, as_json: bool, node_dir: str | None) -> None:
    """List the facilities that have a roster, and how many stand on it; `person list --facility` says who."""
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        rows = [list(one) for one in reader.facilities(after=after, limit=limit)]
    following = tell_more(rows, limit, str(rows[-1][0]) if rows else "")
    if as_json:
        print_json("rosters", {"rosters": [{"facility": f, "persons": n} for f, n in rows], "next": following})
    else:
        table(["facility", "persons"], rows)


@click.command("place")
@click.argument("item")
@click.argument("facility")
@by_option
@node_option
def place_command(item: str, facility: str, by: str, node_dir: str | None) -> None:
    """Record that a held ITEM is kept at FACILITY, by an act of a registry officer; who opens it is on its roster."""
    with home_of(node_dir) as home:
        act = place(home.node, item, facility, by=home.acting(by, Role.REGISTRY))
        click.echo(f"placed at {facility} by act {act.id}")
