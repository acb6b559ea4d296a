"""Recall of an item by its originator (protocol 11): asked of every holder, confirmed by each that has logged it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gsomia.errors import UsageError
from gsomia.node.acts import SignedAct
from gsomia.node.keyholding import recall_of
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node, refused
from gsomia.node.ports import Writer

__all__ = ["confirm_recalls", "recall"]


def recall(node: Node, reference: str, why: str, *, by: Acting) -> SignedAct:
    """Recall one of this Party's own items: no copy of it is opened again once its holder's node has logged this.

    With `originator` custody that is at the next request. Copies that have not left yet stay here.

    Args:
        node: the originator's.
        reference: control number, item id or copy id; the whole item is recalled.
        why: for the holders' officers to read.
        by: a disclosure officer.

    Raises:
        UsageError: no such item.
        RefusedError: it is another Party's item, or it was recalled before.
    """
    at = node.clock.now()
    with node.store.writing() as tx:
        copies = tx.find(reference)
        item = tx.item(copies[0].item) if copies else None
        if item is None:
            raise UsageError(f"no item `{reference}` was given from here", hint="`gsomia register` lists what was")
        if item.originator != node.party:
            raise refused("not-the-originator", f"item `{item.id}` is `{item.originator}`'s to recall")
        if (before := recall_of(tx, item.id, item.originator)) is not None:
            raise refused("recalled", f"item `{item.id}` was recalled before, by act {before.act}")
        known = tx.peers()
        holders = {party for copy in tx.copies(item=item.id) for party in (copy.giver, copy.holder) if party in known}
        draft = Draft(
            type="recall",
            item=item.id,
            instrument=copies[0].instrument,
            parties=tuple(sorted(holders)),
            body={"why": why, "payload_digest": item.payload_digest},
        )
        return make(node, tx, [draft], at=at, by=by)[0]


def confirm_recalls(node: Node, tx: Writer, taken: Sequence[SignedAct], at: datetime) -> None:
    """Tell the originator of each recall just logged that nothing opens the item here any more."""
    known = tx.peers()
    drafts = [
        Draft(
            type="confirm-recall",
            item=act.statement.item,
            instrument=act.statement.instrument,
            parties=(act.statement.party,),
            body={"recall": act.id},
        )
        for act in taken
        if act.statement.type == "recall" and act.statement.party in known
    ]
    make(node, tx, drafts, at=at)
