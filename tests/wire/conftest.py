"""One pair of nodes is built for all tests here; each test runs copies of it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from pair import Pair, build


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nodes that have told each other of their officers and systems, and stopped."""
    folder = tmp_path_factory.mktemp("pair")
    (folder / "built").mkdir()
    build(folder / "built")
    with Pair(folder / "built", folder / "nodes") as made:
        made.start()
        made.settle()
        made.kill("JPN", signal.SIGTERM)
        made.kill("KOR", signal.SIGTERM)
    return folder / "nodes"


@pytest.fixture
def pair(template: Path, tmp_path: Path) -> Iterator[Pair]:
    """Two nodes that do not run yet."""
    with Pair(template, tmp_path / "nodes") as made:
        yield made
