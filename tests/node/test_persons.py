"""Persons through their lives here: entered, briefed, moved, lapsed, gone; each counts at the next question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lying import act, message, send
from openings import acts, away, held, opened, waits
from stories import Stage, holds, official

from gsomia.errors import PendingError, RefusedError, UsageError, VerificationError
from gsomia.identity import Rights
from gsomia.keys import SigningKey
from gsomia.node import (
    Acting,
    Binding,
    Role,
    ask_open,
    brief,
    change_person,
    destroy,
    end_access,
    enrol_officer,
    enter_need,
    enter_person,
    lapses,
    place,
    receipt,
    replace_officer_key,
    strike_person,
)
from gsomia.node.acts.signed import pack
from gsomia.node.ledger import Draft, make
from gsomia.registry import Custody
from gsomia.testing import Exercise, Player

DAY = timedelta(days=1)
KEY = SigningKey(b"\x07" * 64)
OTHER_KEY = SigningKey(b"\x08" * 64)


def asked(player: Player, copy: str, at: datetime | None = None, person: str = "kim") -> tuple[str, set[str]]:
    """The outcome for a person, and the articles against."""
    with player.node.store.reading() as reader:
        verdict = ask_open(player.node, reader, copy, person, at=at)[2]
    return verdict.outcome, {g.article for g in verdict.grounds if g.effect == "refuse"}


def security(player: Player) -> Acting:
    return player.by(Role.SECURITY)


def test_a_clearance_ends_at_its_instant(stage: Stage) -> None:
    both = stage()
    copy, korea = held(both, Custody.RECIPIENT), both["KOR"]
    ends = both.clock.at + DAY
    enter_person(korea.node, official("kim", expires=ends, basis="PSC 7"), by=security(korea))
    assert asked(korea, copy.id)[0] == "permit"
    both.clock.at = ends - timedelta(microseconds=1)
    assert opened(korea, copy.id) == b"report"
    both.clock.at = ends
    assert asked(korea, copy.id) == ("refuse", {"7.2", "7.5(a)"})
    with pytest.raises(RefusedError) as caught:
        opened(korea, copy.id)
    assert f"the clearance expired on {ends:%Y-%m-%d}" in str(caught.value.verdict)
    # It stands as it was at an instant before, and a renewal counts at once.
    assert asked(korea, copy.id, ends - DAY / 2)[0] == "permit"
    change_person(korea.node, "kim", by=security(korea), expires=ends + DAY)
    assert opened(korea, copy.id) == b"report"
    assert asked(korea, copy.id, ends)[0] == "permit", "renewed in the same instant"
    holds(both)


@pytest.mark.parametrize("how", ["left", "expired"])
def test_an_opening_that_waits_ends_with_the_person(stage: Stage, how: str) -> None:
    both = stage()
    copy, korea = held(both), both["KOR"]
    change_person(korea.node, "kim", by=security(korea), expires=both.clock.at + DAY)
    away(both, "JPN")
    with pytest.raises(PendingError):
        opened(korea, copy.id)
    assert [person for person, _ in waits(korea)] == ["kim"]
    if how == "left":
        strike_person(korea.node, "kim", "moved", by=security(korea))
        assert waits(korea) == []
    both.clock.at += DAY
    both.wire.fault = None
    before = len(both.wire.carried)
    with pytest.raises(RefusedError):
        opened(korea, copy.id)
    assert waits(korea) == [] and len(both.wire.carried) == before, "nobody was asked for the key"
    assert acts(korea, "access") == []
    holds(both)


def test_who_leaves_has_nothing_left_and_peers_take_no_more_of_their_keys(stage: Stage) -> None:
    both = stage()
    copy, korea = held(both, Custody.RECIPIENT), both["KOR"]
    enrol_officer(korea.node, "kim-r", [Role.REGISTRY], KEY.public, by=security(korea), person="kim")
    enter_need(korea.node, "kim", copy.id, need=True, why="desk", by=korea.by(Role.REGISTRY))
    struck, retired = strike_person(korea.node, "kim", "moved", by=security(korea))
    assert (struck.statement.type, retired.statement.type) == ("strike-person", "retire-key")
    assert asked(korea, copy.id) == ("refuse", {"6(e)", "7.1", "7.2", "7.5(a)"})
    kim = Acting(officer="kim-r", key=KEY)
    with pytest.raises(RefusedError, match="not enrolled"):
        receipt(korea.node, copy.id, by=kim)
    both.settle()
    with both["JPN"].node.store.reading() as reader:
        assert reader.officer("KOR", "kim-r") is None
    with korea.node.store.reading() as reader:
        assert (reader.needs(person="kim"), reader.persons(facility="main")) == ([], [])
    security_ = security(korea)
    for refused in (
        lambda: strike_person(korea.node, "kim", "again", by=security_),
        lambda: enter_need(korea.node, "kim", copy.id, need=True, why="x", by=korea.by(Role.REGISTRY)),
        lambda: enrol_officer(korea.node, "kim-2", [Role.LEGAL], OTHER_KEY.public, by=security_, person="kim"),
        lambda: replace_officer_key(korea.node, "kim-r", OTHER_KEY.public, by=security_),
    ):
        with pytest.raises(UsageError, match="`kim` has left"):
            refused()
    # Who comes back begins anew: the need by name is gone.
    both.clock.at += DAY
    enter_person(korea.node, official("kim", needs=()), by=security_)
    assert asked(korea, copy.id) == ("refuse", {"7.1", "7.2"}) == asked(korea, copy.id, both.clock.at)
    holds(both)


def test_a_person_at_an_instant_is_found_by_the_name_in_whatever_script(stage: Stage) -> None:
    """The acts about one person are found without reading those about all others, by the exact name alone."""
    both = stage()
    copy, korea = held(both, Custody.RECIPIENT), both["KOR"]
    names = ('한 "소령"', "kim\\", "ki", "im", "Łukasz", 'x","person":"kim')
    for name in names:
        enter_person(korea.node, official(name, rank=f'"person":"{name}"'), by=security(korea))
    then = both.clock.at
    both.clock.at += DAY
    for name in names:
        enter_person(korea.node, official(name, clearance="none"), by=security(korea))
    for name in (*names, "kim"):
        assert asked(korea, copy.id, then, name)[0] == "permit", name
        with korea.node.store.reading() as reader:
            statements = reader.person_statements(name)
        assert [one.body["person"] for one in statements] == [name] * (1 if name == "kim" else 2)
    holds(both)


def test_a_need_for_one_item_goes_before_the_subjects(stage: Stage) -> None:
    both = stage()
    copy, korea = held(both, Custody.RECIPIENT), both["KOR"]
    by = korea.by(Role.REGISTRY)
    first = both.clock.at
    both.clock.at += DAY
    none = enter_need(korea.node, "kim", copy.id, need=False, why="another desk's", by=by)
    assert asked(korea, copy.id) == ("refuse", {"7.1", "7.2"})
    with korea.node.store.reading() as reader:
        grounds = ask_open(korea.node, reader, copy.id, "kim")[2].grounds
    assert {g.established_by for g in grounds if g.fact == "person.need"} == {none.id}
    both.clock.at += DAY
    enter_person(korea.node, official("kim", needs=()), by=security(korea))
    enter_need(korea.node, "kim", copy.id, need=True, why="his desk's now", by=by)
    assert opened(korea, copy.id) == b"report"
    assert [asked(korea, copy.id, first + n * DAY)[0] for n in range(3)] == ["permit", "refuse", "permit"]
    holds(both)


def test_the_roster_is_that_of_the_facility_that_holds_the_copy(stage: Stage) -> None:
    both = stage()
    copy, korea = held(both, Custody.RECIPIENT), both["KOR"]
    by = korea.by(Role.REGISTRY)
    with pytest.raises(UsageError, match="no person is on a roster of `north`"):
        place(korea.node, copy.id, "north", by=by)
    enter_person(korea.node, official("lee", rosters=("north",)), by=security(korea))
    first = both.clock.at
    assert [asked(korea, copy.id, person=one)[0] for one in ("kim", "lee")] == ["permit", "refuse"]
    both.clock.at += DAY
    place(korea.node, copy.id, "north", by=by)
    assert asked(korea, copy.id) == ("refuse", {"6(e)"})
    assert opened(korea, copy.id, "lee") == b"report"
    assert [asked(korea, copy.id, first, one)[0] for one in ("kim", "lee")] == ["permit", "refuse"]
    enter_person(korea.node, official("kim", rosters=("north", "main")), by=security(korea))
    assert asked(korea, copy.id)[0] == "permit"
    with korea.node.store.reading() as reader:
        assert list(reader.facilities()) == [("main", 1), ("north", 2)]
    holds(both)


OWN: dict[str, Callable[[Player, Acting, str], object]] = {
    "enter-person": lambda player, by, copy: enter_person(player.node, official("chief"), by=by),
    "strike-person": lambda player, by, copy: strike_person(player.node, "chief", "x", by=by),
    "brief": lambda player, by, copy: brief(player.node, "chief", "x", "2018-01-01", by=by),
    "enter-need": lambda player, by, copy: enter_need(player.node, "chief", copy, need=True, why="x", by=by),
    "enrol-key": lambda player, by, copy: enrol_officer(
        player.node, "spare", [Role.LEGAL], OTHER_KEY.public, by=by, person="chief"
    ),
}


def test_the_table_says_for_another_where_the_node_holds_to_it() -> None:
    assert {right.act for right in Rights.load().rows() if "for-another" in right.when} == {*OWN}


@pytest.mark.parametrize("what", OWN)
def test_nobody_signs_what_is_about_themselves(stage: Stage, what: str) -> None:
    """Not under another id either: two keys of one person are one person."""
    both = stage()
    copy, korea = held(both, Custody.RECIPIENT), both["KOR"]
    enter_person(korea.node, official("chief"), by=security(korea))
    roles = [Role.SECURITY, Role.REGISTRY]
    enrol_officer(korea.node, "desk-2", roles, KEY.public, by=security(korea), person="chief")
    with korea.node.store.reading() as reader:
        before = len(list(reader.acts()))
    with pytest.raises(RefusedError, match="`chief` cannot sign what is about themselves"):
        OWN[what](korea, Acting(officer="desk-2", key=KEY), copy.id)
    with korea.node.store.reading() as reader:
        assert len(list(reader.acts())) == before


def test_a_peer_takes_no_key_that_its_own_person_enrolled(stage: Stage) -> None:
    both = stage()
    korea = both["KOR"]
    enrol_officer(korea.node, "desk-2", [Role.SECURITY], KEY.public, by=security(korea), person="chief")
    both.settle()
    body = {
        "officer": "spare",
        "person": "chief",
        "roles": ["legal"],
        "key": OTHER_KEY.public.to_json(),
        "first": False,
    }
    lie = act(korea, "enrol-key", signers=[(Role.SECURITY, "desk-2", KEY)], instrument="", body=body)
    said = send(both, "KOR", "JPN", message(korea, "JPN", "acts", {"acts": pack([lie])}))
    assert "`chief` cannot enrol a key of their own" in said["body"]["refused"][lie.id]
    # Nor does a key go to another person when it is replaced.
    body |= {"officer": "desk-2", "person": "kim", "roles": ["security"], "replaces": KEY.public.fingerprint}
    lie = act(korea, "enrol-key", signers=[(Role.SECURITY, "desk-2", KEY)], instrument="", body=body)
    said = send(both, "KOR", "JPN", message(korea, "JPN", "acts", {"acts": pack([lie])}))
    assert "officer `desk-2` is `chief`, and nobody else" in said["body"]["refused"][lie.id]
    holds(both)


ACCOUNT = "https://id.example sub 248289761001"


def test_an_account_is_one_persons_until_they_have_no_more_of_it(stage: Stage) -> None:
    """Bound by an act of another's; taken away by the next, or with the person."""
    both = stage()
    korea = both["KOR"]
    by = security(korea)
    enter_person(korea.node, replace(official("kim"), accounts=(ACCOUNT,)), by=by)
    lee = replace(official("lee"), accounts=(ACCOUNT,))
    with pytest.raises(UsageError, match="bound to `kim`"):
        enter_person(korea.node, lee, by=by)
    for wrong in ("kim", "http://id.example sub x", "https://id.example roles x", "https://id.example sub ", "sub x"):
        with pytest.raises(UsageError, match="not an account"):
            enter_person(korea.node, replace(official("lee"), accounts=(wrong,)), by=by)
    strike_person(korea.node, "kim", "moved", by=by)

    def binding() -> Binding | None:
        with korea.node.store.reading() as reader:
            return reader.binding(ACCOUNT)

    first = Binding(name=ACCOUNT, person="lee", act=enter_person(korea.node, lee, by=by).id)
    change_person(korea.node, "lee", by=by, clearance="CONFIDENTIAL")
    assert binding() == first, "what leaves the account with the person changes nothing of it"
    change_person(korea.node, "lee", by=by, accounts=())
    assert binding() is None
    again = change_person(korea.node, "lee", by=by, accounts=(ACCOUNT,))
    assert binding() == replace(first, act=again.id)
    holds(both)


