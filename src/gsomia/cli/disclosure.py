"""Commands of oral and visual disclosures: record one, list, show."""

from __future__ import annotations

from typing import Any

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, asked, done
from gsomia.cli.address.paths import api_path
from gsomia.cli.grounds import ground_text
from gsomia.cli.options import by_option, certify_option, json_option, plain, print_json, table
from gsomia.errors import UsageError
from gsomia.node import (
    Reader,
    Role,
    SignedAct,
    Telling,
    disclose_orally,
    disclosure_named,
    disclosure_rows,
    disclosure_view,
)

__all__ = ["disclosure_command"]


@click.group("disclosure")
def disclosure_command() -> None:
    """What is told or shown to another Party, with nothing handed over (Article 2(a))."""


@disclosure_command.command("record")
@click.argument("item", default="")
@click.option("--to", required=True, help="The Party told.")
@click.option("--what", required=True, help="The minute; write nothing classified.")
@click.option("--place", required=True, help="Where.")
@click.option(
    "--present", multiple=True, required=True, metavar="PARTY:PERSON", help="Who is there; somebody of both Parties."
)
@click.option("--part", default="", help="What of the item, in words.")
@click.option("--level", default="", help="This Party's mark, of what stands in no item.")
@click.option("--subject", default="", help="Such as dprk-missile, of what stands in no item.")
@click.option("--purpose", default="defence", show_default=True, help="What it is told for; an item has its own.")
@click.option("--under", default="", help="The agreement; any that could carry it where it is left out.")
@certify_option
@by_option
@anywhere_option
def record(
    item: str,
    to: str,
    what: str,
    place: str,
    present: tuple[str, ...],
    part: str,
    level: str,
    subject: str,
    purpose: str,
    under: str,
    certify: tuple[str, ...],
    by: str,
    node_dir: str | None,
) -> None:
    """Record that an ITEM, or what stands in none, is told or shown; the agreement is asked first."""
    words = {"what": what, "place": place, "part": part, "level": level, "subject": subject, "purpose": purpose}
    telling = Telling(to=to, item=item, present=present, under=under, met=certify, **words)

    def here(home: Home) -> list[SignedAct]:
        return [disclose_orally(home.node, telling, by=home.acting(by, Role.DISCLOSURE))]

    wanted: dict[str, Any] = {"act": "disclose-orally", "to": to, "item": item, "present": sorted(present)}
    # An item has its own level, subject and purpose, which its node fills in.
    own = {} if item else {"level": level, "subject": subject, "purpose": purpose}
    wanted |= {"what": what, "place": place, "part": part, **own, **({"under": under} if under else {})}
    (said,) = done(node_dir, wanted | {"certify": list(certify)}, here)
    click.echo(f"told to {said.body['to']} under {said.instrument} by act {said.id}")


@disclosure_command.command("list")
@json_option
@anywhere_option
def disclosures(as_json: bool, node_dir: str | None) -> None:
    """List what was told or shown, by this Party, to it, or of its information by another."""

    def here(_: Home, reader: Reader) -> dict[str, Any]:
        return {"disclosures": disclosure_rows(reader)}

    found = asked(node_dir, "disclosures", here)["disclosures"]
    if as_json:
        print_json("disclosures", {"disclosures": found})
        return
    head = ["disclosure", "at", "giver", "receiver", "originator", "level", "subject", "place", "what"]
    table(head, [[row[name] or "-" for name in head] for row in found])


@disclosure_command.command("show")
@click.argument("disclosure")
@json_option
@anywhere_option
def show(disclosure: str, as_json: bool, node_dir: str | None) -> None:
    """Show DISCLOSURE: what was told, who was there and may know it, and what the agreement says of it."""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        found = disclosure_named(reader, disclosure)
        if found is None:
            raise UsageError(f"no one disclosure `{disclosure}`", hint="`gsomia disclosure list` has them")
        return disclosure_view(home.node, reader, found, home.clock.now())

    told = asked(node_dir, api_path("disclosures", disclosure), here)
    if as_json:
        print_json("disclosure", told)
        return
    verdict, persons, waiting = told.pop("verdict"), told.pop("persons"), told.pop("not_told_yet")
    for name, value in told.items():
        click.echo(plain(f"{name:<11} {', '.join(value) if isinstance(value, list) else value or '-'}"))
    for one in persons:
        click.echo(plain(f"{one['person']}: {one['outcome'] or 'unknown'}{': ' if one['why'] else ''}{one['why']}"))
    click.echo(plain(f"verdict     {verdict['outcome'] if verdict else '-'}"))
    for ground in verdict["grounds"] if verdict else ():
        if ground["effect"] != "permit":
            click.echo(plain(f"  {ground['instrument']} {ground['article']}: {ground_text(ground)}"))
    if waiting:
        click.echo(plain(f"not told yet: {', '.join(waiting)}"))
