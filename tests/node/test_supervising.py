"""The thread that keeps a running node's schedules: whatever fails there, it goes on."""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext, suppress
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from stories import Stage, finish

from gsomia.app.running import _Outbox
from gsomia.blobs import LocalBlobs
from gsomia.config import NodeConfig
from gsomia.errors import NodeError, PeerError
from gsomia.node import Limits, Role, destroy, step
from gsomia.node.holding import handling


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


def test_what_a_killed_command_left_is_removed_by_the_running_node(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And once only where nobody writes to the register; where the disk does not let it that is told."""
    exercise = stage()
    copy = exercise["JPN"].transmit(b"report", to="KOR", level="極秘")
    exercise.settle()
    korea = exercise["KOR"]
    finish(korea, copy.id)
    with monkeypatch.context() as killed:
        killed.setattr(handling, "remove_leftovers", lambda _: 0)
        destroy(korea.node, copy.id, "burnt", by=(korea.by(Role.REGISTRY), korea.by(Role.SECURITY)))
    assert korea.node.blobs.exists(copy.item)
    told: list[str] = []
    log = SimpleNamespace(info=lambda event, **_: told.append(event), error=lambda event, **_: told.append(event))
    home = SimpleNamespace(node=korea.node, folder=korea.folder, config=NodeConfig(party="KOR", exercise=True))
    outbox = _Outbox(cast(Any, home), threading.Event(), log)
    outbox._asked = outbox._looked = outbox._closed = time.monotonic()
    with monkeypatch.context() as broken:
        broken.setattr(LocalBlobs, "erase", refusing)
        outbox._keep_schedules()
    assert korea.node.blobs.exists(copy.item) and told == ["what was destroyed or given back still lies here"]
    outbox._keep_schedules()
    assert korea.node.blobs.exists(copy.item), "it is tried again when somebody wrote, and with the next sweep"
    outbox._written = (-1, -1)
    outbox._keep_schedules()
    assert not korea.node.blobs.exists(copy.item) and told[1:] == ["removed sealed items that this Party has no more"]


def test_a_dead_letter_is_told_once(stage: Stage) -> None:
    """The operator hears of it without asking; what stands behind it is counted."""
    both = stage()
    both.with_limits("KOR", Limits(retry_limit=timedelta(seconds=4)))
    korea = both["KOR"]
    for _ in range(2):
        korea.transmit(b"report", to="JPN", level="군사II급비밀")

    def cut(*_: object) -> Any:
        raise PeerError("the wire is cut")

    both.wire.fault = cut
    told: list[tuple[str, dict[str, Any]]] = []
    log = SimpleNamespace(warning=lambda event, **words: told.append((event, words)), info=lambda *_, **__: None)
    config = NodeConfig(party="KOR", exercise=True)
    home = SimpleNamespace(
        node=korea.node, folder=korea.folder, config=config, store=korea.node.store, clock=both.clock
    )
    outbox = _Outbox(cast(Any, home), threading.Event(), log)
    for attempt in range(5):
        with suppress(PeerError):
            step(korea.node, "JPN")
        both.pass_time(timedelta(seconds=5))
        outbox._tell_dead()
        assert bool(told) is (attempt >= 2), "1, 2 and 4 s, which is the limit"
    ((event, words),) = told
    assert event == "dead letter"
    assert (words["peer"], words["waiting"]) == ("JPN", 2) and "the wire is cut" in words["why"]


def refusing(*_: object) -> None:
    raise NodeError("cannot remove sealed items: input/output error")
