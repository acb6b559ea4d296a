"""What a node needs from outside: a store, sealed items' bytes, a clock, its keys, and a way to its peers."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Protocol

from gsomia.keys import Envelope, SigningKey
from gsomia.marking import Label, Line
from gsomia.sealed import XWingPrivateKey
from gsomia.tlog import LogSigner

__all__ = [
    "Blobs",
    "Clock",
    "Documents",
    "KeysInUse",
    "Look",
    "Marked",
    "NodeKeys",
    "PeerAddresses",
    "PeerLink",
]


class Clock(Protocol):
    """The node's clock; only an EXERCISE node's can be set."""

    def now(self) -> datetime:
        """The instant by this node, aware, UTC: what acts are dated and decided by."""
        ...

    def machine(self) -> datetime:
        """The machine's own time, for schedules alone; nothing is decided by it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeKeys:
    """The node's own secrets: for acts and messages, for items sealed to it, and for its logs."""

    signing: SigningKey
    sealing: XWingPrivateKey
    log: LogSigner
    retired: tuple[SigningKey, ...] = ()
    retired_sealing: tuple[XWingPrivateKey, ...] = ()

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a node's keys are neither copied nor pickled")


class KeysInUse:
    """A node's keys as they are in use: others that take their place count at once, for all that works with the node.

    Args:
        now: the keys.
    """

    def __init__(self, now: NodeKeys) -> None:
        self.now = now

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a node's keys are neither copied nor pickled")


class Blobs(Protocol):
    """The bytes of sealed items, written whole under their name or not at all."""

    def writing(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Write a blob, durable under its name when the block ends well."""
        ...

    def together(self) -> AbstractContextManager[Callable[[str], AbstractContextManager[BinaryIO]]]:
        """Write blobs that are all durable under their names when the block ends well; each is begun as by `writing`.

        One whose own block fails is left out; where the whole block fails, none gets its name.
        """
        ...

    def held(self, name: str) -> int:
        """How many bytes are durable of a blob that is written in parts."""
        ...

    def partials(self) -> Mapping[str, int]:
        """The blobs that are written in parts and are not whole, with the bytes that are here."""
        ...

    def continuing(self, name: str, offset: int) -> AbstractContextManager[BinaryIO]:
        """Write on at a blob that is written in parts; what was written stays, however the block ends."""
        ...

    def complete(self, name: str) -> None:
        """Give a blob that was written in parts its name."""
        ...

    def reading(self, name: str) -> AbstractContextManager[BinaryIO]: ...
    def exists(self, name: str) -> bool: ...
    def size(self, name: str) -> int: ...
    def stamp(self, name: str) -> Hashable:
        """What changes when the blob is replaced or changed."""
        ...

    def rename(self, names: Sequence[tuple[str, str]]) -> None:
        """Give blobs other names, (old, new), durably."""
        ...

    def remove(self, name: str) -> None: ...
    def erase(self, names: Sequence[str]) -> None:
        """Remove blobs durably: after a crash they do not come back; a missing one is no fault."""
        ...

    def names(self) -> list[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look at a document found.

    Args:
        kind: `pdf`, `docx`, `odf`, `image`, `text`, or "" where no format is known whose marks could be read.
        fault: why it must not be passed on as it is: active, encrypted, broken, too long; "" where there is nothing.
        remarks: what a person should know, such as that its marks could not be read.
    """

    kind: str
    fault: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A rendition as it was made: its bytes, how many pages, sections or pictures were marked, and remarks."""

    data: bytes
    mime_type: str
    parts: int
    remarks: tuple[str, ...] = ()


class Documents(Protocol):
    """Documents of the formats that are known: looked over, and marked."""

    def known(self, head: bytes, mime_type: str) -> bool:
        """Whether a document that begins so is of a format whose marks can be read."""
        ...

    def look_over(
        self, data: bytes, mime_type: str, label: Label, marks: Sequence[str], alike: Sequence[str] = ()
    ) -> Look:
        """Look a document over and hold the marks that it shows to its label.

        Raises:
            DataError: a visible mark contradicts the label; the message names both.
        """
        ...

    def mark_document(
        self, data: bytes, mime_type: str, *, top: Sequence[Line], bottom: Sequence[Line], properties: Mapping[str, str]
    ) -> Marked:
        """A rendition with lines above and below; what was given is not changed.

        Raises:
            DataError: a format that cannot be marked, or what `look_over` calls a fault.
        """
        ...


class PeerAddresses(Protocol):
    """Where the peers are reached: in the settings of the node's own host, beside the keys that acts enrol."""

    def check(self, identity: Mapping[str, Any], address: str) -> None:
        """Check that a peer could be named so, before anything is signed.

        Raises:
            UsageError: no address, no certificate, or the peer is named already.
        """
        ...

    def put(self, party: str, address: str, fingerprint: str) -> None:
        """Name an enrolled peer, in the place of what stood of it."""
        ...


class PeerLink(Protocol):
    """The way to one peer; every call may raise PeerError."""

    def exchange(self, message: Envelope) -> Envelope:
        """Send a signed message and return the signed answer."""
        ...

    def shared_digest(self) -> bytes:
        """The digest of all that the peer shares with this node, as the channel alone vouches for it (32 bytes)."""
        ...

    def upload(self, copy: str, chunks: Iterable[bytes], size: int, same: int) -> None:
        """Send a sealed item's bytes for a copy whose offer was accepted, from where an earlier attempt was cut.

        Args:
            copy: its id.
            chunks: its bytes, from the first on.
            size: how many they are.
            same: so many of them, from the first on, are the same at every attempt.
        """
        ...
