"""ISM attributes as documents and records carry them: the mark's own, and those that a mark does not show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final

from gsomia.errors import DataError
from gsomia.marking.us.model import ATTRIBUTES, UNSHOWN, UsMarking
from gsomia.marking.words import nearest, printable

NAMESPACE: Final = "urn:us:gov:ic:ism"
VERSION: Final = "10"
"""The DESVersion whose vocabulary and rules are used here."""

_PREFIX: Final = "ism:"
_DATE: Final = re.compile(r"(\d{4}-\d\d-\d\d)(Z|[+-](?:0\d|1[0-4]):[0-5]\d)?", re.ASCII)
_UNDERSTOOD: Final = frozenset({"createDate", "DESVersion", "resourceElement"})


@dataclass(frozen=True, slots=True, kw_only=True)
class IsmAttributes:
    """What the ISM attributes of one element or record say.

    Args:
        marking: what a banner or portion mark shows.
        created: `createDate`, the start of that day (in UTC where no offset stands there), or None.
        unshown: names of further attributes, which a label has no place for.
        version: `DESVersion`, or "".
    """

    marking: UsMarking
    created: datetime | None = None
    unshown: tuple[str, ...] = ()
    version: str = ""


def read_attributes(attributes: Mapping[str, str]) -> IsmAttributes:
    """Read ISM attributes strictly.

    Args:
        attributes: by name, with `ism:` before it or without; each value a text.

    Raises:
        DataError: an attribute that ISM does not have or that stands there twice, a malformed value.
    """
    plain: dict[str, str] = {}
    for whole, value in attributes.items():
        name = whole.removeprefix(_PREFIX)
        if name not in ATTRIBUTES and name not in UNSHOWN:
            near = nearest(name, (*ATTRIBUTES, *UNSHOWN), limit=2)
            raise DataError(
                f"`{printable(whole)}` is not an ISM attribute",
                hint=f"did you mean `{near}`?" if near else f"those of a mark are {', '.join(ATTRIBUTES)}",
            )
        if name in plain:
            raise DataError(f"`{name}` stands there twice, with `{_PREFIX}` and without")
        if not isinstance(value, str):
            raise DataError(f"`{printable(whole)}` is text")
        plain[name] = value
    version = plain.get("DESVersion", "")
    if version and not re.fullmatch(r"[0-9]{1,6}(?:[.-][0-9A-Za-z.-]{1,40})?", version, re.ASCII):
        raise DataError(f"`DESVersion` is a number like `{VERSION}`, not `{printable(version, 40)}`")
    if plain.get("resourceElement", "true") not in ("true", "false", "1", "0"):
        raise DataError(f"`resourceElement` is `true` or `false`, not `{printable(plain['resourceElement'], 40)}`")
    return IsmAttributes(
        marking=UsMarking.from_attributes({name: plain[name] for name in ATTRIBUTES if name in plain}),
        created=_start(plain["createDate"]) if "createDate" in plain else None,
        unshown=tuple(name for name in plain if name in UNSHOWN and name not in _UNDERSTOOD),
        version=version,
    )


def write_attributes(marking: UsMarking, created: datetime | None = None) -> dict[str, str]:
    """The ISM attributes of a whole resource, in the order in which they are written.

    Args:
        marking: the marking.
        created: its time of creation, of which `createDate` keeps the day in UTC; or None.
    """
    day = {} if created is None else {"createDate": created.astimezone(UTC).date().isoformat()}
    return {"DESVersion": VERSION, "resourceElement": "true", **day, **marking.to_attributes()}


def _start(text: str) -> datetime:
    found = _DATE.fullmatch(text)
    if not found:
        raise DataError(f"`createDate` is a date like `2026-11-23`, not `{printable(text, 40)}`")
    zone = UTC
    if found[2] and found[2] != "Z":
        ahead = timedelta(hours=int(found[2][1:3]), minutes=int(found[2][4:]))
        zone = timezone(ahead if found[2][0] == "+" else -ahead)
    try:
        return datetime.combine(date.fromisoformat(found[1]), time(), zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise DataError(f"`createDate`: no such day as `{text}`") from error
