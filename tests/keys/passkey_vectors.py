"""Makes vectors/passkey: `python tests/keys/passkey_vectors.py`. ECDSA signs by chance, so each run differs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from authenticator import BE, UP, UV, Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gsomia.keys import b64, canonical, pae
from gsomia.passkeys import Assertion

FILE = Path(__file__).parents[2] / "vectors" / "passkey" / "passkeys.json"
BATCH = pae("application/vnd.gsomia.acts.v1+json", canonical({"v": 1, "root": b64(bytes(range(32))), "size": 1}))


def devices() -> dict[str, Authenticator]:
    """One of each algorithm; the private keys are no secret."""
    return {
        "ES256": Authenticator("ES256", key=ec.derive_private_key(7, ec.SECP256R1())),
        "EdDSA": Authenticator("EdDSA", key=Ed25519PrivateKey.from_private_bytes(bytes(range(32)))),
    }


def cases(one: Authenticator) -> Iterator[tuple[str, Assertion, str]]:
    """Assertions over `BATCH`: what it is, and why it does not hold, or ""."""
    good = one.assertion(BATCH)
    yield "holds", good, ""
    yield "more members", one.assertion(BATCH, more_may_stand_here=True), ""
    yield "another batch", one.assertion(BATCH + b" "), "challenge"
    yield "another type", one.assertion(BATCH, type="webauthn.create"), "type"
    yield "another origin", one.assertion(BATCH, origin="https://node.example"), "origin"
    yield "across origins", one.assertion(BATCH, crossOrigin=True), "page within a page"
    yield "another relying party", one.assertion(BATCH, rp="example"), "relying party"
    yield "nobody present", one.assertion(BATCH, flags=UV), "UP"
    yield "nobody verified", one.assertion(BATCH, flags=UP), "UV"
    yield "may be copied", one.assertion(BATCH, flags=UP | UV | BE), "BE"
    yield "more bytes", one.assertion(BATCH, more=b"\x00"), "37 bytes"
    counter = good.authenticator_data[:-1] + bytes([good.authenticator_data[-1] ^ 1])
    yield "another counter", replace(good, authenticator_data=counter), "does not hold"
    half = bytearray(good.signature)
    half[20] ^= 1
    yield "another signature", replace(good, signature=bytes(half)), "does not hold"


def vectors() -> dict[str, Any]:
    """The file's contents."""
    made = devices()
    return {
        "keys": {name: one.public.to_json() for name, one in made.items()},
        "fingerprints": {name: one.public.fingerprint for name, one in made.items()},
        "cases": [
            {
                "name": f"{name}: {what}",
                "key": name,
                "signed": BATCH.hex(),
                "sig": assertion.to_bytes().decode(),
                "holds": not why,
                "why": why,
            }
            for name, one in made.items()
            for what, assertion, why in cases(one)
        ],
    }


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(vectors(), indent=1) + "\n", encoding="utf-8")
