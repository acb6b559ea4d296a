"""What holds for every test.

Where `GSOMIA_REQUIRE` is set, no test may be skipped because a part is missing. `GSOMIA_EXAMPLES` is how many examples
Hypothesis tries for each law (`make proofs`).
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

if os.environ.get("GSOMIA_EXAMPLES"):
    settings.register_profile("long", max_examples=int(os.environ["GSOMIA_EXAMPLES"]), deadline=None)
    settings.load_profile("long")

pytest_plugins = ["calling", "command", "anywhere", "stories", "korea_api", "pair", "speaking", "three", "tokens"]
"""Fixtures that several folders ask for: nodes in one process, and nodes as processes of their own."""

ALLOWED = ("long form", "shared data", "not permitted")
"""How the reason of a skip begins that is no missing part: a long form not asked for, a data set kept elsewhere, or
what the machine forbids even its root, such as a mount."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip for a missing part into a failure, where all parts are required."""
    report = yield
    if os.environ.get("GSOMIA_REQUIRE") and report.skipped and isinstance(report.longrepr, tuple):
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        if not reason.startswith(ALLOWED):
            report.outcome = "failed"
            report.longrepr = f"GSOMIA_REQUIRE is set and a part is missing: {reason}"
    return report
