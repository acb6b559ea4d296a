"""Who may open: recipients' public keys, readers' private keys, and the wrapping of a key share from one to the other.

OpenTDF's three kinds of key access object: `wrapped` (RSA), `ec-wrapped` (NIST curves) and `hybrid-wrapped` (X-Wing, or
ML-KEM with a NIST curve). Between gsomia nodes the kind is X-Wing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gsomia.sealed.der import octets, read_octets, read_sequence, sequence
from gsomia.sealed.kem import CompositePrivateKey, CompositePublicKey, XWingPrivateKey, XWingPublicKey

__all__ = [
    "CURVES",
    "Encapsulation",
    "Identity",
    "PrivateKey",
    "PublicWrapKey",
    "Recipient",
    "check_wrapped",
    "kind",
    "unwrap",
    "wrap",
]

PublicWrapKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | XWingPublicKey | CompositePublicKey
"""Any public key that a share can be wrapped to."""

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | XWingPrivateKey | CompositePrivateKey
"""Any private key that can unwrap a share."""

CURVES: Final = ("secp256r1", "secp384r1", "secp521r1")
SHARE_BYTES: Final = 32
_SEALED_BYTES: Final = 12 + SHARE_BYTES + 16
MIN_RSA_BITS: Final = 2048
MAX_RSA_BITS: Final = 8192

_SALT: Final = hashlib.sha256(b"TDF").digest()
# OpenTDF's `wrapped` is OAEP with SHA-1 in every published file; OAEP does not rest on collision resistance.
_OAEP: Final = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 - OpenTDF asks for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One who shall be able to open an item, or to open one share of it.

    Args:
        kid: the key's name in the key access object; for X-Wing and composite keys their `kid`.
        url: the key service or node that holds the private key.
        key: its public key.
        sid: names the share. Recipients with the same `sid` hold the same share (any one of them suffices); every
            `sid` is needed to open. One share for all, the ordinary case, is "".

    Raises:
        ValueError: a key of a kind, curve or size that is not supported.
    """

    kid: str
    url: str
    key: PublicWrapKey
    sid: str = ""

    def __post_init__(self) -> None:
        kind(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A private key with which to open items; it is never shown or pickled.

    Args:
        kid: opens the key access objects that name this key; "" tries every one of the key's kind.
        key: the private key.

    Raises:
        ValueError: a key of a kind, curve or size that is not supported.
    """

    kid: str
    key: PrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        kind(self.key)

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a private key is not pickled")


def kind(key: PublicWrapKey | PrivateKey) -> str:
    """The key access type that a key wraps or unwraps: `wrapped`, `ec-wrapped` or `hybrid-wrapped`.

    Raises:
        ValueError: a key of a kind, curve or size that is not supported.
    """
    if isinstance(key, XWingPublicKey | XWingPrivateKey | CompositePublicKey | CompositePrivateKey):
        return "hybrid-wrapped"
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        if key.curve.name not in CURVES:
            raise ValueError(f"curve `{key.curve.name}` is not supported; supported are {', '.join(CURVES)}")
        return "ec-wrapped"
    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
            raise ValueError(f"an RSA key has {MIN_RSA_BITS} to {MAX_RSA_BITS} bits, not {key.key_size}")
        return "wrapped"
    raise ValueError(f"a key of type {type(key).__name__} cannot wrap or unwrap")


def _derive(secret: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=hashes.SHA256(), length=32, salt=_SALT, info=b"").derive(secret))


def _seal_share(cipher: AESGCM, share: bytes) -> bytes:
    # The cipher's key is fresh for each encapsulation; a random nonce is what others write, and lets it wrap several.
    nonce = AESGCM.generate_key(128)[:12]
    return nonce + cipher.encrypt(nonce, share, None)


def _hybrid_cipher(key: PublicWrapKey | PrivateKey, secret: bytes) -> AESGCM:
    # OpenTDF puts HKDF after X-Wing and nothing after the composites, whose combiner already ends in SHA3-256.
    return _derive(secret) if isinstance(key, XWingPublicKey | XWingPrivateKey) else AESGCM(secret)


def wrap(share: bytes, key: PublicWrapKey) -> tuple[bytes, str]:
    """Encrypt one share of a payload key to a public key.

    Args:
        share: 32 bytes.
        key: the recipient's public key.

    Returns:
        The wrapped share, and the ephemeral public key in PEM ("" except for `ec-wrapped`).
    """
    return Encapsulation(key).wrap(share)


class Encapsulation:
    """One encapsulation to a public key, under which several shares go to its holder at once; never shown or pickled.

    A hybrid key's encapsulation costs more than all else of a wrapping. Each share has a random nonce of 96 bits under
    the one derived key, so a few hundred shares are far from where nonces meet (NIST SP 800-38D, section 8.3).

    Args:
        key: the recipient's public key.
    """

    __slots__ = ("_cipher", "_ciphertext", "_ephemeral", "_key")

    def __init__(self, key: PublicWrapKey) -> None:
        self._key = key
        self._ciphertext = b""
        self._ephemeral = ""
        self._cipher: AESGCM | None = None
        if isinstance(key, XWingPublicKey | CompositePublicKey):
            secret, self._ciphertext = key.encapsulate()
            self._cipher = _hybrid_cipher(key, secret)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            ephemeral = ec.generate_private_key(key.curve)
            self._cipher = _derive(ephemeral.exchange(ec.ECDH(), key))
            self._ephemeral = _public_pem(ephemeral.public_key())

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("an encapsulation is not pickled")

    def wrap(self, share: bytes) -> tuple[bytes, str]:
        """Encrypt one share; as `wrap`."""
        if isinstance(self._key, rsa.RSAPublicKey):
            return self._key.encrypt(share, _OAEP), ""
        assert self._cipher is not None  # every other kind of key has one
        sealed = _seal_share(self._cipher, share)
        return (sequence(octets(0, self._ciphertext), octets(1, sealed)) if self._ciphertext else sealed), (
            self._ephemeral
        )


def unwrap(wrapped: bytes, ephemeral_public_key: str, key: PrivateKey) -> bytes:
    """Decrypt what `wrap` made.

    Args:
        wrapped: the wrapped share.
        ephemeral_public_key: PEM for `ec-wrapped`, otherwise "".
        key: the private key.

    Returns:
        32 bytes. Whether they are the share that the policy is bound to is for the caller to check.

    Raises:
        ValueError: not wrapped to this key, or altered.
    """
    try:
        if isinstance(key, XWingPrivateKey | CompositePrivateKey):
            ciphertext, sealed = read_sequence(wrapped, (read_octets(0), read_octets(1)))
            share = _open_share(_hybrid_cipher(key, key.decapsulate(ciphertext)), sealed)
        elif isinstance(key, ec.EllipticCurvePrivateKey):
            share = _open_share(_derive(key.exchange(ec.ECDH(), _ephemeral(ephemeral_public_key, key))), wrapped)
        else:
            share = key.decrypt(wrapped, _OAEP)
    except InvalidTag as error:
        raise ValueError("the key share is not wrapped to this key, or was altered") from error
    if len(share) != SHARE_BYTES:
        raise ValueError(f"a key share is {SHARE_BYTES} bytes")
    return share


_HYBRID_BYTES: Final = (1120, 1153, 1665)
"""Lengths of a KEM's ciphertext: X-Wing, ML-KEM-768 with P-256, ML-KEM-1024 with P-384."""


def check_wrapped(kind: str, wrapped: bytes, ephemeral_public_key: str) -> None:
    """Check, without a private key, that a wrapped share has the form that `wrap` gives it.

    Args:
        kind: the key access type.
        wrapped, ephemeral_public_key: as `wrap` returns them.

    Raises:
        ValueError: it has not.
    """
    if kind == "wrapped":
        if not MIN_RSA_BITS <= 8 * len(wrapped) <= MAX_RSA_BITS:
            raise ValueError("a share wrapped by RSA is as long as the key's modulus")
    elif kind == "hybrid-wrapped":
        ciphertext, wrapped = read_sequence(wrapped, (read_octets(0), read_octets(1)))
        if len(ciphertext) not in _HYBRID_BYTES:
            raise ValueError("a KEM's ciphertext is of another length")
    if kind != "wrapped" and len(wrapped) != _SEALED_BYTES:
        raise ValueError(f"a sealed key share is {_SEALED_BYTES} bytes")
    if (kind == "ec-wrapped") is not bool(ephemeral_public_key):
        raise ValueError("an ephemeral public key belongs to `ec-wrapped` alone")
    if ephemeral_public_key:
        key = _read_public(ephemeral_public_key)
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in CURVES:
            raise ValueError("the ephemeral public key is on no known curve")
        if _public_pem(key) != ephemeral_public_key:
            raise ValueError("the ephemeral public key is not in its one form")


def _open_share(cipher: AESGCM, sealed: bytes) -> bytes:
    if len(sealed) != _SEALED_BYTES:
        raise ValueError(f"a sealed key share is {_SEALED_BYTES} bytes")
    return cipher.decrypt(sealed[:12], sealed[12:], None)


def _ephemeral(pem: str, key: ec.EllipticCurvePrivateKey) -> ec.EllipticCurvePublicKey:
    ephemeral = _read_public(pem)
    if not isinstance(ephemeral, ec.EllipticCurvePublicKey) or ephemeral.curve.name != key.curve.name:
        raise ValueError("the ephemeral public key is not on the private key's curve")
    return ephemeral


@lru_cache(maxsize=256)
def _read_public(pem: str) -> object:
    # An item that is opened often brings the same point each time, and reading one costs a quarter of the exchange.
    return serialization.load_pem_public_key(pem.encode())


def _public_pem(key: ec.EllipticCurvePublicKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(encoding, form).decode("ascii")
