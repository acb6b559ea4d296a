"""Where the peers are reached: the tables of node.toml, written where a peer is enrolled."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gsomia.config import BY_PARCEL, read_config
from gsomia.errors import UsageError

__all__ = ["SettingsAddresses"]

_URL = re.compile(r"https://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:[1-9][0-9]{0,4})?/?")

_PEER = """
[peers.{party}]
url = "{url}"
fingerprint = "{fingerprint}"
"""


class SettingsAddresses:
    """The peers' addresses in the settings of a node's folder.

    Args:
        folder: the node's.
        distrusted: whether a peer is enrolled whose key was declared compromised, by Party.
        changed: told the Party whose address was written.
    """

    def __init__(self, folder: Path, distrusted: Callable[[str], bool], changed: Callable[[str], None]) -> None:
        self._folder = folder
        self._distrusted = distrusted
        self._changed = changed

    def check(self, identity: Mapping[str, Any], address: str) -> None:
        """Check that a peer could be named so, before anything is signed.

        Raises:
            UsageError: no address, no certificate, or the peer stands in the settings with a key that holds.
        """
        from gsomia.web import check_certificate

        party = str(identity.get("party", ""))
        if party in read_config(self._folder).peers and not self._distrusted(party):
            raise UsageError(f"`{party}` stands in the settings already")
        if address != BY_PARCEL and not _URL.fullmatch(address):
            hint = f"https://host:port, or `{BY_PARCEL}` where there is no wire"
            raise UsageError(f"not the address of a peer: `{address}`", hint=hint)
        check_certificate(identity.get("certificate"))

    def put(self, party: str, address: str, fingerprint: str) -> None:
        """Name an enrolled peer, in the place of what stood of it."""
        path = self._folder / "node.toml"
        settings = re.sub(rf"\n\[peers\.{party}\]\n[^\[]*", "\n", path.read_text(encoding="utf-8"))
        settings += _PEER.format(party=party, url=address, fingerprint=fingerprint)
        staging = path.with_suffix(".new")
        staging.write_text(settings, encoding="utf-8")
        staging.replace(path)
        self._changed(party)
