"""Consultations over the API: the objects of the folder, the officer of the subject, and contents to readers alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from calling import Served
from consulting import TWO, Talk, opened
from stories import Stage, official

from gsomia.cli.meaning.prepared import means
from gsomia.keys import SigningKey
from gsomia.node import Acting, Role, Statement, change_person, enrol_officer, standing_of, standing_row, standing_view
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]

OPEN = {
    "act": "open-consultation", "about": "threat", "reference": "dprk-launch", "title": "EXERCISE",
    "under": "jpn-kor-2016", "others": ["KOR"], "subject": "dprk-missile", "purpose": "defence",
}  # fmt: skip


@pytest.fixture
def talk(stage: Stage) -> Talk:
    """A consultation of two, with a draft of each."""
    talk = opened(stage(*TWO))
    for party in TWO:
        talk.position(party, f"the position of {party}")
    talk.draft("JPN", "We warn at once.\n")
    talk.draft("KOR", "We warn first.\n")
    talk.receive("JPN", "2")
    return talk


@pytest.fixture
def jpn(talk: Talk, serve: Serve) -> Served:
    """Japan's API."""
    return serve(talk.exercise, "JPN")


def told(served: Served, path: str) -> dict[str, Any]:
    """An answer, without what every answer has."""
    answer = served.ask("GET", f"/v1/{path}", served.player.by(Role.DISCLOSURE))
    assert answer.status == 200, answer
    return {name: value for name, value in answer.json().items() if name not in ("schema", "exercise")}


def test_what_is_told_is_what_the_commands_tell(jpn: Served, talk: Talk) -> None:
    """By the id and by the beginning of it; to who may see consultations, and nobody else."""
    with jpn.player.node.store.reading() as reader:
        standing = standing_of(reader, reader.consultations()[0])
        row, view = standing_row(standing), standing_view(jpn.player.node, reader, standing)
    assert told(jpn, "consultations") == {"consultations": [json.loads(json.dumps(row))], "next": None}
    for name in (talk.id, talk.id[:8]):
        assert told(jpn, f"consultations/{name}") == json.loads(json.dumps(view))
    assert jpn.ask("GET", "/v1/consultations/nothing", jpn.player.by(Role.LEGAL)).status == 404


def test_the_list_comes_in_pages(jpn: Served) -> None:
    for _ in range(2):
        assert jpn.act(jpn.player.by(Role.DISCLOSURE), OPEN).status == 200
    whole = told(jpn, "consultations")["consultations"]
    page = told(jpn, "consultations?limit=2")
    rest = told(jpn, f"consultations?limit=2&cursor={page['next']}")
    assert page["consultations"] + rest["consultations"] == whole and len(whole) == 3 and rest["next"] is None


def test_an_act_is_for_the_officer_of_the_subject_and_done_once(jpn: Served, talk: Talk) -> None:
    """A threat is the disclosure officer's; registry and security officers take part in none."""
    for role, says in ((Role.LEGAL, "disclosure"), (Role.REGISTRY, "is for"), (Role.SECURITY, "is for")):
        answer = jpn.ask("POST", "/v1/preparations", jpn.player.by(role), OPEN)
        assert answer.status == 403 and says in answer.json()["detail"], answer
    by = jpn.player.by(Role.DISCLOSURE)
    first, again = (jpn.act(by, OPEN, key="one") for _ in range(2))
    assert first.status == again.status == 200 and first.json()["acts"] == again.json()["acts"]
    signing = {"act": "sign-joint-text", "consultation": talk.id, "version": "2", "sha256": "0" * 64}
    assert jpn.ask("POST", "/v1/preparations", by, signing).status == 403, "another text"
    assert jpn.act(by, {**signing, "sha256": ""}).status == 200
    assert jpn.act(by, {**signing, "sha256": ""}).status == 403, "signed before"
    closing = {"act": "close-consultation", "consultation": talk.id}
    assert jpn.act(by, closing).status == 200 and jpn.act(by, closing).status == 403
    for name in ("nothing", ""):
        assert jpn.ask("POST", "/v1/preparations", by, {**closing, "consultation": name}).status == 400
    standing = talk.at("JPN")
    assert {one.party for one in standing.signatures} == standing.ended == {"JPN"}


def test_a_text_that_has_arrived_is_stated(stage: Stage, serve: Serve) -> None:
    talk = opened(stage(*TWO))
    jpn, item = serve(talk.exercise, "JPN"), talk.give("JPN", "we hold", "state-position")
    answer = jpn.act(jpn.player.by(Role.DISCLOSURE), {"act": "state-position", "consultation": talk.id, "item": item})
    assert answer.status == 200, answer
    assert [one["item"] for one in told(jpn, f"consultations/{talk.id}")["positions"]] == [item]


