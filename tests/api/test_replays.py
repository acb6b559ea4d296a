"""Requests, acts and proofs of tokens that come again, and tokens that would grant more than their maker has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx2
import pytest
from calling import URL, Served, enrol, signatures
from programs import Program, Serve, held
from stories import MARKS

from gsomia.cli.address.session_file import Session
from gsomia.node import Role, retire_officer_key
from gsomia.testing import Exercise
from gsomia.web import public_jwk


def test_replay(kor: Served, program: Program) -> None:
    """A proof is good once, for its method and path, now; also after a restart."""
    given = program.headers("GET", "/v1/copies")
    assert kor.ask("GET", "/v1/copies", None, headers=given).status == 200
    assert kor.ask("GET", "/v1/copies", None, headers=given).status == 401
    kor.again()
    assert kor.ask("GET", "/v1/copies", None, headers=given).status == 401
    late = datetime.now(UTC) - timedelta(minutes=5)
    for method, path, other in (
        ("POST", "/v1/copies", {}), ("GET", "/v1/acts", {}), ("GET", "/v1/copies", {"at": late}),
        ("GET", "/v1/copies", {"url": "https://other.example/v1/copies"}), ("GET", "/v1/copies", {"token": "other"}),
    ):  # fmt: skip
        headers = program.headers(method, path, **other)
        assert kor.ask("GET", "/v1/copies", None, headers=headers).status == 401
    kor.again()  # what failed so often would wait otherwise
    fresh = program.headers("GET", "/v1/copies")
    assert kor.ask("GET", "/v1/copies", None, headers=[*fresh.items(), ("dpop", fresh["dpop"])]).status == 401
    assert kor.ask("GET", "/v1/copies", None, headers={"authorization": fresh["authorization"]}).status == 401
    assert kor.ask("GET", "/v1/copies", None, headers={"dpop": fresh["dpop"]}).status == 401
    stolen = Program(kor, kor.player.by(Role.REGISTRY), "see-register")
    mixed = {
        **stolen.headers("GET", "/v1/copies", token=program.told["token"]),
        "authorization": fresh["authorization"],
    }
    assert kor.ask("GET", "/v1/copies", None, headers=mixed).status == 401
    assert kor.ask("GET", "/v1/copies", None, headers=fresh).status == 200


SPELLINGS = (
    "https://node.example:8444/v1/persons/%ED%99%8D", "HTTPS://Node.Example:8444/v1/persons/%ed%99%8d",
    "https://node.example:8444/v1/%70ersons/%ED%99%8D", "https://node.example:8444/v1/persons/%ED%99%8D?x=y#z",
)  # fmt: skip
OTHERS = (
    "https://node.example:8444/v1/persons/홍", "https://node.example:8444/v1/persons/%ED%99%8E", "/v1/persons",
    "https://node.example:8444/v1/persons%2F%ED%99%8D", "https://node.example/v1/persons/%ED%99%8D", "",
    "https://node.example:8444/v1/persons/%25ED%99%8D", "http://node.example:8444/v1/persons/%ED%99%8D",
)  # fmt: skip


@pytest.mark.parametrize("url", SPELLINGS + OTHERS)
def test_a_proof_names_the_url_as_it_is_sent_in_any_spelling(kor: Served, url: str) -> None:
    """RFC 9449, 4.3: compared without query and fragment, each normalised (RFC 3986, 6.2.2)."""
    path = "/v1/persons/%ED%99%8D"
    program = Program(kor, kor.player.by(Role.SECURITY), "see-persons")
    headers = program.headers("GET", path, url=url)
    assert kor.ask("GET", path, None, headers=headers).status == (404 if url in SPELLINGS else 401)


def test_a_command_proves_the_url_that_it_sends(kor: Served) -> None:
    program = Program(kor, kor.player.by(Role.SECURITY), "see-persons")
    session = Session(address=URL, token=program.told["token"], key=program.key)
    request = session.proven(httpx2.Request("GET", f"{URL}/v1/persons/{quote('홍길동')}"))
    headers = {name: request.headers[name] for name in ("authorization", "dpop")}
    assert kor.ask("GET", request.url.raw_path.decode(), None, headers=headers).status == 404


def test_replay_of_an_act(kor: Served, both: Exercise, serve: Serve) -> None:
    """Signatures that are sent again enter nothing more, and at the other node nothing at all."""
    registry = kor.player.by(Role.REGISTRY)
    wanted = {"act": "mark", "item": held(kor), "level": MARKS["KOR"]}
    told = kor.ask("POST", "/v1/preparations", registry, wanted).json()
    path, signed = f"/v1/preparations/{told['id']}/signatures", signatures(told, registry)
    for _ in range(3):
        assert kor.ask("POST", path, registry, signed).json()["status"] == "done"
    kor.again()
    assert kor.ask("POST", path, registry, signed).json()["status"] == "done"
    with kor.player.node.store.reading() as reader:
        assert [act.id for act in reader.acts(types=["mark"])] == told["acts"]
    assert serve(both, "JPN").ask("POST", path, registry, signed).status == 401


def test_api_key_grants_more_than_its_maker_has(kor: Served, program: Program) -> None:
    registry = kor.player.by(Role.REGISTRY)
    body = {"jwk": public_jwk(program.key), "minutes": 5}
    for acts in (["enrol-key"], ["see-persons"], ["see-register", "everything"], []):
        assert kor.ask("POST", "/v1/tokens", registry, {**body, "acts": acts}).status in (400, 403)
    path = "/v1/logs"
    assert kor.ask("GET", path, registry).status == 200
    assert kor.ask("GET", path, None, headers=program.headers("GET", path)).status == 403
    own = Program(kor, registry, "see-oneself")
    made = kor.ask("POST", "/v1/tokens", None, {**body, "acts": ["see-oneself"]}, own.headers("POST", "/v1/tokens"))
    assert made.status == 403
    other = enrol(kor, "other", Role.REGISTRY)
    assert kor.ask("DELETE", f"/v1/tokens/{own.told['id']}", other).status == 404
    assert kor.ask("DELETE", f"/v1/tokens/{own.told['id']}", registry).status == 204
    assert kor.ask("GET", "/v1/me", None, headers=own.headers("GET", "/v1/me")).status == 401
    retire_officer_key(kor.player.node, registry.officer, by=kor.player.by(Role.SECURITY))
    assert kor.ask("GET", "/v1/copies", None, headers=program.headers("GET", "/v1/copies")).status == 401
