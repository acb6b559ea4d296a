"""A log as it grows to a million acts: what an act costs on the way, and what it takes to check it.

`gsomia log verify` checks tree, entries and signatures; `gsomia verify` makes the register anew besides.

BENCH_ACTS is how far it grows. The cost of an act is drawn in `build/log-growth.svg`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from math import log10
from pathlib import Path

from bench.measure import Result
from bench.nodes import make_pair
from gsomia.app import Home
from gsomia.node.ledger import Draft, make

_BATCH = 100
_SHARE_SINGLY = 50
"""Acts that are signed singly take ten times as long to make and to check: so many times fewer are enough."""

_BODY = {"offer": "0" * 64, "verdict": "0" * 64, "outcome": "permit", "valid_until": "2018-01-10T03:00:00.000000Z"}


def run(short: bool) -> Iterator[Result]:
    """The cost of an act at 10^3 entries and on to the end, and the check of the whole log."""
    acts = 2_000 if short else int(os.environ.get("BENCH_ACTS", "1000000"))
    singly = max(1_000, acts // _SHARE_SINGLY)
    with tempfile.TemporaryDirectory() as folder:
        home, _ = make_pair(Path(folder))
        points = list(_grow(home, acts))
        home.close()
        seconds, memory = _verify(home.folder, "log", "verify")
        whole, _ = _verify(home.folder, "verify")
    with tempfile.TemporaryDirectory() as folder:
        home, _ = make_pair(Path(folder))
        for _ in range(singly):
            _act(home, 1)
        home.close()
        seconds_singly, _ = _verify(home.folder, "log", "verify")
    Path("build").mkdir(exist_ok=True)
    Path("build/log-growth.svg").write_text(_svg(points), encoding="utf-8")
    first, last = points[0], points[-1]
    yield Result(
        name="log.act_when_grown",
        value=last[1],
        unit=f"us at {last[0]:,}",
        baseline=f"us at {first[0]:,} entries",
        baseline_value=first[1],
        ratio=last[1] / first[1],
    )
    yield Result(
        name="log.verify",
        value=seconds,
        unit=f"s of {acts:,} acts",
        baseline="the bound of 30 s a million, here for so many",
        baseline_value=30 * acts / 1e6,
        ratio=seconds / (30 * acts / 1e6),
    )
    yield Result(
        name="log.verify_singly",
        value=seconds_singly / singly * 1e6,
        unit=f"us an act of {singly:,}, each signed by itself",
        baseline=f"us an act, {_BATCH} a batch",
        baseline_value=seconds / acts * 1e6,
        ratio=seconds_singly / singly * acts / seconds,
    )
    yield Result(
        name="log.verify_whole",
        value=whole,
        unit=f"s of {acts:,} acts",
        baseline="tree, entries and signatures alone",
        baseline_value=seconds,
        ratio=whole / seconds,
    )
    yield Result(
        name="log.verify_memory",
        value=memory,
        unit="MB at most",
        baseline="the bound",
        baseline_value=300,
        ratio=memory / 300,
    )


def _grow(home: Home, acts: int) -> Iterator[tuple[int, float]]:
    """Fill the log shared with the peer, 100 acts a batch; yields (entries, CPU microseconds an act) on the way."""
    costs: list[float] = []
    marks = [mark for power in range(3, 8) for mark in (10**power, 3 * 10**power) if mark < acts] + [acts]
    for done in range(_BATCH, acts + 1, _BATCH):
        start = time.process_time()
        _act(home, _BATCH)
        costs.append(time.process_time() - start)
        if done >= marks[0]:
            yield done, statistics.median(costs[-200:]) / _BATCH * 1e6
            marks.pop(0)


def _act(home: Home, batch: int) -> None:
    """So many acts in one batch and one transaction."""
    with home.node.store.writing() as tx:
        drafts = [Draft(type="acceptance", instrument="jpn-kor-2016", parties=("KOR",), body=_BODY)] * batch
        make(home.node, tx, drafts, at=home.node.clock.now(), send=False)


def _verify(folder: Path, *words: str) -> tuple[float, float]:
    """Seconds and MB that a command takes, as the system counts them for the process and the one that it starts."""
    command = [sys.executable, "-m", "gsomia", *words, "--node", str(folder)]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"verify ended with {process.returncode}")
    print(f"{' '.join(words)}: {seconds:.1f} s, CPU {usage.ru_utime + usage.ru_stime:.1f} s", file=sys.stderr)
    return seconds, usage.ru_maxrss / 1024


def _svg(points: Sequence[tuple[int, float]]) -> str:
    """The points over a logarithmic axis of entries."""
    top = max(cost for _, cost in points) * 1.25
    low, high = log10(points[0][0]), max(log10(points[-1][0]), log10(points[0][0]) + 0.1)

    def place(entries: int, cost: float) -> tuple[float, float]:
        return 70 + 500 * (log10(entries) - low) / (high - low), 270 - 230 * cost / top

    dots = [place(*point) for point in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in dots)
    marks = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
        f'<text x="{x:.1f}" y="290" text-anchor="middle">{entries:,}</text>'
        f'<text x="{x:.1f}" y="{y - 8:.1f}" text-anchor="middle">{cost:.0f}</text>'
        for (x, y), (entries, cost) in zip(dots, points, strict=True)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 620 320" font-family="sans-serif" font-size="10">'
        '<rect width="620" height="320" fill="#fff"/><path d="M70 30V270H590" fill="none" stroke="#333"/>'
        f'<polyline points="{line}" fill="none" stroke="#05c" stroke-width="2"/>{marks}'
        '<text x="70" y="20">CPU microseconds an act, signed, verified, stored and logged, 100 a batch</text>'
        '<text x="590" y="310" text-anchor="end">entries in the log</text></svg>\n'
    )
