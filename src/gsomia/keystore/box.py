"""What encrypts a node's files of secrets, as its settings and its operator say."""

from __future__ import annotations

from gsomia.keystore.files import Box, Passphrase
from gsomia.keystore.token import TokenKey, TokenUri

__all__ = ["box_of"]


def box_of(keystore: str, passphrase: bytes | None) -> Box | None:
    """What encrypts secrets at rest: a key in an HSM where the settings name one, or else a passphrase.

    Args:
        keystore: the `pkcs11:` URI of the key, or "".
        passphrase: what the operator gave, or None.

    Returns:
        None where secrets lie in the clear, as an EXERCISE node's may.

    Raises:
        UsageError: not such a URI.
    """
    if keystore:
        return TokenKey(TokenUri.parse(keystore))
    return Passphrase(passphrase) if passphrase is not None else None
