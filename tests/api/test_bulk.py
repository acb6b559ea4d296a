"""Lists in which one thing is forbidden among those that are allowed: it takes all of them with it, or it is hidden."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from calling import Answer, Served
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from programs import Program, follow
from stories import MARKS, Stage, once

from gsomia.keys import SigningKey
from gsomia.node import (
    Acting,
    PersonDetails,
    Role,
    ask_consent,
    brief,
    enrol_officer,
    give_consent,
    mark,
    place,
    receipt,
)
from gsomia.testing import Exercise
from gsomia.web import public_jwk

Serve = Callable[[Exercise, str], Served]

KIM = PersonDetails(
    id="kim", clearance="SECRET", needs=("dprk-missile",), rosters=("main",), house_roles=(Role.READER,)
)
TEXT = b"a new document"


@pytest.fixture
@once
def three(stage: Stage) -> Exercise:
    """Korea holds two items of Japan's; Japan consents that one of them goes on to the United States."""
    found = stage("JPN", "KOR", "USA")
    found["JPN"].transmit(b"one", to="KOR", level=MARKS["JPN"])
    found["JPN"].transmit(b"other", to="KOR", level=MARKS["JPN"], subject="chn-navy")
    found.settle()
    korea = found["KOR"]
    for copy in korea.copies():
        mark(korea.node, copy.id, MARKS["KOR"], by=korea.by(Role.REGISTRY))
        receipt(korea.node, copy.id, by=korea.by(Role.REGISTRY))
    found.settle()
    (request,) = ask_consent(korea.node, korea.copies()[0].id, "USA", "x", by=korea.by(Role.DISCLOSURE))
    found.settle()
    give_consent(found["JPN"].node, request.id, None, by=found["JPN"].by(Role.DISCLOSURE))
    found.settle()
    return found


@pytest.fixture
def kor(three: Exercise, serve: Serve) -> Served:
    return serve(three, "KOR")


def numbers(kor: Served) -> tuple[str, str]:
    """The control numbers of the item that may go on, and of the one that may not."""
    one, other = (copy.control_number for copy in kor.player.copies())
    return one, other


def consent(kor: Served) -> str:
    with kor.player.node.store.reading() as reader:
        return reader.consents()[0].id


def reader_of(kor: Served) -> Acting:
    """Who may see the one item alone; signs in with a legal officer's key."""
    key = SigningKey.generate()
    enrol_officer(kor.player.node, "kim-k", [Role.LEGAL], key.public, by=kor.player.by(Role.SECURITY), person="kim")
    return Acting(officer="kim-k", key=key)


def transmission(kor: Served, **words: Any) -> Answer:
    """A new document to the United States."""
    by, content = kor.player.by(Role.DISCLOSURE), hashlib.sha256(TEXT).hexdigest()
    sent = {"upload-offset": "0", "upload-length": str(len(TEXT))}
    if kor.ask("GET", f"/v1/contents/{content}", by).status == 404:
        assert kor.ask("PATCH", f"/v1/contents/{content}", by, TEXT, sent).status == 200
    body = {"act": "transmit", "content": content, "to": "USA", "level": MARKS["KOR"], "subject": "dprk-missile"}
    return kor.ask("POST", "/v1/preparations", by, body | words)


def sealed(kor: Served) -> set[str]:
    return {path.name for path in (kor.player.folder / "items").iterdir()}


def question(kor: Served, **words: Any) -> Answer:
    body = {"to": "JPN", "level": MARKS["KOR"], "subject": "dprk-missile"}
    return kor.ask("POST", "/v1/verdicts/transmit", kor.player.by(Role.DISCLOSURE), body | words)


def token(kor: Served, acts: list[str]) -> Answer:
    body = {"jwk": public_jwk(generate_private_key(SECP256R1())), "acts": acts, "minutes": 5}
    return kor.ask("POST", "/v1/tokens", kor.player.by(Role.REGISTRY), body)


def released(kor: Served, certify: list[str]) -> Answer:
    body = {"act": "release", "item": numbers(kor)[0], "to": "USA", "certify": certify}
    return kor.ask("POST", "/v1/preparations", kor.player.by(Role.DISCLOSURE), body)


