"""A large item whose upload is cut goes on where it stopped, also when the recipient's node was stopped in between."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from pair import Pair, until
from proxy import Proxy, behind, port_of

pytestmark = [pytest.mark.wire, pytest.mark.timeout(120)]

MEBIBYTE = 2**20


def held(pair: Pair) -> int:
    """How many bytes Korea's node has of what is on its way."""
    return sum(part.stat().st_size for part in (pair.folder / "KOR" / "items").glob(".partial-*"))


@pytest.mark.parametrize("restarted", [False, True], ids=["cut", "cut, and the recipient killed"])
def test_only_the_remainder_is_sent_again(pair: Pair, tmp_path: Path, restarted: bool) -> None:
    document = tmp_path / "report"
    document.write_bytes(os.urandom(20 * MEBIBYTE))
    with Proxy(port_of(pair, "KOR")) as proxy:
        behind(pair, proxy)
        pair.start("KOR", "JPN")
        proxy.left = 12 * MEBIBYTE
        done = pair.transmit("JPN", document, "--wait", "0")
        assert done.returncode == 6, done.stderr
        until(lambda: proxy.left <= 0, 20)
        assert proxy.carried > 11 * MEBIBYTE
        until(lambda: held(pair) > 10 * MEBIBYTE, 20)
        before = 0
        while before < (before := held(pair)):  # until all is written that came
            time.sleep(0.3)
        if restarted:
            pair.kill("KOR", signal.SIGKILL)
            pair.start("KOR")
        proxy.mend()
        before = proxy.carried
        pair.settle()
        assert 8 * MEBIBYTE < proxy.carried - before < 10 * MEBIBYTE, "only what was missing is sent"
    assert [row["state"] for row in pair.same_story()] == ["delivered"]
    pair.holds()
    assert not [*(pair.folder / "KOR" / "items").glob(".*")]
