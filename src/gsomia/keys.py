"""Signing keys and DSSE envelopes: a thin cover over `cryptography`.

A gsomia key is a pair, Ed25519 and ML-DSA-65, and a signature by it is two signatures: both must hold. Envelopes are
DSSE 1.0.2: what is signed is the exact bytes of the payload with their type, so nothing is canonicalised to verify.

    >>> key = SigningKey.generate()
    >>> envelope = sign(b"text", "text/plain", [key])
    >>> verify(envelope, "text/plain", [key.public])
    b'text'
"""

from __future__ import annotations

import binascii
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Protocol

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey

from gsomia.errors import SignatureError

__all__ = [
    "Envelope",
    "PublicKey",
    "Signature",
    "SigningKey",
    "Signs",
    "Verifies",
    "b64",
    "canonical",
    "pae",
    "read_canonical",
    "sign",
    "unb64",
    "verify",
]

SEED_BYTES = 64
"""Length of a signing key's seed: 32 for Ed25519, then 32 for ML-DSA-65."""


def _slow_b64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def _slow_unb64(text: str) -> bytes:
    return binascii.a2b_base64(text, strict_mode=True)


try:
    import pybase64
except ImportError:  # correct either way; pybase64 is some forty times as fast on long data
    _b64: Callable[[bytes], str] = _slow_b64
    _unb64: Callable[[str], bytes] = _slow_unb64
else:
    _b64, _unb64 = pybase64.b64encode_as_string, partial(pybase64.b64decode, validate=True)


def b64(data: bytes) -> str:
    """Standard base64 with padding, RFC 4648 section 4."""
    return _b64(data)


def unb64(text: str) -> bytes:
    """Read standard base64 strictly: one spelling only, so that what is read writes back the same.

    Args:
        text: base64 with padding, no white space.

    Raises:
        ValueError: other characters, wrong padding, or bits left over.
    """
    try:
        data = _unb64(text)
    except (TypeError, ValueError) as error:
        raise ValueError("not standard base64") from error
    # All that is left open is what the last four characters hold beyond the last bytes.
    if len(text) != (len(data) + 2) // 3 * 4 or b64(data[(len(data) - 1) // 3 * 3 :]) != text[-4:]:
        raise ValueError("not the one base64 spelling of its bytes")
    return data


def canonical(value: Any) -> bytes:
    """The RFC 8785 form of a JSON value, in UTF-8.

    Raises:
        ValueError: a value JSON cannot hold, or an integer beyond 2**53 - 1.
    """
    try:
        return _plain_json(value) if _plain(value) else rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise ValueError(str(error)) from error
    except UnicodeEncodeError as error:
        raise ValueError("half a surrogate pair is no character") from error


def read_canonical(data: bytes) -> Any:
    """Read a JSON value that stands in its RFC 8785 form, and in no other.

    Raises:
        ValueError: not JSON, or another spelling of it.
    """
    value = _load(data)
    if canonical(value) != data:
        raise ValueError("it is not in its RFC 8785 form")
    return value


# Python's own JSON writes the RFC 8785 form where keys are ASCII and numbers are whole: it escapes the same characters
# in the same way, and only beyond ASCII does its order of keys (code points) part from RFC 8785's (UTF-16 units).
_PLAIN_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False)


def _slow_json(value: Any) -> bytes:
    return _PLAIN_JSON.encode(value).encode()


try:
    import orjson
except ImportError:  # correct either way; orjson is some twenty times as fast
    _plain_json = _slow_json
    _load: Callable[[bytes], Any] = json.loads
else:
    _load = orjson.loads

    def _plain_json(value: Any) -> bytes:
        try:
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError:  # deeper than it goes, or half a surrogate pair: the other one says which
            return _slow_json(value)


_SAFE_INTEGER = 2**53 - 1


def _plain(value: Any) -> bool:
    """Whether Python's own JSON writes a value in its RFC 8785 form: plain objects, ASCII keys, whole numbers."""
    waiting = [value]
    for one in waiting:
        kind = type(one)
        if kind is str or kind is bool or one is None:
            continue
        if kind is dict:
            # `join` takes nothing but text, so this asks both questions of all keys at once.
            try:
                if not "".join(one).isascii():
                    return False
            except TypeError:
                return False
            waiting += one.values()
        elif kind is list or kind is tuple:
            waiting += one
        elif kind is int:
            if not -_SAFE_INTEGER <= one <= _SAFE_INTEGER:
                return False
        elif not isinstance(one, str):
            return False
    return True


@lru_cache(maxsize=512)
def _fingerprint(ed25519: bytes, ml_dsa_65: bytes) -> str:
    return hashlib.sha256(b"gsomia key v1\n" + ed25519 + ml_dsa_65).hexdigest()


