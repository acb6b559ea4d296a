"""Documents that are none, documents of no bytes, and documents larger than the memory they may take.

GSOMIA_LARGE=1 sends 5 GiB; without it 200 MiB.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest
from pair import Pair

pytestmark = pytest.mark.wire

LARGE = bool(os.environ.get("GSOMIA_LARGE"))
SIZE = 5 * 2**30 if LARGE else 200 * 2**20
MEMORY = 64 * 2**20
"""How much more than at rest a process may hold while a document passes through it, in bytes."""


def test_a_document_of_no_bytes_goes_its_way(pair: Pair, tmp_path: Path) -> None:
    document = tmp_path / "empty"
    document.touch()
    pair.start()
    done = pair.transmit("JPN", document, "--json")
    assert done.returncode == 0, done.stderr
    number = next(iter(pair.register("KOR").values()))["control_number"]
    assert pair.run("KOR", "mark", number, "--level", "군사II급비밀").returncode == 0
    opened = tmp_path / "opened"
    done = pair.run("KOR", "open", number, "--for", "reader", "-o", str(opened))
    assert done.returncode == 0, done.stderr
    assert opened.read_bytes() == b""
    pair.holds()


@pytest.mark.parametrize(
    ("kind", "status", "says"),
    [
        ("a folder", 2, "is a folder"),
        ("a link to nothing", 2, "is a link to nothing"),
        ("nothing", 2, "there is no file"),
        ("a device", 2, "is no ordinary file"),
        ("a file that cannot be read to its end", 1, "cannot read"),
        # Root reads everything.
        *([("a file that may not be read", 1, "cannot read")] if os.geteuid() else []),
    ],
)
def test_what_is_no_document_is_named_for_what_it_is(
    pair: Pair, tmp_path: Path, kind: str, status: int, says: str
) -> None:
    document = tmp_path / "document"
    if kind == "a folder":
        document.mkdir()
    elif kind == "a link to nothing":
        document.symlink_to(tmp_path / "gone")
    elif kind == "a device":
        document = Path("/dev/zero")
    elif kind == "a file that cannot be read to its end":
        document = Path("/proc/self/mem")
    elif kind == "a file that may not be read":
        document.write_bytes(b"x")
        document.chmod(0)
    done = pair.transmit("JPN", document)
    assert done.returncode == status, done.stderr
    assert says in done.stderr and str(document) in done.stderr and "Traceback" not in done.stderr
    assert pair.register("JPN") == {}
    assert list((pair.folder / "JPN" / "items").iterdir()) == []


def memory(pid: int, what: str) -> int:
    """A process's memory in bytes: VmRSS now, VmHWM at most."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) * 1024
    raise AssertionError(what)


def forget_peak(pid: int) -> None:
    """Let VmHWM count anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def measured(pair: Pair, party: str, *words: str) -> int:
    """Run a command to its good end; the most memory that it had, in bytes."""
    command = pair.spawn(party, *words)
    peak = 0
    while command.poll() is None:
        try:
            peak = max(peak, memory(command.pid, "VmHWM"))
        except (FileNotFoundError, AssertionError):
            break
        time.sleep(0.01)
    out, err = command.communicate(timeout=60)
    assert command.returncode == 0, out + err
    return peak


@pytest.mark.slow
@pytest.mark.timeout(3600 if LARGE else 300)
def test_a_large_document_passes_through_little_memory(pair: Pair, tmp_path: Path) -> None:
    document = tmp_path / "large"
    with document.open("wb") as file:
        file.write(b"beginning")
        file.truncate(SIZE - 3)
        file.seek(0, 2)
        file.write(b"end")
    small = tmp_path / "small"
    small.write_bytes(b"small")
    pair.start()
    # A small one first, so that all is loaded that a transmission needs.
    assert pair.transmit("JPN", small).returncode == 0
    number = next(iter(pair.register("KOR").values()))["control_number"]
    assert pair.run("KOR", "mark", number, "--level", "군사II급비밀").returncode == 0
    bare = {
        "open": measured(pair, "KOR", "open", number, "--for", "reader", "-o", str(tmp_path / "small-opened")),
        "verify": measured(pair, "KOR", "verify"),
    }
    rest = {party: memory(process.pid, "VmRSS") for party, process in pair.processes.items()}
    for process in pair.processes.values():
        forget_peak(process.pid)
    begun = time.monotonic()
    grown = []
    for wanted in (small, document):
        grown.append(measured(pair, "JPN", *pair.words("JPN", wanted), "--wait", "3000", "--json"))
    seconds = time.monotonic() - begun
    used = {party: memory(process.pid, "VmHWM") - rest[party] for party, process in pair.processes.items()}
    used["command"] = grown[1] - grown[0]
    print(f"{SIZE} bytes in {seconds:.0f} s; more memory than at rest: {used}")
    assert all(more <= MEMORY for more in used.values()), used

    row = next(row for row in pair.register("KOR").values() if row["item"][5] == SIZE)
    number = row["control_number"]
    assert pair.run("KOR", "mark", number, "--level", "군사II급비밀").returncode == 0
    assert pair.run("KOR", "receipt", number).returncode == 0
    opened = tmp_path / "opened"
    peaks = {
        "open": measured(pair, "KOR", "open", number, "--for", "reader", "-o", str(opened)),
        "verify": measured(pair, "KOR", "verify"),
    }
    more_than_bare = {what: peak - bare[what] for what, peak in peaks.items()}
    print(f"more memory than with a small one: {more_than_bare}")
    assert all(more <= MEMORY for more in more_than_bare.values()), more_than_bare
    digests = []
    for path in (document, opened):
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").digest())
    assert digests[0] == digests[1]
    pair.settle(120)
    pair.same_story()
