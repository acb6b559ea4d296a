"""Signed notes of C2SP: a text, a blank line, and signature lines; and the keys that verify them.

A key has a name and a type, and its id is made of both. Three types are used here: 0x01, Ed25519 over the text; 0x04,
Ed25519 cosignature with a time; 0x06, ML-DSA-44 cosignature with a time (c2sp.org/signed-note,
c2sp.org/tlog-cosignature).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from gsomia.errors import LogError, SignatureError
from gsomia.keys import b64, unb64
from gsomia.tlog.tree import HASH_BYTES, MAX_SIZE

__all__ = ["Algorithm", "Checkpoint", "Note", "NoteKey", "NoteSignature", "parse_note"]

MAX_NOTE_BYTES = 1 << 20
MAX_SIGNATURES = 64
"""More than C2SP asks readers to take (16); a bound, so that a peer cannot make us check for ever."""

TIME_BYTES = 8

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Algorithm(IntEnum):
    """The type byte of a key: how it signs a note."""

    ED25519 = 0x01
    ED25519_COSIGNATURE = 0x04
    ML_DSA_44 = 0x06


KEY_BYTES = {Algorithm.ED25519: 32, Algorithm.ED25519_COSIGNATURE: 32, Algorithm.ML_DSA_44: 1312}


def decimal(text: str) -> int:
    """Read a number in its one spelling: decimal digits without leading zeroes.

    Raises:
        LogError: anything else, or a number beyond 2**63 - 1.
    """
    if not (text.isascii() and text.isdigit()) or (text[0] == "0" and text != "0") or len(text) > 19:
        raise LogError(f"`{text[:30]}` is no decimal number without leading zeroes")
    number = int(text)
    if number > MAX_SIZE:
        raise LogError(f"`{text}` is beyond 2**63 - 1")
    return number


def hash_from_text(text: str) -> bytes:
    """Read a hash of 32 bytes in its one base64 spelling.

    Raises:
        LogError: anything else.
    """
    try:
        value = unb64(text)
    except ValueError as error:
        raise LogError(f"`{text[:60]}` is no hash: {error}") from error
    if len(value) != HASH_BYTES:
        raise LogError(f"a hash of {len(value)} bytes where {HASH_BYTES} are needed")
    return value


def check_name(name: str) -> None:
    """Refuse a key name or origin that a note cannot carry.

    Raises:
        LogError: it is empty, holds white space, a control character or a plus, or is longer than 255 bytes.
    """
    # 255: the ML-DSA-44 cosignature counts both names in one byte.
    if not name or any(c.isspace() or c < " " or c == "+" for c in name) or len(name.encode()) > 255:
        raise LogError(f"`{name[:60]}` cannot be the name of a log or key")


def seconds(at: datetime) -> int:
    """Whole seconds since 1970, as cosignatures carry them.

    Raises:
        ValueError: a time without zone, or before 1970.
    """
    if at.tzinfo is None:
        raise ValueError("a time needs a zone")
    value = int(at.timestamp())
    if value <= 0:
        raise ValueError("a cosignature cannot carry a time before 1970")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log says of itself: its name, how many entries it has, and the root over them (c2sp.org/tlog-checkpoint).

    Args:
        origin: the log's name for ever, such as `node.example/log/JPN`.
        size: number of entries.
        root: 32 bytes.

    Raises:
        LogError: a value that a checkpoint cannot carry.
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        check_name(self.origin)
        if not 0 <= self.size <= MAX_SIZE or len(self.root) != HASH_BYTES:
            raise LogError(f"a checkpoint has a size from 0 to 2**63 - 1 and a root of {HASH_BYTES} bytes")

    def to_text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"

    @classmethod
    def from_text(cls, text: str) -> Checkpoint:
        """Read the three lines in their one spelling; extension lines are refused, for ML-DSA-44 would not sign them.

        Raises:
            LogError: anything else.
        """
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:
            raise LogError("a checkpoint is three lines: origin, size, root")
        return cls(origin=lines[0], size=decimal(lines[1]), root=hash_from_text(lines[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSignature:
    """One signature line: the key's name, its id of 4 bytes, and what the key made."""

    name: str
    key_id: bytes
    signature: bytes

    def to_text(self) -> str:
        """The line, with its newline."""
        return f"— {self.name} {b64(self.key_id + self.signature)}\n"

    @classmethod
    def from_text(cls, line: str) -> NoteSignature:
        """Read a line without its newline.

        Raises:
            LogError: not such a line.
        """
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "—":
            raise LogError(f"`{line[:60]}` is no signature line")
        check_name(parts[1])
        try:
            data = unb64(parts[2])
        except ValueError as error:
            raise LogError(f"the signature by `{parts[1]}` is {error}") from error
        if len(data) < 5:
            raise LogError(f"the signature by `{parts[1]}` is too short")
        return cls(name=parts[1], key_id=data[:4], signature=data[4:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text and the signatures under it; nothing is verified yet."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def to_bytes(self) -> bytes:
        """The note as it travels."""
        return (self.text + "\n" + "".join(s.to_text() for s in self.signatures)).encode()


def parse_note(data: bytes) -> Note:
    """Read a signed note in its one spelling.

    Args:
        data: the note, at most 1 MiB and 64 signatures.

    Raises:
        LogError: not a note.
    """
    if len(data) > MAX_NOTE_BYTES:
        raise LogError(f"a note of {len(data)} bytes is too large")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LogError("a note is UTF-8 text") from error
    if _CONTROL.search(text):
        raise LogError("a note holds no control characters")
    body, blank, tail = text.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise LogError("a note is a text, a blank line and signature lines, each ended by a newline")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise LogError(f"a note with {len(lines)} signatures is not read")
    return Note(text=body + "\n", signatures=tuple(NoteSignature.from_text(line) for line in lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteKey:
    """A key that verifies signatures on notes.

    Args:
        name: the key's name, part of its id.
        algorithm: how it signs.
        key: the raw public key: 32 bytes of Ed25519 or 1312 of ML-DSA-44.

    Raises:
        LogError: a name or key that cannot be.
    """

    name: str
    algorithm: Algorithm
    key: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.key) != KEY_BYTES[self.algorithm]:
            raise LogError(f"a key of `{self.name}` has {len(self.key)} bytes")

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256 over name, newline, type and key: a hint, not a fingerprint."""
        return sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.key).digest()[:4]

    def to_text(self) -> str:
        """The verifier key in its text form: `name+id+base64`."""
        return f"{self.name}+{self.key_id.hex()}+{b64(bytes([self.algorithm]) + self.key)}"

    @classmethod
    def from_text(cls, text: str) -> NoteKey:
        """Read the text form.

        Raises:
            LogError: not such a text, a type that is not used here, or an id that is not this key's.
        """
        parts = text.split("+", 2)
        try:
            data = unb64(parts[2])
            key = cls(name=parts[0], algorithm=Algorithm(data[0]), key=data[1:])
        except (IndexError, ValueError) as error:
            raise LogError(f"`{text[:60]}` is no verifier key") from error
        if key.to_text() != text:
            raise LogError(f"the id in `{text[:60]}` is not that of the key")
        return key

    def verify(self, note: Note, signature: NoteSignature) -> datetime | None:
        """Check one of the note's signatures.

        Args:
            note: the note; for ML-DSA-44 its text must be a checkpoint.
            signature: the one that names this key.

        Returns:
            The time at which it was signed, or `None` for a type that carries none.

        Raises:
            SignatureError: it is by another key, or does not hold.
        """
        if (signature.name, signature.key_id) != (self.name, self.key_id):
            raise SignatureError(f"the signature by `{signature.name}` is not by the key `{self.to_text()[:60]}`")
        try:
            if self.algorithm is Algorithm.ED25519:
                self._check(note.text.encode(), signature.signature)
                return None
            stamp = int.from_bytes(signature.signature[:TIME_BYTES], "big")
            if self.algorithm is Algorithm.ED25519_COSIGNATURE:
                signed = cosigned_text(note.text, stamp)
            else:
                signed = cosigned_message(self.name, Checkpoint.from_text(note.text), stamp)
            self._check(signed, signature.signature[TIME_BYTES:])
            if stamp == 0:
                # C2SP lets a cosigner give no time; here the time is what proves a rollback.
                raise SignatureError(f"the signature by `{self.name}` carries no time")
            return datetime.fromtimestamp(stamp, UTC)
        except (InvalidSignature, ValueError, OverflowError, OSError) as error:
            raise SignatureError(f"the signature by `{self.name}` does not hold") from error

    def _check(self, signed: bytes, signature: bytes) -> None:
        if self.algorithm is Algorithm.ML_DSA_44:
            MLDSA44PublicKey.from_public_bytes(self.key).verify(signature, signed)
        else:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, signed)


def cosigned_text(text: str, stamp: int) -> bytes:
    """What an Ed25519 cosignature signs: a header, the time, and the whole text (c2sp.org/tlog-cosignature)."""
    return f"cosignature/v1\ntime {stamp}\n{text}".encode()


def cosigned_message(cosigner: str, checkpoint: Checkpoint, stamp: int) -> bytes:
    """What ML-DSA-44 signs: the `cosigned_message` over the tree from leaf 0 (c2sp.org/tlog-cosignature, 1.1)."""
    name, origin = cosigner.encode(), checkpoint.origin.encode()
    parts = (
        b"subtree/v1\n\x00",
        len(name).to_bytes(1, "big"),
        name,
        stamp.to_bytes(8, "big"),
        len(origin).to_bytes(1, "big"),
        origin,
        (0).to_bytes(8, "big"),
        checkpoint.size.to_bytes(8, "big"),
        checkpoint.root,
    )
    return b"".join(parts)
