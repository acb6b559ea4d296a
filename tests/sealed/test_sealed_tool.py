"""`gsomia seal | inspect`, `open FILE --key` and `verify FILE`: on files, on pipes, and when something is wrong."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from sealing import VECTORS, originator, private_keys, public
from taking_apart import pack, parts, sample
from tampering import Tamper
from tampers import TAMPERS

from gsomia.cli import streams
from gsomia.cli.ask import verify_command
from gsomia.cli.seal import (
    inspect_command,
    inspect_file,
    keygen_command,
    open_file,
    seal_command,
    seal_file,
    verify_file,
)
from gsomia.errors import NodeError, RefusedError, SealError, SignatureError, UsageError, VerificationError
from gsomia.keys import SigningKey
from gsomia.sealed import Policy, Recipient, XWingPrivateKey, private_pem, public_pem, seal

PLAIN = b"EXERCISE launch report\n" * 200


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, Path]:
    paths = {}
    for name in ("hpqt:xwing", "rsa:2048", "ec:secp384r1"):
        key = private_keys()[name]
        paths[name] = tmp_path / f"{name.replace(':', '-')}.pem"
        paths[name].write_text(private_pem(key))
        paths[f"{name} public"] = tmp_path / f"{name.replace(':', '-')}.pub.pem"
        paths[f"{name} public"].write_text(public_pem(public(key)))
    paths["origin"] = tmp_path / "origin.json"
    paths["origin"].write_text(json.dumps(originator().public.to_json()))
    return paths


def run(command: click.Command, *args: object, data: bytes = b"") -> str:
    done = CliRunner().invoke(
        command, [str(arg) for arg in args], input=data, catch_exceptions=False, standalone_mode=False
    )
    if done.exception is not None:
        raise done.exception
    return done.output


@pytest.mark.parametrize("name", ["hpqt:xwing", "rsa:2048", "ec:secp384r1"])
def test_seal_and_open(tmp_path: Path, keys: dict[str, Path], name: str, capsys: pytest.CaptureFixture[str]) -> None:
    plain, out, back = tmp_path / "plain", tmp_path / "out.tdf", tmp_path / "back"
    plain.write_bytes(PLAIN)
    run(seal_command, plain, "--to", keys[f"{name} public"], "-o", out)
    open_file(str(out), keys=[str(keys[name])], output=str(back))
    assert back.read_bytes() == PLAIN
    assert capsys.readouterr().err == "origin: unproven\n"
    assert not list(tmp_path.glob(".*"))
    assert back.stat().st_mode & 0o777 == 0o600


def test_a_golden_file_opens_by_its_published_key(tmp_path: Path, keys: dict[str, Path]) -> None:
    back = tmp_path / "back"
    open_file(str(VECTORS / "tdf" / "no-splitids-java.tdf"), keys=[str(keys["rsa:2048"])], output=str(back))
    assert back.read_bytes() == bytes(5120)


def test_through_pipes(keys: dict[str, Path]) -> None:
    code = "import sys; from gsomia.cli.seal import *; "
    sealing = code + f"seal_file('-', to=[{str(keys['hpqt:xwing public'])!r}], output='-', mime_type='text/plain')"
    opening = code + f"open_file('-', keys=[{str(keys['hpqt:xwing'])!r}], output='-')"
    first = subprocess.run([sys.executable, "-c", sealing], input=PLAIN, capture_output=True, check=True)
    second = subprocess.run([sys.executable, "-c", opening], input=first.stdout, capture_output=True, check=True)
    assert (second.stdout, second.stderr) == (PLAIN, b"origin: unproven\n")


def test_an_item_with_a_partys_statement_is_opened_by_an_act_only(tmp_path: Path, keys: dict[str, Path]) -> None:
    item, back = tmp_path / "item.tdf", tmp_path / "back"
    item.write_bytes(sample().good)
    with pytest.raises(RefusedError, match="an act of a node") as caught:
        open_file(str(item), keys=[str(keys["hpqt:xwing"])], output=str(back))
    assert "8c1b4f0e" in str(caught.value) and "gsomia open ITEM" in caught.value.hint and not back.exists()
    assert caught.value.verdict["outcome"] == "refuse"


def test_a_nodes_key_is_refused(tmp_path: Path) -> None:
    item, key = tmp_path / "item.tdf", tmp_path / "wrap.key"
    item.write_bytes(sample().good)
    key.write_text(json.dumps({"v": 1, "kind": "xwing", "secret": "AAAA"}))
    with pytest.raises(RefusedError, match="a node's key"):
        open_file(str(item), keys=[str(key)], output=str(tmp_path / "back"))


def test_a_nodes_key_that_was_copied_to_a_pem_opens_nothing_that_is_wrapped_to_the_node(tmp_path: Path) -> None:
    key, pem = XWingPrivateKey.generate(), tmp_path / "copied.pem"
    pem.write_text(private_pem(key))
    item, back = tmp_path / "item.tdf", tmp_path / "back"
    with item.open("wb") as sink:
        to_node = Recipient(kid=key.kid, url="gsomia:JPN", key=key.public)
        seal(io.BytesIO(PLAIN), sink, recipients=[to_node], policy=Policy(uuid="x"), mime_type="", digest=False)
    with pytest.raises(RefusedError, match="gsomia:JPN is a node's") as caught:
        open_file(str(item), keys=[str(pem)], output=str(back))
    assert "gsomia open ITEM" in caught.value.hint and not back.exists()


def test_verify_needs_the_originators_key(
    tmp_path: Path, keys: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    item, other = tmp_path / "item.tdf", tmp_path / "other.json"
    item.write_bytes(sample().good)
    verify_file(str(item), origin=str(keys["origin"]), as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert (found["origin"], found["exercise"]) == (originator().public.fingerprint, True)
    verify_file(str(item), origin=str(keys["origin"]))
    assert f"origin: {originator().public.fingerprint}\n" in capsys.readouterr().out
    with pytest.raises(SealError, match="unproven: whose key shall have signed it") as told:
        verify_file(str(item))
    assert "--origin KEY.json (`gsomia node identity` writes it)" in told.value.hint
    # No key proves what nobody stated.
    with pytest.raises(SealError, match="unproven: the item carries no Party's statement") as told:
        verify_file(str(VECTORS / "tdf" / "no-splitids-java.tdf"), origin=str(keys["origin"]))
    assert "--origin" not in told.value.hint
    other.write_text(json.dumps({"party": "JPN", "signing": originator().public.to_json(), "log": "x"}))
    verify_file(str(item), origin=str(other))
    assert f"origin: {originator().public.fingerprint}\n" in capsys.readouterr().out
    assert inspect_file(str(item))["exercise"] is True
    assert run(inspect_command, item).splitlines()[0] == "EXERCISE"
    assert "EXERCISE" not in run(inspect_command, VECTORS / "tdf" / "no-splitids-java.tdf")
    other.write_text(json.dumps(SigningKey.generate().public.to_json()))
    with pytest.raises(SignatureError):
        verify_file(str(item), origin=str(other))
    other.write_text("{}")
    with pytest.raises(UsageError, match="not a node's public signing key"):
        verify_file(str(item), origin=str(other))


UNSEEN = [
    "wrapped_key_altered",
    "policy_bindings_of_another_item",
    "key_access_of_another_item",
    "label_of_another_item",
]


@pytest.mark.parametrize("name", UNSEEN)
def test_verify_says_what_only_a_key_can_check_and_checks_it_with_one(
    tmp_path: Path, keys: dict[str, Path], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tamper,) = [tamper for tamper in TAMPERS if tamper.name == name]
    item = tmp_path / "item.tdf"
    item.write_bytes(tamper.make(sample()))
    verify_file(str(item), origin=str(keys["origin"]))
    assert "not checked: wrapped keys, policy bindings, root signature" in capsys.readouterr().out
    with pytest.raises(SealError, match=tamper.says):
        verify_file(str(item), origin=str(keys["origin"]), keys=[str(keys["hpqt:xwing"])])


def test_verify_with_a_key_names_what_other_keys_would_check(
    tmp_path: Path, keys: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    item = tmp_path / "item.tdf"
    item.write_bytes(sample().good)
    verify_file(str(item), origin=str(keys["origin"]), keys=[str(keys["hpqt:xwing"])], as_json=True)
    assert json.loads(capsys.readouterr().out)["not_checked"] == ["the key as wrapped to rsa-r1"]
    both = [str(keys["hpqt:xwing"]), str(keys["rsa:2048"])]
    verify_file(str(item), origin=str(keys["origin"]), keys=both, as_json=True)
    assert json.loads(capsys.readouterr().out)["not_checked"] == []


def test_the_integrity_of_a_foreign_file_is_verified_with_its_key(
    tmp_path: Path, keys: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    golden = VECTORS / "tdf" / "no-splitids-java.tdf"
    verify_file(str(golden), keys=[str(keys["rsa:2048"])])
    said = capsys.readouterr().out
    assert "origin: unproven\n" in said and "not checked: who made it\n" in said
    data = bytearray(golden.read_bytes())
    data[3000] ^= 1
    (tmp_path / "bad.tdf").write_bytes(data)
    with pytest.raises(SealError, match="CRC-32"):
        verify_file(str(tmp_path / "bad.tdf"), keys=[str(keys["rsa:2048"])])


def test_shares_and_who_holds_them(tmp_path: Path, keys: dict[str, Path]) -> None:
    """(X-Wing or RSA) and P-384."""
    plain, out, back = tmp_path / "plain", tmp_path / "out.tdf", tmp_path / "back"
    plain.write_bytes(PLAIN)
    shares = [("a", "hpqt:xwing"), ("a", "rsa:2048"), ("b", "ec:secp384r1")]
    words = [word for share, name in shares for word in ("--share", share, keys[f"{name} public"])]
    run(seal_command, plain, *words, "-o", out)
    for held, opens in ((shares[:2], False), (shares[2:], False), (shares[::2], True), (shares[1:], True)):
        given = [str(keys[name]) for _, name in held]
        if opens:
            open_file(str(out), keys=given, output=str(back), force=True)
            assert back.read_bytes() == PLAIN
        else:
            with pytest.raises(SealError, match="none of the keys"):
                open_file(str(out), keys=given, output=str(tmp_path / "none"))
    run(seal_command, plain, "--share", "a", keys["hpqt:xwing public"], "-o", out, "--force")
    assert [key["sid"] for key in inspect_file(str(out))["keys"]] == [""]
    for wrong in ([], ["--to", keys["hpqt:xwing public"], *words], ["--share", "", keys["hpqt:xwing public"]]):
        with pytest.raises(UsageError, match="who shall open it"):
            run(seal_command, plain, *wrong, "-o", tmp_path / "none")


def test_what_cannot_be_sought_in_is_kept_meanwhile(
    tmp_path: Path, keys: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    golden = (VECTORS / "tdf" / "no-splitids-java.tdf").read_bytes()
    fifo, back = tmp_path / "fifo", tmp_path / "back"
    os.mkfifo(fifo)
    key = str(keys["rsa:2048"])
    for use in (
        lambda: open_file(str(fifo), keys=[key], output=str(back)),
        lambda: inspect_file(str(fifo)),
        lambda: run(verify_command, fifo, "--key", key),
    ):
        writer = threading.Thread(target=fifo.write_bytes, args=(golden,))
        writer.start()
        use()
        writer.join()
    assert back.read_bytes() == bytes(5120)
    assert "origin: unproven" in run(verify_command, "-", "--key", key, data=golden)
    monkeypatch.setattr("gsomia.cli.seal.MAX_FILE_BYTES", 4096)
    writer = threading.Thread(target=fifo.write_bytes, args=(golden,))
    writer.start()
    with pytest.raises(SealError, match="larger than a sealed item may be"):
        run(inspect_command, fifo)
    writer.join()


def test_what_is_too_long_to_be_sealed_is_not_read(tmp_path: Path, keys: dict[str, Path]) -> None:
    sparse = tmp_path / "sparse"
    with sparse.open("wb") as file:
        file.truncate(70 * 10**9)
    with pytest.raises(SealError, match="70000000000 bytes long"):
        seal_file(str(sparse), to=[str(keys["hpqt:xwing public"])], output=str(tmp_path / "out"), mime_type="")
    assert not (tmp_path / "out").exists()


def test_an_error_of_reading_is_said_as_one(tmp_path: Path, keys: dict[str, Path]) -> None:
    with pytest.raises(UsageError, match="cannot read `/proc/self/mem`"):
        seal_file("/proc/self/mem", to=[str(keys["hpqt:xwing public"])], output=str(tmp_path / "out"), mime_type="")
    assert not list(tmp_path.glob("out")) and not list(tmp_path.glob(".*"))


def test_a_name_as_long_as_names_may_be(tmp_path: Path, keys: dict[str, Path]) -> None:
    plain, to = tmp_path / "plain", str(keys["hpqt:xwing public"])
    plain.write_bytes(PLAIN)
    for force in (False, True):
        seal_file(str(plain), to=[to], output=str(tmp_path / ("n" * 255)), mime_type="", force=force)
    with pytest.raises(NodeError, match="too long"):
        seal_file(str(plain), to=[to], output=str(tmp_path / ("n" * 256)), mime_type="")


KILLED = """
import sys, time
from gsomia.cli import streams
if sys.argv[2] == "named":
    streams._nameless = lambda folder: None
