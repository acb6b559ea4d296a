"""Tampers of the file itself: its ZIP, its members, their sizes and places."""

from __future__ import annotations

import struct
import zlib

from taking_apart import DESCRIPTOR, Entry, Sample, archive, entries, flip, parts, places, put
from tampering import holder, stranger

from gsomia.keys import canonical

__all__ = []


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
