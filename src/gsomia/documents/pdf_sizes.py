"""How much the streams of a PDF unpack to, found out without keeping what comes out: a bomb is refused unread."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from typing import Final

from gsomia.errors import DataError

TOTAL_LIMIT: Final = 256 * 1024 * 1024
"""Most bytes that all streams but pictures unpack to."""

CHAIN_LIMIT: Final = 32 * 1024 * 1024
"""Most bytes that a stream packed in another way than Flate alone unpacks to."""

RATIO_LIMIT: Final = 100
PIXEL_LIMIT: Final = 100_000_000
_SMALL: Final = 1024 * 1024
_CHUNK: Final = 64 * 1024
_HEAD: Final = 4096

_STREAM: Final = re.compile(rb"(?<!end)stream\r?\n")
_ESCAPE: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_FILTER: Final = re.compile(rb"/Filter\s*(?:/FlateDecode\b|\[\s*/FlateDecode\s*\])?")
_SIDE: Final = (re.compile(rb"/Width\s+(\d{1,9})\b"), re.compile(rb"/Height\s+(\d{1,9})\b"))
_IMAGE: Final = re.compile(rb"/Subtype\s*/Image\b")
_STRUCTURE: Final = re.compile(rb"/(?:ObjStm|XRef)\b")
_FULL_NAMES: Final = {
    "/Fl": "/FlateDecode",
    "/AHx": "/ASCIIHexDecode",
    "/A85": "/ASCII85Decode",
    "/RL": "/RunLengthDecode",
    "/LZW": "/LZWDecode",
}
_PICTURES: Final = frozenset({"/DCTDecode", "/DCT", "/JPXDecode", "/CCITTFaxDecode", "/CCF", "/JBIG2Decode"})


def check_sizes(data: bytes) -> None:
    """Unpack every Flate stream of a PDF piece by piece, before anything else reads it.

    Args:
        data: the whole file.

    Raises:
        DataError: the streams unpack to more than they may, or the structure is packed in layers.
    """
    view = memoryview(data)
    total = 0
    for found in _STREAM.finditer(data):
        head = data[max(0, found.start() - _HEAD) : found.start()]
        head = _ESCAPE.sub(lambda code: bytes([int(code[1], 16)]), head[head.rfind(b"obj") + 1 :])
        layered = any(packing[0].rstrip().endswith(b"/Filter") for packing in _FILTER.finditer(head))
        if layered and _STRUCTURE.search(head):
            raise DataError("the PDF is broken: its structure is packed in layers")
        most = _picture_bytes(head)
        total += _inflated(view[found.end() :], most if most is not None else TOTAL_LIMIT - total, most is not None)


def _picture_bytes(head: bytes) -> int | None:
    """What a picture of the size that it names needs at most; None for any other stream."""
    sides = [pattern.search(head) for pattern in _SIDE]
    if not _IMAGE.search(head) or sides[0] is None or sides[1] is None:
        return None
    pixels = int(sides[0][1]) * int(sides[1][1])
    if pixels > PIXEL_LIMIT:
        raise DataError(f"the PDF holds a picture of more than {PIXEL_LIMIT} pixels")
    return pixels * 8 + _SMALL


def _inflated(packed: memoryview, most: int, picture: bool) -> int:
    """How many bytes a Flate stream unpacks to; for pictures 0, which have their own limit."""
    if len(packed) < 2 or packed[0] & 0x0F != 8 or (packed[0] << 8 | packed[1]) % 31:
        return 0
    if picture and most > 8 * _SMALL:
        return 0  # as large as it says that it is; nothing here unpacks pictures
    machine = zlib.decompressobj()
    size = place = 0
    while not machine.eof and (machine.unconsumed_tail or place < len(packed)):
        piece = machine.unconsumed_tail or packed[place : place + _CHUNK]
        if not machine.unconsumed_tail:
            place += len(piece)
        try:
            size += len(machine.decompress(piece, _SMALL))
        except zlib.error:
            break
        consumed = place - len(machine.unconsumed_tail) - len(machine.unused_data)
        if size > most or (not picture and size > _SMALL and size > max(consumed, 1) * RATIO_LIMIT):
            raise DataError("the PDF unpacks to more than it may")
    return 0 if picture else size


def check_chain(raw: bytes, filters: Sequence[str]) -> None:
    """Unpack a stream that is packed in another way than Flate alone.

    Args:
        raw: its bytes as they stand in the file.
        filters: their names, in the order in which they are undone.

    Raises:
        DataError: it unpacks to more than `CHAIN_LIMIT` bytes, or in a way that is not read.
    """
    names = [_FULL_NAMES.get(name, name) for name in filters]
    for place, name in enumerate(names):
        if name in _PICTURES and place == len(names) - 1:
            return
        if name == "/LZWDecode":
            if place != len(names) - 1:
                raise DataError("the PDF packs a stream in layers below LZW, which is not read")
            if _lzw_size(raw) > CHAIN_LIMIT:
                raise DataError("the PDF unpacks to more than it may")
            return
        if name not in _UNDO:
            raise DataError(f"the PDF packs a stream by `{name[1:]:.40}`, which is not read")
        raw = _UNDO[name](raw)
        if len(raw) > CHAIN_LIMIT:
            raise DataError("the PDF unpacks to more than it may")


def _undo_flate(raw: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(raw, CHAIN_LIMIT + 1)
    except zlib.error as error:
        raise DataError(f"the PDF is broken: {error}") from error


def _undo_hex(raw: bytes) -> bytes:
    digits = bytes(b for b in raw.partition(b">")[0] if b not in b"\0\t\n\f\r ")
    try:
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
    except ValueError as error:
        raise DataError("the PDF is broken: hexadecimal digits that are none") from error


def _undo_ascii85(raw: bytes) -> bytes:
    out = bytearray()
    group: list[int] = []
    for byte in raw.partition(b"~>")[0]:
        if byte == ord("z") and not group:
            out += b"\0\0\0\0"
        elif ord("!") <= byte <= ord("u"):
            group.append(byte - ord("!"))
            if len(group) == 5:
                out += _five(group)
                group = []
        elif byte not in b"\0\t\n\f\r ":
            raise DataError("the PDF is broken: ASCII85 that is none")
    if group:
        out += _five([*group, *[84] * (5 - len(group))])[: len(group) - 1]
    return bytes(out)


def _five(group: Sequence[int]) -> bytes:
    value = 0
    for digit in group:
        value = value * 85 + digit
    return (value & 0xFFFFFFFF).to_bytes(4, "big")


def _undo_run_length(raw: bytes) -> bytes:
    out, place = bytearray(), 0
    while place < len(raw) and raw[place] != 128 and len(out) <= CHAIN_LIMIT:
        length = raw[place]
        if length < 128:
            out += raw[place + 1 : place + 2 + length]
            place += 2 + length
        else:
            out += raw[place + 1 : place + 2] * (257 - length)
            place += 2
    return bytes(out)


_UNDO: Final = {
    "/FlateDecode": _undo_flate,
    "/ASCIIHexDecode": _undo_hex,
    "/ASCII85Decode": _undo_ascii85,
    "/RunLengthDecode": _undo_run_length,
}


def _lzw_size(raw: bytes) -> int:
    """How many bytes LZW gives (ISO 32000-1, 7.4.4, early change); only the length of each entry is kept."""
    lengths = [1] * 256 + [0, 0]
    size = held = bits = previous = 0
    width = 9
    for byte in raw:
        held = held << 8 | byte
        bits += 8
        if bits < width:
            continue
        bits -= width
        code = held >> bits
        held &= (1 << bits) - 1
        if code == 257 or size > CHAIN_LIMIT:
            break
        if code == 256:
            del lengths[258:]
            width, previous = 9, 0
            continue
        length = lengths[code] if code < len(lengths) else previous + 1
        size += length
        if previous and len(lengths) < 4096:
            lengths.append(previous + 1)
        previous = length
        width = min(12, max(9, (len(lengths) + 1).bit_length()))
    return size
