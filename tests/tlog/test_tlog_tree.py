"""Trees, proofs and frontiers: the published vectors, and laws checked against the RFC written out slowly."""

from __future__ import annotations

import base64
import doctest
import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsomia import tlog
from gsomia.errors import LogError
from gsomia.tlog import (
    Frontier,
    batch,
    batch_root,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "merkle"


# The oracle: RFC 6962 section 2.1 as it is written, over the leaves themselves.


def slow_root(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return sha256(b"\x01" + slow_root(leaves[:k]) + slow_root(leaves[k:])).digest()


def split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def slow_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*slow_path(m, leaves[:k]), slow_root(leaves[k:])]
    return [*slow_path(m - k, leaves[k:]), slow_root(leaves[:k])]


def slow_consistency(m: int, leaves: Sequence[bytes], known: bool = True) -> list[bytes]:
    if m == len(leaves):
        return [] if known else [slow_root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*slow_consistency(m, leaves[:k], known), slow_root(leaves[k:])]
    return [*slow_consistency(m - k, leaves[k:], False), slow_root(leaves[:k])]


def store(leaves: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
    _, completed = Frontier().append([leaf_hash(leaf) for leaf in leaves])
    return {(level, index): value for level, index, value in completed}


def some(n: int) -> list[bytes]:
    return [b"leaf %d" % i for i in range(n)]


def cases(kind: str) -> list[Any]:
    found = sorted((VECTORS / kind).rglob("*.json"))
    return [pytest.param(json.loads(p.read_text()), id=str(p.relative_to(VECTORS))) for p in found]


def unpack(value: list[str] | None) -> list[bytes]:
    return [base64.b64decode(h) for h in value or []]


@pytest.mark.parametrize("case", cases("inclusion"))
def test_inclusion_vector_gives_its_expected_result(case: dict[str, Any]) -> None:
    arguments = (
        case["leafIdx"],
        case["treeSize"],
        base64.b64decode(case["root"]),
        base64.b64decode(case["leafHash"]),
        unpack(case["proof"]),
    )
    if case["wantErr"]:
        with pytest.raises(LogError):
            verify_inclusion(*arguments)
    else:
        verify_inclusion(*arguments)


@pytest.mark.parametrize("case", cases("consistency"))
def test_consistency_vector_gives_its_expected_result(case: dict[str, Any]) -> None:
    arguments = (
        case["size1"],
        case["size2"],
        base64.b64decode(case["root1"]),
        base64.b64decode(case["root2"]),
        unpack(case["proof"]),
    )
    if case["wantErr"]:
        with pytest.raises(LogError):
            verify_consistency(*arguments)
    else:
        verify_consistency(*arguments)


def test_all_196_vectors_are_there() -> None:
    assert len(cases("inclusion")) + len(cases("consistency")) == 196


@pytest.mark.parametrize("size", [*range(70), 127, 128, 129, 255, 256, 257])
def test_roots_and_proofs_equal_the_slow_ones(size: int) -> None:
    leaves = some(size)
    stored = store(leaves)

    def read(level: int, index: int) -> bytes:
        return stored[level, index]

    assert root([leaf_hash(leaf) for leaf in leaves]) == slow_root(leaves)
    frontier, _ = Frontier().append([leaf_hash(leaf) for leaf in leaves])
    assert frontier.root() == slow_root(leaves)
    assert frontier == Frontier.at(size, read)
    for index in range(size) if size < 70 else (0, 1, size // 2, size - 2, size - 1):
        proof = inclusion_proof(index, size, read)
        assert proof == slow_path(index, leaves)
        verify_inclusion(index, size, slow_root(leaves), leaf_hash(leaves[index]), proof)
    for old in range(1, size + 1) if size < 70 else (1, 2, 3, 64, 126, size - 1, size):
        proof = consistency_proof(old, size, read)
        assert proof == slow_consistency(old, leaves)
        verify_consistency(old, size, slow_root(leaves[:old]), slow_root(leaves), proof)


def test_a_proof_for_an_older_size_needs_only_what_is_stored_now() -> None:
    leaves = some(300)
    stored = store(leaves)
    proof = inclusion_proof(130, 200, lambda level, index: stored[level, index])
    verify_inclusion(130, 200, slow_root(leaves[:200]), leaf_hash(leaves[130]), proof)


@given(st.lists(st.integers(0, 40), max_size=8))
def test_appending_in_pieces_completes_each_node_once_and_ends_alike(pieces: list[int]) -> None:
    hashes = [leaf_hash(leaf) for leaf in some(sum(pieces))]
    frontier = Frontier()
    completed: list[tuple[int, int, bytes]] = []
    for piece in pieces:
        frontier, nodes = frontier.append(hashes[frontier.size : frontier.size + piece])
        completed += nodes
    whole, at_once = Frontier().append(hashes)
    assert frontier == whole
    assert sorted(completed) == sorted(at_once)
    assert len({(level, index) for level, index, _ in completed}) == len(completed)
    assert Frontier.from_bytes(frontier.to_bytes()) == frontier


@given(st.binary(max_size=120))
def test_what_is_read_as_a_frontier_writes_back_the_same(data: bytes) -> None:
    try:
        frontier = Frontier.from_bytes(data)
    except LogError:
        return
    assert frontier.to_bytes() == data


def test_a_frontier_with_the_wrong_hashes_is_refused() -> None:
    good, _ = Frontier().append([leaf_hash(leaf) for leaf in some(5)])
    for bad in (good.to_bytes()[:-1], good.to_bytes() + b"\0", b"", b"\xff" * 8 + good.to_bytes()[8:]):
        with pytest.raises(LogError):
            Frontier.from_bytes(bad)
    with pytest.raises(LogError):
        Frontier(size=4, hashes=good.hashes)
    with pytest.raises(LogError):
        good.append([b"short"])


@given(st.integers(1, 70), st.data())
def test_a_proof_altered_anywhere_does_not_hold(size: int, data: st.DataObject) -> None:
    leaves = some(size)
    stored = store(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, lambda level, i: stored[level, i])
    top = slow_root(leaves)
    fault = data.draw(st.sampled_from(["flip", "cut", "add", "leaf", "root", "index"]))
    leaf = leaf_hash(leaves[index])
    if fault == "flip" and proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        proof[at] = bytes([proof[at][0] ^ 1]) + proof[at][1:]
    elif fault == "cut" and proof:
        proof.pop(data.draw(st.integers(0, len(proof) - 1)))
    elif fault == "leaf":
        leaf = leaf_hash(b"another")
    elif fault == "root":
        top = bytes([top[0] ^ 0x80]) + top[1:]
    elif fault == "index" and size > 1:
        index = data.draw(st.sampled_from([i for i in range(size) if i != index]))
    else:
        proof.insert(data.draw(st.integers(0, len(proof))), leaf_hash(b"more"))
    with pytest.raises(LogError):
        verify_inclusion(index, size, top, leaf, proof)


@given(st.integers(2, 70), st.data())
def test_two_trees_that_differ_in_an_old_leaf_are_not_consistent(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size - 1))
    leaves = some(size)
    forked = list(leaves)
    forked[data.draw(st.integers(0, old - 1))] = b"another"
    stored = store(forked)
    proof = consistency_proof(old, size, lambda level, i: stored[level, i])
    verify_consistency(old, size, slow_root(forked[:old]), slow_root(forked), proof)
    with pytest.raises(LogError):
        verify_consistency(old, size, slow_root(leaves[:old]), slow_root(forked), proof)
    with pytest.raises(LogError):
        verify_consistency(old, size, slow_root(forked[:old]), slow_root(leaves), proof)


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 5), (6, 5), (-1, 5), (1, 2**63)])
def test_there_is_no_consistency_proof_between_such_sizes(old: int, new: int) -> None:
    with pytest.raises(LogError):
        consistency_proof(old, new, lambda level, index: b"\0" * 32)
    with pytest.raises(LogError):
        verify_consistency(old, new, b"\0" * 32, b"\0" * 32, [])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5), (0, 2**63)])
