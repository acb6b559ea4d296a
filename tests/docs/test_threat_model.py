"""The threat model names the test that shows each row; those tests are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "explanation" / "threat-model.md").read_text(encoding="utf-8")


def named() -> list[tuple[str, str]]:
    """Each file and test that the page names; `::test` goes on in the file named before."""
    found, file = [], ""
    for path, test in re.findall(r"`(tests/[\w/]+\.py)?::(\w+)`", PAGE):
        file = path or file
        found.append((file, test))
    return found


@pytest.mark.parametrize(("file", "test"), named())
def test_what_shows_a_row_is_there(file: str, test: str) -> None:
    """The file defines a test of that name."""
    assert f"\ndef {test}(" in (ROOT / file).read_text(encoding="utf-8")


def test_every_row_has_a_test() -> None:
    """A row of a table after the assets ends with at least one."""
    rows = [line for line in PAGE.split("## An outsider", 1)[1].splitlines() if line.startswith("| ")]
    bare = [line for line in rows if "::test_" not in line and not line.endswith("| shown by |")]
    assert bare == [] and len(rows) > 20
