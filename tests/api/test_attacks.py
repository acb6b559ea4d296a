"""Attacks on the API, each named by its class; what made the class known stands in the words of each test."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from calling import URL, RealMachine, Served, enrol, signatures
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from starlette.types import Message
from stories import MARKS, Stage

from gsomia.api import ACT, acting, description, guard
from gsomia.identity import Rights
from gsomia.keys import SigningKey
from gsomia.node import Acting, PersonDetails, Role, retire_officer_key, strike_person
from gsomia.testing import Exercise
from gsomia.web import make_proof, public_jwk, shown_json

Serve = Callable[[Exercise, str], Served]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY")
OPERATIONS = [
    (method.upper(), path.replace("{name}", "jpn-kor-2016").replace("{", "").replace("}", ""), op[ACT])
    for path, operations in description()["paths"].items()
    for method, op in operations.items()
]


@pytest.fixture
def both(stage: Stage) -> Exercise:
    """Korea holds an item that came from Japan."""
    exercise = stage()
    exercise["JPN"].transmit(b"EXERCISE", to="KOR", level=MARKS["JPN"])
    exercise.settle()
    return exercise


@pytest.fixture
def kor(both: Exercise, serve: Serve) -> Served:
    """Korea's API."""
    return serve(both, "KOR")


def held(kor: Served) -> str:
    """The control number of what Korea holds."""
    return kor.player.copies()[0].control_number


# --- guard on one verb only -------------------------------------------------------------------------------------------


def test_guard_on_one_verb_only(kor: Served) -> None:
    """Every route and every method answers strangers the same."""
    seen = set()
    for path in sorted({path for _, path, _ in OPERATIONS} | {"/", "/v1", "/docs", "/v1/../v1/copies", "/v1/copies/"}):
        for method in METHODS:
            answer = kor.ask(method, path, None)
            scim = path.startswith("/scim/")  # whose errors have a form of their own
            seen.add((scim, answer.status, answer.body, answer.headers["www-authenticate"]))
        kor.again()  # otherwise the flood of strangers would be stopped first
    assert sorted((scim, status) for scim, status, *_ in seen) == [(False, 401), (True, 401)]


BODIES: dict[str, Any] = {
    "/v1/verdicts/transmit": {"to": "JPN", "level": "군사II급비밀", "subject": "dprk-missile"},
    "/v1/ways": {"to": "JPN", "level": "군사II급비밀", "subject": "dprk-missile"},
    "/v1/contents/content": b"1",
    "/v1/verdicts/open": {"item": "x", "person": "x"},
    "/v1/verdicts/release": {"item": "x", "to": "USA"},
    "/access/v1/evaluation": {
        "subject": {"type": "person", "id": "x"},
        "action": {"name": "transmit", "properties": {"to": "JPN"}},
        "resource": {"type": "item", "id": "x"},
    },
    "/v1/openings": {"item": "x", "person": "x"},
}


@pytest.mark.parametrize("role", Role.ALL)
def test_every_route_asks_the_table_of_rights(kor: Served, role: str) -> None:
    """What the table gives a role, and nothing else, is what its officer may ask of each route."""
    rights = Rights.load()
    by = kor.player.by(role)
    for method, path, act in OPERATIONS:
        if act in ("sign", "see-oneself", "see-item", "provision") or "events" in path:
            continue  # `provision` is for tokens alone: test_scim
        may = [right for right in rights.acts[act].rights if right.role == role]
        query = {"/v1/duties": "?party=JPN", "/v1/routes": "?from=JPN&to=KOR"}.get(path, "")
        named = path.replace("contents/content", "contents/" + hashlib.sha256(b"1").hexdigest())
        answer = kor.ask(method, named + query, by, BODIES.get(path), {"upload-offset": "0", "upload-length": "1"})
        if may and not may[0].when:
            assert answer.status in (200, 404), (path, answer)
        else:
            assert answer.status == 403 and answer.json()["verdict"]["outcome"] == "refuse", (path, answer)


