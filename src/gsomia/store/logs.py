"""Rows about the logs beside their entries: where an act stands and how it came, witnesses, and proven lies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from gsomia.node import Cosigned, LogLie, instant, read_instant
from gsomia.store import rows, schema
from gsomia.store.prepared import Prepared

__all__ = ["LogReads", "LogWrites"]

_PLACES = (
    sa.select(schema.log_entry.c.log, schema.log_entry.c.position, schema.log_entry.c.salt)
    .where(schema.log_entry.c.act == sa.bindparam("act"))
    .order_by(schema.log_entry.c.log)
)
_ARRIVAL = sa.select(schema.act.c.source, schema.act.c.recorded_at).where(schema.act.c.id == sa.bindparam("act"))

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

    def _rows(self, query: sa.Select[Any], values: Mapping[str, object]) -> list[dict[str, Any]]:
        return [dict(row) for row in self._connection.execute(query, dict(values)).mappings()]

    def log_places(self, act: str) -> Sequence[tuple[str, int, bytes]]:
        return [(row["log"], row["position"], row["salt"]) for row in self._rows(_PLACES, {"act": act})]

    def log_leaves(self, name: str, size: int) -> Iterator[tuple[int, bytes, str, bytes, bytes | None]]:
        return _LEAVES.tuples(self._connection, {"log": name, "size": size})

    def arrival(self, act: str) -> tuple[str, datetime] | None:
        found = self._rows(_ARRIVAL, {"act": act})
        return (found[0]["source"], read_instant(found[0]["recorded_at"])) if found else None

    def cosigned(self) -> Sequence[Cosigned]:
        table = schema.cosigned
        query = sa.select(table).order_by(table.c.log, table.c.witness)
        return [Cosigned(**row | {"next_at": read_instant(row["next_at"])}) for row in self._rows(query, {})]

    def kept(self, log: str) -> bytes | None:
        found = self._rows(sa.select(schema.kept).where(schema.kept.c.log == log), {})
        return bytes(found[0]["note"]) or None if found else None

    def lies(self) -> Sequence[LogLie]:
        query = sa.select(schema.lie).order_by(schema.lie.c.at, schema.lie.c.id)
        found = self._rows(query, {})
        return [
            LogLie(log=row["log"], party=row["party"], kind=row["kind"], proof=row["proof"], at=read_instant(row["at"]))
            for row in found
        ]


class LogWrites(LogReads):
    """Changes about logs within one transaction."""

    def _replace(self, table: sa.Table, row: Mapping[str, object]) -> None:
        keys = [column.name for column in table.primary_key]
        statement = insert(table).values(dict(row))
        rest = {name: statement.excluded[name] for name in row if name not in keys}
        self._connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=rest))

    def put_cosigned(self, cosigned: Cosigned) -> None:
        self._replace(schema.cosigned, rows.plain_row(cosigned))

    def put_kept(self, log: str, note: bytes, at: datetime) -> None:
        self._replace(schema.kept, {"log": log, "note": note, "at": instant(at)})

    def forget_witness(self, witness: str, kept: Sequence[str]) -> None:
        row = schema.cosigned
        self._connection.execute(sa.update(row).where(row.c.witness == witness).values(size=0, note=b""))
        self._connection.execute(sa.update(schema.kept).where(schema.kept.c.log.in_(kept)).values(note=b""))

    def put_lie(self, lie: LogLie) -> None:
        digest = hashlib.sha256(lie.proof).hexdigest()
        row = rows.plain_row(lie) | {"id": digest, "kind": str(lie.kind)}
        self._connection.execute(insert(schema.lie).values(row).on_conflict_do_nothing())
