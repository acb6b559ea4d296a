"""Commands of the exchange: release, mark, receipt, open."""

from __future__ import annotations

import click

from gsomia.app import Home
from gsomia.cli.address.asked import anywhere_option, done, is_address, reached
from gsomia.cli.address.following import follow, follow_there, tell_there, wait_option
from gsomia.cli.address.signing import signed
from gsomia.cli.options import by_option, certify_option, force_option, home_of, json_option
from gsomia.cli.streams import writing
from gsomia.errors import UsageError
from gsomia.node import Role, SignedAct, mark, open_item, receipt, release

__all__ = [
    "mark_command",
    "open_command",
    "receipt_command",
    "release_command",
]


@click.command("release")
@click.argument("item")
@click.option("--to", required=True, help="The Party that would get it.")
@certify_option
@wait_option
@by_option
@json_option
@anywhere_option
def release_command(
    item: str, to: str, certify: tuple[str, ...], wait: float, by: str, as_json: bool, node_dir: str | None
) -> None:
    """Hand a received ITEM on, with its originator's prior written consent."""
    if is_address(node_dir):
        wanted = {"act": "release", "item": item, "to": to, "certify": list(certify)}
        with reached(node_dir) as remote:
            (said,) = signed(remote, remote.post("preparations", wanted), wanted)
            tell_there(follow_there(remote, [said.copy], wait), as_json)
        return
    with home_of(node_dir) as home:
        copy = release(home.node, item, to, met=certify, by=home.acting(by, Role.DISCLOSURE))
        follow(home, copy, wait, as_json)


@click.command("mark")
@click.argument("item")
@click.option("--level", required=True, help="One's own mark; the providing Government's name stands beside it.")
@by_option
@anywhere_option
def mark_command(item: str, level: str, by: str, node_dir: str | None) -> None:
    """Re-mark a received ITEM (Article 4.2)."""

    def here(home: Home) -> list[SignedAct]:
        return [mark(home.node, item, level, by=home.acting(by, Role.REGISTRY))]

    (said,) = done(node_dir, {"act": "mark", "item": item, "level": level}, here)
    click.echo(f"marked {said.body['origin']} {said.body['level']} by act {said.id}")


@click.command("receipt")
@click.argument("item")
@by_option
@anywhere_option
def receipt_command(item: str, by: str, node_dir: str | None) -> None:
    """Sign the receipt for a received and marked ITEM; custody passes."""

    def here(home: Home) -> list[SignedAct]:
        return [receipt(home.node, item, by=home.acting(by, Role.REGISTRY))]

    (said,) = done(node_dir, {"act": "receipted", "item": item}, here)
    click.echo(f"receipted by act {said.id}")


@click.command("open")
@click.argument("item")
@click.option("--for", "person", default="", help="Who reads; clearance, need and roster come from the register.")
@click.option("--output", "-o", default="-", metavar="FILE", help="Where the plaintext goes; else standard output.")
@force_option
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEY.pem",
    help="Open the FILE with a key (or an HSM's, by its pkcs11: URI).",
)
@anywhere_option
def open_command(item: str, person: str, output: str, force: bool, keys: tuple[str, ...], node_dir: str | None) -> None:
    """Open a held ITEM for a person: an act, with verdict and log; or, with --key, a FILE without a node."""
    if keys:
        _open_file(item, keys, output, force)
        return
    if not person:
        raise UsageError("for whom?", hint="name the person with --for; `gsomia person enter` says who they are")
    if is_address(node_dir):
        with reached(node_dir) as remote, writing(output, force=force) as sink:
            data, headers = remote.content("openings", {"item": item, "person": person})
            sink.write(data)
        click.echo(f"opened {headers['x-gsomia-control-number']} for {person}", err=True)
        return
    with home_of(node_dir) as home:
        with writing(output, force=force) as sink:
            opening = open_item(home.node, item, person, sink)
        click.echo(f"opened {opening.copy.control_number} for {person}", err=True)
        home.deliver()


def _open_file(file: str, keys: tuple[str, ...], output: str, force: bool) -> None:
    from gsomia.cli.seal import open_file

    open_file(file, keys=keys, output=output, force=force)
