"""Each route, whichever there are: no method beside those described, and nothing of what the caller may not know of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from calling import Served, enrol, signatures
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from stories import MARKS, Stage

from gsomia.api import description
from gsomia.keys import SigningKey
from gsomia.node import Acting, PersonDetails, Role, enrol_officer
from gsomia.testing import Exercise
from gsomia.web import public_jwk

Serve = Callable[[Exercise, str], Served]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "QUERY", "get", "PROPFIND")
PATHS = {path: {method.upper() for method in operations} for path, operations in description()["paths"].items()}

KIM = PersonDetails(id="kim", clearance="SECRET", needs=("other",), rosters=("main",), house_roles=(Role.READER,))
"""A reader whose need is for something else than what Korea holds."""


@pytest.fixture
def kor(stage: Stage, serve: Serve) -> Served:
    """Korea's API; Korea holds an item that came from Japan, and a reader who may not know of it."""
    exercise = stage()
    exercise["JPN"].transmit(b"EXERCISE", to="KOR", level=MARKS["JPN"])
    exercise.settle()
    exercise.enter(KIM, "KOR")
    exercise.enter(replace(KIM, id="lee", needs=("dprk-missile",)), "KOR")
    return serve(exercise, "KOR")


def reader_of(kor: Served) -> Acting:
    """The reader, who signs in with a legal officer's key."""
    key = SigningKey.generate()
    security = kor.player.by(Role.SECURITY)
    enrol_officer(kor.player.node, "kim-legal", [Role.LEGAL], key.public, by=security, person="kim")
    return Acting(officer="kim-legal", key=key)


def test_no_route_has_a_method_that_is_not_described(kor: Served) -> None:
    """An officer who may do the most gets no more by another method, and it changes nothing."""
    security = kor.player.by(Role.SECURITY)
    with kor.player.node.store.reading() as reader:
        before = [act.id for act in reader.acts()]
    for path, known in PATHS.items():
        named = path.replace("{name}", "jpn-kor-2016").replace("{", "").replace("}", "")
        for method in METHODS:
            if method not in known:
                answer = kor.ask(method, named, security)
                # Another route of the same form may take the method there, and refuses a certificate alone.
                refused = (403, 405) if path.startswith("/scim/") else (405,)
                if path == "/v1/persons/{person}/sessions":
                    refused = (404, 405)  # to read, it is the name of a person
                assert answer.status in refused, (method, path, answer)
    with kor.player.node.store.reading() as reader:
        assert [act.id for act in reader.acts()] == before


OPEN = ("/v1/agreements/{name}", "/v1/agreements/{name}/state", "/v1/agreements/{name}/what-if", "/v1/acts/{act}")
"""Routes on which nothing is hidden from who may ask at all: which agreements there are, and acts."""

ASKED: dict[str, Callable[[str], Any]] = {
    "POST /v1/verdicts/open": lambda item: {"item": item, "person": "kim"},
    "POST /v1/verdicts/release": lambda item: {"item": item, "to": "USA"},
    "POST /access/v1/evaluation": lambda item: {
        "subject": {"type": "person", "id": "kim"},
        "action": {"name": "open"},
        "resource": {"type": "item", "id": item},
    },
    "POST /v1/ways": lambda item: {"to": "USA", "level": item, "subject": "dprk-missile"},
    "GET /v1/contents/{}": lambda _: None,
    "PATCH /v1/contents/{}": lambda _: b"x",
    "POST /v1/openings": lambda item: {"item": item, "person": "kim"},
    "POST /v1/preparations": lambda item: {"act": "mark", "item": item, "level": "x"},
    "GET /v1/copies/{}": lambda _: None,
    "GET /v1/consents/{}": lambda _: None,
    "GET /v1/requests/{}": lambda _: None,
    "GET /v1/disclosures/{}": lambda _: None,
    "GET /v1/logs?name={}": lambda _: None,
    "GET /v1/copies/{}/bundle": lambda _: None,
    "GET /v1/log-entries?name={}": lambda _: None,
    "GET /v1/log-tiles?name={}&index=0&width=1": lambda _: None,
    "GET /v1/renditions?digest={}": lambda _: None,
    "POST /v1/reconciliations": lambda _: {"peer": "JPN"},
    "GET /v1/routes?from=JPN&to=KOR&item={}": lambda _: None,
    "GET /v1/persons?facility={}": lambda _: None,
    "GET /v1/persons/{}": lambda _: None,
    "GET /v1/rosters/{}": lambda _: None,
    "GET /v1/consultations/{}": lambda _: None,
    "POST /v1/consultations/{}/differences": lambda _: {"old": "1", "new": "2"},
    "POST /v1/consultations/{}/views": lambda _: {"content": "0" * 64},
    "GET /v1/rights?person=kim&act=open&item={}": lambda _: None,
    "POST /v1/preparations ": lambda item: {"act": "place", "item": item, "facility": "main"},
    "GET /v1/preparations/{}": lambda _: None,
    "POST /v1/preparations/{}/document": lambda _: {},
    "POST /v1/preparations/{}/signatures": lambda _: {"x": "AAAA"},
    "GET /v1/parcel-exports/{}": lambda _: None,
    "DELETE /v1/parcel-exports/{}": lambda _: None,
    "DELETE /v1/tokens/{}": lambda _: None,
    "DELETE /v1/sessions/{}": lambda _: None,
    "DELETE /v1/persons/{}/sessions": lambda _: None,
}
"""Each route that takes a name, and what it is asked with."""


