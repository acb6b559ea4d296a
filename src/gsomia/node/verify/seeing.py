"""A scratch register for acts that are applied once more, in which the acts before each are seen as they were then."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gsomia.node.acts.signed import SignedAct, Statement
from gsomia.node.record.store_port import Writer

__all__ = ["Seeing"]

_LOOKED_AT = frozenset({"recall", "answer-recall", "reproduce", "translate", "notify-regrade", "regrade"})
"""The types of acts on an item whose effects look at earlier ones; of the others a register keeps what they say."""


class Seeing:
    """A scratch register, with any act to be looked up by its id, and of some types those that came before.

    Args:
        tx: the open transaction of the scratch register.
        act: finds an act by its id, one that comes later too.
        before: the acts seen until now, by item; kept by the caller over several transactions.
    """

    def __init__(self, tx: Writer, act: Callable[[str], SignedAct | None], before: dict[str, list[SignedAct]]) -> None:
        self._tx = tx
        self.act = act
        self._before = before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def acts(self, *, types: Sequence[str] = (), item: str = "") -> Iterator[SignedAct]:
        """The acts until now, of types whose effects look at them; else those that the scratch register keeps."""
        if not types or not _LOOKED_AT.issuperset(types):
            return self._tx.acts(types=types, item=item)
        return iter([act for act in self._before.get(item, ()) if act.statement.type in types])

    def see(self, statement: Statement) -> None:
        """Let an act be seen by its own effects and by those of later ones."""
        if statement.type in _LOOKED_AT and (act := self.act(statement.id)) is not None:
            self._before.setdefault(statement.item, []).append(act)
