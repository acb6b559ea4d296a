"""What was read once is known to the next reader, and to none after anybody has committed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

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


class Overtaken(SqlStore):
    """A store where something happens just after a reader has looked whether what was kept is of its state."""

    meanwhile: Callable[[], None] | None = None

    @property
    def _kept(self) -> tuple[Hashable, dict[Hashable, Any]]:
        found, meanwhile, self.meanwhile = self._pair, self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return found

    @_kept.setter
    def _kept(self, pair: tuple[Hashable, dict[Hashable, Any]]) -> None:
        self._pair = pair


def test_what_an_older_reader_reads_is_not_known_to_a_newer_one(tmp_path: Path) -> None:
    SqlStore.create(tmp_path / "register.sqlite").close()
    store = Overtaken(tmp_path / "register.sqlite")

    def known() -> str | None:
        with store.standing() as reader:
            return reader.once("a", lambda: reader.setting("a"))

    def committed() -> None:
        with store.writing() as tx:
            tx.put_setting("a", "new")
        with store.standing():
            pass

    assert known() is None
    store._kept = store.state(), {}
    store.meanwhile = committed
    assert known() is None, "its transaction is of before"
    assert known() == "new"
    store.close()
