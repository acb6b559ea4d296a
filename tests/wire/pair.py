"""Two real nodes in folders, each a process of its own on loopback over real TLS."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import pytest

from gsomia.app import Home, init, offered_law, shipped_acts
from gsomia.node import (
    Note,
    Outgoing,
    PersonDetails,
    Role,
    accredit,
    assure,
    audit,
    checkpoints_due,
    enter_legal_acts,
    enter_person,
    fingerprint,
)
from gsomia.registry import Copy, Item

__all__ = ["MARKS", "PARTIES", "Pair", "free_ports", "introduced", "new_pair", "until"]

AT = datetime.fromisoformat("2018-01-10T12:00:00+09:00")
PARTIES = ("JPN", "KOR")
MARKS = {"JPN": "極秘", "KOR": "군사II급비밀"}
LAW = "jpn-kor-2016"


_RESERVED = ExitStack()
atexit.register(_RESERVED.close)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, and that only a node of this process's tests will.

    A socket stays bound to each, so that the kernel gives it to no connection and to no other test, however long it
    takes until a node listens there, and while that node is stopped. It may, as both sockets say that they share.
    """
    ports = []
    for _ in range(count):
        held = _RESERVED.enter_context(socket.socket())
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        ports.append(int(held.getsockname()[1]))
    return ports


def build(folder: Path) -> None:
    """Make two nodes that know each other, with the law adopted and the history entered."""
    homes = {p: init(folder / p, p, exercise=True, port=port) for p, port in zip(PARTIES, free_ports(2), strict=True)}
    for home in homes.values():
        home.clock.set(AT)
        home.enrol_officer("security", (Role.SECURITY,), by=None)
        for role in (Role.LEGAL, Role.DISCLOSURE, Role.REGISTRY):
            home.enrol_officer(role, (role,), by=home.acting("security", Role.SECURITY))
    for party, home in homes.items():
        security = home.acting("", Role.SECURITY)
        (other,) = set(PARTIES) - {party}
        document = homes[other].identity()
        url = f"https://127.0.0.1:{homes[other].config.link.port}"
        home.enrol_peer(document, fingerprint(document), url, by=security)
        accredit(home.node, "system", "SECRET", by=security)
        home.adopt((LAW,), by=home.acting("", Role.LEGAL))
        history = [act for act in shipped_acts() if act.under == LAW and act.at <= AT]
        enter_legal_acts(
            home.node, history, Note.of_text("n", b"n", dated="2016-11-23"), by=home.acting("", Role.LEGAL), tell=False
        )
        assure(home.node, other, offered_law().agreements[LAW].name, "SECRET", by=security)
        person = PersonDetails(id="reader", clearance="SECRET", needs=("dprk-missile",), rosters=("main",))
        enter_person(home.node, person, by=security)
        settings = home.folder / "node.toml"
        text = settings.read_text().replace("[link]\n", "[link]\nretry_seconds = 0.1\nretry_limit_seconds = 0.3\n")
        settings.write_text(text)
    for home in homes.values():
        home.close()


