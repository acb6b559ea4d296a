"""Reconciliation: what differs is named with its repair, what is under way is not, and a peer that lies is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from comparing import OTHER, found, kinds, lose, three_items
from lying import kind_of, message, reading, send
from stories import Stage, alike, back_up, finish, forget, holds, once, register, restore, shared_entries

from gsomia.errors import NodeError, PeerError, UsageError
from gsomia.keys import Envelope
from gsomia.node import (
    Role,
    ask_consent,
    audit,
    destroy,
    give_consent,
    handle,
    overdue,
    recall,
    recover,
    refresh,
    release,
    send_again,
    step,
)
from gsomia.node.comparison.entries import ITEM
from gsomia.registry import CopyState, fingerprint, position
from gsomia.testing import Exercise, Player


@pytest.fixture
@once
def both(stage: Stage) -> Exercise:
    """Two nodes, and three items of Japan's of which Korea has receipted two."""
    return three_items(stage)


def run(exercise: Exercise, lines: Iterable[str]) -> None:
    """Do what a repair says, where it is to send an act."""
    for line in dict.fromkeys(lines):
        at, command = line.removeprefix("at ").split(": ", 1)
        words = command.split()
        assert words[:3] == ["gsomia", "act", "send"], line
        send_again(exercise[at].node, words[3], words[5])
    exercise.settle()


def test_two_nodes_that_agree_differ_in_nothing_and_record_that_it_was_looked_for(both: Exercise) -> None:
    for party, peer in OTHER.items():
        result = found(both, party)
        assert (result.discrepancies, result.under_way) == ([], [])
        assert result.entries[0] >= 3 and result.rounds == 1
        assert result.said + result.heard < 2_000, "the root alone goes over"
        both.settle()
        for player in (both[party], both[peer]):
            with player.node.store.reading() as reader:
                act = reader.act(result.act.id)
                assert act is not None and [s.role for s in act.statement.signers] == ["node"]
                assert act.statement.body["discrepancies"] == 0
                assert f"exercise.gsomia/{player.node.party}/{OTHER[player.node.party]}" in {
                    log for log, _, _ in reader.log_places(act.id)
                }
    alike(both)
    holds(both)


def test_what_is_under_way_is_no_difference(both: Exercise) -> None:
    both["JPN"].transmit(b"four", to="KOR", level="極秘")
    (copy,) = [c for c in both["KOR"].copies() if c.state is CopyState.DELIVERED]
    finish(both["KOR"], copy.id)
    ahead, back = found(both, "JPN"), found(both, "KOR")
    assert (ahead.discrepancies, ahead.under_way) == ([], [f"item {copy.item}"])
    assert back.discrepancies == [] and f"item {copy.item}" in back.under_way
    both.settle()
    assert found(both, "JPN").under_way == []


def test_an_answer_that_was_lost_on_its_way_is_under_way(both: Exercise) -> None:
    def cut(direction: str, _sender: str, envelope: Envelope) -> Envelope:
        if direction == "answered" and kind_of(envelope) == "delivered":
            raise PeerError("cut")
        return envelope

    both.wire.fault = cut
    copy = both["JPN"].transmit(b"four", to="KOR", level="極秘")
    both.settle(tolerate=True)
    both.wire.fault = None
    assert copy.id in register(both["KOR"]) and register(both["JPN"])[copy.id][0].state is CopyState.DISPATCHED
    for party in OTHER:
        result = found(both, party)
        assert (result.discrepancies, f"item {copy.item}" in result.under_way) == ([], True)