WANTED = {
    "mark": {"level": "군사II급비밀"}, "receipted": {}, "release": {"to": "USA"}, "recall": {"why": "w"},
    "answer-recall": {"answer": "cannot", "why": "w"}, "notify-regrade": {"level": "x", "why": "w"}, "regrade": {},
    "request-consent": {"to": "USA", "why": "w"}, "use": {"what": "w"}, "report-loss": {"what": "w"},
    "destroy": {"method": "shredded", "registry": "kor-registry", "security": "kor-security"},
}  # fmt: skip


@pytest.mark.parametrize("act", WANTED)
def test_every_act_asks_the_table_of_rights(kor: Served, act: str) -> None:
    rights = Rights.load().acts[{"use": "handle"}.get(act, act)]
    for role in Role.ALL:
        wanted = {"act": act, "item": held(kor), **WANTED[act]}
        answer = kor.ask("POST", "/v1/preparations", kor.player.by(role), wanted)
        if not any(right.role == role for right in rights.rights):
            assert answer.status == 403, (role, answer)
            grounds = answer.json()["verdict"]["grounds"]
            assert grounds and all(ground["effect"] == "refuse" for ground in grounds)


# --- guard that depends on a field being present ----------------------------------------------------------------------


def test_guard_depends_on_a_field_being_present(kor: Served) -> None:
    """Each field left out, null, given twice, or one too many."""
    registry = kor.player.by(Role.REGISTRY)
    wanted = {"act": "mark", "item": held(kor), "level": MARKS["KOR"]}
    for name in wanted:
        less = {key: value for key, value in wanted.items() if key != name}
        for body in (less, {**wanted, name: None}, {**wanted, name: [wanted[name]]}):
            assert kor.ask("POST", "/v1/preparations", registry, body).status == 400
        twice = json.dumps(wanted)[:-1] + f', "{name}": "other"}}'
        assert kor.ask("POST", "/v1/preparations", registry, twice.encode()).status == 400
    for more in ("by", "officer", "verdict", "at", "exercise", "__class__"):
        assert kor.ask("POST", "/v1/preparations", registry, {**wanted, more: "x"}).status == 400
    assert kor.ask("GET", "/v1/acts?type=mark&type=destroy", registry).status == 400


# --- check A, change B ------------------------------------------------------------------------------------------------


def test_check_a_change_b(kor: Served) -> None:
    """What one officer prepared no other signs, sees, or completes; and signatures are over those statements alone."""
    registry, other = kor.player.by(Role.REGISTRY), enrol(kor, "other", Role.REGISTRY)
    wanted = {"act": "mark", "item": held(kor), "level": MARKS["KOR"]}
    one, two = (kor.ask("POST", "/v1/preparations", registry, wanted).json() for _ in range(2))
    path = f"/v1/preparations/{one['id']}"
    assert kor.ask("GET", path, other).status == 404
    assert kor.ask("POST", f"{path}/signatures", other, signatures(one, other)).status == 404
    assert kor.ask("POST", f"{path}/signatures", registry, signatures(two, registry)).status == 422
    assert kor.ask("POST", f"{path}/signatures", registry, signatures(one, other)).status == 422
    assert kor.ask("POST", f"{path}/signatures", registry, signatures(one, registry)).json()["status"] == "done"
    # The first act changed what the second rests on: nothing is entered.
    assert kor.act(registry, {"act": "receipted", "item": held(kor)}).status == 200
    answer = kor.ask("POST", f"/v1/preparations/{two['id']}/signatures", registry, signatures(two, registry))
    assert answer.status == 403
    with kor.player.node.store.reading() as reader:
        assert len(list(reader.acts(types=["mark"]))) == 1


