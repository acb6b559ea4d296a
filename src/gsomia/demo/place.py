"""Where the demo writes: a folder that is its own by a marker, of which it removes only what it wrote."""

from __future__ import annotations

import shutil
from pathlib import Path

from gsomia.app import serving
from gsomia.errors import UsageError

__all__ = ["COPY", "NODES", "REPORT", "make_place"]

MARKER = "EXERCISE.txt"
NODES, REPORT, COPY = "nodes", "report.html", "copy-of-a-log"
_SAYS = f"""EXERCISE

Made by `gsomia demo`, which at its next run replaces {NODES}/, {REPORT} and {COPY}/ beside this file, and nothing else.
"""


def make_place(out: Path, parties: tuple[str, ...]) -> None:
    """Make the demo's folder, or make it ready again.

    Args:
        out: the folder: not there, empty, or one with the demo's marker.
        parties: whose nodes lie in it.

    Raises:
        UsageError: the folder is not the demo's, or nodes in it are still running; nothing was changed.
    """
    if out.is_dir() and any(out.iterdir()) and _words(out / MARKER) != _SAYS:
        raise UsageError(f"`{out}` holds something that is not a demo", hint="name another folder with --out")
    running = {party: pid for party in parties if (pid := serving(out / NODES / party)) is not None}
    if running:
        told = ", ".join(f"{party} (process {pid or 'unknown'})" for party, pid in running.items())
        pids = " ".join(filter(None, running.values()))
        raise UsageError(
            f"nodes of an earlier demo are running in `{out}`: {told}",
            hint=f"stop them with `kill {pids}`, or name another folder with --out",
        )
    for party in parties:
        _remove(out / NODES / party)
        _remove(out / NODES / f"{party}.log")
    _remove(out / REPORT)
    _remove(out / COPY)
    (out / NODES).mkdir(parents=True, exist_ok=True)
    (out / MARKER).write_text(_SAYS, encoding="utf-8")


def _words(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
