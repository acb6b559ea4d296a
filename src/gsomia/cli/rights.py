"""The commands `rights`: the table of who may do what here, and what it says of a person."""

from __future__ import annotations

import sys
from typing import Any

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, asked
from gsomia.cli.options import json_option, plain, print_json, table
from gsomia.errors import UsageError
from gsomia.identity import ROLES, Rights, told_right
from gsomia.node import Reader

__all__ = ["rights_command"]


@click.group("rights")
def rights_command() -> None:
    """Who may do what at this node: role, act and condition."""


@rights_command.command("list")
@click.option("--role", default="", help="What this role may alone.")
@json_option
def list_command(role: str, as_json: bool) -> None:
    """List the table of rights; what no row of it permits is refused."""
    if role not in ("", *ROLES):
        raise UsageError(f"unknown role `{role}`", hint=f"known: {', '.join(ROLES)}")
    rights = Rights.load()
    rows = [right for right in rights.rows() if role in ("", right.role)]
    if as_json:
        listed = [{"role": one.role, "act": one.act, "when": list(one.when)} for one in rows]
        print_json("rights", {"rights": listed})
    else:
        table(
            ["role", "act", "when", "does"],
            [[one.role, one.act, ", ".join(one.when), rights.acts[one.act].does] for one in rows],
        )


@rights_command.command("ask")
@click.argument("person")
@click.argument("act")
@click.option("--item", default="", help="A held item that it is about.")
@click.option("--for", "other", default="", metavar="PERSON", help="Whom it is for or about; else PERSON themselves.")
@json_option
@anywhere_option
def ask(person: str, act: str, item: str, other: str, as_json: bool, node_dir: str | None) -> None:
    """May PERSON, an officer or another person of this Party, do ACT? Exit status 3 where not."""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return told_right(home.node, reader, Rights.load(), person, act, item=item, other=other)

    query: dict[str, Any] = {"person": person, "act": act, "item": item, "for": other}
    told = asked(node_dir, "rights", here, **query)
    if as_json:
        print_json("decision", told)
    else:
        click.echo(told["outcome"])
        for ground in told["grounds"]:
            click.echo(plain(f"  {ground['clause'].removeprefix('rights: ') or 'no row'}: {ground['text']}"))
    sys.exit(0 if told["outcome"] == "permit" else 3)
