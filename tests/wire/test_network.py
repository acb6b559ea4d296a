"""A bad network under real nodes, in a network namespace of their own: cut, slow, lossy, doubled and out of order.

GSOMIA_FAULTS=1 is the long form: the whole of each bad weather, with more documents.
"""

from __future__ import annotations

import io
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from pair import MARKS, Pair, introduced
from proxy import Proxy, behind, port_of

from gsomia.app import Home
from gsomia.errors import PeerError
from gsomia.keys import Envelope
from gsomia.link import HttpLink
from gsomia.node import Outgoing, Role, Sending, step, transmit
from gsomia.web import client_context

T = TypeVar("T")

LONG = bool(os.environ.get("GSOMIA_FAULTS"))
DOCUMENTS = 12 if LONG else 3
SPACE = f"gsomia{os.getpid()}"

pytestmark = [pytest.mark.wire, pytest.mark.slow, pytest.mark.timeout(300)]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False)


def inside(*words: str) -> subprocess.CompletedProcess[str]:
    return run("ip", "netns", "exec", SPACE, *words)


class Apart(Pair):
    """Two nodes whose processes have a network of their own."""

    def command(self, *words: str) -> list[str]:
        """The command, inside the namespace."""
        return ["ip", "netns", "exec", SPACE, *super().command(*words)]


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[Apart]:
    """Two nodes in a network namespace, which is taken down at the end."""
    if shutil.which("ip") is None:
        pytest.skip("not permitted: there is no `ip` here")
    made = run("ip", "netns", "add", SPACE)
    if made.returncode:
        pytest.skip(f"not permitted: network namespaces: {made.stderr.strip()}")
    try:
        assert inside("ip", "link", "set", "lo", "up").returncode == 0
        with Apart(introduced(), tmp_path / "nodes") as pair:
            yield pair
    finally:
        run("ip", "netns", "del", SPACE)


def sent(apart: Pair, document: Path, count: int) -> None:
    for number in range(count):
        document.write_bytes(os.urandom(20_000 + number))
        result = apart.transmit("JPN", document, "--wait", "0")
        assert result.returncode in (0, 6), result.stderr


def told_that_it_waits(pair: Pair, seconds: float = 60) -> None:
    """The operator sees in the outbox that the peer cannot be reached, as soon as it was tried."""
    deadline = time.monotonic() + seconds
    while "cannot be reached" not in (told := pair.run("JPN", "outbox", "--json").stdout):
        assert time.monotonic() < deadline, told
        time.sleep(0.2)


def arrived(apart: Pair, count: int) -> None:
    apart.settle(120)
    rows = apart.same_story()
    assert len(rows) == count
    assert len({row["item"] if "item" in row else str(row) for row in rows}) == count
    apart.holds()


def test_a_network_that_is_cut_loses_nothing_and_doubles_nothing(apart: Apart, tmp_path: Path) -> None:
    apart.start()
    for _ in range(2):
        assert inside("ip", "link", "set", "lo", "down").returncode == 0
        sent(apart, tmp_path / "document", DOCUMENTS)
        told_that_it_waits(apart)
        assert inside("ip", "link", "set", "lo", "up").returncode == 0
        time.sleep(0.3)
    arrived(apart, 2 * DOCUMENTS)


WAITING = """
import socket, ssl, subprocess, threading, time
from gsomia.errors import PeerError
from gsomia.link import HttpLink

silent = socket.create_server(("127.0.0.1", 0))
link = HttpLink("KOR", f"http://127.0.0.1:{silent.getsockname()[1]}", ssl.create_default_context())
threading.Timer(1, subprocess.run, [["ip", "link", "set", "lo", "down"]]).start()
start = time.monotonic()
try:
    link.shared_digest()
except PeerError:
    print(time.monotonic() - start)
"""
"""A peer that takes a question and never answers, and a way that is cut meanwhile."""


def test_a_question_under_way_when_the_network_is_cut_ends_soon(apart: Apart) -> None:
    told = run("timeout", "25", *apart.command()[:4], sys.executable, "-c", WAITING)
    assert told.stdout and 1 < float(told.stdout) < 15, told.stderr


WEATHER = {
    "slow": ("delay", "300ms", "100ms"),
    "lossy": ("loss", "15%"),
    "doubled": ("duplicate", "30%"),
    "out of order": ("delay", "20ms", "reorder", "30%", "50%"),
}


@pytest.mark.parametrize("weather", WEATHER)
def test_a_bad_network_loses_nothing_and_doubles_nothing(apart: Apart, tmp_path: Path, weather: str) -> None:
    if not LONG and weather != "out of order":
        pytest.skip("long form: set GSOMIA_FAULTS=1")
    made = inside("tc", "qdisc", "add", "dev", "lo", "root", "netem", *WEATHER[weather])
    if made.returncode:
        pytest.skip(f"not permitted: netem is not in this kernel: {made.stderr.strip()}")
    apart.start()
    sent(apart, tmp_path / "document", DOCUMENTS)
    arrived(apart, DOCUMENTS)


