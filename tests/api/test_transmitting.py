"""Transmissions over the API: content comes in pieces, is sealed once, and goes as it was prepared or not at all."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, cast

import pytest
from calling import Answer, House, RealMachine, Served, enrol, signatures
from stories import MARKS, Stage, same_story

from gsomia.api import api_app
from gsomia.app import offered_law
from gsomia.cli.address import sending
from gsomia.cli.meaning.frame import Frame
from gsomia.cli.meaning.prepared import means
from gsomia.cli.meaning.unsaid import filled_in
from gsomia.errors import PeerError, UsageError
from gsomia.node import Acting, Contents, PersonDetails, Role, Statement, mark, open_item
from gsomia.registry import CopyState
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]

TEXT = b"EXERCISE " * 1000
KIM = PersonDetails(
    id="kim", clearance="SECRET", needs=("dprk-missile",), rosters=("main",), house_roles=(Role.READER,)
)


@pytest.fixture
def exercise(stage: Stage) -> Exercise:
    """Japan and Korea."""
    return stage()


@pytest.fixture
def jpn(exercise: Exercise, serve: Serve) -> Served:
    """Japan's API, whose node stands in the exercise as it is served."""
    served = serve(exercise, "JPN")
    exercise.players["JPN"] = served.player
    return served


@pytest.fixture(autouse=True)
def short_pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents here are short, and so are their pieces, but where the bound itself is shown."""
    if "bounds" not in request.node.name:
        monkeypatch.setattr("gsomia.node.transmission.contents._LEAST", 1)


def officer(served: Served) -> Acting:
    """The disclosure officer."""
    return served.player.by(Role.DISCLOSURE)


def digest(document: bytes) -> str:
    """The name of a content."""
    return hashlib.sha256(document).hexdigest()


def piece(
    served: Served, document: bytes, start: int, end: int, *, by: Acting | None = None, size: int | None = None
) -> Answer:
    """Send one piece."""
    headers = {"upload-offset": str(start), "upload-length": str(len(document) if size is None else size)}
    path = f"/v1/contents/{digest(document)}"
    return served.ask("PATCH", path, by or officer(served), document[start:end], headers)


def send(served: Served, document: bytes, *, pieces: int = 1, by: Acting | None = None) -> str:
    """Send a document in so many pieces; returns its name."""
    edges = [len(document) * number // pieces for number in range(pieces + 1)]
    for start, end in pairwise(edges):
        answer = piece(served, document, start, end, by=by)
        assert answer.status == 200, answer
    return digest(document)


def wanted(content: str, **words: Any) -> dict[str, Any]:
    """A transmission to Korea."""
    return {
        "act": "transmit",
        "content": content,
        "to": "KOR",
        "level": MARKS["JPN"],
        "subject": "dprk-missile",
        "title": "report",
        "mime_type": "text/plain",
        **words,
    }


def lying(served: Served) -> list[str]:
    """What lies in the folder of sealed items."""
    return sorted(path.name for path in (served.player.folder / "items").iterdir())


@pytest.mark.parametrize(("document", "pieces"), [(b"", 1), (b"x", 1), (TEXT, 1), (TEXT, 7)])
def test_content_in_pieces_goes_as_one_item(exercise: Exercise, jpn: Served, document: bytes, pieces: int) -> None:
    """Sealed once, signed elsewhere, delivered; what the recipient opens is what was sent."""
    content = send(jpn, document, pieces=pieces)
    answer = jpn.act(officer(jpn), wanted(content))
    assert (answer.status, answer.json()["status"]) == (200, "done"), answer
    exercise.settle()
    (copy,) = jpn.player.copies()
    assert copy.state == CopyState.DELIVERED
    assert lying(jpn) == [copy.item], "what came in pieces is gone, and nothing else was sealed"
    exercise.enter(KIM, "KOR")
    there, opened = exercise["KOR"], io.BytesIO()
    mark(there.node, copy.id, MARKS["KOR"], by=there.by(Role.REGISTRY))
    open_item(there.node, copy.id, "kim", opened)
    assert opened.getvalue() == document
    exercise.settle()
    same_story(exercise)


def test_what_came_is_continued_where_it_was_cut(jpn: Served) -> None:
    """The node says how much it has; a piece for another place is refused and costs nothing."""
    by, path = officer(jpn), f"/v1/contents/{digest(TEXT)}"
    assert jpn.ask("GET", path, by).status == 404
    assert piece(jpn, TEXT, 0, 4000).json()["held"] == 4000
    for start, end in ((0, 4000), (3999, 5000), (4001, 5000)):
        answer = piece(jpn, TEXT, start, end)
        assert answer.status == 400 and "goes on at byte 4000 of 9000" in answer.json()["detail"], answer
    assert piece(jpn, TEXT, 4000, 5000, size=9001).status == 400, "its length was told before"
    assert jpn.ask("GET", path, by).json() | {"schema": ""} == {
        "schema": "", "exercise": True, "content": digest(TEXT), "size": 9000, "held": 4000,
    }  # fmt: skip
    assert jpn.act(by, wanted(digest(TEXT))).status == 400, "what is not here whole is not sealed"
    assert piece(jpn, TEXT, 4000, 9000).json()["held"] == 9000


def test_what_lies_here_is_not_in_the_clear(jpn: Served) -> None:
    piece(jpn, TEXT, 0, 4500)
    send(jpn, TEXT[::-1], pieces=2)
    for path in (jpn.player.folder / "items").iterdir():
        assert b"EXERCISE" not in path.read_bytes() and b"ESICREXE" not in path.read_bytes()


def test_what_changed_on_the_disk_is_not_sealed(jpn: Served) -> None:
    content = send(jpn, TEXT, pieces=3)
    (path,) = (jpn.player.folder / "items").iterdir()
    data = bytearray(path.read_bytes())
    data[5000] ^= 1
    path.write_bytes(data)
    assert jpn.act(officer(jpn), wanted(content)).status == 503
    assert jpn.player.copies() == []


def test_another_content_than_its_name_says_is_dropped(jpn: Served) -> None:
    path, headers = f"/v1/contents/{digest(TEXT)}", {"upload-offset": "0", "upload-length": "5"}
    assert jpn.ask("PATCH", path, officer(jpn), b"other", headers).status == 422
    assert jpn.ask("GET", path, officer(jpn)).status == 404
    assert not (jpn.player.folder / "items").exists()


def test_pieces_have_bounds(jpn: Served) -> None:
    """No piece over 8 MiB or, but for the last, under 64 KiB, nor more than was announced; no overlong content."""
    assert piece(jpn, TEXT, 0, 9000, size=8000).status == 400
    assert piece(jpn, bytes(8 * 2**20 + 1), 0, 8 * 2**20 + 1).status == 413
    assert piece(jpn, b"x", 0, 1, size=2**40).status == 400
    for end in (0, 1, 2**16 - 1):
        answer = piece(jpn, bytes(2**16 + 1), 0, end)
        assert answer.status == 400 and "at least 65536 bytes" in answer.json()["detail"], answer
    assert not (jpn.player.folder / "items").exists()
    assert piece(jpn, bytes(2**16 + 1), 0, 2**16).json()["held"] == 2**16
    assert piece(jpn, bytes(2**16 + 1), 2**16, 2**16).status == 400
    assert piece(jpn, bytes(2**16 + 1), 2**16, 2**16 + 1).json()["held"] == 2**16 + 1


@pytest.mark.parametrize("end", [4500, 9000])
def test_a_content_that_is_dropped_while_a_piece_comes_leaves_nothing(jpn: Served, end: int) -> None:
    """Dropped after its piece was written, and before the node said so."""
    coming, store = Contents(jpn.player.node), Contents._store
    with pytest.MonkeyPatch.context() as patched, pytest.raises(UsageError, match="dropped while its piece came"):

        def slow(self: Contents, one: Any, data: bytes) -> None:
            coming.drop("officer", digest(TEXT))
            store(self, one, data)

        patched.setattr(Contents, "_store", slow)
        coming.take("officer", digest(TEXT), TEXT[:end], offset=0, size=len(TEXT))
    assert lying(jpn) == []


def test_a_content_is_its_sender_s_alone(jpn: Served) -> None:
    other = enrol(jpn, "other", Role.DISCLOSURE)
    content = send(jpn, TEXT)
    assert jpn.ask("GET", f"/v1/contents/{content}", other).status == 404
    assert jpn.act(other, wanted(content)).status == 400
    assert jpn.ask("GET", f"/v1/contents/{content}", jpn.player.by(Role.SECURITY)).status == 403
    assert piece(jpn, TEXT, 0, 9000, by=jpn.player.by(Role.SECURITY)).status == 403


def test_what_nothing_is_done_with_is_dropped(exercise: Exercise, serve: Serve) -> None:
    jpn = serve(exercise, "JPN")
    clock = RealMachine(exercise.clock)
    jpn.player = replace(jpn.player, node=replace(jpn.player.node, clock=clock))
    jpn.app = api_app(jpn.player.node, jpn.memory, House(), url="", told=lambda _: None, log=lambda **_: None)
    content = send(jpn, TEXT)
    clock.ahead = timedelta(minutes=59)
    by = officer(jpn)
    ahead = jpn.certificate(by, at=clock.machine())
    assert jpn.ask("GET", f"/v1/contents/{content}", by, der=ahead).status == 200
    clock.ahead = timedelta(minutes=120)
    ahead = jpn.certificate(by, at=clock.machine())
    assert jpn.ask("GET", f"/v1/contents/{content}", by, der=ahead).status == 404
    assert lying(jpn) == []


def test_a_refusal_leaves_nothing_sealed(jpn: Served) -> None:
    """The agreement refuses with its grounds; a document that may not go, or words that are unknown, too."""
    content = send(jpn, TEXT)
    for words, status in (
        ({"level": "nonsense"}, 400),
        ({"to": "USA"}, 403),
        ({"under": "usa-jpn-2007"}, 403),
        ({"shares": ["JPN", "KOR", "USA"]}, 400),
        ({"to": ""}, 400),
        ({"content": "0" * 64}, 400),
    ):
        answer = jpn.ask("POST", "/v1/preparations", officer(jpn), wanted(content) | words)
        assert answer.status == status, (words, answer)
    assert len(lying(jpn)) == 1 and jpn.player.copies() == []
    assert jpn.act(officer(jpn), wanted(content)).status == 200, "the content is still here"


def test_repeats_are_done_once(jpn: Served) -> None:
    """The same preparation under the same key is the same; signatures given again enter nothing more."""
    content, by = send(jpn, TEXT), officer(jpn)
    key = {"idempotency-key": "one"}
    told = [jpn.ask("POST", "/v1/preparations", by, wanted(content), key).json() for _ in range(2)]
    assert told[0] == told[1]
    answers = [jpn.act(by, wanted(content), key="one") for _ in range(3)]
    assert [one.json()["status"] for one in answers] == ["done"] * 3
    assert len(jpn.player.copies()) == 1 and len(lying(jpn)) == 1


def test_what_was_prepared_and_not_signed_leaves_nothing(jpn: Served) -> None:
    """The oldest of an officer's preparations gives way, with what was sealed for it."""
    content, by = send(jpn, b"x"), officer(jpn)
    first = jpn.ask("POST", "/v1/preparations", by, wanted(content)).json()
    for _ in range(3):
        assert jpn.ask("POST", "/v1/preparations", by, wanted(content)).status == 201
    assert len(lying(jpn)) == 3 + 1
    assert jpn.ask("GET", f"/v1/preparations/{first['id']}", by).status == 404


