"""Commands about the node's logs: show, prove, verify, recover, fsck, tail, witnesses, stamp, export."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from gsomia.app import Home, audit_home_logs, log_in_file
from gsomia.cli.address.asked import anywhere_option, asked, is_address, reached, run
from gsomia.cli.address.remote import node_identity
from gsomia.cli.exercise import json_text, note_exercise
from gsomia.cli.logs.files import check_files_there, check_there, download_log
from gsomia.cli.logs.proofs import check_proof, known_keys, log_verifier, read_text
from gsomia.cli.options import by_option, exercise_line, home_of, json_option, node_option, plain, print_json, table
from gsomia.errors import NodeError, UsageError, VerificationError
from gsomia.node import (
    KEYS_PATH,
    Check,
    Reader,
    Role,
    check_log,
    check_row,
    entry_rows,
    lie_rows,
    log_named,
    log_rows,
    proof_view,
    recover,
    witness_rows,
)
from gsomia.tlog import (
    CHECKPOINT_PATH,
    Checkpoint,
    LogCheck,
    LogVerifier,
    check_tiles,
    parse_note,
)

__all__ = ["check_folder", "log_command", "report"]

keys_option = click.option(
    "--keys", type=click.Path(path_type=Path, dir_okay=False), help="The log's keys (log.pub), or its node's identity."
)


@click.group("log")
def log_command() -> None:
    """The node's logs: one shared with each peer, and the internal one."""


@log_command.command("show")
@click.argument("name", default="")
@json_option
@anywhere_option
def show_logs(name: str, as_json: bool, node_dir: str | None) -> None:
    """List the logs, their sizes and roots; with NAME (KOR, internal), that log's checkpoint as it is signed."""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return {"logs": log_rows(home.node, reader, name)}

    told = asked(node_dir, "logs", here, name=name)
    if as_json:
        print_json("logs", told)
    elif name:
        click.echo(told["logs"][0]["checkpoint"], nl=False)
    else:
        keys = ("origin", "size", "root", "signed_at")
        table(["log", "entries", "root", "signed"], [[log[key] for key in keys] for log in told["logs"]])


@log_command.command("prove")
@click.argument("act")
@click.option("--log", default="", help="The log, where the act stands in several (KOR, internal).")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="A .tlog-proof file; else on stdout."
)
@json_option
@anywhere_option
def prove_act(act: str, log: str, output: Path | None, as_json: bool, node_dir: str | None) -> None:
    """Prove that ACT is in a log, up to its newest cosigned checkpoint (c2sp.org/tlog-proof)."""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return proof_view(home.node, reader, act, log)

    told = asked(node_dir, "log-proofs", here, act=act, log=log)
    proof = str(told["proof"])
    if output is None:
        if as_json:
            print_json("log-proof", told)
        else:
            click.echo(proof, nl=False)
        return
    try:
        output.write_text(json_text("log-proof", told) + "\n" if as_json else proof, encoding="utf-8")
    except OSError as error:
        raise NodeError(f"cannot write `{output}`: {error.strerror}") from error
    if as_json:
        where = {name: told[name] for name in ("act", "log", "index")}
        print_json("log-proof-file", {**where, "file": str(output)})
    else:
        click.echo(plain(f"act {act} is entry {told['index']} of {told['log']}; the proof is in {output}"))


