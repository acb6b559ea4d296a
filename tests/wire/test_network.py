"""A bad network under real nodes, in a network namespace of their own: cut, slow, lossy, doubled and out of order.

GSOMIA_FAULTS=1 is the long form: the whole of each bad weather, with more documents.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pair import Pair, introduced
from proxy import Proxy, behind, port_of

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


def told_that_it_waits(pair: Pair, seconds: float = 15) -> None:
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
