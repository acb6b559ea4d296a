"""The command `reconcile`: registers and act records compared with a peer's."""

from __future__ import annotations

from typing import Any

import click

from gsomia.app import Home
from gsomia.cli.options import exercise_line, home_of, json_option, node_option, plain, print_json
from gsomia.errors import AnswerError, PeerError, PendingError, VerificationError
from gsomia.node import Discrepancy, Reconciled, instant, reconcile

__all__ = ["discrepancy_json", "reconcile_command"]


@click.command("reconcile")
@click.argument("peer")
@json_option
@node_option
def reconcile_command(peer: str, as_json: bool, node_dir: str | None) -> int:
    """Compare register and act record with PEER's; name each difference and what would repair it.

    Exits 0 where nothing differs, 1 where something does, 5 where what PEER says does not hold, 6 where it cannot be
    reached. Nothing is repaired by it.
    """
    with home_of(node_dir) as home:
        found = _ask(home, peer)
        home.deliver()
        if as_json:
            print_json("reconciliation", _json(home.node.party, found))
        else:
            _tell(home.node.party, found)
    return 1 if found.discrepancies else 0


def _ask(home: Home, peer: str) -> Reconciled:
    try:
        return reconcile(home.node, peer)
    except AnswerError as error:
        raise VerificationError(str(error), hint="it is kept: `gsomia refused`") from error
    except PeerError as error:
        raise PendingError(str(error), hint=error.hint or "it is tried again by itself where the node runs") from error


def _tell(party: str, found: Reconciled) -> None:
    exercise_line()
    for one in found.discrepancies:
        click.echo(plain(f"{one.kind}: {one.subject}" + (f" of item {one.about}" if _names_item(one) else "")))
        click.echo(plain(f"  {party + ':':<8} {one.here}"))
        click.echo(plain(f"  {one.peer + ':':<8} {one.there}"))
        click.echo(plain(f"  since    {instant(one.since)}"))
        for line in one.repair:
            click.echo(plain(f"  repair   {line}"))
    for name in found.under_way:
        click.echo(plain(f"under way: {name}"))
    (own, theirs), moved = found.entries, found.said + found.heard
    click.echo(
        f"{len(found.discrepancies)} differences between {own} entries of {party} and {theirs} of {found.peer}, "
        f"{len(found.under_way)} under way; {found.rounds} questions, {moved} bytes; act {found.act.id}"
    )


def _names_item(one: Discrepancy) -> bool:
    return bool(one.about) and one.about not in one.subject


def _json(party: str, found: Reconciled) -> dict[str, Any]:
    return {
        "party": party,
        "peer": found.peer,
        "entries": {party: found.entries[0], found.peer: found.entries[1]},
        "differences": [discrepancy_json(one) for one in found.discrepancies],
        "under_way": list(found.under_way),
        "rounds": found.rounds,
        "bytes": {"said": found.said, "heard": found.heard},
        "act": found.act.id,
    }


def discrepancy_json(one: Discrepancy) -> dict[str, Any]:
    """A difference for programs."""
    return {
        "kind": one.kind,
        "subject": one.subject,
        "item": one.about,
        "here": one.here,
        "there": one.there,
        "repair": list(one.repair),
        "since": instant(one.since),
    }
