"""The key of a parcel: the messages in it are sealed under it, so that a stick that is lost tells no title."""

from __future__ import annotations

from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gsomia.errors import SealError
from gsomia.sealed.kem import XWingPrivateKey, XWingPublicKey
from gsomia.sealed.wrap import unwrap, wrap

__all__ = ["ParcelKey"]


class ParcelKey:
    """A key used for one parcel, AES-256-GCM; it is wrapped for the recipient's node as a share of an item's key is.

    Args:
        wrapped: the key for the recipient, as the parcel carries it.
    """

    __slots__ = ("_key", "wrapped")

    def __init__(self, *, wrapped: bytes, key: bytes) -> None:
        self.wrapped = wrapped
        self._key = key

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a parcel's key is not pickled")

    @classmethod
    def new(cls, recipient: XWingPublicKey) -> ParcelKey:
        """A fresh key, wrapped to the recipient's sealing key."""
        key = AESGCM.generate_key(256)
        return cls(wrapped=wrap(key, recipient)[0], key=key)

    @classmethod
    def opened(cls, wrapped: bytes, key: XWingPrivateKey) -> ParcelKey:
        """The key that was wrapped to this one.

        Raises:
            SealError: it was wrapped to another, or altered.
        """
        try:
            return cls(wrapped=wrapped, key=unwrap(wrapped, "", key))
        except ValueError as error:
            raise SealError(f"the parcel's key does not open: {error}") from error

    def seal(self, number: int, data: bytes) -> bytes:
        """Seal one part, whose number in the parcel is its nonce: no number is used twice under one key."""
        return AESGCM(self._key).encrypt(number.to_bytes(12), data, None)

    def open(self, number: int, data: bytes) -> bytes:
        """Open one part.

        Raises:
            SealError: it was altered, or is another part.
        """
        try:
            return AESGCM(self._key).decrypt(number.to_bytes(12), data, None)
        except InvalidTag as error:
            raise SealError(f"part {number} of the parcel does not open") from error
