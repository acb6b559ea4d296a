"""What `init` and enrolment fixed for ever, held against the settings each time a node is opened (protocol 10)."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from gsomia.config import SETTINGS_FILE, NodeConfig
from gsomia.errors import DataError, NodeError
from gsomia.node import Reader

__all__ = ["check_fixed"]


def check_fixed(folder: Path, config: NodeConfig, reader: Reader) -> None:
    """Hold Party, EXERCISE and peers as set against the node's certificate, its logs and the peers enrolled.

    Args:
        folder: the node's.
        config: its settings.
        reader: its store.

    Raises:
        DataError: they differ; it names the file, the key, the value and what is allowed.
        NodeError: the certificate cannot be read.
    """
    path = folder / SETTINGS_FILE
    party, exercise = _certified(folder / "keys" / "tls.pem")
    if config.party != party:
        raise _other(path, "party", config.party, party, "this node's certificate")
    if config.exercise is not exercise:
        raise _other(path, "exercise", _word(config.exercise), _word(exercise), "this node's certificate")
    for state in reader.logs():
        # `exercise.gsomia/KOR/JPN`, and with `/2` behind it where it took the place of one that lost entries.
        prefix, owner, *_ = state.name.split("/")
        logged = prefix.startswith("exercise.")
        if owner != party:
            raise _other(path, "party", config.party, owner, f"the log `{state.name}`")
        if logged is not exercise:
            raise _other(path, "exercise", _word(config.exercise), _word(logged), f"the log `{state.name}`")
    enrolled = reader.peers()
    for name, settings in config.peers.items():
        if name not in enrolled:
            allowed = ", ".join(sorted(enrolled)) or "none"
            raise DataError(
                f"{path}: peers.{name}: `{name}` is not an enrolled peer; allowed: {allowed}",
                hint="`gsomia peer enrol` enrols a peer and writes its table",
            )
        pinned = enrolled[name].fingerprint
        if settings.fingerprint != pinned:
            raise _other(path, f"peers.{name}.fingerprint", settings.fingerprint, pinned, f"act {enrolled[name].act}")


def _other(path: Path, key: str, value: str, allowed: str, by: str) -> DataError:
    return DataError(f"{path}: {key}: `{value}`; allowed: `{allowed}`", hint=f"fixed for ever by {by}")


def _word(value: bool) -> str:
    return str(value).lower()


def _certified(path: Path) -> tuple[str, bool]:
    """The Party that a node's certificate names, and whether it is that of an EXERCISE node."""
    try:
        subject = x509.load_pem_x509_certificate(path.read_bytes()).subject
        (party,) = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        (organisation,) = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    except OSError as error:
        raise NodeError(f"cannot read the certificate `{path}`: {error.strerror}") from error
    except ValueError as error:
        raise NodeError(f"`{path}` is not the certificate of a node: {error}") from error
    return str(party.value), str(organisation.value).startswith("EXERCISE ")
