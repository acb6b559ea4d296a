"""Commands of contractors (Article 16): clear a facility, give a held item to one, take it back, list."""

from __future__ import annotations

from typing import Any

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, asked, done
from gsomia.cli.options import by_option, json_option, plain, print_json, table
from gsomia.node import (
    FacilityDetails,
    Reader,
    Role,
    SignedAct,
    clear_facility,
    contractor_rows,
    release_to_contractor,
    return_from_contractor,
)

__all__ = ["contractor_command"]


@click.group("contractor")
def contractor_command() -> None:
    """Held items at contractors' facilities: what may go there, and what lies there (Article 16)."""


@contractor_command.command("clear")
@click.argument("facility")
@click.option("--contractor", required=True, help="The firm.")
@click.option("--level", required=True, help="Up to which it can protect: SECRET; `none` takes the clearance back.")
@click.option("--inspected", required=True, metavar="YYYY-MM-DD", help="The day of the last inspection.")
@click.option("--until", required=True, metavar="YYYY-MM-DD", help="The last day on which that inspection counts.")
@click.option("--basis", default="", help="The decision, by its reference.")
@click.option("--part-of", default="", metavar="FACILITY", help="The facility whose subcontractor's this is.")
@by_option
@anywhere_option
def clear(
    facility: str,
    contractor: str,
    level: str,
    inspected: str,
    until: str,
    basis: str,
    part_of: str,
    by: str,
    node_dir: str | None,
) -> None:
    """Clear a contractor's FACILITY after an inspection; its staff are persons with that facility's roster."""
    words = {"contractor": contractor, "level": level, "inspected": inspected, "until": until}
    words |= {"basis": basis, "part_of": part_of}

    def here(home: Home) -> list[SignedAct]:
        details = FacilityDetails(id=facility, **words)
        return [clear_facility(home.node, details, by=home.acting(by, Role.SECURITY))]

    (said,) = done(node_dir, {"act": "clear-facility", "facility": facility, **words}, here)
    click.echo(f"{plain(facility)} cleared to {said.body['level']} by act {said.id}")


@contractor_command.command("release")
@click.argument("item")
@click.option("--facility", required=True, help="The contractor's facility, as it was cleared.")
@click.option("--what", required=True, help="What the contractor gets it for.")
@by_option
@anywhere_option
def release(item: str, facility: str, what: str, by: str, node_dir: str | None) -> None:
    """Give a held ITEM to a contractor, if the agreement permits; giver and originator are told where it lies."""

    def here(home: Home) -> list[SignedAct]:
        return [release_to_contractor(home.node, item, facility, what, by=home.acting(by, Role.DISCLOSURE))]

    wanted = {"act": "release-to-contractor", "item": item, "facility": facility, "what": what}
    (said,) = done(node_dir, wanted, here)
    click.echo(plain(f"{item} lies at {said.body['facility']} of {said.body['contractor']} by act {said.id}"))


@contractor_command.command("return")
@click.argument("item")
@click.option("--what", required=True, help="How it came back.")
@by_option
@anywhere_option
def back(item: str, what: str, by: str, node_dir: str | None) -> None:
    """Record that a contractor gave a held ITEM back; it lies in the node's own facility then."""

    def here(home: Home) -> list[SignedAct]:
        return [return_from_contractor(home.node, item, what, by=home.acting(by, Role.REGISTRY))]

    (said,) = done(node_dir, {"act": "return-from-contractor", "item": item, "what": what}, here)
    click.echo(plain(f"{item} is back from {said.body['facility']} by act {said.id}"))


@contractor_command.command("list")
@json_option
@anywhere_option
def list_command(as_json: bool, node_dir: str | None) -> None:
    """List contractors' facilities, how far and how long each is cleared; and what lies there, from whom it came."""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return contractor_rows(home.node, reader, home.clock.now())

    told = asked(node_dir, "contractors", here)
    if as_json:
        print_json("contractors", told)
        return
    head = ["facility", "contractor", "part of", "level", "inspected", "until", "staff", "briefed"]
    rows = [[row[name.replace(" ", "_")] or "-" for name in head] for row in told["facilities"]]
    for cells, row in zip(rows, told["facilities"], strict=True):
        cells[5] = f"{cells[5]} (lapsed)" if row["lapsed"] else cells[5]
        cells[6:] = [row["staff"], row["briefed"]]
    table(head, rows)
    for row in told["copies"]:
        number = row["control_number"] or row["copy"]
        click.echo(plain(f"{number} {row['mark']} since {row['since']}: {' > '.join(row['chain'])}"))
