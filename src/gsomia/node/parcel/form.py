"""A parcel: messages and sealed items in one signed file, for a stick, a disc or a diode (docs/spec/parcel.md).

Its parts come first, what they are comes last: so it is written in one go, and one that was cut short does not end as a
parcel. Nothing in it is believed before all of it was checked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import Any, BinaryIO

from gsomia.errors import MessageError, NodeError, SealError, SignatureError
from gsomia.keys import Envelope, PublicKey, SigningKey, b64, canonical, sign, unb64, verify
from gsomia.node.acts.signed import instant, read_instant
from gsomia.registry import read_copy_id
from gsomia.sealed import Identity, ParcelKey, XWingPrivateKey

__all__ = ["PARCEL_TYPE", "PARTS", "Contents", "Parcel", "ParcelWriter", "Part", "open_parcel", "sender_of"]

PARCEL_TYPE = "application/vnd.gsomia.parcel.v1+json"
MAGIC = b"gsomia parcel 1\n"
END_BYTES = 16
"""The last line: the length of the envelope before it, fifteen digits and a line feed."""

PARTS = 8192
"""At most so many parts in one parcel."""

ENVELOPE_BYTES = 8 * 2**20
MESSAGE_BYTES = 32 * 2**20
"""The longest message in a parcel, in bytes: as on the wire."""

CHUNK_BYTES = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part: a message, sealed for the recipient's node; or a large sealed item on its way.

    Args:
        copy: the copy whose content it is; "" for a message.
        size: its bytes in the file.
        sha256: over them, hexadecimal.
    """

    copy: str
    size: int
    sha256: str

    def to_json(self) -> dict[str, Any]:
        """The part as a parcel names it."""
        return {"copy": self.copy, "size": self.size, "sha256": self.sha256}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a parcel says of itself: whose it is, for whom, which one, and what lies in it.

    Args:
        id: used once.
        number: the sender's parcels for this recipient count up; one may be missing.
        sender, recipient: Parties.
        at: the sender's clock; each message in it names the same instant.
        seen: the number of the recipient's newest parcel that the sender has taken in; 0 for none.
        kid: the recipient's sealing key to which `key` is wrapped.
        key: the key under which its messages are sealed, wrapped.
        parts: in the order of the file.
    """

    id: str
    number: int
    sender: str
    recipient: str
    at: datetime
    exercise: bool
    seen: int
    kid: str
    key: bytes = field(repr=False)
    parts: tuple[Part, ...]

    def to_bytes(self) -> bytes:
        """The exact bytes that are signed."""
        return canonical(
            {
                "v": 1,
                "id": self.id,
                "number": self.number,
                "from": self.sender,
                "to": self.recipient,
                "at": instant(self.at),
                "exercise": self.exercise,
                "seen": self.seen,
                "kid": self.kid,
                "key": b64(self.key),
                "parts": [part.to_json() for part in self.parts],
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Contents:
        """Read them strictly: they must write back to the same bytes.

        Raises:
            MessageError: not the contents of a parcel, or of an unknown version.
        """
        try:
            value = json.loads(data)
            if value["v"] != 1:
                raise ValueError(f"version `{value['v']}` of parcels is not known")
            texts = {name: value[name] for name in ("id", "from", "to", "kid", "key")}
            if not all(isinstance(text, str) for text in texts.values()) or not isinstance(value["parts"], list):
                raise ValueError("text was expected, and a list of parts")
            if len(value["parts"]) > PARTS:
                raise ValueError(f"a parcel has at most {PARTS} parts")
            contents = cls(
                id=texts["id"],
                number=_count(value["number"], 1),
                sender=texts["from"],
                recipient=texts["to"],
                at=read_instant(value["at"]),
                exercise=value["exercise"] is True,
                seen=_count(value["seen"], 0),
                kid=texts["kid"],
                key=unb64(texts["key"]),
                parts=tuple(_part(part) for part in value["parts"]),
            )
            if contents.to_bytes() != data:
                raise ValueError("it is not in the one form that parcels have")
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise MessageError(f"not a parcel: {error}") from error
        return contents


def _count(value: object, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 2**53:
        raise ValueError(f"a number of at least {least} was expected")
    return value


def _part(value: Mapping[str, Any]) -> Part:
    digest = value["sha256"]
    if not isinstance(digest, str) or len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise ValueError("`sha256` is a digest in hexadecimal")
    copy, size = value["copy"], _count(value["size"], 1)
    if not isinstance(copy, str):
        raise ValueError("`copy` is text")
    if not copy and size > MESSAGE_BYTES:
        raise ValueError(f"a message has at most {MESSAGE_BYTES} bytes")
    if copy:
        read_copy_id(copy)
    return Part(copy=copy, size=size, sha256=digest)


class ParcelWriter:
    """Writes a parcel part by part; `finish` signs it.

    Args:
        sink: where to.
        key: under which its messages are sealed.
    """

    def __init__(self, sink: BinaryIO, key: ParcelKey) -> None:
        self._sink = sink
        self.key = key
        self._parts: list[Part] = []
        sink.write(MAGIC)

    @property
    def room(self) -> int:
        """How many parts it still takes."""
        return PARTS - len(self._parts)

    def message(self, message: Envelope) -> None:
        """Put a message in."""
        data = self.key.seal(len(self._parts), canonical(message.to_json()))
        self.content("", [data])

    def content(self, copy: str, chunks: Iterable[bytes]) -> None:
        """Put a large sealed item in, for the copy that a later message delivers."""
        digest, size = hashlib.sha256(), 0
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            self._sink.write(chunk)
        self._parts.append(Part(copy=copy, size=size, sha256=digest.hexdigest()))

    def finish(self, contents: Callable[[tuple[Part, ...]], Contents], keys: Iterable[SigningKey]) -> Contents:
        """Sign what it holds and end it.

        Args:
            contents: what the parcel says of itself, given its parts.
            keys: the node's; and those it replaced, where the recipient does not know that yet.
        """
        said = contents(tuple(self._parts))
        envelope = canonical(sign(said.to_bytes(), PARCEL_TYPE, list(keys)).to_json())
        self._sink.write(envelope + b"%015d\n" % len(envelope))
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A parcel that was opened: its signature holds, and what it says of its parts."""

    contents: Contents
    _file: BinaryIO = field(repr=False)
    _starts: tuple[int, ...] = field(repr=False)

    def check(self) -> None:
        """Check every part against its digest.

        Raises:
            SealError: one was altered.
        """
        for number in range(len(self.contents.parts)):
            for _ in self.chunks(number):
                pass

    def chunks(self, number: int) -> Iterator[bytes]:
        """The bytes of a part; the last ones are handed out only if all of them are as they were signed.

        Raises:
            SealError: they were altered.
        """
        part = self.contents.parts[number]
        self._file.seek(self._starts[number])
        digest, left = hashlib.sha256(), part.size
        while left:
            chunk = self._file.read(min(CHUNK_BYTES, left))
            if not chunk:
                raise SealError(f"part {number} of the parcel is cut short")
            digest.update(chunk)
            left -= len(chunk)
            if not left and digest.hexdigest() != part.sha256:
                raise SealError(f"part {number} of the parcel was altered")
            yield chunk

    def message(self, number: int, identities: Iterable[Identity]) -> Envelope:
        """A message from it, still to be verified.

        Args:
            number: the part's.
            identities: the recipient's sealing keys.

        Raises:
            MessageError: it is no signed message.
            SealError: it does not open for this node.
        """
        data = self._key(identities).open(number, b"".join(self.chunks(number)))
        try:
            return Envelope.from_bytes(data)
        except SignatureError as error:
            raise MessageError(f"part {number} of the parcel is no signed message: {error}") from error

    def _key(self, identities: Iterable[Identity]) -> ParcelKey:
        for identity in identities:
            if identity.kid == self.contents.kid and isinstance(identity.key, XWingPrivateKey):
                return ParcelKey.opened(self.contents.key, identity.key)
        raise SealError("the parcel's messages are sealed to none of the keys of this node")