def until(what: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@functools.cache
def introduced() -> Path:
    """Two nodes that have told each other of their officers and systems, and stopped; made once."""
    folder = Path(tempfile.mkdtemp(prefix="gsomia-pair-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "built").mkdir()
    build(folder / "built")
    with Pair(folder / "built", folder / "nodes") as made:
        made.start()
        made.settle()
        made.kill("JPN", signal.SIGTERM)
        made.kill("KOR", signal.SIGTERM)
    return folder / "nodes"


@pytest.fixture(name="pair")
def new_pair(tmp_path: Path) -> Iterator[Pair]:
    """Two nodes that know each other and do not run yet."""
    with Pair(introduced(), tmp_path / "nodes") as made:
        yield made


class Pair:
    """Copies of two built nodes, and the processes that run them.

    Args:
        template: what `build` made.
        folder: where the copies lie.
    """

    parties: Sequence[str] = PARTIES

    def __init__(self, template: Path, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(template, folder, ignore=shutil.ignore_patterns("*-shm"))
        self.processes: dict[str, subprocess.Popen[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for party in list(self.processes):
            self.kill(party)

    def environment(self) -> dict[str, str]:
        """A clean environment for the command."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GSOMIA_")}
        return kept | {"PYTHONUNBUFFERED": "1"}

    def command(self, *words: str) -> list[str]:
        """The command with these words."""
        return [sys.executable, "-m", "gsomia", *words]

    def start(self, *parties: str, before: Callable[[], None] | None = None) -> None:
        """Start nodes as processes and wait until each answers."""
        for party in parties or PARTIES:
            with (self.folder / f"{party}.log").open("a") as log:
                self.processes[party] = subprocess.Popen(
                    self.command("node", "run", str(self.folder / party)),
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    env=self.environment(),
                    preexec_fn=before,
                )
        for party in parties or PARTIES:
            out = self.processes[party].stdout
            assert out is not None
            line = out.readline()
            assert "answers at" in line, (self.folder / f"{party}.log").read_text()

    def kill(self, party: str, number: int = signal.SIGKILL) -> int:
        """End a node's process; returns its status."""
        process = self.processes.pop(party)
        with suppress(ProcessLookupError):
            process.send_signal(number)
        status = process.wait(60)
        assert process.stdout is not None
        process.stdout.close()
        return status

    def spawn(self, party: str, *words: str, **more: Any) -> subprocess.Popen[str]:
        """Start a command on a node and do not wait for it."""
        return subprocess.Popen(
            self.command(*words, "--node", str(self.folder / party)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(),
            **more,
        )

    def run(self, party: str, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run a command on a node."""
        return subprocess.run(
            self.command(*words, "--node", str(self.folder / party)),
            capture_output=True,
            text=True,
            env=self.environment(),
            check=False,
            **{"timeout": 120, **more},
        )

    def say(self, party: str, *words: str, status: int = 0) -> str:
        """Run a command on a node; what it printed."""
        result = self.run(party, *words)
        assert result.returncode == status, result.stdout + result.stderr
        return result.stdout

    def transmit(self, giver: str, document: Path, *more: str) -> subprocess.CompletedProcess[str]:
        """Transmit a document to the other Party, and wait for it however slow the machine is."""
        return self.run(giver, *self.words(giver, document), "--wait", "60", *more)

    def words(self, giver: str, document: Path) -> list[str]:
        """The words of a transmission."""
        (other,) = set(PARTIES) - {giver}
        return ["transmit", str(document), "--to", other, "--level", MARKS[giver], "--subject", "dprk-missile"]

    def register(self, party: str) -> dict[str, dict[str, Any]]:
        """A register, by copy: what two of them must tell alike, and the control number."""
        home = self.home(party)
        try:
            with home.node.store.reading() as reader:
                return {copy.id: _told(copy, reader.item(copy.item)) for copy in reader.copies()}
        finally:
            home.close()

    def home(self, party: str) -> Home:
        """The folder, opened in this process; close it."""
        return Home(self.folder / party)

    def waiting(self) -> int:
        """How many outbox entries wait in both nodes."""
        total = 0
        for party in PARTIES:
            home = self.home(party)
            with home.node.store.reading() as reader:
                total += len(reader.outgoing())
            home.close()
        return total

    def witnessed(self, seconds: float = 60) -> None:
        """Wait until each peer has cosigned what is due to it."""
        deadline = time.monotonic() + seconds
        for party in self.parties:
            home = self.home(party)
            while any(_due(home, peer) for peer in self.parties):
                assert time.monotonic() < deadline, f"{party}'s checkpoints are not cosigned"
                time.sleep(0.05)
            home.close()

    def settle(self, seconds: float = 60) -> None:
        """Wait until no outbox holds anything.

        The nodes work while they are asked one after the other: one that was found empty may be given something by one
        that is found empty after it. So there must be an instant at which all were: none recorded an act meanwhile.
        """
        deadline = time.monotonic() + seconds
        homes = [self.home(party) for party in self.parties]
        try:
            while True:
                recorded = [_place(home) for home in homes]
                left: list[Outgoing] = []
                for home in homes:
                    with home.node.store.reading() as reader:
                        left.extend(reader.outgoing())
                if not left and recorded == [_place(home) for home in homes]:
                    return
                assert time.monotonic() < deadline, f"{len(left)} wait, the first: {left[:1]}"
                time.sleep(0.05)
        finally:
            for home in homes:
                home.close()

    def holds(self, parties: Iterable[str] = ()) -> None:
        """What `gsomia verify` checks of the nodes, of all where none is named."""
        for party in parties or self.parties:
            home = self.home(party)
            try:
                assert [check for check in audit(home.node) if not check.holds] == []
            finally:
                home.close()

    def same_story(self) -> Sequence[dict[str, Any]]:
        """Both registers tell the same of every copy that either has; returns the rows."""
        here, there = (self.register(party) for party in PARTIES)
        assert here.keys() == there.keys(), here.keys() ^ there.keys()
        for copy in here:
            assert here[copy] | {"control_number": ""} == there[copy] | {"control_number": ""}
        for register in (here, there):
            numbers = [row["control_number"] for row in register.values()]
            assert len(numbers) == len(set(numbers))
        return [here[copy] for copy in sorted(here)]


def _due(home: Home, peer: str) -> list[str]:
    """The logs whose heads a peer has not cosigned."""
    with home.node.store.reading() as reader:
        return [state.name for state in checkpoints_due(home.node, reader, peer)]


def _place(home: Home) -> int:
    """The place of the act that a node recorded last."""
    with home.node.store.reading() as reader:
        return reader.last_place()


def _told(copy: Copy, item: Item | None) -> dict[str, Any]:
    assert item is not None, f"copy {copy.id} stands without its item"
    return {
        "control_number": copy.control_number,
        "item": (
            item.id,
            item.originator,
            item.level,
            item.label,
            item.payload_digest,
            item.plaintext_bytes,
            item.title,
        ),
        "way": (copy.giver, copy.holder, copy.via, copy.destination, copy.instrument),
        "state": copy.state.value,
        "custodian": copy.custodian,
        "marks": (copy.own_mark, copy.origin_mark),
        "rungs": sorted((entry.rung.value, entry.act) for entry in copy.rungs),
    }
