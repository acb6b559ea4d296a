"""A store restored from an old backup: its peers tell, nothing new is recorded on it, and what they hold comes back."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from lying import act, cut, message, send
from stories import (
    MARKS,
    Stage,
    back_up,
    failed,
    finish,
    forget,
    holds,
    nothing_lost,
    nothing_twice,
    refusals,
    register,
    restore,
    same_story,
    survived,
    words_of,
)

from gsomia.errors import NodeError, PeerError
from gsomia.node import Role, ask_witness, pack, recover
from gsomia.node.logs import witnessing
from gsomia.node.messages import link_to
from gsomia.testing import Exercise, Player

OTHER = {"JPN": "KOR", "KOR": "JPN"}


def give(both: Exercise, document: bytes) -> str:
    copy = both["JPN"].transmit(document, to="KOR", level="極秘")
    both.settle()
    both.pass_time(timedelta(seconds=2))
    return copy.id


def starts_again(player: Player) -> None:
    """What `Home` does for a new process."""
    (peer,) = {*OTHER} - {player.node.party}
    player.node.unasked.add([peer], player.node.clock.machine())


def restored(both: Exercise, tmp_path: Path, party: str) -> str:
    """A node restored to before a second copy, which its holder receipted; returns that copy."""
    give(both, b"first")
    back_up(both[party], tmp_path / "backup")
    copy = give(both, b"second")
    finish(both["KOR"], copy)
    both.settle()
    both.pass_time(timedelta(minutes=1))
    shutil.copy(both["JPN"].content(copy.split("-JPN")[0]), tmp_path / "kept")
    restore(both[party], tmp_path / "backup")
    return copy


@pytest.mark.parametrize("party", ["JPN", "KOR"])
@pytest.mark.parametrize("how", ["at start", "told by a peer that starts", "after an hour"])
def test_it_is_told_by_its_peer_and_halts(stage: Stage, tmp_path: Path, party: str, how: str) -> None:
    both = stage()
    restored(both, tmp_path, party)
    if how == "at start":
        starts_again(both[party])
        ask_witness(both[party].node, OTHER[party])
    elif how == "told by a peer that starts":
        starts_again(both[OTHER[party]])
        ask_witness(both[OTHER[party]].node, party)
    else:
        both.pass_time(timedelta(hours=1, seconds=1))
        both.settle(tolerate=True)
    log = f"exercise.gsomia/{party}/{OTHER[party]}"
    assert "restored from an old backup" in failed(both[party])[f"witnesses of {log}"]
    assert "restored from an old backup" in words_of(refusals(both[party]))
    # Fail closed: neither its own acts nor its peer's are recorded on a log of which something is missing.
    before = both[party].copies()
    with pytest.raises(NodeError, match=r"gsomia/.*restored from an old backup"):
        both[party].transmit(b"third", to=OTHER[party], level=MARKS[party])
    both[OTHER[party]].transmit(b"third", to=party, level=MARKS[OTHER[party]])
    both.settle(tolerate=True)
    assert both[party].copies() == before
    with both["JPN"].node.store.reading() as reader:
        numbers = [one.statement.body["control_number"] for one in reader.acts(types=["delivered"])]
    assert len(numbers) == len({*numbers})


def test_nothing_is_taken_from_a_peer_before_it_has_told_what_it_keeps(stage: Stage, tmp_path: Path) -> None:
    both = stage()
    restored(both, tmp_path, "KOR")
    starts_again(both["KOR"])
    both["JPN"].transmit(b"third", to="KOR", level="極秘")
    for _ in range(3):
        both.settle(tolerate=True)
    assert len(both["KOR"].copies()) == 1 and "restored" in words_of(refusals(both["KOR"]))
    assert [name for name in failed(both["KOR"]) if name.startswith("log ")] == []


def test_a_node_that_lost_nothing_goes_on_after_its_start(stage: Stage) -> None:
    both = stage()
    give(both, b"first")
    for party in OTHER:
        starts_again(both[party])
    give(both, b"second")
    assert not both["JPN"].node.unasked and not both["KOR"].node.unasked
    same_story(both)
    holds(both)


def test_a_peer_that_is_heard_is_asked_at_once_and_its_message_taken(stage: Stage) -> None:
    both = stage()
    starts_again(both["KOR"])
    node = both["KOR"].node
    node.unasked.put_off("JPN", node.clock.machine() + timedelta(minutes=5))  # it could not be reached at the start
    copy = both["JPN"].transmit(b"first", to="KOR", level="極秘")
    both.settle()
    assert [one.id for one in both["KOR"].copies()] == [copy.id] and not both["KOR"].node.unasked
    assert refusals(both["KOR"]) == []


def test_a_peer_that_told_while_asking_it_still_failed_has_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both nodes ask each other as they start: the answer may come by the one way while the other is still tried."""
    both = stage()
    kor, jpn = both["KOR"].node, both["JPN"].node
    starts_again(both["KOR"])
    starts_again(both["JPN"])

    class Refusing:
        def exchange(self, envelope: bytes) -> bytes:
            ask_witness(jpn, "KOR")
            raise PeerError("`JPN` cannot be reached: connection refused")

    with monkeypatch.context() as patched, pytest.raises(PeerError, match="connection refused"):
        patched.setattr(witnessing, "link_to", lambda node, peer: Refusing() if node is kor else link_to(node, peer))
        ask_witness(kor, "JPN")
    assert "JPN" not in kor.unasked


