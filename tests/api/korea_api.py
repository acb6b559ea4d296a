"""Korea's API over an item that came from Japan, and a program of an officer's that asks there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from calling import Served
from programs import Program, Serve
from stories import MARKS, Stage, once

from gsomia.node import Role
from gsomia.testing import Exercise


@pytest.fixture
@once
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


@pytest.fixture
def program(kor: Served) -> Iterator[Program]:
    yield Program(kor, kor.player.by(Role.REGISTRY), "see-register", "see-acts")
