"""How the tests make sealed items; a plain module, so that vectors and benchmarks can use it too."""

from __future__ import annotations

import functools
import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gsomia.keys import SigningKey, sign
from gsomia.sealed import (
    PROVENANCE_TYPE,
    Assertion,
    CompositePrivateKey,
    Identity,
    Policy,
    PrivateKey,
    PublicWrapKey,
    Recipient,
    SealedInfo,
    XWingPrivateKey,
    label,
    load_private_key,
    provenance,
    provenance_assertion,
    seal,
)

ITEM = "8c1b4f0e-3a52-4b6e-9d33-6f1d1f6f2a11"
URL = "https://node.kor.example"
LABEL: dict[str, Any] = {
    "ocl": {"pol": "2ccf11cb-6c9a-4e49-9746-a7f0a295945d", "cls": "SECRET", "dcr": "2016-11-23T00:00:00Z"},
    "context": {"@base": "urn:nato:stanag:5636:A:1:elements:json"},
}
POLICY = Policy(uuid=ITEM, data_attributes=("https://gsomia.example/attr/level/value/secret",))
VECTORS = Path(__file__).parents[2] / "vectors"


@functools.cache
def golden_key() -> PrivateKey:
    """The published RSA key of OpenTDF's golden files."""
    entry = json.loads((VECTORS / "tdf" / "extra-keys.json").read_text())[0]
    return load_private_key(entry["privateKey"].encode())


def drawn(name: str, size: int) -> bytes:
    """Bytes that are the same each time, for keys that are worth nothing."""
    return hashlib.shake_256(f"gsomia test key {name}".encode()).digest(size)


def _curve_key(curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
    # One byte less than the order has, so that it is below it.
    return ec.derive_private_key(int.from_bytes(drawn(curve.name, (curve.key_size - 1) // 8), "big"), curve)


@functools.cache
def private_keys() -> dict[str, PrivateKey]:
    """One private key of each kind, by OpenTDF's name for it; each made from a seed, so that vectors can be remade."""
    p256, p384 = ec.SECP256R1(), ec.SECP384R1()
    return {
        "rsa:2048": golden_key(),
        "ec:secp256r1": _curve_key(p256),
        "ec:secp384r1": _curve_key(p384),
        "ec:secp521r1": _curve_key(ec.SECP521R1()),
        "hpqt:xwing": XWingPrivateKey(drawn("x-wing", 32)),
        "hpqt:secp256r1-mlkem768": CompositePrivateKey("secp256r1-mlkem768", drawn("768", 64), _curve_key(p256)),
        "hpqt:secp384r1-mlkem1024": CompositePrivateKey("secp384r1-mlkem1024", drawn("1024", 64), _curve_key(p384)),
    }


@functools.cache
def originator() -> SigningKey:
    """The originating node's signing key."""
    return SigningKey(drawn("originator", 64))


STRANGER = SigningKey(drawn("stranger", 64))
"""A signing key that is nobody's."""


def public(key: PrivateKey) -> PublicWrapKey:
    """The public half of any private key."""
    if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        return key.public_key()
    return key.public


def recipient(key: PrivateKey, *, kid: str = "k1", sid: str = "") -> Recipient:
    """A recipient who holds this private key."""
    return Recipient(kid=kid, url=URL, key=public(key), sid=sid)


def identity(key: PrivateKey, *, kid: str = "k1") -> Identity:
    """The identity that opens what `recipient` of the same key and name can open."""
    return Identity(kid=kid, key=key)


def sealed(
    plain: bytes,
    recipients: Sequence[Recipient],
    *,
    originator: SigningKey | None = None,
    item: str = ITEM,
    segment_bytes: int = 1024,
    assertions: Sequence[Assertion] = (),
    exercise: bool = True,
) -> tuple[bytes, SealedInfo]:
    """A sealed item of many small segments, with label, and with provenance when there is an originator."""
    policy = Policy(uuid=item, data_attributes=POLICY.data_attributes)

    def stated(payload_digest: bytes, core_digest: bytes) -> Assertion:
        assert originator is not None
        statement = provenance(
            item=item,
            label=LABEL,
            policy=policy,
            payload_digest=payload_digest,
            core_digest=core_digest,
            exercise=exercise,
        )
        return provenance_assertion(sign(statement, PROVENANCE_TYPE, [originator]))

    sink = io.BytesIO()
    info = seal(
        io.BytesIO(plain),
        sink,
        recipients=recipients,
        policy=policy,
        mime_type="text/plain",
        assertions=[label(LABEL), *assertions],
        provenance=stated if originator is not None else None,
        segment_bytes=segment_bytes,
    )
    return sink.getvalue(), info
