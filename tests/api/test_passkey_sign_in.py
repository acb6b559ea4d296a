"""Officers with passkeys over the API: they sign in and sign acts, and those who try it with less."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from authenticator import Authenticator
from calling import RealMachine, Served, signatures
from officers_browser import CHALLENGES, SIGN_IN, Browser
from stories import MARKS, Stage

from gsomia.api import sign_in_text
from gsomia.api.failures import FREE
from gsomia.node import Role, audit, replace_officer_key, retire_officer_key
from gsomia.passkeys import Assertion, b64url
from gsomia.testing import Exercise
from gsomia.web import public_jwk, thumbprint


@pytest.fixture
def kor(stage: Stage, serve: Callable[[Exercise, str], Served]) -> Served:
    """Korea's API; Korea holds an item, and its registry officer has a passkey."""
    exercise = stage()
    exercise["JPN"].transmit(b"EXERCISE", to="KOR", level=MARKS["JPN"])
    exercise.settle()
    kor = exercise["KOR"]
    old, device = kor.by(Role.REGISTRY), Authenticator()
    replace_officer_key(kor.node, old.officer, device.public, by=kor.by(Role.SECURITY))
    kor.officers[Role.REGISTRY] = replace(old, key=device)
    return serve(exercise, "KOR")


@pytest.fixture
def browser(kor: Served) -> Browser[Authenticator]:
    device = kor.player.by(Role.REGISTRY).key
    assert isinstance(device, Authenticator)
    return Browser(kor, device)


def test_it_signs_in_and_signs_an_act(browser: Browser[Authenticator]) -> None:
    answer = browser.sign_in()
    told = answer.json()
    assert (answer.status, told["officer"], told["way"], told["acts"]) == (201, "kor-registry", "passkey", None)
    assert browser.ask("GET", "/v1/copies").status == 200
    told = browser.prepared()
    (officer,) = told["officers"]
    assert officer["passkey"]["challenge"] == json.loads(browser.over(told).client_data)["challenge"]
    assert (officer["passkey"]["credential"], officer["passkey"]["rp"]) == (
        b64url(browser.device.public.credential),
        "node.example",
    )
    assert browser.signed(told).json()["status"] == "done"
    player = browser.served.player
    with player.node.store.reading() as reader:
        assert reader.act(told["acts"][0]) is not None
    assert [check for check in audit(player.node) if not check.holds] == []


@pytest.mark.usefixtures("still")
def test_failures_of_the_same_source_keep_nobody_out(browser: Browser[Authenticator]) -> None:
    """They are counted and shown; an assertion is guessed no more than a certificate is."""
    kor = browser.served
    tries = [kor.ask("POST", CHALLENGES, None, {}, {"dpop": "x"}) for _ in range(2 * FREE)]
    assert {answer.status for answer in tries} == {401}
    assert kor.ask("GET", "/v1/me", None, headers={"authorization": "DPoP x", "dpop": "x"}).status == 429
    assert browser.sign_in().status == 201
    (told,) = kor.ask("GET", "/v1/sessions", kor.player.by(Role.SECURITY)).json()["failures"]
    assert told["kind"] == "source" and told["failed"] >= FREE


def test_whoever_has_less_than_all_of_it_gets_the_one_answer(browser: Browser[Authenticator]) -> None:
    stranger = browser.served.ask("GET", "/v1/copies", None)
    other = Browser(browser.served, replace(browser.device, key=None))
    body = browser.body
    jkt = thumbprint(public_jwk(browser.own))

    def over(nonce: str, **words: Any) -> Assertion:
        return browser.device.assertion(sign_in_text("KOR", nonce, jkt, **{"exercise": True, **words}))

    told = browser.challenge()
    nonce = told["nonce"]
    turned = ("A" if nonce[0] != "A" else "B") + nonce[1:]
    tries: list[tuple[Browser[Authenticator], Any]] = [
        (other, other.body(told)),  # the challenge of another's DPoP key, and another passkey
        (Browser(browser.served, browser.device), body(told)),  # an assertion that somebody else caught
        (browser, other.body(told)),
        (browser, body(browser.challenge(), over(browser.challenge()["nonce"]))),
        (browser, body(told, over(turned), nonce=turned)),
        (browser, body(told, over("x"), nonce="x")),
        (browser, body(told, over(""), nonce="")),
        (browser, body(browser.challenge(), credential="AAAA")),
        (browser, body(browser.challenge(), credential="*")),
        (browser, body((one := browser.challenge()), over(one["nonce"], exercise=False))),
        (browser, body((two := browser.challenge()), over(two["nonce"])) | {"response": _none()}),
    ]
    for who, wanted in tries:
        browser.served.again()  # what failed so often would wait otherwise
        answer = who.ask("POST", SIGN_IN, wanted)
        assert (answer.status, answer.json()["detail"]) == (401, stranger.json()["detail"]), wanted


