"""Commands that make and run a node, and say who its officers, persons and peers are."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gsomia.app import Home
from gsomia.app import init as init_node
from gsomia.app import run as run_node
from gsomia.cli.address.asked import anywhere_option, asked, done, is_address
from gsomia.cli.address.asked import run as run_there
from gsomia.cli.address.remote import node_identity as identity_file
from gsomia.cli.firstofficer import first_command
from gsomia.cli.meaning.frame import Frame
from gsomia.cli.officerkeys import make_key_command, new_key_options, public_half, used_at
from gsomia.cli.options import Instant, by_option, home_of, json_option, node_option, print_json, table
from gsomia.cli.pages import page_options, tell_more
from gsomia.errors import DataError, NodeError, UsageError
from gsomia.keys import PublicKey
from gsomia.keystore import credential
from gsomia.node import (
    Reader,
    Role,
    SignedAct,
    act_row,
    declare_compromised,
    fingerprint,
    instant,
    officer_row,
    peer_rows,
    retire_officer_key,
    signed_by,
)
from gsomia.passkeys import Passkey

__all__ = [
    "clock_command",
    "init_command",
    "node_command",
    "officer_command",
    "peer_command",
]


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--party", required=True, help="The Party, ISO 3166-1 alpha-3.")
@click.option("--exercise", is_flag=True, help="An EXERCISE node, for ever.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where peers reach it.")
@click.option(
    "--port", default=8443, show_default=True, type=click.IntRange(1, 65535), help="The port of the peer link."
)
@click.option("--keystore", default="", metavar="URI", help="Seal the keys by an HSM's key: its pkcs11: URI.")
@click.option(
    "--law",
    "law_folders",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder of an agreement of your own, beside those of this release.",
)
def init_command(
    folder: Path, party: str, exercise: bool, host: str, port: int, keystore: str, law_folders: tuple[Path, ...]
) -> None:
    """Make a node in FOLDER: keys, certificate, settings, an empty register."""
    home = init_node(
        folder,
        party,
        exercise=exercise,
        host=host,
        port=port,
        passphrase=credential("passphrase"),
        keystore=keystore,
        law_folders=law_folders,
    )
    click.echo(f"{'EXERCISE ' if exercise else ''}node of {party} made in {folder}")
    click.echo(f"fingerprint {fingerprint(home.identity())}")
    home.close()


@click.group("node")
def node_command() -> None:
    """Run a node, or say who it is."""


@node_command.command("run")
@click.argument("folder", required=False)
@click.option("--attached", is_flag=True, help="Stop also when standard input ends: with the process that holds it.")
@node_option
def run(folder: str | None, attached: bool, node_dir: str | None) -> None:
    """Serve the peer link, and the API where the settings name an address; work off the outbox until stopped."""
    with home_of(folder or node_dir) as home:
        kind = "EXERCISE " if home.node.exercise else ""
        whose = f"{kind}node of {home.node.party}"
        run_node(
            home,
            lambda address: click.echo(f"{whose} answers at {address}"),
            api=lambda address: click.echo(f"API of {whose} answers at {address}"),
            attached=attached,
        )


def _identity(node_dir: str | None) -> dict[str, Any]:
    def here(home: Home, _: Reader) -> dict[str, Any]:
        return {"identity": home.identity()}

    told: dict[str, Any] = asked(node_dir, "node-identity", here)["identity"]
    return told


@node_command.command("identity")
@anywhere_option
def node_identity(node_dir: str | None) -> None:
    """Print the node's identity, for its peers' officers to enrol; at an address, as the node has it now."""
    click.echo(json.dumps(_identity(node_dir), indent=2, ensure_ascii=False))


@node_command.command("openapi")
def node_openapi() -> None:
    """Print the description of the API (OpenAPI 3.1)."""
    from gsomia.api import description

    click.echo(json.dumps(description(), indent=2, ensure_ascii=False))


@node_command.command("fingerprint")
@anywhere_option
def node_fingerprint(node_dir: str | None) -> None:
    """Print the fingerprint of the node's identity, for the diplomatic note."""
    click.echo(fingerprint(_identity(node_dir)))


@click.group("peer")
def peer_command() -> None:
    """Enrol peers."""


