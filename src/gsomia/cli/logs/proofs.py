"""A proof that an act is in a log, checked outside the node: what was signed, by whose keys, and which witnesses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gsomia.cli.options import home_of
from gsomia.errors import UsageError, VerificationError
from gsomia.node import Check, is_log_of
from gsomia.tlog import Checkpoint, LogProof, LogVerifier, commitment, parse_note, verify_cosignatures, verify_signed

__all__ = ["check_proof", "known_keys", "log_verifier", "read_text"]


def check_proof(
    path: Path, act_file: Path | None, keys: Path | None, named: Sequence[Path], node_dir: str | None
) -> list[Check]:
    text = read_text(path)
    told = _json(text)
    if told is not None:
        text = str(told.get("proof", ""))
    if act_file is not None:
        statement = _statement(read_text(act_file))
    elif told is not None:
        statement = str(told.get("statement", ""))
    else:
        raise UsageError("which act?", hint="name its statement with --act, or prove with --json")
    parsed = LogProof.from_bytes(text.encode())
    origin = Checkpoint.from_text(parse_note(parsed.note).text).origin
    log_keys, witnesses = known_keys(origin, keys, node_dir)
    required = [log_verifier(read_text(file)) for file in named]
    checks: list[Check] = []

    def made(name: str, check: Any) -> None:
        try:
            checks.append(Check(name=name, counted=check()))
        except VerificationError as error:
            checks.append(Check(name=name, counted=0, fault=str(error)))

    made(f"checkpoint of {origin}", lambda: verify_signed(parsed.note, log_keys).checkpoint.size)
    made(f"entry {parsed.index}", lambda: bool(parsed.verify(_entry(parsed, statement), log_keys)))
    checks.append(_check_witnesses(parsed.note, required or witnesses, required=bool(required)))
    return checks


def _check_witnesses(note: bytes, witnesses: Sequence[LogVerifier], *, required: bool) -> Check:
    """Which of the witnesses cosigned: all of those that are required."""
    name = "cosignatures"
    if not witnesses:
        return Check(name=name, counted=0, remark="no witness was named (--witness): the log's own word alone")
    try:
        found = {one.name for one in verify_cosignatures(note, witnesses)}
    except VerificationError as error:
        return Check(name=name, counted=0, fault=str(error))
    missing = [one.name for one in witnesses if one.name not in found]
    words = f"{len(found)} of {len(witnesses)}"
    if not missing:
        return Check(name=name, counted=len(found), remark=words)
    words += f": not yet witnessed by {', '.join(missing)}" if found else ": not yet witnessed"
    return Check(name=name, counted=len(found), fault=words if required else "", remark="" if required else words)


def _entry(proof: LogProof, statement: str) -> bytes:
    try:
        return commitment(proof.extra, statement.encode())
    except ValueError as error:
        raise VerificationError(f"the proof carries no salt: {error}") from error


def read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read `{path}`: {error}") from error


def _json(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _statement(text: str) -> str:
    """An act's statement: as it is, or in what `act show --json` wrote."""
    value = _json(text)
    try:
        return str(value["signed"][0]["acts"][0]["statement"]) if value is not None and "signed" in value else text
    except (KeyError, IndexError, TypeError) as error:
        raise UsageError("that file holds no act", hint="`gsomia act show ACT --json` writes one") from error


def known_keys(origin: str, keys: Path | None, node_dir: str | None) -> tuple[LogVerifier, list[LogVerifier]]:
    """The log's keys, and those of the witnesses that are known."""
    if keys is not None:
        return log_verifier(read_text(keys)).named(origin), []
    if not node_dir:
        raise UsageError("whose log?", hint="give --keys FILE (log.pub or an identity), or --node DIR")
    with home_of(node_dir) as home, home.node.store.reading() as reader:
        known = {peer.party: peer.log for peer in reader.peers().values()} | {
            home.node.party: home.node.keys.log.public
        }
        exercise = home.node.exercise
    parts = origin.split("/")
    owner = known.get(parts[1]) if len(parts) > 2 else None
    if owner is None or not is_log_of(origin, parts[1], exercise=exercise):
        raise UsageError(f"`{origin}` is no log of a node that is known here", hint=f"known: {', '.join(known)}")
    return owner.named(origin), [log for party, log in known.items() if party != parts[1]]


def log_verifier(text: str) -> LogVerifier:
    """A log's keys: its `log.pub`, or in a node's identity."""
    value = _json(text)
    return LogVerifier.from_text(str(value.get("log", "")) if value is not None else text)
