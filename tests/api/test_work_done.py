"""What is hidden costs what is not there costs: counted in statements to the database, which no busy machine moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from calling import Served
from stories import MARKS, Stage

from gsomia.api import signin
from gsomia.keys import SigningKey
from gsomia.node import Acting, PersonDetails, Role, enrol_officer
from gsomia.store import prepared
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]

KIM = PersonDetails(id="kim", clearance="SECRET", needs=("other",), rosters=("main",), house_roles=(Role.READER,))


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that any register is asked meanwhile: those that SQLAlchemy runs, and those prepared for the
    driver itself."""
    found: list[str] = []
    driver = prepared._driver

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement != "BEGIN":
            found.append(statement)

    def prepared_one(connection: sa.Connection) -> Any:
        found.append("prepared")
        return driver(connection)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(prepared, "_driver", prepared_one)
            yield found
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def test_the_counter_sees_every_statement(stage: Stage, serve: Serve) -> None:
    """Those that the driver runs were not counted once, and they are the most."""
    kor, kim = served(stage, serve, 1)
    with counted() as statements:
        kor.ask("GET", f"/v1/copies/{kor.player.copies()[0].item}", kim)
    assert "prepared" in statements and {*statements} != {"prepared"}


def served(stage: Stage, serve: Serve, items: int) -> tuple[Served, Acting]:
    """Korea's API with so many items, and a reader whose need is for none of them."""
    exercise = stage()
    exercise["JPN"].transmit_many([b"EXERCISE %d" % one for one in range(items)], to="KOR", level=MARKS["JPN"])
    exercise.settle()
    exercise.enter(KIM, "KOR")
    kor = serve(exercise, "KOR")
    key = SigningKey.generate()
    security = kor.player.by(Role.SECURITY)
    enrol_officer(kor.player.node, "kim-legal", [Role.LEGAL], key.public, by=security, person="kim")
    return kor, Acting(officer="kim-legal", key=key)


WAYS: dict[str, Callable[[str], tuple[str, str, Any]]] = {
    "shown": lambda name: ("GET", f"/v1/copies/{name}", None),
    "asked about": lambda name: ("POST", "/v1/verdicts/open", {"item": name, "person": "kim"}),
    "opened": lambda name: ("POST", "/v1/openings", {"item": name, "person": "kim"}),
    "acted on": lambda name: ("POST", "/v1/preparations", {"act": "mark", "item": name, "level": "x"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_hidden_takes_no_more_the_more_there_is(
    stage: Stage, serve: Serve, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work for an item that may not be known grows with no register, and its bytes are those of nothing."""
    monkeypatch.setattr(signin, "_FOR_SECONDS", 1e9)  # who asks is not read anew in between
    work = {}
    for items in (1, 12):
        kor, kim = served(stage, serve, items)
        number = kor.player.copies()[-1].control_number
        shown = kor.certificate(kim)  # one for both: of a certificate not seen before, more is read
        for name in (number, "nothing"):
            method, path, body = WAYS[way](name)
            kor.ask(method, path, kim, body, der=shown)  # what is read once and kept is read
            with counted() as statements:
                answer = kor.ask(method, path, kim, body, der=shown)
            work[items, name == number] = (len(statements), len(answer.body), answer.status)
    assert len({*work.values()}) == 1, work