Asking = Callable[[Served, list[str]], Answer]
GIVEN: dict[str, tuple[Asking, Callable[[Served], list[str]], Callable[[Served], str]]] = {
    "sources": (lambda k, given: transmission(k, cites=given), lambda k: [numbers(k)[0]], lambda k: numbers(k)[1]),
    "sources that nobody holds": (
        lambda k, given: transmission(k, cites=given), lambda k: [numbers(k)[0]], lambda _: "nothing"
    ),
    "consents of a release": (released, lambda k: [consent(k)], lambda _: "nothing"),
    "consents of a transmission": (
        lambda k, given: transmission(k, cites=[numbers(k)[0]], certify=given),
        lambda k: [consent(k)],
        lambda _: "nothing",
    ),
    "Parties whose information it contains": (
        lambda k, given: question(k, contains=given), lambda _: ["JPN", "KOR"], lambda _: "XXX"
    ),
    "acts left out": (
        lambda k, given: question(k, without=given),
        lambda k: [a.legal.id for a in record(k)[:2]],
        lambda _: "nothing",
    ),
    "acts of a token": (token, lambda _: ["see-register", "mark"], lambda _: "enter-person"),
    "acts of a token that nobody knows": (token, lambda _: ["see-register", "mark"], lambda _: "everything"),
}  # fmt: skip


def record(kor: Served) -> list[Any]:
    with kor.player.node.store.reading() as reader:
        return list(reader.record())


@pytest.mark.parametrize("what", GIVEN)
def test_one_that_is_forbidden_among_the_allowed_takes_all_with_it(kor: Served, what: str) -> None:
    """First, in the middle, last: the whole is refused, nothing is made of the rest; without it the whole is done."""
    asked, allowed, forbidden = GIVEN[what]
    good, bad = allowed(kor), forbidden(kor)
    assert asked(kor, good).status in (200, 201), "the allowed alone are done"
    made = len(kor.ask("GET", "/v1/tokens", kor.player.by(Role.REGISTRY)).json()["tokens"])
    before, copies = sealed(kor), kor.player.copies()
    for place_ in range(len(good) + 1):
        answer = asked(kor, [*good[:place_], bad, *good[place_:]])
        assert answer.status in (400, 403, 404), (place_, answer)
        assert asked(kor, [bad]).status == answer.status, "alone it is refused alike"
    assert (sealed(kor), kor.player.copies()) == (before, copies)
    assert len(kor.ask("GET", "/v1/tokens", kor.player.by(Role.REGISTRY)).json()["tokens"]) == made


def test_a_stream_tells_of_the_one_and_nothing_of_the_other(kor: Served, three: Exercise) -> None:
    """Acts about either item, and one about a person: who may see one item sees its acts."""
    three.enter(KIM, "KOR")
    program, node, registry = Program(kor, reader_of(kor), "see-item"), kor.player.node, kor.player.by(Role.REGISTRY)
    shown, hidden = (copy.item for copy in kor.player.copies())

    def work() -> None:
        for number in (*numbers(kor), *reversed(numbers(kor))):
            place(node, number, "main", by=registry)
        brief(node, "kim", "x", "2018-01-01", by=kor.player.by(Role.SECURITY))

    parts, _ = kor.loop.run_until_complete(follow(kor, None, work, headers=program.headers("GET", "/v1/events")))
    told = b"".join(parts).decode()
    assert told.count("event: place") == 2 == told.count("event: ") and told.count(shown) >= 2
    assert hidden not in told and numbers(kor)[1] not in told


def test_of_an_item_with_a_copy_that_is_hidden_nothing_is_shown(kor: Served, three: Exercise) -> None:
    """Copies in two rooms: under the item's id, the one that may not be known of takes the other with it."""
    three.enter(KIM, "KOR")
    three.enter(replace(KIM, id="lee", rosters=("annex",)), "KOR")
    kim, item = reader_of(kor), kor.player.copies()[0].item
    wanted = {"act": "release", "item": numbers(kor)[0], "to": "USA", "certify": [consent(kor)]}
    assert kor.act(kor.player.by(Role.DISCLOSURE), wanted).status == 200
    held, _ = (copy for copy in kor.player.copies() if copy.item == item)
    assert len(kor.ask("GET", f"/v1/copies/{item}", kim).json()["copies"]) == 2
    place(kor.player.node, held.id, "annex", by=kor.player.by(Role.REGISTRY))
    nothing = kor.ask("GET", "/v1/copies/nothing", kim)
    for name in (item, held.id, held.control_number):
        hidden = kor.ask("GET", f"/v1/copies/{name}", kim)
        assert (hidden.status, hidden.body) == (404, nothing.body), name


