"""Rows that a transaction is to write, kept until somebody asks for them or it ends.

A document brings some twenty rows into the register. Many rows of a table are written with one statement, and a row
that is changed again before it was written is written once.
"""

from __future__ import annotations

from collections.abc import Hashable

import sqlalchemy as sa

from gsomia.store.prepared import Prepared

__all__ = ["Pending"]

_Rows = dict[Prepared, dict[Hashable, tuple[object, ...]]]

_LEAST, _MOST = -(2**63), 2**63 - 1
"""What SQLite holds as an integer."""


class Pending:
    """Rows to be written by one transaction, with the parts of it that may be undone by themselves."""

    def __init__(self) -> None:
        self._rows: _Rows = {}
        self._below: list[_Rows] = []
        self._before: list[tuple[list[_Rows], _Rows]] = []

    def put(self, statement: Prepared, key: Hashable, row: tuple[object, ...]) -> None:
        """Add a row, or put it in the place of the one that is to be written under the same key.

        Args:
            statement: inserts it; its columns are known.
            key: what names the row within its table.
            row: its values in the order of the columns.

        Raises:
            OverflowError, UnicodeEncodeError, TypeError: a value is none that the database holds. It is said here,
                where it is known whose word it was.
        """
        for value in row:
            if isinstance(value, str):
                value.isascii() or value.encode()
            elif isinstance(value, int):
                if not _LEAST <= value <= _MOST:
                    raise OverflowError(f"{value} is too large a number for the register")
            elif not isinstance(value, bytes):
                raise TypeError(f"the register holds no {type(value).__name__}")
        self._rows.setdefault(statement, {})[key] = row

    def write(self, connection: sa.Connection) -> None:
        """Write all rows."""
        for rows in (*self._below, self._rows):
            for statement, by_key in rows.items():
                statement.run_many(connection, by_key.values())
        self._rows, self._below = {}, [{} for _ in self._below]

    def begin_part(self) -> None:
        """What is put from now on may be undone; a part may have parts of its own."""
        self._before.append((list(self._below), self._rows))
        self._below.append(self._rows)
        self._rows = {}

    def end_part(self) -> None:
        """The part belongs to what is around it."""
        self._before.pop()
        around = self._below.pop()
        for statement, by_key in self._rows.items():
            around.setdefault(statement, {}).update(by_key)
        self._rows = around

    def undo_part(self) -> None:
        """Nothing of the part is to be written; what was to be written before it is so again."""
        self._below, self._rows = self._before.pop()
