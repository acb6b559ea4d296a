"""Signing in by a passkey: a challenge of the node's, good once and for the asker's own key, and a token for it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from gsomia.api.questions import Body as Said
from gsomia.api.routing import Served, answered, route
from gsomia.api.signin import unknown_caller
from gsomia.api.tokens import told_token
from gsomia.api.wanted import Asserted
from gsomia.errors import SignatureError
from gsomia.identity import principal_of
from gsomia.keys import canonical, pae
from gsomia.node import Officer, Reader, instant
from gsomia.passkeys import WEBAUTHN, Assertion, Passkey, b64url, challenge, unb64url
from gsomia.web import PROOF_AGE, Token, check_proof, token_digest

__all__ = ["PASSKEY_PATHS", "counted", "passkeys", "sign_in_text"]

_CHALLENGES, _SIGN_IN = "/v1/sign-in/passkey/challenges", "/v1/sign-in/passkey"
PASSKEY_PATHS: Final = frozenset({_CHALLENGES, _SIGN_IN})
"""The paths that a stranger may ask, in order to sign in by a passkey."""
SIGN_IN_TYPE: Final = "application/vnd.gsomia.sign-in.v1+json"
"""The DSSE payload type of what a passkey signs to sign in; so it never stands for an act, nor an act for it."""
GOOD_FOR: Final = timedelta(minutes=2)
"""A challenge is good for so long."""
_CHANCE, _MAC = 16, 32


def sign_in_text(party: str, nonce: str, jkt: str, *, exercise: bool) -> bytes:
    """What a passkey signs to sign in (PAE of DSSE 1.0.2): at which node, on which challenge, for which DPoP key."""
    return pae(SIGN_IN_TYPE, canonical({"v": 1, "party": party, "exercise": exercise, "nonce": nonce, "jkt": jkt}))


class Signing(Said):
    """An assertion on a challenge that was given."""

    nonce: Annotated[str, Field(max_length=128)]
    credential: Annotated[str, Field(min_length=1, max_length=1364)]
    response: Asserted


def passkeys(served: Served, router: APIRouter) -> None:
    """Add the routes by which an officer signs in by a passkey."""
    node, memory = served.node, served.memory
    nonces = _Nonces(memory.secret("passkeys") if memory is not None else b"")

    def proven(request: Request, path: str, now: datetime) -> str:
        """The thumbprint of the key that the one proof of this request is by.

        Raises:
            Problem: there is none that holds, or it was used before.
        """
        given = request.headers.getlist("dpop")
        if len(given) != 1:
            raise unknown_caller("invalid_dpop_proof")
        try:
            proof = check_proof(given[0], method="POST", url=served.url + path, token="", at=now)
        except SignatureError:
            raise unknown_caller("invalid_dpop_proof") from None
        if not memory.use_once(f"sign-in/{proof.thumbprint}/{proof.jti}", now + 2 * PROOF_AGE, now):
            raise unknown_caller("invalid_dpop_proof")
        return proof.thumbprint

    @route(router, "POST", _CHALLENGES, "see-oneself", status=201)
    def give_challenge(request: Request) -> Response:
        """Give a challenge for a passkey, good once and for two minutes, for the key of the proof (DPoP) alone."""
        now = node.clock.machine()
        jkt = proven(request, _CHALLENGES, now)
        until = now + GOOD_FOR
        nonce = nonces.make(jkt, until)
        signed = sign_in_text(node.party, nonce, jkt, exercise=node.exercise)
        told = {"nonce": nonce, "challenge": challenge(signed), "until": instant(until)}
        return answered(served, request, "challenge", told, status=201)

    @route(router, "POST", _SIGN_IN, "see-oneself", status=201)
    def sign_in(request: Request, body: Signing) -> Response:
        """Sign in by a passkey: a token for the key of the proof (DPoP), good for all that the officer may do."""
        now = node.clock.machine()
        jkt = proven(request, _SIGN_IN, now)
        if not nonces.good(body.nonce, jkt, now) or not memory.use_once(f"nonce/{body.nonce}", now + GOOD_FOR, now):
            raise unknown_caller()
        with node.store.reading() as reader:
            signed = sign_in_text(node.party, body.nonce, jkt, exercise=node.exercise)
            officer = _signed_in(served, reader, body, signed)
            principal = principal_of(node, reader, officer=officer.id)
        if principal is None:
            raise unknown_caller()
        value = secrets.token_urlsafe(32)
        token = Token(
            id=secrets.token_hex(8),
            person=principal.person,
            officer=officer.id,
            key=officer.key.fingerprint,
            jkt=jkt,
            acts=None,
            way="passkey",
            made=now,
            authenticated=now,
            until=now + served.spans.session,
            idle=served.spans.session_idle,
            used=now,
            since=principal.returned,
        )
        memory.put_token(token_digest(value), token, now)
        told = {**told_token(token), "officer": officer.id, "token": value, "token_type": "DPoP"}
        return answered(served, request, "token", told, status=201)


def counted(served: Served, key: Passkey, made: Assertion) -> None:
    """Check that the counter of a passkey went on: one that did not is another device at work with a copy.

    Raises:
        SignatureError: it did not.
    """
    name = hashlib.sha256(key.credential).hexdigest()
    if not served.memory.count_on(name, made.counter):
        raise SignatureError(
            f"the counter of passkey `{key.fingerprint[:16]}` did not go on",
            hint="its private key may be on a second device: a security officer ends it with `gsomia officer retire`",
        )


def _signed_in(served: Served, reader: Reader, body: Signing, signed: bytes) -> Officer:
    """The officer whose passkey made the assertion.

    Raises:
        Problem: nobody's did.
    """
    try:
        credential = unb64url(body.credential)
        made = body.response.read()
        for officer in reader.officers(served.node.party):
            if isinstance(officer.key, Passkey) and officer.key.credential == credential:
                officer.key.verify(signed, {WEBAUTHN: made.to_bytes()})
                counted(served, officer.key, made)
                return officer
    except (SignatureError, ValueError):
        raise unknown_caller() from None
    raise unknown_caller()


class _Nonces:
    """Nonces that carry their own end and seal, so that none is kept for those who ask and never sign in.

    Args:
        secret: of this node.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make(self, jkt: str, until: datetime) -> str:
        """A new nonce, for one key and until an instant."""
        head = secrets.token_bytes(_CHANCE) + int(until.timestamp() * 1000).to_bytes(8, "big")
        return b64url(head + self._seal(head, jkt))

    def good(self, nonce: str, jkt: str, now: datetime) -> bool:
        """Whether this node made it for that key, and it has not ended."""
        try:
            data = unb64url(nonce)
        except ValueError:
            return False
        head, seal = data[: _CHANCE + 8], data[_CHANCE + 8 :]
        if len(seal) != _MAC or not hmac.compare_digest(seal, self._seal(head, jkt)):
            return False
        return now <= datetime.fromtimestamp(int.from_bytes(head[_CHANCE:], "big") / 1000, UTC)

    def _seal(self, head: bytes, jkt: str) -> bytes:
        return hmac.digest(self._secret, head + jkt.encode(), "sha256")
