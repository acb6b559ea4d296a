"""A prepared act lasts as long as the process: what is lost with it entered nothing, the client is told, and what was
entered is told as done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from calling import RealMachine, Served, enrol, signatures
from programs import Program
from stories import MARKS

from gsomia.node import Acting, Role
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]
KEY = {"idempotency-key": "one"}


def marking(kor: Served) -> dict[str, Any]:
    return {"act": "mark", "item": kor.player.copies()[0].control_number, "level": MARKS["KOR"]}


def prepared(kor: Served, by: Acting, wanted: dict[str, Any], **words: Any) -> dict[str, Any]:
    answer = kor.ask("POST", "/v1/preparations", by, wanted, **words)
    assert answer.status == 201
    told: dict[str, Any] = answer.json()
    return told


def path(told: dict[str, Any]) -> str:
    return f"/v1/preparations/{told['id']}"


def entered(kor: Served, kind: str) -> list[str]:
    with kor.player.node.store.reading() as reader:
        return [act.id for act in reader.acts(types=[kind])]


def restarted(kor: Served, _: pytest.MonkeyPatch) -> None:
    kor.again()


def too_late(kor: Served, _: pytest.MonkeyPatch) -> None:
    clock = kor.player.node.clock
    assert isinstance(clock, RealMachine)
    clock.ahead = timedelta(minutes=6)


def gave_way(kor: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gsomia.api.preparations._EACH", 1)
    prepared(kor, kor.player.by(Role.REGISTRY), marking(kor))


LOST: dict[str, Callable[[Served, pytest.MonkeyPatch], None]] = {
    "a restart": restarted, "five minutes": too_late, "others that were prepared": gave_way,
}  # fmt: skip


@pytest.mark.parametrize("by_what", LOST)
def test_a_prepared_act_that_is_lost_entered_nothing_and_says_so(
    kor: Served, monkeypatch: pytest.MonkeyPatch, by_what: str
) -> None:
    """The one answer for what never was, is another's, or waits no more; the same request is prepared anew."""
    registry, other = kor.player.by(Role.REGISTRY), enrol(kor, "other", Role.REGISTRY)
    told = prepared(kor, registry, marking(kor), headers=KEY)
    assert kor.ask("GET", path(told), registry).json() == told
    LOST[by_what](kor, monkeypatch)
    answers = [
        kor.ask("GET", path(told), registry),
        kor.ask("POST", f"{path(told)}/signatures", registry, signatures(told, registry)),
        kor.ask(
            "POST", f"{path(told)}/signatures", registry, signatures(told, registry), KEY | {"idempotency-key": "2"}
        ),
        kor.ask("GET", path(told), other),
        kor.ask("GET", "/v1/preparations/never", registry),
    ]
    assert {(one.status, one.body) for one in answers} == {(404, answers[0].body)}
    problem = answers[0].json()
    assert problem["type"] == "urn:gsomia:problem:not-prepared" and "prepare it again" in problem["detail"]
    assert entered(kor, "mark") == []
    again = prepared(kor, registry, marking(kor), headers=KEY)
    assert again["id"] != told["id"], "the answer under the key named what waits no more"
    # What was signed before is no signature of what is prepared now.
    assert kor.ask("POST", f"{path(again)}/signatures", registry, signatures(told, registry)).status == 422
    done = kor.ask("POST", f"{path(again)}/signatures", registry, signatures(again, registry))
    assert done.json()["status"] == "done" and entered(kor, "mark") == again["acts"]


def test_after_a_restart_no_officer_s_signature_is_left(kor: Served) -> None:
    """One of two has signed; the node starts anew; nothing is destroyed by the other's signature alone."""
    registry, security = kor.player.by(Role.REGISTRY), kor.player.by(Role.SECURITY)
    assert kor.act(registry, marking(kor)).status == 200
    wanted = {"act": "destroy", "item": kor.player.copies()[0].control_number, "method": "shredded"}
    wanted |= {"registry": registry.officer, "security": security.officer}
    told = prepared(kor, registry, wanted)
    first = kor.ask("POST", f"{path(told)}/signatures", registry, signatures(told, registry))
    assert first.json()["status"] == "prepared"
    kor.again()
    assert kor.ask("GET", path(told), security).status == 404
    assert kor.ask("POST", f"{path(told)}/signatures", security, signatures(told, security)).status == 404
    again = prepared(kor, registry, wanted)
    assert (
        kor.ask("POST", f"{path(again)}/signatures", security, signatures(again, security)).json()["status"]
        == "prepared"
    )
    assert entered(kor, "destroy") == []
    last = kor.ask("POST", f"{path(again)}/signatures", registry, signatures(again, registry))
    assert last.json()["status"] == "done" and len(entered(kor, "destroy")) == 1


