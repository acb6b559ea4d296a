"""The tutorial, run as it is written."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from pair import free_ports

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "tutorial" / "first-exchange.md"


def script(text: str) -> str:
    """The tutorial's commands as one shell script; each that fails ends it."""
    lines = [line[2:] for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    steps: list[str] = []
    asked = 0
    for line in lines:
        if line.endswith("&"):
            steps += [line.replace(" &", " > ready-$RANDOM.txt &"), "pids+=($!)"]
        elif line.startswith("gsomia verdict"):
            # The first time nothing is established yet: refused, exit 3.
            asked += 1
            steps.append(f"{line} > verdict-{asked}.txt" + (" || [ $? = 3 ]" if asked == 1 else ""))
        elif line.startswith("gsomia transmit"):
            steps.append(f"{line} --wait 60")
        elif line.startswith("gsomia outbox"):
            # A reader looks until it is empty.
            steps.append(f"until {line} --json | grep -q '\"outbox\": \\[\\]'; do sleep 0.2; done")
        else:
            steps.append(line)
    waiting = 'until grep -qs "answers at" ready-*.txt && [ "$(cat ready-*.txt | wc -l)" = 2 ]; do sleep 0.05; done'
    last_start = max(i for i, step in enumerate(steps) if step.startswith("pids+"))
    steps.insert(last_start + 1, waiting)
    return "\n".join(["set -euo pipefail", "pids=()", "trap 'kill ${pids[@]}; wait' EXIT", *steps])


@pytest.mark.wire
@pytest.mark.slow
def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    """Every command succeeds, the document arrives, and the sender's register names the recipient as custodian."""
    text = TUTORIAL.read_text(encoding="utf-8")
    for there, here in zip(("8441", "8442"), free_ports(2), strict=True):
        text = text.replace(there, str(here))
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    # A process group of its own, so that a script that hangs leaves no node behind.
    done = subprocess.Popen(
        ["bash", "-c", script(text)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        said, told = done.communicate(timeout=180)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(done.pid, signal.SIGKILL)
    assert done.returncode == 0, said + told
    verdicts = [(tmp_path / f"verdict-{n}.txt").read_text(encoding="utf-8") for n in (1, 2)]
    assert [verdict.splitlines()[0] for verdict in verdicts] == ["refuse", "permit"]
    assert "`accredited` is not established" in verdicts[0]
    assert "\nEXERCISE report\n" in said
    row = next(line for line in said.splitlines() if re.match(r"JPN-2018-000001 +1 +out", line))
    assert "군사II급비밀 (JPN)" in row
    assert re.search(r" KOR +(receipted|opened) ", row)
