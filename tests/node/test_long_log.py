"""A log longer than a tile, grown by groups: what is read of it, and what the checks say when somebody was at it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from stories import forget, ready

from gsomia.errors import LogError, NodeError
from gsomia.node import audit, audit_logs, check_log, log_named, prove
from gsomia.node.ledger import Draft, make
from gsomia.testing import Exercise, Player
from gsomia.tlog import Frontier, commitment, encode_tile, leaf_hash, tiles_for

LOG = "exercise.gsomia/JPN/KOR"
GROUPS = (1, 300, 2, 255, 40)
BODY = {"offer": "0" * 64, "verdict": "0" * 64, "outcome": "permit", "valid_until": "2018-01-10T03:00:00.000000Z"}


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exercise]:
    """Two nodes, one of which has some hundred acts in its log with the other; never changed."""
    with ready(("JPN", "KOR"), "2018-01-10T12:00:00+09:00").again(tmp_path_factory.mktemp("once") / "nodes") as both:
        node = both["JPN"].node
        for size in GROUPS:
            with node.store.writing() as tx:
                drafts = [Draft(type="acceptance", instrument="jpn-kor-2016", parties=("KOR",), body=BODY)] * size
                make(node, tx, drafts, at=node.clock.now(), send=False)
                # The other log of the node grows in between, so that no log has all numbers.
                make(node, tx, [Draft(type="acceptance", body=BODY)] * 2, at=node.clock.now(), send=False)
        yield both


@pytest.fixture
def japan(once: Exercise, tmp_path: Path) -> Iterator[Player]:
    """A copy of the node."""
    with once.again(tmp_path / "nodes") as twin:
        yield twin["JPN"]


def test_every_node_of_the_tree_is_given_though_few_are_kept(once: Exercise) -> None:
    with once["JPN"].node.store.reading() as reader:
        state = log_named(reader, "KOR")
        entries = [entry for entry, _, _ in reader.log_entries(LOG, 0, state.size)]
        assert state.size == len(entries) > 512
        frontier, completed = Frontier().append([leaf_hash(entry) for entry in entries])
        assert frontier.to_bytes() == state.frontier
        assert [reader.log_node(LOG, level, index) for level, index, _ in completed] == [node[2] for node in completed]
        assert [index for index, _ in reader.log_nodes(LOG, 8, 0, 9)] == [0, 1]
        assert not [level for level in (1, 2, 7, 9) if reader.log_nodes(LOG, level, 0, 900)]
        nodes = {(level, index): value for level, index, value in completed}
        for tile in tiles_for(state.size):
            if tile.level is not None:
                start = tile.index * 256
                hashes = reader.log_hashes(LOG, tile.level, start, start + tile.width)
                assert b"".join(hashes) == encode_tile(tile, lambda level, index: nodes[level, index])
        with pytest.raises(NodeError, match=f"lacks its entry {state.size}"):
            reader.log_node(LOG, 0, state.size)
        with pytest.raises(NodeError, match="lacks its tree node at level 8, index 2"):
            reader.log_node(LOG, 8, 2)


def test_entries_are_read_across_groups_and_found_by_their_acts(once: Exercise) -> None:
    with once["JPN"].node.store.reading() as reader:
        size = log_named(reader, "KOR").size
        leaves = list(reader.log_leaves(LOG, size))
        assert [leaf[0] for leaf in leaves] == [*range(size)]
        for start, stop in ((0, 1), (0, size), (5, 9), (size - 300, size - 20), (size - 1, size), (7, 7)):
            read = reader.log_entries(LOG, start, stop)
            assert read == [(entry, act, salt) for _, entry, act, salt, _ in leaves[start:stop]]
        assert list(reader.log_leaves(LOG, 10)) == leaves[:10]
        for position, entry, act, salt, statement in leaves[:: size // 40]:
            assert reader.log_places(act) == [(LOG, position, salt)]
            assert statement is not None and commitment(salt, statement) == entry
        for act in ("nothing", leaves[-1][2]):
            assert len(reader.log_places(act)) == (act != "nothing")
            assert prove(reader, act)[1].index == size - 1 if act != "nothing" else True
        assert reader.unlogged() == ""


def altered(column: str, place: int, width: int = 32) -> str:
    """What changes one entry of a row that holds many."""
    at = place * width
    changed = f"substr({column}, 1, {at}) || zeroblob({width}) || substr({column}, {at + width + 1})"
    return f"UPDATE log_group SET {column} = CAST({changed} AS BLOB) WHERE log = '{LOG}' AND length(acts) = 8 * 300"


def swapped(first: str, second: str) -> str:
    return (
        f"UPDATE log_group SET acts = CAST({second} || {first} || substr(acts, 17) AS BLOB) WHERE length(acts) = 2400"
    )


CHANGES = {
    "an entry of a group": (altered("commitments", 17), "is not the commitment to act"),
    "a salt of a group": (altered("salts", 17), "is not the commitment to act"),
    "an act of a group": (altered("acts", 17, 8), "stands for an act that is missing"),
    "two acts changed about": (swapped("substr(acts, 1, 8)", "substr(acts, 9, 8)"), "broken row"),
    "a group's first act": (f"UPDATE log_group SET act = act + 1 WHERE log = '{LOG}'", "broken row"),
    "a group cut short": (
        f"UPDATE log_group SET acts = CAST(substr(acts, 1, 8) AS BLOB) WHERE log = '{LOG}' AND length(acts) > 8",
        "broken row of entries",
    ),
    "an entry taken out of a group": (
        "UPDATE log_group SET acts = CAST(substr(acts, 9) AS BLOB), salts = CAST(substr(salts, 33) AS BLOB), "
        f"commitments = CAST(substr(commitments, 33) AS BLOB), first = first + 1, act = act + 1 "
        f"WHERE log = '{LOG}' AND length(acts) = 2400",
        "is missing",
    ),
    "a group taken out": (f"DELETE FROM log_group WHERE log = '{LOG}' AND length(acts) = 16", "is missing"),
    "an act of another type": (f"UPDATE log_group SET acts = 'text' WHERE log = '{LOG}'", "broken row"),
    "an act taken out": ("DELETE FROM act WHERE seq = (SELECT max(seq) - 50 FROM act)", "an act that is missing"),
    "a node of the tree": (f"UPDATE log_node SET hash = zeroblob(32) WHERE log = '{LOG}'", "level 8, index 0"),
    "a node taken out": (f"DELETE FROM log_node WHERE log = '{LOG}' AND position = 1", "level 8, index 1"),
    "a head cut short": (f"UPDATE log SET size = size - 1 WHERE name = '{LOG}'", "the signed checkpoint"),
    "the tree's edge": (
        f"UPDATE log SET frontier = zeroblob(length(frontier)) WHERE name = '{LOG}'",
        "the tree's edge",
    ),
}
UNSEEN = {"a salt of a group", "an act of a group", "an act taken out", "the tree's edge"}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_is_found_and_named(japan: Player, name: str) -> None:
    change, named = CHANGES[name]
    with japan.node.store.reading() as reader:
        assert check_log(japan.node, reader, log_named(reader, "KOR")).holds
    assert all(check.holds for check in audit_logs(japan.node))
    assert forget(japan, change) >= 1
    (fault,) = [check.fault for check in audit_logs(japan.node) if not check.holds]
    assert re.search(named, fault), fault
    with japan.node.store.reading() as reader:
        check = check_log(japan.node, reader, log_named(reader, "KOR"))
    # `log fsck` looks at entries, tree and checkpoint; what entries stand for, where one of those does not hold.
    assert check.holds == (name in UNSEEN)


def test_acts_in_another_order_than_they_were_recorded_are_found(japan: Player) -> None:
    """The register's check reads the numbers alone, and needs no hash."""
    assert forget(japan, swapped("substr(acts, 1, 8)", "substr(acts, 9, 8)")) == 1
    (check,) = [check for check in audit(japan.node) if check.name == "register rows"]
    assert "not in the order of its log" in check.fault


def test_no_proof_is_handed_out_from_a_tree_that_was_altered(japan: Player) -> None:
    with japan.node.store.reading() as reader:
        act = reader.log_entries(LOG, 300, 301)[0][1]
    assert forget(japan, f"UPDATE log_node SET hash = zeroblob(32) WHERE log = '{LOG}' AND position = 0") == 1
    with japan.node.store.reading() as reader, pytest.raises(LogError, match="does not prove act"):
        prove(reader, act)
