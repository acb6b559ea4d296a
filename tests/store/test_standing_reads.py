"""What was read once is known to the next reader, and to none after anybody has committed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

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
