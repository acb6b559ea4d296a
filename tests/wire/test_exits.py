"""Every exit status that the exchange has, shown once (protocol 12), and what stands on stderr with it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from pair import Pair

pytestmark = pytest.mark.wire


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """A document."""
    path = tmp_path / "report"
    path.write_bytes(b"report")
    return path


def test_exit_0_done_or_permitted(pair: Pair) -> None:
    done = pair.run(
        "JPN", "verdict", "transmit", "--to", "KOR", "--level", "極秘", "--subject", "dprk-missile", "--json"
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["schema"] == "gsomia/verdict/v1" and answer["outcome"] == "permit"
    done = pair.run("JPN", "verify", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["holds"] is True


def test_exit_1_failure(pair: Pair, document: Path) -> None:
    (pair.folder / "JPN" / "keys" / "signing.key").unlink()
    done = pair.transmit("JPN", document)
    assert done.returncode == 1 and "there is no key `signing`" in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--to", "PRK"], ["unknown Party `PRK`", "known: JPN, KOR"]),
        (["--subject", "weather"], ["unknown subject `weather`", "dprk-missile"]),
        (["--by", "nobody"], ["unknown officer `nobody`", "enrolled: "]),
        (["--colour", "red"], ["No such option"]),
    ],
)
def test_exit_2_usage(pair: Pair, document: Path, words: list[str], says: list[str]) -> None:
    done = pair.transmit("JPN", document, *words)
    assert done.returncode == 2, done.stderr
    for text in says:
        assert text in done.stderr
    assert pair.register("JPN") == {}


def test_exit_3_refused(pair: Pair, document: Path) -> None:
    done = pair.run("JPN", "transmit", str(document), "--to", "KOR", "--level", "機密", "--subject", "dprk-missile")
    assert done.returncode == 3 and "jpn-kor-2016" in done.stderr and "verdict: refuse" in done.stderr
    done = pair.run("JPN", "verdict", "transmit", "--to", "KOR", "--level", "機密", "--subject", "dprk-missile")
    assert done.returncode == 3 and done.stdout.startswith("refuse")
    kept = json.loads(pair.run("JPN", "refused", "--json").stdout)["refused"]
    assert [row["what"] for row in kept] == ["transmit to KOR"]
    assert {ground["instrument"] for ground in kept[0]["grounds"]} == {"jpn-kor-2016"}
    told = pair.run("JPN", "refused").stdout
    assert all(ground["text"] in told for ground in kept[0]["grounds"])


def test_exit_5_verification_failed(pair: Pair, document: Path, tmp_path: Path) -> None:
    pair.start()
    assert pair.transmit("JPN", document).returncode == 0
    folder = tmp_path / "log"
    done = pair.run("JPN", "log", "export", "exercise.gsomia/JPN/KOR", str(folder))
    assert done.returncode == 0, done.stderr
    assert pair.run("JPN", "verify", str(folder)).returncode == 0
    tile = next(path for path in (folder / "tile" / "entries").rglob("*") if path.is_file())
    data = bytearray(tile.read_bytes())
    data[40] ^= 1
    tile.write_bytes(bytes(data))
    done = pair.run("JPN", "verify", str(folder))
    assert done.returncode == 5 and "FAIL" in done.stdout and "entry" in done.stderr
    pair.kill("KOR")
    connection = sqlite3.connect(pair.folder / "KOR" / "register.sqlite")
    with connection:
        connection.execute("UPDATE act SET statement = replace(statement, 'JPN', 'USA') WHERE type = 'transmit'")
    connection.close()
    done = pair.run("KOR", "verify")
    assert done.returncode == 5 and "FAIL" in done.stdout and "Traceback" not in done.stderr


def test_exit_6_waits(pair: Pair, document: Path) -> None:
    done = pair.transmit("JPN", document, "--wait", "0")
    assert done.returncode == 6 and "waits for KOR" in done.stderr
    pair.start()
    pair.settle()
    assert [row["state"] for row in pair.same_story()] == ["delivered"]
