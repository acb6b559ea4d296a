"""The payload digest: the root of an RFC 6962 tree (section 2.1), SHA-256, one leaf for each ciphertext segment."""

from __future__ import annotations

import hashlib
from typing import Protocol

__all__ = ["Hash", "PayloadDigest", "leaf"]


class Hash(Protocol):
    """A running hash, as `hashlib` gives them."""

    def digest(self) -> bytes:
        """The digest of what went in so far."""
        ...


def leaf(segment: bytes | bytearray | memoryview) -> Hash:
    """The running leaf hash of one ciphertext segment (nonce, ciphertext and tag)."""
    running = hashlib.sha256(b"\x00")
    running.update(segment)
    return running


class PayloadDigest:
    """Grows the root leaf by leaf; memory is one hash for each level of the tree."""

    __slots__ = ("_left", "_size")

    def __init__(self) -> None:
        self._left: list[bytes] = []
        self._size = 0

    def add(self, leaf_hash: bytes) -> None:
        """Add the next leaf hash, 32 bytes."""
        # The set bits of the old size that the addition carries over are exactly the complete subtrees to join.
        size, node = self._size, leaf_hash
        while size & 1:
            node = hashlib.sha256(b"\x01" + self._left.pop() + node).digest()
            size >>= 1
        self._left.append(node)
        self._size += 1

    def root(self) -> bytes:
        """The root over all leaves so far, 32 bytes."""
        if not self._left:
            return hashlib.sha256().digest()
        node = self._left[-1]
        for left in reversed(self._left[:-1]):
            node = hashlib.sha256(b"\x01" + left + node).digest()
        return node
