"""The shares of a sealed item's key as they are wrapped, and what private keys open of them."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from gsomia.errors import SealError
from gsomia.sealed.manifest import KeyAccess, binding_hash
from gsomia.sealed.wrap import Identity, kind, unwrap

__all__ = ["WrappedKey", "open_shares"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """A sealed item's key as it is wrapped, without the item: what the holder of a share releases it from.

    Args:
        key_access: the key access objects.
        policy_text: the policy as the manifest holds it, to which each share is bound.
    """

    key_access: tuple[KeyAccess, ...]
    policy_text: str


def open_shares(wrapped: WrappedKey, identities: Sequence[Identity]) -> dict[str, bytes]:
    """The key shares that these identities open, by `sid`, for this package alone; the policy is bound to each.

    Raises:
        SealError: a share opens but the policy is not the one it was bound to.
    """
    found: dict[str, bytes] = {}
    altered = False
    for access in wrapped.key_access:
        if access.sid in found:
            continue
        for identity in identities:
            if kind(identity.key) != access.type or (identity.kid and access.kid and identity.kid != access.kid):
                continue
            try:
                share = unwrap(access.wrapped_key, access.ephemeral_public_key, identity.key)
            except ValueError:
                continue
            if hmac.compare_digest(binding_hash(share, wrapped.policy_text), access.binding):
                found[access.sid] = share
                break
            altered = True
    if altered and len(found) < len({access.sid for access in wrapped.key_access}):
        raise SealError("the policy was altered: it is not the one that the key was bound to")
    return found