def test_who_comes_back_is_known_by_the_act_that_says_so(stage: Stage) -> None:
    both = stage()
    node, by = both["KOR"].node, security(both["KOR"])

    def returned() -> str:
        with node.store.reading() as reader:
            person = reader.person("kim")
        assert person is not None
        return person.returned

    enter_person(node, official("kim"), by=by)
    enter_person(node, official("kim"), by=by)
    assert returned() == ""
    for confirmed in (True, False):
        if confirmed:
            strike_person(node, "kim", "x", by=by)
        else:
            end_access(node, "kim", "x")
        back = enter_person(node, official("kim"), by=by).id
        change_person(node, "kim", by=by, clearance="CONFIDENTIAL")
        assert returned() == back
    holds(both)


UNSOUND: dict[str, tuple[str, dict[str, Any], str]] = {
    "one's own clearance": ("enter-person", {"person": "kor-security"}, "cannot sign what is about themselves"),
    "a role that is none of the house's": ("enter-person", {"house_roles": ["legal"]}, "roles of the house are"),
    "a role twice": ("enter-person", {"house_roles": ["reader", "reader"]}, "each once"),
    "a facility twice": ("enter-person", {"rosters": ["main", "main"]}, "facilities are named, each once"),
    "an account twice": ("enter-person", {"accounts": ["https://a sub x", "https://a sub x"]}, "to one person, once"),
    "another's account": ("enter-person", {"person": "lee", "accounts": [ACCOUNT]}, "to one person, once"),
    "an end that is no instant": ("enter-person", {"expires": "2018"}, "its body does not fit"),
    "a roster as a word": ("enter-person", {"rosters": "main"}, "its body does not fit"),
    "the end of a person nobody entered": ("strike-person", {"person": "x", "why": ""}, "nobody entered a person `x`"),
    "one's own end": ("strike-person", {"person": "kor-security", "why": ""}, "nobody entered a person"),
    "a briefing of nobody": ("brief", {"person": "x", "what": "", "day": "2018-01-01", "until": ""}, "nobody entered"),
    "a briefing on no day": ("brief", {"person": "kim", "what": "", "day": "2018", "until": ""}, "does not fit"),
    "a briefing backwards": (
        "brief",
        {"person": "kim", "what": "", "day": "2018-01-02", "until": "2018-01-01"},
        "cannot count until 2018-01-01",
    ),
}


