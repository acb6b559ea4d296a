"""`verify` makes the register anew from the acts: what else was written into a table that decides is named by row."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from stories import finish, forget, holds, ready

from gsomia.node import Check, PersonDetails, audit
from gsomia.node.verify.replay import DERIVED
from gsomia.store import SqlStore, schema
from gsomia.testing import Exercise, Player

AT = "2018-01-10T03:00:00.000000Z"

# A change to the holder's tables, and what the fault must name: the row, and where one was changed, the column.
CHANGES: dict[str, tuple[str, str]] = {
    "a forged consent": (
        "INSERT INTO consent SELECT 'forged', id, 'JPN', 'KOR', '[\"USA\"]', 'jpn-kor-2016', 'granted', 'defence', "
        f"'whole', '', '[]', '', '', 'forged', '{AT}' FROM item",
        "consent `forged` stands in the register",
    ),
    "a person cleared higher": ("UPDATE person SET clearance = 'TOP SECRET'", "person `kim`: `clearance`"),
    "a person's need": ("UPDATE person SET needs = '[\"other\"]'", "person `kim`: `needs`"),
    "a person put on a roster": ("UPDATE person SET rosters = '[\"north\"]'", "person `kim`: `rosters`"),
    "a place on a roster that nobody gave": (
        "INSERT INTO roster SELECT 'north', person, act FROM roster",
        "roster `north kim` stands in the register",
    ),
    "an account bound to a person": (
        "INSERT INTO account SELECT 'https://id.example sub x', id, act FROM person",
        "account `https://id.example sub x` stands in the register",
    ),
    "a sign-in key bound to a person": (
        "INSERT INTO sign_in_key SELECT 'f0', id, '{}', act, '' FROM person",
        "sign_in_key `f0` stands in the register",
    ),
    "a token that lives again": ("UPDATE person SET returned = act", "person `kim`: `returned`"),
    "a clearance that never ends": ("UPDATE person SET expires = '2099'", "person `kim`: `expires`"),
    "a person that nobody entered": (
        "INSERT INTO person SELECT 'lee', role, rank, clearance, basis, expires, needs, purposes, rosters, "
        "house_roles, accounts, sign_in_keys, left_at, returned, act FROM person",
        "person `lee` stands in the register",
    ),
    "a person taken out": ("DELETE FROM person", "person `kim` is missing"),
    "an assurance of a higher level": (
        "UPDATE credential SET level = 'TOP SECRET' WHERE kind = 'assure'",
        "credential `assure",
    ),
    "an accreditation that nobody gave": (
        "INSERT INTO credential SELECT kind, 'USA', instrument, level, act, at FROM credential WHERE party = 'KOR'",
        "credential `accredit USA",
    ),
    "an officer of every role": (
        'UPDATE officer SET roles = \'["disclosure", "registry", "security", "legal"]\' WHERE id = \'kor-registry\'',
        "officer `KOR kor-registry`: `roles`",
    ),
    "a legal act of its own taken out": ("DELETE FROM entered WHERE id = (SELECT min(id) FROM entered)", "entered `"),
    "a legal act of another day": (
        "UPDATE entered SET document = replace(document, '2016-11', '2016-10')",
        "`document`",
    ),
    "a law no longer adopted": ("DELETE FROM adopted WHERE instrument = 'jpn-kor-2016'", "adopted `jpn-kor-2016`"),
    "another version of a law": ("UPDATE adopted SET version = '0'", "`version` is `0`"),
    "a copy taken out": ("DELETE FROM copy", "copy `"),
    "the control number": (
        "UPDATE copy SET control_number = 'KOR-2018-000009'",
        "`control_number` is `KOR-2018-000009`",
    ),
    "the title": ("UPDATE item SET title = 'another'", "`title` is `another`; by the acts it is `report`"),
    "the form": ("UPDATE item SET mime_type = 'text/html'", "`mime_type` is `text/html`"),
    "the size": ("UPDATE item SET plaintext_bytes = 1", "`plaintext_bytes` is `1`"),
    "the sealed size": ("UPDATE item SET sealed_bytes = 1", "`sealed_bytes` is `1`"),
    "a real item": ("UPDATE item SET exercise = 0", "`exercise` is `0`; by the acts it is `1`"),
    "the item's instant": (f"UPDATE item SET created_at = '{AT[:-2]}1Z'", "`created_at`"),
    "the day of arrival": (f"UPDATE copy SET at = '{AT[:-2]}1Z'", "`at`"),
    "an acceptance taken out": ("DELETE FROM acceptance", "acceptance `"),
    "an acceptance used up": ("UPDATE acceptance SET act = ''", "acceptance `"),
    "a serial set back": ("UPDATE serial SET last = 0", "`last` is `0`; by the acts it is `1`"),
    "a serial taken out": ("DELETE FROM serial", "serial `control/2018` is missing"),
    "a peer's certificate": (
        "UPDATE peer SET document = replace(document, '\"act\"', '\"act \"')",
        "peer `JPN`: `document`",
    ),
    "a rung of another instant": (f"UPDATE rung SET at = '{AT[:-2]}1Z' WHERE rung = 'receipted'", "rung `"),
    "a key distrusted by nobody": ("INSERT INTO setting VALUES ('distrusted/00', 'x')", "setting `distrusted/00`"),
    "a type that no column has": ("UPDATE item SET plaintext_bytes = 'many'", "`plaintext_bytes` is `many`"),
    "an act that its log has elsewhere": (
        "UPDATE act SET seq = seq + 100000 WHERE type = 'transmit'",
        "not in the order of its log",
    ),
    "an act filed under another type": ("UPDATE act SET type = 'opened' WHERE type = 'access'", "is filed as another"),
    "an act filed under another item": ("UPDATE act SET item = 'x' WHERE type = 'mark'", "is filed as another"),
    "an act in no log": ("DELETE FROM log_group WHERE act = (SELECT seq FROM act WHERE type = 'mark')", "in no log"),
    "the day on which an own act was recorded": (
        f"UPDATE act SET recorded_at = '{AT[:-2]}1Z' WHERE type = 'enter-person'",
        "this node's own of another instant",
    ),
}


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exercise]:
    """An item received, marked, receipted and opened; made once, and never changed."""
    with ready(("JPN", "KOR"), "2018-01-10T12:00:00+09:00").again(tmp_path_factory.mktemp("once") / "nodes") as both:
        person = PersonDetails(
            id="kim", clearance="SECRET", needs=("dprk-missile",), purposes=("defence",), rosters=("main",)
        )
        both.enter(person, "KOR")
        sent = both["JPN"].transmit(b"a report of some length" * 20, to="KOR", level="極秘")
        both.settle()
        finish(both["KOR"], sent.id, "kim")
        both.settle()
        holds(both)
        yield both


@pytest.fixture
def both(once: Exercise, tmp_path: Path) -> Iterator[Exercise]:
    """A copy of it."""
    with once.again(tmp_path / "nodes") as twin:
        yield twin


def by_the_acts(player: Player) -> Check:
    """The check that replays."""
    return next(check for check in audit(player.node) if check.name == "register rows")


@pytest.mark.parametrize("name", CHANGES)
def test_what_no_act_says_is_found_and_its_row_named(both: Exercise, name: str) -> None:
    change, named = CHANGES[name]
    assert forget(both["KOR"], change) >= 1
    check = by_the_acts(both["KOR"])
    assert not check.holds and named in check.fault, check.fault
    assert by_the_acts(both["JPN"]).holds


def test_every_table_is_made_by_acts_or_decides_nothing() -> None:
    """A new table is either replayed or named here as one that decides nothing: queues, logs, and what people read."""
    others = {"act", "batch", "log", "log_group", "log_node"}  # checked by signatures and checkpoints
    others |= {"cosigned", "kept", "lie"}  # notes signed by peers, checked with the witnesses
    others |= {"parcel", "parcel_question", "parcel_reply"}  # what goes by files
    others |= {"shared", "shared_range", "followed"}  # made from acts and register, and checked against them
    others |= {"discrepancy"}  # what people look at
    others |= {
        "outgoing",
        "leftover",
        "seen",
        "pending",
        "refused",
    }  # what is on its way or to be done, and what people look at
    others |= {"parcel", "parcel_question", "parcel_reply"}  # what travels as files, each message signed
    assert {*schema.metadata.tables} == {*DERIVED} | others


def test_the_scratch_register_is_empty_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with SqlStore.scratch() as store, store.writing() as tx:
        assert tx.next_serial("n") == 1
    with SqlStore.scratch() as store, store.writing() as tx:
        assert tx.next_serial("n") == 1
    assert list(tmp_path.iterdir()) == []


def test_every_column_of_the_register_is_compared(both: Exercise) -> None:
    """Whatever cell of a row is altered, in whatever table that acts make: it is found."""
    path = both["KOR"].database
    passed = []
    for table in DERIVED:
        for column in schema.metadata.tables[table].columns:
            with sqlite3.connect(path) as connection:
                rows = connection.execute(f"SELECT rowid, {column.name} FROM {table} LIMIT 1").fetchall()
                if table == "setting" or not rows:
                    continue
                other = rows[0][1] + 1 if isinstance(rows[0][1], int) else json.dumps(rows[0][1])
                connection.execute(f"UPDATE {table} SET {column.name} = ? WHERE rowid = ?", (other, rows[0][0]))
            passed += [f"{table}.{column.name}"] if by_the_acts(both["KOR"]).holds else []
            with sqlite3.connect(path) as connection:
                connection.execute(f"UPDATE {table} SET {column.name} = ? WHERE rowid = ?", (rows[0][1], rows[0][0]))
    assert passed == []
    assert by_the_acts(both["KOR"]).holds
