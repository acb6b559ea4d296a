"""Rows about oral disclosures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from gsomia.node import OralDisclosure, read_instant
from gsomia.store import rows, schema
from gsomia.store.connected import Connected
from gsomia.store.statements import rows_by, upsert

__all__ = ["DisclosureReads", "DisclosureWrites"]

_LISTS = ("contains", "present")


def _told(row: Mapping[str, Any]) -> OralDisclosure:
    lists = {name: tuple(json.loads(row[name])) for name in _LISTS}
    return OralDisclosure(**{**row, **lists, "at": read_instant(row["at"])})


class DisclosureReads(Connected):
    """Reads about oral disclosures within one transaction."""

    def disclosures(self) -> Sequence[OralDisclosure]:
        found = rows_by(schema.oral_disclosure, order=("at", "id")).rows(self._connection, {})
        return [_told(row) for row in found]

    def disclosure(self, disclosure: str) -> OralDisclosure | None:
        row = rows_by(schema.oral_disclosure, "id").row(self._connection, {"id": disclosure})
        return None if row is None else _told(row)


class DisclosureWrites(DisclosureReads):
    """Changes about oral disclosures within one transaction."""

    def put_disclosure(self, disclosure: OralDisclosure) -> None:
        lists = {name: json.dumps(getattr(disclosure, name), ensure_ascii=False) for name in _LISTS}
        upsert(schema.oral_disclosure, replace=True).run(self._connection, rows.plain_row(disclosure) | lists)