@pytest.mark.parametrize("what", UNSOUND)
def test_an_act_about_a_person_is_held_against_the_register(stage: Stage, what: str) -> None:
    """Where the acts are applied, whoever drafted them: so `verify` finds the same."""
    both = stage()
    korea = both["KOR"]
    both.enter(replace(official("kim"), accounts=(ACCOUNT,)), "KOR")
    kind, changes, says = UNSOUND[what]
    with korea.node.store.reading() as reader:
        (entered,) = [one.statement for one in reader.acts(types=["enter-person"])]
    body = {**entered.body, **changes} if kind == "enter-person" else changes
    with pytest.raises(VerificationError, match=says), korea.node.store.writing() as tx:
        make(korea.node, tx, [Draft(type=kind, body=body)], at=both.clock.at, by=security(korea))
    holds(both)


def test_two_persons_destroy_and_not_two_keys_of_one(stage: Stage) -> None:
    both = stage()
    copy, korea = held(both, Custody.RECIPIENT), both["KOR"]
    receipt(korea.node, copy.id, by=korea.by(Role.REGISTRY))
    security_ = security(korea)
    enrol_officer(korea.node, "second", [Role.REGISTRY], KEY.public, by=security_, person="chief")
    enrol_officer(korea.node, "third", [Role.SECURITY], OTHER_KEY.public, by=security_, person="chief")
    both.settle()
    one = Acting(officer="second", key=KEY), Acting(officer="third", key=OTHER_KEY)
    with pytest.raises(RefusedError, match="`chief` cannot destroy alone: two persons sign"):
        destroy(korea.node, copy.id, "shredded", by=one)
    # A node that let it pass would not be believed: the giver knows whose the keys are.
    lie = act(
        korea,
        "destroy",
        signers=[(Role.REGISTRY, "second", KEY), (Role.SECURITY, "third", OTHER_KEY)],
        parties=("JPN",),
        item=copy.item,
        copy=copy.id,
        body={"what": "x", "certified": ["record-made"], "verdict": "0" * 64},
    )
    said = send(both, "KOR", "JPN", message(korea, "JPN", "acts", {"acts": pack([lie])}))
    assert "`chief` signs twice, and two persons must sign" in said["body"]["refused"][lie.id]
    destroy(korea.node, copy.id, "shredded", by=(one[0], security_))
    both.settle()
    holds(both)


