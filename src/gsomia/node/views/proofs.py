"""What is told of proofs, of what is awaited and of what was carried, as data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gsomia.node.acts.signed import SignedAct, instant
from gsomia.node.comparison.reconciling import Reconciled
from gsomia.node.exchange.tracers import Awaited
from gsomia.node.logs.publish import log_named, prove
from gsomia.node.node import Node
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import Discrepancy, LogState
from gsomia.node.views.records import rendition_row
from gsomia.tlog import Checkpoint, parse_note

__all__ = [
    "awaited_row",
    "discrepancy_row",
    "entry_rows",
    "lie_rows",
    "log_rows",
    "numbered_renditions",
    "parcel_rows",
    "proof_view",
    "reconciled_view",
    "sent_row",
    "witness_rows",
]


def awaited_row(one: Awaited, now: datetime) -> dict[str, Any]:
    """A copy whose receipt is not here."""
    if one.loss is not None:
        state = "possible loss"
    elif one.tracer is not None:
        state = "traced"
    elif one.due is None:
        state = "no days are set"
    else:
        state = "overdue" if one.due <= now else "awaited"
    return {
        "control_number": one.copy.control_number,
        "copy": one.copy.id,
        "from": one.copy.giver,
        "to": one.copy.holder,
        "instrument": one.copy.instrument,
        "dispatched": instant(one.since),
        "due": instant(one.due) if one.due is not None else "",
        "tracer": one.tracer.id if one.tracer is not None else "",
        "answer_by": instant(one.answer_due) if one.answer_due is not None else "",
        "possible_loss": one.loss.id if one.loss is not None else "",
        "state": state,
    }


def sent_row(act: SignedAct) -> dict[str, Any]:
    """A tracer that was sent, or a possible loss that was reported."""
    said = act.statement
    return {"act": act.id, "type": said.type, "copy": said.copy, "item": said.item}


def parcel_rows(reader: Reader) -> list[dict[str, Any]]:
    """The parcels that were made and taken in, and what the peer is known to have."""
    found = reader.parcels()
    seen: dict[str, int] = {}
    for parcel in found:
        if parcel.direction == "in":
            seen[parcel.peer] = max(parcel.seen, seen.get(parcel.peer, 0))
    return [
        {
            "peer": parcel.peer,
            "way": parcel.direction,
            "number": parcel.number,
            "made_at": instant(parcel.made_at),
            "at": instant(parcel.at),
            "parts": parcel.parts,
            "there": "yes" if parcel.direction == "in" or parcel.number <= seen.get(parcel.peer, 0) else "not known",
        }
        for parcel in found
    ]


def proof_view(node: Node, reader: Reader, act: str, log: str) -> dict[str, Any]:
    """The proof that an act is in a log, with its statement and the log's keys.

    Raises:
        UsageError: no such act, not in that log, or in several.
    """
    name, proof = prove(reader, act, log)
    found = reader.act(act)
    return {
        "act": act,
        "log": name,
        "index": proof.index,
        "statement": found.data.decode() if found is not None else "",
        "keys": node.keys.log.public.named(name).to_text(),
        "proof": proof.to_bytes().decode(),
    }


def entry_rows(reader: Reader, log: str, start: int, stop: int) -> list[dict[str, Any]]:
    """Entries of a log with the acts that they stand for.

    Args:
        reader: the store.
        log: its origin.
        start, stop: from which entry on, and before which.
    """
    rows = []
    for index, (entry, act_id, _) in enumerate(reader.log_entries(log, start, stop), start):
        act = reader.act(act_id)
        said = act.statement if act is not None else None
        rows.append(
            {
                "log": log,
                "index": index,
                "act": act_id,
                "type": said.type if said else "missing",
                "party": said.party if said else "",
                "at": instant(said.at) if said else "",
                "item": said.item if said else "",
                "entry": entry.hex(),
            }
        )
    return rows


def witness_rows(reader: Reader, logs: Sequence[LogState]) -> list[dict[str, Any]]:
    """What peers cosigned of a node's logs, and when each is asked again."""
    sizes = {state.name: state.size for state in logs}
    return [
        {
            "log": row.log,
            "witness": row.witness,
            "size": row.size,
            "entries": sizes.get(row.log, 0),
            "next_at": instant(row.next_at),
            "error": row.error,
            "checkpoint": row.note.decode(),
        }
        for row in reader.cosigned()
    ]


def lie_rows(reader: Reader) -> list[dict[str, Any]]:
    """The proofs that a log forked or was rolled back."""
    return [
        {"log": lie.log, "party": lie.party, "kind": lie.kind, "at": instant(lie.at), "proof": lie.proof.decode()}
        for lie in reader.lies()
    ]


def reconciled_view(party: str, found: Reconciled) -> dict[str, Any]:
    """What came of a reconciliation."""
    return {
        "party": party,
        "peer": found.peer,
        "entries": {party: found.entries[0], found.peer: found.entries[1]},
        "differences": [discrepancy_row(one) for one in found.discrepancies],
        "under_way": list(found.under_way),
        "rounds": found.rounds,
        "bytes": {"said": found.said, "heard": found.heard},
        "act": found.act.id,
    }


def discrepancy_row(one: Discrepancy) -> dict[str, Any]:
    """A difference between two nodes' records."""
    return {
        "kind": one.kind,
        "subject": one.subject,
        "item": one.about,
        "here": one.here,
        "there": one.there,
        "repair": list(one.repair),
        "since": instant(one.since),
    }


def numbered_renditions(reader: Reader, digest: str = "") -> list[dict[str, Any]]:
    """The renditions that were made with their copies' control numbers; of one digest, that one alone."""
    found = reader.renditions(digest=digest)
    copies = {name: reader.copy(name) for name in {made.copy for made in found}}
    numbers = {name: copy.control_number for name, copy in copies.items() if copy is not None}
    return [rendition_row(made) | {"control_number": numbers.get(made.copy, made.copy)} for made in found]


def log_rows(node: Node, reader: Reader, name: str = "") -> list[dict[str, Any]]:
    """The logs with their checkpoints and keys; with a name that one alone.

    Raises:
        UsageError: there is no such log.
    """
    rows = []
    for state in [log_named(reader, name)] if name else reader.logs():
        head = Checkpoint.from_text(parse_note(state.checkpoint).text)
        rows.append(
            {
                "origin": head.origin,
                "size": head.size,
                "root": head.root.hex(),
                "signed_at": instant(state.signed_at),
                "checkpoint": state.checkpoint.decode(),
                "keys": node.keys.log.public.named(head.origin).to_text(),
            }
        )
    return rows
