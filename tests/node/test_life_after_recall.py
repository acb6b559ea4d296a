"""A whole life: regraded, followed, recalled, given back; and every order of it leaves both registers alike."""

from __future__ import annotations

import random

import pytest
from regrades import followed, notified
from regrades import states as level_states
from stories import Stage, finish, holds, official, register, same_story
from test_bundle import bundle_of, checked, failing
from test_recall_answers import answered, asked, burnt, given_back, standing
from test_recall_answers import states as asked_back_states

from gsomia.errors import PeerError, RefusedError, UsageError
from gsomia.keys import Envelope
from gsomia.node import WHAT_WAS_MADE
from gsomia.registry import Copy, CopyState
from gsomia.testing import Exercise


@pytest.fixture
def both(stage: Stage) -> Exercise:
    """Japan and Korea."""
    return stage()


def test_a_bundle_tells_the_whole_of_it(both: Exercise) -> None:
    japan, korea = both["JPN"], both["KOR"]
    copy = japan.transmit(b"report", to="KOR", level="極秘")
    both.settle()
    finish(korea, copy.id)
    notified(japan, copy.id, "秘")
    both.settle()
    followed(korea, copy.id)
    asked(japan, copy)
    both.settle()
    given_back(korea, copy)
    answered(korea, copy.id, "returned")
    both.settle()
    assert register(japan)[copy.id][0].state is CopyState.RETURNED
    for party in ("JPN", "KOR"):
        checks = checked(both, bundle_of(both[party], copy.id), party)
        assert failing(checks) == [], [check.fault for check in checks]
    shown = {check.name: check.remark for check in checked(both, bundle_of(korea, copy.id), "KOR")}
    assert "`KOR` returned the item by acts of its officers" in shown["seal"]


@pytest.mark.parametrize("seed", range(2, 5))
def test_whatever_the_order_both_registers_say_the_same(both: Exercise, seed: int) -> None:
    chance = random.Random(seed)
    japan, korea = both["JPN"], both["KOR"]
    both.enter(official("kim"), "KOR")
    copies = [japan.transmit(b"report %d" % number, to="KOR", level="極秘") for number in range(2)]
    both.settle()
    for copy in copies:
        finish(korea, copy.id)
    both.settle()

    def step(copy: Copy) -> None:
        moves = (
            lambda: notified(japan, copy.id, chance.choice(("秘", "極秘", "特定秘密"))),
            lambda: followed(korea, copy.id, certified=(WHAT_WAS_MADE,)),
            lambda: asked(japan, copy, days=2),
            lambda: answered(korea, copy.id, chance.choice(("returned", "destroyed", "cannot")), "why"),
            lambda: burnt(korea, copy),
            lambda: given_back(korea, copy),
        )
        try:
            chance.choice(moves)()
        except (RefusedError, UsageError):
            return

    def cut(_direction: str, _sender: str, envelope: Envelope) -> Envelope:
        if chance.random() < 0.5:
            raise PeerError("cut")
        return envelope

    for _ in range(25):
        step(chance.choice(copies))
        both.pass_time(both.clock.at.resolution * chance.randrange(10**6, 10**11))
        if chance.random() < 0.4:
            both.wire.fault = cut if chance.random() < 0.5 else None
            both.settle(tolerate=True)
    both.wire.fault = None
    both.settle()
    for states in (asked_back_states, level_states):
        assert states(japan) == states(korea)
    answers = [[one.answer.id for one in standing(player) if one.answer is not None] for player in (japan, korea)]
    assert answers[0] == answers[1]
    same_story(both)
    holds(both)
