"""`gsomia agreement`: `state`, `timeline`, `path`; the texts, checks, export and what-if have modules of their own.

They need no node: they ask the law and the acts that come with this release, or with --node those of a node.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import click

from gsomia.agreement import STATES, LegalAct, Record, draw, events, periods, rows_of
from gsomia.cli.address.asked import anywhere_option, fetch, is_address
from gsomia.cli.address.paths import api_path
from gsomia.cli.law.checks import check_command, diff_command, prove_command
from gsomia.cli.law.export import export
from gsomia.cli.law.foresight import what_if_command
from gsomia.cli.law.shared import (
    Instant,
    asking,
    at_option,
    json_option,
    local,
    node_option,
    out,
    reading_option,
    readings_of,
    shipped,
    tell_disputed,
)
from gsomia.cli.law.text import show_command
from gsomia.verdict import path_to, told_state

__all__ = ["agreement"]


@click.group()
def agreement() -> None:
    """The law as data: its articles, its state, and what would change it."""


for _command in (show_command, check_command, prove_command, diff_command, export, what_if_command):
    agreement.add_command(_command)


@agreement.command()
@click.argument("name", default="jpn-kor-2016")
@at_option
@click.option("--known", type=Instant(), help="What the record held at that earlier instant.")
@reading_option
@json_option
@anywhere_option
def state(
    name: str,
    at: datetime | None,
    known: datetime | None,
    readings: tuple[str, ...],
    as_json: bool,
    node_dir: str | None,
) -> None:
    """The legal state of NAME at an instant, with the days to the cut-off and the anniversary."""
    if is_address(node_dir):
        path = api_path("agreements", name, "state")
        told = fetch(node_dir, path, {"at": at, "known": known, "reading": readings})
    else:
        with asking(node_dir) as asked:
            _, record, a = asked.of(name)
            told = told_state(a, record, asked.now(at), readings_of(readings, a.parties), known=known)
            told |= asked.disputed(a.name)
    if as_json:
        out("agreement-state", told)
        return
    instant = datetime.fromisoformat(told["at"])
    click.echo(f"{told['instrument']} at {local(instant)}: {told['state']}")
    tell_disputed(told)
    if told["state"] == "uncertain":
        for party, view in told["views"].items():
            click.echo(f"  {party} reads it as {view} ({told['readings'][party]})")
        click.echo(f"  only consultation between the Parties settles it ({told['consultation']})")
    click.echo("  articles " + ", ".join(f"{number} [{tag}]" for number, tag in told["rests_on"].items()))
    for key in ("cut_off", "anniversary"):
        if told[key] is not None:
            value = datetime.fromisoformat(told[key])
            gone = "passed for this term" if value <= instant else f"in {told[f'days_to_{key}']} days"
            click.echo(f"  {key.replace('_', '-')} {local(value)}: {gone}")


@agreement.command()
@click.argument("name", default="jpn-kor-2016")
@click.option("--format", "form", type=click.Choice(["text", "json", "svg"]), default="text", show_default=True)
@click.option("--until", type=Instant(), help="How far extensions are told; by default now.")
@reading_option
@json_option
@node_option
def timeline(
    name: str, form: str, until: datetime | None, readings: tuple[str, ...], as_json: bool, node_dir: str | None
) -> None:
    """Acts, announcements, cut-offs, extensions and states of NAME through time, as each Party reads them."""
    with asking(node_dir) as asked:
        _, record, a = asked.of(name)
        end = asked.now(until)
    chosen = readings_of(readings, a.parties)
    found = periods(a, record, chosen)
    told = events(a, _described(record), end, chosen)
    if as_json or form == "json":
        out(
            "agreement-timeline",
            {
                "instrument": a.name,
                "periods": [p.to_json() for p in found],
                "events": [e.to_json() for e in told if e.at <= end],
            },
        )
        return
    if form == "svg":
        start = (told[0].at if told else end) - timedelta(days=120)
        zone = a.term.zone if a.term else UTC
        title = f"{a.name}: legal state"
        click.echo(draw(rows_of(a, found), start, end, zone, title=title, marks=told), nl=False)
        return
    for event in told:
        if event.at <= end:
            sign = {"act": "*", "no-act": " ", "cut-off": "|", "extension": "+", "end": "x"}[event.what]
            click.echo(f"{local(event.at)} {sign} {event.state:<16} {event.text}")
            if event.state == "uncertain":
                for party, view in event.views.items():
                    click.echo(f"{'':<27}{party} reads it as {view}")
    click.echo("* a legal act   | a cut-off   + the end of a term   x the end   (no sign: changes nothing)")


def _described(record: Record) -> Record:
    """A node's record, which knows the notes; what happened is said as the shipped record says it of the same act."""
    shipped_acts = {act.id: act for act in shipped()[1]}

    def described(act: LegalAct) -> LegalAct:
        same = shipped_acts.get(act.id)
        if same is None or same.note in ("", act.note) or act.act == "declare-reading":
            return act
        return replace(act, note=f"{same.note} (note: {act.note})")

    return Record(map(described, record))


@agreement.command()
@click.argument("name", default="jpn-kor-2016")
@click.option("--to", "goal", required=True, type=click.Choice(STATES))
@at_option
@json_option
@node_option
def path(name: str, goal: str, at: datetime | None, as_json: bool, node_dir: str | None) -> None:
    """Which acts, by whom, in which form and by when, lead to a state."""
    with asking(node_dir) as asked:
        law, record, a = asked.of(name)
        instant = asked.now(at)
    steps, text = path_to(law, a.name, record, instant, goal)
    if as_json:
        reached = steps[-1].reached if steps else None
        out(
            "agreement-path",
            {
                "goal": goal,
                "steps": [s.to_json() for s in steps] if steps is not None else None,
                "reached": reached.isoformat() if reached else None,
                "text": text,
            },
        )
    else:
        click.echo(text)
        for n, step in enumerate(steps or (), 1):
            when = f", before {local(step.by_when)}" if step.by_when else ""
            since = f", not before {local(step.not_before)}" if step.not_before else ""
            tag = f" [{found.confidence}]" if (found := a.article(step.article)) else ""
            if step.article == "unread":
                tag = " [I]"
            who = f"{step.by} {step.act} by {step.form}"
            if step.reached:
                who = f"the law itself, no act: from {local(step.reached)} on"
            click.echo(f"{n}. {who}{since}{when} ({step.article}{tag}): {step.state}")
    raise SystemExit(0 if steps is not None else 3)
