"""Wrapping keys: published X-Wing vectors, key files, and keys of the wrong kind."""

from __future__ import annotations

import hashlib
import json
import pickle
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM1024PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st
from sealing import VECTORS, private_keys, public

from gsomia.errors import UsageError
from gsomia.sealed import (
    CompositePrivateKey,
    Encapsulation,
    Identity,
    Recipient,
    XWingPrivateKey,
    XWingPublicKey,
    load_private_key,
    load_public_key,
    private_pem,
    public_pem,
)
from gsomia.sealed.der import read_tlv, tlv
from gsomia.sealed.kem import CompositePublicKey
from gsomia.sealed.wrap import unwrap, wrap

AT = datetime(2026, 11, 23, tzinfo=UTC)
SHARE = bytes(range(32))

XWING = json.loads((VECTORS / "sealed" / "xwing.json").read_text())["vectors"]


@pytest.mark.parametrize("vector", XWING)
def test_xwing_as_published(vector: dict[str, str]) -> None:
    key = XWingPrivateKey.from_bytes(bytes.fromhex(vector["skRm"]))
    assert key.public.to_bytes().hex() == vector["pkRm"]
    assert key.decapsulate(bytes.fromhex(vector["enc"])).hex() == vector["shared_secret"]


@pytest.mark.parametrize("name", private_keys())
def test_wrapping_and_unwrapping(name: str) -> None:
    key = private_keys()[name]
    wrapped, ephemeral = wrap(SHARE, public(key))
    assert unwrap(wrapped, ephemeral, key) == SHARE
    assert wrap(SHARE, public(key))[0] != wrapped
    assert bool(ephemeral) == name.startswith("ec:")
    for at in range(0, len(wrapped), 61):
        bent = wrapped[:at] + bytes([wrapped[at] ^ 1]) + wrapped[at + 1 :]
        with pytest.raises(ValueError):
            unwrap(bent, ephemeral, key)
    for cut in (b"", wrapped[:-1], wrapped + b"\x00"):
        with pytest.raises(ValueError):
            unwrap(cut, ephemeral, key)


def by_hand(wrapped: bytes, ephemeral: str, key: object) -> bytes:
    """Unwrapping written down from the published descriptions, with none of our code."""
    salt = hashlib.sha256(b"TDF").digest()
    if isinstance(key, ec.EllipticCurvePrivateKey):
        point = serialization.load_pem_public_key(ephemeral.encode())
        assert isinstance(point, ec.EllipticCurvePublicKey)
        secret = key.exchange(ec.ECDH(), point)
        cipher, box = HKDF(hashes.SHA256(), 32, salt, b"").derive(secret), wrapped
    else:
        # SEQUENCE with a two-byte length, [0] with a two-byte length, [1] with a one-byte length.
        assert wrapped[:2] == b"\x30\x82" and wrapped[4:6] == b"\x80\x82"
        end = 8 + int.from_bytes(wrapped[6:8], "big")
        kem, box = wrapped[8:end], wrapped[end + 2 :]
        assert wrapped[end : end + 2] == b"\x81\x3c" and len(box) == 60
        if isinstance(key, XWingPrivateKey):
            seed = hashlib.shake_256(key.to_bytes()).digest(96)
            curve = x25519.X25519PrivateKey.from_private_bytes(seed[64:])
            ml_kem = MLKEM768PrivateKey.from_seed_bytes(seed[:64]).decapsulate(kem[:1088])
            agreed = curve.exchange(x25519.X25519PublicKey.from_public_bytes(kem[1088:]))
            mixed = ml_kem + agreed + kem[1088:] + curve.public_key().public_bytes_raw() + b"\x5c\x2e\x2f\x2f\x5e\x5c"
            cipher = HKDF(hashes.SHA256(), 32, salt, b"").derive(hashlib.sha3_256(mixed).digest())
        else:
            assert isinstance(key, CompositePrivateKey)
            small = key.name == "secp256r1-mlkem768"
            size, kind = (1088, MLKEM768PrivateKey) if small else (1568, MLKEM1024PrivateKey)
            ml_kem = kind.from_seed_bytes(key.seed).decapsulate(kem[:size])
            theirs = ec.EllipticCurvePublicKey.from_encoded_point(key.curve.curve, kem[size:])
            agreed = key.curve.exchange(ec.ECDH(), theirs)
            own = key.public.raw[-len(kem[size:]) :]
            label = b"MLKEM768-P256" if small else b"MLKEM1024-P384"
            cipher = hashlib.sha3_256(ml_kem + agreed + kem[size:] + own + label).digest()
    return AESGCM(cipher).decrypt(box[:12], box[12:], None)


