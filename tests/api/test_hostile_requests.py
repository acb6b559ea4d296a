"""Hostile requests: injections, cursors of others, floods, slow readers, hidden characters, faults brought about."""

from __future__ import annotations

import asyncio
import json

import pytest
from calling import Served
from programs import Program, held
from starlette.types import Message
from stories import MARKS

from gsomia.api import events, guard
from gsomia.node import Role
from gsomia.web import shown_json

# --- sort and filter injection ----------------------------------------------------------------------------------------

HOSTILE = ("' OR 1=1 --", "1;DROP TABLE act", "%00", "../../etc/passwd", "{{7*7}}", "%27%22%3E", "\\u202e", "%E2%80%AE")


@pytest.mark.parametrize("text", HOSTILE)
def test_sort_and_filter_injection(kor: Served, text: str) -> None:
    security = kor.player.by(Role.SECURITY)
    for query in ("item={}", "type={}", "cursor={}", "limit={}", "limit=1&sort={}&order={}"):
        answer = kor.ask("GET", f"/v1/acts?{query.format(text, text)}", security)
        assert answer.status in (400, 404) or "sort" in query
        assert b"sqlite" not in answer.body.lower() and b"Traceback" not in answer.body
    assert kor.ask("GET", f"/v1/copies/{text}", security).status == 404


def test_a_cursor_is_good_for_its_list_its_filters_and_its_officer_alone(kor: Served) -> None:
    security, legal = kor.player.by(Role.SECURITY), kor.player.by(Role.LEGAL)
    cursor = kor.ask("GET", "/v1/acts?limit=1", security).json()["next"]
    assert kor.ask("GET", f"/v1/acts?cursor={cursor}", security).status == 200
    altered = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    for by, path in (
        (legal, f"acts?cursor={cursor}"), (security, f"acts?cursor={cursor}&type=mark"),
        (security, f"copies?cursor={cursor}"), (security, f"acts?cursor={altered}"),
        (security, f"acts?cursor={cursor}A"),
    ):  # fmt: skip
        assert kor.ask("GET", f"/v1/{path}", by).status == 400


