"""A bundle as it is read, before anything in it is believed, and the keys that were proven so far."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from gsomia.errors import VerificationError
from gsomia.keys import PublicKey
from gsomia.node.acts.signed import Officer, SignedAct, read_instant, unpack
from gsomia.node.bundle.writing import BUNDLE_JSON
from gsomia.node.effects.keyends import OfficersThen
from gsomia.node.record.store_port import Store
from gsomia.node.record.succession import RetiredKeys
from gsomia.tlog import LogVerifier

__all__ = ["MAX_BUNDLE_JSON", "Life", "Scratch", "TrustedKeys", "read_bundle"]

MAX_BUNDLE_JSON = 256 * 2**20
"""The longest `bundle.json` that is read."""

Scratch = Callable[[], AbstractContextManager[Store]]
"""Makes an empty register that lasts as long as its block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKeys:
    """The keys of a Party's node that the one who checks holds: from an identity, or as enrolled."""

    signing: PublicKey
    log: LogVerifier


@dataclass
class Life:
    """A bundle as it is read, and the keys that have been proven so far.

    Args:
        at: the instant by which it is judged.
        own_clock: whether that is the one at which its writer says that it was written.
    """

    value: Mapping[str, Any]
    archive: zipfile.ZipFile
    trusted: Mapping[str, TrustedKeys]
    at: datetime
    own_clock: bool
    unwitnessed: timedelta
    scratch: Scratch
    nodes: dict[str, TrustedKeys] = field(default_factory=dict)
    then: OfficersThen = field(default_factory=OfficersThen)
    retired: list[tuple[str, RetiredKeys]] = field(default_factory=list)
    acts: list[tuple[SignedAct, datetime]] = field(default_factory=list)
    by_id: dict[str, SignedAct] = field(default_factory=dict)

    @property
    def party(self) -> str:
        """The Party whose node wrote it."""
        return str(self.value["party"])

    @property
    def exercise(self) -> bool:
        """Whether an EXERCISE node wrote it."""
        return self.value["exercise"] is True

    @property
    def item(self) -> Mapping[str, Any]:
        """The register's row of the item whose life it is."""
        value: Mapping[str, Any] = self.value["item"]
        return value

    def writer(self) -> TrustedKeys:
        """The keys of the node that wrote it, once proven.

        Raises:
            VerificationError: they were not.
        """
        known = self.nodes.get(self.party)
        if known is None:
            raise VerificationError(f"not checked: no key of {self.party}")
        return known

    def node_key(self, party: str) -> PublicKey | None:
        """The key of a Party's node, once proven."""
        known = self.nodes.get(party)
        return None if known is None else known.signing

    def retired_key(self, party: str, fingerprint: str, at: datetime) -> PublicKey | None:
        """A key that a Party's node used at an instant and replaced since, once that was proven."""
        keys = (old.signing for of, old in self.retired if of == party and at <= old.until)
        return next((key for key in keys if key.fingerprint == fingerprint), None)

    def officer(self, party: str, officer: str) -> Officer | None:
        """An officer whose key could sign at this point of the acts."""
        return self.then.officer(party, officer)

    def about(self, *types: str, copy: str = "") -> list[SignedAct]:
        """The acts about the item of these types."""
        return [
            act
            for act, _ in self.acts
            if act.statement.type in types
            and act.statement.item == self.item["id"]
            and (not copy or act.statement.copy == copy)
        ]


def _read_acts(values: list[Mapping[str, Any]]) -> Iterator[tuple[SignedAct, datetime]]:
    for value in values:
        (act,) = unpack(value["signed"])
        yield act, read_instant(value["recorded_at"])


def read_bundle(
    file: BinaryIO,
    trusted: Mapping[str, TrustedKeys],
    *,
    at: datetime | None,
    unwitnessed: timedelta,
    scratch: Scratch,
) -> Life:
    """Read a bundle; nothing in it is verified yet.

    Args:
        file: the bundle.
        trusted, at, unwitnessed, scratch: as for `check_bundle`.

    Raises:
        GsomiaError, ValueError, TypeError, KeyError, OSError, zipfile.BadZipFile: it is none.
    """
    archive = zipfile.ZipFile(file)
    if archive.getinfo(BUNDLE_JSON).file_size > MAX_BUNDLE_JSON:
        raise ValueError(f"`{BUNDLE_JSON}` is longer than {MAX_BUNDLE_JSON} bytes")
    value = json.loads(archive.read(BUNDLE_JSON))
    if value["schema"] != "gsomia/bundle/v1" or value["v"] != 1:
        raise ValueError("another schema or version")
    life = Life(
        value=value,
        archive=archive,
        trusted=trusted,
        at=read_instant(value["at"]) if at is None else at,
        own_clock=at is None,
        unwitnessed=unwitnessed,
        scratch=scratch,
    )
    life.acts = list(_read_acts(value["acts"]))
    life.by_id = {act.id: act for act, _ in life.acts}
    return life
