"""A peer that floods: what is kept of it has a bound, people are told once, and the others go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from lying import message, send
from stories import PRESENT, Stage, refusals, register, survived

from gsomia.errors import PeerError
from gsomia.node import FLOOD, Refused, keep_denied, step
from gsomia.node.node import refused
from gsomia.testing import Exercise

MOST = 20


def flooded(stage: Stage) -> Exercise:
    """Three nodes, of which Korea's keeps few refusals."""
    three = stage("JPN", "KOR", "USA")
    three.with_limits("KOR", replace(three["KOR"].node.limits, refusals=MOST))
    return three


def flood(three: Exercise, count: int) -> None:
    """Japan's node says nonsense, each time anew."""
    for _ in range(count):
        said = send(three, "JPN", "KOR", message(three["JPN"], "KOR", "acts", {"acts": 7}))
        assert said["type"] == "refusal"


def test_a_flood_is_kept_within_a_bound_and_told_once(stage: Stage) -> None:
    three = flooded(stage)
    flood(three, 3 * MOST)
    kept = refusals(three["KOR"])
    assert len(kept) == MOST + 1
    (told,) = [entry for entry in kept if entry.what == FLOOD]
    assert told.source == "JPN" and dict(told.detail) == {"count": 2 * MOST}
    assert f"more than {MOST} things of `JPN` were refused within an hour" in told.why
    survived(three, told={"KOR": f"more than {MOST} things of `JPN` were refused within an hour"})


def test_other_peers_go_on_and_the_flooder_again_after_its_hour(stage: Stage) -> None:
    three = flooded(stage)
    flood(three, MOST)
    theirs = three["USA"].transmit(b"report", to="KOR", level="SECRET")
    ours = three["KOR"].transmit(b"answer", to="JPN", level="군사II급비밀")
    sent = three["JPN"].transmit(b"report", to="KOR", level="極秘")
    assert step(three["USA"].node, "KOR") and step(three["KOR"].node, "JPN")
    for copy, party in ((theirs, "KOR"), (ours, "JPN")):
        assert register(three[party])[copy.id][0].state in PRESENT
    for minutes in (0, 59):
        three.pass_time(timedelta(minutes=minutes))
        with pytest.raises(PeerError, match="were refused within an hour; this waits for its end"):
            step(three["JPN"].node, "KOR")
    three.pass_time(timedelta(minutes=2))
    three.settle()
    assert register(three["KOR"])[sent.id][0].state in PRESENT
    survived(three, told={"KOR": "JPN: message: "})


def test_an_offer_of_a_flooder_makes_no_act(stage: Stage) -> None:
    three = flooded(stage)
    flood(three, MOST)
    three["JPN"].transmit(b"report", to="KOR", level="極秘")
    with three["KOR"].node.store.reading() as reader:
        before = [act.id for act in reader.acts()]
    for _ in range(5):
        with pytest.raises(PeerError, match="this waits for its end"):
            three.settle()
    with three["KOR"].node.store.reading() as reader:
        assert [act.id for act in reader.acts()] == before
    survived(three, told={"KOR": f"more than {MOST} things of `JPN`"})
    three.pass_time(timedelta(hours=1, seconds=1))
    three.settle()
    assert len(three["KOR"].copies()) == 1
    survived(three, told={"KOR": f"more than {MOST} things of `JPN`"})


def test_hour_after_hour_the_newest_are_kept_and_no_more(stage: Stage) -> None:
    three = flooded(stage)
    for _ in range(14):
        flood(three, MOST + 2)
        three.pass_time(timedelta(minutes=61))
    kept = refusals(three["KOR"])
    assert 10 * MOST <= len(kept) <= 11 * MOST + 14
    assert kept[-1].at > kept[0].at + timedelta(hours=9)
    survived(three, told={"KOR": f"more than {MOST} things of `JPN`"})


def test_messages_seen_are_forgotten_when_their_time_is_over(stage: Stage) -> None:
    three = flooded(stage)
    first = message(three["JPN"], "KOR", "acts", {"acts": []})
    assert send(three, "JPN", "KOR", first)["type"] == "recorded"
    for _ in range(20):
        send(three, "JPN", "KOR", message(three["JPN"], "KOR", "acts", {"acts": []}))
    assert "a replay" in send(three, "JPN", "KOR", first)["body"]["why"]
    three.pass_time(timedelta(seconds=121))
    assert "s apart" in send(three, "JPN", "KOR", first)["body"]["why"]
    send(three, "JPN", "KOR", message(three["JPN"], "KOR", "acts", {"acts": []}))
    with three["KOR"].node.store.reading() as reader:
        assert len(list(reader.rows("seen").rows)) == 1
    three["JPN"].transmit(b"report", to="KOR", level="極秘")
    three.settle()
    survived(three, told={"KOR": "was used before: a replay"})


def test_what_officers_ask_without_authority_pushes_nothing_else_out(stage: Stage) -> None:
    three = flooded(stage)
    node = three["KOR"].node
    other = Refused(at=node.clock.now(), source="KOR", what="transmit", why="the agreement refuses")
    with node.store.writing() as tx:
        tx.put_refused(other)
    for number in range(10 * MOST + 5):
        keep_denied(node, f"officer-{number}", "`recall`", refused("role-missing", "no such role"))
    kept = refusals(three["KOR"])
    assert kept[0] == other and len(kept) == 10 * MOST + 1
    assert kept[-1].what.endswith(f"`officer-{10 * MOST + 4}`"), "the newest stay"
    three["JPN"].transmit(b"report", to="KOR", level="極秘")
    three.settle()
    assert three["KOR"].copies(), "no peer waits for it"
