"""An officer's key: made where the officer works, in a file or on a token, and the public half that is enrolled."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from gsomia.errors import DataError, NodeError, UsageError
from gsomia.keys import PublicKey
from gsomia.keystore import HOW, KeyFiles, box_of, credential, guessable, make_officer_key, write_officer_key
from gsomia.passkeys import Passkey, introduced

__all__ = ["make_key_command", "make_sign_in_key_command", "new_key_options", "public_half", "sign_in_pairs", "used_at"]

F = TypeVar("F", bound=Callable[..., Any])

_token_option = click.option(
    "--token", default="", metavar="URI", help="A smart card's pkcs11: URI: the key's Ed25519 half never leaves it."
)


def new_key_options(function: F) -> F:
    """Which key is enrolled: one that is made here, in a file or on a token, or one that was made elsewhere."""
    for option in (
        click.option(
            "--fingerprint", "expected", default="", help="The fingerprint of that key, from the officer's own mouth."
        ),
        click.option(
            "--public",
            type=click.Path(path_type=Path, dir_okay=False),
            help="The public half of a key made elsewhere: what `gsomia officer key` printed, or a passkey's file.",
        ),
        _token_option,
    ):
        function = option(function)
    return function


@click.command("key")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_token_option
@click.option("--exercise", is_flag=True, help="The key of an officer of an EXERCISE node; its file says so.")
def make_key_command(file: Path, token: str, exercise: bool) -> None:
    """Make an officer's key on this machine, in FILE or on a token, and print its public half for `officer enrol`.

    FILE ends in .key. With a token it holds the ML-DSA-65 half alone, and nothing is signed without the token.
    """
    _make(file, token, exercise=exercise)


@click.command("key")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_token_option
@click.option("--exercise", is_flag=True, help="The key of a person of an EXERCISE node; its file says so.")
def make_sign_in_key_command(file: Path, token: str, exercise: bool) -> None:
    """Make a sign-in key on this machine, in FILE or on a token, and print its public half for `person change`.

    By it a person signs in at a node's address (--officer-key FILE) and signs no act. FILE ends in .key.
    """
    _make(file, token, exercise=exercise)


def _make(file: Path, token: str, *, exercise: bool) -> None:
    if file.suffix != ".key":
        raise UsageError(f"not the name of a key file: `{file.name}`", hint="it ends in .key")
    passphrase = credential("passphrase")
    if passphrase is not None and (why := guessable(passphrase, party="", exercise=exercise)):
        raise UsageError(f"the passphrase {why}", hint=HOW)
    files = KeyFiles(file.parent, box_of("", passphrase), exercise=exercise)
    if files.exists(file.stem):
        raise UsageError(f"`{file}` is there already", hint="a key is never overwritten")
    key = make_officer_key(token)
    write_officer_key(files, file.stem, key)
    click.echo(json.dumps({"key": key.public.to_json(), "fingerprint": key.public.fingerprint}, indent=2))


def sign_in_pairs(files: Sequence[Path], expected: Sequence[str]) -> tuple[PublicKey, ...]:
    """The public halves of sign-in keys.

    Args:
        files: what `person key` printed.
        expected: the fingerprints that their person told, in whatever order.

    Raises:
        UsageError: they are other keys.
        DataError: one is no such file.
    """
    keys = []
    for file in files:
        try:
            keys.append(PublicKey.from_json(json.loads(file.read_text(encoding="utf-8"))["key"]))
        except OSError as error:
            raise NodeError(f"cannot read `{file}`: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DataError(f"`{file}` holds no public key: {error}") from error
    if {key.fingerprint for key in keys} != {*expected}:
        raise UsageError(
            "the keys have other fingerprints than were given" if expected else "which fingerprint has each key?",
            hint="the person reads it from where the key was made: --fingerprint HEX",
        )
    return tuple(keys)


def public_half(
    file: Path | None, expected: str, token: str, *, officer: str, party: str, exercise: bool
) -> PublicKey | Passkey | None:
    """The public half of a key that was made elsewhere, or None where one is made here.

    Args:
        file: what `officer key` printed, or the officer's browser wrote of a passkey.
        expected: the fingerprint that its officer told.
        token: the URI of a token, where the key is made here.
        officer: for whom it is enrolled.
        party, exercise: of the node.

    Raises:
        UsageError: it is another key, or the options do not fit each other.
        DataError: it is no such file.
        SignatureError: the passkey was made for another, or does not sign.
    """
    if file is None:
        if expected:
            raise UsageError("a fingerprint of which key?", hint="give --public FILE")
        return None
    if token:
        raise UsageError("`--token` makes a key here, `--public` enrols one made elsewhere", hint="give one of them")
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        if "passkey" in value:
            key: PublicKey | Passkey = introduced(value["passkey"], party, officer, exercise=exercise)
        else:
            key = PublicKey.from_json(value["key"])
    except OSError as error:
        raise NodeError(f"cannot read `{file}`: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"`{file}` holds no public key of an officer: {error}") from error
    if key.fingerprint != expected:
        raise UsageError(
            "the key has another fingerprint than was given" if expected else "which fingerprint has this key?",
            hint="the officer reads it from where the key was made: --fingerprint HEX",
        )
    return key


def used_at(key: PublicKey | Passkey | None) -> str:
    """Where a passkey may be used, behind what was enrolled: its officer's browser said so, and nobody else."""
    return f"; a passkey, used at {', '.join(key.origins)}" if isinstance(key, Passkey) else ""
