"""A full disk, while transmitting and while receiving: a clean error, nothing half-written, and then it goes on."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pair import Pair, introduced, until

pytestmark = pytest.mark.wire

MEGABYTES = 24


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Pair]:
    """Two nodes on small disks of their own."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path / "nodes"
    pair = Pair(introduced(), folder)
    mounted = []
    try:
        for party in ("JPN", "KOR"):
            shutil.move(folder / party, folder / f"{party}.was")
            (folder / party).mkdir(mode=0o700)
            words = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(folder / party)]
            if subprocess.run(words, check=False, capture_output=True).returncode:
                pytest.skip("not permitted: a tmpfs cannot be mounted here")
            mounted.append(folder / party)
            shutil.copytree(folder / f"{party}.was", folder / party, dirs_exist_ok=True)
        yield pair
    finally:
        for party in list(pair.processes):
            pair.kill(party)
        for place in mounted:
            subprocess.run(["umount", str(place)], check=True)


def fill(folder: Path, leave: int) -> Path:
    """Fill a disk but for so many bytes."""
    filler = folder / "filler"
    free = shutil.disk_usage(folder).free
    # A node at work may take some of it at the same moment.
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        file.write(bytes(max(0, free - leave)))
    return filler


def blobs(pair: Pair, party: str) -> set[str]:
    return {path.name for path in (pair.folder / party / "items").iterdir()}


@pytest.mark.parametrize("leave", [0, 64 * 2**10, 2 * 2**20], ids=["nothing left", "64 KiB left", "2 MiB left"])
def test_transmit_on_a_full_disk(small: Pair, tmp_path: Path, leave: int) -> None:
    document = tmp_path / "report"
    document.write_bytes(os.urandom(3 * 2**20))
    small.start("KOR")
    filler = fill(small.folder / "JPN", leave)
    done = small.transmit("JPN", document)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr and "gsomia: " in done.stderr
    assert blobs(small, "JPN") == set()
    filler.unlink()
    assert small.register("JPN") == {} and small.register("KOR") == {}
    done = small.transmit("JPN", document)
    assert done.returncode == 0, done.stderr
    assert [row["state"] for row in small.same_story()] == ["delivered"]
    small.holds()


@pytest.mark.parametrize("size", [1000, 3 * 2**20], ids=["inside the message", "uploaded"])
def test_receive_on_a_full_disk(small: Pair, tmp_path: Path, size: int) -> None:
    document = tmp_path / "report"
    document.write_bytes(os.urandom(size))
    small.start()
    time.sleep(0.5)
    filler = fill(small.folder / "KOR", 0)
    done = small.transmit("JPN", document, "--wait", "2")
    assert done.returncode == 6, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert small.processes["KOR"].poll() is None and small.processes["JPN"].poll() is None
    # It is sent again and again: what is half-written at one moment is gone at another.
    until(lambda: all(name.startswith(("upload-", "taken-")) for name in blobs(small, "KOR")))
    filler.unlink()
    small.settle()
    assert [row["state"] for row in small.same_story()] == ["delivered"]
    small.holds()
    assert len(blobs(small, "KOR")) == 1


def limited() -> None:
    """No file beyond a mebibyte: what a quota does, and needs no root."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))


def test_a_quota_stops_a_transmission_cleanly(pair: Pair, tmp_path: Path) -> None:
    document = tmp_path / "report"
    document.write_bytes(os.urandom(3 * 2**20))
    done = pair.run("JPN", *pair.words("JPN", document), preexec_fn=limited)
    assert done.returncode == 1 and "cannot write the sealed item" in done.stderr and "Traceback" not in done.stderr
    assert blobs(pair, "JPN") == set() and pair.register("JPN") == {}
    pair.start("KOR")
    done = pair.transmit("JPN", document)
    assert done.returncode == 0, done.stderr


def test_a_quota_stops_a_reception_cleanly(pair: Pair, tmp_path: Path) -> None:
    document = tmp_path / "report"
    document.write_bytes(os.urandom(3 * 2**20))
    pair.start("KOR", before=limited)
    done = pair.transmit("JPN", document, "--wait", "2")
    assert done.returncode == 6, done.stdout + done.stderr
    assert "this node cannot take what a peer sends" in (told := (pair.folder / "KOR.log").read_text()), told
    assert "cannot write the sealed item" in told
    assert blobs(pair, "KOR") == set() and pair.register("KOR") == {}
    pair.kill("KOR")
    pair.start("KOR", "JPN")
    pair.settle()
    assert [row["state"] for row in pair.same_story()] == ["delivered"]
    pair.holds()
