"""Proofs that travel: that an entry is in a log, in one text that is checked offline (c2sp.org/tlog-proof)."""

from __future__ import annotations

from dataclasses import dataclass

from gsomia.errors import LogError
from gsomia.keys import b64, unb64
from gsomia.tlog.notes import Checkpoint, decimal, hash_from_text, parse_note
from gsomia.tlog.signing import LogVerifier, SignedCheckpoint, verify_signed
from gsomia.tlog.tree import leaf_hash, verify_inclusion

__all__ = ["LogProof"]

HEADER = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class LogProof:
    """An inclusion proof together with the signed checkpoint that it leads to.

    Args:
        index: the entry's number in the log.
        hashes: the inclusion proof, 32 bytes each.
        note: the signed checkpoint, with the cosignatures of witnesses.
        extra: bytes that nothing vouches for, such as the salt of the entry; empty for none.
    """

    index: int
    hashes: tuple[bytes, ...]
    note: bytes
    extra: bytes = b""

    def to_bytes(self) -> bytes:
        """The proof as a `.tlog-proof` file."""
        lines = [HEADER]
        if self.extra:
            lines.append(f"extra {b64(self.extra)}")
        lines.append(f"index {self.index}")
        lines.extend(map(b64, self.hashes))
        return ("\n".join(lines) + "\n\n").encode() + self.note

    @classmethod
    def from_bytes(cls, data: bytes) -> LogProof:
        """Read a `.tlog-proof` file in its one spelling; nothing is verified yet.

        Raises:
            LogError: not such a file.
        """
        head, blank, note = data.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise LogError("the lines of a log proof are ASCII") from error
        if not blank or lines.pop(0) != HEADER:
            raise LogError(f"a log proof begins with `{HEADER}`")
        extra = b""
        if lines and lines[0].startswith("extra "):
            try:
                extra = unb64(lines.pop(0).removeprefix("extra "))
            except ValueError as error:
                raise LogError(f"the extra line of the proof is {error}") from error
            if not extra:
                raise LogError("a proof without extra bytes has no `extra` line")
        if not lines or not lines[0].startswith("index "):
            raise LogError("the `index` line of the proof is missing")
        index = decimal(lines.pop(0).removeprefix("index "))
        if len(lines) > MAX_HASHES:
            raise LogError(f"a proof of {len(lines)} hashes where at most {MAX_HASHES} are needed")
        Checkpoint.from_text(parse_note(note).text)
        return cls(index=index, hashes=tuple(map(hash_from_text, lines)), note=note, extra=extra)

    def verify(self, entry: bytes, verifier: LogVerifier) -> SignedCheckpoint:
        """Check that the entry is in the log, by the log's signatures; witnesses are asked for with the result's note.

        Args:
            entry: what the leaf holds, computed by the one who verifies (a commitment).
            verifier: the log's keys.

        Returns:
            The checkpoint, for `verify_cosignatures` and the time.

        Raises:
            SignatureError: the log's signatures do not hold.
            LogError: the proof does not lead to the checkpoint.
        """
        signed = verify_signed(self.note, verifier)
        self.verify_under(entry, signed.checkpoint)
        return signed

    def verify_under(self, entry: bytes, checkpoint: Checkpoint) -> None:
        """Check that the entry is in the tree of a checkpoint that was verified before: many proofs, one signature.

        Raises:
            LogError: the proof does not lead to the checkpoint.
        """
        verify_inclusion(self.index, checkpoint.size, checkpoint.root, leaf_hash(entry), self.hashes)
