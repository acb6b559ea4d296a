"""Peers whose ranges do not hold, or never end, and what they would hide: refused, kept, shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from comparing import found, lose, three_items
from lying import altered, message, send
from stories import MARKS, Stage, finish, once, refusals, register, words_of

from gsomia.errors import AnswerError, PeerError
from gsomia.keys import b64, unb64
from gsomia.node import (
    overdue,
)
from gsomia.node.comparison.rangeanswers import shared_digest
from gsomia.node.record.succession import DISTRUSTED
from gsomia.registry import CopyState, Fingerprint
from gsomia.testing import Exercise


@pytest.fixture
@once
def both(stage: Stage) -> Exercise:
    """Two nodes, and three items of Japan's of which Korea has receipted two."""
    return three_items(stage)


def flipped(text: str) -> str:
    data = bytearray(unb64(text))
    data[-1] ^= 1
    return b64(bytes(data))


def in_ranges(change: Callable[[dict[str, dict[str, str]]], object]) -> Callable[[dict[str, Any]], None]:
    def applied(value: dict[str, Any]) -> None:
        if "ranges" in value["body"]:
            change(value["body"]["ranges"])

    return applied


def in_root(**words: Any) -> Callable[[dict[str, Any]], None]:
    def applied(value: dict[str, Any]) -> None:
        if "root" in value["body"]:
            value["body"]["root"] |= words

    return applied


def in_entries(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], None]:
    def applied(value: dict[str, Any]) -> None:
        if "entries" in value["body"]:
            change(value["body"])

    return applied


def spoilt(ranges: dict[str, dict[str, str]]) -> None:
    for one in ranges.values():
        one.update({kind: flipped(data) for kind, data in one.items()})


def doubled(ranges: dict[str, dict[str, str]]) -> None:
    for one in ranges.values():
        one.update(parts="", entries="")


def each(**words: object) -> Callable[[dict[str, Any]], None]:
    """Other words in each entry."""
    return in_entries(lambda body: [one.update(words) for one in body["entries"].values()])


def instead(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    """Something else in the place of a part of an answer."""

    def applied(answer: dict[str, Any]) -> None:
        if name in answer["body"]:
            answer["body"][name] = value

    return applied


LIES: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "a set that nobody has": (in_root(digest="00" * 32), "do not hold: range `` "),
    "a set without an end": (in_root(count=2**52), "entries differ: these are not two views of one set"),
    "a count that is none": (in_root(count="many"), "what is no beginning of ranges"),
    "a digest cut short": (in_root(digest="00" * 31), "what is no beginning of ranges"),
    "other words than a root": (instead("root", 7), "no beginning of ranges"),
    "altered entries": (in_ranges(spoilt), "do not hold"),
    "a range that was not asked for": (in_ranges(lambda r: r.update({"77": {"entries": ""}})), "other ranges"),
    "a range left out": (in_ranges(lambda r: r.clear()), "other ranges were answered"),
    "a malformed range": (in_ranges(lambda r: r.update({"x" * 70: {"entries": ""}})), "not a range"),
    "parts and entries together": (in_ranges(doubled), "not an answer about ranges"),
    "no object": (instead("ranges", [1]), "not an answer about ranges"),
    "an entry of something else": (each(id="another"), "was not asked for"),
    "an entry that cannot be read": (each(copies=7), "cannot be read"),
    "an entry of no kind": (each(kind="person"), "cannot be read"),
    "entries that are no object": (instead("entries", []), "cannot be read"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_peer_whose_ranges_do_not_hold_is_refused_and_shown(both: Exercise, lie: str) -> None:
    change, words = LIES[lie]
    (copy,) = [c for c in both["KOR"].copies() if c.state is CopyState.DELIVERED]
    finish(both["KOR"], copy.id)
    lose(both["KOR"])
    found(both, "JPN")
    both.settle()
    with both["JPN"].node.store.reading() as reader:
        before = list(reader.discrepancies())
    altered(both, "KOR", "ranges", change, times=9)
    with pytest.raises(AnswerError, match=words):
        found(both, "JPN")
    assert words in words_of(refusals(both["JPN"]))
    assert [one.what for one in refusals(both["JPN"]) if one.source == "KOR"][-1] == "ranges"
    with both["JPN"].node.store.reading() as reader:
        assert list(reader.discrepancies()) == before, "what a liar says clears nothing"


def test_a_peer_that_offers_ranges_for_ever_comes_to_an_end(both: Exercise) -> None:
    """Each answer is another set, so that nothing can be held to what was said before."""
    both.wire.digests = lambda _, digest: bytes(32)
    count = 0

    def endless(value: dict[str, Any]) -> None:
        nonlocal count
        if "root" in value["body"]:
            count += 1
            value["body"]["root"]["digest"] = f"{count:064x}"

    altered(both, "KOR", "ranges", endless, times=99)
    with pytest.raises(PeerError, match="moves on faster than it is walked"):
        found(both, "JPN")
    assert count <= 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"reconcile_rounds": 2}, "without an end: 2 questions were answered"),
        ({"reconcile_bytes": 1000}, "answers with more than 1000 bytes"),
        ({"reconcile_time": timedelta(seconds=-1)}, "has not come to an end of its ranges within"),
    ],
)
def test_rounds_bytes_and_time_are_bounded(both: Exercise, words: dict[str, Any], said: str) -> None:
    (copy,) = [c for c in both["KOR"].copies() if c.state is CopyState.DELIVERED]
    finish(both["KOR"], copy.id)
    lose(both["KOR"])
    both.with_limits("JPN", replace(both["JPN"].node.limits, **words))
    with pytest.raises(AnswerError, match=said):
        found(both, "JPN")
    assert said in words_of(refusals(both["JPN"]))


