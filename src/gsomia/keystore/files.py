"""Keys at rest in files that only the node's own user may read, each encrypted in a box where the node has one.

A file holds one secret: JSON with `v`, `kind`, and either the secret itself or a box around it. Kind and name are bound
to the box as associated data, so that a file put in another's place opens nothing.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from gsomia.errors import NodeError
from gsomia.keys import b64, unb64
from gsomia.marking import is_visible

__all__ = ["Box", "KeyFiles", "Passphrase"]

# RFC 9106 section 4, second recommended option: 64 MiB, three passes, four lanes.
_ARGON2ID = {"iterations": 3, "lanes": 4, "memory_kib": 64 * 1024}
# A file that asks for more than this is no file of ours, and would hold the node up.
_MOST = {"iterations": 64, "lanes": 64, "memory_kib": 4 * 2**20}


class Box(Protocol):
    """What encrypts secrets at rest: a passphrase, or a key in an HSM (`TokenKey`)."""

    def close(self, secret: bytes, bound: bytes) -> dict[str, Any]:
        """Encrypt a secret, bound to some bytes that are not secret.

        Returns:
            JSON fields, for `open`.

        Raises:
            NodeError: it cannot be done.
        """
        ...

    def open(self, fields: Mapping[str, Any], bound: bytes) -> bytes:
        """Decrypt what `close` made.

        Raises:
            InvalidTag: another passphrase or key closed it, or it was altered.
            NodeError: it cannot be done.
            KeyError, TypeError, ValueError: the fields are not those that `close` gave.
        """
        ...


class Passphrase:
    """Encrypts secrets under a passphrase: Argon2id (RFC 9106), then AES-256-GCM (NIST SP 800-38D).

    Args:
        passphrase: from a person or a systemd credential; never shown, copied or pickled.

    Raises:
        NodeError: it is empty.
    """

    __slots__ = ("_passphrase",)

    def __init__(self, passphrase: bytes) -> None:
        if not passphrase:
            raise NodeError("the passphrase is empty")
        self._passphrase = passphrase

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a passphrase is not pickled")

    def close(self, secret: bytes, bound: bytes) -> dict[str, Any]:
        """As `Box.close`."""
        salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
        box = self._cipher(salt, _ARGON2ID).encrypt(nonce, secret, bound)
        return {"argon2id": _ARGON2ID, "salt": b64(salt), "nonce": b64(nonce), "box": b64(box)}

    def open(self, fields: Mapping[str, Any], bound: bytes) -> bytes:
        """As `Box.open`."""
        if "argon2id" not in fields:
            raise NodeError("the keys are not sealed by a passphrase", hint="see `keystore` in node.toml")
        cipher = self._cipher(unb64(fields["salt"]), fields["argon2id"])
        return cipher.decrypt(unb64(fields["nonce"]), unb64(fields["box"]), bound)

    def _cipher(self, salt: bytes, parameters: Mapping[str, int]) -> AESGCM:
        if any(not 0 < parameters[name] <= most for name, most in _MOST.items()):
            raise ValueError("parameters of Argon2id out of bounds")
        derived = Argon2id(
            salt=salt,
            length=32,
            iterations=parameters["iterations"],
            lanes=parameters["lanes"],
            memory_cost=parameters["memory_kib"],
        )
        return AESGCM(derived.derive(self._passphrase))


class KeyFiles:
    """A folder of secrets, one file each.

    Args:
        folder: where they lie.
        box: encrypts new secrets and opens encrypted ones; None writes them in the clear (an EXERCISE node's default).
        exercise: new files say that they are an EXERCISE node's.
    """

    def __init__(self, folder: Path, box: Box | None = None, *, exercise: bool = False) -> None:
        self._folder = folder
        self._box = box
        self._exercise = exercise

    def __repr__(self) -> str:
        return f"KeyFiles({str(self._folder)!r})"

    def path(self, name: str) -> Path:
        """The file of this name.

        Raises:
            NodeError: the name would lie elsewhere or be hidden.
        """
        if not is_visible(name) or not 0 < len(name) <= 64 or name.startswith(".") or "/" in name:
            raise NodeError(f"not a name for a key: `{name!a}`")
        return self._folder / f"{name}.key"

    def exists(self, name: str) -> bool:
        """Whether there is a secret of this name."""
        return self.path(name).is_file()

    def names(self) -> list[str]:
        """The names of all secrets, sorted: a key that was replaced stays, so that old items still open."""
        found = (path.name.removesuffix(".key") for path in self._folder.glob("*.key"))
        return sorted(name for name in found if not name.startswith("."))

    def write(self, name: str, kind: str, secret: bytes) -> None:
        """Store a new secret, whole or not at all; an old one is never overwritten.

        Raises:
            NodeError: the name is taken, it cannot be encrypted, or the disk does not take it.
        """
        document: dict[str, Any] = {"v": 1, "kind": kind} | ({"exercise": True} if self._exercise else {})
        final = self.path(name)
        if self._box is None:
            document["secret"] = b64(secret)
        else:
            document |= self._box.close(secret, _bound(name, kind))
        staging = final.with_name(f".{name}.{secrets.token_hex(8)}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                handle = os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(document, file)
                    file.flush()
                    os.fsync(file.fileno())
                # Unlike a rename, a link never takes the place of a file that is there.
                os.link(staging, final)
            finally:
                staging.unlink(missing_ok=True)
            sync(self._folder)
        except OSError as error:
            raise NodeError(f"cannot write the key `{name}`: {error.strerror}") from error

    def keep(self, name: str, kind: str, secret: bytes) -> None:
        """Store a secret, unless an earlier try has stored the very same.

        Raises:
            NodeError: as for `write`, or what lies there cannot be read.
        """
        if not self.exists(name) or self.read(name, kind) != secret:
            self.write(name, kind, secret)
            return
        try:
            sync(self._folder)
        except OSError as error:
            raise NodeError(f"cannot write the key `{name}`: {error.strerror}") from error

    def read(self, name: str, kind: str) -> bytes:
        """The secret of this name and kind.

        Raises:
            NodeError: there is none, it is of another kind, or the passphrase or HSM does not open it.
        """
        document = self._document(name)
        try:
            if document["v"] != 1 or document["kind"] != kind:
                raise NodeError(f"the key `{name}` is of kind `{document['kind']}`, not `{kind}`")
            if "secret" in document:
                return unb64(document["secret"])
            if self._box is None:
                raise NodeError(
                    "the keys are sealed and no passphrase was given",
                    hint="set GSOMIA_PASSPHRASE_FILE to a file that holds it",
                )
            return self._box.open(document, _bound(name, kind))
        except InvalidTag:
            raise NodeError(f"the passphrase does not open the key `{name}`, or it was altered") from None
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise NodeError(f"the key file `{self.path(name)}` is malformed") from None

    def kind(self, name: str) -> str:
        """Of what kind a secret says it is; only `read` shows that it is.

        Raises:
            NodeError: there is none.
        """
        document = self._document(name)
        return str(document.get("kind", "")) if isinstance(document, dict) else ""

    def _document(self, name: str) -> Any:
        try:
            return json.loads(self.path(name).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise NodeError(f"there is no key `{name}` in `{self._folder}`") from error
        except (OSError, ValueError, RecursionError) as error:
            raise NodeError(f"the key file `{self.path(name)}` cannot be read") from error


def _bound(name: str, kind: str) -> bytes:
    return f"gsomia key v1\n{kind}\n{name}".encode()


def sync(folder: Path) -> None:
    """Have a folder's entries survive a power cut.

    Raises:
        OSError: the disk does not take it.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