def test_what_was_sealed_for_an_act_that_is_over_goes_without_another(jpn: Served) -> None:
    """By itself, and not only when the next act is prepared; what was entered stays, and takes no place."""
    waiting, clock = jpn.waiting()
    content = send(jpn, TEXT)
    entered = send(jpn, TEXT[::-1])
    assert jpn.act(officer(jpn), wanted(entered)).status == 200
    (item,) = [copy.item for copy in jpn.player.copies()]
    for _ in range(3):
        assert jpn.ask("POST", "/v1/preparations", officer(jpn), wanted(content)).status == 201
    waiting.sweep()
    assert len(lying(jpn)) == 1 + 3 + 1
    clock.ahead = timedelta(minutes=6)
    waiting.sweep()
    assert len(lying(jpn)) == 2 and item in lying(jpn)


def test_two_prepared_at_once_take_one_number_each(jpn: Served) -> None:
    """What rests on a number that was given meanwhile is prepared again."""
    by = officer(jpn)
    contents = [send(jpn, text) for text in (b"one", b"two")]
    told = [jpn.ask("POST", "/v1/preparations", by, wanted(content)).json() for content in contents]
    answers = [jpn.ask("POST", f"/v1/preparations/{one['id']}/signatures", by, signatures(one, by)) for one in told]
    assert [one.status for one in answers] == [200, 403]
    assert answers[1].json()["verdict"]["grounds"][0]["clause"] == "prepared"
    assert jpn.act(by, wanted(contents[1])).status == 200
    assert len(jpn.player.copies()) == 2


