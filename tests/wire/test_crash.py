"""kill -9 of nodes, of commands and of officers at work, at random moments: nothing is lost, nothing is doubled.

GSOMIA_KILLS=50 is the long form; GSOMIA_SEED=n repeats one.
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
from pair import PARTIES, Pair

KILLS = int(os.environ.get("GSOMIA_KILLS", "6"))
SEED = int(os.environ.get("GSOMIA_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)

pytestmark = [pytest.mark.wire, pytest.mark.slow, pytest.mark.timeout(60 + 20 * KILLS)]


class Officer:
    """A feeder process for one Party, started again after each death, and what it said that it had done."""

    def __init__(self, pair: Pair, party: str, chance: random.Random) -> None:
        self.pair = pair
        self.party = party
        self.chance = chance
        self.said: list[str] = []
        self.start()

    def start(self) -> None:
        """A new process."""
        (other,) = set(PARTIES) - {self.party}
        seed = str(self.chance.randrange(2**31))
        words = [
            str(Path(__file__).with_name("feeder.py")),
            str(self.pair.folder / self.party),
            self.party,
            other,
            seed,
        ]
        self.log = (self.pair.folder / f"{self.party}.said").open("a")
        self.process = subprocess.Popen(
            [sys.executable, *words], stdout=self.log, stderr=subprocess.STDOUT, env=self.pair.environment()
        )

    def kill(self) -> None:
        """Kill it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        self.log.close()

    def done(self, what: str) -> list[str]:
        """The copies that it reported."""
        lines = (self.pair.folder / f"{self.party}.said").read_text().splitlines()
        strange = [line for line in lines if line.split(" ")[0] not in ("sent", "receipted", "failed", "EXERCISE")]
        assert not strange, strange
        return [line.split(" ")[1] for line in lines if line.startswith(what + " ")]


def test_kill_9_loses_nothing_and_doubles_nothing(
    pair: Pair, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    print(f"GSOMIA_SEED={SEED} GSOMIA_KILLS={KILLS}")
    chance = random.Random(SEED)
    document = tmp_path / "by-command"
    document.write_bytes(chance.randbytes(50_000))
    pair.start()
    officers = {party: Officer(pair, party, chance) for party in PARTIES}
    time.sleep(1.5)
    for number in range(KILLS):
        victim = ("node", "node", "officer", "command")[number % 4]
        party = chance.choice(PARTIES)
        if victim == "node":
            time.sleep(chance.uniform(0.0, 0.8))
            pair.kill(party)
            if chance.random() < 0.3:  # both at once
                (other,) = set(PARTIES) - {party}
                pair.kill(other)
                pair.start(other)
            pair.start(party)
        elif victim == "officer":
            time.sleep(chance.uniform(0.0, 0.5))
            officers[party].kill()
            officers[party].start()
        else:
            command = pair.spawn(party, *pair.words(party, document))
            time.sleep(chance.uniform(0.3, 1.8))
            command.kill()
            command.communicate()
    time.sleep(0.5)
    for officer in officers.values():
        officer.kill()
    pair.settle(120)
    rows = pair.same_story()
    registers = {party: pair.register(party) for party in PARTIES}
    sent = {party: officers[party].done("sent") for party in PARTIES}
    for party in PARTIES:
        assert len(sent[party]) == len(set(sent[party]))
        lost = [copy for copy in sent[party] if copy not in registers[party]]
        assert lost == [], f"{party} reported {len(lost)} as sent that stand nowhere"
        receipted = {copy for copy, row in registers[party].items() if row["state"] == "receipted"}
        assert {*officers[party].done("receipted")} <= receipted
    states = {row["state"] for row in rows}
    assert states <= {"delivered", "receipted"}, states
    assert len({row["item"][0] for row in rows}) == len(rows), "an item stands there twice"
    pair.holds()
    for party in PARTIES:
        home = pair.home(party)
        with home.node.store.reading() as reader:
            assert [r for r in reader.refused() if r.source != party] == []
            assert {item.id for item in reader.items()} <= {*home.node.blobs.names()}
        home.close()
    figures = f"{len(rows)} documents, {sum(map(len, sent.values()))} reported, {KILLS} kills, 0 lost, 0 doubled"
    record_property("figures", figures)
    print(figures)
