"""`gsomia key reseal`: the node's keys under another passphrase, on its own host."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import Run

from gsomia.app.locks import locked
from gsomia.keystore import files


@pytest.fixture
def node(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A node whose keys, and its first officer's, are sealed under a passphrase; another one lies ready."""
    monkeypatch.setattr(files, "_ARGON2ID", {"iterations": 1, "lanes": 1, "memory_kib": 8})
    given(tmp_path, monkeypatch, PASSPHRASE="correct horse", NEW_PASSPHRASE="battery staple")
    folder = tmp_path / "jpn"
    assert run("init", folder, "--party", "JPN", "--exercise")[0] == 0
    assert run("officer", "enrol", "sato", "--role", "security", "--node", folder)[0] == 0
    return folder


def given(folder: Path, monkeypatch: pytest.MonkeyPatch, **words: str) -> None:
    """Name passphrases by files; "" takes one away."""
    for name, word in words.items():
        (folder / name).write_text(f"{word}\n")
        if word:
            monkeypatch.setenv(f"GSOMIA_{name}_FILE", str(folder / name))
        else:
            monkeypatch.delenv(f"GSOMIA_{name}_FILE", raising=False)


def test_from_then_on_the_new_passphrase_alone_opens_the_keys(
    run: Run, node: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run("node", "fingerprint", "--node", node)[1]
    status, out, _ = run("key", "reseal", "--node", node)
    assert status == 0 and out.startswith("5 keys sealed anew"), out
    status, _, err = run("node", "fingerprint", "--node", node)
    assert status == 1 and "the passphrase does not open the key" in err
    given(tmp_path, monkeypatch, PASSPHRASE="battery staple", NEW_PASSPHRASE="")
    assert run("node", "fingerprint", "--node", node) == (0, before, "EXERCISE\n")
    assert run("officer", "enrol", "mori", "--role", "registry", "--by", "sato", "--node", node)[0] == 0


NOT: dict[str, tuple[dict[str, str], int, str]] = {
    "none is given": ({"NEW_PASSPHRASE": ""}, 2, "GSOMIA_NEW_PASSPHRASE_FILE"),
    "the same": ({"NEW_PASSPHRASE": "correct horse"}, 2, "is the old one"),
    "one that everybody tries": ({"NEW_PASSPHRASE": "password"}, 2, "everybody tries first"),
    "the old one is wrong": ({"PASSPHRASE": "horse"}, 1, "does not open the key"),
}


@pytest.mark.parametrize("name", NOT)
def test_what_is_amiss_changes_nothing(
    run: Run, node: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    words, exit_status, says = NOT[name]
    given(tmp_path, monkeypatch, **words)
    status, _, err = run("key", "reseal", "--node", node)
    assert status == exit_status and says in err, err
    given(tmp_path, monkeypatch, PASSPHRASE="correct horse")
    assert run("node", "fingerprint", "--node", node)[0] == 0


def test_a_node_at_work_is_left_alone(run: Run, node: Path) -> None:
    with locked(node / "node.lock"):
        status, _, err = run("key", "reseal", "--node", node)
    assert status == 1 and "stop it first" in err


def test_keys_in_the_clear_stay_so(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given(tmp_path, monkeypatch, PASSPHRASE="", NEW_PASSPHRASE="battery staple")
    assert run("init", tmp_path / "kor", "--party", "KOR", "--exercise")[0] == 0
    status, _, err = run("key", "reseal", "--node", tmp_path / "kor")
    assert status == 2 and "lie in the clear" in err
