"""Assertion bindings: what is bound, what says nothing, and what is refused."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import pytest

from gsomia.errors import SealError
from gsomia.sealed.assertion import Assertion, bind, verify_binding

KEY, TAGS = bytes(32), bytes(range(32))
RAW = bind(Assertion(id="a", value="by hand"), key=KEY, tags=TAGS)


def check(raw: dict[str, Any], *, key: bytes = KEY, tags: bytes = TAGS) -> bool:
    return verify_binding(raw, key=key, tags=tags, legacy=False)


def part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def rebound(header: dict[str, Any], claims: dict[str, Any] | None = None) -> dict[str, Any]:
    """The same assertion with another JWS header or other claims, correctly signed."""
    body = RAW["binding"]["signature"].split(".")[1] if claims is None else part(json.dumps(claims).encode())
    signed = f"{part(json.dumps(header).encode())}.{body}"
    signature = part(hmac.digest(KEY, signed.encode(), "sha256"))
    return RAW | {"binding": {"method": "jws", "signature": f"{signed}.{signature}"}}


def test_what_is_bound_is_bound_to_key_payload_and_words() -> None:
    assert check(RAW)
    assert check(rebound({"alg": "HS256", "typ": "JWT"}))
    for change in ({"key": bytes(31) + b"1"}, {"tags": TAGS[::-1]}):
        with pytest.raises(SealError):
            check(RAW, **change)
    for name in ("id", "type", "scope", "appliesToState"):
        with pytest.raises(SealError, match="was altered"):
            check(RAW | {name: "x"})


@pytest.mark.parametrize(
    "raw",
    [
        {name: value for name, value in RAW.items() if name != "binding"},
        RAW | {"binding": {"method": "jws"}},
        RAW | {"binding": {"method": "xmldsig", "signature": RAW["binding"]["signature"]}},
        RAW | {"binding": {"method": "jws", "signature": "a.b"}},
        rebound({"alg": "RS256"}),
        rebound({"alg": "none"}),
        rebound({"alg": "HS256", "crit": ["b64"], "b64": False}),
        rebound({"alg": "HS256"}, {"ConfidentialityInformation": "1", "PayloadSha256": "2"}),
    ],
)
def test_another_binding_says_nothing(raw: dict[str, Any]) -> None:
    assert check(raw) is False


def test_a_signature_has_one_spelling() -> None:
    head, body, signature = RAW["binding"]["signature"].split(".")
    # The last of 43 characters holds two bits that no byte uses.
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = signature[:-1] + last[last.index(signature[-1]) | 1]
    assert other != signature
    for spelt in (other, signature + "=", signature[:20] + "\n" + signature[20:]):
        with pytest.raises(SealError, match="base64url"):
            check(RAW | {"binding": {"method": "jws", "signature": f"{head}.{body}.{spelt}"}})
