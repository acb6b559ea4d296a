"""Parcels: the whole exchange by files alone, and every way in which a file can be wrong."""

from __future__ import annotations

from datetime import timedelta

from carrying import carry, rounds
from stories import PRESENT, Stage, finish, holds, refusals, register, same_story

from gsomia.errors import PeerError
from gsomia.registry import CopyState
from gsomia.testing import Exercise


def cut(both: Exercise) -> None:
    """No wire between the nodes."""

    def fault(*_: object) -> None:
        raise PeerError("there is no wire")

    both.wire.fault = fault  # type: ignore[assignment]


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
