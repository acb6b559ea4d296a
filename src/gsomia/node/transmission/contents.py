"""Content that is sent here in pieces, for an act that is prepared or as a parcel; it is continued where it was cut.

It is no item yet, and nothing in the clear ever lies in this node's folder: each piece is encrypted under a key that is
in this process's memory alone. After a restart nothing can read what lies there, and it is swept away after a day.
"""

from __future__ import annotations

import hashlib
import io
import secrets
import threading
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gsomia.errors import MessageError, NodeError, UsageError
from gsomia.node.node import Node, new_id

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["PIECE_BYTES", "Content", "Contents"]

PIECE_BYTES = 8 * 2**20
"""The longest piece, in bytes; each is taken whole or not at all."""
_LEAST = 64 * 2**10
"""The shortest piece, but for the last, in bytes: what is kept of each piece, and the work with it, has a bound."""
_MOST = 64
"""So many contents of one officer's lie here at a time."""
_NONCE, _TAG = 12, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """How far a content has come.

    Args:
        digest: its SHA-256, in hexadecimal digits: its name.
        size: how long all of it is, in bytes.
        held: how much of it is here.
    """

    digest: str
    size: int
    held: int

    @property
    def whole(self) -> bool:
        """Whether all of it is here."""
        return self.held == self.size


@dataclass(slots=True, kw_only=True)
class _Coming:
    digest: str
    size: int
    used: datetime
    name: str = field(default_factory=lambda: f"content-{new_id()}")
    cipher: AESGCM = field(default_factory=lambda: AESGCM(AESGCM.generate_key(256)), repr=False)
    held: int = 0
    pieces: list[int] = field(default_factory=list)
    hashed: hashlib._Hash = field(default_factory=hashlib.sha256, repr=False)
    turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def stored(self) -> int:
        return self.held + len(self.pieces) * (_NONCE + _TAG)


