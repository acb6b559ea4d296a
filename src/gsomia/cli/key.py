"""Commands for the node's own keys."""

from __future__ import annotations

from typing import Any

import click

from gsomia.app import Home, reseal_keys
from gsomia.cli.address.asked import anywhere_option, asked, done
from gsomia.cli.options import by_option, home_of, json_option, node_option, print_json, table
from gsomia.errors import UsageError
from gsomia.keystore import credential
from gsomia.node import Reader, Role, SignedAct, fingerprint, node_key_rows

__all__ = ["key_command"]


@click.group("key")
def key_command() -> None:
    """The node's own keys: replaced by an act that every peer is told of, and sealed where they lie."""


@key_command.command("rotate")
@by_option
@anywhere_option
def rotate(by: str, node_dir: str | None) -> None:
    """Replace the node's signing and sealing keys, by an act of a security officer; old items still open.

    The node makes the new ones and keeps them, also at its address, where it goes on with them at once. Its identity is
    another then: --node-identity names the one before, and afterwards the new one.
    """

    def here(home: Home) -> list[SignedAct]:
        return [home.replace_keys(by=home.acting(by, Role.SECURITY))]

    (said,) = done(node_dir, {"act": "replace-node-key"}, here)
    click.echo(f"keys replaced by act {said.id}; told: {', '.join(said.parties) or 'nobody'}")

    def now(home: Home, _: Reader) -> dict[str, Any]:
        return {"identity": home.identity()}

    click.echo(f"fingerprint {fingerprint(asked(node_dir, 'node-identity', now)['identity'])}")


@key_command.command("reseal")
@node_option
def reseal(node_dir: str | None) -> None:
    """Seal the node's keys under the passphrase in GSOMIA_NEW_PASSPHRASE_FILE: all or none; the node stands still."""
    with home_of(node_dir) as home:
        new = credential("new-passphrase")
        if new is None:
            hint = "set GSOMIA_NEW_PASSPHRASE_FILE to a file that holds it"
            raise UsageError("under which passphrase?", hint=hint)
        count = reseal_keys(home, new)
    click.echo(f"{count} keys sealed anew; GSOMIA_PASSPHRASE_FILE must name the new passphrase from now on")


@key_command.command("list")
@json_option
@anywhere_option
def list_keys(as_json: bool, node_dir: str | None) -> None:
    """List the node's keys, the one in use first, and since when each of the others is retired."""

    def here(home: Home, reader: Reader) -> dict[str, Any]:
        return {"keys": node_key_rows(home.node, reader)}

    told = asked(node_dir, "node-keys", here)
    if as_json:
        print_json("keys", told)
    else:
        table(["signing", "sealing", "until"], [[*row.values()] for row in told["keys"]])
