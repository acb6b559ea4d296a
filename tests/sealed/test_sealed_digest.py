"""The payload digest against the definition of RFC 6962, section 2.1, written down as it stands there."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsomia.sealed.digest import PayloadDigest, leaf


def slow_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962: split at the largest power of two below n."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + slow_root(leaves[:k]) + slow_root(leaves[k:])).digest()


def quick_root(leaves: list[bytes]) -> bytes:
    digest = PayloadDigest()
    for data in leaves:
        digest.add(leaf(data).digest())
    return digest.root()


@pytest.mark.parametrize("size", range(70))
def test_the_root_is_that_of_rfc_6962(size: int) -> None:
    leaves = [bytes([n]) * n for n in range(size)]
    assert quick_root(leaves) == slow_root(leaves)


@given(st.lists(st.binary(max_size=40), max_size=200))
def test_any_leaves(leaves: list[bytes]) -> None:
    assert quick_root(leaves) == slow_root(leaves)


def test_asking_for_the_root_changes_nothing() -> None:
    digest = PayloadDigest()
    for number in range(5):
        digest.add(leaf(bytes([number])).digest())
        assert digest.root() == slow_root([bytes([n]) for n in range(number + 1)])
