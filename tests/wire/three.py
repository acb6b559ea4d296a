"""Three real nodes in folders, Japan's, Korea's and America's: each a process of its own on loopback over real TLS."""

from __future__ import annotations

import atexit
import functools
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pair import AT, Pair, free_ports

from gsomia.app import init, offered_law, shipped_acts
from gsomia.node import Note, Role, accredit, assure, concerned, enter_legal_acts, fingerprint

__all__ = ["THREE", "Trio", "new_trio"]

THREE = ("JPN", "KOR", "USA")
LAWS = ("jpn-kor-2016", "usa-jpn-2007", "usa-kor-1987", "tisa-2014")


def build(folder: Path) -> None:
    """Make three nodes that know one another, with the law adopted and the history entered."""
    law = offered_law()
    homes = {p: init(folder / p, p, exercise=True, port=port) for p, port in zip(THREE, free_ports(3), strict=True)}
    for home in homes.values():
        home.clock.set(AT)
        home.enrol_officer("security", (Role.SECURITY,), by=None)
        for role in (Role.LEGAL, Role.DISCLOSURE, Role.REGISTRY):
            home.enrol_officer(role, (role,), by=home.acting("security", Role.SECURITY))
    for party, home in homes.items():
        security, legal = home.acting("", Role.SECURITY), home.acting("", Role.LEGAL)
        for other in set(THREE) - {party}:
            document = homes[other].identity()
            url = f"https://127.0.0.1:{homes[other].config.link.port}"
            home.enrol_peer(document, fingerprint(document), url, by=security)
        mine = tuple(name for name in concerned(law, party) if name in LAWS)
        home.adopt(mine, by=legal)
        history = [act for act in shipped_acts() if act.under in mine and act.at <= AT]
        enter_legal_acts(home.node, history, Note.of_text("n", b"n", dated="2016-11-23"), by=legal, tell=False)
        accredit(home.node, "system", "SECRET", by=security)
        for name in mine:
            parties = law.agreements[name].parties
            for other in {*parties} - {party} if len(parties) == 2 and party in parties else ():
                assure(home.node, other, name, "SECRET", by=security)
        settings = home.folder / "node.toml"
        text = settings.read_text().replace("[link]\n", "[link]\nretry_seconds = 0.1\nretry_limit_seconds = 0.3\n")
        settings.write_text(text)
    for home in homes.values():
        home.close()


@functools.cache
def introduced() -> Path:
    """Three nodes that have told one another of their officers and systems, and stopped; made once."""
    folder = Path(tempfile.mkdtemp(prefix="gsomia-trio-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "built").mkdir()
    build(folder / "built")
    with Trio(folder / "built", folder / "nodes") as made:
        made.start(*THREE)
        made.settle()
        for party in THREE:
            made.kill(party, signal.SIGTERM)
    return folder / "nodes"


@pytest.fixture(name="trio")
def new_trio(tmp_path: Path) -> Iterator[Trio]:
    """Three nodes that know one another and do not run yet."""
    with Trio(introduced(), tmp_path / "nodes") as made:
        yield made


class Trio(Pair):
    """Copies of three built nodes, and the processes that run them."""

    parties = THREE

    def left(self) -> dict[str, int]:
        """How many outbox entries wait, by node."""
        waiting = {}
        for party in THREE:
            home = self.home(party)
            with home.node.store.reading() as reader:
                waiting[party] = len(reader.outgoing())
            home.close()
        return waiting

    def registers(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Each node's register, by copy; all that name a copy tell the same of it, and no number stands twice."""
        registers = {party: self.register(party) for party in THREE}
        for party, register in registers.items():
            numbers = [row["control_number"] for row in register.values() if row["control_number"]]
            assert len(numbers) == len(set(numbers)), party
            for copy, row in register.items():
                giver, holder = row["way"][0], row["way"][1]
                assert copy in registers[giver], f"{party} has {copy}, which {giver} never gave"
                assert copy in registers[holder], f"{party} has {copy}, which {holder} lacks"
                for other in (giver, holder):
                    theirs = registers[other][copy] | {"control_number": ""}
                    assert row | {"control_number": ""} == theirs, f"{party} and {other} differ on {copy}"
        return registers
