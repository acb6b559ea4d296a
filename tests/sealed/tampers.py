"""Tampers: each a named function that makes a refused file from a good one, with one fault.

`Sample` is what the tamperer has. What is marked `stranger` is refused with and without provenance; what is marked
`holder` keeps within what a holder of the payload key, so every lawful reader, can make or OpenTDF leaves open: nothing
but the originator's statement tells it.
"""

from __future__ import annotations

import base64
import functools
import hmac
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sealing import LABEL, STRANGER, golden_key, identity, originator, private_keys, recipient, sealed

from gsomia.keys import Envelope, Signature, canonical, sign
from gsomia.sealed import PROVENANCE_TYPE, Assertion, label, provenance_assertion, read, read_provenance, sign_batch
from gsomia.sealed.assertion import bind
from gsomia.sealed.container import payload_end, payload_start, tail
from gsomia.sealed.item import payload_key

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


# --- taking apart and putting together --------------------------------------------------------------------------------


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


# --- the table --------------------------------------------------------------------------------------------------------

Maker = Callable[[Sample], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tamper:
    """One row: how it is made, what the refusal says, and whether only provenance can tell."""

    name: str
    make: Maker
    says: str
    holder: bool


TAMPERS: list[Tamper] = []


def stranger(says: str) -> Callable[[Maker], Maker]:
    """A tamper that needs files alone; refused with and without provenance."""

    def add(make: Maker) -> Maker:
        TAMPERS.append(Tamper(name=make.__name__, make=make, says=says, holder=False))
        return make

    return add


def holder(says: str) -> Callable[[Maker], Maker]:
    """A tamper that plain OpenTDF cannot see; the originator's statement tells it."""

    def add(make: Maker) -> Maker:
        TAMPERS.append(Tamper(name=make.__name__, make=make, says=says, holder=True))
        return make

    return add


# --- the file ---------------------------------------------------------------------------------------------------------


@stranger("too short")
def empty_file(s: Sample) -> bytes:
    return b""


@stranger("no ZIP directory at the very end")
def last_byte_cut(s: Sample) -> bytes:
    return s.good[:-1]


@stranger("no ZIP directory at the very end")
def cut_in_the_middle(s: Sample) -> bytes:
    return s.good[: len(s.good) // 2]


@stranger("no ZIP directory at the very end")
def byte_after_the_end(s: Sample) -> bytes:
    return s.good + b"\x00"


@stranger("does not end where")
def byte_before_the_start(s: Sample) -> bytes:
    return b"\x00" + s.good


@stranger("bytes stand before")
def program_before_the_start(s: Sample) -> bytes:
    return archive(entries(s), prefix=b"#!/bin/sh\nexit\n")


@stranger("no ZIP directory at the very end")
def archive_comment(s: Sample) -> bytes:
    return archive(entries(s), comment=b"EXERCISE")


@stranger("not exactly two members")
def third_member(s: Sample) -> bytes:
    return archive([*entries(s), Entry(name=b"readme.txt", data=b"hello")])


@stranger("more than two members")
def third_member_uncounted(s: Sample) -> bytes:
    data = archive([*entries(s), Entry(name=b"readme.txt", data=b"hello")])
    return put(data, len(data) - 14, struct.pack("<HH", 2, 2))


@stranger("not exactly two members")
def second_manifest(s: Sample) -> bytes:
    return archive([*entries(s), Entry(name=b"0.manifest.json", data=canonical(parts(s.other)[1]))])


@stranger("not exactly `0.payload`")
def manifest_twice_and_no_payload(s: Sample) -> bytes:
    return archive([entries(s)[1]] * 2)


@stranger("not exactly two members")
def payload_alone(s: Sample) -> bytes:
    return archive(entries(s)[:1])


@stranger("is compressed")
def payload_compressed(s: Sample) -> bytes:
    payload, _ = parts(s.good)
    return archive(entries(s, method=8, raw=zlib.compress(payload, wbits=-15)))


@stranger("is compressed")
def manifest_is_a_bomb(s: Sample) -> bytes:
    bomb = b" " * 10**7
    raw = zlib.compress(bomb, wbits=-15)
    return archive([entries(s)[0], Entry(name=b"0.manifest.json", data=bomb, method=8, raw=raw)])


@stranger("header of .* and the directory differ")
def compressed_by_its_own_header_alone(s: Sample) -> bytes:
    return archive(entries(s, local_method=8))


@stranger("encrypted or carries unknown flags")
def encrypted_member(s: Sample) -> bytes:
    return archive(entries(s, flags=1))


@stranger("not exactly `0.payload`")
def name_that_climbs(s: Sample) -> bytes:
    first, second = entries(s)
    return archive([Entry(name=b"../0.payload", data=first.data), second])


@stranger("not exactly `0.payload`")
def name_that_is_not_utf8(s: Sample) -> bytes:
    first, second = entries(s)
    return archive([Entry(name=b"\xff.payload", data=first.data), second])


@stranger("header of .* and the directory differ")
def two_names_for_one_member(s: Sample) -> bytes:
    return archive(entries(s, local_name=b"1.payload"))


@stranger("not strict JSON")
def members_swapped(s: Sample) -> bytes:
    first, second = entries(s)
    return archive([Entry(name=first.name, data=second.data), Entry(name=second.name, data=first.data)])


@stranger("overlap or are hidden")
def bytes_hidden_between_members(s: Sample) -> bytes:
    return archive(entries(s, gap=b"hidden"))


@stranger("overlap or are hidden")
def bytes_hidden_before_the_directory(s: Sample) -> bytes:
    return archive(entries(s), gap=b"hidden")


@stranger("header of .* is malformed|overlap")
def entries_overlap(s: Sample) -> bytes:
    first, second = entries(s)
    return archive([first, Entry(name=second.name, data=second.data, offset=50)])


@stranger("header of .* is malformed|differ|overlap")
def both_entries_at_one_place(s: Sample) -> bytes:
    first, second = entries(s)
    return archive([first, Entry(name=second.name, data=second.data, offset=0)])


@stranger("not a plain file")
def symbolic_link(s: Sample) -> bytes:
    return archive(entries(s, attributes=0o120777 << 16))


@stranger("not a plain file")
def folder(s: Sample) -> bytes:
    return archive(entries(s, attributes=0x10))


@stranger("doubled or unknown")
def junk_in_the_field_of_times(s: Sample) -> bytes:
    return archive(entries(s, extra=struct.pack("<HH", 0x5455, 4) + b"data"))


@stranger("doubled or unknown")
def junk_in_the_field_of_owners(s: Sample) -> bytes:
    return archive(entries(s, extra=struct.pack("<HH", 0x7875, 4) + b"data"))


@holder("ZIP is not in the one form")
def field_of_times(s: Sample) -> bytes:
    return archive(entries(s, extra=struct.pack("<HHBI", 0x5455, 5, 1, 1480000000)))


@holder("ZIP is not in the one form")
def zip_of_another_tool(s: Sample) -> bytes:
    return archive(entries(s))


@holder("ZIP is not in the one form")
def manifest_before_the_payload(s: Sample) -> bytes:
    return archive(entries(s)[::-1])


@holder("ZIP is not in the one form")
def date_told_in_the_directory(s: Sample) -> bytes:
    return put(s.good, places(s.good).directory + 12, b"\x01\x02\x03\x04")


@holder("ZIP is not in the one form")
def date_told_in_the_members_own_header(s: Sample) -> bytes:
    return put(s.good, 10, b"\x01\x02\x03\x04")


@holder("ZIP is not in the one form")
def made_by_another_system(s: Sample) -> bytes:
    return put(s.good, places(s.good).directory + 4, b"\xff")


@holder("ZIP is not in the one form")
def others_may_read_the_file(s: Sample) -> bytes:
    return put(s.good, places(s.good).directory + 38, struct.pack("<I", 0o100644 << 16))


@stranger("doubled or unknown")
def unknown_extra_field(s: Sample) -> bytes:
    return archive(entries(s, extra=struct.pack("<HH", 0xCAFE, 4) + b"data"))


@stranger("doubled or unknown")
def zip64_field_twice(s: Sample) -> bytes:
    return archive(entries(s, extra=struct.pack("<HH", 1, 0) * 2))


@stranger("zip64 sizes are not exactly")
def zip64_size_where_none_is_left_open(s: Sample) -> bytes:
    size = len(parts(s.good)[0])
    return archive(entries(s, extra=struct.pack("<HHQQ", 1, 16, size, size)))


@stranger("header of .* and the directory differ|tells its sizes twice")
def zip64_lie_in_the_members_own_header(s: Sample) -> bytes:
    return archive(entries(s, local_extra=struct.pack("<HHQQ", 1, 16, 70 << 30, 70 << 30)))


@stranger("zip64 sizes are not exactly")
def size_left_open_and_never_told(s: Sample) -> bytes:
    at = places(s.good)
    return put(s.good, at.directory + 20, b"\xff" * 8)


@stranger("overlap or are hidden")
def payload_claims_70_gigabytes(s: Sample) -> bytes:
    at = places(s.good)
    size = struct.pack("<HHQQ", 1, 16, 70 << 30, 70 << 30)
    data = put(s.good, at.directory + 20, b"\xff" * 8)
    data = put(data, at.directory + 30, struct.pack("<H", len(size)))
    data = data[: at.second] + size + data[at.second :]
    total = at.end - at.directory + len(size)
    return put(data, len(data) - 10, struct.pack("<I", total))


@stranger("two different sizes")
def stored_with_two_sizes(s: Sample) -> bytes:
    at = places(s.good)
    return put(s.good, at.directory + 24, struct.pack("<I", 1))


@stranger("a zip64 directory that its end does not refer to")
def zip64_locator_unasked(s: Sample) -> bytes:
    at = places(s.good)
    record = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 2, 2, at.end - at.directory, at.directory)
    locator = struct.pack("<IIQI", 0x07064B50, 0, at.end, 1)
    return s.good[: at.end] + record + locator + s.good[at.end :]


@stranger("end and its zip64 end differ")
def zip64_end_tells_another_place(s: Sample) -> bytes:
    at = places(s.good)
    record = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 2, 2, at.end - at.directory - 1, at.directory)
    locator = struct.pack("<IIQI", 0x07064B50, 0, at.end, 1)
    end = put(s.good[at.end :], 8, b"\xff\xff\xff\xff")
    return s.good[: at.end] + record + locator + end