def test_a_slow_wire_that_is_cut_loses_nothing_wherever_the_tests_run(pair: Pair, tmp_path: Path) -> None:
    """The same without a namespace: a proxy in user space delays each piece, and cuts in the middle of a message."""
    with Proxy(port_of(pair, "KOR")) as proxy:
        behind(pair, proxy)
        proxy.delay = 0.02
        pair.start()
        for left in (3_000, 30_000):
            proxy.left = left
            sent(pair, tmp_path / "document", 1)
            told_that_it_waits(pair)
            proxy.mend()
        arrived(pair, 2)


class Restless:
    """The way to Korea over two TLS connections: what goes by the slow one is overtaken by what is said after it.

    Args:
        fast, slow: the connections; the slow one waits with each piece.
        chance: decides which of them is taken; a sender hears nothing of the slow one in time.
        twice: whether each request is sent twice, one after the other, instead.
    """

    def __init__(self, fast: HttpLink, slow: HttpLink, chance: random.Random, *, twice: bool) -> None:
        self._fast, self._slow, self._chance, self._twice = fast, slow, chance, twice
        self._pool = ThreadPoolExecutor(8)
        self.late: list[Future[None]] = []
        self.overtaken = 0
        self.again: list[Envelope] = []

    def exchange(self, message: Envelope) -> Envelope:
        """Send a message, perhaps twice, perhaps by the slow way."""
        if self._twice:
            answer = self._fast.exchange(message)
            self.again.append(self._fast.exchange(message))
            return answer
        self._perhaps_late(lambda: self._slow.exchange(message))
        return self._passing(lambda: self._fast.exchange(message))

    def shared_digest(self) -> bytes:
        """Ask for the digest of what is shared, by the fast way."""
        return self._passing(self._fast.shared_digest)

    def upload(self, copy: str, chunks: Iterable[bytes], size: int, same: int) -> None:
        """Send content, perhaps twice, perhaps by the slow way."""
        whole = list(chunks)
        if self._twice:
            self._fast.upload(copy, whole, size, same)
        else:
            self._perhaps_late(lambda: self._slow.upload(copy, whole, size, same))
        self._passing(lambda: self._fast.upload(copy, whole, size, same))

    def _perhaps_late(self, send: Callable[[], object]) -> None:
        if self._chance.random() < 0.5:
            self.late.append(self._pool.submit(self._send, send))
            raise PeerError("no answer came in time")

    def _passing(self, send: Callable[[], T]) -> T:
        before = [one for one in self.late if not one.done()]
        answer = send()
        self.overtaken += sum(not one.done() for one in before)
        return answer

    def _send(self, send: Callable[[], object]) -> None:
        with suppress(PeerError):  # nobody waits for its answer any more
            send()

    def end(self) -> None:
        """Wait until what is late has come."""
        self._pool.shutdown()
        for link in (self._fast, self._slow):
            link.close()


def waiting(home: Home) -> Sequence[Outgoing]:
    with home.node.store.reading() as reader:
        return reader.outgoing()


@pytest.mark.parametrize("twice", [True, False], ids=["each request twice", "messages that overtake"])
def test_what_comes_twice_or_out_of_order_is_taken_once_wherever_the_tests_run(pair: Pair, twice: bool) -> None:
    """Without a namespace: Japan's node at work in this process, over real TLS to Korea's."""
    pair.start("KOR")
    home, port = pair.home("JPN"), port_of(pair, "KOR")
    keys, korea = pair.folder / "JPN" / "keys", (pair.folder / "KOR" / "keys" / "tls.pem").read_text()
    with Proxy(port) as proxy:
        proxy.delay = 0.05
        ways = [
            HttpLink(
                "KOR", f"https://127.0.0.1:{number}", client_context(keys / "tls.pem", keys / "tls-key.pem", korea)
            )
            for number in (port, proxy.port)
        ]
        way = Restless(ways[0], ways[1], random.Random(7), twice=twice)
        node = replace(home.node, link=lambda _: way)
        sending = Sending(to="KOR", level=MARKS["JPN"], subject="dprk-missile", purpose="defence", title="report")
        by = home.acting("", Role.DISCLOSURE)
        try:
            for size in (100, 5_000, 400_000):
                transmit(node, io.BytesIO(os.urandom(size)), sending, by=by)
                deadline = time.monotonic() + 20
                while left := waiting(home):
                    assert time.monotonic() < deadline, left
                    with suppress(PeerError):
                        step(node, "KOR")
                    time.sleep(0.02)
        finally:
            way.end()
            home.close()
    pair.start("JPN")
    arrived(pair, 3)
    korean = pair.home("KOR")
    with korean.node.store.reading() as reader:
        told = [entry.why for entry in reader.refused()]
    korean.close()
    if twice:
        assert len(way.again) >= 6 and len(told) == len(way.again), "each second one is refused and told"
        assert all("was used before: a replay" in why for why in told)
    else:
        assert way.late and way.overtaken
