"""Reading: a sealed item whose structure holds, and opening it.

>>> item = read(file)                        # structure alone; nothing is trusted yet
>>> item.open([identity], sink)              # every segment is verified before it is written
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gsomia.errors import SealError
from gsomia.sealed import manifest as manifests
from gsomia.sealed.assertion import LABEL_SCHEMA, Assertion, verify_binding
from gsomia.sealed.container import Layout, Seekable, Sink, crc32, read_exactly, read_layout
from gsomia.sealed.digest import Workers
from gsomia.sealed.manifest import KeyAccess, Manifest
from gsomia.sealed.payload import Payload
from gsomia.sealed.policy import Policy, load_json, shown
from gsomia.sealed.shares import WrappedKey, open_shares
from gsomia.sealed.wrap import SHARE_BYTES, Identity

__all__ = ["Opened", "SealedItem", "payload_key", "read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What opening found to hold.

    Args:
        plaintext_bytes: how many bytes were written to the sink.
        bound: ids of the assertions that a holder of the payload key bound to this payload; not authorship.
    """

    plaintext_bytes: int
    bound: tuple[str, ...]


def read(file: Seekable) -> SealedItem:
    """Read the structure of a sealed item: the ZIP, the manifest, and that they fit one another.

    Args:
        file: a seekable binary file; it must stay open and unchanged as long as the item is used.

    Raises:
        SealError: anything is malformed, out of bounds, hidden or doubled.
    """
    layout = read_layout(file)
    data = _bytes_at(file, layout.manifest.data, layout.manifest.size)
    if crc32(data) != layout.manifest.crc:
        raise SealError("the manifest's CRC-32 does not hold")
    manifest = manifests.parse(data)
    if manifest.payload_bytes != layout.payload.size:
        raise SealError("the segments' sizes do not add up to the payload's")
    payload = Payload(file, layout.payload, offsets=manifest.offsets, tags=manifest.tags)
    return SealedItem(file, layout, manifest, hashlib.sha256(data).digest(), payload)


def _bytes_at(file: Seekable, offset: int, size: int) -> bytes:
    buffer = bytearray(size)
    file.seek(offset)
    if read_exactly(file, memoryview(buffer)) != size:
        raise SealError("the file is cut short")
    return bytes(buffer)


