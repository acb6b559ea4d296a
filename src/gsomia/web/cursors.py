"""Cursors into lists: opaque, made by this node alone, each for one list as one caller sees it."""

from __future__ import annotations

import binascii
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gsomia.web.problems import Problem

__all__ = ["Cursors"]

_MOST = 1024


class Cursors:
    """Seals where a page ended, so that the next one begins there whatever was added meanwhile.

    Args:
        key: 32 bytes of this node's own, the same after a restart.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, of: Mapping[str, Any], position: Any) -> str:
        """A cursor.

        Args:
            of: the list, the caller and the filters; it is good for these alone.
            position: where the next page begins, as JSON.
        """
        nonce = secrets.token_bytes(12)
        box = self._cipher.encrypt(nonce, json.dumps(position).encode(), _bound(of))
        return urlsafe_b64encode(nonce + box).decode().rstrip("=")

    def open(self, of: Mapping[str, Any], cursor: str) -> Any:
        """Where the page begins.

        Raises:
            Problem: it is not a cursor of this list, caller and filters.
        """
        try:
            if len(cursor) > _MOST:
                raise ValueError("too long")
            data = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
            return json.loads(self._cipher.decrypt(data[:12], data[12:], _bound(of)))
        except (ValueError, binascii.Error, InvalidTag):
            raise Problem(400, "`cursor` is none of this list's", kind="cursor") from None


def _bound(of: Mapping[str, Any]) -> bytes:
    return json.dumps(of, sort_keys=True, ensure_ascii=False).encode()
