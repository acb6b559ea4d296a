"""The register: its migrations make exactly its tables, a transaction is all or nothing, a broken file is named."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gsomia.errors import NodeError
from gsomia.node import Refused
from gsomia.store import SqlStore
from gsomia.store.schema import metadata

AT = datetime(2018, 1, 10, 3, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> SqlStore:
    """A new store."""
    return SqlStore.create(tmp_path / "register.sqlite")


def test_the_migrations_make_exactly_the_tables_that_the_code_names(store: SqlStore, tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'register.sqlite'}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        made = set(sa.inspect(connection).get_table_names())
    engine.dispose()
    assert made == {*metadata.tables, "alembic_version"}
    store.close()


def test_a_new_store_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="cannot make the register"):
        SqlStore.create(tmp_path / "no" / "such" / "folder" / "register.sqlite")
    # Made again over itself, nothing changes.
    SqlStore.create(tmp_path / "register.sqlite").close()
    SqlStore.create(tmp_path / "register.sqlite").close()


def test_a_register_of_another_release_is_said_so(store: SqlStore, tmp_path: Path) -> None:
    store.close()
    path = tmp_path / "register.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(NodeError, match="tables of revision `9999`; this release works with"):
        SqlStore.open(path)


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to be looked at" * 100])
def test_what_is_no_register_is_said_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "register.sqlite"
    with pytest.raises(NodeError, match="there is no register"):
        SqlStore.open(path)
    path.write_bytes(content)
    with pytest.raises(NodeError, match=r"cannot be used|revision"):
        SqlStore.open(path)


def test_a_transaction_is_all_or_nothing(store: SqlStore) -> None:
    with store.writing() as tx:
        tx.put_setting("kept", "1")
    with pytest.raises(ZeroDivisionError), store.writing() as tx:
        tx.put_setting("kept", "2")
        tx.put_setting("lost", "1")
        tx.put_outgoing("KOR", "act", "x", AT)
        assert tx.next_serial("n") == 1
        raise ZeroDivisionError
    with store.reading() as reader:
        assert (reader.setting("kept"), reader.setting("lost"), reader.outgoing()) == ("1", None, [])
    with store.writing() as tx:
        assert tx.next_serial("n") == 1  # a number of what never happened is given again
    store.close()


def test_a_part_can_fail_by_itself(store: SqlStore) -> None:
    with store.writing() as tx:
        tx.put_setting("before", "1")
        with pytest.raises(ZeroDivisionError), tx.part():
            tx.put_setting("part", "1")
            raise ZeroDivisionError
        with tx.part():
            tx.put_setting("another", "1")
    with store.reading() as reader:
        assert [reader.setting(key) for key in ("before", "part", "another")] == ["1", None, "1"]
    store.close()


def test_a_message_is_seen_once_for_each_peer(store: SqlStore) -> None:
    with store.writing() as tx:
        assert tx.see_message("m", "KOR", AT)
        assert not tx.see_message("m", "KOR", AT + timedelta(days=900))
        assert tx.see_message("m", "USA", AT)
    store.close()


def test_the_outbox_keeps_its_order_and_its_reasons(store: SqlStore) -> None:
    with store.writing() as tx:
        for number in range(5):
            tx.put_outgoing("KOR", "copy", str(number), AT)
        tx.put_outgoing("USA", "copy", "other", AT)
        first = tx.outgoing(peer="KOR")[0]
        tx.retry(first.id, at=AT + timedelta(hours=1), error="no route")
        tx.done(tx.outgoing(peer="KOR")[1].id)
    with store.reading() as reader:
        assert [entry.subject for entry in reader.outgoing(peer="KOR")] == ["0", "2", "3", "4"]
        again = reader.outgoing(peer="KOR", limit=1)[0]
        assert (again.attempts, again.error, again.next_at) == (1, "no route", AT + timedelta(hours=1))
        assert [entry.subject for entry in reader.outgoing(due=AT)] == ["2", "3", "4", "other"]
    store.close()


def test_refusals_keep_what_they_were_given(store: SqlStore) -> None:
    kept = Refused(at=AT, source="KOR", what="message", why="발사 \u2028", detail={"grounds": [{"article": "6(a)"}]})
    with store.writing() as tx:
        tx.put_refused(kept)
    with store.reading() as reader:
        assert reader.refused() == [kept]
    store.close()


def test_threads_write_one_after_the_other(store: SqlStore) -> None:
    numbers: list[int] = []

    def write() -> None:
        for _ in range(20):
            with store.writing() as tx:
                numbers.append(tx.next_serial("n"))

    threads = [threading.Thread(target=write) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 101))
    store.close()


def test_a_reader_sees_one_state_while_others_write(store: SqlStore) -> None:
    with store.writing() as tx:
        tx.put_setting("key", "old")
    with store.reading() as reader:
        assert reader.setting("key") == "old"
        with store.writing() as tx:
            tx.put_setting("key", "new")
        assert reader.setting("key") == "old"
    with store.reading() as reader:
        assert reader.setting("key") == "new"
    store.close()


WRITER = """
import sys
from pathlib import Path
from gsomia.store import SqlStore
store = SqlStore.open(Path(sys.argv[1]))
while True:
    with store.writing() as tx:
        number = tx.next_serial("n")
        tx.put_setting(f"row/{number}", "1")
    print(number, flush=True)
"""


def test_kill_9_while_writing_loses_nothing_that_was_said_to_be_done(store: SqlStore, tmp_path: Path) -> None:
    path = tmp_path / "register.sqlite"
    said = 0
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        for _ in range(10):
            said = int(writer.stdout.readline())
        time.sleep(0.01)
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.stdout.read().split()
        writer.stdout.close()
        writer.wait()
        said = int(rest[-1]) if rest else said
        with store.reading() as reader:
            rows = [number for number in range(1, said + 50) if reader.setting(f"row/{number}")]
        assert rows == list(range(1, len(rows) + 1)) and said <= len(rows) <= said + 1
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    store.close()


def test_a_commit_waits_for_the_disk_unless_it_is_said_that_the_next_one_does(store: SqlStore) -> None:
    """PRAGMA synchronous: 2 is FULL, 1 is NORMAL."""
    waits = []
    for durable in (True, False, False, True):
        with store.writing(durable=durable) as tx:
            waits.append(tx._connection.exec_driver_sql("PRAGMA synchronous").scalar())
    with store.writing() as tx:
        waits.append(tx._connection.exec_driver_sql("PRAGMA synchronous").scalar())
    assert waits == [2, 1, 1, 2, 2]


def test_the_number_of_an_entry_that_was_settled_is_not_given_again(store: SqlStore) -> None:
    """Whoever still has the number in hand, to note a failed attempt, would note it of another entry."""
    numbers = []
    for _ in range(3):
        with store.writing() as tx:
            tx.put_outgoing("KOR", "copy", "a", AT)
            (entry,) = tx.outgoing()
            numbers.append(entry.id)
            tx.done(entry.id)
    assert numbers == sorted({*numbers})
    assert len({*numbers}) == 3


def _hold(path: str, held: Event, go: Event) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    held.set()
    go.wait(20)
    connection.execute("COMMIT")
    connection.close()


def test_another_process_is_waited_for(store: SqlStore, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held, go = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(str(tmp_path / "register.sqlite"), held, go))
    other.start()
    assert held.wait(20)
    begun = time.monotonic()
    threading.Timer(0.3, go.set).start()
    with store.writing() as tx:
        tx.put_setting("key", "value")
    assert time.monotonic() - begun > 0.2
    other.join(20)
    store.close()
