"""Sessions end: by their absolute and idle end, signed out, ended by others, and with what they rest on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from calling import Answer, Served, enrol
from programs import Program, follow, later
from stories import Stage

from gsomia.api import Spans
from gsomia.keys import SigningKey
from gsomia.node import (
    Acting,
    PersonDetails,
    Role,
    declare_compromised,
    end_access,
    replace_officer_key,
    retire_officer_key,
    strike_person,
)
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]

SPANS = Spans()


@pytest.fixture
def both(stage: Stage) -> Exercise:
    return stage()


@pytest.fixture
def kor(both: Exercise, serve: Serve) -> Served:
    return serve(both, "KOR")


@pytest.fixture
def other(kor: Served, both: Exercise) -> Acting:
    """A security officer whose sessions end here."""
    by = enrol(kor, "other", Role.SECURITY)
    both.enter(PersonDetails(id="other", clearance="SECRET"), "KOR")
    return by


def asked(kor: Served, program: Program, path: str = "/v1/acts") -> Answer:
    """A request with a new proof."""
    return kor.ask("GET", path, None, headers=program.headers("GET", path, at=kor.player.node.clock.machine()))


# --- by themselves ----------------------------------------------------------------------------------------------------


def test_a_token_ends_at_its_instant_however_often_it_is_used(kor: Served, other: Acting) -> None:
    program = Program(kor, other, "see-acts", minutes=60)
    for minutes in (20, 40, 59):
        later(kor, minutes=minutes)
        assert asked(kor, program).status == 200
    later(kor, minutes=61)
    assert asked(kor, program).status == 401


def test_no_token_is_good_for_longer_than_the_settings_say(kor: Served, other: Acting) -> None:
    told = Program(kor, other, "see-acts", minutes=366 * 24 * 60).told
    assert datetime.fromisoformat(told["until"]) - datetime.fromisoformat(told["made"]) == SPANS.token
    body = {"jwk": {}, "acts": ["see-acts"], "minutes": 366 * 24 * 60 + 1}
    assert kor.ask("POST", "/v1/tokens", other, body).status == 400


def test_a_token_that_nothing_is_asked_with_ends(kor: Served, other: Acting) -> None:
    program = Program(kor, other, "see-acts", minutes=30 * 24 * 60)
    idle = SPANS.token_idle
    for days in (6, 12, 18):  # each within seven days of the one before
        later(kor, days=days)
        assert asked(kor, program).status == 200
    kor.again()
    later(kor, days=18 + idle.days, minutes=1)
    assert asked(kor, program).status == 401
    later(kor, days=19)
    assert asked(kor, program).status == 200, "the same token, had it been asked with in time"


def test_what_is_refused_keeps_no_token_awake(kor: Served, other: Acting) -> None:
    """A caught token without its key does not hold a session open."""
    program, thief = (Program(kor, other, "see-acts", minutes=30 * 24 * 60) for _ in range(2))
    later(kor, days=6)
    thief.told = program.told
    assert asked(kor, thief).status == 401
    later(kor, days=8)
    assert asked(kor, program).status == 401


# --- signed out, and ended by others ----------------------------------------------------------------------------------


def test_signing_out(kor: Served, other: Acting) -> None:
    """A token ends itself, whatever it is good for, and no other; a certificate ends all."""
    one, two = Program(kor, other, "see-acts"), Program(kor, other, "see-acts")
    assert kor.ask("POST", "/v1/sign-out", None, headers=one.headers("POST", "/v1/sign-out")).status == 204
    assert (asked(kor, one).status, asked(kor, two).status) == (401, 200)
    old = kor.certificate(other, at=datetime.now(UTC) - timedelta(seconds=2), span=timedelta(days=300))
    assert kor.ask("GET", "/v1/me", None, der=old).status == 200
    assert kor.ask("POST", "/v1/sign-out", None, der=old).status == 204
    assert (asked(kor, two).status, kor.ask("GET", "/v1/me", None, der=old).status) == (401, 401)
    kor.again()
    assert kor.ask("GET", "/v1/me", None, der=old).status == 401, "after a restart too"
    later(kor, seconds=62)
    new = kor.certificate(other, at=kor.player.node.clock.machine())
    assert kor.ask("GET", "/v1/me", None, der=new).status == 200, "the key itself is as good as before"


CERTIFICATES = {
    "by a clock that is ahead": timedelta(seconds=40),
    "valid from when it was signed": timedelta(minutes=1),
}
"""By how much later a certificate is valid than one that is made now."""


@pytest.mark.parametrize("seen", [True, False], ids=["seen before", "never seen before"])
@pytest.mark.parametrize("ahead", CERTIFICATES.values(), ids=CERTIFICATES)
def test_no_certificate_that_was_signed_out_comes_back(
    kor: Served, other: Acting, ahead: timedelta, seen: bool
) -> None:
    """Whenever the node saw it first, and after a restart."""
    made = datetime.now(UTC)
    old, asking = kor.certificate(other, at=made + ahead), kor.certificate(other, at=made)
    later(kor, seconds=2)
    if seen:
        assert kor.ask("GET", "/v1/me", None, der=old).status == 200
    later(kor, seconds=10)
    assert kor.ask("POST", "/v1/sign-out", None, der=old if seen else asking).status == 204
    for seconds in (11, 30, 90):
        kor.again()
        later(kor, seconds=seconds)
        assert kor.ask("GET", "/v1/me", None, der=old).status == 401, seconds


def test_who_sees_and_ends_the_sessions_of_others(kor: Served, other: Acting) -> None:
    """A security officer lists them and ends one, or all of a person's, certificates too; others may not."""
    security, legal = kor.player.by(Role.SECURITY), kor.player.by(Role.LEGAL)
    one, two = Program(kor, other, "see-acts"), Program(kor, legal, "see-acts")
    told = kor.ask("GET", "/v1/sessions", security).json()["sessions"]
    assert {row["id"] for row in told} == {one.told["id"], two.told["id"]}
    assert not any("token" in row for row in told), "the tokens themselves are told to nobody"
    mine = kor.ask("GET", "/v1/sessions?person=other", security).json()["sessions"]
    assert [(row["id"], row["person"], row["way"]) for row in mine] == [(one.told["id"], "other", "certificate")]
    for method, path in (
        ("GET", "/v1/sessions"), ("DELETE", f"/v1/sessions/{one.told['id']}"), ("DELETE", "/v1/persons/other/sessions"),
    ):  # fmt: skip
        assert kor.ask(method, path, legal).status == 403
    assert kor.ask("DELETE", f"/v1/sessions/{two.told['id']}", security).status == 204
    assert (asked(kor, two).status, asked(kor, one).status) == (401, 200)
    old = kor.certificate(other, at=datetime.now(UTC) - timedelta(seconds=2))
    assert kor.ask("GET", "/v1/me", None, der=old).status == 200
    assert kor.ask("DELETE", "/v1/persons/other/sessions", security).status == 204
    assert (asked(kor, one).status, kor.ask("GET", "/v1/me", None, der=old).status) == (401, 401)
    assert kor.ask("DELETE", "/v1/persons/nobody/sessions", security).status == 404


