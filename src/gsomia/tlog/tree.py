"""Merkle trees of RFC 6962: hashes, roots, inclusion and consistency proofs, and small trees over a batch.

Proofs are built from hashes that are stored once and never change: the node (level L, index i) is the root over the
leaves [i * 2**L, (i + 1) * 2**L), and it exists once all of them do. Level 0 is the leaf hashes themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from itertools import chain, repeat

from gsomia.errors import LogError

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "Read",
    "batch",
    "batch_root",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "root",
    "verify_consistency",
    "verify_inclusion",
]

Read = Callable[[int, int], bytes]
"""Gives the stored hash of the node (level, index); asked only for nodes whose leaves all exist."""

HASH_BYTES = 32
"""Length of a hash: SHA-256."""

EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree without leaves (RFC 6962 section 2.1)."""

MAX_SIZE = 2**63 - 1
"""The largest tree: what a proof of 63 hashes and a signed 64-bit column can hold."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf: SHA-256 over 0x00 and the data (RFC 6962 section 2.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256 over 0x01 and both children (RFC 6962 section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def parents(hashes: Sequence[bytes]) -> list[bytes]:
    """The level above; an odd last hash is left out, for its parent does not exist yet."""
    pairs = zip(hashes[::2], hashes[1::2], strict=False)
    return [sha256(b"\x01" + left + right).digest() for left, right in pairs]


def fold(peaks: Iterable[bytes]) -> bytes:
    """The root over full subtrees that stand side by side, the largest first."""
    stack = list(peaks)
    if not stack:
        return EMPTY_ROOT
    result = stack.pop()
    while stack:
        result = node_hash(stack.pop(), result)
    return result


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root of the tree over these leaf hashes (RFC 6962 section 2.1); of none, SHA-256 of nothing."""
    level = list(leaf_hashes)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        above = parents(level)
        if len(level) % 2:
            # A last node without a sibling is carried up: RFC 6962 splits at the largest power of two.
            above.append(level[-1])
        level = above
    return level[0]


def _span(start: int, end: int, read: Read) -> bytes:
    """The root over the leaves [start, end), where `start` is a multiple of a power of two not below `end - start`."""
    peaks = []
    while start < end:
        level = (end - start).bit_length() - 1
        peaks.append(read(level, start >> level))
        start += 1 << level
    return fold(peaks)


def _path(level: int, index: int, size: int, read: Read) -> list[bytes]:
    """The siblings from the node (level, index) up to the root of the tree of `size` leaves."""
    path = []
    while 1 << level < size:
        sibling = index ^ 1
        if (sibling + 1) << level <= size:
            path.append(read(level, sibling))
        elif sibling << level < size:
            path.append(_span(sibling << level, size, read))
        index >>= 1
        level += 1
    return path


def inclusion_proof(index: int, size: int, read: Read) -> list[bytes]:
    """The proof that the leaf `index` stands in the tree of `size` leaves (RFC 6962 section 2.1.1).

    Args:
        index: the leaf's number, from 0.
        size: leaves of the tree; there may be more by now.
        read: gives stored hashes.

    Returns:
        At most 63 hashes, from the leaf's sibling to the root's child.

    Raises:
        LogError: there is no such leaf in a tree of that size.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise LogError(f"there is no leaf {index} in a tree of {size}")
    return _path(0, index, size, read)


def _climb(start: bytes, level: int, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that `proof` leads to from the node (level, index); `proof` has exactly as many hashes as needed."""
    result = start
    at = 0
    last = (size - 1) >> level
    while last:
        # A node that is last on its level and has an even number has no sibling: it is carried up.
        if index & 1 or index < last:
            sibling = proof[at]
            at += 1
            pair = b"\x01" + sibling + result if index & 1 else b"\x01" + result + sibling
            result = sha256(pair).digest()
        index >>= 1
        last >>= 1
    return result


def _path_length(level: int, index: int, size: int) -> int:
    """How many siblings the node (level, index) has on its way to the root of the tree of `size` leaves."""
    last = (size - 1) >> level
    # Where the ways of this node and of the last one meet, every further step to the root has a sibling only
    # for each 1 in the index; below, every step has one.
    meet = (index ^ last).bit_length()
    return meet + (index >> meet).bit_count()


def _check_hashes(proof: Sequence[bytes], needed: int) -> None:
    if len(proof) != needed:
        raise LogError(f"the proof has {len(proof)} hashes where {needed} are needed")
    for sibling in proof:
        if len(sibling) != HASH_BYTES:
            raise LogError(f"a hash of the proof has {len(sibling)} bytes where {HASH_BYTES} are needed")


