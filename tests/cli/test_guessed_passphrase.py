"""No node's keys lie under a passphrase that an intruder would soon try: none is made so, and none starts so."""

from __future__ import annotations

from base64 import b64encode
from binascii import hexlify
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from command import Run

from gsomia.app import init, making
from gsomia.keystore import guessable
from gsomia.web import Memory

Give = Callable[[str], None]


@pytest.fixture
def give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Give:
    """Gives commands a passphrase."""

    def given_one(word: str) -> None:
        file = tmp_path / "passphrase"
        file.write_text(word)
        monkeypatch.setenv("GSOMIA_PASSPHRASE_FILE", str(file))

    return given_one


@pytest.mark.parametrize("word", ["changeme", "Password123", "gsomia", "secret!"])
def test_start_refuses_a_word_that_everybody_tries(run: Run, node: Path, give: Give, word: str) -> None:
    give(word)
    status, out, err = run("node", "run", node)
    assert status == 1 and "everybody tries first" in err and "answers at" not in out


@pytest.mark.parametrize("word", ["12345678", "correct1", "KOR"])
def test_start_refuses_a_real_node_s_that_is_soon_guessed(
    run: Run, tmp_path: Path, give: Give, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    """Also where the node was made by something that did not look."""
    monkeypatch.setattr(making, "guessable", lambda *_, **__: "")
    give(word)
    assert run("init", tmp_path / "kor", "--party", "KOR")[0] == 0
    status, out, err = run("node", "run", tmp_path / "kor", "--attached")
    assert status == 1 and "fewer than 15 characters" in err and "gsomia init" in err and "answers at" not in out


GUESSED = {
    "12345678": "fewer than 15", "correct1": "fewer than 15", "KOR": "fewer than 15", "14 characters!": "fewer than 15",
    "password": "tries first", "ChangeMe2026!": "tries first", "a" * 40: "repeats",
    "kimkimkimkimkimkim": "repeats", "1212121212121212": "repeats", "123456789012345": "row", "abcdefghijklmnop": "row",
    "20261130-20251129-2": "made of digits", "gsomia-KOR-gsomia-2026": "made of digits",
    "Password for KOR 2026": "made of digits", "correct horse battery staple": "made of",
}  # fmt: skip


@pytest.mark.parametrize("word", GUESSED)
def test_no_real_node_and_no_officer_s_key_is_made_under_one(run: Run, tmp_path: Path, give: Give, word: str) -> None:
    """It is told why, what to do, and not the passphrase; nothing is made."""
    give(word)
    status, out, err = run("init", tmp_path / "kor", "--party", "KOR")
    assert status == 2 and GUESSED[word] in err and "GSOMIA_PASSPHRASE_FILE" in err, err
    assert not (tmp_path / "kor").exists() and (word not in err + out or word == "KOR")
    if "KOR" not in word:
        assert run("officer", "key", tmp_path / "ueda.key")[0] == 2 and not (tmp_path / "ueda.key").exists()


@pytest.mark.parametrize("word", ["lanterns over a slow river", "강물 위에 등불이 천천히 흐른다", "korea korea kim1"])
def test_a_real_node_s_may_be_of_any_characters(word: str) -> None:
    assert guessable(word.encode(), party="KOR", exercise=False) == ""


@pytest.mark.parametrize("spelt", [b64encode, hexlify])
def test_what_chance_makes_is_taken(spelt: Callable[[bytes], bytes]) -> None:
    chance = Random(1)
    for _ in range(1000):
        assert guessable(spelt(chance.randbytes(24)), party="KOR", exercise=False) == ""


def test_an_exercise_may_have_a_short_one() -> None:
    assert guessable(b"x", party="KOR", exercise=True) == ""


def test_two_nodes_that_are_made_alike_share_no_secret(tmp_path: Path) -> None:
    """Every key, and what the API seals its cursors with, is made by chance; none is shipped."""
    made = []
    for name in ("one", "other"):
        init(tmp_path / name, "KOR", exercise=True).close()
        memory = Memory(tmp_path / name / "api.sqlite")
        lies = {path.name: path.read_bytes() for path in sorted((tmp_path / name / "keys").iterdir())}
        made.append(lies | {"cursors": memory.secret("cursors")})
        memory.close()
    one, other = made
    assert one.keys() == other.keys() and len(one) > 4
    assert [name for name in one if one[name] == other[name]] == []
