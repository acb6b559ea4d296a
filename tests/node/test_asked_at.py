"""Opening asked at another instant: with the roster, the clearance and the recall that the node had then."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from openings import held
from stories import MARKS, Stage, holds, official, refusals

from gsomia.errors import RefusedError, UsageError
from gsomia.node import Role, ask_open, mark, open_item, recall, receipt
from gsomia.registry import Rung
from gsomia.testing import Exercise, Player

DAY = timedelta(days=1)


def asked(player: Player, copy: str, at: datetime | None = None) -> tuple[str, str]:
    """The outcome for Kim, and the first clause against."""
    with player.node.store.reading() as reader:
        verdict = ask_open(player.node, reader, copy, "kim", at=at)[2]
    return verdict.outcome, next((g.text for g in verdict.grounds if g.effect == verdict.outcome == "refuse"), "")


def later(exercise: Exercise, days: int = 1) -> datetime:
    """Let days pass; the instant after them."""
    exercise.clock.at += days * DAY
    return exercise.clock.at


def test_opening_is_asked_with_what_the_node_had_at_the_instant(stage: Stage) -> None:
    both = stage()
    korea = both["KOR"]
    copy = held(both)
    entered = both.clock.at
    before, removed = entered + DAY / 2, later(both)
    both.enter(replace(official("kim"), rosters=()), "KOR")
    recalled = later(both)
    recall(both["JPN"].node, copy.id, "EXERCISE", by=both["JPN"].by(Role.DISCLOSURE))
    both.settle()
    later(both)
    both.enter(official("kim"), "KOR")
    assert asked(korea, copy.id, before) == ("permit", "")
    assert (
        asked(korea, copy.id, removed)[0] == "refuse"
        and "not on the facility's register" in asked(korea, copy.id, removed)[1]
    )
    assert asked(korea, copy.id, recalled)[1] == "recalled by JPN" == asked(korea, copy.id)[1]
    with korea.node.store.reading() as reader:
        for at, says in ((entered - DAY, "came at"), (entered - 999 * DAY, "came at")):
            with pytest.raises(UsageError, match=says):
                ask_open(korea.node, reader, copy.id, "kim", at=at)


def test_nobody_is_known_before_being_entered(stage: Stage) -> None:
    both = stage()
    copy = held(both)
    arrived = both.clock.at
    later(both)
    both.enter(replace(official("kim"), id="late"), "KOR")
    with both["KOR"].node.store.reading() as reader, pytest.raises(UsageError, match="unknown person `late` at 2018"):
        ask_open(both["KOR"].node, reader, copy.id, "late", at=arrived)


def test_what_the_nodes_own_rules_refuse_is_kept(stage: Stage) -> None:
    both = stage()
    korea = both["KOR"]
    both.enter(official("kim"), "KOR")
    copy = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    by = korea.by(Role.REGISTRY)
    with pytest.raises(RefusedError, match="not been marked"):
        open_item(korea.node, copy.id, "kim", io.BytesIO())
    with pytest.raises(RefusedError, match="not been marked"):
        receipt(korea.node, copy.id, by=by)
    mark(korea.node, copy.id, MARKS["KOR"], by=by)
    receipt(korea.node, copy.id, by=by)
    with pytest.raises(RefusedError, match="was receipted by act"):
        receipt(korea.node, copy.id, by=by)
    with pytest.raises(RefusedError, match="was receipted by act"):
        mark(korea.node, copy.id, MARKS["KOR"], by=by)
    kept = [(entry.what.split()[0], entry.detail["grounds"][0]["clause"]) for entry in refusals(korea)]
    assert kept == [("open", "not-marked"), ("receipt", "not-marked"), ("receipt", "receipted"), ("mark", "receipted")]
    both.settle()
    holds(both)


def test_rungs_stand_in_the_order_of_evidence(stage: Stage) -> None:
    both = stage()
    both.enter(official("kim"), "KOR")
    copy = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    mark(both["KOR"].node, copy.id, MARKS["KOR"], by=both["KOR"].by(Role.REGISTRY))
    open_item(both["KOR"].node, copy.id, "kim", io.BytesIO())
    receipt(both["KOR"].node, copy.id, by=both["KOR"].by(Role.REGISTRY))
    both.settle()
    for party in ("JPN", "KOR"):
        with both[party].node.store.reading() as reader:
            (listed,) = reader.copies()
            one = reader.copy(copy.id)
        reached = [entry.rung for entry in listed.rungs]
        assert reached == list(Rung) and one is not None and one.rungs == listed.rungs
