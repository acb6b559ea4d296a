"""Roles of the house over the API: a reader opens what the register says they may, an auditor sees all but contents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from calling import Served
from stories import MARKS, Stage, once, refusals

from gsomia.api import openings
from gsomia.keys import SigningKey
from gsomia.node import Acting, PersonDetails, Role, enrol_officer
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]

KIM = PersonDetails(
    id="kim", clearance="SECRET", needs=("dprk-missile",), rosters=("main",), house_roles=(Role.READER,)
)


@pytest.fixture
@once
def both(stage: Stage) -> Exercise:
    """Korea holds a marked item that came from Japan."""
    exercise = stage()
    exercise["JPN"].transmit(b"EXERCISE contents", to="KOR", level=MARKS["JPN"])
    exercise.settle()
    return exercise


@pytest.fixture
def kor(both: Exercise, serve: Serve) -> Served:
    served = serve(both, "KOR")
    registry = served.player.by(Role.REGISTRY)
    number = served.player.copies()[0].control_number
    assert served.act(registry, {"act": "mark", "item": number, "level": MARKS["KOR"]}).status == 200
    assert served.act(registry, {"act": "receipted", "item": number}).status == 200
    return served


def signing_in(kor: Served, both: Exercise, person: PersonDetails) -> Acting:
    """A person who is entered so, and has a legal officer's key to sign in with."""
    both.enter(person, "KOR")
    key = SigningKey.generate()
    security = kor.player.by(Role.SECURITY)
    enrol_officer(kor.player.node, "kim-legal", [Role.LEGAL], key.public, by=security, person=person.id)
    return Acting(officer="kim-legal", key=key)


def test_a_reader_opens_for_oneself_and_for_nobody_else(kor: Served, both: Exercise) -> None:
    kim, number = signing_in(kor, both, KIM), kor.player.copies()[0].control_number
    opened = kor.ask("POST", "/v1/openings", kim, {"item": number, "person": "kim"})
    assert (opened.status, opened.body) == (200, b"EXERCISE contents")
    assert opened.headers["cache-control"] == "no-store"
    both.enter(replace(KIM, id="lee"), "KOR")
    assert kor.ask("POST", "/v1/openings", kim, {"item": number, "person": "lee"}).status == 403
    assert kor.ask("POST", "/v1/openings", kim, {"item": "nothing", "person": "kim"}).status == 404
    with kor.player.node.store.reading() as reader:
        assert [act.statement.body["person"] for act in reader.acts(types=["access"])] == ["kim"]


