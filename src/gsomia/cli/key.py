"""Commands for the node's own keys."""

from __future__ import annotations

import click

from gsomia.cli.options import by_option, home_of, json_option, node_option, print_json, table
from gsomia.node import Role, fingerprint, instant

__all__ = ["key_command"]


@click.group("key")
def key_command() -> None:
    """The node's own keys: replaced by an act that every peer is told of."""


@key_command.command("rotate")
@by_option
@node_option
def rotate(by: str, node_dir: str | None) -> None:
    """Replace the node's signing and sealing keys, by an act of a security officer; old items still open."""
    with home_of(node_dir) as home:
        act = home.replace_keys(by=home.acting(by, Role.SECURITY))
        click.echo(f"keys replaced by act {act.id}; told: {', '.join(act.statement.parties) or 'nobody'}")
        click.echo(f"fingerprint {fingerprint(home.identity())}")
        home.deliver()


@key_command.command("list")
@json_option
@node_option
def list_keys(as_json: bool, node_dir: str | None) -> None:
    """List the node's keys, the one in use first, and since when each of the others is retired."""
    with home_of(node_dir) as home:
        keys = home.node.keys
        with home.node.store.reading() as reader:
            until = [
                instant(act.statement.at)
                for act in reader.acts(types=["replace-node-key"])
                if act.statement.party == home.node.party
            ]
    rows = [
        [signing.public.fingerprint, sealing.kid, end]
        for signing, sealing, end in zip(
            (keys.signing, *keys.retired), (keys.sealing, *keys.retired_sealing), ["", *reversed(until)], strict=True
        )
    ]
    head = ["signing", "sealing", "until"]
    if as_json:
        print_json("keys", {"keys": [dict(zip(head, row, strict=True)) for row in rows]})
    else:
        table(head, rows)
