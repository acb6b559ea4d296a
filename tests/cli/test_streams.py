"""Where bytes are written: whole or not at all, and never in the place of a file unless that is asked for."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gsomia.cli.streams import writing
from gsomia.errors import UsageError


def test_a_file_is_replaced_only_by_force(tmp_path: Path) -> None:
    file = tmp_path / "report"
    with writing(str(file), force=False) as sink:
        sink.write(b"first")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="exists") as refused, writing(str(file), force=False):
        pytest.fail("it was begun")
    assert "--force" in refused.value.hint and file.read_bytes() == b"first"
    with writing(str(file), force=True) as sink:
        sink.write(b"second")
    assert file.read_bytes() == b"second"


def test_a_file_that_appears_meanwhile_stays(tmp_path: Path) -> None:
    file = tmp_path / "report"
    with pytest.raises(UsageError, match="exists"), writing(str(file), force=False) as sink:
        sink.write(b"ours")
        file.write_bytes(b"theirs")
    assert file.read_bytes() == b"theirs" and [path.name for path in tmp_path.iterdir()] == ["report"]


def test_what_ends_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="half"), writing(str(tmp_path / "report"), force=True) as sink:
        sink.write(b"ha")
        raise ValueError("half")
    assert list(tmp_path.iterdir()) == []
