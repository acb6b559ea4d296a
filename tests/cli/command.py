"""The command run in this process, and a node made once that each test gets a copy of."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gsomia.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process: status, stdout, stderr."""

    def command(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["gsomia", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return int(end.value.code or 0), out, err

    return command


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node with three officers: three acts in the internal log."""
    from gsomia.app import init
    from gsomia.node import Role

    folder = tmp_path_factory.mktemp("made") / "jpn"
    home = init(folder, "JPN", exercise=True)
    home.enrol_officer("sato", (Role.SECURITY,), by=None)
    home.enrol_officer("ito", (Role.LEGAL,), by=home.acting("sato", Role.SECURITY))
    home.enrol_officer("mori", (Role.REGISTRY,), by=home.acting("sato", Role.SECURITY))
    home.close()
    return folder


@pytest.fixture
def node(made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(made, tmp_path / "jpn"))
