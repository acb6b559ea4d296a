"""Step-up (RFC 9470): releases, destruction, keys and legal acts are for who authenticated a short while ago."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import click
import httpx2
import pytest
from calling import Answer, Served, signatures
from programs import Program, later
from stories import MARKS, Stage
from test_attacks import WANTED

from gsomia.cli.address.remote import Remote
from gsomia.errors import LoginError
from gsomia.identity import Rights
from gsomia.node import Acting, Role
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]

RIGHTS = Rights.load()

STEP_UP = {
    "they give contents away, or let others": (
        "transmit", "release", "consent", "release-to-contractor", "clear-facility", "disclose-orally",
    ),
    "they cannot be undone": ("destroy",),
    "they settle beforehand what passes custody": ("standing-order",),
    "keys": (
        "enrol-key", "replace-key", "retire-key", "declare-key-compromised", "enrol-peer", "replace-node-key",
        "recover-log",
    ),
    "who may do what": ("enter-person", "strike-person"),
    "legal acts": ("adopt-law", "enter-legal-acts", "appoint", "notify-law-change"),
}  # fmt: skip
"""Why, and the acts of the table of rights."""


def test_the_acts_that_take_a_new_sign_in_are_those_listed() -> None:
    assert {name for name, act in RIGHTS.acts.items() if act.step_up} == {
        n for names in STEP_UP.values() for n in names
    }


@pytest.fixture
def kor(stage: Stage, serve: Serve) -> Served:
    """Korea's API; Korea holds an item that came from Japan."""
    exercise = stage()
    exercise["JPN"].transmit(b"EXERCISE", to="KOR", level=MARKS["JPN"])
    exercise.settle()
    return serve(exercise, "KOR")


def ago(kor: Served, by: Acting, **span: float) -> bytes:
    """The certificate of a sign-in that lies back."""
    return kor.certificate(by, at=datetime.now(UTC) - timedelta(**span), span=timedelta(hours=1))


def challenged(answer: Answer) -> bool:
    """Whether an answer is the challenge, whole (RFC 9470, section 3)."""
    if answer.status != 401:
        return False
    told = answer.headers["www-authenticate"]
    assert told.startswith("DPoP ") and 'error="insufficient_user_authentication"' in told and "max_age=300" in told
    assert answer.json()["type"] == "urn:gsomia:problem:step-up" and answer.json()["max_age"] == 300
    return True


MORE: dict[str, dict[str, Any]] = {
    "adopt-law": {}, "replace-node-key": {},
    "consent": {"request": "x"}, "refuse-consent": {"request": "x"}, "revoke-consent": {"consent": "x", "why": "w"},
    "appoint": {"under": "jpn-kor-2016", "what": "w"}, "notify-law-change": {"under": "jpn-kor-2016", "what": "w"},
    "visit": {"under": "jpn-kor-2016", "what": "w"}, "warn": {"under": "jpn-kor-2016", "what": "w"},
}  # fmt: skip


@pytest.mark.parametrize("act", [*WANTED, *MORE])
def test_each_act_asks_for_what_the_table_says(kor: Served, act: str) -> None:
    """Whoever may do it: with an old sign-in exactly the acts that are marked are challenged, with a new one none."""
    row = RIGHTS.acts[{"use": "handle"}.get(act, act)]
    wanted = {"act": act, **(MORE[act] if act in MORE else {"item": kor.player.copies()[0].control_number})}
    wanted.update(WANTED.get(act, {}))
    for role in {right.role for right in row.rights}:
        by = kor.player.by(role)
        old = kor.ask("POST", "/v1/preparations", None, wanted, der=ago(kor, by, minutes=6))
        new = kor.ask("POST", "/v1/preparations", None, wanted, der=ago(kor, by, minutes=4))
        assert not challenged(new)
        assert challenged(old) is row.step_up, (role, old)


def test_who_may_not_is_told_that_and_not_to_sign_in_anew(kor: Served) -> None:
    wanted = {"act": "release", "item": kor.player.copies()[0].control_number, "to": "USA"}
    old = ago(kor, kor.player.by(Role.LEGAL), minutes=6)
    assert kor.ask("POST", "/v1/preparations", None, wanted, der=old).status == 403


def test_what_was_prepared_in_time_is_not_signed_late(kor: Served) -> None:
    legal = kor.player.by(Role.LEGAL)
    wanted = {"act": "notify-law-change", "under": "jpn-kor-2016", "what": "w"}
    told = kor.ask("POST", "/v1/preparations", legal, wanted).json()
    path, signed = f"/v1/preparations/{told['id']}/signatures", signatures(told, legal)
    assert challenged(kor.ask("POST", path, None, signed, der=ago(kor, legal, minutes=6)))
    with kor.player.node.store.reading() as reader:
        assert not list(reader.acts(types=["notify-law-change"]))
    assert kor.ask("POST", path, legal, signed).json()["status"] == "done"


def test_a_token_is_as_old_as_the_sign_in_that_made_it(kor: Served) -> None:
    """A new proof is no new sign-in; a certificate beside it is one."""
    legal = kor.player.by(Role.LEGAL)
    wanted = {"act": "notify-law-change", "under": "jpn-kor-2016", "what": "w"}
    program = Program(kor, legal, "notify-law-change", minutes=60)

    def asked(**words: Any) -> Answer:
        given = program.headers("POST", "/v1/preparations", at=kor.player.node.clock.machine())
        return kor.ask("POST", "/v1/preparations", None, wanted, given, **words)

    assert asked().status == 201
    later(kor, minutes=4)
    assert asked().status == 201
    later(kor, minutes=5, seconds=1)
    assert challenged(asked())
    assert asked(der=kor.certificate(legal, at=kor.player.node.clock.machine())).status == 201


def test_the_command_signs_in_again_by_itself() -> None:
    """Once, with the officer's key; where that is not enough it says so."""
    answers = ["old", "well"]
    signed_in = []

    def node(request: httpx2.Request) -> httpx2.Response:
        if answers.pop(0) == "well":
            return httpx2.Response(200, json={"schema": "x", "status": "done"})
        return httpx2.Response(
            401,
            json={"type": "urn:gsomia:problem:step-up", "detail": "sign in anew"},
            headers={"www-authenticate": 'DPoP error="insufficient_user_authentication", max_age=300'},
        )

    def sign_in() -> httpx2.Client:
        signed_in.append(True)
        return httpx2.Client(base_url="https://node.example", transport=httpx2.MockTransport(node))

    key: Any = SimpleNamespace()
    with click.Context(click.Command("x")):
        remote = Remote("https://node.example", sign_in, key)
        assert remote.post("preparations/x/signatures", {}) == {"status": "done"} and len(signed_in) == 2
        answers += ["old", "old"]
        with pytest.raises(LoginError, match="old one"):
            remote.post("preparations/x/signatures", {})
        remote.close()
