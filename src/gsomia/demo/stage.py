"""The stage of the demo: three nodes in folders, each with its officers, each a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from gsomia.agreement import LegalAct
from gsomia.app import Home, init, offered_law, shipped_acts
from gsomia.errors import NodeError
from gsomia.node import (
    Note,
    PersonDetails,
    Role,
    accredit,
    assure,
    audit_witnesses,
    checkpoints_due,
    concerned,
    enter_legal_acts,
    enter_person,
    fingerprint,
)
from gsomia.registry import Copy

__all__ = ["Stage"]

PARTIES = ("JPN", "KOR", "USA")

# Fictional people; one officer for each role.
_OFFICERS = {
    "JPN": {"security": "aoki", "legal": "inoue", "disclosure": "ueda", "registry": "endo"},
    "KOR": {"security": "kang", "legal": "noh", "disclosure": "do", "registry": "ryu"},
    "USA": {"security": "adams", "legal": "baker", "disclosure": "clark", "registry": "davis"},
}


@dataclass
class Stage:
    """The nodes of the demo.

    Args:
        folder: where the nodes' folders are made.
        keep: the nodes go on when this process ends; else they end with it, however it ends.
        history: the shipped acts that the legal officers enter as their days come.
    """

    folder: Path
    keep: bool = False
    homes: dict[str, Home] = field(default_factory=dict)
    ports: dict[str, socket.socket] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    history: tuple[LegalAct, ...] = field(default_factory=lambda: tuple(shipped_acts()))

    def build(self, at: datetime) -> None:
        """Make the three nodes, set their clocks, enrol officers and peers."""
        for party in PARTIES:
            self.ports[party] = _reserved()
            port = self.ports[party].getsockname()[1]
            self.homes[party] = init(self.folder / party, party, exercise=True, port=port)
        self.set_clock(at)
        for party, home in self.homes.items():
            security = _OFFICERS[party]["security"]
            home.enrol_officer(security, (Role.SECURITY,), by=None)
            for role in (Role.LEGAL, Role.DISCLOSURE, Role.REGISTRY):
                home.enrol_officer(_OFFICERS[party][role], (role,), by=home.acting(security, Role.SECURITY))
        for party, home in self.homes.items():
            for other, there in self.homes.items():
                if other != party:
                    document = there.identity()
                    url = f"https://{there.config.link.host}:{there.config.link.port}"
                    # The demo stands in for the note in which each Government gives the other its fingerprint.
                    home.enrol_peer(document, fingerprint(document), url, by=home.acting("", Role.SECURITY))
            by = home.acting("", Role.SECURITY)
            accredit(home.node, f"EXERCISE node of {party}", "SECRET", by=by)

    def start(self) -> None:
        """Start each node as a process and wait until it answers."""
        for party in self.homes:
            attached = () if self.keep else ("--attached",)
            self.processes[party] = subprocess.Popen(
                [sys.executable, "-m", "gsomia", "node", "run", str(self.folder / party), *attached],
                stdin=subprocess.DEVNULL if self.keep else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=(self.folder / f"{party}.log").open("w"),
                text=True,
                # Witnesses are asked at once, so that the stage knows when nothing more is on its way.
                env=os.environ | {"GSOMIA_WITNESS__PAUSE_SECONDS": "0"},
                # An interrupt at the terminal is for the demo, which stops its nodes itself.
                start_new_session=True,
            )
        for party, process in self.processes.items():
            line = process.stdout.readline() if process.stdout is not None else ""
            if "answers at" not in line:
                raise NodeError(f"the node of {party} did not start: see {self.folder / f'{party}.log'}")

    def stop(self) -> None:
        """Stop the processes this stage started, and let go of the folders."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for home in self.homes.values():
            home.close()
        for held in self.ports.values():
            held.close()

    def set_clock(self, at: datetime) -> None:
        """Set the clocks of all nodes to one instant; they run on from there.

        A message that left by one clock and came by another would be refused, so first nothing is on its way.
        """
        if self.processes:
            self.settle()
        for home in self.homes.values():
            home.clock.set(at)

    # --- officers' work ----------------------------------------------------------------------------------------------

    def adopt(self, *names: str) -> None:
        """Each Party adopts the agreements that concern it, and assures the Parties that will give under them."""
        law = offered_law()
        for party, home in self.homes.items():
            mine = tuple(name for name in names if name in concerned(law, party))
            if not mine:
                continue
            home.adopt(mine, by=home.acting("", Role.LEGAL))
            by = home.acting("", Role.SECURITY)
            for name in mine:
                parties = law.agreements[name].parties
                if len(parties) == 2 and party in parties:
                    other = next(p for p in parties if p != party)
                    assure(home.node, other, name, "SECRET", by=by)

    def enter(self, *ids: str) -> None:
        """Each Party's legal officer enters these acts of the record (ids, or whole agreements), with the note."""
        chosen = [act for act in self.history if act.id in ids or act.under in ids]
        for home in self.homes.values():
            now = home.clock.now()
            with home.node.store.reading() as reader:
                adopted = reader.adopted()
                known = {entered.legal.id for entered in reader.record() if entered.entered_by == home.node.party}
            acts = [act for act in chosen if act.under in adopted and act.at <= now and act.id not in known]
            if acts:
                note = Note.of_text(
                    "EXERCISE note verbale", f"EXERCISE {acts[0].id}".encode(), dated=acts[0].at.date().isoformat()
                )
                enter_legal_acts(home.node, acts, note, by=home.acting("", Role.LEGAL))

    def enter_person(self, party: str, person: PersonDetails) -> None:
        """A Party's security officer enters a person."""
        home = self.homes[party]
        enter_person(home.node, person, by=home.acting("", Role.SECURITY))

    def copy(self, party: str, copy_id: str) -> Copy | None:
        """A copy as a Party's register has it now."""
        with self.homes[party].node.store.reading() as reader:
            return reader.copy(copy_id)

    def wait(self, what: str, ready: Callable[[], bool], seconds: float = 15) -> None:
        """Wait for the nodes to get something done.

        Raises:
            NodeError: it was not done in time.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > deadline:
                raise NodeError(f"{what}: not done within {seconds:.0f} s; see the logs in {self.folder}")
            threading.Event().wait(0.03)

    def settle(self) -> None:
        """Wait until no node has anything left to send or to have witnessed."""
        self.wait("empty outboxes", self._settled)

    def witnessed(self) -> None:
        """Wait until the peers have cosigned what is due, so that no log is found unwitnessed for too long."""
        self.wait(
            "witnesses", lambda: not any(c.fault for home in self.homes.values() for c in audit_witnesses(home.node))
        )

    def _settled(self) -> bool:
        """Whether nothing waits anywhere, at one instant at least.

        The nodes are asked one after the other, and one that was found empty may be given something by one that is
        found empty after it; none was where none recorded an act meanwhile.
        """
        recorded = [self._place(home) for home in self.homes.values()]
        waiting = any(self._waiting(home) for home in self.homes.values())
        return not waiting and recorded == [self._place(home) for home in self.homes.values()]

    @staticmethod
    def _place(home: Home) -> int:
        """The place of the act that a node recorded last."""
        with home.node.store.reading() as reader:
            return reader.last_place()

    @staticmethod
    def _waiting(home: Home) -> bool:
        with home.node.store.reading() as reader:
            due = (checkpoints_due(home.node, reader, party) for party in PARTIES)
            return bool(reader.outgoing(limit=1)) or any(due)


def _reserved() -> socket.socket:
    """A socket bound to a port nobody listens on: until it is closed no connection is given that port.

    A node may listen there meanwhile, since both sockets say that they share.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held
