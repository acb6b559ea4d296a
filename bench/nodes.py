"""One, two or three real nodes in folders, for benchmarks: made, enrolled with one another, and run as processes."""

from __future__ import annotations

import datetime as dt
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gsomia.app import Home, init, offered_law, shipped_acts
from gsomia.keys import SigningKey
from gsomia.node import Note, Role, accredit, assure, concerned, enter_legal_acts, fingerprint
from gsomia.web import client_context, make_officer_certificate

__all__ = [
    "answering",
    "cpu_seconds",
    "free_port",
    "key_of",
    "make_one",
    "make_pair",
    "make_three",
    "running",
    "with_api",
]

LAW = ("jpn-kor-2016",)
LAWS = ("jpn-kor-2016", "usa-jpn-2007", "usa-kor-1987", "tisa-2014")


def make_one(folder: Path) -> Home:
    """A node under the agreement that knows no other."""
    (one,) = _make_all(folder, ("JPN",), LAW)
    return one


def make_pair(folder: Path) -> tuple[Home, Home]:
    """Two nodes under the agreement that know each other."""
    one, other = _make_all(folder, ("JPN", "KOR"), LAW)
    return one, other


def make_three(folder: Path) -> tuple[Home, Home, Home]:
    """Three nodes that know each other, under the agreements of each two of them and the arrangement of the three."""
    one, hub, other = _make_all(folder, ("JPN", "USA", "KOR"), LAWS)
    return one, hub, other


def _make_all(folder: Path, parties: tuple[str, ...], laws: tuple[str, ...]) -> list[Home]:
    offered = offered_law()
    homes = [
        _make(folder / party, party, tuple(n for n in concerned(offered, party) if n in laws)) for party in parties
    ]
    for home in homes:
        by = home.acting("", Role.SECURITY)
        for other in homes:
            if other is not home:
                document = other.identity()
                url = f"https://127.0.0.1:{other.config.link.port}"
                home.enrol_peer(document, fingerprint(document), url, by=by)
        accredit(home.node, "EXERCISE bench", "SECRET", by=by)
        for name in laws:
            members = offered.agreements[name].parties
            for party in parties:
                if len(members) == 2 and party != home.node.party and {party, home.node.party} <= {*members}:
                    assure(home.node, party, name, "SECRET", by=by)
    return homes


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


def with_api(home: Home, port: int) -> ssl.SSLContext:
    """Have a node answer at its API from its next start on; TLS as its officer `chief`."""
    settings = home.folder / "node.toml"
    settings.write_text(
        f'{settings.read_text()}\n[api]\nhost = "127.0.0.1"\nport = {port}\nrequests_per_second = 1000000\n'
    )
    files = make_officer_certificate("chief", key_of(home), at=dt.datetime.now(dt.UTC))
    paths = [home.folder / name for name in ("officer.pem", "officer-key.pem")]
    for path, data in zip(paths, files, strict=True):
        path.write_bytes(data)
    return client_context(paths[0], paths[1], (home.folder / "keys" / "tls.pem").read_text())


def key_of(home: Home) -> SigningKey:
    """The key of a node's officer `chief`."""
    key = home.acting("chief", Role.SECURITY).key
    assert isinstance(key, SigningKey)
    return key


@contextmanager
def answering(folder: Path) -> Iterator[int]:
    """Run a node that has an API, a process; yields its id once it answers."""
    with (folder / "requests.log").open("w") as log:
        words = [sys.executable, "-m", "gsomia", "node", "run", str(folder)]
        node = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert node.stdout is not None
        while "answers at" not in node.stdout.readline():
            if node.poll() is not None:
                raise RuntimeError((folder / "requests.log").read_text())
        yield node.pid
    finally:
        node.terminate()
        node.wait(20)


def cpu_seconds(process: int) -> float:
    """CPU time of another process (proc(5): fields 14 and 15 of `stat`, the name in brackets being the second)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _waiting(home: Home) -> bool:
    with home.node.store.reading() as reader:
        return bool(reader.outgoing(limit=1))


def _make(folder: Path, party: str, laws: tuple[str, ...]) -> Home:
    home = init(folder, party, exercise=True, port=free_port())
    home.enrol_officer("chief", (Role.SECURITY, Role.DISCLOSURE), by=None)
    home.enrol_officer("lawyer", (Role.LEGAL,), by=home.acting("", Role.SECURITY))
    home.enrol_officer("registrar", (Role.REGISTRY,), by=home.acting("", Role.SECURITY))
    home.adopt(laws, by=home.acting("", Role.LEGAL))
    acts = [act for act in shipped_acts() if act.under in laws]
    note = Note.of_text("EXERCISE", b"", dated="2016-11-23")
    enter_legal_acts(home.node, acts, note, by=home.acting("", Role.LEGAL), tell=False)
    return home


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
