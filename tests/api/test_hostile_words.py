"""Words that are made to be run, to lead elsewhere or to show as others: all are words, and stand as they were said."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from calling import URL, Served
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stories import MARKS, Stage

from gsomia.errors import GsomiaError
from gsomia.node import Role
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]

TEMPLATES = (
    "{{7*7}}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "{0.__class__.__mro__}",
    "%(at)s %s %n",
    "{item}",
    "$(id)`id`",
)
SCRIPTS = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "javascript:alert(1)", "</title><svg onload=a()>",
    "'-alert(1)-'", "=cmd|' /C calc'!A0",
)  # fmt: skip
HIDING = ("a\u202eb", "a\u2066b", "a\u200bb", "a\ufeffb", "a\u00adb", "a\u061cb", "a\x1b[2Jb")
TITLES = (*TEMPLATES, *SCRIPTS)


def held(stage: Stage, serve: Serve, title: str) -> Served:
    """Korea's API, where an item with this title came from Japan."""
    exercise = stage()
    exercise["JPN"].transmit(b"EXERCISE", to="KOR", level=MARKS["JPN"], title=title)
    exercise.settle()
    return serve(exercise, "KOR")


@pytest.mark.parametrize("title", TITLES)
def test_a_title_from_a_partner_is_shown_and_never_run(stage: Stage, serve: Serve, title: str) -> None:
    """As it was written, in an answer that no browser takes for a page."""
    kor = held(stage, serve, title)
    answer = kor.ask("GET", "/v1/copies", kor.player.by(Role.REGISTRY))
    assert json.loads(answer.body)["copies"][0]["title"] == title
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_every_answer_forbids_that_it_is_shown_as_a_page(stage: Stage, serve: Serve) -> None:
    """Strangers' and failures' too."""
    kor = held(stage, serve, "report")
    legal = kor.player.by(Role.LEGAL)
    for method, path, by in (
        ("GET", "/", None), ("GET", "/v1/me", legal), ("GET", "/<script>", legal), ("PUT", "/v1/me", legal),
        ("POST", "/v1/openings", legal),
    ):  # fmt: skip
        headers = kor.ask(method, path, by).headers
        assert "default-src 'none'" in headers["content-security-policy"], (method, path)
        assert headers["content-type"] in ("application/json", "application/problem+json")
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
        assert "access-control-allow-origin" not in headers and "server" not in headers


@pytest.mark.parametrize("title", HIDING)
def test_a_title_that_hides_characters_shows_them(stage: Stage, serve: Serve, title: str) -> None:
    """Refused where it is sent, or shown with each as its escape."""
    try:
        kor = held(stage, serve, title)
    except GsomiaError:
        return
    answer = kor.ask("GET", "/v1/copies", kor.player.by(Role.REGISTRY))
    assert answer.body.decode().isprintable() and title in json.dumps(json.loads(answer.body), ensure_ascii=False)


PATHS = (
    "../persons", "..%2fpersons", "%2e%2e/persons", "..%5cpersons", "%252e%252e%252fpersons", "./../persons",
    "a/../../persons", "/persons", "//persons", ";/persons", "..;/persons", "%00", "a%00b", "%c0%af", "x?/../persons",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_separator_leads_nowhere_else(stage: Stage, serve: Serve, path: str) -> None:
    """However it is encoded, the route is the one that was asked for, and so is the right."""
    kor = held(stage, serve, "report")
    for before in ("/v1/copies/", "/v1/preparations/", "/v1/agreements/"):
        for by in (kor.player.by(Role.REGISTRY), kor.player.by(Role.SECURITY)):
            answer = kor.ask("GET", before + path, by)
            assert answer.status in (400, 404), (path, answer)
            assert b'"persons"' not in answer.body


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ["' OR 1=1 --", '" OR ""="', "1;DROP TABLE acts", "%", "_", "\\", "*", "x' UNION SELECT 1 --", "\x00",
     "0x41", "-1", "NaN", "1e999"]
)  # fmt: skip
FILTERS = st.sampled_from(["acts?item=", "acts?type=", "acts?cursor=", "acts?limit=", "logs?name=", "copies?cursor=",
                           "copies?limit=", "routes?from=JPN&to=KOR&item=", "duties?party=", "copies/",
                           "persons?facility=", "officers?cursor=", "refused?cursor=", "acts/"])  # fmt: skip


@pytest.fixture
def one(stage: Stage, serve: Serve) -> Served:
    """One node for many questions."""
    return held(stage, serve, "report")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(way=FILTERS, word=WORDS)
def test_no_filter_is_more_than_a_word(one: Served, way: str, word: str) -> None:
    """None finds what it does not name, fails the node, or tells what the node is made of."""
    by = one.player.by(Role.SECURITY)
    answer = one.ask("GET", f"/v1/{way}{quote(word, safe='')}", by)
    assert answer.status in (200, 400, 403, 404), (way, word, answer)
    for trace in (b"sqlite", b"select ", b"traceback", b"sqlalchemy", b"pydantic"):
        assert trace not in answer.body.lower().replace(word.lower().encode(), b"")
    if way == "acts?item=" and answer.status == 200 and word:
        assert all(word in json.dumps(act, ensure_ascii=False) for act in answer.json()["acts"])


def test_no_answer_repeats_where_a_request_says_that_it_was_sent(one: Served) -> None:
    """The decision point's own address is the node's setting, whatever the request names as its host."""
    headers = [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "http")]
    for path in ("/.well-known/authzen-configuration", "/v1/node", "/v1/openapi.json"):
        assert b"evil" not in one.ask("GET", path, one.player.by(Role.LEGAL), headers=headers).body
    told = one.ask("GET", "/.well-known/authzen-configuration", one.player.by(Role.LEGAL)).json()
    assert told["policy_decision_point"] == URL
