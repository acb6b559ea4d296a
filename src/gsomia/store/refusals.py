"""Rows about what was refused, and about the messages that were seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from gsomia.node import FLOOD, Refused, instant
from gsomia.store import rows, schema
from gsomia.store.connected import Connected
from gsomia.store.prepared import Prepared

__all__ = ["RefusalReads", "RefusalWrites"]

_TABLE = schema.refused
_EVERY = Prepared(sa.select(_TABLE).order_by(_TABLE.c.id))
_COUNT = Prepared(
    sa.select(sa.func.count())
    .select_from(_TABLE)
    .where(
        _TABLE.c.source == sa.bindparam("source"),
        _TABLE.c.at >= sa.bindparam("since"),
        _TABLE.c.at <= sa.bindparam("until"),
        _TABLE.c.what != sa.literal_column(f"'{FLOOD}'"),
    )
)
_PUT = Prepared(sa.insert(_TABLE), [column.name for column in _TABLE.columns if column.name != "id"])
_SEE = Prepared(insert(schema.seen).on_conflict_do_nothing(), [column.name for column in schema.seen.columns])
_FORGET = Prepared(sa.delete(schema.seen).where(schema.seen.c.at < sa.bindparam("before")))


class RefusalReads(Connected):
    """Reads about refusals within one transaction."""

    def refused(self) -> Sequence[Refused]:
        return [rows.refused_of(row) for row in _EVERY.rows(self._connection, {})]

    def refusals(self, source: str, since: datetime, until: datetime) -> int:
        values = {"source": source, "since": instant(since), "until": instant(until)}
        return int(_COUNT.scalar(self._connection, values))


class RefusalWrites(RefusalReads):
    """Changes about refusals, and about messages seen, within one transaction."""

    def put_refused(self, refused: Refused) -> None:
        _PUT.run(self._connection, rows.refused_row(refused))

    def count_refused(self, refused: Refused, since: datetime) -> None:
        query = sa.select(_TABLE).where(
            _TABLE.c.source == refused.source, _TABLE.c.what == refused.what, _TABLE.c.at >= instant(since)
        )
        begun = self._connection.execute(query.order_by(_TABLE.c.id.desc())).mappings().first()
        if begun is None:
            self.put_refused(refused)
            return
        detail = json.loads(begun["detail"])
        detail["count"] += refused.detail["count"]
        changed = sa.update(_TABLE).where(_TABLE.c.id == begun["id"]).values(detail=json.dumps(detail))
        self._connection.execute(changed)

    def thin_refused(self, source: str, most: int, begins: str = "") -> None:
        of = sa.and_(_TABLE.c.source == source, _TABLE.c.what.startswith(begins, autoescape=True))
        newest = sa.select(_TABLE.c.id).where(of).order_by(_TABLE.c.id.desc())
        oldest = self._connection.execute(newest.limit(1).offset(most)).scalar()
        if oldest is not None:
            self._connection.execute(sa.delete(_TABLE).where(of, _TABLE.c.id <= oldest))

    def see_message(self, message: str, peer: str, at: datetime) -> bool:
        return _SEE.run(self._connection, {"message": message, "peer": peer, "at": instant(at)}) == 1

    def forget_messages(self, before: datetime) -> None:
        _FORGET.run(self._connection, {"before": instant(before)})
