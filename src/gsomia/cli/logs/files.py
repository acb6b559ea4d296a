"""A log of a node that is reached by its address: its files are fetched, and checked here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsomia.cli.logs.proofs import log_verifier, read_text
from gsomia.errors import NodeError, UsageError
from gsomia.node import KEYS_PATH, Check
from gsomia.tlog import CHECKPOINT_PATH, LogCheck, Tile, check_tiles, tiles_for

if TYPE_CHECKING:
    from gsomia.cli.address.remote import Remote

__all__ = ["check_files_there", "check_there", "download_log"]


def download_log(remote: Remote, name: str, folder: Path) -> int:
    """Write a log as files (C2SP tlog-tiles) into a folder; returns how many entries it has.

    Raises:
        UsageError: the folder holds something.
        NodeError: the disk does not take it.
    """
    (state,) = remote.get("logs", {"name": name})["logs"]
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"`{folder}` is not empty")
    try:
        _write(folder / KEYS_PATH, str(state["keys"]).encode())
        for tile in tiles_for(int(state["size"])):
            _write(folder / tile.path, _fetch(remote, state, tile))
        _write(folder / CHECKPOINT_PATH, str(state["checkpoint"]).encode())
    except OSError as error:
        raise NodeError(f"cannot write to `{folder}`: {error.strerror}") from error
    return int(state["size"])


def check_there(remote: Remote, identity: Path) -> list[Check]:
    """Check every log of a node, file by file, by the keys in its identity."""
    return [
        Check(name=f"log {name}", counted=found.entries, fault="; ".join(fault.text for fault in found.faults))
        for name, found in check_files_there(remote, identity)
    ]


def check_files_there(remote: Remote, identity: Path) -> list[tuple[str, LogCheck]]:
    """The same, with all that was found in each log, by the log's origin."""
    verifier = log_verifier(read_text(identity))
    found = []
    for state in remote.get("logs")["logs"]:
        tiles = {tile.path: tile for tile in tiles_for(int(state["size"]))}

        def read_file(path: str, state: Mapping[str, Any] = state, tiles: Mapping[str, Tile] = tiles) -> bytes | None:
            if path == CHECKPOINT_PATH:
                return str(state["checkpoint"]).encode()
            return _fetch(remote, state, tiles[path]) if path in tiles else None

        origin = str(state["origin"])
        found.append((origin, check_tiles(read_file, verifier.named(origin))))
    return found


def _fetch(remote: Remote, state: Mapping[str, Any], tile: Tile) -> bytes:
    query = {"name": state["origin"], "index": tile.index, "width": tile.width}
    return remote.file("log-tiles", query | {"level": -1 if tile.level is None else tile.level})


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
