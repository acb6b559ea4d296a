"""Pages of other sites, planted sessions, guessed secrets: a browser shows an officer's certificate to whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from calling import URL, Served, ask_app
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from programs import Program, held
from stories import MARKS

from gsomia.api import description
from gsomia.node import Role
from gsomia.web import make_proof, public_jwk

ROUTES = [
    (method.upper(), path.replace("{name}", "jpn-kor-2016").replace("{", "").replace("}", ""))
    for path, operations in description()["paths"].items()
    for method in operations
]
SITES: dict[str, dict[str, str]] = {
    "another site": {"origin": "https://evil.example"},
    "a page without a site": {"origin": "null"},
    "another port": {"origin": "https://node.example:9443"},
    "without TLS": {"origin": URL.replace("https", "http")},
    "a longer name": {"origin": f"{URL}.evil.example"},
    "a form": {"sec-fetch-site": "cross-site", "content-type": "application/x-www-form-urlencoded"},
    "a sibling": {"sec-fetch-site": "same-site"},
}


@pytest.mark.parametrize("site", SITES)
def test_csrf(kor: Served, site: str) -> None:
    """Each route, asked by an officer's browser for a page of another site: refused before anything is looked at."""
    security, node = kor.player.by(Role.SECURITY), kor.player.node
    before = node.store.state()
    for method, path in ROUTES:
        answer = kor.ask(method, path, security, headers=SITES[site])
        assert answer.status == 403 and b"page of another site" in answer.body, (method, path)
        assert "access-control-allow-origin" not in answer.headers and "set-cookie" not in answer.headers
    assert node.store.state() == before
    assert kor.ask("GET", "/v1/me", None, headers=SITES[site]).status == 401, "a stranger learns no more than ever"
    own = {"origin": URL, "sec-fetch-site": "same-origin"}
    assert kor.ask("GET", "/v1/me", security, headers=own).status == 200


SIMPLE = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain;a=/json")
"""What a page may send anywhere without being asked first (Fetch, 2.2.2, CORS-safelisted)."""


@pytest.mark.parametrize("media", SIMPLE)
def test_a_body_that_a_form_could_send_is_none(kor: Served, media: str) -> None:
    """Old browsers say not where a form comes from: what is no JSON by its type is not read as JSON."""
    registry = kor.player.by(Role.REGISTRY)
    wanted = b'{"act": "mark", "item": "%s", "level": "%s"}' % (held(kor).encode(), MARKS["KOR"].encode())
    for method, path in ROUTES:
        if method == "POST" and path.startswith("/v1/") and path not in ("/v1/sign-out", "/v1/first-officer"):
            answer = kor.ask("POST", path, registry, None, {"content-type": media, "content-length": "0"})
            assert answer.status in (400, 401, 403, 404), (path, answer)
    sent = [("content-type", media)]
    answer = kor.loop.run_until_complete(
        ask_app(kor.app, "POST", "/v1/preparations", sent, wanted, kor.certificate(registry))
    )
    assert answer.status == 400


def test_no_answer_sets_anything_that_a_browser_would_send_again(kor: Served) -> None:
    for method, path in ROUTES:
        for role in (Role.SECURITY, Role.REGISTRY):
            if path not in ("/v1/events", "/v1/sign-out"):
                answer = kor.ask(method, path, kor.player.by(role))
                assert not {"set-cookie", "access-control-allow-origin", "access-control-allow-credentials"} & {
                    *answer.headers
                }, (method, path)


# --- session fixation -------------------------------------------------------------------------------------------------


def test_session_fixation(kor: Served) -> None:
    """The node alone makes a session's secret and its name; nothing that is planted becomes a session, and none is
    taken from where a link or a page could put it."""
    registry = kor.player.by(Role.REGISTRY)
    body: dict[str, Any] = {
        "jwk": public_jwk(generate_private_key(SECP256R1())),
        "acts": ["see-register"],
        "minutes": 5,
    }
    for name in ("token", "id", "session", "officer", "person", "until", "way"):
        assert kor.ask("POST", "/v1/tokens", registry, {**body, name: "planted"}).status == 400, name
    made = [kor.ask("POST", "/v1/tokens", registry, body).json() for _ in range(2)]
    assert len({one["token"] for one in made} | {one["id"] for one in made}) == 4
    program = Program(kor, registry, "see-register")
    token, proved = program.told["token"], program.headers("GET", "/v1/copies")
    for planted in (
        {"cookie": f"token={token}; session={token}", "dpop": proved["dpop"]},
        {"authorization": f"Bearer {token}", "dpop": proved["dpop"]},
        {"x-session": token, "x-auth-token": token, "dpop": proved["dpop"]},
    ):
        assert kor.ask("GET", "/v1/copies", None, headers=planted).status == 401
    for query in (f"access_token={token}", f"token={token}", f"session={token}"):
        assert kor.ask("GET", f"/v1/copies?{query}", None, headers={"dpop": proved["dpop"]}).status == 401
    assert kor.ask("GET", "/v1/copies", None, headers=proved).status == 200
    # The attacker's session in the victim's connection is nobody's: certificate and token must be of one officer.
    victim = kor.player.by(Role.LEGAL)
    assert kor.ask("GET", "/v1/copies", victim, headers=program.headers("GET", "/v1/copies")).status == 401


# --- brute force ------------------------------------------------------------------------------------------------------

GUESSED: dict[str, Callable[[Served, Program, int], dict[str, str]]] = {
    "nothing shown": lambda kor, program, n: {},
    "a token": lambda kor, program, n: {
        "authorization": f"DPoP guess-{n}",
        "dpop": make_proof(program.key, **_words(f"guess-{n}", n)),
    },
    "a proof for a stolen token": lambda kor, program, n: {
        "authorization": f"DPoP {program.told['token']}",
        "dpop": make_proof(generate_private_key(SECP256R1()), **_words(program.told["token"], n)),
    },
}


def _words(token: str, number: int) -> dict[str, Any]:
    return {
        "method": "GET", "url": f"{URL}/v1/me", "token": token, "at": datetime.now(UTC), "jti": f"guessed-{number:012}",
    }  # fmt: skip


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("what", GUESSED)
def test_brute_force(kor: Served, what: str) -> None:
    """So many tries of one address and no more, each with the one answer; who may ask is not kept out by them."""
    kor.again(rate=500)
    program = Program(kor, kor.player.by(Role.REGISTRY), "see-oneself")
    answers = [kor.ask("GET", "/v1/me", None, headers=GUESSED[what](kor, program, n)) for n in range(20)]
    assert {one.status for one in answers[:5]} == {401} and answers[-1].status == 429
    assert len({one.body for one in answers if one.status == 401}) == 1
    assert kor.ask("GET", "/v1/me", None, headers=program.headers("GET", "/v1/me")).status == 200
    assert kor.ask("GET", "/v1/me", kor.player.by(Role.LEGAL)).status == 200
