"""Documents a second from node to node, both durable and registered, beside a bare PUT over the same mutual TLS.

BENCH_SECONDS is how long the sustained rate and the delays are taken (60 s each).
"""

from __future__ import annotations

import datetime as dt
import io
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench import hub
from bench.measure import Result, folder_here
from bench.nodes import free_port, make_pair, running
from bench.recalling import recall_seconds
from gsomia.app import Home
from gsomia.errors import NodeError
from gsomia.node import Acting, Role, Sending, transmit_many
from gsomia.registry import Copy
from gsomia.web import client_context, make_certificate, server_context

_DOCUMENT = os.urandom(10 * 1024)
_SENDING = Sending(to="KOR", level="秘", subject="dprk-missile", purpose="defence", title="EXERCISE bench")
_WINDOW = 0.05
"""Documents wait for one another at most so long, in seconds."""
_GROUP = 32
"""At most so many documents are authorised in one transaction."""
_BACKLOG = 256
"""At full speed the officer stops while so many documents wait in the outbox."""


def run(short: bool) -> Iterator[Result]:
    """Documents of 10 KiB, offered, accepted, delivered, registered and logged on both sides, all durable."""
    seconds = 1.0 if short else float(os.environ.get("BENCH_SECONDS", "60"))
    with folder_here() as folder:
        sender, recipient = make_pair(folder)
        with running(sender, recipient) as cpu_seconds:
            feeder = _Feeder(sender)
            feeder.at_full_speed(min(1.0, seconds))
            before = cpu_seconds()
            rate = feeder.at_full_speed(seconds)
            cpu = (cpu_seconds() - before) / len(feeder.delays) * 1000
            half = max(rate / 2, 1)
            delays = feeder.at_rate(half, seconds)
            recalled = recall_seconds(sender, recipient, 1 if short else 15)
            count = 10 if short else 300
            bare = count / _bare(folder, count)
    name = "bare PUT over mutual TLS, each fsynced"
    yield Result(
        name="exchange.documents",
        value=rate,
        unit="documents/s",
        baseline=name,
        baseline_value=bare,
        ratio=rate / bare,
    )
    yield Result(
        name="exchange.cpu",
        value=cpu,
        unit="ms a document",
        baseline="what 200 documents/s leave on 2 cores",
        baseline_value=10,
        ratio=cpu / 10,
    )
    for share in (50, 99):
        value = delays[min(len(delays) - 1, len(delays) * share // 100)] * 1000
        yield Result(
            name=f"exchange.p{share}_at_half_rate",
            value=value,
            unit=f"ms at {half:.0f}/s",
            baseline="the bound of 500 ms",
            baseline_value=500,
            ratio=value / 500,
        )
    yield from hub.run(short)
    yield recalled


class _Feeder:
    """An officer's process beside the node's: authorises documents in groups, and sees when each is delivered."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._by: Acting = home.acting("", Role.DISCLOSURE)
        # Copies on their way, in the order of the outbox, each with the instant at which its document was there.
        self._waiting: deque[tuple[str, float]] = deque()
        self.delays: list[float] = []

    def at_full_speed(self, seconds: float) -> float:
        """Documents delivered a second, while the outbox never runs empty."""
        self._start()
        start = time.perf_counter()
        while (now := time.perf_counter()) < start + seconds:
            if len(self._waiting) < _BACKLOG:
                self._send([now] * _GROUP)
            else:
                time.sleep(0.005)
            self._look()
        rate = len(self.delays) / (time.perf_counter() - start)
        self._drain()
        return rate

    def at_rate(self, rate: float, seconds: float) -> list[float]:
        """Seconds from when a document is there until its rungs are back, sorted; documents come evenly."""
        self._start()
        start = time.perf_counter()
        sent = 0
        while (now := time.perf_counter()) < start + seconds or not sent:
            # Those that came since the last group, each with its own instant.
            here = [start + number / rate for number in range(sent, int((now - start) * rate))][:_GROUP]
            if here and now - here[0] >= min(_WINDOW, _GROUP / rate):
                self._send(here)
                sent += len(here)
            else:
                time.sleep(0.002)
            self._look()
        self._drain()
        return sorted(self.delays)

    def _start(self) -> None:
        self.delays = []

    def _send(self, instants: list[float]) -> None:
        documents = [(io.BytesIO(_DOCUMENT), _SENDING) for _ in instants]
        copies = transmit_many(self._home.node, documents, by=self._by)
        for copy, instant in zip(copies, instants, strict=True):
            if not isinstance(copy, Copy):
                raise copy
            self._waiting.append((copy.id, instant))

    def _look(self) -> None:
        """What stands before the outbox's first entry is delivered: the outbox keeps its order."""
        with self._home.node.store.reading() as reader:
            first = reader.outgoing(peer="KOR", limit=1)
        now = time.perf_counter()
        while self._waiting and not (first and self._waiting[0][0] == first[0].subject):
            self.delays.append(now - self._waiting.popleft()[1])

    def _drain(self) -> None:
        deadline = time.perf_counter() + 60
        while self._waiting:
            self._look()
            time.sleep(0.005)
            if time.perf_counter() > deadline:
                raise NodeError(f"{len(self._waiting)} documents were not delivered")
        with self._home.node.store.reading() as reader:
            states = {copy.state.value for copy in reader.copies(states=("authorised", "refused", "rejected"))}
        if states:
            raise NodeError(f"not all documents were delivered: {sorted(states)}")


def _certificate(folder: Path, party: str) -> tuple[Path, Path]:
    """A certificate and its key, as files."""
    made = make_certificate(party, exercise=True, host="127.0.0.1", at=dt.datetime.now(dt.UTC))
    paths = (folder / f"{party}.pem", folder / f"{party}-key.pem")
    for path, data in zip(paths, made, strict=True):
        path.write_bytes(data)
    return paths


def _bare(folder: Path, count: int) -> float:
    """Seconds to PUT the same documents, one after another, each fsynced by the server before it answers."""

    async def put(request: Request) -> Response:
        body = await request.body()
        with (folder / f"bare-{request.path_params['name']}").open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        return Response(status_code=204)

    theirs, ours = (_certificate(folder, party) for party in ("KOR", "JPN"))
    port = free_port()
    context = server_context(*theirs, [ours[0].read_text()])
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
    way = client_context(*ours, theirs[0].read_text())
    start = time.perf_counter()
    with httpx2.Client(base_url=f"https://127.0.0.1:{port}", verify=way, trust_env=False) as client:
        for number in range(count):
            client.put(f"/{number}", content=_DOCUMENT).raise_for_status()
    seconds = time.perf_counter() - start
    server.should_exit = True
    thread.join(5)
    return seconds
