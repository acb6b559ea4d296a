"""Reconciliation where no wire leads: a question goes by parcel, and the answer holds what a walk would ask for.

The answer says in one go how all that is shared is parted, down to `DEPTH`, and every entry where they are few. What
lies in the ranges that differ comes with the next parcel. The one who asks says nothing of its own set in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

from gsomia.errors import AnswerError, MessageError, NodeError, PendingError, VerificationError
from gsomia.keys import b64, canonical
from gsomia.node.comparison.discrepancies import check_entry
from gsomia.node.comparison.entries import behind, digest_of, law_of_both, refresh, waiting_entries
from gsomia.node.comparison.rangeanswers import ENTRIES, give_entries
from gsomia.node.comparison.reconciling import (
    MOST,
    TRIES,
    Reconciled,
    Start,
    conclude,
    name_differences,
    read_given,
    read_start,
    views_of,
)
from gsomia.node.messages import Message
from gsomia.node.node import Node, known_peer
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import Peer, Refused
from gsomia.node.refusals import keep, why_of
from gsomia.registry import Walk, entries_fingerprint, fingerprint, position, read_prefix, unnested

__all__ = ["Heard", "ask_by_parcel", "compare", "ranges_asked", "reconcile_by_parcel", "summary_pages", "to_ask"]

DEPTH = 3
"""The digits of the ranges whose fingerprints are said at first: at most 4,096 of them."""

SMALL = 256
"""A set with so many entries at most is answered whole."""

RANGES = 16**DEPTH
"""At most so many ranges are asked for with one parcel."""


def ask_by_parcel(node: Node, party: str) -> None:
    """Have the next parcel for a peer ask what it shares; what differs is told when the answer is taken in.

    Raises:
        NodeError: not an enrolled peer.
    """
    with node.store.writing() as tx:
        known_peer(tx, party)
        if not tx.setting(_asking(party)):
            tx.put_setting(_asking(party), json.dumps({"ranges": [], "round": 1}))


def reconcile_by_parcel(node: Node, party: str) -> NoReturn:
    """Compare with a peer to whom there is no wire: the next parcel asks, and what differs is told later.

    Raises:
        PendingError: always.
        NodeError: not an enrolled peer.
    """
    ask_by_parcel(node, party)
    hint = f"`gsomia parcel export DIR --to {party}`; what differs is told when the answer is taken in"
    raise PendingError(f"there is no wire to `{party}`: it is asked by the next parcel", hint=hint)


def to_ask(reader: Reader, party: str) -> dict[str, Any] | None:
    """What the next parcel asks of a peer's set: the body of `ask-summary`; None where nobody compares."""
    text = reader.setting(_asking(party))
    return {"ranges": json.loads(text)["ranges"]} if text else None


def _asking(party: str) -> str:
    return f"reconciling/{party}"


def ranges_asked(message: Message) -> list[str]:
    """The ranges of which a peer asks for every entry.

    Raises:
        MessageError: malformed, too many, or overlapping.
    """
    value = message.body.get("ranges")
    if not isinstance(value, list) or len(value) > RANGES:
        raise MessageError(f"`ranges` is a list of at most {RANGES}")
    ranges = [read_prefix(one) for one in value]
    unnested(ranges)
    return ranges


