"""A node by its address: what a command asks of it over HTTPS, and with whose key; or by its folder, on its own host.

Reading verbs print what they were told, whichever way it came. An act is prepared by the node and signed here: an
officer's key never leaves this machine.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeGuard, TypeVar

import click

from gsomia.cli.exercise import note_exercise
from gsomia.cli.instants import now
from gsomia.cli.meaning import means
from gsomia.cli.meaning_frame import Frame
from gsomia.cli.meaning_unsaid import filled_in
from gsomia.errors import (
    GsomiaError,
    LoginError,
    NodeError,
    PeerError,
    PendingError,
    RefusedError,
    UsageError,
    VerificationError,
)

if TYPE_CHECKING:
    import httpx2

    from gsomia.app import Home
    from gsomia.keys import Signs
    from gsomia.keystore import OfficerKey
    from gsomia.node import Reader, SignedAct, Statement

__all__ = [
    "Remote",
    "anywhere_option",
    "asked",
    "done",
    "fetch",
    "identity_of",
    "is_address",
    "node_identity",
    "officer_key",
    "reached",
    "run",
    "signed",
]

F = TypeVar("F", bound=Callable[..., Any])

_KEY, _SESSION, _IDENTITY = "gsomia.officer-key", "gsomia.session", "gsomia.node-identity"
_AS_SHOWN = "gsomia.as-shown"


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
            callback=keep(_AS_SHOWN),
            help="Sign what the node at that address filled in without being asked.",
        ),
        click.option(
            "--node-identity",
            envvar="GSOMIA_NODE_IDENTITY",
            type=file,
            expose_value=False,
            callback=keep(_IDENTITY),
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
            help="The officer's key file that signs in to that address (or GSOMIA_OFFICER_KEY).",
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


def node_identity() -> Path:
    """The file with the identity of the node at the address that was given.

    Raises:
        UsageError: none was given.
    """
    identity = click.get_current_context().meta.get(_IDENTITY)
    if identity is None:
        hint = "give --node-identity FILE (what `gsomia node identity` printed), or set GSOMIA_NODE_IDENTITY"
        raise UsageError("whose node is it?", hint=hint)
    return Path(identity)


def is_address(node_dir: str | None) -> TypeGuard[str]:
    """Whether a node was given by its address."""
    return node_dir is not None and node_dir.startswith("https://")


def asked(
    node_dir: str | None,
    path: str,
    here: Callable[[Home, Reader], dict[str, Any]],
    *,
    whole: bool = True,
    **query: Any,
) -> Any:
    """What a node tells: at its address by its API, or in its folder.

    Args:
        node_dir: the node.
        path: what is asked of its API, without `/v1/`.
        here: answers the same question from the node's folder.
        whole: whether a list is asked for to its end, or the one page that the words name.
        query: the question's words.
    """
    if is_address(node_dir):
        return fetch(node_dir, path, query, whole=whole)
    from gsomia.cli.options import home_of

    with home_of(node_dir) as home, home.node.store.reading() as reader:
        return here(home, reader)


def fetch(address: str, path: str, query: Mapping[str, Any], *, whole: bool = True) -> dict[str, Any]:
    """What a node's API tells; a list is asked page by page until it is whole, or for one page."""
    with reached(address) as remote:
        if path.startswith("verdicts/"):
            told = remote.post(path, {key: value for key, value in _words(query).items() if value is not None})
        else:
            told = remote.get(path, query)
            while whole and told.get("next"):
                page = remote.get(path, {**query, "cursor": told["next"]})
                for key, value in page.items():
                    told[key] = told[key] + value if isinstance(value, list) else value
        told.pop("next", None)
        return told


def _words(query: Mapping[str, Any]) -> dict[str, Any]:
    words = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in query.items()}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in words.items()}


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

    from gsomia.cli.session_file import Session
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
            return remote.post(path, body, seconds=_RUN_SECONDS)
    from gsomia.cli.options import home_of

    with home_of(node_dir) as home:
        return here(home)


