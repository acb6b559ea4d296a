"""`gsomia seal | inspect`, and opening and verifying one FILE: tools that need no node (an inspector's laptop)."""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from gsomia.cli.streams import reading, writing
from gsomia.errors import RefusedError, SealError, UsageError
from gsomia.keys import Envelope, PublicKey
from gsomia.keystore import TokenUri, credential, token_private_key
from gsomia.marking import escaped, visible_json
from gsomia.sealed import (
    MAX_FILE_BYTES,
    MAX_PLAINTEXT_BYTES,
    BatchedStatement,
    CompositePrivateKey,
    CompositePublicKey,
    EncryptedKeyError,
    Identity,
    Policy,
    PublicWrapKey,
    Recipient,
    SealedItem,
    Statement,
    XWingPrivateKey,
    XWingPublicKey,
    check_provenance,
    load_private_key,
    load_public_key,
    private_pem,
    public_pem,
    read,
    read_provenance,
    seal,
)

__all__ = ["inspect_command", "inspect_file", "keygen_command", "open_file", "seal_command", "seal_file", "verify_file"]

KINDS: Final = ("xwing", "secp384r1-mlkem1024", "secp256r1-mlkem768")
MAX_KEY_FILE: Final = 2**20


# --- keys -------------------------------------------------------------------------------------------------------------


def _key_bytes(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_KEY_FILE)
    except OSError as error:
        raise UsageError(f"cannot read the key file `{path}`: {error.strerror}") from error


def _refused(text: str, hint: str) -> RefusedError:
    ground = {"effect": "refuse", "instrument": "node", "text": text}
    return RefusedError(text, verdict={"outcome": "refuse", "grounds": [ground]}, hint=hint)


def _public(path: str) -> PublicWrapKey:
    try:
        return load_public_key(_key_bytes(path), at=datetime.fromtimestamp(time.time(), UTC))
    except UsageError as error:
        raise UsageError(f"`{path}`: {error}", hint=error.hint) from error


def _identity(path: str) -> Identity:
    if path.startswith("pkcs11:"):
        return Identity(kid="", key=token_private_key(TokenUri.parse(path)))
    data = _key_bytes(path)
    if _is_node_key(data):
        raise _refused(
            f"`{path}` is a node's key, which opens items only as an act of the node", "use gsomia open ITEM --node DIR"
        )
    try:
        try:
            return Identity(kid="", key=load_private_key(data, credential("passphrase")))
        except EncryptedKeyError:
            if not sys.stdin.isatty():
                raise
            passphrase = click.prompt(f"passphrase of {path}", hide_input=True, err=True)
            return Identity(kid="", key=load_private_key(data, passphrase.encode()))
    except UsageError as error:
        raise UsageError(f"`{path}`: {error}", hint=error.hint) from error


def _is_node_key(data: bytes) -> bool:
    """Whether a key file is one of a node's key store: JSON with its `kind`.

    A node's key that was copied out of its file looks like any other; what is wrapped to a node is refused anyway.
    """
    try:
        value = json.loads(data)
    except ValueError:
        return False
    return isinstance(value, dict) and "kind" in value


def _origin_key(path: str) -> PublicKey:
    try:
        value = json.loads(_key_bytes(path))
        return PublicKey.from_json(value.get("signing", value) if isinstance(value, dict) else value)
    except ValueError as error:
        raise UsageError(
            f"`{path}` is not a node's public signing key: {error}",
            hint="`gsomia node identity` on the originator's node writes it",
        ) from error


# --- what the commands do ---------------------------------------------------------------------------------------------


def seal_file(
    file: str,
    *,
    to: Sequence[str] = (),
    shares: Sequence[tuple[str, str]] = (),
    output: str,
    mime_type: str,
    url: str = "",
    kid: str = "",
    force: bool = False,
) -> str:
    """Seal a file to public keys, without a node: the item carries no label and no provenance.

    Args:
        file: path, or `-` for standard input.
        to: paths of public keys in PEM; any one of their holders can open the item.
        shares: in place of `to`, names of shares, each with the path of a public key: of every share one holder is
            needed, and any one suffices.
        output: path, or `-` for standard output.
        mime_type: of the plaintext.
        url: the key service to name beside each wrapped key.
        kid: the key's name to write beside it; "" writes the fingerprint of a hybrid key and nothing for another.
        force: replace an existing file.

    Returns:
        The new item's id.

    Raises:
        UsageError: a file cannot be read or written, a key cannot be used, or it is not said who can open the item.
        SealError: the file is longer than the format allows.
    """
    if bool(to) is bool(shares) or any(not name for name, _ in shares):
        raise UsageError("who shall open it?", hint="give --to for any one of several keys, or --share for each share")
    recipients = []
    for sid, path in [*(("", path) for path in to), *shares]:
        key = _public(path)
        own = key.kid if isinstance(key, XWingPublicKey | CompositePublicKey) else ""
        # A single share has no name, whatever it is called here.
        named = sid if len({name for name, _ in shares}) > 1 else ""
        recipients.append(Recipient(kid=kid or own, url=url, key=key, sid=named))
    item = str(uuid.uuid4())
    with reading(file, limit=MAX_PLAINTEXT_BYTES) as source, writing(output, force=force) as sink:
        seal(source, sink, recipients=recipients, policy=Policy(uuid=item), mime_type=mime_type, digest=False)
    return item


