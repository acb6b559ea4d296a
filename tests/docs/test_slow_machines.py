"""No law of the tests fails because a machine is slow, as `tests/conftest.py` promises."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


def test_settings_of_one_s_own_leave_out_too_slow() -> None:
    """Health checks that a test names take the place of those that the profile names, and are not added to them."""
    named = {
        (path.name, found)
        for path in TESTS.rglob("*.py")
        for found in re.findall(r"suppress_health_check=(\[[^\]]*\]|list\(\w+\))", path.read_text(encoding="utf-8"))
    }
    assert named, "somewhere health checks are named"
    assert sorted(one for one in named if "too_slow" not in one[1] and one[1] != "list(HealthCheck)") == []
