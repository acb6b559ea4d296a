"""Provenance: the originator's signed statement of what an item is (protocol 7).

It covers item id, label, policy, payload digest and core digest, so re-wrapping the key never breaks it, and a
key-holder who forges a payload with the same GCM tags is found. It travels in the item as an assertion, and in the act.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any, Final

from gsomia.errors import SealError
from gsomia.keys import Envelope, PublicKey, canonical, verify
from gsomia.sealed.assertion import Assertion, label
from gsomia.sealed.batch import BatchedStatement
from gsomia.sealed.digest import Workers
from gsomia.sealed.form import check_form
from gsomia.sealed.item import SealedItem
from gsomia.sealed.policy import Policy, canonical_form, load_json

__all__ = [
    "PROVENANCE_BATCH_SCHEMA",
    "PROVENANCE_SCHEMA",
    "PROVENANCE_TYPE",
    "Statement",
    "check_provenance",
    "provenance",
    "provenance_assertion",
    "read_provenance",
]

PROVENANCE_TYPE: Final = "application/vnd.gsomia.provenance.v1+json"
"""The payload type of the signed envelope."""
PROVENANCE_SCHEMA: Final = "urn:gsomia:provenance:v1"
"""The schema of the assertion that carries it."""
PROVENANCE_BATCH_SCHEMA: Final = "urn:gsomia:provenance-batch:v1"
"""The schema of the assertion that carries it with its place in a signed batch."""
_FIELDS: Final = frozenset({"v", "item", "label", "policy", "payload_digest", "core_digest", "exercise"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What the originator says of an item.

    Args:
        item: the item's id, given by its originator for ever.
        label: its STANAG 5636 label.
        policy: SHA-256 of the policy's bytes, 32 bytes.
        payload_digest: root of the RFC 6962 tree over the ciphertext segments, 32 bytes.
        core_digest: SHA-256 of the manifest without `assertions` and `keyAccess`, 32 bytes.
        exercise: whether it was made by an EXERCISE node.
    """

    item: str
    label: dict[str, Any]
    policy: bytes
    payload_digest: bytes
    core_digest: bytes
    exercise: bool

    def to_bytes(self) -> bytes:
        """The statement's one form, RFC 8785 JSON: what is signed."""
        return canonical(
            {
                "v": 1,
                "item": self.item,
                "label": self.label,
                "policy": self.policy.hex(),
                "payload_digest": self.payload_digest.hex(),
                "core_digest": self.core_digest.hex(),
                "exercise": self.exercise,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Statement:
        """Read a statement.

        Raises:
            SealError: not a statement of version 1 in its one form.
        """
        value = load_json(data, "the provenance statement")
        if set(value) != _FIELDS or type(value["v"]) is not int or value["v"] != 1:
            raise SealError("the provenance statement has not exactly the fields of version 1")
        kinds = {"item": str, "label": dict, "policy": str, "payload_digest": str, "core_digest": str, "exercise": bool}
        for name, wanted in kinds.items():
            if not isinstance(value[name], wanted):
                raise SealError(f"the provenance statement's `{name}` is malformed")
        try:
            statement = cls(
                item=value["item"],
                label=value["label"],
                policy=bytes.fromhex(value["policy"]),
                payload_digest=bytes.fromhex(value["payload_digest"]),
                core_digest=bytes.fromhex(value["core_digest"]),
                exercise=value["exercise"],
            )
            same = statement.to_bytes() == data
        except ValueError as error:
            raise SealError("the provenance statement is malformed") from error
        if not same or {len(statement.policy), len(statement.payload_digest), len(statement.core_digest)} != {32}:
            raise SealError("the provenance statement is not in its one form")
        return statement


def provenance(
    *, item: str, label: dict[str, Any], policy: Policy, payload_digest: bytes, core_digest: bytes, exercise: bool
) -> bytes:
    """The bytes for the originator to sign, under the payload type `PROVENANCE_TYPE`.

    Args:
        item: the item's id, which the policy names too.
        label: the label, the same JSON object as in the item's label assertion.
        policy: the policy that was sealed.
        payload_digest, core_digest: as `seal` hands them to its callback.
        exercise: whether the node is an EXERCISE node.

    Raises:
        ValueError: the policy names another item.
    """
    if policy.uuid != item:
        raise ValueError(f"the policy names item `{policy.uuid}`, not `{item}`")
    return Statement(
        item=item,
        label=label,
        policy=policy.digest,
        payload_digest=payload_digest,
        core_digest=core_digest,
        exercise=exercise,
    ).to_bytes()


def provenance_assertion(signed: Envelope | BatchedStatement) -> Assertion:
    """The assertion that carries a signed statement in the item: what `seal`'s callback returns."""
    schema = PROVENANCE_SCHEMA if isinstance(signed, Envelope) else PROVENANCE_BATCH_SCHEMA
    value = canonical(signed.to_json()).decode("utf-8")
    return Assertion(id="provenance", format="json", schema=schema, value=value)


def read_provenance(item: SealedItem) -> Envelope | BatchedStatement | None:
    """The signed statement that an item carries, not yet checked, or None for a foreign item.

    Raises:
        SealError: there are two, or it is not in its one form.
        SignatureError: it is not a DSSE envelope.
    """
    found = [entry for entry in item.assertions if entry.schema in (PROVENANCE_SCHEMA, PROVENANCE_BATCH_SCHEMA)]
    if not found:
        return None
    value = found[0].value
    if len(found) > 1 or not isinstance(value, str):
        raise SealError("the item carries two provenance statements, or one that is not text")
    kind = Envelope if found[0].schema == PROVENANCE_SCHEMA else BatchedStatement
    signed: Envelope | BatchedStatement = kind.from_json(load_json(value.encode(), "the provenance envelope"))
    if canonical(signed.to_json()).decode() != value:
        raise SealError("the provenance envelope is not in its one form")
    return signed


def check_provenance(
    item: SealedItem, signed: Envelope | BatchedStatement, key: PublicKey, *, workers: Workers | None = None
) -> Statement:
    """Check that the holder of a key stated exactly this item, reading its whole payload once.

    Args:
        item: the sealed item.
        signed: the signed statement that the item carries, alone or with its place in a batch: from `read_provenance`.
        key: the originator's key, as enrolled; never one that the item brought along.
        workers: takes the hashes of the payload beside the caller's thread.

    Returns:
        The statement. Open the item with its `payload_digest`.

    Raises:
        SignatureError: it is not signed by that key, by Ed25519 and by ML-DSA-65.
        SealError: the statement is of another item, label, policy, manifest or payload, or the file holds more than
            gsomia writes.
    """
    data = verify(signed, PROVENANCE_TYPE, [key]) if isinstance(signed, Envelope) else signed.verify(key)
    statement = Statement.from_bytes(data)
    if item.item_id != statement.item:
        raise SealError("the provenance statement is of another item")
    if not hmac.compare_digest(item.policy_digest, statement.policy):
        raise SealError("the policy is not the one that was stated")
    if not hmac.compare_digest(item.core_digest, statement.core_digest):
        raise SealError("the manifest is not the one that was stated")
    if item.label is None or canonical_form(item.label, "the label") != canonical(statement.label):
        raise SealError("the label is not the one that was stated")
    check_form(item, [label(statement.label), provenance_assertion(signed)])
    item.check_payload_digest(statement.payload_digest, workers)
    return statement
