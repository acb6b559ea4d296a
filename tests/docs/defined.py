"""Tests that a table names: whether they are there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

__all__ = ["missing_of"]

_TESTS = Path(__file__).resolve().parents[1]


def missing_of(tests: Iterable[str]) -> list[str]:
    """Those of the tests, `node/test_hub.py::test_x`, that no file defines at its head, where they are collected."""
    missing = []
    for test in tests:
        file, _, name = test.partition("::")
        path = _TESTS / file
        if not name or not path.is_file() or f"\ndef {name}(" not in path.read_text(encoding="utf-8"):
            missing.append(test)
    return missing
