"""Two legs from Japan through the United States to Korea, and how soon a withdrawal of consent is enforced.

Three nodes, each a process of its own, over mutual TLS; officers authorise, mark and hand on in groups.
"""

from __future__ import annotations

import io
import os
import time
from collections import deque
from collections.abc import Iterator

from bench.measure import Result, folder_here
from bench.nodes import make_three, running
from gsomia.app import Home
from gsomia.errors import GsomiaError, NodeError
from gsomia.node import (
    Onward,
    Role,
    Sending,
    ask_consent,
    give_consent,
    mark_many,
    release_many,
    revoke_consent,
    transmit_many,
)
from gsomia.registry import Copy, CopyState

__all__ = ["run"]

_DOCUMENT = os.urandom(10 * 1024)
_GROUP = 32
"""At most so many documents are authorised, or handed on, in one transaction."""
_BACKLOG = 256
"""The officer stops while so many documents are under way."""
_PROMISE = 1.0
"""Seconds within which a withdrawn consent is enforced by a connected peer's node."""


def run(short: bool) -> Iterator[Result]:
    """Documents of 10 KiB over two legs, beside one leg of the same in the same run; and withdrawals."""
    seconds = 1.0 if short else float(os.environ.get("BENCH_SECONDS", "60"))
    with folder_here() as folder:
        homes = make_three(folder)
        with running(*homes):
            officers = _Officers(*homes)
            officers.one_leg(min(1.0, seconds))
            one = officers.one_leg(seconds)
            officers.two_legs(min(1.0, seconds))
            two = officers.two_legs(seconds)
            delays = sorted(officers.withdrawal() for _ in range(1 if short else 20))
    yield Result(
        name="exchange.two_legs",
        value=two,
        unit="documents/s",
        baseline="one leg of the same documents",
        baseline_value=one,
        ratio=two / one,
    )
    worst = delays[-1] * 1000
    yield Result(
        name="exchange.withdrawal",
        value=worst,
        unit=f"ms, worst of {len(delays)}",
        baseline="the promise of 1 s",
        baseline_value=_PROMISE * 1000,
        ratio=worst / _PROMISE / 1000,
    )


class _Officers:
    """The officers of the sender and of the hub, in a process beside the nodes'."""

    def __init__(self, sender: Home, hub: Home, last: Home) -> None:
        self._sender, self._hub, self._last = sender, hub, last
        self._first: deque[str] = deque()
        self._second: deque[str] = deque()
        self._through = False
        self._delivered = 0

    def one_leg(self, seconds: float) -> float:
        """Documents a second, straight from Japan to Korea."""
        return self._at_full_speed(seconds, through=False)

    def two_legs(self, seconds: float) -> float:
        """Documents a second from Japan through the United States to Korea, delivered there."""
        return self._at_full_speed(seconds, through=True)

    def _at_full_speed(self, seconds: float, *, through: bool) -> float:
        self._through, self._delivered = through, 0
        start = time.perf_counter()
        while time.perf_counter() < start + seconds:
            if len(self._first) + len(self._second) < _BACKLOG:
                self._send()
            moved = self._look()
            if not moved:
                time.sleep(0.005)
        deadline = time.perf_counter() + 60
        while self._first or self._second:
            self._look()
            time.sleep(0.005)
            if time.perf_counter() > deadline:
                raise NodeError(f"{len(self._first)} and {len(self._second)} documents were not delivered")
        # All that was sent in that time, until the last of it was delivered.
        return self._delivered / (time.perf_counter() - start)

    def _sending(self) -> Sending:
        via = ("USA",) if self._through else ()
        return Sending(to="KOR", via=via, level="秘", subject="dprk-missile", purpose="defence", title="EXERCISE bench")

    def _send(self) -> None:
        documents = [(io.BytesIO(_DOCUMENT), self._sending()) for _ in range(_GROUP)]
        by = self._sender.acting("", Role.DISCLOSURE)
        self._first.extend(copy.id for copy in _copies(transmit_many(self._sender.node, documents, by=by)))

    def _look(self) -> int:
        """What was delivered since: from the first leg it goes on, from the second it has arrived."""
        arrived = _arrived(self._hub if self._through else self._sender, self._first)
        if not self._through:
            self._delivered += len(arrived)
            return len(arrived)
        if arrived:
            marked = mark_many(self._hub.node, arrived, "CONFIDENTIAL", by=self._hub.acting("", Role.REGISTRY))
            faults = [one for one in marked if isinstance(one, GsomiaError)]
            if faults:
                raise faults[0]
            releases = [Onward(reference=copy, to="KOR") for copy in arrived]
            by = self._hub.acting("", Role.DISCLOSURE)
            self._second.extend(copy.id for copy in _copies(release_many(self._hub.node, releases, by=by)))
        ended = _arrived(self._hub, self._second)
        self._delivered += len(ended)
        return len(arrived) + len(ended)

    def withdrawal(self) -> float:
        """Seconds from the withdrawal's command to the holder's node knowing it, and so refusing."""
        self._through = False
        sending = self._sending()
        japan, korea = self._sender, self._last
        by, theirs = japan.acting("", Role.DISCLOSURE), korea.acting("", Role.DISCLOSURE)
        (copy,) = _copies(transmit_many(japan.node, [(io.BytesIO(_DOCUMENT), sending)], by=by))
        _until(lambda: _state(japan, copy.id) is CopyState.DELIVERED)
        (request,) = ask_consent(korea.node, copy.id, "USA", "EXERCISE bench", by=theirs)
        _until(lambda: _consent(japan, request.id) == "asked")
        give_consent(japan.node, request.id, by=by)
        _until(lambda: _consent(korea, request.id) == "granted")
        start = time.perf_counter()
        revoke_consent(japan.node, request.id, "EXERCISE bench", by=by)
        _until(lambda: _consent(korea, request.id) == "revoked")
        return time.perf_counter() - start


def _copies(outcomes: list[Copy | GsomiaError]) -> list[Copy]:
    faults = [one for one in outcomes if isinstance(one, GsomiaError)]
    if faults:
        raise faults[0]
    return [one for one in outcomes if isinstance(one, Copy)]


def _arrived(home: Home, waiting: deque[str]) -> list[str]:
    """The copies at the head of a queue that are delivered by a node's register, at most a group: order is kept."""
    found: list[str] = []
    with home.node.store.reading() as reader:
        while waiting and len(found) < _GROUP:
            copy = reader.copy(waiting[0])
            if copy is None or copy.state in (CopyState.AUTHORISED, CopyState.OFFERED, CopyState.DISPATCHED):
                break
            if copy.state is not CopyState.DELIVERED:
                raise NodeError(f"copy {copy.id} is {copy.state}: {copy.reason}")
            found.append(waiting.popleft())
    return found


def _state(home: Home, copy: str) -> CopyState | None:
    with home.node.store.reading() as reader:
        found = reader.copy(copy)
    return found.state if found is not None else None


def _consent(home: Home, consent: str) -> str:
    with home.node.store.reading() as reader:
        found = reader.consent(consent)
    return found.state if found is not None else ""


def _until(holds: object) -> None:
    """Wait until something holds, at most 30 s."""
    assert callable(holds)
    deadline = time.perf_counter() + 30
    while not holds():
        if time.perf_counter() > deadline:
            raise NodeError("it did not come about within 30 s")
        time.sleep(0.002)
