"""Nodes that are compared, and what is lost between them."""

from __future__ import annotations

from stories import Stage, finish, forget

from gsomia.node import Reconciled, reconcile
from gsomia.testing import Exercise, Player

__all__ = ["OTHER", "found", "kinds", "lose", "three_items"]

OTHER = {"JPN": "KOR", "KOR": "JPN"}


def three_items(stage: Stage) -> Exercise:
    """Two nodes, and three items of Japan's of which Korea has receipted two."""
    made = stage()
    copies = [made["JPN"].transmit(text, to="KOR", level="極秘") for text in (b"one", b"two", b"three")]
    made.settle()
    for copy in copies[:2]:
        finish(made["KOR"], copy.id)
    made.settle()
    return made


def found(exercise: Exercise, party: str, peer: str = "") -> Reconciled:
    """What a node finds that differs from a peer, by default the other of two."""
    return reconcile(exercise[party].node, peer or OTHER[party])


def kinds(result: Reconciled) -> set[tuple[str, str]]:
    """What differs: kind and subject."""
    return {(one.kind, one.subject) for one in result.discrepancies}


def lose(player: Player) -> int:
    """What waits in a node's outbox is lost with the courier."""
    return forget(player, "DELETE FROM outgoing")
