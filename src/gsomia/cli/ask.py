"""Commands that ask and check without acting: `verdict` and `verify`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gsomia.cli.options import Instant, home_of, json_option, node_option, print_json, table
from gsomia.errors import UsageError, VerificationError
from gsomia.node import KEYS_PATH, Case, Check, Sending, ask_open, ask_release, ask_transmit, audit, held_copy
from gsomia.tlog import Checkpoint, LogVerifier, check_tiles, parse_note
from gsomia.verdict import Verdict

__all__ = ["log_command", "print_verdict", "verdict_command", "verify_command"]


@click.group("verdict")
def verdict_command() -> None:
    """Ask the agreements without acting; facts come from the node's register alone."""


def _at_option(function: Any) -> Any:
    return click.option("--at", type=Instant(), help="The instant; now by the node's clock where it is left out.")(
        function
    )


@verdict_command.command("transmit")
@click.option("--to", required=True)
@click.option("--via", multiple=True)
@click.option("--level", required=True)
@click.option("--subject", required=True)
@click.option("--purpose", default="defence", show_default=True)
@click.option("--under", default="")
@click.option("--without", multiple=True, metavar="ACT", help="Leave an act out of the record: a counterfactual.")
@_at_option
@json_option
@node_option
def transmit(
    to: str,
    via: tuple[str, ...],
    level: str,
    subject: str,
    purpose: str,
    under: str,
    without: tuple[str, ...],
    at: datetime | None,
    as_json: bool,
    node_dir: str | None,
) -> int:
    """May this Party transmit such an item?"""
    sending = Sending(to=to, via=via, level=level, subject=subject, purpose=purpose, under=under)
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        when = at or home.clock.now()
        case = Case.of(home.node, reader)
        if without:
            known = {act.id for act in case.record}
            if unknown := [act for act in without if act not in known]:
                raise UsageError(
                    f"no such act in the record: `{unknown[0]}`", hint=f"known: {', '.join(sorted(known))}"
                )
            case = Case(law=case.law, record=case.record.without(without))
        _, _, verdict = ask_transmit(home.node, reader, sending, at=when, case=case)
    return print_verdict(verdict, as_json)


@verdict_command.command("open")
@click.argument("item")
@click.option("--for", "person", required=True)
@json_option
@node_option
def open_(item: str, person: str, as_json: bool, node_dir: str | None) -> int:
    """May this person open a held ITEM?"""
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        _, _, verdict = ask_open(home.node, reader, item, person)
    return print_verdict(verdict, as_json)


@verdict_command.command("release")
@click.argument("item")
@click.option("--to", required=True)
@_at_option
@json_option
@node_option
def release(item: str, to: str, at: datetime | None, as_json: bool, node_dir: str | None) -> int:
    """May a held ITEM be handed on?"""
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        held = held_copy(reader, home.node, item)
        entry = reader.item(held.item)
        if entry is None:
            raise UsageError(f"copy `{held.id}` stands without its item", hint="run `gsomia verify`")
        verdict, _, carrying = ask_release(home.node, reader, held, entry, to, at=at or home.clock.now())
    if verdict.outcome == "permit" and carrying is not None:
        verdict = carrying
    return print_verdict(verdict, as_json)


def print_verdict(verdict: Verdict, as_json: bool) -> int:
    """A verdict for people or programs; returns the exit status (0 permitted, 3 refused or uncertain)."""
    if as_json:
        print_json("verdict", verdict.to_json())
    else:
        click.echo(verdict.outcome)
        for ground in verdict.grounds:
            place = " ".join(x for x in (ground.instrument, ground.article) if x)
            click.echo(f"  {ground.effect:<8} {place}: {ground.text}")
        for duty in verdict.obligations:
            click.echo(f"  {'owed':<8} {duty.instrument} {duty.article}: {duty.by}: {duty.text}")
    return 0 if verdict.outcome == "permit" else 3


@click.command("verify")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--origin",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The key that a sealed item's originator signs with.",
)
@json_option
@node_option
def verify_command(path: Path | None, origin: Path | None, as_json: bool, node_dir: str | None) -> None:
    """Check a node: logs, signatures, receipts, sealed items; or what PATH holds: a log's folder, a sealed item."""
    if path is None:
        with home_of(node_dir) as home:
            _report(home.node.party, list(audit(home.node)), as_json)
    elif (path / "checkpoint").is_file():
        _report(str(path), [_check_log(path)], as_json)
    elif (path / "node.toml").is_file():
        with home_of(str(path)) as home:
            _report(home.node.party, list(audit(home.node)), as_json)
    elif path.is_file():
        _verify_file(path, origin, as_json)
    else:
        raise UsageError(f"nothing to verify in `{path}`", hint="a node's folder, a log's folder or a sealed item")


def _verify_file(path: Path, origin: Path | None, as_json: bool) -> None:
    from gsomia.cli.seal import verify_file

    verify_file(str(path), origin=str(origin) if origin is not None else "", as_json=as_json)


def _check_log(folder: Path) -> Check:
    """A log as files (C2SP tiles) against its own signed checkpoint and the keys beside it."""

    def read_file(name: str) -> bytes | None:
        file = folder / name
        return file.read_bytes() if file.is_file() else None

    keys = folder / KEYS_PATH
    if not keys.is_file():
        raise UsageError(f"`{keys}` is missing", hint="the log's verifier keys lie beside its checkpoint")
    verifier = LogVerifier.from_text(keys.read_text(encoding="utf-8"))
    result = check_tiles(read_file, verifier)
    return Check(
        name=f"log {verifier.name}", counted=result.entries, fault="; ".join(fault.text for fault in result.faults)
    )


@click.group("log")
def log_command() -> None:
    """The node's logs: one shared with each peer, and the internal one."""


@log_command.command("show")
@json_option
@node_option
def show_logs(as_json: bool, node_dir: str | None) -> None:
    """List the logs, their sizes and roots."""
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        heads = [Checkpoint.from_text(parse_note(state.checkpoint).text) for state in reader.logs()]
    rows = [[head.origin, head.size, head.root.hex()] for head in heads]
    if as_json:
        print_json("logs", {"logs": [dict(zip(("origin", "size", "root"), row, strict=True)) for row in rows]})
    else:
        table(["log", "entries", "root"], rows)


@log_command.command("export")
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
@node_option
def export_log(name: str, folder: Path, node_dir: str | None) -> None:
    """Write the log NAME as files (C2SP tiles) into FOLDER, for `gsomia verify FOLDER` or any public tool."""
    with home_of(node_dir) as home:
        click.echo(f"{home.export_log(name, folder)} entries in {folder}")


def _report(what: str, checks: list[Check], as_json: bool) -> None:
    """The checks that were made, each by name; exit 5 where one does not hold."""
    if as_json:
        rows = [{"check": c.name, "counted": c.counted, "holds": c.holds, "fault": c.fault} for c in checks]
        print_json("verify", {"of": what, "holds": all(c.holds for c in checks), "checks": rows})
    else:
        click.echo(f"the following checks were made of {what}:")
        for check in checks:
            click.echo(f"  {'ok  ' if check.holds else 'FAIL'} {check.name} ({check.counted})")
            if check.fault:
                click.echo(f"       {check.fault}")
    failed = [check for check in checks if not check.holds]
    if failed:
        raise VerificationError(f"{failed[0].name}: {failed[0].fault}")
    if not checks:
        raise VerificationError(f"there was nothing to verify in {what}")
