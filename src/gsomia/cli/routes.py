"""`gsomia routes`, `duties`, `matrix`: what the law lets whom give to whom, and what is owed."""

from __future__ import annotations

import re
from datetime import datetime

import click

from gsomia.agreement import ITEM_FORMS, PURPOSES, RANKS, SUBJECTS
from gsomia.cli.law import Asked, asking, at_option, cited, json_option, local, node_option, out
from gsomia.errors import UsageError
from gsomia.verdict import Item, Law, matrix, routes, standing_duties

_ORIGINATOR = re.compile(r"[A-Z]{3}")

__all__ = ["duties_command", "matrix_command", "routes_command"]


def _item(text: str, by: str, law: Law) -> Item:
    """An item from `level=特定秘密,subject=dprk-missile,form=document`."""
    fields = {"level": "SECRET", "subject": "other", "form": "document", "purpose": "defence", "contains": ""}
    for part in filter(None, text.split(",")):
        key, _, value = part.partition("=")
        if key not in fields:
            raise UsageError(f"unknown key `{key}` of an item", hint="--item: " + ", ".join(fields))
        fields[key] = value
    for key, known in (("subject", SUBJECTS), ("form", ITEM_FORMS), ("purpose", PURPOSES)):
        if fields[key] not in known:
            raise UsageError(f"unknown {key} `{fields[key]}`", hint=f"--item {key}=: {', '.join(known)}")
    marks = [x.mark for a in law.agreements.values() for x in a.levels if x.party == by]
    if fields["level"] and not any(a.level(by, fields["level"]) for a in law.agreements.values()):
        allowed = dict.fromkeys((*marks, *RANKS))
        raise UsageError(f"unknown level `{fields['level']}` of {by}", hint=f"--item level=: {', '.join(allowed)}")
    contains = tuple(filter(None, fields.pop("contains").split("+"))) or (by,)
    for party in contains:
        if not _ORIGINATOR.fullmatch(party):
            hint = "--item contains=: ISO 3166-1 alpha-3 codes joined by `+`, such as JPN+USA"
            raise UsageError(f"unknown originator `{party}`", hint=hint)
    return Item(
        originator=by,
        contains=contains,
        level=fields["level"],
        subject=fields["subject"],
        form=fields["form"],
        purpose=fields["purpose"],
    )


def _known(party: str, asked: Asked, option: str) -> None:
    parties = sorted({p for a in asked.law.agreements.values() for p in a.parties})
    if party not in parties:
        hint = f"{option}: " + ", ".join(parties) if parties else "this node has adopted no agreement"
        raise UsageError(f"`{party}` is no Party to any agreement", hint=hint)


@click.command("routes")
@click.option("--from", "by", required=True, help="The Party that gives.")
@click.option("--to", required=True, help="The Party that gets.")
@click.option("--item", "text", default="", help="level=...,subject=...,form=...,contains=JPN+USA")
@at_option
@json_option
@node_option
def routes_command(by: str, to: str, text: str, at: datetime | None, as_json: bool, node_dir: str | None) -> None:
    """All ways by which an item could go, the most lawful first, each with its instrument and the consents it needs."""
    with asking(node_dir) as asked:
        for party, option in ((by, "--from"), (to, "--to")):
            _known(party, asked, option)
        if by == to:
            others = sorted({p for a in asked.law.agreements.values() for p in a.parties} - {by})
            raise UsageError(f"{by} does not give to itself", hint=f"--to: {', '.join(others)}")
        item = _item(text, by, asked.law)
        found = routes(asked.law, asked.record, asked.now(at), by, to, item)
    if as_json:
        out("routes", {"routes": [route.to_json() for route in found]})
        return
    for route in found:
        way = " - ".join((by, *route.via, to))
        needs = ", ".join(f"{of} naming {naming}" for of, naming in route.approvals)
        outcome = _tagged(route.verdict.outcome, route.verdict.confidence)
        binds = "" if route.binding else ", not all binding"
        click.echo(f"{outcome:<13} {way:<17} {route.act:<8} {route.instrument}{binds}")
        if needs and route.verdict.outcome != "refuse":
            click.echo(f"{'':<13} needs the prior written consent of {needs}")
        if route.verdict.outcome != "permit":
            for ground in route.verdict.grounds:
                if ground.effect == route.verdict.outcome:
                    click.echo(f"{'':<13} {cited(ground)} {ground.text}")
    click.echo("Each way is asked as if all facts that it needs were established.", err=True)


@click.command("duties")
@click.option("--party", required=True, help="The Party that owes.")
@at_option
@json_option
@node_option
def duties_command(party: str, at: datetime | None, as_json: bool, node_dir: str | None) -> None:
    """What a Party owes: to whom, since when, by which article; on a node also what is owed for copies, and to it."""
    with asking(node_dir) as asked:
        _known(party, asked, "--party")
        found = standing_duties(asked.law, asked.record, asked.now(at), party)
        owing = asked.owing(party, asked.now(at))
    if as_json:
        out("duties", {"duties": [*(duty.to_json() for duty in found), *owing]})
        return
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
    for duty in found:
        when = f", when the facts say so: {', '.join(duty.when)}" if duty.when else ""
        after = "; outlives the instrument" if duty.survives else ""
        click.echo(
            f"{duty.instrument}:{duty.article} [{duty.confidence}] {duty.act} to {', '.join(duty.to)}"
            f" since {local(duty.since)}{when}{after}\n    {duty.text}"
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