@pytest.mark.parametrize("words", [{"via": ["USA"]}, {"to": "", "shares": ["JPN", "KOR", "USA"]}])
def test_a_consent_goes_with_what_others_get_too(stage: Stage, serve: Serve, words: dict[str, Any]) -> None:
    """By the hub, and in shares: the consent is signed in the same batch, under the id that was prepared."""
    exercise = stage("JPN", "KOR", "USA")
    jpn = serve(exercise, "JPN")
    exercise.players["JPN"] = jpn.player
    answer = jpn.act(officer(jpn), wanted(send(jpn, TEXT), **words) | words)
    assert (answer.status, answer.json()["status"]) == (200, "done"), answer
    exercise.settle()
    with jpn.player.node.store.reading() as reader:
        (consent,) = reader.acts(types=["consent"])
        entered = [act.id for act in reader.acts(types=["consent", "transmit"])]
    assert sorted(entered) == sorted(answer.json()["acts"]) and consent.id in entered
    assert {copy.state for copy in jpn.player.copies()} == {CopyState.DELIVERED}


def test_ways_are_offered(stage: Stage, serve: Serve) -> None:
    """What may not go straight may go by the hub."""
    jpn = serve(stage("JPN", "KOR", "USA"), "JPN")
    told = jpn.ask("POST", "/v1/ways", officer(jpn), {"to": "KOR", "level": MARKS["JPN"], "subject": "dprk-missile"})
    assert {tuple(way["via"]): way["outcome"] for way in told.json()["ways"]} == {(): "permit", ("USA",): "permit"}


