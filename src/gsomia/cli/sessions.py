"""`gsomia session`: by which tokens persons are signed in to a node's API; ended, they are out at the next request."""

from __future__ import annotations

import click

from gsomia.cli.address.asked import anywhere_option, is_address, reached
from gsomia.cli.address.paths import api_path
from gsomia.cli.options import json_option, plain, print_json, table
from gsomia.errors import UsageError

__all__ = ["session_command"]


@click.group("session")
def session_command() -> None:
    """Sessions at a node's API; on the node's own host nobody signs in."""


def _address(node_dir: str | None) -> str:
    if not is_address(node_dir):
        raise UsageError("at which node?", hint="give its address: --node https://host:port")
    return node_dir


@session_command.command("list")
@click.argument("person", default="")
@json_option
@anywhere_option
def list_sessions(person: str, as_json: bool, node_dir: str | None) -> None:
    """List the tokens by which persons, or PERSON, are signed in, and who failed to; no list has certificates."""
    with reached(_address(node_dir)) as remote:
        told = remote.get("sessions", {"person": person})
    if as_json:
        print_json("sessions", told)
        return
    head = ["session", "person", "by", "since", "last asked", "ends", "for"]
    keys = ("id", "person", "way", "made", "used", "ends")
    rows = [[*(one[key] for key in keys), " ".join(one["acts"] or ["everything"])] for one in told["sessions"]]
    table(head, rows)
    for one in told["failures"]:
        line = "{failed} sign-ins failed, {kind} {name}, the last {seconds_ago} s ago; {wait} s to wait"
        click.echo(plain(line.format(**one)), err=True)


@session_command.command("end")
@click.argument("name", metavar="[SESSION]", default="")
@click.option("--person", default="", help="All of this person's, certificates that were signed before now included.")
@anywhere_option
def end_session(name: str, person: str, node_dir: str | None) -> None:
    """End SESSION, or all by which a --person is signed in, from the next request on; it takes no right away."""
    if bool(name) is bool(person):
        raise UsageError("which session?", hint="give one by its id, or --person for all of a person's")
    with reached(_address(node_dir)) as remote:
        remote.delete(api_path("sessions", name) if name else api_path("persons", person, "sessions"))
    click.echo(plain(f"ended: {name or f'all sessions of {person}'}"))
