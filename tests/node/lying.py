"""How the tests lie: messages altered on the wire, and nodes and officers that sign what is not so."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from gsomia.errors import PeerError
from gsomia.keys import Envelope, Signature, SigningKey, Signs, canonical, sign
from gsomia.node import SignedAct, Statement, answer, instant
from gsomia.node.acts.signed import Signer, pack, sign_acts, unpack
from gsomia.node.messages import MESSAGE_TYPE
from gsomia.node.node import new_id
from gsomia.testing import Exercise, Player

__all__ = [
    "OTHER_ITEM",
    "STRANGER",
    "Change",
    "act",
    "altered",
    "cut",
    "header",
    "in_acts",
    "kind_of",
    "message",
    "offered",
    "reading",
    "resigned",
    "send",
    "signed_by",
    "spoil",
    "turned",
    "without_acts",
]

Change = Callable[[dict[str, Any]], None]
"""Changes a message's JSON in place."""


STRANGER = SigningKey(bytes(range(64)))
"""A key that nobody enrolled."""
OTHER_ITEM = "3f1c2b9a-0d5e-4c1f-8a77-5b6c7d8e9f01"


def offered(**changes: Any) -> Change:
    """Other words in the first offer of a message."""

    def change(value: dict[str, Any]) -> None:
        value["body"]["offers"][0] |= changes

    return change


def header(**changes: Any) -> Change:
    """Other words in a message itself."""
    return lambda value: value.update(changes)


def reading(envelope: Envelope) -> dict[str, Any]:
    """A message as JSON, unverified."""
    value = json.loads(envelope.payload)
    assert isinstance(value, dict)
    return value


def kind_of(envelope: Envelope) -> str:
    """A message's type."""
    return str(reading(envelope)["type"])


def cut(kind: str) -> Callable[[str, str, Envelope], Envelope]:
    """A wire that is cut at messages of a kind."""

    def fault(_direction: str, _sender: str, envelope: Envelope) -> Envelope:
        if kind_of(envelope) == kind:
            raise PeerError("the wire is cut")
        return envelope

    return fault


def message(player: Player, recipient: str, kind: str, body: object, **words: object) -> Envelope:
    """A message that a node signs, whatever is in it; `words` replace what an honest one would say."""
    value = {
        "v": 1,
        "id": new_id(),
        "type": kind,
        "from": player.node.party,
        "to": recipient,
        "at": instant(player.node.clock.now()),
        "exercise": True,
        "answers": "",
        "body": body,
    } | words
    return sign(canonical(value), MESSAGE_TYPE, [player.node.keys.signing])


def send(exercise: Exercise, sender: str, recipient: str, envelope: Envelope) -> dict[str, Any]:
    """Hand a message to a node on a Party's channel; the answer as JSON."""
    there = exercise[recipient].node
    with there.store.reading() as reader:
        peer = reader.peers()[sender]
    return reading(answer(there, peer, envelope))


def altered(exercise: Exercise, sender: str, kind: str, change: Change, *, times: int = 1) -> None:
    """Let a node lie: its next messages of a kind are changed and signed anew with its own key."""
    left = times

    def fault(_direction: str, party: str, envelope: Envelope) -> Envelope:
        nonlocal left
        value = reading(envelope)
        if party != sender or value["type"] != kind or not left:
            return envelope
        left -= 1
        change(value)
        return sign(canonical(value), MESSAGE_TYPE, [exercise[sender].node.keys.signing])

    exercise.wire.fault = fault


def spoil(exercise: Exercise, sender: str, kind: str, change: Callable[[Envelope], Envelope]) -> None:
    """Let the wire alter every envelope of a kind from a Party, with no key at hand."""

    def fault(_direction: str, party: str, envelope: Envelope) -> Envelope:
        return change(envelope) if party == sender and kind_of(envelope) == kind else envelope

    exercise.wire.fault = fault


def keys_of(exercise: Exercise) -> dict[str, Signs]:
    """Every signing key in an exercise, by fingerprint."""
    keys: list[Signs] = [player.node.keys.signing for player in exercise.players.values()]
    keys += [acting.key for player in exercise.players.values() for acting in player.officers.values()]
    return {key.public.fingerprint: key for key in keys}


def resigned(both: Exercise, old: SignedAct, /, **changes: Any) -> SignedAct:
    """An act with other words, signed by the same signers: what a dishonest Party can make, its officers included."""
    body = {**old.statement.body, **changes.pop("body", {})}
    statement = replace(old.statement, body=body, **changes)
    keys = keys_of(both)
    return sign_acts([statement], [keys[signer.key] for signer in statement.signers])[0]


def act(
    player: Player,
    kind: str,
    *,
    roles: Sequence[str] = (),
    signers: Sequence[tuple[str, str, Signs]] = (),
    **words: Any,
) -> SignedAct:
    """An act that a Party's node signs, with its officers in these roles, or with any `signers` (role, id, key)."""
    node = player.node
    more = [(role, player.by(role).officer, player.by(role).key) for role in roles] + list(signers)
    said: dict[str, Any] = {
        "id": new_id(),
        "type": kind,
        "at": node.clock.now(),
        "party": node.party,
        "instrument": "jpn-kor-2016",
        "parties": (),
        "item": "",
        "copy": "",
        "signers": (
            node.node_signer(),
            *(Signer(role=role, key=key.public.fingerprint, officer=name) for role, name, key in more),
        ),
        "exercise": True,
        "body": {},
    } | words
    return sign_acts([Statement(**said)], [node.keys.signing, *(key for _, _, key in more)])[0]


def in_acts(both: Exercise, kind: str, /, **changes: Any) -> Change:
    """Changes the acts of a type that a message carries, each signed anew by the same signers."""

    def change(value: dict[str, Any]) -> None:
        acts = unpack(value["body"]["acts"])
        value["body"]["acts"] = pack(
            [resigned(both, one, **dict(changes)) if one.statement.type == kind else one for one in acts]
        )

    return change


def without_acts(kind: str) -> Change:
    """Leaves out the acts of a type."""

    def change(value: dict[str, Any]) -> None:
        acts = unpack(value["body"]["acts"])
        value["body"]["acts"] = pack([one for one in acts if one.statement.type != kind])

    return change


def turned(data: bytes, place: int) -> bytes:
    """The same bytes with one bit turned over."""
    place %= len(data)
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def signed_by(envelope: Envelope, signatures: Iterable[Signature]) -> Envelope:
    """The same payload with other signatures."""
    return replace(envelope, signatures=tuple(signatures))
