"""A peer is answered about ranges: what is shared with it, and nothing else; all that is looked up is kept by peer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from gsomia.errors import MessageError, NodeError, SignatureError
from gsomia.keys import b64, canonical
from gsomia.node.comparison.entries import entry, law_of_both, refresh, waiting_entries
from gsomia.node.logs.witnessing import told_what_is_kept
from gsomia.node.messages import Message
from gsomia.node.node import Asked, Node
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import Peer
from gsomia.node.record.succession import distrusted
from gsomia.node.refusals import keep_refused
from gsomia.registry import Fingerprint, fingerprint, give_range, read_prefix, unnested

__all__ = ["ENTRIES", "RANGES", "answer_ranges", "answer_shared", "give_entries", "shared_digest"]

RANGES = 512
"""At most so many ranges in one message."""
ENTRIES = 128
"""At most so many entries in one message."""
READY = 5_000
"""So many acts are looked through before an answer; where more came since, the answer has to wait."""

_SPAN = timedelta(hours=1)


def answer_ranges(node: Node, peer: Peer, message: Message, at: datetime) -> tuple[str, dict[str, Any]]:
    """Answer a peer about what is shared with it: at first the fingerprint of all, then of ranges, then entries.

    Raises:
        MessageError: malformed or overlapping ranges, more than are answered at once, or more than within an hour.
        NodeError: the entries are not made up to now.
    """
    ranges, entries = _list(message, "ranges", RANGES), _list(message, "entries", ENTRIES)
    budget = _budget(node, peer.party)
    body: dict[str, Any] = {}
    if not ranges and not entries:
        if not refresh(node, peer.party, most=READY):
            raise NodeError(f"what is shared with `{peer.party}` is not looked through up to now")
        with node.store.reading() as reader:
            root = fingerprint(reader.ranges(peer.party))
            body["root"] = {"count": root.count, "digest": root.digest.hex()}
            body["law"] = {name: list(words) for name, words in law_of_both(node, reader, peer.party).items()}
    with node.store.reading() as reader:
        if ranges:
            body["ranges"] = _give(reader, peer.party, [read_prefix(one) for one in ranges])
        if entries:
            body |= give_entries(node, reader, peer.party, [_position(one) for one in entries])
    budget.rounds += 1
    budget.given += len(canonical(body))
    return "ranges", body


def answer_shared(node: Node, peer: Peer) -> bytes:
    """Answer a peer whose channel it is with the digest of all that is shared with it.

    Nothing of it is signed: it is no evidence, and it changes nothing. Whoever finds another digest than its own asks
    again by signed messages.

    Raises:
        SignatureError: the peer's key was declared compromised.
        MessageError: more than within an hour; kept among what was refused.
        NodeError: the entries are not made up to now.
    """
    with node.store.reading() as reader:
        declared = distrusted(reader, peer.signing)
    if declared is not None:
        raise SignatureError(f"the key of `{peer.party}` was declared compromised by act `{declared}`")
    if not told_what_is_kept(node, peer.party):
        raise NodeError(f"`{peer.party}` has not told yet which checkpoints of this node it keeps")
    try:
        budget = _budget(node, peer.party)
    except MessageError as error:
        keep_refused(node, peer, "ranges", error)
        raise
    if not refresh(node, peer.party, most=READY):
        raise NodeError(f"what is shared with `{peer.party}` is not looked through up to now")
    with node.store.reading() as reader:
        root, law = fingerprint(reader.ranges(peer.party)), law_of_both(node, reader, peer.party)
    budget.rounds += 1
    budget.given += hashlib.sha256().digest_size
    return shared_digest(node.party, peer.party, root, law, exercise=node.exercise)


def shared_digest(
    sender: str, recipient: str, root: Fingerprint, law: Mapping[str, Sequence[str]], *, exercise: bool
) -> bytes:
    """The SHA-256 of all that a Party shares with another, from the one who says it to the one who asks.

    Args:
        sender, recipient: Parties; so what one says is never what the other would say.
        root: the fingerprint of all that is shared.
        law: by instrument of both, the version adopted and the head of the record of legal acts.
        exercise: whether the nodes are of an exercise.
    """
    value = {
        "v": 1,
        "from": sender,
        "to": recipient,
        "exercise": exercise,
        "root": {"count": root.count, "digest": root.digest.hex()},
        "law": {name: list(words) for name, words in law.items()},
    }
    return hashlib.sha256(canonical(value)).digest()


def _give(reader: Reader, peer: str, prefixes: Sequence[str]) -> dict[str, Any]:
    unnested(prefixes)
    store = reader.ranges(peer)
    found = {}
    for prefix in prefixes:
        one = give_range(store, prefix)
        found[prefix] = {"parts": b64(one.parts)} if one.parts is not None else {"entries": b64(one.entries or b"")}
    return found


def give_entries(node: Node, reader: Reader, peer: str, positions: Sequence[bytes]) -> dict[str, Any]:
    """Entries as they stand now; of what is not shared with this peer nothing is said, as of what is not there.

    Args:
        node: who answers.
        reader: its store.
        peer: who asks.
        positions: of the entries.
    """
    found: dict[str, Any] = {}
    for place in positions:
        known = reader.shared_name(peer, place)
        value = entry(node, reader, peer, *known) if known is not None else None
        if value is not None:
            found[place.hex()] = value
    waiting = waiting_entries(reader, peer)
    return {"entries": found, "under_way": [place.hex() for place in positions if place in waiting]}


def _list(message: Message, name: str, most: int) -> list[Any]:
    value = message.body.get(name, [])
    if not isinstance(value, list) or len(value) > most:
        raise MessageError(f"`{name}` is a list of at most {most}")
    return value


def _position(text: object) -> bytes:
    if not isinstance(text, str) or len(text) != 64 or not {*text} <= {*"0123456789abcdef"}:
        raise MessageError(f"not a position: `{text!s:.80}`; 64 hexadecimal digits were expected")
    return bytes.fromhex(text)


def _budget(node: Node, party: str) -> Asked:
    """What is left for a peer's questions within the hour.

    Raises:
        MessageError: nothing.
    """
    now, limits = node.clock.machine(), node.limits
    budget = node.asked.get(party)
    if budget is None or not timedelta() <= now - budget.since < _SPAN:
        budget = node.asked[party] = Asked(since=now)
    if budget.rounds >= limits.reconcile_rounds or budget.given >= limits.reconcile_bytes:
        raise MessageError(
            f"`{party}` asked for ranges {budget.rounds} times within an hour and got {budget.given} bytes; "
            "more waits for its end"
        )
    return budget
