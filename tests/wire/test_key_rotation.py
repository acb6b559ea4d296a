"""A node's keys replaced between two processes, by the command line alone."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner
from pair import MARKS, Pair

from gsomia.cli.main import cli

pytestmark = pytest.mark.wire


def test_old_items_open_and_new_ones_move_after_a_rotation(pair: Pair, tmp_path: Path) -> None:
    document = tmp_path / "report"
    document.write_bytes(b"report")
    folder = str(pair.folder / "KOR")
    pair.start()
    assert pair.transmit("JPN", document).returncode == 0
    number = "KOR-2018-000001"
    marked = CliRunner().invoke(cli, ["mark", number, "--level", MARKS["KOR"], "--node", folder])
    assert marked.exit_code == 0, marked.exception
    refused = CliRunner().invoke(cli, ["key", "rotate", "--node", folder])
    assert refused.exit_code == 1 and "stop it first" in getattr(refused.exception, "hint", ""), refused.exception
    pair.settle()
    pair.kill("KOR", signal.SIGTERM)
    before = {path.name for path in (pair.folder / "KOR" / "keys").iterdir()}

    rotated = CliRunner().invoke(cli, ["key", "rotate", "--node", folder], catch_exceptions=False)
    assert rotated.exit_code == 0 and "told: JPN" in rotated.output
    assert before < {path.name for path in (pair.folder / "KOR" / "keys").iterdir()}, "the old keys stay"
    keys = json.loads(CliRunner().invoke(cli, ["key", "list", "--json", "--node", folder]).stdout)["keys"]
    assert len(keys) == 2 and keys[0]["until"] == "" and keys[1]["until"] and keys[0] != keys[1]

    pair.start("KOR")
    pair.settle()
    opened = tmp_path / "opened"
    done = pair.run("KOR", "open", number, "--for", "reader", "-o", str(opened))
    assert done.returncode == 0 and opened.read_bytes() == b"report", done.stderr
    assert pair.transmit("JPN", document).returncode == 0
    assert pair.transmit("KOR", document).returncode == 0
    pair.settle()
    assert len(pair.same_story()) == 3
    pair.holds()
