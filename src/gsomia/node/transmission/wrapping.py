"""To whom an item's key is wrapped: made so by its originator's node, and checked so by its recipient's."""

from __future__ import annotations

from itertools import combinations

from gsomia.errors import NodeError, SealError
from gsomia.node.node import Node
from gsomia.node.record.store_port import Reader
from gsomia.node.record.succession import retired_keys
from gsomia.node.transmission.offers import Offer
from gsomia.registry import Custody
from gsomia.sealed import KeyAccess, Recipient, SealedItem, XWingPrivateKey, XWingPublicKey, release

__all__ = ["check_wrapping", "own_kids", "own_recipient", "party_of", "sealing_key", "share_recipients"]


def share_recipients(node: Node, reader: Reader, parties: tuple[str, ...]) -> list[Recipient]:
    """Three shares, each wrapped to two of three Parties: whoever holds two lacks one that both others hold.

    Args:
        node: the originator's.
        reader: where its peers' keys stand.
        parties: the three.

    Raises:
        NodeError: one of them is no enrolled peer.
    """
    return [
        Recipient(kid=key.kid, url=f"gsomia:{party}", key=key, sid="-".join(pair))
        for pair in combinations(sorted(parties), 2)
        for party in pair
        for key in [sealing_key(node, reader, party)]
    ]


def sealing_key(node: Node, reader: Reader, party: str) -> XWingPublicKey:
    """The key to which a Party's node has things sealed.

    Raises:
        NodeError: it is no enrolled peer.
    """
    if party == node.party:
        return node.keys.sealing.public
    peer = reader.peers().get(party)
    if peer is None:
        raise NodeError(f"`{party}` is not an enrolled peer", hint="enrol it with `gsomia peer enrol`")
    return peer.sealing


def own_recipient(node: Node) -> Recipient:
    """This node among those to whom an item's key is wrapped."""
    key = node.keys.sealing.public
    return Recipient(kid=key.kid, url=f"gsomia:{node.party}", key=key)


def own_kids(node: Node) -> frozenset[str]:
    """The names of this node's sealing keys."""
    return frozenset(identity.kid for identity in node.identities)


def party_of(node: Node, reader: Reader, access: KeyAccess) -> str:
    """The Party to whose node a share is wrapped, by the enrolled keys; "" where it is nobody's that is known."""
    if access.kid in own_kids(node):
        return node.party
    peers = reader.peers()
    current = next((party for party, peer in peers.items() if peer.sealing.kid == access.kid), "")
    if current:
        return current
    return next((p for p in peers for old in retired_keys(reader, p) if old.sealing == access.kid), "")


def _named(node: Node, reader: Reader, access: KeyAccess) -> str:
    """The Party to whose node a share is wrapped, where the share names that node as its place; else ""."""
    party = party_of(node, reader, access)
    return party if access.url == f"gsomia:{party}" else ""


def check_wrapping(node: Node, reader: Reader, sealed: SealedItem, offer: Offer) -> None:
    """Check that an item's key is wrapped as its custody says: to those, and to nobody else.

    Args:
        node: the recipient's.
        reader: where its peers' keys stand.
        sealed: the item as it came.
        offer: names the custody and the holders, as the officer's act does.

    Raises:
        SealError: it is wrapped otherwise, or a share wrapped for this node is not the one bound to the policy.
    """
    wrapped = sorted((_named(node, reader, access), access.sid) for access in sealed.key_access)
    if offer.custody is Custody.ORIGINATOR:
        if wrapped != [(offer.originator, "")]:
            raise SealError("the sealed item's key is not wrapped for its originator's node alone")
        return
    if offer.custody is Custody.SHARES:
        pairs = list(combinations(offer.holders, 2))
        if wrapped != sorted((party, "-".join(pair)) for pair in pairs for party in pair):
            raise SealError("the sealed item's key is not in three shares, each wrapped for two of its holders")
        held = {"-".join(pair) for pair in pairs if node.party in pair}
        throwaway = XWingPrivateKey.generate().public
        anyone = Recipient(kid=throwaway.kid, url="", key=throwaway)
        if {access.sid for access in release(sealed.wrapped_key, identities=node.identities, recipient=anyone)} != held:
            raise SealError("a share of the sealed item's key does not open for this node")
        return
    if wrapped != [(node.party, "")]:
        raise SealError("the sealed item's key is not wrapped for this node alone")
    sealed.segment(0, node.identities)  # the key wrapped for this node is the one bound to the policy