with streams.writing(sys.argv[1], force=sys.argv[3] == "force") as sink:
    sink.write(b"plaintext")
    print("written", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (signal.SIGKILL, "nameless"),
        (signal.SIGTERM, "nameless"),
        (signal.SIGTERM, "named"),
        (signal.SIGHUP, "named"),
        (signal.SIGINT, "named"),
    ],
)
def test_a_killed_writer_leaves_nothing(tmp_path: Path, number: signal.Signals, kind: str) -> None:
    out = tmp_path / "out"
    out.write_bytes(b"older")
    command = [sys.executable, "-c", KILLED, str(out), kind, "force"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == b"written\n"
        writer.send_signal(number)
        assert writer.wait(timeout=30) != 0
    assert [path.name for path in tmp_path.iterdir()] == ["out"] and out.read_bytes() == b"older"


@pytest.mark.parametrize("nameless", [True, False])
def test_a_file_is_replaced_by_force_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nameless: bool) -> None:
    if not nameless:
        monkeypatch.setattr(streams, "_nameless", lambda folder: None)
    out = tmp_path / "out"
    for text, force in ((b"first", False), (b"second", True)):
        with streams.writing(str(out), force=force) as sink:
            sink.write(text)
        assert out.read_bytes() == text and list(tmp_path.iterdir()) == [out]
    with pytest.raises(UsageError, match="exists"), streams.writing(str(out), force=False):
        pytest.fail("began")
    other = tmp_path / "other"
    with pytest.raises(UsageError, match="exists"), streams.writing(str(other), force=False) as sink:
        sink.write(b"late")
        other.write_bytes(b"meanwhile")
    assert other.read_bytes() == b"meanwhile" and len(list(tmp_path.iterdir())) == 2


