"""`gsomia agreement ...`: the law, its state, and what would change it (`routes`, `duties`, `matrix`: see `routes`).

They need no node: they ask the law and the acts that come with this release, or with --node those of a node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from gsomia.agreement import (
    HANDLING_ACTS,
    LEGAL_ACTS,
    STATES,
    Agreement,
    Article,
    LegalAct,
    Record,
    draw,
    events,
    periods,
    rows_of,
    state_at,
)
from gsomia.cli.changes import (
    conclusion,
    data_changes,
    difference_json,
    difference_told,
    example_json,
    example_told,
)
from gsomia.cli.export import export
from gsomia.cli.foresight import what_if_command
from gsomia.cli.law import (
    Instant,
    asking,
    at_option,
    cases_of,
    disputed_json,
    json_option,
    law_of,
    local,
    node_option,
    out,
    reading_option,
    readings_of,
    shipped,
    tell_disputed,
)
from gsomia.cli.routes import duties_command, matrix_command, routes_command
from gsomia.errors import UsageError
from gsomia.verdict import (
    COVERS,
    PROPERTIES,
    Facts,
    Law,
    Request,
    Verdict,
    changed_cases,
    check_agreement,
    check_case,
    differences,
    example,
    path_to,
    prove,
    unseen,
)

__all__ = ["agreement", "duties_command", "matrix_command", "routes_command", "shipped"]


@click.group()
def agreement() -> None:
    """The law as data: its articles, its state, and what would change it."""


agreement.add_command(export)
agreement.add_command(what_if_command)


@agreement.command()
@click.argument("name", required=False)
@click.argument("article", required=False)
@json_option
@node_option
def show(name: str | None, article: str | None, as_json: bool, node_dir: str | None) -> None:
    """The articles, levels and sources of NAME, or one ARTICLE of it; without a name, what there is."""
    with asking(node_dir) as asked:
        adopted = asked.law.agreements if asked.home is not None else None
        if name is None:
            _list({**shipped()[0].agreements, **asked.law.agreements}, adopted, as_json)
            return
        _, _, a = asked.of(name, text=True)
        said = {"adopted": adopted.get(a.name) == a} if adopted is not None else {}
        differing = asked.differing(a.name)
    chosen = _chosen(a, article)
    if as_json:
        rows = {"articles": [_article_json(a, one) for one in chosen]} if article is not None else {}
        out("agreement", {**_as_json(a), **rows, **said, **disputed_json(differing, asked)})
        return
    if article is not None:
        for one in chosen:
            _tell_article(one)
        return
    click.echo(f"{a.title}\n{a.name}, version {a.version}")
    if adopted is not None:
        click.echo("adopted by this node" if said["adopted"] else "not adopted by this node in this version")
    tell_disputed(a, differing, asked)
    click.echo(f"{a.kind}, {'binding' if a.binding else 'not binding'}; authentic text: {a.authentic}")
    click.echo(f"since {a.since.isoformat()}, and so is every article and clause that names no later day")
    if a.term:
        days = a.term.notice // timedelta(hours=24)
        click.echo(f"term {a.term.years} year(s), notice {days} x 24 hours before its end ({a.term.article})")
    for level in a.levels:
        covered = "" if level.covered else "  not covered"
        click.echo(
            f"  {level.party} {level.mark} ({level.romanised or level.mark}), {level.english or 'no English name'}"
            f" [{level.confidence}]{covered}"
        )
    for (mark, from_, to), gives in a.levels_table.equivalences.items():
        click.echo(f"  {from_} {mark} becomes {to} {' or '.join(gives)}")
    click.echo("Tags: A text read, B official or press, C sister texts, not confirmed, I our own reading.")
    for one in a.articles:
        click.echo()
        _tell_article(one)


def _chosen(a: Agreement, article: str | None) -> list[Article]:
    """The article of this number with its parts; all where none is named.

    Raises:
        UsageError: there is none; names those that there are.
    """
    found = [
        one
        for one in a.articles
        if article is None or one.number == article or one.number.startswith((f"{article}.", f"{article}("))
    ]
    if not found:
        known = ", ".join(dict.fromkeys(one.number for one in a.articles))
        raise UsageError(f"`{a.name}` has no article `{article}`", hint=f"known: {known}")
    return found


def _tell_article(one: Article) -> None:
    later = {use: f" since {use.since.isoformat()}" for use in one.clauses if use.since is not None}
    how = ", ".join(use.name + later.get(use, "") for use in one.clauses) or f"by hand: {one.by_hand}"
    click.echo(f"{one.number} [{one.confidence}] {one.source}\n  {one.text}\n  ({how})")


def _list(known: dict[str, Agreement], adopted: dict[str, Agreement] | None, as_json: bool) -> None:
    if as_json:
        rows = [{"name": a.name, "title": a.title, "version": a.version} for a in known.values()]
        told = rows if adopted is None else [{**row, "adopted": row["name"] in adopted} for row in rows]
        out("agreements", {"agreements": told})
        return
    for a in known.values():
        binds = "binding" if a.binding else "not binding"
        here = "" if adopted is None else ", adopted" if a.name in adopted else ", not adopted"
        click.echo(f"{a.name:<14} {', '.join(a.parties):<14} {a.kind}, {binds}{here}\n{'':<14} {a.title}")


def _article_json(a: Agreement, one: Article) -> dict[str, Any]:
    return {
        "number": one.number,
        "text": one.text,
        "clauses": [{"is": u.name, "since": a.begins(u).isoformat(), **u.settings} for u in one.clauses],
        "by_hand": one.by_hand,
        "since": min((a.begins(u) for u in one.clauses), default=a.since).isoformat(),
        "source": one.source,
        "confidence": one.confidence,
    }


def _as_json(a: Agreement) -> dict[str, Any]:
    return {
        "name": a.name,
        "title": a.title,
        "version": a.version,
        "kind": a.kind,
        "binding": a.binding,
        "parties": list(a.parties),
        "authentic": a.authentic,
        "since": a.since.isoformat(),
        "readings": a.readings,
        "levels": [
            {
                "party": x.party,
                "mark": x.mark,
                "romanised": x.romanised,
                "english": x.english,
                "covered": x.covered,
                "source": x.source,
                "confidence": x.confidence,
            }
            for x in a.levels
        ],
        "equivalences": [
            {"mark": mark, "from": from_, "to": to, "gives": list(gives)}
            for (mark, from_, to), gives in a.levels_table.equivalences.items()
        ],
        "articles": [_article_json(a, one) for one in a.articles],
    }


@agreement.command()
@click.argument("name", default="jpn-kor-2016")
@at_option
@click.option("--known", type=Instant(), help="What the record held at that earlier instant.")
@reading_option
@json_option
@node_option
def state(
    name: str,
    at: datetime | None,
    known: datetime | None,
    readings: tuple[str, ...],
    as_json: bool,
    node_dir: str | None,
) -> None:
    """The legal state of NAME at an instant, with the days to the cut-off and the anniversary."""
    with asking(node_dir) as asked:
        _, record, a = asked.of(name)
        instant = asked.now(at)
        differing = asked.differing(a.name)
    found = state_at(a, record, instant, readings_of(readings, a.parties), known=known)
    rests = _resting(a, found.articles)
    left = {
        "cut_off": found.cut_off,
        "anniversary": found.anniversary,
    }
    if as_json:
        out(
            "agreement-state",
            {
                "instrument": a.name,
                "at": instant.isoformat(),
                "state": found.state,
                "views": found.views,
                "readings": found.readings,
                "articles": list(found.articles),
                "confidence": max(rests.values(), key="ABCI".index),
                **{key: value.isoformat() if value else None for key, value in left.items()},
                **{f"days_to_{key}": (value - instant).days if value else None for key, value in left.items()},
                "head": record.head(a.name),
                "version": a.version,
                **disputed_json(differing, asked),
            },
        )
        return
    click.echo(f"{a.name} at {local(instant)}: {found.state}")
    tell_disputed(a, differing, asked)
    if found.disputed:
        for party, view in found.views.items():
            click.echo(f"  {party} reads it as {view} ({found.readings[party]})")
        click.echo(f"  only consultation between the Parties settles it ({a.dispute_article or 'unread'})")
    click.echo("  articles " + ", ".join(f"{number} [{tag}]" for number, tag in rests.items()))
    for key, value in left.items():
        if value is not None:
            gone = "passed for this term" if value <= instant else f"in {(value - instant).days} days"
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


def _resting(a: Agreement, articles: Sequence[str]) -> dict[str, str]:
    """The articles that a state rests on with their tags; where no number was read, that its acts put it in force."""
    known = {number: found.confidence for number in articles if (found := a.article(number)) is not None}
    stated = a.stating("in-force")
    return known or {"unread": stated.confidence if stated is not None else "I"}


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
@click.argument("folder")
@click.option(
    "--cases/--no-cases", "with_cases", default=True, help="Run the folder's cases; they are read in any case."
)
@json_option
def check(folder: str, with_cases: bool, as_json: bool) -> None:
    """Validate an agreement folder, run its cases, and report gaps, contradictions and lapses.

    Exit 0 unless a case fails or two clauses contradict each other.
    """
    law, record, a = law_of(folder)
    cases = cases_of(folder)
    for case in cases:
        check_case(law, case)
    found = check_agreement(law, a.name, record, cases if with_cases else None)
    bad = [f for f in found if f.kind in ("case", "contradiction")]
    if as_json:
        out(
            "agreement-check",
            {"instrument": a.name, "version": a.version, "cases": len(cases), "findings": [f.to_json() for f in found]},
        )
    else:
        ran = "" if with_cases else " (not run)"
        click.echo(f"{a.name}: {len(a.articles)} articles, {len(cases)} cases{ran}, version {a.version}")
        for finding in found:
            click.echo(f"{finding.kind:<13} {finding.place}: {finding.text}")
        click.echo(f"{len(bad)} to be mended, {len(found) - len(bad)} to be known")
    raise SystemExit(1 if bad else 0)


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


@agreement.command("prove")
@click.argument("folder", required=False)
@json_option
def prove_command(folder: str | None, as_json: bool) -> None:
    """Prove four properties for every request whatever, or show a request that breaks one.

    FOLDER is an agreement's name or folder; by default all that are shipped. Exit 5 where a property does not hold.
    """
    names = [folder] if folder else list(shipped()[0].agreements)
    found = []
    shown: dict[int, tuple[Request, Facts, datetime, Verdict]] = {}
    for name in names:
        law, record, a = law_of(name)
        day = max((a.since, *a.days))
        for p in prove(law, a.name, day):
            found.append(p)
            concrete = example(law, a.name, record, p.request) if not p.holds and p.request else None
            if concrete is not None:
                # The answer to a property that does not hold is a request that can be asked, with its verdict.
                shown[id(p)] = concrete
    if as_json:
        out(
            "agreement-proofs",
            {
                "properties": PROPERTIES,
                "covers": COVERS,
                "proofs": [
                    {
                        "instrument": p.instrument,
                        "act": p.act,
                        "property": p.number,
                        "holds": p.holds,
                        "attributes": p.request,
                        "text": p.text,
                        "example": example_json(*shown[id(p)]) if id(p) in shown else None,
                    }
                    for p in found
                ],
            },
        )
    else:
        for number, text in PROPERTIES.items():
            click.echo(f"({number}) {text}")
        for p in found:
            click.echo(f"{p.instrument:<14} ({p.number}) {p.act:<16} {'holds' if p.holds else 'BROKEN'}: {p.text}")
            for line in example_told(*shown[id(p)]) if id(p) in shown else ():
                click.echo(f"    {line}")
            if not p.holds and p.request and id(p) not in shown:
                click.echo(f"    in the state {p.request.get('state')}, which no record of these acts leads to")
        click.echo(COVERS)
    raise SystemExit(0 if all(p.holds for p in found) else 5)


@agreement.command()
@click.argument("old")
@click.argument("new")
@json_option
def diff(old: str, new: str, as_json: bool) -> None:
    """What changes from one version of an agreement to another: data, cases' answers, and what is newly permitted."""
    old_law, old_record, one = law_of(old)
    law, record, other = law_of(new)
    if one.parties != other.parties and not set(one.parties) & set(other.parties):
        raise UsageError(f"`{old}` and `{new}` have no Party in common")
    data = data_changes(one, other)
    if one.name != other.name and one.parties == other.parties:
        # The new version stands in the place of the old one, under whatever name.
        law = Law({name: a for name, a in law.agreements.items() if name != one.name})
        old_law = Law({name: a for name, a in old_law.agreements.items() if name != other.name})
    cases = changed_cases(
        (old_law, old_record, one.name),
        (law, record, other.name),
        [case for name in (old, new) for case in cases_of(name)],
    )
    acts = (*HANDLING_ACTS, *LEGAL_ACTS)
    moving, carrying = unseen(one, other)
    moved = differences((old_law, old_record, one.name), (law, record, other.name), acts)
    if as_json:
        out(
            "agreement-diff",
            {
                "old": one.version,
                "new": other.version,
                "data": data,
                "cases": [c.to_json() for c in cases],
                "requests": [difference_json(d) for d in moved],
                "unseen": [*moving, *carrying],
            },
        )
        return
    click.echo(f"old {one.version}\nnew {other.version}")
    for line in data:
        click.echo(f"changed: {line}")
    for c in cases:
        click.echo(f"case {c.case.id}: {c.old} to {c.new}: {c.case.title}")
    for d in moved:
        for line in difference_told(d):
            click.echo(line)
    click.echo(conclusion(moved, moving, carrying, [c for c in cases if c.new == "permit"]))
