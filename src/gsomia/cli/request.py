"""Commands of requests for information: ask another Party, refuse what is asked, list, show."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, asked, done
from gsomia.cli.address.paths import api_path
from gsomia.cli.grounds import ground_text
from gsomia.cli.instants import Instant
from gsomia.cli.options import by_option, json_option, plain, print_json, table
from gsomia.errors import UsageError
from gsomia.node import (
    REQUEST_CERTIFIED,
    InformationWanted,
    Reader,
    Role,
    SignedAct,
    ask_information,
    instant,
    refuse_request,
    request_named,
    request_rows,
    request_view,
)

__all__ = ["request_command"]


@click.group("request")
def request_command() -> None:
    """Ask another Party for information, and answer what it asks; nobody has to give it."""


@request_command.command("ask")
@click.option("--to", required=True, help="The Party asked.")
@click.option("--via", multiple=True, help="A Party through which it would pass.")
@click.option("--under", required=True, help="The agreement.")
@click.option("--subject", required=True, help="Such as dprk-missile.")
@click.option(
    "--what", required=True, help="What is asked for, for the other Party's officer; write nothing classified."
)
@click.option("--purpose", default="defence", show_default=True, help="What it would be used for.")
@click.option("--level", default="", help="The highest mark of the Party asked that would serve.")
@click.option("--due", type=Instant(), help="By when it is wanted; no agreement sets a day.")
@click.option(
    "--certify",
    multiple=True,
    metavar="FACT",
    type=click.Choice(REQUEST_CERTIFIED),
    help="The note that names this Party's authority was given, though this record does not hold it.",
)
@by_option
@anywhere_option
def ask(
    to: str,
    via: tuple[str, ...],
    under: str,
    subject: str,
    what: str,
    purpose: str,
    level: str,
    due: datetime | None,
    certify: tuple[str, ...],
    by: str,
    node_dir: str | None,
) -> None:
    """Ask another Party for information, where the agreement lets this Party ask."""
    question = InformationWanted(
        to=to, via=via, under=under, subject=subject, what=what, purpose=purpose, level=level, due=due
    )

    def here(home: Home) -> list[SignedAct]:
        return [ask_information(home.node, question, certified=certify, by=home.acting(by, Role.DISCLOSURE))]

    wanted: dict[str, Any] = {"act": "request", "to": to, "via": list(via), "under": under, "subject": subject}
    wanted |= {"what": what, "purpose": purpose, "level": level, "certify": list(certify)}
    (said,) = done(node_dir, wanted | {"due": instant(due) if due is not None else None}, here)
    click.echo(f"{said.body['to']} asked by act {said.id}")


@request_command.command("refuse")
@click.argument("request")
@click.option("--why", required=True, help="For the Party that asked.")
@by_option
@anywhere_option
def refuse(request: str, why: str, by: str, node_dir: str | None) -> None:
    """Refuse REQUEST in writing; to answer it, `gsomia transmit --answers REQUEST`."""

    def here(home: Home) -> list[SignedAct]:
        return [refuse_request(home.node, request, why, by=home.acting(by, Role.DISCLOSURE))]

    (said,) = done(node_dir, {"act": "refuse-request", "request": request, "why": why}, here)
    click.echo(f"request {said.body['request']} refused by act {said.id}")


@request_command.command("list")
@json_option
@anywhere_option
def requests(as_json: bool, node_dir: str | None) -> None:
    """List requests for information, made and received: open, answered, refused."""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return {"requests": request_rows(home.node, reader, home.clock.now())}

    found = asked(node_dir, "requests", here)["requests"]
    if as_json:
        print_json("requests", {"requests": found})
        return
    head = ["request", "asker", "asked", "subject", "level", "purpose", "due", "state", "what"]
    table(head, [[row[name] or "-" for name in head] for row in found])


@request_command.command("show")
@click.argument("request")
@json_option
@anywhere_option
def show(request: str, as_json: bool, node_dir: str | None) -> None:
    """Show REQUEST: what is asked, what the agreement says of it, and what answered it."""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        found = request_named(reader, request)
        if found is None:
            raise UsageError(f"no one request `{request}`", hint="`gsomia request list` has them")
        return request_view(home.node, reader, found, home.clock.now())

    told = asked(node_dir, api_path("requests", request), here)
    if as_json:
        print_json("request", told)
        return
    verdict, answers, waiting = told.pop("verdict"), told.pop("answers"), told.pop("not_told_yet")
    for name in ("request", "asker", "asked", "via", "instrument", "subject", "level", "purpose", "what", "due", "at"):
        value = told[name]
        click.echo(plain(f"{name:<10}  {', '.join(value) if isinstance(value, list) else value or '-'}".rstrip()))
    click.echo(plain(f"state       {told['state']}{', late' if told['late'] else ''}"))
    if told["why"]:
        click.echo(plain(f"why         {told['why']}"))
    for answer in answers:
        words = answer["control_number"] or answer["copy"]
        click.echo(plain(f"answered    by {words}{': ' + answer['state'] if answer['state'] else ''}"))
    click.echo(plain(f"verdict     {verdict['outcome']}"))
    for ground in verdict["grounds"]:
        if ground["effect"] != "permit":
            click.echo(plain(f"  {ground['instrument']} {ground['article']}: {ground_text(ground)}"))
    if waiting:
        click.echo(plain(f"not told yet: {', '.join(waiting)}"))
