"""How soon a recall is enforced by a connected peer's node: from the officer's act until it opens the item no more."""

from __future__ import annotations

import io
import statistics
import time

from bench.measure import Result
from gsomia.app import Home
from gsomia.errors import NodeError
from gsomia.node import PersonDetails, Role, Sending, ask_open, enter_person, recall, transmit

__all__ = ["recall_seconds"]

_SENDING = Sending(to="KOR", level="秘", subject="dprk-missile", purpose="defence", title="EXERCISE bench")
_PERSON = PersonDetails(id="reader", clearance="SECRET", needs=("dprk-missile",), rosters=("main",))
_PROMISE = 1.0
"""A recall reaches a connected peer's enforcement within so many seconds."""


def recall_seconds(sender: Home, recipient: Home, rounds: int) -> Result:
    """The median of some recalls, each of a document that the recipient's reader might have opened until then.

    Args:
        sender, recipient: two nodes that run.
        rounds: how many documents are recalled, one after another.
    """
    enter_person(recipient.node, _PERSON, by=recipient.acting("", Role.SECURITY))
    by = sender.acting("", Role.DISCLOSURE)
    seconds = []
    for _ in range(rounds):
        copy = transmit(sender.node, io.BytesIO(b"EXERCISE"), _SENDING, by=by)
        _wait_for(recipient, copy.item, "permit")
        recall(sender.node, copy.item, "EXERCISE", by=by)
        seconds.append(_wait_for(recipient, copy.item, "refuse"))
    value = statistics.median(seconds)
    return Result(
        name="exchange.recall",
        value=value,
        unit="s",
        baseline="the promise of 1 s",
        baseline_value=_PROMISE,
        ratio=value / _PROMISE,
    )


def _wait_for(home: Home, item: str, outcome: str) -> float:
    """Seconds until the node's answer to its reader is this one."""
    began = time.perf_counter()
    while (waited := time.perf_counter() - began) < 60:
        with home.node.store.reading() as reader:
            if reader.find(item) and ask_open(home.node, reader, item, _PERSON.id)[2].outcome == outcome:
                return waited
        time.sleep(0.002)
    raise NodeError(f"after 60 s the answer for item `{item}` is not `{outcome}`")
