"""`verify` of a node from its folder; where its logs are long, a process beside this one does half."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from gsomia.app.home import Home
from gsomia.keystore import credential
from gsomia.node import (
    Check,
    Node,
    audit,
    audit_logs,
    audit_stamps,
    check_acts,
    check_acts_of,
    check_register,
    divide_acts,
    joined,
)

__all__ = ["audit_home", "audit_home_logs"]

LONG = 20_000
"""From so many entries on a second process is worth its start, which takes most of a second."""

PARTS = 24
"""Into so many parts acts are divided, so that both processes end at about the same time."""

_T = TypeVar("_T")


def audit_home(home: Home) -> Iterator[Check]:
    """Every check of a node, and those of its time stamps where an authority is set; each is yielded as it ends.

    Args:
        home: whose records.
    """
    with _beside(home) as other:
        if other is None:
            yield from audit(home.node)
        else:
            yield from audit(home.node, partial(_records, home, other))
    if home.config.timestamps.url:
        yield from audit_stamps(home.node, home.stamp_roots())


def audit_home_logs(home: Home) -> Iterator[Check]:
    """The logs alone: trees, entries, checkpoints, and the signatures of the acts that stand in them.

    Args:
        home: whose records.
    """
    with _beside(home) as other:
        if other is None:
            yield from audit_logs(home.node)
            yield check_acts(home.node)
        else:
            logs = other.ask(_check_logs)
            acts = _acts(home, other)
            yield from (*other.answer(logs, _check_logs), acts)


def _records(home: Home, other: _Other) -> Sequence[Check]:
    logs, register = other.ask(_check_logs), other.ask(check_register)
    acts = _acts(home, other)
    return [*other.answer(logs, _check_logs), acts, other.answer(register, check_register)]


def _acts(home: Home, other: _Other) -> Check:
    """The signatures of acts: from the first part on in this process, from the last one back in the other."""
    parts = divide_acts(home.node, PARTS)
    asked = {part: other.ask(partial(check_acts_of, part=part)) for part in reversed(parts)}
    # What the other process has not begun is done here.
    found = [
        check_acts_of(home.node, part)
        if asked[part].cancel()
        else partial(other.answer, asked[part], partial(check_acts_of, part=part))
        for part in parts
    ]
    return joined([one if isinstance(one, Check) else one() for one in found])


def _check_logs(node: Node) -> list[Check]:
    return list(audit_logs(node))


class _Other:
    """A process beside this one, with the same node."""

    def __init__(self, pool: Executor, node: Node) -> None:
        self._pool, self._node = pool, node

    def ask(self, check: Callable[[Node], _T]) -> Future[_T]:
        """Let a check be done there, after those that were asked for before."""
        try:
            return self._pool.submit(_run, check)
        except BrokenExecutor as error:
            failed: Future[_T] = Future()
            failed.set_exception(error)
            return failed

    def answer(self, asked: Future[_T], check: Callable[[Node], _T]) -> _T:
        """What it found; where the machine ended the process, for want of memory perhaps, it is done here."""
        try:
            return asked.result()
        except BrokenExecutor:
            return check(self._node)


@contextmanager
def _beside(home: Home) -> Iterator[_Other | None]:
    """A process for half of the checks; None where they are to be done in their turn."""
    with home.node.store.reading() as reader:
        entries = sum(log.size for log in reader.logs())
    if entries < LONG or (os.cpu_count() or 1) < 2:
        yield None
        return
    # Both are slow to import, and most commands check nothing that is so long.
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(1, get_context("spawn"), _open, (home.folder,)) as pool:
        yield _Other(pool, home.node)


_opened: list[Home] = []
"""In the process beside: the node, opened once."""


def _open(folder: Path) -> None:
    _opened.append(Home(folder, passphrase=credential("passphrase")))


def _run(check: Callable[[Node], _T]) -> _T:
    return check(_opened[0].node)
