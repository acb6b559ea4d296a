"""README shows the demo's real output, and its commands are the Makefile's."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def shown() -> list[str]:
    """The lines of the demo that README shows; `...` stands for lines left out."""
    block = re.search(r"```text\n(EXERCISE.*?)\n```", README, re.DOTALL)
    assert block is not None, "README shows no output of the demo"
    return block[1].splitlines()


def plain(line: str) -> str:
    """A line without what differs from run to run: how long it took, and where the report lies."""
    line = re.sub(r"after \d+ s", "after N s", re.sub(r"in \S*report\.html", "in report.html", line))
    return " ".join(line.split())


@pytest.mark.wire
@pytest.mark.slow
def test_readme_shows_the_real_output(tmp_path: Path) -> None:
    """Each line of README's block comes from the demo, in order, with nothing left out where no `...` says so."""
    played = subprocess.run(
        [sys.executable, "-m", "gsomia", "demo", "--out", str(tmp_path / "demo")],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr
    real = [plain(line) for line in played.stdout.splitlines()]
    position, gap = 0, False
    for line in map(plain, shown()):
        if line.strip() == "...":
            gap = True
            continue
        found = real.index(line, position) if line in real[position:] else -1
        assert found >= 0, f"README shows a line that the demo does not print: {line!r}"
        assert gap or found == position, f"README leaves out {real[position]!r} without saying so"
        position, gap = found + 1, False
    assert gap or position == len(real), f"README leaves out {real[position]!r} at the end"


def test_readme_names_only_targets_that_exist() -> None:
    """Every `make TARGET` in README is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE))
    assert {"demo", "test", "check"} <= named
    assert named <= targets


def test_ci_calls_what_readme_names() -> None:
    """The script that checks a submission runs README's own commands."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "make check" in script
    assert "make test" in script
