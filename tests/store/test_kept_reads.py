"""What a transaction keeps of its reads is what the tables hold: put beside plain reads after every change."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gsomia.errors import NodeError
from gsomia.keys import SigningKey
from gsomia.node import Consent, Credential, SignedAct, Statement
from gsomia.node.acts.signed import Signer, sign_acts
from gsomia.registry import Citation, Copy, CopyState, Direction, Item, Rung, RungEntry
from gsomia.store import SqlStore, keyed
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
COPIES = {"a": COPY, "b": replace(COPY, id="b"), "c": replace(COPY, id="c", item="a")}
ITEM = Item(
    id="a",
    originator="JPN",
    level="秘",
    subject="dprk-missile",
    form="electronic",
    purpose="defence",
    contains=("JPN",),
    title="",
    mime_type="text/plain",
    label="{}",
    payload_digest="00" * 32,
    core_digest="00" * 32,
    plaintext_bytes=1,
    sealed_bytes=1,
    created_at=AT,
    exercise=True,
)


def signed(*names: str) -> list[SignedAct]:
    """Acts of one batch."""
    statements = [
        Statement(
            id=f"act-{name}",
            type="accredit",
            at=AT,
            party="JPN",
            instrument="",
            parties=(),
            item=name,
            copy="",
            signers=(Signer(role="node", key=KEY.public.fingerprint),),
            exercise=True,
            body={"level": "SECRET", "parts": ("JPN", "USA")},
        )
        for name in names
    ]
    return sign_acts(statements, [KEY])


KEY = SigningKey.generate()
ACTS = {act.id.removeprefix("act-"): act for act in (*signed("a", "b"), *signed("c"))}


class UndoneError(Exception):
    """Ends a part of a transaction."""


def state(tx: SqlWriter, copy: str, value: CopyState) -> None:
    """Put a copy with another state, from what was read or from the first."""
    tx.put_copy(replace(tx.copy(copy) or COPIES[copy], state=value))


def stale(tx: SqlWriter, copy: str, value: CopyState) -> None:
    """Put a copy as somebody read it before it had rungs."""
    tx.put_copy(replace(COPIES[copy], state=value, control_number=f"JPN-2018-{len(value):06}"))


def rung(tx: SqlWriter, copy: str, value: CopyState) -> None:
    """Put a rung, perhaps once more."""
    entry = Rung.OPENED if value is CopyState.OPENED else Rung.DISPATCHED
    at = AT + timedelta(seconds=len(value) % 3)
    tx.put_rung(RungEntry(copy=copy, rung=entry, act=f"act-{value}", party="JPN", at=at))


def credential(tx: SqlWriter, copy: str, value: CopyState) -> None:
    """Put what stands between the Parties."""
    tx.put_credential(Credential(kind="assure", party="KOR", instrument=copy, level=value, act="x", at=AT))


def setting(tx: SqlWriter, copy: str, value: CopyState) -> None:
    """Put a setting."""
    tx.put_setting(copy, value)


def item(tx: SqlWriter, copy: str, value: CopyState) -> None:
    """Put an item, or one in its place."""
    cites = (Citation(item="source", contains=("JPN", "USA")),) if value is CopyState.OPENED else ()
    tx.put_item(replace(ITEM, id=copy, title=value, cites=cites, sealed_bytes=len(value)))


def acceptance(tx: SqlWriter, copy: str, value: CopyState) -> None:
    """Put an acceptance."""
    tx.put_acceptance(copy, value)


def act(tx: SqlWriter, copy: str, value: CopyState) -> None:
    """Put an act, alone or of a batch, once; its body holds what is another thing once it was JSON."""
    put = ACTS[copy]
    if tx.act(put.id) is None:
        tx.put_act(put, "own", AT)


def numbered(tx: SqlWriter, copy: str, value: CopyState) -> None:
    """Give a control number to a copy."""
    tx.put_numbered(copy, value)


def counted(tx: SqlWriter, copy: str, value: CopyState) -> None:
    """Count on, or up to a number that may have been passed."""
    before = tx.next_serial(copy)
    tx.raise_serial(copy, len(value) - 8)
    assert tx.next_serial(copy) == max(before, len(value) - 8) + 1


def sent(tx: SqlWriter, copy: str, value: CopyState) -> None:
    """Put an entry into the outbox, perhaps a second one like it, and take the first of another out."""
    tx.put_outgoing("KOR", "copy", copy, AT)
    for entry in tx.outgoing(limit=1):
        if entry.subject != copy:
            tx.done(entry.id)


def consent(tx: SqlWriter, copy: str, value: CopyState) -> None:
    """Put a consent, or its next state."""
    tx.put_consent(
        Consent(
            id=f"{copy}-{value[0]}",
            item=copy,
            originator="JPN",
            asker="KOR",
            receivers=("USA",),
            instrument="jpn-kor-2016",
            state=value,
            purpose="defence",
            part="whole",
            extent="",
            conditions=(),
            expires=None,
            why="",
            act="x",
            at=AT + timedelta(seconds=len(value)),
        )
    )


def prefetch(tx: SqlWriter, copy: str, value: CopyState) -> None:
    """Read together, of which some may be known and some may not exist."""
    names = ("a", copy, "x")
    tx.prefetch(
        acts=[f"act-{name}" for name in names], copies=names, items=(*names, "i"), numbers=names, types=("accredit",)
    )


CHANGES: list[Callable[[SqlWriter, str, CopyState], None]] = [
    state,
    stale,
    rung,
    credential,
    setting,
    item,
    acceptance,
    act,
    numbered,
    counted,
    sent,
    consent,
    prefetch,
]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(CHANGES),
        st.sampled_from("abc"),
        st.sampled_from(list(CopyState)),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    max_size=16,
)


@pytest.mark.parametrize("kept", [1, 3, 2048])
@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_what_a_transaction_keeps_is_what_the_tables_hold(tmp_path_factory: Any, steps: list[Any], kept: int) -> None:
    keyed.KEPT_ROWS = kept
    folder: Path = tmp_path_factory.getbasetemp()
    path = folder / "kept.sqlite"
    store = SqlStore.open(path) if path.exists() else SqlStore.create(path)
    try:
        with store.writing() as tx:
            for change, copy, value, undone, within, seen in steps:
                try:
                    with tx.part():
                        state(tx, "b", value)
                        with suppress(UndoneError), tx.part():
                            change(tx, copy, value)
                            if seen:
                                agree(tx)
                            if within:
                                raise UndoneError
                        if undone:
                            raise UndoneError
                except UndoneError:
                    pass
                if seen:
                    agree(tx)
            agree(tx)
            raise UndoneError
    except UndoneError:
        pass
    finally:
        keyed.KEPT_ROWS = 2048
        store.close()


def agree(tx: SqlWriter) -> None:
    """Everything read through what is kept equals what is read anew."""
    anew = SqlReader(tx._connection)
    for copy in "abc":
        assert tx.copy(copy) == anew.copy(copy)
        assert tx.item(copy) == anew.item(copy)
        assert tx.copies(item=COPIES[copy].item) == anew.copies(item=COPIES[copy].item)
        assert tx.setting(copy) == anew.setting(copy)
        assert tx.acceptance(copy) == anew.acceptance(copy)
        assert tx.numbered(copy) == anew.numbered(copy)
        assert tx.consents(copy) == anew.consents(copy)
        for value in CopyState:
            assert tx.consent(f"{copy}-{value[0]}") == anew.consent(f"{copy}-{value[0]}")
        assert [*map(repr, tx.acts(types=["accredit"], item=copy))] == [
            *map(repr, anew.acts(types=["accredit"], item=copy))
        ]
        assert repr(tx.act(ACTS[copy].id)) == repr(anew.act(ACTS[copy].id))
    assert tx.credentials() == anew.credentials()
    assert tx.outgoing() == anew.outgoing()
    assert [*map(repr, tx.acts())] == [*map(repr, anew.acts())]


@pytest.mark.parametrize(
    ("what", "error"), [({"sealed_bytes": 2**63}, OverflowError), ({"title": "\ud800"}, UnicodeEncodeError)]
)
def test_a_value_that_no_table_holds_is_refused_where_it_is_put(tmp_path: Path, what: Any, error: Any) -> None:
    """Later it would be another act's fault."""
    store = SqlStore.create(tmp_path / "register.sqlite")
    with store.writing() as tx:
        with pytest.raises(error), tx.part():
            tx.put_item(replace(ITEM, **what))
        tx.put_item(ITEM)
    with store.reading() as reader:
        assert reader.items() == [ITEM]
    store.close()


