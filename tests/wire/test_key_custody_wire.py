"""The key that stays with its originator, between two processes over TLS, by the command line alone."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner
from pair import MARKS, Pair, new_pair  # noqa: F401

from gsomia.cli.main import cli

pytestmark = pytest.mark.wire


def test_an_opening_asks_waits_and_stops(pair: Pair, tmp_path: Path) -> None:
    document = tmp_path / "report"
    document.write_bytes(b"report" * 60_000)  # longer than what travels inside a message
    pair.start()
    done = pair.transmit("JPN", document, "--custody", "originator", "--json")
    assert done.returncode == 0, done.stderr
    item = json.loads(done.stdout)["item"]
    number = "KOR-2018-000001"
    assert pair.run("KOR", "mark", number, "--level", MARKS["KOR"]).returncode == 0
    out = tmp_path / "opened"
    opening = ["open", number, "--for", "reader", "-o", str(out)]
    done = pair.run("KOR", *opening)
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == document.read_bytes()
    out.unlink()
    (row,) = json.loads(pair.run("KOR", "register", "--json").stdout)["copies"]
    assert (row["custody"], row["holders"], row["recall"]) == ("originator", ["JPN"], "")

    pair.settle()
    pair.kill("JPN", signal.SIGTERM)
    done = pair.run("KOR", *opening)
    assert done.returncode == 6 and "waits: JPN" in done.stderr and not out.exists(), done.stderr
    inbox = json.loads(pair.run("KOR", "inbox", "--json").stdout)
    assert [(one["control_number"], one["person"]) for one in inbox["openings"]] == [(number, "reader")]
    pair.start("JPN")
    done = pair.run("KOR", *opening)
    assert done.returncode == 0, done.stderr
    out.unlink()

    # A tool opens neither with the node's key nor an item that a node holds (protocol 12).
    for party in ("KOR",):
        blob = pair.folder / party / "items" / item
        (key,) = (pair.folder / party / "keys").glob("sealing*")
        done = pair.run("KOR", "open", str(blob), "--key", str(key), "-o", str(out))
        assert done.returncode == 3 and "gsomia open ITEM --node" in done.stderr, done.stderr
        assert not out.exists()

    done = pair.run("JPN", "recall", item, "--why", "an error in it", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["copies"][0]["standing"] in ("stopped", "confirmed")
    pair.settle()
    done = pair.run("KOR", *opening)
    assert done.returncode == 3 and "recalled by JPN" in done.stderr and not out.exists()
    (row,) = json.loads(pair.run("JPN", "register", "--json").stdout)["copies"]
    assert row["recall"] == "confirmed"
    pair.holds()


def test_words_that_name_no_custody(pair: Pair, tmp_path: Path) -> None:
    document = tmp_path / "report"
    document.write_bytes(b"report")
    words = ["transmit", str(document), "--level", MARKS["JPN"], "--subject", "dprk-missile"]
    for more, why in (
        ([], "to whom?"),
        (["--to", "KOR", "--shares", "JPN,KOR,USA"], "to whom?"),
        (["--shares", "JPN,KOR"], "three Parties"),
        (["--shares", "JPN,KOR,USA", "--custody", "originator"], "custody of their own"),
        (["--to", "KOR", "--custody", "shares"], "--custody"),
    ):
        done = CliRunner().invoke(cli, [*words, *more, "--node", str(pair.folder / "JPN")])
        said = str(done.exception) + getattr(done.exception, "hint", "") + done.output
        assert done.exit_code != 0 and why in said, said
    asked = ["verdict", "transmit", "--to", "KOR", "--level", MARKS["JPN"], "--subject", "dprk-missile"]
    done = CliRunner().invoke(cli, [*asked, "--custody", "originator", "--node", str(pair.folder / "JPN")])
    assert "permit" in done.output and "the originator's node decides on each opening" in done.output