@peer_command.command("enrol")
@click.argument("identity", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--fingerprint", "expected", required=True, help="From the diplomatic note, never from the network.")
@click.option("--url", required=True, help="Where it is: https://host:port, or `parcel:` for files alone.")
@by_option
@anywhere_option
def enrol(identity: Path, expected: str, url: str, by: str, node_dir: str | None) -> None:
    """Enrol the peer whose IDENTITY file has this fingerprint."""
    try:
        document = json.loads(identity.read_text(encoding="utf-8"))
    except OSError as error:
        raise NodeError(f"cannot read `{identity}`: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"`{identity}` is not JSON: {error}") from error

    def here(home: Home) -> list[SignedAct]:
        return [home.enrol_peer(document, expected, url, by=home.acting(by, Role.SECURITY))]

    (said,) = done(node_dir, {"act": "enrol-peer", "identity": document, "fingerprint": expected, "url": url}, here)
    click.echo(f"{said.body['identity']['party']} enrolled by act {said.id}")


@peer_command.command("list")
@json_option
@anywhere_option
def peers(as_json: bool, node_dir: str | None) -> None:
    """List the enrolled peers."""

    def here(_: Home, reader: Reader) -> dict[str, Any]:
        return {"peers": peer_rows(reader)}

    rows = asked(node_dir, "peers", here)["peers"]
    if as_json:
        print_json("peers", {"peers": rows})
    else:
        table(["Party", "fingerprint"], [[*row.values()] for row in rows])


@click.group("officer")
def officer_command() -> None:
    """Enrol this Party's officers."""


officer_command.add_command(make_key_command)
officer_command.add_command(first_command)


@officer_command.command("enrol")
@click.argument("officer")
@click.option("--role", "roles", multiple=True, required=True, help="disclosure, registry, security or legal.")
@click.option("--person", default="", help="Whose key it is, where that is not OFFICER: two keys are then one person.")
@new_key_options
@by_option
@anywhere_option
def enrol_officer(
    officer: str,
    roles: tuple[str, ...],
    person: str,
    token: str,
    public: Path | None,
    expected: str,
    by: str,
    node_dir: str | None,
) -> None:
    """Make a key for OFFICER, in a file or on a token, and enrol it, or one made elsewhere; the first enrols alone.

    At an address a key is enrolled that was made where the officer works: --public FILE --fingerprint HEX.
    """
    if is_address(node_dir):
        key = _made_elsewhere(public, expected, token, officer)
        wanted = {"act": "enrol-key", "officer": officer, "person": person or officer, "roles": list(roles)}
        (said,) = done(node_dir, wanted | {"key": key.to_json()}, lambda _: [])
        click.echo(f"{officer} enrolled as {', '.join(roles)} by act {said.id}{used_at(key)}")
        return
    with home_of(node_dir) as home:
        given = public_half(
            public, expected, token, officer=officer, party=home.node.party, exercise=home.node.exercise
        )
        with home.node.store.reading() as reader:
            first = not reader.officers(home.node.party, limit=1)
        acting = None if first else home.acting(by, Role.SECURITY)
        act = home.enrol_officer(officer, roles, by=acting, person=person, token=token, public=given)
        click.echo(f"{officer} enrolled as {', '.join(roles)} by act {act.id}{used_at(given)}")


def _made_elsewhere(public: Path | None, expected: str, token: str, officer: str) -> PublicKey | Passkey:
    """The public half of a key that is enrolled at an address, held against the node's identity.

    Raises:
        UsageError: none was given: a private key is made where its officer works, and never at an address.
    """
    frame = Frame.read(identity_file())
    key = public_half(public, expected, token, officer=officer, party=frame.party, exercise=frame.exercise)
    if key is None:
        hint = "`gsomia officer key FILE` makes it there; then --public and --fingerprint"
        raise UsageError("a private key is made where its officer works, never at an address", hint=hint)
    return key


@officer_command.command("replace")
@click.argument("officer")
@new_key_options
@by_option
@anywhere_option
def replace_key(officer: str, token: str, public: Path | None, expected: str, by: str, node_dir: str | None) -> None:
    """Enrol a new key for OFFICER, made as `officer enrol` does, in place of the one before; every peer is told."""
    if is_address(node_dir):
        key = _made_elsewhere(public, expected, token, officer)
        (said,) = done(node_dir, {"act": "replace-key", "officer": officer, "key": key.to_json()}, lambda _: [])
        click.echo(f"{officer} has a new key by act {said.id}{used_at(key)}")
        return
    with home_of(node_dir) as home:
        given = public_half(
            public, expected, token, officer=officer, party=home.node.party, exercise=home.node.exercise
        )
        acting = home.acting(by, Role.SECURITY)
        act = home.replace_officer_key(officer, by=acting, token=token, public=given)
        click.echo(f"{officer} has a new key by act {act.id}{used_at(given)}")
        home.deliver()


@officer_command.command("retire")
@click.argument("officer")
@by_option
@anywhere_option
def retire_key(officer: str, by: str, node_dir: str | None) -> None:
    """End OFFICER's key; every peer is told, and refuses what it signs from then on."""

    def here(home: Home) -> list[SignedAct]:
        return [retire_officer_key(home.node, officer, by=home.acting(by, Role.SECURITY))]

    (said,) = done(node_dir, {"act": "retire-key", "officer": officer}, here)
    click.echo(f"{officer}'s key retired by act {said.id}")


def _compromised(
    party: str, officer: str, since: datetime, by: str, as_json: bool, node_dir: str | None, key: str = ""
) -> None:
    def here(home: Home) -> list[SignedAct]:
        acting = home.acting(by, Role.SECURITY)
        return [declare_compromised(home.node, party or home.node.party, officer, since, by=acting, key=key)]

    wanted = {"act": "declare-key-compromised", "party": party, "officer": officer, "since": instant(since), "key": key}
    (said,) = done(node_dir, wanted, here)
    declared = str(said.body["key"])

    def signed(_: Home, reader: Reader) -> dict[str, Any]:
        return {"acts": [act_row(act) for act in signed_by(reader, declared, since)]}

    keys = ("at", "act", "type", "party")
    told = asked(node_dir, "acts", signed, key=declared, since=since)["acts"]
    rows = [{name: row[name] for name in keys} for row in told if row["act"] != said.id]
    if as_json:
        print_json("compromised", {"act": said.id, "key": declared, "signed": rows})
    else:
        click.echo(f"key {declared[:16]} declared compromised by act {said.id}; it signed since:")
        table(["at", "act", "type", "Party"], [[*row.values()] for row in rows])


_since_option = click.option(
    "--since", required=True, type=Instant(), help="From when the key may have been in other hands."
)


@officer_command.command("compromised")
@click.argument("officer")
@click.option("--party", default="", help="The officer's Party; this node's own where it is left out.")
@_since_option
@click.option("--key", default="", help="The key's fingerprint, or its beginning, where the officer has had several.")
@by_option
@json_option
@anywhere_option
def officer_compromised(
    officer: str, party: str, since: datetime, key: str, by: str, as_json: bool, node_dir: str | None
) -> None:
    """Declare a key of OFFICER's compromised from the next message on, and list the acts it signed since an instant.

    One that was replaced or retired can be declared too; what it signed is listed, and the one in use goes on.
    """
    _compromised(party, officer, since, by, as_json, node_dir, key)


@peer_command.command("compromised")
@click.argument("party")
@_since_option
@click.option("--key", default="", help="The fingerprint of a key that was replaced; the one in use where left out.")
@by_option
@json_option
@anywhere_option
def peer_compromised(party: str, since: datetime, key: str, by: str, as_json: bool, node_dir: str | None) -> None:
    """Declare a key of PARTY's node (one's own too) compromised: nothing goes there or is taken from it under that key.

    Where it is the one in use, a peer's node is enrolled afresh; one's own goes on after `gsomia key rotate`.
    """
    _compromised(party, "", since, by, as_json, node_dir, key)


@officer_command.command("list")
@page_options
@json_option
@anywhere_option
def officers(after: str, limit: int, as_json: bool, node_dir: str | None) -> None:
    """List the officers whose keys this node knows, the peers' too, page by page; ID is PARTY/OFFICER."""

    def here(_: Home, reader: Reader) -> dict[str, Any]:
        return {"officers": [officer_row(one) for one in reader.officers(after=after, limit=limit)]}

    rows = asked(node_dir, "officers", here, whole=False, after=after, limit=limit)["officers"]
    following = tell_more(rows, limit, f"{rows[-1]['party']}/{rows[-1]['officer']}" if rows else "")
    if as_json:
        print_json("officers", {"officers": rows, "next": following})
    else:
        table(["Party", "officer", "person", "roles", "key"], [[*row.values()] for row in rows])


@click.group("clock")
def clock_command() -> None:
    """The node's clock; only an EXERCISE node's can be set."""


@clock_command.command("show")
@anywhere_option
def show(node_dir: str | None) -> None:
    """Print the instant by this node."""
    click.echo(asked(node_dir, "node", lambda home, _: {"at": instant(home.clock.now())})["at"])


@clock_command.command("set")
@click.argument("at", type=Instant())
@anywhere_option
def set_clock(at: datetime, node_dir: str | None) -> None:
    """Set an EXERCISE node's clock; it runs on from there."""

    def here(home: Home) -> dict[str, Any]:
        home.clock.set(at)
        return {"at": instant(home.clock.now())}

    click.echo(run_there(node_dir, "clock", {"at": instant(at)}, here)["at"])
