"""Before any route: how long a request may be, how often one may ask, who asks; strangers are answered nothing."""

from __future__ import annotations

import asyncio
import json
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gsomia.api.failures import Failures, source_of
from gsomia.api.signin import Caller, SignIn, UnknownCaller
from gsomia.errors import GsomiaError
from gsomia.node import PIECE_BYTES
from gsomia.web import Problem, peer_certificate, problem_of

__all__ = ["Guard", "Rate"]

BODY_BYTES = 256 * 2**10
"""The longest body of a request; a statement has 64 KiB at most."""
BODY_SECONDS = 10.0
"""A body that takes longer to come is not waited for."""
PIECE_SECONDS = 60.0
"""The same for a piece of a content, which may be longer."""
DEPTH = 24
"""JSON that is deeper is not read."""


class Rate:
    """So many requests a second for each caller, and a burst of as many.

    Args:
        per_second: how many.
        clock: seconds that only grow.
    """

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str) -> float:
        """Count a request; returns 0, or how many seconds to wait first."""
        now = self._clock()
        left, since = self._left.pop(who, (self._per_second, now))
        left = min(self._per_second, left + (now - since) * self._per_second)
        self._left[who] = (left - 1 if left >= 1 else left, now)
        while len(self._left) > 4096:
            self._left.popitem(last=False)
        return 0.0 if left >= 1 else (1 - left) / self._per_second


class Guard:
    """ASGI middleware around all routes.

    Args:
        app: the routes.
        sign_in: tells who asks.
        rate: for each caller that is signed in.
        strangers: for each address from which nobody is signed in.
        failures: counts who failed to sign in.
        log: is given each request's line.
        doors: by method and path what a stranger may ask, while it is open to a request with such headers.
        guessable: those of the doors where little is shown: there a source that failed waits.
        url: under which the API is reached, `https://host:port`.
    """

    def __init__(
        self,
        app: ASGIApp,
        sign_in: SignIn,
        rate: Rate,
        strangers: Rate,
        failures: Failures,
        log: Callable[..., None],
        doors: Mapping[tuple[str, str], Callable[[Mapping[str, list[str]]], bool]],
        guessable: Collection[tuple[str, str]],
        url: str,
    ) -> None:
        self._app = app
        self._sign_in = sign_in
        self._rate = rate
        self._strangers = strangers
        self._log = log
        self._failures = failures
        self._doors = doors
        self._guessable = guessable
        # As a browser writes it (RFC 6454, 6.2): the port of the scheme is left out.
        self._origin = url.removesuffix(":443").encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        status = 0
        started = time.perf_counter()

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_headers(message.get("headers", []))
            await send(message)

        who = why = ""
        source = source_of(str((scope.get("client") or ("",))[0]))
        try:
            caller = self._caller(scope, source)
            who = caller.id if caller is not None else ""
            if caller is not None and (wait := self._rate.take(who)):
                raise _slower(wait)
            self._of_no_other_site(scope)
            if scope["query_string"]:
                _asked_once(scope["query_string"])
            body = await _body(scope, receive)
            scope["state"] = {"caller": caller, "body": body, "source": source}
            await self._app(scope, _given(body, receive), answer)
            if caller is None and status == 401:
                self._failures.failed(source)
        except Problem as problem:
            await problem.response()(scope, receive, answer)
        except GsomiaError as error:
            await problem_of(error).response()(scope, receive, answer)
        except Exception as error:
            # The last place that can answer: the log is told why, the caller only that.
            why = "".join(traceback.format_exception(error)[-8:])
            if not status:
                await Problem(500, "this node failed; its operator finds why in its log").response()(
                    scope, receive, answer
                )
        self._log(
            method=scope["method"],
            path=scope["path"],
            officer=who,
            status=status,
            ms=round((time.perf_counter() - started) * 1000, 2),
            **({"fault": why} if why else {}),
        )

    def _of_no_other_site(self, scope: Scope) -> None:
        """Check that no page of another site asks: a browser shows an officer's certificate for any of them.

        Raises:
            Problem: one does (Fetch, 3.2; Fetch Metadata Request Headers, 2.4).
        """
        for name, value in scope["headers"]:
            if (name == b"origin" and value != self._origin) or (
                name == b"sec-fetch-site" and value not in (b"same-origin", b"none")
            ):
                raise Problem(403, "no page of another site asks anything here", kind="cross-site")

    def _caller(self, scope: Scope, source: str) -> Caller | None:
        """Who asks; None for a stranger at an open door."""
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            if name in (b"authorization", b"dpop"):
                headers.setdefault(name.decode(), []).append(value.decode("latin-1"))
        try:
            # As it was sent: `path` is decoded, and a proof names the URL itself.
            sent = scope["raw_path"].decode("latin-1")
            caller = self._sign_in.caller(peer_certificate(scope), headers, scope["method"], sent)
        except UnknownCaller as unknown:
            if wait := self._strangers.take(source):
                raise _slower(wait) from None
            door = self._doors.get((scope["method"], scope["path"]))
            # At a guessable door nothing is looked at while there is a wait; elsewhere what is shown was or will be.
            at_door = door is not None and door(headers) and "authorization" not in headers
            if at_door:
                wait = self._failures.wait(source) if (scope["method"], scope["path"]) in self._guessable else 0.0
            elif unknown.tried:
                wait = self._failures.failed(source, unknown.officer)
            if wait:
                raise _slower(wait) from None
            if at_door:
                return None
            raise
        self._failures.passed(source, caller.id)
        return caller