@pytest.mark.parametrize("path", ["a/b", "a%2Fb"])
def test_the_sessions_of_a_person_whose_id_has_a_slash(kor: Served, both: Exercise, path: str) -> None:
    both.enter(PersonDetails(id="a/b", clearance="SECRET"), "KOR")
    security = kor.player.by(Role.SECURITY)
    assert kor.ask("DELETE", f"/v1/persons/{path}/sessions", security).status == 204
    assert kor.memory.signed_out("a/b", datetime.now(UTC) - timedelta(seconds=2))


# --- with what they rest on -------------------------------------------------------------------------------------------


def _replaced(kor: Served, by: Acting, security: Acting) -> object:
    return replace_officer_key(kor.player.node, by.officer, SigningKey.generate().public, by=security)


ENDS: dict[str, Callable[[Served, Acting, Acting], object]] = {
    "the key is retired": lambda kor, by, security: retire_officer_key(kor.player.node, by.officer, by=security),
    "the key is replaced": _replaced,
    "the key is declared compromised": lambda kor, by, security: declare_compromised(
        kor.player.node, "KOR", by.officer, kor.player.node.clock.now(), by=security
    ),
    "the person is struck": lambda kor, by, security: strike_person(kor.player.node, "other", "x", by=security),
    "a directory says that they left": lambda kor, by, _: end_access(kor.player.node, "other", "x"),
    "a security officer ends the sessions": lambda kor, by, security: kor.ask(
        "DELETE", "/v1/persons/other/sessions", security
    ),
}


