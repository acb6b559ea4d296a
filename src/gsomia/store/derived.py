"""The tables that acts alone make, row by row, and the acts in the order in which they were recorded: for `verify`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from heapq import merge
from itertools import pairwise

import sqlalchemy as sa

from gsomia.errors import VerificationError
from gsomia.node import Rows, Statement, read_instant
from gsomia.store import schema
from gsomia.store.connected import Connected
from gsomia.store.logs import group_acts
from gsomia.store.prepared import Prepared

__all__ = ["DerivedReads"]

_RECORDED = Prepared(
    sa.select(
        *(schema.act.c[name] for name in ("statement", "source", "recorded_at", "id", "type", "party", "item"))
    ).order_by(schema.act.c.seq)
)
_ACTS = Prepared(sa.select(schema.act.c.seq, schema.act.c.id).order_by(schema.act.c.seq))
_ACT_ID = Prepared(sa.select(schema.act.c.id).where(schema.act.c.seq == sa.bindparam("number")))
_LAST = Prepared(sa.select(sa.func.max(schema.act.c.seq)))
_ACT_FROM = Prepared(
    sa.select(schema.act.c.seq, schema.act.c.id)
    .where(schema.act.c.seq >= sa.bindparam("number"))
    .order_by(schema.act.c.seq)
)
_LOGS = Prepared(sa.select(schema.log_group.c.log).distinct())
_LOGGED = Prepared(
    sa.select(schema.log_group.c.acts)
    .where(schema.log_group.c.log == sa.bindparam("log"))
    .order_by(schema.log_group.c.first)
)


@cache
def _ordered(name: str) -> tuple[Prepared, tuple[str, ...], int]:
    table = schema.metadata.tables[name]
    columns = tuple(column.name for column in table.columns)
    keys = len(table.primary_key.columns)
    # The columns of the key stand first in every table.
    return Prepared(sa.select(table).order_by(*table.primary_key.columns)), columns, keys


class DerivedReads(Connected):
    """Reads of what acts make, within one transaction."""

    def rows(self, table: str) -> Rows:
        query, columns, keys = _ordered(table)
        return Rows(columns=columns, keys=keys, rows=query.tuples(self._connection, {}))

    def recorded(self) -> Iterator[tuple[Statement, str, datetime]]:
        for data, source, at, *filed in _RECORDED.tuples(self._connection, {}):
            statement = Statement.from_bytes(data)
            if filed != [statement.id, statement.type, statement.party, statement.item]:
                raise VerificationError(f"act `{statement.id}` is filed as another: {', '.join(map(str, filed))}")
            yield statement, source, read_instant(at)

    def act_ends(self, parts: int) -> Sequence[tuple[int, str]]:
        last = _LAST.scalar(self._connection, {}) or 0
        wanted = [last * part // parts for part in range(1, parts)]
        found = [_ACT_FROM.row(self._connection, {"number": number}) for number in wanted]
        return list(dict.fromkeys((row["seq"], row["id"]) for row in found if row is not None and row["seq"] < last))

    def unlogged(self) -> str:
        logs = [log for (log,) in _LOGS.tuples(self._connection, {})]
        for log in logs:
            for before, number in pairwise(self._logged(log)):
                if number <= before:
                    return str(_ACT_ID.scalar(self._connection, {"number": number}) or number)
        # Each log names its acts in the order of their recording, so one pass over all of them is enough.
        logged = merge(*map(self._logged, logs))
        ahead = next(logged, None)
        for number, act in _ACTS.tuples(self._connection, {}):
            while ahead is not None and ahead < number:
                ahead = next(logged, None)
            if ahead != number:
                return str(act)
        return ""

    def _logged(self, log: str) -> Iterator[int]:
        """The acts of a log by their numbers."""
        for (acts,) in _LOGGED.tuples(self._connection, {"log": log}):
            yield from group_acts(acts)
