"""Every operation of the API, with what its schema allows and what it does not, by every role: schemathesis.

`GSOMIA_EXAMPLES` is how many requests are made of each operation; a few where it is not set.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from calling import Served
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from programs import Guest, Program
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.types import ASGIApp, Receive, Scope, Send
from stories import MARKS, Stage

from gsomia.api import description
from gsomia.node import Acting, PersonDetails, Role
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]

EXAMPLES = int(os.environ.get("GSOMIA_EXAMPLES", "3"))
STREAMS = ("/v1/events",)
"""They do not end by themselves."""
SIGN_OUT = "/v1/sign-out"
"""Asked last: who signed out is asked nothing more."""


Wrap = Callable[[Scope], Scope]


def by_certificate(kor: Served, by: Acting) -> Wrap:
    """A request as an officer with a certificate sends it."""
    der = kor.certificate(by)
    return lambda scope: {**scope, "extensions": {"tls": {"client_cert_der": der}}}


def by_token(program: Program) -> Wrap:
    """A request as who has a token sends it, with a proof of its own."""

    def proved(scope: Scope) -> Scope:
        sent = scope["raw_path"].decode().partition("?")[0]
        ours = {name.encode(): value.encode() for name, value in program.headers(scope["method"], sent).items()}
        others = [(name, value) for name, value in scope["headers"] if name.lower() not in ours]
        return {**scope, "headers": [*others, *ours.items()]}

    return proved


def reached(app: ASGIApp, wrap: Wrap) -> ASGIApp:
    """The application as a caller reaches it."""

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        await app(wrap(scope), receive, send)

    return asked


def callers(kor: Served, exercise: Exercise) -> dict[str, Wrap]:
    """Each of the eight roles: those that sign by a certificate, those of the house signed in as at a provider."""
    found = {role: by_certificate(kor, kor.player.by(role)) for role in Role.ALL}
    for role in Role.HOUSE:
        person = PersonDetails(id=f"kim-{role}", clearance="SECRET", rosters=("main",), house_roles=(role,))
        found[role] = by_token(Guest(kor, exercise, person))
    return found


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_nothing_is_found(stage: Stage, serve: Serve, mode: GenerationMode) -> None:
    """No answer that the description does not name, none of the server's own failures, none kept anywhere.

    What fits the schema may still be refused: that a word is known, or a cursor one of ours, no schema says. Each
    request is made once and asked in every role; SCIM's by a directory with its token, which alone it listens to.
    """
    exercise = stage()
    exercise["JPN"].transmit(b"EXERCISE", to="KOR", level=MARKS["JPN"])
    exercise.settle()
    kor = serve(exercise, "KOR")
    roles = callers(kor, exercise)
    directory = {"directory": by_token(Program(kor, kor.player.by(Role.SECURITY), "provision"))}
    described = description()
    del described["security"]  # who asks always shows it; `test_attacks` asks as a stranger
    for operations in described["paths"].values():
        for one in operations.values():
            one.pop("security", None)
    schema: Any = schemathesis.openapi.from_dict(described)
    answers: Counter[tuple[str, int]] = Counter()
    for path, operations in sorted(described["paths"].items(), key=lambda one: one[0] == SIGN_OUT):
        if path in STREAMS:
            continue
        scim = path.startswith("/scim/")
        for method in operations:
            apps = {who: reached(kor.app, wrap) for who, wrap in (directory if scim else roles).items()}
            _ask(schema[path][method.upper()], apps, mode, answers)
    for who in (*roles, *directory):
        told = Counter({status: count for (one, status), count in answers.items() if one == who})
        assert told.total() > 10 and told[401] < told.total() / 10, (who, told)
    assert answers["directory", 201 if mode is GenerationMode.POSITIVE else 400], "no body was read"


def _ask(operation: Any, apps: Mapping[str, ASGIApp], mode: GenerationMode, answers: Counter[tuple[str, int]]) -> None:
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(mode))
    def try_one(case: Any) -> None:
        for who, app in apps.items():
            answer = case.call(app=app)
            answers[who, answer.status_code] += 1
            assert answer.status_code < 500, (who, answer.status_code, answer.content, case.as_curl_command())
            assert answer.headers["cache-control"] == ["no-store"]
            case.validate_response(answer, excluded_checks=[positive_data_acceptance])

    with suppress(Unsatisfiable):  # nothing can be given that its schema does not allow
        try_one()