class Cut:
    """Japan's node as a command reaches it, over a way that is cut after every second piece, its answer lost."""

    def __init__(self, jpn: Served) -> None:
        self._jpn = jpn
        self.key = officer(jpn).key
        node = jpn.player.node
        self.frame = Frame(party=node.party, exercise=True, key=node.keys.signing.public.fingerprint)
        self.sent: list[int] = []

    def get(self, path: str) -> Any:
        return self._told(self._jpn.ask("GET", f"/v1/{path}", officer(self._jpn)))

    def post(self, path: str, body: Any, headers: Any = None, *, seconds: float = 0) -> Any:
        return self._told(self._jpn.ask("POST", f"/v1/{path}", officer(self._jpn), body, headers))

    def patch(self, path: str, data: bytes, headers: Any) -> Any:
        answer = self._jpn.ask("PATCH", f"/v1/{path}", officer(self._jpn), data, headers)
        self.sent.append(len(data))
        if len(self.sent) % 2 == 0:
            raise PeerError("cut")
        return self._told(answer)

    def _told(self, answer: Answer) -> Any:
        if answer.status == 404:
            raise UsageError("nothing here")
        assert answer.status < 300, answer
        return answer.json()


def test_a_document_goes_up_in_pieces_over_a_way_that_is_cut(jpn: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a lost answer told of is not sent again."""
    monkeypatch.setattr(sending, "_PIECE_BYTES", 1000)
    monkeypatch.setattr("time.sleep", lambda _: None)
    remote, words = Cut(jpn), wanted("")
    asked = words | {"purpose": "defence", "under": "jpn-kor-2016", "custody": "recipient", "cites": []}
    asked |= {"contains": []}
    _, (said,) = sending.transmit_there(cast(Any, remote), io.BytesIO(TEXT), asked | {"certify": []})
    assert remote.sent == [1000] * 9
    assert said.body["plaintext_bytes"] == 9000 and len(jpn.player.copies()) == 1


ASKED = {
    "act": "transmit", "to": "KOR", "shares": [], "via": [], "level": "極秘", "subject": "s", "purpose": "defence",
    "title": "t", "mime_type": "text/plain", "under": "", "custody": "recipient", "cites": [], "contains": [],
    "certify": [], "size": 5,
}  # fmt: skip
BODY = {
    "holder": "KOR", "destination": "KOR", "via": [], "under": "jpn-kor-2016", "originator": "JPN", "level": "極秘",
    "subject": "s", "purpose": "defence", "contains": ["JPN"], "cites": [], "title": "t", "mime_type": "text/plain",
    "plaintext_bytes": 5, "custody": "recipient", "holders": [], "met": {},
}  # fmt: skip
CONSENT = {"receivers": ["USA", "KOR"], "conditions": []}
HUB, LEG = {"via": ["USA"]}, {"holder": "USA", "via": ["USA"]}
SHARES, SHARE = {"to": "", "shares": ["KOR", "JPN", "USA"]}, {"custody": "shares", "holders": ["JPN", "KOR", "USA"]}


def said(kind: str, body: dict[str, Any], item: str = "i") -> Statement:
    """A statement as a node prepared it."""
    told = (body["holder"],) if "holder" in body else ("USA",)
    return Statement(
        id="a", type=kind, at=datetime(2018, 1, 1, tzinfo=UTC), party="JPN", instrument="", parties=told,
        item=item, copy="c", signers=(), exercise=True, body=body,
    )  # fmt: skip


def test_what_was_asked_for_is_signed() -> None:
    one = said("transmit", BODY)
    assert means([one], ASKED)
    assert means([said("consent", CONSENT), said("transmit", BODY | LEG)], ASKED | HUB)
    both = [said("transmit", BODY | SHARE | {"holder": to, "destination": to}) for to in ("KOR", "USA")]
    assert means([said("consent", CONSENT | {"receivers": ["KOR", "USA"]}), *both], ASKED | SHARES)


def test_a_level_that_rose_is_read() -> None:
    """A document that draws on others takes their level: the act may name a higher one, and the officer reads it."""
    asked = ASKED | {"cites": ["x"], "level": "秘", "under": "jpn-kor-2016"}
    for level, lines in (("極秘", 1), ("秘", 0)):
        one = said("transmit", BODY | {"cites": [{"item": "x"}], "level": level})
        assert means([one], asked)
        assert [level in line for line in filled_in([one], asked)] == [True] * lines


LIES: dict[str, tuple[dict[str, Any], list[Statement]]] = {
    "nothing": ({}, []),
    "to another": ({}, [said("transmit", BODY | {"holder": "USA"})]),
    "for another": ({}, [said("transmit", BODY | {"destination": "USA"})]),
    "told to another": ({}, [replace(said("transmit", BODY), parties=("KOR", "USA"))]),
    "by the hub": ({}, [said("consent", CONSENT), said("transmit", BODY | LEG)]),
    "straight": (HUB, [said("transmit", BODY)]),
    "twice": ({}, [said("transmit", BODY)] * 2),
    "with a consent that nobody asked for": ({}, [said("consent", CONSENT), said("transmit", BODY)]),
    "with a consent to more": (
        HUB,
        [said("consent", CONSENT | {"receivers": ["USA", "KOR", "GBR"]}), said("transmit", BODY | LEG)],
    ),
    "with a consent for another item": (HUB, [said("consent", CONSENT, "other"), said("transmit", BODY | LEG)]),
    "with another act": ({}, [said("transmit", BODY), said("release", BODY)]),
    "another level": ({}, [said("transmit", BODY | {"level": "秘"})]),
    "another length": ({}, [said("transmit", BODY | {"plaintext_bytes": 6})]),
    "another subject": ({}, [said("transmit", BODY | {"subject": "x"})]),
    "another purpose": ({}, [said("transmit", BODY | {"purpose": "x"})]),
    "another title": ({}, [said("transmit", BODY | {"title": "x"})]),
    "another custody": ({}, [said("transmit", BODY | {"custody": "originator"})]),
    "another's item": ({}, [said("transmit", BODY | {"originator": "USA"})]),
    "a source": ({}, [said("transmit", BODY | {"cites": [{"item": "x"}]})]),
    "no source": ({"cites": ["x"]}, [said("transmit", BODY)]),
    "a lower level than its own beside a source": (
        {"cites": ["x"]},
        [said("transmit", BODY | {"cites": [{"item": "x"}], "level": "秘"})],
    ),
    "without whose information it holds": ({"contains": ["USA"]}, [said("transmit", BODY)]),
    "under another agreement": ({"under": "tisa-2014"}, [said("transmit", BODY)]),
    "as an answer to a request": ({}, [said("transmit", BODY | {"answers": "x"})]),
    "as no answer": ({"answers": "x"}, [said("transmit", BODY)]),
    "a condition certified": ({}, [said("transmit", BODY | {"met": {"x": ["paraphrased"]}})]),
    "a share to another": (
        SHARES,
        [
            said("consent", CONSENT | {"receivers": ["KOR", "USA"]}),
            *(said("transmit", BODY | SHARE | {"holder": to, "destination": to}) for to in ("KOR", "GBR")),
        ],
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_nothing_else_that_a_lying_node_prepared_is_signed(lie: str) -> None:
    words, statements = LIES[lie]
    assert not means(statements, ASKED | words)


def test_law_is_signed_in_no_other_version_than_this_release_has() -> None:
    version = offered_law().agreements["jpn-kor-2016"].version
    asked = {"act": "adopt-law", "names": ["jpn-kor-2016"]}
    law = replace(said("adopt-law", {"version": version}), instrument="jpn-kor-2016", parties=())
    assert means([law], asked)
    assert means([replace(law, instrument="own-2020", body={"version": "x"})], asked | {"names": ["own-2020"]})
    for lie in (
        [replace(law, body={"version": "0" * 64})],
        [replace(law, instrument="tisa-2014")],
        [law, law],
        [replace(law, type="accredit")],
        [],
    ):
        assert not means(lie, asked)
