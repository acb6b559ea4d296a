"""Log appends with durability, against bare SQLite commits of the same bytes; proofs and checkpoints.

An append by the node's own code is: a salted commitment for each act, the tree over them, the checkpoint with its two
signatures, and one durable transaction for the group. Beside it stand two bare programs, both with a key, WAL and
synchronous=FULL, and the same number of entries a commit:

- a row an entry: log, position, commitment, act, salt, as whoever inserts entries into a table has it;
- the same rows: exactly what the log wrote, row for row, with its indexes and the signed head, but with nothing
  computed: neither hashes nor signatures. What is missing to 1 is what a transparency log costs above a table.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench import growth
from bench.measure import Result, compare, folder_here
from gsomia.keys import SigningKey
from gsomia.node import LogState
from gsomia.node.acts.signed import SignedAct, Signer, Statement, sign_acts
from gsomia.node.ledger import new_salts
from gsomia.store import SqlStore
from gsomia.tlog import (
    TILE_LEVELS,
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
_GROUPS = ((1, 300), (100, 30), (1000, 10))


def run(short: bool) -> Iterator[Result]:
    """Appends singly and in groups, inclusion proofs, and a log that grows."""
    rounds = 2 if short else 7
    for group, batches in _GROUPS:
        for name, made in (("", _Bare), ("_same_rows", _SameRows)):
            with folder_here() as folder:
                log, bare = _Log(folder), made(folder)
                yield compare(
                    f"log.append_{group}{name}",
                    "entries/s",
                    partial(log.append, group, 2 if short else batches),
                    f"bare SQLite, {bare.what}, {group} entries a commit",
                    partial(bare.insert, group, 2 if short else batches),
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
        with self._store.writing() as tx:
            tx.put_act(_act(self._at), "own", self._at)

    def append(self, group: int, batches: int) -> int:
        for _ in range(batches):
            entries = [(commitment(salt, _ENTRY), _ACT, salt) for salt in new_salts(group)]
            with self._store.writing() as tx:
                grown, nodes = self._frontier.append([leaf_hash(entry) for entry, _, _ in entries], levels=TILE_LEVELS)
                checkpoint = Checkpoint(origin=_NAME, size=grown.size, root=grown.root())
                signed = self._signer.sign_checkpoint(checkpoint, self._at)
                head = LogState(
                    name=_NAME, size=grown.size, frontier=grown.to_bytes(), checkpoint=signed, signed_at=self._at
                )
                tx.append_log(head, self._frontier.size, entries, nodes)
                self._frontier = grown
        return group * batches


def _act(at: dt.datetime) -> SignedAct:
    key = SigningKey.generate()
    statement = Statement(
        id=_ACT,
        type="acceptance",
        at=at,
        party="JPN",
        instrument="",
        parties=("KOR",),
        item="",
        copy="",
        signers=(Signer(role="node", key=key.public.fingerprint),),
        exercise=True,
    )
    return sign_acts([statement], [key])[0]


class _Bare:
    """A row an entry, under the key that the log reads entries by; acts are numbers as in the log."""

    what = "a row an entry"
    tables: tuple[str, ...] = (
        "CREATE TABLE entry (log INTEGER, position INTEGER, commitment BLOB, act INTEGER, salt BLOB, "
        "PRIMARY KEY (log, position)) WITHOUT ROWID",
    )

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        for table in self.tables:
            self._connection.execute(table)
        self._size = 0

    def insert(self, group: int, batches: int) -> int:
        for _ in range(batches):
            start, self._size = self._size, self._size + group
            self._connection.execute("BEGIN IMMEDIATE")
            self._write(start, group)
            self._connection.execute("COMMIT")
        return group * batches

    def _write(self, start: int, group: int) -> None:
        self._connection.executemany(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?)",
            [(1, number, bytes(32), number, bytes(32)) for number in range(start, start + group)],
        )


class _SameRows(_Bare):
    """The rows that the log writes, with its keys and indexes, and nothing computed."""

    what = "the same rows"
    tables = (
        "CREATE TABLE log_group (id INTEGER PRIMARY KEY, log TEXT, first INTEGER, act INTEGER, acts BLOB, "
        "commitments BLOB, salts BLOB)",
        "CREATE UNIQUE INDEX one ON log_group (log, first)",
        "CREATE INDEX other ON log_group (log, act)",
        "CREATE TABLE log_node (log TEXT, level INTEGER, position INTEGER, hash BLOB, "
        "PRIMARY KEY (log, level, position)) WITHOUT ROWID",
        "CREATE TABLE log (name TEXT PRIMARY KEY, size INTEGER, frontier BLOB, checkpoint BLOB, signed_at TEXT)",
    )

    def _write(self, start: int, group: int) -> None:
        execute = self._connection.execute
        row = (_NAME, start, start, bytes(8 * group), bytes(32 * group), bytes(32 * group))
        execute("INSERT INTO log_group (log, first, act, acts, commitments, salts) VALUES (?, ?, ?, ?, ?, ?)", row)
        nodes = [(_NAME, 8, node, bytes(32)) for node in range(start >> 8, (start + group) >> 8)]
        self._connection.executemany("INSERT INTO log_node VALUES (?, ?, ?, ?)", nodes)
        head = (_NAME, start + group, bytes(300), bytes(3500), "2018-01-10T03:00:00.000000Z")
        execute("REPLACE INTO log VALUES (?, ?, ?, ?, ?)", head)


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