@pytest.mark.parametrize("why", ENDS)
def test_every_session_ends_at_the_next_request(kor: Served, other: Acting, why: str) -> None:
    security = kor.player.by(Role.SECURITY)
    program, der = Program(kor, other, "see-acts"), kor.certificate(other, at=datetime.now(UTC) - timedelta(seconds=2))
    assert (asked(kor, program).status, kor.ask("GET", "/v1/me", None, der=der).status) == (200, 200)
    ENDS[why](kor, other, security)
    assert (kor.ask("GET", "/v1/me", None, der=der).status, asked(kor, program).status) == (401, 401)


@pytest.mark.parametrize("why", ENDS)
def test_what_ended_is_listed_no_more(kor: Served, other: Acting, why: str) -> None:
    security = kor.player.by(Role.SECURITY)
    Program(kor, other, "see-acts")
    assert len(kor.ask("GET", "/v1/sessions", security).json()["sessions"]) == 1
    ENDS[why](kor, other, security)
    assert kor.ask("GET", "/v1/sessions", security).json()["sessions"] == []


def test_a_token_of_who_left_does_not_live_again(kor: Served, other: Acting, both: Exercise) -> None:
    """Whose key nobody has ended may sign in anew; what was signed in before stays out."""
    program = Program(kor, other, "see-acts")
    both.enter(PersonDetails(id="other", clearance="CONFIDENTIAL"), "KOR")
    assert asked(kor, program).status == 200, "another change ends nothing"
    end_access(kor.player.node, "other", "x")
    both.enter(PersonDetails(id="other", clearance="SECRET"), "KOR")
    assert asked(kor, program).status == 401
    assert asked(kor, Program(kor, other, "see-acts")).status == 200


@pytest.mark.parametrize("by_token", [False, True])
@pytest.mark.parametrize("why", [*ENDS][:-1])
def test_every_open_stream_ends(kor: Served, other: Acting, why: str, by_token: bool) -> None:
    security = kor.player.by(Role.SECURITY)
    given = Program(kor, other, "see-acts").headers("GET", "/v1/events") if by_token else {}
    der = None if by_token else kor.certificate(other)
    _, took = kor.loop.run_until_complete(follow(kor, der, lambda: ENDS[why](kor, other, security), headers=given))
    assert took < 1.0


STREAMS: dict[str, Callable[[Served, Any], object]] = {
    "all sessions are ended": lambda kor, now: kor.memory.sign_out("other", now, now + timedelta(days=400)),
    "it was idle": lambda kor, now: later(kor, days=8),
}


@pytest.mark.parametrize("by_token", [False, True])
@pytest.mark.parametrize("why", STREAMS)
def test_a_stream_is_no_use_of_a_session(kor: Served, other: Acting, why: str, by_token: bool) -> None:
    given = {}
    if by_token:
        given = Program(kor, other, "see-acts", minutes=30 * 24 * 60).headers("GET", "/v1/events")
    der = None if by_token else kor.certificate(other, at=datetime.now(UTC) - timedelta(seconds=2))
    _, took = kor.loop.run_until_complete(follow(kor, der, lambda: STREAMS[why](kor, datetime.now(UTC)), headers=given))
    assert took < 1.0