@pytest.mark.parametrize("body", [
    {"ranges": ["g"]}, {"ranges": ["0" * 64]}, {"ranges": [7]}, {"ranges": "0"}, {"ranges": ["0"] * 600},
    {"ranges": ["0", "0"]}, {"ranges": ["0", "01"]}, {"ranges": ["", "f"]},
    {"entries": ["00"]}, {"entries": [None]}, {"entries": ["zz" * 32]}, {"entries": ["0" * 64] * 200}, {"entries": {}},
])  # fmt: skip
def test_malformed_and_overlapping_ranges_are_refused_and_shown(both: Exercise, body: dict[str, Any]) -> None:
    answered = send(both, "JPN", "KOR", message(both["JPN"], "KOR", "ask-ranges", body))
    assert answered["type"] == "refusal"
    shown = [one for one in refusals(both["KOR"]) if one.source == "JPN"][-1]
    assert shown.what == "message" and shown.why == answered["body"]["why"]
    assert any(word in shown.why for word in ("not a range", "not a position", "overlap", "is a list of at most"))


def test_a_peer_that_asks_for_ever_waits_for_the_end_of_the_hour(both: Exercise) -> None:
    both.with_limits("KOR", replace(both["KOR"].node.limits, reconcile_rounds=3))
    for _ in range(3):
        found(both, "JPN")
        both.settle()
    with pytest.raises(PeerError, match="more waits for its end"):
        found(both, "JPN")
    assert "more waits for its end" in words_of(refusals(both["KOR"]))
    both.pass_time(timedelta(hours=1))
    assert found(both, "JPN").discrepancies == []


def test_a_peer_that_says_for_ever_that_it_is_under_way_hides_nothing(both: Exercise) -> None:
    (copy,) = [c for c in both["KOR"].copies() if c.state is CopyState.DELIVERED]
    finish(both["KOR"], copy.id)
    lose(both["KOR"])
    altered(both, "KOR", "ranges", in_entries(lambda body: body.update(under_way=[*body["entries"]])), times=99)
    for day in range(3):
        result = found(both, "JPN")
        assert (result.discrepancies == []) is (day == 0) and (result.under_way == []) is (day > 0)
        with both["JPN"].node.store.reading() as reader:
            assert (overdue(reader, both.clock.at, timedelta(days=1)) == []) is (day < 2)
        both.settle()
        both.pass_time(timedelta(days=1, seconds=1))
    both.wire.fault = None
    assert found(both, "JPN").discrepancies


