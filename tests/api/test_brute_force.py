"""Brute force: failed sign-ins wait longer and longer, are shown to the operator, and lock nobody out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from calling import Served
from hypothesis import given
from hypothesis import strategies as st
from programs import Program
from stories import Stage

from gsomia.api.failures import FIRST_WAIT, FREE, KEPT, LONGEST_WAIT, Failures, source_of
from gsomia.node import Role
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]


class Counted:
    """Failures, by a clock that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lines: list[str] = []
        self.failures = Failures(self.lines.append, lambda: self.now)

    def fail(self, times: int, source: str = "a", officer: str = "") -> list[float]:
        return [self.failures.failed(source, officer) for _ in range(times)]


def test_each_wait_is_twice_the_one_before_and_none_is_over_a_minute() -> None:
    counted = Counted()
    assert counted.fail(FREE - 1) == [0.0] * (FREE - 1)
    waits = []
    for _ in range(12):
        waits += counted.fail(1)
        counted.now += waits[-1]
    assert waits[:7] == [FIRST_WAIT * 2**n for n in range(6)] + [LONGEST_WAIT] and set(waits[6:]) == {LONGEST_WAIT}
    assert len(counted.lines) == 1 and "source `a`" in counted.lines[0]


def test_what_comes_during_a_wait_makes_it_no_longer() -> None:
    counted = Counted()
    counted.fail(FREE)
    assert set(counted.fail(1000)) == {FIRST_WAIT}
    counted.now = FIRST_WAIT
    assert counted.failures.wait("a") == 0.0


def test_what_failed_long_ago_counts_no_more() -> None:
    counted = Counted()
    counted.fail(FREE)
    counted.now = KEPT + FIRST_WAIT
    assert counted.fail(1) == [0.0] and [row["failed"] for row in counted.failures.rows()] == [1]


def test_memory_is_bounded_however_many_sources_and_names_there_are() -> None:
    counted = Counted()
    for n in range(10_000):
        counted.failures.failed(f"s{n}", f"o{n}")
        counted.failures.passed(f"s{n}", f"o{n}")
    assert len(counted.failures.rows()) == 2 * 4096


ATTEMPTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["", "kim", "lee"]), st.floats(0, 120)), max_size=80
)


@given(ATTEMPTS)
def test_no_attack_locks_an_officer_out(attempts: list[tuple[str, str, float]]) -> None:
    """Whoever fails, from wherever, in whichever order: a minute at most, and at the officer's own place not at all."""
    counted = Counted()
    counted.failures.passed("home", "kim")
    for source, officer, later in attempts:
        assert counted.failures.failed(source, officer) <= LONGEST_WAIT
        assert counted.failures.wait("home", "kim") == 0.0
        assert counted.failures.wait("elsewhere", "kim") <= LONGEST_WAIT
        counted.now += later
    counted.now += LONGEST_WAIT
    assert all(counted.failures.wait(source, "kim") == 0.0 for source in ("a", "b", "c", "elsewhere"))


@pytest.mark.parametrize(("address", "source"), [
    ("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("::ffff:192.0.2.1", "192.0.2.1"),
    ("fe80::1%eth0", "fe80::/64"), ("", ""), ("unix", "unix"),
])  # fmt: skip
def test_a_subscriber_is_one_source(address: str, source: str) -> None:
    assert source_of(address) == source


@pytest.fixture
def kor(stage: Stage, serve: Serve) -> Served:
    return serve(stage(), "KOR")


@pytest.mark.usefixtures("still")
def test_brute_force(kor: Served) -> None:
    """A token that was caught, tried with one key after another: it waits, its officer does not, and it is shown."""
    registry, security = kor.player.by(Role.REGISTRY), kor.player.by(Role.SECURITY)
    own, thief = (Program(kor, registry, "see-register") for _ in range(2))
    thief.told = own.told
    answers = [kor.ask("GET", "/v1/copies", None, headers=thief.headers("GET", "/v1/copies")) for _ in range(30)]
    assert [answer.status for answer in answers] == [401] * (FREE - 1) + [429] * (31 - FREE)
    assert 1 <= int(answers[-1].headers["retry-after"]) <= LONGEST_WAIT + 1
    made_up = kor.ask("GET", "/v1/copies", None, headers={"authorization": "DPoP x", "dpop": "x"})
    assert made_up.status == 429, "whatever else is tried from there"
    assert kor.ask("GET", "/v1/copies", None, headers=own.headers("GET", "/v1/copies")).status == 200
    assert kor.ask("GET", "/v1/copies", registry).status == 200
    told = kor.ask("GET", "/v1/sessions", security).json()["failures"]
    assert {(row["kind"], row["name"]) for row in told} == {("source", "192.0.2.1"), ("officer", registry.officer)}
    assert all(row["failed"] >= FREE for row in told)
    assert len(kor.told) == 2, "the operator is told once of each, not of each try"


@pytest.mark.usefixtures("still")
def test_nobody_is_anybody_by_guessing_at_random(kor: Served) -> None:
    """Tokens and certificates that nobody made, from one source."""
    tries = [kor.ask("GET", "/v1/me", None, headers={"authorization": f"DPoP {n}", "dpop": "x"}) for n in range(FREE)]
    tries += [kor.ask("GET", "/v1/me", None, der=b"\x30\x00") for _ in range(FREE)]
    assert {answer.status for answer in tries} == {401, 429} and tries[-1].status == 429
