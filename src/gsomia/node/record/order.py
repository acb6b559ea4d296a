"""A standing order: what a registry officer has settled beforehand about marking and receipting what comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gsomia.registry import Copy, Item, Rung

__all__ = ["StandingOrder"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingOrder:
    """By which a holder's node marks and receipts copies itself, as its officer ordered (protocol 8, Article 4.2).

    Args:
        id: the act's that gives it.
        party: whose officer gave it, and whose node acts by it.
        giver: whose own items it is about.
        instrument: under which they come.
        marks: pairs of the giver's mark and the own mark that is put beside it.
        subjects: of which it is; () for every one.
        key: the fingerprint of the officer's key that signed it; the order ends with that key, where it is retired or
            declared compromised.
        at, until: from when and to when it stands.
        ended_at: when an officer ended it before that; None where none did.
        ended_by: the act that did, or "".
    """

    id: str
    party: str
    giver: str
    instrument: str
    marks: tuple[tuple[str, str], ...]
    subjects: tuple[str, ...]
    key: str
    at: datetime
    until: datetime
    ended_at: datetime | None = None
    ended_by: str = ""

    def stands(self, at: datetime) -> bool:
        """Whether it stands at an instant."""
        return self.at <= at < self.until and (self.ended_at is None or at < self.ended_at)

    def own_mark(self, foreign: str) -> str:
        """The own mark for a mark of the giver's, or "" where an officer is to look."""
        return dict(self.marks).get(foreign, "")

    def against(self, copy: Copy, item: Item, foreign: str, at: datetime) -> str:
        """Why it does not cover a copy, or "" where it does.

        Args:
            copy: at its holder's.
            item: what it is a copy of.
            foreign: the originator's mark as it stands.
            at: the instant of the act that would rest on the order.
        """
        if not self.stands(at):
            return "it does not stand at that instant"
        delivered = copy.rung(Rung.DELIVERED)
        if delivered is None or delivered.at != at:
            return "by an order a copy is marked and receipted as it is delivered, and not later"
        if (copy.holder, copy.giver, copy.instrument) != (self.party, self.giver, self.instrument):
            return f"it is about what `{self.giver}` gives `{self.party}` under `{self.instrument}`"
        if item.originator != self.giver or {*item.contains} != {self.giver} or copy.destination != self.party:
            return f"it is about what is `{self.giver}`'s own and stays with `{self.party}`"
        if self.subjects and item.subject not in self.subjects:
            return f"it is not about `{item.subject}`"
        if not self.own_mark(foreign):
            return f"it says no mark for `{foreign}`"
        return ""
