"""The ways in which a request could be carried: one instrument, an arrangement with its legs, or a chain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from gsomia.agreement import LEGAL_ACTS, Record, courses_of
from gsomia.verdict.attributes import giver, receiver
from gsomia.verdict.facts import Item, Request
from gsomia.verdict.law import Law, Sheet
from gsomia.verdict.reasons import PASSING_ACTS

__all__ = ["Leg", "candidates", "governing", "through_hub"]


@dataclass(frozen=True, slots=True)
class Leg:
    """One instrument asked about one part of the way."""

    sheet: Sheet
    request: Request


def candidates(law: Law, q: Request) -> list[tuple[Leg, ...]]:
    """The ways in which a request could be carried, each a list of legs of which the first names the instrument."""
    if q.under is not None:
        sheet = law.sheets.get(q.under)
        legs = _legs(law, sheet, q) if sheet is not None else ()
        return [legs] if legs else []
    if q.act in LEGAL_ACTS:
        return []
    one, other = giver(q), receiver(q)
    if q.act in PASSING_ACTS:
        found = [_legs(law, sheet, q) for sheet in law.between(one, other)] if not q.via else []
        arranged = [_legs(law, s, q) for s in law.arrangements if {one, other} <= s.agreement.party_set]
        found += [legs for legs in arranged if legs]
        if q.via and q.act != "warn":
            chain = _chain(law, q)
            found += [chain] if chain else []
        return found
    if q.act == "notify-law-change":
        sheets = law.between(q.by, q.to) if q.to else law.of(q.by)
    elif q.act == "report-loss" and q.item is not None and q.item.originator != q.by:
        sheets = law.between(q.by, q.item.originator)
    else:
        sheets = law.between(q.by, q.to or (q.item.originator if q.item else ""))
    return [(Leg(sheet, q),) for sheet in sheets]


def _legs(law: Law, sheet: Sheet, q: Request) -> tuple[Leg, ...]:
    """The instrument itself, then for an arrangement the legs that it rests on; () where a leg is not applied here."""
    agreement = sheet.agreement
    own = Leg(sheet, q)
    if not agreement.hub or q.act in ("warn", "mark", "visit", "notify-law-change") or q.act in LEGAL_ACTS:
        return (own,)
    hub = agreement.hub
    legs = [law.sheets[name] for name in agreement.legs if name in law.sheets]

    def leg(one: str, other: str) -> Sheet | None:
        return next((s for s in legs if {one, other} <= s.agreement.party_set and one != other), None)

    if q.act in PASSING_ACTS:
        one, other = giver(q), receiver(q)
        if q.act == "accept":
            one = q.item.originator if q.item is not None else ""
        pairs = [pair for pair in pairwise((one, hub, other)) if pair[0] != pair[1]]
    elif q.act == "release":
        pairs = [(q.by, q.to or "")] if q.by == hub else []
    else:
        return _under_leg(law, own, hub, q, leg)
    found = [(leg(here, there), here, there) for here, there in pairs]
    if not agreement.legs or not {here for _, here, _ in found} <= agreement.party_set:
        return (own,)
    handed = [Leg(s, _handed(law, q, here, there)) for s, here, there in found if s is not None]
    return (own, *handed) if len(handed) == len(found) else ()


def _under_leg(law: Law, own: Leg, hub: str, q: Request, leg: Callable[[str, str], Sheet | None]) -> tuple[Leg, ...]:
    """Handling what came through the hub: the agreement between its holder and the hub governs."""
    if q.item is None:
        return ()
    found = leg(q.by, hub) or leg(q.by, q.item.originator)
    if found is None:
        return ()
    if q.by == hub or q.item.originator in found.agreement.party_set:
        return (own, Leg(found, q))
    # There the item bears the hub's mark as well.
    handed = _handed(law, q, hub, q.by).item or q.item
    return (own, Leg(found, replace(q, item=replace(handed, contains=(*handed.contains, hub)))))


def _handed(law: Law, q: Request, one: str, other: str) -> Request:
    """The request of one leg: from one Party straight to the next, with the mark that the item bears there."""
    act = "transmit" if q.act == "release" else q.act
    item = q.item
    if item is not None and item.originator != one:
        # On a later leg the item bears the hub's own equivalent mark beside the origin.
        for sheet in law.between(item.originator, one):
            marks = sheet.agreement.equivalents(item.level, item.originator, one)
            if marks:
                item = replace(item, level=marks[0])
                break
    if act == "accept":
        return replace(q, by=other, to=None, via=() if item is None or item.originator == one else (one,), item=item)
    return replace(q, act=act, by=one, to=other, via=(), item=item)


def _chain(law: Law, q: Request) -> tuple[Leg, ...]:
    """Bilateral agreements one after the other, where no arrangement is needed; () where a leg has none."""
    one = q.item.originator if q.act == "accept" and q.item is not None else giver(q)
    stops = [one, *q.via, receiver(q)]
    legs: list[Leg] = []
    for here, there in pairwise(stops):
        sheets = law.between(here, there)
        if not sheets:
            return ()
        legs.append(Leg(sheets[0], _handed(law, q, here, there)))
    return tuple(legs)


def through_hub(law: Law, q: Request, item: Item, record: Record, at: datetime) -> list[tuple[Leg, ...]]:
    """The arrangements under which the hub itself marks or passes on what another Party gave it."""
    if q.act not in ("mark", "release"):
        return []
    found = [
        _legs(law, sheet, q)
        for sheet in law.arrangements
        if sheet.agreement.hub == q.by
        and item.originator in sheet.agreement.party_set
        and item.originator != q.by
        and (q.act == "mark" or q.to in sheet.agreement.party_set)
        and sheet.agreement.legs
        and _entered(sheet, record, at) is not None
    ]
    return [legs for legs in found if legs]


def governing(
    law: Law, q: Request, item: Item, originator: str, record: Record, at: datetime
) -> tuple[Leg, ...] | None:
    """The instrument under which a Party holds an originator's CMI."""
    sheets = law.between(q.by, originator)
    for sheet in sheets:
        entered, ended = _entered(sheet, record, at), _ended(sheet, record, at)
        came = item.received
        if entered is not None and (came is None or (came >= entered and (ended is None or came < ended))):
            return (Leg(sheet, q),)
    for sheet in law.arrangements:
        entered = _entered(sheet, record, at)
        if {q.by, originator} <= sheet.agreement.party_set and entered is not None:
            return _legs(law, sheet, q) or None
    return (Leg(sheets[0], q),) if sheets else None


def _entered(sheet: Sheet, record: Record, at: datetime) -> datetime | None:
    views = courses_of(sheet.agreement, record, at, {"": "fresh-notice"})[""]
    return views[0].entered


def _ended(sheet: Sheet, record: Record, at: datetime) -> datetime | None:
    view = courses_of(sheet.agreement, record, at, {"": "fresh-notice"})[""][0]
    return view.since if view.state == "terminated" else None
