"""The key that stays with its originator, between two processes over TLS, by the command line alone."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pair import MARKS, Pair

from gsomia.cli.main import EXITS, cli

pytestmark = pytest.mark.wire


def inside(pair: Pair, party: str, *words: str) -> tuple[int, str]:
    """A command in this process, which starts none; returns its status and what it said."""
    done = CliRunner().invoke(cli, [*words, "--node", str(pair.folder / party)])
    error = done.exception
    status = next((number for kind, number in EXITS.items() if isinstance(error, kind)), done.exit_code)
    return (
        status,
        f"{error or ''} {json.dumps(getattr(error, 'verdict', ''))} {getattr(error, 'hint', '')}" + done.stdout,
    )


def data(pair: Pair, party: str, *words: str) -> dict[str, Any]:
    """What a command in this process prints as JSON."""
    done = CliRunner().invoke(cli, [*words, "--json", "--node", str(pair.folder / party)], catch_exceptions=False)
    value: dict[str, Any] = json.loads(done.stdout)
    return value


def test_an_opening_asks_waits_and_stops(pair: Pair, tmp_path: Path) -> None:
    document = tmp_path / "report"
    document.write_bytes(b"report" * 60_000)  # longer than what travels inside a message
    pair.start()
    done = pair.transmit("JPN", document, "--custody", "originator", "--json")
    assert done.returncode == 0, done.stderr
    item = json.loads(done.stdout)["item"]
    number = "KOR-2018-000001"
    assert inside(pair, "KOR", "mark", number, "--level", MARKS["KOR"])[0] == 0
    out = tmp_path / "opened"
    opening = ["open", number, "--for", "reader", "-o", str(out)]
    done = pair.run("KOR", *opening)
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == document.read_bytes()
    out.unlink()
    (row,) = data(pair, "KOR", "register")["copies"]
    assert (row["custody"], row["holders"], row["recall"]) == ("originator", ["JPN"], "")

    pair.settle()
    pair.kill("JPN", signal.SIGTERM)
    status, said = inside(pair, "KOR", *opening)
    assert status == 6 and "waits: JPN" in said and not out.exists(), said
    inbox = data(pair, "KOR", "inbox")
    assert [(one["control_number"], one["person"]) for one in inbox["openings"]] == [(number, "reader")]
    pair.start("JPN")
    assert inside(pair, "KOR", *opening)[0] == 0
    out.unlink()

    # A tool opens neither with the node's key nor an item that a node holds (protocol 12).
    for party in ("KOR",):
        blob = pair.folder / party / "items" / item
        (key,) = (pair.folder / party / "keys").glob("sealing*")
        status, said = inside(pair, party, "open", str(blob), "--key", str(key), "-o", str(out))
        assert status == 3 and "gsomia open ITEM --node" in said, said
        assert not out.exists()

    told = data(pair, "JPN", "recall", item, "--why", "an error in it")
    assert told["copies"][0]["standing"] in ("stopped", "confirmed")
    pair.settle()
    status, said = inside(pair, "KOR", *opening)
    assert status == 3 and "recalled by JPN" in said and not out.exists()
    (row,) = data(pair, "JPN", "register")["copies"]
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
