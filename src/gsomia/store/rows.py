"""Rows to values and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any

from gsomia.agreement import LegalAct
from gsomia.keys import Envelope, PublicKey, b64, unb64
from gsomia.node import (
    Consent,
    Credential,
    Discrepancy,
    EnteredAct,
    LogState,
    Need,
    Officer,
    Outgoing,
    Peer,
    PendingOpening,
    Person,
    Refused,
    SignedAct,
    Statement,
    instant,
    read_instant,
)
from gsomia.passkeys import Passkey, enrolled_key
from gsomia.registry import Citation, Copy, CopyState, Custody, Direction, Item, Rendition, Rung, RungEntry
from gsomia.sealed import XWingPublicKey
from gsomia.tlog import LogVerifier

__all__ = [
    "act_of",
    "act_row",
    "batch_row",
    "consent_of",
    "consent_row",
    "copy_of",
    "copy_row",
    "credential_of",
    "discrepancy_of",
    "discrepancy_row",
    "entered_of",
    "entered_row",
    "envelope_of",
    "in_order",
    "item_of",
    "item_row",
    "log_of",
    "need_of",
    "officer_of",
    "officer_row",
    "outgoing_of",
    "peer_of",
    "peer_row",
    "pending_of",
    "person_of",
    "person_row",
    "plain_row",
    "refused_of",
    "refused_row",
    "rendition_of",
    "rung_of",
]

Row = dict[str, Any]


def plain_row(value: Any) -> Row:
    """A dataclass whose fields are text, numbers and instants, as a row."""
    names, cells = _fields(value.__class__)
    return {
        name: instant(cell) if isinstance(cell, datetime) else cell
        for name, cell in zip(names, cells(value), strict=True)
    }


@cache
def _fields(kind: type) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """The fields of a dataclass with several, and what takes their values from one."""
    names = tuple(field.name for field in fields(kind))
    return names, attrgetter(*names)


@lru_cache(maxsize=1024)
def _list(values: tuple[str, ...]) -> str:
    return json.dumps(list(values), ensure_ascii=False)


@lru_cache(maxsize=1024)
def _tuple(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def item_row(item: Item) -> Row:
    """An item as a row."""
    return plain_row(item) | {
        "contains": _list(item.contains),
        "exercise": int(item.exercise),
        "custody": item.custody.value,
        "holders": _list(item.holders),
        "cites": json.dumps([citation.to_json() for citation in item.cites]) if item.cites else "[]",
    }


def item_of(row: Row) -> Item:
    """An item from its row."""
    return Item(
        **row
        | {
            "contains": _tuple(row["contains"]),
            "created_at": read_instant(row["created_at"]),
            "exercise": bool(row["exercise"]),
            "custody": Custody(row["custody"]),
            "holders": _tuple(row["holders"]),
            "cites": tuple(
                Citation(item=one["item"], contains=tuple(one["contains"])) for one in json.loads(row["cites"])
            )
            if row["cites"] != "[]"
            else (),
        }
    )


def copy_row(copy: Copy) -> Row:
    """A copy as a row; its rungs stand in their own table."""
    row = plain_row(copy) | {
        "via": _list(copy.via),
        "direction": copy.direction.value,
        "state": copy.state.value,
    }
    del row["rungs"]
    return row


_EVIDENCE = tuple(Rung)


def copy_of(row: Row, rungs: tuple[RungEntry, ...]) -> Copy:
    """A copy from its row and its rungs, in the order of evidence."""
    return Copy(
        **row
        | {
            "via": _tuple(row["via"]),
            "direction": Direction(row["direction"]),
            "state": CopyState(row["state"]),
            "at": read_instant(row["at"]),
            "rungs": in_order(rungs),
        }
    )


def in_order(rungs: Iterable[RungEntry]) -> tuple[RungEntry, ...]:
    """Rungs in the order of evidence (protocol 8)."""
    return tuple(sorted(rungs, key=lambda entry: (_EVIDENCE.index(entry.rung), entry.at, entry.act)))


def rendition_of(row: Row) -> Rendition:
    """A rendition from its row."""
    return Rendition(**row | {"at": read_instant(row["at"])})


def rung_of(row: Row) -> RungEntry:
    """A rung from its row."""
    return RungEntry(**row | {"rung": Rung(row["rung"]), "at": read_instant(row["at"])})


def officer_row(officer: Officer) -> Row:
    """An officer as a row."""
    return plain_row(officer) | {"roles": _list(officer.roles), "key": json.dumps(officer.key.to_json())}


def officer_of(row: Row) -> Officer:
    """An officer from its row."""
    return Officer(
        **row
        | {
            "roles": _tuple(row["roles"]),
            "key": _key(row["key"]),
            "enrolled_at": read_instant(row["enrolled_at"]),
        }
    )


@lru_cache(maxsize=256)
def _key(text: str) -> PublicKey | Passkey:
    return enrolled_key(json.loads(text))


def peer_row(peer: Peer) -> Row:
    """A peer as a row."""
    document = {
        "signing": peer.signing.to_json(),
        "sealing": b64(peer.sealing.to_bytes()),
        "log": peer.log.to_text(),
        "certificate": peer.certificate,
        "fingerprint": peer.fingerprint,
        "act": peer.act,
    }
    return {"party": peer.party, "document": json.dumps(document)}


def peer_of(row: Row) -> Peer:
    """A peer from its row."""
    return _peer(row["party"], row["document"])


@lru_cache(maxsize=64)
def _peer(party: str, text: str) -> Peer:
    # Peers are read with every message, and their keys are long.
    document = json.loads(text)
    return Peer(
        party=party,
        signing=PublicKey.from_json(document["signing"]),
        sealing=XWingPublicKey.from_bytes(unb64(document["sealing"])),
        log=LogVerifier.from_text(document["log"]),
        certificate=document["certificate"],
        fingerprint=document["fingerprint"],
        act=document["act"],
    )


_PERSON_LISTS = ("needs", "purposes", "rosters", "house_roles", "accounts")
_PERSON_ENDS = ("expires", "left_at")


def person_row(person: Person) -> Row:
    """A person as a row."""
    lists = {name: _list(getattr(person, name)) for name in _PERSON_LISTS}
    ends = {name: "" for name in _PERSON_ENDS if getattr(person, name) is None}
    keys = json.dumps([key.to_json() for key in person.sign_in_keys])
    return plain_row(person) | lists | ends | {"sign_in_keys": keys}


def person_of(row: Row) -> Person:
    """A person from the row."""
    lists = {name: _tuple(row[name]) for name in _PERSON_LISTS}
    ends = {name: read_instant(row[name]) if row[name] else None for name in _PERSON_ENDS}
    keys = tuple(PublicKey.from_json(key) for key in json.loads(row["sign_in_keys"]))
    return Person(**row | lists | ends | {"sign_in_keys": keys})


def need_of(row: Row) -> Need:
    """A need to know an item, from its row."""
    return Need(**row | {"need": bool(row["need"])})


def credential_of(row: Row) -> Credential:
    """A credential from its row."""
    return Credential(**row | {"at": read_instant(row["at"])})


def consent_row(consent: Consent) -> Row:
    """A consent as a row."""
    return plain_row(consent) | {
        "receivers": _list(consent.receivers),
        "conditions": _list(consent.conditions),
        "expires": instant(consent.expires) if consent.expires is not None else "",
    }


def consent_of(row: Row) -> Consent:
    """A consent from its row."""
    lists = {name: _tuple(row[name]) for name in ("receivers", "conditions")}
    expires = read_instant(row["expires"]) if row["expires"] else None
    return Consent(**row | lists | {"expires": expires, "at": read_instant(row["at"])})


def entered_row(entered: EnteredAct) -> Row:
    """A legal act in the record as a row."""
    document = plain_row(entered.legal)
    return {
        "id": entered.legal.id,
        "entered_by": entered.entered_by,
        "under": entered.legal.under,
        "document": json.dumps(document, ensure_ascii=False),
        "note": entered.note,
        "note_date": entered.note_date,
        "note_digest": entered.note_digest,
        "act": entered.act,
    }


def entered_of(row: Row) -> EnteredAct:
    """A legal act in the record from its row."""
    return EnteredAct(
        legal=_legal(row["document"]),
        entered_by=row["entered_by"],
        note=row["note"],
        note_date=row["note_date"],
        note_digest=row["note_digest"],
        act=row["act"],
    )


def pending_of(row: Row) -> PendingOpening:
    """An opening that waits, from its row."""
    return PendingOpening(**row | {"at": read_instant(row["at"])})


@lru_cache(maxsize=256)
def _legal(text: str) -> LegalAct:
    document = json.loads(text)
    for name in ("at", "known_at", "ends", "received"):
        if document.get(name) is not None:
            document[name] = read_instant(document[name])
    return LegalAct(**document)


def outgoing_of(row: Row) -> Outgoing:
    """Something on its way, from its row."""
    return Outgoing(**row | {"next_at": read_instant(row["next_at"])})


def refused_row(refused: Refused) -> Row:
    """Something refused, as a row."""
    return plain_row(refused) | {"detail": json.dumps(dict(refused.detail), ensure_ascii=False)}


def refused_of(row: Row) -> Refused:
    """Something refused, from its row."""
    rest = {key: row[key] for key in ("source", "what", "why")}
    return Refused(**rest, at=read_instant(row["at"]), detail=json.loads(row["detail"]))


def discrepancy_row(found: Discrepancy) -> Row:
    """Something found to differ, as a row."""
    return plain_row(found) | {"repair": _list(found.repair)}


def discrepancy_of(row: Row) -> Discrepancy:
    """Something found to differ, from its row."""
    return Discrepancy(**row | {"repair": _tuple(row["repair"]), "since": read_instant(row["since"])})


def log_of(row: Row) -> LogState:
    """The head of a log from its row."""
    return LogState(**row | {"signed_at": read_instant(row["signed_at"])})


def act_row(act: SignedAct, source: str, at: datetime) -> Row:
    """A signed act as a row; its batch's envelope stands in its own table."""
    statement = act.statement
    return {
        "id": statement.id,
        "type": statement.type,
        "party": statement.party,
        "item": statement.item,
        "statement": act.data,
        "batch": batch_key(act.envelope),
        "position": act.index,
        "size": act.size,
        "path": b"".join(act.path),
        "source": source,
        "recorded_at": instant(at),
    }


def batch_row(envelope: Envelope) -> Row:
    """The envelope of a batch of acts as a row."""
    return {"id": batch_key(envelope), "envelope": _envelope_text(envelope)}


# An envelope is some 10 KiB, is the same for all acts of its batch, and acts of one batch come one after another.


@lru_cache(maxsize=64)
def batch_key(envelope: Envelope) -> str:
    """What names a batch: SHA-256 of its envelope, signatures included, for one batch may be signed more than once."""
    return hashlib.sha256(envelope.to_bytes()).hexdigest()


@lru_cache(maxsize=64)
def _envelope_text(envelope: Envelope) -> str:
    return envelope.to_bytes().decode()


def envelope_of(text: str) -> Envelope:
    """The envelope of a batch from its text."""
    return Envelope.from_bytes(text.encode())


def act_of(row: Mapping[str, Any], envelope: Envelope) -> SignedAct:
    """A signed act from its row and its batch's envelope."""
    path = row["path"]
    return SignedAct(
        statement=Statement.from_bytes(row["statement"]),
        data=row["statement"],
        index=row["position"],
        size=row["size"],
        path=tuple([path[i : i + 32] for i in range(0, len(path), 32)]),
        envelope=envelope,
    )
