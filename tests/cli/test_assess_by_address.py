"""An assessment by a node's address: each view goes as the officer's own file gives it, or nothing is signed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from consulting import THREE
from portions import document, plaintext, portion, seen
from speaking import Speak
from stories import holds, same_story

from gsomia.errors import PeerError
from gsomia.node import Role, mark, receipt, release

DATA = document(portion("For Korea.", "KOR", mark="極秘"), portion("For all again.", "KOR", "USA"))
BEFORE = "2015-06-01T12:00:00+09:00"
"""Before the agreement of 2016 a view of Korea's goes through the hub."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The assessment."""
    path = tmp_path / "assessment.toml"
    path.write_bytes(DATA)
    return path


def rows(out: str) -> list[dict[str, str]]:
    """The views, as a program reads them."""
    found: list[dict[str, str]] = json.loads(out)["views"]
    return found


def test_each_view_is_looked_at_given_and_presented(speak: Speak, file: Path) -> None:
    one = speak(THREE)
    for party in ("KOR", "USA"):
        status, out, err = one(Role.DISCLOSURE, "assess", one.talk.id[:8], file, "--preview", party)
        assert (status, out) == (0, seen(one.talk, DATA)[party]), err
    assert one(Role.DISCLOSURE, "assess", one.talk.id, file, "--preview", "GBR")[0] == 2
    assert one.served.player.copies() == []
    texts = seen(one.talk, DATA)
    status, out, err = one(Role.DISCLOSURE, "assess", one.talk.id[:8], file, "--json")
    assert status == 0, err
    assert "to sign `assess`: the view of KOR: level 極秘; portions 1, 2, 3; subject dprk-missile" in err
    views = {row["party"]: row for row in rows(out)}
    assert {(row["state"], row["through"]) for row in views.values()} == {("presented", "")}
    exercise = one.talk.exercise
    for party in ("KOR", "USA"):
        assert plaintext(exercise, party, views[party]["item"]).decode() == texts[party]
    with one.served.player.node.store.reading() as reader:
        (bound,) = reader.acts(types=["assess"])
        given = [*reader.acts(types=["transmit"])]
        assert {act.size for act in given} == {1}, "under one signature an act would hold the hash of another's"
        assert len({act.statement.at for act in (*given, bound)}) == 1
    told = json.loads(one(Role.DISCLOSURE, "show", one.talk.id, "--json")[1])
    assert {view["act"] for view in told["given"]} == {row["act"] for row in views.values()}
    same_story(exercise)
    holds(exercise)


def test_what_the_command_cannot_read_or_may_not_do_gives_nothing(speak: Speak, file: Path, tmp_path: Path) -> None:
    one = speak(THREE)
    bad = tmp_path / "bad.toml"
    for data, status in (
        (b"title =", 2), (document(portion("see JPN-2018-000001", "KOR")), 2),
        (('title = "x"\n' + portion("For Korea.", "KOR")).encode(), 3),
    ):  # fmt: skip
        bad.write_bytes(data)
        assert one(Role.DISCLOSURE, "assess", one.talk.id, bad)[0] == status
    assert one(Role.DISCLOSURE, "assess", "nothing", file)[0] == 2
    assert one(Role.DISCLOSURE, "assess", one.talk.id)[0] == 2
    assert one(Role.DISCLOSURE, "assess", one.talk.id, tmp_path / "none")[0] == 1
    for role in (Role.REGISTRY, Role.LEGAL):
        status, out, err = one(role, "assess", one.talk.id, file)
        assert (status, out) == (3, ""), err
    status, out, err = one.run(Role.DISCLOSURE, "consult", "assess", one.talk.id, file)
    assert status == 2 and "nobody is there to read" in err
    assert one.served.player.copies() == [] and one(Role.DISCLOSURE, "assess", one.talk.id, file)[0] == 0


def test_two_officers_each_sign_what_is_theirs(speak: Speak, file: Path) -> None:
    """The legal officer speaks, the disclosure officer gives: with both keys here, or at two machines."""
    one = speak(THREE, about="arrangement", reference="4")
    discloses = one.officer(Role.DISCLOSURE)
    assert one(Role.LEGAL, "assess", one.talk.id, file)[0] == 3, "who speaks discloses nothing"
    status, out, err = one(Role.LEGAL, "assess", one.talk.id, file, "--disclosure", discloses, "--json")
    assert status == 0 and {row["state"] for row in rows(out)} == {"presented"}, err
    with one.served.player.node.store.reading() as reader:
        roles = {
            act.statement.type: [signer.role for signer in act.statement.signers]
            for act in reader.acts(types=["assess", "transmit", "present-view"])
        }
    assert roles == {
        "assess": ["node", "legal"], "transmit": ["node", "disclosure"], "present-view": ["node", "legal"],
    }  # fmt: skip
    one.key(discloses).rename(one.key("elsewhere"))
    status, out, err = one(Role.LEGAL, "assess", one.talk.id, file, "--disclosure", discloses)
    assert (status, out) == (6, ""), err
    sign = err.split("`gsomia ")[1].split("`")[0].split()
    one.key("elsewhere").rename(one.key(discloses))
    status, out, err = one.run(Role.DISCLOSURE, *sign, "--yes")
    assert status == 0 and "assess done by act" in out, err
    status, out, err = one(Role.LEGAL, "assess", one.talk.id, file, "--json")
    assert status == 0 and {row["state"] for row in rows(out)} == {"presented"}, err
    holds(one.talk.exercise)


