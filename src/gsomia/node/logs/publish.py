"""A log as files (C2SP tlog-tiles), for inspectors and witnesses: the store's log in the form public tools read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gsomia.errors import LogError, NodeError, UsageError
from gsomia.node.node import Node
from gsomia.node.record.store_port import Reader
from gsomia.node.record.stored import LogState
from gsomia.tlog import (
    CHECKPOINT_PATH,
    TILE_WIDTH,
    Checkpoint,
    Fault,
    FaultKind,
    LogCheck,
    LogProof,
    Tile,
    add_signatures,
    check_tiles,
    commitment,
    encode_entries,
    encode_tile,
    inclusion_proof,
    parse_note,
    tiles_for,
)

__all__ = ["KEYS_PATH", "check_log", "log_files", "log_named", "log_tile", "prove", "signed_notes"]

KEYS_PATH = "log.pub"
"""The log's verifier keys, beside its checkpoint."""


def log_files(node: Node, reader: Reader, state: LogState) -> Iterator[tuple[str, bytes]]:
    """Every file of a log, path and bytes; the checkpoint last, when all it covers is there.

    Args:
        node: whose log.
        reader: its store.
        state: the log's head.
    """
    yield KEYS_PATH, node.keys.log.public.named(state.name).to_text().encode()
    for tile in tiles_for(state.size):
        yield tile.path, log_tile(reader, state, tile)
    yield CHECKPOINT_PATH, state.checkpoint


def log_tile(reader: Reader, state: LogState, tile: Tile) -> bytes:
    """One file of a log.

    Args:
        reader: the store.
        state: the log's head.
        tile: which; all of it is covered by the head.

    Raises:
        NodeError: a hash of it is missing.
    """
    start, stop = tile.index * TILE_WIDTH, tile.index * TILE_WIDTH + tile.width
    if tile.level is None:
        return encode_entries([entry for entry, _, _ in reader.log_entries(state.name, start, stop)])
    hashes = reader.log_hashes(state.name, tile.level, start, stop)
    return encode_tile(tile, lambda _, index: hashes[index - start])


def check_log(node: Node, reader: Reader, state: LogState) -> LogCheck:
    """Check a whole log in the store as its files: every entry, every tile, the signed checkpoint (`log fsck`).

    Args:
        node: whose log.
        reader: its store.
        state: the log's head.
    """
    tiles = {tile.path: tile for tile in tiles_for(state.size)}

    def read_file(path: str) -> bytes | None:
        if path == CHECKPOINT_PATH:
            return state.checkpoint
        try:
            return log_tile(reader, state, tiles[path]) if path in tiles else None
        except NodeError:
            return None  # a hash of the tile is missing

    result = check_tiles(read_file, node.keys.log.public.named(state.name))
    if result.holds:
        return result
    # The acts say which entry it is.
    return replace(result, faults=(*_uncommitted(reader, state), *result.faults))


def _uncommitted(reader: Reader, state: LogState) -> Iterator[Fault]:
    expected = 0
    try:
        for position, entry, _, salt, statement in reader.log_leaves(state.name, state.size):
            for index in range(expected, position):
                yield _entry_fault(index, "is missing")
            expected = position + 1
            if statement is None:
                yield _entry_fault(position, "stands for an act that is missing")
            elif commitment(salt, statement) != entry:
                yield _entry_fault(position, "is not the commitment to its act")
        for index in range(expected, state.size):
            yield _entry_fault(index, "is missing")
    except NodeError as error:
        yield _entry_fault(expected, f"cannot be read: {error}")


def _entry_fault(index: int, what: str) -> Fault:
    return Fault(kind=FaultKind.ENTRY, path=f"entry/{index}", index=index, text=f"entry {index} {what}")


def log_named(reader: Reader, name: str) -> LogState:
    """The log with this origin, or with this last part of it: `KOR`, `internal`.

    Raises:
        UsageError: there is none.
    """
    logs = reader.logs()
    found = [state for state in logs if name in (state.name, state.name.split("/")[2])]
    # Of a log and those that took its place the last one is meant.
    found = [state for state in found if state.name == name] or found[-1:]
    if len(found) != 1:
        raise UsageError(f"no log `{name}`", hint=f"logs: {', '.join(state.name for state in logs) or 'none'}")
    return found[0]


def signed_notes(reader: Reader, state: LogState) -> dict[int, bytes]:
    """A log's signed checkpoints by size: those that peers cosigned, and the newest."""
    notes = {state.size: state.checkpoint}
    for row in reader.cosigned():
        if row.log == state.name and row.note and Checkpoint.from_text(parse_note(row.note).text).size <= state.size:
            before = notes.get(row.size, row.note)
            signatures = row.note.partition(b"\n\n")[2]
            same = parse_note(before).text == parse_note(row.note).text
            notes[row.size] = add_signatures(before, signatures) if same else row.note
    return notes


def prove(reader: Reader, act: str, log: str = "") -> tuple[str, LogProof]:
    """The proof that an act is in a log (c2sp.org/tlog-proof), up to its newest checkpoint that a peer cosigned.

    Where no such checkpoint covers the act yet, the proof leads to the log's newest and has no cosignature.

    Args:
        reader: the node's store.
        act: the act's id.
        log: the log, as for `log_named`; "" where the act stands in one log alone.

    Returns:
        The log's origin, and the proof; its `extra` is the entry's salt.

    Raises:
        UsageError: no such act, not in that log, or in several.
        LogError: the tree that is stored gives no proof that holds; none is handed out.
    """
    places = {name: (position, salt) for name, position, salt in reader.log_places(act)}
    if not places:
        raise UsageError(f"no act `{act}` is in a log", hint="`gsomia act list --all` lists them")
    if not log and len(places) > 1:
        raise UsageError(f"act `{act}` is in {len(places)} logs", hint=f"name one with --log: {', '.join(places)}")
    state = log_named(reader, log or next(iter(places)))
    if state.name not in places:
        raise UsageError(f"act `{act}` is not in the log `{state.name}`", hint=f"it is in: {', '.join(places)}")
    position, salt = places[state.name]
    notes = signed_notes(reader, state)
    cosigned = {row.size for row in reader.cosigned() if row.log == state.name and row.note}
    size = max((size for size in notes if size > position and size in cosigned), default=state.size)
    hashes = inclusion_proof(position, size, lambda level, index: reader.log_node(state.name, level, index))
    proof = LogProof(index=position, hashes=tuple(hashes), note=notes[size], extra=salt)
    found = reader.act(act)
    try:
        entry = commitment(salt, found.data if found is not None else b"")
        proof.verify_under(entry, Checkpoint.from_text(parse_note(proof.note).text))
    except LogError as error:
        raise LogError(
            f"log `{state.name}` as it is stored does not prove act `{act}`: {error}",
            hint="`gsomia log fsck` names where",
        ) from error
    return state.name, proof
