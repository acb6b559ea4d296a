"""The tables that acts alone make, row by row, and the acts in the order in which they were recorded: for `verify`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache

import sqlalchemy as sa

from gsomia.errors import VerificationError
from gsomia.node import Rows, Statement, read_instant
from gsomia.store import schema
from gsomia.store.prepared import Prepared

__all__ = ["DerivedReads"]

_RECORDED = Prepared(
    sa.select(
        *(schema.act.c[name] for name in ("statement", "source", "recorded_at", "id", "type", "party", "item"))
    ).order_by(schema.act.c.seq)
)
_UNLOGGED = Prepared(
    sa.select(schema.act.c.id)
    .outerjoin(schema.log_entry, schema.log_entry.c.act == schema.act.c.id)
    .where(schema.log_entry.c.act.is_(None))
    .order_by(schema.act.c.seq)
)
_SEQ = (
    sa.select(
        schema.log_entry.c.log,
        schema.log_entry.c.act,
        schema.act.c.seq,
        sa.func.lag(schema.act.c.seq)
        .over(partition_by=schema.log_entry.c.log, order_by=schema.log_entry.c.position)
        .label("before"),
    )
    .join(schema.act, schema.act.c.id == schema.log_entry.c.act)
    .subquery()
)
_DISORDER = Prepared(sa.select(_SEQ.c.act).where(_SEQ.c.seq <= _SEQ.c.before))


@cache
def _ordered(name: str) -> tuple[Prepared, tuple[str, ...], int]:
    table = schema.metadata.tables[name]
    columns = tuple(column.name for column in table.columns)
    keys = len(table.primary_key.columns)
    # The columns of the key stand first in every table.
    return Prepared(sa.select(table).order_by(*table.primary_key.columns)), columns, keys


class DerivedReads:
    """Reads of what acts make, within one transaction."""

    _connection: sa.Connection

    def rows(self, table: str) -> Rows:
        query, columns, keys = _ordered(table)
        return Rows(columns=columns, keys=keys, rows=query.tuples(self._connection, {}))

    def recorded(self) -> Iterator[tuple[Statement, str, datetime]]:
        for data, source, at, *filed in _RECORDED.tuples(self._connection, {}):
            statement = Statement.from_bytes(data)
            if filed != [statement.id, statement.type, statement.party, statement.item]:
                raise VerificationError(f"act `{statement.id}` is filed as another: {', '.join(map(str, filed))}")
            yield statement, source, read_instant(at)

    def unlogged(self) -> str:
        return str(_UNLOGGED.scalar(self._connection, {}) or _DISORDER.scalar(self._connection, {}) or "")
