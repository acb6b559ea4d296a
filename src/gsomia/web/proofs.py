"""Proof that who shows a token holds its key: DPoP (RFC 9449), ES256 and Ed25519."""

from __future__ import annotations

import binascii
import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from gsomia.errors import SignatureError

__all__ = ["PROOF_AGE", "Proof", "check_proof", "make_proof", "public_jwk", "thumbprint", "token_digest"]

PROOF_AGE = timedelta(seconds=60)
"""A proof is good so long before and after the instant it names; its `jti` is kept for twice as long."""

_MOST = 4096
_ENCODED = re.compile("%([0-9A-Fa-f]{2})")
_UNRESERVED = re.compile("[A-Za-z0-9._~-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A proof that holds: the thumbprint of its key (RFC 7638), and the name under which it is used once."""

    thumbprint: str
    jti: str


def _b64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _unb64url(text: object) -> bytes:
    if not isinstance(text, str) or "=" in text:
        raise ValueError("base64url without padding was expected")
    data = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if _b64url(data) != text:
        raise ValueError("not the one spelling of its bytes")
    return data


def token_digest(token: str) -> str:
    """The hash of a token that a proof names (`ath`), and under which the token is kept."""
    return _b64url(hashlib.sha256(token.encode()).digest())


_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}


def thumbprint(jwk: Any) -> str:
    """The SHA-256 thumbprint of a public key (RFC 7638; RFC 8037 for Ed25519).

    Raises:
        SignatureError: no public key of a kind that is taken.
    """
    try:
        _public(jwk)
        chosen = {name: jwk[name] for name in _MEMBERS[jwk["kty"]]}
    except (KeyError, TypeError, ValueError) as error:
        raise SignatureError(f"not a key that is taken: {error}") from error
    return _b64url(hashlib.sha256(json.dumps(chosen, sort_keys=True, separators=(",", ":")).encode()).digest())


def _public(jwk: Any) -> Any:
    """The key of a JWK: P-256 or Ed25519, public."""
    if not isinstance(jwk, dict) or "d" in jwk:
        raise ValueError("a public JWK was expected")
    kind = (jwk.get("kty"), jwk.get("crv"))
    if kind == ("EC", "P-256"):
        x, y = _unb64url(jwk.get("x")), _unb64url(jwk.get("y"))
        if len(x) != 32 or len(y) != 32:
            raise ValueError("the coordinates of P-256 have 32 bytes")
        numbers = EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), SECP256R1())
        return numbers.public_key()
    if kind == ("OKP", "Ed25519"):
        return Ed25519PublicKey.from_public_bytes(_unb64url(jwk.get("x")))
    raise ValueError("ES256 (P-256) and EdDSA (Ed25519) are taken")


def check_proof(proof: str, *, method: str, url: str, token: str, at: datetime) -> Proof:
    """Check a proof for one request (RFC 9449, section 4.3); whether its `jti` is new the caller asks.

    Args:
        proof: the value of the one `DPoP` header.
        method: of the request.
        url: of the request, as it was sent: percent-encoded.
        token: the access token that came with it; "" where it is still asked for.
        at: now.

    Raises:
        SignatureError: it does not hold; says why.
    """
    try:
        if len(proof) > _MOST:
            raise ValueError(f"a proof has at most {_MOST} characters")
        first, second, third = proof.split(".")
        header, claims, signature = json.loads(_unb64url(first)), json.loads(_unb64url(second)), _unb64url(third)
        if not isinstance(header, dict) or not isinstance(claims, dict):
            raise ValueError("header and claims are objects")
        if header.get("typ") != "dpop+jwt" or "crit" in header:
            raise ValueError("`typ` is `dpop+jwt`, and nothing in it is critical")
        key = _public(header.get("jwk"))
        _verify(key, header.get("alg"), signature, f"{first}.{second}".encode())
        due_claims = {"htm": method, "htu": url} | ({"ath": token_digest(token)} if token else {})
        for name, due in due_claims.items():
            said = claims.get(name)
            if name == "htu" and isinstance(said, str):
                said, due = _normal(said), _normal(due)
            if said != due:
                raise ValueError(f"`{name}` is not this request's")
        issued, jti = claims.get("iat"), claims.get("jti")
        if not isinstance(issued, int) or isinstance(issued, bool):
            raise ValueError("`iat` is a count of seconds")
        if abs(at.timestamp() - issued) > PROOF_AGE.total_seconds():
            raise ValueError("`iat` is too far from now")
        if not isinstance(jti, str) or not 16 <= len(jti) <= 128 or not (jti.isascii() and jti.isprintable()):
            raise ValueError("`jti` is a text of 16 to 128 printable ASCII characters")
    except (ValueError, binascii.Error, RecursionError, OverflowError) as error:
        raise SignatureError(f"the DPoP proof does not hold: {error}") from error
    return Proof(thumbprint=thumbprint(header["jwk"]), jti=jti)


def _normal(url: str) -> str:
    """A URL in one spelling, without query and fragment (RFC 3986, 6.2.2.1, 6.2.2.2, 6.2.3; RFC 9449, 4.3)."""

    def spelled(found: re.Match[str]) -> str:
        character = chr(int(found[1], 16))
        return character if _UNRESERVED.fullmatch(character) else found[0].upper()

    scheme, _, rest = re.split("[?#]", url, maxsplit=1)[0].partition("://")
    host, _, path = rest.partition("/")
    host = host.lower().removesuffix(":443" if scheme.lower() == "https" else ":80")
    return f"{scheme.lower()}://{host}/{_ENCODED.sub(spelled, path)}"


def _verify(key: Any, algorithm: object, signature: bytes, signed: bytes) -> None:
    try:
        if algorithm == "EdDSA" and isinstance(key, Ed25519PublicKey):
            key.verify(signature, signed)
            return
        if algorithm == "ES256" and not isinstance(key, Ed25519PublicKey) and len(signature) == 64:
            r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            key.verify(encode_dss_signature(r, s), signed, ECDSA(SHA256()))
            return
    except InvalidSignature:
        raise ValueError("its signature is another's") from None
    raise ValueError("its algorithm is not its key's")


def public_jwk(key: EllipticCurvePrivateKey) -> dict[str, str]:
    """The public half of a P-256 key as a JWK."""
    numbers = key.public_key().public_numbers()
    x, y = (_b64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def make_proof(key: EllipticCurvePrivateKey, *, method: str, url: str, token: str, at: datetime, jti: str) -> str:
    """A proof by a P-256 key for one request; the arguments are those of `check_proof`."""
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": public_jwk(key)}
    claims = {"htm": method, "htu": url, "iat": int(at.timestamp()), "jti": jti}
    if token:
        claims["ath"] = token_digest(token)
    signed = ".".join(_b64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    r, s = decode_dss_signature(key.sign(signed.encode(), ECDSA(SHA256())))
    return f"{signed}.{_b64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
