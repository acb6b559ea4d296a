"""A node that has nothing to do takes little of the machine, and is awake at once when a command gives it something."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from pair import Pair

pytestmark = pytest.mark.wire

SECONDS = 3.0


def busy(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc here")
def test_an_idle_node_takes_little(pair: Pair) -> None:
    pair.start()
    pair.settle()
    time.sleep(2)
    pid = pair.processes["JPN"].pid
    before = busy(pid)
    time.sleep(SECONDS)
    assert busy(pid) - before < 0.035 * SECONDS
