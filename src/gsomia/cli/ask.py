"""Commands that ask and check without acting: `verdict` and `verify`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gsomia.app import Home, audit_home
from gsomia.cli.address.asked import anywhere_option, asked, is_address, reached
from gsomia.cli.address.remote import node_identity
from gsomia.cli.logs.bundle import is_bundle, verify_bundle
from gsomia.cli.logs.log import check_folder, report
from gsomia.cli.options import Instant, certify_option, exercise_line, home_of, json_option, print_json
from gsomia.errors import UsageError
from gsomia.node import Check, Reader, Sending, may_open, may_release, may_transmit
from gsomia.registry import Custody

_CHECK_SECONDS = 660.0
"""So long a node is waited for that checks itself; a million entries take half a minute."""

__all__ = ["print_verdict", "verdict_command", "verify_command"]


@click.group("verdict")
def verdict_command() -> None:
    """Ask the agreements without acting; facts come from the node's register alone."""


def _at_option(function: Any) -> Any:
    return click.option("--at", type=Instant(), help="The instant; now by the node's clock where it is left out.")(
        function
    )


@verdict_command.command("transmit")
@click.option("--to", required=True, help="The Party that would get it.")
@click.option("--via", multiple=True, metavar="PARTY", help="A Party it would pass through.")
@click.option("--level", required=True, help="The national mark, such as 特定秘密.")
@click.option("--subject", required=True, help="Such as dprk-missile.")
@click.option("--purpose", default="defence", show_default=True, help="What it would be given for.")
@click.option("--under", default="", help="The agreement; any that could carry it where it is left out.")
@click.option(
    "--custody",
    type=click.Choice(["recipient", "originator"]),
    default="recipient",
    show_default=True,
    help="Who would hold the key.",
)
@click.option("--contains", multiple=True, metavar="PARTY", help="Another Party whose information would be in it.")
@click.option("--without", multiple=True, metavar="ACT", help="Leave an act out of the record: a counterfactual.")
@_at_option
@json_option
@anywhere_option
def transmit(
    to: str,
    via: tuple[str, ...],
    level: str,
    subject: str,
    purpose: str,
    under: str,
    custody: str,
    contains: tuple[str, ...],
    without: tuple[str, ...],
    at: datetime | None,
    as_json: bool,
    node_dir: str | None,
) -> int:
    """May this Party transmit such an item?"""
    sending = Sending(
        to=to,
        via=via,
        level=level,
        subject=subject,
        purpose=purpose,
        under=under,
        custody=Custody(custody),
        contains=contains,
    )

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return may_transmit(home.node, reader, sending, at=at, without=without).to_json()

    asked_of: dict[str, Any] = {
        "to": to,
        "via": via,
        "level": level,
        "subject": subject,
        "purpose": purpose,
        "under": under,
    }
    asked_of |= {"custody": custody, "contains": contains, "without": without, "at": at}
    return print_verdict(asked(node_dir, "verdicts/transmit", here, **asked_of), as_json)


@verdict_command.command("open")
@click.argument("item")
@click.option("--for", "person", required=True, help="Who would open it, as entered on the roster.")
@_at_option
@json_option
@anywhere_option
def open_(item: str, person: str, at: datetime | None, as_json: bool, node_dir: str | None) -> int:
    """May this person open a held ITEM, with clearance, need, roster and recall as they were at the instant?"""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return may_open(home.node, reader, item, person, at=at).to_json()

    return print_verdict(asked(node_dir, "verdicts/open", here, item=item, person=person, at=at), as_json)


@verdict_command.command("release")
@click.argument("item")
@click.option("--to", required=True, help="The Party that it would be handed on to.")
@certify_option
@_at_option
@json_option
@anywhere_option
def release(
    item: str, to: str, certify: tuple[str, ...], at: datetime | None, as_json: bool, node_dir: str | None
) -> int:
    """May a held ITEM be handed on?"""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return may_release(home.node, reader, item, to, at=at, met=certify).to_json()

    told = asked(node_dir, "verdicts/release", here, item=item, to=to, certify=certify, at=at)
    return print_verdict(told, as_json)