def test_inspect_shows_and_verifies_nothing(tmp_path: Path) -> None:
    item = tmp_path / "item.tdf"
    item.write_bytes(sample().good)
    text = run(inspect_command, item)
    assert "item: 8c1b4f0e" in text and "SECRET" in text and text.endswith("nothing of this is verified\n")
    found = json.loads(run(inspect_command, item, "--json"))
    assert found["schema"] == "gsomia/inspect/v1"
    assert {k: v for k, v in found.items() if k != "schema"} == inspect_file(str(item))
    assert [key["type"] for key in found["keys"]] == ["hybrid-wrapped", "wrapped"] and found["statement"]


def test_what_a_file_says_cannot_command_the_terminal(tmp_path: Path, keys: dict[str, Path]) -> None:
    payload, manifest = parts(sample().good)
    manifest["encryptionInformation"]["keyAccess"][0]["kid"] = "\x1b[2Jkid\u202e"
    manifest["assertions"] = []
    (tmp_path / "item.tdf").write_bytes(pack(payload, manifest))
    shown = run(inspect_command, tmp_path / "item.tdf")
    assert "\\x1b[2Jkid\\u202e" in shown and "\x1b" not in shown
    with pytest.raises(SealError) as caught:
        open_file(str(tmp_path / "item.tdf"), keys=[str(keys["ec:secp384r1"])], output=str(tmp_path / "back"))
    assert "?[2Jkid?" in caught.value.hint


