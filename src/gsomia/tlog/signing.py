"""Who signs and cosigns checkpoints, and how a checkpoint is verified.

A log and a witness each have a pair of keys, Ed25519 and ML-DSA-44, under one name; both signatures must hold. Ed25519
is what public tools read today, ML-DSA-44 is what stands when quantum computers come, and it carries the time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from gsomia.errors import LogError, SignatureError
from gsomia.tlog.notes import (
    TIME_BYTES,
    Algorithm,
    Checkpoint,
    Note,
    NoteKey,
    NoteSignature,
    check_name,
    cosigned_message,
    cosigned_text,
    parse_note,
    seconds,
)

__all__ = [
    "Cosignature",
    "LogSigner",
    "LogVerifier",
    "SignedCheckpoint",
    "add_signatures",
    "verify_checkpoint",
    "verify_cosignatures",
    "verify_signed",
]

SEED_BYTES = 64
"""Length of a log key's seed: 32 for Ed25519, then 32 for ML-DSA-44."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogVerifier:
    """The public half of a log's or witness's keys, under its name.

    Args:
        name: a log's origin, or a witness's name.
        ed25519: 32 bytes.
        ml_dsa_44: 1312 bytes.

    Raises:
        LogError: a name or key that cannot be.
    """

    name: str
    ed25519: bytes
    ml_dsa_44: bytes

    def __post_init__(self) -> None:
        self.log_keys()

    def log_keys(self) -> tuple[NoteKey, NoteKey]:
        """The keys under which a log signs its own checkpoints: Ed25519 and ML-DSA-44."""
        return (
            NoteKey(name=self.name, algorithm=Algorithm.ED25519, key=self.ed25519),
            NoteKey(name=self.name, algorithm=Algorithm.ML_DSA_44, key=self.ml_dsa_44),
        )

    def witness_keys(self) -> tuple[NoteKey, NoteKey]:
        """The keys under which a witness cosigns: Ed25519 cosignature and ML-DSA-44."""
        return (
            NoteKey(name=self.name, algorithm=Algorithm.ED25519_COSIGNATURE, key=self.ed25519),
            NoteKey(name=self.name, algorithm=Algorithm.ML_DSA_44, key=self.ml_dsa_44),
        )

    def to_text(self) -> str:
        """The two verifier keys of the log, a line each, as public tools read them."""
        return "".join(key.to_text() + "\n" for key in self.log_keys())

    @classmethod
    def from_text(cls, text: str) -> LogVerifier:
        """Read what `to_text` wrote.

        Raises:
            LogError: not two such lines under one name.
        """
        lines = text.split("\n")
        if len(lines) != 3 or lines[2]:
            raise LogError("a log's keys are two lines: Ed25519 and ML-DSA-44")
        first, second = NoteKey.from_text(lines[0]), NoteKey.from_text(lines[1])
        verifier = cls(name=first.name, ed25519=first.key, ml_dsa_44=second.key)
        if verifier.log_keys() != (first, second):
            raise LogError("a log's keys are Ed25519 and ML-DSA-44, in this order, under one name")
        return verifier

    def named(self, name: str) -> LogVerifier:
        """The same keys under another name: a node has one pair of keys and several logs."""
        return LogVerifier(name=name, ed25519=self.ed25519, ml_dsa_44=self.ml_dsa_44)


