"""A bundle: an item's whole life in one file, for checking offline (`gsomia bundle`, `gsomia verify BUNDLE`).

A ZIP archive of stored members: `bundle.json` (what stands in the register, acts, keys, proofs), `item.tdf` (the sealed
item where it is held) and `law/<name>/<version>/<file>` (the agreements in the versions that the acts name).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO

from gsomia.agreement import RECORD_ACTS
from gsomia.errors import UsageError
from gsomia.keys import b64, canonical, sign
from gsomia.node.acts.signed import SignedAct, instant, pack
from gsomia.node.acts.types import CONSULTING, ORDERS
from gsomia.node.effects.keyends import KEY_TYPES
from gsomia.node.logs.publish import signed_notes
from gsomia.node.node import Node
from gsomia.node.record.store_port import Reader
from gsomia.registry import Copy, Item
from gsomia.tlog import inclusion_proof, verify_cosignatures

__all__ = [
    "BUNDLE_JSON",
    "BUNDLE_TYPE",
    "ITEM_FILE",
    "LAW_FOLDER",
    "Bundled",
    "Uncosigned",
    "contents_digest",
    "copy_json",
    "item_json",
    "write_bundle",
]

BUNDLE_TYPE = "application/vnd.gsomia.bundle.v1+json"
"""What the writer's node signs of a bundle."""

BUNDLE_JSON = "bundle.json"
ITEM_FILE = "item.tdf"
LAW_FOLDER = "law"

LawFiles = Callable[[str, str], Mapping[str, bytes]]
"""Gives the files of an agreement in a version that was adopted."""

