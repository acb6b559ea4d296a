"""Parcels that were broken off while they were made, read or taken in; nothing is lost."""

from __future__ import annotations

import io
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from carrying import carry
from lying import turned
from parcelling import LARGE, accepted, finished
from stories import Stage, forget, refusals

from gsomia.errors import MessageError, NodeError, VerificationError
from gsomia.node import export_parcel, import_parcel


class Pulled(io.BytesIO):
    """A stick that is pulled out after so many reads."""

    def __init__(self, data: bytes, reads: int) -> None:
        super().__init__(data)
        self.left = reads

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes, while it is in."""
        self.left -= 1
        if self.left < 0:
            raise OSError("the stick is gone")
        return super().read(size)


def test_an_import_that_was_broken_off_is_done_again(stage: Stage) -> None:
    both = stage()
    parcel = accepted(both, b"one", LARGE, b"three")
    reads = 0
    while True:
        try:
            came = import_parcel(both["KOR"].node, Pulled(parcel, reads))
        except (OSError, NodeError):
            reads += 1
            continue
        break
    assert reads > 8 and not came.again and came.refused == ()
    with both["KOR"].node.store.reading() as reader:
        replies = [reply.answers for reply in reader.replies("JPN")]
    assert replies and len(replies) == len({*replies})
    assert refusals(both["KOR"]) == []
    finished(both, 3)


def test_a_file_that_changes_while_it_is_read_is_refused(stage: Stage) -> None:
    """The stick shows good bytes while they are checked and others after it."""
    both = stage()
    parcel = accepted(both, LARGE)

    class Changing(Pulled):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            return data if self.left > 1_000_000 - self.good else turned(data, 0) if data else data

        good = 9

    refused = 0
    for good in range(5, 20):
        Changing.good = good
        try:
            came = import_parcel(both["KOR"].node, Changing(parcel, 1_000_000))
        except VerificationError:
            refused += 1
        else:
            assert not came.again
            break
    assert refused > 4
    finished(both, 1)


def test_a_parcel_that_could_not_be_written_takes_nothing_with_it(stage: Stage, tmp_path: Path) -> None:
    both = stage()
    accepted(both, b"one", LARGE)

    @contextmanager
    def full(_number: int) -> Any:
        class Full(io.BytesIO):
            def write(self, data: Any, /) -> int:
                if self.tell() + len(data) > 100_000:
                    raise OSError(28, "no space left")
                return super().write(data)

        yield Full()

    with pytest.raises(OSError, match="no space left"):
        export_parcel(both["JPN"].node, "KOR", full)
    finished(both, 2)


def test_a_register_from_an_old_backup_goes_on(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(b"one", to="KOR", level="極秘")
    finished(both, 1)
    forget(both["JPN"], "DELETE FROM parcel WHERE direction = 'out'")
    both["JPN"].transmit(b"two", to="KOR", level="極秘")
    with pytest.raises(MessageError, match="is older than parcel"):
        carry(both, "JPN", "KOR")
    carry(both, "JPN", "KOR")
    finished(both, 2)


def test_a_large_item_passes_in_small_pieces(stage: Stage) -> None:
    both = stage()
    sizes: list[int] = []

    class Measured(io.BytesIO):
        """Notes how much is read or written at once."""

        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            sizes.append(len(data))
            return data

        def write(self, data: Any, /) -> int:
            sizes.append(len(data))
            return super().write(data)

    both["JPN"].transmit(bytes(5 * 2**20), to="KOR", level="極秘")
    carry(both, "JPN", "KOR")
    carry(both, "KOR", "JPN")
    file = Measured()

    @contextmanager
    def place(_number: int) -> Any:
        yield file

    assert export_parcel(both["JPN"].node, "KOR", place) is not None
    assert len(file.getvalue()) > 5 * 2**20 and max(sizes) <= 2**21
    assert import_parcel(both["KOR"].node, file).refused == ()
    assert max(sizes) <= 2**21
    finished(both, 1)
