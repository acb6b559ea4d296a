"""A second of what `tests/marking/fuzzing.py` does for ten minutes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest


def test_readers_refuse_damaged_input_with_our_own_errors() -> None:
    for name in ("lxml", "typst", "pikepdf", "PIL"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    sys.path.insert(0, str(Path(__file__).parents[1] / "marking"))
    from fuzzing import run

    assert run(1.5, 7) > 100
