"""Log appends with durability, against bare SQLite commits of the same bytes; proofs and checkpoints."""

from __future__ import annotations

import datetime as dt
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench import growth
from bench.measure import Result, compare
from gsomia.node import LogState
from gsomia.store import SqlStore
from gsomia.tlog import (
    Checkpoint,
    Frontier,
    LogSigner,
    commitment,
    inclusion_proof,
    leaf_hash,
    root,
    verify_inclusion,
)

_ENTRY = b"x" * 300
_ACT = "0b8f6d0e-6f5a-4e0a-9a3e-6b0b8e3f7f11"
_NAME = "exercise.gsomia/JPN/KOR"


def run(short: bool) -> Iterator[Result]:
    """Appends singly and in groups of 100, and inclusion proofs."""
    rounds = 2 if short else 5
    for group, batches in ((1, 20 if short else 300), (100, 2 if short else 30)):
        with tempfile.TemporaryDirectory() as folder:
            log, bare = _Log(Path(folder)), _Bare(Path(folder))
            yield compare(
                f"log.append_{group}",
                "entries/s",
                partial(log.append, group, batches),
                f"bare SQLite inserts of the same bytes, {group} a commit",
                partial(bare.insert, group, batches),
                rounds=rounds,
                clock=time.perf_counter,
            )
    yield _proofs(short, rounds)
    yield from growth.run(short)


class _Log:
    """A log as a node keeps it: commitment, tree, signed checkpoint, one durable transaction a group."""

    def __init__(self, folder: Path) -> None:
        self._store = SqlStore.create(folder / "log.sqlite")
        self._signer = LogSigner.generate(_NAME)
        self._frontier = Frontier()
        self._at = dt.datetime.now(dt.UTC)

    def append(self, group: int, batches: int) -> int:
        for _ in range(batches):
            entries = [(commitment(bytes(32), _ENTRY), _ACT, bytes(32)) for _ in range(group)]
            with self._store.writing() as tx:
                grown, nodes = self._frontier.append([leaf_hash(entry) for entry, _, _ in entries])
                checkpoint = Checkpoint(origin=_NAME, size=grown.size, root=grown.root())
                signed = self._signer.sign_checkpoint(checkpoint, self._at)
                head = LogState(
                    name=_NAME, size=grown.size, frontier=grown.to_bytes(), checkpoint=signed, signed_at=self._at
                )
                tx.append_log(head, self._frontier.size, entries, nodes)
                self._frontier = grown
        return group * batches


class _Bare:
    """The same bytes into one SQLite table without an index, WAL and synchronous=FULL as the node has it."""

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(
            "CREATE TABLE entry (log TEXT, position INTEGER, commitment BLOB, act TEXT, salt BLOB)"
        )

    def insert(self, group: int, batches: int) -> int:
        for _ in range(batches):
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT INTO entry VALUES (?, ?, ?, ?, ?)",
                [(_NAME, number, bytes(32), _ACT, bytes(32)) for number in range(group)],
            )
            self._connection.execute("COMMIT")
        return group * batches


def _proofs(short: bool, rounds: int) -> Result:
    """Inclusion proofs verified against one checkpoint, beside a SHA-256 for each step of the path."""
    import hashlib

    size = 1 << (10 if short else 16)
    leaves = [leaf_hash(number.to_bytes(8, "big")) for number in range(size)]
    levels = [leaves]
    while len(levels[-1]) > 1:
        above = levels[-1]
        levels.append([root(above[i : i + 2]) for i in range(0, len(above), 2)])

    def read(level: int, index: int) -> bytes:
        return levels[level][index]

    top = levels[-1][0]
    proofs = [(index, inclusion_proof(index, size, read)) for index in range(0, size, max(1, size // 500))]

    def verify() -> int:
        for index, proof in proofs:
            verify_inclusion(index, size, top, leaves[index], proof)
        return len(proofs)

    def hash_only() -> int:
        for _, proof in proofs:
            for step in proof:
                hashlib.sha256(b"\x01" + step + step).digest()
        return len(proofs)

    return compare("log.verify_inclusion", "proofs/s", verify, "the SHA-256s alone", hash_only, rounds=rounds)
