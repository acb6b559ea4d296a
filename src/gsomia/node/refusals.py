"""What was refused of a peer's, kept for people to see."""

from __future__ import annotations

from gsomia.errors import GsomiaError
from gsomia.node.node import Node
from gsomia.node.ports import Peer, Refused

__all__ = ["keep_refused", "why_of"]

WHY_CHARACTERS = 1000
"""At most so much of a reason is told and kept."""


def keep_refused(node: Node, peer: Peer, what: str, error: Exception) -> None:
    """Keep for people to see that something of a peer's was refused."""
    with node.store.writing() as tx:
        tx.put_refused(Refused(at=node.clock.now(), source=peer.party, what=what, why=why_of(error)))


def why_of(error: Exception) -> str:
    """A reason as it is told and kept; a peer's own words may stand in it, so it has an end."""
    text = str(error) if isinstance(error, GsomiaError) else f"it cannot be understood: {type(error).__name__}: {error}"
    return text[:WHY_CHARACTERS].encode("utf-8", "backslashreplace").decode()
