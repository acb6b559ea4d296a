"""The node's store on SQLite: one writer at a time, every commit durable (WAL, synchronous=FULL)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from gsomia.errors import NodeError
from gsomia.node import (
    Consent,
    Credential,
    EnteredAct,
    LogState,
    Officer,
    Outgoing,
    Peer,
    Person,
    Refused,
    SignedAct,
    instant,
)
from gsomia.registry import Copy, Item, RungEntry
from gsomia.store import rows, schema
from gsomia.store.logs import LogReads

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

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[SqlReader]:
        """One consistent state to read from."""
        with self._transaction(write=False) as connection:
            yield SqlReader(connection)

    @contextmanager
    def writing(self) -> Iterator[SqlWriter]:
        """One transaction, durable when the block ends well.

        Raises:
            NodeError: the disk does not take it; nothing of the block happened.
        """
        with self._transaction(write=True) as connection:
            yield SqlWriter(connection)

    @contextmanager
    def _transaction(self, *, write: bool) -> Iterator[sa.Connection]:
        try:
            with self._engine.connect().execution_options(gsomia_write=write) as connection, connection.begin():
                yield connection
        except sa.exc.DBAPIError as error:
            raise NodeError(f"the register `{self._path}` cannot be used: {error.orig}") from error


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    # The driver's own transactions begin too late to be IMMEDIATE; ours begin in `_begin`.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=20000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("gsomia_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


# Statements are built once: building one costs more than running it.


@cache
def _upsert(table: sa.Table, *, replace: bool) -> sa.Insert:
    """Insert a row; one with the same key is replaced, or left as it is."""
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    if not replace:
        return statement.on_conflict_do_nothing()
    rest = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)


@cache
def _insert(table: sa.Table) -> sa.Insert:
    """Insert a new row."""
    return sa.insert(table)


@cache
def _by(table: sa.Table, *columns: str) -> sa.Select[Any]:
    """The rows with these values; each column is a parameter of its own name."""
    return sa.select(table).where(*(table.c[name] == sa.bindparam(name) for name in columns))


_ACTS = sa.select(schema.act, schema.batch.c.envelope).join(schema.batch, schema.batch.c.id == schema.act.c.batch)
_ACT = _ACTS.where(schema.act.c.id == sa.bindparam("id"))
_RUNGS = sa.select(schema.rung).where(schema.rung.c.copy == sa.bindparam("copy")).order_by(schema.rung.c.at)
_NODE = sa.select(schema.log_node.c.hash).where(
    schema.log_node.c.log == sa.bindparam("log"),
    schema.log_node.c.level == sa.bindparam("level"),
    schema.log_node.c.position == sa.bindparam("position"),
)
_SERIAL = (
    insert(schema.serial)
    .values(last=1)
    .on_conflict_do_update(index_elements=["name"], set_={"last": schema.serial.c.last + 1})
    .returning(schema.serial.c.last)
)


class SqlReader(LogReads):
    """Reads within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def _all(self, query: sa.Select[Any], **values: object) -> list[dict[str, Any]]:
        return [dict(row) for row in self._connection.execute(query, values).mappings()]

    def _one(self, query: sa.Select[Any], **values: object) -> dict[str, Any] | None:
        row = self._connection.execute(query, values).mappings().first()
        return None if row is None else dict(row)

    def setting(self, key: str) -> str | None:
        row = self._one(_by(schema.setting, "key"), key=key)
        return None if row is None else str(row["value"])

    def peers(self) -> Mapping[str, Peer]:
        return {row["party"]: rows.peer_of(row) for row in self._all(_by(schema.peer))}

    def officers(self, party: str | None = None) -> Sequence[Officer]:
        query = sa.select(schema.officer).order_by(schema.officer.c.enrolled_at, schema.officer.c.id)
        if party is not None:
            query = query.where(schema.officer.c.party == party)
        return [rows.officer_of(row) for row in self._all(query)]

    def officer(self, party: str, officer: str) -> Officer | None:
        row = self._one(_by(schema.officer, "party", "id"), party=party, id=officer)
        return None if row is None else rows.officer_of(row)

    def persons(self) -> Sequence[Person]:
        return [rows.person_of(row) for row in self._all(sa.select(schema.person).order_by(schema.person.c.id))]

    def person(self, person: str) -> Person | None:
        row = self._one(_by(schema.person, "id"), id=person)
        return None if row is None else rows.person_of(row)

    def credentials(self) -> Sequence[Credential]:
        return [rows.credential_of(row) for row in self._all(_by(schema.credential))]

    def consents(self, item: str | None = None) -> Sequence[Consent]:
        query = sa.select(schema.consent).order_by(schema.consent.c.at)
        if item is not None:
            query = query.where(schema.consent.c.item == item)
        return [rows.consent_of(row) for row in self._all(query)]

    def adopted(self) -> Mapping[str, str]:
        return {row["instrument"]: row["version"] for row in self._all(_by(schema.adopted))}

    def record(self) -> Sequence[EnteredAct]:
        query = sa.select(schema.entered).order_by(schema.entered.c.id, schema.entered.c.entered_by)
        return [rows.entered_of(row) for row in self._all(query)]

    def act(self, act: str) -> SignedAct | None:
        row = self._one(_ACT, id=act)
        return None if row is None else rows.act_of(row)

    def acts(self, *, types: Sequence[str] = (), item: str = "") -> Iterator[SignedAct]:
        query = _ACTS.order_by(schema.act.c.seq)
        if types:
            query = query.where(schema.act.c.type.in_(types))
        if item:
            query = query.where(schema.act.c.item == item)
        for row in self._connection.execute(query).mappings():
            yield rows.act_of(dict(row))

    def items(self) -> Sequence[Item]:
        return [rows.item_of(row) for row in self._all(sa.select(schema.item).order_by(schema.item.c.created_at))]

    def item(self, item: str) -> Item | None:
        row = self._one(_by(schema.item, "id"), id=item)
        return None if row is None else rows.item_of(row)

    def _copies(self, query: sa.Select[Any]) -> list[Copy]:
        found = self._all(query)
        rungs: dict[str, list[RungEntry]] = {}
        ids = [row["id"] for row in found]
        for start in range(0, len(ids), 500):
            part = schema.rung.c.copy.in_(ids[start : start + 500])
            for row in self._all(sa.select(schema.rung).where(part).order_by(schema.rung.c.at)):
                rungs.setdefault(row["copy"], []).append(rows.rung_of(row))
        return [rows.copy_of(row, tuple(rungs.get(row["id"], ()))) for row in found]

    def copies(self, *, item: str = "", states: Sequence[str] = ()) -> Sequence[Copy]:
        query = sa.select(schema.copy).order_by(schema.copy.c.control_number, schema.copy.c.id)
        if item:
            query = query.where(schema.copy.c.item == item)
        if states:
            query = query.where(schema.copy.c.state.in_(states))
        return self._copies(query)

    def copy(self, copy: str) -> Copy | None:
        row = self._one(_by(schema.copy, "id"), id=copy)
        if row is None:
            return None
        return rows.copy_of(row, tuple(rows.rung_of(rung) for rung in self._all(_RUNGS, copy=copy)))

    def find(self, reference: str) -> Sequence[Copy]:
        table = schema.copy
        named = sa.or_(table.c.id == reference, table.c.item == reference, table.c.control_number == reference)
        return self._copies(sa.select(table).where(named).order_by(table.c.control_number, table.c.id))

    def acceptance(self, copy: str) -> str | None:
        row = self._one(_by(schema.acceptance, "copy"), copy=copy)
        return None if row is None else str(row["act"])

    def outgoing(self, *, peer: str = "", due: datetime | None = None, limit: int = 0) -> Sequence[Outgoing]:
        query = sa.select(schema.outgoing).order_by(schema.outgoing.c.id)
        if peer:
            query = query.where(schema.outgoing.c.peer == peer)
        if due is not None:
            query = query.where(schema.outgoing.c.next_at <= instant(due))
        if limit:
            query = query.limit(limit)
        return [rows.outgoing_of(row) for row in self._all(query)]

    def refused(self) -> Sequence[Refused]:
        return [rows.refused_of(row) for row in self._all(sa.select(schema.refused).order_by(schema.refused.c.id))]

    def log(self, name: str) -> LogState | None:
        row = self._one(_by(schema.log, "name"), name=name)
        return None if row is None else rows.log_of(row)

    def logs(self) -> Sequence[LogState]:
        return [rows.log_of(row) for row in self._all(sa.select(schema.log).order_by(schema.log.c.name))]

    def log_entries(self, name: str, start: int, stop: int) -> Sequence[tuple[bytes, str, bytes]]:
        table = schema.log_entry
        query = (
            sa.select(table.c.commitment, table.c.act, table.c.salt)
            .where(table.c.log == name, table.c.position >= start, table.c.position < stop)
            .order_by(table.c.position)
        )
        return [(row["commitment"], row["act"], row["salt"]) for row in self._all(query)]

    def log_node(self, name: str, level: int, index: int) -> bytes:
        value = self._connection.execute(_NODE, {"log": name, "level": level, "position": index}).scalar()
        if value is None:
            raise NodeError(f"log `{name}` lacks its tree node at level {level}, index {index}")
        return bytes(value)


