"""Hybrid key encapsulation: X-Wing, and ML-KEM with a NIST curve.

Whoever would open what is wrapped with these must break both halves: the curve, and ML-KEM (FIPS 203), which is there
for the years a secret is kept. The curve and ML-KEM are `cryptography`'s; here are only the two published combiners.

    >>> key = XWingPrivateKey.generate()
    >>> secret, ciphertext = key.public.encapsulate()
    >>> key.decapsulate(ciphertext) == secret
    True
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.mlkem import (
    MLKEM768PrivateKey,
    MLKEM768PublicKey,
    MLKEM1024PrivateKey,
    MLKEM1024PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["CompositePrivateKey", "CompositePublicKey", "XWingPrivateKey", "XWingPublicKey"]

XWING_LABEL: Final = b"\\.//^\\"
"""The combiner's label (draft-connolly-cfrg-xwing-kem, section 5.3)."""

_MLKEM768_PUBLIC: Final = 1184
_MLKEM768_CIPHERTEXT: Final = 1088
_MLKEM_SEED: Final = 64


def _xwing_combine(ml_kem: bytes, x25519: bytes, ciphertext: bytes, public: bytes) -> bytes:
    return hashlib.sha3_256(ml_kem + x25519 + ciphertext + public + XWING_LABEL).digest()


@dataclass(frozen=True, slots=True)
class XWingPublicKey:
    """An X-Wing public key: 1184 bytes of ML-KEM-768, then 32 of X25519.

    Args:
        raw: the 1216 bytes.

    Raises:
        ValueError: another length, or bytes that are no key.
    """

    raw: bytes
    _ml_kem: MLKEM768PublicKey = field(init=False, repr=False, compare=False)
    _x25519: X25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.raw) != _MLKEM768_PUBLIC + 32:
            raise ValueError("an X-Wing public key is 1216 bytes")
        object.__setattr__(self, "_ml_kem", MLKEM768PublicKey.from_public_bytes(self.raw[:_MLKEM768_PUBLIC]))
        object.__setattr__(self, "_x25519", X25519PublicKey.from_public_bytes(self.raw[_MLKEM768_PUBLIC:]))

    def __reduce__(self) -> tuple[type[XWingPublicKey], tuple[bytes]]:
        return (XWingPublicKey, (self.raw,))

    @classmethod
    def from_bytes(cls, raw: bytes) -> XWingPublicKey:
        """Read the 1216 bytes."""
        return cls(raw)

    def to_bytes(self) -> bytes:
        """The 1216 bytes."""
        return self.raw

    @property
    def kid(self) -> str:
        """The key's fingerprint, SHA-256 in hexadecimal: its name in key access objects."""
        return hashlib.sha256(b"gsomia wrap key v1\n" + self.raw).hexdigest()

    def encapsulate(self) -> tuple[bytes, bytes]:
        """A fresh shared secret of 32 bytes, and the 1120 bytes that let the private key find it again."""
        ml_kem, ml_kem_ciphertext = self._ml_kem.encapsulate()
        ephemeral = X25519PrivateKey.generate()
        point = ephemeral.public_key().public_bytes_raw()
        x25519 = ephemeral.exchange(self._x25519)
        return _xwing_combine(ml_kem, x25519, point, self.raw[_MLKEM768_PUBLIC:]), ml_kem_ciphertext + point


