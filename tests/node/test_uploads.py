"""Uploads that are continued: bound to a peer and to what was accepted, and within a quota."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from stories import Stage, holds, refusals, same_story, words_of

from gsomia.blobs import LocalBlobs
from gsomia.errors import GsomiaError, MessageError, PeerError
from gsomia.link import HttpLink
from gsomia.node import Peer, held_of, upload
from gsomia.testing import Exercise

LARGE = bytes(range(256)) * 4096


def offered(both: Exercise) -> tuple[str, Peer, bytes]:
    """A large copy that was accepted, whose upload was cut before it began: its id, its giver, its sealed bytes."""
    sealed = bytearray()

    def cut(_sender: str, _copy: str, chunks: Iterable[bytes]) -> Iterable[bytes]:
        sealed.extend(b"".join(chunks))
        raise PeerError("the upload was cut")

    both.wire.uploads = cut
    copy = both["JPN"].transmit(LARGE, to="KOR", level="極秘")
    both.settle(tolerate=True)
    both.wire.uploads = None
    with both["KOR"].node.store.reading() as reader:
        return copy.id, reader.peers()["JPN"], bytes(sealed)


def test_what_came_stays_and_is_continued(stage: Stage) -> None:
    both = stage()
    copy, peer, sealed = offered(both)
    node = both["KOR"].node
    with pytest.raises(ZeroDivisionError), upload(node, peer, copy, offset=0, size=len(sealed)) as sink:
        sink.write(sealed[:100_000])
        raise ZeroDivisionError
    assert held_of(node, peer, copy) == 100_000
    with upload(node, peer, copy, offset=60_000, size=len(sealed)) as sink:
        sink.write(sealed[60_000:200_000])
    assert held_of(node, peer, copy) == 200_000
    with upload(node, peer, copy, offset=200_000, size=len(sealed)) as sink:
        sink.write(sealed[200_000:])
    assert node.blobs.partials() == {} and node.blobs.exists(f"upload-{copy}")
    both.pass_time(timedelta(seconds=5))
    both.settle()
    same_story(both)
    holds(both)


@pytest.mark.parametrize(
    ("offset", "size", "why"),
    [
        (1, 0, "less is here"),
        (100_001, 0, "less is here"),
        (0, 2**40, "more bytes than were offered"),
        (50, 20, "less"),
    ],
)
def test_an_offset_or_a_length_that_lies_is_refused(stage: Stage, offset: int, size: int, why: str) -> None:
    both = stage()
    copy, peer, sealed = offered(both)
    node = both["KOR"].node
    if offset > 1:
        with upload(node, peer, copy, offset=0, size=len(sealed)) as sink:
            sink.write(sealed[:100_000])
    with pytest.raises(MessageError, match=why), upload(node, peer, copy, offset=offset, size=size or len(sealed)):
        raise AssertionError("it was let in")
    assert why in words_of(refusals(both["KOR"]))
    both.pass_time(timedelta(seconds=5))
    both.settle()
    holds(both)


def test_parts_that_do_not_fit_are_rejected_when_they_are_whole(stage: Stage) -> None:
    both = stage()
    copy, peer, sealed = offered(both)
    with upload(both["KOR"].node, peer, copy, offset=0, size=len(sealed)) as sink:
        sink.write(bytes(200_000))
    with upload(both["KOR"].node, peer, copy, offset=200_000, size=len(sealed)) as sink:
        sink.write(sealed[200_000:])
    both.pass_time(timedelta(seconds=5))
    both.settle()
    assert [one.state for one in both["JPN"].copies()] == ["rejected"]


def test_half_done_uploads_of_a_peer_have_a_bound(stage: Stage) -> None:
    both = stage()
    first, peer, sealed = offered(both)
    second, _, _ = offered(both)
    both.with_limits("KOR", replace(both["KOR"].node.limits, max_item_bytes=len(sealed) + 1000))
    node = both["KOR"].node
    with upload(node, peer, first, offset=0, size=len(sealed)) as sink:
        sink.write(sealed[:2000])
    with pytest.raises(MessageError, match="half-done"), upload(node, peer, second, offset=0, size=len(sealed)):
        raise AssertionError("it was let in")
    assert isinstance(node.blobs, LocalBlobs) and node.blobs.sweep(set(), older_than=-1) >= 1
    assert held_of(node, peer, first) == 0


def test_what_another_gave_is_no_business_of_a_peer(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    copy, _, _ = offered(three)
    with three["KOR"].node.store.reading() as reader:
        other = reader.peers()["USA"]
    with pytest.raises(GsomiaError, match="no content was accepted"):
        held_of(three["KOR"].node, other, copy)


@pytest.mark.parametrize(
    ("held", "sent"), [("60", 40), ("90", 20), ("101", 100), ("9" * 30, 100), ("-1", 100), ("", 100)]
)
def test_what_a_recipient_says_that_it_holds_is_bounded(held: str, sent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Answer:
        headers = {"upload-offset": held} if held else {}  # it is read once
        content = b""

    said: list[tuple[str, int, dict[str, str]]] = []

    def request(_link: object, method: str, _path: str, content: object = None, headers: object = None) -> Answer:
        if method != "HEAD":
            said.append((method, len(b"".join(content)), headers))  # type: ignore[arg-type]  # an iterable of bytes
        return Answer()

    monkeypatch.setattr(HttpLink, "_request", request)
    HttpLink.upload(object.__new__(HttpLink), "copy", [bytes(30)] * 3 + [bytes(10)], 100, 80)
    method, length, headers = said[0]
    assert (length, headers["content-length"], headers["upload-offset"]) == (sent, str(sent), str(100 - sent))
    assert method == ("PUT" if sent == 100 else "PATCH")
