"""Input that cannot be used, and that no error about it carries plaintext or key material."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from sealing import golden_key, identity, originator, private_keys, public, recipient, sealed
from taking_apart import PLAIN, Sample, sample
from tampering import Tamper
from tampers import TAMPERS

from gsomia.errors import GsomiaError, SealError, UsageError, VerificationError
from gsomia.sealed import (
    Identity,
    Policy,
    PrivateKey,
    XWingPrivateKey,
    check_provenance,
    load_private_key,
    load_public_key,
    private_pem,
    public_pem,
    read,
    read_provenance,
    seal,
)


def secrets_of(s: Sample) -> list[bytes]:
    """What no error may hold: words of the plaintext, the payload key, the private key."""
    key = private_keys()["hpqt:xwing"]
    assert isinstance(key, XWingPrivateKey)
    return [b"launch report", PLAIN[:20], PLAIN[::-1][:20], s.key, s.key[:8], key.seed, key.seed[:8]]


def shown(error: BaseException) -> str:
    """The error with all that it came from."""
    return "".join(traceback.format_exception(error)) + repr(error) + getattr(error, "hint", "")


def holds(text: str, secret: bytes) -> bool:
    spelt = (secret.hex(), repr(secret)[2:-1], secret.decode("latin-1"))
    return any(one in text for one in spelt)


@pytest.mark.parametrize("tamper", TAMPERS, ids=lambda tamper: tamper.name)
def test_no_error_carries_plaintext_or_key(tamper: Tamper) -> None:
    data, sink = tamper.make(sample()), io.BytesIO()
    with pytest.raises(VerificationError) as caught:
        item = read(io.BytesIO(data))
        signed = read_provenance(item)
        if signed is None:
            raise SealError("origin: unproven")
        digest = check_provenance(item, signed, originator().public).payload_digest
        item.open([identity(private_keys()["hpqt:xwing"])], sink, payload_digest=digest)
    text = shown(caught.value)
    assert not [secret for secret in secrets_of(sample()) if holds(text, secret)]
    assert sink.getvalue() == b""


def test_the_test_would_see_a_secret() -> None:
    for secret in secrets_of(sample()):
        assert holds(shown(SealError(f"it holds {secret!r}")), secret) and holds(shown(SealError(secret.hex())), secret)


def test_an_altered_segment_of_a_foreign_file_is_not_shown() -> None:
    good, _ = sealed(PLAIN, [recipient(golden_key())])
    start = read(io.BytesIO(good))._layout.payload.data
    sink = io.BytesIO()
    with pytest.raises(SealError) as caught:
        bent = good[: start + 1500] + bytes([good[start + 1500] ^ 1]) + good[start + 1501 :]
        read(io.BytesIO(bent)).open([identity(golden_key())], sink)
    assert not holds(shown(caught.value), b"launch report")
    assert sink.getvalue() == PLAIN[:1024], "what was verified before, and no more"


WRONG: dict[
    str,
    ed25519.Ed25519PrivateKey | x25519.X25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
] = {
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "x25519": x25519.X25519PrivateKey.generate(),
    "secp256k1": ec.generate_private_key(ec.SECP256K1()),
    "rsa-1024": rsa.generate_private_key(65537, 1024),
}


def tool(*words: object) -> tuple[int, str]:
    """`gsomia` in a process of its own; its exit and what it said on standard error."""
    done = subprocess.run([sys.executable, "-m", "gsomia", *map(os.fsencode, map(str, words))], capture_output=True)
    return done.returncode, done.stderr.decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("name", WRONG)
def test_a_key_of_the_wrong_kind_is_said_so(tmp_path: Path, name: str) -> None:
    from gsomia.cli.seal import open_file, seal_file

    key = WRONG[name]
    private, to = tmp_path / "key.pem", tmp_path / "to.pem"
    encoding, none = serialization.Encoding.PEM, serialization.NoEncryption()
    private.write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, none))
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    to.write_bytes(key.public_key().public_bytes(encoding, spki))
    plain, item = tmp_path / "plain", tmp_path / "item.tdf"
    plain.write_bytes(PLAIN)
    item.write_bytes(sealed(PLAIN, [recipient(golden_key())])[0])
    with pytest.raises(UsageError, match="key cannot be used") as caught:
        seal_file(str(plain), to=[str(to)], output=str(tmp_path / "out"), mime_type="")
    with pytest.raises(UsageError, match="key cannot be used"):
        open_file(str(item), keys=[str(private)], output=str(tmp_path / "out"))
    assert not holds(shown(caught.value), private.read_bytes()[40:80])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("days", [(-3, -1), (1, 3)])
def test_a_certificate_out_of_its_time_seals_nothing(tmp_path: Path, days: tuple[int, int]) -> None:
    from gsomia.cli.seal import seal_file

    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "c.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "plain").write_bytes(PLAIN)
    dates = f"but from {now.year}.* to {now.year}" if now.month not in (1, 12) else "but from .* to"
    with pytest.raises(UsageError, match=f"the certificate is not valid at .*, {dates}"):
        seal_file(str(tmp_path / "plain"), to=[str(tmp_path / "c.pem")], output=str(tmp_path / "out"), mime_type="")
    assert not (tmp_path / "out").exists()


def certificate(key: ec.EllipticCurvePrivateKey) -> bytes:
    name, now = x509.Name([]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def test_keys_as_openssl_writes_them_are_read() -> None:
    key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    old = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    read_key = load_private_key(parameters + old)
    assert isinstance(read_key, ec.EllipticCurvePrivateKey)
    assert read_key.private_numbers() == key.private_numbers()
    chain = "Certificate:\n    Data: of 防衛省\n".encode() + certificate(key) + b"issuer\n" + certificate(other)
    assert load_public_key(chain, at=datetime.now(UTC)) == key.public_key()
    for two in (old + old, public_pem(key.public_key()).encode() * 2):
        with pytest.raises(UsageError, match="holds 2 PEM blocks"):
            load_private_key(two)


@pytest.mark.parametrize("form", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
def test_an_encrypted_key_is_opened_by_its_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: serialization.PrivateFormat
) -> None:
    from gsomia.cli.seal import open_file

    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.BestAvailableEncryption(b"hunter2"))
    paths = {name: tmp_path / name for name in ("key.pem", "item.tdf", "back", "passphrase")}
    paths["key.pem"].write_bytes(pem)
    paths["item.tdf"].write_bytes(sealed(PLAIN, [recipient(key)])[0])
    paths["passphrase"].write_text("hunter2\n")
    monkeypatch.delenv("GSOMIA_PASSPHRASE_FILE", raising=False)
    with pytest.raises(UsageError, match=r"key.pem`: the private key is encrypted") as caught:
        open_file(str(paths["item.tdf"]), keys=[str(paths["key.pem"])], output=str(paths["back"]))
    assert "GSOMIA_PASSPHRASE_FILE" in caught.value.hint
    monkeypatch.setenv("GSOMIA_PASSPHRASE_FILE", str(paths["passphrase"]))
    open_file(str(paths["item.tdf"]), keys=[str(paths["key.pem"])], output=str(paths["back"]))
    assert paths["back"].read_bytes() == PLAIN
    paths["passphrase"].write_text("hunter3\n")
    with pytest.raises(UsageError, match="passphrase does not open") as caught:
        open_file(str(paths["item.tdf"]), keys=[str(paths["key.pem"])], output=str(tmp_path / "none"))
    assert "hunter" not in shown(caught.value)


def test_a_refusal_is_said_once(tmp_path: Path) -> None:
    item, key = tmp_path / "item.tdf", tmp_path / "key.pem"
    item.write_bytes(sample().good)
    key.write_text(private_pem(golden_key()))
    status, err = tool("open", item, "--key", key, "-o", tmp_path / "out")
    assert status == 3 and err.count("carries a Party's statement") == 1, err


def test_a_key_without_a_name_is_called_so() -> None:
    data, _ = sealed(PLAIN, [recipient(golden_key(), kid="")])
    with pytest.raises(SealError) as caught:
        read(io.BytesIO(data)).open([identity(private_keys()["hpqt:xwing"])], io.BytesIO())
    assert "a key without a name" in caught.value.hint


@pytest.mark.parametrize("verb", ["open", "inspect", "verify"])
def test_files_that_are_none_end_with_5_and_their_fault(tmp_path: Path, verb: str) -> None:
    key = tmp_path / "key.pem"
    key.write_text(private_pem(golden_key()))
    empty, sparse = tmp_path / "empty.tdf", tmp_path / "sparse.tdf"
    empty.write_bytes(b"")
    with sparse.open("wb") as file:
        file.truncate(70 * 10**9)
    more = ["--key", key, "-o", tmp_path / "out"] if verb == "open" else []
    for path, says in ((empty, "too short"), (sparse, "larger than a sealed item")):
        status, err = tool(verb, path, *more)
        assert status == 5 and says in err, err
        assert "Traceback" not in err and not (tmp_path / "out").exists()


def test_a_name_that_is_not_utf8_is_a_name(tmp_path: Path) -> None:
    plain = tmp_path / os.fsdecode(b"\xff\xfe report")
    plain.write_bytes(PLAIN)
    to, key = tmp_path / "to.pem", tmp_path / "key.pem"
    to.write_text(public_pem(public(golden_key())))
    key.write_text(private_pem(golden_key()))
    item, back = tmp_path / os.fsdecode(b"item \xff"), tmp_path / os.fsdecode(b"back \xff")
    assert tool("seal", plain, "--to", to, "-o", item)[0] == 0
    assert tool("open", item, "--key", key, "-o", back)[0] == 0 and back.read_bytes() == PLAIN
    for words in (("seal", plain, "--to", tmp_path / os.fsdecode(b"\xfd")), ("open", item, "--key", item)):
        status, err = tool(*words, "-o", tmp_path / "out")
        assert status == 2 and "Traceback" not in err, err
    assert not (tmp_path / "out").exists()


def test_attributes_that_nobody_knows_are_shown_and_kept() -> None:
    """The tool opens for who holds the key, as OpenTDF's do; a node refuses them (tests/node/test_lying_content.py)."""
    policy = Policy(uuid="1", data_attributes=("https://example/attr/made-up/value/x",), dissem=("nobody",))
    sink, out = io.BytesIO(), io.BytesIO()
    seal(io.BytesIO(PLAIN), sink, recipients=[recipient(golden_key())], policy=policy, mime_type="")
    item = read(sink)
    assert item.policy == policy
    item.open([identity(golden_key())], out)
    assert out.getvalue() == PLAIN


def test_another_key_of_another_kind_opens_nothing() -> None:
    data, _ = sealed(PLAIN, [recipient(private_keys()["hpqt:xwing"])])
    held: list[PrivateKey] = [key for name, key in private_keys().items() if name != "hpqt:xwing"]
    with pytest.raises(GsomiaError, match="none of the keys given"):
        read(io.BytesIO(data)).open([Identity(kid="", key=key) for key in held], io.BytesIO())
