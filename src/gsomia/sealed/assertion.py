"""OpenTDF assertions: statements that travel with an item, bound to it by the payload key.

The binding (a JWS by HS256) shows that a holder of the payload key made the statement for this payload. Every reader is
such a holder, so a bound assertion is never authorship; that is what `provenance` is for.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, Final

from gsomia.errors import SealError
from gsomia.keys import b64, canonical
from gsomia.sealed.policy import canonical_form, load_json, shown

__all__ = ["LABEL_SCHEMA", "Assertion", "bind", "label", "parse", "verify_binding"]

LABEL_SCHEMA: Final = "urn:nato:stanag:5636:A:1:elements:json"
MAX_ASSERTIONS: Final = 64
HEADER: Final = base64.urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=").decode("ascii")
"""The JWS header of a binding by the payload key, as gsomia writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """One statement about an item.

    Args:
        id: unique within the item.
        type: `handling` or `other`.
        scope: `tdo` (the whole object) or `payload`.
        applies_to_state: `encrypted`, `unencrypted`, or "".
        format: of the value, as `json+stanag5636` or `string`.
        schema: its schema's name, or "".
        value: text, or a JSON object.
    """

    id: str
    type: str = "other"
    scope: str = "tdo"
    applies_to_state: str = "encrypted"
    format: str = "string"
    schema: str = ""
    value: str | dict[str, Any] = ""

    def to_json(self) -> dict[str, Any]:
        """OpenTDF's assertion object, not yet bound."""
        statement: dict[str, Any] = {"format": self.format, "value": self.value}
        if self.schema:
            statement["schema"] = self.schema
        return {
            "id": self.id,
            "type": self.type,
            "scope": self.scope,
            "appliesToState": self.applies_to_state,
            "statement": statement,
        }


def label(value: dict[str, Any]) -> Assertion:
    """The label assertion of an item: a STANAG 5636 JSON object (`ocl` and what belongs to it)."""
    return Assertion(
        id="label", type="handling", format="json+stanag5636", schema=LABEL_SCHEMA, value=canonical(value).decode()
    )


def parse(value: Any) -> Assertion:
    """Read one assertion of a manifest.

    Raises:
        SealError: not such an object.
    """
    statement = value.get("statement") if isinstance(value, dict) else None
    if not isinstance(statement, dict):
        raise SealError("an assertion has no `statement`")
    texts = {
        "id": value.get("id"),
        "type": value.get("type"),
        "scope": value.get("scope"),
        "applies_to_state": value.get("appliesToState", ""),
        "format": statement.get("format", ""),
        "schema": statement.get("schema", ""),
    }
    for name, text in texts.items():
        if not isinstance(text, str):
            raise SealError(f"an assertion's `{name}` is missing or not text")
    held = statement.get("value", "")
    if not isinstance(held, str | dict):
        raise SealError("an assertion's `value` is neither text nor an object")
    return Assertion(value=held, **texts)


def _hash(raw: dict[str, Any]) -> bytes:
    """SHA-256 of the assertion without its binding, an object value first turned into its RFC 8785 text."""
    bare = {key: value for key, value in raw.items() if key != "binding"}
    statement = dict(bare["statement"])
    if isinstance(statement.get("value"), dict):
        statement["value"] = canonical_form(statement["value"], "an assertion").decode()
    bare["statement"] = statement
    return hashlib.sha256(canonical_form(bare, "an assertion")).digest()


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _unbase64url(text: str) -> bytes:
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (UnicodeEncodeError, binascii.Error) as error:
        raise SealError("an assertion's signature is not base64url") from error
    if _base64url(data) != text:
        raise SealError("an assertion's signature is not the one base64url spelling of its bytes")
    return data


def bind(assertion: Assertion, *, key: bytes, tags: bytes) -> dict[str, Any]:
    """Bind an assertion to a payload.

    Args:
        assertion: what is stated.
        key: the payload key.
        tags: the GCM tags of all segments, one after the other.

    Returns:
        The assertion as the manifest holds it, with its `binding`.
    """
    raw = assertion.to_json()
    signed = _signed(_hash(raw), tags)
    signature = hmac.digest(key, signed.encode("ascii"), "sha256")
    return raw | {"binding": {"method": "jws", "signature": f"{signed}.{_base64url(signature)}"}}


def _signed(hashed: bytes, tags: bytes) -> str:
    """Header and claims of a binding, as gsomia writes them."""
    claims = {"assertionHash": hashed.hex(), "assertionSig": b64(tags + hashed)}
    return f"{HEADER}.{_base64url(canonical(claims))}"


def verify_binding(raw: dict[str, Any], *, key: bytes, tags: bytes, legacy: bool) -> bool:
    """Check an assertion's binding.

    Args:
        raw: the assertion as the manifest holds it.
        key, tags: as for `bind`.
        legacy: the item is older than 4.3.0 and holds its hashes as hexadecimal text.

    Returns:
        True when it is bound by the payload key; False when it is not bound, is signed with another kind of key, or
        makes other claims than OpenTDF's: such an assertion says nothing that was checked.

    Raises:
        SealError: it claims to be bound by the payload key and is not, or was altered.
    """
    binding = raw.get("binding")
    if not isinstance(binding, dict) or not isinstance(binding.get("signature"), str):
        return False
    parts = binding["signature"].split(".")
    if str(binding.get("method")).lower() != "jws" or len(parts) != 3:
        return False
    if not legacy and parts[0] == HEADER and ".".join(parts[:2]) == _signed(_hash(raw), tags):
        # As gsomia would have written it: nothing is left to read.
        _check_signature(raw, parts, key)
        return True
    header, claims = load_json(_unbase64url(parts[0]), "a JWS header"), load_json(_unbase64url(parts[1]), "JWS claims")
    if header.get("alg") != "HS256" or "crit" in header:
        return False
    _check_signature(raw, parts, key)
    if not {"assertionHash", "assertionSig"} <= set(claims):
        return False
    hashed = _hash(raw)
    aggregate = tags.hex() + hashed.hex() if legacy else tags + hashed
    expected = b64(aggregate.encode() if isinstance(aggregate, str) else aggregate)
    if claims["assertionHash"] != hashed.hex() or claims["assertionSig"] != expected:
        raise SealError(f"assertion {shown(raw.get('id'))} was altered, or belongs to another payload")
    return True


def _check_signature(raw: dict[str, Any], parts: list[str], key: bytes) -> None:
    signed = ".".join(parts[:2]).encode("ascii")
    if not hmac.compare_digest(hmac.digest(key, signed, "sha256"), _unbase64url(parts[2])):
        raise SealError(f"assertion {shown(raw.get('id'))} is not bound by the payload key, or was altered")
