"""The command `reconcile`: registers and act records compared with a peer's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, run
from gsomia.cli.options import exercise_line, json_option, plain, print_json
from gsomia.errors import AnswerError, PeerError, PendingError, VerificationError
from gsomia.node import Reconciled, reconcile, reconcile_by_parcel, reconciled_view

__all__ = ["reconcile_command", "tell_reconciled"]


@click.command("reconcile")
@click.argument("peer")
@json_option
@anywhere_option
def reconcile_command(peer: str, as_json: bool, node_dir: str | None) -> int:
    """Compare register and act record with PEER's; name each difference and what would repair it.

    Exits 0 where nothing differs, 1 where something does, 5 where what PEER says does not hold, 6 where it cannot be
    reached. Nothing is repaired by it. A PEER without a wire is asked by the next parcel for it; what differs is told
    when the parcel that answers is taken in.
    """

    def here(home: Home) -> dict[str, Any]:
        found = reconciled_view(home.node.party, _ask(home, peer))
        home.deliver()
        return found

    told = run(node_dir, "reconciliations", {"peer": peer}, here)
    if as_json:
        print_json("reconciliation", told)
    else:
        tell_reconciled(told)
    return 1 if told["differences"] else 0


def _ask(home: Home, peer: str) -> Reconciled:
    if peer in home.config.peers and peer not in home.wired():
        reconcile_by_parcel(home.node, peer)
    try:
        return reconcile(home.node, peer)
    except AnswerError as error:
        raise VerificationError(str(error), hint="it is kept: `gsomia refused`") from error
    except PeerError as error:
        raise PendingError(str(error), hint=error.hint or "it is tried again by itself where the node runs") from error


def tell_reconciled(found: Mapping[str, Any]) -> None:
    """Print what came of a comparison."""
    party, peer = found["party"], found["peer"]
    exercise_line()
    for one in found["differences"]:
        names_item = one["item"] and one["item"] not in one["subject"]
        click.echo(plain(f"{one['kind']}: {one['subject']}" + (f" of item {one['item']}" if names_item else "")))
        click.echo(plain(f"  {party + ':':<8} {one['here']}"))
        click.echo(plain(f"  {peer + ':':<8} {one['there']}"))
        click.echo(plain(f"  since    {one['since']}"))
        for line in one["repair"]:
            click.echo(plain(f"  repair   {line}"))
    for name in found["under_way"]:
        click.echo(plain(f"under way: {name}"))
    moved = found["bytes"]["said"] + found["bytes"]["heard"]
    click.echo(
        plain(
            f"{len(found['differences'])} differences between {found['entries'][party]} entries of {party} and "
            f"{found['entries'][peer]} of {peer}, {len(found['under_way'])} under way; {found['rounds']} questions, "
            f"{moved} bytes; act {found['act']}"
        )
    )
