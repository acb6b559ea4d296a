"""Office files are archives: unpacked with a count of what really comes out, packed so that the bytes repeat."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from gsomia.errors import DataError
from gsomia.marking import parse_xml, xml_etree

if TYPE_CHECKING:
    from lxml.etree import _Element

ENTRY_LIMIT: Final = 2000
TOTAL_LIMIT: Final = 100 * 1024 * 1024
RATIO_LIMIT: Final = 100
_SMALL: Final = 1024 * 1024
_CHUNK: Final = 64 * 1024
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError)
"""What `zipfile` raises of bytes that are no archive, cut short, encrypted, or packed in a way it does not know."""


def unpack(data: bytes, what: str) -> dict[str, bytes]:
    """The parts of an archive by name, in their order.

    Args:
        data: the archive.
        what: what it is, for messages.

    Raises:
        DataError: broken, encrypted, too many parts, too much output, or a name that leads outside.
    """
    parts: dict[str, bytes] = {}
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > ENTRY_LIMIT:
                raise DataError(f"{what} has more than {ENTRY_LIMIT} parts")
            for entry in entries:
                name = entry.filename
                if name.startswith("/") or "\\" in name or ".." in name.split("/") or "\0" in name:
                    raise DataError(f"{what} holds a part with a name that leads outside")
                if name in parts:
                    raise DataError(f"{what} holds the part `{name:.80}` twice")
                if entry.flag_bits & 1:
                    raise DataError(f"{what} is encrypted")
                out = bytearray()
                with archive.open(entry) as stream:
                    while chunk := stream.read(_CHUNK):
                        out += chunk
                        total += len(chunk)
                        packed = max(entry.compress_size, 1)
                        if total > TOTAL_LIMIT or (len(out) > _SMALL and len(out) > packed * RATIO_LIMIT):
                            raise DataError(f"{what} unpacks to more than it may")
                parts[name] = bytes(out)
    except _BROKEN as error:
        raise DataError(f"{what} is a broken archive: {error!s:.120}") from error
    return parts


def archive_entry(data: bytes, name: str, size: int) -> bytes:
    """The beginning of one part of an archive, or b"" where there is none or it cannot be read.

    Args:
        data: the archive.
        name: the part.
        size: how many bytes at most, and one more where there are more.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(name) as stream:
            return stream.read(size + 1)
    except (*_BROKEN, KeyError):  # KeyError: there is no such part
        return b""


def pack(parts: Mapping[str, bytes], *, stored: frozenset[str] = frozenset()) -> bytes:
    """An archive of the parts; the same parts always give the same bytes.

    Args:
        parts: by name, in their order.
        stored: names that are not compressed.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            entry.create_system = 3
            archive.writestr(entry, data)
    return out.getvalue()


def xml_part(parts: Mapping[str, bytes], name: str, what: str) -> _Element:
    """A part read as XML.

    Raises:
        DataError: it is not there, or not well-formed.
    """
    if name not in parts:
        raise DataError(f"{what} lacks the part `{name:.80}`")
    return parse_xml(parts[name], f"`{name:.80}`", limit=TOTAL_LIMIT, comments=True)


def xml_bytes(root: _Element) -> bytes:
    """An XML part written."""
    data: bytes = xml_etree().tostring(root, encoding="UTF-8", xml_declaration=True, standalone=True)
    return data
