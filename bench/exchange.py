"""Documents a second from node to node, both durable and registered, beside a bare PUT over the same mutual TLS."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.measure import Result
from gsomia.app import Home, init, shipped_acts
from gsomia.errors import NodeError
from gsomia.node import (
    Note,
    Role,
    Sending,
    accredit,
    assure,
    enter_legal_acts,
    fingerprint,
    transmit,
)
from gsomia.web import client_context, server_context

_DOCUMENT = os.urandom(10 * 1024)
_SENDING = Sending(to="KOR", level="秘", subject="dprk-missile", purpose="defence", title="EXERCISE bench")


def run(short: bool) -> Iterator[Result]:
    """Documents of 10 KiB, offered, accepted, delivered, registered and logged on both sides."""
    count = 10 if short else 300
    with tempfile.TemporaryDirectory() as folder, _two_nodes(Path(folder)) as (sender, recipient):
        seconds, authorise = _transmit(sender, count)
        bare = _bare(sender, recipient, Path(folder), count)
    name = "bare PUT over mutual TLS, each fsynced"
    yield Result(
        name="exchange.authorise",
        value=count / authorise,
        unit="documents/s",
        baseline=name,
        baseline_value=count / bare,
        ratio=bare / authorise,
    )
    yield Result(
        name="exchange.documents",
        value=count / seconds,
        unit="documents/s",
        baseline=name,
        baseline_value=count / bare,
        ratio=bare / seconds,
    )


def _transmit(home: Home, count: int) -> tuple[float, float]:
    """Seconds until all are delivered, and seconds until all were authorised (verdict, seal, act, log, outbox)."""
    by = home.acting("", Role.DISCLOSURE)
    start = time.perf_counter()
    for _ in range(count):
        transmit(home.node, io.BytesIO(_DOCUMENT), _SENDING, by=by)
    authorised = time.perf_counter() - start
    while True:
        with home.node.store.reading() as reader:
            if not reader.outgoing(limit=1):
                states = {copy.state.value for copy in reader.copies()}
                break
        time.sleep(0.01)
    if states != {"delivered"}:
        raise NodeError(f"not all documents were delivered: {sorted(states)}")
    return time.perf_counter() - start, authorised


@contextmanager
def _two_nodes(folder: Path) -> Iterator[tuple[Home, Home]]:
    """Two nodes under the agreement, each a process; they end with the block."""
    homes = [_make(folder / party, party) for party in ("JPN", "KOR")]
    for home, other in (homes, homes[::-1]):
        document = other.identity()
        url = f"https://127.0.0.1:{other.config.link.port}"
        home.enrol_peer(document, fingerprint(document), url, by=home.acting("", Role.SECURITY))
        by = home.acting("", Role.SECURITY)
        accredit(home.node, "EXERCISE bench", "SECRET", by=by)
        assure(home.node, other.node.party, "jpn-kor-2016", "SECRET", by=by)
    nodes = [
        subprocess.Popen(
            [sys.executable, "-m", "gsomia", "node", "run", str(home.folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for home in homes
    ]
    try:
        for node in nodes:
            assert node.stdout is not None
            node.stdout.readline()
        while any(_waiting(home) for home in homes):
            time.sleep(0.02)
        yield homes[0], homes[1]
    finally:
        for node in nodes:
            node.terminate()
            node.wait(10)
        for home in homes:
            home.close()


def _waiting(home: Home) -> bool:
    with home.node.store.reading() as reader:
        return bool(reader.outgoing(limit=1))


def _make(folder: Path, party: str) -> Home:
    home = init(folder, party, exercise=True, port=_free_port())
    home.enrol_officer("chief", (Role.SECURITY, Role.DISCLOSURE), by=None)
    home.enrol_officer("lawyer", (Role.LEGAL,), by=home.acting("", Role.SECURITY))
    home.adopt(("jpn-kor-2016",), by=home.acting("", Role.LEGAL))
    acts = [act for act in shipped_acts() if act.under == "jpn-kor-2016"]
    enter_legal_acts(home.node, acts, Note.of_text("EXERCISE", b""), by=home.acting("", Role.LEGAL))
    return home


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _bare(sender: Home, recipient: Home, folder: Path, count: int) -> float:
    """Seconds to PUT the same documents, one after another, each fsynced by the server before it answers."""

    async def put(request: Request) -> Response:
        body = await request.body()
        with (folder / f"bare-{request.path_params['name']}").open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        return Response(status_code=204)

    theirs, ours = recipient.folder / "keys", sender.folder / "keys"
    port = _free_port()
    context = server_context(theirs / "tls.pem", theirs / "tls.key", [(ours / "tls.pem").read_text()])
    server = uvicorn.Server(
        uvicorn.Config(
            Starlette(routes=[Route("/{name}", put, methods=["PUT"])]),
            port=port,
            log_config=None,
            access_log=False,
            lifespan="off",
            ssl_context_factory=lambda _config, _default: context,
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    way = client_context(ours / "tls.pem", ours / "tls.key", (theirs / "tls.pem").read_text())
    start = time.perf_counter()
    with httpx2.Client(base_url=f"https://127.0.0.1:{port}", verify=way, trust_env=False) as client:
        for number in range(count):
            client.put(f"/{number}", content=_DOCUMENT).raise_for_status()
    seconds = time.perf_counter() - start
    server.should_exit = True
    thread.join(5)
    return seconds