def test_two_person_acts_need_two_persons(kor: Served) -> None:
    registry, security = kor.player.by(Role.REGISTRY), kor.player.by(Role.SECURITY)
    assert kor.act(registry, {"act": "mark", "item": held(kor), "level": MARKS["KOR"]}).status == 200
    wanted = {"act": "destroy", "item": held(kor), "method": "shredded"}
    alone = {**wanted, "registry": registry.officer, "security": registry.officer}
    assert kor.ask("POST", "/v1/preparations", registry, alone).status == 403
    others = {**wanted, "registry": registry.officer, "security": security.officer}
    assert kor.ask("POST", "/v1/preparations", kor.player.by(Role.LEGAL), others).status == 403
    told = kor.ask("POST", "/v1/preparations", registry, others).json()
    path = f"/v1/preparations/{told['id']}/signatures"
    assert kor.ask("POST", path, registry, signatures(told, registry)).json()["status"] == "prepared"
    assert kor.ask("POST", path, registry, signatures(told, registry)).json()["status"] == "prepared"
    assert kor.player.copies()[0].state != "destroyed"
    assert kor.ask("POST", path, security, signatures(told, security)).json()["status"] == "done"
    assert kor.player.copies()[0].state == "destroyed"


def test_what_one_officer_prepares_takes_no_other_s_place(kor: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A security officer prepares destructions in the registry officer's name too; the latter's own acts stay."""
    monkeypatch.setattr(acting, "_EACH", 2)
    registry, security = kor.player.by(Role.REGISTRY), kor.player.by(Role.SECURITY)
    assert kor.act(registry, {"act": "mark", "item": held(kor), "level": MARKS["KOR"]}).status == 200
    own = kor.ask("POST", "/v1/preparations", registry, {"act": "receipted", "item": held(kor)}).json()
    wanted = {"act": "destroy", "item": held(kor), "method": "x"}
    wanted |= {"registry": registry.officer, "security": security.officer}
    made = [kor.ask("POST", "/v1/preparations", security, wanted).json()["id"] for _ in range(3)]
    assert kor.ask("GET", f"/v1/preparations/{own['id']}", registry).status == 200
    assert [kor.ask("GET", f"/v1/preparations/{name}", security).status for name in made] == [404, 200, 200]


# --- trusted-peer headers, impersonation ------------------------------------------------------------------------------

HEADERS = (
    "x-forwarded-user", "x-forwarded-for", "x-forwarded-client-cert", "x-ssl-client-cert", "x-client-cert",
    "x-remote-user", "remote-user", "x-gsomia-officer", "forwarded", "x-original-url", "x-http-method-override",
    "client-cert", "cookie",
)  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_trusted_peer_headers(kor: Served, name: str) -> None:
    security = kor.player.by(Role.SECURITY)
    given = {name: security.officer}
    assert kor.ask("GET", "/v1/me", None, headers=given).status == 401
    told = kor.ask("GET", "/v1/me", kor.player.by(Role.LEGAL), headers=given).json()
    assert told["officer"] == "kor-legal" and told["roles"] == [Role.LEGAL]


def test_impersonation(kor: Served, both: Exercise) -> None:
    """Whose name a certificate bears says nothing; by whose key it was signed does."""
    legal, stranger = kor.player.by(Role.LEGAL), Acting(officer="kor-security", key=SigningKey.generate())
    assert kor.ask("GET", "/v1/me", None, der=kor.certificate(stranger)).status == 401
    bears = Acting(officer="kor-security", key=legal.key)
    assert kor.ask("GET", "/v1/me", None, der=kor.certificate(bears)).json()["officer"] == "kor-legal"
    assert kor.ask("GET", "/v1/me", None, der=kor.certificate(both["JPN"].by(Role.SECURITY))).status == 401
    for span in (timedelta(minutes=-1), timedelta(days=400)):
        assert kor.ask("GET", "/v1/me", None, der=kor.certificate(legal, span=span)).status == 401
    early = kor.certificate(legal, at=datetime.now(UTC) + timedelta(hours=1))
    assert kor.ask("GET", "/v1/me", None, der=early).status == 401
    assert kor.ask("GET", "/v1/me", None, der=b"\x30\x00").status == 401


# --- existence, counts, error text ------------------------------------------------------------------------------------


def test_leak_by_side_channel(kor: Served) -> None:
    """What one may not know of is answered as what is not there, whichever way it is asked."""
    legal, number, item = kor.player.by(Role.LEGAL), held(kor), kor.player.copies()[0].item
    for path in ("/v1/copies/{}", "/v1/preparations/{}"):
        answers = {kor.ask("GET", path.format(name), legal).body for name in (number, item, "nothing")}
        assert len(answers) == 1
    answers = {
        kor.ask("POST", "/v1/preparations", legal, {"act": "mark", "item": name, "level": "x"}).body
        for name in (number, item, "nothing")
    }
    assert len(answers) == 1
    with kor.player.node.store.reading() as reader:
        known = next(iter(reader.acts())).id
    for by, status in ((legal, 403), (kor.player.by(Role.DISCLOSURE), 404)):
        asked = {"act": "consent", "request": "nothing"}
        answer = kor.ask("POST", "/v1/preparations", by, asked)
        assert answer.status == status
        if status == 403:
            assert kor.ask("POST", "/v1/preparations", by, {**asked, "request": known}).body == answer.body
    # The name of an event, or of a page's end, tells no count of what others may see.
    told = kor.ask("GET", "/v1/acts?limit=1", kor.player.by(Role.SECURITY)).json()
    again = kor.ask("GET", "/v1/acts?limit=1", kor.player.by(Role.SECURITY)).json()
    assert told["next"] != again["next"] and not told["next"].isdigit()


def test_an_error_of_the_node_s_own_names_no_path(kor: Served) -> None:
    for one in kor.player.folder.joinpath("items").iterdir():
        one.unlink()
    registry = kor.player.by(Role.REGISTRY)
    assert kor.act(registry, {"act": "mark", "item": held(kor), "level": MARKS["KOR"]}).status == 200
    answer = kor.ask("POST", "/v1/preparations", registry, {"act": "receipted", "item": held(kor)})
    assert answer.status == 503 and str(kor.player.folder) not in answer.body.decode()


# --- revocation -------------------------------------------------------------------------------------------------------


async def follow(
    served: Served, der: bytes | None, first: Callable[[], object], headers: Mapping[str, str] = MappingProxyType({})
) -> tuple[list[bytes], float]:
    """A stream that is open when something happens: what came, and how long it stayed open after that."""
    parts: list[bytes] = []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "https",
        "path": "/v1/events", "raw_path": b"/v1/events", "query_string": b"", "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 1), "server": ("node.example", 8444),
        "extensions": {"tls": {"client_cert_der": der}},
    }  # fmt: skip
    opened = asyncio.Event()
    first_message = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if first_message:
            return first_message.pop()
        await asyncio.sleep(3600)
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            parts.append(message["body"])
            opened.set()

    stream = asyncio.ensure_future(served.app(scope, receive, send))
    await asyncio.wait_for(opened.wait(), 5)
    await asyncio.to_thread(first)
    since = time.monotonic()
    try:
        await asyncio.wait_for(stream, 3)
    except TimeoutError:
        return parts, float("inf")
    return parts, time.monotonic() - since


def test_revocation_during_an_open_stream(kor: Served) -> None:
    """A key that is retired ends the stream that it opened, and the very next request."""
    node, security, other = kor.player.node, kor.player.by(Role.SECURITY), enrol(kor, "other", Role.SECURITY)
    assert kor.ask("GET", "/v1/me", other).status == 200
    parts, took = kor.loop.run_until_complete(
        follow(kor, kor.certificate(other), lambda: retire_officer_key(node, "other", by=security))
    )
    assert took < 1.0
    assert not any(b"retire-key" in part for part in parts), "what happened after the right ended is not told"
    assert kor.ask("GET", "/v1/me", other).status == 401


def test_events_go_on_where_they_were_left(kor: Served) -> None:
    security = kor.player.by(Role.SECURITY)
    parts, took = kor.loop.run_until_complete(
        follow(kor, kor.certificate(security), lambda: enrol(kor, "new", Role.LEGAL))
    )
    told = b"".join(parts).decode()
    assert took == float("inf") and "event: enrol-key" in told
    name = told.split("id: ")[1].splitlines()[0]
    assert kor.ask("GET", "/v1/events", kor.player.by(Role.LEGAL), headers={"last-event-id": name}).status == 400


def test_a_right_withdrawn_is_enforced_at_the_next_request(kor: Served) -> None:
    """A preparation waits, the key ends, and nothing is entered."""
    registry = kor.player.by(Role.REGISTRY)
    told = kor.ask(
        "POST", "/v1/preparations", registry, {"act": "mark", "item": held(kor), "level": MARKS["KOR"]}
    ).json()
    retire_officer_key(kor.player.node, registry.officer, by=kor.player.by(Role.SECURITY))
    answer = kor.ask("POST", f"/v1/preparations/{told['id']}/signatures", registry, signatures(told, registry))
    assert answer.status == 401 and not kor.player.copies()[0].own_mark


# --- replay, and keys of programs -------------------------------------------------------------------------------------


class Program:
    """A program of an officer's, with a token and its key."""

    def __init__(self, served: Served, by: Acting, *acts: str, minutes: int = 5) -> None:
        self.served = served
        self.key: EllipticCurvePrivateKey = generate_private_key(SECP256R1())
        body = {"jwk": public_jwk(self.key), "acts": list(acts), "minutes": minutes}
        answer = served.ask("POST", "/v1/tokens", by, body)
        assert answer.status == 201, answer
        self.told = answer.json()

    def headers(self, method: str, path: str, **other: Any) -> dict[str, str]:
        words = {
            "method": method, "url": URL + path, "token": self.told["token"], "at": datetime.now(UTC),
            "jti": f"jti-{time.monotonic_ns():020}", **other,
        }  # fmt: skip
        return {"authorization": f"DPoP {self.told['token']}", "dpop": make_proof(self.key, **words)}


@pytest.fixture
def program(kor: Served) -> Iterator[Program]:
    yield Program(kor, kor.player.by(Role.REGISTRY), "see-register", "see-acts")


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


def test_replay_of_an_act(kor: Served, both: Exercise, serve: Serve) -> None:
    """Signatures that are sent again enter nothing more, and at the other node nothing at all."""
    registry = kor.player.by(Role.REGISTRY)
    wanted = {"act": "mark", "item": held(kor), "level": MARKS["KOR"]}
    told = kor.ask("POST", "/v1/preparations", registry, wanted).json()
    path, signed = f"/v1/preparations/{told['id']}/signatures", signatures(told, registry)
    for _ in range(3):
        assert kor.ask("POST", path, registry, signed).json()["status"] == "done"
    kor.again()
    assert kor.ask("POST", path, registry, signed).status == 404
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


def later(kor: Served, **span: float) -> None:
    """The node's machine clock goes on."""
    clock = kor.player.node.clock
    assert isinstance(clock, RealMachine)
    clock.ahead = timedelta(**span)


ENDS: dict[str, Callable[[Served, Program, Acting], object]] = {
    "the token is ended": lambda kor, program, by: kor.memory.end_token(program.told["id"]),
    "the token expires": lambda kor, program, by: later(kor, minutes=6),
    "the person leaves": lambda kor, program, by: strike_person(
        kor.player.node, by.officer, "moved", by=kor.player.by(Role.SECURITY)
    ),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_program_s_open_stream_ends_with_its_token(kor: Served, both: Exercise, how: str) -> None:
    """What let it in has ended: so has the stream, within a second."""
    by = enrol(kor, "other", Role.SECURITY)
    both.enter(PersonDetails(id="other", clearance="SECRET"), "KOR")
    program = Program(kor, by, "see-acts")
    given = program.headers("GET", "/v1/events")
    _, took = kor.loop.run_until_complete(follow(kor, None, lambda: ENDS[how](kor, program, by), given))
    assert took < 1.0


def test_an_open_stream_ends_with_its_certificate(kor: Served) -> None:
    der = kor.certificate(kor.player.by(Role.SECURITY), span=timedelta(minutes=5))
    _, took = kor.loop.run_until_complete(follow(kor, der, lambda: later(kor, minutes=6)))
    assert took < 1.0


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
            "type": "http", "method": "POST", "path": "/v1/verdicts/transmit", "query_string": b"", "headers": [],
            "client": ("192.0.2.1", 1), "extensions": {"tls": {"client_cert_der": der}}, "root_path": "",
        }  # fmt: skip
        await kor.app(scope, receive, send)
        return status

    der = kor.certificate(kor.player.by(Role.LEGAL))
    assert kor.loop.run_until_complete(slow()) == 408


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