def test_what_is_too_long_for_the_api_is_not_opened(
    kor: Served, both: Exercise, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused by its size, before anything says that it was opened."""
    kim, number = signing_in(kor, both, KIM), kor.player.copies()[0].control_number
    monkeypatch.setattr(openings, "MOST", len(b"EXERCISE contents") - 1)
    assert kor.ask("POST", "/v1/openings", kim, {"item": number, "person": "kim"}).status == 413
    with kor.player.node.store.reading() as reader:
        assert not list(reader.acts(types=["access", "opened"]))
    monkeypatch.setattr(openings, "MOST", len(b"EXERCISE contents"))
    assert kor.ask("POST", "/v1/openings", kim, {"item": number, "person": "kim"}).status == 200


LESS: dict[str, dict[str, Any]] = {
    "no need": {"needs": ("other",)},
    "no place on the roster": {"rosters": ()},
    "a clearance that does not reach": {"clearance": "CONFIDENTIAL"},
    "no such role": {"house_roles": ()},
}


@pytest.mark.parametrize("why", LESS)
def test_what_the_register_takes_away_is_gone_at_the_next_request(kor: Served, both: Exercise, why: str) -> None:
    """And the item itself is then nothing that the person may know of."""
    kim, number = signing_in(kor, both, KIM), kor.player.copies()[0].control_number
    assert kor.ask("GET", f"/v1/copies/{number}", kim).status == 200
    both.enter(replace(KIM, **LESS[why]), "KOR")
    hidden, nothing = kor.ask("GET", f"/v1/copies/{number}", kim), kor.ask("GET", "/v1/copies/nothing", kim)
    assert (hidden.status, hidden.body) == (nothing.status, nothing.body) == (404, nothing.body)
    asked = kor.ask("POST", "/v1/openings", kim, {"item": number, "person": "kim"})
    assert asked.status in (403, 404) and b"EXERCISE contents" not in asked.body


def test_a_clearance_that_ends_takes_the_item_with_it(kor: Served, both: Exercise) -> None:
    kim = signing_in(kor, both, replace(KIM, expires=both.clock.at + timedelta(days=1)))
    number = kor.player.copies()[0].control_number
    assert kor.ask("GET", f"/v1/copies/{number}", kim).status == 200
    both.pass_time(timedelta(days=2))
    kor.again()
    assert kor.ask("GET", f"/v1/copies/{number}", kim).status == 404


def test_an_auditor_sees_everything_but_contents(kor: Served, both: Exercise) -> None:
    auditor = signing_in(kor, both, replace(KIM, house_roles=(Role.AUDITOR,)))
    number = kor.player.copies()[0].control_number
    for path in ("copies", f"copies/{number}", "acts", "refused", "logs", "inbox", "outbox"):
        assert kor.ask("GET", f"/v1/{path}", auditor).status == 200, path
    assert kor.ask("POST", "/v1/openings", auditor, {"item": number, "person": "kim"}).status == 403
    assert kor.ask("POST", "/v1/preparations", auditor, {"act": "receipted", "item": number}).status == 403


def test_who_stands_on_a_roster_is_told_to_who_keeps_it(kor: Served, both: Exercise) -> None:
    """By ids alone: to a registry officer of any facility, to a custodian of their own, to a reader of none."""
    custodian = signing_in(kor, both, replace(KIM, house_roles=(Role.CUSTODIAN,), rosters=("main", "a/b")))
    told = kor.ask("GET", "/v1/rosters/a/b", kor.player.by(Role.REGISTRY))
    assert (told.status, told.json()["persons"]) == (200, ["kim"])
    assert kor.ask("GET", "/v1/rosters/a/b", custodian).body == told.body
    assert "kim" in kor.ask("GET", "/v1/rosters/main", custodian).json()["persons"]
    both.enter(replace(KIM, id="lee", rosters=("north",)), "KOR")
    others = [kor.ask("GET", f"/v1/rosters/{name}", custodian) for name in ("north", "nothing")]
    assert {answer.status for answer in others} == {403} and len({answer.body for answer in others}) == 1
    assert kor.ask("GET", "/v1/rosters/nothing", kor.player.by(Role.REGISTRY)).status == 404
    both.enter(replace(KIM, rosters=("main", "a/b")), "KOR")
    assert kor.ask("GET", "/v1/rosters/main", custodian).status == 403


def test_a_custodian_sees_what_is_kept_with_them_and_opens_and_signs_nothing(kor: Served, both: Exercise) -> None:
    """The item of their own facility, need or none; no contents, no register, no roster to change, no copy to place."""
    keeps = replace(KIM, needs=(), house_roles=(Role.CUSTODIAN,))
    custodian, number = signing_in(kor, both, keeps), kor.player.copies()[0].control_number
    assert kor.ask("GET", f"/v1/copies/{number}", custodian).status == 200
    opened = kor.ask("POST", "/v1/openings", custodian, {"item": number, "person": "kim"})
    assert opened.status in (403, 404) and b"EXERCISE contents" not in opened.body
    for path in ("persons", "persons/kim", "rosters", "inbox"):
        assert kor.ask("GET", f"/v1/{path}", custodian).status == 403, path
    for act in (
        {"act": "place", "item": number, "facility": "main"},
        {"act": "mark", "item": number, "level": MARKS["KOR"]},
        {"act": "change-person", "person": "kim", "rosters": ["main", "north"]},
    ):
        assert kor.ask("POST", "/v1/preparations", custodian, act).status == 403, act
    both.enter(replace(keeps, rosters=("north",)), "KOR")
    hidden, nothing = kor.ask("GET", f"/v1/copies/{number}", custodian), kor.ask("GET", "/v1/copies/nothing", custodian)
    assert (hidden.status, hidden.body) == (nothing.status, nothing.body) == (404, nothing.body)


def test_what_an_officer_asks_without_authority_is_kept_within_a_bound(kor: Served, both: Exercise) -> None:
    before = len(refusals(kor.player))
    number = kor.player.copies()[0].control_number
    wanted = {"act": "recall", "item": number, "why": "w", "due": None}
    registry, legal = kor.player.by(Role.REGISTRY), signing_in(kor, both, KIM)
    for _ in range(3):
        assert kor.act(legal, wanted).status == 403
    assert (
        kor.act(registry, {"act": "destroy", "item": number, "method": "m", "registry": "x", "security": "y"}).status
        == 403
    )
    assert kor.ask("POST", "/v1/preparations", None, wanted).status == 401
    assert kor.ask("GET", "/v1/copies", legal).status == 403, "what signs nothing is not kept"
    kept = [(one.source, one.what, one.detail["count"]) for one in refusals(kor.player)[before:]]
    assert kept == [
        ("KOR", "without authority: `recall`, by officer `kim-legal`", 3),
        ("KOR", f"without authority: `destroy`, by officer `{registry.officer}`", 1),
    ]
    shown = kor.ask("GET", "/v1/refused", kor.player.by(Role.SECURITY)).json()["refused"]
    assert [one["times"] for one in shown[before:]] == [3, 1]
    both.pass_time(timedelta(hours=1, seconds=1))
    assert kor.act(legal, wanted).status == 403
    assert len(refusals(kor.player)) == before + 3, "an hour later it is an entry of its own"
