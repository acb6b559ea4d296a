"""Commands for the node's own keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from gsomia.app import Home, reseal_keys
from gsomia.cli.address.asked import anywhere_option, asked, done, is_address
from gsomia.cli.address.remote import node_identity
from gsomia.cli.options import by_option, home_of, json_option, node_option, plain, print_json, table
from gsomia.errors import DataError, NodeError, UsageError, VerificationError
from gsomia.keystore import credential
from gsomia.node import Reader, Role, SignedAct, check_identity, fingerprint, identity_after, node_key_rows

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

    before = _identity_before() if is_address(node_dir) else None

    def here(home: Home) -> list[SignedAct]:
        return [home.replace_keys(by=home.acting(by, Role.SECURITY))]

    (said,) = done(node_dir, {"act": "replace-node-key"}, here)
    click.echo(f"keys replaced by act {said.id}; told: {', '.join(said.parties) or 'nobody'}")

    def now(home: Home, _: Reader) -> dict[str, Any]:
        return {"identity": home.identity()}

    told = asked(node_dir, "node-identity", now)["identity"]
    if before is not None:
        after = identity_after(before, said)
        _hold_against(told, after)
        told = after
    click.echo(f"fingerprint {fingerprint(told)}")


def _identity_before() -> dict[str, Any]:
    """The identity that was given of the node at an address.

    Raises:
        NodeError: the file cannot be read.
        UsageError: it is no such identity.
    """
    file = node_identity()
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        check_identity(found)
    except OSError as error:
        raise NodeError(f"cannot read `{file}`: {error.strerror}") from error
    except (DataError, ValueError, RecursionError) as error:
        raise UsageError(f"`{file}` is not the identity of a node") from error
    return found


def _hold_against(told: Any, after: Mapping[str, Any]) -> None:
    """Hold the identity that a node tells against the one that the act just signed leaves it with.

    Raises:
        VerificationError: it is another; officers of the peers would compare the fingerprint of what nobody checked.
    """
    if not isinstance(told, Mapping):
        raise VerificationError("the keys are replaced, and the node tells no identity")
    differs = [name for name in sorted({*told, *after}) if told.get(name, ...) != after.get(name, ...)]
    if differs:
        raise VerificationError(
            f"the keys are replaced, and the identity that the node tells differs in `{plain(', '.join(differs))}`",
            hint="give its fingerprint to nobody; `gsomia node identity` on the node's own host tells what it is",
        )


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
