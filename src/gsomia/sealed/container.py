"""The ZIP around a sealed item: one way to write it, and a reader that lets nothing hide.

Exactly two stored members, `0.payload` and `0.manifest.json`; every byte of the file belongs to one of their headers,
to their data, or to the directory (PKWARE APPNOTE 6.3, sections 4.3 and 4.5). No prefix, gap, overlap, comment, suffix.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, Protocol

from gsomia.errors import SealError

try:
    from isal.isal_zlib import crc32
except ImportError:  # correct either way; isal's is some ten times as fast
    from zlib import crc32

__all__ = [
    "MANIFEST",
    "MAX_FILE_BYTES",
    "MAX_MANIFEST_BYTES",
    "MAX_PAYLOAD_BYTES",
    "MAX_PLAINTEXT_BYTES",
    "MAX_SEGMENTS",
    "OVERHEAD",
    "PAYLOAD",
    "Layout",
    "Member",
    "Seekable",
    "Sink",
    "Source",
    "crc32",
    "payload_end",
    "payload_start",
    "read_exactly",
    "read_layout",
    "tail",
    "write_all",
]

PAYLOAD: Final = b"0.payload"
MANIFEST: Final = b"0.manifest.json"
MAX_PLAINTEXT_BYTES: Final = 64 * 2**30
"""64 GiB of plaintext: OpenTDF's limit."""
MAX_SEGMENTS: Final = 2**16
OVERHEAD: Final = 28
"""Bytes that sealing adds to a segment: a nonce of 12 and a tag of 16."""
MAX_PAYLOAD_BYTES: Final = MAX_PLAINTEXT_BYTES + MAX_SEGMENTS * OVERHEAD
MAX_MANIFEST_BYTES: Final = 8 * 2**20
MAX_FILE_BYTES: Final = MAX_PAYLOAD_BYTES + MAX_MANIFEST_BYTES + 2**16

_LOCAL: Final = struct.Struct("<IHHHHHIIIHH")
_CENTRAL: Final = struct.Struct("<IHHHHHHIIIHHHHHII")
_END: Final = struct.Struct("<IHHHHIIH")
_END64: Final = struct.Struct("<IQHHIIQQQQ")
_LOCATOR: Final = struct.Struct("<IIQI")
_DESCRIPTOR32: Final = struct.Struct("<IIII")
_DESCRIPTOR64: Final = struct.Struct("<IIQQ")
_LOCAL_SIG: Final = 0x04034B50
_CENTRAL_SIG: Final = 0x02014B50
_END_SIG: Final = 0x06054B50
_END64_SIG: Final = 0x06064B50
_LOCATOR_SIG: Final = 0x07064B50
_DESCRIPTOR_SIG: Final = 0x08074B50
_M32: Final = 0xFFFFFFFF
_M16: Final = 0xFFFF
_DESCRIPTOR_FLAG: Final = 0x0008
_UTF8_FLAG: Final = 0x0800
_ZIP64_EXTRA: Final = 0x0001
_TIMES_EXTRA: Final = 0x5455
_OWNER_EXTRA: Final = 0x7875
_MAX_EXTRA: Final = 256
_DOS_DATE: Final = 0x0021  # 1980-01-01: a sealed item does not tell when its file was written
_MADE_BY: Final = 0x032D  # Unix, version 4.5
_MODE: Final = 0o100600 << 16
_FILE_KIND: Final = 0o170000
_PLAIN_FILE: Final = 0o100000
_DOS_OTHER: Final = 0x18  # a folder, a volume's label


class Source(Protocol):
    """What is read from front to back."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""
        ...


class Seekable(Source, Protocol):
    """What is read at any place."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a place, and tell it."""
        ...


class Sink(Protocol):
    """What is written from front to back."""

    def write(self, data: memoryview, /) -> object:
        """Take the bytes; an `int` tells how many were taken, anything else means all."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One stored member; `data` and `size` are in bytes from the front of the file."""

    crc: int
    data: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a sealed item's two members lie, and the length of the file."""

    payload: Member
    manifest: Member
    file_bytes: int


def write_all(sink: Sink, data: bytes | bytearray | memoryview) -> None:
    """Write every byte, also to a sink that takes a part at a time."""
    view = memoryview(data)
    while len(view):
        taken = sink.write(view)
        if not isinstance(taken, int) or taken >= len(view):
            return
        view = view[taken:]


