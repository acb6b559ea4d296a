"""Rows about requests for information."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from gsomia.node import InformationRequest, instant, read_instant
from gsomia.store import rows, schema
from gsomia.store.connected import Connected
from gsomia.store.statements import rows_by, upsert

__all__ = ["RequestReads", "RequestWrites"]

_LISTS = ("via", "answers")


def _told(row: Mapping[str, Any]) -> InformationRequest:
    lists = {name: tuple(json.loads(row[name])) for name in _LISTS}
    due = read_instant(row["due"]) if row["due"] else None
    return InformationRequest(**{**row, **lists, "due": due, "at": read_instant(row["at"])})


class RequestReads(Connected):
    """Reads about requests within one transaction."""

    def requests(self) -> Sequence[InformationRequest]:
        found = rows_by(schema.request, order=("at", "id")).rows(self._connection, {})
        return [_told(row) for row in found]

    def request(self, request: str) -> InformationRequest | None:
        row = rows_by(schema.request, "id").row(self._connection, {"id": request})
        return None if row is None else _told(row)


class RequestWrites(RequestReads):
    """Changes about requests within one transaction."""

    def put_request(self, request: InformationRequest) -> None:
        lists = {name: json.dumps(getattr(request, name)) for name in _LISTS}
        due = instant(request.due) if request.due is not None else ""
        upsert(schema.request, replace=True).run(self._connection, rows.plain_row(request) | lists | {"due": due})
