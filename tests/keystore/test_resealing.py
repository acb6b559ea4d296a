"""A node's secrets under another passphrase: all of them or none, wherever a process that does it is killed."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

import pytest

from gsomia.errors import NodeError
from gsomia.keystore import KeyFiles, Passphrase, files, finish_resealing, reseal

OLD, NEW, LATER = (Passphrase(word) for word in (b"old", b"new", b"later"))
SECRETS = {
    ("keys", "signing"): ("gsomia-signing", b"s" * 64),
    ("keys", "signing-0123"): ("gsomia-signing", b"t" * 64),
    ("keys", "tls"): ("tls-password", b"u" * 64),
    ("officers", "sato"): ("gsomia-signing", b"v" * 64),
}
KILLED = 9


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id at its least."""
    monkeypatch.setattr(files, "_ARGON2ID", {"iterations": 1, "lanes": 1, "memory_kib": 8})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A node's folder, but for the node."""
    for (part, name), (kind, secret) in SECRETS.items():
        KeyFiles(tmp_path / part, OLD, exercise=True).write(name, kind, secret)
    return tmp_path


def opened(folder: Path, by: Passphrase) -> int:
    """How many secrets a passphrase opens."""
    found = 0
    for (part, name), (kind, secret) in SECRETS.items():
        try:
            found += KeyFiles(folder / part, by).read(name, kind) == secret
        except NodeError as error:
            assert "does not open" in str(error)
    return found


def test_every_secret_is_sealed_anew_and_nothing_else_is_left(folder: Path) -> None:
    assert reseal(folder, OLD, NEW, exercise=True) == len(SECRETS)
    assert (opened(folder, OLD), opened(folder, NEW)) == (0, len(SECRETS))
    lying = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert lying == {f"{part}/{name}.key" for part, name in SECRETS}
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.rglob("*.key"))
    assert all('"exercise": true' in path.read_text() for path in folder.rglob("*.key"))


def killed_at(folder: Path, step: int) -> bool:
    """Seal anew in a process that is killed before its change of the disk of that number; whether it came so far."""
    child = os.fork()
    if child == 0:
        steps = count()

        def before(name: str) -> None:
            work = getattr(os, name)

            def counted(*words: object, **more: object) -> object:
                if next(steps) == step:
                    os._exit(KILLED)
                return work(*words, **more)

            setattr(os, name, counted)

        for name in ("mkdir", "fsync", "link", "unlink", "rename", "replace", "rmdir"):
            before(name)
        try:
            reseal(folder, OLD, NEW, exercise=True)
        except BaseException:
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, KILLED)
    return status == KILLED


def test_wherever_it_is_killed_all_are_old_or_all_are_new(tmp_path: Path) -> None:
    seen = set()
    for step in count():
        here = tmp_path / str(step)
        for (part, name), (kind, secret) in SECRETS.items():
            KeyFiles(here / part, OLD, exercise=True).write(name, kind, secret)
        came = killed_at(here, step)
        finish_resealing(here)
        by = (opened(here, OLD), opened(here, NEW))
        assert by in ((len(SECRETS), 0), (0, len(SECRETS))), step
        assert reseal(here, OLD if by[0] else NEW, LATER, exercise=True) == opened(here, LATER) == len(SECRETS)
        assert {path.name for path in here.iterdir()} == {"keys", "officers"}
        seen.add(by[0])
        if not came:
            break
    assert seen == {0, len(SECRETS)} and step > 20


def test_one_that_the_old_passphrase_does_not_open_leaves_all_as_they_were(folder: Path) -> None:
    KeyFiles(folder / "officers", LATER).write("mori", "gsomia-signing", b"w" * 64)
    with pytest.raises(NodeError, match="does not open the key `mori`"):
        reseal(folder, OLD, NEW, exercise=True)
    assert (opened(folder, OLD), opened(folder, NEW)) == (len(SECRETS), 0)
    assert {path.name for path in folder.iterdir()} == {"keys", "officers"}


def test_a_key_that_is_written_meanwhile_stops_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = KeyFiles.write

    def write(self: KeyFiles, name: str, kind: str, secret: bytes) -> None:
        written(self, name, kind, secret)
        if name == "sato":
            written(KeyFiles(folder / "officers", OLD), "mori", "gsomia-signing", b"w" * 64)

    monkeypatch.setattr(KeyFiles, "write", write)
    with pytest.raises(NodeError, match="written meanwhile"):
        reseal(folder, OLD, NEW, exercise=True)
    assert opened(folder, OLD) == len(SECRETS)
