"""The keys that a Party's node used before are read only where an item names none that it uses now."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gsomia.keys import SigningKey, sign
from gsomia.node.node import KnownKeys
from gsomia.node.record.store_port import Reader
from gsomia.node.record.succession import RetiredKeys
from gsomia.store import SqlStore


@pytest.fixture
def reader() -> Iterator[Reader]:
    with SqlStore.scratch() as store, store.reading() as reading:
        yield reading


@pytest.mark.parametrize(("named", "read"), [("current", 0), ("another", 1)])
def test_keys_used_before_are_read_for_an_item_of_another_key_alone(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, named: str, read: int
) -> None:
    asked: list[str] = []

    def retired_keys(_reader: Reader, party: str) -> tuple[RetiredKeys, ...]:
        asked.append(party)
        return ()

    monkeypatch.setattr("gsomia.node.node.retired_keys", retired_keys)
    keys = {"current": SigningKey.generate(), "another": SigningKey.generate()}
    stated = sign(b"{}", "application/vnd.in-toto+json", [keys[named]])
    known = KnownKeys(reader, "JPN", keys["current"].public)
    assert known.author("JPN", stated) == keys["current"].public
    assert len(asked) == read
