"""The API of a node in this process, asked by officers with their own certificates."""

from __future__ import annotations

import asyncio
import io
import json
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

import pytest
from starlette.types import ASGIApp, Message

from gsomia.api import Preparations, api_app
from gsomia.api.failures import Failures
from gsomia.api.guard import Rate
from gsomia.app import offered_law
from gsomia.config import shipped_law
from gsomia.keys import SigningKey, b64
from gsomia.node import Acting, Check, NewKeys, Role, Stamp, TracerDays, enrol_officer, sign_prepared
from gsomia.testing import Exercise, Player
from gsomia.verdict import Law
from gsomia.web import Memory, Provider, make_officer_certificate

URL = "https://node.example:8444"


@dataclass
class RealMachine:
    """An exercise's clock, whose machine time is real: certificates and proofs are dated by it."""

    own: Any
    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        at: datetime = self.own.now()
        return at

    def machine(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class House:
    """What a served process does for its node: here it adopted the law of this release."""

    def law_files(self, name: str, version: str) -> Mapping[str, bytes]:
        return shipped_law()[name]

    def offer(self, names: Sequence[str]) -> Law:
        return offered_law()

    def spool(self) -> BinaryIO:
        return io.BytesIO()

    def wired(self) -> Sequence[str]:
        return ["JPN", "KOR", "USA"]

    def parcel_turn(self, party: str) -> AbstractContextManager[None]:
        return nullcontext()

    def keep_keys(self, new: NewKeys) -> None:
        assert new.signing.public.fingerprint

    def set_clock(self, at: datetime) -> None:
        assert at.tzinfo is not None

    def tracer_days(self) -> Mapping[str, TracerDays]:
        return {"jpn-kor-2016": TracerDays(receipt=timedelta(days=30), answer=timedelta(days=10))}

    def stamp(self) -> Sequence[Stamp]:
        return []

    def identity(self) -> Mapping[str, Any]:
        return {"party": "KOR"}

    def checks(self) -> Sequence[Check]:
        return [Check(name="acts", counted=1)]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Served:
    """A node's API and its officers."""

    player: Player
    app: ASGIApp
    memory: Memory
    folder: Path
    lines: list[dict[str, Any]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    provider: Provider | None = None
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    certificates: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """What each officer showed first: a sign-in is no older than the test, and the same to its end."""

    def again(self, rate: float = 100000) -> None:
        """Stop and start anew."""
        self.memory.close()
        self.memory, self.app = _start(self.player, self.folder, self.lines, self.told, rate, self.provider)

    def waiting(self) -> tuple[Preparations, RealMachine]:
        """Serve anew with preparations and a clock of the machine's that the test has in its hand."""
        clock = RealMachine(self.player.node.clock)
        node = replace(self.player.node, clock=clock)
        waiting = Preparations(node)
        self.player = replace(self.player, node=node)
        words: dict[str, Any] = {"told": lambda _: None, "log": lambda **_: None, "waiting": waiting}
        self.app = api_app(node, self.memory, House(), url="", **words)
        return waiting, clock

    def certificate(self, acting: Acting, **words: Any) -> bytes:
        """A certificate that the officer's key signed, DER."""
        assert isinstance(acting.key, SigningKey)
        pem = make_officer_certificate(acting.officer, acting.key, **{"at": datetime.now(UTC), **words})[0]
        return ssl.PEM_cert_to_DER_cert(pem.decode())

    def ask(
        self,
        method: str,
        path: str,
        by: Acting | None,
        body: Any = None,
        headers: Mapping[str, str] | list[tuple[str, str]] | None = None,
        der: bytes | None = None,
    ) -> Answer:
        """One request."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        given = list(headers.items()) if isinstance(headers, Mapping) else list(headers or [])
        if data:
            given.append(("content-type", "application/json"))
        shown = der if der is not None or by is None else self._shown(by)
        return self.loop.run_until_complete(ask_app(self.app, method, path, given, data, shown))

    def ask_together(self, requests: Sequence[tuple[str, str, Acting, Any, Mapping[str, str]]]) -> list[Answer]:
        """Several requests at once."""

        async def all_of_them() -> list[Answer]:
            asked = [
                ask_app(
                    self.app,
                    method,
                    path,
                    [*headers.items(), ("content-type", "application/json")],
                    json.dumps(body).encode(),
                    self._shown(by),
                )
                for method, path, by, body, headers in requests
            ]
            return list(await asyncio.gather(*asked))

        return self.loop.run_until_complete(all_of_them())

    def _shown(self, by: Acting) -> bytes:
        key = (by.officer, by.key.public.fingerprint)
        if key not in self.certificates:
            self.certificates[key] = self.certificate(by)
        return self.certificates[key]

    def act(self, by: Acting, wanted: Mapping[str, Any], *others: Acting, key: str = "") -> Answer:
        """Prepare an act, sign it as each officer, and return the last answer."""
        answer = self.ask("POST", "/v1/preparations", by, wanted, {"idempotency-key": key} if key else None)
        if answer.status != 201:
            return answer
        told = answer.json()
        for one in (by, *others):
            answer = self.ask("POST", f"/v1/preparations/{told['id']}/signatures", one, signatures(told, one))
        return answer


def signatures(told: Mapping[str, Any], by: Acting) -> dict[str, str]:
    """An officer's signatures over a preparation."""
    return {name: b64(sig) for name, sig in sign_prepared([s.encode() for s in told["statements"]], by.key).items()}


async def ask_app(
    app: ASGIApp, method: str, path: str, headers: list[tuple[str, str]], data: bytes, der: bytes | None
) -> Answer:
    target, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "https",
        "path": unquote(target), "raw_path": target.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [
            *((n.lower().encode(), v.encode("latin-1")) for n, v in headers), (b"host", b"node.example:8444"),
        ],
        "client": ("192.0.2.1", 1), "server": ("node.example", 8444),
        "extensions": {"tls": {"client_cert_der": der}},
    }  # fmt: skip
    sent: list[Message] = []
    waiting = [{"type": "http.request", "body": data, "more_body": False}]

    async def receive() -> Message:
        if waiting:
            return waiting.pop(0)
        await asyncio.sleep(3600)
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start = sent[0]
    told = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
    return Answer(start["status"], told, b"".join(message.get("body", b"") for message in sent[1:]))


def _start(
    player: Player,
    folder: Path,
    lines: list[dict[str, Any]],
    told: list[str],
    rate: float = 100000,
    provider: Provider | None = None,
) -> tuple[Memory, ASGIApp]:
    memory = Memory(folder / "api.sqlite")
    app = api_app(
        player.node,
        memory,
        House(),
        url=URL,
        rate=rate,
        provider=provider,
        told=told.append,
        log=lambda **line: lines.append(line),
    )
    return memory, app


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[Exercise, str], Served]]:
    """Serves a Party's node of an exercise, with an officer of each role."""
    made: list[Served] = []

    def serving(exercise: Exercise, party: str) -> Served:
        player = exercise[party]
        node = replace(player.node, clock=RealMachine(player.node.clock))
        player = replace(player, node=node)
        folder = tmp_path / f"api-{len(made)}"
        folder.mkdir()
        lines: list[dict[str, Any]] = []
        told: list[str] = []
        memory, app = _start(player, folder, lines, told)
        served = Served(player=player, app=app, memory=memory, folder=folder, lines=lines, told=told)
        made.append(served)
        return served

    yield serving
    for one in made:
        one.memory.close()
        one.loop.close()


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The seconds by which requests and failures are counted stand still, however long the tries take."""
    for counter in (Rate, Failures):
        monkeypatch.setattr(f"gsomia.api.app.{counter.__name__}", partial(counter, clock=lambda: 0.0))


def enrol(served: Served, officer: str, *roles: str) -> Acting:
    """Enrol another officer."""
    key = SigningKey.generate()
    enrol_officer(served.player.node, officer, roles, key.public, by=served.player.by(Role.SECURITY))
    return Acting(officer=officer, key=key)