def test_a_key_stays_its_persons_when_it_is_replaced(stage: Stage) -> None:
    both = stage()
    korea = both["KOR"]
    enrol_officer(korea.node, "second", [Role.SECURITY], KEY.public, by=security(korea), person="chief")
    replace_officer_key(korea.node, "second", OTHER_KEY.public, by=Acting(officer="second", key=KEY))
    both.settle()
    for party in ("JPN", "KOR"):
        with both[party].node.store.reading() as reader:
            second = reader.officer("KOR", "second")
        assert second is not None and (second.person, second.key) == ("chief", OTHER_KEY.public)
    holds(both)


def test_a_peer_has_no_say_over_persons(stage: Stage) -> None:
    both = stage()
    copy, korea = held(both, Custody.RECIPIENT), both["KOR"]
    japan = both["JPN"]
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "strike-person": (Role.SECURITY, {"person": "kim", "why": "x"}),
        "brief": (Role.SECURITY, {"person": "kim", "what": "x", "day": "2018-01-01", "until": ""}),
        "enter-need": (Role.REGISTRY, {"person": "kim", "need": False, "why": "x"}),
        "place": (Role.REGISTRY, {"facility": "north"}),
    }
    lies = [
        act(japan, kind, roles=[role], parties=("KOR",), item=copy.item, copy=copy.id, body=body)
        for kind, (role, body) in bodies.items()
    ]
    said = send(both, "JPN", "KOR", message(japan, "KOR", "acts", {"acts": pack(lies)}))
    assert [said["body"]["refused"][lie.id].endswith(f"no say in `{lie.statement.type}`") for lie in lies] == [True] * 4
    assert asked(korea, copy.id)[0] == "permit"
    holds(both)