def read_exactly(source: Source, view: memoryview) -> int:
    """Fill the view as far as the source reaches.

    Returns:
        How many bytes were read: less than the view's length only at the end of the source.
    """
    readinto = getattr(source, "readinto", None)
    filled = 0
    while filled < len(view):
        if readinto is not None:
            got = readinto(view[filled:]) or 0
        else:
            data = source.read(len(view) - filled)
            got = len(data)
            view[filled : filled + got] = data
        if not got:
            break
        filled += got
    return filled


# --- writing -------------------------------------------------------------------------------------------------------


def _local(name: bytes, *, version: int, flags: int, crc: int, size: int, extra: bytes) -> bytes:
    head = _LOCAL.pack(_LOCAL_SIG, version, flags, 0, 0, _DOS_DATE, crc, size, size, len(name), len(extra))
    return head + name + extra


def payload_start() -> bytes:
    """The bytes before the payload: its header, the same for every item, since nothing is known of it yet."""
    # As Python's zipfile writes to a stream: zip64 from the start, so the descriptor's sizes are 8 bytes long.
    extra = struct.pack("<HHQQ", _ZIP64_EXTRA, 16, 0, 0)
    return _local(PAYLOAD, version=45, flags=_DESCRIPTOR_FLAG, crc=0, size=_M32, extra=extra)


def payload_end(crc: int, size: int) -> bytes:
    """The data descriptor after the payload."""
    return _DESCRIPTOR64.pack(_DESCRIPTOR_SIG, crc, size, size)


def tail(manifest: bytes, *, payload_crc: int, payload_size: int) -> bytes:
    """Everything after the payload's descriptor: the manifest with its header, and the directory.

    Args:
        manifest: the manifest's bytes.
        payload_crc: CRC-32 of the payload member.
        payload_size: its length in bytes.
    """
    at = len(payload_start()) + payload_size + _DESCRIPTOR64.size
    crc = crc32(manifest)
    member = _local(MANIFEST, version=20, flags=0, crc=crc, size=len(manifest), extra=b"") + manifest
    directory = _central(PAYLOAD, version=45, flags=_DESCRIPTOR_FLAG, crc=payload_crc, size=payload_size, offset=0)
    directory += _central(MANIFEST, version=20, flags=0, crc=crc, size=len(manifest), offset=at)
    start = at + len(member)
    end = b""
    if start >= _M32:
        end = _END64.pack(_END64_SIG, _END64.size - 12, 45, 45, 0, 0, 2, 2, len(directory), start)
        end += _LOCATOR.pack(_LOCATOR_SIG, 0, start + len(directory), 1)
    end += _END.pack(_END_SIG, 0, 0, 2, 2, len(directory), min(start, _M32), 0)
    return member + directory + end


def _central(name: bytes, *, version: int, flags: int, crc: int, size: int, offset: int) -> bytes:
    large = b""
    if size >= _M32:
        large += struct.pack("<QQ", size, size)
    if offset >= _M32:
        large += struct.pack("<Q", offset)
    extra = struct.pack("<HH", _ZIP64_EXTRA, len(large)) + large if large else b""
    head = _CENTRAL.pack(
        _CENTRAL_SIG, _MADE_BY, 45 if extra else version, flags, 0, 0, _DOS_DATE, crc,
        min(size, _M32), min(size, _M32), len(name), len(extra), 0, 0, 0, _MODE, min(offset, _M32),
    )  # fmt: skip
    return head + name + extra


# --- reading -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One entry of the central directory."""

    name: bytes
    flags: int
    crc: int
    size: int
    offset: int


def _at(file: Seekable, offset: int, size: int, what: str) -> bytes:
    file.seek(offset)
    buffer = bytearray(size)
    if offset < 0 or read_exactly(file, memoryview(buffer)) != size:
        raise SealError(f"the file is cut short: no room for {what}")
    return bytes(buffer)


