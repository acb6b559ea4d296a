"""What Japan sends in step 2: the caller's own document, looked over before any node starts, or a launch report."""

from __future__ import annotations

import hashlib
import io
import mimetypes
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from gsomia import documents
from gsomia.agreement import Record
from gsomia.app import offered_law
from gsomia.demo.launches import launches
from gsomia.errors import DataError, NodeError, UsageError
from gsomia.node import LOOK_BYTES, Case, alike_marks, item_label, marks_of

__all__ = ["LEVEL", "Digest", "Paper", "read_paper"]

LEVEL = "特定秘密"
"""The mark under which Japan sends it."""


class Digest(io.RawIOBase):
    """Takes a document and keeps no more of it than its SHA-256."""

    def __init__(self) -> None:
        super().__init__()
        self._hash = hashlib.sha256()

    def writable(self) -> bool:
        """It takes bytes."""
        return True

    def write(self, data: object, /) -> int:
        """Take some bytes."""
        taken = memoryview(data)  # type: ignore[arg-type]  # the buffer that `io` promises
        self._hash.update(taken)
        return taken.nbytes

    def hexdigest(self) -> str:
        """The SHA-256 of all that was taken, in hexadecimal."""
        return self._hash.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A document that is sent.

    Args:
        title: as the registers show it.
        mime_type: its media type.
        digest: its SHA-256 in hexadecimal.
        as_is: it goes although it is active, encrypted, broken or too long to be looked over.
        remarks: what people should know of it.
        file: where it lies, or None for the launch report.
    """

    title: str
    mime_type: str
    digest: str
    as_is: bool = False
    remarks: tuple[str, ...] = ()
    file: Path | None = None

    def open(self) -> BinaryIO:
        """The document, to be read from its beginning.

        Raises:
            NodeError: it cannot be read.
        """
        return io.BytesIO(launch_report().encode()) if self.file is None else _open(self.file)


def read_paper(file: Path | None, at: datetime) -> Paper:
    """Look a document over as Japan's node will.

    Args:
        file: the caller's own document, or None for a launch report from the real record.
        at: when it is sent.

    Raises:
        UsageError: it is no ordinary file, or shows a mark that contradicts the label it would get.
        NodeError: it cannot be read.
    """
    if file is None:
        digest = hashlib.sha256(launch_report().encode()).hexdigest()
        return Paper(title="EXERCISE launch report", mime_type="text/plain", digest=digest)
    if not file.is_file():
        raise UsageError(f"`{file}` is no ordinary file")
    mime_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    with _open(file) as source:
        data = source.read(LOOK_BYTES + 1)
        taken = Digest()
        taken.write(data)
        while chunk := source.read(2**20):
            taken.write(chunk)
    fault = ""
    remarks: tuple[str, ...] = ("no format whose marks can be read",)
    if documents.known(data[: 8 * 2**10], mime_type):
        if len(data) > LOOK_BYTES:
            fault, remarks = f"longer than the {LOOK_BYTES >> 20} MiB that are looked over", ()
        else:
            label = item_label("JPN", LEVEL, ("KOR",), at, exercise=True)
            case = Case(law=offered_law(), record=Record())
            try:
                look = documents.look_over(data, mime_type, label, marks_of(case), alike_marks(case, label))
            except DataError as error:
                raise UsageError(
                    f"`{file}`: {error}",
                    hint=f"the demo sends it as {LEVEL}, a node refuses it: give a document without that mark",
                ) from error
            fault, remarks = look.fault, look.remarks
    if fault:
        remarks = (*remarks, f"sent as it is: {fault}")
    return Paper(
        title=f"EXERCISE {''.join(c if c.isprintable() else '?' for c in file.name)[:150]}",
        mime_type=mime_type,
        digest=taken.hexdigest(),
        as_is=bool(fault),
        remarks=remarks,
        file=file,
    )


def _open(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        raise NodeError(f"cannot read `{file}`: {error.strerror}") from error


def launch_report(before: str = "2016-11-23") -> str:
    """A report on the last launch before a day, written from the real record."""
    last = [launch for launch in launches() if launch.date < before][-1]
    return (
        "EXERCISE EXERCISE EXERCISE\n"
        f"Launch of {last.date}: {last.missile_name} ({last.missile_class}) from {last.facility_name}, "
        f"outcome {last.outcome}.\n"
        "Facts from a public record; the level and everything else is for the exercise.\n"
        "EXERCISE EXERCISE EXERCISE\n"
    )
