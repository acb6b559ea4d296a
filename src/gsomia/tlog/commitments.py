"""What a log's entries hold: salted commitments to statements, so that a log shown to anyone tells nothing of them."""

from __future__ import annotations

from hashlib import sha256

__all__ = ["SALT_BYTES", "commitment"]

SALT_BYTES = 32
"""Length of a salt: as long as the hash, so that guessing a statement is as hard as guessing a key."""

DOMAIN = b"gsomia log entry v1\n"


def commitment(salt: bytes, statement: bytes) -> bytes:
    """The entry that stands for a statement in the log.

    Args:
        salt: 32 bytes by chance, new for every entry and kept with the act.
        statement: the exact bytes of the act's statement.

    Returns:
        32 bytes: SHA-256 over the domain, the salt and the statement.

    Raises:
        ValueError: a salt of another length.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt is {SALT_BYTES} bytes")
    return sha256(DOMAIN + salt + statement).digest()