def test_of_an_item_with_a_copy_that_is_hidden_no_stream_tells(kor: Served, three: Exercise) -> None:
    """As `GET` shows nothing of it, from the act on by which the one copy goes out of sight."""
    three.enter(KIM, "KOR")
    three.enter(replace(KIM, id="lee", rosters=("annex",)), "KOR")
    program, item = Program(kor, reader_of(kor), "see-item"), kor.player.copies()[0].item
    wanted = {"act": "release", "item": numbers(kor)[0], "to": "USA", "certify": [consent(kor)]}
    assert kor.act(kor.player.by(Role.DISCLOSURE), wanted).status == 200
    held = next(copy for copy in kor.player.copies() if copy.item == item)
    registry = kor.player.by(Role.REGISTRY)

    def shown() -> None:
        place(kor.player.node, held.id, "main", by=registry)

    def hidden() -> None:
        for facility in ("annex", "annex"):
            place(kor.player.node, held.id, facility, by=registry)

    given = program.headers("GET", "/v1/events")
    parts, _ = kor.loop.run_until_complete(follow(kor, None, shown, hidden, headers=given))
    assert b"".join(parts).count(b"event: ") == 1


@pytest.mark.parametrize("acts", [("see-item",), ("see-item", "see-officers"), ("see-acts",)])
def test_a_stream_names_officers_to_those_who_may_see_them(kor: Served, three: Exercise, acts: tuple[str, ...]) -> None:
    three.enter(KIM, "KOR")
    program, registry = Program(kor, reader_of(kor), *acts), kor.player.by(Role.REGISTRY)

    def work() -> None:
        place(kor.player.node, numbers(kor)[0], "main", by=registry)

    parts, _ = kor.loop.run_until_complete(follow(kor, None, work, headers=program.headers("GET", "/v1/events")))
    told = b"".join(parts).decode()
    assert told.count("event: place") == 1 and (registry.officer in told) is (acts != ("see-item",))


LISTS = [
    "copies", "acts", "logs", "persons", "inbox", "consents", "requests", "recalls", "regraded", "outbox", "refused",
    "record", "officers", "sessions",
]  # fmt: skip


def test_who_may_see_one_item_lists_none(kor: Served, three: Exercise) -> None:
    """No list is cut to what the caller may see, with a count or a cursor that says how much was left out."""
    three.enter(KIM, "KOR")
    kim = reader_of(kor)
    program = Program(kor, kim, "see-item", "see-law")
    for name in LISTS:
        answer = kor.ask("GET", f"/v1/{name}?limit=1", None, headers=program.headers("GET", f"/v1/{name}"))
        assert answer.status == 403, name
    named = {word for copy in kor.player.copies() for word in (copy.item, copy.id, copy.control_number)}
    told = kor.ask("GET", "/v1/duties?party=KOR", None, headers=program.headers("GET", "/v1/duties"))
    assert told.status == 200 and not any(word in told.body.decode() for word in named)
    path = f"/v1/copies/{numbers(kor)[0]}"
    assert kor.ask("GET", path, None, headers=program.headers("GET", path)).status == 200


def test_lists_of_lists_are_no_words(kor: Served) -> None:
    """Where one is named a list of several is none: neither as JSON nor in the query, nor joined into one word."""
    one, other = numbers(kor)
    registry = kor.player.by(Role.REGISTRY)
    for item in ([one, other], [one], {"0": one}, f"{one},{other}", f"{one}\n{other}", f"{one} {other}"):
        answer = kor.ask("POST", "/v1/preparations", registry, {"act": "mark", "item": item, "level": MARKS["KOR"]})
        assert answer.status in (400, 404), item
    for query in itertools.permutations((f"item={one}", f"item={other}")):
        assert kor.ask("GET", f"/v1/acts?{'&'.join(query)}", kor.player.by(Role.SECURITY)).status == 400