def read_layout(file: Seekable) -> Layout:
    """Find the two members of a sealed item, accounting for every byte of the file.

    Args:
        file: the file; it is read at its two ends only.

    Raises:
        SealError: it is no ZIP, or one in which anything is compressed, encrypted, duplicated, extra or hidden.
    """
    length = file.seek(0, 2)
    if length < _END.size:
        raise SealError("not a sealed item: the file is too short for a ZIP")
    if length > MAX_FILE_BYTES:
        raise SealError(f"the file is larger than a sealed item may be ({MAX_FILE_BYTES} bytes)")
    start, end = _directory_place(file, length)
    if end - start > 2 * (_CENTRAL.size + len(MANIFEST) + _MAX_EXTRA):
        raise SealError("the ZIP directory is longer than two members need")
    directory = _at(file, start, end - start, "the directory")
    first, rest = _read_central(directory)
    second, rest = _read_central(rest)
    if rest:
        raise SealError("the ZIP directory has more than two members")
    if {first.name, second.name} != {PAYLOAD, MANIFEST}:
        raise SealError("the ZIP's members are not exactly `0.payload` and `0.manifest.json`")
    entries = sorted((first, second), key=lambda entry: entry.offset)
    if entries[0].offset != 0:
        raise SealError("bytes stand before the first ZIP member")
    members = {}
    for entry, limit in zip(entries, (entries[1].offset, start), strict=True):
        members[entry.name] = _read_local(file, entry, limit)
    layout = Layout(payload=members[PAYLOAD], manifest=members[MANIFEST], file_bytes=length)
    if layout.manifest.size > MAX_MANIFEST_BYTES:
        raise SealError(f"the manifest is longer than {MAX_MANIFEST_BYTES} bytes")
    if layout.payload.size > MAX_PAYLOAD_BYTES:
        raise SealError(f"the payload is longer than {MAX_PAYLOAD_BYTES} bytes")
    return layout


def _directory_place(file: Seekable, length: int) -> tuple[int, int]:
    at = length - _END.size
    fields = _END.unpack(_at(file, at, _END.size, "the end of the directory"))
    signature, disk, first_disk, here, total, size, start, comment = fields
    if signature != _END_SIG or comment:
        raise SealError("not a sealed item: no ZIP directory at the very end of the file")
    if disk or first_disk or here not in (2, _M16) or total != here:
        raise SealError("the ZIP is in several parts, or has not exactly two members")
    end = at
    if here == _M16 or _M32 in (size, start):
        size, start, end = _read_end64(file, at, size=size, start=start)
    elif at >= _LOCATOR.size:
        before = _at(file, at - _LOCATOR.size, 4, "the end of the directory")
        if before == struct.pack("<I", _LOCATOR_SIG):
            raise SealError("the ZIP has a zip64 directory that its end does not refer to")
    if start + size != end:
        raise SealError("the ZIP directory does not end where the end record stands")
    return start, end


def _read_end64(file: Seekable, at: int, *, size: int, start: int) -> tuple[int, int, int]:
    where = at - _LOCATOR.size
    signature, disk, end64, disks = _LOCATOR.unpack(_at(file, where, _LOCATOR.size, "the zip64 locator"))
    if signature != _LOCATOR_SIG or disk != 0 or disks != 1 or end64 != where - _END64.size:
        raise SealError("the zip64 locator does not hold")
    fields = _END64.unpack(_at(file, end64, _END64.size, "the zip64 end of the directory"))
    signature, record, _, needed, disk, first_disk, here, total, size64, start64 = fields
    if signature != _END64_SIG or record != _END64.size - 12 or needed > 45:
        raise SealError("the zip64 end of the directory does not hold")
    if disk or first_disk or here != 2 or total != 2:
        raise SealError("the ZIP is in several parts, or has not exactly two members")
    if size not in (size64, _M32) or start not in (start64, _M32):
        raise SealError("the ZIP's end and its zip64 end differ")
    return size64, start64, end64


def _read_central(data: bytes) -> tuple[_Entry, bytes]:
    if len(data) < _CENTRAL.size:
        raise SealError("the ZIP directory is cut short")
    (
        signature, _, needed, flags, method, _, _, crc, packed, size,
        name_size, extra_size, comment, disk, _, attributes, offset,
    ) = _CENTRAL.unpack_from(data)  # fmt: skip
    end = _CENTRAL.size + name_size + extra_size
    if signature != _CENTRAL_SIG or comment or disk or needed > 45 or len(data) < end:
        raise SealError("an entry of the ZIP directory is malformed")
    name = data[_CENTRAL.size : _CENTRAL.size + name_size]
    if name not in (PAYLOAD, MANIFEST):
        raise SealError("the ZIP's members are not exactly `0.payload` and `0.manifest.json`")
    if method != 0:
        raise SealError(f"ZIP member `{name.decode()}` is compressed")
    if attributes >> 16 & _FILE_KIND not in (0, _PLAIN_FILE) or attributes & _DOS_OTHER:
        raise SealError(f"ZIP member `{name.decode()}` is not a plain file")
    if flags & ~(_DESCRIPTOR_FLAG | _UTF8_FLAG):
        raise SealError(f"ZIP member `{name.decode()}` is encrypted or carries unknown flags")
    large = _zip64_extra(data[_CENTRAL.size + name_size : end])
    values = [size, packed, offset]
    wanted = [place for place, value in enumerate(values) if value == _M32]
    if wanted or large is not None:
        for place, value in zip(wanted, _quads(large or b"", len(wanted)), strict=True):
            values[place] = value
    size, packed, offset = values
    if size != packed:
        raise SealError(f"ZIP member `{name.decode()}` is stored with two different sizes")
    return _Entry(name=name, flags=flags, crc=crc, size=size, offset=offset), data[end:]