@pytest.mark.parametrize("name", [name for name in private_keys() if name != "rsa:2048"])
def test_what_is_wrapped_unwraps_by_hand(name: str) -> None:
    key = private_keys()[name]
    assert by_hand(*wrap(SHARE, public(key)), key) == SHARE


@pytest.mark.parametrize("name", private_keys())
def test_several_shares_go_under_one_encapsulation(name: str) -> None:
    key, others = private_keys()[name], [bytes([number]) * 32 for number in range(4)]
    encapsulation = Encapsulation(public(key))
    wrapped = [encapsulation.wrap(share) for share in (*others, others[0])]
    assert [unwrap(sealed, ephemeral, key) for sealed, ephemeral in wrapped] == [*others, others[0]]
    # The nonce is never the same one
    assert len({sealed for sealed, _ in wrapped}) == len(wrapped)
    assert len({sealed[-60:-48] for sealed, _ in wrapped}) == len(wrapped)
    with pytest.raises(TypeError):
        pickle.dumps(encapsulation)
    assert "0x" in repr(encapsulation)


def test_the_lengths_are_those_that_opentdf_publishes() -> None:
    lengths = {name: len(wrap(SHARE, public(key))[0]) for name, key in private_keys().items()}
    assert lengths["rsa:2048"] == 256
    assert lengths["ec:secp256r1"] == 60
    assert lengths["hpqt:xwing"] == 1190
    assert lengths["hpqt:secp256r1-mlkem768"] == 1223
    assert lengths["hpqt:secp384r1-mlkem1024"] == 1735


@pytest.mark.parametrize("name", private_keys())
def test_key_files_come_back(name: str) -> None:
    key = private_keys()[name]
    again = load_private_key(private_pem(key).encode())
    assert public_pem(public(again)) == public_pem(public(key))
    assert private_pem(again) == private_pem(key)
    assert public_pem(load_public_key(public_pem(public(key)).encode(), at=AT)) == public_pem(public(key))
    crlf = public_pem(public(key)).replace("\n", "\r\n").encode()
    assert public_pem(load_public_key(crlf, at=AT)) == public_pem(public(key))


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, until: datetime) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "EXERCISE")])
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=until - timedelta(days=30),
        not_valid_after=until,
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def test_a_certificate_serves_while_it_is_valid() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    assert load_public_key(certificate(key, AT + timedelta(days=1)), at=AT) == key.public_key()
    for until in (AT - timedelta(seconds=1), AT + timedelta(days=31)):
        with pytest.raises(UsageError, match="not valid at"):
            load_public_key(certificate(key, until), at=AT)


def spki(key: ed25519.Ed25519PrivateKey | x25519.X25519PrivateKey | rsa.RSAPrivateKey | MLKEM768PrivateKey) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


def pkcs8(key: ed25519.Ed25519PrivateKey | x25519.X25519PrivateKey, password: bytes | None = None) -> bytes:
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)


BAD_PUBLIC = {
    "empty": b"",
    "no-pem": b"hello",
    "not-ascii": b"\xff\xfe",
    "too-long": b"-----BEGIN PUBLIC KEY-----\n" + b"A" * 70_000,
    "private": private_pem(private_keys()["hpqt:xwing"]).encode(),
    "signing-key": spki(ed25519.Ed25519PrivateKey.generate()),
    "x25519": spki(x25519.X25519PrivateKey.generate()),
    "pure-ml-kem": spki(MLKEM768PrivateKey.generate()),
    "rsa-1024": spki(rsa.generate_private_key(65537, 1024)),
    "another-curve": ec.generate_private_key(ec.SECP256K1())
    .public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
    "two-blocks": public_pem(public(private_keys()["hpqt:xwing"])).encode() * 2,
    "xwing-cut": b"-----BEGIN PUBLIC KEY-----\nMBQwDQYLKwYBBAGD5i2ByHoDAwAAAA==\n-----END PUBLIC KEY-----\n",
}


