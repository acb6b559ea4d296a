"""Where the records of two Parties differ: what one has entered alone, and what contradicts (protocol 4).

Both nodes must say the same of it. So everything here rests on instants that were signed: when an entry was made by its
own Party's clock, and never when word of it came.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from gsomia.agreement import LegalAct, Record, state_at, unlike
from gsomia.node.acts.signed import instant
from gsomia.node.check import Check
from gsomia.node.facts.asserted import Case
from gsomia.node.node import Node
from gsomia.node.record.store_port import Reader

__all__ = ["DISPUTES", "Difference", "check_disputes", "differences", "disputed_readings", "open_after"]

DISPUTES = "records of the Parties"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One legal act that stands otherwise in two Parties' records.

    Args:
        peer: whose report differs from this Party's own record.
        own, theirs: the two entries; None where there is none.
    """

    peer: str
    own: LegalAct | None
    theirs: LegalAct | None

    @property
    def act(self) -> LegalAct:
        """The act, as the one or the other has it."""
        found = self.own or self.theirs
        assert found is not None  # a difference has at least one side
        return found

    @property
    def state(self) -> str:
        """`reported`: the one has entered it, the other not yet. `disputed`: the two entries contradict."""
        return "disputed" if self.own is not None and self.theirs is not None else "reported"


def differences(node: Node, reader: Reader, name: str = "") -> list[Difference]:
    """Where this Party's own record and its peers' reports differ, and no act of both has closed it (Article 20).

    Args:
        node: whose record.
        reader: its store.
        name: of one instrument; "" for all.
    """
    own: dict[str, tuple[LegalAct, tuple[str, ...]]] = {}
    reported: dict[str, dict[str, LegalAct]] = {}
    for entered in reader.record():
        act = reader.act(entered.act)
        if act is None or name not in ("", entered.legal.under):
            continue
        legal = replace(entered.legal, known_at=act.statement.at)
        if entered.entered_by == node.party:
            own[legal.id] = legal, act.statement.parties
        else:
            reported.setdefault(entered.entered_by, {})[legal.id] = legal
    found = []
    for peer in sorted({*reported, *(party for _, told in own.values() for party in told)}):
        theirs = reported.get(peer, {})
        # What the peer was never told of, such as what was entered before it was enrolled, is no difference.
        mine = [legal for key, (legal, told) in own.items() if peer in told or key in theirs]
        for instrument in sorted({legal.under for legal in (*mine, *theirs.values())}):
            sides = unlike(Record(mine), Record(theirs.values()), instrument)
            found += [Difference(peer=peer, own=one, theirs=other) for one, other in sides]
    return found


def open_after(node: Node, reader: Reader, settling: LegalAct) -> Iterator[tuple[LegalAct, datetime]]:
    """What a `settle-dispute` would leave open: entries made, or taking effect, after the instant from which it counts.

    Args:
        node: whose record.
        reader: its store.
        settling: the act, before it is entered.

    Returns:
        Each entry, and the instant that it must not be before.
    """
    for found in differences(node, reader, settling.under):
        if found.act.id == settling.id:
            continue
        for entry in (found.own, found.theirs):
            if entry is not None and (last := max(entry.at, entry.known_at or entry.at)) > settling.at:
                yield entry, last


def disputed_readings(node: Node, reader: Reader, at: datetime) -> dict[str, dict[str, str]]:
    """The adopted agreements whose Parties' readings give different states at an instant, each with the views."""
    case = Case.of(node, reader)
    states = {name: state_at(agreement, case.record, at) for name, agreement in case.law.agreements.items()}
    return {name: found.views for name, found in states.items() if found.disputed}


def check_disputes(node: Node, reader: Reader) -> Check:
    """Open disputes and reports, told beside the checks of a node; they change no protection (Article 20.2)."""
    words = [
        f"{found.state}: `{found.act.id}`, {node.party} {_entry(found.own)}, {found.peer} {_entry(found.theirs)}"
        for found in differences(node, reader)
    ]
    for name, views in disputed_readings(node, reader, node.clock.now()).items():
        words.append(f"disputed: `{name}`, {', '.join(f'{party} reads it as {view}' for party, view in views.items())}")
    return Check(name=DISPUTES, counted=len(reader.record()), remark="; ".join(words))


def _entry(act: LegalAct | None) -> str:
    return f"has {act.act} by {act.by} of {instant(act.at)} ({act.form})" if act is not None else "has no entry"
