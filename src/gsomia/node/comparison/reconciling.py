"""Reconciliation: what register and act record say of what is shared with a peer is compared with what its node says.

The one who asks walks down the peer's fingerprints to what differs (`registry.reconciling`), asks for those entries,
and names each difference. It says nothing of its own set while it asks, so what it hears is nobody's echo. What the one
who is asked answers stands in `rangeanswers`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gsomia.errors import AnswerError, PeerError, VerificationError
from gsomia.keys import Envelope, canonical, unb64
from gsomia.node.acts.signed import SignedAct
from gsomia.node.comparison.discrepancies import Between, check_entry, law_discrepancies, named
from gsomia.node.comparison.entries import behind, entry, law_of_both, refresh, waiting_entries
from gsomia.node.comparison.rangeanswers import ENTRIES, RANGES, shared_digest
from gsomia.node.comparison.schedule import UNDER_WAY, note_reconciled
from gsomia.node.effects.orders import note_taken
from gsomia.node.ledger import Draft, make
from gsomia.node.logs.witnessing import ask_witness
from gsomia.node.messages import link_to, read_answer, write_message
from gsomia.node.node import Node, known_peer
from gsomia.node.record.lognames import unless_halted
from gsomia.node.record.stored import Discrepancy, Peer, Refused
from gsomia.node.refusals import keep, why_of
from gsomia.registry import (
    EMPTY,
    Differing,
    Fingerprint,
    Given,
    Walk,
    fingerprint,
    position,
    read_prefix,
)

__all__ = [
    "MOST",
    "TRIES",
    "Reconciled",
    "Start",
    "Views",
    "conclude",
    "name_differences",
    "read_given",
    "read_start",
    "reconcile",
    "views_of",
]

MOST = 100_000
"""So many entries may differ; beyond, the walk ends."""
TRIES = 3
"""A walk begins anew so often where the peer's register moves on under it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What came of a reconciliation.

    Args:
        peer: with whom.
        entries: how many entries this side has, and the other.
        discrepancies: what differs.
        under_way: items and acts that differ and of which something still waits in an outbox.
        rounds: how many questions it took.
        said, heard: bytes of the bodies that went and came, without envelopes.
        act: what was recorded of it.
    """

    peer: str
    entries: tuple[int, int]
    discrepancies: Sequence[Discrepancy]
    under_way: Sequence[str]
    rounds: int
    said: int
    heard: int
    act: SignedAct


def reconcile(node: Node, party: str) -> Reconciled:
    """Compare what is shared with a peer with what its node says, and record that it was done.

    Args:
        node: who asks.
        party: the peer.

    Raises:
        UsageError: no such peer.
        NodeError: nothing is recorded in the log shared with it now.
        PeerError: it cannot be reached, or cannot answer now.
        AnswerError: what it says does not hold, or has no end; kept among what was refused.
    """
    with node.store.reading() as reader:
        known_peer(reader, party)
        peer = reader.peers()[party]
        unless_halted(reader, node.log_name(reader, party))
    if party in node.unasked:
        ask_witness(node, party)
    refresh(node, party)
    session = _Session(node, peer, node.clock.machine())
    try:
        start, differing = _same(session) or _walk(session)
        found, under_way, waits = _name(session, start, differing)
    except AnswerError as error:
        with node.store.writing() as tx:
            keep(node, tx, Refused(at=node.clock.now(), source=party, what="ranges", why=why_of(error)))
        raise
    return conclude(
        node, session.own, start, found, under_way, waits, rounds=session.rounds, said=session.said, heard=session.heard
    )


def conclude(
    node: Node,
    own: Fingerprint,
    start: Start,
    found: Sequence[Discrepancy],
    under_way: Sequence[str],
    waits: Sequence[Discrepancy],
    *,
    rounds: int,
    said: int,
    heard: int,
) -> Reconciled:
    """Keep what differs from a peer's set, in the place of what was kept before, and record that it was compared.

    Args:
        node: who asked.
        own: the fingerprint of its own set.
        start: what the peer said first.
        found: what differs.
        under_way: of what something still waits in an outbox.
        waits: since when the peer has said so of what it says is under way.
        rounds, said, heard: how much was asked, and how many bytes went and came.
    """
    party = start.party
    with node.store.writing() as tx:
        tx.put_discrepancies(party, [*found, *waits])
        note_reconciled(node, tx, party)
        lacking = {one.subject for one in found} | {words.partition(" ")[2] for words in under_way}
        if not any(words.startswith("range ") for words in under_way):
            note_taken(tx, node.party, party, lambda act: act not in lacking)
        body = {
            "entries": own.count,
            "root": own.digest.hex(),
            "theirs": {"entries": start.root.count, "root": start.root.digest.hex()},
            "law": {name: list(words) for name, words in law_of_both(node, tx, party).items()},
            "discrepancies": len(found),
            "kinds": dict(Counter(one.kind for one in found)),
            "under_way": len(under_way),
        }
        act = make(node, tx, [Draft(type="reconcile", parties=(party,), body=body)], at=node.clock.now())[0]
    return Reconciled(
        peer=party,
        entries=(own.count, start.root.count),
        discrepancies=found,
        under_way=under_way,
        rounds=rounds,
        said=said,
        heard=heard,
        act=act,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a peer says first: the fingerprint of all that it shares, and the law and record it goes by."""

    party: str
    root: Fingerprint
    law: Mapping[str, tuple[str, str]]


