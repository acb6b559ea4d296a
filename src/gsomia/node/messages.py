"""Messages between nodes: signed by the node, fresh, from and to the Parties they name (protocol 2, 10).

Authority never rests on the channel: a message is a DSSE envelope with the node's two signatures, and a proxy or a
memory stick carries the same proof. A message is used once; what is sent again is a new message about the same things.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gsomia.errors import AnswerError, ClockError, MessageError, PeerError, SignatureError
from gsomia.keys import Envelope, PublicKey, SigningKey, canonical, read_canonical, sign, verify
from gsomia.node.acts.signed import instant, read_instant
from gsomia.node.node import Node, new_id
from gsomia.node.ports import PeerLink
from gsomia.node.record.stored import Peer
from gsomia.node.record.succession import distrusted, told_key

__all__ = ["MESSAGE_TYPES", "Message", "link_to", "message_keys", "read_answer", "read_message", "write_message"]

MESSAGE_TYPE = "application/vnd.gsomia.message.v1+json"

MESSAGE_TYPES = (
    "offers",
    "answers",
    "deliver",
    "delivered",
    "acts",
    "recorded",
    "ask-keys",
    "keys",
    "checkpoints",
    "cosigned",
    "ask-log",
    "log",
    "ask-content",
    "ask-ranges",
    "ask-summary",
    "ranges",
    "summary",
    "refusal",
)

_FIELDS = {"v", "id", "type", "from", "to", "at", "exercise", "answers", "body"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one node tells another.

    Args:
        id: used once.
        type: one of `MESSAGE_TYPES`.
        sender, recipient: Parties.
        at: the sender's clock.
        answers: the id of the message this one answers, or "".
        body: what belongs to the type.
    """

    id: str
    type: str
    sender: str
    recipient: str
    at: datetime
    exercise: bool
    answers: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The exact bytes that are signed."""
        return canonical(
            {
                "v": 1,
                "id": self.id,
                "type": self.type,
                "from": self.sender,
                "to": self.recipient,
                "at": instant(self.at),
                "exercise": self.exercise,
                "answers": self.answers,
                "body": dict(self.body),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Message:
        """Read a message strictly: it must write back to the same bytes.

        Raises:
            MessageError: not a message, or an unknown version or type.
        """
        try:
            value = read_canonical(data)
            if value.keys() != _FIELDS:
                raise ValueError("it is not in the one form that messages have")
            if type(value["v"]) is not int or value["v"] != 1:
                raise ValueError(f"version `{value['v']}` of messages is not known")
            texts = {name: value[name] for name in ("id", "type", "from", "to", "answers")}
            if not all(isinstance(text, str) for text in texts.values()) or not isinstance(value["body"], dict):
                raise ValueError("text was expected, and an object for its body")
            if texts["type"] not in MESSAGE_TYPES:
                raise ValueError(f"unknown type of message `{texts['type']:.40}`")
            if type(value["exercise"]) is not bool:
                raise ValueError("`exercise` is true or false")
            return cls(
                id=texts["id"],
                type=texts["type"],
                sender=texts["from"],
                recipient=texts["to"],
                at=read_instant(value["at"]),
                exercise=value["exercise"],
                answers=texts["answers"],
                body=value["body"],
            )
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise MessageError(f"not a message: {error}") from error


def link_to(node: Node, peer: Peer) -> PeerLink:
    """The way to a peer, which nothing goes where its node's key was declared compromised (protocol 10).

    Raises:
        PeerError: it was; whoever has the key could read and answer what is sent.
    """
    with node.store.reading() as reader:
        declared = distrusted(reader, peer.signing)
    if declared is not None:
        raise PeerError(
            f"the key of `{peer.party}` was declared compromised by act `{declared}`; nothing is sent to it",
            hint="it needs a fresh enrolment",
        )
    return node.link(peer.party)


def write_message(
    node: Node, recipient: str, kind: str, body: Mapping[str, Any], *, at: datetime, answers: str = ""
) -> tuple[Message, Envelope]:
    """Sign a new message.

    Args:
        node: the sender.
        recipient: a Party.
        kind: one of `MESSAGE_TYPES`.
        body: JSON.
        at: the sender's clock.
        answers: the id of the message answered, or "".
    """
    message = Message(
        id=new_id(),
        type=kind,
        sender=node.party,
        recipient=recipient,
        at=at,
        exercise=node.exercise,
        answers=answers,
        body=body,
    )
    return message, sign(message.to_bytes(), MESSAGE_TYPE, message_keys(node, recipient))


def message_keys(node: Node, recipient: str) -> list[SigningKey]:
    """The node's key; and those it replaced, for as long as the recipient has not recorded the last replacement."""
    keys = node.keys
    if not keys.retired:
        return [keys.signing]
    with node.store.reading() as reader:
        knows = reader.setting(told_key(recipient)) == keys.signing.public.fingerprint
    return [keys.signing] if knows else [keys.signing, *keys.retired]


def read_message(node: Node, envelope: Envelope, sender: str, key: PublicKey, *, at: datetime) -> Message:
    """Verify a message that came in.

    Args:
        node: the recipient.
        envelope: what came in.
        sender: the Party whose channel it came through.
        key: that Party's enrolled key.
        at: the recipient's clock.

    Raises:
        MessageError: malformed, from or to another Party, or of the other kind of node.
        ClockError: the clocks are too far apart.
        SignatureError: the signatures do not hold.
    """
    with node.store.reading() as reader:
        declared = distrusted(reader, key)
    if declared is not None:
        raise SignatureError(
            f"the key of `{sender}` was declared compromised by act `{declared}`", hint="it needs a fresh enrolment"
        )
    message = Message.from_bytes(verify(envelope, MESSAGE_TYPE, [key]))
    if (message.sender, message.recipient) != (sender, node.party):
        raise MessageError(
            f"a message from `{message.sender:.40}` to `{message.recipient:.40}` on the channel of `{sender}`"
        )
    if message.exercise is not node.exercise:
        raise MessageError("real and EXERCISE nodes refuse each other")
    skew = abs(message.at - at)
    if skew > node.limits.max_skew:
        raise ClockError(
            f"the clocks of `{sender}` and `{node.party}` are {skew.total_seconds():.0f} s apart; nothing new moves",
            hint=f"at most {node.limits.max_skew.total_seconds():.0f} s are allowed; set both clocks right",
        )
    return message


def read_answer(
    node: Node, envelope: Envelope, asked: Message, key: PublicKey, kind: str, *, at: datetime
) -> Mapping[str, Any]:
    """Verify the answer to a message, of the kind that was expected.

    Raises:
        PeerError: the peer refused the whole message.
        AnswerError: it answered something else.
    """
    try:
        message = read_message(node, envelope, asked.recipient, key, at=at)
    except (MessageError, SignatureError) as error:
        raise AnswerError(f"the answer of `{asked.recipient}` does not hold: {error}", hint=error.hint) from error
    # What a peer could not read it cannot name, so a refusal may answer nothing.
    if message.type == "refusal" and message.answers in (asked.id, ""):
        raise PeerError(f"`{asked.recipient}` refused the message: {message.body.get('why', '')}")
    if message.answers != asked.id:
        raise AnswerError(f"`{asked.recipient}` answered another message")
    if message.type != kind:
        raise AnswerError(f"`{asked.recipient}` answered with `{message.type}` where `{kind}` was expected")
    return message.body
