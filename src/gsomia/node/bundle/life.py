"""Checking a bundle offline: an item's whole life, each check by name (`gsomia verify BUNDLE`).

Nothing in a bundle vouches for itself: the keys of the node that wrote it come from the one who checks, and everything
else is led back to them by signatures. What no signature can show is listed as *not shown*.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import BinaryIO

from gsomia.errors import GsomiaError
from gsomia.node.bundle.item import check_label, check_provenance_of, check_rows, check_rungs, check_seal
from gsomia.node.bundle.keys import SIGNERS, check_acts, check_enrolments, check_writer
from gsomia.node.bundle.law import ADOPTED, STATE, check_law, check_states
from gsomia.node.bundle.logs import WHOLE, WITNESSES, check_inclusion, check_whole, check_witnesses
from gsomia.node.bundle.reading import Life, Scratch, TrustedKeys, read_bundle
from gsomia.node.check import Check

__all__ = ["check_bundle"]


def check_bundle(
    file: BinaryIO,
    trusted: Mapping[str, TrustedKeys],
    *,
    at: datetime | None,
    unwitnessed: timedelta,
    scratch: Scratch,
) -> list[Check]:
    """Check a bundle: keys, acts, law, agreement's state, seal, label, provenance, register, rungs, logs, witnesses.

    Args:
        file: the bundle.
        trusted: the keys held of each Party's node; that of the bundle's writer must be among them.
        at: the instant of checking; None for the one at which its writer says that it was written.
        unwitnessed: acts that no peer has cosigned for longer fail.
        scratch: makes an empty register, into which the acts are replayed.

    Returns:
        Every check with what it found; one that cannot be made counts as failed.
    """
    try:
        life = read_bundle(file, trusted, at=at, unwitnessed=unwitnessed, scratch=scratch)
    except (*_BROKEN, zipfile.BadZipFile) as error:
        return [Check(name="bundle", counted=0, fault=f"it cannot be read: {error}")]
    return [_made(name, check, life) for name, check in _CHECKS]


_BROKEN = (GsomiaError, ValueError, TypeError, KeyError, AttributeError, IndexError, OSError, RecursionError)


def _made(name: str, check: Callable[[Life], int | Check], life: Life) -> Check:
    try:
        found = check(life)
    except (*_BROKEN, zipfile.BadZipFile) as error:
        why = str(error) if isinstance(error, GsomiaError) else f"it cannot be read: {type(error).__name__}: {error}"
        return Check(name=name, counted=0, fault=why)
    return found if isinstance(found, Check) else Check(name=name, counted=found)


_CHECKS: tuple[tuple[str, Callable[[Life], int | Check]], ...] = (
    ("keys of the writer", check_writer),
    ("peers and officers", check_enrolments),
    (SIGNERS, check_acts),
    (ADOPTED, check_law),
    (STATE, check_states),
    ("seal", check_seal),
    ("provenance", check_provenance_of),
    ("label", check_label),
    ("register", check_rows),
    ("rungs", check_rungs),
    ("inclusion in logs", check_inclusion),
    (WITNESSES, check_witnesses),
    (WHOLE, check_whole),
)
