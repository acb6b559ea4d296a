"""Commands for what stands between the Parties: law adopted, legal acts entered, assurances, accreditation."""

from __future__ import annotations

import hashlib
from datetime import UTC
from pathlib import Path

import click

from gsomia.agreement import LegalAct
from gsomia.app import shipped_acts
from gsomia.cli.options import Instant, by_option, home_of, json_option, node_option, print_json, table
from gsomia.errors import NodeError, UsageError
from gsomia.node import LEGAL_ACTS, Note, Role, accredit, assure, enter_legal_acts, instant

__all__ = ["accredit_command", "act_command", "adopt", "assure_command"]


@click.command("adopt")
@click.argument("names", nargs=-1, required=True)
@by_option
@node_option
def adopt(names: tuple[str, ...], by: str, node_dir: str | None) -> None:
    """Adopt agreements in the version on offer, by an act of the legal officer; a node applies no other."""
    with home_of(node_dir) as home:
        for act in home.adopt(names, by=home.acting(by, Role.LEGAL)):
            click.echo(f"{act.statement.instrument} {act.statement.body['version']} adopted by act {act.id}")


@click.group("act")
def act_command() -> None:
    """Enter and list the legal acts of the record."""


@act_command.command("enter")
@click.argument("names", nargs=-1)
@click.option("--history", is_flag=True, help="NAMES are ids of acts of the shipped record, or whole agreements.")
@click.option("--under", help="The agreement (without --history).")
@click.option("--type", "kind", help="The legal act, such as give-notice (without --history).")
@click.option("--party", help="Whose act it is (without --history).")
@click.option("--effective", type=Instant(), help="When the act was done (without --history).")
@click.option("--note", "reference", required=True, help="The reference of the diplomatic note.")
@click.option("--note-file", type=click.Path(path_type=Path, dir_okay=False), help="The note's text, for its hash.")
@by_option
@node_option
def enter(
    names: tuple[str, ...],
    history: bool,
    under: str | None,
    kind: str | None,
    party: str | None,
    effective: object,
    reference: str,
    note_file: Path | None,
    by: str,
    node_dir: str | None,
) -> None:
    """Enter legal acts in this node's record, with the note they rest on."""
    try:
        text = note_file.read_bytes() if note_file is not None else reference.encode()
    except OSError as error:
        raise NodeError(f"cannot read `{note_file}`: {error.strerror}") from error
    note = Note(reference=reference, digest=hashlib.sha256(text).hexdigest())
    with home_of(node_dir) as home:
        now = home.clock.now()
        if history:
            chosen = _from_history(names)
            past = [act for act in chosen if act.at <= now]
            if not past:
                raise UsageError("none of these acts has happened yet by this node's clock")
        else:
            past = [_one(names, under, kind, party, effective, reference)]
        for act in enter_legal_acts(home.node, past, note, by=home.acting(by, Role.LEGAL)):
            click.echo(f"{act.statement.body['id']} of {act.statement.body['effective']} entered by act {act.id}")
        home.deliver()


def _from_history(names: tuple[str, ...]) -> list[LegalAct]:
    record = list(shipped_acts())
    chosen = [act for act in record if act.id in names or act.under in names]
    unknown = set(names) - {act.id for act in chosen} - {act.under for act in chosen}
    if unknown or not names:
        known = ", ".join(sorted({act.id for act in record}))
        raise UsageError(f"no such act in the shipped record: `{'`, `'.join(sorted(unknown))}`", hint=f"known: {known}")
    return chosen


def _one(
    names: tuple[str, ...], under: str | None, kind: str | None, party: str | None, effective: object, note: str
) -> LegalAct:
    from datetime import datetime

    if len(names) != 1 or not under or not kind or not party or not isinstance(effective, datetime):
        raise UsageError(
            "an act needs an id, --under, --type, --party and --effective", hint="or name shipped acts with --history"
        )
    if kind not in LEGAL_ACTS:
        raise UsageError(f"unknown legal act `{kind}`", hint=f"known: {', '.join(LEGAL_ACTS)}")
    at = effective.astimezone(UTC)
    return LegalAct(
        id=f"{under}/{names[0]}",
        under=under,
        act=kind,
        by=party,
        at=at,
        form="note",
        source=note,
        confidence="A",
        note=note,
        known_at=at,
    )


@act_command.command("list")
@json_option
@node_option
def list_acts(as_json: bool, node_dir: str | None) -> None:
    """List the record of legal acts, one's own entries and what peers report."""
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        entered = sorted(reader.record(), key=lambda e: (e.legal.at, e.legal.id, e.entered_by))
        own = home.node.party
    head = ["at", "act", "by", "entry", "note"]
    rows = [
        [
            instant(e.legal.at),
            e.legal.id,
            e.legal.by,
            "own" if e.entered_by == own else f"reported by {e.entered_by}",
            e.note,
        ]
        for e in entered
    ]
    if as_json:
        print_json("record", {"acts": [dict(zip(head, row, strict=True)) for row in rows]})
    else:
        table(head, rows)


@click.command("assure")
@click.option("--to", required=True, help="The providing Party.")
@click.option("--instrument", required=True, help="The agreement between the two.")
@click.option("--level", required=True, help="The highest level that the receiving representatives are cleared for.")
@by_option
@node_option
def assure_command(to: str, instrument: str, level: str, by: str, node_dir: str | None) -> None:
    """Assure a providing Party as Article 7.5 asks."""
    with home_of(node_dir) as home:
        act = assure(home.node, to, instrument, level, by=home.acting(by, Role.SECURITY))
        click.echo(f"{to} assured by act {act.id}")
        home.deliver()


@click.command("accredit")
@click.option("--system", required=True, help="What the accreditation calls this system.")
@click.option("--level", required=True, help="The highest level it is accredited for.")
@by_option
@node_option
def accredit_command(system: str, level: str, by: str, node_dir: str | None) -> None:
    """State that this node's system is accredited (Article 12(c))."""
    with home_of(node_dir) as home:
        act = accredit(home.node, system, level, by=home.acting(by, Role.SECURITY))
        click.echo(f"{system} accredited by act {act.id}")
        home.deliver()
