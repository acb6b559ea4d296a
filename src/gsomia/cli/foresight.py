"""`gsomia agreement what-if`: what would change if a legal act were done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import click

from gsomia.agreement import FORMS, LEGAL_ACTS, Agreement, LegalAct
from gsomia.cli.law import Instant, asking, at_option, cited, json_option, local, node_option, out
from gsomia.errors import UsageError
from gsomia.verdict import UNREAD_ACTS, Request, StandingDuty, granted, what_if

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
    with asking(node_dir) as asked:
        law, record, a = asked.of(under)
        _known_party(by, a)
        if act == "announce":
            click.echo("an announcement is no legal act: nothing changes")
            return
        if ends is not None and act != "give-notice":
            raise UsageError(f"{act} names no day of an end", hint="--ends goes with give-notice")
        instant = asked.now(at)
        other = next((p for p in a.parties if p != by), None)
        usual = granted(Request(act=act, by=by, to=other, under=a.name), instant)
        facts = replace(usual, form_of_act=form, ends=ends)
        if consent:
            facts = replace(facts, consent_of=frozenset(a.parties) - {by}, consent_to=frozenset({by}))
        else:
            facts = replace(facts, consent="none")
        thought = LegalAct(id=f"{a.name}/thought", under=a.name, act=act, by=by, at=instant, form=form)
        found = what_if(law, record, thought, facts=facts, pending=asked.waiting(instant), held=asked.held())
    if as_json:
        out("what-if", found.to_json())
        return
    click.echo(f"{by} {act} at {local(instant)}: {found.verdict.outcome}")
    for ground in found.verdict.grounds:
        if ground.effect == found.verdict.outcome:
            click.echo(f"  {cited(ground)}: {ground.text}")
    for when, told in (("as it is", found.before), ("with the act", found.after)):
        for period in told:
            lasting = f"until {local(period.end)}" if period.end else "with no end in sight"
            click.echo(f"  {when}: {period.state} {lasting}")
    for reading, views in found.views.items():
        _tell_reading(reading, dict(views))
    for word, rows in (("closes", found.closing), ("opens", found.opening)):
        groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for row in rows:
            key = (row["from"], row["by"], row["to"], "/".join(row["via"]) or "direct", row["was"], row["outcome"])
            groups.setdefault(key, []).append(row)
        for (since, giver, getter, via, was, then), kinds in groups.items():
            levels, subjects = (", ".join(dict.fromkeys(row[key] for row in kinds)) for key in ("level", "subject"))
            start = local(datetime.fromisoformat(since))
            click.echo(f"  {word}: {giver} to {getter} ({via}), from {start}: {was} to {then}: {levels}; {subjects}")
    for row in found.stopping:
        way = " - ".join((row["by"], *row["via"], row["to"]))
        start, cites = local(datetime.fromisoformat(row["from"])), ", ".join(row["articles"])
        click.echo(f"  stops: what waits to go {way}, from {start}: {row['outcome']} ({cites})")
    for row in found.held:
        kept = "stays protected" if row["protected"] else "NOT PROTECTED"
        click.echo(f"  held: {row['items']} of {row['originator']} {row['level']} by {row['holder']}: {kept}")
    _tell_surviving(found.surviving)


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


def _tell_surviving(duties: Iterable[StandingDuty]) -> None:
    """What goes on after the end, a line for each article, and not one for each Party."""
    owed: dict[tuple[str, str, str], tuple[dict[str, None], dict[str, None]]] = {}
    for duty in duties:
        acts, to = owed.setdefault((duty.instrument, duty.article, duty.text), ({}, {}))
        acts[duty.act] = None
        to.update(dict.fromkeys(duty.to))
    for (instrument, article, text), (acts, to) in owed.items():
        click.echo(f"  goes on: {', '.join(acts)} ({instrument}:{article}) to {', '.join(sorted(to))}: {text}")


def _known_party(party: str, a: Agreement) -> None:
    if party not in a.parties:
        raise UsageError(f"`{party}` is not a Party to {a.name}", hint="--by: " + ", ".join(a.parties))
