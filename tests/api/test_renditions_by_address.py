"""Renditions over the API: marked when they are prepared, signed elsewhere, and given to their officer alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from calling import Served, enrol, signatures
from stories import MARKS, Stage

from gsomia.cli.meaning.prepared import means
from gsomia.node import PersonDetails, Role, Statement, mark
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]

KIM = PersonDetails(
    id="kim", clearance="SECRET", needs=("dprk-missile",), rosters=("main",), house_roles=(Role.READER,)
)


def served(stage: Stage, serve: Serve) -> tuple[Served, dict[str, Any]]:
    """Korea's API, and what asks for a rendition of what it holds."""
    exercise = stage()
    exercise["JPN"].transmit(b"EXERCISE", to="KOR", level=MARKS["JPN"], mime_type="text/plain")
    exercise.settle()
    exercise.enter(KIM, "KOR")
    kor = serve(exercise, "KOR")
    copy = kor.player.copies()[0]
    mark(kor.player.node, copy.id, MARKS["KOR"], by=kor.player.by(Role.REGISTRY))
    return kor, {"act": "rendition", "item": copy.control_number, "person": "kim"}


def test_it_is_opened_once_and_given_once_it_is_signed(stage: Stage, serve: Serve) -> None:
    kor, wanted = served(stage, serve)
    registry, other = kor.player.by(Role.REGISTRY), enrol(kor, "other", Role.REGISTRY)
    told = kor.ask("POST", "/v1/preparations", registry, wanted).json()
    path = f"/v1/preparations/{told['id']}/document"
    assert kor.ask("POST", path, registry, {}).status == 404, "nobody has signed it"
    answer = kor.ask("POST", f"/v1/preparations/{told['id']}/signatures", registry, signatures(told, registry))
    assert answer.status == 200, answer
    assert kor.ask("POST", path, other, {}).status == 404
    assert kor.ask("POST", path, kor.player.by(Role.SECURITY), {}).status == 404
    document = kor.ask("POST", path, registry, {})
    assert kor.ask("POST", path, registry, {}).status == 404, "it is given once, and gone from memory"
    said = Statement.from_bytes(told["statements"][0].encode())
    assert means([said], wanted | {"total": 0})
    assert hashlib.sha256(document.body).hexdigest() == said.body["rendition"] and b"EXERCISE" in document.body
    with kor.player.node.store.reading() as reader:
        assert len(list(reader.acts(types=["access"]))) == 1
        assert [(made.person, made.number) for made in reader.renditions()] == [("kim", 1)]


def test_a_lying_node_gets_no_signature(stage: Stage, serve: Serve) -> None:
    kor, wanted = served(stage, serve)
    told = kor.ask("POST", "/v1/preparations", kor.player.by(Role.REGISTRY), wanted).json()
    said = Statement.from_bytes(told["statements"][0].encode())
    for other in ({"person": "lee"}, {"total": 2}, {"item": "0f1e2d3c-0000-4000-8000-000000000001"}, {"act": "mark"}):
        assert not means([said], wanted | {"total": 0} | other), other


def test_what_may_not_be_made_is_not_opened(stage: Stage, serve: Serve) -> None:
    kor, wanted = served(stage, serve)
    registry = kor.player.by(Role.REGISTRY)
    assert kor.act(registry, wanted).status == 200
    assert kor.act(registry, wanted).status == 403, "of one copy there is no second"
    with kor.player.node.store.reading() as reader:
        assert len(list(reader.acts(types=["access"]))) == 1