@log_command.command("verify")
@click.argument("proof", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--act", "act_file", type=click.Path(path_type=Path, dir_okay=False), help="The act's statement.")
@keys_option
@click.option(
    "--witness",
    "witnesses",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The identity of a node that must have cosigned.",
)
@json_option
@anywhere_option
def verify_log(
    proof: Path | None,
    act_file: Path | None,
    keys: Path | None,
    witnesses: tuple[Path, ...],
    as_json: bool,
    node_dir: str | None,
) -> None:
    """Check the node's logs: each entry, its act's signatures, the checkpoint; or PROOF, that an act is in one.

    PROOF is what `log prove` wrote, as text or with --json (then it names the act and the keys itself, and --keys
    says whose they must be). With --node in place of --keys, the peers' enrolled keys are used. Each node named with
    --witness must have cosigned; without any, how many of the enrolled peers did is said. By a node's address its logs
    are fetched and checked here, by the keys in --node-identity: that they are whole, and what it signed; the entries
    are salted commitments, so what they stand for is not told.
    """
    if proof is None and is_address(node_dir):
        with reached(node_dir) as remote:
            report(f"logs at {node_dir}", check_there(remote, node_identity()), as_json)
        return
    if proof is None:
        with home_of(node_dir) as home:
            report(f"logs of {home.node.party}", list(audit_home_logs(home)), as_json)
        return
    if is_address(node_dir):
        keys, node_dir = keys or node_identity(), None
    report(str(proof), check_proof(proof, act_file, keys, witnesses, node_dir), as_json)


@log_command.command("recover")
@click.option(
    "--parcel",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The parcel that answers for a peer without a wire; may be repeated.",
)
@by_option
@json_option
@node_option
def recover_logs(files: tuple[Path, ...], by: str, as_json: bool, node_dir: str | None) -> None:
    """Get back from the peers what a store that was restored from a backup lacks; a security officer declares it.

    The logs that are behind what a peer keeps end, and go on under their next origin. A peer without a wire is asked by
    the next parcel for it, and its answer is named with --parcel.
    """
    with home_of(node_dir) as home:
        brought = dict(log_in_file(home, file) for file in files)
        done = recover(home.node, by=home.acting(by, Role.SECURITY), brought=brought)
        faults = home.deliver()
    if as_json:
        value = {"acts": [act.id for act in done.acts], "recorded": done.recorded, "refused": dict(done.refused)}
        print_json("recovered", value | {"asked": list(done.asked), "waiting": faults})
        return
    for act in done.acts:
        body = act.statement.body
        click.echo(f"{body['log']} ended; it goes on as {body['successor']}, by act {act.id}")
    click.echo(f"{done.recorded} acts recorded again, {len(done.asked)} contents asked for")
    for name, why in done.refused.items():
        click.echo(plain(f"act {name} does not fit what the backup holds: {why}"))
    for fault in faults:
        click.echo(plain(f"waiting: {fault}"))


@log_command.command("fsck")
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@keys_option
@json_option
@anywhere_option
def fsck(folder: Path | None, keys: Path | None, as_json: bool, node_dir: str | None) -> None:
    """Check every entry, every hash and the checkpoint of the node's logs, or of a log's FOLDER; name each fault.

    FOLDER is checked by the keys given with --keys, or by those that --node has enrolled. With neither, it is checked
    by the keys that lie in it, and that is said: it then proves that the log agrees with itself, not whose it is.
    By a node's address its logs are fetched and checked here, by the keys in --node-identity; so is a FOLDER.
    """
    if folder is not None and is_address(node_dir):
        keys, node_dir = keys or node_identity(), None
    if folder is not None:
        name, result, remark = _check_files(folder, [keys] if keys is not None else [], node_dir)
        results = [(name, result)]
        if remark:
            click.echo(plain(remark), err=True)
    elif is_address(node_dir):
        with reached(node_dir) as remote:
            results = check_files_there(remote, node_identity())
    else:
        with home_of(node_dir) as home, home.node.store.reading() as reader:
            results = [(state.name, check_log(home.node, reader, state)) for state in reader.logs()]
    rows = [
        [name, result.entries, result.tiles, "; ".join(fault.text for fault in result.faults)]
        for name, result in results
    ]
    if as_json:
        logs = [
            {
                "log": name,
                "entries": result.entries,
                "tiles": result.tiles,
                "holds": result.holds,
                "faults": [
                    {"kind": f.kind.value, "path": f.path, "index": f.index, "text": f.text} for f in result.faults
                ],
            }
            for name, result in results
        ]
        print_json("fsck", {"holds": all(result.holds for _, result in results), "logs": logs})
    else:
        table(["log", "entries", "tiles", "faults"], rows)
    failed = [(name, result.faults[0].text) for name, result in results if not result.holds]
    if failed:
        raise VerificationError(f"log {failed[0][0]}: {failed[0][1]}")
    if not results:
        raise VerificationError("there was no log to check")


@log_command.command("tail")
@click.argument("name")
@click.option("--lines", "-n", default=10, show_default=True, type=click.IntRange(0), help="How many entries.")
@click.option("--follow", "-f", is_flag=True, help="Go on with what is added, until interrupted.")
@json_option
@anywhere_option
def tail(name: str, lines: int, follow: bool, as_json: bool, node_dir: str | None) -> None:
    """Print the last entries of the log NAME (KOR, internal) with their acts; --json prints an object a line."""
    if is_address(node_dir):
        with reached(node_dir) as remote:
            _follow(lambda start: remote.get("log-entries", {"name": name, "start": start}), lines, follow, as_json)
        return
    with home_of(node_dir) as home:

        def here(start: int) -> dict[str, Any]:
            with home.node.store.reading() as reader:
                state = log_named(reader, name)
                return {"size": state.size, "entries": entry_rows(reader, state.name, start, state.size)}

        _follow(here, lines, follow, as_json)


_FAR = 2**53
"""Behind every log's end: so asked for, a log tells its size and no entry."""


def _follow(entries: Callable[[int], dict[str, Any]], lines: int, follow: bool, as_json: bool) -> None:
    """Print the last entries of a log, and those that are added.

    Args:
        entries: gives a log's size and entries from one on, not all of them if they are many.
        lines: how many of the last.
        follow: whether to go on until interrupted.
        as_json: for programs.
    """
    at = max(0, int(entries(_FAR)["size"]) - lines)
    while True:
        told = entries(at)
        for row in told["entries"]:
            if as_json:
                print_json("log-entry", row, indent=None)
            else:
                click.echo(plain(f"{row['index']:>6}  {row['at']}  {row['party']}  {row['type']:<16}  {row['act']}"))
        at += len(told["entries"])
        if at >= told["size"]:
            if not follow:
                return
            time.sleep(0.2)


@log_command.command("witnesses")
@json_option
@anywhere_option
def show_witnesses(as_json: bool, node_dir: str | None) -> None:
    """List what peers cosigned of the node's logs, and the proofs that a log forked or was rolled back."""

    def here(_: Home, reader: Reader) -> dict[str, Any]:
        return {"witnesses": witness_rows(reader, reader.logs()), "equivocations": lie_rows(reader)}

    told = asked(node_dir, "witnesses", here)
    if as_json:
        print_json("witnesses", told)
        return
    keys = ("log", "witness", "size", "entries", "next_at", "error")
    head = ["log", "witness", "cosigned", "entries", "asked again", "why not"]
    table(head, [[row[key] for key in keys] for row in told["witnesses"]])
    for lie in told["equivocations"]:
        click.echo(plain(f"{lie['log']} of {lie['party']}: {lie['kind']}, found {lie['at']}"))


@log_command.command("stamp")
@anywhere_option
def stamp(node_dir: str | None) -> None:
    """Have each log's checkpoint stamped by the time-stamping authority (RFC 3161) that is set, once a day."""

    def here(home: Home) -> dict[str, Any]:
        return {"stamps": [{"log": one.log, "day": str(one.day)} for one in home.stamp()]}

    got = run(node_dir, "stamps", {}, here)["stamps"]
    for one in got:
        click.echo(plain(f"{one['log']} stamped for {one['day']}"))
    if not got:
        click.echo("every log has its stamp of today, or has not grown since")


@log_command.command("export")
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
@anywhere_option
def export_log(name: str, folder: Path, node_dir: str | None) -> None:
    """Write the log NAME as files (C2SP tiles) into FOLDER, for `gsomia verify FOLDER` or any public tool."""
    if is_address(node_dir):
        with reached(node_dir) as remote:
            click.echo(f"{download_log(remote, name, folder)} entries in {folder}")
        return
    with home_of(node_dir) as home:
        click.echo(f"{home.export_log(name, folder)} entries in {folder}")


def check_folder(folder: Path, identities: Sequence[Path], node_dir: str | None) -> Check:
    """A log as files (C2SP tiles) against its signed checkpoint, by the keys held of its node."""
    name, result, remark = _check_files(folder, identities, node_dir)
    faults = "; ".join(fault.text for fault in result.faults)
    return Check(name=f"log {name}", counted=result.entries, fault=faults, remark=remark)


def _check_files(folder: Path, keys: Sequence[Path], node_dir: str | None) -> tuple[str, LogCheck, str]:
    """The log's origin, what was found, and what people must know of the keys that were used."""

    def read_file(name: str) -> bytes | None:
        file = folder / name
        return file.read_bytes() if file.is_file() else None

    if keys or node_dir:
        origin = Checkpoint.from_text(parse_note(read_file(CHECKPOINT_PATH) or b"").text).origin
        verifier = _held(origin, keys, node_dir)
        return origin, check_tiles(read_file, verifier), ""
    lying = folder / KEYS_PATH
    if not lying.is_file():
        raise UsageError(
            f"`{lying}` is missing",
            hint="give the log's keys: --identity or --keys FILE, or --node DIR that knows them",
        )
    verifier = LogVerifier.from_text(read_text(lying))
    remark = f"key taken from the folder itself (`{lying}`): proves consistency only, not whose log it is"
    return verifier.name, check_tiles(read_file, verifier), remark


def _held(origin: str, keys: Sequence[Path], node_dir: str | None) -> LogVerifier:
    """The keys that are held of a log: from the one file among these that is of its node, or from a node."""
    if not keys:
        return known_keys(origin, None, node_dir)[0]
    found = [log_verifier(read_text(file)) for file in keys]
    owner = origin.removeprefix("exercise.").split("/")[:2]
    fitting = [one for one in found if one.name.removeprefix("exercise.").split("/")[:2] == owner]
    if len(fitting) != 1:
        raise UsageError(f"no one of these keys is of the log `{origin}`", hint=", ".join(one.name for one in found))
    return fitting[0].named(origin)


def report(what: str, checks: Sequence[Check], as_json: bool, *, exercise: bool = False, hint: str = "") -> None:
    """The checks that were made, each by name; exit 5 where one does not hold.

    Args:
        what: what was checked, for people.
        checks: as they were made.
        as_json: for programs.
        exercise: whether what was checked says that it comes from an EXERCISE node.
        hint: what to do where one does not hold.
    """
    if exercise:
        note_exercise(True)
    if as_json:
        rows = [check_row(check) for check in checks]
        print_json("verify", {"of": what, "holds": all(check.holds for check in checks), "checks": rows})
    else:
        exercise_line()
        click.echo(f"the following checks were made of {what}:")
        for check in checks:
            click.echo(f"  {'ok  ' if check.holds else 'FAIL'} {check.name} ({check.counted})")
            if check.fault:
                click.echo(f"       {check.fault}")
            if check.remark:
                click.echo(f"       {check.remark}")
    failed = [check for check in checks if not check.holds]
    if failed:
        raise VerificationError(f"{failed[0].name}: {failed[0].fault}", hint=hint)
    if not checks:
        raise VerificationError(f"there was nothing to verify in {what}")
