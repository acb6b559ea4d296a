"""A node's keys replaced: an act by the old key, the new key and a security officer, which each shared log holds.

Signing and sealing key change together. Old items still open, for the old sealing key stays with the node; what the old
key signed still verifies, up to the act that retired it. The log's keys never change: a log is its key (C2SP).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from gsomia.errors import NodeError
from gsomia.keys import Envelope, PublicKey, SigningKey, b64, sign, unb64
from gsomia.node.acts.signed import SignedAct
from gsomia.node.ledger import Draft, make
from gsomia.node.node import Acting, Node
from gsomia.node.record.store_port import Reader
from gsomia.node.record.succession import PROOF_TYPE, proven
from gsomia.sealed import XWingPrivateKey, XWingPublicKey

__all__ = ["NewKeys", "key_settings", "replace_node_keys"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKeys:
    """The keys that a node is to use from now on."""

    signing: SigningKey
    sealing: XWingPrivateKey
    _proofs: dict[bytes, Envelope] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def generate(cls) -> NewKeys:
        """New ones, by chance."""
        return cls(signing=SigningKey.generate(), sealing=XWingPrivateKey.generate())

    def proof(self, stated: bytes) -> Envelope:
        """What the new signing key signs of what is stated: once, for an act that is prepared says it again."""
        if stated not in self._proofs:
            self._proofs[stated] = sign(stated, PROOF_TYPE, [self.signing])
        return self._proofs[stated]


def replace_node_keys(node: Node, new: NewKeys, keep: Callable[[NewKeys], object], *, by: Acting) -> SignedAct:
    """Replace a node's signing and sealing keys; every peer is told, by messages that both keys sign until it knows.

    Args:
        node: with its old keys; what works with it signs by the new ones from then on.
        new: the new ones.
        keep: stores them, before the act is entered: a node is never without the keys that its register names.
        by: a security officer.

    Raises:
        NodeError: they are no new keys, or they cannot be stored.
    """
    old = node.keys
    if new.signing.public == old.signing.public or new.sealing.kid == old.sealing.kid:
        raise NodeError("the keys are to be replaced by themselves")
    stated = {
        "replaces": {"signing": old.signing.public.to_json(), "sealing": old.sealing.kid},
        "signing": new.signing.public.to_json(),
        "sealing": b64(new.sealing.public.to_bytes()),
    }
    used = replace(
        old,
        signing=new.signing,
        sealing=new.sealing,
        retired=(old.signing, *old.retired),
        retired_sealing=(old.sealing, *old.retired_sealing),
    )
    proof = new.proof(proven(node.party, node.exercise, stated))
    with node.store.writing() as tx:
        draft = Draft(type="replace-node-key", parties=node.peer_parties(tx), body=stated | {"proof": proof.to_json()})
        act = make(node, tx, [draft], at=node.clock.now(), by=by, send=False)[0]
        keep(new)
        for peer in act.statement.parties:
            # Before all else that waits: what the new key signs means nothing to a peer that does not know it.
            tx.put_outgoing(peer, "key", act.id, node.clock.machine())
        # Not before: nothing is signed by keys, or sealed to keys, that the register may never name. Nor later: whoever
        # writes next must sign by those that it names.
        tx.afterwards(partial(setattr, node.in_use, "now", used))
    return act


def key_settings(reader: Reader, party: str) -> list[tuple[str, str]]:
    """The names of a node's signing and sealing keys, in the order of their use; the first pair is "" and ""."""
    acts = [act.statement for act in reader.acts(types=["replace-node-key"]) if act.statement.party == party]
    named = [
        (
            PublicKey.from_json(one.body["signing"]).fingerprint,
            XWingPublicKey.from_bytes(unb64(one.body["sealing"])).kid,
        )
        for one in acts
    ]
    return [("", ""), *named]
