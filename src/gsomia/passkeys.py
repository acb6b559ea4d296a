"""Passkeys: the second kind of officer's key, and what it signs (WebAuthn Level 3; decision 0027).

A passkey's private half lies in an authenticator and signs an assertion: what the authenticator says of this one use,
and the SHA-256 of what the browser says, whose challenge is the SHA-256 of the bytes that an Ed25519 key would sign
there. An assertion is checked offline, by the enrolled key alone; nothing in it is read that is not checked.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from gsomia.errors import SignatureError
from gsomia.keys import PublicKey, Verifies, b64, canonical, pae, read_canonical, unb64

__all__ = [
    "WEBAUTHN",
    "Assertion",
    "Passkey",
    "b64url",
    "challenge",
    "enrolled_key",
    "introduced",
    "passkey_text",
    "registered",
    "registration_text",
    "unb64url",
]

WEBAUTHN: Final = "webauthn"
"""The algorithm's name beside a passkey's fingerprint in the `keyid` of a signature."""
REGISTRATION_TYPE: Final = "application/vnd.gsomia.passkey-registration.v1+json"
"""The DSSE payload type of what a passkey is registered for."""
PASSKEY_TYPE: Final = "application/vnd.gsomia.passkey.v1+json"
"""The DSSE payload type of what a passkey signs to show that its officer has it."""

CLIENT_DATA_BYTES: Final = 4096
"""The longest `clientDataJSON` that is read."""
CREDENTIAL_BYTES: Final = 1023
"""The longest credential id (WebAuthn, section 4, "Credential ID")."""
_ORIGINS: Final = 8

_USER_PRESENT, _USER_VERIFIED, _MAY_BE_COPIED, _WITH_CREDENTIAL, _WITH_EXTENSIONS = 0x01, 0x04, 0x08, 0x40, 0x80
"""The flags UP, UV, BE, AT and ED of the authenticator data (WebAuthn, section 6.1)."""
_AUTHENTICATOR_DATA: Final = 37
"""SHA-256 of the RP id, flags, counter (WebAuthn, section 6.1)."""

# The one form (CTAP2 canonical CBOR) of a COSE key for ES256 on P-256 and for EdDSA on Ed25519 (RFC 9053, sections 2.1,
# 2.2, 7.1, 7.2): kty, alg, crv, x and y; kty, alg, crv, x.
_ES256: Final = (bytes.fromhex("a5010203262001215820"), bytes.fromhex("225820"))
_EDDSA: Final = bytes.fromhex("a4010103272006215820")

_DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_AAGUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ORIGIN = re.compile(r"https://([a-z0-9.-]+)(?::([1-9][0-9]{0,4}))?")


def b64url(data: bytes) -> str:
    """Base64url without padding (RFC 4648, section 5), as WebAuthn writes bytes in JSON."""
    return urlsafe_b64encode(data).decode("ascii").rstrip("=")


def unb64url(text: object) -> bytes:
    """Read what `b64url` wrote, and no other spelling.

    Raises:
        ValueError: another form.
    """
    if not isinstance(text, str) or not text.isascii() or "=" in text:
        raise ValueError("not base64url without padding")
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64url(data) != text:
        raise ValueError("not the one base64url spelling of its bytes")
    return data


def challenge(signed: bytes) -> str:
    """The challenge of an assertion that signs these bytes: their SHA-256, base64url.

    Args:
        signed: what a key of the other kind would sign there: a pre-authentication encoding (DSSE 1.0.2, "PAE").
    """
    return b64url(hashlib.sha256(signed).digest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What an authenticator and a browser make of one use of a passkey; nothing of it is checked here.

    Args:
        authenticator_data: what the authenticator says.
        client_data: what the browser says, `clientDataJSON`.
        signature: over the first and the SHA-256 of the second.
    """

    authenticator_data: bytes
    client_data: bytes
    signature: bytes

    def to_bytes(self) -> bytes:
        """The assertion as the `sig` of a signature in an envelope: RFC 8785 JSON, base64 inside."""
        return canonical(
            {
                "authenticatorData": b64(self.authenticator_data),
                "clientDataJSON": b64(self.client_data),
                "signature": b64(self.signature),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Assertion:
        """Read what `to_bytes` wrote.

        Raises:
            ValueError: another form.
        """
        value = read_canonical(data)
        if not isinstance(value, dict) or set(value) != {"authenticatorData", "clientDataJSON", "signature"}:
            raise ValueError("an assertion has `authenticatorData`, `clientDataJSON` and `signature`")
        return cls(
            authenticator_data=unb64(value["authenticatorData"]),
            client_data=unb64(value["clientDataJSON"]),
            signature=unb64(value["signature"]),
        )

    @classmethod
    def from_browser(cls, value: Any) -> Assertion:
        """Read the `response` of an `AuthenticationResponseJSON` (WebAuthn, section 5.1.8), base64url inside.

        Raises:
            ValueError: another form.
        """
        if not isinstance(value, dict):
            raise ValueError("the response of an assertion is an object")
        return cls(
            authenticator_data=unb64url(value.get("authenticatorData")),
            client_data=unb64url(value.get("clientDataJSON")),
            signature=unb64url(value.get("signature")),
        )

    @property
    def counter(self) -> int:
        """How often the authenticator says it has signed; 0 from one that does not count."""
        return int.from_bytes(self.authenticator_data[33:37], "big")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """The public half of a passkey, with all that an assertion by it is held against.

    Args:
        credential: its id, 1 to 1023 bytes.
        cose: the public key, COSE (RFC 9053) in the canonical CBOR of CTAP2: ES256 on P-256, or EdDSA on Ed25519.
        rp: the relying party's id, a domain.
        origins: where it may be used, `https://host` or `https://host:port` of that domain, sorted.
        aaguid: the kind of authenticator, as it says itself; nobody attests it.
    """

    credential: bytes
    cose: bytes
    rp: str
    origins: tuple[str, ...]
    aaguid: str

    def __post_init__(self) -> None:
        if not 1 <= len(self.credential) <= CREDENTIAL_BYTES:
            raise ValueError(f"a credential id has 1 to {CREDENTIAL_BYTES} bytes")
        if not _DOMAIN.fullmatch(self.rp):
            raise ValueError(f"the id of a relying party is a domain, not `{self.rp!s:.64}`")
        if not 1 <= len(self.origins) <= _ORIGINS or list(self.origins) != sorted({*self.origins}):
            raise ValueError(f"a passkey has 1 to {_ORIGINS} origins, sorted, each once")
        for origin in self.origins:
            _check_origin(origin, self.rp)
        if not _AAGUID.fullmatch(self.aaguid):
            raise ValueError("an AAGUID is 32 hexadecimal digits, written as a UUID")
        _public(self.cose)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all of it, in hexadecimal: another origin makes another key."""
        return _fingerprint(self)

    def to_json(self) -> dict[str, Any]:
        """The key as a JSON object, base64 inside."""
        return {
            "kind": "passkey",
            "credential": b64(self.credential),
            "cose": b64(self.cose),
            "rp": self.rp,
            "origins": list(self.origins),
            "attestation": "none",
            "aaguid": self.aaguid,
        }

    @classmethod
    def from_json(cls, value: Any) -> Passkey:
        """Read what `to_json` wrote.

        Raises:
            ValueError: not such an object.
        """
        names = {"kind", "credential", "cose", "rp", "origins", "attestation", "aaguid"}
        if not isinstance(value, dict) or set(value) != names:
            raise ValueError(f"a passkey is an object with {', '.join(f'`{name}`' for name in sorted(names))}")
        if value["kind"] != "passkey" or value["attestation"] != "none":
            raise ValueError("the `kind` of a passkey is `passkey`, its `attestation` is `none`")
        texts = [value["credential"], value["cose"], value["rp"], value["aaguid"], value["origins"]]
        if not all(isinstance(one, str) for one in texts[:4]) or not isinstance(texts[4], list):
            raise ValueError("a passkey's members are text, its `origins` a list")
        if not all(isinstance(origin, str) for origin in value["origins"]):
            raise ValueError("an origin is text")
        return cls(
            credential=unb64(value["credential"]),
            cose=unb64(value["cose"]),
            rp=value["rp"],
            origins=tuple(value["origins"]),
            aaguid=value["aaguid"],
        )

    def shares(self, other: Verifies) -> bool:
        """Whether another key is of the same credential, wherever that may be used."""
        return isinstance(other, Passkey) and (other.cose == self.cose or other.credential == self.credential)

    def verify(self, signed: bytes, signatures: Mapping[str, bytes]) -> None:
        """Check an assertion over these bytes (WebAuthn, section 7.2).

        Whether its counter went on is no question here: acts are verified in any order, and again.

        Args:
            signed: what the challenge is the SHA-256 of.
            signatures: `webauthn`, as `Assertion.to_bytes` wrote it.

        Raises:
            SignatureError: it is missing, or does not hold; says why.
        """
        if WEBAUTHN not in signatures:
            raise SignatureError(f"the assertion of passkey `{self.fingerprint[:16]}` is missing")
        try:
            made = Assertion.from_bytes(signatures[WEBAUTHN])
            _check_client_data(made.client_data, "webauthn.get", challenge(signed), self.origins)
            _check_authenticator_data(made.authenticator_data, self.rp)
            if made.authenticator_data[32] & (_WITH_CREDENTIAL | _WITH_EXTENSIONS):
                raise ValueError("nobody asked for a credential or extensions")
            if len(made.authenticator_data) != _AUTHENTICATOR_DATA:
                raise ValueError(f"the authenticator data of an assertion has {_AUTHENTICATOR_DATA} bytes")
            key = _public(self.cose)
            text = made.authenticator_data + hashlib.sha256(made.client_data).digest()
            if isinstance(key, Ed25519PublicKey):
                key.verify(made.signature, text)
            else:
                key.verify(made.signature, text, ECDSA(SHA256()))
        except InvalidSignature as error:
            raise SignatureError(f"the signature of passkey `{self.fingerprint[:16]}` does not hold") from error
        except (ValueError, TypeError, RecursionError) as error:
            raise SignatureError(f"the assertion of passkey `{self.fingerprint[:16]}`: {error}") from error


@lru_cache(maxsize=512)
def _fingerprint(key: Passkey) -> str:
    return hashlib.sha256(b"gsomia passkey v1\n" + canonical(key.to_json())).hexdigest()


def enrolled_key(value: Any) -> PublicKey | Passkey:
    """Read an officer's public key of either kind, as an act enrols it.

    Raises:
        ValueError: it is of neither.
    """
    if isinstance(value, dict) and "kind" in value:
        return Passkey.from_json(value)
    return PublicKey.from_json(value)


def registration_text(party: str, officer: str, *, exercise: bool) -> bytes:
    """What a passkey is registered for: its SHA-256 is the challenge of the registration."""
    return pae(REGISTRATION_TYPE, canonical({"v": 1, "party": party, "officer": officer, "exercise": exercise}))


def passkey_text(party: str, officer: str, key: Passkey, *, exercise: bool) -> bytes:
    """What a passkey signs to show that its officer has it, for a registration itself is signed by nobody."""
    told = {"v": 1, "party": party, "officer": officer, "exercise": exercise, "key": key.to_json()}
    return pae(PASSKEY_TYPE, canonical(told))


def registered(response: Any, signed: bytes, *, rp: str, origins: tuple[str, ...]) -> Passkey:
    """The passkey that a browser registered, once all is checked that is said of it (WebAuthn, section 7.1).

    No attestation is asked for, so none is read: what the authenticator is, it alone says.

    Args:
        response: the `response` of a `RegistrationResponseJSON` (WebAuthn, section 5.1.8), base64url inside.
        signed: `registration_text`, whose SHA-256 is the challenge.
        rp, origins: as they are enrolled; the registration was made at one of these.

    Raises:
        SignatureError: it does not hold; says why.
    """
    try:
        if not isinstance(response, dict):
            raise ValueError("the response of a registration is an object")
        _check_client_data(unb64url(response.get("clientDataJSON")), "webauthn.create", challenge(signed), origins)
        data = unb64url(response.get("authenticatorData"))
        _check_authenticator_data(data, rp)
        if not data[32] & _WITH_CREDENTIAL:
            raise ValueError("it holds no credential")
        length = int.from_bytes(data[53:55], "big")
        credential, rest = data[55 : 55 + length], data[55 + length :]
        if len(credential) != length:
            raise ValueError("its credential id is cut short")
        size = 77 if rest.startswith(_ES256[0]) else 42
        if bool(rest[size:]) != bool(data[32] & _WITH_EXTENSIONS):
            raise ValueError("something else follows the public key, or it is of no algorithm that is taken")
        aaguid = "-".join(data[start:end].hex() for start, end in itertools.pairwise((37, 41, 43, 45, 47, 53)))
        return Passkey(credential=credential, cose=rest[:size], rp=rp, origins=origins, aaguid=aaguid)
    except (ValueError, TypeError, RecursionError) as error:
        raise SignatureError(f"the registration of the passkey: {error}") from error


def introduced(document: Any, party: str, officer: str, *, exercise: bool) -> Passkey:
    """The passkey in the file that an officer hands over: what the browser registered, and an assertion by it.

    Args:
        document: an object with exactly `rp`, `origins`, `registration` and `assertion`, the last two as the browser
            wrote their `response`.
        party, officer, exercise: for whom it must have been made.

    Raises:
        SignatureError: registration or assertion does not hold.
    """
    if not isinstance(document, dict) or set(document) != {"rp", "origins", "registration", "assertion"}:
        raise SignatureError("a passkey is handed over with `rp`, `origins`, `registration` and `assertion`")
    rp, origins = document["rp"], document["origins"]
    if not isinstance(rp, str) or not isinstance(origins, list) or not all(isinstance(one, str) for one in origins):
        raise SignatureError("`rp` is text, `origins` a list of texts")
    signed = registration_text(party, officer, exercise=exercise)
    key = registered(document["registration"], signed, rp=rp, origins=tuple(origins))
    try:
        made = Assertion.from_browser(document["assertion"])
    except ValueError as error:
        raise SignatureError(f"the assertion of the passkey: {error}") from error
    key.verify(passkey_text(party, officer, key, exercise=exercise), {WEBAUTHN: made.to_bytes()})
    return key


def _check_origin(origin: str, rp: str) -> None:
    found = _ORIGIN.fullmatch(origin)
    if found is None or int(found[2] or 1) > 0xFFFF or found[2] == "443":
        raise ValueError(f"an origin is `https://host` or `https://host:port`, not `{origin!s:.64}`")
    if found[1] != rp and not found[1].endswith(f".{rp}"):
        raise ValueError(f"the origin `{origin}` is not of the domain `{rp}`")


def _check_client_data(data: bytes, kind: str, due: str, origins: tuple[str, ...]) -> None:
    """Check what the browser says: what was done, over which challenge, and where."""
    if len(data) > CLIENT_DATA_BYTES:
        raise ValueError(f"`clientDataJSON` has at most {CLIENT_DATA_BYTES} bytes")
    said = json.loads(data.decode("utf-8"), object_pairs_hook=_each_once)
    if not isinstance(said, dict):
        raise ValueError("`clientDataJSON` is an object")
    if said.get("type") != kind:
        raise ValueError(f"its `type` is not `{kind}`")
    if said.get("challenge") != due:
        raise ValueError("its `challenge` is of something else")
    if said.get("origin") not in origins:
        raise ValueError("its `origin` is none of those that were enrolled")
    if said.get("crossOrigin", False) is not False or "topOrigin" in said:
        raise ValueError("it was made in a page within a page of another origin")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member of `clientDataJSON` stands there twice")
    return found


def _check_authenticator_data(data: bytes, rp: str) -> None:
    """Check what the authenticator says: for whom, and that the person was there and was verified."""
    if len(data) < _AUTHENTICATOR_DATA:
        raise ValueError("the authenticator data is cut short")
    if data[:32] != hashlib.sha256(rp.encode()).digest():
        raise ValueError(f"it is for another relying party than `{rp}`")
    if not data[32] & _USER_PRESENT:
        raise ValueError("nobody was present (UP)")
    if not data[32] & _USER_VERIFIED:
        raise ValueError("the person was not verified (UV)")
    if data[32] & _MAY_BE_COPIED:
        raise ValueError("its private key may be copied to other devices (BE)")


@lru_cache(maxsize=512)
def _public(cose: bytes) -> Any:
    """The public key in a COSE key, P-256 or Ed25519.

    Raises:
        ValueError: another algorithm or form, or no point of the curve.
    """
    if cose.startswith(_EDDSA) and len(cose) == 42:
        return Ed25519PublicKey.from_public_bytes(cose[10:])
    if cose.startswith(_ES256[0]) and len(cose) == 77 and cose[42:45] == _ES256[1]:
        x, y = int.from_bytes(cose[10:42], "big"), int.from_bytes(cose[45:], "big")
        return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
    raise ValueError("a passkey's public key is COSE for ES256 on P-256 or EdDSA on Ed25519, in canonical CBOR")
