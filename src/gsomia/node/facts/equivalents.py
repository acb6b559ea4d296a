"""Whether the mark that a Party puts on another's item is the equivalent of the originator's, or higher (Article 4.2).

A Party's own node asks the agreement before it marks. This is what the other nodes ask of a mark that they are told.
"""

from __future__ import annotations

from gsomia.agreement import RANKS
from gsomia.node.facts.asserted import Case

__all__ = ["mark_fault"]


def mark_fault(case: Case, *, originator: str, level: str, party: str, mark: str) -> str:
    """What is wrong with a Party's mark on an item of another's; "" where it is the equivalent, or higher.

    Args:
        case: the agreements as adopted here.
        originator, level: whose item it is, and the originator's mark.
        party, mark: who marked it, and how.
    """
    if not mark:
        return f"`{party}` has not marked it (Article 4.2)"
    agreements = [a for a in case.law.agreements.values() if party in a.parties]
    if any(mark in a.equivalents(level, originator, party) for a in agreements if originator in a.parties):
        return ""
    known = [found.rank for a in agreements if (found := a.level(party, mark)) is not None]
    theirs = [
        found.rank
        for a in case.law.agreements.values()
        if originator in a.parties and (found := a.level(originator, level)) is not None
    ]
    if not known:
        return f"`{mark}` is no mark of `{party}` by the agreements adopted here"
    if min(known) < max(theirs, default=max(RANKS.values())):
        return f"`{party}` marked it `{mark}`, lower than `{level}` of `{originator}`"
    return ""
