"""Every operation of the API, with what its schema allows and what it does not, by every role: schemathesis.

`GSOMIA_EXAMPLES` is how many requests are made of each operation by each role; a few where it is not set.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from calling import Served
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.types import ASGIApp, Receive, Scope, Send
from stories import MARKS, Stage

from gsomia.api import description
from gsomia.node import Role
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]

EXAMPLES = int(os.environ.get("GSOMIA_EXAMPLES", "3"))
STREAMS = ("/v1/events",)
"""They do not end by themselves."""


def signed_in(app: ASGIApp, der: bytes) -> ASGIApp:
    """The application as an officer with a certificate reaches it."""

    async def reached(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "extensions": {"tls": {"client_cert_der": der}}}, receive, send)

    return reached


@pytest.mark.parametrize("role", Role.ALL)
def test_nothing_is_found(stage: Stage, serve: Serve, role: str) -> None:
    """No answer that the description does not name, none of the server's own failures, none kept anywhere.

    What fits the schema may still be refused: that a word is known, or a cursor one of ours, no schema says.
    """
    exercise = stage()
    exercise["JPN"].transmit(b"EXERCISE", to="KOR", level=MARKS["JPN"])
    exercise.settle()
    kor = serve(exercise, "KOR")
    app = signed_in(kor.app, kor.certificate(kor.player.by(role)))
    told = description()
    del told["security"]  # the certificate is always shown; `test_attacks` asks as a stranger
    for operations in told["paths"].values():
        for one in operations.values():
            one.pop("security", None)
    schema: Any = schemathesis.openapi.from_dict(told)
    schema.app = app
    asked = 0
    for path, operations in description()["paths"].items():
        if path in STREAMS:
            continue
        for method in operations:
            operation = schema[path][method.upper()]
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                asked += _ask(operation, app, mode)
    assert asked >= len(description()["paths"])


def _ask(operation: Any, app: ASGIApp, mode: GenerationMode) -> int:
    asked = 0

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(mode))
    def try_one(case: Any) -> None:
        nonlocal asked
        asked += 1
        answer = case.call(app=app)
        assert answer.status_code < 500, (answer.status_code, answer.content, case.as_curl_command())
        assert answer.headers["cache-control"] == ["no-store"]
        case.validate_response(answer, excluded_checks=[positive_data_acceptance])

    try:
        try_one()
    except Unsatisfiable:
        return 1  # nothing can be given that its schema does not allow
    return asked