@stranger("zip64 locator does not hold")
def zip64_locator_missing(s: Sample) -> bytes:
    return put(s.good, len(s.good) - 6, b"\xff\xff\xff\xff")


@stranger("several parts")
def several_disks(s: Sample) -> bytes:
    return put(s.good, places(s.good).end + 4, b"\x01\x00")


@stranger("header of .* and the directory differ")
def descriptor_denied_by_the_members_own_header(s: Sample) -> bytes:
    return put(s.good, 6, b"\x00\x00")


@stranger("descriptor after .* differ")
def descriptor_tells_another_crc(s: Sample) -> bytes:
    return flip(s.good, places(s.good).descriptor + 4)


@stranger("descriptor after .* differ")
def descriptor_tells_another_size(s: Sample) -> bytes:
    return flip(s.good, places(s.good).descriptor + 8)


@stranger("payload's CRC-32")
def payload_crc_told_falsely_everywhere(s: Sample) -> bytes:
    at = places(s.good)
    return flip(flip(s.good, at.descriptor + 4), at.directory + 16)


@stranger("manifest's CRC-32")
def manifest_crc_told_falsely_everywhere(s: Sample) -> bytes:
    at = places(s.good)
    return flip(flip(s.good, at.manifest_header + 14), at.second + 16)