class XWingPrivateKey:
    """An X-Wing private key; its seed is never shown, pickled or logged.

    No dataclass, so that nothing that shows a dataclass field by field shows the seed.

    Args:
        seed: 32 bytes from a good source of chance (`XWingPrivateKey.generate()` makes them).

    Raises:
        ValueError: another length.
    """

    __slots__ = ("_ml_kem", "_x25519", "public", "seed")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise ValueError("an X-Wing private key's seed is 32 bytes")
        expanded = hashlib.shake_256(seed).digest(96)
        self.seed = seed
        self._ml_kem = MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED])
        self._x25519 = X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED:])
        ml_kem, x25519 = self._ml_kem.public_key(), self._x25519.public_key()
        self.public = XWingPublicKey(ml_kem.public_bytes_raw() + x25519.public_bytes_raw())

    def __repr__(self) -> str:
        return f"XWingPrivateKey(public={self.public!r})"

    def __eq__(self, other: object) -> bool:
        return self.public == other.public if isinstance(other, XWingPrivateKey) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.public)

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a private key is not pickled")

    @classmethod
    def generate(cls) -> XWingPrivateKey:
        """A new key from the crypto library's own source of chance."""
        return cls(AESGCM.generate_key(256))

    @classmethod
    def from_bytes(cls, seed: bytes) -> XWingPrivateKey:
        """Read the 32 bytes of the seed."""
        return cls(seed)

    def to_bytes(self) -> bytes:
        """The 32 bytes of the seed, for the key store alone."""
        return self.seed

    @property
    def kid(self) -> str:
        """The public key's fingerprint."""
        return self.public.kid

    def decapsulate(self, ciphertext: bytes) -> bytes:
        """The shared secret of an encapsulation to this key; for any other 1120 bytes an unrelated one (FIPS 203).

        Raises:
            ValueError: another length, or a curve point that gives nothing.
        """
        if len(ciphertext) != _MLKEM768_CIPHERTEXT + 32:
            raise ValueError("an X-Wing ciphertext is 1120 bytes")
        point = ciphertext[_MLKEM768_CIPHERTEXT:]
        ml_kem = self._ml_kem.decapsulate(ciphertext[:_MLKEM768_CIPHERTEXT])
        x25519 = self._x25519.exchange(X25519PublicKey.from_public_bytes(point))
        return _xwing_combine(ml_kem, x25519, point, self.public.raw[_MLKEM768_PUBLIC:])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Composite:
    """The sizes and names of one composite of draft-ietf-lamps-pq-composite-kem-14, section 6."""

    name: str
    label: bytes
    curve: ec.EllipticCurve
    point_bytes: int
    ml_kem_public: int
    ml_kem_ciphertext: int
    public_class: type[MLKEM768PublicKey] | type[MLKEM1024PublicKey]
    private_class: type[MLKEM768PrivateKey] | type[MLKEM1024PrivateKey]


COMPOSITES: Final = {
    scheme.name: scheme
    for scheme in (
        _Composite(
            name="secp256r1-mlkem768",
            label=b"MLKEM768-P256",
            curve=ec.SECP256R1(),
            point_bytes=65,
            ml_kem_public=1184,
            ml_kem_ciphertext=1088,
            public_class=MLKEM768PublicKey,
            private_class=MLKEM768PrivateKey,
        ),
        _Composite(
            name="secp384r1-mlkem1024",
            label=b"MLKEM1024-P384",
            curve=ec.SECP384R1(),
            point_bytes=97,
            ml_kem_public=1568,
            ml_kem_ciphertext=1568,
            public_class=MLKEM1024PublicKey,
            private_class=MLKEM1024PrivateKey,
        ),
    )
}
"""The composites by OpenTDF's name without `hpqt:`."""


def _scheme(name: str) -> _Composite:
    if name not in COMPOSITES:
        raise ValueError(f"unknown composite `{name}`; known are {', '.join(COMPOSITES)}")
    return COMPOSITES[name]


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


