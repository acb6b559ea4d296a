"""Rows about standing orders."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from gsomia.node import StandingOrder, instant, read_instant
from gsomia.store import rows, schema
from gsomia.store.connected import Connected
from gsomia.store.statements import rows_by, upsert

__all__ = ["OrderReads", "OrderWrites"]


def _order_of(row: Mapping[str, Any]) -> StandingOrder:
    return StandingOrder(
        **{
            **row,
            "marks": tuple((theirs, own) for theirs, own in json.loads(row["marks"])),
            "subjects": tuple(json.loads(row["subjects"])),
            "at": read_instant(row["at"]),
            "until": read_instant(row["until"]),
            "ended_at": read_instant(row["ended_at"]) if row["ended_at"] else None,
        }
    )


class OrderReads(Connected):
    """Reads about standing orders within one transaction."""

    def orders(self, party: str = "") -> Sequence[StandingOrder]:
        columns = ("party", "ended_by") if party else ()
        query = rows_by(schema.standing_order, *columns, order=("at", "id"))
        found = query.rows(self._connection, {"party": party, "ended_by": ""} if party else {})
        return [_order_of(row) for row in found]

    def order(self, order: str) -> StandingOrder | None:
        row = rows_by(schema.standing_order, "id").row(self._connection, {"id": order})
        return None if row is None else _order_of(row)


class OrderWrites(OrderReads):
    """Changes about standing orders within one transaction."""

    def put_order(self, order: StandingOrder) -> None:
        ended = {"ended_at": instant(order.ended_at) if order.ended_at is not None else ""}
        lists = {name: json.dumps(getattr(order, name), ensure_ascii=False) for name in ("marks", "subjects")}
        row = rows.plain_row(order) | lists | ended
        upsert(schema.standing_order, replace=True).run(self._connection, row)
