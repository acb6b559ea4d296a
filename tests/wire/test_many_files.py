"""`gsomia transmit` of several files in one command: each has its row and its end, and none keeps another back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pair import MARKS, Pair

pytestmark = pytest.mark.wire


def words(*files: Path) -> list[str]:
    """A transmission of files to Korea."""
    return ["transmit", *map(str, files), "--to", "KOR", "--level", MARKS["JPN"], "--subject", "dprk-missile"]


def test_files_go_together_and_one_that_is_refused_keeps_no_other_back(pair: Pair, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one", "active.pdf", "missing", "two", "folder", "three")]
    for file in (files[0], files[3], files[5]):
        file.write_bytes(file.name.encode() * 100)
    # A PDF that runs a script when it is opened.
    files[1].write_bytes(b"%PDF-1.4\n1 0 obj\n<</OpenAction<</S/JavaScript/JS(1)>>>>\nendobj\n")
    files[4].mkdir()
    pair.start()
    done = pair.run("JPN", *words(*files))
    assert done.returncode == 3, done.stderr
    rows = [line.split("  ") for line in done.stdout.splitlines()]
    assert [(row[1], Path(row[3]).name) for row in rows] == [
        ("delivered", "one"),
        ("refused", "active.pdf"),
        ("failed", "missing"),
        ("delivered", "two"),
        ("failed", "folder"),
        ("delivered", "three"),
    ]
    assert [row[0] for row in rows] == ["JPN-2018-000001", "-", "-", "JPN-2018-000002", "-", "JPN-2018-000003"]
    for said in (f"{files[1]}: ", "there is no file", "is a folder", "3 of 6 files were not delivered"):
        assert said in done.stderr, done.stderr
    home = pair.home("JPN")
    with home.node.store.reading() as reader:
        batches = {act.envelope.payload for act in reader.acts(types=["transmit"])}
    home.close()
    assert len(batches) == 1, "one signature serves all three"
    assert {row["item"][6] for row in pair.same_story()} == {"one", "two", "three"}
    done = pair.run("JPN", *words(files[2], files[0]), "--json")
    assert done.returncode == 2, done.stderr
    missing, delivered = json.loads(done.stdout)["files"]
    assert (missing["state"], missing["copy"]) == ("failed", None) and "there is no file" in missing["why"]
    assert (delivered["state"], delivered["copy"]["holder"], delivered["why"]) == ("delivered", "KOR", "")
    pair.holds()


def test_files_wait_together_where_the_peer_is_away(pair: Pair, tmp_path: Path) -> None:
    files = [tmp_path / str(number) for number in range(70)]
    for file in files:
        file.write_bytes(b"report")
    done = pair.run("JPN", *words(*files), "--wait", "0")
    assert done.returncode == 6, done.stderr
    assert len(done.stdout.splitlines()) == 70 and "70 of 70 files were not delivered" in done.stderr
