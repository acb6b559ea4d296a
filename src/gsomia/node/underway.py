"""Items under way when what they rest on ends: stopped at once, and everybody who knows of them is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gsomia.node.acts import SignedAct
from gsomia.node.leaving import Stop, authority_of, stop_copies
from gsomia.node.node import Node
from gsomia.node.ports import Writer
from gsomia.node.refusals import keep
from gsomia.node.releasing import ask_release, hold_up, refresh
from gsomia.node.stored import Refused
from gsomia.registry import Copy, CopyState

__all__ = ["stop_withdrawn"]

_WAITING = (CopyState.AUTHORISED, CopyState.OFFERED)
"""The states of a copy that has not left: one that has is asked about before anything else is done with it."""


def stop_withdrawn(node: Node, tx: Writer, acts: Sequence[SignedAct], at: datetime) -> None:
    """Stop what waits here and rests on a consent that one of these acts takes back; keep notices of stops for people.

    What goes by another consent goes on. What only lies here on its way through is held up, and its originator told.

    Args:
        node: who recorded the acts.
        tx: the open transaction.
        acts: those just recorded, one's own or a peer's.
        at: the instant.
    """
    for act in acts:
        said = act.statement
        if said.type == "revoke-consent":
            _stop(node, tx, said.item, at)
        elif said.type == "stop" and said.party != node.party:
            what = f"copy {said.copy} to {said.body['to']}"
            keep(
                node,
                tx,
                Refused(at=at, source=said.party, what=what, why=f"stopped by {said.party}: {said.body['why']}"),
            )


def _stop(node: Node, tx: Writer, name: str, at: datetime) -> None:
    item, copies = tx.item(name), tx.copies(item=name)
    if item is None:
        return
    stops: list[Stop] = []
    for copy in copies:
        if copy.giver == node.party and copy.state in _WAITING:
            met = tuple(authority_of(tx, copy).statement.body["met"])
            _, verdict = refresh(node, tx, copy, item, met, at)
            if verdict.outcome != "permit":
                stops.append(Stop.own(copy, verdict))
    stop_copies(node, tx, stops, at)
    for held in copies:
        if held.holder == node.party != held.destination and not _handed_on(node, copies, held.destination):
            verdict, _, carrying = ask_release(node, tx, held, item, held.destination, at=at)
            against = next((one for one in (verdict, carrying) if one is not None and one.outcome != "permit"), None)
            if against is not None:
                hold_up(node, tx, held, item, against, at, to=held.destination)


def _handed_on(node: Node, copies: Sequence[Copy], to: str) -> bool:
    return any((copy.giver, copy.holder) == (node.party, to) for copy in copies)
