"""An item that three Parties hold and two of them open: its key in three shares, each wrapped to two (protocol 11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

from gsomia.errors import UsageError
from gsomia.node.node import Acting, Node, new_id
from gsomia.node.record.keyholding import SHARES
from gsomia.node.transmission.circulating import circulate
from gsomia.node.transmission.sending import SealedOnce, Sending, own_consent
from gsomia.registry import Copy, Custody

__all__ = ["share"]


def share(
    node: Node,
    source: BinaryIO,
    sending: Sending,
    parties: Sequence[str],
    *,
    by: Acting,
    once: SealedOnce | None = None,
) -> list[Copy]:
    """Authorise the transmission of one item to two other Parties, its key in shares among the three.

    Each leg is put to the agreement by itself; both must be permitted. The originator's consent that each of the three
    gives the others its share for an opening is an act of the same officer, told to both.

    Args:
        node: the originator's.
        source: the document's bytes, read once to the end.
        sending: what is sent; its `to` and `via` are not used.
        parties: the three Parties, this one among them.
        by: a disclosure officer.
        once: where the officer signs elsewhere; what was sealed by it is not read again.

    Returns:
        The two copies.

    Raises:
        UsageError: not three Parties, or this one is not among them.
        RefusedError: an agreement refuses or is uncertain about either leg; nothing is registered.
    """
    holders = tuple(sorted({*parties}))
    if len(holders) != SHARES or node.party not in holders or len(parties) != SHARES:
        raise UsageError(
            f"shares are held by three Parties, `{node.party}` among them, not by `{', '.join(parties)}`",
            hint="such as --shares JPN,KOR,USA",
        )
    item = new_id() if once is None else once.item
    others = tuple(party for party in holders if party != node.party)
    why = "shares of the key, for openings"
    consent = own_consent(node, sending, item, others, node.clock.now(), why=why, once=once)
    shared = replace(sending, custody=Custody.SHARES)
    return circulate(node, source, shared, others, by=by, item=item, holders=holders, consent=consent, once=once)
