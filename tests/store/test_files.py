"""Keys and sealed items at rest: modes, passphrases, and names that appear only when all is there."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gsomia.blobs import LocalBlobs
from gsomia.errors import NodeError
from gsomia.keystore import KeyFiles, Passphrase, credential

# --- keys ----------------------------------------


@pytest.mark.parametrize("passphrase", [None, "秘密 비밀".encode()])
def test_a_key_is_read_back_and_nobody_else_may_read_it(tmp_path: Path, passphrase: bytes | None) -> None:
    box = Passphrase(passphrase) if passphrase is not None else None
    previous = os.umask(0)
    try:
        files = KeyFiles(tmp_path / "keys", box)
        files.write("signing", "kind", b"the secret itself")
    finally:
        os.umask(previous)
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert files.path("signing").stat().st_mode & 0o777 == 0o600
    assert KeyFiles(tmp_path / "keys", box).read("signing", "kind") == b"the secret itself"
    text = files.path("signing").read_text()
    assert ("dGhlIHNlY3JldCBpdHNlbGY=" in text) is (passphrase is None)
    assert "secret" not in repr(files).replace("keys", "") and "秘" not in repr(files)


def test_a_sealed_key_opens_by_its_passphrase_alone(tmp_path: Path) -> None:
    KeyFiles(tmp_path, Passphrase(b"right")).write("signing", "kind", b"secret")
    with pytest.raises(NodeError, match="the passphrase does not open the key `signing`"):
        KeyFiles(tmp_path, Passphrase(b"wrong")).read("signing", "kind")
    with pytest.raises(NodeError, match="no passphrase was given") as caught:
        KeyFiles(tmp_path).read("signing", "kind")
    assert "GSOMIA_PASSPHRASE_FILE" in caught.value.hint
    with pytest.raises(NodeError, match="is of kind `kind`, not `other`"):
        KeyFiles(tmp_path, Passphrase(b"right")).read("signing", "other")
    path = tmp_path / "signing.key"
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"kind": "other"}))
    with pytest.raises(NodeError, match="does not open"):  # the kind is bound to the box
        KeyFiles(tmp_path, Passphrase(b"right")).read("signing", "other")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    files = KeyFiles(tmp_path)
    files.write("signing", "kind", b"first")
    with pytest.raises(NodeError, match="cannot write the key `signing`"):
        files.write("signing", "kind", b"second")
    assert files.read("signing", "kind") == b"first"


def test_a_file_in_anothers_place_opens_nothing(tmp_path: Path) -> None:
    files = KeyFiles(tmp_path, Passphrase(b"right"))
    files.write("one", "kind", b"first")
    files.write("two", "kind", b"second")
    assert files.names() == ["one", "two"]
    files.path("one").replace(files.path("two"))
    with pytest.raises(NodeError, match="does not open the key `two`, or it was altered"):
        files.read("two", "kind")


def test_a_key_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = KeyFiles(tmp_path)

    def broken(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(NodeError, match="cannot write the key `signing`: No space left"):
        files.write("signing", "kind", b"secret")
    assert list(tmp_path.iterdir()) == [] and files.names() == []


def test_a_key_that_a_dying_process_wrote_is_none(tmp_path: Path) -> None:
    script = (
        "import json, os, sys; from pathlib import Path; from gsomia.keystore import KeyFiles\n"
        "json.dump = lambda document, file: (file.write('{'), file.flush(), os.kill(os.getpid(), 9))\n"
        "KeyFiles(Path(sys.argv[1])).write('signing', 'kind', b'x')\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    files = KeyFiles(tmp_path)
    assert files.names() == [] and not files.exists("signing")
    files.write("signing", "kind", b"secret")
    assert files.read("signing", "kind") == b"secret"


@pytest.mark.parametrize("variable", ["GSOMIA_PASSPHRASE_FILE", "CREDENTIALS_DIRECTORY"])
def test_a_passphrase_comes_from_a_file_or_from_systemd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for name in ("GSOMIA_PASSPHRASE_FILE", "GSOMIA_PIN_FILE", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    assert credential("passphrase") is None
    path = tmp_path / "gsomia-passphrase"
    monkeypatch.setenv(variable, str(path if variable.startswith("GSOMIA") else tmp_path))
    if variable.startswith("GSOMIA"):
        with pytest.raises(NodeError, match="cannot read the passphrase file"):
            credential("passphrase")
    else:
        assert credential("passphrase") is None and credential("pin") is None
    for text, held in ((b"a b\n", b"a b"), (b"\xff\r\n", b"\xff"), (b"", None), (b"\n", None), (b"x" * 4097, None)):
        path.write_bytes(text)
        if held is None:
            with pytest.raises(NodeError, match="is empty, or longer"):
                credential("passphrase")
        else:
            assert credential("passphrase") == held


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{}", '{"v":1}', '{"v":2,"kind":"kind","secret":""}', '{"v":1,"kind":"kind","secret":5}',
     '{"v":1,"kind":"kind","secret":"%"}', '{"v":1,"kind":"kind","box":"AAAA"}',
     '{"v":1,"kind":"kind","salt":"","nonce":"","box":"","argon2id":{"iterations":-1,"lanes":1,"memory_kib":1}}',
     '{"v":1,"kind":"kind","salt":"AAAAAAAAAAAAAAAAAAAAAA==","nonce":"","box":"","argon2id":[]}',
     '{"v":1,"kind":"kind","salt":"AAAAAAAAAAAAAAAAAAAAAA==","nonce":"AAAAAAAAAAAAAAAA","box":"","argon2id":'
     '{"iterations":3,"lanes":4,"memory_kib":99999999999}}', "[" * 100_000],
)  # fmt: skip
def test_a_key_file_that_is_none_is_said_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "signing.key").write_text(text)
    with pytest.raises(NodeError, match="key"):
        KeyFiles(tmp_path, Passphrase(b"x")).read("signing", "kind")


@pytest.mark.parametrize("name", ["../signing", "a/b", "", ".hidden"])
def test_a_key_has_a_plain_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(NodeError, match="not a name for a key"):
        KeyFiles(tmp_path / "keys").write(name, "kind", b"x")
    with pytest.raises(NodeError, match="not a name for a key"):
        KeyFiles(tmp_path / "keys").read(name, "kind")


# --- sealed items ----------------------------------------


def test_an_item_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "items")
    assert blobs.names() == []
    with pytest.raises(ZeroDivisionError), blobs.writing("item") as sink:
        sink.write(b"half")
        sink.flush()
        assert blobs.names() == [] and not blobs.exists("item")
        raise ZeroDivisionError
    assert list((tmp_path / "items").iterdir()) == []
    with blobs.writing("item") as sink:
        sink.write(b"whole")
    assert blobs.names() == ["item"] and blobs.size("item") == 5
    with pytest.raises(ZeroDivisionError), blobs.writing("item") as sink:
        sink.write(b"another")
        raise ZeroDivisionError
    with blobs.reading("item") as file:
        assert file.read() == b"whole"


def test_a_disk_that_is_full_leaves_nothing(tmp_path: Path) -> None:
    script = (
        "import resource, signal, sys; from pathlib import Path; from gsomia.blobs import LocalBlobs\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (10000, 10000))\n"
        "try:\n"
        "    with LocalBlobs(Path(sys.argv[1])).writing('item') as sink: sink.write(bytes(20000))\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("NodeError cannot write the sealed item `item`: File too large"), done.stderr
    assert list(tmp_path.iterdir()) == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 10000


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/etc/passwd", ".staging-x", "a\0b", "x" * 300])
def test_an_item_has_a_plain_name(tmp_path: Path, name: str) -> None:
    blobs = LocalBlobs(tmp_path / "items")
    with pytest.raises(NodeError), blobs.writing(name) as sink:
        sink.write(b"x")
    with pytest.raises(NodeError), blobs.reading(name):
        pass
    with pytest.raises(NodeError):
        blobs.rename([("x", name)])
    with pytest.raises(NodeError):
        blobs.size(name)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_is_missing_is_said_so(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    for act in (lambda: blobs.size("x"), lambda: blobs.rename([("x", "y")]), lambda: blobs.reading("x").__enter__()):
        with pytest.raises(NodeError, match=r"`(x|y)`"):
            act()
    blobs.remove("x")


def test_two_writers_of_one_name_do_not_mix(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    faults: list[BaseException] = []

    def write(letter: bytes) -> None:
        try:
            for _ in range(20):
                with blobs.writing("item") as sink:
                    for _ in range(20):
                        sink.write(letter * 1000)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with blobs.reading("item") as file:
        data = file.read()
    assert len(data) == 20_000 and len(set(data)) == 1


def test_a_sweep_removes_what_nobody_writes_and_nothing_needs(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    assert LocalBlobs(tmp_path / "none").sweep(()) == 0
    for name in ("needed", "new", "old", "upload-old"):
        with blobs.writing(name) as sink:
            sink.write(b"x")
    long_ago = time.time() - 2 * 24 * 3600
    for name in ("needed", "old", "upload-old"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    script = (
        "import os, sys; from pathlib import Path; from gsomia.blobs import LocalBlobs\n"
        "with LocalBlobs(Path(sys.argv[1])).writing('half') as sink:\n"
        "    sink.write(b'x'); sink.flush(); os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert len([path for path in tmp_path.iterdir() if path.name.startswith(".staging-half")]) == 1
    with blobs.writing("now") as sink:
        sink.write(b"x")
        assert blobs.sweep({"needed"}) == 3
        assert blobs.names() == ["needed", "new"]
    assert blobs.names() == ["needed", "new", "now"]


def test_a_sweep_goes_on_where_a_file_got_another_name_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = LocalBlobs(tmp_path)
    for name in ("first", "second"):
        with blobs.writing(name) as sink:
            sink.write(b"x")
    listed = list(tmp_path.iterdir())
    blobs.rename([("first", "other")])
    monkeypatch.setattr(Path, "iterdir", lambda _: iter(listed))
    assert blobs.sweep((), older_than=-1) == 1
    assert [name for name in ("other", "second") if blobs.exists(name)] == ["other"]


# --- items written together ----------------------


def test_items_that_are_written_together_are_there_together(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    with blobs.together() as write:
        for name in ("one", "two"):
            with write(name) as file:
                file.write(name.encode())
        with pytest.raises(ValueError, match="of its own"), write("three") as file:
            file.write(b"half")
            raise ValueError("of its own")
        assert blobs.names() == []
    assert blobs.names() == ["one", "two"] and len([*tmp_path.iterdir()]) == 2
    for name in blobs.names():
        with blobs.reading(name) as file:
            assert file.read() == name.encode()


def test_the_disk_has_begun_with_all_before_one_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def noting(what: str, call: Callable[..., object]) -> Callable[..., object]:
        def noted(*arguments: object) -> object:
            done.append(what)
            return call(*arguments)

        return noted

    monkeypatch.setattr(os, "posix_fadvise", noting("begin", os.posix_fadvise))
    monkeypatch.setattr(os, "fsync", noting("wait", os.fsync))
    monkeypatch.setattr(Path, "replace", noting("name", Path.replace))
    with LocalBlobs(tmp_path).together() as write:
        for number in range(3):
            with write(f"item-{number}") as file:
                file.write(b"x")
    # Bytes before names, and names before the folder that holds them.
    assert done == ["begin"] * 3 + ["wait"] * 3 + ["name"] * 3 + ["wait"]


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_where_the_disk_does_not_take_all_none_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    blobs, calls, fsync = LocalBlobs(tmp_path), [0], os.fsync

    def full(handle: int) -> None:
        calls[0] += 1
        if calls[0] == failing:
            raise OSError(28, "No space left on device")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NodeError, match="No space left"), blobs.together() as write:
        for number in range(3):
            with write(f"item-{number}") as file:
                file.write(b"x")
    assert [*tmp_path.iterdir()] == []
