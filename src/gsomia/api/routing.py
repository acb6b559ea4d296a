"""How a route is made: each names the act of the table of rights that it asks for, and no route is without one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, BinaryIO, Protocol

from fastapi import APIRouter, Request
from fastapi.responses import Response

from gsomia.api.failures import Failures
from gsomia.api.first import FirstOfficer
from gsomia.api.preparations import Preparations
from gsomia.api.signin import Caller, SignIn, step_up
from gsomia.api.spans import Spans
from gsomia.errors import RefusedError
from gsomia.identity import About, Decision, Rights
from gsomia.node import Check, Contents, NewKeys, Node, Reader, Stamp, TracerDays, keep_denied
from gsomia.verdict import Law
from gsomia.web import PROBLEM_TYPE, Cursors, Memory, Provider, shown_json

__all__ = ["ACT", "DeniedError", "Host", "Served", "answered", "permit", "route", "tagged"]

ACT = "x-gsomia-act"
"""The member of an operation (OpenAPI 3.1, section 4.9) that names its act in the table of rights."""

_PROBLEM = {"content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


class Host(Protocol):
    """What the process that serves a node does for it, from the node's folder and by its settings."""

    def law_files(self, name: str, version: str) -> Mapping[str, bytes]:
        """The files of an agreement in a version that was adopted."""
        ...

    def offer(self, names: Sequence[str]) -> Law:
        """The law on offer; the folders of the agreements named are kept as they are now."""
        ...

    def spool(self) -> BinaryIO:
        """A file of the node's own for what is on its way out; it has no name, and is gone when it is closed."""
        ...

    def wired(self) -> Sequence[str]:
        """The enrolled peers to whom there is a wire."""
        ...

    def parcel_turn(self, party: str) -> AbstractContextManager[None]:
        """The turn to make a parcel for a peer, or to take one of its in; there is none while the wire is at work."""
        ...

    def keep_keys(self, new: NewKeys) -> None:
        """Store keys that are to take the place of the node's own, beside them."""
        ...

    def set_clock(self, at: datetime) -> None:
        """Set an EXERCISE node's clock; it runs on from there."""
        ...

    def tracer_days(self) -> Mapping[str, TracerDays]:
        """The days for receipts that the settings name, by agreement."""
        ...

    def identity(self) -> Mapping[str, Any]:
        """The node's identity, its certificate included."""
        ...

    def checks(self) -> Sequence[Check]:
        """Every check of the node, and of its time stamps where an authority is set."""
        ...

    def stamp(self) -> Sequence[Stamp]:
        """Have the logs' checkpoints stamped by the authority that the settings name, once a day."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What the routes work with.

    Args:
        node: whose API it is.
        host: the process that serves it.
        rights: the table of rights.
        sign_in: tells who asks.
        memory: what is remembered beyond a restart.
        cursors: seal where a page ended.
        url: where the API is reached, by the settings; never by what a request says.
        unreconciled_for: how long a difference from a peer's records may stand before it is a duty.
        first: the door for the first officer, or None where it is never opened.
        coming: the contents that officers send.
        waiting: the acts that wait for signatures.
        spans: how long a sign-in lasts.
        failures: who failed to sign in.
        provider: where persons sign in to read, or None where the settings name none.
    """

    node: Node
    host: Host
    rights: Rights
    sign_in: SignIn
    memory: Memory
    cursors: Cursors
    coming: Contents
    waiting: Preparations
    url: str = ""
    unreconciled_for: timedelta = timedelta(days=7)
    first: FirstOfficer | None = None
    spans: Spans = field(default_factory=Spans)
    failures: Failures = field(default_factory=Failures)
    provider: Provider | None = None

    @contextmanager
    def asked(self, request: Request, act: str, about: About | None = None) -> Iterator[tuple[Caller, Reader]]:
        """The caller, who may do the act, and the register.

        Raises:
            RefusedError: the caller may not; it carries the grounds.
        """
        caller: Caller = request.state.caller
        permit(caller, act, about)
        with self.node.store.standing() as reader:
            yield caller, reader


