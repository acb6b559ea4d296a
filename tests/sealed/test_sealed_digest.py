"""The payload digest against the definition of RFC 6962, section 2.1, written down as it stands there."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsomia.sealed import Identity, Pending, Policy, Recipient, Workers, XWingPrivateKey, read, seal
from gsomia.sealed.digest import PayloadDigest


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


def quick_root(leaves: list[bytes], workers: Workers | None = None) -> bytes:
    digest = PayloadDigest(workers)
    for data in leaves:
        digest.add(memoryview(data))
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
        digest.add(memoryview(bytes([number])))
        assert digest.root() == slow_root([bytes([n]) for n in range(number + 1)])


def test_workers_take_the_same_hashes() -> None:
    with ThreadPoolExecutor(1) as workers:
        for size in (0, 1, 2, 3, 8, 13):
            leaves = [bytes([n]) * 100_000 for n in range(size)]
            assert quick_root(leaves, workers) == slow_root(leaves)


def test_sealing_and_reading_with_workers() -> None:
    key, plain, sink, out = XWingPrivateKey.generate(), bytes(range(256)) * 4096, io.BytesIO(), io.BytesIO()
    to = [Recipient(kid="k", url="", key=key.public)]
    with ThreadPoolExecutor(1) as workers:
        info = seal(
            io.BytesIO(plain),
            sink,
            recipients=to,
            policy=Policy(uuid="1"),
            mime_type="",
            segment_bytes=100_000,
            workers=workers,
        )
        item = read(sink)
        assert read(sink).payload_digest() == item.payload_digest(workers) == info.payload_digest
        item.open([Identity(kid="k", key=key)], out, payload_digest=info.payload_digest)
    assert out.getvalue() == plain


class Late:
    """Workers that take each hash only when it is asked for: the slowest there can be."""

    def submit(self, fn: Callable[[memoryview], bytes], segment: memoryview, /) -> Pending:
        class Waiting:
            def result(self) -> bytes:
                return fn(segment)

        return Waiting()


def test_a_worker_may_be_a_segment_behind() -> None:
    key, plain, sink = XWingPrivateKey.generate(), bytes(range(256)) * 256, io.BytesIO()
    to = [Recipient(kid="k", url="", key=key.public)]
    policy = Policy(uuid="1")
    info = seal(io.BytesIO(plain), sink, recipients=to, policy=policy, mime_type="", segment_bytes=1024, workers=Late())
    assert read(sink).payload_digest(Late()) == read(sink).payload_digest() == info.payload_digest
