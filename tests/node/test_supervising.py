"""The thread that keeps a running node's schedules: whatever fails there, it goes on."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gsomia.app.running import _Outbox


def test_a_failure_in_the_schedules_is_told_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping, told, turns = threading.Event(), list[str](), 0
    home = SimpleNamespace(lock=lambda _: nullcontext(True))
    outbox = _Outbox(cast(Any, home), stopping, SimpleNamespace(exception=told.append))

    def start(_: object) -> None:
        nonlocal turns
        turns += 1
        if turns == 2:
            stopping.set()
        raise FileNotFoundError("a file that went meanwhile")

    monkeypatch.setattr(_Outbox, "_start", start)
    outbox._supervise()
    assert turns == 2 and told == ["the schedules are stuck"] * 2
