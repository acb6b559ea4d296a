"""Acts about the house over the API: who may, what is done once, and that a command signs no other than was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from calling import Answer, Served, enrol, signatures
from stories import MARKS, Stage

from gsomia.cli.meaning.house import HOUSE
from gsomia.cli.meaning.prepared import means
from gsomia.cli.meaning.unsaid import unread, unsaid
from gsomia.keys import SigningKey
from gsomia.node import Acting, PersonDetails, Role, Statement, change_person, fingerprint, give_order, identity
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]

KIM = PersonDetails(id="kim", clearance="SECRET", needs=("dprk-missile",), rosters=("main", "north"))
SIGN_IN = SigningKey(bytes(range(64))).public.to_json()
SINCE = "2018-01-01T00:00:00.000000Z"


@pytest.fixture
def kor(stage: Stage, serve: Serve) -> Served:
    """Korea's API; Korea holds an item that came from Japan, and has a person and a second legal officer."""
    exercise = stage()
    exercise["JPN"].transmit(b"EXERCISE", to="KOR", level=MARKS["JPN"])
    exercise.settle()
    exercise.enter(KIM, "KOR")
    served = serve(exercise, "KOR")
    enrol(served, "kim-l", Role.LEGAL)
    return served


LEGAL = {
    "id": "jpn-kor-2016/x", "under": "jpn-kor-2016", "type": "declare-reading", "party": "KOR", "form": "note",
    "effective": SINCE, "source": "N 1", "confidence": "A", "word": "immediate",
}  # fmt: skip


def other_identity(kor: Served) -> dict[str, Any]:
    """The identity of a node that is no peer yet: Korea's own keys under another Party's name do for that."""
    return {**identity(kor.player.node, certificate=""), "party": "USA"}


def standing_order(kor: Served) -> str:
    """The one that Korea gave, which it gives where it has none."""
    node = kor.player.node
    with node.store.reading() as reader:
        given = [one.id for one in reader.orders()]
    if given:
        return given[0]
    until, by = node.clock.now() + timedelta(days=1), kor.player.by(Role.REGISTRY)
    return give_order(node, "JPN", "jpn-kor-2016", {"極秘": "군사II급비밀"}, until=until, by=by).id


def wanted(kor: Served) -> dict[str, dict[str, Any]]:
    """Each act about the house as a command asks for it."""
    item, usa = kor.player.copies()[0].item, other_identity(kor)
    said: dict[str, dict[str, Any]] = {
        "enter-person": {
            "person": "ahn", "clearance": "SECRET", "basis": "PSC 7", "expires": "2100-01-01T00:00:00.000000Z",
            "needs": ["dprk-missile"], "purposes": ["defence"], "rosters": ["south", "main", "south"],
            "house_roles": ["reader"], "accounts": [], "sign_in_keys": [SIGN_IN], "role": "official", "rank": "",
        },
        "change-person": {"person": "kim", "clearance": "CONFIDENTIAL", "rosters": ["south", "main"]},
        "strike-person": {"person": "kim", "why": "moved"},
        "brief": {"person": "kim", "what": "codes", "day": "2018-01-01", "until": ""},
        "enter-need": {"person": "kim", "item": item, "need": False, "why": "w"},
        "place": {"item": item, "facility": "north"},
        "assure": {"to": "JPN", "under": "jpn-kor-2016", "level": "SECRET"},
        "accredit": {"system": "s", "level": "SECRET"},
        "enrol-peer": {"identity": usa, "fingerprint": fingerprint(usa), "url": "parcel:"},
        "standing-order": {
            "to": "JPN", "under": "jpn-kor-2016", "marks": {"極秘": "군사II급비밀"}, "subjects": [],
            "until": "2018-02-01T00:00:00.000000Z",
        },
        "end-standing-order": {"order": standing_order(kor), "to": "JPN", "under": "jpn-kor-2016"},
        "enter-legal-acts": {"acts": [LEGAL], "note": {"reference": "N 1", "dated": "2018-01-01", "digest": "0" * 64}},
        "enrol-key": {"officer": "ahn-l", "person": "ahn", "roles": ["legal"], "key": SIGN_IN},
        "replace-key": {"officer": "kim-l", "key": SIGN_IN},
        "retire-key": {"officer": "kim-l"},
        "replace-node-key": {},
        "declare-key-compromised": {"party": "", "officer": "kim-l", "since": SINCE, "key": ""},
    }  # fmt: skip
    return {name: {"act": name, **words} for name, words in said.items()}


