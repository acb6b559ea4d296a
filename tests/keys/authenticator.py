"""An authenticator in software: real registrations and assertions, honest or not, as a browser hands them on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from gsomia.passkeys import WEBAUTHN, Assertion, Passkey, b64url, challenge

RP = "node.example"
ORIGIN = "https://node.example:8443"
AAGUID = bytes(range(16))
UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80


def private_key(algorithm: str) -> ec.EllipticCurvePrivateKey | Ed25519PrivateKey:
    """A new private key: `ES256` or `EdDSA`."""
    return ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else Ed25519PrivateKey.generate()


def cose(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    """Its public half as a COSE key, in the canonical CBOR of CTAP2."""
    if isinstance(key, Ed25519PrivateKey):
        return bytes.fromhex("a4010103272006215820") + key.public_key().public_bytes_raw()
    numbers = key.public_key().public_numbers()
    x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
    return bytes.fromhex("a5010203262001215820") + x + bytes.fromhex("225820") + y


@dataclass(eq=False)
class Authenticator:
    """One passkey and the browser before it; it signs for a passkey as a `SigningKey` does for a pair."""

    algorithm: str = "ES256"
    rp: str = RP
    origins: tuple[str, ...] = (ORIGIN,)
    credential: bytes = b"a credential's id"
    counter: int = 0
    key: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.key = self.key or private_key(self.algorithm)

    @property
    def public(self) -> Passkey:
        """The passkey, as it is enrolled."""
        aaguid = "00010203-0405-0607-0809-0a0b0c0d0e0f"
        return Passkey(credential=self.credential, cose=cose(self.key), rp=self.rp, origins=self.origins, aaguid=aaguid)

    def sign(self, signed: bytes) -> dict[str, bytes]:
        """An assertion over these bytes, as it stands in an envelope."""
        return {WEBAUTHN: self.assertion(signed).to_bytes()}

    def assertion(
        self, signed: bytes, *, flags: int = UP | UV, rp: str = "", more: bytes = b"", **client: Any
    ) -> Assertion:
        """An assertion; what is named is said instead of the truth, and signed all the same."""
        self.counter += 1
        told = self.client_data("webauthn.get", signed, **client)
        data = self._data(flags, rp) + more
        text = data + hashlib.sha256(told).digest()
        honest = isinstance(self.key, Ed25519PrivateKey)
        made = self.key.sign(text) if honest else self.key.sign(text, ec.ECDSA(SHA256()))
        return Assertion(authenticator_data=data, client_data=told, signature=made)

    def response(self, signed: bytes) -> dict[str, Any]:
        """An assertion over these bytes, as a browser writes it in JSON."""
        return in_browser(self.assertion(signed))

    def registration(
        self, signed: bytes, *, flags: int = UP | UV | AT, rp: str = "", more: bytes = b"", **client: Any
    ) -> dict[str, str]:
        """The response of a registration, as a browser writes it in JSON."""
        told = self.client_data("webauthn.create", signed, **client)
        held = AAGUID + len(self.credential).to_bytes(2, "big") + self.credential + cose(self.key)
        data = self._data(flags, rp) + (held if flags & AT else b"") + more
        return {"clientDataJSON": b64url(told), "authenticatorData": b64url(data)}

    def client_data(self, kind: str, signed: bytes, raw: bytes = b"", **client: Any) -> bytes:
        """What the browser says."""
        told: Mapping[str, Any] = {
            "type": kind,
            "challenge": challenge(signed),
            "origin": self.origins[0],
            "crossOrigin": False,
            **client,
        }
        return raw or json.dumps(told, separators=(",", ":")).encode()

    def _data(self, flags: int, rp: str) -> bytes:
        return hashlib.sha256((rp or self.rp).encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")


def in_browser(made: Assertion) -> dict[str, str]:
    """The response of an assertion, as a browser writes it in JSON."""
    return {
        "authenticatorData": b64url(made.authenticator_data),
        "clientDataJSON": b64url(made.client_data),
        "signature": b64url(made.signature),
    }
