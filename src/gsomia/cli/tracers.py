"""Commands about receipts that are late."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from gsomia.cli.options import home_of, json_option, node_option, print_json, table
from gsomia.node import Awaited, awaited, instant, trace

__all__ = ["tracer_command"]


@click.group("tracer")
def tracer_command() -> None:
    """Receipts that are not here: when they are due, what was asked, and what counts as a possible loss."""


@tracer_command.command("list")
@json_option
@node_option
def list_awaited(as_json: bool, node_dir: str | None) -> None:
    """List copies without a receipt: those this Party gave, and those it holds and was asked about."""
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        now = home.clock.now()
        rows = [_row(one, now) for one in awaited(home.node, reader, home.tracer_days())]
    if as_json:
        print_json("awaited", {"copies": rows})
        return
    head = ("control_number", "from", "to", "dispatched", "due", "tracer", "answer_by", "state")
    table([word.replace("_", " ") for word in head], [[row[key] or "-" for key in head] for row in rows])


def _row(one: Awaited, now: datetime) -> dict[str, Any]:
    if one.loss is not None:
        state = "possible loss"
    elif one.tracer is not None:
        state = "traced"
    elif one.due is None:
        state = "no days are set"
    else:
        state = "overdue" if one.due <= now else "awaited"
    return {
        "control_number": one.copy.control_number,
        "copy": one.copy.id,
        "from": one.copy.giver,
        "to": one.copy.holder,
        "instrument": one.copy.instrument,
        "dispatched": instant(one.since),
        "due": instant(one.due) if one.due is not None else "",
        "tracer": one.tracer.id if one.tracer is not None else "",
        "answer_by": instant(one.answer_due) if one.answer_due is not None else "",
        "possible_loss": one.loss.id if one.loss is not None else "",
        "state": state,
    }


@tracer_command.command("send")
@node_option
def send(node_dir: str | None) -> None:
    """Send a tracer for each receipt that is overdue, and report each that stayed out as a possible loss."""
    with home_of(node_dir) as home:
        acts = trace(home.node, home.tracer_days())
        for act in acts:
            click.echo(f"{act.statement.type} of copy {act.statement.copy} by act {act.id}")
        if not acts:
            click.echo("nothing is overdue")
        home.deliver()
