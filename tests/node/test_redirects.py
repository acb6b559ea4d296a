"""Where a node asks over HTTP, it asks where its settings say: no answer, and no surroundings, lead it elsewhere."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from gsomia.errors import PeerError
from gsomia.keys import Envelope
from gsomia.link import HttpLink

ELSEWHERE = ("http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "//127.0.0.1:1/", "/link/v1/other")


class Astray(BaseHTTPRequestHandler):
    """Answers everything with another place."""

    asked: list[str]
    code = 302
    to = ""

    def __getattr__(self, name: str) -> Callable[[], None]:
        if not name.startswith("do_"):
            raise AttributeError(name)
        return self.lead

    def lead(self) -> None:
        self.asked.append(f"{self.command} {self.path}")
        self.send_response(self.code)
        self.send_header("location", self.to)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def astray() -> Iterator[tuple[str, type[Astray]]]:
    """Where it is, and what it was asked."""
    handler = type("Asked", (Astray,), {"asked": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", handler
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("to", ELSEWHERE)
def test_a_peer_leads_nobody_elsewhere(
    astray: tuple[str, type[Astray]], code: int, to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One request, to the peer, and the answer is none."""
    url, handler = astray
    handler.code, handler.to = code, to
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    link = HttpLink("KOR", url, ssl.create_default_context())
    with pytest.raises(PeerError, match=str(code)):
        link.exchange(Envelope(payload_type="x", payload=b"EXERCISE", signatures=()))
    with pytest.raises(PeerError, match=str(code)):
        link.upload("x", iter([b"EXERCISE"]), 8, 0)
    link.close()
    assert handler.asked == ["POST /link/v1/messages", "HEAD /link/v1/content/x"]