@dataclass(frozen=True, slots=True)
class CompositePublicKey:
    """An ML-KEM public key, then an uncompressed point of a NIST curve (composite draft, section 4.1).

    Args:
        name: `secp384r1-mlkem1024` or `secp256r1-mlkem768`.
        raw: 1665 or 1249 bytes.

    Raises:
        ValueError: an unknown name, another length, or bytes that are no key.
    """

    name: str
    raw: bytes
    _ml_kem: MLKEM768PublicKey | MLKEM1024PublicKey = field(init=False, repr=False, compare=False)
    _curve: ec.EllipticCurvePublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        scheme = _scheme(self.name)
        if len(self.raw) != scheme.ml_kem_public + scheme.point_bytes:
            raise ValueError(f"a {self.name} public key is {scheme.ml_kem_public + scheme.point_bytes} bytes")
        ml_kem, point = self.raw[: scheme.ml_kem_public], self.raw[scheme.ml_kem_public :]
        object.__setattr__(self, "_ml_kem", scheme.public_class.from_public_bytes(ml_kem))
        curve = ec.EllipticCurvePublicKey.from_encoded_point(scheme.curve, point)
        object.__setattr__(self, "_curve", curve)

    def __reduce__(self) -> tuple[type[CompositePublicKey], tuple[str, bytes]]:
        return (CompositePublicKey, (self.name, self.raw))

    @property
    def kid(self) -> str:
        """The key's fingerprint, SHA-256 in hexadecimal."""
        return hashlib.sha256(b"gsomia wrap key v1\n" + self.raw).hexdigest()

    def encapsulate(self) -> tuple[bytes, bytes]:
        """A fresh shared secret of 32 bytes, and the ciphertext that lets the private key find it again."""
        scheme = _scheme(self.name)
        ml_kem, ml_kem_ciphertext = self._ml_kem.encapsulate()
        ephemeral = ec.generate_private_key(scheme.curve)
        agreed = ephemeral.exchange(ec.ECDH(), self._curve)
        point = _point(ephemeral.public_key())
        secret = _composite_combine(scheme, ml_kem, agreed, point, self.raw[scheme.ml_kem_public :])
        return secret, ml_kem_ciphertext + point


def _composite_combine(scheme: _Composite, ml_kem: bytes, agreed: bytes, ciphertext: bytes, public: bytes) -> bytes:
    return hashlib.sha3_256(ml_kem + agreed + ciphertext + public + scheme.label).digest()


class CompositePrivateKey:
    """A composite private key; neither half is ever shown, pickled or logged (no dataclass, as `XWingPrivateKey`).

    Args:
        name: as for `CompositePublicKey`.
        seed: 64 bytes of ML-KEM seed (FIPS 203, `d` then `z`).
        curve: the private key on the scheme's curve.

    Raises:
        ValueError: an unknown name, another length, or a key on another curve.
    """

    __slots__ = ("_ml_kem", "curve", "name", "public", "seed")

    def __init__(self, name: str, seed: bytes, curve: ec.EllipticCurvePrivateKey) -> None:
        scheme = _scheme(name)
        if len(seed) != _MLKEM_SEED or curve.curve.name != scheme.curve.name:
            raise ValueError(f"a {name} private key is a 64-byte seed and a key on {scheme.curve.name}")
        self.name, self.seed, self.curve = name, seed, curve
        self._ml_kem: MLKEM768PrivateKey | MLKEM1024PrivateKey = scheme.private_class.from_seed_bytes(seed)
        raw = self._ml_kem.public_key().public_bytes_raw() + _point(curve.public_key())
        self.public = CompositePublicKey(name, raw)

    def __repr__(self) -> str:
        return f"CompositePrivateKey(public={self.public!r})"

    def __eq__(self, other: object) -> bool:
        return self.public == other.public if isinstance(other, CompositePrivateKey) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.public)

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a private key is not pickled")

    @classmethod
    def generate(cls, name: str) -> CompositePrivateKey:
        """A new key from the crypto library's own source of chance."""
        scheme = _scheme(name)
        seed = scheme.private_class.generate().private_bytes_raw()
        return cls(name, seed, ec.generate_private_key(scheme.curve))

    @property
    def kid(self) -> str:
        """The public key's fingerprint."""
        return self.public.kid

    def decapsulate(self, ciphertext: bytes) -> bytes:
        """The shared secret of an encapsulation to this key.

        Raises:
            ValueError: another length, or a point that is not on the curve.
        """
        scheme = _scheme(self.name)
        if len(ciphertext) != scheme.ml_kem_ciphertext + scheme.point_bytes:
            raise ValueError(f"a {self.name} ciphertext is {scheme.ml_kem_ciphertext + scheme.point_bytes} bytes")
        point = ciphertext[scheme.ml_kem_ciphertext :]
        ml_kem = self._ml_kem.decapsulate(ciphertext[: scheme.ml_kem_ciphertext])
        ephemeral = ec.EllipticCurvePublicKey.from_encoded_point(scheme.curve, point)
        agreed = self.curve.exchange(ec.ECDH(), ephemeral)
        return _composite_combine(scheme, ml_kem, agreed, point, self.public.raw[scheme.ml_kem_public :])
