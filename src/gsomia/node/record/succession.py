"""Which keys a Party's node has had, and which of them nobody trusts any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gsomia.errors import VerificationError
from gsomia.keys import Envelope, PublicKey, canonical, unb64, verify
from gsomia.node.acts.signed import Statement, instant, read_instant
from gsomia.node.record.store_port import Reader
from gsomia.sealed import BatchedStatement, XWingPublicKey

__all__ = [
    "DISTRUSTED",
    "NODE_KEY",
    "PROOF_TYPE",
    "RetiredKeys",
    "author",
    "check_successor",
    "distrusted",
    "proven",
    "retired_by",
    "retired_keys",
    "told_key",
]

PROOF_TYPE = "application/vnd.gsomia.node-key.v1+json"

NODE_KEY = "node-key"
"""The setting that names this node's own signing key, once it was replaced."""

DISTRUSTED = "distrusted/"
"""The settings that name a node's key declared compromised, each with the act that declared it."""


def distrusted(reader: Reader, key: PublicKey) -> str | None:
    """The act by which a node's key was declared compromised, as this node knows, or None."""
    return reader.setting(f"{DISTRUSTED}{key.fingerprint}")


def told_key(peer: str) -> str:
    """The setting that names the last of this node's keys of which a peer is known to know."""
    return f"node-key-told/{peer}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiredKeys:
    """Keys that a node used up to an instant: the signing key, and the name of the sealing key."""

    signing: PublicKey
    sealing: str
    until: datetime

    def to_json(self) -> dict[str, Any]:
        """As an identity names them."""
        return {"signing": self.signing.to_json(), "sealing": self.sealing, "until": instant(self.until)}

    @classmethod
    def from_json(cls, value: Any) -> RetiredKeys:
        """Read what `to_json` wrote.

        Raises:
            ValueError, TypeError, KeyError: not such an object.
        """
        if set(value) != {"signing", "sealing", "until"} or not isinstance(value["sealing"], str):
            raise ValueError("keys that were used before have `signing`, `sealing` and `until`")
        return cls(
            signing=PublicKey.from_json(value["signing"]),
            sealing=value["sealing"],
            until=read_instant(value["until"]),
        )


def retired_keys(reader: Reader, party: str) -> tuple[RetiredKeys, ...]:
    """The keys of a Party's node that were replaced, in order: as its enrolled identity names them, and by acts since.

    What a retired key signed while it was in use still holds; a key that was declared compromised is another matter.
    """
    found: list[RetiredKeys] = []
    peer = reader.peers().get(party)
    enrolment = reader.act(peer.act) if peer is not None else None
    if enrolment is not None:
        identity = enrolment.statement.body.get("identity", {})
        found.extend(RetiredKeys.from_json(value) for value in identity.get("previous", ()))
    for act in reader.acts(types=["replace-node-key"]):
        if act.statement.party == party:
            found.append(retired_by(act.statement))
    return tuple(found)


def retired_by(statement: Statement) -> RetiredKeys:
    """The keys that an act of replacement retired."""
    replaced = statement.body["replaces"]
    signing = PublicKey.from_json(replaced["signing"])
    return RetiredKeys(signing=signing, sealing=str(replaced["sealing"]), until=statement.at)


def author(
    stated: Envelope | BatchedStatement, current: PublicKey | None, retired: Iterable[PublicKey]
) -> PublicKey | None:
    """The key by which a Party's node stated an item: its own now, or the one it used when the item was made."""
    envelope = stated if isinstance(stated, Envelope) else stated.envelope
    named = {signature.keyid.partition("/")[0] for signature in envelope.signatures}
    if current is None or current.fingerprint in named:
        return current
    return next((key for key in retired if key.fingerprint in named), current)


def proven(party: str, exercise: bool, stated: dict[str, Any]) -> bytes:
    """What the new key signs: that it takes the old one's place, for this Party's node."""
    return canonical({"v": 1, "party": party, "exercise": exercise, **stated})


def check_successor(statement: Statement, current: PublicKey) -> tuple[PublicKey, XWingPublicKey]:
    """Check that an act, already verified, replaces the key that is current, and that the new key signed it too.

    Returns:
        The new keys.

    Raises:
        VerificationError: it replaces another key, or the new key has not signed that it does.
    """
    body = statement.body
    if set(body) != {"replaces", "signing", "sealing", "proof"} or set(body["replaces"]) != {"signing", "sealing"}:
        raise VerificationError(f"act `{statement.id}`: other keys than a replacement has")
    if PublicKey.from_json(body["replaces"]["signing"]) != current or statement.signers[0].key != current.fingerprint:
        raise VerificationError(f"act `{statement.id}`: it replaces another key than the one that is enrolled")
    signing, sealing = PublicKey.from_json(body["signing"]), XWingPublicKey.from_bytes(unb64(body["sealing"]))
    if signing == current:
        raise VerificationError(f"act `{statement.id}`: the key is replaced by itself")
    stated = {name: body[name] for name in ("replaces", "signing", "sealing")}
    if verify(Envelope.from_json(body["proof"]), PROOF_TYPE, [signing]) != proven(
        statement.party, statement.exercise, stated
    ):
        raise VerificationError(f"act `{statement.id}`: the new key has signed another replacement")
    return signing, sealing