@pytest.mark.parametrize("by_what", ["a restart", "five minutes"])
def test_what_was_entered_is_told_as_done_to_those_who_signed_it(
    kor: Served, both: Exercise, serve: Serve, monkeypatch: pytest.MonkeyPatch, by_what: str
) -> None:
    """The answer was lost on its way: sent again it enters nothing more, and nobody else learns of it."""
    registry, other = kor.player.by(Role.REGISTRY), enrol(kor, "other", Role.REGISTRY)
    told = prepared(kor, registry, marking(kor), headers=KEY)
    signed = signatures(told, registry)
    done = kor.ask("POST", f"{path(told)}/signatures", registry, signed).json()
    LOST[by_what](kor, monkeypatch)
    assert prepared(kor, registry, marking(kor), headers=KEY)["id"] == told["id"], "one key, one act"
    for answer in (
        kor.ask("POST", f"{path(told)}/signatures", registry, signed),
        kor.ask("GET", path(told), registry),
    ):
        assert answer.status == 200 and answer.json()["status"] == "done"
        assert [answer.json()[name] for name in ("id", "acts", "statements", "officers")] == [
            done[name] for name in ("id", "acts", "statements", "officers")
        ]
    assert kor.ask("POST", f"{path(told)}/signatures", other, signatures(told, other)).status == 404
    assert kor.ask("GET", path(told), other).status == 404
    both.settle()
    japan = serve(both, "JPN")
    for by in (japan.player.by(Role.REGISTRY), japan.player.by(Role.DISCLOSURE)):
        # Whether the other node has the act or not, it waits there for nobody, and nobody of that Party signed it.
        assert japan.ask("POST", f"{path(told)}/signatures", by, signed).status == 404
        assert japan.ask("GET", path(told), by).status == 404
    assert len(entered(kor, "mark")) == 1


# --- what a token, or an old sign-in, is not good for is not told -----------------------------------------------------


def asked_each_way(
    kor: Served, wanted: dict[str, Any], told: dict[str, Any], by: dict[str, str], proven: Callable[[str, str], Any]
) -> list[tuple[int, bytes]]:
    """What is answered to who asks for a prepared act again, with another sign-in: by name, by signature, by key."""
    answers = []
    for method, where, body, key in (
        ("GET", path(told), None, {}),
        ("POST", f"{path(told)}/signatures", by, {}),
        ("POST", f"{path(told)}/signatures", by, {"idempotency-key": "two"}),
        ("POST", "/v1/preparations", wanted, KEY),
        ("POST", "/v1/preparations", wanted, {}),
    ):
        der, headers = proven(method, where)
        answer = kor.ask(method, where, None, body, {**headers, **key}, der=der)
        answers.append((answer.status, answer.body))
    return answers


@pytest.mark.parametrize("signed", [False, True], ids=["waits", "entered"])
def test_a_token_is_told_of_no_act_that_it_is_not_good_for(kor: Served, signed: bool) -> None:
    registry, wanted = kor.player.by(Role.REGISTRY), marking(kor)
    told = prepared(kor, registry, wanted, headers=KEY)
    by = signatures(told, registry)
    if signed:
        answer = kor.ask("POST", f"{path(told)}/signatures", registry, by, {"idempotency-key": "two"})
        assert answer.json()["status"] == "done"
    narrow, good = Program(kor, registry, "see-oneself"), Program(kor, registry, "mark", "see-register")
    for status, body in asked_each_way(kor, wanted, told, by, lambda *of: (None, narrow.headers(*of))):
        assert status == 403 and b"statements" not in body
    found = asked_each_way(kor, wanted, told, by, lambda *of: (None, good.headers(*of)))
    assert [status for status, _ in found][:4] == [200, 200, 200, 201], found


@pytest.mark.parametrize("signed", [False, True], ids=["waits", "entered"])
def test_an_old_sign_in_is_told_of_no_act_that_takes_a_new_one(kor: Served, signed: bool) -> None:
    """RFC 9470: it is challenged, whatever was answered to a new one; what is entered it may see among the acts."""
    legal = kor.player.by(Role.LEGAL)
    wanted = {"act": "notify-law-change", "under": "jpn-kor-2016", "what": "w"}
    told = prepared(kor, legal, wanted, headers=KEY)
    by = signatures(told, legal)
    if signed:
        answer = kor.ask("POST", f"{path(told)}/signatures", legal, by, {"idempotency-key": "two"})
        assert answer.json()["status"] == "done"
    old = kor.certificate(legal, at=datetime.now(UTC) - timedelta(minutes=6), span=timedelta(hours=1))
    found = asked_each_way(kor, wanted, told, by, lambda *_: (old, {}))
    assert [status for status, _ in found] == [*([200] * 3 if signed else [401] * 3), 401, 401]
