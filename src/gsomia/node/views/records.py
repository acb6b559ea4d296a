"""What a node shows of its register, outbox, acts and logs: plain objects, the same for a command and for the API."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from gsomia.errors import UsageError
from gsomia.node.acts.signed import SignedAct, instant, pack
from gsomia.node.comparison.disputes import Difference, differences
from gsomia.node.comparison.schedule import overdue
from gsomia.node.exchange.outbox import dead_letter
from gsomia.node.holding.owed import owing
from gsomia.node.holding.regrading import regraded
from gsomia.node.node import Limits, Node
from gsomia.node.record.keyholding import Recalled, recall_of, recalls
from gsomia.node.record.recall_answers import asked_back
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import Consent, EnteredAct, Outgoing, Refused
from gsomia.node.refusals import times
from gsomia.node.transmission.requests import request_rows
from gsomia.node.views.passed import withdrawn_rows
from gsomia.registry import Copy, CopyState, Item, Rendition, Rung

__all__ = [
    "act_row",
    "act_views",
    "acts_about",
    "asked_row",
    "copy_row",
    "entered_rows",
    "inbox_lists",
    "outgoing_row",
    "owed_rows",
    "record_order",
    "refused_row",
    "register_rows",
    "rendition_row",
    "rung_rows",
    "told_differences",
]


_FEW = 500
"""Up to so many copies are looked at one by one; beyond that, what there is of all copies is read at once."""


def rendition_row(made: Rendition) -> dict[str, Any]:
    """A rendition as data."""
    return {
        "copy": made.copy,
        "item": made.item,
        "person": made.person,
        "number": made.number,
        "total": made.total,
        "original": made.original,
        "rendition": made.rendition,
        "mime_type": made.mime_type,
        "at": instant(made.at),
        "act": made.act,
    }


def copy_row(
    copy: Copy, item: Item | None, recalled: Recalled | None = None, renditions: Sequence[Rendition] = ()
) -> dict[str, Any]:
    """A line of the control register: a copy with what is registered of its item."""
    receipted = copy.rung(Rung.RECEIPTED)
    return {
        "control_number": copy.control_number,
        "item": copy.item,
        "copy": copy.id,
        "number": copy.number,
        "direction": copy.direction.value,
        "from": copy.giver,
        "to": copy.holder,
        "via": list(copy.via),
        "destination": copy.destination,
        "originator": item.originator if item else "",
        "foreign_mark": item.level if item else "",
        "own_mark": copy.own_mark,
        "origin_mark": copy.origin_mark,
        "subject": item.subject if item else "",
        "title": item.title if item else "",
        "state": copy.state.value,
        "reason": copy.reason,
        "custodian": copy.custodian,
        "custody": item.custody.value if item else "",
        "holders": list(item.holders) if item else [],
        "recall": recalled.standing(item, copy) if recalled and item else "",
        "instrument": copy.instrument,
        "receipt": receipted.act if receipted else "",
        "payload_digest": item.payload_digest if item else "",
        "rungs": [entry.rung.value for entry in copy.rungs],
        "rung_acts": rung_rows(copy),
        "label": json.loads(item.label) if item else None,
        "own_label": json.loads(copy.own_label) if copy.own_label else None,
        "contains": list(item.contains) if item else [],
        "cites": [source.to_json() for source in item.cites] if item else [],
        "statement": item.statement if item else "",
        "renditions": [rendition_row(made) for made in renditions if made.copy == copy.id],
    }


def rung_rows(copy: Copy) -> list[dict[str, Any]]:
    """The rungs that a copy has passed: by which act, whose, and when."""
    return [{"rung": r.rung.value, "act": r.act, "party": r.party, "at": instant(r.at)} for r in copy.rungs]


def register_rows(reader: Reader, copies: Sequence[Copy]) -> list[dict[str, Any]]:
    """Lines of the register for these copies, with recalls, renditions, the level notified last, the contractor."""
    if len(copies) > _FEW:
        recalled, made = recalls(reader), reader.renditions()
        levels = {one.item.id: one.level for one in regraded(reader)}
        rows = [copy_row(copy, reader.item(copy.item), recalled.get(copy.item), made) for copy in copies]
    else:
        rows, levels = [], {}
        for copy in copies:
            item = reader.item(copy.item)
            found = recall_of(reader, copy.item, item.originator) if item is not None else None
            rows.append(copy_row(copy, item, found, reader.renditions(item=copy.item)))
            levels |= {one.item.id: one.level for one in regraded(reader, copy.item)}
    lies = {one.copy: f"{one.contractor}, {one.facility}" for one in reader.contractor_copies()}
    return [
        row | {"level": levels.get(row["item"], row["foreign_mark"]), "contractor": lies.get(row["copy"], "")}
        for row in rows
    ]


def _waiting_copies(node: Node, reader: Reader) -> list[Copy]:
    """The copies received that wait for a mark or a receipt."""
    return [c for c in reader.copies(states=[CopyState.DELIVERED, CopyState.OPENED]) if c.holder == node.party]


def asked_row(consent: Consent) -> dict[str, Any]:
    """A request for consent that waits for an answer."""
    return {
        "request": consent.id,
        "asker": consent.asker,
        "to": list(consent.receivers),
        "item": consent.item,
        "purpose": consent.purpose,
        "part": consent.part,
        "extent": consent.extent,
        "why": consent.why,
    }


def _openings(reader: Reader) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Openings that wait for a peer."""
    for one in reader.pending():
        copy = reader.copy(one.copy)
        if copy is not None:
            at = instant(one.at)
            row = {"control_number": copy.control_number, "person": one.person, "at": at, "why": one.why}
            yield (at, one.copy, one.person), row


