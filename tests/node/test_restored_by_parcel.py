"""A restored node whose peer has only files: its parcels tell, ask for the peer's log and bring back what was lost."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from carrying import carry, exported, rounds, taken
from stories import MARKS, Stage, back_up, finish, holds, refusals, register, restore, survived, words_of

from gsomia.errors import GsomiaError, MessageError, NodeError, PeerError
from gsomia.keys import Envelope
from gsomia.node import Recovery, Role, recover, shown_log
from gsomia.node.exchange.recovering import log_pages
from gsomia.testing import Exercise, Player

OTHER = {"JPN": "KOR", "KOR": "JPN"}


def cut(_direction: str, _sender: str, _envelope: Envelope) -> Envelope:
    raise PeerError("there is no wire")


def give(both: Exercise, document: bytes) -> str:
    """A document of Japan's that Korea has marked and receipted, by parcels alone."""
    copy = both["JPN"].transmit(document, to="KOR", level=MARKS["JPN"])
    rounds(both)
    finish(both["KOR"], copy.id)
    rounds(both)
    both.pass_time(timedelta(minutes=1))
    return copy.id


def restored(stage: Stage, tmp_path: Path, party: str, *, more: int = 1) -> tuple[Exercise, str]:
    """A node restored to before its newest items, of which the first is named; its folder of items as it was then."""
    both = stage()
    both.wire.fault = cut
    give(both, b"first")
    back_up(both[party], tmp_path / "backup")
    copies = [give(both, b"more %d" % number) for number in range(more)]
    contents = {path.name: path.read_bytes() for path in (both["JPN"].folder / "items").iterdir() if path.is_file()}
    restore(both[party], tmp_path / "backup")
    if party == "JPN":  # what it gave it keeps in its folder of items, which no restored database touches
        for name, data in contents.items():
            both["JPN"].content(name).write_bytes(data)
    return both, copies[0]


def halted(player: Player) -> bool:
    return "restored from an old backup" in words_of(refusals(player))


def until_halted(both: Exercise, party: str) -> None:
    """The other Party goes on; its first parcel tells the node before anything of it is recorded."""
    before = len(register(both[party]))
    both[OTHER[party]].transmit(b"moving", to=party, level=MARKS[OTHER[party]])
    carry(both, OTHER[party], party)
    assert halted(both[party]) and len(register(both[party])) == before


def answer(both: Exercise, party: str) -> bytes:
    """The parcel in which the peer answers with its log, and which the node has taken in."""
    asked = carry(both, party, OTHER[party])
    assert asked is not None and asked.messages["ask-log"] == 1, asked
    _, parcel = exported(both, OTHER[party], party)
    told = taken(both, party, parcel)
    assert told.messages["log"] >= 1
    return parcel


def recovered(both: Exercise, party: str, parcel: bytes) -> Recovery:
    player = both[party]
    sender, pages = shown_log(player.node, io.BytesIO(parcel))
    assert sender == OTHER[party]
    return recover(player.node, by=player.by(Role.SECURITY), brought={sender: pages})


@pytest.mark.parametrize("party", ["JPN", "KOR"])
def test_what_a_peer_holds_comes_back_by_parcels(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, party: str
) -> None:
    monkeypatch.setattr("gsomia.node.exchange.recovering.PAGE", 7)  # several answers, as of a long log
    both, copy = restored(stage, tmp_path, party)
    player = both[party]
    assert copy not in register(player)
    until_halted(both, party)
    with pytest.raises(NodeError, match=r"nothing is recorded in `exercise\.gsomia/"):
        player.transmit(b"third", to=OTHER[party], level=MARKS[party])
    done = recovered(both, party, answer(both, party))
    assert done.refused == {} and done.recorded > 0 and [*done.asked] == ([copy] if party == "KOR" else [])
    rounds(both)
    row, item = register(player)[copy]
    assert row.state == "receipted" and player.content(item.id).is_file()
    give(both, b"fourth")
    with both[OTHER[party]].node.store.reading() as reader:
        assert reader.kept(f"exercise.gsomia/{party}/{OTHER[party]}/2") is not None
    for one in both.players.values():
        with one.node.store.reading() as reader:
            assert reader.outgoing() == []
    both.wire.fault = None
    survived(both, told={party: "gsomia/", OTHER[party]: ""})


def test_large_contents_and_many_come_back_once(stage: Stage, tmp_path: Path) -> None:
    both, _ = restored(stage, tmp_path, "KOR", more=3)
    until_halted(both, "KOR")
    done = recovered(both, "KOR", answer(both, "KOR"))
    assert len(done.asked) == 3
    carry(both, "KOR", "JPN")
    _, first = exported(both, "JPN", "KOR")
    _, again = exported(both, "JPN", "KOR")
    assert len(again) > len(first) / 2, "what a parcel carried goes again until another says that it came"
    taken(both, "KOR", again)
    assert all(both["KOR"].content(copy.item).is_file() for copy, _ in register(both["KOR"]).values())
    carry(both, "KOR", "JPN")
    with both["JPN"].node.store.reading() as reader:
        assert [entry for entry in reader.outgoing() if entry.kind == "content"] == []
    rounds(both)
    both.wire.fault = None
    holds(both)


def test_while_nothing_is_recorded_a_parcel_is_taken_in_as_far_as_it_can_be(stage: Stage, tmp_path: Path) -> None:
    """What waited comes again with the next one, and is done then."""
    both, _ = restored(stage, tmp_path, "KOR")
    until_halted(both, "KOR")
    third = both["JPN"].transmit(b"third", to="KOR", level=MARKS["JPN"])
    carry(both, "KOR", "JPN")
    _, parcel = exported(both, "JPN", "KOR")
    told = taken(both, "KOR", parcel)
    assert any("`offers` waits for `gsomia log recover`" in why for why in told.refused)
    made, _ = exported(both, "KOR", "JPN")
    assert made is not None and (made.offered, made.delivered, made.acts) == (0, 0, 0)
    recovered(both, "KOR", parcel)
    rounds(both)
    assert register(both["KOR"])[third.id][0].state == "delivered"
    both.wire.fault = None
    holds(both)


