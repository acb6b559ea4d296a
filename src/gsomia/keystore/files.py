"""Keys at rest in files that only the node's own user may read, sealed by a passphrase where one is given.

A file holds one secret: JSON with `v`, `kind`, and either the secret itself or Argon2id parameters and an
AES-256-GCM box around it (RFC 9106, NIST SP 800-38D). The kind is bound to the box as associated data.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from gsomia.errors import NodeError
from gsomia.keys import b64, unb64

__all__ = ["KeyFiles"]

# RFC 9106 section 4, second recommended option: 64 MiB, three passes, four lanes.
_ARGON2ID = {"iterations": 3, "lanes": 4, "memory_kib": 64 * 1024}


class KeyFiles:
    """A folder of secrets, one file each.

    Args:
        folder: where they lie.
        passphrase: seals new secrets and opens sealed ones; None writes them in the clear (an EXERCISE node's default).
    """

    def __init__(self, folder: Path, passphrase: bytes | None = None) -> None:
        self._folder = folder
        self._passphrase = passphrase

    def __repr__(self) -> str:
        return f"KeyFiles({str(self._folder)!r})"

    def path(self, name: str) -> Path:
        """The file of this name.

        Raises:
            NodeError: the name would lie elsewhere or be hidden.
        """
        if not name.isprintable() or not 0 < len(name) <= 64 or name.startswith(".") or "/" in name:
            raise NodeError(f"not a name for a key: `{name!a}`")
        return self._folder / f"{name}.key"

    def exists(self, name: str) -> bool:
        """Whether there is a secret of this name."""
        return self.path(name).is_file()

    def write(self, name: str, kind: str, secret: bytes) -> None:
        """Store a new secret; an old one is never overwritten.

        Raises:
            NodeError: the name is taken, or the disk does not take it.
        """
        document: dict[str, Any] = {"v": 1, "kind": kind}
        if self._passphrase is None:
            document["secret"] = b64(secret)
        else:
            salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
            box = AESGCM(self._derive(salt, _ARGON2ID)).encrypt(nonce, secret, kind.encode())
            document |= {"argon2id": _ARGON2ID, "salt": b64(salt), "nonce": b64(nonce), "box": b64(box)}
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(document, file)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise NodeError(f"cannot write the key `{name}`: {error.strerror}") from error

    def read(self, name: str, kind: str) -> bytes:
        """The secret of this name and kind.

        Raises:
            NodeError: there is none, it is of another kind, or the passphrase does not open it.
        """
        try:
            document = json.loads(self.path(name).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise NodeError(f"there is no key `{name}` in `{self._folder}`") from error
        except (OSError, ValueError) as error:
            raise NodeError(f"the key file `{self.path(name)}` cannot be read") from error
        try:
            if document["v"] != 1 or document["kind"] != kind:
                raise NodeError(f"the key `{name}` is of kind `{document['kind']}`, not `{kind}`")
            if "secret" in document:
                return unb64(document["secret"])
            derived = self._derive(unb64(document["salt"]), document["argon2id"])
            return AESGCM(derived).decrypt(unb64(document["nonce"]), unb64(document["box"]), kind.encode())
        except InvalidTag as error:
            raise NodeError(f"the passphrase does not open the key `{name}`") from error
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise NodeError(f"the key file `{self.path(name)}` is malformed") from error

    def _derive(self, salt: bytes, parameters: dict[str, int]) -> bytes:
        if self._passphrase is None:
            raise NodeError(
                "the keys are sealed and no passphrase was given",
                hint="set GSOMIA_PASSPHRASE_FILE to a file that holds it",
            )
        return Argon2id(
            salt=salt,
            length=32,
            iterations=parameters["iterations"],
            lanes=parameters["lanes"],
            memory_cost=parameters["memory_kib"],
        ).derive(self._passphrase)
