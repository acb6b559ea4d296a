"""An item that three Parties hold and two of them open: its key in three shares, each wrapped to two (protocol 11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

from gsomia.errors import UsageError
from gsomia.node.facts import Case
from gsomia.node.keyholding import SHARES
from gsomia.node.ledger import make
from gsomia.node.looking import look_over
from gsomia.node.node import Acting, Node, known_peer, new_id
from gsomia.node.sealing import Document, seal_item
from gsomia.node.sending import (
    Sending,
    ask_transmit,
    authority,
    certified,
    consent_draft,
    discard,
    draw,
    new_copy,
    own_consent,
    own_label,
    refuse,
)
from gsomia.node.wrapping import share_recipients
from gsomia.registry import Copy, Custody

__all__ = ["share"]


def share(node: Node, source: BinaryIO, sending: Sending, parties: Sequence[str], *, by: Acting) -> list[Copy]:
    """Authorise the transmission of one item to two other Parties, its key in shares among the three.

    Each leg is put to the agreement by itself; both must be permitted. The originator's consent that each of the three
    gives the others its share for an opening is an act of the same officer, told to both.

    Args:
        node: the originator's.
        source: the document's bytes, read once to the end.
        sending: what is sent; its `to` and `via` are not used.
        parties: the three Parties, this one among them.
        by: a disclosure officer.

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
    at = node.clock.now()
    item_id = new_id()
    others = tuple(party for party in holders if party != node.party)
    legs = [replace(sending, to=party, via=(), custody=Custody.SHARES) for party in others]
    verdicts = []
    with node.store.reading() as reader:
        node.officer(reader, by, "disclosure")
        case = Case.of(node, reader)
        drawn, answers = draw(node, reader, case, legs[0], others, at)
        asked = [
            ask_transmit(node, reader, leg, at=at, item=item_id, case=case, holders=holders, drawn=drawn)
            for leg in legs
        ]
    for what, answer in answers:
        if answer.outcome != "permit":
            refuse(node, what, answer, at)
    for leg, (_, _, verdict) in zip(legs, asked, strict=True):
        if verdict.outcome != "permit":
            refuse(node, f"transmit to {leg.to}", verdict, at)
        verdicts.append(verdict)
    with node.store.reading() as reader:
        for party in others:
            known_peer(reader, party)
        recipients = share_recipients(node, reader, holders)
    label = drawn.label if drawn is not None else own_label(node, asked[0][0], others, at)
    looked, remarks = look_over(node, source, sending.mime_type, label, case, as_is=sending.as_is, at=at)
    document = Document(
        source=looked,
        sending=legs[0],
        item=item_id,
        label=label,
        at=at,
        recipients=recipients,
        holders=holders,
        drawn=drawn,
    )
    item = seal_item(node, document)
    consent = own_consent(node, sending, item_id, others, at, why="shares of the key, for openings")
    try:
        with node.store.writing() as tx:
            copies = [
                new_copy(node, tx, leg, item, verdict, hop=leg.to, at=at)
                for leg, verdict in zip(legs, verdicts, strict=True)
            ]
            drafts = [
                authority(Case.of(node, tx), copy, item, verdict, remarks=remarks, met=certified(tx, item, sending.met))
                for copy, verdict in zip(copies, verdicts, strict=True)
            ]
            make(node, tx, [consent_draft(consent, others), *drafts], at=at, by=by, send=False)
            for copy in copies:
                tx.put_outgoing(copy.holder, "copy", copy.id, node.clock.machine())
    except BaseException:
        discard(node, item_id)
        raise
    return copies