def done(
    node_dir: str | None, wanted: Mapping[str, Any], here: Callable[[Home], Sequence[SignedAct]]
) -> list[Statement]:
    """Do an act: at a node's address, signed here; or in its folder, and send what is due.

    Args:
        node_dir: the node.
        wanted: the act, as its API takes it.
        here: does it in the node's folder.

    Returns:
        What was entered.

    Raises:
        PendingError: another officer must sign too; the hint says how.
    """
    if is_address(node_dir):
        with reached(node_dir) as remote:
            told = remote.post("preparations", wanted)
            return signed(remote, told, wanted)
    from gsomia.cli.options import home_of

    with home_of(node_dir) as home:
        entered = [act.statement for act in here(home)]
        home.deliver()
        return entered


def signed(
    remote: Remote, told: Mapping[str, Any], wanted: Mapping[str, Any], *, shown: bool = False
) -> list[Statement]:
    """Sign what a node prepared, where it is what was meant, and give it the signatures.

    Args:
        remote: the node, as the officer.
        told: what it prepared.
        wanted: the act, as it was asked for.
        shown: whether the officer saw all of it and said yes.

    Raises:
        VerificationError: it is something else, or not this node's.
        UsageError: the node filled something in, and nobody is there to read it.
        PendingError: another officer must sign too.
    """
    from gsomia.cli.options import plain
    from gsomia.keys import b64
    from gsomia.node import Statement, sign_prepared

    data = [str(one).encode() for one in told["statements"]]
    statements = [Statement.from_bytes(one) for one in data]
    if fault := remote.frame.fault(statements, now()):
        hint = "compare --node-identity with what the node's `gsomia node identity` prints now, and the two clocks"
        raise VerificationError(f"the node prepared {plain(fault)}", hint=hint)
    own = remote.key.public.fingerprint
    if not means(statements, wanted) or any(own not in {one.key for one in said.signers} for said in statements):
        prepared = ", ".join(dict.fromkeys(said.type for said in statements)) or "nothing"
        raise VerificationError(f"the node prepared what was not asked for: `{plain(prepared)}`")
    if not shown:
        _confirm(filled_in(statements, wanted))
    signatures = {name: b64(one) for name, one in sign_prepared(data, remote.key).items()}
    answer = remote.post(f"preparations/{told['id']}/signatures", signatures)
    if answer["status"] != "done":
        others = ", ".join(one["officer"] for one in answer["officers"] if not one["signed"])
        hint = f"`gsomia act sign {told['id']}` with that officer's key, until {answer['until']}"
        raise PendingError(f"`{wanted['act']}` waits for the signature of {others}", hint=hint)
    return statements


def _confirm(lines: Sequence[str]) -> None:
    """Show what the node filled in, and ask: a lie that is shown while it is signed is read too late.

    Raises:
        UsageError: nobody is there to read it.
    """
    from gsomia.cli.options import plain

    for line in lines:
        click.echo(plain(line), err=True)
    context = click.get_current_context(silent=True)
    if not lines or (context is not None and context.meta.get(_AS_SHOWN)):
        return
    if not sys.stdin.isatty():
        raise UsageError("nobody is there to read what the node filled in", hint="run it in a terminal, or --as-shown")
    if not click.confirm("sign this?", err=True):
        raise click.Abort


_RUN_SECONDS = 660.0
"""What a node does with its peers takes no longer: a reconciliation has ten minutes."""

_ERRORS: dict[str, type[GsomiaError]] = {
    "usage": UsageError,
    "not-found": UsageError,
    "not-prepared": UsageError,
    "pending": PendingError,
    "verification": VerificationError,
}


