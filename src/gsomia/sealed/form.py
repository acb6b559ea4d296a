"""The one form of a file that bears a Party's statement: what our writer writes, and nothing beside it.

The statement covers payload and manifest, but neither the ZIP around them, nor the key access objects, nor further
assertions. So that nothing can be said or hidden there, they are held to what gsomia itself would have written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from gsomia.errors import SealError
from gsomia.sealed.assertion import HEADER, Assertion
from gsomia.sealed.container import payload_end, payload_start, tail
from gsomia.sealed.item import SealedItem
from gsomia.sealed.manifest import KINDS, KeyAccess
from gsomia.sealed.policy import canonical_form, shown
from gsomia.sealed.wrap import check_wrapped

__all__ = ["check_form", "place"]


def place(access: KeyAccess) -> tuple[str, str, str]:
    """By what key access objects are put in order: share, place, name of the key."""
    return access.sid, access.url, access.kid


def check_form(item: SealedItem, assertions: Sequence[Assertion]) -> None:
    """Check that an item stands in the one form in which gsomia writes it.

    Args:
        item: the item.
        assertions: what it shall carry, in this order, each bound by the payload key.

    Raises:
        SealError: anything in it is written otherwise, or is more than gsomia writes.
    """
    manifest = canonical_form(item.manifest, "the manifest")
    if hashlib.sha256(manifest).digest() != item.manifest_digest:
        raise SealError("the manifest is not in the form that its core digest was taken of")
    crc, size = item.payload_crc, item.payload_bytes
    if item.frame() != (payload_start(), payload_end(crc, size) + tail(manifest, payload_crc=crc, payload_size=size)):
        raise SealError("the ZIP is not in the one form that gsomia writes")
    if not item.segments:
        raise SealError("the item has no segment; gsomia gives an empty payload one of no bytes")
    _check_key_access(item)
    _check_assertions(item, assertions)


def _check_key_access(item: SealedItem) -> None:
    raws = item.manifest["encryptionInformation"]["keyAccess"]
    for raw, access in zip(raws, item.key_access, strict=True):
        if access.type not in KINDS or not access.kid or raw != access.to_json():
            raise SealError(f"key access object {shown(access.kid)} is not in the form that gsomia writes")
        try:
            check_wrapped(access.type, access.wrapped_key, access.ephemeral_public_key)
        except ValueError as error:
            raise SealError(f"key access object {shown(access.kid)} is not in the form that gsomia writes") from error
    if any(place(first) >= place(second) for first, second in pairwise(item.key_access)):
        raise SealError("a key access object stands twice, or out of its order")
    sids = {access.sid for access in item.key_access}
    if ("" in sids) is not (len(sids) == 1):
        raise SealError("a key access object names a share where there is but one, or none where there are several")


_BINDING: Final = frozenset({"method", "signature"})


def _check_assertions(item: SealedItem, assertions: Sequence[Assertion]) -> None:
    raws = item.manifest.get("assertions") or []
    if [entry.id for entry in item.assertions] != [wanted.id for wanted in assertions]:
        raise SealError("the item carries other assertions than its label and its statement")
    for raw, wanted in zip(raws, assertions, strict=True):
        if {name: value for name, value in raw.items() if name != "binding"} != wanted.to_json():
            raise SealError(f"assertion {shown(wanted.id)} is not in the form that gsomia writes")
        if not _is_bound(raw.get("binding")):
            raise SealError(f"assertion {shown(wanted.id)} is not bound to the item, as all of a stated item's are")


def _is_bound(binding: Any) -> bool:
    """Whether it has the form of a binding by the payload key; whether it holds, shows who opens the item."""
    if not isinstance(binding, dict) or set(binding) != _BINDING or binding["method"] != "jws":
        return False
    signature = binding["signature"]
    return isinstance(signature, str) and signature.split(".")[0] == HEADER and signature.count(".") == 2
