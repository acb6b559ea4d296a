"""Two good items, taken apart and put together again: what tampers are made with."""

from __future__ import annotations

import base64
import functools
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sealing import golden_key, identity, originator, private_keys, recipient, sealed

from gsomia.keys import Envelope, canonical
from gsomia.sealed import read, read_provenance
from gsomia.sealed.container import payload_end, payload_start, tail
from gsomia.sealed.item import payload_key

__all__ = [
    "DESCRIPTOR",
    "OTHER_ITEM",
    "PLAIN",
    "SEGMENT",
    "Entry",
    "Sample",
    "archive",
    "assertion_of",
    "b64",
    "edited",
    "entries",
    "flip",
    "info",
    "pack",
    "parts",
    "places",
    "put",
    "put_assertion",
    "sample",
    "segments",
    "statement_of",
    "tags_of",
]


PLAIN = b"".join(b"line %04d of a launch report, EXERCISE only\n" % n for n in range(80))  # four segments of 1 KiB
OTHER_ITEM = "0f9c2a44-7d1b-4c52-a5f4-1f8f6f2f9b02"
SEGMENT = 1024 + 28
DESCRIPTOR = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Two good items of one originator for one recipient, and the first one's payload key."""

    good: bytes
    other: bytes
    key: bytes


@functools.cache
def sample() -> Sample:
    """The sample, made once."""
    to = [recipient(private_keys()["hpqt:xwing"]), recipient(golden_key(), kid="rsa-r1")]
    good, _ = sealed(PLAIN, to, originator=originator())
    other, _ = sealed(PLAIN[::-1], to, originator=originator(), item=OTHER_ITEM)
    key = payload_key(read(io.BytesIO(good)), [identity(private_keys()["hpqt:xwing"])])
    return Sample(good=good, other=other, key=key)


def parts(data: bytes) -> tuple[bytes, dict[str, Any]]:
    """Payload and manifest of a good item."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("0.payload"), json.loads(archive.read("0.manifest.json"))


def pack(payload: bytes, manifest: dict[str, Any] | bytes) -> bytes:
    """A well-formed container of whatever payload and manifest."""
    data = manifest if isinstance(manifest, bytes) else canonical(manifest)
    crc = zlib.crc32(payload)
    end = payload_end(crc, len(payload))
    return payload_start() + payload + end + tail(data, payload_crc=crc, payload_size=len(payload))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the parts of a good item lie."""

    payload: int
    descriptor: int
    manifest_header: int
    manifest: int
    directory: int
    second: int
    end: int


def places(data: bytes) -> Place:
    """Find them, knowing how gsomia writes."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        payload, manifest = archive.getinfo("0.payload"), archive.getinfo("0.manifest.json")
    start = len(payload_start())
    directory = manifest.header_offset + 30 + 15 + manifest.file_size
    return Place(
        payload=start,
        descriptor=start + payload.file_size,
        manifest_header=manifest.header_offset,
        manifest=manifest.header_offset + 30 + 15,
        directory=directory,
        second=directory + 46 + 9,
        end=len(data) - 22,
    )


def put(data: bytes, at: int, piece: bytes) -> bytes:
    """Overwrite bytes."""
    return data[:at] + piece + data[at + len(piece) :]


def flip(data: bytes, at: int) -> bytes:
    """Change one bit of one byte."""
    return put(data, at, bytes([data[at] ^ 1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One ZIP member as the plain writer below writes it; what is None is told truly."""

    name: bytes
    data: bytes
    method: int = 0
    flags: int = 0
    raw: bytes | None = None
    extra: bytes = b""
    local_extra: bytes = b""
    gap: bytes = b""
    local_name: bytes | None = None
    local_method: int | None = None
    offset: int | None = None
    attributes: int = 0


def archive(entries: list[Entry], *, prefix: bytes = b"", gap: bytes = b"", comment: bytes = b"") -> bytes:
    """A plain ZIP without descriptors, with whatever faults the entries carry."""
    out, directory = prefix, b""
    for e in entries:
        stored = e.data if e.raw is None else e.raw
        crc, offset = zlib.crc32(e.data), len(out) if e.offset is None else e.offset
        name, method = e.local_name or e.name, e.method if e.local_method is None else e.local_method
        sizes = struct.pack("<III", crc, len(stored), len(e.data))
        out += struct.pack("<IHHHHH", 0x04034B50, 20, e.flags, method, 0, 33) + sizes
        out += struct.pack("<HH", len(name), len(e.local_extra)) + name + e.local_extra + stored + e.gap
        directory += struct.pack("<IHHHHHH", 0x02014B50, 20, 20, e.flags, e.method, 0, 33) + sizes
        directory += (
            struct.pack("<HHHHHII", len(e.name), len(e.extra), 0, 0, 0, e.attributes, offset) + e.name + e.extra
        )
    out += gap
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, len(entries), len(entries), len(directory), len(out), len(comment))
    return out + directory + end + comment


def entries(s: Sample, **changed: Any) -> list[Entry]:
    """The good item's two members; keyword arguments are faults of the payload's entry."""
    payload, manifest = parts(s.good)
    return [
        Entry(name=b"0.payload", data=payload, **changed),
        Entry(name=b"0.manifest.json", data=canonical(manifest)),
    ]


def edited(s: Sample, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The good payload with an altered manifest."""
    payload, manifest = parts(s.good)
    change(manifest)
    return pack(payload, manifest)


def info(manifest: dict[str, Any]) -> Any:
    """The part of a manifest that most tampers alter."""
    return manifest["encryptionInformation"]


def segments(manifest: dict[str, Any]) -> Any:
    """Its list of segments."""
    return info(manifest)["integrityInformation"]["segments"]


def b64(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode()


def assertion_of(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [entry for entry in manifest["assertions"] if entry["id"] == name]
    return dict(found)


def put_assertion(manifest: dict[str, Any], name: str, value: dict[str, Any] | None) -> None:
    kept = [value if entry["id"] == name else entry for entry in manifest["assertions"]]
    manifest["assertions"] = [entry for entry in kept if entry is not None]


def tags_of(s: Sample) -> bytes:
    return b"".join(base64.b64decode(entry["hash"]) for entry in segments(parts(s.good)[1]))


def statement_of(data: bytes) -> Envelope:
    envelope = read_provenance(read(io.BytesIO(data)))
    assert isinstance(envelope, Envelope)
    return envelope
