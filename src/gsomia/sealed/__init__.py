"""Sealed items: OpenTDF 4.3 containers that other people's tools can open and nobody else can.

    >>> import io
    >>> key = XWingPrivateKey.generate()
    >>> sealed, plain = io.BytesIO(), io.BytesIO()
    >>> info = seal(
    ...     io.BytesIO(b"launch report"),
    ...     sealed,
    ...     recipients=[Recipient(kid=key.kid, url="https://node.example", key=key.public)],
    ...     policy=Policy(uuid="8c1b4f0e-3a52-4b6e-9d33-6f1d1f6f2a11"),
    ...     mime_type="text/plain",
    ... )
    >>> read(sealed).open([Identity(kid=key.kid, key=key)], plain).plaintext_bytes
    13
    >>> plain.getvalue()
    b'launch report'

Read next: `writer` (sealing), `item` and `payload` (opening), `container` (the ZIP), `wrap` and `shares` (who can
open), `authorship` (who made).
"""

from gsomia.sealed.assertion import LABEL_SCHEMA, Assertion, label
from gsomia.sealed.authorship import (
    PROVENANCE_BATCH_SCHEMA,
    PROVENANCE_SCHEMA,
    PROVENANCE_TYPE,
    Statement,
    check_provenance,
    provenance,
    provenance_assertion,
    read_provenance,
)
from gsomia.sealed.batch import BatchedStatement, sign_batch
from gsomia.sealed.container import MAX_FILE_BYTES, MAX_PLAINTEXT_BYTES, Seekable, Sink, Source
from gsomia.sealed.digest import Pending, Workers
from gsomia.sealed.item import Opened, SealedItem, read
from gsomia.sealed.kem import CompositePrivateKey, CompositePublicKey, XWingPrivateKey, XWingPublicKey
from gsomia.sealed.keyfile import EncryptedKeyError, load_private_key, load_public_key, private_pem, public_pem
from gsomia.sealed.manifest import KeyAccess
from gsomia.sealed.parcel import ParcelKey
from gsomia.sealed.policy import Policy
from gsomia.sealed.rewrap import release, rewrap, rewrap_chunks
from gsomia.sealed.shares import WrappedKey
from gsomia.sealed.wrap import Encapsulation, Identity, PrivateKey, PublicWrapKey, Recipient
from gsomia.sealed.writer import SEGMENT_BYTES, BegunItem, SealedInfo, begin, seal

__all__ = [
    "LABEL_SCHEMA",
    "MAX_FILE_BYTES",
    "MAX_PLAINTEXT_BYTES",
    "PROVENANCE_BATCH_SCHEMA",
    "PROVENANCE_SCHEMA",
    "PROVENANCE_TYPE",
    "SEGMENT_BYTES",
    "Assertion",
    "BatchedStatement",
    "BegunItem",
    "CompositePrivateKey",
    "CompositePublicKey",
    "Encapsulation",
    "EncryptedKeyError",
    "Identity",
    "KeyAccess",
    "Opened",
    "ParcelKey",
    "Pending",
    "Policy",
    "PrivateKey",
    "PublicWrapKey",
    "Recipient",
    "SealedInfo",
    "SealedItem",
    "Seekable",
    "Sink",
    "Source",
    "Statement",
    "Workers",
    "WrappedKey",
    "XWingPrivateKey",
    "XWingPublicKey",
    "begin",
    "check_provenance",
    "label",
    "load_private_key",
    "load_public_key",
    "private_pem",
    "provenance",
    "provenance_assertion",
    "public_pem",
    "read",
    "read_provenance",
    "release",
    "rewrap",
    "rewrap_chunks",
    "seal",
    "sign_batch",
]