@dataclass(slots=True)
class _Session:
    """The questions to one peer, and their bounds: rounds, bytes, time."""

    node: Node
    peer: Peer
    began: datetime
    rounds: int = 0
    said: int = 0
    heard: int = 0
    own: Fingerprint = EMPTY

    def ask_digest(self) -> bytes:
        self.rounds += 1
        digest = link_to(self.node, self.peer).shared_digest()
        self.heard += len(digest)
        return digest

    def ask(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        node, limits = self.node, self.node.limits
        if self.rounds >= limits.reconcile_rounds:
            raise AnswerError(
                f"`{self.peer.party}` offers ranges without an end: {self.rounds} questions were answered"
            )
        message, envelope = write_message(node, self.peer.party, "ask-ranges", body, at=node.clock.now())
        self.rounds += 1
        self.said += len(canonical(dict(body)))
        reply = link_to(node, self.peer).exchange(envelope)
        self._count(reply)
        return read_answer(node, reply, message, self.peer.signing, "ranges", at=node.clock.now())

    def _count(self, reply: Envelope) -> None:
        self.heard += len(reply.payload)
        limits = self.node.limits
        if self.heard > limits.reconcile_bytes:
            raise AnswerError(f"`{self.peer.party}` answers with more than {limits.reconcile_bytes} bytes")
        if self.node.clock.machine() - self.began > limits.reconcile_time:
            most = limits.reconcile_time.total_seconds()
            raise AnswerError(f"`{self.peer.party}` has not come to an end of its ranges within {most:.0f} s")


def _same(session: _Session) -> tuple[Start, list[Differing]] | None:
    """What a peer would say first, where the digest of all that it shares is that of this side's own set; or nothing.

    It says this before it has heard anything of this side's, and by the channel alone.
    """
    node, party = session.node, session.peer.party
    heard = session.ask_digest()
    with node.store.reading() as reader:
        own, law = fingerprint(reader.ranges(party)), law_of_both(node, reader, party)
    if heard != shared_digest(party, node.party, own, law, exercise=node.exercise):
        return None
    session.own = own
    return Start(party=party, root=own, law=law), []


def _walk(session: _Session) -> tuple[Start, list[Differing]]:
    """The entries that differ, by the peer's fingerprints."""
    start = _start(session)
    for _ in range(TRIES):
        try:
            return start, _walk_once(session, start)
        except VerificationError as error:
            again = _start(session)
            if again.root == start.root:
                raise AnswerError(f"the ranges of `{session.peer.party}` do not hold: {error}") from error
            start = again  # its register moved on under the walk
    raise PeerError(f"the register of `{session.peer.party}` moves on faster than it is walked", hint="try again later")


def _walk_once(session: _Session, start: Start) -> list[Differing]:
    with session.node.store.reading() as reader:
        ranges = reader.ranges(session.peer.party)
        session.own = fingerprint(ranges)
        walk = Walk(ranges, start.root, MOST)
        while asked := walk.ask(RANGES):
            answer = session.ask({"ranges": asked})
            given = read_given(answer.get("ranges"))
            if given.keys() != {*asked}:
                raise VerificationError("other ranges were answered than were asked for")
            walk.take(given)
        return walk.differing


def read_given(value: object) -> dict[str, Given]:
    """What a peer said of ranges, by prefix.

    Raises:
        VerificationError: it cannot be read.
    """
    try:
        if not isinstance(value, dict):
            raise ValueError("an object was expected")
        found = {}
        for prefix, one in value.items():
            ((kind, data),) = one.items()
            if kind not in ("parts", "entries"):
                raise ValueError(f"`{kind:.40}` is nothing that a range has")
            found[read_prefix(prefix)] = Given(**{kind: unb64(data)})
        return found
    except (TypeError, ValueError, AttributeError) as error:
        raise VerificationError(f"not an answer about ranges: {error}") from error


def _start(session: _Session) -> Start:
    return read_start(session.peer.party, session.ask({}))


def read_start(party: str, answer: Mapping[str, Any]) -> Start:
    """What a peer says first.

    Raises:
        AnswerError: it is no such thing.
    """
    try:
        root = answer["root"]
        count, digest = root["count"], bytes.fromhex(root["digest"])
        if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count < 2**53 or len(digest) != 32:
            raise ValueError("`root` has a count and a SHA-256")
        law = {str(name): (str(version), str(head)) for name, (version, head) in answer["law"].items()}
        return Start(party=party, root=Fingerprint(count, digest), law=law)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise AnswerError(f"`{party}` answered what is no beginning of ranges: {error}") from error


def _name(
    session: _Session, start: Start, differing: Sequence[Differing]
) -> tuple[list[Discrepancy], list[str], list[Discrepancy]]:
    """Name what differs still, once both sides' entries are looked at as they stand now.

    Returns:
        What differs, what is under way, and since when the peer has said so of what it says is under way.
    """
    node, party = session.node, session.peer.party
    positions = [one.position for one in differing]
    theirs, told = _entries(session, positions)
    left = views_of(node, party, positions, theirs)
    with node.store.reading() as reader:
        moved = bool(behind(reader, party))
    if left and moved:
        # What moved while it was asked for is asked for once more.
        theirs, told = _entries(session, [*left])
        left = views_of(node, party, [*left], theirs)
    return name_differences(node, start, left, told)


def name_differences(
    node: Node, start: Start, views: Views, told: Collection[bytes]
) -> tuple[list[Discrepancy], list[str], list[Discrepancy]]:
    """Name what differs between entries of two sides.

    Args:
        node: whose side it is.
        start: what the peer said first.
        views: the entries, by position.
        told: the positions of which the peer says that something is under way.

    Returns:
        As `_name`.
    """
    party = start.party
    with node.store.reading() as reader:
        waiting = waiting_entries(reader, party)
        before = {(one.subject, one.kind): one.since for one in reader.discrepancies(party)}
        between = Between(here=node.party, there=party, at=node.clock.now(), before=before)
        found = list(law_discrepancies(between, law_of_both(node, reader, party), start.law))
    under_way, waits = [], []
    for place, (kind, name, here, there) in views.items():
        words = f"{kind} {name}"
        if place in waiting:
            under_way.append(words)
            continue
        if place in told:
            # A peer that says so for ever would hide what differs.
            waits.append(between.found(UNDER_WAY, words, "", "it waits in the outbox there", []))
            if between.at - waits[-1].since <= node.limits.reconcile_patience:
                under_way.append(words)
                continue
        found += named(between, kind, name, here, there)
        if len(found) > MOST:
            raise AnswerError(f"more than {MOST} things differ from what `{party}` says")
    return found, under_way, waits


Views = dict[bytes, tuple[str, str, dict[str, Any] | None, dict[str, Any] | None]]
"""What two sides have at positions: kind, id, this side's entry and the other's."""


def views_of(node: Node, party: str, positions: Sequence[bytes], theirs: Mapping[bytes, dict[str, Any]]) -> Views:
    """Of these positions those whose entries differ as they stand now: kind, id, and both entries.

    Args:
        node: whose side it is.
        party: the peer.
        positions: where to look.
        theirs: the peer's entries there; one that is not among them does not stand there.
    """
    found: Views = {}
    with node.store.reading() as reader:
        for place in positions:
            there = theirs.get(place)
            own = reader.shared_name(party, place)
            kind, name = own if own is not None else (there["kind"], there["id"]) if there is not None else ("", "")
            here = entry(node, reader, party, kind, name) if kind else None
            if here != there:
                found[place] = (kind, name, here, there)
    return found


def _entries(session: _Session, positions: Sequence[bytes]) -> tuple[dict[bytes, dict[str, Any]], set[bytes]]:
    """The peer's entries at these positions as they stand now, and those of which something waits in its outbox."""
    found: dict[bytes, dict[str, Any]] = {}
    waiting: set[bytes] = set()
    for first in range(0, len(positions), ENTRIES):
        asked = [one.hex() for one in positions[first : first + ENTRIES]]
        answer = session.ask({"entries": asked})
        try:
            for place, value in answer["entries"].items():
                one = check_entry(value)
                if place not in asked or position(one["kind"], one["id"]).hex() != place:
                    raise ValueError(f"the entry of `{one['id']:.80}` was not asked for")
                found[bytes.fromhex(place)] = one
            waiting |= {bytes.fromhex(one) for one in answer["under_way"] if one in asked}
        except (KeyError, TypeError, ValueError, AttributeError, VerificationError) as error:
            raise AnswerError(f"`{session.peer.party}` answered with entries that cannot be read: {error}") from error
    return found, waiting
