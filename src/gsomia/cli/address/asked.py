"""A node by its address: what a command asks of it over HTTPS, and with whose key; or by its folder, on its own host.

Reading verbs print what they were told, whichever way it came. An act is prepared by the node and signed here: an
officer's key never leaves this machine.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

import click

from gsomia.cli.address.remote import IDENTITY, NotFoundError, Remote, node_identity, words_of
from gsomia.cli.address.signing import AS_SHOWN, signed
from gsomia.cli.instants import now
from gsomia.errors import NodeError, UsageError

if TYPE_CHECKING:
    import httpx2

    from gsomia.app import Home
    from gsomia.keystore import OfficerKey
    from gsomia.node import Reader, SignedAct, Statement

__all__ = [
    "RUN_SECONDS",
    "anywhere_option",
    "asked",
    "done",
    "fetch",
    "identity_of",
    "is_address",
    "key_here",
    "officer_key",
    "reached",
    "run",
]

F = TypeVar("F", bound=Callable[..., Any])

_KEY, _SESSION = "gsomia.officer-key", "gsomia.session"
RUN_SECONDS = 660.0
"""What a node does with its peers takes no longer: a reconciliation has ten minutes."""


def anywhere_option(function: F) -> F:
    """The node to work with, by its folder or its address; by its address also whose key asks, and the node's own."""

    def keep(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
        def kept(context: click.Context, _: click.Parameter, value: Any) -> None:
            context.meta[name] = value

        return kept

    file = click.Path(path_type=Path, dir_okay=False)
    for option in (
        click.option(
            "--as-shown",
            is_flag=True,
            expose_value=False,
            callback=keep(AS_SHOWN),
            help="Sign what the node at that address filled in without being asked.",
        ),
        click.option(
            "--node-identity",
            envvar="GSOMIA_NODE_IDENTITY",
            type=file,
            expose_value=False,
            callback=keep(IDENTITY),
            help="The identity of the node at that address (or GSOMIA_NODE_IDENTITY).",
        ),
        click.option(
            "--session",
            envvar="GSOMIA_SESSION",
            type=file,
            expose_value=False,
            callback=keep(_SESSION),
            help="What `gsomia sign-in` wrote, in place of --officer-key, to read (or GSOMIA_SESSION).",
        ),
        click.option(
            "--officer-key",
            envvar="GSOMIA_OFFICER_KEY",
            type=file,
            expose_value=False,
            callback=keep(_KEY),
            help="The officer's, or a person's sign-in key file that signs in to that address (or GSOMIA_OFFICER_KEY).",
        ),
        click.option(
            "--node",
            "node_dir",
            envvar="GSOMIA_NODE",
            metavar="DIR|URL",
            help="The node's folder or https address (or GSOMIA_NODE).",
        ),
    ):
        function = option(function)
    return function


def is_address(node_dir: str | None) -> TypeGuard[str]:
    """Whether a node was given by its address."""
    return node_dir is not None and node_dir.startswith("https://")


def asked(
    node_dir: str | None,
    path: str,
    here: Callable[[Home, Reader], dict[str, Any]],
    *,
    whole: bool = True,
    nothing: UsageError | None = None,
    **query: Any,
) -> Any:
    """What a node tells: at its address by its API, or in its folder.

    Args:
        node_dir: the node.
        path: what is asked of its API, without `/v1/`.
        here: answers the same question from the node's folder.
        whole: whether a list is asked for to its end, or the one page that the words name.
        nothing: raised where there is nothing of that name at its address, or nothing that the caller may know of.
        query: the question's words.
    """
    if is_address(node_dir):
        try:
            return fetch(node_dir, path, query, whole=whole)
        except NotFoundError as error:
            raise nothing or error from error
    from gsomia.cli.options import home_of

    with home_of(node_dir) as home, home.node.store.reading() as reader:
        return here(home, reader)


def fetch(address: str, path: str, query: Mapping[str, Any], *, whole: bool = True) -> dict[str, Any]:
    """What a node's API tells; a list is asked page by page until it is whole, or for one page."""
    with reached(address) as remote:
        if path.startswith("verdicts/"):
            told = remote.post(path, {key: value for key, value in words_of(query).items() if value is not None})
        else:
            told = remote.get(path, query)
            while whole and told.get("next"):
                page = remote.get(path, {**query, "cursor": told["next"]})
                for key, value in page.items():
                    told[key] = told[key] + value if isinstance(value, list) else value
        told.pop("next", None)
        return told


@contextmanager
def reached(address: str, officer: str = "") -> Iterator[Remote]:
    """Sign in at a node's address.

    Args:
        address: the node's.
        officer: another than whose key was given; the key lies beside that one.

    Raises:
        UsageError: no key or no identity was given.
    """
    meta = click.get_current_context().meta
    session = meta.get(_SESSION)
    if session is not None and meta.get(_KEY) is None and not officer:
        remote = _by_session(address, session, identity_of(node_identity(), "certificate"))
    else:
        remote = _by_key(address, node_identity(), officer)
    try:
        yield remote
    finally:
        remote.close()


def _by_key(address: str, identity: Path, officer: str) -> Remote:
    import httpx2

    from gsomia.web import client_context, make_officer_certificate

    name, key = officer_key(officer)
    node = identity_of(identity, "certificate")

    def sign_in() -> httpx2.Client:
        certificate, private = make_officer_certificate(name, key, at=now())
        with tempfile.TemporaryDirectory() as folder:
            shown, kept = Path(folder) / "tls.pem", Path(folder) / "tls-key.pem"
            for path, data in ((shown, certificate), (kept, private)):
                path.touch(mode=0o600)
                path.write_bytes(data)
            context = client_context(shown, kept, node)
        return httpx2.Client(base_url=address, verify=context, trust_env=False, follow_redirects=False, timeout=60)

    return Remote(address, sign_in, key, identity)


def _by_session(address: str, path: Path, node: str) -> Remote:
    import httpx2

    from gsomia.cli.address.session_file import Session
    from gsomia.web import stranger_context

    session = Session.read(path)
    if session.address.rstrip("/") != address.rstrip("/"):
        raise UsageError(f"`{path}` is a session at `{session.address}`", hint="a token is shown to its own node alone")
    context = stranger_context(node)

    def client() -> httpx2.Client:
        return httpx2.Client(
            base_url=address,
            verify=context,
            trust_env=False,
            follow_redirects=False,
            timeout=60,
            auth=session.proven,
        )

    return Remote(address, client)


def officer_key(officer: str = "") -> tuple[str, OfficerKey]:
    """The key that was given with --officer-key, or another officer's that lies beside it, and its name.

    Raises:
        UsageError: none was given.
    """
    from gsomia.keystore import KeyFiles, box_of, credential, read_officer_key

    key_file = click.get_current_context().meta.get(_KEY)
    if key_file is None:
        raise UsageError("with whose key?", hint="give --officer-key FILE, or --session FILE to read")
    files = KeyFiles(key_file.parent, box_of("", credential("passphrase")))
    name = officer or key_file.name.removesuffix(".key")
    return name, read_officer_key(files, name)


def key_here(officer: str) -> bool:
    """Whether an officer's key lies beside the one that was given with --officer-key."""
    from gsomia.keystore import KeyFiles

    key_file = click.get_current_context().meta.get(_KEY)
    return key_file is not None and KeyFiles(key_file.parent).exists(officer)


def identity_of(file: Path, word: str) -> str:
    """A text in a node's identity.

    Raises:
        NodeError: the file cannot be read.
        UsageError: it is no such identity.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))[word]
        if not isinstance(found, str):
            raise ValueError("text was expected")
    except OSError as error:
        raise NodeError(f"cannot read `{file}`: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"`{file}` is not the identity of a node") from error
    return found


def run(node_dir: str | None, path: str, body: Mapping[str, Any], here: Callable[[Home], dict[str, Any]]) -> Any:
    """Let a node do what no officer signs: at its address by its API, or in its folder.

    Args:
        node_dir: the node.
        path: what is asked of its API, without `/v1/`.
        body: the question's words.
        here: does the same in the node's folder.
    """
    if is_address(node_dir):
        with reached(node_dir) as remote:
            return remote.post(path, body, seconds=RUN_SECONDS)
    from gsomia.cli.options import home_of

    with home_of(node_dir) as home:
        return here(home)


def done(
    node_dir: str | None,
    wanted: Mapping[str, Any],
    here: Callable[[Home], Sequence[SignedAct]],
    *,
    known: Mapping[str, Any] | None = None,
) -> list[Statement]:
    """Do an act: at a node's address, signed here; or in its folder, and send what is due.

    Args:
        node_dir: the node.
        wanted: the act, as its API takes it.
        here: does it in the node's folder.
        known: further words of the officer's, to which what the node prepared is held.

    Returns:
        What was entered.

    Raises:
        PendingError: another officer must sign too; the hint says how.
    """
    if is_address(node_dir):
        with reached(node_dir) as remote:
            told = remote.post("preparations", wanted)
            return signed(remote, told, {**wanted, **(known or {})})
    from gsomia.cli.options import home_of

    with home_of(node_dir) as home:
        entered = [act.statement for act in here(home)]
        home.deliver()
        return entered
