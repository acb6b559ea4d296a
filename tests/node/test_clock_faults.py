"""A clock that is wrong for long: the peer is asked less and less often, no flood is counted, and all goes on after."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from stories import Stage, refusals, survived

from gsomia.app import Home
from gsomia.cli.address.following import outcome
from gsomia.errors import PeerError, UsageError
from gsomia.keys import Envelope
from gsomia.node import FLOOD, Limits, PeerLink, ask_witness, instant, step, try_now
from gsomia.testing import Exercise, SetClock

OFF = timedelta(hours=2)
MOST = 20


@dataclass
class Counted:
    """The way to a peer, on which every message is counted."""

    link: PeerLink
    count: Counter[str] = field(default_factory=Counter)

    def to(self, party: str) -> PeerLink:
        """The way to the only peer there is."""
        return cast(PeerLink, self)

    def exchange(self, envelope: Envelope) -> Envelope:
        self.count["messages"] += 1
        return self.link.exchange(envelope)

    def __getattr__(self, name: str) -> object:
        return getattr(self.link, name)


def started_apart(stage: Stage) -> tuple[Exercise, SetClock, dict[str, Counted]]:
    """Two nodes that have just started, Korea's with another clock; what each has said is counted."""
    both = stage()
    wrong = SetClock(both.clock.at + OFF)
    ways: dict[str, Counted] = {}
    for party, other in (("JPN", "KOR"), ("KOR", "JPN")):
        player = both[party]
        ways[party] = way = Counted(player.node.link(other))
        clock = wrong if party == "KOR" else player.node.clock
        node = replace(player.node, limits=Limits(), clock=clock, link=way.to)
        node.unasked.add([other], clock.machine())
        both.players[party] = replace(player, node=node)
    return both, wrong, ways


def pass_seconds(both: Exercise, wrong: SetClock, seconds: int) -> None:
    """Both nodes at work, second by second, as their threads are."""
    for _ in range(seconds):
        for party, other in (("JPN", "KOR"), ("KOR", "JPN")):
            try:
                step(both[party].node, other)
                ask_witness(both[party].node, other)
            except PeerError:
                pass
        both.clock.at += timedelta(seconds=1)
        wrong.at += timedelta(seconds=1)


def test_a_peer_whose_clock_is_off_is_asked_less_and_less_often(stage: Stage) -> None:
    both, wrong, ways = started_apart(stage)
    pass_seconds(both, wrong, 120)
    for party, way in ways.items():
        # At 0, 1, 3, 7, 15, 31 and 63 s; the logs whose heads are due have waits of their own.
        assert way.count["messages"] <= 16, f"{party} asked {way.count['messages']} times in two minutes"


def test_after_a_long_fault_of_the_clock_an_item_moves_at_once(stage: Stage) -> None:
    """What a wrong clock alone made fail is no flood, however often it was tried."""
    both, wrong, _ = started_apart(stage)
    both.with_limits("KOR", Limits(refusals=MOST))
    for _ in range(MOST + 5):
        both["JPN"].node.unasked.put_off("KOR", both.clock.at)
        try:
            ask_witness(both["JPN"].node, "KOR")
        except PeerError:
            continue
        raise AssertionError("Korea's node answered while its clock was wrong")
    kept = refusals(both["KOR"])
    assert not [one for one in kept if one.what == FLOOD]
    (told,) = [one for one in kept if one.source == "JPN"]
    assert f"{OFF.total_seconds():.0f} s apart" in told.why
    assert told.detail["count"] >= MOST + 5
    wrong.at = both.clock.at
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    assert len(both["KOR"].copies()) == 1
    survived(both, told={"KOR": "JPN: clock: .* s apart"})


def test_what_waits_behind_an_old_failure_says_so_and_is_tried_when_told(stage: Stage) -> None:
    """The clocks are right again, the first entry's next try is minutes off: the second says what it waits for."""
    both, wrong, _ = started_apart(stage)
    jpn = both["JPN"]
    first = jpn.transmit(b"first", to="KOR", level="極秘")
    for _ in range(9):
        with suppress(PeerError):
            step(jpn.node, "KOR")
        both.pass_time(timedelta(minutes=5))
        wrong.at += timedelta(minutes=5)
    with suppress(PeerError):
        step(jpn.node, "KOR")
    wrong.at = both.clock.at
    copy = jpn.transmit(b"second", to="KOR", level="極秘")
    both.settle()
    assert not both["KOR"].copies(), "order is kept"
    home = SimpleNamespace(wired=lambda: ["KOR"], node=jpn.node)
    waits = outcome(cast(Home, home), copy)
    assert waits is not None and "gsomia outbox --now KOR" in waits.hint
    again = instant(both.clock.at + Limits().retry_limit)
    begun = instant(first.at)
    assert f"behind {first.control_number}, waiting since {begun}, tried 10 times" in str(waits)
    assert f"s apart; nothing new moves; next try {again}" in str(waits)
    with pytest.raises(UsageError, match="`USA` is not an enrolled peer"):
        try_now(jpn.node, "USA")
    assert try_now(jpn.node, "KOR") == 2
    both.settle()
    assert len(both["KOR"].copies()) == 2
    survived(both, told={"KOR": "JPN: clock: .* s apart"})
