"""How a figure is taken: interleaved rounds, CPU time where the work is one thread's, the median of the rounds."""

from __future__ import annotations

import fcntl
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

_GET_FLAGS, _SET_FLAGS, _TOP_FLAG = 0x8008_6601, 0x4008_6602, 0x0002_0000
"""FS_IOC_GETFLAGS, FS_IOC_SETFLAGS and FS_TOPDIR_FL of linux/fs.h, where a long has 64 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One measured figure beside its baseline; `ratio` is value over baseline_value in the figure's own unit."""

    name: str
    value: float
    unit: str
    baseline: str
    baseline_value: float
    ratio: float

    def to_json(self) -> dict[str, str | float]:
        """The row as `build/bench.json` holds it."""
        return asdict(self)


@contextmanager
def folder_here() -> Iterator[Path]:
    """A folder for a benchmark's files, away from where everybody's are made and removed.

    ext4 does not give the inode of a removed file again for some minutes, and looks at each such one in the folder's
    group first: there a new file may cost twenty times as much. Folders within one that is flagged as the top of a
    hierarchy each get a group of their own (chattr(1), `T`), where the file system knows that.
    """
    place = Path("build/bench")
    place.mkdir(parents=True, exist_ok=True)
    handle = os.open(place, os.O_RDONLY)
    try:
        with suppress(OSError):
            flags = int.from_bytes(fcntl.ioctl(handle, _GET_FLAGS, bytes(8)), sys.byteorder)
            fcntl.ioctl(handle, _SET_FLAGS, (flags | _TOP_FLAG).to_bytes(8, sys.byteorder))
    finally:
        os.close(handle)
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield Path(folder)


def nothing() -> None:
    """What is to be done before each round where there is nothing to do."""


def rate(
    work: Callable[[], int],
    *,
    clock: Callable[[], float] = time.process_time,
    before: Callable[[], None] = nothing,
) -> float:
    """Units of work a second.

    Args:
        work: does the work once and returns how many units it did.
        clock: `time.process_time` for one thread's work, `time.perf_counter` where it waits for disk or network.
        before: done first and not timed, such as taking away what the last round left.
    """
    before()
    start = clock()
    units = work()
    return units / max(clock() - start, 1e-9)


def compare(
    name: str,
    unit: str,
    work: Callable[[], int],
    baseline: str,
    baseline_work: Callable[[], int],
    *,
    rounds: int = 5,
    clock: Callable[[], float] = time.process_time,
    before: Callable[[], None] = nothing,
) -> Result:
    """Measure a rate and its baseline in turn, A B A B ..., and take the medians; the ratio is of the pairs.

    Args:
        name: `group.measure`.
        unit: what one unit of work is, a second: `verdicts/s`, `MB/s`.
        work, baseline_work: each does its work once and returns the units done.
        baseline: what the baseline is, for people.
        rounds: pairs to take.
        clock, before: as for `rate`.
    """
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(rounds):
        ours.append(rate(work, clock=clock, before=before))
        theirs.append(rate(baseline_work, clock=clock, before=before))
    return Result(
        name=name,
        value=statistics.median(ours),
        unit=unit,
        baseline=baseline,
        baseline_value=statistics.median(theirs),
        ratio=statistics.median(a / b for a, b in zip(ours, theirs, strict=True)),
    )
