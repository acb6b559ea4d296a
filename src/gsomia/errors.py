"""Every exception of gsomia, in one tree.

    GsomiaError
    ├── UsageError             what was asked cannot be understood; names the value, the allowed ones and the place
    │   └── DataError          a file of law, settings or cases is malformed: file, key, what is allowed
    ├── RefusedError           the agreement (or the node's own rule) refuses; carries the verdict
    ├── LoginError             a node at its address does not know, or no longer, who asks
    ├── PendingError           waits for a person or a peer
    ├── VerificationError      a signature, seal, label, proof or receipt does not hold
    │   ├── SignatureError     a signature is missing, wrong, or by a key that may not sign this
    │   ├── SealError          a sealed item is malformed or was altered
    │   ├── LogError           a log, checkpoint or proof does not hold
    │   └── MessageError       a message from a peer is malformed, replayed, or out of place
    │       └── ClockError     it names an instant too far from this node's clock
    ├── NodeError              the node cannot do its work: folder, settings, database, disk
    └── PeerError              the peer cannot be reached, or answered what cannot be used
        └── AnswerError        its answer came and does not hold: people are told

A refusal by the agreement is a value (`Verdict`); `RefusedError` carries it to the place that must stop.
Messages are lower case, without a full stop, with user text in backticks, and say what to do where that is known.
"""

from __future__ import annotations

from typing import Any


class GsomiaError(Exception):
    """Anything gsomia raises on purpose.

    Args:
        message: what was wrong and where, for people.
        hint: what to do about it, or "" where nothing general can be said.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(GsomiaError):
    """What was asked cannot be understood."""


class DataError(UsageError):
    """A file of law, settings or cases is malformed."""


class RefusedError(GsomiaError):
    """An act is refused or uncertain, so it was not done.

    Args:
        message: the first reason, for people.
        verdict: the verdict as a JSON object, with its grounds.
    """

    def __init__(self, message: str, *, verdict: dict[str, Any], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.verdict = verdict


class LoginError(GsomiaError):
    """A node at its address does not know who asks."""


class PendingError(GsomiaError):
    """The act waits for a person or a peer."""


class VerificationError(GsomiaError):
    """Something that was to be verified does not hold."""


class SignatureError(VerificationError):
    """A signature is missing, wrong, or by a key that may not sign this."""


class SealError(VerificationError):
    """A sealed item is malformed or was altered."""


class LogError(VerificationError):
    """A log, a checkpoint or a proof does not hold."""


class MessageError(VerificationError):
    """A message from a peer is malformed, replayed, or out of place."""


class ClockError(MessageError):
    """A message names an instant too far from this node's clock: one of the two is wrong, which is no bad faith."""


class NodeError(GsomiaError):
    """The node cannot do its work."""


class PeerError(GsomiaError):
    """The peer cannot be reached, or answered what cannot be used."""


class AnswerError(PeerError):
    """The peer's answer came and is not what a peer that keeps to the protocol says: kept for people to see."""