def test_a_text_that_has_arrived_is_proposed(jpn: Served, talk: Talk) -> None:
    item = talk.give("JPN", "We warn twice.", on=["2"])
    wanted = {"act": "propose-draft", "consultation": talk.id, "item": item, "on": ["2"]}
    assert jpn.act(jpn.player.by(Role.DISCLOSURE), wanted).status == 200
    assert told(jpn, f"consultations/{talk.id}")["drafts"][-1]["item"] == item


def reader_at(jpn: Served, **words: Any) -> Acting:
    """A reader, who signs in with a registry officer's key."""
    by = jpn.player.by(Role.SECURITY)
    change_person(jpn.player.node, "kim", by=by, house_roles=("reader",), **words)
    key = SigningKey.generate()
    enrol_officer(jpn.player.node, "kim-r", [Role.REGISTRY], key.public, by=by, person="kim")
    return Acting(officer="kim-r", key=key)


def test_drafts_are_compared_by_a_reader_for_themselves(jpn: Served, talk: Talk) -> None:
    """Another Party's text is opened for the reader, by an act; nobody reads for another, and no officer as such."""
    talk.exercise.enter(official("kim"), "JPN")
    kim = reader_at(jpn)
    path, asked = f"/v1/consultations/{talk.id}/differences", {"old": "1", "new": "2"}
    answer = jpn.ask("POST", path, kim, asked)
    assert answer.status == 200 and {"kind": "added", "text": "first"} in answer.json()["changes"], answer
    with jpn.player.node.store.reading() as reader:
        assert {act.statement.body["person"] for act in reader.acts(types=["access"])} == {"kim"}
    for by, body in ((jpn.player.by(Role.DISCLOSURE), asked), (kim, {**asked, "person": "lee"})):
        answer = jpn.ask("POST", path, by, body)
        assert answer.status == 403 and b"first" not in answer.body
    assert jpn.ask("POST", path, kim, {**asked, "new": "9"}).status == 400
    assert jpn.ask("POST", "/v1/consultations/nothing/differences", kim, asked).status == 404


def test_a_version_whose_text_has_not_come_is_compared_with_none(
    jpn: Served, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk.exercise.enter(official("kim"), "JPN")
    kim, node = reader_at(jpn), jpn.player.node
    with node.store.reading() as reader:
        kind, found = type(reader), type(reader).item
        (late,) = (one.item for one in standing_of(reader, reader.consultations()[0]).drafts if one.party == "KOR")
    monkeypatch.setattr(kind, "item", lambda self, item: None if item == late else found(self, item))
    answer = jpn.ask("POST", f"/v1/consultations/{talk.id}/differences", kim, {"old": "1", "new": "2"})
    assert answer.status == 400 and b"version `2`" in answer.body, answer


@pytest.mark.parametrize("lacking", [{"clearance": "CONFIDENTIAL"}, {"needs": ("other",)}, {"rosters": ("north",)}])
def test_a_text_of_one_s_own_is_not_shown_to_who_could_open_no_such_item(
    jpn: Served, talk: Talk, lacking: dict[str, Any]
) -> None:
    """No verdict opens what this Party wrote; clearance, need and roster count for it all the same."""
    talk.exercise.enter(official("kim"), "JPN")
    kim = reader_at(jpn, **lacking)
    answer = jpn.ask("POST", f"/v1/consultations/{talk.id}/differences", kim, {"old": "1", "new": "1"})
    assert answer.status == 403 and b"warn" not in answer.body, answer


def prepared(jpn: Served, asked: dict[str, Any]) -> Statement:
    """The statement that an honest node prepares."""
    answer = jpn.ask("POST", "/v1/preparations", jpn.player.by(Role.DISCLOSURE), asked)
    assert answer.status == 201, answer
    (said,) = answer.json()["statements"]
    return Statement.from_bytes(said.encode())


def test_a_command_signs_nothing_else_that_a_lying_node_prepared(jpn: Served, talk: Talk) -> None:
    said = prepared(jpn, OPEN)
    assert means([said], OPEN) and not means([said, said], OPEN)
    for name in ("about", "reference", "title", "subject", "purpose", "order"):
        lying = replace(said, body={**said.body, name: ["JPN", "USA"] if name == "order" else "x"})
        assert not means([lying], OPEN), name
    for words in ({"parties": ("USA",)}, {"instrument": "tisa-2014"}, {"item": "x"}, {"type": "close-consultation"}):
        assert not means([replace(said, **words)], OPEN)
    signing: dict[str, Any] = {"act": "sign-joint-text", "consultation": talk.id[:8], "version": "2", "sha256": ""}
    said = prepared(jpn, signing)
    held = {**signing, "sha256": said.body["text"]}
    assert means([said], signing) and means([said], held)
    assert not means([replace(said, body={**said.body, "text": "0" * 64})], held)
    assert not means([replace(said, body={**said.body, "consultation": "another"})], signing)
    assert not means([replace(said, body={**said.body, "more": "x"})], signing)
