"""What enrolling a peer, a node's new keys and the end of a log change: which keys and which log count from then on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gsomia.errors import VerificationError
from gsomia.keys import PublicKey, unb64
from gsomia.node.acts.bodies import text
from gsomia.node.acts.signed import Statement
from gsomia.node.record.lognames import current_log, halted, peer_of_log, succession, successor_of
from gsomia.node.record.store_port import Writer
from gsomia.node.record.stored import Peer
from gsomia.node.record.succession import NODE_KEY, check_successor, distrusted
from gsomia.sealed import XWingPublicKey
from gsomia.tlog import Checkpoint, LogVerifier, parse_note, verify_signed

if TYPE_CHECKING:
    from gsomia.node.node import Node

__all__ = ["apply_node_keys", "apply_peer", "apply_successor_log"]


def apply_peer(node: Node, tx: Writer, statement: Statement) -> None:
    """A peer is enrolled; where its log keys are new, what it witnessed under the old ones is forgotten."""
    identity = statement.body["identity"]
    party, signing = text(identity, "party"), PublicKey.from_json(identity["signing"])
    if distrusted(tx, signing) is not None:
        raise VerificationError(
            f"act `{statement.id}`: the key of `{party}` was declared compromised; it never comes back"
        )
    before = tx.peers().get(party)
    if before is not None and before.log.to_text() != identity["log"]:
        # Other log keys are other logs: what was kept and cosigned under the old ones says nothing of them.
        kept = [current_log(tx, party, log, exercise=node.exercise) for log in (node.party, "")]
        tx.forget_witness(party, kept)
    tx.put_peer(
        Peer(
            party=party,
            signing=signing,
            sealing=XWingPublicKey.from_bytes(unb64(identity["sealing"])),
            log=LogVerifier.from_text(identity["log"]),
            certificate=str(identity["certificate"]),
            fingerprint=text(statement.body, "fingerprint"),
            act=statement.id,
        )
    )


def apply_node_keys(node: Node, tx: Writer, statement: Statement) -> None:
    """A node goes over to other keys: this one, or a peer."""
    if statement.party == node.party:
        signing, _ = check_successor(statement, node.keys.signing.public)
        tx.put_setting(NODE_KEY, signing.fingerprint)
        return
    peer = tx.peers().get(statement.party)
    if peer is None:
        raise VerificationError(f"act `{statement.id}`: `{statement.party}` is not an enrolled peer")
    signing, sealing = check_successor(statement, peer.signing)
    tx.put_peer(replace(peer, signing=signing, sealing=sealing))


def apply_successor_log(node: Node, tx: Writer, statement: Statement) -> None:
    """A log whose entries were lost begins anew under its next origin; no witness keeps more than is declared."""
    body, party = statement.body, statement.party
    log, successor, note = text(body, "log"), text(body, "successor"), str(body["kept"]).encode()
    peer = peer_of_log(log)
    if peer and party != node.party and peer != node.party:
        raise VerificationError(f"act `{statement.id}`: `{log}` is no log of acts with `{node.party}`")
    if log != current_log(tx, party, peer, exercise=node.exercise) or successor != successor_of(log):
        raise VerificationError(
            f"act `{statement.id}`: `{log}` is not what `{party}` writes, or `{successor}` not next"
        )
    keys = node.keys.log.public if party == node.party else tx.peers()[party].log
    declared = verify_signed(note, keys.named(log)).checkpoint
    kept = tx.kept(log)
    if kept is not None and Checkpoint.from_text(parse_note(kept).text).size > declared.size:
        raise VerificationError(f"act `{statement.id}`: a larger checkpoint of `{log}` was cosigned than it declares")
    tx.put_setting(succession(log), successor)
    tx.put_setting(halted(log), "")
