"""`verify` of a node from its folder; where its logs are long, the register is made anew in a process beside this."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from gsomia.app.home import Home
from gsomia.keystore import credential
from gsomia.node import Check, audit, audit_stamps, check_register

__all__ = ["audit_home"]

LONG = 20_000
"""From so many entries on a second process is worth its start, which takes most of a second."""


def audit_home(home: Home) -> Iterator[Check]:
    """Every check of a node, and those of its time stamps where an authority is set; each is yielded as it ends.

    Args:
        home: whose records.
    """
    with _register(home) as register:
        yield from audit(home.node, register)
    if home.config.timestamps.url:
        yield from audit_stamps(home.node, home.stamp_roots())


@contextmanager
def _register(home: Home) -> Iterator[Callable[[], Check] | None]:
    """The check of the register, at work in another process; None where it is to be done in its turn."""
    with home.node.store.reading() as reader:
        entries = sum(log.size for log in reader.logs())
    if entries < LONG or (os.cpu_count() or 1) < 2:
        yield None
        return
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        checking = pool.submit(_check_folder, home.folder)
        yield lambda: _result(checking, home)


def _result(checking: Future[Check], home: Home) -> Check:
    try:
        return checking.result()
    except BrokenProcessPool:  # the machine ended it, for want of memory perhaps
        return check_register(home.node)


def _check_folder(folder: Path) -> Check:
    home = Home(folder, passphrase=credential("passphrase"))
    try:
        return check_register(home.node)
    finally:
        home.close()
