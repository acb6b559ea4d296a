"""`gsomia routes`, `duties`, `matrix`: what the law lets whom give to whom, and what is owed."""

from __future__ import annotations

from datetime import datetime

import click

from gsomia.cli.address.asked import anywhere_option, fetch, is_address
from gsomia.cli.law.shared import asking, at_option, cited_json, json_option, local, node_option, out
from gsomia.errors import UsageError
from gsomia.verdict import known_party, matrix, standing_duties, told_routes

__all__ = ["duties_command", "matrix_command", "routes_command"]


@click.command("routes")
@click.option("--from", "by", required=True, help="The Party that gives.")
@click.option("--to", required=True, help="The Party that gets.")
@click.option("--item", "text", default="", help="level=...,subject=...,form=...,contains=JPN+USA")
@at_option
@json_option
@anywhere_option
def routes_command(by: str, to: str, text: str, at: datetime | None, as_json: bool, node_dir: str | None) -> None:
    """All ways by which an item could go, the most lawful first, each with its instrument and the consents it needs."""
    if is_address(node_dir):
        told = fetch(node_dir, "routes", {"from": by, "to": to, "item": text, "at": at})
    else:
        with asking(node_dir) as asked:
            told = {"routes": told_routes(asked.law, asked.record, asked.now(at), by, to, text)}
    if as_json:
        out("routes", told)
        return
    for route in told["routes"]:
        way = " - ".join((by, *route["via"], to))
        needs = ", ".join(f"{one['of']} naming {one['naming']}" for one in route["approvals"])
        outcome = _tagged(route["outcome"], route["confidence"])
        binds = "" if route["binding"] else ", not all binding"
        click.echo(f"{outcome:<13} {way:<17} {route['act']:<8} {route['instrument']}{binds}")
        if needs and route["outcome"] != "refuse":
            click.echo(f"{'':<13} needs the prior written consent of {needs}")
        if route["outcome"] != "permit":
            for ground in route["grounds"]:
                click.echo(f"{'':<13} {cited_json(ground)} {ground['text']}")
    click.echo("Each way is asked as if all facts that it needs were established.", err=True)


@click.command("duties")
@click.option("--party", help="The Party that owes; that of the node where it is left out.")
@at_option
@json_option
@anywhere_option
def duties_command(party: str | None, at: datetime | None, as_json: bool, node_dir: str | None) -> None:
    """What a Party owes: to whom, since when, by which article; on a node also what is owed for copies, and to it."""
    if is_address(node_dir):
        party = party or fetch(node_dir, "node", {})["party"]
        told = fetch(node_dir, "duties", {"party": party, "at": at})
    else:
        with asking(node_dir) as asked:
            party = party or (asked.home.node.party if asked.home is not None else "")
            if not party:
                raise UsageError("whose duties?", hint="name a Party with --party, or a node with --node")
            known_party(party, asked.law, "--party")
            asked_at = asked.now(at)
            found = standing_duties(asked.law, asked.record, asked_at, party)
            told = {"duties": [*(duty.to_json() for duty in found), *asked.owing(party, asked_at)]}
    if as_json:
        out("duties", told)
        return
    owing = [row for row in told["duties"] if "item" in row]
    if owing:
        from gsomia.cli.options import plain  # a node was asked, so it is imported already
    for row in owing:
        since = local(datetime.fromisoformat(row["since"]))
        due = f"due {local(datetime.fromisoformat(row['due']))}" if row["due"] else "now"
        # That records agree is asked by no article: it is this node's own setting.
        law = f"{row['instrument']}:{row['article']} [{row['confidence']}]" if row["instrument"] else "setting:"
        click.echo(
            plain(
                f"{law} {row['act']} of {row['item']} by {row['by']} to {', '.join(row['to'])} since {since},"
                f" {'OVERDUE, ' if row['overdue'] else ''}{due}"
            )
            + f"\n    {plain(row['text'])}"
        )
    for row in (row for row in told["duties"] if "item" not in row):
        when = f", when the facts say so: {', '.join(row['when'])}" if row["when"] else ""
        after = "; outlives the instrument" if row["survives"] else ""
        click.echo(
            f"{row['instrument']}:{row['article']} [{row['confidence']}] {row['act']} to {', '.join(row['to'])}"
            f" since {local(datetime.fromisoformat(row['since']))}{when}{after}\n    {row['text']}"
        )


def _tagged(outcome: str, confidence: str) -> str:
    """An outcome with the weakest tag of what it rests on."""
    return f"{outcome} [{confidence}]" if confidence else outcome


@click.command("matrix")
@at_option
@json_option
@node_option
def matrix_command(at: datetime | None, as_json: bool, node_dir: str | None) -> None:
    """Who may give what to whom: levels, subjects and routes."""
    with asking(node_dir) as asked:
        rows = matrix(asked.law, asked.record, asked.now(at))
    if as_json:
        out("matrix", {"rows": rows})
        return
    groups: dict[tuple[str, str, str, str], dict[str, list[str]]] = {}
    for row in rows:
        way = " - ".join((row["by"], *row["via"], row["to"]))
        key = (way, row["level"], _tagged(row["outcome"], row["confidence"]), row["instrument"])
        groups.setdefault(key, {}).setdefault("subjects", []).append(row["subject"])
    for (way, level, outcome, instrument), told in groups.items():
        click.echo(f"{way:<17} {level:<13} {outcome:<13} {instrument:<27} {' '.join(told['subjects'])}")
    click.echo("Each row is asked as if all facts that it needs were established.", err=True)