@pytest.mark.parametrize("asker", ["JPN", "KOR"])
def test_rungs_that_never_came_are_named_with_custody_and_sent_again(both: Exercise, asker: str) -> None:
    (copy,) = [c for c in both["KOR"].copies() if c.state is CopyState.DELIVERED]
    finish(both["KOR"], copy.id)
    lose(both["KOR"])
    result = found(both, asker)
    names = {kind for kind, _ in kinds(result)}
    assert names == {"missing rung receipted", "missing act mark", "custody", "level"}
    receipt_of = next(one for one in result.discrepancies if one.kind == "missing rung receipted")
    assert receipt_of.subject == copy.id
    has, lacks = (receipt_of.there, receipt_of.here) if asker == "JPN" else (receipt_of.here, receipt_of.there)
    assert has.startswith("receipted by KOR") and lacks == "not receipted"
    custody = next(one for one in result.discrepancies if one.kind == "custody")
    assert {custody.here, custody.there} == {"JPN", "KOR"}
    assert all(line.startswith("at KOR: gsomia act send ") for one in result.discrepancies for line in one.repair)
    # Nothing was repaired by it, and the same is found again.
    assert register(both["JPN"])[copy.id][0].state is CopyState.DELIVERED
    both.settle()
    assert kinds(found(both, asker)) == kinds(result)
    both.settle()
    run(both, (line for one in result.discrepancies for line in one.repair))
    assert register(both["JPN"])[copy.id][0].state is CopyState.RECEIPTED
    assert found(both, asker).discrepancies == []
    holds(both)


@pytest.mark.parametrize("asker", ["JPN", "KOR"])
def test_a_copy_that_its_giver_believes_stopped(stage: Stage, asker: str) -> None:
    both = stage()

    def cut(direction: str, _sender: str, envelope: Envelope) -> Envelope:
        if direction == "answered" and kind_of(envelope) == "delivered":
            raise PeerError("cut")
        return envelope

    both.wire.fault = cut
    copy = both["JPN"].transmit(b"four", to="KOR", level="極秘")
    both.settle(tolerate=True)
    both.wire.fault = None
    lose(both["JPN"])
    result = found(both, asker)
    assert ("copy count", copy.item) in kinds(result)
    assert {("missing rung accepted", copy.id), ("missing rung delivered", copy.id)} <= kinds(result)
    count = next(one for one in result.discrepancies if one.kind == "copy count")
    assert {count.here.split(",")[0], count.there.split(",")[0]} == {"0 copies", "1 copy"}
    assert count.repair[-1] == "at JPN: gsomia log recover --by OFFICER, where it knows of no such copy"
    run(both, (line for one in result.discrepancies for line in one.repair if "act send" in line))
    assert found(both, asker).discrepancies == []


@pytest.mark.parametrize("asker", ["JPN", "KOR"])
def test_destroyed_at_the_holders_and_not_told(both: Exercise, asker: str) -> None:
    korea = both["KOR"]
    copy = next(c for c in korea.copies() if c.state is CopyState.RECEIPTED)
    destroy(korea.node, copy.id, "shredded", by=(korea.by(Role.REGISTRY), korea.by(Role.SECURITY)))
    lose(korea)
    result = found(both, asker)
    word = "destroyed there and not here" if asker == "JPN" else "destroyed here and not there"
    assert kinds(result) == {(word, copy.id)}
    run(both, result.discrepancies[0].repair)
    assert register(both["JPN"])[copy.id][0].state is CopyState.DESTROYED
    assert found(both, asker).discrepancies == []


@pytest.mark.parametrize("asker", ["JPN", "KOR"])
def test_a_recall_and_an_act_about_no_item_that_never_came(both: Exercise, asker: str) -> None:
    japan = both["JPN"]
    item = japan.copies()[0].item
    act = recall(japan.node, item, "an error", by=japan.by(Role.DISCLOSURE))
    lose(japan)
    result = found(both, asker)
    assert kinds(result) == {("missing act recall", act.id)}
    assert result.discrepancies[0].about == item
    run(both, result.discrepancies[0].repair)
    assert found(both, asker).discrepancies == []
    lose(both[asker])  # that it was compared stays unknown to the other
    (one,) = found(both, OTHER[asker]).discrepancies
    assert one.kind == "missing act reconcile" and one.about == ""
    both.settle()
    run(both, one.repair)
    assert found(both, asker).discrepancies == []
    holds(both)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("UPDATE item SET level = '秘'", "level"),
        ("UPDATE item SET payload_digest = 'x'", "payload"),
        ("UPDATE copy SET custodian = 'USA'", "custody"),
        ("UPDATE copy SET own_mark = '대외비'", "level"),
        ("UPDATE copy SET state = 'opened'", "state"),
    ],
)
def test_a_register_that_was_changed_by_hand_is_found_where_an_act_touches_it(
    both: Exercise, change: str, kind: str
) -> None:
    """The acts are alike and the registers are not: `verify` names the row."""
    (copy,) = [c for c in both["KOR"].copies() if c.state is CopyState.DELIVERED]
    finish(both["KOR"], copy.id)
    both.settle()
    where = f" WHERE id = '{copy.item}'" if " item " in change else f" WHERE item = '{copy.item}'"
    assert forget(both["JPN"], change + where) == 1
    for party in OTHER:
        result = found(both, party)
        assert [one.kind for one in result.discrepancies] == [kind]
        assert set(result.discrepancies[0].repair) == {"at JPN: gsomia verify", "at KOR: gsomia verify"}
        both.settle()


