"""Characters that hide or turn others: no name of this Party's takes one, and what comes from elsewhere shows them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from openings import held
from stories import Stage, official

from gsomia.cli.options import plain
from gsomia.errors import GsomiaError, UsageError
from gsomia.keys import SigningKey
from gsomia.marking import is_visible, printable, visible_json
from gsomia.node import (
    FacilityDetails,
    Role,
    brief,
    clear_facility,
    enrol_officer,
    enter_person,
    place,
    strike_person,
)
from gsomia.sealed.policy import shown
from gsomia.testing import Player
from gsomia.web import problem_of

HIDDEN = {
    "right to left override": "\u202e", "isolate": "\u2066", "zero width space": "\u200b",
    "zero width joiner": "\u200d",
    "byte order mark": "\ufeff", "soft hyphen": "\u00ad", "tag": "\U000e0041", "line": "\u2028", "escape": "\x1b[2J",
    "null": "\x00", "Hangul filler": "\u3164", "Hangul initial filler": "\u115f", "Hangul medial filler": "\u1160",
    "halfwidth Hangul filler": "\uffa0", "grapheme joiner": "\u034f", "variation selector": "\ufe0f",
    "ideographic variation selector": "\U000e0101", "Mongolian variation selector": "\u180b", "empty Braille": "\u2800",
    "Khmer inherent vowel": "\u17b4",
}  # fmt: skip
KEY = SigningKey(b"\x07" * 64)

FACILITY = {
    "id": "works", "contractor": "Firm", "level": "SECRET", "inspected": "2018-01-01", "until": "2020-01-01",
}  # fmt: skip

NAMED: dict[str, Callable[[Player, str], object]] = {
    "a person": lambda k, n: enter_person(k.node, official(n), by=k.by(Role.SECURITY)),
    "a rank": lambda k, n: enter_person(k.node, official("lee", rank=n), by=k.by(Role.SECURITY)),
    "a basis": lambda k, n: enter_person(k.node, official("lee", basis=n), by=k.by(Role.SECURITY)),
    "a facility": lambda k, n: enter_person(k.node, official("lee", rosters=(n,)), by=k.by(Role.SECURITY)),
    "an officer": lambda k, n: enrol_officer(k.node, n, ["legal"], KEY.public, by=k.by(Role.SECURITY)),
    "an officer's person": lambda k, n: enrol_officer(
        k.node, "new", ["legal"], KEY.public, by=k.by(Role.SECURITY), person=n
    ),
    "a briefing": lambda k, n: brief(k.node, "kim", n, "2018-01-01", by=k.by(Role.SECURITY)),
    "a place": lambda k, n: place(k.node, k.copies()[0].id, n, by=k.by(Role.REGISTRY)),
    "a contractor": lambda k, n: clear_facility(
        k.node, FacilityDetails(**FACILITY | {"contractor": n}), by=k.by(Role.SECURITY)
    ),
    "a contractor's facility": lambda k, n: clear_facility(
        k.node, FacilityDetails(**FACILITY | {"id": n}), by=k.by(Role.SECURITY)
    ),
    "why somebody left": lambda k, n: strike_person(k.node, "kim", n, by=k.by(Role.SECURITY)),
}


@pytest.fixture
def korea(stage: Stage) -> Player:
    both = stage()
    held(both)
    return both["KOR"]


@pytest.mark.parametrize("what", NAMED)
def test_no_name_takes_a_character_that_hides(korea: Player, what: str) -> None:
    """Refused with the character shown as its escape; nothing is entered."""
    with korea.node.store.reading() as reader:
        before = reader.last_place()
    for character in HIDDEN.values():
        with pytest.raises(GsomiaError) as caught:
            NAMED[what](korea, f"ki{character}m")
        assert character not in plain(str(caught.value))
    with korea.node.store.reading() as reader:
        assert reader.last_place() == before


@pytest.mark.parametrize("what", HIDDEN)
def test_a_terminal_shows_what_hides(what: str) -> None:
    """As its escape, whoever wrote it: at a terminal, in a problem, in JSON; other text as it is."""
    hidden = f"ki{HIDDEN[what]}m"
    told = [plain(hidden), printable(hidden), problem_of(UsageError(hidden)).document["detail"], shown(hidden)]
    for text in [*told, visible_json({"person": hidden}), visible_json([hidden], indent=2)]:
        assert is_visible(text.replace("\n", "")) and HIDDEN[what] not in text and "kim" not in text
    assert json.loads(visible_json({"person": hidden}, indent=2)) == {"person": hidden}
    assert plain("김영철 葛城 é") == "김영철 葛城 é"
