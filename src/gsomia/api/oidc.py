"""Signing in at the provider of identities that the settings name: to read, and to sign nothing.

Whoever begins has a key of their own and comes back with it: the token is bound to that key, so a person who is led to
another's sign-in page gives that other nothing.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from gsomia.api.questions import Body as Said
from gsomia.api.routing import Served, answered, route
from gsomia.api.signin import unknown_caller
from gsomia.api.tokens import told_token
from gsomia.errors import SignatureError, UsageError
from gsomia.identity import principal_of
from gsomia.web import Answered, Problem, Token, check_proof, missing, thumbprint, token_digest

__all__ = ["OIDC_FINISH", "OIDC_START", "oidc"]

OIDC_START, OIDC_FINISH = "/v1/oidc/start", "/v1/oidc/finish"
"""The paths that a stranger may ask where the settings name a provider."""

BEGUN_FOR = timedelta(minutes=10)
"""A sign-in that was begun is finished within that time."""
_EACH, _MOST = 16, 4096
"""So many that one source began wait, and so many in all; the oldest gives way."""
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\]):[0-9]{1,5}/[A-Za-z0-9/_-]{0,64}")


class Start(Said):
    """A sign-in that is begun: the caller's key, and where the browser is to come back (RFC 8252, section 7.3)."""

    jwk: dict[str, Any] = Field(max_length=16)
    redirect_uri: Annotated[str, Field(max_length=256)]


class Finish(Said):
    """What the browser came back with."""

    state: Annotated[str, Field(max_length=128)]
    code: Annotated[str, Field(min_length=1, max_length=4096)]
    iss: Annotated[str, Field(max_length=512)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    source: str
    jkt: str
    redirect_uri: str
    nonce: str
    verifier: str
    until: datetime


class _Waiting:
    """What was begun, by its `state`, in memory; each is finished once."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._begun: OrderedDict[str, _Begun] = OrderedDict()

    def put(self, state: str, begun: _Begun, now: datetime) -> None:
        with self._turn:
            over = [name for name, one in self._begun.items() if one.until < now]
            own = [name for name, one in self._begun.items() if one.source == begun.source]
            for name in {*over, *own[: max(0, len(own) - _EACH + 1)]}:
                del self._begun[name]
            self._begun[state] = begun
            if len(self._begun) > _MOST:
                self._begun.popitem(last=False)

    def take(self, state: str, now: datetime) -> _Begun:
        with self._turn:
            found = self._begun.pop(state, None)
        if found is None or found.until < now:
            raise unknown_caller()
        return found


def oidc(served: Served, router: APIRouter) -> None:
    """Add the routes of a sign-in at the provider."""
    node, waiting = served.node, _Waiting()

    @route(router, "POST", OIDC_START, "sign", status=201)
    def start_sign_in(request: Request, body: Start) -> Response:
        """Begin to sign in at the provider: where the browser goes, and the `state` with which it comes back."""
        if request.state.caller is not None or served.provider is None:
            raise missing()
        if not _LOOPBACK.fullmatch(body.redirect_uri):
            hint = "such as http://127.0.0.1:49152/, on the machine of who signs in (RFC 8252, 7.3)"
            raise UsageError("the browser comes back to a loopback address alone", hint=hint)
        now = node.clock.machine()
        begun = _Begun(
            source=request.state.source,
            jkt=thumbprint(body.jwk),
            redirect_uri=body.redirect_uri,
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            until=now + BEGUN_FOR,
        )
        state = secrets.token_urlsafe(32)
        url = served.provider.authorization_url(
            redirect_uri=begun.redirect_uri, state=state, nonce=begun.nonce, verifier=begun.verifier
        )
        waiting.put(state, begun, now)
        return answered(served, request, "sign-in", {"url": url, "state": state}, status=201)

    @route(router, "POST", OIDC_FINISH, "sign", status=201)
    def finish_sign_in(request: Request, body: Finish) -> Response:
        """Finish it: one `DPoP` header proves the key over the `state`; a token bound to that key is told, once."""
        if request.state.caller is not None or served.provider is None:
            raise missing()
        now = node.clock.machine()
        begun = waiting.take(body.state, now)
        proofs = request.headers.getlist("dpop")
        try:
            if len(proofs) != 1:
                raise SignatureError("one proof was expected")
            url = served.url + OIDC_FINISH
            proof = check_proof(proofs[0], method="POST", url=url, token=body.state, at=now)
            if proof.thumbprint != begun.jkt:
                raise SignatureError("the proof is another key's")
            account = served.provider.account(
                Answered(code=body.code, issuer=body.iss),
                redirect_uri=begun.redirect_uri,
                nonce=begun.nonce,
                verifier=begun.verifier,
                at=now,
            )
        except SignatureError:
            raise unknown_caller() from None
        with node.store.reading() as reader:
            binding = reader.binding(account)
            known = principal_of(node, reader, person=binding.person) if binding is not None else None
        if binding is None or known is None:
            says = "this account is bound to no person here"
            hint = f"a security officer binds it: gsomia person change PERSON --account '{account}'"
            raise Problem(403, says, kind="not-bound", more={"account": account, "hint": hint})
        value = secrets.token_urlsafe(32)
        token = Token(
            id=secrets.token_hex(8),
            person=binding.person,
            officer="",
            key=account,
            jkt=begun.jkt,
            acts=None,
            way="oidc",
            made=now,
            authenticated=now,
            until=now + served.spans.session,
            idle=served.spans.session_idle,
            used=now,
            since=binding.act,
        )
        served.memory.put_token(token_digest(value), token, now)
        told = {**told_token(token), "person": binding.person, "token": value, "token_type": "DPoP"}
        return answered(served, request, "token", told, status=201)