class SealedItem:
    """A sealed item whose structure holds. Made by `read`; not safe for use by two threads at once."""

    __slots__ = (
        "_core_digest",
        "_file",
        "_layout",
        "_manifest",
        "_manifest_digest",
        "_payload",
    )

    def __init__(
        self, file: Seekable, layout: Layout, manifest: Manifest, manifest_digest: bytes, payload: Payload
    ) -> None:
        self._file = file
        self._layout = layout
        self._manifest = manifest
        self._manifest_digest = manifest_digest
        self._core_digest = b""
        self._payload = payload

    # --- what the manifest says ------------------------------------------------------------------------------------

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest as JSON; do not change it."""
        return self._manifest.raw

    @property
    def policy(self) -> Policy:
        """The policy; bound to the key, which `open` checks."""
        return self._manifest.policy

    @property
    def policy_digest(self) -> bytes:
        """SHA-256 of the policy's exact bytes, 32 bytes."""
        return hashlib.sha256(self._manifest.policy_bytes).digest()

    @property
    def item_id(self) -> str:
        """The policy's `uuid`: the item's id, where the item is one of ours."""
        return self._manifest.policy.uuid

    @property
    def mime_type(self) -> str:
        """Of the plaintext, as the sealer told it."""
        return self._manifest.mime_type

    @property
    def schema_version(self) -> str:
        """`4.3.0`, or `4.2.2` for older files, which may not say so."""
        return "4.2.2" if self._manifest.legacy else manifests.SCHEMA_VERSION

    @property
    def plaintext_bytes(self) -> int:
        """Length of the plaintext."""
        return self._manifest.plaintext_bytes

    @property
    def sealed_bytes(self) -> int:
        """Length of the file."""
        return self._layout.file_bytes

    @property
    def segments(self) -> int:
        """How many segments the payload has."""
        return self._manifest.segments

    @property
    def key_access(self) -> tuple[KeyAccess, ...]:
        """The wrapped shares, and who can unwrap each."""
        return self._manifest.key_access

    @property
    def assertions(self) -> tuple[Assertion, ...]:
        """The assertions as they stand: nothing shows yet who made them."""
        return self._manifest.assertions

    @property
    def label(self) -> dict[str, Any] | None:
        """The STANAG 5636 label as it stands, or None; only a checked provenance shows who gave it.

        Raises:
            SealError: there are two, or it is not a JSON object.
        """
        labels = [entry for entry in self.assertions if entry.schema == LABEL_SCHEMA]
        if not labels:
            return None
        if len(labels) > 1:
            raise SealError("the item carries two labels")
        value = labels[0].value
        return value if isinstance(value, dict) else load_json(value.encode(), "the label")

    @property
    def policy_text(self) -> str:
        """The policy as the manifest holds it, base64: what each key access object is bound to."""
        return self._manifest.policy_text

    @property
    def wrapped_key(self) -> WrappedKey:
        """The key as it is wrapped."""
        return WrappedKey(key_access=self._manifest.key_access, policy_text=self._manifest.policy_text)

    @property
    def payload_bytes(self) -> int:
        """Length of the payload member."""
        return self._layout.payload.size

    @property
    def payload_crc(self) -> int:
        """CRC-32 of the payload member, as the directory tells it."""
        return self._layout.payload.crc

    @property
    def manifest_digest(self) -> bytes:
        """SHA-256 of the manifest as it stands in the file, 32 bytes."""
        return self._manifest_digest

    def frame(self) -> tuple[bytes, bytes]:
        """The bytes of the file before the payload, and those after it.

        Raises:
            SealError: the file is cut short.
        """
        payload, size = self._layout.payload, self._layout.file_bytes
        end = payload.data + payload.size
        return _bytes_at(self._file, 0, payload.data), _bytes_at(self._file, end, size - end)

    @property
    def core_digest(self) -> bytes:
        """SHA-256 of the manifest without `assertions` and `keyAccess`, 32 bytes."""
        if not self._core_digest:
            self._core_digest = manifests.core_digest(self._manifest.raw)
        return self._core_digest

    # --- what the payload says -------------------------------------------------------------------------------------

    def payload_digest(self, workers: Workers | None = None) -> bytes:
        """Root of the RFC 6962 tree over the ciphertext segments, 32 bytes; reads the whole payload once.

        From then on every reading of a segment is held to the bytes that were hashed.

        Args:
            workers: takes the hashes beside the caller's thread.

        Raises:
            SealError: the payload is cut short, its CRC-32 does not hold, or a segment does not end in its tag.
        """
        return self._payload.digest(workers)

    def check_payload_digest(self, expected: bytes, workers: Workers | None = None) -> None:
        """Check that the payload is the one of this digest, reading it all if that was not done yet.

        Args:
            expected: 32 bytes.
            workers: as for `payload_digest`.

        Raises:
            SealError: it is another, or malformed.
        """
        if not hmac.compare_digest(self.payload_digest(workers), expected):
            raise SealError("the payload is not the one that was stated")

    def ciphertext(self) -> Iterator[memoryview]:
        """The segments as they stand, each in a buffer that the next but one overwrites.

        Raises:
            SealError: a segment is cut short or changed, or at the end the payload's CRC-32 does not hold.
        """
        return self._payload.ciphertext()

    # --- opening ---------------------------------------------------------------------------------------------------

    def open(
        self,
        identities: Sequence[Identity],
        sink: Sink,
        *,
        payload_digest: bytes | None = None,
        workers: Workers | None = None,
    ) -> Opened:
        """Write the plaintext to a sink.

        Policy bindings, root signature and assertions are checked first; with `payload_digest` the whole payload too,
        in a pass of its own. Then each segment is verified before its plaintext is written. If it raises half-way, the
        sink holds a beginning of the plaintext, which the caller must not put under its final name.

        Args:
            identities: private keys; together they must open every share.
            sink: takes the plaintext.
            payload_digest: what a checked provenance says that the payload is, 32 bytes.
            workers: verifies and decrypts beside the caller's thread, which reads and writes meanwhile.

        Raises:
            SealError: no key opens it, or anything was altered.
        """
        key, bound = self._unlock(identities)
        if payload_digest is not None:
            unbound = {entry.id for entry in self.assertions} - set(bound)
            if unbound:
                raise SealError(
                    f"assertion {shown(min(unbound))} is not bound to the item, as all of a stated item's are"
                )
            self.check_payload_digest(payload_digest, workers)
        written = self._payload.decrypt(AESGCM(key), sink, workers)
        return Opened(plaintext_bytes=written, bound=bound)

    def verify(self, identities: Sequence[Identity], *, payload_digest: bytes | None = None) -> None:
        """Check all that `open` checks, to the last segment, and let nothing out.

        Args:
            identities, payload_digest: as for `open`.

        Raises:
            SealError: no key opens it, or anything was altered.
        """
        self.open(identities, _Nowhere(), payload_digest=payload_digest)

    def segment(self, number: int, identities: Sequence[Identity]) -> bytes:
        """The plaintext of one segment, without reading the others.

        Args:
            number: from 0.
            identities: as for `open`.

        Raises:
            IndexError: there is no such segment.
            SealError: no key opens it, or anything was altered.
        """
        if not 0 <= number < self.segments:
            raise IndexError(f"segment {number} of {self.segments}")
        return self._payload.decrypt_segment(AESGCM(self._unlock(identities)[0]), number)

    def _bound(self, key: bytes) -> tuple[str, ...]:
        raws = self._manifest.raw.get("assertions") or []
        return tuple(
            raw["id"]
            for raw in raws
            if verify_binding(raw, key=key, tags=self._manifest.tags, legacy=self._manifest.legacy)
        )

    def _unlock(self, identities: Sequence[Identity]) -> tuple[bytes, tuple[str, ...]]:
        shares = open_shares(self.wrapped_key, identities)
        missing = {access.sid for access in self.key_access} - set(shares)
        if missing:
            names = ", ".join(
                sorted(
                    {shown(access.kid or "a key without a name") for access in self.key_access if access.sid in missing}
                )
            )
            many = "shares of its key are missing; they are" if len(missing) > 1 or shares else "its key is"
            raise SealError("none of the keys given opens this item", hint=f"{many} wrapped to {names}")
        joined = 0
        for share in shares.values():
            joined ^= int.from_bytes(share, "big")
        key = joined.to_bytes(SHARE_BYTES, "big")
        if not hmac.compare_digest(self._manifest.root(key), self._manifest.root_signature):
            raise SealError("the root signature does not hold: segments were altered, dropped or reordered")
        return key, self._bound(key)

    def opened_by(self, identities: Sequence[Identity]) -> tuple[KeyAccess, ...]:
        """The key access objects that these keys open, each bound to the policy.

        Raises:
            SealError: one opens, but the policy is not the one it was bound to.
        """
        found = self._manifest.key_access
        text = self._manifest.policy_text
        return tuple(one for one in found if open_shares(WrappedKey(key_access=(one,), policy_text=text), identities))

    def with_key_access(self, access: Sequence[KeyAccess]) -> SealedItem:
        """The same item with these key access objects in place of its own: shares that others released for it.

        Args:
            access: what `release` gave, of every share.

        Raises:
            SealError: a share is missing, so the key could not be whole.
        """
        if {entry.sid for entry in access} != {entry.sid for entry in self.key_access}:
            raise SealError("the released shares are not all the shares of this item")
        manifest = replace(self._manifest, key_access=tuple(access))
        # What was read of the payload stays read.
        return SealedItem(self._file, self._layout, manifest, self._manifest_digest, self._payload)


class _Nowhere:
    """Where plaintext goes that nobody shall have."""

    def write(self, data: memoryview, /) -> None:
        """Forget it."""


# Key material is no part of a SealedItem's face; re-wrapping, in this package, asks here.


def payload_key(item: SealedItem, identities: Sequence[Identity]) -> bytes:
    """The payload key, for this package alone: policy bindings, root signature and assertions hold under it.

    Raises:
        SealError: as for `SealedItem.open`.
    """
    return item._unlock(identities)[0]
