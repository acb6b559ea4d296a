"""A node whose store was restored from an old backup: what its peers hold comes back, and its logs begin anew.

What it recorded in its own logs after the backup is lost with the salts of the entries, so no log can be continued to
the checkpoint that the peer keeps. The peer's own log of the same acts can be shown: it is fetched whole, held to its
signed checkpoint, and the acts that are missing are recorded again. An officer declares the rest (`recover-log`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from gsomia.errors import AnswerError, LogError, MessageError, NodeError, PeerError, VerificationError
from gsomia.keys import b64, unb64
from gsomia.node.acts.signed import SignedAct, pack
from gsomia.node.effects.orders import note_taken
from gsomia.node.ledger import Draft, enter, make, record
from gsomia.node.logs.witnessing import ask_witness
from gsomia.node.messages import Message, link_to, read_answer, write_message
from gsomia.node.node import Acting, Node
from gsomia.node.record.lognames import current_log, halt_of, peer_of_log, successor_of
from gsomia.node.record.store_port import Reader, Writer
from gsomia.node.record.stored import Outgoing, Peer, Refused
from gsomia.node.transmission.leaving import read_acts
from gsomia.node.transmission.stopping import Stop, stop_copies
from gsomia.registry import CopyState, Direction
from gsomia.tlog import Checkpoint, Frontier, commitment, leaf_hash, verify_signed

__all__ = [
    "PAGE",
    "Recovery",
    "answer_content",
    "answer_log",
    "contents_asked",
    "log_pages",
    "recover",
    "settle_asked",
    "start_of",
]

PAGE = 256
"""So many entries of a log go in one answer, and so many copies are asked for in one message."""

HERE = (CopyState.DELIVERED, CopyState.RECEIPTED, CopyState.OPENED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What came back and what did not.

    Args:
        acts: the acts of `recover-log`, one for each log that begins anew.
        recorded: how many acts were recorded again.
        refused: those that do not fit what the backup holds, with the reason.
        asked: the copies whose contents are asked for again, by the outbox.
    """

    acts: Sequence[SignedAct]
    recorded: int
    refused: Mapping[str, str]
    asked: Sequence[str]


Pages = Sequence[Mapping[str, Any]]
"""The answers `log` that a parcel of a peer's brought."""


def recover(node: Node, *, by: Acting, brought: Mapping[str, Pages] = MappingProxyType({})) -> Recovery:
    """Get back from the peers what a restored store lacks, and let the logs that are behind begin anew.

    Args:
        node: whose store.
        by: the security officer who declares it.
        brought: what parcels brought of peers' logs, by Party; the other peers are asked by wire.

    Raises:
        NodeError: no log is behind what a peer keeps.
        PeerError: a peer cannot be reached, or what it shows does not hold; nothing has changed.
        RefusedError: the officer may not.
    """
    with node.store.reading() as reader:
        behind = _behind(node, reader)
        if not behind:
            raise NodeError("no log of this node is behind what a peer keeps of it")
        peers = reader.peers()
    told = {name: peers[name] for log in behind if (name := peer_of_log(log)) in peers}
    for name in told:
        if name in node.unasked and name not in brought:
            ask_witness(node, name)
    shown = {name: _fetch(node, peer, brought.get(name)) for name, peer in told.items()}
    with node.store.writing() as tx:
        at = node.clock.now()
        drafts = [_declare(tx, log, tuple(sorted(peers))) for log in behind]
        made = make(node, tx, drafts, at=at, by=by)
        taken, refused = _take_back(node, tx, [(name, act) for name, acts in shown.items() for act in acts], at)
        record(node, tx, taken, at=at)
        for name, acts in shown.items():
            note_taken(tx, node.party, name, {act.id for act in acts}.__contains__)
        _stop_numbered_twice(node, tx, taken, at)
        asked = _ask_contents(node, tx, told)
    return Recovery(acts=made, recorded=len(taken), refused=refused, asked=asked)


def _take_back(
    node: Node, tx: Writer, shown: Sequence[tuple[str, SignedAct]], at: datetime
) -> tuple[list[SignedAct], dict[str, str]]:
    """Enter acts that peers showed, each with the peer's name; returns those that are new, and why others are refused.

    An act may follow on one that stands in another peer's log alone, so what is refused is tried again after the rest.
    """
    taken: list[SignedAct] = []
    left = shown
    while True:
        refused: dict[str, str] = {}
        again: list[tuple[str, SignedAct]] = []
        for name, act in left:
            own = act.statement.party == node.party
            source, when = ("own", act.statement.at) if own else (name, at)
            try:
                with tx.part():
                    if enter(node, tx, act, source=source, at=when, delivered=True, given_back=True) is not None:
                        taken.append(act)
            except VerificationError as error:
                refused[act.id] = str(error)
                again.append((name, act))
        if not again or len(again) == len(left):
            return taken, refused
        left = again


