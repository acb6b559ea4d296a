"""The manifest of a sealed item: read strictly, written in one form."""

from __future__ import annotations

import binascii
import hashlib
import hmac
from array import array
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gsomia.errors import SealError
from gsomia.keys import b64
from gsomia.sealed import assertion
from gsomia.sealed.assertion import Assertion
from gsomia.sealed.container import MAX_PLAINTEXT_BYTES, MAX_SEGMENTS, OVERHEAD
from gsomia.sealed.policy import Policy, canonical_form, load_json, shown
from gsomia.sealed.wrap import Encapsulation, PublicWrapKey, Recipient, kind

__all__ = [
    "MAX_SEGMENT_BYTES",
    "SCHEMA_VERSION",
    "KeyAccess",
    "Manifest",
    "binding_hash",
    "core_digest",
    "key_access",
    "parse",
]

SCHEMA_VERSION: Final = "4.3.0"
MAX_SEGMENT_BYTES: Final = 4 * 2**20
MAX_KEY_ACCESS: Final = 256
MAX_WRAPPED: Final = 2**13
KINDS: Final = ("wrapped", "ec-wrapped", "hybrid-wrapped")
"""The kinds of wrapping that are written and opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAccess:
    """One wrapped share of the payload key, and who can unwrap it.

    Args:
        type: `wrapped`, `ec-wrapped` or `hybrid-wrapped`; any other kind is listed and never opened.
        url: the key service or node.
        kid: the name of its key.
        sid: the name of the share.
        wrapped_key: the wrapped share.
        binding: HMAC-SHA256 of the policy by the share, 32 bytes.
        ephemeral_public_key: PEM, for `ec-wrapped`.
    """

    type: str
    url: str
    kid: str
    sid: str
    wrapped_key: bytes
    binding: bytes
    ephemeral_public_key: str = ""

    def to_json(self) -> dict[str, Any]:
        """OpenTDF's key access object."""
        value: dict[str, Any] = {
            "type": self.type,
            "url": self.url,
            "protocol": "kas",
            "kid": self.kid,
            "sid": self.sid,
            "wrappedKey": b64(self.wrapped_key),
            "policyBinding": {"alg": "HS256", "hash": b64(self.binding.hex().encode("ascii"))},
            "schemaVersion": "1.0",
        }
        if self.ephemeral_public_key:
            value["ephemeralPublicKey"] = self.ephemeral_public_key
        return value

    @classmethod
    def from_json(cls, value: Any) -> KeyAccess:
        """Read one key access object.

        Raises:
            SealError: not such an object.
        """
        if not isinstance(value, dict):
            raise SealError("a key access object is not an object")
        texts = {name: value.get(name, "") for name in ("type", "url", "kid", "sid", "ephemeralPublicKey")}
        for name, text in texts.items():
            if not isinstance(text, str) or len(text) > MAX_WRAPPED:
                raise SealError(f"a key access object's `{name}` is not text, or too long")
        if value.get("protocol") != "kas":
            raise SealError("a key access object's `protocol` is not `kas`")
        bound = value.get("policyBinding")
        if isinstance(bound, dict):
            if bound.get("alg") != "HS256":
                raise SealError("a policy binding is not by HS256")
            bound = bound.get("hash")
        wrapped = _base64(value.get("wrappedKey"), "a wrapped key")
        if len(wrapped) > MAX_WRAPPED:
            raise SealError("a wrapped key is too long")
        return cls(
            type=texts["type"],
            url=texts["url"],
            kid=texts["kid"],
            sid=texts["sid"],
            wrapped_key=wrapped,
            binding=_hexed(bound, 32, "a policy binding"),
            ephemeral_public_key=texts["ephemeralPublicKey"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest whose structure holds; nothing in it is verified yet.

    Args:
        raw: the JSON object.
        legacy: no `schemaVersion`, so its hashes are hexadecimal text.
        mime_type: of the plaintext, as the sealer told it.
        policy, policy_text, policy_bytes: the policy read, as the manifest holds it, and its JSON bytes.
        key_access: the key access objects.
        assertions: the assertions.
        root_signature: HMAC-SHA256 over all tags, 32 bytes.
        tags: the GCM tags of all segments, one after the other, 16 bytes each.
        offsets: where each segment begins within the payload, and at last where the payload ends.
    """

    raw: dict[str, Any]
    legacy: bool
    mime_type: str
    policy: Policy
    policy_text: str
    policy_bytes: bytes
    key_access: tuple[KeyAccess, ...]
    assertions: tuple[Assertion, ...]
    root_signature: bytes
    tags: bytes
    offsets: array[int]

    @property
    def segments(self) -> int:
        """How many segments the payload has."""
        return len(self.offsets) - 1

    @property
    def payload_bytes(self) -> int:
        """Length of the payload member."""
        return self.offsets[-1]

    @property
    def plaintext_bytes(self) -> int:
        """Length of the plaintext."""
        return self.offsets[-1] - OVERHEAD * self.segments

    def root(self, key: bytes) -> bytes:
        """What the root signature must be under this payload key."""
        return hmac.digest(key, self.tags.hex().encode("ascii") if self.legacy else self.tags, "sha256")


def binding_hash(share: bytes, policy_text: str) -> bytes:
    """HMAC-SHA256 of the policy, as the manifest holds it, by a key share."""
    return hmac.digest(share, policy_text.encode("ascii"), "sha256")


def key_access(
    share: bytes, recipient: Recipient, policy_text: str, encapsulation: Encapsulation | None = None
) -> KeyAccess:
    """Wrap one share for one recipient, under an encapsulation to the recipient's key where there is one already."""
    key: PublicWrapKey = recipient.key
    wrapped, ephemeral = (encapsulation or Encapsulation(key)).wrap(share)
    return KeyAccess(
        type=kind(key),
        url=recipient.url,
        kid=recipient.kid,
        sid=recipient.sid,
        wrapped_key=wrapped,
        binding=binding_hash(share, policy_text),
        ephemeral_public_key=ephemeral,
    )


def core_digest(raw: Mapping[str, Any]) -> bytes:
    """SHA-256 of the RFC 8785 form of a manifest without `assertions` and `encryptionInformation.keyAccess`.

    Raises:
        SealError: the manifest holds what RFC 8785 cannot write.
    """
    core = {key: value for key, value in raw.items() if key != "assertions"}
    core["encryptionInformation"] = {
        key: value for key, value in raw["encryptionInformation"].items() if key != "keyAccess"
    }
    return hashlib.sha256(canonical_form(core, "the manifest")).digest()


def parse(data: bytes) -> Manifest:
    """Read a manifest.

    Args:
        data: its bytes, UTF-8 JSON.

    Raises:
        SealError: not a manifest of OpenTDF 4.2.2 or 4.3.0, or beyond the bounds.
    """
    raw = load_json(data, "the manifest")
    version = raw.get("schemaVersion", "")
    if version not in ("", "4.2.2", SCHEMA_VERSION):
        raise SealError(f"the manifest's `schemaVersion` is {shown(version)}; read are 4.3.0, 4.2.2 and none")
    legacy = version != SCHEMA_VERSION
    mime_type = _payload(_object(raw, "payload"))
    information = _object(raw, "encryptionInformation")
    _equal(information, "type", "split")
    _method(_object(information, "method"))
    policy_text = information.get("policy")
    if not isinstance(policy_text, str):
        raise SealError("the manifest's `policy` is not text")
    policy, policy_bytes = Policy.decode(policy_text)
    access = information.get("keyAccess")
    if not isinstance(access, list) or not 1 <= len(access) <= MAX_KEY_ACCESS:
        raise SealError(f"the manifest has not 1 to {MAX_KEY_ACCESS} key access objects")
    assertions = raw.get("assertions") or []
    if not isinstance(assertions, list) or len(assertions) > assertion.MAX_ASSERTIONS:
        raise SealError(f"the manifest has more than {assertion.MAX_ASSERTIONS} assertions")
    read = tuple(assertion.parse(entry) for entry in assertions)
    if len({entry.id for entry in read}) != len(read):
        raise SealError("two assertions have one `id`")
    integrity = _object(information, "integrityInformation")
    root = _object(integrity, "rootSignature")
    _equal(root, "alg", "HS256")
    tags, offsets = _segments(integrity, legacy=legacy)
    return Manifest(
        raw=raw,
        legacy=legacy,
        mime_type=mime_type,
        policy=policy,
        policy_text=policy_text,
        policy_bytes=policy_bytes,
        key_access=tuple(KeyAccess.from_json(entry) for entry in access),
        assertions=read,
        root_signature=_hashed(root.get("sig"), 32, "the root signature", legacy=legacy),
        tags=tags,
        offsets=offsets,
    )


def _payload(payload: dict[str, Any]) -> str:
    _equal(payload, "type", "reference")
    _equal(payload, "url", "0.payload")
    _equal(payload, "protocol", "zip")
    if payload.get("isEncrypted") is not True:
        raise SealError("the manifest does not say that the payload is encrypted")
    mime_type = payload.get("mimeType", "application/octet-stream")
    if not isinstance(mime_type, str):
        raise SealError("the manifest's `mimeType` is not text")
    return mime_type


def _method(method: dict[str, Any]) -> None:
    _equal(method, "algorithm", "AES-256-GCM")
    # Java's SDK 0.7.5 wrote the capital; both together would be two answers to one question.
    if [method[name] for name in ("isStreamable", "IsStreamable") if name in method] != [True]:
        raise SealError("the manifest does not say once that the payload is streamable")


def _segments(integrity: dict[str, Any], *, legacy: bool) -> tuple[bytes, array[int]]:
    _equal(integrity, "segmentHashAlg", "GMAC")
    plain_default = _size(integrity.get("segmentSizeDefault"), "segmentSizeDefault")
    sealed_default = _size(integrity.get("encryptedSegmentSizeDefault"), "encryptedSegmentSizeDefault")
    segments = integrity.get("segments")
    # Some writers give an empty plaintext no segment at all; the root signature tells that from a payload cut off.
    if not isinstance(segments, list) or len(segments) > MAX_SEGMENTS:
        raise SealError(f"the manifest has no list of at most {MAX_SEGMENTS} segments")
    tags, offsets, end = bytearray(), array("Q", [0]), 0
    for segment in segments:
        if not isinstance(segment, dict):
            raise SealError("a segment is not an object")
        plain = _size(segment.get("segmentSize", plain_default), "segmentSize")
        sealed = _size(segment.get("encryptedSegmentSize", sealed_default), "encryptedSegmentSize")
        if sealed != plain + OVERHEAD:
            raise SealError("a segment's two sizes do not differ by nonce and tag")
        tags += _hashed(segment.get("hash"), 16, "a segment's hash", legacy=legacy)
        end += sealed
        offsets.append(end)
    if end - OVERHEAD * len(segments) > MAX_PLAINTEXT_BYTES:
        raise SealError(f"the plaintext is longer than {MAX_PLAINTEXT_BYTES} bytes")
    return bytes(tags), offsets


def _size(value: Any, name: str) -> int:
    if type(value) is not int or not 0 <= value <= MAX_SEGMENT_BYTES + OVERHEAD:
        raise SealError(f"`{name}` is not a size of at most {MAX_SEGMENT_BYTES} bytes")
    return value


def _object(value: dict[str, Any], name: str) -> dict[str, Any]:
    inner = value.get(name)
    if not isinstance(inner, dict):
        raise SealError(f"the manifest has no object `{name}`")
    return inner


def _equal(value: dict[str, Any], name: str, wanted: str) -> None:
    if value.get(name) != wanted:
        raise SealError(f"the manifest's `{name}` is not `{wanted}`")


def _base64(text: Any, what: str) -> bytes:
    if not isinstance(text, str):
        raise SealError(f"{what} is not text")
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise SealError(f"{what} is not base64") from error
    if b64(data) != text:
        raise SealError(f"{what} is not the one base64 spelling of its bytes")
    return data


def _hashed(text: Any, size: int, what: str, *, legacy: bool) -> bytes:
    if legacy:
        return _hexed(text, size, what)
    data = _base64(text, what)
    if len(data) != size:
        raise SealError(f"{what} is not {size} bytes")
    return data


def _hexed(text: Any, size: int, what: str) -> bytes:
    try:
        data = bytes.fromhex(_base64(text, what).decode("ascii"))
    except ValueError as error:
        raise SealError(f"{what} is not hexadecimal text") from error
    if len(data) != size or _base64(text, what) != data.hex().encode("ascii"):
        raise SealError(f"{what} is not {size} bytes in hexadecimal")
    return data
