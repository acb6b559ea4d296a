"""Transparency logs of C2SP: RFC 6962 trees, signed checkpoints, tiles, proofs and witnesses; no I/O.

A log is a list of entries that only grows. Whoever holds a checkpoint of it can be shown that an entry is in it,
and that a later checkpoint only added to it. Read `tree.py` first, then `frontier.py` (appending), `notes.py` and
`signing.py` (checkpoints); then `tiles.py` and `fsck.py` (a log as files), `proof.py` and `witnessing.py`.

    >>> from datetime import UTC, datetime
    >>> signer = LogSigner.generate("node.example/log/JPN")
    >>> frontier, completed = Frontier().append([leaf_hash(entry) for entry in (b"first", b"second", b"third")])
    >>> stored = {(level, index): value for level, index, value in completed}
    >>> note = signer.sign_checkpoint(
    ...     Checkpoint(origin=signer.name, size=frontier.size, root=frontier.root()), datetime(2031, 7, 1, tzinfo=UTC)
    ... )
    >>> seen = verify_checkpoint(note, signer.public)
    >>> proof = inclusion_proof(1, seen.size, lambda level, index: stored[level, index])
    >>> verify_inclusion(1, seen.size, seen.root, leaf_hash(b"second"), proof)
"""

from __future__ import annotations

from gsomia.tlog.commitments import SALT_BYTES, commitment
from gsomia.tlog.frontier import Frontier, Node
from gsomia.tlog.fsck import Each, Fault, FaultKind, LogCheck, check_tiles
from gsomia.tlog.notes import Algorithm, Checkpoint, Note, NoteKey, NoteSignature, parse_note
from gsomia.tlog.proof import LogProof
from gsomia.tlog.signing import (
    Cosignature,
    LogSigner,
    LogVerifier,
    SignedCheckpoint,
    add_signatures,
    verify_checkpoint,
    verify_cosignatures,
    verify_signed,
)
from gsomia.tlog.tiles import (
    CHECKPOINT_PATH,
    TILE_HEIGHT,
    TILE_LEVELS,
    TILE_WIDTH,
    ReadFile,
    Tile,
    decode_tile,
    encode_entries,
    encode_tile,
    entries_path,
    entry_tiles,
    reader_of_levels,
    tile_path,
    tiles_for,
)
from gsomia.tlog.tree import (
    EMPTY_ROOT,
    HASH_BYTES,
    Read,
    batch,
    batch_root,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from gsomia.tlog.witnessing import (
    Equivocation,
    WitnessError,
    WitnessRefusal,
    WitnessRequest,
    consider,
    prove_fork,
    witness,
)

__all__ = [
    "CHECKPOINT_PATH",
    "EMPTY_ROOT",
    "HASH_BYTES",
    "SALT_BYTES",
    "TILE_HEIGHT",
    "TILE_LEVELS",
    "TILE_WIDTH",
    "Algorithm",
    "Checkpoint",
    "Cosignature",
    "Each",
    "Equivocation",
    "Fault",
    "FaultKind",
    "Frontier",
    "LogCheck",
    "LogProof",
    "LogSigner",
    "LogVerifier",
    "Node",
    "Note",
    "NoteKey",
    "NoteSignature",
    "Read",
    "ReadFile",
    "SignedCheckpoint",
    "Tile",
    "WitnessError",
    "WitnessRefusal",
    "WitnessRequest",
    "add_signatures",
    "batch",
    "batch_root",
    "check_tiles",
    "commitment",
    "consider",
    "consistency_proof",
    "decode_tile",
    "encode_entries",
    "encode_tile",
    "entries_path",
    "entry_tiles",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "parse_note",
    "prove_fork",
    "reader_of_levels",
    "root",
    "tile_path",
    "tiles_for",
    "verify_checkpoint",
    "verify_consistency",
    "verify_cosignatures",
    "verify_inclusion",
    "verify_signed",
    "witness",
]
