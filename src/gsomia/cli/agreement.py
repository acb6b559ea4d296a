"""`gsomia agreement ...`, `routes`, `duties`, `matrix`: the law, its state, and the questions nobody else answers.

They need no node: they ask the law and the acts that come with this release.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

import click

from gsomia.agreement import (
    HANDLING_ACTS,
    LEGAL_ACTS,
    READINGS,
    STATES,
    Agreement,
    LegalAct,
    Record,
    day_of,
    draw,
    events,
    load_agreement,
    periods,
    read_acts,
    shipped_record,
    state_at,
)
from gsomia.config import read_law_folder, shipped_law
from gsomia.errors import UsageError
from gsomia.verdict import (
    COVERS,
    PROPERTIES,
    Item,
    Law,
    check_agreement,
    differences,
    example,
    matrix,
    parse_cases,
    path_to,
    prove,
    routes,
    standing_duties,
    to_cedar,
    what_if,
)

__all__ = ["agreement", "duties_command", "matrix_command", "routes_command", "shipped"]


@cache
def shipped() -> tuple[Law, Record]:
    """The law and the record that come with this release."""
    files = shipped_law()
    law = Law({name: load_agreement(name, folder) for name, folder in files.items()})
    return law, shipped_record(files)


class _Instant(click.ParamType[datetime]):
    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read ISO 8601 with an offset."""
        if isinstance(value, datetime):
            return value
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"`{value}` is not a date-time such as 2019-11-22T18:00+09:00", param, ctx)
        if at.tzinfo is None:
            self.fail(f"`{value}` needs its offset, such as {value}+09:00 or {value}Z", param, ctx)
        return at.astimezone(UTC)


_at = click.option("--at", type=_Instant(), help="The instant, with its offset; by default now.")
_json = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
_reading = click.option(
    "--reading", "readings", multiple=True, metavar="PARTY=READING", help="A Party's reading, instead of its own."
)


def _now(at: datetime | None) -> datetime:
    return at if at is not None else datetime.now(UTC)  # noqa: TID251  # the shell's clock, where none was given


def _readings(given: Iterable[str]) -> dict[str, str] | None:
    found = {}
    for entry in given:
        party, _, reading = entry.partition("=")
        if reading not in READINGS:
            known = ", ".join(READINGS)
            raise UsageError(f"`{entry}` is not a reading", hint=f"write PARTY=READING; readings: {known}")
        found[party] = reading
    return found or None


def _law(name: str) -> tuple[Law, Record, Agreement]:
    """The law and record, with the instrument of that name, or of that folder."""
    law, record = shipped()
    if name in law.agreements:
        return law, record, law.agreements[name]
    folder = Path(name)
    if not folder.is_dir():
        known = ", ".join(law.agreements)
        raise UsageError(f"no agreement `{name}`", hint=f"known: {known}; or name a folder")
    files = read_law_folder(folder)
    found = load_agreement(folder.resolve().name, files)
    law = Law({**law.agreements, found.name: found})
    record = Record(act for act in record if act.under != found.name)
    if "acts.toml" in files:
        record = record.plus(read_acts(found.name, files["acts.toml"], found.parties))
    return law, record, found


def _local(at: datetime, zone: timezone | Any = None) -> str:
    zone = zone or timezone(timedelta(hours=9))
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S%z")


def _out(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2))


@click.group()
def agreement() -> None:
    """The law as data: its articles, its state, and what would change it."""


@agreement.command()
@click.argument("name", required=False)
@_json
def show(name: str | None, as_json: bool) -> None:
    """The articles, levels and sources of NAME; without a name, what there is."""
    law, _ = shipped()
    if name is None:
        if as_json:
            _out([{"name": a.name, "title": a.title, "version": a.version} for a in law.agreements.values()])
            return
        for a in law.agreements.values():
            binds = "binding" if a.binding else "not binding"
            click.echo(f"{a.name:<14} {', '.join(a.parties):<14} {a.kind}, {binds}\n{'':<14} {a.title}")
        return
    _, _, a = _law(name)
    if as_json:
        _out(_as_json(a))
        return
    click.echo(f"{a.title}\n{a.name}, version {a.version}")
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
@_at
@click.option("--known", type=_Instant(), help="What the record held at that earlier instant.")
@_reading
@_json
def state(name: str, at: datetime | None, known: datetime | None, readings: tuple[str, ...], as_json: bool) -> None:
    """The legal state of NAME at an instant, with the days to the cut-off and the anniversary."""
    _, record, a = _law(name)
    instant = _now(at)
    found = state_at(a, record, instant, _readings(readings), known=known)
    left = {
        "cut_off": found.cut_off,
        "anniversary": found.anniversary,
    }
    if as_json:
        _out(
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
            }
        )
        return
    click.echo(f"{a.name} at {_local(instant)}: {found.state}")
    if found.disputed:
        for party, view in found.views.items():
            click.echo(f"  {party} reads it as {view} ({found.readings[party]})")
        click.echo(f"  only consultation between the Parties settles it ({a.dispute_article or 'unread'})")
    if found.articles:
        click.echo("  articles " + ", ".join(found.articles))
    for key, value in left.items():
        if value is not None:
            gone = "passed for this term" if value <= instant else f"in {(value - instant).days} days"
            click.echo(f"  {key.replace('_', '-')} {_local(value)}: {gone}")