def open_file(file: str, *, keys: Sequence[str], output: str, force: bool = False) -> None:
    """Open a foreign sealed file with private keys in PEM; says on standard error that its origin is unproven.

    Args:
        file: path, or `-` for standard input.
        keys: paths of private keys, or `pkcs11:` URIs of keys in an HSM; together they must open every share.
        output: path, or `-` for standard output.
        force: replace an existing file.

    Raises:
        RefusedError: the key is a node's or the item is wrapped to a node's by it, or the item carries a Party's
            statement: opening it is an act (protocol 12).
        UsageError: a file cannot be read or written, or a key cannot be used.
        SealError: no key opens it, or it was altered; nothing then stands under the output's name.
    """
    identities = [_identity(path) for path in keys]
    with reading(file, limit=MAX_FILE_BYTES, seekable=True) as source:
        item = read(source)
        if read_provenance(item) is not None:
            raise _refused(
                _line("item", item.item_id) + " carries a Party's statement, so opening it is an act of a node",
                "use gsomia open ITEM --node DIR",
            )
        nodes = [entry.url for entry in item.opened_by(identities) if entry.url.startswith("gsomia:")]
        if nodes:
            raise _refused(
                _line("key", nodes[0]) + " is a node's, which opens items only as an act of the node",
                "use gsomia open ITEM --node DIR",
            )
        click.echo("origin: unproven", err=True)
        with writing(output, force=force) as sink:
            item.open(identities, sink)


def verify_file(file: str, *, origin: str = "", keys: Sequence[str] = (), as_json: bool = False) -> None:
    """Verify a sealed file and print what holds, and what was not checked; nothing of its plaintext is shown.

    Args:
        file: path, or `-` for standard input.
        origin: path of the originator's public signing key; without it the origin stays unproven.
        keys: as for `open_file`: they check the wrapped key, policy binding, root signature, bindings and all segments.
        as_json: print one JSON object.

    Raises:
        SealError: it is malformed or was altered, or its origin is unproven and there is no key to check it by.
        SignatureError: another key signed it.
        RefusedError: a key is a node's.
        UsageError: a file cannot be read.
    """
    identities = [_identity(path) for path in keys]
    with reading(file, limit=MAX_FILE_BYTES, seekable=True) as source:
        item = read(source)
        digest = item.payload_digest()
        envelope = read_provenance(item)
        unchecked: list[str] = []
        found: dict[str, Any] = {"item": item.item_id, "origin": "unproven"}
        if envelope is not None and origin:
            key = _origin_key(origin)
            found = _stated(check_provenance(item, envelope, key), key)
        elif not identities:
            if envelope is None:
                raise SealError(
                    "origin: unproven: the item carries no Party's statement", hint="--key KEY.pem checks the rest"
                )
            raise SealError(
                "origin: unproven: whose key shall have signed it?",
                hint="give --origin KEY.json (`gsomia node identity` writes it), or --key KEY.pem to check the rest",
            )
        else:
            unchecked.append("who made it" + (" (--origin)" if envelope is not None else ""))
        if identities:
            item.verify(identities, payload_digest=digest if envelope is not None else None)
            opened = item.opened_by(identities)
            others = [entry.kid or entry.type for entry in item.key_access if entry not in opened]
            unchecked.extend(f"the key as wrapped to {name}" for name in others)
        else:
            unchecked.append("wrapped keys, policy bindings, root signature, bindings of assertions (--key)")
    found |= {"payload_digest": digest.hex()}
    if as_json:
        document = {"schema": "gsomia/verify-file/v1", **found, "not_checked": unchecked}
        click.echo(visible_json(document, indent=2))
        return
    for name, value in [*found.items(), *(("not checked", what) for what in unchecked)]:
        click.echo(_line(name, value))


def _stated(statement: Statement, key: PublicKey) -> dict[str, Any]:
    return {
        "item": statement.item,
        "origin": key.fingerprint,
        "exercise": statement.exercise,
        "label": statement.label,
        "core_digest": statement.core_digest.hex(),
    }