def summary_pages(node: Node, peer: Peer, ranges: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The answers to `ask-summary`: how the set shared with a peer is parted now, then every entry that is asked for.

    Args:
        node: who answers.
        peer: who asks.
        ranges: those whose entries are asked for; of a small set all are said.

    Raises:
        NodeError: acts come in faster than the entries are made.
    """
    for _ in range(TRIES):
        refresh(node, peer.party)
        with node.store.reading() as reader:
            if not behind(reader, peer.party):
                yield from _pages(node, reader, peer.party, ranges)
                return
    raise NodeError(f"what is shared with `{peer.party}` moves on faster than it is looked through")


def _pages(node: Node, reader: Reader, party: str, ranges: Sequence[str]) -> Iterator[dict[str, Any]]:
    store = reader.ranges(party)
    root = fingerprint(store)
    parted = {prefix: parts for prefix, parts in reader.parted(party).items() if len(prefix) < DEPTH}
    yield {
        "root": {"count": root.count, "digest": root.digest.hex()},
        "law": {name: list(words) for name, words in law_of_both(node, reader, party).items()},
        "ranges": {prefix: {"parts": b64(parts)} for prefix, parts in sorted(parted.items())},
        "under_way": sorted(place.hex() for place in waiting_entries(reader, party)),
    }
    for prefix in [""] if root.count <= SMALL else ranges:
        places = [place for place, _ in store.entries(prefix, root.count + 1)]
        for first in range(0, len(places), ENTRIES):
            yield {"entries": give_entries(node, reader, party, places[first : first + ENTRIES])["entries"]}


@dataclass(slots=True)
class Heard:
    """What a parcel brought of a peer's set, in answer to one question.

    Args:
        ranges: those that were asked for.
        pages: the bodies, in order.
    """

    ranges: Sequence[str]
    pages: list[Mapping[str, Any]] = field(default_factory=list)


def compare(node: Node, peer: Peer, heard: Heard, at: datetime) -> Reconciled | None:
    """Compare what is shared with a peer with what its parcel said, once all else of the parcel was taken in.

    Args:
        node: who asked.
        peer: who answered.
        heard: its answers.
        at: the instant.

    Returns:
        What came of it; None where nobody compares any more, or the next parcel has to ask for more.

    Raises:
        AnswerError: what it says does not hold; kept among what was refused.
    """
    with node.store.reading() as reader:
        text = reader.setting(_asking(peer.party))
    if not text:
        return None
    number = int(json.loads(text)["round"])
    refresh(node, peer.party)
    try:
        start, theirs, told, left, moving, walked = _read(node, peer.party, heard)
        if left and number < TRIES:
            with node.store.writing() as tx:
                tx.put_setting(_asking(peer.party), json.dumps({"ranges": left[:RANGES], "round": number + 1}))
            return None
        views = views_of(node, peer.party, walked, theirs)
        found, under_way, waits = name_differences(node, start, views, told)
    except (AnswerError, VerificationError) as error:
        with node.store.writing() as tx:
            keep(node, tx, Refused(at=at, source=peer.party, what="ranges", why=why_of(error)))
            tx.put_setting(_asking(peer.party), "")
        raise AnswerError(f"what `{peer.party}` says of what it shares does not hold: {error}") from error
    with node.store.writing() as tx:
        tx.put_setting(_asking(peer.party), "")
    # A range that moved on with every parcel is looked at when the next question is asked.
    under_way = [*under_way, *(f"range {prefix}" for prefix in (*moving, *left))]
    size = sum(len(canonical(dict(page))) for page in heard.pages)
    said = len(canonical({"ranges": [*heard.ranges]}))
    with node.store.reading() as reader:
        own = fingerprint(reader.ranges(peer.party))
    return conclude(node, own, start, found, under_way, waits, rounds=number, said=said, heard=size)


def _read(
    node: Node, party: str, heard: Heard
) -> tuple[Start, dict[bytes, dict[str, Any]], set[bytes], list[str], list[str], list[bytes]]:
    """What a peer said, held to its own fingerprints.

    Returns:
        What it said first; its entries; the positions of which something waits there; the ranges still to ask for;
        those in which something is under way; and the positions to look at.
    """
    if not heard.pages:
        raise AnswerError("it said nothing")
    first, *more = heard.pages
    start = read_start(party, first)
    given = read_given(first.get("ranges"))
    theirs = _entries(more)
    whole = [""] if start.root.count <= SMALL else heard.ranges
    with node.store.reading() as reader:
        store, waiting = reader.ranges(party), waiting_entries(reader, party)
        told = {bytes.fromhex(str(one)) for one in first.get("under_way", [])}
        walk = Walk(store, start.root, MOST)
        while known := {one: given[one] for one in walk.ask(MOST) if one in given}:
            walk.take(known)
        places = {one.position for one in walk.differing}
        left: list[str] = []
        moving: list[str] = []
        for prefix in walk.ask(MOST):
            if not any(prefix.startswith(one) for one in whole):
                moves = any(place.hex().startswith(prefix) for place in waiting | told)
                (moving if moves else left).append(prefix)
                continue
            beneath = sorted((place, digest_of(one)) for place, one in theirs.items() if place.hex().startswith(prefix))
            if entries_fingerprint(beneath, prefix) != walk.said(prefix):
                raise AnswerError(f"the entries of range `{prefix}` do not give its fingerprint")
            places |= {place for place, digest in {*beneath} ^ {*store.entries(prefix, MOST)}}
    return start, theirs, told, left, moving, sorted(places)


def _entries(pages: Sequence[Mapping[str, Any]]) -> dict[bytes, dict[str, Any]]:
    found: dict[bytes, dict[str, Any]] = {}
    try:
        for page in pages:
            for place, value in page["entries"].items():
                one = check_entry(value)
                if position(one["kind"], one["id"]).hex() != place:
                    raise ValueError(f"the entry of `{one['id']:.80}` stands at another's place")
                found[bytes.fromhex(place)] = one
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise AnswerError(f"its entries cannot be read: {error}") from error
    return found