@pytest.mark.parametrize("name", BAD_PUBLIC)
def test_a_bad_public_key_is_named_as_such(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_public_key(BAD_PUBLIC[name], at=AT)
    assert caught.value.hint


BAD_PRIVATE = {
    "empty": b"",
    "public": public_pem(public(private_keys()["rsa:2048"])).encode(),
    "signing-key": pkcs8(ed25519.Ed25519PrivateKey.generate()),
    "x25519": pkcs8(x25519.X25519PrivateKey.generate()),
    "encrypted": pkcs8(ed25519.Ed25519PrivateKey.generate(), b"secret"),
}


@pytest.mark.parametrize("name", BAD_PRIVATE)
def test_a_bad_private_key_is_named_and_not_shown(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_private_key(BAD_PRIVATE[name])
    lines = BAD_PRIVATE[name].decode().splitlines()
    assert not any(line in str(caught.value) for line in lines if line and not line.startswith("--"))


def test_keys_that_cannot_wrap_are_refused_early() -> None:
    weak = rsa.generate_private_key(65537, 1024)
    with pytest.raises(ValueError, match="RSA key has 2048"):
        Recipient(kid="k", url="", key=weak.public_key())
    with pytest.raises(ValueError, match="curve"):
        Identity(kid="k", key=ec.generate_private_key(ec.SECP256K1()))
    with pytest.raises(ValueError, match="cannot wrap"):
        Recipient(kid="k", url="", key=ed25519.Ed25519PrivateKey.generate().public_key())  # type: ignore[arg-type]


def test_a_raw_key_of_another_length_is_refused() -> None:
    for raw in (b"", bytes(1215), bytes(1217)):
        with pytest.raises(ValueError):
            XWingPublicKey.from_bytes(raw)
    with pytest.raises(ValueError):
        XWingPrivateKey.from_bytes(bytes(31))
    with pytest.raises(ValueError):
        CompositePublicKey("secp384r1-mlkem1024", bytes(1665))
    with pytest.raises(ValueError, match="unknown composite"):
        CompositePrivateKey.generate("secp521r1-mlkem1024")


@given(st.binary(max_size=400), st.sampled_from([0x30, 0x80, 4]))
def test_der_has_one_spelling(body: bytes, tag: int) -> None:
    data = tlv(tag, body)
    assert read_tlv(data + b"rest", tag) == (body, b"rest")


@given(st.binary(max_size=300))
def test_der_that_is_read_writes_back_the_same(data: bytes) -> None:
    try:
        body, rest = read_tlv(data, 0x30)
    except ValueError:
        return
    assert tlv(0x30, body) + rest == data


def test_an_ephemeral_key_of_another_curve_is_refused() -> None:
    key, other = private_keys()["ec:secp256r1"], private_keys()["ec:secp384r1"]
    wrapped, _ = wrap(SHARE, public(key))
    _, foreign = wrap(SHARE, public(other))
    for ephemeral in (foreign, "", "not a key"):
        with pytest.raises(ValueError):
            unwrap(wrapped, ephemeral, key)


def test_each_check_of_a_key_speaks_for_itself() -> None:
    rsa_key, p256 = private_keys()["rsa:2048"], private_keys()["ec:secp256r1"]
    short, _ = wrap(bytes(16), public(rsa_key))
    with pytest.raises(ValueError, match="key share is 32 bytes"):
        unwrap(short, "", rsa_key)
    wrapped, _ = wrap(SHARE, public(p256))
    _, foreign = wrap(SHARE, public(private_keys()["ec:secp384r1"]))
    with pytest.raises(ValueError, match="private key's curve"):
        unwrap(wrapped, foreign, p256)
    for name in ("hpqt:xwing", "hpqt:secp256r1-mlkem768", "hpqt:secp384r1-mlkem1024"):
        key = private_keys()[name]
        assert isinstance(key, XWingPrivateKey | CompositePrivateKey)
        with pytest.raises(ValueError, match="ciphertext is"):
            key.decapsulate(key.public.encapsulate()[1] + b"\x00")
    with pytest.raises(UsageError, match="too long"):
        load_public_key(b" " * 65_537, at=AT)


@pytest.mark.parametrize(
    "data", [b"\x30\x81\x05hello", b"\x30\x82\x00\x05hello", b"\x30\x80\x00\x00", b"\x30\x06hello"]
)
def test_der_in_another_spelling_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="length"):
        read_tlv(data, 0x30)
    assert read_tlv(b"\x30\x05hello", 0x30) == (b"hello", b"")