def inspect_file(file: str) -> dict[str, Any]:
    """What a sealed file says of itself, none of it verified, as a JSON object.

    Args:
        file: path, or `-` for standard input.

    Raises:
        SealError: its structure does not hold.
        UsageError: it cannot be read.
    """
    with reading(file, limit=MAX_FILE_BYTES, seekable=True) as source:
        return _described(read(source))


def _line(name: str, value: object) -> str:
    """One line for people; what a file says may hold characters that a terminal obeys, so those are shown escaped."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"{name}: {escaped(text)}"


def _says_exercise(signed: Envelope | BatchedStatement | None) -> bool:
    """Whether a statement, which nobody has checked, says that an EXERCISE node made the item."""
    if signed is None:
        return False
    try:
        return Statement.from_bytes(signed.payload if isinstance(signed, Envelope) else signed.statement).exercise
    except SealError:
        return False


def _described(item: SealedItem) -> dict[str, Any]:
    signed = read_provenance(item)
    return {
        "item": item.item_id,
        "version": item.schema_version,
        "mime_type": item.mime_type,
        "plaintext_bytes": item.plaintext_bytes,
        "sealed_bytes": item.sealed_bytes,
        "segments": item.segments,
        "attributes": list(item.policy.data_attributes),
        "dissem": list(item.policy.dissem),
        "label": item.label,
        "core_digest": item.core_digest.hex(),
        "keys": [
            {"type": entry.type, "kid": entry.kid, "sid": entry.sid, "url": entry.url} for entry in item.key_access
        ],
        "assertions": [
            {"id": entry.id, "type": entry.type, "scope": entry.scope, "schema": entry.schema}
            for entry in item.assertions
        ],
        "statement": signed is not None,
        "exercise": _says_exercise(signed),
    }


# --- the commands -----------------------------------------------------------------------------------------------------


@click.command("seal")
@click.argument("file", default="-")
@click.option("--to", "to", multiple=True, metavar="PUBLIC.pem", help="A recipient's public key; any one opens.")
@click.option(
    "--share",
    "shares",
    nargs=2,
    multiple=True,
    metavar="NAME PUBLIC.pem",
    help="In place of --to: who holds the share NAME. Every share is needed, and of each share any one holder.",
)
@click.option("-o", "--output", default="-", metavar="OUT", help="Where to write; standard output if not given.")
@click.option("--mime-type", default="application/octet-stream", show_default=True)
@click.option("--url", default="", help="The key service to name beside each wrapped key.")
@click.option("--kid", default="", help="The key's name to write; a hybrid key's fingerprint if not given.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
def seal_command(
    file: str,
    to: tuple[str, ...],
    shares: tuple[tuple[str, str], ...],
    output: str,
    mime_type: str,
    url: str,
    kid: str,
    force: bool,
) -> None:
    """Seal FILE (or standard input) so that only the holders of the given keys can open it. No node is needed.

    Every OpenTDF tool opens the result. To send classified information under an agreement, use `transmit`.
    """
    seal_file(file, to=to, shares=shares, output=output, mime_type=mime_type, url=url, kid=kid, force=force)


@click.command("inspect")
@click.argument("file", default="-")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def inspect_command(file: str, as_json: bool) -> None:
    """Show what a sealed FILE says of itself. Nothing of it is verified; `verify FILE` does that."""
    found = inspect_file(file)
    if found["exercise"] and not as_json:
        click.echo("EXERCISE")
    if as_json:
        click.echo(visible_json({"schema": "gsomia/inspect/v1", **found}, indent=2))
        return
    for name, value in found.items():
        if isinstance(value, list):
            for entry in value:
                shown = entry if isinstance(entry, str) else "  ".join(f"{k} {v or '-'}" for k, v in entry.items())
                click.echo(_line(name, shown))
        else:
            click.echo(_line(name, value))
    click.echo("nothing of this is verified")


@click.command("keygen")
@click.option("--kind", type=click.Choice(KINDS), default="xwing", show_default=True, help="The hybrid key's kind.")
@click.option(
    "-o", "--output", required=True, metavar="KEY.pem", help="The private key; the public one goes beside it."
)
@click.option("--force", is_flag=True, help="Replace existing files; what was sealed to the old key is lost.")
def keygen_command(kind: str, output: str, force: bool) -> None:
    """Make a hybrid key pair for sealed files: KEY.pem, and KEY.pub.pem to give away. Not for a node's own keys."""
    key = XWingPrivateKey.generate() if kind == "xwing" else CompositePrivateKey.generate(kind)
    public = Path(output).with_suffix(".pub.pem")
    # The public key gets its name first: where either is taken, neither is written.
    with writing(output, force=force) as file, writing(str(public), force=force) as other:
        file.write(private_pem(key).encode())
        other.write(public_pem(key.public).encode())
    click.echo(f"{public}: {key.kid}", err=True)
