"""Commands about receipts that are late."""

from __future__ import annotations

from typing import Any

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, asked, run
from gsomia.cli.options import json_option, plain, print_json, table
from gsomia.node import Reader, awaited, awaited_row, sent_row, trace

__all__ = ["tracer_command"]


@click.group("tracer")
def tracer_command() -> None:
    """Receipts that are not here: when they are due, what was asked, and what counts as a possible loss."""


@tracer_command.command("list")
@json_option
@anywhere_option
def list_awaited(as_json: bool, node_dir: str | None) -> None:
    """List copies without a receipt: those this Party gave, and those it holds and was asked about."""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        now = home.clock.now()
        return {"copies": [awaited_row(one, now) for one in awaited(home.node, reader, home.tracer_days())]}

    rows = asked(node_dir, "tracers", here)["copies"]
    if as_json:
        print_json("awaited", {"copies": rows})
        return
    head = ("control_number", "from", "to", "dispatched", "due", "tracer", "answer_by", "state")
    table([word.replace("_", " ") for word in head], [[row[key] or "-" for key in head] for row in rows])


@tracer_command.command("send")
@anywhere_option
def send(node_dir: str | None) -> None:
    """Send a tracer for each receipt that is overdue, and report each that stayed out as a possible loss."""

    def here(home: Home) -> dict[str, Any]:
        found = [sent_row(act) for act in trace(home.node, home.tracer_days())]
        home.deliver()
        return {"sent": found}

    sent = run(node_dir, "tracers", {}, here)["sent"]
    for one in sent:
        click.echo(plain(f"{one['type']} of copy {one['copy']} by act {one['act']}"))
    if not sent:
        click.echo("nothing is overdue")
