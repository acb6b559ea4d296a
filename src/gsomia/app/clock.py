"""The clock of a node: the machine's, or an EXERCISE node's own."""

from __future__ import annotations

import datetime as dt
import secrets
from pathlib import Path

from gsomia.errors import NodeError, UsageError


class FolderClock:
    """The node's clock; an EXERCISE node's may be set off from the machine's by the file `clock`."""

    def __init__(self, path: Path, *, settable: bool) -> None:
        self._path = path
        self._settable = settable
        self._seen = -1
        self._offset = dt.timedelta()

    def now(self) -> dt.datetime:
        """The instant by this node, UTC."""
        if self._settable:
            self._refresh()
        try:
            return self.machine() + self._offset
        except OverflowError as error:
            raise self._unreadable() from error

    def machine(self) -> dt.datetime:
        """The machine's own time, for schedules alone."""
        return dt.datetime.now(dt.UTC)

    def set(self, at: dt.datetime) -> None:
        """Set an EXERCISE clock; it runs on from there.

        Raises:
            UsageError: this is a real node.
            NodeError: the disk does not take it.
        """
        if not self._settable:
            raise UsageError("only an EXERCISE node has a clock that can be set")
        offset = at - self.machine()
        staging = self._path.with_name(f"{self._path.name}.{secrets.token_hex(8)}.new")
        try:
            staging.write_text(f"{offset // dt.timedelta(microseconds=1)}\n")
            staging.replace(self._path)
        except OSError as error:
            staging.unlink(missing_ok=True)
            raise NodeError(f"cannot write `{self._path}`: {error.strerror or error}") from error

    def _refresh(self) -> None:
        try:
            stamp = self._path.stat().st_mtime_ns
            if stamp != self._seen:
                self._offset = dt.timedelta(microseconds=int(self._path.read_text()))
                self._seen = stamp
        except FileNotFoundError:
            self._offset = dt.timedelta()
        except (ValueError, OverflowError) as error:
            raise self._unreadable() from error

    def _unreadable(self) -> NodeError:
        return NodeError(f"`{self._path}` does not hold the offset of the clock in microseconds")
