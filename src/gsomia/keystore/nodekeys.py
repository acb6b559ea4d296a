"""A node's own keys among the secrets at rest: those in use by its register, and those it used before."""

from __future__ import annotations

from gsomia.errors import NodeError
from gsomia.keys import SigningKey
from gsomia.keystore.files import KeyFiles
from gsomia.node import NewKeys, NodeKeys, Store, key_settings
from gsomia.sealed import XWingPrivateKey
from gsomia.tlog import LogSigner

__all__ = ["opens", "read_node_keys", "write_new_keys"]

_SIGNING, _SEALING, _LOG = "gsomia-signing", "x-wing", "gsomia-log"


def _named(base: str, key: str) -> str:
    """The name of a key's file: the first of all has the plain one, one that took its place its own."""
    return f"{base}-{key[:32]}" if key else base


def read_node_keys(files: KeyFiles, store: Store, party: str) -> NodeKeys:
    """The keys that the register says are in use, and those it says were replaced, with which old items still open.

    Args:
        files: the node's secrets.
        store: the node's register.
        party: the Party.

    Raises:
        NodeError: one of them is missing, or cannot be opened.
    """
    with store.reading() as reader:
        used = key_settings(reader, party)
    signing = [SigningKey(files.read(_named("signing", name), _SIGNING)) for name, _ in used]
    sealing = [XWingPrivateKey.from_bytes(files.read(_named("sealing", name), _SEALING)) for _, name in used]
    return NodeKeys(
        signing=signing[-1],
        sealing=sealing[-1],
        log=LogSigner(f"gsomia/{party}", files.read("log", _LOG)),
        retired=tuple(reversed(signing[:-1])),
        retired_sealing=tuple(reversed(sealing[:-1])),
    )


def opens(files: KeyFiles) -> bool:
    """Whether the box opens a node's secrets as they lie there now; the log's key stands for all.

    Args:
        files: the node's secrets.
    """
    try:
        files.read("log", _LOG)
    except NodeError:
        return False
    return True


def write_new_keys(files: KeyFiles, new: NewKeys) -> None:
    """Store the keys that are to take the place of a node's own beside the old ones; they may lie there already.

    Raises:
        NodeError: the disk, or the HSM, does not take them.
    """
    files.keep(_named("signing", new.signing.public.fingerprint), _SIGNING, new.signing.seed)
    files.keep(_named("sealing", new.sealing.kid), _SEALING, new.sealing.to_bytes())