def test_a_digest_that_is_not_one_s_own_ends_nothing_whoever_made_it(both: Exercise) -> None:
    """Forged, of yesterday, or the asker's own words given back: what differs is asked for by signed messages."""
    japan, korea = both["JPN"].node, both["KOR"].node
    old = japan.link("KOR").shared_digest()
    (copy,) = [c for c in both["KOR"].copies() if c.state is CopyState.DELIVERED]
    finish(both["KOR"], copy.id)
    lose(both["KOR"])
    assert japan.link("KOR").shared_digest() != old
    own = korea.link("JPN").shared_digest()
    wanted = {one.subject for one in found(both, "JPN").discrepancies}
    both.settle()
    assert wanted
    for lie in (bytes(32), b"", own, own + own, korea.link("JPN").shared_digest()):
        both.wire.digests = lambda _, digest, lie=lie: lie
        result = found(both, "JPN")
        assert {one.subject for one in result.discrepancies} == wanted and result.rounds > 2


def test_where_nothing_differs_no_message_is_signed_and_nothing_is_said_of_the_own_set(both: Exercise) -> None:
    carried = len(both.wire.carried)
    result = found(both, "JPN")
    assert (result.discrepancies, result.rounds, result.said, result.heard) == ([], 1, 0, 32)
    assert len(both.wire.carried) == carried


def test_an_old_digest_is_none_of_a_register_that_moved_on(both: Exercise) -> None:
    old = both["JPN"].node.link("KOR").shared_digest()
    both["JPN"].transmit(b"four", to="KOR", level="極秘")
    both.settle()
    both.wire.digests = lambda _, digest: old
    result = found(both, "JPN")
    assert result.discrepancies == [] and result.rounds == 2, "the signed beginning says that nothing differs"


def test_a_digest_names_who_says_it_to_whom_and_that_it_is_an_exercise(both: Exercise) -> None:
    root, law = Fingerprint(3, bytes(32)), {"jpn-kor-2016": ("1", "a")}
    said = [
        shared_digest("KOR", "JPN", root, law, exercise=True),
        shared_digest("JPN", "KOR", root, law, exercise=True),
        shared_digest("KOR", "JPN", root, law, exercise=False),
        shared_digest("KOR", "JPN", Fingerprint(4, bytes(32)), law, exercise=True),
        shared_digest("KOR", "JPN", root, {"jpn-kor-2016": ("2", "a")}, exercise=True),
    ]
    assert len({*said}) == len(said)


def test_a_digest_says_nothing_of_what_is_shared_with_another(stage: Stage) -> None:
    """Whoever asks again and again learns when its own dealings with the node moved, and nothing of a third Party's."""
    three = stage("JPN", "KOR", "USA")
    japan, korea = three["JPN"].node, three["KOR"]
    first = japan.link("KOR").shared_digest()
    copy = korea.transmit(b"for another", to="USA", level=MARKS["KOR"])
    three.settle()
    finish(three["USA"], copy.id)
    three.settle()
    assert register(korea)[copy.id][0].state is CopyState.RECEIPTED
    assert japan.link("KOR").shared_digest() == first
    korea.transmit(b"for Japan", to="JPN", level=MARKS["KOR"])
    three.settle()
    assert japan.link("KOR").shared_digest() != first


def test_a_digest_is_for_no_peer_whose_key_was_declared_compromised_and_for_none_without_an_end(both: Exercise) -> None:
    japan, korea = both["JPN"].node, both["KOR"]
    both.with_limits("KOR", replace(korea.node.limits, reconcile_rounds=3))
    for _ in range(3):
        assert len(japan.link("KOR").shared_digest()) == 32
    with pytest.raises(PeerError):
        japan.link("KOR").shared_digest()
    assert "JPN: ranges" in words_of(refusals(korea))
    both.pass_time(timedelta(hours=2))
    assert len(japan.link("KOR").shared_digest()) == 32
    with korea.node.store.writing() as tx:
        tx.put_setting(f"{DISTRUSTED}{japan.keys.signing.public.fingerprint}", "an act")
    with pytest.raises(PeerError, match="was declared compromised"):
        japan.link("KOR").shared_digest()