def inbox_lists(node: Node, reader: Reader) -> Mapping[str, Sequence[tuple[tuple[str, ...], dict[str, Any]]]]:
    """What was received and waits for a mark, a receipt or an answer; openings that wait; consents taken back.

    Each row comes with its place: what is added or worked off moves no other.
    """
    asked = [c for c in reader.consents() if c.state == "asked" and c.originator == node.party]
    rows = [
        (
            (c.control_number, c.id),
            copy_row(c, reader.item(c.item)) | {"todo": "receipt" if c.own_mark else "mark"},
        )
        for c in _waiting_copies(node, reader)
    ]
    back = [
        (
            (instant(one.recall.at), one.copy.id),
            {
                "control_number": one.copy.control_number,
                "originator": one.item.originator,
                "due": instant(one.due),
                "why": str(one.recall.body["why"]),
            },
        )
        for one in asked_back(reader)
        if one.copy.holder == node.party and one.is_open
    ]
    levels = [
        (
            (instant(one.notice.at), one.copy.id),
            {"control_number": one.copy.control_number, "originator": one.item.originator, "level": one.level},
        )
        for one in regraded(reader)
        if one.copy.holder == node.party and one.state == "to follow"
    ]
    return {
        "items": rows,
        "requests": [((instant(one.at), one.id), asked_row(one)) for one in asked],
        "information": [
            ((row["at"], row["request"]), row)
            for row in request_rows(node, reader, node.clock.now())
            if row["to_answer"]
        ],
        "openings": sorted(_openings(reader), key=lambda one: one[0]),
        "recalls": back,
        "regraded": levels,
        "withdrawn": [((row["at"], row["consent"], row["copy"]), row) for row in withdrawn_rows(node, reader)],
    }


def outgoing_row(entry: Outgoing, limits: Limits) -> dict[str, Any]:
    """An entry of the outbox, and why it waits."""
    why = entry.error if entry.error or not entry.parcel else f"in parcel {entry.parcel}, not answered yet"
    return {
        "peer": entry.peer,
        "kind": entry.kind,
        "subject": entry.subject,
        "attempts": entry.attempts,
        "next_at": instant(entry.next_at),
        "dead": dead_letter(entry, limits),
        "parcel": entry.parcel,
        "why": why,
    }


def refused_row(refused: Refused) -> dict[str, Any]:
    """Something refused, with the grounds against it where a verdict was kept."""
    grounds = refused.detail.get("grounds")
    found = [ground for ground in grounds if isinstance(ground, dict)] if isinstance(grounds, list) else []
    return {
        "at": instant(refused.at),
        "from": refused.source,
        "what": refused.what,
        "why": refused.why,
        "times": times(refused),
        "grounds": [ground for ground in found if ground.get("effect") != "permit"],
    }


def entered_rows(node: Node, reader: Reader, entered: Iterable[EnteredAct]) -> list[dict[str, Any]]:
    """The record of legal acts: one's own entries and what peers report, and where they differ."""
    states = {one.act.id: one.state for one in differences(node, reader)}
    return [
        {
            "at": instant(e.legal.at),
            "act": e.legal.id,
            "by": e.legal.by,
            "entry": "own" if e.entered_by == node.party else f"reported by {e.entered_by}",
            "state": states.get(e.legal.id, "entered"),
            "note": e.note,
            "dated": e.note_date,
            "note_digest": e.note_digest,
        }
        for e in sorted(entered, key=record_order)
    ]


def record_order(entered: EnteredAct) -> tuple[datetime, str, str]:
    """The place of an entry in the record as it is told: when its act was done, which, by whom it was entered."""
    return entered.legal.at, entered.legal.id, entered.entered_by


def act_row(act: SignedAct) -> dict[str, Any]:
    """A line for one signed act."""
    said = act.statement
    return {
        "at": instant(said.at),
        "act": said.id,
        "type": said.type,
        "party": said.party,
        "instrument": said.instrument,
        "item": said.item,
        "officers": ", ".join(signer.officer for signer in said.signers if signer.officer),
    }


