"""The commands `roster` and `place`: who is on a facility's roster, and where a held copy is kept (Article 6(e))."""

from __future__ import annotations

from typing import Any

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, asked, done
from gsomia.cli.address.paths import api_path
from gsomia.cli.options import by_option, json_option, print_json, table
from gsomia.cli.pages import page_options, tell_more
from gsomia.errors import UsageError
from gsomia.node import Reader, Role, SignedAct, place, roster_rows

__all__ = ["place_command", "roster_command"]


@click.group("roster")
def roster_command() -> None:
    """The facilities' rosters: who may be given what is held there."""


@roster_command.command("list")
@page_options
@json_option
@anywhere_option
def list_command(after: str, limit: int, as_json: bool, node_dir: str | None) -> None:
    """List the facilities that have a roster, and how many stand on it; `roster show` says who."""

    def here(_: Home, reader: Reader) -> dict[str, Any]:
        return {"rosters": roster_rows(reader.facilities(after=after, limit=limit))}

    rows = asked(node_dir, "rosters", here, whole=False, after=after, limit=limit)["rosters"]
    following = tell_more(rows, limit, rows[-1]["facility"] if rows else "")
    if as_json:
        print_json("rosters", {"rosters": rows, "next": following})
    else:
        table(["facility", "persons"], [[*row.values()] for row in rows])


@roster_command.command("show")
@click.argument("facility")
@page_options
@json_option
@anywhere_option
def show(facility: str, after: str, limit: int, as_json: bool, node_dir: str | None) -> None:
    """List who stands on the roster of FACILITY, by their ids alone; `person list --facility` says more of each."""

    nobody = UsageError(f"nobody stands on a roster of `{facility}`", hint="`gsomia roster list` has them")

    def here(_: Home, reader: Reader) -> dict[str, Any]:
        found = [one.id for one in reader.persons(facility=facility, after=after, limit=limit)]
        if not found and not after:
            raise nobody
        return {"facility": facility, "persons": found}

    path = api_path("rosters", facility)
    told = asked(node_dir, path, here, whole=False, nothing=nobody, after=after, limit=limit)
    persons = told["persons"]
    following = tell_more(persons, limit, persons[-1] if persons else "")
    if as_json:
        print_json("roster", {"facility": facility, "persons": persons, "next": following})
    else:
        table(["person"], [[person] for person in persons])


@click.command("place")
@click.argument("item")
@click.argument("facility")
@by_option
@anywhere_option
def place_command(item: str, facility: str, by: str, node_dir: str | None) -> None:
    """Record that a held ITEM is kept at FACILITY, by an act of a registry officer; who opens it is on its roster."""

    def here(home: Home) -> list[SignedAct]:
        return [place(home.node, item, facility, by=home.acting(by, Role.REGISTRY))]

    (said,) = done(node_dir, {"act": "place", "item": item, "facility": facility}, here)
    click.echo(f"placed at {facility} by act {said.id}")
