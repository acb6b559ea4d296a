"""The messages of docs/spec/exchange.md as they travelled: each is read, and each alteration of it is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lying import turned

from gsomia.errors import MessageError, SignatureError
from gsomia.keys import Envelope, PublicKey, verify
from gsomia.node import Officer
from gsomia.node.acts.signed import unpack, verify_act
from gsomia.node.messages import MESSAGE_TYPE, Message

WALK: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "vectors" / "exchange" / "walk.json").read_text(encoding="utf-8")
)
MESSAGES = [Envelope.from_json(value) for value in WALK["messages"]]
KEYS = {party: PublicKey.from_json(value["signing"]) for party, value in WALK["nodes"].items()}
SPOKEN = [
    ("offers", "JPN"),
    ("answers", "KOR"),
    ("deliver", "JPN"),
    ("delivered", "KOR"),
    ("checkpoints", "JPN"),
    ("cosigned", "KOR"),
    ("checkpoints", "KOR"),
    ("cosigned", "JPN"),
    ("acts", "KOR"),
    ("recorded", "JPN"),
    ("checkpoints", "JPN"),
    ("cosigned", "KOR"),
    ("checkpoints", "KOR"),
    ("cosigned", "JPN"),
]


@dataclass
class Keyring:
    """The keys that the vector names."""

    def node_key(self, party: str) -> PublicKey | None:
        """A node's key."""
        return KEYS.get(party)

    def retired_key(self, party: str, fingerprint: str, at: datetime) -> PublicKey | None:
        """No key was replaced."""
        return None

    def officer(self, party: str, officer: str) -> Officer | None:
        """An officer's key."""
        for one in WALK["officers"][party]:
            if one["officer"] == officer:
                key = PublicKey.from_json(one["key"])
                roles = tuple(one["roles"])
                at = datetime.now(UTC)
                return Officer(id=officer, party=party, roles=roles, key=key, act="", enrolled_at=at, person=officer)
        return None


def test_the_messages_are_those_of_the_example() -> None:
    read = [Message.from_bytes(envelope.payload) for envelope in MESSAGES]
    assert [(message.type, message.sender) for message in read] == SPOKEN
    assert all(message.exercise and {message.sender, message.recipient} == {"JPN", "KOR"} for message in read)
    for asked, answer in zip(read[::2], read[1::2], strict=True):
        assert (asked.answers, answer.answers) == ("", asked.id)


@pytest.mark.parametrize("number", range(len(SPOKEN)))
def test_each_message_is_signed_by_its_sender_and_refused_when_altered(number: int) -> None:
    envelope, (_, sender) = MESSAGES[number], SPOKEN[number]
    assert Message.from_bytes(verify(envelope, MESSAGE_TYPE, [KEYS[sender]])).sender == sender
    (other,) = set(KEYS) - {sender}
    with pytest.raises(SignatureError):
        verify(envelope, MESSAGE_TYPE, [KEYS[other]])
    for place in (0, len(envelope.payload) // 2, -1):
        with pytest.raises(SignatureError):
            verify(replace(envelope, payload=turned(envelope.payload, place)), MESSAGE_TYPE, [KEYS[sender]])
    for index, signature in enumerate(envelope.signatures):
        signatures = list(envelope.signatures)
        signatures[index] = replace(signature, sig=turned(signature.sig, 5))
        with pytest.raises(SignatureError):
            verify(replace(envelope, signatures=tuple(signatures)), MESSAGE_TYPE, [KEYS[sender]])
        with pytest.raises(SignatureError):
            verify(replace(envelope, signatures=(signature,)), MESSAGE_TYPE, [KEYS[sender]])


def test_another_spelling_of_a_message_is_none() -> None:
    text = json.dumps(json.loads(MESSAGES[0].payload), indent=1).encode()
    with pytest.raises(MessageError, match="RFC 8785 form"):
        Message.from_bytes(text)


def test_every_act_on_the_way_holds_by_the_keys_named() -> None:
    kinds = []
    for envelope in MESSAGES:
        body = Message.from_bytes(envelope.payload).body
        for act in unpack(body.get("acts", [])):
            verify_act(act, Keyring(), exercise=True)
            kinds.append(act.statement.type)
            with pytest.raises(SignatureError):
                verify_act(act, Keyring(), exercise=False)
            with pytest.raises(SignatureError):
                verify_act(replace(act, data=turned(act.data, 40)), Keyring(), exercise=True)
    assert [kind for kind in dict.fromkeys(kinds) if kind != "enrol-key"] == [
        "acceptance",
        "transmit",
        "dispatched",
        "accepted",
        "delivered",
        "mark",
        "receipted",
    ]