class DeniedError(RefusedError):
    """A caller may not do an act of the table of rights.

    Args:
        caller: who asked.
        act: for which act.
        message: the first ground, for people.
        verdict: the decision as a JSON object.
    """

    def __init__(self, caller: Caller, act: str, message: str, verdict: dict[str, Any]) -> None:
        super().__init__(message, verdict=verdict)
        self.caller = caller
        self.act = act

    def keep(self, node: Node) -> None:
        """Keep it for people to see where an officer asked for an act that officers sign; no other caller writes so."""
        known = self.caller.rights.acts.get(self.act)
        if self.caller.officer is not None and known is not None and known.kind == "sign":
            keep_denied(node, self.caller.officer.id, f"`{self.act}`", self)


def permit(caller: Caller, act: str, about: About | None = None) -> None:
    """Check that a caller may do an act.

    Raises:
        RefusedError: the table of rights refuses.
        Problem: it permits it to one who authenticated more lately.
    """
    decision: Decision = caller.decide(act, about)
    if not decision.permitted:
        raise DeniedError(caller, act, decision.grounds[0].text, decision.to_json())
    if caller.rights.acts[act].step_up and caller.stale:
        raise step_up(caller.max_age)


def tagged(served: Served, schema: str, value: Mapping[str, Any]) -> tuple[bytes, str]:
    """An answer's bytes and their tag; without a schema it is as another standard has it."""
    told = {"schema": f"gsomia/{schema}/v1", "exercise": served.node.exercise, **value} if schema else value
    body = shown_json(told)
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def answered(served: Served, request: Request, schema: str, value: Mapping[str, Any], *, status: int = 200) -> Response:
    """An answer: one object with its schema, under a tag; an unchanged one is not sent again (RFC 9110, 8.8.3)."""
    body, tag = tagged(served, schema, value)
    if request.method in ("GET", "HEAD") and status == 200:
        known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
        if tag in known or known == ["*"]:
            return Response(status_code=304, headers={"etag": tag})
        return Response(body, media_type="application/json", headers={"etag": tag})
    return Response(body, status_code=status, media_type="application/json")


def route(
    router: APIRouter,
    method: str,
    path: str,
    act: str,
    *,
    status: int = 200,
    tells: str = "application/json",
    takes: str = "",
    shape: Mapping[str, Any] = MappingProxyType({}),
    heeds: Sequence[str] = (),
    tagged: bool | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function a route for an act of the table of rights.

    Args:
        router: where it belongs.
        method: GET, POST, PUT, PATCH or DELETE.
        path: the path.
        act: the act that is asked for; where it turns on the body, `sign`.
        status: of an answer that is well.
        tells: its media type.
        takes: the media type of the body, where it is no JSON that the function's own words describe.
        shape: the JSON Schema of such a body; anything where it is empty.
        heeds: the headers that it heeds, of those that `described` has, but for `If-None-Match`.
        tagged: whether an answer has a tag; by default one that is JSON to GET.
    """

    def made(function: Callable[..., Any]) -> Callable[..., Any]:
        failures: dict[int | str, dict[str, Any]] = {
            str(code): {"description": what, **_PROBLEM}
            for code, what in (
                (400, "not understood"),
                (401, "not signed in"),
                (403, "refused, with the grounds"),
                (404, "nothing here, or nothing that the caller may know of"),
                (409, "not now"),
                (412, "changed meanwhile"),
                (413, "too long"),
                (422, "does not hold"),
                (429, "too many requests"),
                (503, "this node cannot do it now"),
            )
        }
        content: dict[str, Any] = {tells: {"schema": {"type": "object"} if tells == "application/json" else {}}}
        responses: dict[int | str, dict[str, Any]] = {
            status: {"description": "done", **({"content": content} if status != 204 else {})},
            **failures,
        }
        heeded = [*heeds]
        if tagged if tagged is not None else method == "GET" and tells == "application/json":
            responses[status]["headers"] = {"ETag": {"$ref": "#/components/headers/ETag"}}
            heeded += ["If-None-Match"] if method == "GET" else []
        if method == "GET":
            responses[304] = {"description": "not changed"}
        told: dict[str, Any] = {ACT: act}
        if heeded:
            told["parameters"] = [{"$ref": f"#/components/parameters/{name}"} for name in heeded]
        if takes:
            told["requestBody"] = {"required": True, "content": {takes: {"schema": dict(shape)}}}
        router.add_api_route(
            path,
            function,
            methods=[method],
            status_code=status,
            response_class=Response,
            responses=responses,
            openapi_extra=told,
            operation_id=function.__name__,
            summary=(function.__doc__ or "").strip().partition("\n")[0],
            description=" ",
        )
        return function

    return made
