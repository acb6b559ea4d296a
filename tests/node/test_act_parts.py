"""Signatures of acts checked in parts: what is found is what the whole check finds, wherever they are divided."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from stories import finish, forget, ready

from gsomia.node import check_acts, check_acts_of, divide_acts, joined
from gsomia.node.check import Check
from gsomia.testing import Exercise, Player

PARTS = (1, 2, 5, 1000)

CHANGES = {
    "nothing": "",
    "an act's words": "UPDATE act SET statement = replace(statement, 'JPN', 'USA') WHERE type = 'mark'",
    "the first batch": "UPDATE batch SET envelope = '{}' WHERE id = (SELECT batch FROM act ORDER BY seq LIMIT 1)",
    "an enrolment": "UPDATE act SET path = zeroblob(32), size = 2 WHERE type = 'enrol-peer'",
    "an act's place": "UPDATE act SET position = 1, size = 2 WHERE seq = (SELECT max(seq) FROM act)",
    "an officer that no act enrolled": "UPDATE officer SET roles = '[]'",
    "an enrolment that cannot be read": "UPDATE act SET statement = X'00' WHERE type = 'enrol-key'",
}


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exercise]:
    """An item on its way; never changed."""
    with ready(("JPN", "KOR"), "2018-01-10T12:00:00+09:00").again(tmp_path_factory.mktemp("once") / "nodes") as both:
        sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
        both.settle()
        finish(both["KOR"], sent.id)
        both.settle()
        yield both


@pytest.fixture
def korea(once: Exercise, tmp_path: Path) -> Iterator[Player]:
    """A copy of the node that received it."""
    with once.again(tmp_path / "nodes") as twin:
        yield twin["KOR"]


@pytest.mark.parametrize("name", CHANGES)
def test_parts_find_what_the_whole_finds(korea: Player, name: str) -> None:
    if change := CHANGES[name]:
        assert forget(korea, change) >= 1
    whole = check_acts(korea.node)
    assert whole.holds == (not change) and whole.counted >= 4 * (not change)
    for count in PARTS:
        parts = divide_acts(korea.node, count)
        assert len(parts) <= count and (count == 1) == (len(parts) == 1)
        assert parts[0].start == 0 and parts[-1].stop == 0
        assert all(before.stop == part.start and part.before for before, part in pairwise(parts))
        found = joined([check_acts_of(korea.node, part) for part in parts])
        # Of a batch that cannot be read to its end the whole check counts none, a part those before its end.
        assert found.fault.partition("; ")[0] == whole.fault.partition("; ")[0]
        assert found == whole or found.counted > whole.counted


def test_the_acts_of_a_batch_about_one_item_are_those_that_a_walk_of_all_acts_finds(once: Exercise) -> None:
    for player in once.players.values():
        with player.node.store.reading() as reader:
            acts = [*reader.acts()]
            for act in acts:
                same = [
                    one for one in acts if one.envelope == act.envelope and one.statement.item == act.statement.item
                ]
                assert [*reader.acts_with(act.id)] == same
        assert any(act.size > 1 for act in acts)
    with once["JPN"].node.store.reading() as reader:
        assert [*reader.acts_with("none")] == []


def test_the_first_fault_counts() -> None:
    one, two = Check(name="x", counted=3, fault="first"), Check(name="x", counted=4, fault="second")
    found = joined([Check(name="x", counted=2), one, two])
    assert (found.counted, found.fault) == (5, "first")
