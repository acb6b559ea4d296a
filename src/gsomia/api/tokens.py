"""Tokens for an officer's programs: bound to a key (DPoP, RFC 9449), good for some acts, never for more than theirs."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from gsomia.api.questions import Body as Said
from gsomia.api.reads import Name
from gsomia.api.routing import Served, answered, permit, route
from gsomia.api.signin import Caller
from gsomia.errors import RefusedError
from gsomia.identity import About
from gsomia.node import instant
from gsomia.web import Problem, Token, missing, thumbprint, token_digest

__all__ = ["living_tokens", "tokens", "told_token"]

LONGEST = timedelta(days=366)
"""A token that is asked for longer is refused; the settings say how long one may last."""
_EACH = 64


class Wanted(Said):
    """A token that is asked for."""

    jwk: dict[str, Any] = Field(max_length=16)
    acts: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=64)
    minutes: int = Field(ge=1, le=int(LONGEST.total_seconds() // 60))


def tokens(served: Served, router: APIRouter) -> None:
    """Add the routes of the caller's own tokens."""
    node, memory = served.node, served.memory

    def own(request: Request) -> Caller:
        caller: Caller = request.state.caller
        permit(caller, "see-oneself", About(person=caller.principal.person))
        return caller

    @route(router, "POST", "/v1/tokens", "see-oneself", status=201)
    def make_token(request: Request, body: Wanted) -> Response:
        """Make a token for the caller's programs; it is told once. A token makes no token."""
        caller = own(request)
        if caller.token:
            raise RefusedError("a token makes no token", verdict={"outcome": "refuse", "grounds": []})
        if not caller.key:
            raise RefusedError("a token is made by who shows a key", verdict={"outcome": "refuse", "grounds": []})
        for act in body.acts:
            if not _ever(served, caller, act):
                permit(caller, act)
        now = node.clock.machine()
        if len(living_tokens(served, caller.principal.person)) >= _EACH:
            raise Problem(409, f"a person has at most {_EACH} tokens", kind="tokens")
        value = secrets.token_urlsafe(32)
        token = Token(
            id=secrets.token_hex(8),
            person=caller.principal.person,
            officer=caller.officer.id if caller.officer is not None else "",
            key=caller.key,
            jkt=thumbprint(body.jwk),
            acts=tuple(dict.fromkeys(body.acts)),
            way="certificate",
            made=now,
            authenticated=caller.authenticated,
            until=now + min(timedelta(minutes=body.minutes), served.spans.token),
            idle=served.spans.token_idle,
            used=now,
            since=_since(served, caller),
        )
        memory.put_token(token_digest(value), token, now)
        return answered(
            served, request, "token", {**told_token(token), "token": value, "token_type": "DPoP"}, status=201
        )

    @route(router, "GET", "/v1/tokens", "see-oneself")
    def see_tokens(request: Request) -> Response:
        """List the caller's tokens, without the tokens themselves."""
        caller = own(request)
        found = [told_token(one) for one in living_tokens(served, caller.principal.person)]
        return answered(served, request, "tokens", {"tokens": found})

    @route(router, "DELETE", "/v1/tokens/{token}", "see-oneself", status=204)
    def end_token(request: Request, token: Name) -> Response:
        """End one of the caller's tokens, from the next request on."""
        caller = own(request)
        if not memory.end_token(token, person=caller.principal.person):
            raise missing()
        return Response(status_code=204)


def _since(served: Served, caller: Caller) -> str:
    """The act since which the caller is who they are: `Token.since`."""
    if caller.officer is not None:
        return caller.principal.returned
    with served.node.store.reading() as reader:
        return next((one.act for one in reader.sign_in_keys(caller.key)), "")


def _ever(served: Served, caller: Caller, act: str) -> bool:
    """Whether some row lets the caller do an act with the key that was shown, under whatever condition."""
    known = served.rights.acts.get(act)
    if known is None or (known.signs and caller.officer is None):
        return False
    return any(right.role in caller.principal.roles for right in known.rights)


def living_tokens(served: Served, person: str = "") -> list[Token]:
    """A person's tokens, or everybody's, by which they are still signed in."""
    now = served.node.clock.machine()
    found = [one for one in served.memory.tokens(person) if one.ends >= now]
    with served.node.store.reading() as reader:
        return [one for one in found if served.sign_in.holder(reader, one) is not None]


def told_token(token: Token) -> dict[str, Any]:
    """What is told of a token: never the token itself."""
    return {
        "id": token.id,
        "acts": None if token.acts is None else list(token.acts),
        "way": token.way,
        "made": instant(token.made),
        "authenticated": instant(token.authenticated),
        "used": instant(token.used),
        "until": instant(token.until),
        "ends": instant(token.ends),
        "jkt": token.jkt,
    }