def names(kor: Served) -> dict[str, str]:
    """What is there, by what it is, none of it for the reader to know."""
    copy, registry = kor.player.copies()[0], kor.player.by(Role.REGISTRY)
    wanted = {"act": "mark", "item": copy.control_number, "level": MARKS["KOR"]}
    with kor.player.node.store.reading() as reader:
        act = next(iter(reader.acts(types=["transmit"]))).id
    body = {"jwk": public_jwk(generate_private_key(SECP256R1())), "acts": ["see-register"], "minutes": 5}
    return {
        "control number": copy.control_number,
        "item": copy.item,
        "copy": copy.id,
        "act": act,
        "preparation": kor.ask("POST", "/v1/preparations", registry, wanted).json()["id"],
        "token": kor.ask("POST", "/v1/tokens", registry, body).json()["id"],
        "roster": "main",
        "person": "lee",
    }


def test_every_route_that_takes_a_name_is_asked_below() -> None:
    asked = {one.partition(" ")[2].partition("?")[0].replace("{}", "*") for one in ASKED}
    # At /scim/v2 a certificate alone gets nothing, and what a directory may know is asked in test_scim.
    taking = {path for path in PATHS if "{" in path and path not in OPEN and not path.startswith("/scim/")}
    assert {path.split("{")[0] + "*" + path.partition("}")[2] for path in taking} <= asked


@pytest.mark.parametrize("way", ASKED)
def test_what_is_another_s_is_answered_as_what_is_not_there(kor: Served, way: str) -> None:
    """Status, body and names of headers are the same for what is there and what is not, on every route."""
    there = names(kor)
    reader = reader_of(kor)
    method, _, path = way.partition(" ")
    told = {}
    for what, name in {**there, "nothing": "no-such-thing"}.items():
        answer = kor.ask(method, path.format(name), reader, ASKED[way](name))
        told[what] = (answer.status, answer.body.replace(name.encode(), b"*"), sorted(answer.headers))
    assert all(one == told["nothing"] for one in told.values()), told


def test_ids_of_one_are_not_taken_with_the_body_of_another(kor: Served) -> None:
    """The path names one officer's preparation, the body holds another's statements, and the reverse."""
    registry, other = kor.player.by(Role.REGISTRY), enrol(kor, "other", Role.REGISTRY)
    wanted = {"act": "mark", "item": kor.player.copies()[0].control_number, "level": MARKS["KOR"]}
    one, two = (kor.ask("POST", "/v1/preparations", by, wanted).json() for by in (registry, other))
    for told, path_of, by in ((two, one, registry), (one, two, other), (two, one, other), (one, two, registry)):
        answer = kor.ask("POST", f"/v1/preparations/{path_of['id']}/signatures", by, signatures(told, by))
        assert answer.status in (404, 422), answer
    mixed = signatures(one, registry) | signatures(two, registry)
    assert kor.ask("POST", f"/v1/preparations/{one['id']}/signatures", registry, mixed).status == 422
    assert not kor.player.copies()[0].own_mark


def test_no_route_takes_a_list_past_its_bound_or_shows_what_is_hidden_in_one(stage: Stage, serve: Serve) -> None:
    """A reference is to one thing: a list of copies instead is refused, and shows none of them to who may see none."""
    exercise = stage()
    exercise["JPN"].transmit_many([b"EXERCISE %d" % one for one in range(100)], to="KOR", level=MARKS["JPN"])
    exercise.settle()
    exercise.enter(replace(KIM, needs=("dprk-missile",)), "KOR")
    kor = serve(exercise, "KOR")
    kim = reader_of(kor)
    registry = kor.player.by(Role.REGISTRY)
    numbers = [copy.control_number for copy in kor.player.copies()]
    assert len(numbers) == 100
    wanted = {"act": "destroy", "item": numbers[0], "method": "shredded", "certify": numbers}
    assert kor.ask("POST", "/v1/preparations", registry, wanted).status == 400, "a list has its bound"
    wanted = {"act": "release", "item": numbers[0], "to": "USA", "certify": [*numbers[:15], "nothing"]}
    assert kor.ask("POST", "/v1/preparations", kor.player.by(Role.DISCLOSURE), wanted).status in (400, 403, 404)
    assert kor.ask("GET", f"/v1/copies/{','.join(numbers[:10])}", kim).status == 404
    with kor.player.node.store.reading() as reader:
        assert not list(reader.acts(types=["release", "destroy"]))
