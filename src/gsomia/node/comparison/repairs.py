"""The repair of a difference where a peer lacks an act: it is sent again."""

from __future__ import annotations

from gsomia.errors import UsageError
from gsomia.node.comparison.entries import ACT, ITEM, entry
from gsomia.node.node import Node, known_peer

__all__ = ["send_again"]


def send_again(node: Node, act: str, to: str) -> None:
    """Put an act into the outbox to a peer once more: the repair where the peer lacks it. No new act is made.

    Args:
        node: who has it.
        act: its id.
        to: a peer that is party to it, or is to follow its item.

    Raises:
        UsageError: not an enrolled peer, no such act, or none that the peer is told of.
    """
    with node.store.writing() as tx:
        known_peer(tx, to)
        filed = tx.filed(act)
        if filed is None:
            raise UsageError(f"no act `{act}` is here", hint="`gsomia act list --all` lists them")
        shared = entry(node, tx, to, ITEM, filed[0]) if filed[0] else entry(node, tx, to, ACT, act)
        named = {row[0] for row in shared.get("acts", ())} | {shared["id"]} if shared is not None else set()
        if act not in named:
            raise UsageError(f"act `{act}` is nothing that `{to}` is told of")
        if act not in {one.subject for one in tx.outgoing(peer=to)}:
            tx.put_outgoing(to, "act", act, node.clock.machine())
