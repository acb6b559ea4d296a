"""A node restored from an old backup: its people see it, recover it by the command line, and go on with its peer."""

from __future__ import annotations

import json
import shutil
import signal
import time
from pathlib import Path

import pytest
from pair import MARKS, Pair

pytestmark = [pytest.mark.wire, pytest.mark.slow]


def say(pair: Pair, party: str, *words: str) -> str:
    """Run a command on a node; what it printed."""
    result = pair.run(party, *words)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def told(pair: Pair, party: str) -> str:
    """What a node refused or found wrong, in words."""
    home = pair.home(party)
    try:
        with home.node.store.reading() as reader:
            return "\n".join(one.why for one in reader.refused())
    finally:
        home.close()


def test_a_restored_node_is_recovered_by_command(pair: Pair, tmp_path: Path) -> None:
    document, opened = tmp_path / "document", tmp_path / "opened"
    document.write_bytes(b"EXERCISE report")
    shutil.copytree(pair.folder / "KOR", tmp_path / "backup")
    pair.start()
    assert pair.transmit("JPN", document, "--wait", "20").returncode == 0
    pair.settle()
    (row,) = pair.register("KOR").values()
    say(pair, "KOR", "mark", row["control_number"], "--level", MARKS["KOR"])
    say(pair, "KOR", "receipt", row["control_number"])
    pair.settle()
    pair.witnessed()
    pair.kill("KOR", signal.SIGTERM)
    shutil.rmtree(pair.folder / "KOR")
    shutil.copytree(tmp_path / "backup", pair.folder / "KOR")

    pair.start("KOR")
    deadline = time.monotonic() + 20
    while "restored from an old backup" not in told(pair, "KOR"):
        assert time.monotonic() < deadline, told(pair, "KOR")
        time.sleep(0.2)
    stopped = pair.transmit("KOR", document)
    assert stopped.returncode == 1 and "`gsomia log recover`" in stopped.stderr, stopped.stderr

    done = json.loads(say(pair, "KOR", "log", "recover", "--json"))
    assert done["refused"] == {} and done["waiting"] == [] and len(done["acts"]) == 1
    assert done["recorded"] > 0 and done["asked"] == [*pair.register("JPN")]
    pair.settle()
    say(pair, "KOR", "open", row["control_number"], "--for", "reader", "-o", str(opened))
    assert opened.read_bytes() == document.read_bytes()
    assert pair.transmit("KOR", document, "--wait", "20").returncode == 0
    assert "0 differences" in say(pair, "KOR", "reconcile", "JPN")
    pair.settle()
    pair.same_story()
    pair.holds()
