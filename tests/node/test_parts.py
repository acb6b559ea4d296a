"""A run of copies in parts: made ready ahead, settled behind, in their order and each once, whatever breaks off."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from stories import MARKS, Stage, holds, register, same_story

from gsomia.errors import PeerError
from gsomia.keys import Envelope
from gsomia.node import step
from gsomia.node.exchange import outbox
from gsomia.node.transmission import leaving, payloads
from gsomia.registry import CopyState
from gsomia.testing import Exercise

PATIENCE = 20
"""Seconds after which what should happen meanwhile has not."""


@pytest.fixture
def run(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> tuple[Exercise, list[str]]:
    """A stage where twelve copies wait and a part has four."""
    monkeypatch.setattr(outbox, "PART", 4)
    monkeypatch.setattr(outbox, "FEW", 4)
    both = stage()
    sent = both["JPN"].transmit_many([b"%d" % number for number in range(12)], to="KOR", level=MARKS["JPN"])
    return both, [copy.id for copy in sent]


def said(envelope: Envelope) -> str:
    """The type of a message."""
    return str(json.loads(envelope.payload)["type"])


def test_the_next_part_is_made_ready_and_the_last_is_settled_while_one_is_on_its_way(
    run: tuple[Exercise, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    both, sent = run
    wrapped, delivered = [threading.Event() for _ in range(3)], [threading.Event() for _ in range(3)]
    missed: list[str] = []

    def counting(call: Callable[..., Any], before: Callable[[int], None], after: Callable[[int], None]) -> Any:
        calls = iter(range(100))

        def counted(*arguments: Any) -> Any:
            number = next(calls)
            before(number)
            found = call(*arguments)
            after(number)
            return found

        return counted

    def awaits(events: list[threading.Event], number: int, what: str) -> None:
        if number < len(events) and not events[number].wait(PATIENCE):
            missed.append(f"{what} {number}")

    monkeypatch.setattr(
        outbox,
        "contents_of",
        counting(payloads.contents_of, lambda _: None, lambda number: wrapped[number].set()),
    )
    # The answer to one part is settled only when the next has left, and the next has left only when that is wrapped.
    monkeypatch.setattr(
        outbox,
        "settle_deliveries",
        counting(leaving.settle_deliveries, lambda number: awaits(delivered, number + 1, "sending of"), lambda _: None),
    )
    posts = iter(range(100))

    def watch(direction: str, sender: str, envelope: Envelope) -> Envelope:
        if direction == "asked" and said(envelope) == "deliver":
            number = next(posts)
            delivered[number].set()
            awaits(wrapped, number + 1, "wrapping of")
        return envelope

    both.wire.fault = watch
    both.settle()
    assert missed == []
    assert [copy.id for copy, _ in sorted(register(both["KOR"]).values(), key=lambda c: c[0].control_number)] == sent
    same_story(both)
    holds(both)


@pytest.mark.parametrize("most", [10, 14, 100])
def test_what_comes_meanwhile_goes_with_the_run_up_to_a_bound(
    run: tuple[Exercise, list[str]], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    both, sent = run
    monkeypatch.setattr(outbox, "BATCH", most)
    posts = iter(range(100))

    def more(direction: str, sender: str, envelope: Envelope) -> Envelope:
        if direction == "asked" and said(envelope) == "deliver" and next(posts) in (0, 2):
            sent.append(both["JPN"].transmit(b"late", to="KOR", level=MARKS["JPN"]).id)
        return envelope

    both.wire.fault = more
    assert step(both["JPN"].node, "KOR") == min(most, len(sent))
    both.settle()
    assert [copy.id for copy, _ in sorted(register(both["KOR"]).values(), key=lambda c: c[0].control_number)] == sent
    same_story(both)


@pytest.mark.parametrize("cut", [1, 2, 3])
@pytest.mark.parametrize("where", ["offers", "answers", "deliver", "delivered"])
def test_wherever_a_run_breaks_off_each_copy_arrives_once_and_in_order(
    run: tuple[Exercise, list[str]], where: str, cut: int
) -> None:
    both, sent = run
    met = iter(range(1, 100))

    def once(direction: str, sender: str, envelope: Envelope) -> Envelope:
        if said(envelope) == where and next(met) == cut:
            raise PeerError("cut")
        return envelope

    both.wire.fault = once
    both.settle(tolerate=True)
    both.settle()
    assert next(met) > cut
    found = sorted(register(both["KOR"]).values(), key=lambda entry: entry[0].control_number)
    assert [copy.id for copy, _ in found] == sent
    assert {copy.state for copy in both["JPN"].copies()} == {CopyState.DELIVERED}
    with both["JPN"].node.store.reading() as reader:
        assert not reader.outgoing() and len(list(reader.acts(types=["dispatched"]))) == len(sent)
        assert len(list(reader.acts(types=["delivered"]))) == len(sent)
    same_story(both)
