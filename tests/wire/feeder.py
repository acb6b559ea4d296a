"""An officer at work in a process of its own, to be killed at any moment: transmits, marks and receipts without end.

feeder.py FOLDER PARTY OTHER SEED; prints `sent COPY` or `receipted COPY` once each is done, and before each what it is
about to do: `doing transmit`, `doing mark`, `doing receipt`, and `doing nothing` between them.
"""

from __future__ import annotations

import io
import random
import sys
import time
from pathlib import Path

from gsomia.app import Home
from gsomia.errors import GsomiaError
from gsomia.node import Role, Sending, mark, receipt, transmit
from gsomia.registry import CopyState

MARKS = {"JPN": "極秘", "KOR": "군사II급비밀"}
SIZES = (0, 100, 20_000, 400_000)
WAITING = 200
"""The officer transmits nothing more while so much waits in the outbox."""


def say(*words: object) -> None:
    """Say something in one piece: killed in the middle of a line, it would have said what it never did."""
    sys.stdout.write(f"{' '.join(map(str, words))}\n")
    sys.stdout.flush()


def main() -> None:
    """Work until killed, or until stdin ends."""
    folder, party, other, seed = sys.argv[1:]
    chance = random.Random(int(seed))
    home = Home(Path(folder))
    disclosure, registry = home.acting("", Role.DISCLOSURE), home.acting("", Role.REGISTRY)
    sending = Sending(to=other, level=MARKS[party], subject="dprk-missile", purpose="defence", title="report")
    while True:
        say("doing nothing")
        time.sleep(chance.uniform(0, 0.2))
        try:
            with home.node.store.reading() as reader:
                waiting = len(reader.outgoing())
            if waiting < WAITING:
                document = io.BytesIO(chance.randbytes(chance.choice(SIZES)))
                say("doing transmit")
                say("sent", transmit(home.node, document, sending, by=disclosure).id)
            with home.node.store.reading() as reader:
                here = [c for c in reader.copies(states=[CopyState.DELIVERED]) if c.holder == party]
            for copy in here[:2]:
                if not copy.own_mark:
                    say("doing mark")
                    mark(home.node, copy.id, MARKS[party], by=registry)
                say("doing receipt")
                receipt(home.node, copy.id, by=registry)
                say("receipted", copy.id)
        except GsomiaError as error:
            say("failed", error)


if __name__ == "__main__":
    main()
