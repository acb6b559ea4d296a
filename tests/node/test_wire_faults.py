"""Lost, doubled, late: whatever the wire does, each item is registered once and both registers tell the same story."""

from __future__ import annotations

import itertools
import os
import random
import tempfile
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lying import send
from stories import MARKS, PRESENT, Stage, holds, ready, refusals, register, same_story

from gsomia.errors import PeerError, RefusedError
from gsomia.keys import Envelope
from gsomia.node import Peer, Role, answer, mark, receipt, release
from gsomia.registry import CopyState
from gsomia.testing import Exercise

# Set GSOMIA_EXAMPLES for a longer look.
EXAMPLES = int(os.environ.get("GSOMIA_EXAMPLES", "12"))

FATES = ("carry", "lose the question", "lose the answer", "double", "late", "cut the upload", "double the upload")


class Weather:
    """A wire with a will of its own: the next fate is drawn for each message; late ones arrive before a later one."""

    def __init__(self, exercise: Exercise, fates: Iterator[str]) -> None:
        self.exercise = exercise
        self.fates = fates
        self.late: list[tuple[str, str, Envelope]] = []
        self.fate = "carry"

    def message(self, direction: str, sender: str, envelope: Envelope) -> Envelope:
        other = "KOR" if sender == "JPN" else "JPN"
        if direction == "answered":
            if self.fate == "lose the answer":
                raise PeerError("the answer was lost")
            return envelope
        self.fate = next(self.fates)
        late, self.late = self.late, []
        for party, to, old in late:
            send(self.exercise, party, to, old)
        if self.fate == "lose the question":
            raise PeerError("the question was lost")
        if self.fate == "late":
            self.late.append((sender, other, envelope))
            raise PeerError("the question is late")
        if self.fate == "double":
            send(self.exercise, sender, other, envelope)
        return envelope

    def upload(self, sender: str, copy: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        self.fate = next(self.fates)
        data = b"".join(chunks)
        if self.fate == "cut the upload":
            yield data[: len(data) // 2]
            raise PeerError("the upload was cut")
        if self.fate == "double the upload":
            self.exercise.wire.uploads = None
            self.exercise.wire.between(sender, "KOR" if sender == "JPN" else "JPN").upload(copy, [data], len(data))
            self.exercise.wire.uploads = self.upload  # type: ignore[assignment]
        yield data


def work(both: Exercise, party: str) -> None:
    """What a registry officer can do now with what lies there."""
    player = both[party]
    for copy, _ in register(player).values():
        if copy.holder != party or copy.state not in PRESENT:
            continue
        if not copy.own_mark:
            mark(player.node, copy.id, MARKS[party], by=player.by(Role.REGISTRY))
        elif copy.state is not CopyState.RECEIPTED:
            receipt(player.node, copy.id, by=player.by(Role.REGISTRY))


def finished(both: Exercise) -> bool:
    """Whether nothing waits and everything was receipted."""
    for player in both.players.values():
        with player.node.store.reading() as reader:
            if reader.outgoing() or any(copy.state is not CopyState.RECEIPTED for copy in reader.copies()):
                return False
    return True


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    report_multiple_bugs=False,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    fates=st.lists(st.sampled_from(FATES), max_size=30),
    documents=st.lists(
        st.tuples(st.sampled_from(["JPN", "KOR"]), st.sampled_from([10, 300_000])), min_size=1, max_size=4
    ),
    pauses=st.lists(st.integers(0, 90), max_size=6),
)
def test_each_item_is_registered_once(fates: list[str], documents: list[tuple[str, int]], pauses: list[int]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        ready(("JPN", "KOR"), "2018-01-10T12:00:00+09:00").again(Path(folder) / "nodes") as both,
    ):
        weather = Weather(both, itertools.chain(fates, itertools.repeat("carry")))
        both.wire.fault, both.wire.uploads = weather.message, weather.upload  # type: ignore[assignment]
        sent = []
        for giver, size in documents:
            other, level = ("KOR", "極秘") if giver == "JPN" else ("JPN", "군사II급비밀")
            sent.append(both[giver].transmit(bytes(size), to=other, level=level))
            both.settle(tolerate=True)
            work(both, "KOR")
            work(both, "JPN")
        for pause in pauses:
            both.pass_time(timedelta(seconds=pause))
            both.settle(tolerate=True)
            work(both, "KOR")
            work(both, "JPN")
        for _ in range(200):
            both.settle(tolerate=True)
            work(both, "KOR")
            work(both, "JPN")
            if finished(both):
                break
        for copy in sent:
            here, _ = register(both[copy.giver])[copy.id]
            assert here.state is CopyState.RECEIPTED
            assert sum(c.item == copy.item for c, _ in register(both[copy.holder]).values()) == 1
        same_story(both)
        holds(both)
        for party in both.players:
            with both[party].node.store.reading() as reader:
                assert not reader.outgoing()
            # Nothing that an honest peer said was turned down but what the wire doubled or kept too long.
            assert all("replay" in r.why or "s apart" in r.why for r in refusals(both[party])), refusals(both[party])
            names = {name for name in both[party].node.blobs.names() if not name.startswith("upload-")}
            assert names == {copy.item for copy, _ in register(both[party]).values()}


def test_a_copy_that_arrives_twice_at_once_is_taken_in_once(stage: Stage) -> None:
    both = stage()
    for _ in range(3):
        sent = both["JPN"].transmit(bytes(200_000), to="KOR", level="極秘")
        caught: list[Envelope] = []

        def keep(direction: str, sender: str, envelope: Envelope, caught: list[Envelope] = caught) -> Envelope:
            if sender == "JPN" and b'"type":"deliver"' in envelope.payload:
                caught.append(envelope)
                raise PeerError("cut")
            return envelope

        both.wire.fault = keep
        both.settle(tolerate=True)
        both.settle(tolerate=True)
        # First without content, as it was asked again; then with it, twice over, as different messages.
        with both["KOR"].node.store.reading() as reader:
            peer = reader.peers()["JPN"]
        results: list[Envelope] = []

        def hand_over(one: Envelope, peer: Peer = peer, results: list[Envelope] = results) -> None:
            results.append(answer(both["KOR"].node, peer, one))

        threads = [threading.Thread(target=hand_over, args=(one,)) for one in caught]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(results) == 2
        both.wire.fault = None
        both.settle()
        assert register(both["KOR"])[sent.id][0].state is CopyState.DELIVERED
    same_story(both)
    holds(both)
    with both["KOR"].node.store.reading() as reader:
        assert len(list(reader.acts(types=["delivered"]))) == 3 and not list(reader.acts(types=["rejected"]))


def test_a_peer_that_is_down_keeps_what_waits_and_says_why(stage: Stage) -> None:
    both = stage()

    def down(*_: object) -> Envelope:
        raise PeerError("`KOR` cannot be reached: no route")

    both.wire.fault = down
    sent = [both["JPN"].transmit(b"x", to="KOR", level="極秘") for _ in range(5)]
    for _ in range(3):
        both.settle(tolerate=True)
    with both["JPN"].node.store.reading() as reader:
        waiting = reader.outgoing()
    assert [entry.subject for entry in waiting] == [copy.id for copy in sent]
    assert {(entry.attempts, entry.error) for entry in waiting} == {(3, "`KOR` cannot be reached: no route")}
    both.wire.fault = None
    both.settle()
    order = sorted(register(both["KOR"]).values(), key=lambda entry: entry[0].control_number)
    assert [copy.id for copy, _ in order] == [copy.id for copy in sent]
    same_story(both)


def test_many_documents_travel_in_messages_of_a_bounded_size(stage: Stage) -> None:
    both = stage()
    for number in range(40):
        both["JPN"].transmit(bytes([number]) * 250_000, to="KOR", level="極秘")
    both.settle()
    assert len(register(both["KOR"])) == 40
    assert max(len(envelope.payload) for envelope in both.wire.carried) < 8 * 2**20
    same_story(both)


def test_one_item_that_is_spoilt_here_does_not_hold_up_the_others(stage: Stage) -> None:
    both = stage()
    spoilt, lost, good = (both["JPN"].transmit(bytes(1000), to="KOR", level="極秘") for _ in range(3))
    with both["JPN"].node.blobs.reading(spoilt.item) as file:
        data = bytearray(file.read())
    data[-2000] ^= 1
    with both["JPN"].node.blobs.writing(spoilt.item) as sink:
        sink.write(bytes(data))
    both["JPN"].node.blobs.remove(lost.item)
    both.settle(tolerate=True)
    both.settle()
    here = register(both["JPN"])
    assert here[good.id][0].state is CopyState.DELIVERED
    assert here[spoilt.id][0].state in (CopyState.REFUSED, CopyState.REJECTED)
    assert here[lost.id][0].state is CopyState.REFUSED and here[lost.id][0].reason
    assert set(register(both["KOR"])) == {good.id}
    same_story(both)


def test_what_is_released_on_a_bad_wire_stands_in_three_registers(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA", at="2015-06-01T12:00:00+09:00")
    korea, america = three["KOR"], three["USA"]
    sent = korea.transmit(b"test", to="JPN", via=("USA",), level="군사II급비밀")
    three.settle()
    mark(america.node, sent.id, "SECRET", by=america.by(Role.REGISTRY))
    receipt(america.node, sent.id, by=america.by(Role.REGISTRY))
    onward = release(america.node, sent.id, "JPN", by=america.by(Role.DISCLOSURE))
    chance = random.Random(2015)

    def bad(direction: str, sender: str, envelope: Envelope) -> Envelope:
        if chance.random() < 0.3:
            raise PeerError("lost")
        return envelope

    three.wire.fault = bad
    for _ in range(30):
        three.settle(tolerate=True)
    japan = three["JPN"]
    mark(japan.node, onward.id, "極秘", by=japan.by(Role.REGISTRY))
    receipt(japan.node, onward.id, by=japan.by(Role.REGISTRY))
    for _ in range(30):
        three.settle(tolerate=True)
    three.wire.fault = None
    three.settle()
    assert register(korea)[onward.id][0].state is CopyState.RECEIPTED
    same_story(three)
    holds(three)
    with pytest.raises(RefusedError):
        korea.transmit(b"direct", to="JPN", level="군사II급비밀")
