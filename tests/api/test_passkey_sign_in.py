"""Officers with passkeys over the API: they sign in and sign acts, and those who try it with less."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from authenticator import Authenticator, in_browser
from calling import URL, Answer, RealMachine, Served, signatures
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from stories import MARKS, Stage

from gsomia.api import sign_in_text
from gsomia.node import Role, audit, replace_officer_key, retire_officer_key, sign_prepared
from gsomia.passkeys import WEBAUTHN, Assertion, b64url
from gsomia.testing import Exercise
from gsomia.web import make_proof, public_jwk, thumbprint

CHALLENGES, SIGN_IN = "/v1/sign-in/passkey/challenges", "/v1/sign-in/passkey"
_JTI = itertools.count()


@dataclass
class Browser:
    """An officer's browser: a key of its own for proofs, and the authenticator before it."""

    served: Served
    device: Authenticator
    own: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    token: str = ""

    def headers(self, method: str, path: str, **words: Any) -> dict[str, str]:
        """The proof of its key, and the token where there is one."""
        told = {"url": URL + path, "token": self.token, "at": datetime.now(UTC), "jti": f"a proof of ours {next(_JTI)}"}
        proof = make_proof(self.own, **{"method": method, **told, **words})
        return {"dpop": proof} | ({"authorization": f"DPoP {self.token}"} if self.token else {})

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """One request without a certificate."""
        return self.served.ask(method, path, None, body, self.headers(method, path))

    def challenge(self) -> dict[str, Any]:
        """A challenge of the node's."""
        answer = self.ask("POST", CHALLENGES)
        assert answer.status == 201, answer
        told: dict[str, Any] = answer.json()
        return told

    def body(self, told: Mapping[str, Any], made: Assertion | None = None, **words: Any) -> dict[str, Any]:
        """What signs in on a challenge."""
        jkt = thumbprint(public_jwk(self.own))
        signed = sign_in_text("KOR", told["nonce"], jkt, exercise=True)
        response = in_browser(made or self.device.assertion(signed))
        return {"nonce": told["nonce"], "credential": b64url(self.device.credential), "response": response, **words}

    def sign_in(self) -> Answer:
        """Sign in, and keep the token."""
        answer = self.ask("POST", SIGN_IN, self.body(self.challenge()))
        if answer.status == 201:
            self.token = answer.json()["token"]
        return answer

    def prepared(self) -> dict[str, Any]:
        """A prepared use of the item that is held."""
        number = self.served.player.copies()[0].id
        answer = self.ask("POST", "/v1/preparations", {"act": "use", "item": number, "what": "a lecture"})
        assert answer.status == 201, answer
        told: dict[str, Any] = answer.json()
        return told

    def over(self, told: Mapping[str, Any]) -> Assertion:
        """The officer's assertion over what was prepared."""
        return Assertion.from_bytes(sign_prepared([one.encode() for one in told["statements"]], self.device)[WEBAUTHN])

    def signed(self, told: Mapping[str, Any], made: Assertion | None = None) -> Answer:
        """Sign what was prepared."""
        made = made or self.over(told)
        return self.ask("POST", f"/v1/preparations/{told['id']}/signatures", {"passkey": in_browser(made)})


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
def browser(kor: Served) -> Browser:
    device = kor.player.by(Role.REGISTRY).key
    assert isinstance(device, Authenticator)
    return Browser(kor, device)


def test_it_signs_in_and_signs_an_act(browser: Browser) -> None:
    answer = browser.sign_in()
    told = answer.json()
    assert (answer.status, told["officer"], told["way"], told["acts"]) == (201, "kor-registry", "passkey", None)
    assert browser.ask("GET", "/v1/copies").status == 200
    told = browser.prepared()
    (officer,) = told["officers"]
    assert officer["passkey"]["challenge"] == json.loads(browser.over(told).client_data)["challenge"]
    assert (officer["passkey"]["credential"], officer["passkey"]["rp"]) == (
        b64url(browser.device.credential),
        "node.example",
    )
    assert browser.signed(told).json()["status"] == "done"
    player = browser.served.player
    with player.node.store.reading() as reader:
        assert reader.act(told["acts"][0]) is not None
    assert [check for check in audit(player.node) if not check.holds] == []


def test_whoever_has_less_than_all_of_it_gets_the_one_answer(browser: Browser) -> None:
    stranger = browser.served.ask("GET", "/v1/copies", None)
    other = Browser(browser.served, replace(browser.device, key=None))
    body = browser.body
    jkt = thumbprint(public_jwk(browser.own))

    def over(nonce: str, **words: Any) -> Assertion:
        return browser.device.assertion(sign_in_text("KOR", nonce, jkt, **{"exercise": True, **words}))

    told = browser.challenge()
    nonce = told["nonce"]
    turned = ("A" if nonce[0] != "A" else "B") + nonce[1:]
    tries: list[tuple[Browser, Any]] = [
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
        answer = who.ask("POST", SIGN_IN, wanted)
        assert (answer.status, answer.json()["detail"]) == (401, stranger.json()["detail"]), wanted


def _none() -> dict[str, str]:
    return {"authenticatorData": "", "clientDataJSON": "", "signature": ""}


def test_a_challenge_is_good_once_and_for_two_minutes(browser: Browser) -> None:
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


def test_the_proof_of_a_key_is_asked_for_and_used_once(browser: Browser) -> None:
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


def test_what_signs_in_enters_no_act_and_the_other_way_round(browser: Browser) -> None:
    browser.sign_in()
    told = browser.prepared()
    challenge = browser.challenge()
    text = sign_in_text("KOR", challenge["nonce"], thumbprint(public_jwk(browser.own)), exercise=True)
    assert browser.signed(told, browser.device.assertion(text)).status == 422
    act = browser.over(told)
    fresh = Browser(browser.served, browser.device, browser.own)
    assert fresh.ask("POST", SIGN_IN, fresh.body(fresh.challenge(), act)).status == 401
    assert browser.signed(told, act).json()["status"] == "done"


def test_a_counter_that_does_not_go_on_is_another_device(browser: Browser) -> None:
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


def test_one_that_does_not_count_is_taken(browser: Browser) -> None:
    for _ in range(2):
        browser.device.counter = -1
        assert Browser(browser.served, browser.device).sign_in().status == 201


def test_a_passkey_that_ended_signs_nobody_in_and_ends_its_token(browser: Browser) -> None:
    browser.sign_in()
    player = browser.served.player
    told = browser.prepared()
    retire_officer_key(player.node, "kor-registry", by=player.by(Role.SECURITY))
    assert browser.ask("GET", "/v1/copies").status == 401
    assert browser.signed(told).status == 401
    assert Browser(browser.served, browser.device).sign_in().status == 401


def test_each_kind_of_key_signs_in_its_own_way(browser: Browser) -> None:
    browser.sign_in()
    told = browser.prepared()
    kor = browser.served.player
    pair = signatures(told, kor.by(Role.LEGAL))
    answer = browser.ask("POST", f"/v1/preparations/{told['id']}/signatures", pair)
    assert answer.status == 422 and "missing" in answer.json()["detail"]
    certificate = browser.served.certificate(kor.by(Role.LEGAL))
    headers = browser.headers("GET", "/v1/copies")
    assert browser.served.ask("GET", "/v1/copies", None, None, headers, certificate).status == 401
