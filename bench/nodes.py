"""Two real nodes in folders, for benchmarks: made, enrolled with one another, and run as processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gsomia.app import Home, init, shipped_acts
from gsomia.node import Note, Role, accredit, assure, enter_legal_acts, fingerprint

__all__ = ["cpu_seconds", "free_port", "make_pair", "running"]

LAW = "jpn-kor-2016"


def make_pair(folder: Path) -> tuple[Home, Home]:
    """Two nodes under the agreement that know each other."""
    homes = [_make(folder / party, party) for party in ("JPN", "KOR")]
    for home, other in (homes, homes[::-1]):
        document = other.identity()
        url = f"https://127.0.0.1:{other.config.link.port}"
        home.enrol_peer(document, fingerprint(document), url, by=home.acting("", Role.SECURITY))
        by = home.acting("", Role.SECURITY)
        accredit(home.node, "EXERCISE bench", "SECRET", by=by)
        assure(home.node, other.node.party, LAW, "SECRET", by=by)
    return homes[0], homes[1]


@contextmanager
def running(*homes: Home) -> Iterator[Callable[[], float]]:
    """Run the nodes, each a process; when the block begins they have told each other what they had to tell.

    Yields what gives the CPU time of this process and the nodes' until now, in seconds.
    """
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
        yield lambda: time.process_time() + sum(cpu_seconds(node.pid) for node in nodes)
    finally:
        for node in nodes:
            node.terminate()
            node.wait(20)
        for home in homes:
            home.close()


def cpu_seconds(process: int) -> float:
    """CPU time of another process (proc(5): fields 14 and 15 of `stat`, the name in brackets being the second)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _waiting(home: Home) -> bool:
    with home.node.store.reading() as reader:
        return bool(reader.outgoing(limit=1))


def _make(folder: Path, party: str) -> Home:
    home = init(folder, party, exercise=True, port=free_port())
    home.enrol_officer("chief", (Role.SECURITY, Role.DISCLOSURE), by=None)
    home.enrol_officer("lawyer", (Role.LEGAL,), by=home.acting("", Role.SECURITY))
    home.adopt((LAW,), by=home.acting("", Role.LEGAL))
    acts = [act for act in shipped_acts() if act.under == LAW]
    enter_legal_acts(home.node, acts, Note.of_text("EXERCISE", b"", dated="2016-11-23"), by=home.acting("", Role.LEGAL))
    return home


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