class SqlWriter(SqlReader):
    """Reads and changes within one transaction."""

    @contextmanager
    def part(self) -> Iterator[None]:
        with self._connection.begin_nested():
            yield

    def _put(self, table: sa.Table, row: Mapping[str, Any], *, replace: bool = True) -> int:
        return self._connection.execute(_upsert(table, replace=replace), row).rowcount

    def put_setting(self, key: str, value: str) -> None:
        self._put(schema.setting, {"key": key, "value": value})

    def put_peer(self, peer: Peer) -> None:
        self._put(schema.peer, rows.peer_row(peer))

    def put_officer(self, officer: Officer) -> None:
        self._put(schema.officer, rows.officer_row(officer))

    def put_person(self, person: Person) -> None:
        self._put(schema.person, rows.person_row(person))

    def put_credential(self, credential: Credential) -> None:
        self._put(schema.credential, rows.plain_row(credential))

    def put_consent(self, consent: Consent) -> None:
        self._put(schema.consent, rows.consent_row(consent))

    def put_adopted(self, instrument: str, version: str, act: str) -> None:
        self._put(schema.adopted, {"instrument": instrument, "version": version, "act": act})

    def put_entered(self, entered: EnteredAct) -> None:
        self._put(schema.entered, rows.entered_row(entered))

    def put_act(self, act: SignedAct, source: str, at: datetime) -> None:
        envelope = json.dumps(act.envelope.to_json())
        self._put(schema.batch, {"id": rows.batch_key(act), "envelope": envelope}, replace=False)
        self._connection.execute(_insert(schema.act), rows.act_row(act, source, at))

    def put_item(self, item: Item) -> None:
        self._put(schema.item, rows.item_row(item))

    def put_copy(self, copy: Copy) -> None:
        self._put(schema.copy, rows.copy_row(copy))

    def put_rung(self, rung: RungEntry) -> None:
        self._put(schema.rung, rows.plain_row(rung) | {"rung": rung.rung.value}, replace=False)

    def put_acceptance(self, copy: str, act: str) -> None:
        self._put(schema.acceptance, {"copy": copy, "act": act})

    def put_outgoing(self, peer: str, kind: str, subject: str, at: datetime) -> None:
        row = {"peer": peer, "kind": kind, "subject": subject, "attempts": 0, "next_at": instant(at), "error": ""}
        self._connection.execute(_insert(schema.outgoing), row)

    def put_refused(self, refused: Refused) -> None:
        self._connection.execute(_insert(schema.refused), rows.refused_row(refused))

    def retry(self, outgoing: int, *, at: datetime, error: str) -> None:
        table = schema.outgoing
        change = {"attempts": table.c.attempts + 1, "next_at": instant(at), "error": error}
        self._connection.execute(sa.update(table).where(table.c.id == outgoing).values(change))

    def done(self, outgoing: int) -> None:
        self._connection.execute(sa.delete(schema.outgoing).where(schema.outgoing.c.id == outgoing))

    def next_serial(self, name: str) -> int:
        return int(self._connection.execute(_SERIAL, {"name": name}).scalar_one())

    def see_message(self, message: str, peer: str, at: datetime) -> bool:
        return self._put(schema.seen, {"message": message, "peer": peer, "at": instant(at)}, replace=False) == 1

    def append_log(
        self,
        state: LogState,
        first: int,
        entries: Sequence[tuple[bytes, str, bytes]],
        nodes: Iterable[tuple[int, int, bytes]],
    ) -> None:
        self._connection.execute(
            _insert(schema.log_entry),
            [
                {"log": state.name, "position": first + i, "commitment": commitment, "act": act, "salt": salt}
                for i, (commitment, act, salt) in enumerate(entries)
            ],
        )
        self._connection.execute(
            _insert(schema.log_node),
            [{"log": state.name, "level": level, "position": index, "hash": digest} for level, index, digest in nodes],
        )
        self._put(schema.log, rows.plain_row(state))
