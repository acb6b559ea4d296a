"""What `verify` finds when somebody was at the database or the items: each change, by what it broke."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from stories import Stage, finish, forget, holds, once

from gsomia.node import audit
from gsomia.testing import Exercise, Player


def sql(statement: str) -> Callable[[Player], None]:
    def change(player: Player) -> None:
        assert forget(player, statement) >= 1

    return change


def in_blob(place: int) -> Callable[[Player], None]:
    def change(player: Player) -> None:
        (name,) = player.node.blobs.names()
        with player.node.blobs.reading(name) as file:
            data = bytearray(file.read())
        data[place] ^= 1
        with player.node.blobs.writing(name) as sink:
            sink.write(bytes(data))

    return change


def without_blob(player: Player) -> None:
    for name in player.node.blobs.names():
        player.node.blobs.remove(name)


LOG = "log exercise.gsomia/KOR/JPN"
ACTS, REGISTER, ITEMS = "signatures of acts", "register rows", "sealed items"

CHANGES: dict[str, tuple[Callable[[Player], None], str]] = {
    "an entry of a log": (sql("UPDATE log_group SET commitments = zeroblob(32) WHERE first = 3"), "log "),
    "an entry's salt": (sql("UPDATE log_group SET salts = zeroblob(32) WHERE log LIKE '%/JPN' AND first = 1"), LOG),
    "an entry taken out": (
        sql("DELETE FROM log_group WHERE id = (SELECT max(id) FROM log_group WHERE log LIKE '%/JPN')"),
        LOG,
    ),
    "a log cut short": (sql("UPDATE log SET size = size - 1 WHERE name LIKE '%/JPN'"), LOG),
    "the tree's edge": (sql("UPDATE log SET frontier = zeroblob(length(frontier)) WHERE name LIKE '%/JPN'"), LOG),
    "a checkpoint": (sql("UPDATE log SET checkpoint = CAST(replace(checkpoint, 'KOR', 'JPN') AS BLOB)"), "log "),
    "a checkpoint of another kind": (sql("UPDATE log SET checkpoint = 'text'"), "log "),
    "an act taken out": (sql("DELETE FROM act WHERE type = 'transmit'"), "log "),
    "an act's words": (sql("UPDATE act SET statement = replace(statement, 'JPN', 'USA') WHERE type = 'mark'"), "log "),
    "an act's place in its batch": (sql("UPDATE act SET position = 1, size = 2 WHERE type = 'mark'"), ACTS),
    "a batch's signatures": (
        sql('UPDATE batch SET envelope = replace(envelope, \'"sig":"\', \'"sig":"AAAA\')'),
        ACTS,
    ),
    "an officer's key": (
        sql("UPDATE officer SET key = (SELECT key FROM officer WHERE id = 'kor-legal') WHERE id = 'kor-registry'"),
        ACTS,
    ),
    "an officer's role": (sql("UPDATE officer SET roles = '[\"legal\"]' WHERE id = 'jpn-disclosure'"), ACTS),
    "the custodian": (sql("UPDATE copy SET custodian = 'JPN'"), REGISTER),
    "the mark": (sql("UPDATE copy SET own_mark = '군사III급비밀'"), REGISTER),
    "the mark's origin": (sql("UPDATE copy SET origin_mark = 'USA'"), REGISTER),
    "the state": (sql("UPDATE copy SET state = 'opened'"), REGISTER),
    "the holder": (sql("UPDATE copy SET destination = 'USA'"), REGISTER),
    "a receipt taken out": (sql("DELETE FROM rung WHERE rung = 'receipted'"), REGISTER),
    "a receipt by another act": (
        sql("UPDATE rung SET act = (SELECT id FROM act WHERE type = 'mark') WHERE rung = 'receipted'"),
        REGISTER,
    ),
    "the level": (sql("UPDATE item SET level = '秘'"), REGISTER),
    "the subject": (sql("UPDATE item SET subject = 'other'"), REGISTER),
    "the purpose": (sql("UPDATE item SET purpose = 'training'"), REGISTER),
    "the label": (sql("UPDATE item SET label = '{}'"), REGISTER),
    "the payload's digest": (sql("UPDATE item SET payload_digest = core_digest"), REGISTER),
    "the item taken out": (sql("DELETE FROM item"), REGISTER),
    "the content's first byte": (in_blob(0), ITEMS),
    "the content in the middle": (in_blob(100), ITEMS),
    "the content's end": (in_blob(-30), ITEMS),
    "a receipt's act": (
        sql("UPDATE rung SET act = (SELECT id FROM act WHERE type = 'mark') WHERE rung = 'receipted'"),
        "receipts",
    ),
    "a receipt's copy": (sql("UPDATE item SET payload_digest = replace(payload_digest, 'a', 'b')"), "receipts"),
    "a commitment of another type": (sql("UPDATE log_group SET commitments = 'text' WHERE first = 3"), "log "),
    "a statement of another type": (sql("UPDATE act SET statement = 'text' WHERE type = 'mark'"), ACTS),
    "the content taken out": (without_blob, ITEMS),
    "the originator's key": (
        sql('UPDATE peer SET document = replace(document, \'"ed25519": "\', \'"ed25519": "AAAA\')'),
        ACTS,
    ),
}


@pytest.fixture
@once
def both(stage: Stage) -> Exercise:
    """Korea has receipted an item of Japan's, and every check of both nodes holds."""
    found = stage()
    sent = found["JPN"].transmit(b"a report of some length" * 20, to="KOR", level="極秘")
    found.settle()
    finish(found["KOR"], sent.id)
    found.settle()
    holds(found)
    return found


@pytest.mark.parametrize("name", CHANGES)
def test_verify_finds_what_was_changed(both: Exercise, name: str) -> None:
    change, where = CHANGES[name]
    change(both["KOR"])
    failed = [check for check in audit(both["KOR"].node) if not check.holds]
    assert any(check.name.startswith(where) and check.fault for check in failed), failed
    assert not any("Error" in check.fault or "concat" in check.fault or "``" in check.fault for check in failed), failed
    assert all(check.holds for check in audit(both["JPN"].node))


def test_verify_counts_the_receipts(stage: Stage) -> None:
    both = stage()
    for count in range(2):
        sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
        both.settle()
        finish(both["KOR"], sent.id)
        both.settle()
        for party in ("JPN", "KOR"):
            assert {check.name: check.counted for check in audit(both[party].node)}["receipts"] == count + 1


def test_the_first_act_altered_has_none_before_it(stage: Stage) -> None:
    both = stage()
    sql('UPDATE batch SET envelope = replace(envelope, \'"sig":"\', \'"sig":"AAAA\')')(both["KOR"])
    (fault,) = [check.fault for check in audit(both["KOR"].node) if check.name == ACTS]
    assert fault.endswith("; it is the first")
