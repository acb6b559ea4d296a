"""The policy inside a sealed item: which item it is, and OpenTDF's attributes and dissemination list.

gsomia decides by the agreement, not by this object; what it needs of it is that nobody can alter it unseen, and that it
names the item.
"""

from __future__ import annotations

import binascii
import hashlib
import json
from base64 import b64decode
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from gsomia.errors import SealError
from gsomia.keys import b64, canonical, read_canonical
from gsomia.marking import is_visible

MAX_STRUCTURE: Final = 5 * 2**16
"""Commas and brackets in one JSON document: what 65,536 segments need, and some more, since each costs much memory."""

SHORT_BYTES: Final = 2**16
"""So much JSON may stand in memory twice, to see whether it is in its one form."""

__all__ = ["Policy", "canonical_form", "load_json", "shown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the policy says.

    Args:
        uuid: the item's id.
        data_attributes: attribute URLs, `{namespace}/attr/{name}/value/{value}`.
        dissem: persons or organisations to whom release is limited.
    """

    uuid: str
    data_attributes: tuple[str, ...] = ()
    dissem: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """OpenTDF's policy object."""
        return {
            "uuid": self.uuid,
            "body": {
                "dataAttributes": [{"attribute": url} for url in self.data_attributes],
                "dissem": list(self.dissem),
            },
        }

    def encode(self) -> str:
        """The policy as the manifest holds it: base64 of its RFC 8785 form."""
        return b64(canonical(self.to_json()))

    @property
    def digest(self) -> bytes:
        """SHA-256 of the policy's RFC 8785 form, 32 bytes; for a file's policy take `SealedItem.policy_digest`."""
        return hashlib.sha256(canonical(self.to_json())).digest()

    @classmethod
    def decode(cls, text: str) -> tuple[Policy, bytes]:
        """Read the manifest's `policy`; fields that OpenTDF's tools add to an attribute are left aside.

        Returns:
            The policy, and its exact bytes.

        Raises:
            SealError: not base64 of such an object.
        """
        try:
            data = b64decode(text.encode("ascii"), validate=True)
        except (UnicodeEncodeError, binascii.Error) as error:
            raise SealError("the policy is not base64") from error
        value = load_json(data, "the policy")
        body = value.get("body", {})
        if not isinstance(value.get("uuid"), str) or not isinstance(body, dict):
            raise SealError("the policy has no `uuid` or no `body`")
        attributes, dissem = body.get("dataAttributes") or [], body.get("dissem") or []
        if not isinstance(attributes, list) or not isinstance(dissem, list):
            raise SealError("the policy's `dataAttributes` or `dissem` is not a list")
        urls = [entry.get("attribute") if isinstance(entry, dict) else None for entry in attributes]
        if not all(isinstance(url, str) for url in urls) or not all(isinstance(name, str) for name in dissem):
            raise SealError("the policy's `dataAttributes` or `dissem` is malformed")
        return cls(uuid=value["uuid"], data_attributes=tuple(urls), dissem=tuple(dissem)), data  # type: ignore[arg-type]  # each was checked to be text just above


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return value


def _no_constant(text: str) -> Any:
    raise ValueError(f"`{text}` is not JSON")


def load_json(data: bytes, what: str) -> dict[str, Any]:
    """Read one JSON object strictly: UTF-8, no key twice in an object, no NaN, nothing too deep or too much.

    Args:
        data: the bytes.
        what: names it in the error.

    Raises:
        SealError: anything else.
    """
    if len(data) <= SHORT_BYTES:
        # What gsomia writes stands in the one form that holds no key twice; to read that is some three times as quick.
        with suppress(ValueError, RecursionError):
            value = read_canonical(data)
            if isinstance(value, dict):
                return value
    if sum(map(data.count, (b",", b"{", b"["))) > MAX_STRUCTURE:
        raise SealError(f"{what} is not strict JSON: more than {MAX_STRUCTURE} commas and brackets")
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_no_doubles, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        reason = (
            "too deep"
            if isinstance(error, RecursionError)
            else "not UTF-8"
            if isinstance(error, UnicodeDecodeError)
            else error
        )
        raise SealError(f"{what} is not strict JSON: {reason}") from None
    if not isinstance(value, dict):
        raise SealError(f"{what} is not a JSON object")
    return value


def canonical_form(value: Any, what: str) -> bytes:
    """The RFC 8785 form of JSON that came from outside.

    Args:
        value: the JSON value.
        what: names it in the error.

    Raises:
        SealError: it holds what RFC 8785 cannot write: an integer beyond 2**53 - 1, an infinity, half a surrogate pair.
    """
    try:
        return canonical(value)
    except (ValueError, RecursionError) as error:
        raise SealError(f"{what} holds a value that has no canonical form") from error


def shown(value: Any) -> str:
    """A value from an unverified file as an error may show it: short, in backticks, and nothing a terminal obeys."""
    text = value if isinstance(value, str) else type(value).__name__
    cut = text if len(text) <= 64 else text[:63] + "…"
    return "`" + "".join(c if is_visible(c) and c != "`" else "?" for c in cut) + "`"
