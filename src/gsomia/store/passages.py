"""Rows about what passes under consents and is no copy that their originators' registers follow."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from gsomia.node import Passage, read_instant
from gsomia.store import rows, schema
from gsomia.store.connected import Connected
from gsomia.store.statements import rows_by, upsert

__all__ = ["PassageReads", "PassageWrites"]

_LISTS = ("receivers", "certified")
_INSTANTS = ("authorised", "at")


def _passage(row: Mapping[str, Any]) -> Passage:
    lists = {name: tuple(json.loads(row[name])) for name in _LISTS}
    return Passage(**{**row, **lists, **{name: read_instant(row[name]) for name in _INSTANTS}})


class PassageReads(Connected):
    """Reads about passages within one transaction."""

    def passages(self, *, copy: str = "", consent: str = "") -> Sequence[Passage]:
        values = {name: value for name, value in (("copy", copy), ("consent", consent)) if value}
        found = rows_by(schema.passage, *values, order=("authorised", "copy", "consent"))
        return [_passage(row) for row in found.rows(self._connection, values)]


class PassageWrites(PassageReads):
    """Changes about passages within one transaction."""

    def put_passage(self, passage: Passage) -> None:
        lists = {name: json.dumps(getattr(passage, name), ensure_ascii=False) for name in _LISTS}
        upsert(schema.passage, replace=True).run(self._connection, rows.plain_row(passage) | lists)
