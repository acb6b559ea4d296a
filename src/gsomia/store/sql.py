"""The node's store on SQLite: one writer at a time, every commit durable (WAL, synchronous=FULL)."""

from __future__ import annotations

import functools
import sqlite3
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from gsomia.errors import NodeError
from gsomia.store import schema
from gsomia.store.standing import StandingReads
from gsomia.store.transactions import SqlReader, SqlWriter

__all__ = ["SqlStore"]

SCHEMA_VERSION = "0001"
"""The revision of the tables that this release works with (see `migrations/versions`)."""


class SqlStore:
    """A node's acts, logs and register in one SQLite file.

    Args:
        path: the database file; `create` makes it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.Lock()
        self._watching = threading.Lock()
        self._watch: sqlite3.Connection | None = None
        self._standing = StandingReads(path)
        self._engine = sa.create_engine(f"sqlite:///{path}", pool_size=4, max_overflow=16)
        sa.event.listen(self._engine, "connect", _prepare)
        sa.event.listen(self._engine, "begin", _begin)

    @classmethod
    def create(cls, path: Path) -> SqlStore:
        """Make the tables of a new store, or bring an old one's up to this release, by the migrations.

        Raises:
            NodeError: the disk does not take it.
        """
        # Alembic is slow to import and needed at `init` and on upgrade alone.
        from alembic import command
        from alembic.config import Config

        store = cls(path)
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        try:
            with store._transaction(write=True) as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, SCHEMA_VERSION)
        except NodeError as error:
            raise NodeError(f"cannot make the register `{path}`: {error}") from error
        return store

    @classmethod
    def open(cls, path: Path) -> SqlStore:
        """Open an existing store.

        Raises:
            NodeError: there is none, or its tables are of another release.
        """
        if not path.is_file():
            raise NodeError(f"there is no register at `{path}`")
        store = cls(path)
        with store._transaction(write=False) as connection:
            version = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
        if version != SCHEMA_VERSION:
            raise NodeError(
                f"the register `{path}` has tables of revision `{version}`; this release works with `{SCHEMA_VERSION}`"
            )
        return store

    @classmethod
    @contextmanager
    def scratch(cls) -> Iterator[SqlStore]:
        """An empty store that lasts as long as the block: in memory, and beyond that in a file that has no name."""
        store = cls(Path())
        store._engine = sa.create_engine(
            "sqlite://", creator=lambda: sqlite3.connect("", check_same_thread=False), poolclass=sa.pool.StaticPool
        )
        sa.event.listen(store._engine, "connect", _prepare_scratch)
        sa.event.listen(store._engine, "begin", _begin)
        try:
            yield store
        finally:
            store.close()

    def close(self) -> None:
        """Let go of the file."""
        with self._watching:
            if self._watch is not None:
                self._watch.close()
                self._watch = None
        self._standing.close()
        self._engine.dispose()

    def state(self) -> Hashable:
        """What changes with every commit to the store, by whichever process."""
        with self._watching:
            try:
                if self._watch is None:
                    self._watch = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
                # Of a connection that writes nothing, it changes whenever any other one has committed.
                found: int = self._watch.execute("PRAGMA data_version").fetchone()[0]
            except sqlite3.Error as error:
                raise NodeError(f"the register `{self._path}` cannot be used: {error}") from error
            return found

    @contextmanager
    def reading(self) -> Iterator[SqlReader]:
        """One consistent state to read from."""
        with self._transaction(write=False) as connection:
            yield SqlReader(connection)

    @contextmanager
    def standing(self) -> Iterator[SqlReader]:
        """One consistent state to read from, which knows what was read `once` since anything was last committed."""
        try:
            with self._standing.reading() as (connection, kept):
                yield SqlReader(connection, kept)
        except (sa.exc.DBAPIError, sqlite3.Error) as error:
            raise self._unusable(error) from error

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[SqlWriter]:
        """One transaction, durable when the block ends well.

        Args:
            durable: False where it need not be so before the next one that is; a power cut may undo both, or this one.

        Raises:
            NodeError: the disk does not take it; nothing of the block happened.
        """
        # In turn within this process: SQLite itself lets others in by trying again and again.
        with self._turn:
            with self._transaction(write=True, durable=durable) as connection:
                writer = SqlWriter(connection)
                yield writer
                writer.end()
            writer.committed()

    @contextmanager
    def _transaction(self, *, write: bool, durable: bool = True) -> Iterator[sa.Connection]:
        options = {"gsomia_write": write, "gsomia_durable": durable}
        try:
            with self._engine.connect().execution_options(**options) as connection, connection.begin():
                yield connection
        except (sa.exc.DBAPIError, sqlite3.Error) as error:
            raise self._unusable(error) from error

    def _unusable(self, error: sa.exc.DBAPIError | sqlite3.Error) -> NodeError:
        why = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        return NodeError(f"the register `{self._path}` cannot be used: {why}")


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    # The driver's own transactions begin too late to be IMMEDIATE; ours begin in `_begin`.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=20000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _prepare_scratch(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=MEMORY", "synchronous=OFF", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}").close()
    connection.executescript(f"BEGIN;{_tables()}COMMIT;").close()


@functools.cache
def _tables() -> str:
    """What makes the tables, in SQL: to write it takes longer than to run it."""
    tables = schema.metadata.sorted_tables
    made: list[sa.schema.ExecutableDDLElement] = [sa.schema.CreateTable(table) for table in tables]
    made += [sa.schema.CreateIndex(index) for table in tables for index in table.indexes]
    return "".join(f"{one.compile(dialect=sqlite.dialect())};" for one in made)


def _begin(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    write, durable = options.get("gsomia_write", False), options.get("gsomia_durable", True)
    if connection.info.get("durable", True) is not durable:
        # The log that is written ahead is made durable as a whole, so the next durable commit brings this one with it.
        connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        connection.info["durable"] = durable
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