class Contents:
    """The contents that officers send, each under its own digest and for its sender alone.

    Args:
        node: where they are to be sealed.
        kept_for: one that nothing is done with for so long is dropped.
    """

    def __init__(self, node: Node, kept_for: timedelta = timedelta(hours=1)) -> None:
        self._node = node
        self._kept_for = kept_for
        self._turn = threading.Lock()
        self._coming: dict[tuple[str, str], _Coming] = {}

    def state(self, officer: str, digest: str) -> Content | None:
        """How far an officer's content has come, or None where nothing of it is here."""
        found = self._find(officer, digest)
        return None if found is None else Content(digest=digest, size=found.size, held=found.held)

    def take(self, officer: str, digest: str, piece: bytes, *, offset: int, size: int) -> Content:
        """Take the next piece of an officer's content; the last one is taken where the whole has the digest.

        Args:
            officer: who sends it.
            digest: SHA-256 of all of it, in hexadecimal digits.
            piece: 64 KiB to `PIECE_BYTES`; the last one may be shorter.
            offset: where it belongs; what is here already ends there.
            size: how long all of it is, in bytes.

        Raises:
            UsageError: it belongs elsewhere, is too short or more than was announced, too much of this officer's lies
                here, or the content was dropped meanwhile.
            MessageError: the whole is another content; nothing of it is left.
            NodeError: the disk does not take it; nothing is left.
        """
        coming = self._begun(officer, digest, size)
        with coming.turn:
            if size != coming.size or offset != coming.held:
                raise UsageError(f"this content goes on at byte {coming.held} of {coming.size}, not at {offset}")
            if len(piece) > min(PIECE_BYTES, size - offset):
                raise UsageError(f"a piece has at most {PIECE_BYTES} bytes, and no more than are missing")
            if len(piece) < min(_LEAST, size - offset):
                raise UsageError(f"a piece has at least {_LEAST} bytes, unless it is the last")
            hashed = coming.hashed.copy()
            hashed.update(piece)
            if offset + len(piece) == size and hashed.hexdigest() != digest:
                self.drop(officer, digest)
                raise MessageError("what came is not the content of this digest; it is dropped")
            if piece:
                try:
                    self._store(coming, piece)
                except NodeError:
                    self.drop(officer, digest)
                    raise
            coming.hashed = hashed
            self._check_kept(officer, coming)
            return Content(digest=digest, size=size, held=coming.held)

    @contextmanager
    def reading(self, officer: str, digest: str) -> Iterator[BinaryIO]:
        """Read an officer's content, from its beginning or from any place on.

        Raises:
            UsageError: it is not here whole.
        """
        found = self._find(officer, digest)
        if found is None or found.held != found.size:
            raise UsageError(f"no content `{digest}` of yours is here whole", hint="send it first")
        if not found.pieces:
            yield io.BytesIO()
            return
        with self._node.blobs.reading(found.name) as file, io.BufferedReader(_Decrypted(found, file)) as source:
            yield source

    def drop(self, officer: str, digest: str) -> None:
        """Let go of an officer's content."""
        with self._turn:
            found = self._coming.pop((officer, digest), None)
        if found is not None:
            with suppress(NodeError, OSError):
                self._node.blobs.remove(found.name)

    def _find(self, officer: str, digest: str) -> _Coming | None:
        now = self._node.clock.machine()
        self._sweep(now)
        with self._turn:
            found = self._coming.get((officer, digest))
            if found is not None:
                found.used = now
            return found

    def _begun(self, officer: str, digest: str, size: int) -> _Coming:
        """An officer's content, begun where nothing of it was here."""
        found = self._find(officer, digest)
        if found is not None:
            return found
        with self._turn:
            own = [one for (whose, _), one in self._coming.items() if whose == officer]
            most = self._node.limits.max_item_bytes
            if len(own) >= _MOST or size > most - sum(one.size for one in own):
                hint = f"{_MOST} at a time, and {most} bytes; what nothing is done with is dropped after a while"
                raise UsageError("too much of what you send lies here", hint=hint)
            found = _Coming(digest=digest, size=size, used=self._node.clock.machine())
            return self._coming.setdefault((officer, digest), found)

    def _check_kept(self, officer: str, coming: _Coming) -> None:
        """Check that a content was not dropped while its piece was written; what was written then goes too.

        Raises:
            UsageError: it was.
        """
        with self._turn:
            if self._coming.get((officer, coming.digest)) is coming:
                return
        with suppress(NodeError, OSError):
            self._node.blobs.remove(coming.name)
        raise UsageError("this content was dropped while its piece came", hint="send it from its beginning")

    def _store(self, coming: _Coming, piece: bytes) -> None:
        nonce = secrets.token_bytes(_NONCE)
        with self._node.blobs.continuing(coming.name, coming.stored) as sink:
            sink.write(nonce + coming.cipher.encrypt(nonce, piece, _place(coming, len(coming.pieces))))
        coming.pieces.append(len(piece))
        coming.held += len(piece)
        if coming.held == coming.size:
            self._node.blobs.complete(coming.name)

    def _sweep(self, now: datetime) -> None:
        with self._turn:
            over = [key for key, one in self._coming.items() if one.used + self._kept_for < now]
        for key in over:
            self.drop(*key)


def _place(coming: _Coming, number: int) -> bytes:
    """What a piece is bound to beside its bytes: which content, and its place there."""
    return f"{coming.digest}/{number}".encode()


class _Decrypted(io.RawIOBase):
    """A content as it was sent, decrypted piece by piece as it is read, from any place on."""

    def __init__(self, coming: _Coming, file: BinaryIO) -> None:
        self._coming = coming
        self._file = file
        self._starts = [0, *accumulate(coming.pieces)]
        self._at = 0
        self._open = -1
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place, or to the end where it lies behind that; nothing is read."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._coming.size}[whence]
        self._at = min(max(0, start + offset), self._coming.size)
        return self._at

    def readinto(self, into: WriteableBuffer, /) -> int:
        """Read on.

        Raises:
            OSError: what lies on the disk is not what was written.
        """
        if self._at == self._coming.size:
            return 0
        number = bisect_right(self._starts, self._at) - 1
        if number != self._open:
            self._piece, self._open = memoryview(self._decrypted(number)), number
        left = self._piece[self._at - self._starts[number] :]
        target = memoryview(into).cast("B")
        count = min(len(target), len(left))
        target[:count] = left[:count]
        self._at += count
        return count

    def _decrypted(self, number: int) -> bytes:
        self._file.seek(self._starts[number] + number * (_NONCE + _TAG))
        nonce = self._file.read(_NONCE)
        sealed = self._file.read(self._coming.pieces[number] + _TAG)
        try:
            return self._coming.cipher.decrypt(nonce, sealed, _place(self._coming, number))
        except (InvalidTag, ValueError) as error:
            raise OSError(5, "what was sent has changed on the disk") from error
