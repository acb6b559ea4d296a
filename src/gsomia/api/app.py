"""The API put together: routes behind the guard, problems where something is not done, its description."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from gsomia import __version__
from gsomia.api.acting import acting
from gsomia.api.consultations import consultations
from gsomia.api.contents import contents
from gsomia.api.described import described
from gsomia.api.enrolling import enrolling
from gsomia.api.events import events
from gsomia.api.failures import Failures
from gsomia.api.first import FIRST_OFFICER, FirstOfficer
from gsomia.api.guard import Guard, Rate
from gsomia.api.laws import laws
from gsomia.api.lists import lists
from gsomia.api.oidc import OIDC_FINISH, OIDC_START, oidc
from gsomia.api.openings import openings
from gsomia.api.parcels import parcels
from gsomia.api.passkeys import PASSKEY_PATHS, passkeys
from gsomia.api.people import people
from gsomia.api.preparations import Preparations
from gsomia.api.proofs import proofs
from gsomia.api.questions import questions
from gsomia.api.reads import reads
from gsomia.api.routing import DeniedError, Host, Served, answered, permit, route
from gsomia.api.running import running
from gsomia.api.scim import ScimErrors, scim
from gsomia.api.sendings import sendings
from gsomia.api.sessions import sessions
from gsomia.api.signin import Caller, SignIn
from gsomia.api.spans import Spans
from gsomia.api.tokens import tokens
from gsomia.errors import GsomiaError
from gsomia.identity import About, Rights
from gsomia.node import Contents, Node
from gsomia.web import Cursors, Memory, Problem, Provider, missing, problem_of

__all__ = ["api_app", "api_routes", "description"]


def api_app(
    node: Node,
    memory: Memory,
    host: Host,
    *,
    url: str,
    rate: float = 2000,
    unreconciled_for: timedelta = timedelta(days=7),
    first: FirstOfficer | None = None,
    spans: Spans | None = None,
    provider: Provider | None = None,
    waiting: Preparations | None = None,
    told: Callable[[str], None],
    log: Callable[..., None],
) -> ASGIApp:
    """The ASGI application of one node's API.

    Args:
        node: whose.
        memory: what is remembered beyond a restart.
        host: the process that serves it.
        url: under which it is reached, `https://host:port`.
        unreconciled_for: how long a difference from a peer's records may stand before it is a duty.
        rate: so many requests a second are taken of one officer.
        first: the door for the first officer; None where it is never opened.
        spans: how long a sign-in lasts; as the settings have it by default where it is None.
        provider: where persons sign in to read; None for nowhere.
        waiting: the acts that wait for signatures, where somebody else too ends what is over.
        told: is given for the operator what this node itself cannot do.
        log: is given each request.
    """
    rights, spans = Rights.load(), spans or Spans()
    served = Served(
        node=node,
        host=host,
        rights=rights,
        sign_in=SignIn(node, rights, memory, url, spans),
        memory=memory,
        cursors=Cursors(memory.secret("cursors")),
        coming=Contents(node),
        waiting=waiting or Preparations(node),
        url=url,
        unreconciled_for=unreconciled_for,
        first=first,
        spans=spans,
        failures=Failures(told),
        provider=provider,
    )
    guard = Guard(
        api_routes(served, told),
        served.sign_in,
        Rate(rate),
        Rate(max(1.0, rate / 100)),
        served.failures,
        log,
        {
            ("POST", FIRST_OFFICER): lambda _: first is not None and first.open,
            ("POST", OIDC_START): lambda _: provider is not None,
            ("POST", OIDC_FINISH): lambda _: provider is not None,
            **{("POST", path): lambda headers: "dpop" in headers for path in PASSKEY_PATHS},
        },
        {("POST", FIRST_OFFICER)},
        url,
    )
    return ScimErrors(guard)


def api_routes(served: Served, told: Callable[[str], None]) -> FastAPI:
    """The routes, without the guard: nothing but the guard may call them."""
    app = FastAPI(
        title="gsomia",
        version=__version__,
        summary="A node's register, acts, law and verdicts, for its own officers and their programs.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False},
    )
    for make in (
        questions,
        reads,
        lists,
        laws,
        proofs,
        running,
        parcels,
        people,
        consultations,
        acting,
        sendings,
        contents,
        openings,
        tokens,
        passkeys,
        sessions,
        oidc,
        events,
        scim,
        enrolling,
    ):
        make(served, app.router)
    _failures(served, app, told)

    @route(app.router, "GET", "/v1/openapi.json", "see-oneself")
    def see_description(request: Request) -> Response:
        """Describe this API (OpenAPI 3.1)."""
        caller: Caller = request.state.caller
        permit(caller, "see-oneself", About(person=caller.principal.person))
        return answered(served, request, "", described(app))

    return app


def _failures(served: Served, app: FastAPI, told: Callable[[str], None]) -> None:
    async def problem(_: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return error.response()

    async def failed(_: Request, error: Exception) -> Response:
        assert isinstance(error, GsomiaError)
        if isinstance(error, DeniedError):
            await run_in_threadpool(error.keep, served.node)
        found = problem_of(error)
        if found.status >= 500:
            told(str(error))
        return found.response()

    async def malformed(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        faults = [
            {"at": ".".join(str(part) for part in fault["loc"]), "text": fault["msg"]} for fault in error.errors()
        ]
        return Problem(400, "the request is not as it is described", kind="usage", more={"faults": faults}).response()

    async def other(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            return missing().response()
        headers = dict(error.headers or {})
        return Problem(error.status_code, "not so", headers=headers).response()

    async def fault(_: Request, error: Exception) -> Response:
        # Starlette raises it again once this is sent, and the guard logs it.
        return Problem(500, "this node failed; its operator finds why in its log").response()

    app.add_exception_handler(Exception, fault)
    app.add_exception_handler(Problem, problem)
    app.add_exception_handler(GsomiaError, failed)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(HTTPException, other)


def description() -> dict[str, Any]:
    """The API's description, which is the same for every node."""
    # The routes are made and never called, so they need no node.
    nothing: Any = None
    served = Served(
        node=nothing,
        host=nothing,
        rights=Rights.load(),
        sign_in=nothing,
        memory=nothing,
        cursors=nothing,
        coming=nothing,
        waiting=nothing,
    )
    return described(api_routes(served, lambda _: None))