def test_what_lapses_is_listed_with_what_follows(stage: Stage) -> None:
    both = stage()
    copy, korea = held(both), both["KOR"]
    start, by = both.clock.at, security(korea)
    enrol_officer(korea.node, "kim-r", [Role.REGISTRY], KEY.public, by=by, person="kim")
    change_person(korea.node, "kim", by=by, expires=start + 10 * DAY, basis="PSC 7")
    enter_person(korea.node, official("lee", expires=start + 40 * DAY), by=by)
    enter_person(korea.node, official("gone"), by=by)
    strike_person(korea.node, "gone", "moved", by=by)
    brief(korea.node, "lee", "crypto", f"{start:%Y-%m-%d}", until=f"{start + 5 * DAY:%Y-%m-%d}", by=by)
    away(both, "JPN")
    with pytest.raises(PendingError):
        opened(korea, copy.id)

    def listed(days: int, since: datetime | None = None) -> dict[tuple[str, str], str]:
        with korea.node.store.reading() as reader:
            until = both.clock.at + days * DAY
            return {
                (one.person, one.what): "; ".join(one.consequences)
                for one in lapses(korea.node, reader, since=since, until=until)
            }

    assert set(listed(0)) == {("gone", "left")}
    assert set(listed(30, start)) == {("kim", "clearance"), ("lee", "briefing")}
    both.clock.at += 6 * DAY
    assert set(listed(0)) == {("gone", "left"), ("lee", "briefing")}
    both.clock.at += 5 * DAY
    kim = listed(0)["kim", "clearance"]
    assert "nothing held at main on dprk-missile is opened from then on (jpn-kor-2016 7.2" in kim
    assert "1 openings that wait are refused; signs no more as registry" in kim and "assures" not in kim
    # When the last one's clearance lapses, what was assured to the other Party is true of nobody.
    both.clock.at += 30 * DAY
    assert "nobody on a roster is cleared to SECRET, as act" in listed(0)["lee", "clearance"]
    assert "jpn-kor-2016 7.5(a)" in listed(0)["lee", "clearance"]
    assert list(listed(0))[:2] == [("kim", "clearance"), ("lee", "clearance")], "the earliest first"


