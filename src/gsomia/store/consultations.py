"""Rows about consultations: what each is about, its acts, and the views of assessments."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gsomia.node import Consultation, Step, View, instant, read_instant
from gsomia.store import rows, schema
from gsomia.store.connected import Connected
from gsomia.store.prepared import Prepared
from gsomia.store.statements import found, insert_new, rows_by, upsert

__all__ = ["ConsultationReads", "ConsultationWrites"]

_LISTS = ("parties", "after", "bases", "among")


def _row(value: Consultation | Step | View) -> dict[str, Any]:
    row = rows.plain_row(value)
    return row | {name: json.dumps(row[name]) for name in _LISTS if name in row}


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    lists = {name: tuple(json.loads(row[name])) if row[name] != "[]" else () for name in _LISTS if name in row}
    return {**row, **lists, "at": read_instant(row["at"])}


_EVERY = -1
"""SQLite's word for no limit."""

_AT, _ID = schema.consultation.c.at, schema.consultation.c.id

_CONSULTATIONS = Prepared(
    sa.select(schema.consultation)
    .where(sa.tuple_(_AT, _ID) > sa.tuple_(sa.bindparam("after_at"), sa.bindparam("after")))
    .where(sa.func.substr(_ID, sa.literal_column("1"), sa.bindparam("length")) == sa.bindparam("beginning"))
    .order_by(_AT, _ID)
    .limit(sa.bindparam("limit"))
    .offset(sa.literal_column("0"))
)


class ConsultationReads(Connected):
    """Reads about consultations within one transaction."""

    def consultations(
        self, *, after: tuple[datetime, str] | None = None, beginning: str = "", limit: int = 0
    ) -> Sequence[Consultation]:
        at, name = after or (None, "")
        values: dict[str, object] = {"after_at": instant(at) if at is not None else "", "after": name}
        values |= {"beginning": beginning, "length": len(beginning), "limit": limit or _EVERY}
        return [Consultation(**_told(row)) for row in _CONSULTATIONS.rows(self._connection, values)]

    def consultation(self, consultation: str) -> Consultation | None:
        row = rows_by(schema.consultation, "id").row(self._connection, {"id": consultation})
        return None if row is None else Consultation(**_told(row))

    def consultation_steps(self, consultations: Sequence[str]) -> Mapping[str, Sequence[Step]]:
        table = schema.consultation_step
        query = sa.select(table).where(table.c.consultation.in_(consultations)).order_by(table.c.at, table.c.act)
        steps: dict[str, list[Step]] = {consultation: [] for consultation in consultations}
        for row in found(self._connection, query, {}):
            steps[row["consultation"]].append(Step(**_told(row)))
        return steps

    def consultation_views(self, consultation: str) -> Sequence[View]:
        query = rows_by(schema.consultation_view, "consultation", order=("at", "party", "item"))
        return [View(**_told(row)) for row in query.rows(self._connection, {"consultation": consultation})]


class ConsultationWrites(ConsultationReads):
    """Changes about consultations within one transaction."""

    def put_consultation(self, consultation: Consultation) -> None:
        insert_new(schema.consultation).run(self._connection, _row(consultation))

    def put_consultation_step(self, step: Step) -> None:
        insert_new(schema.consultation_step).run(self._connection, _row(step))

    def put_consultation_view(self, view: View) -> None:
        upsert(schema.consultation_view, replace=True).run(self._connection, _row(view))
