"""The little DER (X.690) that hybrid keys and their envelopes need and `cryptography` does not offer.

One spelling only: lengths in their shortest form, no bytes left over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

__all__ = ["octets", "read_octets", "read_sequence", "read_tlv", "sequence", "tlv"]

SEQUENCE = 0x30


def tlv(tag: int, body: bytes) -> bytes:
    """One DER value of a single-byte tag.

    Args:
        tag: the identifier byte.
        body: the contents, below 64 KiB.
    """
    size = len(body)
    if size < 0x80:
        length = bytes([size])
    elif size < 0x100:
        length = bytes([0x81, size])
    else:
        length = b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + body


def read_tlv(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """Read one value of this tag.

    Returns:
        Its contents, and what follows it.

    Raises:
        ValueError: another tag, a length in another than its shortest form, or too few bytes.
    """
    if len(data) < 2 or data[0] != tag:
        raise ValueError("malformed DER: another tag was expected")
    size, start = data[1], 2
    if size == 0x81:
        size, start = int.from_bytes(data[2:3], "big"), 3
    elif size == 0x82:
        size, start = int.from_bytes(data[2:4], "big"), 4
    elif size >= 0x80:
        raise ValueError("malformed DER: length")
    body, rest = data[start : start + size], data[start + size :]
    if len(body) != size or tlv(tag, body) != data[: start + size]:
        raise ValueError("malformed DER: length")
    return body, rest


def octets(number: int, body: bytes) -> bytes:
    """`[number] IMPLICIT OCTET STRING`."""
    return tlv(0x80 | number, body)


def read_octets(number: int) -> Callable[[bytes], tuple[bytes, bytes]]:
    """A reader of `[number] IMPLICIT OCTET STRING`, for `read_sequence`."""
    return lambda data: read_tlv(data, 0x80 | number)


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of values already encoded."""
    return tlv(SEQUENCE, b"".join(parts))


def read_sequence(data: bytes, parts: Sequence[Callable[[bytes], tuple[bytes, bytes]]]) -> list[bytes]:
    """Read one SEQUENCE of exactly these parts, with nothing after it.

    Raises:
        ValueError: anything else.
    """
    body, rest = read_tlv(data, SEQUENCE)
    values = []
    for part in parts:
        value, body = part(body)
        values.append(value)
    if body or rest:
        raise ValueError("malformed DER: bytes left over")
    return values
