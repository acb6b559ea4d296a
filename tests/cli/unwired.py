"""Two nodes that know each other and have no wire: what each tells the other waits for a parcel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gsomia.app import init
from gsomia.node import Role, fingerprint

__all__ = ["unwired"]


def unwired(folder: Path, officers: Mapping[str, str]) -> Path:
    """Make them in a folder.

    Args:
        folder: which.
        officers: of each, by id; the first is the security officer who enrols the others and the peer.
    """
    homes = {party: init(folder / party, party, exercise=True) for party in ("JPN", "KOR")}
    first = next(iter(officers))
    for home in homes.values():
        for officer, role in officers.items():
            by = home.acting(first, Role.SECURITY) if officer != first else None
            home.enrol_officer(officer, (role,), by=by)
    for party, other in (("JPN", "KOR"), ("KOR", "JPN")):
        document = homes[other].identity()
        by = homes[party].acting(first, Role.SECURITY)
        homes[party].enrol_peer(document, fingerprint(document), "parcel:", by=by)
    for home in homes.values():
        home.close()
    return folder
