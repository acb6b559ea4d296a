"""What this Party's register and log say of what they share with a peer: an entry for each item, and for each act.

Both nodes make the same entry of the same acts, each from its own records, or something is missing at one of them. What
differs by design (control numbers, sizes kept, instants of recording) does not stand in it. A copy counts once its
holder's node has said that it was delivered; what was offered, refused or stopped before that is the giver's alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from gsomia.keys import canonical
from gsomia.node.check import Check
from gsomia.node.facts.asserted import Case, heads_of
from gsomia.node.ledger import FOLLOWED
from gsomia.node.node import Node
from gsomia.node.record.lognames import peer_of_log
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.record.stored import LogState
from gsomia.registry import Copy, CopyState, Item, MemoryRanges, Rung, position, regrow

__all__ = [
    "ACT",
    "BEFORE_ARRIVAL",
    "ITEM",
    "act_entry",
    "behind",
    "check_entries",
    "digest_of",
    "entry",
    "item_entry",
    "law_of_both",
    "refresh",
    "waiting_entries",
]

ITEM, ACT = "item", "act"
"""The kinds of entries: an item with its copies and the acts about it, and an act about no item."""

SHARED = "shared with peers"

_FOR_ONCE = frozenset({"acceptance", "refusal", "rejected"})
"""Answers of which the asker may never hear; what they decided that lasts, a rung names."""

BEFORE_ARRIVAL = frozenset({"transmit", "release", "dispatched", "tracer", "possible-loss"})
"""Acts that may be the giver's alone for ever, where the copy never arrived."""

_AT_ONCE = 250
"""So many acts are looked through in one transaction, while others wait to write."""


def entry(node: Node, reader: Reader, peer: str, kind: str, name: str) -> dict[str, Any] | None:
    """What is shared with a peer of one kind and id, as it stands now; None where nothing is."""
    return item_entry(node, reader, peer, name) if kind == ITEM else act_entry(node, reader, peer, name)


def digest_of(value: dict[str, Any]) -> bytes:
    """The digest of an entry: SHA-256 of its RFC 8785 form."""
    return hashlib.sha256(canonical(value)).digest()


def act_entry(node: Node, reader: Reader, peer: str, act: str) -> dict[str, Any] | None:
    """An act about no item to which this Party and the peer are both party."""
    filed = reader.filed(act)
    if filed is None or filed[0]:
        return None
    said = json.loads(filed[1])
    if not _party_to(said, node.party, peer):
        return None
    return {"kind": ACT, "id": act, "type": said["type"], "party": said["party"], "digest": _sha256(filed[1])}


def item_entry(node: Node, reader: Reader, peer: str, name: str) -> dict[str, Any] | None:
    """An item that this Party and the peer share: its words, its copies between them, the acts of both about it.

    Args:
        node: whose register.
        reader: its store.
        peer: the other Party.
        name: the item's id.
    """
    item = reader.item(name)
    copies = {copy.id: copy for copy in reader.copies(item=name)} if item is not None else {}
    pair = {node.party, peer}
    acts = []
    filed = [(act, json.loads(data), data) for act, data in reader.statements(name)]
    recalled = max((said["at"] for _, said, _ in filed if said["type"] == "recall"), default="")
    before = {act for act, said, _ in filed if said["type"] == "recall" and said["at"] < recalled}
    for act, said, data in filed:
        if said["type"] in _FOR_ONCE or (said["type"] == "answer-recall" and said["body"]["recall"] in before):
            continue  # an answer to a recall in whose place another stands is refused where it comes too late
        copy = copies.get(said["copy"])
        if said["type"] in BEFORE_ARRIVAL and (copy is None or not _arrived(copy)):
            continue
        if _party_to(said, node.party, peer) or _passed_on(said, copy, item, pair):
            acts.append([act, said["type"], said["party"], said["copy"], _sha256(data)])
    shared = [copy for copy in copies.values() if _arrived(copy) and _between(copy, item, pair)]
    if not acts and not shared:
        return None
    return {
        "kind": ITEM,
        "id": name,
        "item": _words(item) if item is not None and shared else None,
        "copies": [_copy_words(copy) for copy in sorted(shared, key=lambda one: one.id)],
        "acts": sorted(acts),
    }


def _words(item: Item) -> dict[str, Any]:
    return {
        "originator": item.originator,
        "level": item.level,
        "label": _sha256(item.label.encode()),
        "payload_digest": item.payload_digest,
        "core_digest": item.core_digest,
        "key": item.custody.value,
    }


def _copy_words(copy: Copy) -> dict[str, Any]:
    return {
        "id": copy.id,
        "giver": copy.giver,
        "holder": copy.holder,
        "custodian": copy.custodian,
        "state": copy.state.value,
        "mark": copy.own_mark,
        "origin_mark": copy.origin_mark,
        "own_label": _sha256(copy.own_label.encode()) if copy.own_label else "",
        "rungs": sorted([one.rung.value, one.act] for one in copy.rungs),
    }


def _arrived(copy: Copy) -> bool:
    return copy.rung(Rung.DELIVERED) is not None or copy.state is CopyState.DESTROYED


def _between(copy: Copy, item: Item | None, pair: set[str]) -> bool:
    """Whether a copy went between the two, or one of them handed the other's item on."""
    return pair in ({copy.giver, copy.holder}, {copy.giver, item.originator if item is not None else ""})


def _party_to(said: dict[str, Any], party: str, peer: str) -> bool:
    signer, told = said["party"], said["parties"]
    return (signer == party and peer in told) or (signer == peer and party in told)