def test_keygen_makes_a_pair_that_works(tmp_path: Path) -> None:
    plain, out, back = tmp_path / "plain", tmp_path / "out.tdf", tmp_path / "back"
    plain.write_bytes(b"")
    for kind in ("xwing", "secp384r1-mlkem1024"):
        run(keygen_command, "--kind", kind, "-o", tmp_path / f"{kind}.pem")
        assert (tmp_path / f"{kind}.pem").stat().st_mode & 0o777 == 0o600
        run(seal_command, plain, "--to", tmp_path / f"{kind}.pub.pem", "-o", out, "--force")
        open_file(str(out), keys=[str(tmp_path / f"{kind}.pem")], output=str(back), force=True)
        assert back.read_bytes() == b""
    before = (tmp_path / "xwing.pem").read_bytes()
    with pytest.raises(UsageError, match="exists"):
        run(keygen_command, "-o", tmp_path / "xwing.pem")
    assert (tmp_path / "xwing.pem").read_bytes() == before
    run(keygen_command, "-o", tmp_path / "xwing.pem", "--force")
    assert (tmp_path / "xwing.pem").read_bytes() != before


@pytest.mark.parametrize("taken", ["key.pem", "key.pub.pem"])
def test_keygen_leaves_nothing_beside_an_old_key(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("old")
    with pytest.raises(UsageError, match="exists"):
        run(keygen_command, "-o", tmp_path / "key.pem")
    assert [path.name for path in tmp_path.iterdir()] == [taken] and (tmp_path / taken).read_text() == "old"


def test_files_that_cannot_be_used_are_named(tmp_path: Path, keys: dict[str, Path]) -> None:
    to = str(keys["hpqt:xwing public"])
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    (tmp_path / "taken").write_bytes(b"mine")
    plain = tmp_path / "plain"
    plain.write_bytes(PLAIN)
    cases = [
        ((tmp_path, "--to", to, "-o", tmp_path / "out"), "is a directory"),
        ((tmp_path / "broken", "--to", to, "-o", tmp_path / "out"), "broken"),
        ((tmp_path / "none", "--to", to, "-o", tmp_path / "out"), "cannot read"),
        ((plain, "--to", to, "-o", tmp_path / "taken"), "exists"),
        ((plain, "--to", tmp_path / "none.pem", "-o", tmp_path / "out"), "none.pem"),
        ((plain, "--to", keys["hpqt:xwing"], "-o", tmp_path / "out"), "private|PRIVATE"),
    ]
    for args, says in cases:
        with pytest.raises(UsageError, match=says):
            run(seal_command, *args)
    with pytest.raises(NodeError, match="cannot write"):
        run(seal_command, plain, "--to", to, "-o", tmp_path / "no" / "out")
    assert (tmp_path / "taken").read_bytes() == b"mine" and not (tmp_path / "out").exists()


@pytest.mark.parametrize("tamper", [t for t in TAMPERS if not t.holder][::5], ids=lambda tamper: tamper.name)
def test_a_tampered_file_leaves_nothing_behind(tmp_path: Path, keys: dict[str, Path], tamper: Tamper) -> None:
    item, back = tmp_path / "item.tdf", tmp_path / "back"
    item.write_bytes(tamper.make(sample()))
    with pytest.raises((VerificationError, RefusedError)):
        open_file(str(item), keys=[str(keys["hpqt:xwing"])], output=str(back))
    assert not back.exists() and not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("tamper", TAMPERS[::4], ids=lambda tamper: tamper.name)
def test_verify_finds_the_tampers_that_need_no_key(tmp_path: Path, keys: dict[str, Path], tamper: Tamper) -> None:
    item = tmp_path / "item.tdf"
    item.write_bytes(tamper.make(sample()))
    # Key access objects are the one part that re-wrapping changes: who opens the item finds their faults.
    if not any(word in tamper.says for word in ("none of the keys", "policy was altered", "bound")):
        with pytest.raises(VerificationError, match=tamper.says):
            verify_file(str(item), origin=str(keys["origin"]))


def test_an_altered_foreign_file_leaves_no_partial_output(tmp_path: Path, keys: dict[str, Path]) -> None:
    data = bytearray((VECTORS / "tdf" / "small-java-4.3.0-e0f8caf.tdf").read_bytes())
    data[3000] ^= 1
    (tmp_path / "bad.tdf").write_bytes(data)
    with pytest.raises(SealError, match="segment 0 was altered"):
        open_file(str(tmp_path / "bad.tdf"), keys=[str(keys["rsa:2048"])], output=str(tmp_path / "back"))
    assert not (tmp_path / "back").exists() and not list(tmp_path.glob(".*"))


def test_an_interrupted_write_leaves_nothing(
    tmp_path: Path, keys: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, view: object) -> int:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Broken())))
    with pytest.raises(KeyboardInterrupt):
        seal_file("-", to=[str(keys["hpqt:xwing public"])], output=str(tmp_path / "out"), mime_type="")
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".*"))


