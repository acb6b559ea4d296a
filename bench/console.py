"""Verdicts a second over the API, mutual TLS and log on, beside an empty FastAPI handler; and how long a sign-in takes.

One worker answers; the requests come from this process over connections that are kept, as a program of an officer's
sends them. BENCH_SECONDS is how long a round is (5 s), of which there are five of each, in turn.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import lists
from bench.measure import Result
from bench.nodes import answering, cpu_seconds, free_port, key_of, make_pair, with_api
from gsomia.app import Home
from gsomia.keys import PublicKey, SigningKey
from gsomia.web import client_context, make_officer_certificate

_CONNECTIONS = 8
_QUESTION = {"to": "KOR", "level": "秘", "subject": "dprk-missile"}


def run(short: bool) -> Iterator[Result]:
    """Verdicts on a transmission, each request signed in, put to the table of rights, decided and logged."""
    seconds = 0.5 if short else float(os.environ.get("BENCH_SECONDS", "5"))
    rounds = 1 if short else 5
    with tempfile.TemporaryDirectory() as folder:
        home, other = make_pair(Path(folder))
        other.close()
        port, bare = free_port(), free_port()
        context, sign_in = with_api(home, port), key_of(home)
        home.close()
        body = json.dumps(_QUESTION).encode()
        asked = _request("POST", "/v1/verdicts/transmit", port, body)
        empty = _request("GET", "/", bare, b"")
        with answering(home.folder) as node, _empty(home.folder, bare) as other_server:
            signed_in = sorted(_sign_in(home.folder, port, sign_in) for _ in range(10 if short else 200))
            _rate(port, context, asked, 0.3)
            _rate(bare, context, empty, 0.3)
            pairs = []
            # Processor time, which a busy machine moves less than it moves rates; in milliseconds for each answer.
            costs = []
            for _ in range(rounds):
                before = cpu_seconds(node), cpu_seconds(other_server)
                pair = _rate(port, context, asked, seconds), _rate(bare, context, empty, seconds)
                after = cpu_seconds(node), cpu_seconds(other_server)
                pairs.append(pair)
                costs.append(
                    [(b - a) / (rate * seconds) * 1000 for a, b, rate in zip(before, after, pair, strict=True)]
                )
        p95 = signed_in[int(len(signed_in) * 0.95)]
        yield Result(
            name="console.sign_in_p95",
            value=p95,
            unit="ms",
            baseline="what is allowed",
            baseline_value=300,
            ratio=p95 / 300,
        )
        yield Result(
            name="console.verdict_api",
            value=statistics.median(ours for ours, _ in pairs),
            unit="verdicts/s",
            baseline="empty FastAPI handler, same TLS",
            baseline_value=statistics.median(theirs for _, theirs in pairs),
            ratio=statistics.median(ours / theirs for ours, theirs in pairs),
        )
        yield Result(
            name="console.verdict_cpu",
            value=statistics.median(ours for ours, _ in costs),
            unit="ms a verdict",
            baseline="processor time of the empty handler",
            baseline_value=statistics.median(theirs for _, theirs in costs),
            ratio=statistics.median(theirs / ours for ours, theirs in costs),
        )
    yield from lists.run(short)


def _sign_in(folder: Path, port: int, key: SigningKey) -> float:
    """A sign-in as a command does it: a new certificate by the officer's key, a handshake, an answer; milliseconds."""
    paths = [folder / name for name in ("new.pem", "new-key.pem")]
    node = (folder / "keys" / "tls.pem").read_text()
    start = time.perf_counter()
    for path, data in zip(paths, make_officer_certificate("chief", key, at=dt.datetime.now(dt.UTC)), strict=True):
        path.write_bytes(data)
    context = client_context(paths[0], paths[1], node)
    with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain) as line:
        line.sendall(_request("GET", "/v1/me", port, b""))
        if not line.recv(65536).startswith(b"HTTP/1.1 200"):
            raise RuntimeError("the node did not let the officer in")
        return (time.perf_counter() - start) * 1000


def _request(method: str, path: str, port: int, body: bytes) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
    if body:
        head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def _rate(port: int, context: ssl.SSLContext, request: bytes, seconds: float) -> float:
    """Answers a second, over some connections each with one request at a time."""

    async def ask(until: float) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        count = 0
        while time.perf_counter() < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode("latin-1"))
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            count += 1
        writer.close()
        return count

    async def all_of_them() -> float:
        start = time.perf_counter()
        counts = await asyncio.gather(*(ask(start + seconds) for _ in range(_CONNECTIONS)))
        return sum(counts) / (time.perf_counter() - start)

    return asyncio.run(all_of_them())


_BARE = """
import sys
from pathlib import Path
import uvicorn
from fastapi import FastAPI
from gsomia.web import PeerProtocol, officers_context

folder, port = Path(sys.argv[1]), int(sys.argv[2])
app = FastAPI()

@app.get("/")
async def empty() -> dict[str, str]:
    return {}

context = officers_context(folder / "keys" / "tls.pem", folder / "keys" / "tls-key.pem", sys.argv[3:])
uvicorn.run(app, port=port, http=PeerProtocol, ws="none", lifespan="off", log_config=None, access_log=False,
            ssl_context_factory=lambda _config, _default: context)
"""


@contextmanager
def _empty(folder: Path, port: int) -> Iterator[int]:
    from gsomia.web import officer_anchor

    home = Home(folder)
    with home.store.reading() as reader:
        keys = [officer.key for officer in reader.officers(home.node.party)]
        anchors = [officer_anchor(key) for key in keys if isinstance(key, PublicKey)]
    home.close()
    server = subprocess.Popen([sys.executable, "-c", _BARE, str(folder), str(port), *anchors])
    try:
        _reached(port)
        yield server.pid
    finally:
        server.terminate()
        server.wait(20)


def _reached(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the empty handler does not answer")
