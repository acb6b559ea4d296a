"""Where passphrase and PIN come from: a file that a variable names, or a systemd credential; never a command line."""

from __future__ import annotations

import os
from pathlib import Path

from gsomia.errors import NodeError

__all__ = ["credential", "read_credential"]

MAX_BYTES = 4096


def credential(name: str) -> bytes | None:
    """The passphrase or PIN that this process was given.

    Args:
        name: `passphrase`, `new-passphrase` or `pin`: the file that `GSOMIA_PASSPHRASE_FILE` (or
            `GSOMIA_NEW_PASSPHRASE_FILE`, `GSOMIA_PIN_FILE`) names, or else the systemd credential `gsomia-passphrase`
            (or `gsomia-new-passphrase`, `gsomia-pin`; systemd.exec(5), LoadCredentialEncrypted=).

    Returns:
        Its bytes without the line's end, or None where there is neither.

    Raises:
        NodeError: the file is named and cannot be read, is empty, or is too long to be one.
    """
    path = os.environ.get(f"GSOMIA_{name.upper().replace('-', '_')}_FILE")
    if path:
        return read_credential(name, Path(path))
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder:
        given = Path(folder) / f"gsomia-{name}"
        if given.exists():
            return read_credential(name, given)
    return None


def read_credential(name: str, path: Path) -> bytes:
    """A passphrase or PIN from its file.

    Raises:
        NodeError: it cannot be read, is empty, or is too long to be one.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise NodeError(f"cannot read the {name} file `{path}`: {error.strerror}") from error
    held = data.rstrip(b"\r\n")
    if not held or len(data) > MAX_BYTES:
        raise NodeError(f"the {name} file `{path}` is empty, or longer than {MAX_BYTES} bytes")
    return held