def verify_inclusion(index: int, size: int, root: bytes, leaf_hash: bytes, proof: Sequence[bytes]) -> None:
    """Check that the leaf stands at `index` in the tree of `size` leaves with this root (RFC 9162 section 2.1.3.2).

    Args:
        index: the leaf's number, from 0.
        size: leaves of the tree.
        root: 32 bytes, from a checkpoint that was verified.
        leaf_hash: 32 bytes, computed from the leaf and not taken from the one who proves.
        proof: hashes, from the leaf's sibling upward.

    Raises:
        LogError: the proof does not hold, or has too few or too many hashes.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise LogError(f"there is no leaf {index} in a tree of {size}")
    # On purpose: in a tree of one leaf the root is the leaf hash, and comparing the two alone would let an empty
    # root prove an empty leaf hash (vector `single-entry/empty-root-and-leaf`).
    if len(leaf_hash) != HASH_BYTES or len(root) != HASH_BYTES:
        raise LogError(f"a leaf hash and a root are {HASH_BYTES} bytes each")
    _check_hashes(proof, _path_length(0, index, size))
    if _climb(leaf_hash, 0, index, size, proof) != root:
        raise LogError(f"the proof of leaf {index} does not lead to the root of the tree of {size}")


def consistency_proof(old: int, new: int, read: Read) -> list[bytes]:
    """The proof that the tree of `old` leaves is the beginning of the tree of `new` ones (RFC 6962 section 2.1.2).

    Args:
        old: leaves of the earlier tree, at least 1: every tree begins with the empty one, so there is nothing to prove.
        new: leaves of the later tree, not fewer.
        read: gives stored hashes.

    Returns:
        At most 64 hashes; none where the sizes are equal.

    Raises:
        LogError: `old` is 0 or larger than `new`.
    """
    if not 0 < old <= new <= MAX_SIZE:
        raise LogError(f"there is no consistency proof from size {old} to size {new}")
    if old == new:
        return []
    # The old tree's last full subtree: where the old tree is all of it, its root is known and not repeated.
    level = (old & -old).bit_length() - 1
    index = (old >> level) - 1
    seed = [] if old == 1 << level else [read(level, index)]
    return seed + _path(level, index, new, read)


def consistent_roots(old: int, new: int, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The old and new root that a proof speaks of, its first hash being the old tree's last full subtree.

    Raises:
        LogError: the proof has too few or too many hashes.
    """
    level = (old & -old).bit_length() - 1
    index = (old >> level) - 1
    _check_hashes(proof, 1 + _path_length(level, index, new))
    seed, path = proof[0], proof[1:]
    # Left siblings belong to both trees, right ones to the new tree only; and the old tree's way has no right ones.
    old_root = new_root = seed
    last = (new - 1) >> level
    at = 0
    while last:
        if index & 1:
            old_root = node_hash(path[at], old_root)
            new_root = node_hash(path[at], new_root)
            at += 1
        elif index < last:
            new_root = node_hash(new_root, path[at])
            at += 1
        index >>= 1
        last >>= 1
    return old_root, new_root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the old tree is the beginning of the new one (RFC 9162 section 2.1.4.2).

    Args:
        old, new: leaves of the two trees, `old` at least 1.
        old_root, new_root: their roots, from checkpoints that were verified.
        proof: the hashes.

    Raises:
        LogError: the proof does not hold, or has too few or too many hashes, or `old` is 0.
    """
    # On purpose: every tree begins with the empty one, so a proof from size 0 shows nothing, and whoever takes it for
    # one would accept any tree after any "old root" (vectors `additional/consistency-check-on-empty-tree...`,
    # `size1-is-zero...`). That holds for size 0 to size 0 as well (`sizes-are-equal-zero-and-proof-is-empty`).
    if old == 0:
        raise LogError("a consistency proof from the empty tree proves nothing")
    if not 0 < old <= new <= MAX_SIZE:
        raise LogError(f"there is no consistency proof from size {old} to size {new}")
    if old == new:
        # On purpose: equal sizes compare the roots as they are; the lengths were the checkpoint's matter
        # (vector `sizes-are-equal-one-and-proof-is-empty`, whose roots are not hashes).
        if proof:
            raise LogError("the proof between trees of one size has hashes where none are needed")
        if old_root != new_root:
            raise LogError(f"two trees of size {old} have different roots")
        return
    if len(old_root) != HASH_BYTES or len(new_root) != HASH_BYTES:
        raise LogError(f"a root is {HASH_BYTES} bytes")
    whole = old & (old - 1) == 0
    led = consistent_roots(old, new, [old_root, *proof] if whole else proof)
    if led[0] != old_root:
        raise LogError(f"the proof does not lead to the root of the earlier tree of {old}")
    if led[1] != new_root:
        raise LogError(f"the proof does not lead to the root of the later tree of {new}")


def batch(leaves: Sequence[bytes]) -> tuple[bytes, list[tuple[bytes, ...]]]:
    """The root over a batch of leaves, and each leaf's path to it: one signature then covers them all.

    Args:
        leaves: what the leaves hold (not their hashes), at least one.

    Returns:
        The root (32 bytes), and for each leaf its inclusion proof.

    Raises:
        ValueError: no leaves.
    """
    if not leaves:
        raise ValueError("a batch needs at least one leaf")
    level = [leaf_hash(leaf) for leaf in leaves]
    # For each level, whose sibling each leaf's way meets there; b"" where the last node is carried up without one.
    siblings: list[Iterable[bytes]] = []
    while len(level) > 1:
        pairs = len(level) & ~1
        beside = level[:pairs] + [b""] * (len(level) - pairs)
        beside[:pairs:2], beside[1:pairs:2] = level[1:pairs:2], level[:pairs:2]
        siblings.append(chain.from_iterable(map(repeat, beside, repeat(1 << len(siblings)))))
        above = parents(level)
        if len(level) % 2:
            above.append(level[-1])
        level = above
    # The last of each level's run may stand for more leaves than there are: `zip` ends with the shortest, level 0.
    paths = [*zip(*siblings, strict=False)] or [()]
    return level[0], [tuple(filter(None, path)) if b"" in path else path for path in paths]


def batch_root(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a leaf of a batch leads to: what the batch's signature must cover.

    Args:
        leaf: what the leaf holds.
        index: its number in the batch, from 0.
        size: leaves of the batch.
        path: as `batch` gave it.

    Raises:
        LogError: there is no such leaf, or the path has too few or too many hashes.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise LogError(f"there is no leaf {index} in a batch of {size}")
    _check_hashes(path, _path_length(0, index, size))
    return _climb(leaf_hash(leaf), 0, index, size, path)
