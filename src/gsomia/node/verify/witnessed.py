"""Whether a node's logs are witnessed, checked from what it holds: cosignatures, their age, and proven lies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from gsomia.errors import VerificationError
from gsomia.node.acts.signed import instant
from gsomia.node.check import Check, done
from gsomia.node.logs.witnessing import contradiction
from gsomia.node.node import Node
from gsomia.node.record.lognames import current_log, peer_of_log
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import Cosigned, LogState, Peer
from gsomia.tlog import Equivocation, verify_cosignatures, verify_signed

__all__ = ["audit_witnesses"]


def audit_witnesses(node: Node) -> Iterator[Check]:
    """Check that peers witness this node's logs, and that no log is known to have lied.

    Args:
        node: whose logs.
    """
    with node.store.reading() as reader:
        for state in reader.logs():
            yield done(f"witnesses of {state.name}", partial(_check_log, node, reader, state))
        yield done(LIES, partial(_check_lies, node, reader))


LIES = "logs that lied"


def _check_log(node: Node, reader: Reader, state: LogState) -> Check:
    """The newest cosigned checkpoint belongs to this log, and what came after it is not too old.

    The log shared with a peer needs that peer; for the internal one any peer will do.
    """
    name = f"witnesses of {state.name}"
    if state.name != node.log_name(reader, peer_of_log(state.name)):
        return Check(
            name=name, counted=state.size, remark="entries were lost; the log ended, and another took its place"
        )
    peers = reader.peers()
    named = peer_of_log(state.name)
    witnesses = {named: peers[named]} if named in peers else dict(peers)
    size, since = 0, None
    for row in reader.cosigned():
        if row.log != state.name or not row.note:
            continue
        try:
            if row.witness in witnesses and _holds(node, reader, state, row, witnesses[row.witness]):
                size = max(size, row.size)
        except VerificationError as error:
            return Check(name=name, counted=size, fault=f"`{row.witness}` holds against it: {error}")
    if size < state.size:
        since = _recorded(reader, state.name, size)
        enrolled = [arrival[1] for peer in witnesses.values() if (arrival := reader.arrival(peer.act)) is not None]
        since = max([since, *([min(enrolled)] if enrolled else [])])
    if since is None:
        return Check(name=name, counted=size)
    count = state.size - size
    words = f"not yet witnessed: {count} of {state.size} entries, the oldest of {instant(since)}"
    errors = [row.error for row in reader.cosigned() if row.log == state.name and row.error]
    if errors:
        words += f"; {errors[0]}"
    if not witnesses:
        words += "; no peer is enrolled who could"
    if node.clock.now() - since > node.limits.unwitnessed:
        return Check(name=name, counted=size, fault=words)
    return Check(name=name, counted=size, remark=words)


def _holds(node: Node, reader: Reader, state: LogState, row: Cosigned, peer: Peer) -> bool:
    """Whether the witness cosigned this row's checkpoint.

    Raises:
        VerificationError: the checkpoint is this node's own and the log does not continue it, or a signature is broken.
    """
    held = verify_signed(row.note, node.keys.log.public.named(state.name))
    fault = contradiction(reader, state.name, held)
    if fault:
        raise VerificationError(fault)
    return held.checkpoint.size == row.size and bool(verify_cosignatures(row.note, [peer.log]))


def _recorded(reader: Reader, log: str, position: int) -> datetime:
    """When the entry at a position was recorded; a store that lacks it is found wanting elsewhere."""
    entries = reader.log_entries(log, position, position + 1)
    arrival = reader.arrival(entries[0][1]) if entries else None
    if arrival is None:
        raise VerificationError(f"entry {position} of `{log}` is missing")
    return arrival[1]


def _check_lies(node: Node, reader: Reader) -> Check:
    """Proofs that a log forked or was rolled back; each is checked anew, for somebody may have put it there."""
    faults, ended = [], []
    peers = reader.peers()
    for lie in reader.lies():
        keys = node.keys.log.public if lie.party == node.party else peers[lie.party].log
        try:
            kind = Equivocation.from_bytes(lie.proof).verify(keys.named(lie.log))
        except VerificationError as error:
            faults.append(f"what is kept as proof against `{lie.log}` proves nothing: {error}")
            continue
        said = f"`{lie.log}` of `{lie.party}`: {kind.value}, proven by its own two signed checkpoints"
        if lie.log == current_log(reader, lie.party, peer_of_log(lie.log), exercise=node.exercise):
            faults.append(said)
        else:
            ended.append(f"{said}; an officer of `{lie.party}` declared that entries were lost, and the log ended")
    return Check(name=LIES, counted=len(faults), fault="; ".join(faults), remark="; ".join(ended))