def test_a_control_number_is_given_once(stage: Stage) -> None:
    both = stage()
    give(both, b"first")
    kor, jpn = both["KOR"], both["JPN"]
    both.wire.fault = cut("deliver")
    second = jpn.transmit(b"second", to="KOR", level="極秘")
    both.settle(tolerate=True)
    number = kor.copies()[0].control_number
    with jpn.node.store.reading() as reader:
        item = reader.item(second.item)
    assert item is not None
    body = {"payload_digest": item.payload_digest}
    rungs = [
        act(kor, kind, parties=("JPN",), item=item.id, copy=second.id, body=body | more)
        for kind, more in (
            ("accepted", {}),
            ("delivered", {"control_number": number, "sealed_bytes": item.sealed_bytes}),
        )
    ]
    answer = send(both, "KOR", "JPN", message(kor, "JPN", "acts", {"acts": pack(rungs)}))
    assert f"gave the control number `{number}` to copy" in answer["body"]["refused"][rungs[1].id]
    nothing_lost(both)


@pytest.mark.parametrize("party", ["JPN", "KOR"])
@pytest.mark.parametrize("went_on", ["", "and sent it", "and kept it back"], ids=lambda how: f"signed more {how}")
def test_what_peers_hold_comes_back(stage: Stage, tmp_path: Path, party: str, went_on: str) -> None:
    both = stage()
    copy = restored(both, tmp_path, party)
    player, other = both[party], both[OTHER[party]]
    if party == "JPN":  # what it gave it keeps in its folder of items, which no restored database touches
        both["JPN"].content(copy.split("-JPN")[0]).write_bytes((tmp_path / "kept").read_bytes())
    if went_on == "and kept it back":
        both.wire.fault = cut("offers")
    if went_on:
        player.transmit(b"third", to=OTHER[party], level=MARKS[party])
        player.transmit(b"fourth", to=OTHER[party], level=MARKS[party])
    both.pass_time(timedelta(hours=1, seconds=1))
    both.settle(tolerate=True)
    assert failed(player)
    both.wire.fault = None
    done = recover(player.node, by=player.by(Role.SECURITY))
    assert done.refused == {} and done.recorded > 0 and {*done.asked} == ({copy} if party == "KOR" else set())
    assert "gsomia/" in words_of(refusals(player))
    both.pass_time(timedelta(minutes=10))
    both.settle()
    row, item = register(player)[copy]
    assert row.state == "receipted" and player.content(item.id).is_file()
    give(both, b"fifth")
    holds(both)
    finish(both["KOR"], max(c.control_number for c in both["KOR"].copies() if c.holder == "KOR"))
    both.pass_time(timedelta(hours=2))
    both.settle()
    if went_on:
        # It had counted on from the backup: what has not left under such a number stops, and people are told.
        told = "was given to copy" if went_on == "and kept it back" else f"`{party}` gave the control number"
        assert told in words_of(refusals(player))
        nothing_lost(both)
        nothing_twice(both)
        holds(both)
        forget(player, "DELETE FROM copy WHERE state IN ('refused', 'rejected')")
        same_story(both)
    else:
        survived(both, told={party: "gsomia/"})
    with other.node.store.reading() as reader:
        assert reader.kept(f"exercise.gsomia/{party}/{OTHER[party]}/2") is not None
        assert [act.statement.body["successor"] for act in reader.acts(types=["recover-log"])]
