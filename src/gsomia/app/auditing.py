"""`verify` of a node from its folder; where its logs are long, a process beside this one does half."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from gsomia.app.home import Home
from gsomia.keystore import credential
from gsomia.node import Check, audit, audit_logs, audit_stamps, check_acts, check_register

__all__ = ["audit_home", "audit_home_logs"]

LONG = 20_000
"""From so many entries on a second process is worth its start, which takes most of a second."""


def audit_home(home: Home) -> Iterator[Check]:
    """Every check of a node, and those of its time stamps where an authority is set; each is yielded as it ends.

    Args:
        home: whose records.
    """
    with _beside(home, register=True) as elsewhere:
        yield from audit(home.node, elsewhere)
    if home.config.timestamps.url:
        yield from audit_stamps(home.node, home.stamp_roots())


def audit_home_logs(home: Home) -> Iterator[Check]:
    """The logs alone: trees, entries, checkpoints, and the signatures of the acts that stand in them.

    Args:
        home: whose records.
    """
    with _beside(home, register=False) as elsewhere:
        if elsewhere is None:
            yield from audit_logs(home.node)
            yield check_acts(home.node)
        else:
            acts = check_acts(home.node)
            yield from (*elsewhere(), acts)


@contextmanager
def _beside(home: Home, *, register: bool) -> Iterator[Callable[[], Sequence[Check]] | None]:
    """The checks of logs and register, at work in another process; None where they are to be done in their turn."""
    with home.node.store.reading() as reader:
        entries = sum(log.size for log in reader.logs())
    if entries < LONG or (os.cpu_count() or 1) < 2:
        yield None
        return
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        checking = pool.submit(_check_folder, home.folder, register)
        yield lambda: _result(checking, home, register)


def _result(checking: Future[list[Check]], home: Home, register: bool) -> list[Check]:
    try:
        return checking.result()
    except BrokenProcessPool:  # the machine ended it, for want of memory perhaps
        return _check(home, register)


def _check_folder(folder: Path, register: bool) -> list[Check]:
    home = Home(folder, passphrase=credential("passphrase"))
    try:
        return _check(home, register)
    finally:
        home.close()


def _check(home: Home, register: bool) -> list[Check]:
    logs = list(audit_logs(home.node))
    return [*logs, check_register(home.node)] if register else logs
