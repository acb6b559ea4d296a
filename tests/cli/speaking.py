"""The commands of consultations at a node's address, with keys that lie where they run; what they send is delivered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from calling import URL, Served, ask_app
from command import Run
from consulting import TWO, Talk, opened
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from stories import Stage

import gsomia.web
from gsomia.keys import SigningKey
from gsomia.keystore import KeyFiles, write_officer_key
from gsomia.node import Acting, Role, identity
from gsomia.testing import Exercise

__all__ = ["Speak", "Speaking"]

Serve = Callable[[Exercise, str], Served]


class Speaking:
    """Japan's node of an exercise, and the commands that reach it by its address; what they send is delivered at once.

    Where `lie` is set, it makes of each path and answer what the commands are told.

    Args:
        talk: the consultation.
        served: the node.
        run: runs a command.
        folder: for key files.
    """

    def __init__(self, talk: Talk, served: Served, run: Run, folder: Path) -> None:
        self.talk, self.served, self._run, self._folder = talk, served, run, folder
        self.lie: Callable[[str, Any], Any] | None = None
        self._identity = folder / "identity.json"
        self._identity.write_text(json.dumps(identity(served.player.node, "JPN")))
        for role in (Role.DISCLOSURE, Role.LEGAL, Role.REGISTRY):
            self.keep(served.player.by(role))

    def keep(self, acting: Acting) -> str:
        """Keep an officer's key beside the others."""
        assert isinstance(acting.key, SigningKey)
        write_officer_key(KeyFiles(self._folder, exercise=True), acting.officer, acting.key)
        return acting.officer

    def officer(self, role: str) -> str:
        """Who holds a role."""
        return self.served.player.by(role).officer

    def __call__(self, role: str, *words: object) -> tuple[int, str, str]:
        """Run `gsomia consult` with the key of who holds a role, or of an officer."""
        return self.run(role, "consult", *words, "--as-shown")

    def run(self, role: str, *words: object) -> tuple[int, str, str]:
        """Run a command with the key of who holds a role, or of an officer."""
        officer = role if (self._folder / f"{role}.key").exists() else self.officer(role)
        key = self._folder / f"{officer}.key"
        return self._run(*words, "--node", URL, "--officer-key", key, "--node-identity", self._identity)

    def key(self, officer: str) -> Path:
        """The file of an officer's key."""
        return self._folder / f"{officer}.key"

    def client(self, verify: bytes, **words: Any) -> httpx2.Client:
        """A client that shows a certificate and reaches the API in this process."""
        der = load_pem_x509_certificate(verify).public_bytes(Encoding.DER)

        def answer(request: httpx2.Request) -> httpx2.Response:
            headers = [(name.decode(), value.decode()) for name, value in request.headers.raw if name != b"host"]
            path = request.url.raw_path.decode()
            asked = ask_app(self.served.app, request.method, path, headers, request.read(), der)
            told = self.served.loop.run_until_complete(asked)
            self.talk.exercise.settle(tolerate=True)
            body = told.body
            if self.lie is not None and told.status in (200, 201):
                body = json.dumps(self.lie(path, json.loads(body))).encode()
            return httpx2.Response(told.status, headers=dict(told.headers), content=body)

        return _CLIENT(base_url=words["base_url"], transport=httpx2.MockTransport(answer))


_CLIENT = httpx2.Client

Speak = Callable[..., Speaking]


@pytest.fixture
def speak(stage: Stage, serve: Serve, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Speak:
    """Opens a consultation, and the commands at Japan's address."""

    def speaking(parties: tuple[str, ...] = TWO, at: str = "", **words: str) -> Speaking:
        talk = opened(stage(*parties, **({"at": at} if at else {})), **words)
        served = serve(talk.exercise, "JPN")
        talk.exercise.players["JPN"] = served.player
        folder = tmp_path / "keys"
        folder.mkdir()
        one = Speaking(talk, served, run, folder)

        def client(*, verify: Any, **given: Any) -> httpx2.Client:
            return one.client(verify, **given)

        monkeypatch.setattr(gsomia.web, "client_context", lambda certificate, *_, **__: certificate.read_bytes())
        monkeypatch.setattr(httpx2, "Client", client)
        return one

    return speaking
