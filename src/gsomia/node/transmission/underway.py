"""What recorded acts call for at once: what rests on a consent that ended is stopped, and people are told.

Told is whoever knows of an item under way: its originator, the hub, and a holder that had accepted it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from gsomia.node.acts.signed import SignedAct, Statement, instant, read_instant
from gsomia.node.effects.passing import PASSAGE
from gsomia.node.node import Node
from gsomia.node.record.approval import GRANTED, REVOKED, Passing, objection, objections
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.record.stored import Refused
from gsomia.node.refusals import keep
from gsomia.node.transmission.leaving import authority_of
from gsomia.node.transmission.releasing import ask_release, hold_up, refresh
from gsomia.node.transmission.stopping import Stop, stop_copies
from gsomia.registry import Copy, CopyState, Item
from gsomia.verdict import Verdict

__all__ = ["heed", "stop_closed"]

_WAITING = (CopyState.AUTHORISED, CopyState.OFFERED)
"""The states of a copy that has not left: one that has is asked about before anything else is done with it."""


def heed(node: Node, tx: Writer, acts: Sequence[SignedAct], at: datetime) -> None:
    """Stop what waits here and rests on a consent that one of these acts takes back; keep for people what they tell.

    What goes by another consent goes on. What only lies here on its way through is held up, and its originator told.
    A release of this Party's item that none of its consents covers stands in the register, and is kept as a breach; so
    is what went by a consent that had been taken back.

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
        elif said.type == "release" and said.party != node.party and (breach := _breach(node, tx, said)):
            what = f"release of item {said.item} to {said.body['holder']}, a breach"
            keep(node, tx, Refused(at=at, source=said.party, what=what, why=breach))
        elif said.type == PASSAGE and said.party != node.party and (breach := _taken_back(tx, said)):
            what = f"copy {said.body['copy']} to {', '.join(said.body['receivers'])}, a breach"
            keep(node, tx, Refused(at=at, source=said.party, what=what, why=breach))


def _taken_back(tx: Writer, said: Statement) -> str:
    """That a consent had been taken back when a giver's officer let a copy go by it; "" where it stood."""
    consent = tx.consent(str(said.body["consent"]))
    authorised = read_instant(str(said.body["authorised"]))
    if consent is None or consent.state != REVOKED or consent.at >= authorised:
        return ""
    about = said.body["copy"], said.body["consent"]
    told = (act.statement for act in tx.acts(types=[PASSAGE], item=said.item))
    first = next(one.id for one in told if (one.body["copy"], one.body["consent"]) == about)
    if said.id != first:
        return ""  # what came of it is no other breach
    return f"consent {consent.id} was taken back {instant(consent.at)}, before it"


def _breach(node: Node, tx: Writer, said: Statement) -> str:
    """Why no consent of this Party's covered a release of its item at the release's instant; "" where one did."""
    item, holder = tx.item(said.item), str(said.body["holder"])
    if item is None or item.originator != node.party or holder == node.party:
        return ""
    passing = Passing(giver=said.party, receivers=(holder,), purpose=item.purpose, met=frozenset(said.body["met"]))
    own = [consent for consent in tx.consents(item.id) if consent.originator == node.party]
    # One that was taken back later stood then.
    then = [replace(c, state=GRANTED, at=said.at) if c.state == REVOKED and c.at >= said.at else c for c in own]
    known_by = said.at + node.limits.max_skew
    if any(not objection(consent, passing, said.at, known_by) for consent in then):
        return ""
    return f"no consent covers it: {objections(then, passing, said.at, known_by) or 'none on file'}"


def _stop(node: Node, tx: Writer, name: str, at: datetime) -> None:
    item, copies = tx.item(name), tx.copies(item=name)
    if item is None:
        return
    stops: list[Stop] = []
    for one in (item, *tx.drawing_on(name)):
        for copy in tx.copies(item=one.id):
            if copy.giver == node.party and copy.state in _WAITING:
                met = tuple(authority_of(tx, copy).statement.body["met"])
                _, verdict = refresh(node, tx, copy, one, met, at)
                if verdict.outcome != "permit":
                    stops.append(Stop.own(copy, verdict))
    stop_copies(node, tx, stops, at)
    for held in copies:
        if held.holder == node.party != held.destination and not _handed_on(node, copies, held.destination):
            against = _against(node, tx, held, item, at)
            if against is not None:
                hold_up(node, tx, held, item, against, at, to=held.destination)


def stop_closed(node: Node) -> int:
    """Hold up what lies here on its way to another Party and may not go on as the law and the record are now.

    What waits in the outbox is asked again before it leaves. This is for what waits for an officer: an agreement,
    an accreditation or a consent may end, and nobody hands it on who would see that.

    Args:
        node: the hub's.

    Returns:
        How many copies may not go on; the originator of each is told once.
    """
    at = node.clock.now()
    with node.store.reading() as reader:
        found = [(held, item) for held in reader.passing(node.party) if (item := reader.item(held.item)) is not None]
        answers = [(held, item, _against(node, reader, held, item, at)) for held, item in found]
    closed = [(held, item, against) for held, item, against in answers if against is not None]
    if closed:
        with node.store.writing() as tx:
            for held, item, against in closed:
                hold_up(node, tx, held, item, against, at, to=held.destination)
    return len(closed)


def _against(node: Node, reader: Reader, held: Copy, item: Item, at: datetime) -> Verdict | None:
    """The verdict that does not let a held copy go on to where it was meant for, or None."""
    # Conditions are certified when it is handed on, and not before.
    met = tuple(consent.id for consent in reader.consents(item.id))
    verdict, _, carrying = ask_release(node, reader, held, item, held.destination, at=at, met=met)
    return next((one for one in (verdict, carrying) if one is not None and one.outcome != "permit"), None)


def _handed_on(node: Node, copies: Sequence[Copy], to: str) -> bool:
    return any((copy.giver, copy.holder) == (node.party, to) for copy in copies)