def _stop_numbered_twice(node: Node, tx: Writer, taken: Sequence[SignedAct], at: datetime) -> None:
    """Copies that have not left, and got a control number before it was known that another copy has it, stop."""
    stops: dict[str, Stop] = {}
    for act in taken:
        number = act.statement.body.get("control_number")
        if act.statement.party != node.party or not isinstance(number, str):
            continue
        copy = tx.copy(tx.numbered(number) or "")
        if (
            copy is not None
            and copy.id != act.statement.copy
            and copy.state in (CopyState.AUTHORISED, CopyState.OFFERED)
        ):
            why = f"control number `{number}` was given to copy `{act.statement.copy}` before; give it again"
            stops[copy.id] = Stop(copy=copy, why=why, detail={})
    stop_copies(node, tx, list(stops.values()), at)


def _behind(node: Node, reader: Reader) -> list[str]:
    logs = (node.log_name(reader, peer) for peer in (*sorted(reader.peers()), ""))
    return [log for log in logs if halt_of(reader, log)]


def _declare(reader: Reader, log: str, peers: tuple[str, ...]) -> Draft:
    """The act by which a log begins anew: what the store still has, and the largest checkpoint that a peer keeps."""
    kept = max((row for row in reader.cosigned() if row.log == log), key=lambda row: row.size)
    peer = peer_of_log(log)
    state = reader.log(log)
    return Draft(
        type="recover-log",
        parties=(peer,) if peer else peers,
        body={
            "log": log,
            "stands": state.checkpoint.decode() if state is not None else "",
            "kept": kept.note.decode(),
            "witness": kept.witness,
            "successor": successor_of(log),
        },
    )


def _fetch(node: Node, peer: Peer, brought: Pages | None) -> list[SignedAct]:
    """The acts in a peer's log of acts with this node, in order, once they give the root that the peer signed.

    Raises:
        PeerError: they do not, or they do not continue what this node cosigned.
    """
    with node.store.reading() as reader:
        origin = current_log(reader, peer.party, node.party, exercise=node.exercise)
        kept = reader.kept(origin)
    verifier = peer.log.named(origin)
    before = verify_signed(kept, verifier).checkpoint if kept is not None else None
    acts: list[SignedAct] = []
    frontier = Frontier()
    while True:
        body = _asked(node, peer, frontier.size) if brought is None else _brought(peer, brought, frontier.size)
        page, salts, head = _read_page(peer, origin, body)
        for act, salt in zip(page, salts, strict=True):
            frontier, _ = frontier.append([leaf_hash(commitment(salt, act.data))])
            if before is not None and frontier.size == before.size and frontier.root() != before.root:
                raise PeerError(f"`{peer.party}` shows another log than the one that this node cosigned")
        acts += page
        if frontier.size >= head.size or not page:
            break
    if (frontier.size, frontier.root()) != (head.size, head.root) or (before is not None and head.size < before.size):
        raise PeerError(f"`{peer.party}` shows acts that do not give its own checkpoint of {head.size} entries")
    return acts


def _asked(node: Node, peer: Peer, start: int) -> Mapping[str, Any]:
    """A page of a peer's log from an entry on, by wire."""
    message, envelope = write_message(node, peer.party, "ask-log", {"from": start}, at=node.clock.now())
    reply = link_to(node, peer).exchange(envelope)
    return read_answer(node, reply, message, peer.signing, "log", at=node.clock.now())


def _brought(peer: Peer, brought: Pages, start: int) -> Mapping[str, Any]:
    """The page from an entry on among those that a parcel brought."""
    for body in brought:
        if body.get("from") == start:
            return body
    raise PeerError(f"the parcel of `{peer.party}` does not show its log from entry {start} on")


def _read_page(peer: Peer, origin: str, body: Mapping[str, Any]) -> tuple[list[SignedAct], list[bytes], Checkpoint]:
    try:
        named = {act.id: act for act in read_acts(peer, body)}
        entries = [(str(act), unb64(salt)) for act, salt in body["entries"]]
        signed = verify_signed(str(body["checkpoint"]).encode(), peer.log.named(origin))
        return [named[act] for act, _ in entries], [salt for _, salt in entries], signed.checkpoint
    except (KeyError, TypeError, ValueError, LogError) as error:
        raise PeerError(f"`{peer.party}` showed a log that cannot be used: {error}") from error