def test_a_view_through_the_hub_waits_there_and_is_presented_by_its_item(speak: Speak, file: Path) -> None:
    one = speak(THREE, at=BEFORE)
    status, out, err = one(Role.DISCLOSURE, "assess", one.talk.id, file, "--preview", "KOR")
    assert status == 0 and "For Korea" not in out
    assert "It goes through USA, which reads all of it." in err and "do not name USA: portions 2." in err
    status, out, err = one(Role.DISCLOSURE, "assess", one.talk.id, file, "--json")
    assert status == 6 and "the view of KOR lies at USA" in err and "--text" in err, err
    assert "the view of KOR through USA, which reads all of it: level 秘; portions 1, 3; not in it 2" in err
    views = {row["party"]: row for row in rows(out)}
    assert (views["KOR"]["through"], views["KOR"]["state"], views["KOR"]["act"]) == ("USA", "at USA", "")
    assert (views["USA"]["through"], views["USA"]["state"]) == ("", "presented")
    item, america = views["KOR"]["item"], one.talk.exercise["USA"]
    assert one(Role.DISCLOSURE, "assess", one.talk.id, "--text", item)[0] == 3, "it has not arrived"
    assert item in one(Role.DISCLOSURE, "show", one.talk.id)[1]
    mark(america.node, item, "CONFIDENTIAL", by=america.by(Role.REGISTRY))
    receipt(america.node, item, by=america.by(Role.REGISTRY))
    release(america.node, item, "KOR", by=america.by(Role.DISCLOSURE))
    one.talk.exercise.settle()
    status, out, err = one(Role.DISCLOSURE, "assess", one.talk.id, "--text", item)
    assert status == 0 and out.startswith("presented to KOR by act "), err
    assert "to KOR" in err, "who is told is shown before it is signed"
    holds(one.talk.exercise)


def test_a_command_that_ended_early_is_completed_by_a_repeat(speak: Speak, file: Path) -> None:
    """Cut off before the views have arrived: the same ones are presented later, and none goes twice."""
    one = speak(THREE)

    def cut(*_: object) -> Any:
        raise PeerError("the wire is cut")

    one.talk.exercise.wire.fault = cut
    status, out, err = one(Role.DISCLOSURE, "assess", one.talk.id, file, "--wait", "0", "--json")
    assert status == 6 and "waits for" in err
    items = {row["item"] for row in rows(out)}
    one.talk.exercise.wire.fault = None
    one.talk.exercise.settle()
    status, out, err = one(Role.DISCLOSURE, "assess", one.talk.id, file, "--json")
    assert status == 0 and {row["item"] for row in rows(out)} == items, err
    assert {row["state"] for row in rows(out)} == {"presented"} and "to sign `assess`" not in err
    assert len(one.served.player.copies()) == 2
    same_story(one.talk.exercise)


def another_text(views: list[dict[str, Any]]) -> None:
    views[0]["text"] = views[0]["text"].replace("What all know", "What nobody knows")


def swapped(views: list[dict[str, Any]]) -> None:
    views[0]["party"], views[1]["party"] = views[1]["party"], views[0]["party"]


@pytest.mark.parametrize("lie", [another_text, swapped])
def test_no_view_is_shown_or_signed_that_is_none_of_the_officer_s_own_file(
    speak: Speak, file: Path, lie: Callable[[list[dict[str, Any]]], None]
) -> None:
    one = speak(THREE)

    def lying(path: str, answer: Any) -> Any:
        if path.endswith("/views"):
            lie(answer["views"])
        return answer

    one.lie = lying
    for words in ((), ("--preview", "KOR")):
        status, out, err = one(Role.DISCLOSURE, "assess", one.talk.id, file, *words)
        assert (status, out) == (5, ""), (status, err)
    assert one.served.player.copies() == []


def test_a_node_that_prepares_another_assessment_gets_no_signature(speak: Speak, file: Path) -> None:
    """The views that it told were the officer's own; what it has them sign is not."""
    one = speak(THREE)
    asked: list[str] = []

    def lie(path: str, answer: Any) -> Any:
        asked.append(path)
        if path.endswith("preparations"):
            answer["statements"] = [answer["statements"][1], answer["statements"][0], answer["statements"][2]]
        return answer

    one.lie = lie
    status, out, err = one(Role.DISCLOSURE, "assess", one.talk.id, file)
    assert (status, out) == (5, "") and "the node prepared what was not asked for" in err
    assert not any(path.endswith("signatures") for path in asked)


def test_a_node_that_tells_of_a_view_of_another_party_gets_nothing_presented(speak: Speak, file: Path) -> None:
    one = speak(THREE)

    def lie(path: str, answer: Any) -> Any:
        for row in answer.get("given", []):
            if isinstance(row, dict):
                row["party"] = {"KOR": "USA", "USA": "KOR"}[row["party"]]
        return answer

    one.lie = lie
    status, _, err = one(Role.DISCLOSURE, "assess", one.talk.id, file)
    assert status == 5 and "`present-view`" in err, err
    with one.served.player.node.store.reading() as reader:
        assert list(reader.acts(types=["present-view"])) == []
