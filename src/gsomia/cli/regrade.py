"""Commands of regrading (Article 6(g)): a level is notified, followed copy by copy, and listed until all have."""

from __future__ import annotations

from typing import Any

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, asked, done
from gsomia.cli.options import by_option, json_option, plain, print_json, table
from gsomia.node import (
    WHAT_WAS_MADE,
    Reader,
    Role,
    SignedAct,
    follow_regrade,
    notify_regrade,
    regraded_view,
)

__all__ = ["regrade_command"]


@click.group("regrade")
def regrade_command() -> None:
    """Another level for an item: notified by its originator, followed by each holder, copy by copy."""


@regrade_command.command("notify")
@click.argument("item")
@click.option("--level", required=True, help="One of this Party's own marks.")
@click.option("--why", required=True, help="For the holders' officers.")
@by_option
@anywhere_option
def notify(item: str, level: str, why: str, by: str, node_dir: str | None) -> None:
    """Notify another level of an ITEM of one's own to all who have a copy of it, or of what draws on it."""

    def here(home: Home) -> list[SignedAct]:
        return [notify_regrade(home.node, item, level, why, by=home.acting(by, Role.DISCLOSURE))]

    (said,) = done(node_dir, {"act": "notify-regrade", "item": item, "level": level, "why": why}, here)
    told = ", ".join(said.parties) or "nobody"
    click.echo(f"{said.body['before']} to {said.body['level']} by act {said.id}; told: {told}")


@regrade_command.command("follow")
@click.argument("item")
@click.option("--level", default="", help="One of this Party's own marks, where several correspond.")
@click.option(
    "--certify",
    multiple=True,
    metavar="FACT",
    type=click.Choice([WHAT_WAS_MADE]),
    help="What was made from it (copies, translations, renditions) bears the new mark too.",
)
@by_option
@anywhere_option
def follow(item: str, level: str, certify: tuple[str, ...], by: str, node_dir: str | None) -> None:
    """Re-mark a held ITEM as its originator notified: one copy, or, by its item id, all that have not followed."""

    def here(home: Home) -> list[SignedAct]:
        officer = home.acting(by, Role.REGISTRY)
        return follow_regrade(home.node, item, level=level, certified=certify, by=officer)

    for said in done(node_dir, {"act": "regrade", "item": item, "level": level, "certify": list(certify)}, here):
        click.echo(f"{said.copy}: {said.body['before']} to {said.body['level']} by act {said.id}")


@regrade_command.command("list")
@json_option
@anywhere_option
def list_regraded(as_json: bool, node_dir: str | None) -> None:
    """List the copies of regraded items, who has followed, and the documents to review that draw on them."""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return regraded_view(home.node, reader)

    found = asked(node_dir, "regraded", here)
    copies, documents = found["copies"], found["reviews"]
    if as_json:
        print_json("regraded", {"copies": copies, "reviews": documents})
        return
    told = [row | {"made": len(row["made"])} for row in copies]
    head = ("control_number", "originator", "holder", "before", "level", "mark", "since", "state", "made")
    table([word.replace("_", " ") for word in head], [[row[key] or "-" for key in head] for row in told])
    for row in documents:
        named = ", ".join(row["control_numbers"]) or row["item"]
        follows = f"is to be raised to {row['floor']}" if row["must_rise"] else "is to be reviewed"
        click.echo(plain(f"{named} of {row['originator']}, {row['level']}, {follows}: it draws on what was regraded"))
