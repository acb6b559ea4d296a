"""Files that are no parcel, or one that was cut, added to or altered: refused, and nothing changes."""

from __future__ import annotations

import pytest
from carrying import exported, taken
from lying import turned
from parcelling import LARGE, accepted, finished, state
from stories import Stage, register

from gsomia.errors import MessageError, VerificationError


def cuts(parcel: bytes) -> list[int]:
    """Where a parcel is cut: all about its ends, and many places between."""
    size = len(parcel)
    return sorted({0, 1, 15, 16, 17, size - 1, size - 15, size - 16, size - 17, *range(0, size, size // 23)})


def test_one_that_was_cut_short_is_refused_wherever(stage: Stage) -> None:
    both = stage()
    parcel = accepted(both, b"report", LARGE)
    before = state(both, "KOR")
    for place in cuts(parcel):
        with pytest.raises(MessageError, match=r"not a parcel|does not end as one"):
            taken(both, "KOR", parcel[:place])
    assert state(both, "KOR") == before
    taken(both, "KOR", parcel)
    finished(both, 2)


@pytest.mark.parametrize("more", [b"\n", b"x", b"0" * 16, b"000000000000000\n"])
def test_one_with_something_added_is_refused(stage: Stage, more: bytes) -> None:
    both = stage()
    parcel = accepted(both, b"report")
    for altered in (parcel + more, more + parcel, parcel[:400] + more + parcel[400:]):
        with pytest.raises(VerificationError):
            taken(both, "KOR", altered)
    assert register(both["KOR"]) == {}


def test_one_with_a_bit_turned_is_refused_wherever(stage: Stage) -> None:
    both = stage()
    parcel = accepted(both, b"report", LARGE)
    before = state(both, "KOR")
    size = len(parcel)
    places = {*range(18), *range(size - 18, size), *range(0, size, size // 40), size - 3000, size - 5000}
    for place in sorted(places):
        with pytest.raises(VerificationError):
            taken(both, "KOR", turned(parcel, place))
    assert state(both, "KOR") == before
    taken(both, "KOR", parcel)
    finished(both, 2)


def test_two_parcels_in_one_file_are_refused(stage: Stage) -> None:
    both = stage()
    first = accepted(both, b"one")
    _, second = exported(both, "JPN", "KOR")
    with pytest.raises(MessageError, match=r"holds .* bytes where .* were signed"):
        taken(both, "KOR", first + second)
    with pytest.raises(MessageError, match=r"holds .* bytes where .* were signed"):
        taken(both, "KOR", first[:16] + first[16:300] + first[16:])


def test_what_is_no_parcel_is_refused(stage: Stage) -> None:
    both = stage()
    for data in (b"", b"gsomia parcel 1\n", b"PK\x03\x04" + bytes(100), b"gsomia parcel 2\n" + bytes(100)):
        with pytest.raises(MessageError, match=r"not a parcel|does not end as one"):
            taken(both, "KOR", data)