@stranger("overlap or are hidden")
def descriptor_dropped(s: Sample) -> bytes:
    at = places(s.good)
    data = s.good[: at.descriptor] + s.good[at.manifest_header :]
    data = put(data, at.second - DESCRIPTOR + 42, struct.pack("<I", at.descriptor))
    return put(data, len(data) - 6, struct.pack("<I", at.directory - DESCRIPTOR))


# --- the manifest -----------------------------------------------------------------------------------------------------


@stranger("not strict JSON")
def manifest_is_not_json(s: Sample) -> bytes:
    return pack(parts(s.good)[0], b"manifest")


@stranger("not a JSON object")
def manifest_is_a_list(s: Sample) -> bytes:
    return pack(parts(s.good)[0], b"[]")


@stranger("not UTF-8")
def manifest_is_not_utf8(s: Sample) -> bytes:
    return pack(parts(s.good)[0], canonical(parts(s.good)[1]).replace(b"text/plain", b"text/pl\xffin"))


@stranger("stands twice")
def policy_key_twice(s: Sample) -> bytes:
    policy = info(parts(s.other)[1])["policy"].encode()
    data = canonical(parts(s.good)[1]).replace(b'"policy":', b'"policy":"' + policy + b'","policy":', 1)
    return pack(parts(s.good)[0], data)


@stranger("not strict JSON: too deep")
def manifest_too_deep(s: Sample) -> bytes:
    return pack(parts(s.good)[0], b'{"a":' * 100_000 + b"1" + b"}" * 100_000)


@stranger("is not JSON")
def manifest_with_not_a_number(s: Sample) -> bytes:
    return pack(
        parts(s.good)[0], canonical(parts(s.good)[1]).replace(b'"segmentSizeDefault":1024', b'"segmentSizeDefault":NaN')
    )


@stranger("manifest is longer than")
def manifest_padded_beyond_the_limit(s: Sample) -> bytes:
    return pack(parts(s.good)[0], canonical(parts(s.good)[1]) + b" " * (8 << 20))


@stranger("schemaVersion")
def unknown_version(s: Sample) -> bytes:
    return edited(s, lambda m: m.update(schemaVersion="9.9.9"))


@stranger("hexadecimal")
def version_dropped_to_read_it_the_old_way(s: Sample) -> bytes:
    return edited(s, lambda m: m.pop("schemaVersion"))


@stranger("does not say that the payload is encrypted")
def said_not_to_be_encrypted(s: Sample) -> bytes:
    return edited(s, lambda m: m["payload"].update(isEncrypted=False))


