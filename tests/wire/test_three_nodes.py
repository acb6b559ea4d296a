"""Documents through three nodes under random kills: none lost, none doubled, and all registers tell one story.

GSOMIA_DOCUMENTS=10000 is the whole (`make faults`); `make test` has a short form; GSOMIA_SEED=n repeats one.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from three import THREE, Trio

DOCUMENTS = int(os.environ.get("GSOMIA_DOCUMENTS", "39"))
KILLS = DOCUMENTS // 10 + 1 if DOCUMENTS < 1000 else DOCUMENTS
"""At most so many deaths: in the short form a few, in the whole as long as there is work."""
SEED = int(os.environ.get("GSOMIA_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
SECONDS = 120 + DOCUMENTS * 0.35
"""After so long it has failed."""

pytestmark = [
    pytest.mark.wire,
    pytest.mark.slow,
    pytest.mark.timeout(SECONDS * 2),
]


class Clerks:
    """The officers of one Party, started again after each death, and what they said that they had done."""

    def __init__(self, trio: Trio, party: str, chance: random.Random, quota: int) -> None:
        self.trio, self.party, self.chance, self.quota = trio, party, chance, quota
        self.log = trio.folder / f"{party}.said"
        self.start()

    def start(self) -> None:
        """A new process."""
        words = [str(self.trio.folder / self.party), self.party, str(self.chance.randrange(2**31)), str(self.quota)]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("clerks.py")), *words],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.trio.environment(),
            )

    def kill(self) -> None:
        """Kill it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def said(self, what: str) -> list[str]:
        """The copies that they reported."""
        lines = self.log.read_text().splitlines()
        strange = [line for line in lines if line.split(" ")[0] not in ("sent", "released", "failed", "EXERCISE")]
        assert not strange, strange
        return [line.split(" ")[1] for line in lines if line.startswith(what + " ")]


def given(trio: Trio, party: str) -> int:
    """How many documents of its own a Party has given."""
    home = trio.home(party)
    with home.node.store.reading() as reader:
        own = sum(1 for item in reader.items() if item.originator == party)
    home.close()
    return own


def passing(trio: Trio, party: str) -> list[str]:
    """The items that a Party holds for another and has not handed on."""
    home = trio.home(party)
    with home.node.store.reading() as reader:
        copies = reader.copies()
    home.close()
    gone = {copy.item for copy in copies if copy.giver == party}
    return [copy.item for copy in copies if copy.holder == party != copy.destination and copy.item not in gone]


def finished(trio: Trio, quota: int) -> bool:
    """Whether all documents were given, handed on and delivered.

    Asked in the order in which a document goes, since the officers work meanwhile: a document that is given after the
    outboxes were read would be seen nowhere.
    """
    if any(given(trio, party) < quota for party in THREE):
        return False
    return not any(trio.left().values()) and not any(passing(trio, party) for party in THREE)


def test_documents_through_three_nodes_under_kills(trio: Trio, record_property: Callable[[str, object], None]) -> None:
    print(f"GSOMIA_SEED={SEED} GSOMIA_DOCUMENTS={DOCUMENTS}")
    chance = random.Random(SEED)
    quota = -(-DOCUMENTS // len(THREE))
    trio.start(*THREE)
    clerks = {party: Clerks(trio, party, chance, quota) for party in THREE}
    began, kills, deadline = time.monotonic(), 0, time.monotonic() + SECONDS
    time.sleep(1.0)
    while not finished(trio, quota):
        assert time.monotonic() < deadline, f"not done after {SECONDS:.0f} s: {trio.left()}"
        # The nodes need some time between two deaths to come to anything; an officer is killed as often.
        for party in chance.sample(THREE, chance.choice((1, 1, 2)) if kills < KILLS else 0):
            if chance.random() < 0.6:
                trio.kill(party)
                trio.start(party)
            else:
                clerks[party].kill()
                clerks[party].start()
            kills += 1
        time.sleep(chance.uniform(0.2, 4.0) if DOCUMENTS >= 1000 else chance.uniform(0.2, 0.8))
    seconds = time.monotonic() - began
    for one in clerks.values():
        one.kill()
    trio.settle()
    registers = trio.registers()
    for party, one in clerks.items():
        for what in ("sent", "released"):
            said = one.said(what)
            assert len(said) == len({*said})
            lost = [copy for copy in said if copy not in registers[party]]
            assert lost == [], f"{party} reported {len(lost)} as {what} that stand nowhere"
    rows = {copy: row for register in registers.values() for copy, row in register.items()}
    assert {row["state"] for row in rows.values()} <= {"delivered", "receipted"}
    # Each document came to where it was meant to be, once, and to the hub once where it went through it.
    arrived = [(row["item"][0], row["way"][1]) for row in rows.values()]
    assert len(arrived) == len({*arrived}), "an item came somewhere twice"
    assert [item for party in THREE for item in passing(trio, party)] == []
    ended = [row for row in rows.values() if row["way"][1] == row["way"][3]]
    assert len({row["item"][0] for row in ended}) == len(ended) == quota * len(THREE)
    trio.holds()
    for party in THREE:
        home = trio.home(party)
        with home.node.store.reading() as reader:
            assert [r for r in reader.refused() if r.source != party] == []
            assert {item.id for item in reader.items() if item.originator == party} <= {*home.node.blobs.names()}
        home.close()
    figures = (
        f"{len(ended)} documents, {len(rows) - len(ended)} of them through the hub, {kills} kills in {seconds:.0f} s, "
        "0 lost, 0 doubled"
    )
    record_property("figures", figures)
    print(figures)