def test_another_version_of_the_law_and_another_record_are_named(both: Exercise, stage: Stage) -> None:
    forget(both["KOR"], "UPDATE adopted SET version = 'x' WHERE instrument = 'jpn-kor-2016'")
    law = both["KOR"].node.law
    twin = replace(both["KOR"].node, law=lambda versions: law({**versions}))
    both.players["KOR"] = replace(both["KOR"], node=twin)
    result = found(both, "JPN")
    one = next(one for one in result.discrepancies if one.kind == "law version")
    assert (one.subject, one.there) == ("jpn-kor-2016", "x") and "gsomia agreement adopt jpn-kor-2016" in one.repair[0]
    forget(both["KOR"], "UPDATE adopted SET version = ? WHERE instrument = 'jpn-kor-2016'", one.here)
    forget(both["KOR"], "DELETE FROM entered WHERE id = (SELECT min(id) FROM entered WHERE under = 'jpn-kor-2016')")
    both.settle()
    (other,) = found(both, "JPN").discrepancies
    assert (other.kind, other.subject) == ("record of legal acts", "jpn-kor-2016")


def test_a_difference_is_kept_since_it_was_found_first_and_cleared_when_it_is_gone(both: Exercise) -> None:
    korea = both["KOR"]
    copy = next(c for c in korea.copies() if c.state is CopyState.RECEIPTED)
    destroy(korea.node, copy.id, "shredded", by=(korea.by(Role.REGISTRY), korea.by(Role.SECURITY)))
    lose(korea)
    first = both.clock.at
    found(both, "JPN")
    both.settle()
    both.pass_time(timedelta(days=3))
    (again,) = found(both, "JPN").discrepancies
    assert again.since == first
    with both["JPN"].node.store.reading() as reader:
        assert list(reader.discrepancies("KOR")) == [again] and list(reader.discrepancies("USA")) == []
        assert overdue(reader, both.clock.at, timedelta(days=2)) == [again]
        assert overdue(reader, both.clock.at, timedelta(days=4)) == []
    both.settle()
    run(both, again.repair)
    assert found(both, "JPN").discrepancies == []
    with both["JPN"].node.store.reading() as reader:
        assert list(reader.discrepancies()) == []


@pytest.mark.parametrize("party", ["JPN", "KOR"])
def test_what_a_restored_node_lost_is_named_by_its_peer_and_got_back(
    both: Exercise, tmp_path: Path, party: str
) -> None:
    back_up(both[party], tmp_path / "backup")
    copy = both["JPN"].transmit(b"four", to="KOR", level="極秘")
    both.settle()
    finish(both["KOR"], copy.id)
    both.settle()
    restore(both[party], tmp_path / "backup")
    peer = OTHER[party]
    result = found(both, peer)
    assert ("copy count", copy.item) in kinds(result)
    lines = {line for one in result.discrepancies for line in one.repair}
    assert any(line.startswith(f"at {party}: gsomia log recover") for line in lines)
    # It is told that it was restored, and then compares nothing until its officer has declared what is lost.
    both.pass_time(timedelta(hours=1, seconds=1))
    both.settle(tolerate=True)
    with pytest.raises(NodeError, match="nothing is recorded in"):
        found(both, party)
    recover(both[party].node, by=both[party].by(Role.SECURITY))
    both.settle()
    for one in OTHER:
        assert found(both, one).discrepancies == []
        both.settle()
    alike(both)
    assert check_of(both[party])[0] == ""


