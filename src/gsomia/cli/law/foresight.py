"""`gsomia agreement what-if`: what would change if a legal act were done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import click

from gsomia.agreement import FORMS, LEGAL_ACTS
from gsomia.cli.address.asked import fetch, is_address
from gsomia.cli.address.paths import api_path
from gsomia.cli.law.shared import Instant, asking, at_option, cited_json, json_option, local, node_option, out
from gsomia.verdict import UNREAD_ACTS, think, what_if

__all__ = ["what_if_command"]


@click.command("what-if")
@click.argument("act", metavar="ACT", type=click.Choice([*LEGAL_ACTS, *UNREAD_ACTS, "announce"]))
@click.option("--under", default="jpn-kor-2016", show_default=True)
@click.option("--by", required=True, help="The Party whose act it would be.")
@click.option("--form", type=click.Choice(FORMS), default="note", show_default=True)
@click.option("--consent", is_flag=True, help="Assume that the other Parties have consented before, in writing.")
@click.option("--ends", type=Instant(), help="The day that a notice names for the end; by default it names none.")
@at_option
@json_option
@node_option
def what_if_command(
    act: str,
    under: str,
    by: str,
    form: str,
    consent: bool,
    ends: datetime | None,
    at: datetime | None,
    as_json: bool,
    node_dir: str | None,
) -> None:
    """What would change if ACT were done: states, routes, and on a node what waits and what is held.

    ACT is a legal act such as give-notice, suspend-notice, resume-notice, withdraw-notice or amend; `take-effect` or
    `leave` of an arrangement; or `announce`.
    """
    if act == "announce":
        click.echo("an announcement is no legal act: nothing changes")
        return
    if is_address(node_dir):
        asked_of = {"act": act, "by": by, "form": form, "consent": str(consent).lower(), "ends": ends, "at": at}
        found = fetch(node_dir, api_path("agreements", under, "what-if"), asked_of)
    else:
        with asking(node_dir) as asked:
            law, record, a = asked.of(under)
            instant = asked.now(at)
            thought, facts = think(law, a.name, act, by, instant, form=form, consent=consent, ends=ends)
            pending, held = asked.waiting(instant), asked.held()
            found = what_if(law, record, thought, facts=facts, pending=pending, held=held).to_json()
    if as_json:
        out("what-if", found)
        return
    verdict = found["verdict"]
    click.echo(f"{by} {act} at {local(datetime.fromisoformat(found['act']['at']))}: {verdict['outcome']}")
    for ground in verdict["grounds"]:
        if ground["effect"] == verdict["outcome"]:
            click.echo(f"  {cited_json(ground)}: {ground['text']}")
    for when, told in (("as it is", found["before"]), ("with the act", found["after"])):
        for period in told:
            ending = period["end"]
            lasting = f"until {local(datetime.fromisoformat(ending))}" if ending else "with no end in sight"
            click.echo(f"  {when}: {period['state']} {lasting}")
    for reading, views in found["views"].items():
        _tell_reading(reading, dict(views))
    for word, rows in (("closes", found["closing"]), ("opens", found["opening"])):
        groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for row in rows:
            key = (row["from"], row["by"], row["to"], "/".join(row["via"]) or "direct", row["was"], row["outcome"])
            groups.setdefault(key, []).append(row)
        for (since, giver, getter, via, was, then), kinds in groups.items():
            levels, subjects = (", ".join(dict.fromkeys(row[key] for row in kinds)) for key in ("level", "subject"))
            start = local(datetime.fromisoformat(since))
            click.echo(f"  {word}: {giver} to {getter} ({via}), from {start}: {was} to {then}: {levels}; {subjects}")
    for row in found["stopping"]:
        way = " - ".join((row["by"], *row["via"], row["to"]))
        start, cites = local(datetime.fromisoformat(row["from"])), ", ".join(row["articles"])
        click.echo(f"  stops: what waits to go {way}, from {start}: {row['outcome']} ({cites})")
    for row in found["held"]:
        kept = "stays protected" if row["protected"] else "NOT PROTECTED"
        click.echo(f"  held: {row['items']} of {row['originator']} {row['level']} by {row['holder']}: {kept}")
    _tell_surviving(found["surviving"])


_MEANINGS = {
    "immediate": "to resume a suspended notice ends it at once",
    "fresh-notice": "to resume does nothing, a fresh notice is needed",
    "clock": "the time that was left runs on",
    "strict": "a suspension never stopped the clock",
}


def _tell_reading(reading: str, views: dict[str, str]) -> None:
    """The states under one reading, and what the reading says of a notice that was suspended."""
    if reading == "as declared":
        click.echo("  after it, as the Parties have declared: " + ", ".join(f"{k} {v}" for k, v in views.items()))
        return
    ended = views.pop("ended", None)
    states = ", ".join(f"{when} {view}" for when, view in views.items())
    if ended is not None:
        states = f"terminated since {local(datetime.fromisoformat(ended))} already, whatever this act does"
    click.echo(f"  read as {reading} ({_MEANINGS[reading]}): {states}")


def _tell_surviving(duties: Iterable[Mapping[str, Any]]) -> None:
    """What goes on after the end, a line for each article, and not one for each Party."""
    owed: dict[tuple[str, str, str], tuple[dict[str, None], dict[str, None]]] = {}
    for duty in duties:
        acts, to = owed.setdefault((duty["instrument"], duty["article"], duty["text"]), ({}, {}))
        acts[duty["act"]] = None
        to.update(dict.fromkeys(duty["to"]))
    for (instrument, article, text), (acts, to) in owed.items():
        click.echo(f"  goes on: {', '.join(acts)} ({instrument}:{article}) to {', '.join(sorted(to))}: {text}")
