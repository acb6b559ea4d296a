"""Acts that were prepared and wait for signatures, and what is kept for each until it is entered or over."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from gsomia.node import Acting, Batch, Node, Officer, Prepared, instant
from gsomia.passkeys import Passkey, b64url, challenge

__all__ = ["Kept", "Preparation", "Preparations"]

_EACH = 32
"""So many acts that one officer prepared wait at a time; the oldest of these gives way."""
_KEEPING = 3
"""The same of those for which a document is kept, in memory or sealed."""


class Kept(Protocol):
    """An act whose use case needs more than its words and the node, from its preparation until it is entered."""

    @property
    def keeps(self) -> bool:
        """Whether a document is kept for it, in memory or sealed."""
        ...

    def do(self, node: Node, by: tuple[Acting, ...]) -> object:
        """Run the use case."""
        ...

    def finish(self) -> None:
        """The act is entered."""
        ...

    def discard(self, node: Node) -> None:
        """It is not, and will not be."""
        ...


@dataclass
class Preparation:
    """An act that waits for its officers' signatures."""

    id: str
    caller: str
    wanted: Any
    officers: tuple[Officer, ...]
    prepared: Prepared
    until: datetime
    kept: Kept | None = None
    ended: bool = False
    signatures: dict[str, dict[int, Mapping[str, bytes]]] = field(default_factory=dict)
    turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def keeps(self) -> bool:
        """Whether a document is kept for it."""
        return self.kept is not None and self.kept.keeps

    def batch(self, officer: Officer, place: int) -> Batch | None:
        """The batch at a place, where an officer is among those who sign it."""
        found = self.prepared.batches[place : place + 1]
        return found[0] if found and found[0].signed_by(officer.key) else None

    def left(self, officer: Officer) -> list[int]:
        """The places of the batches that an officer has yet to sign."""
        signed = self.signatures.get(officer.id, {})
        batches = enumerate(self.prepared.batches)
        return [place for place, batch in batches if place not in signed and batch.signed_by(officer.key)]

    @property
    def signed(self) -> bool:
        """Whether every officer has signed every batch that is theirs."""
        return not any(self.left(officer) for officer in self.officers)

    def end(self, node: Node) -> None:
        """It waits no more: what was sealed for it goes, unless it was entered."""
        with self.turn:
            self.ended = True
            if self.kept is not None:
                self.kept.discard(node)

    def told(self, status: str) -> dict[str, Any]:
        """What officers must see before they sign: the statements as they stand."""
        prepared = self.prepared
        return {
            "id": self.id,
            "status": status,
            "act": self.wanted.act,
            "until": instant(self.until),
            "statements": [statement.to_bytes().decode() for statement in prepared.statements],
            "acts": [statement.id for statement in prepared.statements],
            "batches": [len(batch.statements) for batch in prepared.batches],
            "officers": [self._officer(one) for one in self.officers],
        }

    def _officer(self, officer: Officer) -> dict[str, Any]:
        """An officer who is to sign, and of a passkey what the browser must be asked for next."""
        left = self.left(officer)
        told: dict[str, Any] = {"officer": officer.id, "signed": not left, "left": left}
        if not isinstance(officer.key, Passkey):
            return told
        batches = self.prepared.batches
        due = challenge(batches[left[0] if left else 0].signed)
        return {
            **told,
            "passkey": {"credential": b64url(officer.key.credential), "rp": officer.key.rp, "challenge": due},
        }


class Preparations:
    """What waits, in memory alone: it lasts for minutes, and nothing of it is entered before the last signature.

    What is lost with the process is prepared again; signatures over it are none over anything else.

    Args:
        node: where it was prepared.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._turn = threading.Lock()
        self._waiting: OrderedDict[str, Preparation] = OrderedDict()

    def put(self, one: Preparation) -> None:
        """Keep one; the oldest of its officer's end where they are too many."""
        self.sweep()
        with self._turn:
            own = [name for name, waiting in self._waiting.items() if waiting.caller == one.caller]
            keeping = [name for name in own if one.keeps and self._waiting[name].keeps]
            many = {*own[: max(0, len(own) - _EACH + 1)], *keeping[: max(0, len(keeping) - _KEEPING + 1)]}
            ended = [self._waiting.pop(name) for name in many]
            self._waiting[one.id] = one
        for waiting in ended:
            waiting.end(self._node)

    def find(self, name: str, officer: str) -> Preparation | None:
        """What waits for an officer's signature under a name."""
        self.sweep()
        with self._turn:
            found = self._waiting.get(name)
        if found is None or found.ended or officer not in {one.id for one in found.officers}:
            return None
        return found

    def sweep(self) -> None:
        """End what is over."""
        now = self._node.clock.machine()
        with self._turn:
            over = [waiting for waiting in self._waiting.values() if waiting.until < now]
            for waiting in over:
                del self._waiting[waiting.id]
        for waiting in over:
            waiting.end(self._node)
