"""The payload digest: the root of an RFC 6962 tree (section 2.1), SHA-256, one leaf for each ciphertext segment."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Protocol

__all__ = ["PayloadDigest", "Pending", "Workers", "leaf"]


class Pending(Protocol):
    """What a worker is doing."""

    def result(self) -> bytes:
        """Wait for it; raises what went wrong."""
        ...


class Workers(Protocol):
    """Where a segment is worked on beside the caller's thread, as `concurrent.futures.ThreadPoolExecutor` offers it."""

    def submit(self, fn: Callable[..., bytes], /, *args: Any) -> Pending:
        """Start on it."""
        ...


def leaf(segment: bytes | bytearray | memoryview) -> bytes:
    """The leaf hash of one ciphertext segment (nonce, ciphertext and tag), 32 bytes."""
    running = hashlib.sha256(b"\x00")
    running.update(segment)
    return running.digest()


class PayloadDigest:
    """Grows the root leaf by leaf; memory is one hash for each level of the tree.

    Args:
        workers: take the hashes elsewhere; then a segment's bytes must stay as they are until the segment after the
            next is added, or `root` was asked for.
    """

    __slots__ = ("_left", "_pending", "_size", "_workers")

    def __init__(self, workers: Workers | None = None) -> None:
        self._left: list[bytes] = []
        self._pending: Pending | None = None
        self._size = 0
        self._workers = workers

    def add(self, segment: memoryview) -> None:
        """Add the next segment."""
        if self._workers is None:
            self.add_leaf(leaf(segment))
            return
        self._settle()
        self._pending = self._workers.submit(leaf, segment)

    def _settle(self) -> None:
        if self._pending is not None:
            self.add_leaf(self._pending.result())
            self._pending = None

    def add_leaf(self, node: bytes) -> None:
        """Add the next segment by its leaf hash, 32 bytes."""
        # The set bits of the old size that the addition carries over are exactly the complete subtrees to join.
        size = self._size
        while size & 1:
            node = hashlib.sha256(b"\x01" + self._left.pop() + node).digest()
            size >>= 1
        self._left.append(node)
        self._size += 1

    def root(self) -> bytes:
        """The root over all segments so far, 32 bytes."""
        self._settle()
        if not self._left:
            return hashlib.sha256().digest()
        node = self._left[-1]
        for left in reversed(self._left[:-1]):
            node = hashlib.sha256(b"\x01" + left + node).digest()
        return node
