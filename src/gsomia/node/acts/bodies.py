"""What the body of an act holds, read strictly; KeyError, TypeError or ValueError for what is no such thing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

__all__ = ["count", "day", "digest", "flag", "text", "texts"]


def text(body: Mapping[str, Any], key: str) -> str:
    """Printable text."""
    value = body[key]
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(f"`{key}` is printable text")
    return value


def texts(body: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Printable texts."""
    values = body[key]
    if not isinstance(values, list) or not all(isinstance(value, str) and value.isprintable() for value in values):
        raise ValueError(f"`{key}` is a list of printable texts")
    return tuple(values)


def count(body: Mapping[str, Any], key: str) -> int:
    """A number of things, not negative."""
    value = body[key]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise ValueError(f"`{key}` is a count")
    return value


def flag(body: Mapping[str, Any], key: str) -> bool:
    """True or false."""
    value = body[key]
    if not isinstance(value, bool):
        raise ValueError(f"`{key}` is true or false")
    return value


def digest(body: Mapping[str, Any], key: str) -> str:
    """A SHA-256 in hexadecimal."""
    value = text(body, key)
    if len(value) != 64 or set(value) - set("0123456789abcdef"):
        raise ValueError(f"`{key}` is a SHA-256 in hexadecimal")
    return value


def day(body: Mapping[str, Any], key: str) -> str:
    """A day, as YYYY-MM-DD."""
    value = text(body, key)
    if date.fromisoformat(value).isoformat() != value:
        raise ValueError(f"`{key}` is a day, as YYYY-MM-DD")
    return value
