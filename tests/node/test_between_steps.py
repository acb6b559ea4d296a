"""What changes between the steps of an exchange: clocks, expiries, lost answers, another's word for what is whose."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from lying import message
from stories import Stage, finish, forget, holds, refusals, register, same_story, words_of

from gsomia.errors import PeerError
from gsomia.node import Limits, step
from gsomia.registry import CopyState
from gsomia.testing import Exercise


def stop_before_delivery(both: Exercise, cut: str = "deliver") -> None:
    """Cuts the wire so that a copy was accepted and dispatched, and its content has not left."""

    def fault(_direction: str, _party: str, envelope: Any) -> Any:
        if json.loads(envelope.payload)["type"] == cut:
            raise PeerError("cut")
        return envelope

    both.wire.fault = fault
    both.settle(tolerate=True)
    both.wire.fault = None


WITHHELD = "UPDATE credential SET kind = 'withheld' WHERE kind = 'accredit' AND party = '{}'"
GIVEN_BACK = "UPDATE credential SET kind = 'accredit' WHERE kind = 'withheld'"
"""A fact withheld from a decision, and given back before the register is verified."""


def test_an_expired_acceptance_is_decided_again_and_stands_where_the_answer_is_the_same(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    stop_before_delivery(both)
    both.pass_time(timedelta(days=3))
    both.settle()
    assert register(both["KOR"])[sent.id][0].state is CopyState.DELIVERED
    same_story(both)


def test_an_expired_acceptance_is_decided_again_and_falls_where_the_answer_is_another(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    stop_before_delivery(both)
    assert forget(both["KOR"], WITHHELD.format("KOR")) == 1
    both.pass_time(timedelta(seconds=61))
    both.settle()
    assert register(both["KOR"]) == {} and "has expired, and now" in words_of(refusals(both["KOR"]))
    assert register(both["JPN"])[sent.id][0].state is CopyState.REJECTED
    same_story(both)
    forget(both["KOR"], GIVEN_BACK)
    holds(both)


def test_an_upload_that_takes_longer_than_the_acceptance_is_still_taken(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(bytes(2**20), to="KOR", level="極秘")

    def slow(_sender: str, _copy: str, chunks: Any) -> Any:
        yield from chunks
        both.pass_time(timedelta(minutes=10))

    both.wire.uploads = slow
    both.settle()
    assert register(both["KOR"])[sent.id][0].state is CopyState.DELIVERED
    same_story(both)
    holds(both)


def test_what_arrived_is_not_called_refused_by_a_giver_who_heard_nothing(stage: Stage) -> None:
    """The answer is lost; then the giver's node finds the agreement no longer in force for it."""
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    stop_before_delivery(both, cut="delivered")
    assert register(both["KOR"])[sent.id][0].state is CopyState.DELIVERED
    assert forget(both["JPN"], WITHHELD.format("JPN")) == 1
    both.settle()
    assert register(both["JPN"])[sent.id][0].state is CopyState.DELIVERED
    same_story(both)


def test_what_did_not_arrive_and_is_permitted_no_more_stops(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    stop_before_delivery(both)
    forget(both["JPN"], WITHHELD.format("JPN"))
    both.settle()
    assert register(both["JPN"])[sent.id][0].state is CopyState.REFUSED
    assert register(both["KOR"]) == {} and both["KOR"].node.blobs.names() == []
    same_story(both)
    forget(both["JPN"], GIVEN_BACK)
    holds(both)


def test_a_receipt_is_understood_by_a_giver_whose_answer_was_lost(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    stop_before_delivery(both, cut="delivered")
    finish(both["KOR"], sent.id)
    assert step(both["KOR"].node, "JPN")
    assert refusals(both["JPN"]) == []
    assert register(both["JPN"])[sent.id][0].state is CopyState.RECEIPTED
    both.settle()
    same_story(both)
    holds(both)


def test_a_rejection_stands_when_its_answer_was_lost(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    lies = 1

    def fault(_direction: str, party: str, envelope: Any) -> Any:
        nonlocal lies
        value = json.loads(envelope.payload)
        if party == "JPN" and value["type"] == "deliver" and lies:
            lies -= 1
            value["body"]["deliveries"][0]["plaintext_bytes"] = 7
            return message(both["JPN"], "KOR", "deliver", value["body"], id=value["id"])
        if value["type"] == "delivered" and not lies:
            lies = -1
            raise PeerError("cut")
        return envelope

    both.wire.fault = fault
    both.settle(tolerate=True)
    both.settle()
    copy, _ = register(both["JPN"])[sent.id]
    assert copy.state is CopyState.REJECTED and "size or type" in copy.reason
    with both["KOR"].node.store.reading() as reader:
        assert len(list(reader.acts(types=["rejected"]))) == 1
    same_story(both)
    holds(both)


def test_a_small_node_says_how_much_it_takes(stage: Stage) -> None:
    both = stage()
    both.with_limits("KOR", Limits(max_item_bytes=100_000, retry=timedelta()))
    sent = both["JPN"].transmit(bytes(200_000), to="KOR", level="極秘")
    both.settle()
    assert "more than this node takes (100000)" in register(both["JPN"])[sent.id][0].reason
