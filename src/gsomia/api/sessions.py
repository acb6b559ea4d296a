"""Sessions: by what persons are signed in, seen and ended by who secures and who runs the node; and signing out."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from gsomia.api.reads import Name
from gsomia.api.routing import Served, answered, permit, route
from gsomia.api.signin import Caller
from gsomia.api.tokens import living_tokens, told_token
from gsomia.web import LONGEST_CERTIFICATE, missing

__all__ = ["sessions"]


def sessions(served: Served, router: APIRouter) -> None:
    """Add the routes of sessions."""
    node, memory = served.node, served.memory

    @route(router, "GET", "/v1/sessions", "see-sessions")
    def see_sessions(request: Request, person: Annotated[str, Query(max_length=256)] = "") -> Response:
        """List by which tokens persons, or one person, are signed in, and who failed to; no list has certificates."""
        permit(request.state.caller, "see-sessions")
        found = [
            {"person": one.person, "officer": one.officer, **told_token(one)} for one in living_tokens(served, person)
        ]
        return answered(served, request, "sessions", {"sessions": found, "failures": served.failures.rows()})

    @route(router, "DELETE", "/v1/sessions/{session}", "end-sessions", status=204)
    def end_session(request: Request, session: Name) -> Response:
        """End a session, from the next request on, open streams included."""
        permit(request.state.caller, "end-sessions")
        if not memory.end_token(session):
            raise missing()
        return Response(status_code=204)

    @route(router, "DELETE", "/v1/persons/{person:path}/sessions", "end-sessions", status=204)
    def end_sessions(request: Request, person: Name) -> Response:
        """End all by which a person is signed in: tokens, and certificates that are valid from before now."""
        permit(request.state.caller, "end-sessions")
        with node.store.reading() as reader:
            known = reader.person(person) is not None or reader.officers_of(node.party, person=person)
        if not known:
            raise missing()
        _end_all(person)
        return Response(status_code=204)

    @route(router, "POST", "/v1/sign-out", "see-oneself", status=204)
    def sign_out(request: Request) -> Response:
        """End the token that asks; asked with a certificate alone, all by which the caller is signed in."""
        caller: Caller = request.state.caller
        if caller.token:
            memory.end_token(caller.token_id)
        else:
            _end_all(caller.principal.person)
        return Response(status_code=204)

    def _end_all(person: str) -> None:
        now = node.clock.machine()
        memory.sign_out(person, now, now + LONGEST_CERTIFICATE + timedelta(days=1))
