"""kill -9 of nodes, of commands and of officers at work, at random moments: nothing is lost, nothing is doubled.

GSOMIA_KILLS=50 is a long form; from 100 on every phase must have been hit. GSOMIA_SEED=n repeats one.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pair import PARTIES, Pair

KILLS = int(os.environ.get("GSOMIA_KILLS", "6"))
SEED = int(os.environ.get("GSOMIA_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)

DEAD = 2**22 + 1
"""The id of a process that never was: the kernel gives none beyond 2**22."""

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

    def phase(self) -> str:
        """What it had begun and not ended when it died; "nothing" between two acts."""
        *_, last = ["", *(self.pair.folder / f"{self.party}.said").read_text().splitlines()]
        return last.removeprefix("doing ") if last.startswith("doing ") else "nothing"

    def done(self, what: str) -> list[str]:
        """The copies that it reported."""
        lines = (self.pair.folder / f"{self.party}.said").read_text().splitlines()
        known = ("sent", "receipted", "failed", "doing", "EXERCISE")
        strange = [line for line in lines if line.split(" ")[0] not in known]
        assert not strange, strange
        return [line.split(" ")[1] for line in lines if line.startswith(what + " ")]


PHASES = {"transmit", "receive", "receipt", "mark"}
COMING = (".staging-", ".partial-", "upload-", "taken-")
"""How the names of files begin that hold what is on its way in, or half written."""


def rows(pair: Pair, party: str, query: str) -> list[tuple[Any, ...]]:
    """Rows of a node's database, read beside whoever has it open."""
    with closing(sqlite3.connect(f"file:{pair.folder / party / 'register.sqlite'}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def phases_of(pair: Pair, party: str) -> set[str]:
    """What a node that was killed was at: what its outbox holds, and what its peer was giving it."""
    (other,) = set(PARTIES) - {party}
    found = {"transmit"} if rows(pair, party, "SELECT 1 FROM outgoing WHERE kind = 'copy' LIMIT 1") else set()
    acts = rows(pair, party, "SELECT DISTINCT act.type FROM outgoing JOIN act ON act.id = outgoing.subject")
    found |= {{"receipted": "receipt"}.get(kind, kind) for (kind,) in acts}
    coming = rows(pair, other, "SELECT 1 FROM copy WHERE state = 'dispatched' LIMIT 1")
    names = (path.name for path in (pair.folder / party / "items").iterdir())
    if coming or any(name.startswith(COMING[1:]) for name in names):
        found.add("receive")
    return found & PHASES or {"nothing"}


def half_done(pair: Pair, party: str) -> list[str]:
    """The files that somebody who is dead had begun to write."""
    names = [path.name for path in (pair.folder / party / "items").glob(".staging-*")]
    return [name for name in names if not Path(f"/proc/{name.rsplit('.', 1)[1].split('-')[0]}").exists()]


def said_removed(pair: Pair, party: str) -> int:
    """How many half-done files a node has told its operator that it removed."""
    lines = [line for line in (pair.folder / f"{party}.log").read_text().splitlines() if line.startswith("{")]
    told = [line for line in map(json.loads, lines) if line["event"] == "removed what was left half-done"]
    return sum(line["files"] for line in told)


def start_again(pair: Pair, party: str) -> None:
    """Start a node that was killed: it tells what it removes."""
    left, before = half_done(pair, party), said_removed(pair, party)
    pair.start(party)
    assert said_removed(pair, party) - before >= len(left), f"{party} does not tell that it removed {left}"
    assert not {*left} & {*half_done(pair, party)}


def waits(pair: Pair, party: str) -> None:
    """While a node is dead its outbox shows the operator all that waits."""
    waiting = {subject for (subject,) in rows(pair, party, "SELECT subject FROM outgoing")}
    shown = {row["subject"] for row in json.loads(pair.run(party, "outbox", "--json").stdout)["outbox"]}
    assert waiting <= shown, f"{party} does not show {waiting - shown}"


def test_kill_9_loses_nothing_and_doubles_nothing(
    pair: Pair, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    print(f"GSOMIA_SEED={SEED} GSOMIA_KILLS={KILLS}")
    chance = random.Random(SEED)
    document = tmp_path / "by-command"
    document.write_bytes(chance.randbytes(50_000))
    pair.start()
    officers = {party: Officer(pair, party, chance) for party in PARTIES}
    hit: Counter[tuple[str, str]] = Counter()
    time.sleep(1.5)
    # What a kill in the middle of a write leaves, so that even the shortest form has some.
    for party in PARTIES:
        (pair.folder / party / "items" / f".staging-begun.{DEAD}-0").write_bytes(b"begun")
    for number in range(KILLS):
        victim = ("node", "node", "officer", "command")[number % 4]
        party = chance.choice(PARTIES)
        if victim == "node":
            time.sleep(chance.uniform(0.0, 0.8))
            pair.kill(party)
            hit.update((victim, phase) for phase in phases_of(pair, party))
            if number % 40 == 0:
                waits(pair, party)
            if chance.random() < 0.3:  # both at once
                (other,) = set(PARTIES) - {party}
                pair.kill(other)
                start_again(pair, other)
            start_again(pair, party)
        elif victim == "officer":
            time.sleep(chance.uniform(0.0, 0.5))
            officers[party].kill()
            hit[victim, officers[party].phase()] += 1
            officers[party].start()
        else:
            command = pair.spawn(party, *pair.words(party, document))
            time.sleep(chance.uniform(0.3, 1.8))
            hit[victim, "transmit" if command.poll() is None else "nothing"] += 1
            command.kill()
            command.communicate()
    time.sleep(0.5)
    for officer in officers.values():
        officer.kill()
    pair.settle(120)
    told = pair.same_story()
    registers = {party: pair.register(party) for party in PARTIES}
    sent = {party: officers[party].done("sent") for party in PARTIES}
    for party in PARTIES:
        assert len(sent[party]) == len(set(sent[party]))
        lost = [copy for copy in sent[party] if copy not in registers[party]]
        assert lost == [], f"{party} reported {len(lost)} as sent that stand nowhere"
        receipted = {copy for copy, row in registers[party].items() if row["state"] == "receipted"}
        assert {*officers[party].done("receipted")} <= receipted
    states = {row["state"] for row in told}
    assert states <= {"delivered", "receipted"}, states
    assert len({row["item"][0] for row in told}) == len(told), "an item stands there twice"
    pair.holds()
    for party in PARTIES:
        home = pair.home(party)
        with home.node.store.reading() as reader:
            assert [r for r in reader.refused() if r.source != party] == []
            assert {item.id for item in reader.items()} <= {*home.node.blobs.names()}
        home.close()
    figures = f"{len(told)} documents, {sum(map(len, sent.values()))} reported, {KILLS} kills, 0 lost, 0 doubled"
    record_property("figures", figures)
    counts = ", ".join(f"{who} at {phase}: {count}" for (who, phase), count in sorted(hit.items()))
    record_property("phases", counts)
    print(figures)
    print(counts)
    if KILLS >= 100:
        assert {phase for _, phase in hit} >= PHASES, f"a phase was never hit: {counts}"
