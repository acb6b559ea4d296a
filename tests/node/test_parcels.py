"""Parcels: the whole exchange by files alone, and every way in which a file can be wrong."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from carrying import carry, exported, rounds, taken
from lying import kind_of
from openings import rotated
from stories import PRESENT, Stage, finish, holds, official, refusals, register, same_story

from gsomia.errors import PeerError, PendingError
from gsomia.keys import Envelope
from gsomia.node import NewKeys, Role, open_item, recall, recalls, release, replace_node_keys, share
from gsomia.registry import CopyState, Custody
from gsomia.testing import Exercise


def cut(both: Exercise, only: str = "") -> None:
    """No wire between the nodes, or none for one kind of message."""

    def fault(_direction: str, _sender: str, envelope: Envelope) -> Envelope:
        if only in ("", kind_of(envelope)):
            raise PeerError("there is no wire")
        return envelope

    both.wire.fault = fault


def test_an_exchange_by_parcels_alone(stage: Stage) -> None:
    both = stage()
    cut(both)
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    first = carry(both, "JPN", "KOR")
    assert first is not None and first.number == 1 and first.refused == ()
    assert register(both["KOR"]) == {}
    both.pass_time(timedelta(days=3))
    carry(both, "KOR", "JPN")
    assert register(both["JPN"])[sent.id][0].state is CopyState.AUTHORISED
    both.pass_time(timedelta(days=3))
    carry(both, "JPN", "KOR")
    assert register(both["KOR"])[sent.id][0].state in PRESENT
    finish(both["KOR"], sent.id)
    both.pass_time(timedelta(days=3))
    carry(both, "KOR", "JPN")
    assert register(both["JPN"])[sent.id][0].state is CopyState.RECEIPTED
    rounds(both)
    same_story(both)
    holds(both)
    for player in both.players.values():
        assert refusals(player) == []
        with player.node.store.reading() as reader:
            assert reader.outgoing() == []


def test_one_direction_alone_carries_what_needs_no_answer(stage: Stage) -> None:
    """A diode from Japan to Korea: what was accepted by wire before, acts and checkpoints go, again and again."""
    both = stage()
    sent = [both["JPN"].transmit(document, to="KOR", level="極秘") for document in (b"one", bytes(400_000))]
    both.settle()
    for copy in sent:
        finish(both["KOR"], copy.id)
    both["JPN"].transmit(b"three", to="KOR", level="極秘")
    cut(both, only="deliver")
    both.settle(tolerate=True)  # accepted, and then the wire is gone
    recall(both["JPN"].node, sent[0].item, "an error in it", by=both["JPN"].by(Role.DISCLOSURE))
    for _ in range(3):
        came = carry(both, "JPN", "KOR")
        assert came is not None and came.refused == ()
    assert len(register(both["KOR"])) == 3
    assert all(copy.state in PRESENT for copy, _ in register(both["KOR"]).values())
    with both["KOR"].node.store.reading() as reader:
        assert recalls(reader)[sent[0].item].by == "JPN"
    made, _ = exported(both, "JPN", "KOR", new_only=True)
    assert made is not None and (made.offered, made.delivered, made.acts) == (0, 0, 0)
    holds(both)
    both.wire.fault = None
    both.settle()
    same_story(both)
    holds(both)


def test_what_is_said_of_an_item_waits_for_the_item(stage: Stage) -> None:
    both = stage()
    first = both["JPN"].transmit(b"one", to="KOR", level="極秘")
    rounds(both)
    second = both["JPN"].transmit(b"two", to="KOR", level="極秘")
    third = both["JPN"].transmit(b"three", to="KOR", level="極秘")
    carry(both, "JPN", "KOR")
    carry(both, "KOR", "JPN")
    exported(both, "JPN", "KOR")  # dispatched, and lost
    fourth = both["JPN"].transmit(b"four", to="KOR", level="極秘")
    for copy in (first, second):
        recall(both["JPN"].node, copy.item, "an error in it", by=both["JPN"].by(Role.DISCLOSURE))
    made, parcel = exported(both, "JPN", "KOR")
    assert made is not None and (made.offered, made.delivered, made.acts) == (1, 1, 2)
    assert taken(both, "KOR", parcel).refused == ()
    rounds(both)
    assert {first.id, third.id, fourth.id} <= {*register(both["KOR"])}
    assert all("recalled by" in refused.why for refused in refusals(both["KOR"]))
    same_story(both)
    holds(both)


def test_acts_wait_behind_an_offer_of_the_same_item(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    cut(three)
    first = three["JPN"].transmit(b"one", to="KOR", level="極秘")
    with three["JPN"].node.store.writing() as tx:
        (act,) = tx.acts(types=["transmit"], item=first.item)
        tx.put_outgoing("KOR", "act", act.id, three.clock.at)
    made, parcel = exported(three, "JPN", "KOR")
    assert made is not None and (made.offered, made.acts, made.left) == (1, 0, 1)
    taken(three, "KOR", parcel)
    carry(three, "KOR", "JPN")
    made, _ = exported(three, "JPN", "KOR")
    assert made is not None and (made.delivered, made.acts, made.left) == (1, 1, 0)


def test_many_documents_go_in_few_parcels(stage: Stage) -> None:
    both = stage()
    cut(both)
    both["JPN"].transmit_many([b"document %d" % number for number in range(70)], to="KOR", level="極秘")
    count = rounds(both)
    assert count <= 8 and len(register(both["KOR"])) == 70
    same_story(both)
    holds(both)


def test_through_a_hub_by_parcels_alone(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA", at="2015-06-01T12:00:00+09:00")
    cut(three)
    first = three["KOR"].transmit(b"test", to="JPN", via=("USA",), level="군사II급비밀")
    rounds(three)
    finish(three["USA"], first.id)
    second = release(three["USA"].node, first.id, "JPN", by=three["USA"].by(Role.DISCLOSURE))
    rounds(three)
    finish(three["JPN"], second.id)
    rounds(three)
    states = {copy.id: copy.state for copy, _ in register(three["KOR"]).values()}
    assert states == {first.id: CopyState.RECEIPTED, second.id: CopyState.RECEIPTED}
    same_story(three)
    holds(three)


def test_a_nodes_keys_are_replaced_by_parcel(stage: Stage) -> None:
    both = stage()
    cut(both)
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    new = NewKeys.generate()
    replace_node_keys(both["JPN"].node, new, lambda _: None, by=both["JPN"].by(Role.SECURITY))
    rounds(both)
    assert register(both["KOR"])[sent.id][0].state in PRESENT
    with both["KOR"].node.store.reading() as reader:
        assert reader.peers()["JPN"].signing == new.signing.public
    same_story(both)
    assert refusals(both["KOR"]) == []


def test_a_nodes_keys_are_replaced_again_before_the_answer_to_the_first_came_by_parcel(stage: Stage) -> None:
    both = stage()
    cut(both)
    rotated(both, "JPN")
    taken(both, "KOR", exported(both, "JPN", "KOR")[1])
    rotated(both, "JPN")
    carry(both, "KOR", "JPN")
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    rounds(both)
    with both["KOR"].node.store.reading() as reader:
        assert reader.peers()["JPN"].signing == both["JPN"].node.keys.signing.public
    assert register(both["KOR"])[sent.id][0].state in PRESENT
    same_story(both)
    assert refusals(both["KOR"]) == []


def test_both_ways_at_once_and_a_wire_that_comes_back(stage: Stage) -> None:
    both = stage()
    cut(both)
    one = both["JPN"].transmit(b"one", to="KOR", level="極秘")
    two = both["KOR"].transmit(b"two", to="JPN", level="군사II급비밀")
    crossing = [(way, exported(both, *way)[1]) for way in (("JPN", "KOR"), ("KOR", "JPN"))]
    for way, parcel in crossing:
        taken(both, way[1], parcel)
    both.wire.fault = None
    both.settle()
    for copy in (one, two):
        assert {register(both[party])[copy.id][0].state for party in ("JPN", "KOR")} == {CopyState.DELIVERED}
    rounds(both)
    same_story(both)
    holds(both)
    assert refusals(both["JPN"]) == refusals(both["KOR"]) == []


def test_an_item_in_its_originators_custody_travels_and_is_opened_by_wire_alone(stage: Stage) -> None:
    both = stage()
    both.enter(official("kim"), "KOR")
    cut(both)
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘", custody=Custody.ORIGINATOR)
    rounds(both)
    with pytest.raises(PendingError, match="there is no wire"):
        finish(both["KOR"], sent.id, "kim")
    rounds(both)
    assert register(both["JPN"])[sent.id][0].state is CopyState.RECEIPTED
    both.wire.fault = None
    sink = io.BytesIO()
    open_item(both["KOR"].node, sent.id, "kim", sink)
    assert sink.getvalue() == b"report"
    both.settle()
    same_story(both)
    holds(both)


def test_shares_travel_by_parcel(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    cut(three)
    by = three["JPN"].by(Role.DISCLOSURE)
    sending = three["JPN"].sending(level="極秘", to="")
    copies = share(three["JPN"].node, io.BytesIO(b"report"), sending, ("JPN", "KOR", "USA"), by=by)
    rounds(three)
    for copy in copies:
        assert register(three[copy.holder])[copy.id][0].state in PRESENT
    same_story(three)
    holds(three)