# --- three Parties ----------------------------------------------------------------------------------------------------


@pytest.fixture
@once
def three(stage: Stage) -> Exercise:
    """Japan's item at the United States, handed on to Korea with consent; and one of each pair's own."""
    made = stage("JPN", "USA", "KOR")
    japan, states = made["JPN"], made["USA"]
    sent = japan.transmit(b"report", to="USA", level="極秘", contains=("JPN",))
    made.settle()
    finish(states, sent.id)
    made.settle()
    (request,) = ask_consent(states.node, sent.item, to="KOR", why="defence", by=states.by(Role.DISCLOSURE))
    made.settle()
    give_consent(japan.node, request.id, by=japan.by(Role.DISCLOSURE))
    made.settle()
    # What comes after this has to reach entries that are kept already.
    for one, player in made.players.items():
        for peer in {*made.players} - {one}:
            refresh(player.node, peer)
    onward = release(states.node, sent.item, to="KOR", by=states.by(Role.DISCLOSURE))
    japan.transmit(b"for Korea alone", to="KOR", level="極秘")
    states.transmit(b"for Korea alone too", to="KOR", level="SECRET")
    made.settle()
    finish(made["KOR"], onward.id)
    made.settle()
    return made


def test_each_pair_of_three_agrees_and_no_node_answers_about_a_third(three: Exercise) -> None:
    alike(three)
    with three["USA"].node.store.reading() as reader:
        assert reader.followed("JPN", 9) and not reader.followed("KOR", 9)
    for one in three.players:
        for other in three.players:
            if one != other:
                assert found(three, one, other).discrepancies == []
                three.settle()
    for one, player in three.players.items():
        with player.node.store.reading() as reader:
            for peer in three.players:
                if peer == one:
                    continue
                expected = shared_entries(player, peer)
                assert {(kind, name) for _, kind, name, _ in reader.shared(peer)} <= {*expected}
                assert {position(*key) for key in expected} >= {place for place, _, _, _ in reader.shared(peer)}
    # What the United States and Korea share, Japan cannot ask for.
    with three["USA"].node.store.reading() as reader:
        theirs = {(kind, name) for _, kind, name, _ in reader.shared("KOR")}
        own = {(kind, name) for _, kind, name, _ in reader.shared("JPN")}
    secret = [position(kind, name).hex() for kind, name in theirs - own]
    assert secret
    nowhere = position(ITEM, "nowhere").hex()
    envelope = message(three["JPN"], "USA", "ask-ranges", {"entries": [*secret, nowhere]})
    answered = send(three, "JPN", "USA", envelope)
    assert answered["type"] == "ranges" and answered["body"] == {"entries": {}, "under_way": []}
    holds(three)


def test_what_was_passed_on_and_never_came_to_the_originator(three: Exercise) -> None:
    states, korea = three["USA"], three["KOR"]
    copy = next(c for c in korea.copies() if c.giver == "USA" and c.item in {i.item for i in three["JPN"].copies()})
    destroy(korea.node, copy.id, "shredded", by=(korea.by(Role.REGISTRY), korea.by(Role.SECURITY)))
    # The originator hears of it from who handed the item on.
    step(korea.node, "USA")
    forget(states, "DELETE FROM outgoing WHERE peer = 'JPN'")
    three.settle()
    (one,) = found(three, "JPN", "USA").discrepancies
    assert one.kind == "destroyed there and not here" and one.about == copy.item
    run(three, one.repair)
    assert found(three, "JPN", "USA").discrepancies == []
    assert found(three, "JPN", "KOR").discrepancies == []


# --- what is kept, and how it is checked ------------------------------------------------------------------------------


def check_of(player: Player) -> tuple[str, int]:
    (check,) = [one for one in audit(player.node) if one.name == "shared with peers"]
    return check.fault, check.counted