def sender_of(file: BinaryIO) -> str:
    """The Party that a parcel says it is from, unproven: by which its turn is chosen, and nothing else.

    Raises:
        MessageError: it is no parcel.
    """
    return Contents.from_bytes(_ends(file)[0].payload).sender


def open_parcel(file: BinaryIO, key: Callable[[str], PublicKey]) -> Parcel:
    """Open a parcel: its form and its signature, before anything in it is read.

    Args:
        file: it, seekable.
        key: the enrolled key of the node of the Party that it says it is from; raises where there is none.

    Raises:
        MessageError: it is no parcel, was cut short, or something was added to it.
        SignatureError: nobody known signed it, or it was altered since.
        NodeError: it cannot be read.
    """
    try:
        envelope, body = _ends(file)
    except OSError as error:
        raise NodeError(f"the parcel cannot be read: {error.strerror or error}") from error
    contents = Contents.from_bytes(envelope.payload)
    contents = Contents.from_bytes(verify(envelope, PARCEL_TYPE, [key(contents.sender)]))
    starts = tuple(accumulate((part.size for part in contents.parts), initial=len(MAGIC)))
    held = starts[-1] - len(MAGIC)
    if held != body:
        raise MessageError(f"the parcel holds {body} bytes where {held} were signed")
    return Parcel(contents=contents, _file=file, _starts=starts)


def _ends(file: BinaryIO) -> tuple[Envelope, int]:
    """The envelope at the end of a parcel, unverified, and how many bytes its parts have."""
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        raise MessageError("not a parcel: it does not begin as one")
    size = file.seek(0, 2)
    file.seek(max(len(MAGIC), size - END_BYTES))
    end = file.read(END_BYTES)
    if len(end) != END_BYTES or not end[:-1].isdigit() or end[-1:] != b"\n":
        raise MessageError("the parcel does not end as one: it was cut short, or something was added to it")
    length = int(end)
    body = size - len(MAGIC) - length - END_BYTES
    if length > ENVELOPE_BYTES or body < 0:
        raise MessageError("the parcel does not end as one: its last line names more than it has")
    file.seek(len(MAGIC) + body)
    data = file.read(length)
    try:
        envelope = Envelope.from_bytes(data)
        if envelope.to_bytes() != data:
            raise ValueError("it is not in the one form that parcels have")
    except (ValueError, SignatureError) as error:
        raise MessageError(f"the parcel does not end as one: {error}") from error
    return envelope, body
