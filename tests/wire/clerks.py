"""Officers of one Party at work in a process of their own, to be killed at any moment.

clerks.py FOLDER PARTY SEED QUOTA; prints `sent COPY` once a document of its own is authorised, `released COPY` once one
was handed on, and works until its Party's register holds QUOTA documents of its own; then it only receives.
"""

from __future__ import annotations

import io
import random
import sys
import time
from pathlib import Path

from feeder import say

from gsomia.app import Home
from gsomia.errors import GsomiaError
from gsomia.node import Acting, Role, Sending, mark, receipt, release, transmit_many
from gsomia.registry import Copy, CopyState, Direction

MARKS = {"JPN": "極秘", "KOR": "군사II급비밀", "USA": "SECRET"}
SIZES = (0, 100, 3_000, 10_000, 10_000, 300_000)
HUB = "USA"
WAITING = 200
"""The officers stop while so much waits in the outbox."""


def give(home: Home, party: str, chance: random.Random, by: Acting, left: int) -> None:
    """Authorise some documents, each for one of the others; more than half of those that can go through the hub do."""
    documents = []
    for _ in range(min(left, chance.randrange(1, 17))):
        to = chance.choice([other for other in MARKS if other != party])
        via = (HUB,) if HUB not in (party, to) and chance.random() < 0.6 else ()
        sending = Sending(to=to, via=via, level=MARKS[party], subject="dprk-missile", purpose="defence", title="report")
        documents.append((io.BytesIO(chance.randbytes(chance.choice(SIZES))), sending))
    for outcome in transmit_many(home.node, documents, by=by):
        say(*(("sent", outcome.id) if isinstance(outcome, Copy) else ("failed", outcome)))


def take(home: Home, party: str, chance: random.Random) -> None:
    """Mark and hand on what goes on from here; mark and receipt some of the rest."""
    registry, disclosure = home.acting("", Role.REGISTRY), home.acting("", Role.DISCLOSURE)
    with home.node.store.reading() as reader:
        copies = reader.copies()
    given = {copy.item for copy in copies if copy.direction is Direction.SENT}
    here = [copy for copy in copies if copy.holder == party and copy.state is CopyState.DELIVERED]
    passing = [copy for copy in here if copy.destination != party and copy.item not in given]
    for copy in (*passing[:16], *(copy for copy in here[:4] if copy.destination == party and chance.random() < 0.2)):
        if not copy.own_mark:
            mark(home.node, copy.id, MARKS[party], by=registry)
        if copy.destination == party:
            receipt(home.node, copy.id, by=registry)
        else:
            say("released", release(home.node, copy.id, copy.destination, by=disclosure).id)


def main() -> None:
    """Work until killed."""
    folder, party, seed, quota = sys.argv[1:]
    chance = random.Random(int(seed))
    home = Home(Path(folder))
    by = home.acting("", Role.DISCLOSURE)
    while True:
        try:
            with home.node.store.reading() as reader:
                left = int(quota) - sum(1 for item in reader.items() if item.originator == party)
                waiting = len(reader.outgoing())
            if left > 0 and waiting < WAITING:
                give(home, party, chance, by, left)
            take(home, party, chance)
        except GsomiaError as error:
            say("failed", error)
        time.sleep(chance.uniform(0, 0.3))


if __name__ == "__main__":
    main()