def test_there_is_no_inclusion_proof_of_such_leaves(index: int, size: int) -> None:
    with pytest.raises(LogError):
        inclusion_proof(index, size, lambda level, i: b"\0" * 32)
    with pytest.raises(LogError):
        verify_inclusion(index, size, b"\0" * 32, b"\0" * 32, [])


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=70))
def test_every_leaf_of_a_batch_leads_to_its_root(leaves: list[bytes]) -> None:
    top, paths = batch(leaves)
    assert top == slow_root(leaves)
    for index, (leaf, path) in enumerate(zip(leaves, paths, strict=True)):
        assert list(path) == slow_path(index, leaves)
        assert batch_root(leaf, index, len(leaves), path) == top
        assert batch_root(leaf + b"!", index, len(leaves), path) != top
        with pytest.raises(LogError):
            batch_root(leaf, index, len(leaves), [*path, top])


def test_an_empty_batch_is_not_made() -> None:
    with pytest.raises(ValueError, match="at least one"):
        batch([])


def test_the_example_on_the_face_runs() -> None:
    result = doctest.testmod(tlog)
    assert result.attempted > 5
    assert result.failed == 0


def test_the_face_lists_what_is_there() -> None:
    missing = [name for name in tlog.__all__ if not hasattr(tlog, name)]
    assert missing == []
    assert tlog.__all__ == sorted(tlog.__all__, key=lambda n: (not n.isupper(), not n[0].isupper(), n))
