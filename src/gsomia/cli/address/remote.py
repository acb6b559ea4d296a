"""A node reached over HTTPS, as one officer: what is sent, what comes back, and what its problems are called here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from gsomia.cli.exercise import note_exercise, say_exercise
from gsomia.cli.meaning.frame import Frame
from gsomia.errors import (
    GsomiaError,
    LoginError,
    PeerError,
    PendingError,
    RefusedError,
    UsageError,
    VerificationError,
)

if TYPE_CHECKING:
    import httpx2

    from gsomia.keys import Signs

__all__ = ["IDENTITY", "NotFoundError", "Remote", "node_identity", "words_of"]

IDENTITY = "gsomia.node-identity"
"""Under which the command's context has the file with the node's identity."""


class NotFoundError(UsageError):
    """There is nothing of that name at the node, or nothing that the caller may know of."""


_ERRORS: dict[str, type[GsomiaError]] = {
    "usage": UsageError,
    "not-found": NotFoundError,
    "not-prepared": UsageError,
    "pending": PendingError,
    "verification": VerificationError,
}


def node_identity() -> Path:
    """The file with the identity of the node at the address that was given.

    Raises:
        UsageError: none was given.
    """
    identity = click.get_current_context().meta.get(IDENTITY)
    if identity is None:
        hint = "give --node-identity FILE (what `gsomia node identity` printed), or set GSOMIA_NODE_IDENTITY"
        raise UsageError("whose node is it?", hint=hint)
    return Path(identity)


def words_of(query: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked, in values that JSON has."""
    words = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in query.items()}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in words.items()}


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
        for name, value in words_of(query or {}).items():
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
        say_exercise()

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
