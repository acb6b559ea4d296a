"""Two or three nodes in one process, under the shipped law and its history; each test has copies of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest

from gsomia.app import offered_law, shipped_acts
from gsomia.testing import Exercise
from gsomia.verdict import Law

Stage = Callable[..., Exercise]


@pytest.fixture(scope="session")
def law() -> Law:
    """The agreements of this release."""
    return offered_law()


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory, law: Law) -> Iterator[Stage]:
    """Exercises as they stand at an instant, made once each; tests take copies."""
    made: dict[tuple[tuple[str, ...], str], Exercise] = {}
    with ExitStack() as stack:

        def find(parties: tuple[str, ...], at: str) -> Exercise:
            if (parties, at) not in made:
                folder = tmp_path_factory.mktemp("ready") / "nodes"
                exercise = Exercise(
                    folder, parties, law=law, history=list(shipped_acts()), at=datetime.fromisoformat(at)
                )
                made[parties, at] = stack.enter_context(exercise)
            return made[parties, at]

        yield find


@pytest.fixture
def stage(tmp_path: Path, ready: Stage) -> Iterator[Stage]:
    """Makes exercises that end with the test."""
    with ExitStack() as stack:
        count = 0

        def make(*parties: str, at: str = "2018-01-10T12:00:00+09:00") -> Exercise:
            nonlocal count
            count += 1
            return stack.enter_context(ready(parties or ("JPN", "KOR"), at).again(tmp_path / f"nodes-{count}"))

        yield make
