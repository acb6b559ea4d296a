"""Statements that every table has: its rows by their values, a new row, a row put in the place of another."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from gsomia.store.prepared import Prepared

__all__ = ["found", "insert_new", "rows_by", "upsert"]


@cache
def upsert(table: sa.Table, *, replace: bool) -> Prepared:
    """Insert a row; one with the same key is replaced, or left as it is."""
    statement = insert(table)
    columns = [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key]
    if not replace:
        return Prepared(statement.on_conflict_do_nothing(), columns)
    rest = {name: statement.excluded[name] for name in columns if name not in keys}
    return Prepared(statement.on_conflict_do_update(index_elements=keys, set_=rest), columns)


@cache
def insert_new(table: sa.Table) -> Prepared:
    """Insert a new row; a serial number is given by the database."""
    columns = [column.name for column in table.columns if column.autoincrement is not True]
    return Prepared(sa.insert(table), columns)


@cache
def rows_by(table: sa.Table, *columns: str, order: tuple[str, ...] = ()) -> Prepared:
    """The rows with these values; each column is a parameter of its own name."""
    chosen = sa.select(table).where(*(table.c[name] == sa.bindparam(name) for name in columns))
    return Prepared(chosen.order_by(*(table.c[name] for name in order)))


def found(
    connection: sa.Connection, query: Prepared | sa.Select[Any], values: Mapping[str, object]
) -> list[dict[str, Any]]:
    """The rows of a query, each by column."""
    if isinstance(query, Prepared):
        return query.rows(connection, values)
    return [dict(row) for row in connection.execute(query, dict(values)).mappings()]
