"""A node's folder served in this process: commands reach it by its address and by its folder alike."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from calling import URL, ask_app
from command import Run
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

import gsomia.web
from gsomia.api import api_app
from gsomia.app import Home
from gsomia.web import Memory

Words = tuple[object, ...]


class Anywhere:
    """A node in a folder, and its API.

    Args:
        folder: the node's.
        run: runs a command.
    """

    def __init__(self, folder: Path, run: Run) -> None:
        self.folder = folder
        self.run = run
        self.home = Home(folder)
        self.identity = folder / "identity.json"
        self.identity.write_text(json.dumps(self.home.identity()))
        self.memory = Memory(folder / "api.sqlite")
        self.app = api_app(
            self.home.node, self.memory, self.home, url=URL, rate=1e5, told=lambda _: None, log=lambda **_: None
        )
        self.loop = asyncio.new_event_loop()
        self.way: Callable[[httpx2.Request, httpx2.Response], httpx2.Response] = lambda _, answer: answer
        """What becomes of an answer on its way back."""

    def at(self, officer: str) -> Words:
        """The words that reach the node by its address as an officer."""
        key = self.folder / "officers" / f"{officer}.key"
        return ("--node", URL, "--officer-key", key, "--node-identity", self.identity, "--as-shown")

    def there(self, officer: str, *words: object) -> tuple[int, str, str]:
        """Run a command by address."""
        return self.run(*words, *self.at(officer))

    def here(self, *words: object) -> tuple[int, str, str]:
        """Run a command by folder."""
        return self.run(*words, "--node", self.folder)

    def client(self, verify: bytes, **words: Any) -> httpx2.Client:
        """A client that shows a certificate and reaches the API in this process."""
        der = load_pem_x509_certificate(verify).public_bytes(Encoding.DER)

        def answer(request: httpx2.Request) -> httpx2.Response:
            headers = [(name.decode(), value.decode()) for name, value in request.headers.raw if name != b"host"]
            path = request.url.raw_path.decode()
            asked = ask_app(self.app, request.method, path, headers, request.read(), der)
            told = self.loop.run_until_complete(asked)
            return self.way(request, httpx2.Response(told.status, headers=dict(told.headers), content=told.body))

        return _CLIENT(base_url=words["base_url"], transport=httpx2.MockTransport(answer))

    def close(self) -> None:
        """Let go of it."""
        self.memory.close()
        self.home.close()
        self.loop.close()


_CLIENT = httpx2.Client

Serving = Callable[[Path], Anywhere]


@pytest.fixture
def anywhere(run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    """Serves the node of a folder."""
    served: list[Anywhere] = []

    def client(*, verify: Any, **words: Any) -> httpx2.Client:
        return served[-1].client(verify, **words) if isinstance(verify, bytes) else _CLIENT(verify=verify, **words)

    def serving(folder: Path) -> Anywhere:
        served.append(Anywhere(folder, run))
        return served[-1]

    monkeypatch.setattr(gsomia.web, "client_context", lambda certificate, *_, **__: certificate.read_bytes())
    monkeypatch.setattr(httpx2, "Client", client)
    yield serving
    for one in served:
        one.close()