def test_prefetching_keeps_no_more_than_reads_one_by_one(tmp_path: Path) -> None:
    """It is a hint, and a peer's words may ask for as much as they like."""
    store = SqlStore.create(tmp_path / "register.sqlite")
    with store.writing() as tx:
        for number in range(3 * keyed.KEPT_ROWS):
            tx.put_item(replace(ITEM, id=f"item-{number}"))
    with store.reading() as reader:
        reader.prefetch(items=[f"item-{number}" for number in range(3 * keyed.KEPT_ROWS)])
        assert len(reader._by_key) <= keyed.KEPT_ROWS
        assert reader.item(f"item-{3 * keyed.KEPT_ROWS - 1}") is not None
    store.close()


def test_nothing_stands_of_a_transaction_that_a_full_disk_ended(tmp_path: Path) -> None:
    """SQLite rolls it back by itself while a part is undone; whoever goes on writes nothing then."""
    store = SqlStore.create(tmp_path / "register.sqlite")
    with pytest.raises(NodeError), store.writing() as tx:
        tx.put_setting("before", "x")
        pages = tx._connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx._connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 3}")
        for number in range(200):
            tx.put_item(replace(ITEM, id=f"item-{number}", title="x" * 1000))
        with suppress(UndoneError, NodeError), tx.part():
            raise UndoneError
        tx.put_item(replace(ITEM, id="after"))
        tx.items()
    store.close()
    again = SqlStore.open(tmp_path / "register.sqlite")
    with again.reading() as reader:
        assert reader.items() == []
        assert reader.setting("before") is None
    again.close()