def _slower(wait: float) -> Problem:
    """To be asked again after so many seconds (RFC 6585, section 4)."""
    return Problem(429, "ask more slowly", headers={"retry-after": str(int(wait) + 1)})


def _with_headers(headers: Any) -> list[tuple[bytes, bytes]]:
    """The headers of an answer; nothing keeps it, and no browser makes anything else of it."""
    ours = {name for name, _ in _HEADERS}
    return [*((name, value) for name, value in headers if name.lower() not in ours), *_HEADERS]


_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
"""Of every answer (OWASP REST Security Cheat Sheet, "Security headers"; RFC 9111, 5.2.2.5; CSP Level 3, 6.4.2)."""


_CONTENTS = "/v1/contents/"
"""Where pieces of contents come in, which are no JSON."""


async def _body(scope: Scope, receive: Receive) -> bytes:
    """The body, whole, within its bounds.

    Raises:
        Problem: it is too long, too slow, or too deep.
    """
    piece = scope["method"] == "PATCH" and scope["path"].startswith(_CONTENTS)
    most, seconds = (PIECE_BYTES, PIECE_SECONDS) if piece else (BODY_BYTES, BODY_SECONDS)
    for name, value in scope["headers"]:
        if name == b"content-length" and (not value.isdigit() or int(value[:12]) > most or len(value) > 12):
            raise Problem(413, f"a body has at most {most} bytes")
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise Problem(400, "the client went away")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > most:
                    raise Problem(413, f"a body has at most {most} bytes")
                if not message.get("more_body"):
                    break
    except TimeoutError:
        raise Problem(408, f"a body comes within {seconds:.0f} s", headers={"connection": "close"}) from None
    body = b"".join(parts)
    if body and not piece:
        if _depth(body) > DEPTH:
            raise Problem(400, f"JSON is at most {DEPTH} deep here", kind="usage")
        try:
            _READER.decode(body.decode())
        except (ValueError, RecursionError):
            raise Problem(400, "the body is JSON whose members have each another name", kind="usage") from None
    return body


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose members all have other names: of two alike, a check might see the one and the act the other."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands there twice")
    return found


_READER = json.JSONDecoder(object_pairs_hook=_each_once)
"""JSON is UTF-8 (RFC 8259, section 8.1)."""


_MANY = ("reading",)
"""Words of a query that may be given more than once."""


def _asked_once(query: bytes) -> None:
    """Check that each word of a query is given once.

    Raises:
        Problem: one is given again.
    """
    names = [name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True) if name not in _MANY]
    if len(names) != len({*names}):
        raise Problem(400, "a word of the query is given twice", kind="usage")


def _depth(body: bytes) -> int:
    """How deep brackets stand in a body outside of its texts; counted before anything reads it."""
    depth = deepest = 0
    quoted = escaped = False
    if body.count(b"[") + body.count(b"{") <= DEPTH:
        return 0
    for byte in body:
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = byte == 0x5C, byte != 0x22
        elif byte == 0x22:
            quoted = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _given(body: bytes, receive: Receive) -> Receive:
    """Gives the routes the body that was read, and then what the server tells: that the client went away."""
    told = False

    async def given() -> Message:
        nonlocal told
        if not told:
            told = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return given