def _passed_on(said: dict[str, Any], copy: Copy | None, item: Item | None, pair: set[str]) -> bool:
    """Whether the giver of a copy told its item's originator of an act that was not addressed to that."""
    if copy is None or item is None or said["type"] not in FOLLOWED or item.originator == copy.giver:
        return False
    told = {said["party"], *said["parties"]}
    return pair == {copy.giver, item.originator} and item.originator not in told


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def waiting_entries(reader: Reader, peer: str) -> set[bytes]:
    """The positions of what something waits of in the outbox to a peer."""
    found = set()
    for one in reader.outgoing(peer=peer):
        if one.kind in ("copy", "content", "ask-content"):
            copy = reader.copy(one.subject)
            item = copy.item if copy is not None else ""
        else:
            filed = reader.filed(one.subject)
            item = filed[0] if filed is not None else ""
        found.add(position(ITEM, item) if item else position(ACT, one.subject))
    return found


def law_of_both(node: Node, reader: Reader, peer: str) -> dict[str, tuple[str, str]]:
    """The instruments of both that this node adopted: version, and head of its record of legal acts."""
    case = Case.of(node, reader)
    both = {node.party, peer}
    names = [name for name, agreement in case.law.agreements.items() if both <= {*agreement.parties}]
    adopted, heads = reader.adopted(), heads_of(case, names)
    return {name: (adopted[name], heads[name]) for name in sorted(names)}


def behind(reader: Reader, peer: str) -> int:
    """How many acts were logged with a peer since the entries were made last."""
    return sum(state.size - seen for state, seen in _logs(reader, peer))


def refresh(node: Node, peer: str, *, most: int = 0) -> bool:
    """Bring the entries shared with a peer up to what was logged with it since.

    Args:
        node: whose records.
        peer: the other Party.
        most: at most about so many acts now; 0 for all.

    Returns:
        Whether nothing is left to do.
    """
    counted = 0
    while True:
        with node.store.reading() as reader:
            if not _due(reader, peer):
                return True
        if most and counted >= most:
            return False
        with node.store.writing() as tx:
            counted += _refresh(node, tx, peer, at_once=min(most or _AT_ONCE, _AT_ONCE))


def _logs(reader: Reader, peer: str) -> Iterator[tuple[LogState, int]]:
    """This node's logs of acts with a peer, those that ended too, and how far each was looked through."""
    for state in reader.logs():
        if peer_of_log(state.name) == peer:
            yield state, int(reader.setting(_compared(state.name)) or 0)


def _compared(log: str) -> str:
    """The setting that says how far a log was looked through for entries."""
    return f"compared/{log}"


def _due(reader: Reader, peer: str) -> bool:
    return any(seen < state.size for state, seen in _logs(reader, peer)) or bool(reader.followed(peer, 1))


def _refresh(node: Node, tx: Writer, peer: str, *, at_once: int) -> int:
    touched: set[tuple[str, str]] = set()
    counted = 0
    for state, seen in _logs(tx, peer):
        stop = min(state.size, seen + at_once - counted)
        if seen < stop:
            touched |= _touched(tx, state.name, seen, stop)
            tx.put_setting(_compared(state.name), str(stop))
            counted += stop - seen
    followed = tx.followed(peer, at_once)
    tx.end_followed(peer, followed)
    touched |= {(ITEM, name) for name in followed}
    changed = []
    ranges = tx.ranges(peer)
    for kind, name in touched:
        value = entry(node, tx, peer, kind, name)
        place = position(kind, name)
        tx.put_shared(peer, kind, name, place, digest_of(value) if value is not None else None)
        changed.append(place)
    regrow(ranges, changed)
    return counted + len(followed)


def _touched(reader: Reader, log: str, start: int, stop: int) -> set[tuple[str, str]]:
    """What the entries of a log are about: an item, or the act itself."""
    found = set()
    for _, act, _ in reader.log_entries(log, start, stop):
        filed = reader.filed(act)
        if filed is not None:
            found.add((ITEM, filed[0]) if filed[0] else (ACT, act))
    return found


def check_entries(node: Node, reader: Reader) -> Check:
    """Check what is kept of what is shared with each peer: made anew from the logs and the register, it is the same.

    Args:
        node: whose records.
        reader: its store.
    """
    counted = 0
    for peer in sorted({peer_of_log(state.name) for state in reader.logs()} - {""}):
        count, fault = _check(node, reader, peer)
        counted += count
        if fault:
            return Check(name=SHARED, counted=counted, fault=f"with {peer}: {fault}")
    return Check(name=SHARED, counted=counted)


def _check(node: Node, reader: Reader, peer: str) -> tuple[int, str]:
    known: set[tuple[str, str]] = set()
    since = {(ITEM, item) for item in reader.followed(peer, -1)}
    for state, seen in _logs(reader, peer):
        known |= _touched(reader, state.name, 0, seen)
        since |= _touched(reader, state.name, seen, state.size)
    kept = []
    stands = set()
    for place, kind, subject, digest in reader.shared(peer):
        kept.append((place, digest))
        stands.add((kind, subject))
        if place != position(kind, subject):
            return len(kept), f"{kind} `{subject}` stands at another's position"
        if (kind, subject) in since:
            continue  # it is made anew before it is compared again
        value = entry(node, reader, peer, kind, subject)
        if value is None or digest_of(value) != digest:
            return len(kept), f"the entry of {kind} `{subject}` is not what register and log say"
    for kind, subject in sorted(known - since - stands):
        if entry(node, reader, peer, kind, subject) is not None:
            return len(kept), f"{kind} `{subject}` has no entry, and is shared"
    if MemoryRanges(kept).parted != reader.parted(peer):
        return len(kept), "a range's fingerprints are not those of its entries"
    return len(kept), ""
