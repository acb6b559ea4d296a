"""`gsomia agreement ...`: the law, its state, and what would change it (`routes`, `duties`, `matrix`: see `routes`).

They need no node: they ask the law and the acts that come with this release, or with --node those of a node.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from gsomia.agreement import (
    FORMS,
    HANDLING_ACTS,
    LEGAL_ACTS,
    STATES,
    Agreement,
    LegalAct,
    draw,
    events,
    periods,
    state_at,
)
from gsomia.cli.changes import conclusion, data_changes, difference_json, difference_told
from gsomia.cli.export import export
from gsomia.cli.law import (
    Instant,
    asking,
    at_option,
    cases_of,
    cited,
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
    UNREAD_ACTS,
    Law,
    changed_cases,
    check_agreement,
    differences,
    example,
    path_to,
    prove,
    unseen,
    what_if,
)

__all__ = ["agreement", "duties_command", "matrix_command", "routes_command", "shipped"]


@click.group()
def agreement() -> None:
    """The law as data: its articles, its state, and what would change it."""


agreement.add_command(export)


@agreement.command()
@click.argument("name", required=False)
@json_option
@node_option
def show(name: str | None, as_json: bool, node_dir: str | None) -> None:
    """The articles, levels and sources of NAME; without a name, what there is."""
    with asking(node_dir) as asked:
        adopted = asked.law.agreements if asked.home is not None else None
        if name is None:
            _list({**shipped()[0].agreements, **asked.law.agreements}, adopted, as_json)
            return
        _, _, a = asked.of(name, text=True)
        said = {"adopted": adopted.get(a.name) == a} if adopted is not None else {}
        differing = asked.differing(a.name)
    if as_json:
        out({**_as_json(a), **said, **disputed_json(differing, asked)})
        return
    click.echo(f"{a.title}\n{a.name}, version {a.version}")
    if adopted is not None:
        click.echo("adopted by this node" if said["adopted"] else "not adopted by this node in this version")
    tell_disputed(a, differing, asked)
    click.echo(f"{a.kind}, {'binding' if a.binding else 'not binding'}; authentic text: {a.authentic}")
    if a.term:
        days = a.term.notice // timedelta(hours=24)
        click.echo(f"term {a.term.years} year(s), notice {days} x 24 hours before its end ({a.term.article})")
    for level in a.levels:
        covered = "" if level.covered else "  not covered"
        click.echo(
            f"  {level.party} {level.mark} ({level.romanised or level.mark}), {level.english}"
            f" [{level.confidence}]{covered}"
        )
    for (mark, from_, to), gives in a.levels_table.equivalences.items():
        click.echo(f"  {from_} {mark} becomes {to} {' or '.join(gives)}")
    click.echo("Tags: A text read, B official or press, C sister texts, not confirmed, I our own reading.")
    for article in a.articles:
        how = ", ".join(use.name for use in article.clauses) or f"by hand: {article.by_hand}"
        click.echo(f"\n{article.number} [{article.confidence}] {article.source}\n  {article.text}\n  ({how})")


def _list(known: dict[str, Agreement], adopted: dict[str, Agreement] | None, as_json: bool) -> None:
    if as_json:
        rows = [{"name": a.name, "title": a.title, "version": a.version} for a in known.values()]
        out([{**row, "adopted": row["name"] in adopted} for row in rows] if adopted is not None else rows)
        return
    for a in known.values():
        binds = "binding" if a.binding else "not binding"
        here = "" if adopted is None else ", adopted" if a.name in adopted else ", not adopted"
        click.echo(f"{a.name:<14} {', '.join(a.parties):<14} {a.kind}, {binds}{here}\n{'':<14} {a.title}")


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
        "articles": [
            {
                "number": x.number,
                "text": x.text,
                "clauses": [u.name for u in x.clauses],
                "by_hand": x.by_hand,
                "source": x.source,
                "confidence": x.confidence,
            }
            for x in a.articles
        ],
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
    left = {
        "cut_off": found.cut_off,
        "anniversary": found.anniversary,
    }
    if as_json:
        out(
            {
                "instrument": a.name,
                "at": instant.isoformat(),
                "state": found.state,
                "views": found.views,
                "readings": found.readings,
                "articles": list(found.articles),
                **{key: value.isoformat() if value else None for key, value in left.items()},
                **{f"days_to_{key}": (value - instant).days if value else None for key, value in left.items()},
                "head": record.head(a.name),
                "version": a.version,
                **disputed_json(differing, asked),
            }
        )
        return
    click.echo(f"{a.name} at {local(instant)}: {found.state}")
    tell_disputed(a, differing, asked)
    if found.disputed:
        for party, view in found.views.items():
            click.echo(f"  {party} reads it as {view} ({found.readings[party]})")
        click.echo(f"  only consultation between the Parties settles it ({a.dispute_article or 'unread'})")
    if found.articles:
        click.echo("  articles " + ", ".join(found.articles))
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
    """Acts, announcements, extensions and states of NAME through time."""
    with asking(node_dir) as asked:
        _, record, a = asked.of(name)
        end = asked.now(until)
    chosen = readings_of(readings, a.parties)
    found = periods(a, record, chosen)
    told = events(a, record, end, chosen)
    if as_json or form == "json":
        out(
            {
                "instrument": a.name,
                "periods": [p.to_json() for p in found],
                "events": [e.to_json() for e in told if e.at <= end],
            }
        )
        return
    if form == "svg":
        start = (told[0].at if told else end) - timedelta(days=120)
        zone = a.term.zone if a.term else UTC
        click.echo(draw({a.name: found}, start, end, zone, title=f"{a.name}: legal state"), nl=False)
        return
    for event in told:
        if event.at <= end:
            sign = {"act": "*", "no-act": " ", "extension": "+", "end": "x"}[event.what]
            click.echo(f"{local(event.at)} {sign} {event.state:<16} {event.text}")
    click.echo("* a legal act   + a new term by the law itself   x the end   (no sign: changes nothing)")


@agreement.command()
@click.argument("folder")
@click.option("--cases/--no-cases", "with_cases", default=True, help="Run the folder's cases.")
@json_option
def check(folder: str, with_cases: bool, as_json: bool) -> None:
    """Validate an agreement folder, run its cases, and report gaps, contradictions and lapses.

    Exit 0 unless a case fails or two clauses contradict each other.
    """
    law, record, a = law_of(folder)
    cases = cases_of(folder) if with_cases else []
    found = check_agreement(law, a.name, record, cases)
    bad = [f for f in found if f.kind in ("case", "contradiction")]
    if as_json:
        out({"instrument": a.name, "version": a.version, "cases": len(cases), "findings": [f.to_json() for f in found]})
    else:
        click.echo(f"{a.name}: {len(a.articles)} articles, {len(cases)} cases, version {a.version}")
        for finding in found:
            click.echo(f"{finding.kind:<13} {finding.place}: {finding.text}")
        click.echo(f"{len(bad)} to be mended, {len(found) - len(bad)} to be known")
    raise SystemExit(1 if bad else 0)


@agreement.command("what-if")
@click.argument("act", type=click.Choice([*LEGAL_ACTS, *UNREAD_ACTS, "announce"]))
@click.option("--under", default="jpn-kor-2016", show_default=True)
@click.option("--by", required=True, help="The Party whose act it would be.")
@click.option("--form", type=click.Choice(FORMS), default="note", show_default=True)
@at_option
@json_option
@node_option
def what_if_command(
    act: str, under: str, by: str, form: str, at: datetime | None, as_json: bool, node_dir: str | None
) -> None:
    """What would change if ACT were done: states, routes, and on a node what waits and what is held."""
    with asking(node_dir) as asked:
        law, record, a = asked.of(under)
        _known_party(by, a)
        if act == "announce":
            click.echo("an announcement is no legal act: nothing changes")
            return
        instant = asked.now(at)
        thought = LegalAct(id=f"{a.name}/thought", under=a.name, act=act, by=by, at=instant, form=form)
        found = what_if(law, record, thought, pending=asked.waiting(instant), held=asked.held())
    if as_json:
        out(found.to_json())
        return
    click.echo(f"{by} {act} at {local(instant)}: {found.verdict.outcome}")
    for ground in found.verdict.grounds:
        if ground.effect == found.verdict.outcome:
            click.echo(f"  {cited(ground)}: {ground.text}")
    for when, told in (("as it is", found.before), ("with the act", found.after)):
        for period in told:
            end = local(period.end) if period.end else "open"
            click.echo(f"  {when}: {period.state} until {end}")
    for reading, views in found.views.items():
        said = "after it, as the Parties have declared" if reading == "as declared" else f"read as {reading}"
        click.echo(f"  {said}: " + ", ".join(f"{when} {view}" for when, view in views.items()))
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
    for duty in found.surviving:
        click.echo(f"  goes on: {duty.act} ({duty.instrument}:{duty.article}) to {', '.join(duty.to)}: {duty.text}")


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
        out({"goal": goal, "steps": [s.to_json() for s in steps] if steps is not None else None, "text": text})
    else:
        click.echo(text)
        for n, step in enumerate(steps or (), 1):
            when = f", before {local(step.by_when)}" if step.by_when else ""
            since = f", not before {local(step.not_before)}" if step.not_before else ""
            tag = f" [{found.confidence}]" if (found := a.article(step.article)) else ""
            if step.article == "unread":
                tag = " [I]"
            click.echo(f"{n}. {step.by} {step.act} by {step.form}{since}{when} ({step.article}{tag}): {step.state}")
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
    shown: dict[int, dict[str, Any]] = {}
    for name in names:
        law, record, a = law_of(name)
        day = max((a.since, *a.days))
        for p in prove(law, a.name, day):
            found.append(p)
            concrete = example(law, a.name, record, p.request) if not p.holds and p.request else None
            if concrete is not None:
                # The answer to a property that does not hold is a request that can be asked, with its verdict.
                shown[id(p)] = {"at": concrete[2].isoformat(), "verdict": concrete[3].to_json()}
    if as_json:
        out(
            {
                "properties": PROPERTIES,
                "covers": COVERS,
                "proofs": [
                    {
                        "instrument": p.instrument,
                        "act": p.act,
                        "property": p.number,
                        "holds": p.holds,
                        "request": p.request,
                        "text": p.text,
                        "example": shown.get(id(p)),
                    }
                    for p in found
                ],
            }
        )
    else:
        for number, text in PROPERTIES.items():
            click.echo(f"({number}) {text}")
        for p in found:
            click.echo(f"{p.instrument:<14} ({p.number}) {p.act:<16} {'holds' if p.holds else 'BROKEN'}: {p.text}")
            if not p.holds:
                for key, value in p.request.items():
                    click.echo(f"    {key}: {value}")
                if id(p) in shown:
                    asked = shown[id(p)]
                    click.echo(f"    asked at {asked['at']}: {asked['verdict']['outcome']}")
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
            {
                "old": one.version,
                "new": other.version,
                "data": data,
                "cases": [c.to_json() for c in cases],
                "requests": [difference_json(d) for d in moved],
                "unseen": [*moving, *carrying],
            }
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


def _known_party(party: str, a: Agreement) -> None:
    if party not in a.parties:
        raise UsageError(f"`{party}` is not a Party to {a.name}", hint="--by: " + ", ".join(a.parties))
