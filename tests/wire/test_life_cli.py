"""What people ask of an item's life by the command line, with two real nodes: witnesses, bundle, keys, tracers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pair import MARKS, Pair

pytestmark = [pytest.mark.wire, pytest.mark.slow]


def test_an_items_life_is_witnessed_bundled_and_checked_by_others(pair: Pair, tmp_path: Path) -> None:
    settings = pair.folder / "JPN" / "node.toml"
    days = "\n[tracers.jpn-kor-2016]\nreceipt_days = 3\nanswer_days = 2\n"
    settings.write_text(settings.read_text() + days)
    pair.start()
    (tmp_path / "document").write_bytes(b"EXERCISE report")
    assert pair.transmit("JPN", tmp_path / "document").returncode == 0
    pair.settle()

    (awaited,) = json.loads(pair.say("JPN", "tracer", "list", "--json"))["copies"]
    assert awaited["state"] == "awaited" and awaited["due"]
    assert "nothing is overdue" in pair.say("JPN", "tracer", "send")

    number = json.loads(pair.say("KOR", "inbox", "--json"))["items"][0]["control_number"]
    pair.say("KOR", "officer", "replace", "registry")
    pair.say("KOR", "mark", number, "--level", MARKS["KOR"])
    pair.say("KOR", "receipt", number)
    pair.settle()
    assert json.loads(pair.say("JPN", "tracer", "list", "--json"))["copies"] == []

    logs = json.loads(pair.say("KOR", "log", "witnesses", "--json"))
    common = next(row for row in logs["witnesses"] if row["log"].endswith("KOR/JPN"))
    assert common["witness"] == "JPN" and common["size"] > 0 and logs["equivocations"] == []

    bundle, identity = tmp_path / "life.bundle", tmp_path / "kor.json"
    identity.write_text(pair.say("KOR", "node", "identity"))
    pair.say("KOR", "bundle", number, "-o", str(bundle))
    checks = json.loads(pair.say("JPN", "verify", str(bundle), "--json"))["checks"]
    assert len(checks) == 13 and all(check["holds"] for check in checks), checks
    command = [*pair.command("verify", str(bundle)), "--identity", str(identity)]
    assert pair.run("JPN", *command[3:]).returncode == 0
    data = bytearray(bundle.read_bytes())
    data[data.index(b"item.tdf") + 60] ^= 1
    bundle.write_bytes(data)
    assert "FAIL seal" in pair.say("JPN", "verify", str(bundle), status=5)

    rows = json.loads(pair.say("KOR", "officer", "list", "--json"))["officers"]
    (key,) = (one["key"] for one in rows if (one["party"], one["officer"]) == ("KOR", "registry"))
    since = ("--since", "2018-01-01T00:00Z", "--key", key)
    listed = pair.say("KOR", "officer", "compromised", "registry", *since, "--json")
    assert sorted(act["type"] for act in json.loads(listed)["signed"]) == ["mark", "receipted"]
    pair.say("KOR", "officer", "retire", "disclosure")
    pair.settle()
    officers = json.loads(pair.say("JPN", "officer", "list", "--json"))["officers"]
    left = {one["officer"] for one in officers if one["party"] == "KOR"}
    assert left == {"security", "legal"}
    pair.say("JPN", "peer", "compromised", "KOR", "--since", "2018-01-01T00:00Z")
    again = pair.transmit("JPN", tmp_path / "document", "--wait", "5")
    assert again.returncode == 1 and "declared compromised" in again.stderr and "fresh enrolment" in again.stderr
    pair.holds()