BY = dict.fromkeys(HOUSE, Role.SECURITY) | {
    "enter-need": Role.REGISTRY,
    "place": Role.REGISTRY,
    "standing-order": Role.REGISTRY,
    "end-standing-order": Role.REGISTRY,
    "enter-legal-acts": Role.LEGAL,
}
"""The role that signs each."""


def test_every_act_about_the_house_is_tried_here(kor: Served) -> None:
    assert {*wanted(kor)} == {*HOUSE}


@pytest.mark.parametrize("act", HOUSE)
def test_an_act_is_for_its_role_and_done_once(kor: Served, act: str) -> None:
    """The others are refused; the same request under one key is answered the same, and makes one act."""
    asked = wanted(kor)[act]
    for role in {*Role.ALL} - {BY[act]}:
        assert kor.ask("POST", "/v1/preparations", kor.player.by(role), asked).status == 403, role
    by = kor.player.by(BY[act])
    first, again = (kor.act(by, asked, key="one") for _ in range(2))
    assert (first.status, again.status) == (200, 200), first
    assert first.json()["acts"] == again.json()["acts"]
    told = first.json()["acts"]
    with kor.player.node.store.reading() as reader:
        assert all(reader.act(one) is not None for one in told) and len(told) == 1


def prepared(kor: Served, by: Acting, asked: Mapping[str, Any]) -> list[Statement]:
    """The statements that a node prepares."""
    answer = kor.ask("POST", "/v1/preparations", by, dict(asked))
    assert answer.status == 201, answer
    return [Statement.from_bytes(one.encode()) for one in answer.json()["statements"]]


FILLED_IN: dict[str, set[str]] = {
    "change-person": {
        "role",
        "rank",
        "basis",
        "expires",
        "needs",
        "purposes",
        "house_roles",
        "accounts",
        "sign_in_keys",
    },
    "replace-key": {"roles", "replaces"},
    "retire-key": {"key"},
    "declare-key-compromised": {"key"},
}
"""What the node's register alone knows, which is shown to the officer instead."""


@pytest.mark.parametrize("act", HOUSE)
def test_a_command_signs_no_word_but_those_it_was_given(kor: Served, act: str) -> None:
    """Every word of what an honest node prepared, altered one at a time."""
    asked = wanted(kor)[act]
    statements = prepared(kor, kor.player.by(BY[act]), asked)
    said = statements[0]
    assert means(statements, asked)
    assert {*unsaid([said], asked)} >= FILLED_IN.get(act, set())
    for name, word in said.body.items():
        other: Any = not word if isinstance(word, bool) else ["x"] if isinstance(word, list) else f"{word}x"
        lying = replace(said, body={**said.body, name: other})
        assert means([lying], asked) is (name in FILLED_IN.get(act, set())), name
    assert not means([replace(said, body={**said.body, "more": "x"})], asked)
    outside: dict[str, Any] = {"type": "mark", "instrument": "tisa-2014", "parties": ("USA",)}
    outside |= {"item": "" if said.item else "x", "copy": "" if said.copy else "x"}
    if act == "replace-node-key":
        del outside["parties"]  # every peer is told, and that is shown
    for name, other in outside.items():
        assert not means([replace(said, **{name: other})], asked), name
    assert not means([], asked)
    assert not means([said, said], asked)


def test_the_keys_that_end_with_a_person_are_theirs_to_read(kor: Served) -> None:
    """A node may add no act but that keys end; whose, the officer reads."""
    asked, by = wanted(kor)["strike-person"], kor.player.by(Role.SECURITY)
    enrol(kor, "kim", Role.REGISTRY)
    statements = prepared(kor, by, asked)
    assert [one.type for one in statements] == ["strike-person", "retire-key"] and means(statements, asked)
    assert unsaid(statements, asked)["officer"] == "kim"
    assert not means([statements[0], replace(statements[1], type="enrol-key")], asked)
    assert not means([statements[1], statements[0]], asked)
    named = {**asked, "keys": ["kim"]}
    assert means(statements, named) and unread(statements, asked) and not unread(statements, named)
    other = replace(statements[1], body={**statements[1].body, "officer": by.officer})
    for lies in ([*statements, other], [statements[0], other], statements[:1], [*statements, statements[1]]):
        assert not means(lies, named), "another officer's key, one too few, one twice"


