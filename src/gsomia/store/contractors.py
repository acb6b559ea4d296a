"""Rows about contractors: their facilities, and the copies that lie there."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from gsomia.node import ContractorCopy, ContractorFacility, read_instant
from gsomia.registry import GONE
from gsomia.store import rows, schema
from gsomia.store.connected import Connected
from gsomia.store.prepared import Prepared
from gsomia.store.statements import rows_by, upsert

__all__ = ["ContractorReads", "ContractorWrites"]

_KEPT = Prepared(
    sa.select(schema.copy.c.id)
    .join(schema.placement, schema.placement.c.copy == schema.copy.c.id)
    .where(
        schema.placement.c.facility == sa.bindparam("facility"),
        schema.copy.c.state.not_in([sa.literal_column(f"'{state.value}'") for state in GONE]),
    )
    .order_by(schema.copy.c.id)
)


class ContractorReads(Connected):
    """Reads about contractors within one transaction."""

    def contractor_facilities(self) -> Sequence[ContractorFacility]:
        found = rows_by(schema.contractor_facility, order=("contractor", "id")).rows(self._connection, {})
        return [ContractorFacility(**row) for row in found]

    def contractor_facility(self, facility: str) -> ContractorFacility | None:
        row = rows_by(schema.contractor_facility, "id").row(self._connection, {"id": facility})
        return None if row is None else ContractorFacility(**row)

    def contractor_copies(self) -> Sequence[ContractorCopy]:
        found = rows_by(schema.contractor_copy, order=("at", "copy")).rows(self._connection, {})
        return [ContractorCopy(**{**row, "at": read_instant(row["at"])}) for row in found]

    def contractor_copy(self, copy: str) -> ContractorCopy | None:
        row = rows_by(schema.contractor_copy, "copy").row(self._connection, {"copy": copy})
        return None if row is None else ContractorCopy(**{**row, "at": read_instant(row["at"])})

    def kept_at(self, facility: str) -> Sequence[str]:
        return [str(row["id"]) for row in _KEPT.rows(self._connection, {"facility": facility})]


class ContractorWrites(ContractorReads):
    """Changes about contractors within one transaction."""

    def put_contractor_facility(self, facility: ContractorFacility) -> None:
        upsert(schema.contractor_facility, replace=True).run(self._connection, rows.plain_row(facility))

    def put_contractor_copy(self, copy: ContractorCopy) -> None:
        upsert(schema.contractor_copy, replace=True).run(self._connection, rows.plain_row(copy))

    def end_contractor_copy(self, copy: str) -> None:
        table = schema.contractor_copy
        self._connection.execute(sa.delete(table).where(table.c.copy == copy))