def test_a_node_that_lost_count_of_its_parcels_is_told(stage: Stage, tmp_path: Path) -> None:
    """Its next one has a number that it gave before; the peer has nothing to say, and makes a parcel all the same."""
    both, _ = restored(stage, tmp_path, "KOR")
    rest = exported(both, "JPN", "KOR")
    assert rest == (None, b"")
    both["KOR"].transmit(b"third", to="JPN", level=MARKS["KOR"])
    _, parcel = exported(both, "KOR", "JPN")
    with pytest.raises(MessageError, match="is older than parcel"):
        taken(both, "JPN", parcel)
    carry(both, "JPN", "KOR")
    _, parcel = exported(both, "KOR", "JPN")
    taken(both, "JPN", parcel)
    assert exported(both, "JPN", "KOR")[0] is not None
    carry(both, "JPN", "KOR")
    assert halted(both["KOR"])


Pages = list[dict[str, Any]]
SHOWN = "gsomia.node.parcel.export.log_pages"


def _shorter(pages: Pages) -> Pages:
    return pages[:-1]


def _an_act_left_out(pages: Pages) -> Pages:
    pages[0]["entries"].pop(1)
    return pages


def _two_changed_about(pages: Pages) -> Pages:
    entries = pages[0]["entries"]
    entries[1], entries[2] = entries[2], entries[1]
    return pages


def _a_page_left_out(pages: Pages) -> Pages:
    return [pages[0], *pages[2:]]


def _an_act_changed(pages: Pages) -> Pages:
    one = pages[0]["acts"][0]["acts"][0]
    one["statement"] = one["statement"].replace('"exercise":true', '"exercise":false')
    return pages


# A peer that shows less or other than it signed, and what is said of it.
LIES: dict[str, tuple[Callable[[Pages], Pages], str]] = {
    "it leaves out its end": (_shorter, "does not show its log from entry"),
    "it leaves out a page": (_a_page_left_out, "does not show its log from entry 7 on"),
    "it leaves out an act": (
        _an_act_left_out,
        "do not give its own checkpoint|does not show its log|shows another log",
    ),
    "it changes two about": (_two_changed_about, "do not give its own checkpoint|shows another log"),
    "it changes an act": (_an_act_changed, "do not give its own checkpoint|shows another log"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_log_that_does_not_hold_changes_nothing(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    change, said = LIES[name]
    monkeypatch.setattr("gsomia.node.exchange.recovering.PAGE", 7)
    both, copy = restored(stage, tmp_path, "KOR")
    until_halted(both, "KOR")

    def lying(*arguments: Any) -> Sequence[Mapping[str, Any]]:
        return change([dict(page) for page in log_pages(*arguments)])

    monkeypatch.setattr(SHOWN, lying)
    carry(both, "KOR", "JPN")
    _, parcel = exported(both, "JPN", "KOR")
    monkeypatch.setattr(SHOWN, log_pages)
    with pytest.raises(GsomiaError, match=said):
        recovered(both, "KOR", parcel)
    assert copy not in register(both["KOR"])
    with both["KOR"].node.store.reading() as reader:
        assert [*reader.acts(types=["recover-log"])] == []
    # An honest answer to the next question is taken.
    assert recovered(both, "KOR", answer(both, "KOR")).recorded > 0


def test_an_older_log_than_the_one_that_was_cosigned_is_refused(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Japan signed early holds by itself; Korea cosigned more."""
    both = stage()
    both.wire.fault = cut
    give(both, b"first")
    with both["JPN"].node.store.reading() as reader:
        peer = reader.peers()["KOR"]
        early = [dict(page) for page in log_pages(both["JPN"].node, reader, peer, 0)]
    give(both, b"second")
    back_up(both["KOR"], tmp_path / "backup")
    give(both, b"third")
    restore(both["KOR"], tmp_path / "backup")
    until_halted(both, "KOR")
    monkeypatch.setattr(SHOWN, lambda *_: early)
    parcel = answer(both, "KOR")
    with pytest.raises(PeerError, match="do not give its own checkpoint"):
        recovered(both, "KOR", parcel)


def test_a_log_that_nobody_asked_for_shows_nothing(stage: Stage, tmp_path: Path) -> None:
    both, _ = restored(stage, tmp_path, "KOR")
    _, parcel = exported(both, "KOR", "JPN")
    with pytest.raises(GsomiaError):
        shown_log(both["JPN"].node, io.BytesIO(parcel))
    until_halted(both, "KOR")
    carry(both, "KOR", "JPN")
    _, parcel = exported(both, "JPN", "KOR")
    with both["KOR"].node.store.writing() as tx:
        tx.forget_parcels(both.clock.at + timedelta(days=1))  # as if it had never asked
    told = taken(both, "KOR", parcel)
    assert any("answers what it was not asked" in why for why in told.refused)
    with pytest.raises(MessageError, match="shows no log that this node asked for"):
        shown_log(both["KOR"].node, io.BytesIO(parcel))


def test_without_a_parcel_and_without_a_wire_nothing_changes(stage: Stage, tmp_path: Path) -> None:
    both, _ = restored(stage, tmp_path, "KOR")
    until_halted(both, "KOR")
    korea = both["KOR"]
    with pytest.raises(PeerError, match="there is no wire"):
        recover(korea.node, by=korea.by(Role.SECURITY))
    assert halted(korea)
