"""A served node's programs with their tokens, its streams that are followed, and its clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from types import MappingProxyType
from typing import Any

import pytest
from calling import URL, RealMachine, Served
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from starlette.types import Message

from gsomia.api import events
from gsomia.api.signin import Caller, SignIn
from gsomia.node import Acting, PersonDetails, Reader
from gsomia.testing import Exercise
from gsomia.web import Token, make_proof, public_jwk, thumbprint, token_digest

__all__ = ["Guest", "Program", "Serve", "follow", "held", "later"]


Serve = Callable[[Exercise, str], Served]


def held(kor: Served) -> str:
    """The control number of what Korea holds."""
    return kor.player.copies()[0].control_number


LOOKS = 5
"""So often a stream that goes on looks before it is left: a second, where looking takes no time."""


async def follow(
    served: Served,
    der: bytes | None,
    *happens: Callable[[], object],
    headers: Mapping[str, str] = MappingProxyType({}),
) -> tuple[list[bytes], float]:
    """A stream that is open when something happens: what came, and how many seconds it stayed open after that.

    Seconds by the stream's own schedule, that is how often it looked: a busy machine makes none of them longer.

    Args:
        served: where.
        der, headers: who follows.
        happens: what happens, one after the other; between two the stream has looked.
    """
    parts: list[bytes] = []
    looks = since = 0
    again = SignIn.again

    def counted(self: SignIn, reader: Reader, caller: Caller) -> Caller | None:
        nonlocal looks
        looks += 1
        return again(self, reader, caller)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "https",
        "path": "/v1/events", "raw_path": b"/v1/events", "query_string": b"", "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 1), "server": ("node.example", 8444),
        "extensions": {"tls": {"client_cert_der": der}},
    }  # fmt: skip
    opened = asyncio.Event()
    first_message = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if first_message:
            return first_message.pop()
        await asyncio.sleep(3600)
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            parts.append(message["body"])
            opened.set()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SignIn, "again", counted)
        stream = asyncio.ensure_future(served.app(scope, receive, send))
        await asyncio.wait_for(opened.wait(), 60)
        for one in happens:
            await asyncio.to_thread(one)
            since = looks
            while looks <= since + LOOKS and not stream.done():
                await asyncio.sleep(0.01)
        if stream.done():
            await stream
            return parts, (looks - since) * events._LOOK_SECONDS
        stream.cancel()
        await asyncio.wait([stream])
        return parts, float("inf")


class Program:
    """A program of an officer's, with a token and its key."""

    def __init__(self, served: Served, by: Acting, *acts: str, minutes: int = 5) -> None:
        self.served = served
        self.key: EllipticCurvePrivateKey = generate_private_key(SECP256R1())
        body = {"jwk": public_jwk(self.key), "acts": list(acts), "minutes": minutes}
        answer = served.ask("POST", "/v1/tokens", by, body)
        assert answer.status == 201, answer
        self.told = answer.json()

    def headers(self, method: str, path: str, **other: Any) -> dict[str, str]:
        words = {
            "method": method, "url": URL + path, "token": self.told["token"], "at": datetime.now(UTC),
            "jti": f"jti-{time.monotonic_ns():020}", **other,
        }  # fmt: skip
        return {"authorization": f"DPoP {self.told['token']}", "dpop": make_proof(self.key, **words)}


class Guest(Program):
    """A person without an officer's key, signed in as at a provider: the token is put where such tokens lie."""

    def __init__(self, served: Served, exercise: Exercise, person: PersonDetails) -> None:
        self.served = served
        self.key = generate_private_key(SECP256R1())
        self.told = {"token": token_urlsafe(32)}
        account = f"https://id.example sub {person.id}"
        exercise.enter(replace(person, accounts=(account,)), served.player.node.party)
        with served.player.node.store.reading() as reader:
            bound = reader.binding(account)
        assert bound is not None
        now = datetime.now(UTC)
        token = Token(
            id=token_urlsafe(8),
            person=person.id,
            officer="",
            key=account,
            jkt=thumbprint(public_jwk(self.key)),
            acts=None,
            way="oidc",
            made=now,
            authenticated=now,
            until=now + timedelta(hours=1),
            idle=timedelta(hours=1),
            used=now,
            since=bound.act,
        )
        served.memory.put_token(token_digest(self.told["token"]), token, now)


def later(kor: Served, **span: float) -> None:
    """The node's machine clock goes on."""
    clock = kor.player.node.clock
    assert isinstance(clock, RealMachine)
    clock.ahead = timedelta(**span)
