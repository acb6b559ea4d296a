"""`gsomia key reseal`: the node's keys under another passphrase, on its own host."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Run

from gsomia.app import Home
from gsomia.app.locks import locked
from gsomia.errors import NodeError
from gsomia.keystore import KeyFiles, Passphrase, files
from gsomia.node import Acting, Role


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


WRITERS: dict[str, Callable[[Home, Acting], object]] = {
    "key rotate": lambda home, by: home.replace_keys(by=by),
    "officer enrol": lambda home, by: home.enrol_officer("mori", ("registry",), by=by),
    "officer replace": lambda home, by: home.replace_officer_key("sato", by=by),
}


def opened_by(node: Path, word: bytes) -> list[str]:
    """The names of the secrets that a passphrase opens."""
    held = [KeyFiles(node / part, Passphrase(word)) for part in ("keys", "officers")]
    return [name for one in held for name in one.names() if opens(one, name)]


def opens(held: KeyFiles, name: str) -> bool:
    """Whether a passphrase opens a secret."""
    try:
        return bool(held.read(name, held.kind(name)))
    except NodeError:
        return False


@pytest.mark.parametrize("broken_off", [False, True])
@pytest.mark.parametrize("name", WRITERS)
def test_who_began_before_writes_no_key_under_the_old_passphrase(
    run: Run, node: Path, monkeypatch: pytest.MonkeyPatch, name: str, broken_off: bool
) -> None:
    home = Home(node, passphrase=b"correct horse")
    by = home.acting("sato", Role.SECURITY)
    with monkeypatch.context() as patched:
        if broken_off:
            patched.setattr("gsomia.keystore.resealing.finish_resealing", lambda _: None)
        assert run("key", "reseal", "--node", node)[0] == 0
    with pytest.raises(NodeError, match="sealed anew meanwhile") as caught:
        WRITERS[name](home, by)
    assert "new passphrase" in caught.value.hint
    home.close()
    again = Home(node, passphrase=b"battery staple")
    WRITERS[name](again, again.acting("sato", Role.SECURITY))
    again.close()
    assert len(opened_by(node, b"battery staple")) == len([*node.rglob("*.key")]) > 5


def test_keys_are_written_and_sealed_anew_in_turn(run: Run, node: Path) -> None:
    home = Home(node, passphrase=b"correct horse")
    by = home.acting("sato", Role.SECURITY)
    done: list[object] = []
    begun = threading.Thread(target=lambda: done.append(home.enrol_officer("mori", ("registry",), by=by)))
    with locked(node / "keys.lock"):
        begun.start()
        begun.join(0.2)
        assert not done and not (node / "officers" / "mori.key").exists()
    begun.join()
    assert done
    home.close()
    resealed = threading.Thread(target=lambda: done.append(run("key", "reseal", "--node", node)))
    with locked(node / "keys.lock"):
        resealed.start()
        resealed.join(0.2)
        assert len(opened_by(node, b"correct horse")) == 6
    resealed.join()
    assert len(opened_by(node, b"battery staple")) == 6


def test_keys_in_the_clear_stay_so(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given(tmp_path, monkeypatch, PASSPHRASE="", NEW_PASSPHRASE="battery staple")
    assert run("init", tmp_path / "kor", "--party", "KOR", "--exercise")[0] == 0
    status, _, err = run("key", "reseal", "--node", tmp_path / "kor")
    assert status == 2 and "lie in the clear" in err
