"""What becomes of copies that were authorised: waited for, told, and turned into an exit status."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from gsomia.app import Home
from gsomia.cli.options import plain, print_json
from gsomia.errors import PendingError, RefusedError
from gsomia.node import Outgoing, Reader, instant, rung_rows
from gsomia.registry import Copy, CopyState

if TYPE_CHECKING:
    from gsomia.cli.address.remote import Remote

__all__ = [
    "copy_json",
    "copy_json_there",
    "follow",
    "follow_all",
    "follow_rows",
    "follow_there",
    "outcome",
    "outcome_there",
    "settled",
    "tell_there",
    "wait_option",
]

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
    against = _against(copy.control_number, copy.state, copy.instrument, copy.reason)
    if against is not None:
        return against
    if copy.state in _SETTLED:
        return None
    if copy.holder not in home.wired():
        hint = f"`gsomia parcel export DIR --to {copy.holder}` makes one"
        return PendingError(f"{copy.control_number} waits for a parcel to {copy.holder}", hint=hint)
    with home.node.store.reading() as reader:
        waiting = reader.outgoing(peer=copy.holder)
        why = _why(reader, copy, waiting, " by this machine's clock" if home.node.exercise else "")
    hint = f"it is sent again by itself; `gsomia outbox --now {copy.holder}` tries at once"
    return PendingError(f"{copy.control_number} waits for {copy.holder}: {why}", hint=hint)


def _why(reader: Reader, copy: Copy, waiting: Sequence[Outgoing], clock: str) -> str:
    """Why a copy waits: what was tried last for its peer, which may be another entry that stands before it."""
    if not waiting:
        return "the peer has not answered yet"
    first = waiting[0]
    tried = (
        f"{first.error}; next try {instant(first.next_at)}{clock}" if first.error else "the peer has not answered yet"
    )
    if first.subject == copy.id:
        return tried
    act, before = reader.act(first.subject), reader.copy(first.subject)
    name, at = first.kind, None
    if act is not None:
        name, at = f"act `{act.statement.type}`", act.statement.at
    elif before is not None:
        name, at = before.control_number, before.at
    since = f", waiting since {instant(at)}" if at is not None else ""
    return f"it stands behind {name}{since}, tried {first.attempts} times: {tried}"


def follow_there(remote: Remote, copies: Sequence[str], wait: float) -> list[dict[str, Any]]:
    """Copies at a node that is reached by its address, as they stand once settled, or when the wait is over.

    Args:
        remote: the node.
        copies: their ids.
        wait: at most so many seconds.
    """

    def look(left: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {row["copy"]: row for copy in left for row in remote.get(f"copies/{copy}")["copies"]}

    return follow_rows(look, copies, wait)


def follow_rows(
    look: Callable[[Sequence[str]], Mapping[str, dict[str, Any]]], copies: Sequence[str], wait: float
) -> list[dict[str, Any]]:
    """What is told of copies once they are settled, or when the wait is over.

    Args:
        look: asks for copies, by their ids.
        copies: the ids.
        wait: at most so many seconds.
    """
    deadline = time.monotonic() + wait
    rows: dict[str, dict[str, Any]] = {}
    pause = 0.1
    while True:
        left = [copy for copy in copies if rows.get(copy, {}).get("state") not in _SETTLED]
        told = look(left) if left else {}
        rows |= {copy: told[copy] for copy in left}
        if all(row["state"] in _SETTLED for row in rows.values()) or time.monotonic() >= deadline:
            return [rows[copy] for copy in copies]
        time.sleep(min(pause, max(0.0, deadline - time.monotonic())))
        pause = min(2 * pause, 2.0)


def outcome_there(row: Mapping[str, Any]) -> PendingError | RefusedError | None:
    """What the state of a copy at another node means for the exit status."""
    if row["state"] not in _SETTLED:
        text = f"{row['control_number']} waits for {row['to']}"
        return PendingError(text, hint="the node sends it by itself; `gsomia outbox` says what keeps it")
    return _against(row["control_number"], row["state"], row["instrument"], row["reason"])


def tell_there(rows: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Say what became of copies at another node; a refusal counts before a wait.

    Raises:
        RefusedError, PendingError: one was refused, or is still on its way.
    """
    for row in rows:
        if as_json:
            print_json("copy", copy_json_there(row))
        else:
            click.echo(plain(f"{row['control_number']}  {row['state']}  {row['copy']}"))
    errors = [error for row in rows if (error := outcome_there(row)) is not None]
    if errors:
        raise min(errors, key=lambda one: isinstance(one, PendingError))


def _against(number: str, state: str, instrument: str, reason: str) -> RefusedError | None:
    if state not in (CopyState.REFUSED, CopyState.REJECTED):
        return None
    ground = {"effect": "refuse", "instrument": instrument, "article": "", "text": reason}
    return RefusedError(f"{number}: {state}", verdict={"outcome": "refuse", "grounds": [ground]})


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
        "rungs": rung_rows(copy),
    }


def copy_json_there(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a line of another node's register."""
    same = (
        "copy", "item", "control_number", "number", "state", "instrument", "via", "destination", "custodian",
        "own_mark", "origin_mark", "reason",
    )  # fmt: skip
    told = {name: row[name] for name in same}
    return told | {"giver": row["from"], "holder": row["to"], "rungs": row["rung_acts"]}
