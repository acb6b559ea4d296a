"""Parcels over the API: each for the one who had it made, a few at a time, made once however often it is asked for."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from calling import Answer, Served, enrol
from stories import MARKS, Stage, once

from gsomia.node import Acting, Contents, Role, import_parcel, parcel_rows
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]


@pytest.fixture
@once
def both(stage: Stage) -> Exercise:
    """Japan offers Korea an item."""
    exercise = stage()
    exercise["JPN"].transmit(b"EXERCISE", to="KOR", level=MARKS["JPN"])
    return exercise


@pytest.fixture
def jpn(both: Exercise, serve: Serve) -> Served:
    """Japan's API."""
    return serve(both, "JPN")


def registry(served: Served) -> Acting:
    """The registry officer."""
    return served.player.by(Role.REGISTRY)


def made(served: Served, by: Acting, key: str = "", **words: object) -> Answer:
    """Have a parcel for Korea made."""
    headers = {"idempotency-key": key} if key else None
    return served.ask("POST", "/v1/parcel-exports", by, {"to": "KOR", **words}, headers)


def count(served: Served) -> int:
    """How many parcels the node has made."""
    with served.player.node.store.reading() as reader:
        return len(parcel_rows(reader))


def path(answer: Answer) -> str:
    """Where a parcel that was made is fetched."""
    return f"/v1/parcel-exports/{answer.json()['parcel']}"


def test_it_is_given_whole_to_who_had_it_made_until_they_let_go_of_it(jpn: Served, both: Exercise) -> None:
    by = registry(jpn)
    told = made(jpn, by)
    assert told.status == 201 and (told.json()["number"], told.json()["offered"]) == (1, 1)
    given = [jpn.ask("GET", path(told), by) for _ in range(2)]
    assert given[0].body == given[1].body and len(given[0].body) == told.json()["bytes"]
    assert given[0].headers["content-length"] == str(told.json()["bytes"])
    other = enrol(jpn, "other", Role.REGISTRY)
    assert {jpn.ask(way, path(told), other).status for way in ("GET", "DELETE")} == {404}
    assert jpn.ask("DELETE", path(told), by).status == 204
    assert {jpn.ask(way, path(told), by).status for way in ("GET", "DELETE")} == {404}
    assert import_parcel(both["KOR"].node, io.BytesIO(given[0].body)).messages["offers"] == 1


def test_it_is_made_once_under_a_key_and_anew_where_it_is_here_no_more(jpn: Served) -> None:
    by = registry(jpn)
    first = made(jpn, by, "k")
    assert made(jpn, by, "k").body == first.body and count(jpn) == 1
    assert made(jpn, by, "k", new=True).status == 422 and count(jpn) == 1
    assert made(jpn, by).json()["number"] == 2
    jpn.ask("DELETE", path(first), by)
    assert made(jpn, by, "k").json()["number"] == 3


def test_the_oldest_of_many_gives_way_and_one_is_dropped_after_an_hour(jpn: Served) -> None:
    by, other = registry(jpn), enrol(jpn, "other", Role.REGISTRY)
    others = made(jpn, other)
    told = [made(jpn, by) for _ in range(5)]
    assert [jpn.ask("GET", path(one), by).status for one in told] == [404, 200, 200, 200, 200]
    assert jpn.ask("GET", path(others), other).status == 200
    _, clock = jpn.waiting()
    last = made(jpn, by)
    clock.ahead = timedelta(minutes=59)
    assert jpn.ask("GET", path(last), None, der=jpn.certificate(by, at=clock.machine())).status == 200
    clock.ahead = timedelta(minutes=120)
    assert jpn.ask("GET", path(last), None, der=jpn.certificate(by, at=clock.machine())).status == 404


def test_two_asked_for_at_once_under_one_key_are_one(jpn: Served) -> None:
    asked = ("POST", "/v1/parcel-exports", registry(jpn), {"to": "KOR"}, {"idempotency-key": "k"})
    one, two = jpn.ask_together([asked, asked])
    assert one.body == two.body and one.status == 201 and count(jpn) == 1


def test_what_another_sent_is_not_taken_in_in_one_s_place(jpn: Served, both: Exercise, serve: Serve) -> None:
    data = jpn.ask("GET", path(made(jpn, registry(jpn))), registry(jpn)).body
    kor = serve(both, "KOR")
    by, other = registry(kor), enrol(kor, "other", Role.REGISTRY)
    digest = hashlib.sha256(data).hexdigest()
    headers = {"upload-offset": "0", "upload-length": str(len(data))}
    assert kor.ask("PATCH", f"/v1/contents/{digest}", other, data, headers).status == 200
    assert kor.ask("POST", "/v1/parcel-imports", by, {"content": digest}).status == 404
    first = kor.ask("POST", "/v1/parcel-imports", other, {"content": digest}, {"idempotency-key": "k"})
    assert first.status == 201 and first.json()["messages"]["offers"] == 1
    again = kor.ask("POST", "/v1/parcel-imports", other, {"content": digest}, {"idempotency-key": "k"})
    assert again.body == first.body
    assert kor.ask("GET", f"/v1/contents/{digest}", other).status == 404


@pytest.mark.parametrize("lengths", [(1,), (5, 5, 5), (1, 9, 1, 3), (16, 1)])
def test_a_content_in_pieces_is_read_from_any_place_on(
    jpn: Served, monkeypatch: pytest.MonkeyPatch, lengths: tuple[int, ...]
) -> None:
    """Every stretch of it, in any order: backwards here."""
    monkeypatch.setattr("gsomia.node.transmission.contents._LEAST", 1)
    whole = bytes(range(sum(lengths)))
    coming, digest, place = Contents(jpn.player.node), hashlib.sha256(whole).hexdigest(), 0
    for length in lengths:
        coming.take("o", digest, whole[place : place + length], offset=place, size=len(whole))
        place += length
    with coming.reading("o", digest) as file:
        for start in reversed(range(len(whole) + 1)):
            for size in range(len(whole) + 1):
                assert file.seek(start) == file.tell() == start
                assert file.read(size) == whole[start : start + size]
        assert file.seek(0, 2) == len(whole) and file.read(1) == b""
        file.seek(-1, 2)
        assert file.read() == whole[-1:]
    coming.drop("o", digest)
