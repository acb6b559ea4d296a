"""The commands `rights`: the table of who may do what here, and what it says of a person."""

from __future__ import annotations

import sys
from dataclasses import replace

import click

from gsomia.cli.options import home_of, json_option, node_option, plain, print_json, table
from gsomia.errors import UsageError
from gsomia.identity import ROLES, About, Rights, about_copy, principal_of
from gsomia.node import held_copy

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
@node_option
def ask(person: str, act: str, item: str, other: str, as_json: bool, node_dir: str | None) -> None:
    """May PERSON, an officer or another person of this Party, do ACT? Exit status 3 where not."""
    rights = Rights.load()
    if act not in rights.acts:
        raise UsageError(f"unknown act `{act}`", hint=f"known: {', '.join(rights.acts)}")
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        who = principal_of(home.node, reader, officer=person) or principal_of(home.node, reader, person=person)
        if who is None:
            raise UsageError(f"`{person}` is no officer and no person of this Party")
        about = About()
        if item:
            about = about_copy(home.node, reader, held_copy(reader, home.node, item), who)
        decision = rights.decide(who, act, replace(about, person=other or who.person))
    if as_json:
        print_json("decision", {"person": who.person, "act": act, **decision.to_json()})
    else:
        click.echo(decision.outcome)
        for ground in decision.grounds:
            click.echo(plain(f"  {ground.row or 'no row'}: {ground.text}"))
    sys.exit(0 if decision.permitted else 3)
