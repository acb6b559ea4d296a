"""A giver that lies in what it uploads: too much, altered, never offered, or after it was checked."""

from __future__ import annotations

from typing import Any

import pytest
from lying import OTHER_ITEM
from stories import Stage, refusals, register, survived

from gsomia.errors import PeerError
from gsomia.registry import CopyState


def test_an_upload_cannot_take_the_place_of_what_was_checked(stage: Stage) -> None:
    both = stage()
    big = bytes(range(256)) * 2048
    sent = both["JPN"].transmit(big, to="KOR", level="極秘")
    both.settle()
    assert register(both["KOR"])[sent.id][0].state is CopyState.DELIVERED
    with pytest.raises(PeerError, match="no content was accepted"):
        both.wire.between("JPN", "KOR").upload(sent.id, [b"other"], 5)
    survived(both, told={"KOR": "no content was accepted"})


@pytest.mark.parametrize(
    "copy",
    [f"{OTHER_ITEM}-JPN-1", f"{OTHER_ITEM}-KOR-1", "../register.sqlite", "register.sqlite", ".staging-x", ""],
)
def test_an_upload_that_was_never_offered_is_refused(stage: Stage, copy: str) -> None:
    both = stage()
    with pytest.raises(PeerError):
        both.wire.between("JPN", "KOR").upload(copy, [b"x"], 1)
    assert [entry.what for entry in refusals(both["KOR"])] == ["upload"]
    assert both["KOR"].node.blobs.names() == []


def test_an_upload_larger_than_offered_leaves_nothing(stage: Stage) -> None:
    both = stage()
    both["JPN"].transmit(bytes(2**20), to="KOR", level="極秘")

    def endless(_sender: str, _copy: str, _chunks: Any) -> Any:
        while True:
            yield bytes(2**16)

    both.wire.uploads = endless
    with pytest.raises(PeerError, match="more bytes than were offered and accepted"):
        both.settle()
    assert both["KOR"].node.blobs.names() == [] and register(both["KOR"]) == {}
    both.wire.uploads = None
    both.settle()
    survived(both, told={"KOR": "more bytes than were offered and accepted"})


def test_an_upload_altered_on_the_way_is_rejected(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(bytes(2**20), to="KOR", level="極秘")

    def alter(_sender: str, _copy: str, chunks: Any) -> Any:
        data = b"".join(chunks)
        yield data[:5000] + bytes([data[5000] ^ 1]) + data[5001:]

    both.wire.uploads = alter
    both.settle()
    assert register(both["KOR"]) == {} and both["KOR"].node.blobs.names() == []
    assert register(both["JPN"])[sent.id][0].state is CopyState.REJECTED
    survived(both, told={"KOR": f"copy {sent.id}"})
