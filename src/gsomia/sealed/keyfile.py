"""Wrapping keys in PEM: RSA and curves as every tool writes them, hybrid keys as OpenTDF does (by OID)."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gsomia.errors import UsageError
from gsomia.sealed.der import SEQUENCE, read_sequence, read_tlv, sequence, tlv
from gsomia.sealed.kem import CompositePrivateKey, CompositePublicKey, XWingPrivateKey, XWingPublicKey
from gsomia.sealed.wrap import PrivateKey, PublicWrapKey, kind

__all__ = ["EncryptedKeyError", "load_private_key", "load_public_key", "private_pem", "public_pem"]

# Object identifiers, DER contents: X-Wing (draft-connolly-cfrg-xwing-kem, 1.3.6.1.4.1.62253.25722) and the composites
# (draft-ietf-lamps-pq-composite-kem-14, 1.3.6.1.5.5.7.6.59 and .63).
_OIDS: Final = {
    "xwing": bytes.fromhex("2b0601040183e62d81c87a"),
    "secp256r1-mlkem768": bytes.fromhex("2b0601050507063b"),
    "secp384r1-mlkem1024": bytes.fromhex("2b0601050507063f"),
}
_NAMES: Final = {oid: name for name, oid in _OIDS.items()}
_ARMOUR: Final = re.compile(r"^-----BEGIN ([A-Z0-9 ]+)-----\n(.*?)^-----END \1-----$", re.DOTALL | re.MULTILINE)
_BESIDE: Final = ("EC PARAMETERS",)
"""Blocks that tools write before a key and that the key repeats."""
MAX_PEM_BYTES: Final = 2**16
_KINDS: Final = "an RSA (2048 bits or more), P-256, P-384, P-521, X-Wing or composite ML-KEM key in PEM"


def _armour(name: str, der: bytes) -> str:
    text = base64.encodebytes(der).decode("ascii").replace("\n", "")
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {name}-----", *lines, f"-----END {name}-----", ""])


class EncryptedKeyError(UsageError):
    """A private key is encrypted and no passphrase was given."""


def _unarmour(pem: bytes) -> tuple[str, bytes]:
    """The block that holds the key: of a chain of certificates the first; words around blocks are left aside."""
    if len(pem) > MAX_PEM_BYTES:
        raise UsageError("the key file is too long for a key", hint=f"give {_KINDS}")
    try:
        text = pem.decode("utf-8").replace("\r\n", "\n")
    except ValueError as error:
        raise UsageError("the key file is not PEM", hint=f"give {_KINDS}") from error
    blocks = [(name, body) for name, body in _ARMOUR.findall(text) if name not in _BESIDE]
    if not blocks:
        raise UsageError("the key file holds no PEM block", hint=f"give {_KINDS}")
    name, body = blocks[0]
    if len(blocks) > 1 and {name for name, _ in blocks} != {"CERTIFICATE"}:
        raise UsageError(f"the key file holds {len(blocks)} PEM blocks", hint="give a file with one key")
    if body.startswith("Proc-Type: 4,ENCRYPTED"):
        return "ENCRYPTED " + name, b""
    try:
        return name, base64.b64decode(body.replace("\n", ""), validate=True)
    except binascii.Error as error:
        raise UsageError("the key file's PEM block is not base64", hint=f"give {_KINDS}") from error


def public_pem(key: PublicWrapKey) -> str:
    """A public key in PEM, `PUBLIC KEY`."""
    if isinstance(key, XWingPublicKey | CompositePublicKey):
        name = key.name if isinstance(key, CompositePublicKey) else "xwing"
        return _armour("PUBLIC KEY", sequence(sequence(tlv(6, _OIDS[name])), tlv(3, b"\x00" + key.raw)))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode("ascii")


def private_pem(key: PrivateKey) -> str:
    """A private key in PEM, `PRIVATE KEY`, not encrypted: for a key store that encrypts it, or for an exercise."""
    if isinstance(key, XWingPrivateKey):
        return _private_armour("xwing", key.to_bytes())
    if isinstance(key, CompositePrivateKey):
        curve = key.curve.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        return _private_armour(key.name, key.seed + curve)
    form = serialization.PrivateFormat.PKCS8
    plain = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return plain.decode("ascii")


def _private_armour(name: str, raw: bytes) -> str:
    return _armour("PRIVATE KEY", sequence(tlv(2, b"\x00"), sequence(tlv(6, _OIDS[name])), tlv(4, raw)))


def load_public_key(pem: bytes, *, at: datetime) -> PublicWrapKey:
    """Read a public key, or the key of a certificate.

    Args:
        pem: a PEM block, `PUBLIC KEY` or `CERTIFICATE`; of a chain of certificates the first is meant.
        at: a certificate must be valid at this instant (aware); nothing else of it is checked.

    Raises:
        UsageError: not such a file, a kind of key that cannot wrap, or a certificate not valid then.
    """
    name, der = _unarmour(pem)
    try:
        if name == "CERTIFICATE":
            certificate = x509.load_der_x509_certificate(der)
            if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
                first, last = certificate.not_valid_before_utc.isoformat(), certificate.not_valid_after_utc.isoformat()
                raise UsageError(f"the certificate is not valid at {at.isoformat()}, but from {first} to {last}")
            key: object = certificate.public_key()
        elif name == "PUBLIC KEY":
            key = _hybrid_public(der) or serialization.load_der_public_key(der)
        else:
            raise UsageError(f"the PEM block is `{name}` where a public key is needed", hint=f"give {_KINDS}")
        if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | XWingPublicKey | CompositePublicKey):
            raise ValueError("a key of this kind cannot wrap")
        kind(key)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"the public key cannot be used: {error}", hint=f"give {_KINDS}") from error
    return key


def load_private_key(pem: bytes, passphrase: bytes | None = None) -> PrivateKey:
    """Read a private key.

    Args:
        pem: a PEM block, `PRIVATE KEY`, `EC PRIVATE KEY` or `RSA PRIVATE KEY`, or an encrypted one.
        passphrase: opens an encrypted key.

    Raises:
        EncryptedKeyError: it is encrypted, and there is no passphrase.
        UsageError: not such a file, or a kind of key that cannot unwrap. The error carries nothing of the key.
    """
    name, der = _unarmour(pem)
    sealed, plain_name = name.startswith("ENCRYPTED "), name.removeprefix("ENCRYPTED ")
    if plain_name not in ("PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"):
        raise UsageError(f"the PEM block is `{name}` where a private key is needed", hint=f"give {_KINDS}")
    if sealed and passphrase is None:
        raise EncryptedKeyError(
            "the private key is encrypted", hint="set GSOMIA_PASSPHRASE_FILE to a file that holds its passphrase"
        )
    try:
        if sealed:
            key: object = _decrypted(pem, passphrase)
        else:
            key = _hybrid_private(der) or serialization.load_der_private_key(der, None)
        if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | XWingPrivateKey | CompositePrivateKey):
            raise ValueError("a key of this kind cannot unwrap")
        kind(key)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UsageError("the private key cannot be used", hint=f"give {_KINDS}") from None
    return key


def _decrypted(pem: bytes, passphrase: bytes | None) -> object:
    try:
        return serialization.load_pem_private_key(pem, passphrase)
    except ValueError:
        raise UsageError(
            "the passphrase does not open the private key", hint="or the key is of a kind that cannot unwrap"
        ) from None


def _hybrid_public(der: bytes) -> XWingPublicKey | CompositePublicKey | None:
    try:
        algorithm, bits = read_sequence(der, (_sequence, _bits))
        (oid,) = read_sequence(tlv(SEQUENCE, algorithm), (_oid,))
    except ValueError:
        return None  # an algorithm with parameters: one of the kinds that `cryptography` reads
    name = _NAMES.get(oid)
    if name is None:
        return None
    if bits[:1] != b"\x00":
        raise ValueError("a key is a whole number of bytes")
    return XWingPublicKey(bits[1:]) if name == "xwing" else CompositePublicKey(name, bits[1:])


def _hybrid_private(der: bytes) -> XWingPrivateKey | CompositePrivateKey | None:
    try:
        version, algorithm, raw = read_sequence(der, (_integer, _sequence, _octets))
        (oid,) = read_sequence(tlv(SEQUENCE, algorithm), (_oid,))
    except ValueError:
        return None
    name = _NAMES.get(oid)
    if name is None:
        return None
    if version != b"\x00":
        raise ValueError("another version of PKCS#8")
    if name == "xwing":
        return XWingPrivateKey(raw)
    curve = serialization.load_der_private_key(raw[64:], None)
    if not isinstance(curve, ec.EllipticCurvePrivateKey):
        raise ValueError("the curve's half is no such key")
    return CompositePrivateKey(name, raw[:64], curve)


def _sequence(data: bytes) -> tuple[bytes, bytes]:
    return read_tlv(data, SEQUENCE)


def _integer(data: bytes) -> tuple[bytes, bytes]:
    return read_tlv(data, 2)


def _bits(data: bytes) -> tuple[bytes, bytes]:
    return read_tlv(data, 3)


def _octets(data: bytes) -> tuple[bytes, bytes]:
    return read_tlv(data, 4)


def _oid(data: bytes) -> tuple[bytes, bytes]:
    return read_tlv(data, 6)
