"""`gsomia marking convert|translate|policy|decide`: a label in another form, in another policy, against a clearance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import click

from gsomia.cli.instants import Instant
from gsomia.cli.marking.forms import FORMS, form_of, read_form, write_form
from gsomia.cli.marking.group import file_bytes, marking, note, told
from gsomia.errors import DataError
from gsomia.marking import (
    Clearance,
    Policy,
    check_label,
    load_spif,
    policy_access,
    translate_label,
    visible_json,
    write_label,
)

__all__ = ["convert", "decide", "policy", "translate"]


def _policy(spif: Path, lenient: bool) -> Policy:
    policy = load_spif(file_bytes(spif), lenient=lenient)
    for remark in policy.remarks:
        note(f"the SPIF: {remark}")
    return policy


@marking.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--to", "form", type=click.Choice(FORMS), required=True, help="What to write.")
@click.option("--from", "source", type=click.Choice(FORMS[:-1]), help="What FILE must be; otherwise it is looked at.")
@click.option("--policy", "spif", type=click.Path(path_type=Path), help="A SPIF: the label is checked against it.")
@click.option(
    "--lenient", is_flag=True, help="Accept a label without a time of creation, and a SPIF with small faults."
)
@click.option("--created", type=Instant(), help="The time of creation of a label that has none.")
@click.option("--lang", default="en", show_default=True, help="The language of `--to text`.")
@click.pass_context
def convert(
    context: click.Context,
    file: Path,
    form: str,
    source: str | None,
    spif: Path | None,
    lenient: bool,
    created: datetime | None,
    lang: str,
) -> None:
    """Read a label in any form and write it in another.

    FILE holds STANAG 4774 XML, STANAG 5636 JSON (`ocl`), our own JSON, ISM attributes as JSON or on an element of XML,
    or a banner or portion mark; `-` is standard input. `--to text` shows it as its policy has it shown, and needs
    `--policy`.
    """
    with told(context):
        policy = _policy(spif, lenient) if spif is not None else None
        data = file_bytes(file)
        if source is not None and form_of(data)[0] != source:
            raise DataError(f"`{file}` is `{form_of(data)[0]}`, not `{source}`")
        read = read_form(data, policy=policy, lenient=lenient, created=created)
        if policy is not None:
            check_label(policy, read.label)
        click.echo(write_form(read, form, policy=policy, lang=lang), nl=False)


@marking.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--from", "source", type=click.Path(path_type=Path), required=True, help="The label's own SPIF.")
@click.option("--to", "target", type=click.Path(path_type=Path), required=True, help="The other policy's SPIF.")
@click.option(
    "--side",
    type=click.Choice(["encrypt", "decrypt"]),
    required=True,
    help="Who translates: the giver (encrypt) or the receiver (decrypt).",
)
@click.option("--at", required=True, type=Instant(), help="The new label's time of creation.")
@click.option("--lenient", is_flag=True, help="As for `convert`.")
@click.pass_context
def translate(
    context: click.Context,
    file: Path,
    source: Path,
    target: Path,
    side: Literal["encrypt", "decrypt"],
    at: datetime,
    lenient: bool,
) -> None:
    """Write the equivalent of a label in another policy, where the label's own policy allows it."""
    with told(context):
        own, other = _policy(source, lenient), _policy(target, lenient)
        label = read_form(file_bytes(file), policy=own, lenient=lenient).label
        click.echo(write_label(translate_label(own, other, label, side=side, at=at), "alternative"), nl=False)


@marking.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--lenient", is_flag=True, help="List every small fault instead of stopping at the first.")
@click.pass_context
def policy(context: click.Context, file: Path, lenient: bool) -> None:
    """Check a SPIF and list its levels; exits 0 if it is valid."""
    with told(context):
        found = _policy(file, lenient)
    click.echo(f"{found.name} {found.id} version {found.version}: {len(found.tags)} tags")
    for level in sorted(found.levels, key=lambda level: level.hierarchy):
        to = ", ".join(f"{e.policy} {e.lacv} ({e.applied})" for e in level.equivalents)
        click.echo(f"{level.hierarchy:>4}  {level.name}{f'  = {to}' if to else ''}")
    context.exit(1 if found.remarks else 0)


@marking.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--policy", "spif", type=click.Path(path_type=Path), required=True, help="The label's SPIF.")
@click.option(
    "--clearance",
    type=click.Path(path_type=Path),
    help="The reader's clearance: JSON, in place of --level and --holds.",
)
@click.option("--level", "levels", multiple=True, help="A classification that the reader may see; each is named.")
@click.option("--holds", multiple=True, metavar="TAG=VALUE", help="A category's value that the reader holds.")
@click.option("--lenient", is_flag=True, help="As for `convert`.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def decide(
    context: click.Context,
    file: Path,
    spif: Path,
    clearance: Path | None,
    levels: tuple[str, ...],
    holds: tuple[str, ...],
    lenient: bool,
    as_json: bool,
) -> None:
    """Decide whether a clearance opens a label of FILE under its policy.

    A clearance in JSON has `policy`, `classifications`, and `categories`: lists of values by tag. Exits 0 if it opens
    the label, 3 if it does not; then everything that it lacks is named.
    """
    with told(context):
        policy = _policy(spif, lenient)
        if (clearance is None) == (not levels):
            raise DataError("a reader's clearance is one file, or --level with --holds")
        held = _clearance(clearance) if clearance is not None else _held(policy, levels, holds)
        label = read_form(file_bytes(file), policy=policy, lenient=lenient).label
        access = policy_access(policy, label, held)
    if as_json:
        shown = {"schema": "gsomia.marking.decide/v1", "permitted": access.permitted, "missing": list(access.missing)}
        click.echo(visible_json(shown))
    else:
        click.echo("permitted" if access.permitted else "refused")
        for lack in access.missing:
            click.echo(f"  lacks {lack}")
    context.exit(0 if access.permitted else 3)


def _clearance(file: Path) -> Clearance:
    try:
        value = json.loads(file_bytes(file))
    except (ValueError, RecursionError) as error:
        raise DataError(f"`{file}` is not JSON: {error}") from error
    return Clearance.from_json(value)


def _held(policy: Policy, levels: tuple[str, ...], holds: tuple[str, ...]) -> Clearance:
    categories: dict[str, set[str]] = {}
    for pair in holds:
        tag, equals, value = pair.partition("=")
        if not equals:
            raise DataError(f"`{pair}` is not TAG=VALUE", hint="write it like `Releasable To=JPN`")
        categories.setdefault(tag, set()).add(value)
    named: Mapping[str, Any] = {tag: frozenset(values) for tag, values in categories.items()}
    return Clearance(policy=policy.name, classifications=frozenset(levels), categories=named)
