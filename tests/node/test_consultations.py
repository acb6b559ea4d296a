"""Consultations of two and three Parties: turns, versions, crossing edits, signatures, the end."""

from __future__ import annotations

import pytest
from consulting import opened
from stories import Stage, holds, same_story

from gsomia.node import close_consultation


@pytest.mark.parametrize("parties", [("JPN", "KOR"), ("JPN", "KOR", "USA")])
def test_positions_in_turn_then_drafts_then_a_text_signed_by_all(stage: Stage, parties: tuple[str, ...]) -> None:
    exercise = stage(*parties)
    talk = opened(exercise)
    for party in parties:
        assert {talk.at(one).turn for one in parties} == {party}
        talk.position(party, f"the position of {party}")
    assert talk.at("KOR").turn == "JPN"
    talk.draft("JPN", "one")
    assert talk.at("KOR").drafters == parties[1:]
    talk.draft("KOR", "two")
    for party in parties:
        assert talk.at(party).joint is None
        talk.sign(party, "2")
        exercise.settle()
    for party in parties:
        standing = talk.at(party)
        assert standing.joint is not None and standing.version(standing.joint) == "2"
        assert standing.drafters == ()
        close_consultation(exercise[party].node, talk.id, by=talk.by(party))
        exercise.settle()
    assert all(talk.at(party).closed for party in parties)
    talk.alike()
    same_story(exercise)
    holds(exercise)
