"""One item to several Parties: one text, one id, and a copy for each, all permitted or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

from gsomia.node.facts.asserted import Case
from gsomia.node.ledger import make
from gsomia.node.node import Acting, Node, known_peer, new_id
from gsomia.node.record.stored import Consent
from gsomia.node.transmission.looking import Readable, look_over
from gsomia.node.transmission.sealing import Document, SealedOnce, Sending, seal_item
from gsomia.node.transmission.sending import (
    ask_transmit,
    authority,
    certified,
    consent_draft,
    discard,
    draw,
    new_copy,
    own_label,
    refuse,
)
from gsomia.node.transmission.wrapping import own_recipient, share_recipients
from gsomia.registry import Copy

__all__ = ["circulate"]


def circulate(
    node: Node,
    source: BinaryIO,
    sending: Sending,
    parties: Sequence[str],
    *,
    by: Acting,
    item: str = "",
    holders: Sequence[str] = (),
    consent: Consent | None = None,
    once: SealedOnce | None = None,
) -> list[Copy]:
    """Authorise the transmission of one item to several Parties; each leg is put to the agreement by itself.

    Args:
        node: the originator's.
        source: the document's bytes, read once to the end.
        sending: what is sent; its `to` and `via` are not used.
        parties: who gets a copy, each an enrolled peer.
        by: a disclosure officer.
        item: the new item's id where others must name it before.
        holders: the Parties that hold shares of its key; none where each recipient's node holds the key.
        consent: the originator's, entered with the copies and told to all of them.
        once: where the officer signs elsewhere; what was sealed by it is not read again.

    Returns:
        The copies as registered, in the order of the Parties.

    Raises:
        RefusedError: an agreement refuses or is uncertain about one leg; nothing is registered.
    """
    at = node.clock.now()
    item_id = item or (once.item if once is not None else new_id())
    legs = [replace(sending, to=party, via=()) for party in parties]
    with node.store.reading() as reader:
        node.officer(reader, by, "disclosure")
        case = Case.of(node, reader)
        drawn, answers = draw(node, reader, case, legs[0], parties, at)
        asked = [
            ask_transmit(node, reader, leg, at=at, item=item_id, case=case, holders=holders, drawn=drawn)
            for leg in legs
        ]
    verdicts = [verdict for _, _, verdict in asked]
    for what, answer in [*answers, *((f"transmit to {leg.to}", v) for leg, v in zip(legs, verdicts, strict=True))]:
        if answer.outcome != "permit":
            refuse(node, what, answer, at)
    own = own_recipient(node)
    with node.store.reading() as reader:
        for party in parties:
            known_peer(reader, party)
        recipients = share_recipients(node, reader, tuple(holders)) if holders else [own]
    label = drawn.label if drawn is not None else own_label(node, asked[0][0], parties, at)
    looked: Readable = source
    if once is not None and once.info is not None:
        remarks = once.remarks
    else:
        looked, remarks = look_over(node, source, sending.mime_type, label, case, as_is=sending.as_is, at=at)
    if once is not None:
        once.remarks = remarks
    sealed = seal_item(
        node,
        Document(
            source=looked,
            sending=legs[0],
            item=item_id,
            label=label,
            at=at,
            recipients=recipients,
            holders=holders,
            drawn=drawn,
            once=once,
        ),
    )
    try:
        with node.store.writing() as tx:
            copies = [
                new_copy(node, tx, leg, sealed, verdict, hop=leg.to, at=at)
                for leg, verdict in zip(legs, verdicts, strict=True)
            ]
            drafts = [consent_draft(consent, tuple(parties))] if consent is not None else []
            drafts += [
                authority(
                    Case.of(node, tx), copy, sealed, verdict, remarks=remarks, met=certified(tx, sealed, sending.met)
                )
                for copy, verdict in zip(copies, verdicts, strict=True)
            ]
            make(node, tx, drafts, at=at, by=by, send=False)
            for copy in copies:
                tx.put_outgoing(copy.holder, "copy", copy.id, node.clock.machine())
    except BaseException:
        if once is None:
            discard(node, item_id)
        raise
    return copies