def start_of(message: Message) -> int:
    """From which entry on a peer asks for a log.

    Raises:
        MessageError: it does not say.
    """
    start = message.body.get("from")
    if not isinstance(start, int) or isinstance(start, bool) or start < 0:
        raise MessageError("`from` is the number of an entry")
    return start


def answer_log(node: Node, peer: Peer, message: Message, at: datetime) -> tuple[str, dict[str, Any]]:
    """Show a peer this node's log of acts with it: their order, their salts, and the signed checkpoint.

    Raises:
        MessageError: it does not say from which entry on, or there is no such log.
    """
    with node.store.reading() as reader:
        return "log", next(log_pages(node, reader, peer, start_of(message)))


def log_pages(node: Node, reader: Reader, peer: Peer, start: int) -> Iterator[dict[str, Any]]:
    """This node's log of acts with a peer from an entry on, as it stands for this reader, in answers `log`.

    Raises:
        MessageError: there is no such log.
    """
    log = node.log_name(reader, peer.party)
    state = reader.log(log)
    if state is None:
        raise MessageError(f"there is no log of acts with `{peer.party}` here")
    for first in range(start, max(state.size, start + 1), PAGE):
        found = reader.log_entries(log, first, min(first + PAGE, state.size))
        acts = [act for _, name, _ in found if (act := reader.act(name)) is not None]
        yield {
            "from": first,
            "acts": pack(acts),
            "entries": [[name, b64(salt)] for _, name, salt in found],
            "checkpoint": state.checkpoint.decode(),
        }


def _ask_contents(node: Node, tx: Writer, peers: Mapping[str, Peer]) -> list[str]:
    """Put into the outbox that peers are asked once more for the contents of copies that they gave and that are lost.

    Returns:
        The copies asked for; their contents come by the peers' outboxes.
    """
    missing = [
        copy
        for copy in tx.copies()
        if copy.direction is Direction.RECEIVED and copy.giver in peers and copy.state in HERE
        if not node.blobs.exists(copy.item)
    ]
    for copy in missing:
        tx.put_outgoing(copy.giver, "ask-content", copy.id, node.clock.machine())
    return [copy.id for copy in missing]


def contents_asked(run: Sequence[Outgoing]) -> dict[str, Any]:
    """The body of a message `ask-content`: the copies whose contents are asked for."""
    return {"copies": [entry.subject for entry in run]}


def settle_asked(tx: Writer, peer: Peer, run: Sequence[Outgoing], answer: Mapping[str, Any], at: datetime) -> None:
    """Settle what a peer was asked for by `ask-content`, and keep what it refused for people to see.

    Raises:
        AnswerError: it is no answer to that.
    """
    recorded, refused = answer.get("recorded"), answer.get("refused")
    if not isinstance(recorded, list) or not isinstance(refused, dict):
        raise AnswerError(f"`{peer.party}` did not say which contents it sends")
    for entry in run:
        if entry.subject in refused:
            why = str(refused[entry.subject])
            tx.put_refused(Refused(at=at, source=peer.party, what=f"content of copy {entry.subject}", why=why))
        if entry.subject in refused or entry.subject in recorded:
            tx.done(entry.id)


def answer_content(node: Node, peer: Peer, message: Message, at: datetime) -> tuple[str, dict[str, Any]]:
    """Put contents into the outbox once more, of copies that a peer received from this node and holds.

    Raises:
        MessageError: it does not name copies.
    """
    copies = message.body.get("copies")
    if not isinstance(copies, list) or len(copies) > PAGE or not all(isinstance(copy, str) for copy in copies):
        raise MessageError(f"a list of at most {PAGE} copies was expected")
    recorded, refused = [], {}
    with node.store.writing() as tx:
        waiting = {entry.subject for entry in tx.outgoing(peer=peer.party) if entry.kind == "content"}
        for name in dict.fromkeys(copies):
            copy = tx.copy(name)
            if copy is None or (copy.giver, copy.holder) != (node.party, peer.party) or copy.state not in HERE:
                refused[name] = f"`{peer.party}` holds no copy `{name:.100}` of this node's"
                continue
            if name not in waiting:
                tx.put_outgoing(peer.party, "content", name, node.clock.machine())
            recorded.append(name)
    return "recorded", {"recorded": recorded, "refused": refused}