def _zip64_extra(data: bytes) -> bytes | None:
    """The body of the zip64 field, or None; beside it stand times and owners alone, which common ZIP tools add."""
    if len(data) > _MAX_EXTRA:
        raise SealError("a ZIP member's extra fields are too long")
    seen: dict[int, bytes] = {}
    while data:
        if len(data) < 4:
            raise SealError("a ZIP member's extra fields are malformed")
        tag, size = struct.unpack_from("<HH", data)
        body, data = data[4 : 4 + size], data[4 + size :]
        if len(body) != size or tag in seen or not _known_extra(tag, body):
            raise SealError("a ZIP member's extra fields are malformed, doubled or unknown")
        seen[tag] = body
    return seen.get(_ZIP64_EXTRA)


def _known_extra(tag: int, body: bytes) -> bool:
    """Whether an extra field is zip64, or one of Info-ZIP's in its own form: flags and times, or user and group."""
    if tag == _TIMES_EXTRA:
        # In the directory the flags tell of times that the member's own header alone holds.
        return bool(body) and body[0] < 8 and len(body) in (5, 1 + 4 * body[0].bit_count())
    if tag == _OWNER_EXTRA:
        return not body or (len(body) == 11 and body[:2] == b"\x01\x04" and body[6] == 4)
    return tag == _ZIP64_EXTRA


def _quads(body: bytes, count: int) -> tuple[int, ...]:
    if len(body) != 8 * count:
        raise SealError("a ZIP member's zip64 sizes are not exactly those its entry leaves open")
    return struct.unpack(f"<{count}Q", body)


def _read_local(file: Seekable, entry: _Entry, limit: int) -> Member:
    """Check a member's own header against its directory entry, and that it ends exactly at `limit`."""
    what = f"ZIP member `{entry.name.decode()}`"
    head = _at(file, entry.offset, _LOCAL.size, what)
    signature, needed, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack(head)
    if signature != _LOCAL_SIG or needed > 45 or name_size != len(entry.name) or extra_size > _MAX_EXTRA:
        raise SealError(f"the header of {what} is malformed")
    after = _at(file, entry.offset + _LOCAL.size, name_size + extra_size, what)
    # The names are ASCII, so the UTF-8 flag means nothing, and Java's SDK sets it in one place only.
    if after[:name_size] != entry.name or (flags ^ entry.flags) & ~_UTF8_FLAG or method != 0:
        raise SealError(f"the header of {what} and the directory differ")
    described = bool(flags & _DESCRIPTOR_FLAG)
    large = _zip64_extra(after[name_size:])
    sizes = {size, packed} if large is None else {size, packed, *_quads(large, 2)}
    # With a descriptor the sizes may be left open; without one they must be told, and truly.
    open_values = {0, _M32} if described else {_M32} if large is not None else set()
    if not sizes - open_values <= {entry.size} or (crc != entry.crc and not (described and crc == 0)):
        raise SealError(f"the header of {what} and the directory differ")
    if large is not None and not described and (size, packed) != (_M32, _M32):
        raise SealError(f"the header of {what} tells its sizes twice")
    data = entry.offset + _LOCAL.size + name_size + extra_size
    over = limit - (data + entry.size)
    if not described:
        if over != 0:
            raise SealError(f"bytes overlap or are hidden after {what}")
    else:
        form = {_DESCRIPTOR32.size: _DESCRIPTOR32, _DESCRIPTOR64.size: _DESCRIPTOR64}.get(over)
        if form is None:
            raise SealError(f"bytes overlap or are hidden after {what}")
        told = form.unpack(_at(file, data + entry.size, form.size, what))
        if told != (_DESCRIPTOR_SIG, entry.crc, entry.size, entry.size):
            raise SealError(f"the descriptor after {what} and the directory differ")
    return Member(crc=entry.crc, data=data, size=entry.size)
