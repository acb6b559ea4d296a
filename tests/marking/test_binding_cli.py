"""`gsomia marking bind|verify`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from test_marking_cli import run, told

pytest.importorskip("signxml", reason="signxml is not installed")

AT = datetime(2026, 11, 23, 5, tzinfo=UTC)
LABEL = {"policy": "JPN", "classification": "秘", "categories": [], "created": "2026-11-23T05:00:00Z"}
OWN = {"policy": "KOR", "classification": "군사Ⅲ급비밀", "categories": [], "created": "2026-11-24T05:00:00Z"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "label").write_text(json.dumps(LABEL), "utf-8")
    (tmp_path / "own").write_text(json.dumps(OWN), "utf-8")
    (tmp_path / "paper.pdf").write_bytes(b"%PDF-1.7 paper")
    write_signer(tmp_path, ec.SECP384R1())
    return tmp_path


def write_signer(
    folder: Path, curve: ec.EllipticCurve, under: KeySerializationEncryption | None = None, name: str = "signer"
) -> None:
    key = ec.generate_private_key(curve)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "EXERCISE signer")])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 7, AT, AT + timedelta(days=10))
    (folder / f"{name}.pem").write_bytes(builder.sign(key, hashes.SHA384()).public_bytes(Encoding.PEM))
    written = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, under or NoEncryption())
    (folder / f"{name}.key").write_bytes(written)


def bound(folder: Path, *options: str | Path) -> tuple[int, str]:
    return run("bind", folder / "label", folder / "paper.pdf", "--out", folder / "binding.xml", *options)


def signing(folder: Path, name: str = "signer") -> list[str | Path]:
    return ["--key", folder / f"{name}.key", "--certificate", folder / f"{name}.pem"]


def test_an_unsigned_binding(folder: Path) -> None:
    assert bound(folder, "--alternative", folder / "own", "--type", "application/pdf") == (0, "")
    code, output, beside = told("verify", folder / "binding.xml", "--data", folder / "paper.pdf")
    assert (code, "not verified" in output, "nobody vouches" in beside) == (0, True, True)
    assert [line.split()[:2] for line in output.splitlines()[1:3]] == [["JPN", "秘"], ["KOR", "군사Ⅲ급비밀"]]
    code, printed, _ = told("bind", folder / "label", folder / "paper.pdf")
    assert (code, "BindingInformation" in printed) == (0, True)
    assert run("verify", folder / "binding.xml", "--certificate", folder / "signer.pem")[0] == 5
    (folder / "paper.pdf").write_bytes(b"%PDF-1.7 another")
    code, output = run("verify", folder / "binding.xml", "--data", folder / "paper.pdf")
    assert (code, "is not the one that is bound" in output) == (5, True)


def test_a_signed_binding(folder: Path) -> None:
    assert bound(folder, *signing(folder)) == (0, "")
    check: list[str | Path] = [
        "verify",
        folder / "binding.xml",
        "--certificate",
        folder / "signer.pem",
        "--data",
        folder / "paper.pdf",
    ]
    code, output, beside = told(*check, "--at", "2026-11-24T00:00:00Z", "--json")
    assert (code, beside) == (0, "")
    shown = json.loads(output)
    assert (shown["signed"], shown["data_checked"], shown["labels"]) == (True, True, [LABEL])
    assert run(*check, "--at", "2026-12-24T00:00:00Z")[0] == 5
    whole = (folder / "binding.xml").read_text("utf-8")
    (folder / "binding.xml").write_text(whole.replace(">秘<", ">極秘<"), "utf-8")
    code, output = run(*check, "--at", "2026-11-24T00:00:00Z")
    assert (code, "does not hold" in output) == (5, True)


def test_keys_that_do_not_sign(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_signer(folder, ec.SECP256R1(), name="small")
    code, output = bound(folder, *signing(folder, "small"))
    assert (code, "P-384" in output) == (1, True)
    assert bound(folder, "--key", folder / "signer.key")[0] == 1
    assert bound(folder, "--key", folder / "label", "--certificate", folder / "signer.pem")[0] == 1
    assert bound(folder, "--key", folder / "signer.key", "--certificate", folder / "label")[0] == 1
    assert not (folder / "binding.xml").exists()
    write_signer(folder, ec.SECP384R1(), BestAvailableEncryption(b"a passphrase"))
    monkeypatch.delenv("GSOMIA_PASSPHRASE_FILE", raising=False)
    assert bound(folder, *signing(folder))[0] == 1
    (folder / "passphrase").write_text("a passphrase\n")
    monkeypatch.setenv("GSOMIA_PASSPHRASE_FILE", str(folder / "passphrase"))
    assert bound(folder, *signing(folder)) == (0, "")


def test_what_is_no_binding(folder: Path) -> None:
    assert run("verify", folder / "label")[0] == 1
    (folder / "mark").write_text("SECRET\n")
    code, output = run("bind", folder / "mark", folder / "paper.pdf")
    assert (code, "no time of creation" in output) == (1, True)