# --- floods and slow readers ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("still")
def test_floods_and_slow_readers(kor: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    legal = kor.player.by(Role.LEGAL)
    path = "/v1/verdicts/transmit"
    assert kor.ask("POST", path, legal, b"x" * (guard.BODY_BYTES + 1)).status == 413
    assert kor.ask("POST", path, legal, headers={"content-length": "9" * 30}).status == 413
    assert kor.ask("POST", path, legal, b"[" * 100_000).status == 400
    assert kor.ask("POST", path, legal, b'{"a":' * 30 + b"1" + b"}" * 30).status == 400
    assert kor.ask("POST", path, legal, b'{"a": ' + b"9" * 10_000 + b"}").status == 400
    kor.again(rate=500)
    answers = [kor.ask("GET", "/v1/me", None).status for _ in range(10)]
    assert answers[0] == 401 and answers[-1] == 429
    assert kor.ask("GET", "/v1/me", legal).status == 200, "strangers' floods take nothing from officers"


def test_a_slow_body_is_not_waited_for(kor: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.05)

    async def slow() -> int:
        status = 0

        async def receive() -> Message:
            await asyncio.sleep(0.02)
            return {"type": "http.request", "body": b" ", "more_body": True}

        async def send(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)

        scope = {
            "type": "http", "method": "POST", "path": "/v1/verdicts/transmit", "raw_path": b"/v1/verdicts/transmit",
            "query_string": b"", "headers": [],
            "client": ("192.0.2.1", 1), "extensions": {"tls": {"client_cert_der": der}}, "root_path": "",
        }  # fmt: skip
        await kor.app(scope, receive, send)
        return status

    der = kor.certificate(kor.player.by(Role.LEGAL))
    assert kor.loop.run_until_complete(slow()) == 408


def test_a_reader_who_does_not_take_what_is_sent_is_cut_off(kor: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its stream ends with the answer unfinished, and its place is free for another; so many are open and no more."""
    monkeypatch.setattr(events, "_STREAMS", 2)
    real, ahead = kor.loop.time, 0.0
    monkeypatch.setattr(kor.loop, "time", lambda: real() + ahead)
    der = kor.certificate(kor.player.by(Role.SECURITY))
    scope = {
        "type": "http", "method": "GET", "path": "/v1/events", "raw_path": b"/v1/events", "query_string": b"",
        "headers": [], "client": ("192.0.2.1", 1), "extensions": {"tls": {"client_cert_der": der}}, "root_path": "",
    }  # fmt: skip

    async def stream(stuck: asyncio.Event) -> list[Message]:
        sent: list[Message] = []

        async def receive() -> Message:
            await asyncio.sleep(0 if not sent else 3600)
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)
            if message["type"] == "http.response.body" and sent[0]["status"] != 429:
                stuck.set()
                await asyncio.sleep(3600)

        await kor.app(dict(scope), receive, send)
        return sent

    async def three() -> list[list[Message]]:
        nonlocal ahead
        opened = []
        for _ in range(2):
            stuck = asyncio.Event()
            opened.append(asyncio.ensure_future(stream(stuck)))
            await stuck.wait()
        refused = await stream(asyncio.Event())
        ahead += events._SEND_SECONDS
        return [*await asyncio.gather(*opened), refused]

    for _ in range(2):
        *cut, refused = kor.loop.run_until_complete(three())
        assert [one[0]["status"] for one in (*cut, refused)] == [200, 200, 429]
        assert all(one[-1]["more_body"] for one in cut), "unfinished, so the reader knows that it is not whole"


def test_so_many_requests_of_an_officer_and_no_more() -> None:
    now = 0.0
    rate = guard.Rate(2, clock=lambda: now)
    assert [rate.take("a") > 0 for _ in range(3)] == [False, False, True] and not rate.take("b")
    now = 0.5
    assert not rate.take("a") and rate.take("a") > 0


# --- bidi and zero-width ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\x1b[2J"])
def test_bidi_and_zero_width_are_shown_for_what_they_are(kor: Served, mark: str) -> None:
    body = {"to": "JPN", "level": MARKS["KOR"]}
    legal = kor.player.by(Role.LEGAL)
    answer = kor.ask("POST", "/v1/verdicts/transmit", legal, {**body, "subject": f"dprk{mark}-missile"})
    assert answer.status == 400 and mark not in answer.json()["detail"]
    assert mark.encode("unicode_escape").decode()[:3] in answer.json()["detail"]
    told = shown_json({"title": f"re{mark}port"}).decode()
    assert mark not in told and json.loads(told) == {"title": f"re{mark}port"}


# --- faults of the node's own -----------------------------------------------------------------------------------------


def test_a_proof_s_name_is_ascii(kor: Served, program: Program) -> None:
    """A lone surrogate is a text to JSON and none to a database."""
    headers = program.headers("GET", "/v1/copies", jti="jti-" + "\ud800" * 16)
    assert kor.ask("GET", "/v1/copies", None, headers=headers).status == 401


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+09:00", "9999-12-31T23:00:00-09:00", "1899-12-31T00:00:00Z"])
def test_an_instant_beyond_the_calendar_is_a_matter_of_usage(kor: Served, at: str) -> None:
    disclosure, legal = kor.player.by(Role.DISCLOSURE), kor.player.by(Role.LEGAL)
    for by, path, body in (
        (disclosure, "preparations", {"act": "recall", "item": held(kor), "why": "w", "due": at}),
        (disclosure, "verdicts/transmit", {"to": "JPN", "level": MARKS["KOR"], "subject": "dprk-missile", "at": at}),
        (legal, "duties?party=KOR&at=" + at.replace("+", "%2B"), None),
        (legal, "agreements/jpn-kor-2016/state?known=" + at.replace("+", "%2B"), None),
    ):
        answer = kor.ask("POST" if body else "GET", f"/v1/{path}", by, body)
        assert answer.status == 400, (path, answer)


@pytest.mark.parametrize("where", ["in a route", "in the guard"])
def test_a_fault_is_a_problem_and_is_logged(kor: Served, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Whatever fails, the answer says no more than that, and the log says why."""

    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError("kept within")

    if where == "in a route":
        monkeypatch.setattr("gsomia.api.reads.register_rows", fails)
    else:
        monkeypatch.setattr("gsomia.api.signin.SignIn.caller", fails)
    answer = kor.ask("GET", "/v1/copies", kor.player.by(Role.REGISTRY))
    assert (answer.status, answer.headers["content-type"]) == (500, "application/problem+json")
    assert b"kept within" not in answer.body
    assert kor.lines[-1]["status"] == 500 and "kept within" in kor.lines[-1]["fault"]