def test_what_is_kept_is_checked_against_register_and_log(both: Exercise) -> None:
    japan = both["JPN"]
    assert check_of(japan) == ("", 0), "nothing was compared yet"
    refresh(japan.node, "KOR")
    fault, counted = check_of(japan)
    assert fault == "" and counted >= 3
    for change, words in (
        ("UPDATE shared SET digest = zeroblob(32)", "is not what register and log say"),
        ("UPDATE shared SET subject = 'x'", "stands at another's position"),
        ("DELETE FROM shared", "has no entry, and is shared"),
        ("INSERT INTO shared_range VALUES ('KOR', '7', zeroblob(640))", "fingerprints are not those"),
    ):
        assert forget(japan, change)
        assert words in check_of(japan)[0], change
        forget(japan, "DELETE FROM shared"), forget(japan, "DELETE FROM shared_range")
        forget(japan, "DELETE FROM setting WHERE key LIKE 'compared/%'")
        refresh(japan.node, "KOR")
        assert check_of(japan) == ("", counted), "made anew it is the same"


def test_many_entries_are_kept_up_a_little_at_a_time(both: Exercise) -> None:
    japan, korea = both["JPN"], both["KOR"]
    refresh(japan.node, "KOR")
    refresh(korea.node, "JPN")
    japan.transmit_many([f"{number}".encode() for number in range(40)], to="KOR", level="極秘")
    both.settle()
    for party, player in both.players.items():
        refresh(player.node, OTHER[party])
        with player.node.store.reading() as reader:
            assert reader.parted(OTHER[party]), "parted by now"
    with japan.node.store.reading() as one, korea.node.store.reading() as other:
        assert fingerprint(one.ranges("KOR")) == fingerprint(other.ranges("JPN"))
    copy = japan.copies()[-1]
    finish(korea, copy.id)
    lose(korea)
    result = found(both, "JPN")
    assert {one.about for one in result.discrepancies} == {copy.item}
    assert result.rounds == 5, "digest, root, its parts, one end, one entry"
    both.settle()
    assert check_of(japan)[0] == "" and check_of(korea)[0] == ""


def test_a_register_that_moves_on_is_walked_anew(both: Exercise) -> None:
    (copy,) = [c for c in both["KOR"].copies() if c.state is CopyState.DELIVERED]
    finish(both["KOR"], copy.id)
    moved = False

    def meanwhile(direction: str, sender: str, envelope: Envelope) -> Envelope:
        nonlocal moved
        if (
            direction == "asked"
            and kind_of(envelope) == "ask-ranges"
            and reading(envelope)["body"].get("ranges")
            and not moved
        ):
            moved = True
            both["KOR"].transmit(b"new", to="JPN", level="군사II급비밀")
            handle(both["KOR"].node, "use", copy.id, "read", by=both["KOR"].by(Role.REGISTRY))
            refresh(both["KOR"].node, "JPN")
        return envelope

    both.wire.fault = meanwhile
    result = found(both, "JPN")
    assert moved and result.discrepancies == [] and result.under_way == [f"item {copy.item}"]


def test_what_a_peer_is_not_told_of_is_not_sent_to_it(three: Exercise) -> None:
    states = three["USA"]
    with states.node.store.reading() as reader:
        internal = next(act.id for act in reader.acts(types=["enter-person", "adopt-law"]))
        other = next(act.id for act in reader.acts(types=["transmit"]) if act.statement.party == "USA")
    for act in (internal, other):
        with pytest.raises(UsageError, match="nothing that `JPN` is told of"):
            send_again(states.node, act, "JPN")
    with pytest.raises(UsageError, match="no act `x` is here"):
        send_again(states.node, "x", "JPN")
    with pytest.raises(UsageError, match="not an enrolled peer"):
        send_again(states.node, internal, "FRA")
    with pytest.raises(UsageError, match="not an enrolled peer"):
        found(three, "USA", "FRA")


def test_a_peer_that_cannot_be_reached_changes_nothing(both: Exercise) -> None:
    def away(*_: object) -> bytes:
        raise PeerError("away")

    both.wire.digests = away
    with pytest.raises(PeerError, match="away"):
        found(both, "JPN")
    with both["JPN"].node.store.reading() as reader:
        assert list(reader.acts(types=["reconcile"])) == []
