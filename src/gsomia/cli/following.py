"""What becomes of copies that were authorised: waited for, told, and turned into an exit status."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import click

from gsomia.app import Home
from gsomia.cli.options import print_json
from gsomia.errors import PendingError, RefusedError
from gsomia.node import instant
from gsomia.registry import Copy, CopyState

__all__ = ["copy_json", "follow", "follow_all", "outcome", "settled", "wait_option"]

wait_option = click.option(
    "--wait", default=10.0, show_default=True, help="Seconds to wait for the peer's answer; 0 returns at once."
)


def follow_all(home: Home, copies: Sequence[Copy], wait: float, as_json: bool) -> None:
    """Follow each copy; what became of one hides nothing of the others, and a refusal counts before a wait."""
    errors: list[PendingError | RefusedError] = []
    for copy in copies:
        try:
            follow(home, copy, wait, as_json)
        except (PendingError, RefusedError) as error:
            errors.append(error)
    if errors:
        raise min(errors, key=lambda one: isinstance(one, PendingError))


def follow(home: Home, copy: Copy, wait: float, as_json: bool) -> None:
    """Say what became of a copy: delivered, refused by the peer, or still on its way (exit 6)."""
    (now,) = settled(home, [copy], wait)
    if as_json:
        print_json("copy", copy_json(now))
    else:
        click.echo(f"{now.control_number}  {now.state}  {now.id}")
    error = outcome(home, now)
    if error is not None:
        raise error


_SETTLED = (CopyState.REFUSED, CopyState.REJECTED, CopyState.DELIVERED, CopyState.RECEIPTED, CopyState.OPENED)


def settled(home: Home, copies: Sequence[Copy], wait: float) -> list[Copy]:
    """Copies as they stand once their holders' nodes have answered, or the wait is over.

    Args:
        home: the giver's node.
        copies: which.
        wait: at most so many seconds; none for those that go by parcel, or whose peer cannot be reached.
    """
    deadline = time.monotonic() + wait
    wired = {*home.wired()}
    faults = home.deliver() if wait else []
    now = {copy.id: copy for copy in copies}
    while True:
        with home.node.store.reading() as reader:
            for copy in copies:
                if now[copy.id].state not in _SETTLED:
                    now[copy.id] = reader.copy(copy.id) or copy
        waiting = [copy for copy in now.values() if copy.state not in _SETTLED and copy.holder in wired]
        if not waiting or faults or time.monotonic() >= deadline:
            return [now[copy.id] for copy in copies]
        time.sleep(0.05)


def outcome(home: Home, copy: Copy) -> PendingError | RefusedError | None:
    """What a copy's state means for the exit status: a refusal, a wait, or nothing."""
    if copy.state in (CopyState.REFUSED, CopyState.REJECTED):
        ground = {"effect": "refuse", "instrument": copy.instrument, "article": "", "text": copy.reason}
        return RefusedError(f"{copy.control_number}: {copy.state}", verdict={"outcome": "refuse", "grounds": [ground]})
    if copy.state in _SETTLED:
        return None
    if copy.holder not in home.wired():
        hint = f"`gsomia parcel export DIR --to {copy.holder}` makes one"
        return PendingError(f"{copy.control_number} waits for a parcel to {copy.holder}", hint=hint)
    with home.node.store.reading() as reader:
        waiting = reader.outgoing(peer=copy.holder)
    why = next((entry.error for entry in waiting if entry.error), "the peer has not answered yet")
    return PendingError(f"{copy.control_number} waits for {copy.holder}: {why}", hint="it is sent again by itself")


def copy_json(copy: Copy) -> dict[str, Any]:
    """A copy for programs."""
    return {
        "copy": copy.id,
        "item": copy.item,
        "control_number": copy.control_number,
        "number": copy.number,
        "state": copy.state.value,
        "instrument": copy.instrument,
        "giver": copy.giver,
        "holder": copy.holder,
        "via": list(copy.via),
        "destination": copy.destination,
        "custodian": copy.custodian,
        "own_mark": copy.own_mark,
        "origin_mark": copy.origin_mark,
        "reason": copy.reason,
        "rungs": [{"rung": r.rung.value, "act": r.act, "party": r.party, "at": instant(r.at)} for r in copy.rungs],
    }
