"""An agreement's table of levels as security policies (SPIF 2.1), one for each Party, with the articles inside."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from gsomia.agreement.instrument import Agreement
from gsomia.errors import DataError
from gsomia.marking import CategoryType

if TYPE_CHECKING:
    from gsomia.marking import Applied, SpifTagRow

__all__ = ["CONTEXT", "RELEASABLE", "policies", "policy_oid"]

RELEASABLE = "Releasable To"
"""The permissive tag that labels of items carry: the Parties that may have them."""

CONTEXT = "Context"
"""The informative tag that tells EXERCISE items."""

DECRYPT: Applied = "decrypt"
"""Whoever receives applies the equivalence: the recipient re-marks (Article 4.2)."""


def policy_oid(party: str) -> str:
    """The object identifier of a Party's policy.

    No Party has published one, so it is made of the name: `2.25` and a UUID of version 8 (RFC 9562, 5.8) as a number.
    """
    digest = bytearray(hashlib.sha256(f"gsomia:policy:{party}".encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return f"2.25.{int.from_bytes(digest)}"


def policies(agreement: Agreement, at: datetime) -> dict[str, bytes]:
    """The table of levels as one SPIF for each Party.

    A Party's file holds its own marks and what each becomes at the other Party's; applied by the receiver alone
    (`decrypt`), who marks what it gets with its own corresponding mark (Article 4.2). A mark with several equivalents
    names them all: which of them is the choice of the recipient's competent authority.

    Args:
        agreement: the agreement.
        at: the files' date.

    Returns:
        Party to SPIF.

    Raises:
        DataError: the instrument has no table of levels.
    """
    table = agreement.levels_table
    if not table.levels:
        legs = f"; it rests on {', '.join(agreement.legs)}" if agreement.legs else ""
        raise DataError(f"`{agreement.name}` has no table of levels{legs}")
    numbers = _numbers(agreement)
    return {party: _policy(agreement, party, numbers, at) for party in agreement.parties if party in table.parties}


def _numbers(agreement: Agreement) -> dict[tuple[str, str], int]:
    """Each mark's number in its policy: ten times its rank, and one more for each further mark of that rank."""
    numbers: dict[tuple[str, str], int] = {}
    taken: dict[tuple[str, int], int] = {}
    for level in agreement.levels:
        place = taken.get((level.party, level.rank), 0)
        taken[level.party, level.rank] = place + 1
        numbers[level.party, level.mark] = level.rank * 10 + place
    return numbers


def _policy(agreement: Agreement, party: str, numbers: dict[tuple[str, str], int], at: datetime) -> bytes:
    # The forms in XML are slow to import, and only this asks for them.
    from gsomia.marking import SpifRow, SpifTagRow, export_spif, spif_tag_set

    table = agreement.levels_table
    government = agreement.governments.get(party)
    others = sorted({to for (_, from_, to) in table.equivalences if from_ == party})
    # A mark that the table does not rank is no level of a policy.
    own = sorted((x for x in agreement.levels if x.party == party and x.rank), key=lambda x: numbers[party, x.mark])
    rows = [
        SpifRow(
            mark=level.mark,
            lacv=numbers[party, level.mark],
            hierarchy=level.rank,
            phrases={"en": level.english} | ({government.language: level.mark} if government is not None else {}),
            equivalents=tuple(
                (to, numbers[to, mark], DECRYPT)
                for to in others
                for mark in table.equivalences.get((level.mark, party, to), ())
            ),
        )
        for level in own
    ]

    def tag(place: int, name: str, kind: CategoryType, values: tuple[str, ...], prefix: str = "") -> SpifTagRow:
        equivalents = tuple((to, spif_tag_set(policy_oid(to), place), DECRYPT) for to in others)
        return SpifTagRow(name=name, kind=kind, values=values, equivalents=equivalents, prefix=prefix)

    tags = [
        tag(1, RELEASABLE, "PERMISSIVE", agreement.parties, "Releasable to "),
        tag(2, CONTEXT, "INFORMATIVE", ("EXERCISE",)),
    ]
    notes = [("agreement", agreement.name), ("version", agreement.version), ("title", agreement.title)]
    for level in own:
        covered = "" if level.covered else "; not covered by the agreement"
        notes.append((f"level {level.mark}", f"{level.english}{covered} ({level.confidence}; {level.source})"))
    for article in agreement.articles:
        notes.append((f"article {article.number}", f"{article.text} ({article.confidence}; {article.source})"))
    return export_spif(
        name=party,
        oid=policy_oid(party),
        rows=rows,
        others={to: policy_oid(to) for to in others},
        tags=tags,
        notes=notes,
        at=at,
    )
