"""A document sealed into the node's store, with its label and its originator's statement."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from gsomia.errors import NodeError
from gsomia.keys import sign
from gsomia.marking import Category, Label
from gsomia.node.keyholding import holders_of
from gsomia.node.node import Node
from gsomia.registry import Custody, Item
from gsomia.sealed import PROVENANCE_TYPE, Assertion, Policy, Recipient, provenance, provenance_assertion, seal
from gsomia.sealed import label as label_assertion

__all__ = ["Sending", "seal_item"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What an officer wants to send.

    Args:
        to: the Party for whom it is meant.
        via: Parties it passes through, in order; empty for direct.
        level: the mark as typed; it must be one of this Party's marks in the agreement.
        subject, purpose: as the agreement names them.
        title: shown in both registers; never part of the offer.
        under: the instrument, or "" for any that could carry it.
        custody: who holds the key once it is delivered; shares are given by `share`.
    """

    to: str
    level: str
    subject: str
    purpose: str
    title: str = ""
    mime_type: str = "application/octet-stream"
    via: tuple[str, ...] = ()
    under: str = ""
    custody: Custody = Custody.RECIPIENT


def seal_item(
    node: Node,
    source: BinaryIO,
    sending: Sending,
    item_id: str,
    level: str,
    readers: Sequence[str],
    at: datetime,
    *,
    recipients: Sequence[Recipient],
    holders: Sequence[str] = (),
) -> Item:
    """Seal a document with its label and its originator's statement into the node's store.

    Args:
        node: the originator's.
        source: the document's bytes.
        sending: what is sent.
        item_id: the new item's id.
        level: the mark.
        readers: the Parties to which it is releasable.
        at: when.
        recipients: to whom the key, or its shares, are wrapped.
        holders: the Parties that hold shares of the key.
    """
    label = Label(
        policy=node.party,
        classification=level,
        categories=(
            Category(type="PERMISSIVE", tag="Releasable To", values=tuple(dict.fromkeys((node.party, *readers)))),
            *((Category(type="INFORMATIVE", tag="Context", values=("EXERCISE",)),) if node.exercise else ()),
        ),
        created=at,
        originator=node.party,
    )
    ocl = label.to_ocl()

    policy = Policy(uuid=item_id)

    def authorship(payload_digest: bytes, core_digest: bytes) -> Assertion:
        statement = provenance(
            item=item_id,
            label=ocl,
            policy=policy,
            payload_digest=payload_digest,
            core_digest=core_digest,
            exercise=node.exercise,
        )
        return provenance_assertion(sign(statement, PROVENANCE_TYPE, [node.keys.signing]))

    with node.blobs.writing(item_id) as sink:
        info = seal(
            _Reading(source),
            sink,
            recipients=recipients,
            policy=policy,
            mime_type=sending.mime_type,
            assertions=[label_assertion(ocl)],
            provenance=authorship,
        )
    return Item(
        id=item_id,
        originator=node.party,
        level=level,
        subject=sending.subject,
        form="electronic",
        purpose=sending.purpose,
        contains=(node.party,),
        title=sending.title,
        mime_type=sending.mime_type,
        label=json.dumps(ocl, ensure_ascii=False, sort_keys=True),
        payload_digest=info.payload_digest.hex(),
        core_digest=info.core_digest.hex(),
        plaintext_bytes=info.plaintext_bytes,
        sealed_bytes=info.sealed_bytes,
        created_at=at,
        exercise=node.exercise,
        custody=sending.custody,
        holders=holders_of(sending.custody, node.party, holders),
    )


class _Reading:
    """The document as it is read: a fault of it is told as its own, and not as one of the store it is sealed into."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source

    def read(self, size: int = -1, /) -> bytes:
        """Read up to so many bytes."""
        try:
            return self._source.read(size)
        except OSError as error:
            name = getattr(self._source, "name", "the document")
            raise NodeError(f"cannot read `{name}`: {error.strerror}") from error