class Verifies(Protocol):
    """The public half of a key of any kind: what its signatures are held against."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all of it, in hexadecimal."""
        ...

    def to_json(self) -> dict[str, Any]:
        """The key as a JSON object."""
        ...

    def shares(self, other: Verifies) -> bool:
        """Whether another key has a private half in common with it."""
        ...

    def verify(self, signed: bytes, signatures: Mapping[str, bytes]) -> None:
        """Check its signatures, by algorithm, over these bytes.

        Raises:
            SignatureError: one is missing or does not hold.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """The public half of a signing key: 32 bytes of Ed25519 and 1952 bytes of ML-DSA-65 (FIPS 204)."""

    ed25519: bytes
    ml_dsa_65: bytes

    def __post_init__(self) -> None:
        if len(self.ed25519) != 32 or len(self.ml_dsa_65) != 1952:
            raise ValueError("a public key is 32 bytes of Ed25519 and 1952 bytes of ML-DSA-65")

    @property
    def fingerprint(self) -> str:
        """SHA-256 over both public keys, in hexadecimal: what officers compare with the diplomatic note."""
        return _fingerprint(self.ed25519, self.ml_dsa_65)

    def to_json(self) -> dict[str, str]:
        """The key as a JSON object, base64 inside."""
        return {"ed25519": b64(self.ed25519), "ml-dsa-65": b64(self.ml_dsa_65)}

    @classmethod
    def from_json(cls, value: Any) -> PublicKey:
        """Read what `to_json` wrote.

        Raises:
            ValueError: not such an object.
        """
        if not isinstance(value, dict) or set(value) != {"ed25519", "ml-dsa-65"}:
            raise ValueError("a public key is an object with `ed25519` and `ml-dsa-65`")
        if not all(isinstance(v, str) for v in value.values()):
            raise ValueError("`ed25519` and `ml-dsa-65` are base64 text")
        return cls(ed25519=unb64(value["ed25519"]), ml_dsa_65=unb64(value["ml-dsa-65"]))

    def shares(self, other: Verifies) -> bool:
        """Whether another key has one of its halves: one that a token holds could stand beside another from a file."""
        return isinstance(other, PublicKey) and (self.ed25519 == other.ed25519 or self.ml_dsa_65 == other.ml_dsa_65)

    def verify(self, signed: bytes, signatures: Mapping[str, bytes]) -> None:
        """Check both signatures over the same bytes.

        Args:
            signed: the bytes that were signed.
            signatures: `ed25519` and `ml-dsa-65`, each a signature.

        Raises:
            SignatureError: one is missing or does not hold.
        """
        for algorithm in ("ed25519", "ml-dsa-65"):
            if algorithm not in signatures:
                raise SignatureError(f"the {algorithm} signature of key `{self.fingerprint[:16]}` is missing")
        try:
            Ed25519PublicKey.from_public_bytes(self.ed25519).verify(signatures["ed25519"], signed)
            MLDSA65PublicKey.from_public_bytes(self.ml_dsa_65).verify(signatures["ml-dsa-65"], signed)
        except (InvalidSignature, ValueError) as error:
            raise SignatureError(f"a signature of key `{self.fingerprint[:16]}` does not hold") from error


class Signs(Protocol):
    """What signs for a public key: a key that is held here, or one whose signatures come from elsewhere."""

    @property
    def public(self) -> Verifies:
        """The public key that the signatures are held against."""
        ...

    def sign(self, signed: bytes) -> dict[str, bytes]:
        """All its signatures over the same bytes, by algorithm."""
        ...


class SigningKey:
    """A private signing key, Ed25519 and ML-DSA-65; its seed is never shown, pickled or logged.

    No dataclass, so that nothing that shows a dataclass field by field shows the seed.

    Args:
        seed: 64 bytes from a good source of chance (`SigningKey.generate()` makes them).
    """

    __slots__ = ("_ml_dsa_65", "certifying", "public", "seed")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise ValueError(f"a signing key's seed is {SEED_BYTES} bytes")
        self.seed = seed
        self.certifying = Ed25519PrivateKey.from_private_bytes(seed[:32])
        self._ml_dsa_65 = MLDSA65PrivateKey.from_seed_bytes(seed[32:])
        self.public = PublicKey(
            ed25519=self.certifying.public_key().public_bytes_raw(),
            ml_dsa_65=self._ml_dsa_65.public_key().public_bytes_raw(),
        )

    def __repr__(self) -> str:
        return f"SigningKey(public={self.public!r})"

    def __eq__(self, other: object) -> bool:
        return self.public == other.public if isinstance(other, SigningKey) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.public)

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key from the crypto library's own source of chance."""
        ed25519 = Ed25519PrivateKey.generate().private_bytes_raw()
        return cls(ed25519 + MLDSA65PrivateKey.generate().private_bytes_raw())

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a signing key is not pickled")

    def sign(self, signed: bytes) -> dict[str, bytes]:
        """Both signatures over the same bytes, by algorithm."""
        return {"ed25519": self.certifying.sign(signed), "ml-dsa-65": self._ml_dsa_65.sign(signed)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature of an envelope; `keyid` is a hint and is not trusted."""

    keyid: str
    sig: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A DSSE 1.0.2 envelope: exact payload bytes, their type, and the signatures over both."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    def to_json(self) -> dict[str, Any]:
        """The envelope in DSSE's JSON form."""
        return {
            "payloadType": self.payload_type,
            "payload": b64(self.payload),
            "signatures": [{"keyid": s.keyid, "sig": b64(s.sig)} for s in self.signatures],
        }

    def to_bytes(self) -> bytes:
        """DSSE's JSON form as it travels and is kept, in its RFC 8785 form."""
        return canonical(self.to_json())

    @classmethod
    def from_bytes(cls, data: bytes) -> Envelope:
        """Read DSSE's JSON form strictly, in any spelling of the JSON.

        Raises:
            SignatureError: not JSON, or not such an object.
        """
        try:
            value = _load(data)
        except (ValueError, RecursionError) as error:
            raise SignatureError(f"not a DSSE envelope: {error}") from error
        return cls.from_json(value)

    @classmethod
    def from_json(cls, value: Any) -> Envelope:
        """Read DSSE's JSON form strictly.

        Raises:
            SignatureError: not such an object.
        """
        try:
            if set(value) != {"payloadType", "payload", "signatures"}:
                raise ValueError("keys are `payloadType`, `payload`, `signatures`")
            if not isinstance(value["signatures"], list):
                raise ValueError("`signatures` is a list")
            signatures = []
            for entry in value["signatures"]:
                if set(entry) != {"keyid", "sig"} or not isinstance(entry["keyid"], str):
                    raise ValueError("a signature has `keyid` and `sig`")
                signatures.append(Signature(keyid=entry["keyid"], sig=unb64(entry["sig"])))
            if not isinstance(value["payloadType"], str):
                raise ValueError("`payloadType` is text")
            return cls(
                payload_type=value["payloadType"],
                payload=unb64(value["payload"]),
                signatures=tuple(signatures),
            )
        except (TypeError, AttributeError, KeyError, ValueError) as error:
            raise SignatureError(f"not a DSSE envelope: {error}") from error


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what is really signed (DSSE 1.0.2, protocol, "PAE")."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign(payload: bytes, payload_type: str, keys: Sequence[Signs]) -> Envelope:
    """Sign the same bytes with every key.

    Args:
        payload: the exact bytes.
        payload_type: a specific, versioned media type.
        keys: one or more signing keys; each gives all its signatures.

    Raises:
        ValueError: no keys: an envelope nobody signed is not made.
    """
    if not keys:
        raise ValueError("an envelope needs at least one key")
    signed = pae(payload_type, payload)
    signatures = tuple(
        Signature(keyid=f"{key.public.fingerprint}/{algorithm}", sig=sig)
        for key in keys
        for algorithm, sig in key.sign(signed).items()
    )
    return Envelope(payload_type=payload_type, payload=payload, signatures=signatures)


def verify(envelope: Envelope, payload_type: str, keys: Iterable[Verifies]) -> bytes:
    """Check that every one of the keys signed the envelope, and hand back the bytes that were signed.

    Args:
        envelope: what came in.
        payload_type: the only type that is accepted here.
        keys: all the keys that must have signed; further signatures are ignored.

    Returns:
        The payload: use these bytes and no others.

    Raises:
        SignatureError: the type differs, no key was named, or a key's signatures are not all there and good.
    """
    if envelope.payload_type != payload_type:
        raise SignatureError(f"payload type `{envelope.payload_type}` where `{payload_type}` was expected")
    needed = tuple(keys)
    if not needed:
        raise SignatureError("no key was named that must have signed")
    # The envelope of a batch is small and is checked once for all its acts. A message may be long, comes once, and is
    # not remembered: 512 of them would fill the memory.
    check = _verified if len(envelope.payload) <= REMEMBERED_BYTES else _verified.__wrapped__
    return check(envelope, needed)


REMEMBERED_BYTES = 1024


@lru_cache(maxsize=512)
def _verified(envelope: Envelope, needed: tuple[Verifies, ...]) -> bytes:
    # Only what holds is remembered.
    signed = pae(envelope.payload_type, envelope.payload)
    by_key: dict[str, dict[str, bytes]] = {}
    for signature in envelope.signatures:
        fingerprint, _, algorithm = signature.keyid.partition("/")
        if algorithm in by_key.setdefault(fingerprint, {}):
            raise SignatureError(f"two signatures under one key id `{signature.keyid}`")
        by_key[fingerprint][algorithm] = signature.sig
    for key in needed:
        key.verify(signed, by_key.get(key.fingerprint, {}))
    return envelope.payload
