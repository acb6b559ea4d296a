"""The payload digest against the definition of RFC 6962, section 2.1, written down as it stands there."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsomia.errors import SealError
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
        item.open([Identity(kid="k", key=key)], out, payload_digest=info.payload_digest, workers=workers)
        assert out.getvalue() == plain
        out.seek(0)
        read(sink).open([Identity(kid="k", key=key)], out, workers=workers)
    assert out.getvalue() == plain


class Late:
    """Workers that begin only when the result is asked for: the slowest there can be."""

    def submit(self, fn: Callable[..., bytes], /, *args: Any) -> Pending:
        class Waiting:
            def result(self) -> bytes:
                return fn(*args)

        return Waiting()


def test_a_worker_may_be_a_segment_behind() -> None:
    key, plain, sink = XWingPrivateKey.generate(), bytes(range(256)) * 256, io.BytesIO()
    to = [Recipient(kid="k", url="", key=key.public)]
    policy = Policy(uuid="1")
    info = seal(io.BytesIO(plain), sink, recipients=to, policy=policy, mime_type="", segment_bytes=1024, workers=Late())
    assert read(sink).payload_digest(Late()) == read(sink).payload_digest() == info.payload_digest
    out = io.BytesIO()
    read(sink).open([Identity(kid="k", key=key)], out, workers=Late())
    assert out.getvalue() == plain


@given(st.binary(max_size=5000), st.integers(1024, 1500), st.booleans())
def test_with_workers_the_item_says_the_same(plain: bytes, segment_bytes: int, digest: bool) -> None:
    key, sink, out = XWingPrivateKey.generate(), io.BytesIO(), io.BytesIO()
    to, policy = [Recipient(kid="k", url="", key=key.public)], Policy(uuid="1")
    info = seal(
        io.BytesIO(plain),
        sink,
        recipients=to,
        policy=policy,
        mime_type="",
        segment_bytes=segment_bytes,
        digest=digest,
        workers=Late(),
    )
    assert info.payload_digest == (read(sink).payload_digest() if digest else b"")
    assert info.segments == max(1, -(-len(plain) // segment_bytes)) and info.plaintext_bytes == len(plain)
    assert read(sink).open([Identity(kid="k", key=key)], out, workers=Late()).plaintext_bytes == len(plain)
    assert out.getvalue() == plain


def test_a_worker_verifies_before_a_byte_is_written() -> None:
    key, sink = XWingPrivateKey.generate(), io.BytesIO()
    to, policy = [Recipient(kid="k", url="", key=key.public)], Policy(uuid="1")
    seal(io.BytesIO(bytes(4096)), sink, recipients=to, policy=policy, mime_type="", segment_bytes=1024)
    start = read(sink)._layout.payload.data
    for segment in range(4):
        data = bytearray(sink.getvalue())
        data[start + 1052 * segment + 100] ^= 1
        out = io.BytesIO()
        with ThreadPoolExecutor(1) as workers, pytest.raises(SealError, match=f"segment {segment} was altered"):
            read(io.BytesIO(bytes(data))).open([Identity(kid="k", key=key)], out, workers=workers)
        assert out.getvalue() == bytes(1024 * segment)


def test_bounds_hold_with_workers_too(monkeypatch: pytest.MonkeyPatch) -> None:
    key = XWingPrivateKey.generate()
    to, policy = [Recipient(kid="k", url="", key=key.public)], Policy(uuid="1")
    monkeypatch.setattr("gsomia.sealed.writer.MAX_SEGMENTS", 3)
    for size, fits in ((3072, True), (3073, False)):
        source = io.BytesIO(bytes(size))
        with ThreadPoolExecutor(1) as workers:
            try:
                seal(
                    source,
                    io.BytesIO(),
                    recipients=to,
                    policy=policy,
                    mime_type="",
                    segment_bytes=1024,
                    workers=workers,
                )
            except SealError as error:
                assert not fits and "too long" in str(error)
            else:
                assert fits
