"""Commands of standing orders: give, list, end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, asked, done
from gsomia.cli.instants import Instant
from gsomia.cli.options import by_option, json_option, plain, print_json, table
from gsomia.errors import UsageError
from gsomia.node import Reader, Role, SignedAct, end_order, give_order, instant, order_rows

__all__ = ["order_command"]


@click.group("order")
def order_command() -> None:
    """Standing orders, by which this node itself marks and receipts what comes (Articles 4.2, 9)."""


@order_command.command("give")
@click.option("--from", "giver", required=True, help="The Party whose own items it is about.")
@click.option("--under", required=True, help="The agreement under which they come.")
@click.option("--mark", "marks", multiple=True, required=True, metavar="THEIRS=OWN", help="Which mark for which.")
@click.option("--subject", "subjects", multiple=True, help="Of which it is; every one where it is left out.")
@click.option("--until", type=Instant(), required=True, help="When it ends, within a year.")
@by_option
@anywhere_option
def give(
    giver: str,
    under: str,
    marks: tuple[str, ...],
    subjects: tuple[str, ...],
    until: datetime,
    by: str,
    node_dir: str | None,
) -> None:
    """Give a standing order: copies that it covers are marked and receipted by the node as they are delivered."""
    pairs = dict(one.split("=", 1) for one in marks if "=" in one)
    if len(pairs) != len(marks):
        raise UsageError("a mark is given as THEIRS=OWN, each of theirs once", hint="--mark 極秘=군사II급비밀")

    def here(home: Home) -> list[SignedAct]:
        by_whom = home.acting(by, Role.REGISTRY)
        return [give_order(home.node, giver, under, pairs, until=until, subjects=subjects, by=by_whom)]

    wanted: dict[str, Any] = {"act": "standing-order", "to": giver, "under": under, "marks": pairs}
    (said,) = done(node_dir, wanted | {"subjects": sorted({*subjects}), "until": instant(until)}, here)
    click.echo(f"ordered until {said.body['until']} by act {said.id}")


def _listed(_: Home, reader: Reader) -> dict[str, Any]:
    return {"orders": order_rows(reader)}


@order_command.command("list")
@json_option
@anywhere_option
def orders(as_json: bool, node_dir: str | None) -> None:
    """List standing orders, this Party's and those of which it was told."""
    found = asked(node_dir, "orders", _listed)["orders"]
    if as_json:
        print_json("orders", {"orders": found})
        return
    told = [
        {
            **row,
            "marks": ", ".join(f"{theirs}={own}" for theirs, own in row["marks"].items()),
            "subjects": ", ".join(row["subjects"]),
        }
        for row in found
    ]
    head = ["order", "party", "giver", "instrument", "marks", "subjects", "at", "until", "ended"]
    table(head, [[row[name] or "-" for name in head] for row in told])
    for row in found:
        for one in row["refused"]:
            if one["act"] == row["order"]:
                click.echo(plain(f"{row['order']} was refused by {one['by']}: {one['why']}"))
                click.echo("  nothing is marked or receipted by it")
            else:
                click.echo(plain(f"the end of {row['order']} was refused by {one['by']}: {one['why']}"))
            again = f"send it again: gsomia act send {one['act']} --to {one['by']}"
            click.echo(f"  {'sent again, and not answered yet' if one['sent_again'] else again}")


@order_command.command("end")
@click.argument("order")
@by_option
@anywhere_option
def end(order: str, by: str, node_dir: str | None) -> None:
    """End ORDER: from now on an officer marks and receipts."""

    def here(home: Home) -> list[SignedAct]:
        return [end_order(home.node, order, by=home.acting(by, Role.REGISTRY))]

    rows = asked(node_dir, "orders", _listed)["orders"]
    to, under = next(((row["giver"], row["instrument"]) for row in rows if row["order"] == order), ("", ""))
    wanted = {"act": "end-standing-order", "order": order, "to": to, "under": under}
    (said,) = done(node_dir, wanted, here)
    click.echo(f"ended by act {said.id}")
