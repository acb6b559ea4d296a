"""Reconciliation by parcels alone: differences are named as by wire, an answer that does not hold is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from carrying import carry, exported, rounds, taken
from comparing import OTHER, lose, three_items
from stories import Stage, finish, holds, refusals, words_of

from gsomia.keys import Envelope
from gsomia.node import Role, ask_by_parcel, handle, send_again
from gsomia.node.comparison.summaries import summary_pages, to_ask
from gsomia.registry import CopyState
from gsomia.testing import Exercise


@pytest.fixture
def both(stage: Stage) -> Exercise:
    """Two nodes without a wire from now on, and three items of Japan's of which Korea has receipted two."""
    made = three_items(stage)

    def cut(_direction: str, _sender: str, _envelope: Envelope) -> Envelope:
        raise AssertionError("there is no wire")

    rounds(made)
    made.wire.fault = cut
    return made


def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets of some twenty entries are as sets of thousands are else."""
    monkeypatch.setattr("gsomia.node.comparison.summaries.SMALL", 0)
    monkeypatch.setattr("gsomia.node.comparison.summaries.DEPTH", 1)


def there_and_back(both: Exercise, asker: str) -> Mapping[str, Any] | None:
    """The question, and the answer taken in: what came of it."""
    asked = carry(both, asker, OTHER[asker])
    assert asked is not None and asked.refused == ()
    told = carry(both, OTHER[asker], asker)
    assert told is not None and told.refused == ()
    return told.compared


def compared(both: Exercise, asker: str, *, trips: int = 1) -> Mapping[str, Any]:
    """What a node finds that differs, after so many parcels there and back."""
    ask_by_parcel(both[asker].node, OTHER[asker])
    for _ in range(trips - 1):
        assert there_and_back(both, asker) is None
    found = there_and_back(both, asker)
    assert found is not None and found["rounds"] == trips
    with both[asker].node.store.reading() as reader:
        assert to_ask(reader, OTHER[asker]) is None
    return found


def kinds(found: Mapping[str, Any]) -> set[str]:
    return {one["kind"] for one in found["differences"]}


@pytest.mark.parametrize("asker", ["JPN", "KOR"])
def test_two_nodes_that_agree_differ_in_nothing(both: Exercise, asker: str) -> None:
    with both[asker].node.store.reading() as reader:
        assert to_ask(reader, OTHER[asker]) is None
    found = compared(both, asker)
    assert (found["differences"], found["under_way"]) == ([], [])
    assert found["entries"]["JPN"] == found["entries"]["KOR"] >= 3
    rounds(both)
    with both[OTHER[asker]].node.store.reading() as reader:
        act = reader.act(found["act"])
        assert act is not None and act.statement.body["discrepancies"] == 0
    both.wire.fault = None
    holds(both)


@pytest.mark.parametrize("asker", ["JPN", "KOR"])
@pytest.mark.parametrize("size", ["small", "large"])
def test_what_was_lost_is_named_with_its_repair(
    both: Exercise, monkeypatch: pytest.MonkeyPatch, asker: str, size: str
) -> None:
    if size == "large":
        large(monkeypatch)
        both["JPN"].transmit_many([b"%d" % number for number in range(20)], to="KOR", level="極秘")
        rounds(both)
    copy = next(c for c in both["KOR"].copies() if c.state is CopyState.DELIVERED)
    finish(both["KOR"], copy.id)
    lose(both["KOR"])
    found = compared(both, asker, trips=1 if size == "small" else 2)
    assert kinds(found) == {"missing rung receipted", "missing act mark", "custody", "level"}
    assert found["under_way"] == []
    lines = dict.fromkeys(line for one in found["differences"] for line in one["repair"])
    assert lines and all(line.startswith("at KOR: ") for line in lines)
    for words in (line.split() for line in lines):
        send_again(both["KOR"].node, words[5], words[7])
    rounds(both)
    assert compared(both, asker, trips=1)["differences"] == []
    rounds(both)
    both.wire.fault = None
    holds(both)


def test_what_comes_with_the_answer_is_no_difference_and_what_waits_is_under_way(both: Exercise) -> None:
    ask_by_parcel(both["JPN"].node, "KOR")
    carry(both, "JPN", "KOR")
    copy = next(c for c in both["KOR"].copies() if c.state is CopyState.DELIVERED)
    finish(both["KOR"], copy.id)
    answer = exported(both, "KOR", "JPN")[1]
    found = taken(both, "JPN", answer).compared
    assert found is not None and (found["differences"], found["under_way"]) == ([], [])
    ask_by_parcel(both["KOR"].node, "JPN")
    carry(both, "KOR", "JPN")
    answer = exported(both, "JPN", "KOR")[1]
    other = next(c for c in both["KOR"].copies() if c.id != copy.id)
    handle(both["KOR"].node, "use", other.id, "for an assessment", by=both["KOR"].by(Role.REGISTRY))
    found = taken(both, "KOR", answer).compared
    assert found is not None and found["differences"] == [] and found["under_way"] == [f"item {other.item}"]


def test_the_question_says_nothing_of_ones_own_set(both: Exercise) -> None:
    ask_by_parcel(both["JPN"].node, "KOR")
    with both["JPN"].node.store.reading() as reader:
        assert to_ask(reader, "KOR") == {"ranges": []}


Pages = list[dict[str, Any]]


def _entry_changed(pages: Pages) -> None:
    for page in pages[1:]:
        for one in page["entries"].values():
            if one["kind"] == "item":
                one["copies"], one["acts"] = [], []


def _entry_left_out(pages: Pages) -> None:
    pages[1]["entries"].popitem()


def _other_root(pages: Pages) -> None:
    pages[0]["root"] = pages[0]["root"] | {"count": pages[0]["root"]["count"] + 1}


def _other_place(pages: Pages) -> None:
    (place, one), (other, another) = list(pages[1]["entries"].items())[:2]
    pages[1]["entries"] |= {place: another, other: one}


def _no_root(pages: Pages) -> None:
    del pages[0]["root"]


LIES: dict[str, tuple[Callable[[Pages], None], str]] = {
    "an entry is changed": (_entry_changed, "do not give its fingerprint"),
    "an entry is left out": (_entry_left_out, "do not give its fingerprint"),
    "another count": (_other_root, "do not give its fingerprint"),
    "two change places": (_other_place, "stands at another's place"),
    "no root": (_no_root, "no beginning of ranges"),
}


@pytest.mark.parametrize("name", LIES)
def test_an_answer_that_does_not_hold_is_kept_and_clears_nothing(
    both: Exercise, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    change, said = LIES[name]
    copy = next(c for c in both["KOR"].copies() if c.state is CopyState.DELIVERED)
    finish(both["KOR"], copy.id)
    lose(both["KOR"])
    before = compared(both, "JPN")["differences"]
    rounds(both)

    def lying(*arguments: Any) -> Pages:
        pages = [*summary_pages(*arguments)]
        change(pages)
        return pages

    monkeypatch.setattr("gsomia.node.parcel.export.summary_pages", lying)
    ask_by_parcel(both["JPN"].node, "KOR")
    carry(both, "JPN", "KOR")
    told = carry(both, "KOR", "JPN")
    assert told is not None and told.compared is None and said in "\n".join(told.refused)
    assert said in words_of(refusals(both["JPN"]))
    with both["JPN"].node.store.reading() as reader:
        assert len(reader.discrepancies("KOR")) == len(before) > 0
        assert to_ask(reader, "KOR") is None
