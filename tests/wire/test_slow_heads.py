"""A request whose head does not come whole in time holds no connection, however slowly it goes on coming."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gsomia.web import PeerProtocol

pytestmark = pytest.mark.wire


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    await Response(b"EXERCISE")(scope, receive, send)


HEAD_SECONDS = 1.0


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where it is served."""
    monkeypatch.setattr("gsomia.web.peer.HEAD_SECONDS", HEAD_SECONDS)
    config = uvicorn.Config(answer, http=PeerProtocol, ws="none", lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield int(listening.getsockname()[1])
        server.should_exit = True
        thread.join()


def read(one: socket.socket) -> None:
    """Read an answer to its end."""
    told = b""
    while not told.endswith(b"EXERCISE"):
        part = one.recv(4096)
        assert part, told
        told += part


WHOLE = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


@pytest.mark.parametrize("before", [b"", WHOLE])
def test_a_head_that_drips_is_cut(port: int, before: bytes) -> None:
    """The first on a connection, and a later one; it would drip for ten seconds."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as one:
        if before:
            one.sendall(before)
            read(one)
        since = time.monotonic()
        with pytest.raises(OSError):
            for byte in WHOLE[:-2] * 10:
                one.sendall(bytes([byte]))
                time.sleep(0.05)
        assert time.monotonic() - since < 3


def test_one_that_comes_whole_is_answered(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as one:
        for pause in (0.0, HEAD_SECONDS + 0.2):  # between two requests any time may pass
            time.sleep(pause)
            one.sendall(WHOLE[:10])
            time.sleep(0.05)
            one.sendall(WHOLE[10:])
            read(one)