@agreement.command()
@click.argument("name", default="jpn-kor-2016")
@click.option("--format", "form", type=click.Choice(["text", "json", "svg"]), default="text", show_default=True)
@click.option("--until", type=_Instant(), help="How far extensions are told; by default now.")
@_reading
@_json
def timeline(name: str, form: str, until: datetime | None, readings: tuple[str, ...], as_json: bool) -> None:
    """Acts, announcements, extensions and states of NAME through time."""
    _, record, a = _law(name)
    end = _now(until)
    chosen = _readings(readings)
    found = periods(a, record, chosen)
    told = events(a, record, end, chosen)
    if as_json or form == "json":
        _out(
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
            click.echo(f"{_local(event.at)} {sign} {event.state:<16} {event.text}")
    click.echo("* a legal act   + a new term by the law itself   x the end   (no sign: changes nothing)")


@agreement.command()
@click.argument("folder")
@click.option("--cases/--no-cases", "with_cases", default=True, help="Run the folder's cases.")
@_json
def check(folder: str, with_cases: bool, as_json: bool) -> None:
    """Validate an agreement folder, run its cases, and report gaps, contradictions and lapses.

    Exit 0 unless a case fails or two clauses contradict each other.
    """
    law, record, a = _law(folder)
    files = shipped_law()[folder] if folder in shipped()[0].agreements else read_law_folder(Path(folder))
    cases = parse_cases(files["cases.toml"], f"{folder}/cases.toml") if "cases.toml" in files and with_cases else []
    found = check_agreement(law, a.name, record, cases)
    bad = [f for f in found if f.kind in ("case", "contradiction")]
    if as_json:
        _out(
            {"instrument": a.name, "version": a.version, "cases": len(cases), "findings": [f.to_json() for f in found]}
        )
    else:
        click.echo(f"{a.name}: {len(a.articles)} articles, {len(cases)} cases, version {a.version}")
        for finding in found:
            click.echo(f"{finding.kind:<13} {finding.place}: {finding.text}")
        click.echo(f"{len(bad)} to be mended, {len(found) - len(bad)} to be known")
    raise SystemExit(1 if bad else 0)


@agreement.command("what-if")
@click.argument("act", type=click.Choice([*LEGAL_ACTS, "announce"]))
@click.option("--under", default="jpn-kor-2016", show_default=True)
@click.option("--by", required=True, help="The Party whose act it would be.")
@click.option("--form", default="note", show_default=True)
@_at
@_json
def what_if_command(act: str, under: str, by: str, form: str, at: datetime | None, as_json: bool) -> None:
    """What would change if ACT were done."""
    law, record, a = _law(under)
    _known_party(by, a)
    instant = _now(at)
    thought = LegalAct(id=f"{a.name}/thought", under=a.name, act=act, by=by, at=instant, form=form)
    if act == "announce":
        click.echo("an announcement is no legal act: nothing changes")
        return
    found = what_if(law, record, thought)
    if as_json:
        _out(found.to_json())
        return
    click.echo(f"{by} {act} at {_local(instant)}: {found.verdict.outcome}")
    for ground in found.verdict.grounds:
        if ground.effect == found.verdict.outcome:
            click.echo(f"  {ground.citation} [{ground.confidence}]: {ground.text}")
    for when, told in (("as it is", found.before), ("with the act", found.after)):
        for period in told:
            end = _local(period.end) if period.end else "open"
            click.echo(f"  {when}: {period.state} until {end}")
    for reading, views in found.views.items():
        click.echo(f"  read as {reading}: " + ", ".join(f"{when} {view}" for when, view in views.items()))
    for word, rows in (("closes", found.closing), ("opens", found.opening)):
        groups: dict[tuple[Any, ...], int] = {}
        for row in rows:
            key = (row["from"], row["by"], row["to"], "/".join(row["via"]) or "direct", row["was"], row["outcome"])
            groups[key] = groups.get(key, 0) + 1
        for (since, giver, getter, via, was, now), count in groups.items():
            click.echo(f"  {word}: {giver} to {getter} ({via}), {count} kinds of item, from {since}: {was} to {now}")
    for duty in found.surviving:
        click.echo(f"  goes on: {duty.act} ({duty.instrument}:{duty.article}) to {', '.join(duty.to)}: {duty.text}")


@agreement.command()
@click.argument("name", default="jpn-kor-2016")
@click.option("--to", "goal", required=True, type=click.Choice(STATES))
@_at
@_json
def path(name: str, goal: str, at: datetime | None, as_json: bool) -> None:
    """Which acts, by whom, in which form and by when, lead to a state."""
    law, record, a = _law(name)
    instant = _now(at)
    steps, text = path_to(law, a.name, record, instant, goal)
    if as_json:
        _out({"goal": goal, "steps": [s.to_json() for s in steps] if steps is not None else None, "text": text})
    else:
        click.echo(text)
        for n, step in enumerate(steps or (), 1):
            when = f", before {_local(step.by_when)}" if step.by_when else ""
            click.echo(f"{n}. {step.by} {step.act} by {step.form}{when} ({step.article}): {step.state}")
    raise SystemExit(0 if steps is not None else 3)


@agreement.command("prove")
@click.argument("folder", required=False)
@_json
def prove_command(folder: str | None, as_json: bool) -> None:
    """Prove four properties for every request whatever, or show a request that breaks one.

    FOLDER is an agreement's name or folder; by default all that are shipped. Exit 5 where a property does not hold.
    """
    names = [folder] if folder else list(shipped()[0].agreements)
    found = []
    shown: dict[int, dict[str, Any]] = {}
    for name in names:
        law, record, a = _law(name)
        day = max((a.since, *a.days))
        for p in prove(law, a.name, day):
            found.append(p)
            concrete = example(law, a.name, record, p.request) if not p.holds and p.request else None
            if concrete is not None:
                # The answer to a property that does not hold is a request that can be asked, with its verdict.
                shown[id(p)] = {"at": concrete[2].isoformat(), "verdict": concrete[3].to_json()}
    if as_json:
        _out(
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
@_json
def diff(old: str, new: str, as_json: bool) -> None:
    """What changes from one version of an agreement to another: data, cases' answers, and what is newly permitted."""
    _, _, one = _law(old)
    law, record, other = _law(new)
    if one.parties != other.parties and not set(one.parties) & set(other.parties):
        raise UsageError(f"`{old}` and `{new}` have no Party in common")
    data = _data_changes(one, other)
    moved = differences(one, other, max((other.since, *other.days)), (*HANDLING_ACTS, *LEGAL_ACTS))
    if as_json:
        _out(
            {
                "old": one.version,
                "new": other.version,
                "data": data,
                "requests": [{"act": d.act, "newly": d.newly, "request": d.request} for d in moved],
            }
        )
        return
    click.echo(f"old {one.version}\nnew {other.version}")
    for line in data:
        click.echo(f"changed: {line}")
    for d in moved:
        facts = ", ".join(f"{k} {v}" for k, v in d.request.items() if k != "act")
        click.echo(f"newly {d.newly}: {d.act} where {facts}")
    if not any(d.newly == "permitted" for d in moved):
        levels = any(line.startswith(("level", "equivalence")) for line in data)
        more = "; the tables of levels differ, see above" if levels else ""
        click.echo(f"proven: the clauses of the new version permit nothing that those of the old do not{more}")
    del law, record


def _data_changes(one: Agreement, other: Agreement) -> list[str]:
    found = []
    for key in ("title", "kind", "binding", "parties", "term", "readings", "hub", "legs", "considered"):
        if getattr(one, key) != getattr(other, key):
            found.append(f"{key}: {getattr(one, key)} to {getattr(other, key)}")
    old, new = ({(x.party, x.mark): x.covered for x in a.levels} for a in (one, other))
    found += [f"level {k}: {old.get(k)} to {new.get(k)}" for k in sorted({*old, *new}) if old.get(k) != new.get(k)]
    was, now = one.levels_table.equivalences, other.levels_table.equivalences
    found += [
        f"equivalence {k}: {was.get(k)} to {now.get(k)}" for k in sorted({*was, *now}) if was.get(k) != now.get(k)
    ]
    before, after = ({(x.number, x.text): x for x in a.articles} for a in (one, other))
    for k in dict.fromkeys((*before, *after)):
        if k not in after:
            found.append(f"article {k[0]} is gone: {k[1]}")
        elif k not in before:
            found.append(f"article {k[0]} is new: {k[1]}")
        elif before[k] != after[k]:
            found.append(f"article {k[0]}: {_told(before[k])} to {_told(after[k])}")
    return found


def _told(article: Any) -> str:
    clauses = ", ".join(f"{u.clause!r} since {u.since or 'the beginning'}" for u in article.clauses)
    return clauses or f"by hand: {article.by_hand}"


@agreement.command()
@click.argument("name", default="jpn-kor-2016")
@click.option("--cedar", "form", flag_value="cedar", default="cedar", help="As Cedar policies.")
@_at
def export(name: str, form: str, at: datetime | None) -> None:
    """The clauses of NAME as text for another engine."""
    _, _, a = _law(name)
    del form
    click.echo(to_cedar(a, day_of(a, _now(at))), nl=False)


def _known_party(party: str, a: Agreement) -> None:
    if party not in a.parties:
        raise UsageError(f"`{party}` is not a Party to {a.name}", hint="Parties: " + ", ".join(a.parties))


def _item(text: str, by: str) -> Item:
    """An item from `level=特定秘密,subject=dprk-missile,form=document`."""
    fields = {"level": "SECRET", "subject": "other", "form": "document", "purpose": "defence", "contains": ""}
    for part in filter(None, text.split(",")):
        key, _, value = part.partition("=")
        if key not in fields:
            raise UsageError(f"unknown key `{key}` of an item", hint="known: " + ", ".join(fields))
        fields[key] = value
    contains = tuple(filter(None, fields.pop("contains").split("+"))) or (by,)
    return Item(
        originator=by,
        contains=contains,
        level=fields["level"],
        subject=fields["subject"],
        form=fields["form"],
        purpose=fields["purpose"],
    )


@click.command("routes")
@click.option("--from", "by", required=True, help="The Party that gives.")
@click.option("--to", required=True, help="The Party that gets.")
@click.option("--item", "text", default="", help="level=...,subject=...,form=...,contains=JPN+USA")
@_at
@_json
def routes_command(by: str, to: str, text: str, at: datetime | None, as_json: bool) -> None:
    """All ways by which an item could go, each with its instrument, legs and the approvals it needs."""
    law, record = shipped()
    item = _item(text, by)
    parties = sorted({p for a in law.agreements.values() for p in a.parties})
    for party in (by, to):
        if party not in parties:
            raise UsageError(f"`{party}` is no Party to any agreement", hint="Parties: " + ", ".join(parties))
    found = routes(law, record, _now(at), by, to, item)
    if as_json:
        _out([route.to_json() for route in found])
        return
    for route in found:
        way = " - ".join((by, *route.via, to))
        needs = ", ".join(f"{of} naming {naming}" for of, naming in route.approvals)
        click.echo(f"{route.verdict.outcome:<9} {way:<17} {route.act:<8} {route.instrument}")
        if needs and route.verdict.outcome != "refuse":
            click.echo(f"{'':<9} needs the prior written consent of {needs}")
        if route.verdict.outcome != "permit":
            for ground in route.verdict.grounds:
                if ground.effect == route.verdict.outcome:
                    click.echo(f"{'':<9} {ground.citation} [{ground.confidence}] {ground.text}")
    click.echo("Each way is asked as if all facts that it needs were established.", err=True)


@click.command("duties")
@click.option("--party", required=True, help="The Party that owes.")
@_at
@_json
def duties_command(party: str, at: datetime | None, as_json: bool) -> None:
    """What a Party owes: to whom, since when, by which article."""
    law, record = shipped()
    parties = sorted({p for a in law.agreements.values() for p in a.parties})
    if party not in parties:
        raise UsageError(f"`{party}` is no Party to any agreement", hint="Parties: " + ", ".join(parties))
    found = standing_duties(law, record, _now(at), party)
    if as_json:
        _out([duty.to_json() for duty in found])
        return
    for duty in found:
        when = f", when the facts say so: {', '.join(duty.when)}" if duty.when else ""
        after = "; outlives the instrument" if duty.survives else ""
        click.echo(
            f"{duty.instrument}:{duty.article} [{duty.confidence}] {duty.act} to {', '.join(duty.to)}"
            f" since {_local(duty.since)}{when}{after}\n    {duty.text}"
        )


@click.command("matrix")
@_at
@_json
def matrix_command(at: datetime | None, as_json: bool) -> None:
    """Who may give what to whom: levels, subjects and routes."""
    law, record = shipped()
    rows = matrix(law, record, _now(at))
    if as_json:
        _out(rows)
        return
    groups: dict[tuple[str, str, str, str], dict[str, list[str]]] = {}
    for row in rows:
        way = " - ".join((row["by"], *row["via"], row["to"]))
        key = (way, row["level"], row["outcome"], row["instrument"])
        groups.setdefault(key, {}).setdefault("subjects", []).append(row["subject"])
    for (way, level, outcome, instrument), told in groups.items():
        click.echo(f"{way:<17} {level:<13} {outcome:<9} {instrument:<27} {' '.join(told['subjects'])}")
    click.echo("Each row is asked as if all facts that it needs were established.", err=True)
