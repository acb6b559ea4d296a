"""The law on offer, and the law that a node adopted and keeps in its folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from gsomia.agreement import Record, load_agreement, shipped_record
from gsomia.config import read_law_folder, shipped_law
from gsomia.errors import NodeError
from gsomia.verdict import Law


def offered_law(folders: Mapping[str, Mapping[str, bytes]] | None = None) -> Law:
    """The agreements on offer: those of this release, or those in the folders given."""
    chosen = shipped_law() if folders is None else folders
    return Law({name: load_agreement(name, files) for name, files in chosen.items()})


def shipped_acts() -> Record:
    """The historical acts that this release ships; a node's legal officer enters those that count for it."""
    return shipped_record(shipped_law())


class LawFolder:
    """The agreements' folders that a node adopted, each under its version.

    Args:
        folder: the node's `law`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._law: dict[tuple[tuple[str, str], ...], Law] = {}

    def keep(self, name: str, version: str, files: Mapping[str, bytes]) -> None:
        """Keep an agreement's files under its version, whole or not at all."""
        final = self._folder / name / version
        if final.is_dir():
            return
        staging = final.with_name(f".{version}.{os.getpid()}")
        staging.mkdir(parents=True)
        for file, data in files.items():
            (staging / file).write_bytes(data)
        staging.rename(final)

    def files(self, name: str, version: str) -> dict[str, bytes]:
        """The files of an agreement in a version that was adopted."""
        return read_law_folder(self._folder / name / version)

    def adopted(self, versions: Mapping[str, str]) -> Law:
        """The agreements in the versions adopted.

        Args:
            versions: agreement -> version.

        Raises:
            NodeError: what lies in the folder is not that version.
        """
        key = tuple(sorted(versions.items()))
        if key not in self._law:
            agreements = {}
            for name, version in key:
                agreement = load_agreement(name, self.files(name, version))
                if agreement.version != version:
                    raise NodeError(f"the agreement `{name}` in `{self._folder}` is not the version adopted")
                agreements[name] = agreement
            self._law[key] = Law(agreements)
        return self._law[key]
