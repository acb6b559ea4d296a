"""Statements as the driver takes them: written with SQLAlchemy, compiled once, run without its machinery.

A document's way takes some eighty statements; put together anew each time they cost more than all its signatures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

__all__ = ["Prepared", "in_transaction"]

_DIALECT = sqlite.dialect(paramstyle="named")


class Prepared:
    """One statement, with its parameters by name.

    Args:
        statement: a query, an insert, an update or a delete; its values are bind parameters.
        columns: for an insert, the columns that rows give; for what else is run for many rows, its parameters.
    """

    __slots__ = ("_by_place", "_columns", "_text")

    def __init__(self, statement: sa.ClauseElement, columns: Iterable[str] | None = None) -> None:
        compiled = statement.compile(dialect=_DIALECT, column_keys=None if columns is None else list(columns))
        self._text = str(compiled)
        # Many rows at once are quicker by place than by name.
        self._by_place = re.sub(r":\w+", "?", self._text) if columns is not None else ""
        chosen = getattr(statement, "selected_columns", ())
        self._columns = tuple(column.key for column in chosen)

    def rows(self, connection: sa.Connection, values: Mapping[str, object]) -> list[dict[str, Any]]:
        """The rows of a query, each by column."""
        names = self._columns
        found = _driver(connection).execute(self._text, values).fetchall()
        return [dict(zip(names, row, strict=True)) for row in found]

    def each(self, connection: sa.Connection, values: Mapping[str, object]) -> Iterator[dict[str, Any]]:
        """The rows of a query one after another, for those that are too many for the memory."""
        names = self._columns
        for row in _driver(connection).execute(self._text, values):
            yield dict(zip(names, row, strict=True))

    def tuples(self, connection: sa.Connection, values: Mapping[str, object]) -> Iterator[Any]:
        """The rows of a query one after another, each a tuple in the order of the columns."""
        return iter(_driver(connection).execute(self._text, values))

    def row(self, connection: sa.Connection, values: Mapping[str, object]) -> dict[str, Any] | None:
        """The first row of a query by column, or None."""
        found = _driver(connection).execute(self._text, values).fetchone()
        return None if found is None else dict(zip(self._columns, found, strict=True))

    def scalar(self, connection: sa.Connection, values: Mapping[str, object]) -> Any:
        """The first column of the first row, or None."""
        found = _driver(connection).execute(self._text, values).fetchone()
        return None if found is None else found[0]

    def run(self, connection: sa.Connection, values: Mapping[str, object]) -> int:
        """Run a change; returns how many rows it touched."""
        return int(_driver(connection).execute(self._text, values).rowcount)

    def run_many(self, connection: sa.Connection, values: Iterable[Sequence[object]]) -> None:
        """Run an insert, or a delete, once for each row, whose values stand in the order of the columns."""
        _driver(connection).executemany(self._by_place, values)


def in_transaction(connection: sa.Connection) -> bool:
    """Whether the transaction that was begun on a connection still goes on."""
    return bool(_driver(connection).in_transaction)


def _driver(connection: sa.Connection) -> Any:
    return connection.connection.driver_connection