class Remote:
    """A node reached over its API, as one officer.

    Args:
        address: where.
        sign_in: signs in by the officer's key; once more where the node asks for that (step-up, RFC 9470).
        key: the officer's; None for who signed in to read.
        identity: the file with the node's identity, by which what it prepared is known for its own.
    """

    def __init__(
        self,
        address: str,
        sign_in: Callable[[], httpx2.Client],
        key: Signs | None = None,
        identity: Path | None = None,
    ) -> None:
        self._address = address
        self._sign_in = sign_in
        self._client = sign_in()
        self._key = key
        self._identity = identity

    @property
    def key(self) -> Signs:
        """The officer's key.

        Raises:
            UsageError: there is none.
        """
        if self._key is None:
            raise UsageError(
                "an act is signed by an officer's key", hint="give --officer-key FILE in place of --session"
            )
        return self._key

    @property
    def frame(self) -> Frame:
        """What every statement of this node says of itself.

        Raises:
            UsageError: no identity of the node was given.
        """
        return Frame.read(self._identity or node_identity())

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Read; what comes back is noted as an EXERCISE node's where it is one."""
        given: list[tuple[str, str]] = []
        for name, value in _words(query or {}).items():
            values: Sequence[Any] = value if isinstance(value, list) else [value]
            given += [(name, str(one)) for one in values if one not in (None, "")]
        return self._told("GET", path, params=given)

    def post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None, *, seconds: float = 60
    ) -> dict[str, Any]:
        """Ask for something to be done; its answer is waited for at most so long."""
        return self._told("POST", path, json=dict(body), headers=dict(headers or {}), timeout=seconds)

    def patch(self, path: str, data: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        """Send a piece of a content."""
        return self._told("PATCH", path, content=data, headers=dict(headers))

    def delete(self, path: str) -> None:
        """End something."""
        self._sent("DELETE", path)

    def content(self, path: str, body: Mapping[str, Any]) -> tuple[bytes, Mapping[str, str]]:
        """Ask for a document; its bytes and the headers."""
        answer = self._sent("POST", path, json=dict(body))
        return answer.content, answer.headers

    def file(self, path: str, query: Mapping[str, Any]) -> bytes:
        """Read what is no JSON."""
        given = [(name, str(value)) for name, value in query.items()]
        return bytes(self._sent("GET", path, params=given).content)

    def download(self, path: str, sink: BinaryIO) -> Mapping[str, str]:
        """Read a file of any length piece by piece; returns the headers.

        Raises:
            PeerError: the way was cut; what came so far is in the sink.
        """
        import httpx2

        try:
            with self._client.stream("GET", f"/v1/{path}") as answer:
                if answer.is_success:
                    for piece in answer.iter_bytes(2**20):
                        sink.write(piece)
                    return answer.headers
        except (httpx2.HTTPError, OSError) as error:
            raise PeerError(f"`{self._address}` cannot be reached: {error}") from error
        # Asked again, it says why not.
        self._sent("GET", path)
        raise PeerError(f"`{self._address}` answered once that it cannot, and once that it can")

    def _told(self, method: str, path: str, **words: Any) -> dict[str, Any]:
        answer = self._sent(method, path, **words)
        try:
            told = answer.json()
            if not isinstance(told, dict):
                raise ValueError("an object was expected")
        except ValueError as error:
            raise PeerError(f"`{self._address}` answered what is no answer of a node's") from error
        told.pop("schema", None)
        self._note(bool(told.pop("exercise", False)))
        return told

    def _note(self, exercise: bool) -> None:
        note_exercise(exercise)
        if exercise and not click.get_current_context().meta.get("gsomia.said"):
            click.get_current_context().meta["gsomia.said"] = True
            click.echo("EXERCISE", err=True)

    def _sent(self, method: str, path: str, **words: Any) -> httpx2.Response:
        answer = self._asked(method, path, **words)
        if answer.status_code == 401 and "insufficient_user_authentication" in answer.headers.get(
            "www-authenticate", ""
        ):
            self.close()
            self._client = self._sign_in()
            answer = self._asked(method, path, **words)
        if answer.is_success:
            return answer
        try:
            problem = answer.json()
            kind = str(problem["type"]).rpartition(":")[2]
            detail = str(problem["detail"])
            hint = str(problem.get("hint", ""))
        except (ValueError, KeyError, TypeError) as error:
            raise PeerError(f"`{self._address}` answered {answer.status_code}") from error
        if kind == "refused":
            raise RefusedError(detail, verdict=problem.get("verdict") or {}, hint=hint)
        if kind == "step-up":
            raise LoginError(
                f"`{self._address}` takes even a new sign-in for an old one", hint="compare the two clocks"
            )
        if kind == "sign-in":
            raise LoginError(f"`{self._address}` does not know this key, or no longer: {detail}")
        raise _ERRORS.get(kind, PeerError)(detail, hint=hint)

    def _asked(self, method: str, path: str, **words: Any) -> httpx2.Response:
        import httpx2

        try:
            return self._client.request(method, f"/v1/{path}", **words)
        except (httpx2.HTTPError, OSError) as error:
            raise PeerError(f"`{self._address}` cannot be reached: {error}") from error
