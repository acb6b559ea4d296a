"""What a transaction keeps of its reads is what the tables hold: put beside plain reads after every change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gsomia.node import Credential
from gsomia.registry import Copy, CopyState, Direction, Rung, RungEntry
from gsomia.store import SqlStore
from gsomia.store.transactions import SqlReader, SqlWriter

AT = datetime(2018, 1, 10, 3, tzinfo=UTC)
COPY = Copy(
    id="a",
    item="i",
    number=1,
    direction=Direction.SENT,
    act="transmit",
    giver="JPN",
    holder="KOR",
    via=(),
    destination="KOR",
    instrument="jpn-kor-2016",
    state=CopyState.AUTHORISED,
    control_number="JPN-2018-000001",
    custodian="JPN",
    at=AT,
)


class UndoneError(Exception):
    """Ends a part of a transaction."""


def state(tx: SqlWriter, copy: str, value: CopyState) -> None:
    """Put a copy with another state, from what was read or from the first."""
    tx.put_copy(replace(tx.copy(copy) or replace(COPY, id=copy), state=value))


def stale(tx: SqlWriter, copy: str, value: CopyState) -> None:
    """Put a copy as somebody read it before it had rungs."""
    tx.put_copy(replace(COPY, id=copy, state=value))


def rung(tx: SqlWriter, copy: str, value: CopyState) -> None:
    """Put a rung, perhaps once more."""
    entry = Rung.OPENED if value is CopyState.OPENED else Rung.DISPATCHED
    at = AT + timedelta(seconds=len(value) % 3)
    tx.put_rung(RungEntry(copy=copy, rung=entry, act=f"act-{value}", party="JPN", at=at))


def credential(tx: SqlWriter, copy: str, value: CopyState) -> None:
    """Put what stands between the Parties."""
    tx.put_credential(Credential(kind="assure", party="KOR", instrument=copy, level=value, act="x", at=AT))


CHANGES: list[Callable[[SqlWriter, str, CopyState], None]] = [state, stale, rung, credential]
STEPS = st.lists(
    st.tuples(st.sampled_from(CHANGES), st.sampled_from("abc"), st.sampled_from(list(CopyState)), st.booleans()),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_what_a_transaction_keeps_is_what_the_tables_hold(tmp_path_factory: Any, steps: list[Any]) -> None:
    folder: Path = tmp_path_factory.getbasetemp()
    path = folder / "kept.sqlite"
    store = SqlStore.open(path) if path.exists() else SqlStore.create(path)
    try:
        with store.writing() as tx:
            for change, copy, value, undone in steps:
                try:
                    with tx.part():
                        change(tx, copy, value)
                        agree(tx)
                        if undone:
                            raise UndoneError
                except UndoneError:
                    pass
                agree(tx)
            raise UndoneError
    except UndoneError:
        pass
    finally:
        store.close()


def agree(tx: SqlWriter) -> None:
    """Everything read through what is kept equals what is read anew."""
    anew = SqlReader(tx._connection)
    for copy in "abc":
        assert tx.copy(copy) == anew.copy(copy)
    assert tx.credentials() == anew.credentials()
