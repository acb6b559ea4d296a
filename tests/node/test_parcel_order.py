"""Parcels that come twice, late, in another order or by another clock, or that are lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from carrying import carry, exported, rounds, taken
from parcelling import LARGE, accepted, finished, state
from stories import PRESENT, Stage, holds, refusals, register, same_story

from gsomia.errors import MessageError

# --- order ---------------------------------------------------------


def test_the_same_parcel_again_changes_nothing(stage: Stage) -> None:
    both = stage()
    parcel = accepted(both, b"report", LARGE)
    assert not taken(both, "KOR", parcel).again
    before = state(both, "KOR")
    again = taken(both, "KOR", parcel)
    assert again.again and again.number == 2
    assert state(both, "KOR") == before and refusals(both["KOR"]) == []
    finished(both, 2)


def test_an_older_parcel_is_refused_and_nothing_is_lost(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"one", to="KOR", level="極秘")
    _, first = exported(both, "JPN", "KOR")
    both["JPN"].transmit(b"two", to="KOR", level="極秘")
    _, second = exported(both, "JPN", "KOR")
    came = taken(both, "KOR", second)
    assert came.missing == 1 and came.messages["offers"] == 1
    before = state(both, "KOR")
    with pytest.raises(MessageError, match="parcel 1 of `JPN` is older than parcel 2"):
        taken(both, "KOR", first)
    assert state(both, "KOR") == before
    finished(both, 2)


def test_doubled_parcels_deliver_once(stage: Stage) -> None:
    """Everything is carried twice, there and back, by two parcels each."""
    both = stage()
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both["JPN"].transmit(LARGE, to="KOR", level="極秘")
    for _ in range(3):
        for way in (("JPN", "KOR"), ("KOR", "JPN")):
            parcels = [exported(both, *way)[1] for _ in range(2)]
            for parcel in parcels:
                if parcel:
                    assert taken(both, way[1], parcel).refused == ()
    finished(both, 2)
    assert refusals(both["KOR"]) == refusals(both["JPN"]) == []


def test_any_parcel_may_be_lost(stage: Stage) -> None:
    """Of every two parcels one is lost, each time the other; all comes through."""
    both = stage()
    for document in (b"one", LARGE):
        both["JPN"].transmit(document, to="KOR", level="極秘")
    both["KOR"].transmit(b"three", to="JPN", level="군사II급비밀")
    for number in range(12):
        way = ("JPN", "KOR") if number % 2 else ("KOR", "JPN")
        made, parcel = exported(both, *way)
        if made is not None and number % 3:
            taken(both, way[1], parcel)
    rounds(both)
    assert len(register(both["KOR"])) == len(register(both["JPN"])) == 3
    assert all(copy.state in PRESENT for copy, _ in register(both["KOR"]).values())
    same_story(both)
    holds(both)


def test_new_leaves_out_what_went_before(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"one", to="KOR", level="極秘")
    first, _ = exported(both, "JPN", "KOR", new_only=True)
    again, parcel = exported(both, "JPN", "KOR", new_only=True)
    assert first is not None and again is not None and (first.offered, again.offered) == (1, 0)
    both["JPN"].transmit(b"two", to="KOR", level="極秘")
    made, parcel = exported(both, "JPN", "KOR", new_only=True)
    assert made is not None and made.offered == 1
    taken(both, "KOR", parcel)
    carry(both, "KOR", "JPN")
    # One was accepted, which is new; of the other nothing is known.
    made, parcel = exported(both, "JPN", "KOR", new_only=True)
    assert made is not None and (made.offered, made.delivered) == (0, 1)
    made, parcel = exported(both, "JPN", "KOR")
    assert made is not None and (made.offered, made.delivered) == (1, 1)
    taken(both, "KOR", parcel)
    finished(both, 2)


# --- clocks --------------------------------------------------------


def test_a_parcel_from_the_future_or_from_long_ago_is_refused(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    _, parcel = exported(both, "JPN", "KOR")
    both.pass_time(timedelta(seconds=-61))
    with pytest.raises(MessageError, match="the clock of `JPN` was 61 s ahead"):
        taken(both, "KOR", parcel)
    both.pass_time(timedelta(days=30, seconds=121))
    with pytest.raises(MessageError, match="made 30 days ago; at most 30 are allowed"):
        taken(both, "KOR", parcel)
    both.pass_time(timedelta(seconds=-60))
    assert taken(both, "KOR", parcel).messages["offers"] == 1


def test_a_clock_that_is_behind_shows_by_what_it_answers(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    carry(both, "JPN", "KOR")
    both.pass_time(timedelta(hours=-2))
    _, parcel = exported(both, "KOR", "JPN")
    both.pass_time(timedelta(hours=2))
    with pytest.raises(MessageError, match="the clock of `KOR` is at least 7200 s behind"):
        taken(both, "JPN", parcel)


def test_an_acceptance_lasts_for_a_courier_and_no_longer(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"report", to="KOR", level="極秘")
    carry(both, "JPN", "KOR")
    carry(both, "KOR", "JPN")
    both.pass_time(timedelta(days=30, seconds=1))
    made, _ = exported(both, "JPN", "KOR")
    assert made is not None and (made.offered, made.delivered) == (1, 0)
    finished(both, 1)