@stranger("`url` is not")
def payload_elsewhere(s: Sample) -> bytes:
    return edited(s, lambda m: m["payload"].update(url="https://elsewhere.example/0.payload"))


@stranger("`algorithm` is not")
def another_algorithm(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["method"].update(algorithm="AES-128-CBC"))


@stranger("say once that the payload is streamable")
def said_twice_to_be_streamable(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["method"].update(IsStreamable=False))


@stranger("`segmentHashAlg` is not")
def segment_hashes_of_another_kind(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["integrityInformation"].update(segmentHashAlg="CRC32"))


@holder("not the one that was stated")
def mime_type_altered(s: Sample) -> bytes:
    return edited(s, lambda m: m["payload"].update(mimeType="application/x-executable"))


@holder("not the one that was stated")
def field_added_to_the_manifest(s: Sample) -> bytes:
    return edited(s, lambda m: info(m).update(note="declassified"))


@holder("not in the form")
def manifest_spelt_another_way(s: Sample) -> bytes:
    return pack(parts(s.good)[0], json.dumps(parts(s.good)[1], indent=1).encode())


# --- segments ---------------------------------------------------------------------------------------------------------


@stranger("altered|not the one")
def bit_flipped_in_a_segment(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    return pack(flip(payload, SEGMENT + 500), manifest)


@stranger("CRC-32|altered|not the one")
def bit_flipped_in_the_file_alone(s: Sample) -> bytes:
    return flip(s.good, places(s.good).payload + 500)


@stranger("altered|not the one")
def nonce_altered(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    return pack(flip(payload, SEGMENT), manifest)


@stranger("does not end in the tag")
def tag_altered_in_the_payload(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    return pack(flip(payload, SEGMENT - 1), manifest)


@stranger("not the one that was stated|root signature")
def tag_altered_in_both_places(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    payload = flip(payload, SEGMENT - 1)
    segments(manifest)[0]["hash"] = b64(payload[SEGMENT - 16 : SEGMENT])
    return pack(payload, manifest)


@stranger("do not add up")
def last_segment_cut_from_the_payload(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    return pack(payload[: 3 * SEGMENT], manifest)


@stranger("not the one that was stated|root signature")
def last_segment_cut_from_both(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    segments(manifest).pop()
    return pack(payload[: 3 * SEGMENT], manifest)


@stranger("not the one that was stated|root signature")
def every_segment_dropped(s: Sample) -> bytes:
    _, manifest = parts(s.good)
    segments(manifest).clear()
    return pack(b"", manifest)


@stranger("not the one that was stated|root signature")
def segment_dropped_from_the_middle(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    del segments(manifest)[1]
    return pack(payload[:SEGMENT] + payload[2 * SEGMENT :], manifest)


@stranger("not the one that was stated|root signature")
def segments_reordered_in_both(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    listed = segments(manifest)
    listed[0], listed[1] = listed[1], listed[0]
    return pack(payload[SEGMENT : 2 * SEGMENT] + payload[:SEGMENT] + payload[2 * SEGMENT :], manifest)


@stranger("does not end in the tag")
def segments_reordered_in_the_payload(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    return pack(payload[SEGMENT : 2 * SEGMENT] + payload[:SEGMENT] + payload[2 * SEGMENT :], manifest)


@stranger("not the one that was stated|root signature")
def segment_doubled(s: Sample) -> bytes:
    payload, manifest = parts(s.good)
    segments(manifest).insert(1, segments(manifest)[0])
    return pack(payload[:SEGMENT] + payload, manifest)


@stranger("do not differ by nonce and tag")
def plaintext_size_altered(s: Sample) -> bytes:
    return edited(s, lambda m: segments(m)[0].update(segmentSize=1000))


@stranger("not the one that was stated|does not end in the tag")
def segment_boundary_moved(s: Sample) -> bytes:
    def move(manifest: dict[str, Any]) -> None:
        first, second = segments(manifest)[:2]
        first.update(segmentSize=1023, encryptedSegmentSize=1051)
        second.update(segmentSize=1025, encryptedSegmentSize=1053)

    return edited(s, move)


@stranger("is not a size")
def segment_of_a_negative_size(s: Sample) -> bytes:
    return edited(s, lambda m: segments(m)[0].update(segmentSize=-28, encryptedSegmentSize=0))


@stranger("is not a size")
def segment_of_four_gigabytes(s: Sample) -> bytes:
    return edited(s, lambda m: segments(m)[0].update(segmentSize=2**32, encryptedSegmentSize=2**32 + 28))


@stranger("is not a size")
def segment_size_that_is_no_whole_number(s: Sample) -> bytes:
    return edited(s, lambda m: segments(m)[0].update(segmentSize=1024.5))


@stranger("list of at most")
def too_many_segments(s: Sample) -> bytes:
    return edited(s, lambda m: segments(m).extend([segments(m)[0]] * 2**16))


@stranger("not the one that was stated|root signature")
def root_signature_altered(s: Sample) -> bytes:
    root = info(parts(s.other)[1])["integrityInformation"]["rootSignature"]
    return edited(s, lambda m: info(m)["integrityInformation"].update(rootSignature=root))


@stranger("not 32 bytes")
def root_signature_emptied(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["integrityInformation"]["rootSignature"].update(sig=""))


@stranger("`alg` is not")
def root_signature_of_another_kind(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["integrityInformation"]["rootSignature"].update(alg="GMAC"))


@stranger("do not add up|does not end in the tag")
def payload_of_another_item(s: Sample) -> bytes:
    return pack(parts(s.other)[0], parts(s.good)[1])


@stranger("does not end in the tag")
def manifest_of_another_item(s: Sample) -> bytes:
    return pack(parts(s.good)[0], parts(s.other)[1])


# --- policy and keys --------------------------------------------------------------------------------------------------


@stranger("not the one that was stated|policy was altered")
def policy_loses_its_attribute(s: Sample) -> bytes:
    policy = json.loads(base64.b64decode(info(parts(s.good)[1])["policy"]))
    policy["body"]["dataAttributes"] = []
    return edited(s, lambda m: info(m).update(policy=b64(canonical(policy))))


@stranger("is of another item|policy was altered")
def policy_of_another_item(s: Sample) -> bytes:
    return edited(s, lambda m: info(m).update(policy=info(parts(s.other)[1])["policy"]))


@stranger("policy is not base64")
def policy_is_not_base64(s: Sample) -> bytes:
    return edited(s, lambda m: info(m).update(policy="{}"))


@stranger("policy was altered")
def policy_bindings_of_another_item(s: Sample) -> bytes:
    bound = info(parts(s.other)[1])["keyAccess"][0]["policyBinding"]
    return edited(s, lambda m: info(m)["keyAccess"][0].update(policyBinding=bound))


@stranger("policy binding is not text")
def policy_binding_dropped(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["keyAccess"][0].pop("policyBinding"))


@stranger("not by HS256")
def policy_binding_of_another_kind(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["keyAccess"][0]["policyBinding"].update(alg="none"))


@stranger("root signature|policy was altered")
def key_access_of_another_item(s: Sample) -> bytes:
    return edited(s, lambda m: info(m).update(keyAccess=info(parts(s.other)[1])["keyAccess"]))


@stranger("none of the keys")
def wrapped_key_altered(s: Sample) -> bytes:
    def alter(manifest: dict[str, Any]) -> None:
        access = info(manifest)["keyAccess"][0]
        access["wrappedKey"] = b64(flip(base64.b64decode(access["wrappedKey"]), 50))

    return edited(s, alter)


@stranger("none of the keys")
def key_renamed(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["keyAccess"][0].update(kid="k2"))


@stranger("none of the keys|not in the form")
def kind_of_wrapping_renamed(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["keyAccess"][0].update(type="wrapped"))


@stranger("none of the keys|out of its order")
def share_renamed(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["keyAccess"][0].update(sid="2"))


def _access(s: Sample, change: Callable[[list[dict[str, Any]]], object]) -> bytes:
    """The good item with altered key access objects: the first is the X-Wing key's, the second the RSA key's."""
    payload, manifest = parts(s.good)
    change(info(manifest)["keyAccess"])
    return pack(payload, manifest)


@holder("names a share where there is but one")
def all_shares_renamed(s: Sample) -> bytes:
    return _access(s, lambda found: [one.update(sid="1") for one in found])


@holder("not in the form that gsomia writes")
def junk_among_the_keys(s: Sample) -> bytes:
    return _access(s, lambda found: found.append({**found[0], "kid": "z", "wrappedKey": b64(bytes(100))}))


@holder("stands twice, or out of its order")
def key_access_doubled(s: Sample) -> bytes:
    return _access(s, lambda found: found.insert(1, found[0]))


@holder("stands twice, or out of its order")
def key_access_reordered(s: Sample) -> bytes:
    return _access(s, lambda found: found.reverse())


@holder("stands twice, or out of its order")
def key_access_for_another_place(s: Sample) -> bytes:
    return _access(s, lambda found: found[0].update(url="https://other.example"))


@holder("not in the form that gsomia writes")
def field_added_to_a_key_access_object(s: Sample) -> bytes:
    return _access(s, lambda found: found[0].update(encryptedMetadata="AAAA"))


@holder("not in the form that gsomia writes")
def key_access_of_another_version(s: Sample) -> bytes:
    return _access(s, lambda found: found[0].update(schemaVersion="9.9"))


@holder("not in the form that gsomia writes")
def ephemeral_key_where_none_belongs(s: Sample) -> bytes:
    return _access(s, lambda found: found[0].update(ephemeralPublicKey="junk"))


@holder("not in the form that gsomia writes")
def policy_binding_without_its_kind(s: Sample) -> bytes:
    return _access(s, lambda found: found[0].update(policyBinding=found[0]["policyBinding"]["hash"]))


@holder("not in the form that gsomia writes")
def key_without_a_name(s: Sample) -> bytes:
    return _access(s, lambda found: found[0].update(kid=""))


@holder("not in the form that gsomia writes")
def key_access_of_no_known_kind(s: Sample) -> bytes:
    return _access(s, lambda found: found[1].update(type="remote"))


@stranger("1 to 256 key access objects")
def nobody_may_open(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["keyAccess"].clear())


@stranger("1 to 256 key access objects")
def too_many_may_open(s: Sample) -> bytes:
    return edited(s, lambda m: info(m)["keyAccess"].extend([info(m)["keyAccess"][0]] * 256))


@stranger("not the one base64 spelling")
def wrapped_key_spelt_another_way(s: Sample) -> bytes:
    # Four bits of the last group are left over, and one of them is set.
    return edited(s, lambda m: info(m)["keyAccess"][0].update(wrappedKey="AB=="))


# --- label, assertions, provenance ------------------------------------------------------------------------------------


def _assertion(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [entry for entry in manifest["assertions"] if entry["id"] == name]
    return dict(found)


def _with(manifest: dict[str, Any], name: str, value: dict[str, Any] | None) -> None:
    kept = [value if entry["id"] == name else entry for entry in manifest["assertions"]]
    manifest["assertions"] = [entry for entry in kept if entry is not None]


LOWER = {**LABEL, "ocl": {**LABEL["ocl"], "cls": "UNCLASSIFIED"}}


@stranger("label is not the one|was altered")
def label_lowered(s: Sample) -> bytes:
    def lower(manifest: dict[str, Any]) -> None:
        entry = _assertion(manifest, "label")
        entry["statement"] = {**entry["statement"], "value": canonical(LOWER).decode()}
        _with(manifest, "label", entry)

    return edited(s, lower)


@holder("label is not the one")
def label_lowered_and_bound_anew(s: Sample) -> bytes:
    return edited(s, lambda m: _with(m, "label", bind(label(LOWER), key=s.key, tags=_tags(s))))


@holder("label is not the one")
def label_dropped(s: Sample) -> bytes:
    return edited(s, lambda m: _with(m, "label", None))


@stranger("two labels|is not bound by the payload key")
def second_label(s: Sample) -> bytes:
    foreign = {**_assertion(parts(s.other)[1], "label"), "id": "label-2"}
    return edited(s, lambda m: m["assertions"].append(foreign))


def _tags(s: Sample) -> bytes:
    return b"".join(base64.b64decode(entry["hash"]) for entry in segments(parts(s.good)[1]))


@holder("two labels")
def second_label_bound_by_a_reader(s: Sample) -> bytes:
    lower = Assertion(id="label-2", type="handling", schema=label(LOWER).schema, value=label(LOWER).value)
    return edited(s, lambda m: m["assertions"].append(bind(lower, key=s.key, tags=_tags(s))))


@holder("two provenance statements")
def second_statement_bound_by_a_reader(s: Sample) -> bytes:
    entry = provenance_assertion(_envelope(s.other))
    second = Assertion(id="provenance-2", format=entry.format, schema=entry.schema, value=entry.value)
    return edited(s, lambda m: m["assertions"].append(bind(second, key=s.key, tags=_tags(s))))


@stranger("two assertions have one")
def assertion_doubled(s: Sample) -> bytes:
    return edited(s, lambda m: m["assertions"].append(m["assertions"][0]))


@stranger("is not bound by the payload key")
def label_of_another_item(s: Sample) -> bytes:
    """The same words, bound to another payload."""
    entry = _assertion(parts(s.other)[1], "label")
    return edited(s, lambda m: _with(m, "label", entry))


@holder("is not bound to the item")
def binding_stripped_from_the_label(s: Sample) -> bytes:
    def strip(manifest: dict[str, Any]) -> None:
        entry = _assertion(manifest, "label")
        del entry["binding"]
        _with(manifest, "label", entry)

    return edited(s, strip)


@holder("is not bound to the item")
def binding_of_another_kind(s: Sample) -> bytes:
    def alter(manifest: dict[str, Any]) -> None:
        entry = _assertion(manifest, "label")
        entry["binding"] = {**entry["binding"], "method": "other"}
        _with(manifest, "label", entry)

    return edited(s, alter)


@holder("other assertions than")
def note_added(s: Sample) -> bytes:
    note = {"id": "note", "type": "other", "scope": "tdo", "statement": {"format": "string", "value": "DOWNGRADED"}}
    return edited(s, lambda m: m["assertions"].append(note))


@holder("other assertions than")
def handling_added_by_a_reader(s: Sample) -> bytes:
    note = Assertion(id="handling", type="handling", value="DOWNGRADED")
    return edited(s, lambda m: m["assertions"].append(bind(note, key=s.key, tags=_tags(s))))


@holder("other assertions than")
def label_of_another_schema_added_by_a_reader(s: Sample) -> bytes:
    schema = "urn:nato:stanag:4774:confidentialitymetadatalabel:1:0"
    second = Assertion(id="label-2", type="handling", format="json", schema=schema, value='{"cls":"UNCLASSIFIED"}')
    return edited(s, lambda m: m["assertions"].append(bind(second, key=s.key, tags=_tags(s))))


@holder("other assertions than")
def assertions_reordered(s: Sample) -> bytes:
    return edited(s, lambda m: m["assertions"].reverse())


@holder("label` is not in the form")
def label_of_another_scope(s: Sample) -> bytes:
    moved = replace(label(LABEL), scope="payload")
    return edited(s, lambda m: _with(m, "label", bind(moved, key=s.key, tags=_tags(s))))


@holder("label` is not in the form")
def label_spelt_another_way(s: Sample) -> bytes:
    spelt = replace(label(LABEL), value=json.dumps(LABEL, indent=1))
    return edited(s, lambda m: _with(m, "label", bind(spelt, key=s.key, tags=_tags(s))))


@holder("unproven")
def provenance_dropped(s: Sample) -> bytes:
    return edited(s, lambda m: _with(m, "provenance", None))


def _rebound(s: Sample, envelope: Envelope) -> bytes:
    stated = bind(provenance_assertion(envelope), key=s.key, tags=_tags(s))
    return edited(s, lambda m: _with(m, "provenance", stated))


def _envelope(data: bytes) -> Envelope:
    envelope = read_provenance(read(io.BytesIO(data)))
    assert isinstance(envelope, Envelope)
    return envelope


@holder("signature of key|is missing")
def provenance_signed_by_another(s: Sample) -> bytes:
    return _rebound(s, sign(_envelope(s.good).payload, PROVENANCE_TYPE, [STRANGER]))


@holder("ed25519 signature .* is missing")
def provenance_without_ed25519(s: Sample) -> bytes:
    return _rebound(s, _only(_envelope(s.good), "ml-dsa-65"))


@holder("ml-dsa-65 signature .* is missing")
def provenance_without_ml_dsa(s: Sample) -> bytes:
    return _rebound(s, _only(_envelope(s.good), "ed25519"))


def _only(envelope: Envelope, algorithm: str) -> Envelope:
    kept = tuple(x for x in envelope.signatures if x.keyid.endswith(algorithm))
    return Envelope(payload_type=envelope.payload_type, payload=envelope.payload, signatures=kept)


@holder("does not hold")
def provenance_signature_altered(s: Sample) -> bytes:
    envelope = _envelope(s.good)
    bent = tuple(Signature(keyid=x.keyid, sig=flip(x.sig, 5)) for x in envelope.signatures)
    return _rebound(s, Envelope(payload_type=PROVENANCE_TYPE, payload=envelope.payload, signatures=bent))


@holder("does not hold")
def exercise_mark_removed(s: Sample) -> bytes:
    envelope = _envelope(s.good)
    real = envelope.payload.replace(b'"exercise":true', b'"exercise":false')
    return _rebound(s, Envelope(payload_type=PROVENANCE_TYPE, payload=real, signatures=envelope.signatures))


@holder("payload type")
def statement_of_another_type(s: Sample) -> bytes:
    return _rebound(s, sign(_envelope(s.good).payload, "application/vnd.gsomia.act.v1+json", [originator()]))


@holder("statement is of another item")
def provenance_of_another_item(s: Sample) -> bytes:
    return _rebound(s, _envelope(s.other))


def _batched(s: Sample, **changed: Any) -> bytes:
    """The good item with its statement second in a batch of three, and something of that changed."""
    statements = [b"first", _envelope(s.good).payload, b"third"]
    entry = replace(sign_batch(statements, originator())[1], **changed)
    stated = bind(provenance_assertion(entry), key=s.key, tags=_tags(s))
    return edited(s, lambda m: _with(m, "provenance", stated))


@holder("not in the batch")
def batched_statement_at_another_place(s: Sample) -> bytes:
    return _batched(s, index=0)


@holder("no such place")
def batched_statement_beyond_the_batch(s: Sample) -> bytes:
    return _batched(s, index=3)


@holder("path does not fit")
def batch_path_cut(s: Sample) -> bytes:
    return _batched(s, path=(bytes(32),))


@holder("not in the batch")
def batch_path_altered(s: Sample) -> bytes:
    return _batched(s, path=(bytes(32), bytes(32)))


@holder("not in the batch")
def batch_size_altered(s: Sample) -> bytes:
    return _batched(s, size=4)


@holder("not in the batch")
def batched_statement_altered(s: Sample) -> bytes:
    real = _envelope(s.good).payload.replace(b'"exercise":true', b'"exercise":false')
    return _batched(s, statement=real)


@holder("statement is of another item")
def batched_statement_of_another_item(s: Sample) -> bytes:
    (entry,) = sign_batch([_envelope(s.other).payload], originator())
    return edited(s, lambda m: _with(m, "provenance", bind(provenance_assertion(entry), key=s.key, tags=_tags(s))))


@holder("signature of key|is missing")
def batch_signed_by_another(s: Sample) -> bytes:
    (entry,) = sign_batch([_envelope(s.good).payload], STRANGER)
    return edited(s, lambda m: _with(m, "provenance", bind(provenance_assertion(entry), key=s.key, tags=_tags(s))))


@holder("payload type")
def batch_signed_as_acts(s: Sample) -> bytes:
    (entry,) = sign_batch([_envelope(s.good).payload], originator())
    acts = sign(entry.envelope.payload, "application/vnd.gsomia.acts.v1+json", [originator()])
    stated = provenance_assertion(replace(entry, envelope=acts))
    return edited(s, lambda m: _with(m, "provenance", bind(stated, key=s.key, tags=_tags(s))))


@holder("two provenance statements")
def stated_alone_and_in_a_batch(s: Sample) -> bytes:
    entry = provenance_assertion(sign_batch([_envelope(s.good).payload], originator())[0])
    second = Assertion(id="provenance-2", format=entry.format, schema=entry.schema, value=entry.value)
    return edited(s, lambda m: m["assertions"].append(bind(second, key=s.key, tags=_tags(s))))


@holder("not in its one form")
def provenance_envelope_spelt_another_way(s: Sample) -> bytes:
    entry = provenance_assertion(_envelope(s.good))
    loose = json.dumps(json.loads(str(entry.value)), indent=1)
    spelt = Assertion(id=entry.id, format=entry.format, schema=entry.schema, value=loose)
    return edited(s, lambda m: _with(m, "provenance", bind(spelt, key=s.key, tags=_tags(s))))


@holder("payload is not the one|manifest is not the one")
def payload_sealed_anew_by_a_reader(s: Sample) -> bytes:
    """A lawful reader puts other words under the same key, with tags, root signature and bindings all in order."""
    _, manifest = parts(s.good)
    plain = PLAIN.replace(b"launch", b"LAUNCH")
    cipher, payload, tags = AESGCM(s.key), b"", b""
    for number, segment in enumerate(segments(manifest)):
        nonce = (1000 + number).to_bytes(12, "big")
        sealed_ = nonce + cipher.encrypt(nonce, plain[1024 * number : 1024 * (number + 1)], None)
        payload, tags = payload + sealed_, tags + sealed_[-16:]
        segment["hash"] = b64(sealed_[-16:])
    info(manifest)["integrityInformation"]["rootSignature"]["sig"] = b64(hmac.digest(s.key, tags, "sha256"))
    rebound = [label(LABEL), provenance_assertion(_envelope(s.good))]
    manifest["assertions"] = [bind(entry, key=s.key, tags=tags) for entry in rebound]
    return pack(payload, manifest)


def times_h(block: int, h: int) -> int:
    """Multiply in GHASH's field (NIST SP 800-38D, section 6.3)."""
    product = 0
    for bit in range(127, -1, -1):
        if block >> bit & 1:
            product ^= h
        h = h >> 1 ^ (0xE1 << 120 if h & 1 else 0)
    return product


@holder("payload is not the one that was stated")
def payload_forged_with_equal_tags(s: Sample) -> bytes:
    """GCM's tag is linear for one who knows the key: change one block, mend the next, and the tag stays.

    A change d of block i and d*H of block i+1 cancel in GHASH. So payload, tags, segment hashes, root signature and
    assertions are all as before, and OpenTDF opens it.
    """
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    payload, manifest = parts(s.good)
    ecb = Cipher(algorithms.AES(s.key), modes.ECB()).encryptor()
    h = int.from_bytes(ecb.update(bytes(16)), "big")
    at = 12 + 16 * 3
    change = int.from_bytes(b"\x00" * 8 + b"forged!!", "big")
    for where, delta in ((at, change), (at + 16, times_h(change, h))):
        block = int.from_bytes(payload[where : where + 16], "big") ^ delta
        payload = put(payload, where, block.to_bytes(16, "big"))
    return pack(payload, manifest)