def _none() -> dict[str, str]:
    return {"authenticatorData": "", "clientDataJSON": "", "signature": ""}


def test_a_challenge_is_good_once_and_for_two_minutes(browser: Browser[Authenticator]) -> None:
    told = browser.challenge()
    assert browser.ask("POST", SIGN_IN, browser.body(told)).status == 201
    assert browser.ask("POST", SIGN_IN, browser.body(told)).status == 401
    told = browser.challenge()
    browser.served.again()
    assert browser.ask("POST", SIGN_IN, browser.body(told)).status == 201
    told = browser.challenge()
    clock = browser.served.player.node.clock
    assert isinstance(clock, RealMachine)
    clock.ahead = timedelta(minutes=2, seconds=5)
    at = datetime.now(UTC) + clock.ahead
    late = browser.headers("POST", SIGN_IN, at=at)
    assert browser.served.ask("POST", SIGN_IN, None, browser.body(told), late).status == 401


def test_the_proof_of_a_key_is_asked_for_and_used_once(browser: Browser[Authenticator]) -> None:
    ask = browser.served.ask
    assert ask("POST", CHALLENGES, None).status == 401
    once = browser.headers("POST", CHALLENGES)
    assert [ask("POST", CHALLENGES, None, None, once).status for _ in range(2)] == [201, 401]
    old = datetime.now(UTC) - timedelta(minutes=3)
    for wrong in (
        browser.headers("POST", SIGN_IN),
        browser.headers("GET", CHALLENGES),
        browser.headers("POST", CHALLENGES, at=old),
    ):
        assert ask("POST", CHALLENGES, None, None, wrong).status == 401
    twice = [*browser.headers("POST", CHALLENGES).items(), *browser.headers("POST", CHALLENGES).items()]
    assert ask("POST", CHALLENGES, None, None, twice).status == 401
    assert ask("POST", SIGN_IN, None, browser.body(browser.challenge())).status == 401
    assert ask("GET", CHALLENGES, None).status == 401


def test_what_signs_in_enters_no_act_and_the_other_way_round(browser: Browser[Authenticator]) -> None:
    browser.sign_in()
    told = browser.prepared()
    challenge = browser.challenge()
    text = sign_in_text("KOR", challenge["nonce"], thumbprint(public_jwk(browser.own)), exercise=True)
    assert browser.signed(told, browser.device.assertion(text)).status == 422
    act = browser.over(told)
    fresh = Browser(browser.served, browser.device, browser.own)
    assert fresh.ask("POST", SIGN_IN, fresh.body(fresh.challenge(), act)).status == 401
    assert browser.signed(told, act).json()["status"] == "done"


def test_a_counter_that_does_not_go_on_is_another_device(browser: Browser[Authenticator]) -> None:
    copy = replace(browser.device)
    browser.device.counter = 10
    assert browser.sign_in().status == 201
    assert Browser(browser.served, copy).sign_in().status == 401
    told = browser.prepared()
    answer = Browser(browser.served, copy, browser.own, browser.token).signed(told)
    assert answer.status == 422 and "counter" in answer.json()["detail"]
    assert browser.signed(told).json()["status"] == "done"
    browser.device.counter = -1
    assert Browser(browser.served, browser.device).sign_in().status == 401


def test_one_that_does_not_count_is_taken(browser: Browser[Authenticator]) -> None:
    for _ in range(2):
        browser.device.counter = -1
        assert Browser(browser.served, browser.device).sign_in().status == 201


def test_a_passkey_that_ended_signs_nobody_in_and_ends_its_token(browser: Browser[Authenticator]) -> None:
    browser.sign_in()
    player = browser.served.player
    told = browser.prepared()
    retire_officer_key(player.node, "kor-registry", by=player.by(Role.SECURITY))
    assert browser.ask("GET", "/v1/copies").status == 401
    assert browser.signed(told).status == 401
    assert Browser(browser.served, browser.device).sign_in().status == 401


def test_each_kind_of_key_signs_in_its_own_way(browser: Browser[Authenticator]) -> None:
    browser.sign_in()
    told = browser.prepared()
    kor = browser.served.player
    pair = signatures(told, kor.by(Role.LEGAL))
    answer = browser.ask("POST", f"/v1/preparations/{told['id']}/signatures", pair)
    assert answer.status == 422 and "missing" in answer.json()["detail"]
    certificate = browser.served.certificate(kor.by(Role.LEGAL))
    headers = browser.headers("GET", "/v1/copies")
    assert browser.served.ask("GET", "/v1/copies", None, None, headers, certificate).status == 401
