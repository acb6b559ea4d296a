"""What goes by parcel is decided by both: as it leaves, on its way and as it arrives."""

from __future__ import annotations

from dataclasses import replace

from carrying import carry, exported, rounds, taken
from parcelling import LARGE, accepted
from stories import Stage, forget, holds, refusals, register, same_story, words_of

WITHHELD = "UPDATE credential SET kind = 'withheld' WHERE kind = 'accredit' AND party = '{}'"
GIVEN_BACK = "UPDATE credential SET kind = 'accredit' WHERE kind = 'withheld'"


def test_what_is_permitted_no_more_when_it_arrives_is_rejected(stage: Stage) -> None:
    both = stage()
    parcel = accepted(both, b"report", LARGE)
    assert forget(both["KOR"], WITHHELD.format("KOR")) == 1
    taken(both, "KOR", parcel)
    assert register(both["KOR"]) == {} and both["KOR"].node.blobs.names() == []
    assert "is some time ago, and now" in words_of(refusals(both["KOR"]))
    carry(both, "KOR", "JPN")
    assert {copy.state for copy, _ in register(both["JPN"]).values()} == {"rejected"}
    forget(both["KOR"], GIVEN_BACK)
    rounds(both)
    same_story(both)
    holds(both)


def test_what_is_permitted_no_more_when_it_leaves_stays(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    carry(both, "JPN", "KOR")
    carry(both, "KOR", "JPN")
    assert forget(both["JPN"], WITHHELD.format("JPN")) == 1
    made, parcel = exported(both, "JPN", "KOR")
    assert made is not None and made.delivered == 0
    assert register(both["JPN"])[sent.id][0].state == "refused"
    taken(both, "KOR", parcel)
    assert register(both["KOR"]) == {}
    forget(both["JPN"], GIVEN_BACK)
    rounds(both)
    holds(both)


def test_what_left_and_may_go_no_more_is_asked_about_and_stops(stage: Stage) -> None:
    both = stage()
    accepted(both, b"report")  # and lost
    assert forget(both["JPN"], WITHHELD.format("JPN")) == 1
    carry(both, "JPN", "KOR")
    assert {copy.state for copy, _ in register(both["JPN"]).values()} == {"dispatched"}
    carry(both, "KOR", "JPN")
    assert {copy.state for copy, _ in register(both["JPN"]).values()} == {"refused"}
    assert register(both["KOR"]) == {} and both["KOR"].node.blobs.names() == []
    forget(both["JPN"], GIVEN_BACK)
    rounds(both)
    holds(both)


def test_a_refusal_comes_back_by_parcel(stage: Stage) -> None:
    both = stage()
    both.with_limits("KOR", replace(both["KOR"].node.limits, max_item_bytes=100_000))
    sent = both["JPN"].transmit(LARGE, to="KOR", level="極秘")
    carry(both, "JPN", "KOR")
    carry(both, "KOR", "JPN")
    copy, _ = register(both["JPN"])[sent.id]
    assert copy.state == "refused" and "more than this node takes (100000)" in copy.reason
    rounds(both)
    holds(both)