class LogSigner:
    """The private keys of a log or witness, under its name; the seed is never shown, pickled or logged.

    No dataclass, so that nothing that shows a dataclass field by field shows the seed.

    Args:
        name: a log's origin, or a witness's name.
        seed: 64 bytes from a good source of chance (`LogSigner.generate` makes them).

    Raises:
        LogError: a name that cannot be.
        ValueError: a seed of another length.
    """

    __slots__ = ("_cosigner_id", "_ed25519", "_log_ids", "_ml_dsa_44", "name", "public", "seed")

    def __init__(self, name: str, seed: bytes) -> None:
        check_name(name)
        if len(seed) != SEED_BYTES:
            raise ValueError(f"a log key's seed is {SEED_BYTES} bytes")
        self.seed = seed
        self._ed25519 = Ed25519PrivateKey.from_private_bytes(seed[:32])
        self._ml_dsa_44 = MLDSA44PrivateKey.from_seed_bytes(seed[32:])
        self._take(
            LogVerifier(
                name=name,
                ed25519=self._ed25519.public_key().public_bytes_raw(),
                ml_dsa_44=self._ml_dsa_44.public_key().public_bytes_raw(),
            )
        )

    def _take(self, public: LogVerifier) -> None:
        self.name, self.public = public.name, public
        plain, post_quantum = public.log_keys()
        self._log_ids = (plain.key_id, post_quantum.key_id)
        self._cosigner_id = public.witness_keys()[0].key_id

    def __repr__(self) -> str:
        return f"LogSigner(name={self.name!r})"

    def __eq__(self, other: object) -> bool:
        return self.public == other.public if isinstance(other, LogSigner) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.public)

    @classmethod
    def generate(cls, name: str) -> LogSigner:
        """New keys from the crypto library's own source of chance."""
        ed25519 = Ed25519PrivateKey.generate().private_bytes_raw()
        return cls(name, ed25519 + MLDSA44PrivateKey.generate().private_bytes_raw())

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a log key is not pickled")

    def named(self, name: str) -> LogSigner:
        """The same keys under another name, for another log of the same node.

        A witness cosigns under one name only: an Ed25519 cosignature does not hold the name.
        """
        other = object.__new__(LogSigner)
        # The private keys are not made from the seed once more: every append to a log asks for them under its name.
        other.seed, other._ed25519, other._ml_dsa_44 = self.seed, self._ed25519, self._ml_dsa_44
        other._take(self.public.named(name))
        return other

    def sign_checkpoint(self, checkpoint: Checkpoint, at: datetime) -> bytes:
        """Sign a checkpoint of one's own log with both keys.

        The caller signs only what extends everything signed before, and never with an earlier time than before:
        either would be proof of a forked or rolled back log in the hands of every witness.

        Args:
            checkpoint: of the log whose name this key has.
            at: the node's time, whole seconds are kept.

        Returns:
            The signed note.

        Raises:
            LogError: the checkpoint is of another log.
        """
        if checkpoint.origin != self.name:
            raise LogError(f"the key of `{self.name}` does not sign checkpoints of `{checkpoint.origin}`")
        text = checkpoint.to_text()
        plain = NoteSignature(name=self.name, key_id=self._log_ids[0], signature=self._ed25519.sign(text.encode()))
        return Note(text=text, signatures=(plain, self._post_quantum(checkpoint, seconds(at)))).to_bytes()

    def cosign(self, note: bytes, at: datetime) -> bytes:
        """Cosign another log's checkpoint; whether it may be cosigned is decided before, by `witness`.

        Args:
            note: the signed checkpoint.
            at: the witness's time, whole seconds are kept.

        Returns:
            Two signature lines, Ed25519 and ML-DSA-44, each ended by a newline.
        """
        text = parse_note(note).text
        checkpoint = Checkpoint.from_text(text)
        stamp = seconds(at)
        signature = self._ed25519.sign(cosigned_text(text, stamp))
        plain = NoteSignature(
            name=self.name, key_id=self._cosigner_id, signature=stamp.to_bytes(TIME_BYTES, "big") + signature
        )
        return (plain.to_text() + self._post_quantum(checkpoint, stamp).to_text()).encode()

    def _post_quantum(self, checkpoint: Checkpoint, stamp: int) -> NoteSignature:
        signature = self._ml_dsa_44.sign(cosigned_message(self.name, checkpoint, stamp))
        return NoteSignature(
            name=self.name, key_id=self._log_ids[1], signature=stamp.to_bytes(TIME_BYTES, "big") + signature
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCheckpoint:
    """A checkpoint whose signatures held: the note as it came, what it says, and when the log signed it."""

    note: bytes
    checkpoint: Checkpoint
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosignature:
    """A witness's cosignature that held: who, and at what time by both signatures (the earlier where they differ)."""

    name: str
    signed_at: datetime


def _times(note: Note, keys: tuple[NoteKey, NoteKey]) -> list[list[datetime | None]]:
    """For each key the times of its signatures; any signature by a known key that does not hold rejects the note."""
    return [
        [key.verify(note, s) for s in note.signatures if (s.name, s.key_id) == (key.name, key.key_id)] for key in keys
    ]


def verify_signed(note: bytes, verifier: LogVerifier) -> SignedCheckpoint:
    """Check a log's two signatures on its checkpoint.

    Args:
        note: the signed note; signatures by others are ignored.
        verifier: the log's keys, under its origin.

    Returns:
        The checkpoint, with the time at which the log signed it.

    Raises:
        SignatureError: one of the two signatures is missing or does not hold.
        LogError: not a checkpoint, or of another log.
    """
    parsed = parse_note(note)
    checkpoint = Checkpoint.from_text(parsed.text)
    if checkpoint.origin != verifier.name:
        raise LogError(f"a checkpoint of `{checkpoint.origin}` where one of `{verifier.name}` was expected")
    plain, post_quantum = _times(parsed, verifier.log_keys())
    if not plain or not post_quantum:
        missing = "Ed25519" if not plain else "ML-DSA-44"
        raise SignatureError(f"the {missing} signature of the log `{verifier.name}` is missing")
    signed_at = max(time for time in post_quantum if time is not None)
    return SignedCheckpoint(note=note, checkpoint=checkpoint, signed_at=signed_at)


def verify_checkpoint(note: bytes, verifier: LogVerifier) -> Checkpoint:
    """Check a log's two signatures on its checkpoint, and hand back what it says; see `verify_signed`.

    Raises:
        SignatureError: one of the two signatures is missing or does not hold.
        LogError: not a checkpoint, or of another log.
    """
    return verify_signed(note, verifier).checkpoint


def verify_cosignatures(note: bytes, witnesses: Iterable[LogVerifier]) -> tuple[Cosignature, ...]:
    """Which of these witnesses cosigned the checkpoint, each with both keys.

    Args:
        note: the signed checkpoint with whatever cosignatures it has; the log's own are not looked at.
        witnesses: the witnesses' keys; others are ignored.

    Returns:
        One cosignature for each witness whose two signatures are there, in the order of `witnesses`; perhaps none, and
        none means: not witnessed.

    Raises:
        SignatureError: a signature under a known key does not hold.
    """
    parsed = parse_note(note)
    Checkpoint.from_text(parsed.text)
    found = []
    for witness in witnesses:
        plain, post_quantum = ([t for t in times if t] for times in _times(parsed, witness.witness_keys()))
        if plain and post_quantum:
            found.append(Cosignature(name=witness.name, signed_at=min(max(plain), max(post_quantum))))
    return tuple(found)


def add_signatures(note: bytes, lines: bytes) -> bytes:
    """The note with further signature lines, such as a witness answered; what is already there is not doubled.

    Raises:
        LogError: the note or the lines are malformed.
    """
    parsed = parse_note(note)
    more = parse_note(parsed.text.encode() + b"\n" + lines).signatures
    extra = tuple(s for s in dict.fromkeys(more) if s not in parsed.signatures)
    return Note(text=parsed.text, signatures=parsed.signatures + extra).to_bytes()
