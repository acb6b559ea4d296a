"""Rows about the logs beside their entries: where an act stands, and how it came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gsomia.node import read_instant
from gsomia.store import schema

__all__ = ["LogReads"]

_PLACES = (
    sa.select(schema.log_entry.c.log, schema.log_entry.c.position, schema.log_entry.c.salt)
    .where(schema.log_entry.c.act == sa.bindparam("act"))
    .order_by(schema.log_entry.c.log)
)
_ARRIVAL = sa.select(schema.act.c.source, schema.act.c.recorded_at).where(schema.act.c.id == sa.bindparam("act"))


class LogReads:
    """Reads about logs within one transaction."""

    _connection: sa.Connection

    def _rows(self, query: sa.Select[Any], values: Mapping[str, object]) -> list[dict[str, Any]]:
        return [dict(row) for row in self._connection.execute(query, dict(values)).mappings()]

    def log_places(self, act: str) -> Sequence[tuple[str, int, bytes]]:
        return [(row["log"], row["position"], row["salt"]) for row in self._rows(_PLACES, {"act": act})]

    def arrival(self, act: str) -> tuple[str, datetime] | None:
        found = self._rows(_ARRIVAL, {"act": act})
        return (found[0]["source"], read_instant(found[0]["recorded_at"])) if found else None