def test_a_full_disk_is_said_and_a_device_is_written_not_replaced(tmp_path: Path, keys: dict[str, Path]) -> None:
    plain, to = tmp_path / "plain", str(keys["hpqt:xwing public"])
    plain.write_bytes(PLAIN)
    with pytest.raises(NodeError, match="No space left"):
        seal_file(str(plain), to=[to], output="/dev/full", mime_type="", force=True)
    seal_file(str(plain), to=[to], output="/dev/null", mime_type="", force=True)
    assert Path("/dev/full").is_char_device() and Path("/dev/null").is_char_device()


def test_a_failure_while_opening_a_foreign_file_in_the_middle_leaves_the_old_output(
    tmp_path: Path, keys: dict[str, Path]
) -> None:
    plain, item, back = tmp_path / "plain", tmp_path / "item.tdf", tmp_path / "back"
    plain.write_bytes(bytes(5 << 20))
    back.write_bytes(b"older")
    seal_file(str(plain), to=[str(keys["hpqt:xwing public"])], output=str(item), mime_type="")
    data = bytearray(item.read_bytes())
    data[4 << 20] ^= 1
    item.write_bytes(data)
    with pytest.raises(SealError, match="segment 1 was altered"):
        open_file(str(item), keys=[str(keys["hpqt:xwing"])], output=str(back), force=True)
    assert back.read_bytes() == b"older" and not list(tmp_path.glob(".*"))
