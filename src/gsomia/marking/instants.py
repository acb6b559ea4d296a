"""Instants in labels: aware, kept in UTC, one spelling (RFC 3339 with `Z`)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from gsomia.errors import DataError

_SPELLING = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?Z", re.ASCII)


def in_utc(at: datetime, what: str) -> datetime:
    """The same instant in UTC.

    Raises:
        DataError: not a date-time, or one without an offset.
    """
    if not isinstance(at, datetime):
        raise DataError(f"`{what}` is a date-time")
    if at.tzinfo is UTC:
        return at
    if at.utcoffset() is None:
        raise DataError(f"`{what}` has no offset from UTC", hint="give an aware date-time")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise DataError(f"`{what}` is out of range") from None


def written(at: datetime) -> str:
    """An instant in UTC as text: seconds, then six digits only where they say something."""
    return at.replace(tzinfo=None).isoformat() + "Z"


def read(text: object, what: str) -> datetime:
    """Read what `written` wrote, and nothing else.

    Raises:
        DataError: another spelling, or no such instant.
    """
    if not isinstance(text, str) or not _SPELLING.fullmatch(text):
        raise DataError(f"`{what}` is an instant like `2026-11-23T05:00:00Z`, not `{text!s:.40}`")
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise DataError(f"`{what}`: no such instant as `{text}`") from error
    if written(at) != text:
        raise DataError(f"`{what}` is not the one spelling of its instant: `{text}`", hint=f"write `{written(at)}`")
    return at
