"""The walk of an item between two processes, by the command line alone."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from pair import MARKS, Pair, until

pytestmark = pytest.mark.wire


def test_a_document_goes_its_whole_way_between_two_processes(pair: Pair, tmp_path: Path) -> None:
    document = tmp_path / "발사 報告.txt"
    document.write_text("발사 發射 launch")
    pair.start()
    done = pair.transmit("JPN", document, "--json")
    assert done.returncode == 0, done.stderr
    copy = json.loads(done.stdout)
    assert copy["state"] == "delivered" and copy["control_number"] == "JPN-2018-000001"
    inbox = json.loads(pair.run("KOR", "inbox", "--json").stdout)["items"]
    assert [(row["control_number"], row["title"], row["todo"]) for row in inbox] == [
        ("KOR-2018-000001", "발사 報告.txt", "mark")
    ]
    number = inbox[0]["control_number"]
    for words in (["mark", number, "--level", MARKS["KOR"]], ["receipt", number]):
        done = pair.run("KOR", *words)
        assert done.returncode == 0, done.stderr
    opened = tmp_path / "opened"
    done = pair.run("KOR", "open", number, "--for", "reader", "-o", str(opened))
    assert done.returncode == 0, done.stderr
    assert opened.read_text() == document.read_text() and opened.stat().st_mode & 0o777 == 0o600
    pair.settle()
    (row,) = pair.same_story()
    assert (row["state"], row["custodian"]) == ("receipted", "KOR")
    pair.holds()
    assert pair.kill("JPN", signal.SIGTERM) == 0
    assert pair.kill("KOR", signal.SIGINT) == 0


def test_commands_and_nodes_share_a_folder(pair: Pair, tmp_path: Path) -> None:
    """Many commands at once on the folder of a running node: each document once, no number twice."""
    document = tmp_path / "report"
    document.write_bytes(bytes(10_000))
    pair.start()
    crowd = [pair.spawn(giver, *pair.words(giver, document)) for giver in ("JPN", "KOR") for _ in range(3)]
    for one in crowd:
        out, err = one.communicate(timeout=60)
        assert one.returncode == 0, out + err
    pair.settle()
    assert len(pair.same_story()) == 6
    pair.holds()


def test_without_a_running_node_the_command_sends_by_itself(pair: Pair, tmp_path: Path) -> None:
    document = tmp_path / "report"
    document.write_bytes(b"report")
    pair.start("KOR")
    done = pair.transmit("JPN", document)
    assert done.returncode == 0, done.stderr
    pair.settle()
    assert [row["state"] for row in pair.same_story()] == ["delivered"]


def test_a_node_runs_once_and_starts_while_a_command_is_sending(pair: Pair, tmp_path: Path) -> None:
    document = tmp_path / "report"
    document.write_bytes(b"report")
    pair.start("JPN")
    second = pair.run("JPN", "node", "run")
    assert second.returncode == 1 and "running already" in second.stderr
    pair.kill("JPN")
    pair.start("KOR")
    sending = [pair.spawn("JPN", *pair.words("JPN", document)) for _ in range(3)]
    pair.start("JPN")
    for one in sending:
        out, err = one.communicate(timeout=60)
        assert one.returncode == 0, out + err
    pair.settle()
    assert len(pair.same_story()) == 3


def test_a_peer_that_is_down_gets_it_when_it_is_back(pair: Pair, tmp_path: Path) -> None:
    document = tmp_path / "report"
    document.write_bytes(b"report")
    pair.start("JPN")
    done = pair.transmit("JPN", document, "--wait", "0.5")
    assert done.returncode == 6 and "waits for KOR" in done.stderr and "sent again by itself" in done.stderr
    until(lambda: "cannot be reached" in pair.run("JPN", "outbox", "--json").stdout)  # it was tried
    (waiting,) = json.loads(pair.run("JPN", "outbox", "--json").stdout)["outbox"]
    assert (waiting["peer"], waiting["kind"]) == ("KOR", "copy") and "cannot be reached" in waiting["why"]
    pair.start("KOR")
    pair.settle()
    assert [row["state"] for row in pair.same_story()] == ["delivered"]


def test_many_lines_of_log_stop_no_node(pair: Pair, tmp_path: Path) -> None:
    """What a node tells goes to stderr; stdout, which nobody reads any more, holds one line."""
    document = tmp_path / "report"
    document.write_bytes(b"report")
    pair.start("JPN")
    pair.transmit("JPN", document, "--wait", "0")
    until(lambda: "peer waits" in (pair.folder / "JPN.log").read_text())
    pair.kill("JPN", signal.SIGTERM)
    log = [json.loads(line) for line in (pair.folder / "JPN.log").read_text().splitlines() if line.startswith("{")]
    assert any(line["event"] == "peer waits" and "cannot be reached" in line["why"] for line in log)


def test_a_peer_that_no_longer_stands_in_the_settings_is_turned_away(pair: Pair, tmp_path: Path) -> None:
    document = tmp_path / "report"
    document.write_bytes(b"report")
    settings = pair.folder / "KOR" / "node.toml"
    text = settings.read_text()
    settings.write_text(text[: text.index("[peers.")])
    pair.start("KOR")
    done = pair.transmit("JPN", document)
    assert done.returncode == 6 and "cannot be reached" in done.stderr
    until(lambda: '"a connection was refused at the handshake"' in (pair.folder / "KOR.log").read_text())
    assert pair.register("KOR") == {}
