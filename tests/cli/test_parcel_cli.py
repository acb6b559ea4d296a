"""The commands of parcels, and `transmit` of several files: what they print, and with which status they end."""

from __future__ import annotations

import fcntl
import json
import shutil
from pathlib import Path

import pytest
from command import Run
from unwired import unwired

from gsomia.node import Role


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nodes that know each other and have no wire; what each tells the other waits."""
    return unwired(tmp_path_factory.mktemp("enrolled"), {"sato": Role.SECURITY})


@pytest.fixture
def nodes(enrolled: Path, tmp_path: Path) -> Path:
    """Copies of them."""
    return Path(shutil.copytree(enrolled, tmp_path / "nodes"))


def test_a_parcel_is_made_carried_taken_in_and_listed(run: Run, nodes: Path, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    status, out, err = run("parcel", "export", stick, "--to", "KOR", "--node", nodes / "JPN")
    assert status == 0 and "JPN-KOR-000001.parcel: parcel 1 for KOR: 1 acts" in out, out + err
    status, out, _ = run("outbox", "--node", nodes / "JPN")
    assert "in parcel 1, not answered yet" in out
    parcel = stick / "JPN-KOR-000001.parcel"
    status, out, _ = run("parcel", "import", parcel, "--node", nodes / "KOR")
    assert (status, out) == (0, "parcel 1 of JPN: 1 acts, 1 checkpoints\n")
    status, out, _ = run("parcel", "import", parcel, "--node", nodes / "KOR")
    assert (status, out) == (0, "parcel 1 of JPN was taken in before; nothing was done\n")
    status, out, _ = run("parcel", "import", parcel, "--json", "--node", nodes / "KOR")
    assert status == 0 and json.loads(out)["again"] is True
    named = tmp_path / "back"
    status, out, _ = run("parcel", "export", named, "--to", "JPN", "--json", "--node", nodes / "KOR")
    made = json.loads(out)
    assert (status, made["file"], made["number"], made["answers"]) == (0, str(named), 1, 2)
    assert run("parcel", "import", named, "--node", nodes / "JPN")[0] == 0
    status, out, _ = run("parcel", "list", "--json", "--node", nodes / "JPN")
    told = [(row["way"], row["number"], row["there"]) for row in json.loads(out)["parcels"]]
    assert status == 0 and told == [("in", 1, "yes"), ("out", 1, "yes")]
    assert run("parcel", "list", "--node", nodes / "JPN")[1].splitlines()[1].split()[:2] == ["peer", "way"]
    assert [path.name for path in stick.iterdir()] == [parcel.name]


def test_what_is_wrong_ends_with_its_status(run: Run, nodes: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_bytes(b"PK\x03\x04 no parcel at all, by far")
    wrong = [
        (5, "not a parcel: it does not begin as one", ("parcel", "import", there, "--node", nodes / "KOR")),
        (2, "there is no file", ("parcel", "import", tmp_path / "gone", "--node", nodes / "KOR")),
        (2, "is there already", ("parcel", "export", there, "--to", "KOR", "--node", nodes / "JPN")),
        (2, "`USA` is not an enrolled peer", ("parcel", "export", tmp_path, "--to", "USA", "--node", nodes / "JPN")),
        (
            1,
            "cannot write the parcel",
            ("parcel", "export", tmp_path / "no" / "x", "--to", "KOR", "--node", nodes / "JPN"),
        ),
    ]
    for status, why, words in wrong:
        ended, _, err = run(*words)
        assert (ended, why in err) == (status, True), err
    assert there.read_bytes().startswith(b"PK") and {path.name for path in tmp_path.iterdir()} == {"nodes", "there"}
    assert run("parcel", "export", tmp_path / "own", "--to", "KOR", "--node", nodes / "JPN")[0] == 0
    ended, _, err = run("parcel", "import", tmp_path / "own", "--node", nodes / "JPN")
    assert ended == 5 and "one that `JPN` itself made" in err


def test_two_parcels_are_not_made_at_once(run: Run, nodes: Path, tmp_path: Path) -> None:
    with (nodes / "JPN" / "parcel.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ended, _, err = run("parcel", "export", tmp_path / "one", "--to", "KOR", "--node", nodes / "JPN")
    assert ended == 6 and "at this moment" in err
    assert run("parcel", "export", tmp_path / "one", "--to", "KOR", "--node", nodes / "JPN")[0] == 0


def test_a_peer_with_a_wire_is_left_to_the_running_node(run: Run, nodes: Path, tmp_path: Path) -> None:
    settings = nodes / "JPN" / "node.toml"
    settings.write_text(settings.read_text().replace('"parcel:"', '"https://127.0.0.1:1"'))
    with (nodes / "JPN" / "outbox.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ended, _, err = run("parcel", "export", tmp_path / "one", "--to", "KOR", "--node", nodes / "JPN")
    assert ended == 6 and "at work with `KOR` by wire" in err
    assert run("parcel", "export", tmp_path / "one", "--to", "KOR", "--node", nodes / "JPN")[0] == 0


def test_an_address_is_a_wire_or_parcels(run: Run, nodes: Path, tmp_path: Path) -> None:
    identity = json.loads(run("node", "identity", "--node", nodes / "KOR")[1]) | {"party": "USA"}
    (tmp_path / "x").write_text(json.dumps(identity))
    for url in ("parcel", "parcel://x", "http://127.0.0.1"):
        words = ("peer", "enrol", tmp_path / "x", "--fingerprint", "0", "--url", url, "--node", nodes / "JPN")
        ended, _, err = run(*words)
        assert ended == 2 and f"not the address of a peer: `{url}`" in err


def test_several_files_share_no_title_and_no_shares(run: Run, nodes: Path) -> None:
    for more in (("--to", "KOR", "--title", "all"), ("--shares", "JPN,KOR,USA")):
        words = ("transmit", "a", "b", "--level", "極秘", "--subject", "dprk-missile", *more, "--node", nodes / "JPN")
        ended, _, err = run(*words)
        assert ended == 2 and "one file at a time" in err, err


def test_a_restored_node_is_recovered_by_the_parcel_that_answers(run: Run, nodes: Path, tmp_path: Path) -> None:
    count = 0

    def carried(sender: str, recipient: str) -> tuple[Path, str, str]:
        nonlocal count
        count += 1
        file = tmp_path / f"{count}.parcel"
        status, _, err = run("parcel", "export", file, "--to", recipient, "--node", nodes / sender)
        assert status == 0 and file.exists(), err
        status, out, err = run("parcel", "import", file, "--node", nodes / recipient)
        assert status == 0, err
        return file, out, err

    shutil.copytree(nodes / "KOR", tmp_path / "backup")
    carried("JPN", "KOR")
    early, _, _ = carried("KOR", "JPN")
    shutil.rmtree(nodes / "KOR")
    shutil.copytree(tmp_path / "backup", nodes / "KOR")
    _, _, err = carried("JPN", "KOR")
    assert "waits for `gsomia log recover`" in err and "restored from an old backup" in err
    status, _, err = run("log", "recover", "--node", nodes / "KOR")
    assert status == 1 and "there is no wire to `JPN`" in err and "`gsomia parcel export" in err, (status, err)
    carried("KOR", "JPN")
    answer, out, _ = carried("JPN", "KOR")
    assert "1 log" in out
    status, _, err = run("log", "recover", "--parcel", early, "--node", nodes / "KOR")
    assert status == 5 and "`KOR` itself made" in err
    status, out, err = run("log", "recover", "--parcel", answer, "--node", nodes / "KOR")
    assert status == 0 and "KOR/JPN ended; it goes on as exercise.gsomia/KOR/JPN/2" in out, out + err
    carried("KOR", "JPN")
    carried("JPN", "KOR")
    assert run("verify", "--node", nodes / "KOR")[0] == 0


def test_registers_are_compared_by_parcels(run: Run, nodes: Path, tmp_path: Path) -> None:
    status, _, err = run("reconcile", "KOR", "--node", nodes / "JPN")
    assert status == 6 and "it is asked by the next parcel" in err and "gsomia parcel export DIR --to KOR" in err
    there, back = tmp_path / "there", tmp_path / "back"
    for sender, recipient, file in (("JPN", "KOR", there), ("KOR", "JPN", back)):
        assert run("parcel", "export", file, "--to", recipient, "--node", nodes / sender)[0] == 0
        status, out, err = run("parcel", "import", file, "--node", nodes / recipient)
        assert status == 0, err
    assert "0 differences between 0 entries of JPN and 0 of KOR" in out
    with_json = json.loads(run("parcel", "import", back, "--json", "--node", nodes / "JPN")[1])
    assert with_json["again"] is True and with_json["compared"] is None
