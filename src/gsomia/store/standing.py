"""Connections that only read, for questions that come often: each knows what was read once of the state it last saw."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

__all__ = ["StandingReads"]

_IDLE = 4
"""So many connections are kept open while nobody reads."""
_VERSION = "PRAGMA data_version"
"""Of a connection that writes nothing, it changes with every commit; within a transaction it says which state is seen.

It is the transaction's first read, and so the state is fixed by it (sqlite.org/pragma.html#pragma_data_version).
"""


@dataclass(slots=True)
class _One:
    """A connection, the state that it saw last, and what was read once of that."""

    connection: sa.Connection
    driver: sqlite3.Connection
    version: int = -1
    kept: dict[Hashable, Any] = field(default_factory=dict)


class StandingReads:
    """Connections that are handed out one reader at a time, the one that was used last first.

    Args:
        path: the database file.
    """

    def __init__(self, path: Path) -> None:
        # Transactions begin and end by the driver's own statements: SQLAlchemy's way costs ten times as much.
        self._engine = sa.create_engine(
            f"sqlite:///{path}",
            isolation_level="AUTOCOMMIT",
            poolclass=sa.pool.NullPool,
            connect_args={"check_same_thread": False},
        )
        self._turn = threading.Lock()
        self._idle: list[_One] = []

    @contextmanager
    def reading(self) -> Iterator[tuple[sa.Connection, dict[Hashable, Any]]]:
        """A transaction, and what was read once of the state that it sees."""
        with self._turn:
            one = self._idle.pop() if self._idle else None
        if one is None:
            one = self._open()
        try:
            one.driver.execute("BEGIN")
            version = one.driver.execute(_VERSION).fetchone()[0]
            if version != one.version:
                one.version, one.kept = version, {}
            yield one.connection, one.kept
            one.driver.execute("COMMIT")
        except BaseException:
            # What a reader found wrong says nothing of the connection, unless it does not even let go.
            with suppress(sqlite3.Error):
                one.driver.execute("ROLLBACK")
            if one.driver.in_transaction:
                one.connection.close()
            else:
                self._back(one)
            raise
        self._back(one)

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            idle, self._idle = self._idle, []
        for one in idle:
            one.connection.close()
        self._engine.dispose()

    def _open(self) -> _One:
        connection = self._engine.connect()
        driver: Any = connection.connection.driver_connection
        driver.isolation_level = None
        for pragma in ("busy_timeout=20000", "query_only=ON"):
            driver.execute(f"PRAGMA {pragma}")
        return _One(connection=connection, driver=driver)

    def _back(self, one: _One) -> None:
        with self._turn:
            if len(self._idle) < _IDLE:
                self._idle.append(one)
                return
        one.connection.close()