def step_of(player: Player, name: str, day: datetime) -> object:
    """One thing that happens to Kim."""
    by, node = security(player), player.node
    with node.store.reading() as reader:
        known = reader.person("kim")
    if name == "enter":
        return enter_person(node, official("kim", expires=day + 3 * DAY), by=by)
    if known is None or known.left_at is not None:
        return None
    if name == "leave":
        return strike_person(node, "kim", "x", by=by)
    changes: dict[str, dict[str, Any]] = {
        "lower": {"clearance": "CONFIDENTIAL"},
        "renew": {"clearance": "SECRET", "expires": day + 3 * DAY},
        "off the roster": {"rosters": ()},
        "on the roster": {"rosters": ("main",)},
        "no need": {"needs": ()},
    }
    return change_person(node, "kim", by=by, **changes[name]) if name in changes else None


STEPS = ("enter", "lower", "renew", "off the roster", "on the roster", "no need", "leave", "wait")


@pytest.fixture
def lives(stage: Stage) -> tuple[Exercise, str]:
    """Two nodes and an item that Korea holds; one example begins where the other ended."""
    both = stage()
    return both, held(both, Custody.RECIPIENT).id


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=8))
def test_a_persons_life(lives: tuple[Exercise, str], steps: list[str]) -> None:
    """After each step the answer is that of a plain model, and each past day still has its own answer."""
    both, copy = lives
    korea = both["KOR"]
    here, level, ends, roster, need = False, "none", None, False, False
    answers: list[tuple[datetime, str]] = []
    with korea.node.store.reading() as reader:
        if (known := reader.person("kim")) is not None and known.left_at is None:
            strike_person(korea.node, "kim", "the next life", by=security(korea))
    for name in steps:
        both.clock.at += DAY
        now = both.clock.at
        step_of(korea, name, now)
        if name == "enter":
            here, level, ends, roster, need = True, "SECRET", now + 3 * DAY, True, True
        elif here and name == "leave":
            here = False
        elif here:
            level = {"lower": "CONFIDENTIAL", "renew": "SECRET"}.get(name, level)
            ends = now + 3 * DAY if name == "renew" else ends
            roster = {"off the roster": False, "on the roster": True}.get(name, roster)
            need = need and name != "no need"
        cleared = here and level == "SECRET" and ends is not None and now < ends
        expected = "permit" if cleared and roster and need else "refuse"
        with korea.node.store.reading() as reader:
            if reader.person("kim") is None:
                continue
        assert asked(korea, copy)[0] == expected, (steps, name)
        answers.append((now, expected))
    for at, expected in answers:
        assert asked(korea, copy, at)[0] == expected
