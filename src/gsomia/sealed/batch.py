"""Statements signed in batches: one envelope over the root of a tree, and for each statement its path to that root.

ML-DSA-65 signs some 600 to 1,400 times a second, so an originator who seals many small items signs once for all of them
(as acts are signed, protocol 3). The tree is RFC 6962's (section 2.1), SHA-256, a leaf for each statement's bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from gsomia.errors import SealError, SignatureError
from gsomia.keys import Envelope, PublicKey, SigningKey, b64, canonical, sign, unb64, verify

__all__ = ["BATCH_TYPE", "MAX_BATCH", "BatchedStatement", "sign_batch"]

BATCH_TYPE: Final = "application/vnd.gsomia.provenance-batch.v1+json"
"""The payload type of an envelope over many statements."""
MAX_BATCH: Final = 2**16


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchedStatement:
    """A statement with its place in a signed batch; nothing of it is checked before `verify`.

    Args:
        statement: the exact bytes that were stated.
        index, size: its number in the batch, from 0, and how many there are.
        path: the siblings on its way to the root, lowest first, 32 bytes each.
        envelope: signs root and size, with the payload type `BATCH_TYPE`.
    """

    statement: bytes
    index: int
    size: int
    path: tuple[bytes, ...]
    envelope: Envelope

    def verify(self, key: PublicKey) -> bytes:
        """Check that the holder of a key signed the batch and that the statement is in it.

        Returns:
            The statement: use these bytes and no others.

        Raises:
            SignatureError: the batch is not signed by that key, or the statement does not stand in it.
        """
        signed = verify(self.envelope, BATCH_TYPE, [key])
        if signed != _signed(_root(self.statement, self.index, self.size, self.path), self.size):
            raise SignatureError("the provenance statement is not in the batch that was signed")
        return self.statement

    def to_json(self) -> dict[str, Any]:
        """The JSON object that travels with the item."""
        return {
            "statement": self.statement.decode("utf-8"),
            "index": self.index,
            "size": self.size,
            "path": [b64(node) for node in self.path],
            "envelope": self.envelope.to_json(),
        }

    @classmethod
    def from_json(cls, value: Any) -> BatchedStatement:
        """Read what `to_json` wrote.

        Raises:
            SealError: not such an object.
            SignatureError: its envelope is none.
        """
        if not isinstance(value, dict) or set(value) != {"statement", "index", "size", "path", "envelope"}:
            raise SealError("a batched statement has not exactly the fields of version 1")
        index, size, path = value["index"], value["size"], value["path"]
        if type(index) is not int or type(size) is not int or not 0 <= index < size <= MAX_BATCH:
            raise SealError("a batched statement has no such place in its batch")
        if not isinstance(value["statement"], str) or not isinstance(path, list) or len(path) > MAX_BATCH.bit_length():
            raise SealError("a batched statement is malformed")
        try:
            nodes = tuple(unb64(node) for node in path)
            statement = value["statement"].encode("utf-8")
        except (AttributeError, ValueError) as error:
            raise SealError("a batched statement is malformed") from error
        return cls(
            statement=statement,
            index=index,
            size=size,
            path=nodes,
            envelope=Envelope.from_json(value["envelope"]),
        )


def sign_batch(statements: Sequence[bytes], key: SigningKey) -> list[BatchedStatement]:
    """Sign many statements at once.

    Args:
        statements: each as `provenance` made it; 1 to 65,536.
        key: the originator's.

    Raises:
        ValueError: none, or too many.
    """
    if not 1 <= len(statements) <= MAX_BATCH:
        raise ValueError(f"a batch has 1 to {MAX_BATCH} statements, not {len(statements)}")
    levels = [[_leaf(statement) for statement in statements]]
    while len(below := levels[-1]) > 1:
        above = [_node(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)]
        # The last one of an odd level has no sibling and is carried up.
        levels.append([*above, below[-1]] if len(below) % 2 else above)
    envelope = sign(_signed(levels[-1][0], len(statements)), BATCH_TYPE, [key])
    return [
        BatchedStatement(
            statement=statement, index=index, size=len(statements), path=_path(levels, index), envelope=envelope
        )
        for index, statement in enumerate(statements)
    ]


def _path(levels: Sequence[Sequence[bytes]], index: int) -> tuple[bytes, ...]:
    siblings = ((level, (index >> height) ^ 1) for height, level in enumerate(levels[:-1]))
    return tuple(level[sibling] for level, sibling in siblings if sibling < len(level))


def _root(statement: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a statement leads to (RFC 9162, section 2.1.3.2).

    Raises:
        SignatureError: there is no such place, or the path has too few or too many hashes, or one of another length.
    """
    if not 0 <= index < size <= MAX_BATCH:
        raise SignatureError("the batch has no such place")
    node, rest, last = _leaf(statement), list(reversed(path)), size - 1
    while last:
        if index % 2 or index < last:
            if not rest or len(rest[-1]) != 32:
                raise SignatureError("the path does not fit the place in the batch")
            sibling = rest.pop()
            node = _node(sibling, node) if index % 2 else _node(node, sibling)
        index, last = index // 2, last // 2
    if rest:
        raise SignatureError("the path does not fit the place in the batch")
    return node


def _leaf(statement: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + statement).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _signed(root: bytes, size: int) -> bytes:
    return canonical({"v": 1, "root": b64(root), "size": size})
