"""What holds for every test.

Where `GSOMIA_REQUIRE` is set, no test may be skipped because a part is missing. Hypothesis tries the same examples of
each law in every run, however slow the machine is: a law that sets health checks of its own leaves out `too_slow` too.
With `GSOMIA_EXAMPLES` it tries others by chance (`make proofs`), so many where the law names no number of its own.
"""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("short", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "long", settings.get_profile("short"), derandomize=False, max_examples=int(os.environ.get("GSOMIA_EXAMPLES") or 100)
)
settings.load_profile("long" if os.environ.get("GSOMIA_EXAMPLES") else "short")

# Who runs the tests in the background of a shell ignores SIGINT, and so would what the tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["calling", "command", "anywhere", "stories", "korea_api", "pair", "speaking", "three", "tokens"]
"""Fixtures that several folders ask for: nodes in one process, and nodes as processes of their own."""

ALLOWED = ("long form", "shared data", "not permitted")
"""How the reason of a skip begins that is no missing part: a long form not asked for, a data set kept elsewhere, or
what the machine forbids even its root, such as a mount."""


MEMORY = Path("/dev/shm")
"""A file system in memory, where there is one."""

ROOM = 2**31
"""So many bytes must be free there."""


@pytest.fixture
def tmp_path(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A test's own folder, in memory where there is room; on the disk for what is killed, or is about the disk.

    A node makes each act durable before it goes on, and a shared disk may take a tenth of a second for it.
    """
    on_disk = request.path.parent.name == "store" or request.node.get_closest_marker("wire") is not None
    if on_disk or not _room():
        yield tmp_path
    else:
        with tempfile.TemporaryDirectory(prefix="gsomia-test-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
            own = Path(folder) / "own"  # what is beside it is the test's too
            own.mkdir()
            yield own


def _room() -> bool:
    """Whether there is a file system in memory with room."""
    if not os.access(MEMORY, os.W_OK):
        return False
    found = os.statvfs(MEMORY)
    return found.f_bavail * found.f_frsize >= ROOM


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the garbage collector from looking at what stays: tests and modules, again and again, took a fifth of it."""
    gc.disable()
    collected = yield
    gc.freeze()
    gc.set_threshold(10_000)
    gc.enable()
    return collected


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long, so that at the end no worker is left alone with one."""
    long = {item.path for item in items if item.get_closest_marker("wire") or item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)


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