def print_verdict(verdict: Mapping[str, Any], as_json: bool) -> int:
    """A verdict for people or programs; returns the exit status (0 permitted, 3 refused or uncertain)."""
    if as_json:
        print_json("verdict", verdict)
    else:
        click.echo(verdict["outcome"])
        lines = [_told(ground) for ground in verdict["grounds"]]
        for duty in verdict["obligations"]:
            tag = f" [{duty['confidence']}]" if duty["confidence"] else ""
            lines.append(f"  {'owed':<9} {duty['instrument']} {duty['article']}{tag}: {duty['by']}: {duty['text']}")
        # Two clauses of one article say the same where they permit.
        for line in dict.fromkeys(lines):
            click.echo(line)
        exercise_line()
        click.echo(
            "  [A] text read  [B] official or press  [C] sister texts, not confirmed  [I] our own reading", err=True
        )
    return 0 if verdict["outcome"] == "permit" else 3


def _told(ground: Mapping[str, Any]) -> str:
    """One ground: where it stands, how sure that is, what it says, and the act that its fact rests on."""
    place = " ".join(x for x in (ground["instrument"], ground["article"]) if x)
    tag = f" [{ground['confidence']}]" if ground["confidence"] else ""
    binds = " (not binding)" if ground["article"] and not ground["binding"] else ""
    short = ground["clause"] == "fact-not-established"
    by = f" ({'' if short else 'by '}{ground['established_by']})" if ground["established_by"] else ""
    return f"  {ground['effect']:<9} {place}{tag}{binds}: {ground['text']}{by}"


@click.command("verify")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--origin",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The key that a sealed item's originator signs with.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEY.pem",
    help="A key that opens the sealed item: what it alone can check is checked too.",
)
@click.option(
    "--identity",
    "identities",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The identity of the node that wrote a bundle or log, its fingerprint compared; or give --node.",
)
@json_option
@anywhere_option
def verify_command(
    path: Path | None,
    origin: Path | None,
    keys: tuple[str, ...],
    identities: tuple[Path, ...],
    as_json: bool,
    node_dir: str | None,
) -> None:
    """Check a node: logs, acts, receipts, items, witnesses; or what PATH holds: a bundle, a log, a sealed item.

    At an address the node checks itself and tells what it found; a file is checked here all the same, by the keys of
    --identity and --node-identity. Whoever doubts the node's word checks its folder, a log that was fetched, a bundle.
    """
    if is_address(node_dir):
        if path is None:
            with reached(node_dir) as remote:
                told = remote.post("checks", {}, seconds=_CHECK_SECONDS)
            words = ("counted", "fault", "remark")
            checks = [Check(name=row["check"], **{word: row[word] for word in words}) for row in told["checks"]]
            report(told["party"], checks, as_json)
            return
        # What is in a file is checked here; of the node nothing is asked but whose keys are its own.
        identities, node_dir = (*identities, node_identity()), None
    if path is None:
        with home_of(node_dir) as home:
            report(home.node.party, list(audit_home(home)), as_json)
    elif (path / "checkpoint").is_file():
        checked = check_folder(path, identities, node_dir)
        report(str(path), [checked], as_json, exercise=checked.name.startswith("log exercise."))
    elif (path / "node.toml").is_file():
        with home_of(str(path)) as home:
            report(home.node.party, list(audit_home(home)), as_json)
    elif path.is_file() and is_bundle(path):
        verify_bundle(path, identities, as_json, node_dir)
    elif str(path) == "-" or (path.exists() and not path.is_dir()):
        _verify_file(path, origin, keys, as_json)
    else:
        raise UsageError(
            f"nothing to verify in `{path}`", hint="a node's folder, a log's folder, a bundle or a sealed item"
        )


def _verify_file(path: Path, origin: Path | None, keys: tuple[str, ...], as_json: bool) -> None:
    from gsomia.cli.seal import verify_file

    verify_file(str(path), origin=str(origin) if origin is not None else "", keys=keys, as_json=as_json)
