"""Texts of consultations by a node's address: given and named with keys that lie where the command runs."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from calling import Served, enrol
from consulting import THREE, TWO, Talk
from speaking import Speak

from gsomia.cli.meaning.prepared import means
from gsomia.errors import PeerError
from gsomia.node import Role, Statement

MARK = ("--level", "極秘", "--wait", "0.2")


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A text."""
    file = tmp_path / "view.txt"
    file.write_text("We see a launch.\n", encoding="utf-8")
    return file


@pytest.mark.parametrize("parties", [TWO, THREE])
def test_a_position_and_a_draft_are_given_and_named(speak: Speak, text: Path, parties: tuple[str, ...]) -> None:
    """Every Party holds the text before the act names it; one officer signs both where the subject is a threat."""
    one = speak(parties)
    status, out, err = one(Role.DISCLOSURE, "position", one.talk.id[:8], text, *MARK)
    assert status == 0 and out.startswith("position 1 stated by act "), err
    assert f"to sign `circulate`: to {', '.join(parties[1:])}; subject dprk-missile" in err
    for party in parties[1:]:
        assert [said.party for said in one.talk.at(party).positions][:1] == ["JPN"]
    for party in parties[1:]:
        one.talk.position(party)
    status, out, err = one(Role.DISCLOSURE, "draft", one.talk.id, text, *MARK)
    assert status == 0 and out.startswith("version 1 proposed by act "), err
    one.talk.draft("KOR", "We warn first.\n")
    status, out, err = one(Role.DISCLOSURE, "draft", one.talk.id, text, "--on", "2", *MARK)
    assert status == 0 and out.startswith("version 3 proposed by act "), err
    assert [(said.number, said.party) for said in one.talk.at("KOR").drafts] == [(1, "JPN"), (2, "KOR"), (3, "JPN")]
    status, _, err = one(Role.DISCLOSURE, "draft", one.talk.id, text, "--on", "1", *MARK)
    assert status == 3, "on an old version: refused before anything goes"


def test_two_officers_give_and_speak(speak: Speak, text: Path) -> None:
    """Where the subject is the legal officer's, the key of who gives the text lies beside, or is at another machine."""
    one = speak(about="arrangement", reference="5")
    status, out, err = one(Role.LEGAL, "position", one.talk.id, text, *MARK)
    assert (status, out) == (3, "") and "disclosure" in err
    assert one.served.player.copies() == []
    status, out, err = one(
        Role.LEGAL, "position", one.talk.id, text, "--disclosure", one.officer(Role.DISCLOSURE), *MARK
    )
    assert status == 0 and out.startswith("position 1 stated"), err
    one.talk.position("KOR")
    status, out, err = one(Role.DISCLOSURE, "draft", one.talk.id, text, *MARK)
    assert (status, out) == (3, "") and "--text" in err
    item = err.split("--text ")[1].split("`")[0]
    status, out, err = one(Role.LEGAL, "draft", one.talk.id, "--text", item)
    assert status == 0 and out.startswith("version 1 proposed"), err


def test_a_role_that_may_not_gives_nothing(speak: Speak, text: Path) -> None:
    one = speak()
    for words in (("position", one.talk.id, text), ("draft", one.talk.id, text)):
        for role in (Role.REGISTRY, Role.LEGAL):
            status, out, err = one(role, *words, *MARK)
            assert (status, out) == (3, "") and "is for" in err, err
    assert one.served.player.copies() == []


def test_a_text_that_waits_is_named_once_it_has_arrived(speak: Speak, text: Path) -> None:
    one = speak()

    def cut(*_: object) -> Any:
        raise PeerError("the wire is cut")

    one.talk.exercise.wire.fault = cut
    status, _, err = one(Role.DISCLOSURE, "position", one.talk.id, text, *MARK)
    assert status == 6 and "--text" in err, err
    item = err.split("--text ")[1].split("`")[0]
    assert one(Role.DISCLOSURE, "position", one.talk.id, "--text", item)[0] == 3, "it has not arrived"
    one.talk.exercise.wire.fault = None
    one.talk.exercise.settle()
    assert one(Role.DISCLOSURE, "position", one.talk.id, "--text", item)[0] == 0
    for words in ((), (text, "--text", item), (text,)):
        assert one(Role.DISCLOSURE, "position", one.talk.id, *words)[0] == 2


def circulating(served: Served, talk: Talk) -> dict[str, Any]:
    """A text that was sent up, to be given as a position."""
    data = b"We hold."
    name, headers = hashlib.sha256(data).hexdigest(), {"upload-offset": "0", "upload-length": str(len(data))}
    assert served.ask("PATCH", f"/v1/contents/{name}", served.player.by(Role.DISCLOSURE), data, headers).status == 200
    return {
        "act": "circulate", "content": name, "consultation": talk.id, "kind": "state-position", "level": "極秘",
        "title": "t", "mime_type": "text/plain",
    }  # fmt: skip


def test_a_repeat_gives_it_once(speak: Speak) -> None:
    """Under one key the same text goes once; what was not signed leaves nothing."""
    one = speak(THREE)
    by, wanted = one.served.player.by(Role.DISCLOSURE), circulating(one.served, one.talk)
    first, again = (one.served.act(by, wanted, key="one") for _ in range(2))
    assert first.status == again.status == 200 and first.json()["acts"] == again.json()["acts"]
    assert len(one.served.player.copies()) == 2
    other = enrol(one.served, "abe", Role.DISCLOSURE)
    assert one.served.ask("POST", "/v1/preparations", other, wanted).status == 400, "a content is its sender's alone"
    for words in ({"consultation": "nothing"}, {"kind": "sign-joint-text"}, {"content": "x"}, {"level": ""}):
        answer = one.served.ask("POST", "/v1/preparations", by, {**wanted, **words})
        assert answer.status in (400, 422), answer


def test_a_command_signs_no_other_transmission_that_a_lying_node_prepared(speak: Speak) -> None:
    one = speak(THREE)
    wanted = circulating(one.served, one.talk)
    answer = one.served.ask("POST", "/v1/preparations", one.served.player.by(Role.DISCLOSURE), wanted)
    both = [Statement.from_bytes(said.encode()) for said in answer.json()["statements"]]
    asked = {**wanted, "on": [], "cites": [], "as_is": False, "size": 8}
    assert means(both, asked)
    (first, second) = both
    for name, word in (
        ("title", "x"), ("mime_type", "x"), ("level", "秘"), ("plaintext_bytes", 9), ("custody", "originator"),
        ("via", ["USA"]), ("destination", "USA"), ("holder", "JPN"), ("subject", "x"), ("originator", "KOR"),
        ("answers", "x"), ("cites", ["x"]),
    ):  # fmt: skip
        lying = replace(first, body={**first.body, name: word})
        assert not means([lying, second], asked), name
    for lies in ([], [first, first], [first, replace(second, item="x")], [replace(first, type="release"), second],
                 [replace(first, parties=("KOR", "USA")), second]):  # fmt: skip
        assert not means(lies, asked)
