"""`gsomia sign-in`: a person, a browser, a real provider, a node over TLS; then commands that read with the session."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from calling import House, Served
from pair import free_ports
from stories import MARKS
from test_oidc import Serve, at, bind, issuer

from gsomia.api import api_app
from gsomia.app.surfaces import served as serving
from gsomia.testing import Exercise
from gsomia.web import make_certificate, officers_context

pytestmark = pytest.mark.wire
__all__ = ["issuer"]


class Reached:
    """A node over TLS, and commands that reach it."""

    def __init__(self, address: str, identity: Path, folder: Path) -> None:
        self.address, self.identity, self.folder = address, identity, folder

    @contextmanager
    def start(self, *words: object) -> Iterator[subprocess.Popen[str]]:
        line = [sys.executable, "-m", "gsomia", *map(str, words), "--node-identity", str(self.identity)]
        pipe = subprocess.PIPE
        with subprocess.Popen(line, stdout=pipe, stderr=pipe, text=True, cwd=self.folder) as command:
            try:
                yield command
            finally:
                command.kill()

    def run(self, *words: object) -> tuple[int, str, str]:
        with self.start(*words, "--node", self.address) as command:
            out, err = command.communicate(timeout=60)
            return command.returncode, out, err


@pytest.fixture
def kor(both: Exercise, serve: Serve, issuer: tuple[str, Path], tmp_path: Path) -> Iterator[Reached]:
    """Korea's node, where persons sign in at the provider."""
    made: Served = serve(both, "KOR")
    at(made, issuer, "public, ES256")
    bind(both, made)
    port = free_ports(1)[0]
    address = f"https://127.0.0.1:{port}"
    app = api_app(
        made.player.node,
        made.memory,
        House(),
        url=address,
        provider=made.provider,
        told=lambda _: None,
        log=lambda **_: None,
    )
    paths = [tmp_path / "tls.pem", tmp_path / "tls-key.pem"]
    pair = make_certificate("KOR", exercise=True, host="127.0.0.1", at=datetime.now(UTC))
    for path, data in zip(paths, pair, strict=True):
        path.write_bytes(data)
    identity = tmp_path / "kor.json"
    identity.write_text(json.dumps({"certificate": pair[0].decode()}))
    with serving(app, "127.0.0.1", port, officers_context(paths[0], paths[1], []), "api"):
        yield Reached(address, identity, tmp_path)


def visit(url: str, certificate: Path) -> None:
    """A browser: it signs in at the provider as Kim, and comes back to the command."""
    context: Any = ssl.create_default_context(cafile=str(certificate))
    with httpx2.Client(verify=context, trust_env=False) as client:
        url += "&login_hint=kim"
        for _ in range(8):
            answer = client.get(url)
            if "location" not in answer.headers:
                assert b"close this window" in answer.content
                return
            url = str(answer.url.join(answer.headers["location"]))
    raise AssertionError(url)


def test_a_person_signs_in_with_a_browser_and_reads(kor: Reached, issuer: tuple[str, Path]) -> None:
    """And signs nothing; signed out, the file is worth nothing."""
    session = kor.folder / "kim.session"
    with kor.start("sign-in", kor.address, "-o", session) as command:
        assert command.stderr is not None
        said = [command.stderr.readline() for _ in range(3)]
        assert said[0] == "EXERCISE\n" and "with a browser" in said[1], said
        url = said[2].strip()
        back = re.search(r"redirect_uri=http%3A%2F%2F127\.0\.0\.1%3A(\d+)%2F", url)
        assert back is not None
        # Whatever else asks at that address is passed over.
        assert httpx2.get(f"http://127.0.0.1:{back[1]}/?state=x&code=y", trust_env=False).status_code == 200
        visit(url, issuer[1])
        out, err = command.communicate(timeout=60)
        assert command.returncode == 0 and "signed in as 'kim'" in out, err
    assert session.stat().st_mode & 0o777 == 0o600
    status, out, err = kor.run("register", "--session", session)
    assert status == 0 and "JPN" in out, err
    status, _, err = kor.run("mark", "KOR-2018-000001", "--level", MARKS["KOR"], "--session", session)
    assert status == 3 and "an officer's key" in err
    status, _, err = kor.run("register")
    assert status == 2 and "--session" in err
    other = json.loads(session.read_text()) | {"address": "https://other.example"}
    (kor.folder / "other").write_text(json.dumps(other))
    assert kor.run("register", "--session", kor.folder / "other")[0] == 2
