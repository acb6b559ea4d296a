"""What the API tells is what the commands tell; pages hold still; unchanged answers are not sent again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from calling import Served
from stories import MARKS, Stage

from gsomia.node import Role
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]


@pytest.fixture
def kor(stage: Stage, serve: Serve) -> Served:
    """Korea's API; three items came from Japan."""
    exercise = stage()
    for _ in range(3):
        exercise["JPN"].transmit(b"EXERCISE", to="KOR", level=MARKS["JPN"])
    exercise.settle()
    return serve(exercise, "KOR")


def test_everything(kor: Served) -> None:
    registry = kor.player.by(Role.REGISTRY)
    for path in (
        "node",
        "me",
        "copies",
        "inbox",
        "outbox",
        "refused",
        "record",
        "acts",
        "logs",
        "openapi.json",
        "tokens",
        "agreements/jpn-kor-2016/state",
        "duties?party=KOR",
        "routes?from=JPN&to=KOR",
    ):
        answer = kor.ask("GET", f"/v1/{path}", registry)
        print(path, answer.status, answer.body[:300])
        assert answer.status == 200 and answer.headers["cache-control"] == "no-store"
    number = kor.ask("GET", "/v1/copies", registry).json()["copies"][0]["control_number"]
    answer = kor.act(registry, {"act": "mark", "item": number, "level": MARKS["KOR"]})
    print(answer)
    assert answer.status == 200
    answer = kor.act(registry, {"act": "receipted", "item": number})
    print(answer)
    assert answer.status == 200