def acts_about(reader: Reader, kind: str = "", reference: str = "") -> list[SignedAct]:
    """The signed acts, of one type or about one item where these are named.

    Args:
        reader: the node's store.
        kind: a type of act, or "".
        reference: a control number, item id or copy id, or "".

    Raises:
        UsageError: no act is about it.
    """
    items = [""]
    if reference:
        items = sorted({copy.item for copy in reader.find(reference)}) or [reference]
    acts = [act for one in items for act in reader.acts(types=[kind] if kind else (), item=one)]
    if reference and not acts:
        raise UsageError(f"no act is about `{reference}`", hint="`gsomia register` lists what there is")
    return acts


def _act_named(reader: Reader, act: str) -> list[SignedAct]:
    """The act with this id, or the entries in the record of legal acts under it.

    Raises:
        UsageError: there is none.
    """
    found = reader.act(act)
    if found is not None:
        return [found]
    record = reader.record()
    # An officer enters an act under a name of its own, which stands behind the agreement's in its id.
    names = sorted({entry.legal.id for entry in record if act in (entry.legal.id, entry.legal.id.partition("/")[2])})
    if act not in names and len(names) > 1:
        raise UsageError(f"`{act}` names {len(names)} legal acts", hint=f"they are: {', '.join(names)}")
    wanted = act if act in names else "".join(names)
    entries = [reader.act(entry.act) for entry in record if names and entry.legal.id == wanted]
    if not entries:
        raise UsageError(
            f"no act `{act}` is here", hint="`gsomia act list` lists the legal acts, with --all every act of the node"
        )
    return [entry for entry in entries if entry is not None]


def _act_view(reader: Reader, act: SignedAct) -> dict[str, Any]:
    """An act whole: what it says, who signed it, how it came, where it stands in the logs, and the signed form."""
    said = act.statement
    source, recorded = reader.arrival(act.id) or ("", said.at)
    return {
        "id": said.id,
        "type": said.type,
        "at": instant(said.at),
        "party": said.party,
        "instrument": said.instrument,
        "parties": list(said.parties),
        "item": said.item,
        "copy": said.copy,
        "signers": [{"role": s.role, "officer": s.officer, "key": s.key} for s in said.signers],
        "body": dict(said.body),
        "source": source,
        "recorded_at": instant(recorded),
        "batch": {"index": act.index, "size": act.size},
        "logs": [{"log": log, "index": index, "salt": salt.hex()} for log, index, salt in reader.log_places(act.id)],
        "signed": pack([act]),
    }


def act_views(node: Node, reader: Reader, act: str) -> dict[str, Any]:
    """An act by its id, or the entries of one legal act by each Party's, and whether these differ.

    Raises:
        UsageError: there is none.
    """
    found = _act_named(reader, act)
    name = act if found[0].id == act else str(found[0].statement.body["id"])
    states = [one.state for one in differences(node, reader) if one.act.id == name]
    return {
        "id": name,
        "state": "disputed" if "disputed" in states else "entered",
        "views": [_act_view(reader, one) for one in found],
    }


def told_differences(found: Iterable[Difference], own: str) -> dict[str, list[dict[str, Any]]]:
    """Where one's own record and peers' reports differ: for each the two entries, by whose they are (protocol 4)."""
    said: dict[str, list[dict[str, Any]]] = {"disputed": [], "reported": []}
    for one in found:
        mine, theirs = (entry.to_json() if entry else None for entry in (one.own, one.theirs))
        said[one.state].append({own: mine, one.peer: theirs})
    return said


def owed_rows(
    node: Node, reader: Reader, party: str, at: datetime, *, unreconciled_for: timedelta
) -> list[dict[str, Any]]:
    """What a Party owes for copies, what is owed to it, and where records differ from a peer's for too long.

    Args:
        node: whose register it is.
        reader: its store.
        party: the Party.
        at: the instant.
        unreconciled_for: how long a difference from a peer's records may stand before it is a duty of this Party's.
    """
    found = [one.to_json(at) for one in owing(node, reader) if party in (one.by, *one.to)]
    if party != node.party:
        return found
    return [
        *found,
        *(
            {
                "act": "reconcile",
                "by": node.party,
                "to": [one.peer],
                "instrument": "",
                "article": "",
                "text": f"{one.kind}: here {one.here}; there {one.there}; {'; '.join(one.repair)}",
                "confidence": "",
                "since": one.since.isoformat(),
                "due": (one.since + unreconciled_for).isoformat(),
                "overdue": True,
                "item": one.subject,
            }
            for one in overdue(reader, at, unreconciled_for)
        ),
    ]
