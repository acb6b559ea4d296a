"""Refusals over HTTP as problem documents (RFC 9457); one that rests on a verdict carries its grounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from gsomia.errors import (
    GsomiaError,
    NodeError,
    PeerError,
    PendingError,
    RefusedError,
    UsageError,
    VerificationError,
)
from gsomia.marking import escaped, visible_json

__all__ = ["PROBLEM_TYPE", "Problem", "missing", "problem_of", "shown_json"]

PROBLEM_TYPE = "application/problem+json"

_TITLES = {
    400: "not understood",
    401: "not signed in",
    403: "refused",
    404: "not found",
    405: "no such method here",
    408: "too slow",
    409: "not now",
    412: "changed meanwhile",
    413: "too long",
    415: "another form was expected",
    422: "does not hold",
    429: "too many requests",
    431: "too long",
    502: "the peer cannot be reached",
    503: "not possible now",
}


def shown_json(value: Any) -> bytes:
    """The body of an answer: JSON in which every character shows."""
    return visible_json(value).encode()


class Problem(Exception):  # noqa: N818 - RFC 9457's own word
    """What a request is answered with where it is not done.

    Args:
        status: the HTTP status.
        detail: what was wrong, for people.
        kind: the last part of the problem's type; by default none, which says no more than the status.
        more: further members, such as `verdict`.
        headers: further headers.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        kind: str = "",
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = dict(headers or {})
        self.document: dict[str, Any] = {
            "type": f"urn:gsomia:problem:{kind}" if kind else "about:blank",
            "title": _TITLES.get(status, "failed"),
            "status": status,
            "detail": escaped(detail),
            **(more or {}),
        }

    def response(self) -> Response:
        """The answer; nothing keeps it (RFC 9111, section 5.2.2.5)."""
        body = shown_json(self.document)
        headers = {"cache-control": "no-store", **self.headers}
        return Response(body, status_code=self.status, headers=headers, media_type=PROBLEM_TYPE)


def missing() -> Problem:
    """The one answer for what is not here and for what the caller may not know is here."""
    return Problem(404, "there is nothing here, or nothing that you may know of", kind="not-found")


def problem_of(error: GsomiaError) -> Problem:
    """The problem that an error is; what concerns this node alone, such as a path, is not told."""
    hint = {"hint": escaped(error.hint)} if error.hint else {}
    if isinstance(error, RefusedError):
        return Problem(403, str(error), kind="refused", more={"verdict": error.verdict} | hint)
    if isinstance(error, UsageError):
        return Problem(400, str(error), kind="usage", more=hint)
    if isinstance(error, PendingError):
        return Problem(409, str(error), kind="pending", more=hint)
    if isinstance(error, VerificationError):
        return Problem(422, str(error), kind="verification", more=hint)
    if isinstance(error, PeerError):
        return Problem(502, "a peer's node cannot be reached, or its answer cannot be used", kind="peer")
    if isinstance(error, NodeError):
        return Problem(503, "this node cannot do it now; its operator is told why", kind="node")
    return Problem(500, "this node failed; its operator is told why", kind="node")
