"""Reading law files strictly: every fault is named with its file, its key and what is allowed there."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from sys import intern
from typing import Any

from gsomia.errors import DataError

__all__ = ["Table", "fixed_zone", "read_toml"]


def read_toml(data: bytes, file: str) -> Table:
    """Read a TOML file into a table that is asked key by key.

    Raises:
        DataError: not UTF-8, or not TOML.
    """
    try:
        return Table(tomllib.loads(data.decode("utf-8")), file, "")
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{file}: cannot be read as TOML: {error}") from error


def fixed_zone(text: str) -> timezone | None:
    """The zone of an offset such as `+09:00`, or None where it is not one."""
    if len(text) != 6 or text[0] not in "+-" or text[3] != ":" or not (text[1:3] + text[4:]).isascii():
        return None
    if not (text[1:3] + text[4:]).isdigit() or text[1:3] > "14" or text[4:] > "59":
        return None
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:]))
    return timezone(-offset if text[0] == "-" else offset)


class Table:
    """A TOML table whose keys are taken one by one; `done` then refuses those that nobody asked for."""

    __slots__ = ("_asked", "_values", "file", "place")

    def __init__(self, values: Mapping[str, Any], file: str, place: str) -> None:
        self._values = values
        self._asked: set[str] = set()
        self.file = file
        self.place = place

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def names(self) -> list[str]:
        """The keys that are there."""
        return list(self._values)

    def fault(self, key: str, message: str, allowed: Iterable[str] = ()) -> DataError:
        """The error for a key, naming file, place, key and the allowed values."""
        words = ", ".join(f"`{word}`" for word in allowed)
        path = ".".join(part for part in (self.place, key) if part)
        where = f"{self.file}: {path}" if path else self.file
        return DataError(f"{where}: {message}", hint=f"allowed: {words}" if words else "")

    def only(self, *keys: str) -> None:
        """Refuse every key but these before any is asked for: the misspelt key is named, not the one that it is for."""
        for key in self._values:
            if key not in keys:
                raise self.fault(key, "unknown key", sorted(keys))

    def done(self, *, more: Iterable[str] = ()) -> None:
        """Refuse every key that was not asked for."""
        for key in self._values:
            if key not in self._asked:
                raise self.fault(key, "unknown key", sorted({*self._asked, *more}))

    def _take(self, key: str, default: Any, kind: str) -> Any:
        self._asked.add(key)
        if key not in self._values:
            if default is ...:
                raise self.fault(key, f"missing; {kind} is required")
            return default
        return self._values[key]

    def text(self, key: str, default: Any = ..., *, among: Iterable[str] = (), empty: bool = False) -> Any:
        """A text, one of `among` where that is given."""
        value = self._take(key, default, "text")
        if value is default:
            return value
        if not isinstance(value, str) or (not value.strip() and not empty):
            raise self.fault(key, f"must be text that is not empty, not `{value}`", among)
        allowed = list(among)
        if allowed and value not in allowed:
            raise self.fault(key, f"unknown value `{value}`", allowed)
        # Many agreements say the same words: each is held once.
        return intern(value)

    def texts(self, key: str, default: Any = ..., *, among: Iterable[str] = ()) -> Any:
        """A list of texts, as a tuple."""
        value = self._take(key, default, "a list of texts")
        if value is default:
            return value
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self.fault(key, f"must be a list of texts, not `{value}`", among)
        allowed = list(among)
        for entry in value:
            if allowed and entry not in allowed:
                raise self.fault(key, f"unknown value `{entry}`", allowed)
        return tuple(map(intern, value))

    def flag(self, key: str, default: Any = ...) -> Any:
        """True or false."""
        value = self._take(key, default, "true or false")
        if value is not default and not isinstance(value, bool):
            raise self.fault(key, f"must be true or false, not `{value}`", ("true", "false"))
        return value

    def count(self, key: str, default: Any = ..., *, among: Iterable[int] = ()) -> Any:
        """A whole number, no smaller than 0."""
        value = self._take(key, default, "a whole number")
        if value is default:
            return value
        allowed = list(among)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.fault(key, f"must be a whole number, not `{value}`", map(str, allowed))
        if allowed and value not in allowed:
            raise self.fault(key, f"unknown value `{value}`", map(str, allowed))
        return value

    def instant(self, key: str, default: Any = ...) -> Any:
        """A date-time with an offset, in UTC."""
        value = self._take(key, default, "a date-time with an offset")
        if value is default:
            return value
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise self.fault(key, f"must be a date-time with an offset, not `{value}`")
        return value.astimezone(UTC)

    def day(self, key: str, default: Any = ...) -> Any:
        """A date."""
        value = self._take(key, default, "a date")
        if value is not default and (not isinstance(value, date) or isinstance(value, datetime)):
            raise self.fault(key, f"must be a date, not `{value}`")
        return value

    def table(self, key: str, *, optional: bool = False) -> Table:
        """A table inside; an empty one where it is optional and absent."""
        value = self._take(key, {} if optional else ..., "a table")
        if not isinstance(value, dict):
            raise self.fault(key, f"must be a table, not `{value}`")
        return Table(value, self.file, ".".join(part for part in (self.place, key) if part))

    def tables(self, key: str, *, optional: bool = True) -> list[Table]:
        """A list of tables inside."""
        value = self._take(key, [] if optional else ..., "a list of tables")
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise self.fault(key, "must be a list of tables")
        place = ".".join(part for part in (self.place, key) if part)
        return [Table(entry, self.file, f"{place}[{n}]") for n, entry in enumerate(value, 1)]
