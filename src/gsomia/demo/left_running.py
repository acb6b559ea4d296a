"""How to talk to the nodes that the demo left running, and how to stop them."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from gsomia.demo.stage import Stage

__all__ = ["say_how"]


def say_how(stage: Stage, write: Callable[[str], None]) -> None:
    """How to talk to the nodes that were left running, and how to stop them."""
    running = [process.pid for process in stage.processes.values() if process.poll() is None]
    if not running:
        return
    command = _as_typed()
    write("\nThe nodes are still running. Talk to them, for example:")
    for words in ("register", "refused", "act list", "agreement state jpn-kor-2016", "verify"):
        write(f"  {command} {words} --node {shlex.quote(str(stage.folder / 'KOR'))}")
    write(f"Stop them with: kill {' '.join(map(str, running))}")


def _as_typed() -> str:
    """This command as it can be typed again: by its name where that is on the PATH, else by its path."""
    run = Path(sys.argv[0])
    if run.name != "gsomia":
        return shlex.join([_beneath(Path(sys.executable)), "-m", "gsomia"])
    found = shutil.which("gsomia")
    if found is not None and Path(found).absolute() == run.absolute():
        return "gsomia"
    return shlex.quote(_beneath(run))


def _beneath(path: Path) -> str:
    """A path from here where it lies beneath, else the whole of it."""
    whole = path.absolute()
    return str(whole.relative_to(Path.cwd())) if whole.is_relative_to(Path.cwd()) else str(whole)
