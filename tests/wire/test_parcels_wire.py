"""Two nodes without any wire between them, in processes of their own: an exchange by files in a folder."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from pair import MARKS, PARTIES, Pair

from gsomia.node import Role, mark, receipt

pytestmark = pytest.mark.wire


def unwired(pair: Pair) -> None:
    """Take the wire away: the settings name no address."""
    for party in PARTIES:
        settings = pair.folder / party / "node.toml"
        lines = settings.read_text().splitlines()
        changed = ['url = "parcel:"' if line.startswith("url = ") else line for line in lines]
        assert changed != lines
        settings.write_text("\n".join(changed) + "\n")


def later(pair: Pair, span: timedelta) -> None:
    """Let the courier's time pass."""
    for party in PARTIES:
        home = pair.home(party)
        home.clock.set(home.clock.now() + span)
        home.close()


def carried(pair: Pair, stick: Path, sender: str, recipient: str) -> str:
    """One parcel, made, carried and taken in; returns what the recipient said."""
    before = {*stick.iterdir()}
    done = pair.run(sender, "parcel", "export", str(stick), "--to", recipient)
    assert done.returncode == 0, done.stderr
    (parcel,) = {*stick.iterdir()} - before
    later(pair, timedelta(hours=7))
    done = pair.run(recipient, "parcel", "import", str(parcel))
    assert done.returncode == 0 and "refused" not in done.stderr, done.stderr
    return done.stdout


def test_an_exchange_with_no_wire_at_all(pair: Pair, tmp_path: Path) -> None:
    unwired(pair)
    stick, document = tmp_path / "stick", tmp_path / "report"
    stick.mkdir()
    document.write_bytes(bytes(700_000))
    done = pair.transmit("JPN", document, "--json")
    assert done.returncode == 6 and "gsomia parcel export DIR --to KOR" in done.stderr, done.stderr
    sent = json.loads(done.stdout)
    assert "1 offers" in carried(pair, stick, "JPN", "KOR")
    assert "1 answers" in carried(pair, stick, "KOR", "JPN")
    assert "1 deliver" in carried(pair, stick, "JPN", "KOR")
    home = pair.home("KOR")
    by = home.acting("", Role.REGISTRY)
    mark(home.node, sent["item"], MARKS["KOR"], by=by)
    receipt(home.node, sent["item"], by=by)
    home.close()
    assert "1 delivered" in carried(pair, stick, "KOR", "JPN")
    (row,) = pair.same_story()
    assert (row["state"], row["custodian"]) == ("receipted", "KOR")
    for party in PARTIES:
        done = pair.run(party, "verify")
        assert done.returncode == 0, done.stdout + done.stderr
    bundle = tmp_path / "life.bundle"
    assert pair.run("JPN", "bundle", sent["item"], "-o", str(bundle)).returncode == 0
    done = pair.run("KOR", "verify", str(bundle))
    assert done.returncode == 0, done.stdout + done.stderr
