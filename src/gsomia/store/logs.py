"""Rows about the logs: heads, entries and tree nodes, where an act stands and how it came, witnesses, proven lies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from gsomia.errors import NodeError
from gsomia.node import Cosigned, LogLie, LogState, instant, read_instant
from gsomia.store import rows, schema
from gsomia.store.prepared import Prepared
from gsomia.store.statements import found, insert_new, rows_by, upsert
from gsomia.tlog import leaf_hash

__all__ = ["LogReads", "LogWrites"]

_PLACES = (
    sa.select(schema.log_entry.c.log, schema.log_entry.c.position, schema.log_entry.c.salt)
    .where(schema.log_entry.c.act == sa.bindparam("act"))
    .order_by(schema.log_entry.c.log)
)
_ARRIVAL = Prepared(
    sa.select(schema.act.c.source, schema.act.c.recorded_at).where(schema.act.c.id == sa.bindparam("act"))
)
_NODE = rows_by(schema.log_node, "log", "level", "position")
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
_ENTRY = Prepared(
    sa.select(schema.log_entry.c.commitment).where(
        schema.log_entry.c.log == sa.bindparam("log"), schema.log_entry.c.position == sa.bindparam("position")
    )
)
_LEAVES = Prepared(
    sa.select(
        schema.log_entry.c.position,
        schema.log_entry.c.commitment,
        schema.log_entry.c.act,
        schema.log_entry.c.salt,
        schema.act.c.statement,
    )
    .outerjoin(schema.act, schema.act.c.id == schema.log_entry.c.act)
    .where(schema.log_entry.c.log == sa.bindparam("log"), schema.log_entry.c.position < sa.bindparam("size"))
    .order_by(schema.log_entry.c.position)
)


class LogReads:
    """Reads about logs within one transaction."""

    _connection: sa.Connection

    def log(self, name: str) -> LogState | None:
        row = rows_by(schema.log, "name").row(self._connection, {"name": name})
        return None if row is None else rows.log_of(row)

    def logs(self) -> Sequence[LogState]:
        return [rows.log_of(row) for row in found(self._connection, rows_by(schema.log, order=("name",)), {})]

    def log_entries(self, name: str, start: int, stop: int) -> Sequence[tuple[bytes, str, bytes]]:
        table = schema.log_entry
        query = (
            sa.select(table.c.commitment, table.c.act, table.c.salt)
            .where(table.c.log == name, table.c.position >= start, table.c.position < stop)
            .order_by(table.c.position)
        )
        return [(row["commitment"], row["act"], row["salt"]) for row in found(self._connection, query, {})]

    def log_node(self, name: str, level: int, index: int) -> bytes:
        if level == 0:  # a leaf's hash is not stored: the entry gives it
            entry = _ENTRY.scalar(self._connection, {"log": name, "position": index})
            if entry is None:
                raise NodeError(f"log `{name}` lacks its entry {index}")
            return leaf_hash(entry)
        row = _NODE.row(self._connection, {"log": name, "level": level, "position": index})
        if row is None:
            raise NodeError(f"log `{name}` lacks its tree node at level {level}, index {index}")
        return bytes(row["hash"])

    def log_nodes(self, name: str, level: int, start: int, stop: int) -> Sequence[tuple[int, bytes]]:
        values = {"log": name, "level": level, "start": start, "stop": stop}
        return list(_NODES.tuples(self._connection, values))

    def log_places(self, act: str) -> Sequence[tuple[str, int, bytes]]:
        return [(row["log"], row["position"], row["salt"]) for row in found(self._connection, _PLACES, {"act": act})]

    def log_leaves(self, name: str, size: int) -> Iterator[tuple[int, bytes, str, bytes, bytes | None]]:
        return _LEAVES.tuples(self._connection, {"log": name, "size": size})

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

    def append_log(
        self,
        state: LogState,
        first: int,
        entries: Sequence[tuple[bytes, str, bytes]],
        nodes: Iterable[tuple[int, int, bytes]],
    ) -> None:
        name = state.name
        insert_new(schema.log_entry).run_many(
            self._connection,
            [
                (name, position, commitment, act, salt)
                for position, (commitment, act, salt) in enumerate(entries, first)
            ],
        )
        insert_new(schema.log_node).run_many(
            self._connection, [(name, level, index, digest) for level, index, digest in nodes if level]
        )
        upsert(schema.log, replace=True).run(self._connection, rows.plain_row(state))

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
