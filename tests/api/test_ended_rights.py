"""Rights that ended: the next request is refused, and an open stream ends within a second."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from calling import Served, enrol, signatures
from programs import Program, follow, held, later
from stories import MARKS

from gsomia.keys import SigningKey
from gsomia.node import (
    Acting,
    PersonDetails,
    Role,
    enrol_officer,
    lapses,
    place,
    retire_officer_key,
    strike_person,
)
from gsomia.testing import Exercise


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
    _, took = kor.loop.run_until_complete(follow(kor, None, lambda: ENDS[how](kor, program, by), headers=given))
    assert took < 1.0


def test_an_open_stream_ends_with_its_certificate(kor: Served) -> None:
    der = kor.certificate(kor.player.by(Role.SECURITY), span=timedelta(minutes=5))
    _, took = kor.loop.run_until_complete(follow(kor, der, lambda: later(kor, minutes=6)))
    assert took < 1.0


def test_an_expired_clearance_takes_effect_at_once_open_streams_included_and_is_listed(
    kor: Served, both: Exercise
) -> None:
    """A reader follows the acts about one item; from the instant at which the clearance ends none is told."""
    node, registry, security = kor.player.node, kor.player.by(Role.REGISTRY), kor.player.by(Role.SECURITY)
    ends = both.clock.at + timedelta(hours=1)
    reader = PersonDetails(
        id="kim", clearance="SECRET", needs=("dprk-missile",), rosters=("main",), house_roles=(Role.READER,),
        expires=ends,
    )  # fmt: skip
    both.enter(reader, "KOR")
    key = SigningKey.generate()
    enrol_officer(node, "kim-k", [Role.LEGAL], key.public, by=security, person="kim")
    program = Program(kor, Acting(officer="kim-k", key=key), "see-item")
    path = f"/v1/copies/{held(kor)}"

    def shown() -> None:
        place(node, held(kor), "main", by=registry)

    def ended() -> None:
        both.clock.at = ends
        place(node, held(kor), "main", by=registry)

    assert kor.ask("GET", path, None, headers=program.headers("GET", path)).status == 200
    parts, _ = kor.loop.run_until_complete(
        follow(kor, None, shown, ended, headers=program.headers("GET", "/v1/events"))
    )
    assert b"".join(parts).count(b"event: place") == 1
    assert kor.ask("GET", path, None, headers=program.headers("GET", path)).status == 404
    with node.store.reading() as store:
        assert [(one.person, one.what) for one in lapses(node, store, since=None, until=ends)] == [("kim", "clearance")]
