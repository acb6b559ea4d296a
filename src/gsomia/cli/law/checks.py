"""`gsomia agreement check`, `prove`, `diff`: an agreement's folder examined, and compared with another version."""

from __future__ import annotations

from datetime import datetime

import click

from gsomia.agreement import HANDLING_ACTS, LEGAL_ACTS
from gsomia.cli.law.changes import (
    conclusion,
    data_changes,
    difference_json,
    difference_told,
    example_json,
    example_told,
)
from gsomia.cli.law.shared import cases_of, json_option, law_of, out, shipped
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
    prove,
    unseen,
)

__all__ = ["check_command", "diff_command", "prove_command"]


@click.command("check")
@click.argument("folder")
@click.option(
    "--cases/--no-cases", "with_cases", default=True, help="Run the folder's cases; they are read in any case."
)
@json_option
def check_command(folder: str, with_cases: bool, as_json: bool) -> None:
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


@click.command("prove")
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


@click.command("diff")
@click.argument("old")
@click.argument("new")
@json_option
def diff_command(old: str, new: str, as_json: bool) -> None:
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