_STANDING = (
    *KEY_TYPES,
    "enrol-peer",
    "replace-node-key",
    "adopt-law",
    *ORDERS,
    *RECORD_ACTS,
)
"""Acts that others rest on: whose keys are whose, which law, in which state it is, and what an officer ordered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncosigned:
    """Acts in a bundle under a checkpoint that no peer has cosigned yet; a newer bundle will have it cosigned.

    Args:
        log: its origin.
        acts: how many.
        next_at: when a peer is asked, by the node's clock, if it runs; None where nobody was ever asked.
    """

    log: str
    acts: int
    next_at: datetime | None

    def __str__(self) -> str:
        asked = "no peer was asked yet" if self.next_at is None else f"a peer is asked at {instant(self.next_at)}"
        return f"not yet cosigned: {self.acts} acts in `{self.log}`; {asked}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundled:
    """What was written: the item, and what in it no peer has cosigned yet."""

    item: Item
    uncosigned: Sequence[Uncosigned]


def write_bundle(node: Node, reference: str, law_files: LawFiles, sink: BinaryIO) -> Bundled:
    """Write everything this node holds about an item, with the proofs that it is in the logs.

    Args:
        node: whose records.
        reference: control number, item id or copy id.
        law_files: gives the agreements' files.
        sink: takes the file.

    Returns:
        The item, and what is not yet cosigned.

    Raises:
        UsageError: no such item stands in the register.
    """
    keys = node.keys
    with node.store.reading() as reader:
        items = sorted({copy.item for copy in reader.find(reference)})
        item = reader.item(items[0] if len(items) == 1 else reference)
        if item is None:
            raise UsageError(f"no item `{reference}` stands in the register", hint="`gsomia register` lists what does")
        acts = _acts(reader, item)
        value = {
            "v": 1,
            "schema": "gsomia/bundle/v1",
            "party": node.party,
            "exercise": node.exercise,
            "keys": {"signing": keys.signing.public.to_json(), "log": keys.log.public.to_text()},
            "item": item_json(item),
            "copies": [copy_json(copy) for copy in reader.copies(item=item.id)],
            "acts": [
                {"signed": pack([act]), "recorded_at": instant(arrival[1] if arrival else act.statement.at)}
                for act in acts
                for arrival in [reader.arrival(act.id)]
            ],
            **_proofs(reader, acts),
            "at": instant(node.clock.now()),
        }
        said = canonical({"v": 1, "item": item.id, "sha256": contents_digest(value)})
        value["signed"] = sign(said, BUNDLE_TYPE, [keys.signing]).to_json()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
            _write(archive, BUNDLE_JSON, json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1).encode())
            for name, version in sorted(_laws(reader, acts)):
                for file, data in sorted(law_files(name, version).items()):
                    _write(archive, f"{LAW_FOLDER}/{name}/{version}/{file}", data)
            if node.blobs.exists(item.id):
                with node.blobs.reading(item.id) as source, archive.open(_info(ITEM_FILE), "w") as member:
                    shutil.copyfileobj(source, member, 2**20)
        return Bundled(item=item, uncosigned=_uncosigned(node, reader, value))


def _uncosigned(node: Node, reader: Reader, value: Mapping[str, Any]) -> list[Uncosigned]:
    peers = [peer.log for peer in reader.peers().values()]
    found = []
    for number, one in enumerate(value["checkpoints"]):
        if verify_cosignatures(one["note"].encode(), peers):
            continue
        acts = {proof["act"] for proof in value["proofs"] if proof["checkpoint"] == number}
        asked = [row.next_at for row in reader.cosigned() if row.log == one["log"]]
        next_at = max(min(asked), node.clock.now()) if asked else None
        found.append(Uncosigned(log=one["log"], acts=len(acts), next_at=next_at))
    return found


def _info(name: str) -> zipfile.ZipInfo:
    # Always the same time: the same records give the same file.
    return zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))


def _write(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(_info(name), data)


def _acts(reader: Reader, item: Item) -> list[SignedAct]:
    """The acts about an item, and before each what it rests on, in the order in which they were recorded.

    What Parties said of it in a consultation is that consultation's, and no part of the item's life.
    """
    about = [act for act in reader.acts(item=item.id) if act.statement.type not in CONSULTING]
    wanted = {act.id for act in about}
    laws = {name for act in about for name in (*_named(act), act.statement.instrument)}
    standing = {
        act.id
        for act in reader.acts(types=_STANDING)
        if not act.statement.instrument or act.statement.instrument in laws
    }
    return [act for act in reader.acts() if act.id in wanted or act.id in standing]


def _named(act: SignedAct) -> Mapping[str, str]:
    """The agreements that an act was decided by, each with its version."""
    law = act.statement.body.get("law")
    return law if isinstance(law, dict) else {}


def _laws(reader: Reader, acts: list[SignedAct]) -> set[tuple[str, str]]:
    named = {pair for act in acts for pair in _named(act).items()}
    adopted = {
        (a.statement.instrument, str(a.statement.body["version"])) for a in acts if a.statement.type == "adopt-law"
    }
    # A peer's verdict may name a version that this node never had; it cannot be put into the bundle.
    return {pair for pair in named if pair in adopted}


def _proofs(reader: Reader, acts: list[SignedAct]) -> dict[str, Any]:
    """Each act's inclusion in each log it stands in, up to a cosigned checkpoint where one covers it."""
    checkpoints: list[dict[str, Any]] = []
    proofs: list[dict[str, Any]] = []
    places: dict[str, list[tuple[str, int, bytes]]] = {}
    for act in acts:
        for log, position, salt in reader.log_places(act.id):
            places.setdefault(log, []).append((act.id, position, salt))
    for log in sorted(places):
        state = reader.log(log)
        if state is None:
            continue
        notes = signed_notes(reader, state)
        numbers: dict[int, int] = {}
        for act_id, position, salt in places[log]:
            size = min(size for size in notes if size > position)
            if size not in numbers:
                numbers[size] = len(checkpoints)
                checkpoints.append({"log": log, "note": notes[size].decode()})
            hashes = inclusion_proof(position, size, partial(reader.log_node, log))
            proofs.append(
                {
                    "act": act_id,
                    "checkpoint": numbers[size],
                    "index": position,
                    "salt": b64(salt),
                    "hashes": [b64(node) for node in hashes],
                }
            )
    return {"checkpoints": checkpoints, "proofs": proofs}


def contents_digest(value: Mapping[str, Any]) -> str:
    """What the writer signs of a bundle: SHA-256 of the RFC 8785 form of all else in its `bundle.json`, hexadecimal."""
    return hashlib.sha256(canonical({name: part for name, part in value.items() if name != "signed"})).hexdigest()


def item_json(item: Item) -> dict[str, Any]:
    """An item as it stands in the register, every field of it."""
    return asdict(item) | {"created_at": instant(item.created_at)}


def copy_json(copy: Copy) -> dict[str, Any]:
    """A copy as it stands in the register, every field of it, with its rungs."""
    rungs = [asdict(entry) | {"at": instant(entry.at)} for entry in copy.rungs]
    return asdict(copy) | {"at": instant(copy.at), "rungs": rungs}
