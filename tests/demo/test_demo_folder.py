"""What the demo takes and what it leaves alone: its folder, the caller's document, and the nodes it starts."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gsomia.app import init
from gsomia.demo.paper import read_paper
from gsomia.demo.place import COPY, MARKER, NODES, REPORT, make_place
from gsomia.demo.steps import SENT
from gsomia.errors import UsageError
from gsomia.node import LOOK_BYTES

PARTIES = ("JPN", "KOR")


@pytest.mark.parametrize("theirs", ["precious.txt", f"{NODES}/precious.txt", REPORT, MARKER])
def test_a_folder_that_is_not_the_demos_is_left_as_it_is(tmp_path: Path, theirs: str) -> None:
    (tmp_path / NODES).mkdir()
    (tmp_path / theirs).write_text("mine")
    with pytest.raises(UsageError, match="not a demo"):
        make_place(tmp_path, PARTIES)
    assert (tmp_path / theirs).read_text() == "mine"


def test_of_an_earlier_demo_only_what_it_wrote_is_replaced(tmp_path: Path) -> None:
    make_place(tmp_path, PARTIES)
    (tmp_path / NODES / "JPN").mkdir()
    for written in (f"{NODES}/JPN/node.toml", f"{NODES}/JPN.log", REPORT):
        (tmp_path / written).write_text("the demo's")
    elsewhere = tmp_path.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept.txt").write_text("mine")
    (tmp_path / COPY).symlink_to(elsewhere)
    for kept in ("notes.txt", f"{NODES}/notes.txt"):
        (tmp_path / kept).write_text("mine")
    make_place(tmp_path, PARTIES)
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert left == sorted([MARKER, "notes.txt", f"{NODES}/notes.txt"])
    assert (elsewhere / "kept.txt").read_text() == "mine"


def test_nodes_that_are_running_keep_their_folders(tmp_path: Path) -> None:
    make_place(tmp_path, PARTIES)
    home = init(tmp_path / NODES / "KOR", "KOR", exercise=True)
    with home.lock("node") as mine, pytest.raises(UsageError, match=f"KOR .process {os.getpid()}.") as refused:
        assert mine
        make_place(tmp_path, PARTIES)
    home.close()
    assert f"kill {os.getpid()}" in refused.value.hint
    assert (tmp_path / NODES / "KOR" / "node.toml").is_file()
    make_place(tmp_path, PARTIES)
    assert not (tmp_path / NODES / "KOR").exists()


_ACTIVE = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


@pytest.mark.parametrize(
    ("name", "data", "as_is", "remark"),
    [
        ("still.txt", b"EXERCISE\n", False, ""),
        ("none.txt", b"", False, ""),
        ("active.pdf", _ACTIVE, True, "sent as it is: "),
        ("broken.pdf", b"%PDF-1.7\nno more", True, "sent as it is: "),
        ("long.txt", b"a" * (LOOK_BYTES + 1), True, "sent as it is: longer than the 32 MiB"),
        ("any.bin", bytes(range(256)), False, "no format whose marks can be read"),
    ],
)
def test_any_document_can_be_given(tmp_path: Path, name: str, data: bytes, as_is: bool, remark: str) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    paper = read_paper(file, SENT)
    assert paper.as_is is as_is
    assert remark in "; ".join(paper.remarks)
    with paper.open() as source:
        assert source.read() == data


def test_a_mark_that_contradicts_the_label_is_told_before_any_node_starts(tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    file.write_text("機密\nEXERCISE\n", encoding="utf-8")
    with pytest.raises(UsageError, match="shows `機密` and its label says `特定秘密`") as told:
        read_paper(file, SENT)
    assert "give a document without that mark" in told.value.hint


def test_what_is_no_ordinary_file_is_not_sent(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "missing"):
        with pytest.raises(UsageError, match="no ordinary file"):
            read_paper(path, SENT)


def _nodes_of(out: Path) -> list[int]:
    """The processes that serve nodes in a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes()
        except OSError:
            continue
        if b"\0run\0" in words and str(out).encode() in words:
            found.append(int(entry.parent.name))
    return found


@pytest.mark.wire
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc to see processes")
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_nodes_end_with_the_demo_however_it_ends(tmp_path: Path, ending: signal.Signals) -> None:
    out = tmp_path / "demo"
    played = subprocess.Popen(
        [sys.executable, "-m", "gsomia", "demo", "--out", str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        # A test run that was begun so that it outlives its terminal ignores SIGHUP, and a child would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    try:
        deadline = time.monotonic() + 60
        while len(_nodes_of(out)) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(_nodes_of(out)) == 3
        played.send_signal(ending)
        _, told = played.communicate(timeout=30)
        assert played.returncode == (-9 if ending is signal.SIGKILL else 128 + ending)
        assert b"Traceback" not in told
        while _nodes_of(out) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert _nodes_of(out) == []
    finally:
        for pid in [*_nodes_of(out), *([played.pid] if played.poll() is None else [])]:
            os.kill(pid, signal.SIGKILL)


@pytest.mark.wire
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc to see processes")
def test_interrupted_with_keep_it_tells_which_nodes_are_left(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    played = subprocess.Popen(
        [sys.executable, "-m", "gsomia", "demo", "--keep", "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert played.stdout is not None
        said = ""
        for line in played.stdout:
            said += line
            if line.startswith("1  2014"):
                break
        played.send_signal(signal.SIGINT)
        rest, _ = played.communicate(timeout=30)
        assert played.returncode == 130
        pids = re.search(r"Stop them with: kill ([\d ]+)$", rest, re.MULTILINE)
        assert pids is not None and sorted(map(int, pids[1].split())) == sorted(_nodes_of(out))
        typed = re.search(r"^  (.*) verify --node (.*)$", rest, re.MULTILINE)
        assert typed is not None
        for _ in range(2):
            again = subprocess.run(
                [sys.executable, "-m", "gsomia", "demo", "--out", str(out)], capture_output=True, text=True, check=False
            )
            assert again.returncode == 2 and f"kill {' '.join(pids[1].split())}" in again.stderr
        assert subprocess.run(f"{typed[1]} register --node {typed[2]}", shell=True, check=False).returncode == 0
    finally:
        for pid in _nodes_of(out):
            os.kill(pid, signal.SIGKILL)
