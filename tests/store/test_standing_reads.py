"""What was read once is known to the next reader, and to none after anybody has committed."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from gsomia.node import Reader
from gsomia.store import SqlStore


def test_what_was_read_once_is_forgotten_at_the_next_commit(tmp_path: Path) -> None:
    store = SqlStore.create(tmp_path / "register.sqlite")
    count = 0

    def read() -> int:
        nonlocal count
        count += 1
        return count

    def known() -> int:
        with store.standing() as reader:
            return reader.once("x", read)

    assert [known(), known()] == [1, 1]
    with store.reading() as reader:
        assert reader.once("x", read) == 2, "an ordinary reader knows of nothing before"
    with store.writing() as tx:
        tx.put_setting("a", "b")
    assert [known(), known()] == [3, 3]
    before = store.state()
    other = sqlite3.connect(tmp_path / "register.sqlite")
    other.execute("INSERT INTO setting VALUES ('c', 'd')")
    other.commit()
    other.close()
    assert store.state() != before and [known(), known()] == [4, 4]
    with store.standing() as reader, store.writing() as tx:
        tx.put_setting("e", "f")
        assert reader.setting("e") is None
    assert known() == 5
    store.close()


def test_what_an_older_reader_reads_is_not_known_to_a_newer_one(tmp_path: Path) -> None:
    store = SqlStore.create(tmp_path / "register.sqlite")

    def known(reader: Reader) -> str | None:
        return reader.once("a", lambda: reader.setting("a"))

    with store.standing() as older:
        with store.writing() as tx:
            tx.put_setting("a", "new")
        with store.standing() as newer:
            assert known(newer) == "new"
        assert known(older) is None, "its transaction is of before"
    for _ in range(2):
        with store.standing() as one, store.standing() as other:
            assert [known(one), known(other)] == ["new", "new"]
    store.close()


def test_readers_at_once_each_see_one_state_whatever_is_committed_meanwhile(tmp_path: Path) -> None:
    """Eight threads ask while another commits: what is kept and what is read anew never differ."""
    store = SqlStore.create(tmp_path / "register.sqlite")
    with store.writing() as tx:
        tx.put_setting("a", "0")

    def ask(_: int) -> bool:
        with store.standing() as reader:
            return reader.once("a", lambda: reader.setting("a")) == reader.setting("a")

    with ThreadPoolExecutor(8) as pool:
        asked = pool.map(ask, range(400))
        for count in range(40):
            with store.writing() as tx:
                tx.put_setting("a", str(count))
        assert all(asked)
    store.close()


def test_a_question_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    store = SqlStore.create(tmp_path / "register.sqlite")
    with pytest.raises(ZeroDivisionError), store.standing():
        raise ZeroDivisionError
    with store.writing() as tx:
        tx.put_setting("a", "new")
    with store.standing() as reader:
        assert reader.setting("a") == "new", "the transaction of the one that failed has ended"
    (tmp_path / "register.sqlite").unlink()
    store.close()


def test_a_standing_reader_cannot_write(tmp_path: Path) -> None:
    store = SqlStore.create(tmp_path / "register.sqlite")
    with pytest.raises(sa.exc.OperationalError, match="readonly"), store._standing.reading() as (connection, _):
        connection.exec_driver_sql("DELETE FROM setting")
    store.close()
