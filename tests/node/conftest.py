"""Two or three nodes in one process, under the shipped law and its history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest

from gsomia.app import offered_law, shipped_acts
from gsomia.testing import Exercise

Stage = Callable[..., Exercise]


@pytest.fixture(scope="session")
def law() -> object:
    """The agreements of this release."""
    return offered_law()


@pytest.fixture
def stage(tmp_path: Path, law: object) -> Iterator[Stage]:
    """Makes exercises that end with the test."""
    with ExitStack() as stack:

        def make(*parties: str, at: str = "2018-01-10T12:00:00+09:00") -> Exercise:
            exercise = Exercise(
                tmp_path / "nodes",
                parties or ("JPN", "KOR"),
                law=law,  # type: ignore[arg-type]
                history=list(shipped_acts()),
                at=datetime.fromisoformat(at),
            )
            return stack.enter_context(exercise)

        yield make