def test_what_changed_meanwhile_is_not_overwritten(kor: Served) -> None:
    """A change is prepared of what stands; where another officer changes that first, nothing is entered."""
    by = kor.player.by(Role.SECURITY)
    told = kor.ask("POST", "/v1/preparations", by, wanted(kor)["change-person"]).json()
    change_person(kor.player.node, "kim", by=by, rank="major")
    answer = kor.ask("POST", f"/v1/preparations/{told['id']}/signatures", by, signatures(told, by))
    assert answer.status == 403 and "changed since it was prepared" in answer.json()["detail"]
    assert person(kor).json()["rank"] == "major"


def person(kor: Served) -> Answer:
    """What is entered of Kim."""
    return kor.ask("GET", "/v1/persons/kim", kor.player.by(Role.SECURITY))


def test_nobody_enters_themselves(kor: Served) -> None:
    """Under the person's own name as under the officer's: refused before anything is prepared."""
    by = kor.player.by(Role.SECURITY)
    for asked in (wanted(kor)["enter-person"], wanted(kor)["strike-person"], wanted(kor)["brief"]):
        answer = kor.ask("POST", "/v1/preparations", by, {**asked, "person": by.officer})
        assert answer.status == 403 and "themselves" in answer.json()["detail"], answer


def test_a_person_is_shown_to_who_may_see_persons_alone(kor: Served) -> None:
    """The others are told the same of one who is there and of one who is not."""
    assert person(kor).json()["rosters"] == "main, north"
    assert kor.ask("GET", "/v1/persons/nobody", kor.player.by(Role.SECURITY)).status == 404
    for role in (Role.DISCLOSURE, Role.REGISTRY, Role.LEGAL):
        known, unknown = (kor.ask("GET", f"/v1/persons/{name}", kor.player.by(role)) for name in ("kim", "nobody"))
        assert known.status == unknown.status == 403 and known.body == unknown.body


def test_lists_of_the_house_come_in_pages(kor: Served) -> None:
    """By cursor, or behind a name; a cursor is one list's."""
    by = kor.player.by(Role.SECURITY)
    page = kor.ask("GET", "/v1/rosters?limit=1", by).json()
    assert page["rosters"] == [{"facility": "main", "persons": 1}]
    rest = kor.ask("GET", f"/v1/rosters?limit=1&cursor={page['next']}", by).json()
    assert rest["rosters"] == [{"facility": "north", "persons": 1}] and rest["next"] is None
    assert kor.ask("GET", "/v1/rosters?after=main", by).json()["rosters"] == rest["rosters"]
    assert kor.ask("GET", f"/v1/persons?cursor={page['next']}", by).status == 400


@pytest.mark.parametrize("of", ["rosters", "persons"])
def test_no_name_is_nobody_s(kor: Served, of: str) -> None:
    answer = kor.ask("GET", f"/v1/{of}/", kor.player.by(Role.SECURITY))
    assert (answer.status, answer.json()["type"]) == (400, "urn:gsomia:problem:usage") and b"kim" not in answer.body


def test_the_acts_of_a_key(kor: Served) -> None:
    """Those it signed and no others, page by page; from an instant on."""
    by = kor.player.by(Role.SECURITY)
    key = by.key.public.fingerprint
    for _ in range(2):
        assert kor.act(by, wanted(kor)["brief"]).status == 200
    signed = kor.ask("GET", f"/v1/acts?key={key}", by).json()["acts"]
    assert {one["officers"] for one in signed} == {by.officer} and len(signed) > 2
    told, cursor = [], ""
    while cursor is not None:
        page = kor.ask("GET", f"/v1/acts?key={key}&limit=1{cursor and '&cursor='}{cursor}", by).json()
        told += page["acts"]
        cursor = page["next"]
    assert told == signed
    later = signed[-1]["at"].replace("+", "%2B")
    assert kor.ask("GET", f"/v1/acts?key={key}&since={later}", by).json()["acts"] == [
        one for one in signed if one["at"] == signed[-1]["at"]
    ]
    assert kor.ask("GET", f"/v1/acts?since={later}", by).status == 400
