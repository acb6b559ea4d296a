"""Rows about the logs: heads, entries and tree nodes, where an act stands and how it came, witnesses, proven lies.

The entries that one transaction appends to a log are one row; of the tree's nodes above the leaves those are kept that
tiles hold, one for 256 leaves, and the others are made from what is beneath them when a proof asks for them.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from gsomia.errors import NodeError
from gsomia.node import Cosigned, LogLie, LogState, instant, read_instant
from gsomia.store import rows, schema
from gsomia.store.connected import Connected
from gsomia.store.prepared import Prepared
from gsomia.store.statements import found, insert_new, rows_by, upsert
from gsomia.tlog import HASH_BYTES, SALT_BYTES, TILE_HEIGHT, leaf_hash, reader_of_levels

__all__ = ["LogReads", "LogWrites", "group_acts"]

_NUMBER = Prepared(sa.select(schema.act.c.seq).where(schema.act.c.id == sa.bindparam("act")))
_ARRIVAL = Prepared(
    sa.select(schema.act.c.source, schema.act.c.recorded_at).where(schema.act.c.id == sa.bindparam("act"))
)
_NODES = Prepared(
    sa.select(schema.log_node.c.position, schema.log_node.c.hash)
    .where(
        schema.log_node.c.log == sa.bindparam("log"),
        schema.log_node.c.level == sa.bindparam("level"),
        schema.log_node.c.position >= sa.bindparam("start"),
        schema.log_node.c.position < sa.bindparam("stop"),
    )
    .order_by(schema.log_node.c.position)
)
_GROUP = schema.log_group
_BEFORE = schema.log_group.alias("before")
# The group that holds the entry `start` begins at that entry or before it.
_BEGIN = sa.func.coalesce(
    sa.select(sa.func.max(_BEFORE.c.first))
    .where(_BEFORE.c.log == sa.bindparam("log"), _BEFORE.c.first <= sa.bindparam("start"))
    .scalar_subquery(),
    sa.literal_column("0"),
)
# Most groups of a log that grows act by act are of one act, which this brings with them.
_GROUPS = Prepared(
    sa.select(
        *(_GROUP.c[name] for name in ("first", "act", "acts", "commitments", "salts")),
        schema.act.c.id,
        schema.act.c.statement,
    )
    .outerjoin(schema.act, schema.act.c.seq == _GROUP.c.act)
    .where(
        _GROUP.c.log == sa.bindparam("log"),
        _GROUP.c.first >= _BEGIN,
        _GROUP.c.first < sa.bindparam("stop"),
    )
    .order_by(_GROUP.c.first)
)
_COMMITMENTS = Prepared(
    sa.select(_GROUP.c.first, _GROUP.c.commitments)
    .where(
        _GROUP.c.log == sa.bindparam("log"),
        _GROUP.c.first >= _BEGIN,
        _GROUP.c.first < sa.bindparam("stop"),
    )
    .order_by(_GROUP.c.first)
)
_ACTS = Prepared(
    sa.select(schema.act.c.seq, schema.act.c.id, schema.act.c.statement).where(
        schema.act.c.seq >= sa.bindparam("start"), schema.act.c.seq <= sa.bindparam("stop")
    )
)
_GROUP_OF = Prepared(
    sa.select(_GROUP.c.first, _GROUP.c.acts, _GROUP.c.salts)
    .where(_GROUP.c.log == sa.bindparam("log"), _GROUP.c.act <= sa.bindparam("act"))
    .order_by(_GROUP.c.act.desc())
)
_LOGS = rows_by(schema.log, order=("name",))
_NEW_GROUP = insert_new(_GROUP)
_PUT_LOG = upsert(schema.log, replace=True)
_NEW_NODE = insert_new(schema.log_node)


def group_acts(acts: bytes) -> tuple[int, ...]:
    """The acts of one row of entries, by their numbers.

    Args:
        acts: 8 bytes for each, big-endian.
    """
    return struct.unpack(f">{len(acts) // 8}q", acts)


def _numbers_of(acts: object, commitments: object, salts: object) -> tuple[int, ...]:
    """The acts of a row that is as a node writes it, or none."""
    if not isinstance(acts, bytes) or not isinstance(commitments, bytes) or not isinstance(salts, bytes):
        return ()
    whole = len(acts) * HASH_BYTES == len(commitments) * 8 and len(commitments) == len(salts)
    return group_acts(acts) if whole and len(acts) % 8 == 0 else ()


def _cut(data: bytes) -> list[bytes]:
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


class LogReads(Connected):
    """Reads about logs within one transaction."""

    def log(self, name: str) -> LogState | None:
        row = rows_by(schema.log, "name").row(self._connection, {"name": name})
        return None if row is None else rows.log_of(row)

    def logs(self) -> Sequence[LogState]:
        return [rows.log_of(row) for row in found(self._connection, _LOGS, {})]

    def log_entries(self, name: str, start: int, stop: int) -> Sequence[tuple[bytes, str, bytes]]:
        return [
            (commitment, act, salt)
            for position, commitment, act, salt, _ in self._leaves(name, start, stop)
            if start <= position < stop
        ]

    def log_leaves(self, name: str, size: int) -> Iterator[tuple[int, bytes, str, bytes, bytes | None]]:
        return (leaf for leaf in self._leaves(name, 0, size) if leaf[0] < size)

    def _leaves(self, name: str, start: int, stop: int) -> Iterator[tuple[int, bytes, str, bytes, bytes | None]]:
        """The entries of the groups that hold those from `start` and below `stop`, with their acts."""
        values = {"log": name, "start": start, "stop": stop}
        for first, number, acts, commitments, salts, act, statement in _GROUPS.tuples(self._connection, values):
            numbers = _numbers_of(acts, commitments, salts)
            if numbers[:1] != (number,):
                raise NodeError(f"log `{name}` has a broken row of entries, from entry {first} on")
            if len(numbers) == 1:
                yield first, commitments, act or "", salts, statement
                continue
            span = {"start": min(numbers, default=0), "stop": max(numbers, default=-1)}
            recorded = {number: rest for number, *rest in _ACTS.tuples(self._connection, span)}
            for place, number in enumerate(numbers):
                at = place * HASH_BYTES
                act, statement = recorded.get(number, ("", None))
                yield first + place, commitments[at : at + HASH_BYTES], act, salts[at : at + SALT_BYTES], statement

    def _leaf_hashes(self, name: str, start: int, stop: int) -> list[bytes]:
        # A leaf's hash is not stored: the entry gives it.
        entries: list[bytes] = []
        begin = start
        values = {"log": name, "start": start, "stop": stop}
        for first, commitments in _COMMITMENTS.tuples(self._connection, values):
            begin = begin if entries else first
            if first != begin + len(entries):
                raise NodeError(f"log `{name}` lacks its entry {begin + len(entries)}")
            entries += _cut(commitments)
        found = entries[start - begin : stop - begin]
        if begin > start or len(found) != stop - start:
            raise NodeError(f"log `{name}` lacks its entry {start if begin > start else start + len(found)}")
        return [leaf_hash(entry) for entry in found]

    def log_node(self, name: str, level: int, index: int) -> bytes:
        def hashes(tile_level: int, start: int, stop: int) -> Sequence[bytes]:
            return self.log_hashes(name, tile_level, start, stop)

        return reader_of_levels(hashes)(level, index)

    def log_hashes(self, name: str, tile_level: int, start: int, stop: int) -> Sequence[bytes]:
        if tile_level == 0:
            return self._leaf_hashes(name, start, stop)
        level = tile_level * TILE_HEIGHT
        stored = dict(self.log_nodes(name, level, start, stop))
        for index in range(start, stop):
            if index not in stored:
                raise NodeError(f"log `{name}` lacks its tree node at level {level}, index {index}")
        return list(stored.values())

    def log_nodes(self, name: str, level: int, start: int, stop: int) -> Sequence[tuple[int, bytes]]:
        values = {"log": name, "level": level, "start": start, "stop": stop}
        return list(_NODES.tuples(self._connection, values))

    def log_places(self, act: str) -> Sequence[tuple[str, int, bytes]]:
        number = _NUMBER.scalar(self._connection, {"act": act})
        places = []
        for log in _LOGS.rows(self._connection, {}) if number is not None else ():
            # The acts of a log stand in the order of their numbers.
            group = _GROUP_OF.row(self._connection, {"log": log["name"], "act": number})
            if group is None:
                continue
            for place, other in enumerate(group_acts(group["acts"])):
                if other == number:
                    salt = group["salts"][place * SALT_BYTES : (place + 1) * SALT_BYTES]
                    places.append((log["name"], group["first"] + place, salt))
        return places

    def arrival(self, act: str) -> tuple[str, datetime] | None:
        row = _ARRIVAL.row(self._connection, {"act": act})
        return (row["source"], read_instant(row["recorded_at"])) if row is not None else None

    def cosigned(self) -> Sequence[Cosigned]:
        table = schema.cosigned
        query = sa.select(table).order_by(table.c.log, table.c.witness)
        return [
            Cosigned(**row | {"next_at": read_instant(row["next_at"])}) for row in found(self._connection, query, {})
        ]

    def kept(self, log: str) -> bytes | None:
        row = rows_by(schema.kept, "log").row(self._connection, {"log": log})
        return bytes(row["note"]) or None if row is not None else None

    def lies(self) -> Sequence[LogLie]:
        query = sa.select(schema.lie).order_by(schema.lie.c.at, schema.lie.c.id)
        return [
            LogLie(log=row["log"], party=row["party"], kind=row["kind"], proof=row["proof"], at=read_instant(row["at"]))
            for row in found(self._connection, query, {})
        ]


class LogWrites(LogReads):
    """Changes about logs within one transaction."""

    _act_numbers: dict[str, int]

    def append_log(
        self,
        state: LogState,
        first: int,
        entries: Sequence[tuple[bytes, str, bytes]],
        nodes: Iterable[tuple[int, int, bytes]],
    ) -> None:
        numbers = [self._act_number(act) for _, act, _ in entries]
        group = (
            state.name,
            first,
            numbers[0],
            struct.pack(f">{len(numbers)}q", *numbers),
            b"".join([commitment for commitment, _, _ in entries]),
            b"".join([salt for _, _, salt in entries]),
        )
        _NEW_GROUP.run_many(self._connection, [group])
        if kept := [(state.name, *node) for node in nodes]:
            _NEW_NODE.run_many(self._connection, kept)
        _PUT_LOG.run(self._connection, rows.plain_row(state))

    def _act_number(self, act: str) -> int:
        number = self._act_numbers.get(act)
        if number is None:
            number = _NUMBER.scalar(self._connection, {"act": act})
            if number is None:
                raise NodeError(f"act `{act}` is not recorded, and cannot be logged")
            self._act_numbers[act] = number
        return number

    def put_cosigned(self, cosigned: Cosigned) -> None:
        upsert(schema.cosigned, replace=True).run(self._connection, rows.plain_row(cosigned))

    def put_kept(self, log: str, note: bytes, at: datetime) -> None:
        row = {"log": log, "note": note, "at": instant(at)}
        upsert(schema.kept, replace=True).run(self._connection, row)

    def forget_witness(self, witness: str, kept: Sequence[str]) -> None:
        row = schema.cosigned
        self._connection.execute(sa.update(row).where(row.c.witness == witness).values(size=0, note=b""))
        self._connection.execute(sa.update(schema.kept).where(schema.kept.c.log.in_(kept)).values(note=b""))

    def put_lie(self, lie: LogLie) -> None:
        digest = hashlib.sha256(lie.proof).hexdigest()
        row = rows.plain_row(lie) | {"id": digest, "kind": str(lie.kind)}
        upsert(schema.lie, replace=False).run(self._connection, row)
