"""Assessments over the API: several signatures, and every view is entered with what binds them, or nothing is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from authenticator import Authenticator, in_browser
from calling import Answer, Served, enrol, signatures
from consulting import THREE, Talk, opened
from officers_browser import Browser
from portions import document, drafts, portion
from stories import MARKS, Stage, finish, holds, register, same_story

from gsomia.cli.meaning.assess import means_assessment, read_views, shown_views
from gsomia.errors import UsageError, VerificationError
from gsomia.node import (
    Acting,
    Role,
    Shown,
    Statement,
    read_assessment,
    render_view,
    replace_officer_key,
    view_row,
)
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]

DATA = document(portion("For Korea.", "KOR", mark="極秘"), portion("For all again.", "KOR", "USA"))
BEFORE = "2015-06-01T12:00:00+09:00"


@pytest.fixture
def talk(stage: Stage) -> Talk:
    """A consultation of three."""
    return opened(stage(*THREE))


@pytest.fixture
def jpn(talk: Talk, serve: Serve) -> Served:
    """Japan's API."""
    served = serve(talk.exercise, "JPN")
    talk.exercise.players["JPN"] = served.player
    return served


def officer(jpn: Served) -> Acting:
    """Who speaks and discloses."""
    return jpn.player.by(Role.DISCLOSURE)


def assessing(jpn: Served, talk: Talk, data: bytes = DATA) -> dict[str, Any]:
    """An assessment is sent up; the act, as the API takes it."""
    name = hashlib.sha256(data).hexdigest()
    headers = {"upload-offset": "0", "upload-length": str(len(data))}
    assert jpn.ask("PATCH", f"/v1/contents/{name}", officer(jpn), data, headers).status == 200
    return {"act": "assess", "content": name, "consultation": talk.id, "disclosure": ""}


def prepared(jpn: Served, wanted: dict[str, Any], key: str = "") -> Answer:
    """Have it prepared."""
    headers = {"idempotency-key": key} if key else None
    return jpn.ask("POST", "/v1/preparations", officer(jpn), wanted, headers)


def over(told: dict[str, Any], place: int, by: Acting) -> dict[str, Any]:
    """An officer's signatures over one batch of a preparation."""
    start = sum(told["batches"][:place])
    part = {"statements": told["statements"][start : start + told["batches"][place]]}
    return {**signatures(part, by), "batch": place}


def sign(jpn: Served, told: dict[str, Any], place: int, by: Acting | None = None) -> Answer:
    """Sign one batch."""
    acting = by or officer(jpn)
    return jpn.ask("POST", f"/v1/preparations/{told['id']}/signatures", acting, over(told, place, acting))


def blobs(jpn: Served) -> set[str]:
    """The files of sealed items, and of what was sent up."""
    return {*jpn.player.node.blobs.names()}


def test_nothing_is_entered_before_the_last_batch_is_signed_and_all_is_then(jpn: Served, talk: Talk) -> None:
    wanted = assessing(jpn, talk)
    told = prepared(jpn, wanted, "one").json()
    assert told["batches"] == [1, 1, 1] and told["id"] == told["acts"][-1]
    assert told["officers"] == [{"officer": officer(jpn).officer, "signed": False, "left": [0, 1, 2]}]
    for place, left in ((1, [0, 2]), (1, [0, 2]), (2, [0])):
        answer = sign(jpn, told, place).json()
        assert (answer["status"], answer["officers"][0]["left"]) == ("prepared", left)
    assert prepared(jpn, wanted, "one").json()["id"] == told["id"]
    assert register(jpn.player) == {}
    done = sign(jpn, told, 0).json()
    assert done["status"] == "done" and done["acts"] == told["acts"]
    path = f"/v1/preparations/{told['id']}"
    for again in (sign(jpn, told, 2), jpn.ask("GET", path, officer(jpn)), prepared(jpn, wanted, "one")):
        assert {name: again.json()[name] for name in ("statements", "batches", "acts")} == {
            name: told[name] for name in ("statements", "batches", "acts")
        }
    assert jpn.ask("GET", path, jpn.player.by(Role.LEGAL)).status == 404
    assert len(register(jpn.player)) == 2
    talk.exercise.settle()
    same_story(talk.exercise)
    holds(talk.exercise)


def test_signatures_hold_for_their_own_batch_alone(jpn: Served, talk: Talk) -> None:
    told, by = prepared(jpn, assessing(jpn, talk)).json(), officer(jpn)
    for words in ({"batch": 1}, {"batch": 3}, {"batch": -1}, {"batch": 64}, {"batch": "x"}):
        answer = jpn.ask("POST", f"/v1/preparations/{told['id']}/signatures", by, over(told, 0, by) | words)
        assert answer.status in (400, 422), answer
    assert sign(jpn, told, 0, enrol(jpn, "abe", Role.DISCLOSURE)).status == 404
    assert register(jpn.player) == {}


def test_what_has_changed_meanwhile_enters_nothing(jpn: Served, talk: Talk) -> None:
    """A control number that another document got: of what was signed for the old ones nothing is entered."""
    wanted = assessing(jpn, talk)
    told = prepared(jpn, wanted).json()
    for place in (0, 1):
        assert sign(jpn, told, place).status == 200
    jpn.player.transmit(b"EXERCISE", to="KOR", level="秘")
    answer = sign(jpn, told, 2)
    assert answer.status == 403 and answer.json()["verdict"]["grounds"][0]["clause"] == "prepared"
    assert len(jpn.player.copies()) == 1
    anew = prepared(jpn, wanted).json()
    assert [sign(jpn, anew, place).status for place in range(3)] == [200] * 3
    talk.exercise.settle()
    same_story(talk.exercise)


def test_two_officers_sign_what_is_theirs(stage: Stage, serve: Serve) -> None:
    """Neither may sign the other's, and who discloses must hold the office."""
    talk = opened(stage(*THREE), about="arrangement", reference="4")
    jpn = serve(talk.exercise, "JPN")
    speaks, discloses = jpn.player.by(Role.LEGAL), officer(jpn)
    name, headers = hashlib.sha256(DATA).hexdigest(), {"upload-offset": "0", "upload-length": str(len(DATA))}
    assert jpn.ask("PATCH", f"/v1/contents/{name}", speaks, DATA, headers).status == 200
    wanted = {"act": "assess", "content": name, "consultation": talk.id, "disclosure": discloses.officer}
    for whom in ("", "nobody", jpn.player.by(Role.REGISTRY).officer):
        assert jpn.ask("POST", "/v1/preparations", speaks, {**wanted, "disclosure": whom}).status == 403
    told = jpn.ask("POST", "/v1/preparations", speaks, wanted).json()
    assert {one["officer"]: one["left"] for one in told["officers"]} == {
        speaks.officer: [2], discloses.officer: [0, 1],
    }  # fmt: skip
    assert sign(jpn, told, 0, speaks).status == sign(jpn, told, 2, discloses).status == 422
    assert jpn.ask("GET", f"/v1/preparations/{told['id']}", discloses).json() == told
    for place, by in ((2, speaks), (0, discloses), (1, discloses)):
        answer = sign(jpn, told, place, by)
        assert answer.status == 200, answer
    assert answer.json()["status"] == "done" and len(register(jpn.player)) == 2
    jpn.waiting()  # served anew: nothing waits there any more
    for by in (speaks, discloses):
        done = jpn.ask("GET", f"/v1/preparations/{told['id']}", by).json()
        assert done["status"] == "done"
        assert [done[name] for name in ("statements", "batches", "acts")] == [
            told[name] for name in ("statements", "batches", "acts")
        ]


def test_views_given_before_are_told_and_not_prepared_again(jpn: Served, talk: Talk) -> None:
    told = prepared(jpn, assessing(jpn, talk)).json()
    for place in range(3):
        assert sign(jpn, told, place).status == 200
    wanted = assessing(jpn, talk)
    before = blobs(jpn)
    answer = prepared(jpn, wanted)
    assert answer.status == 403 and "were given before" in answer.json()["detail"]
    views = jpn.ask(
        "POST", f"/v1/consultations/{talk.id}/views", officer(jpn), {"content": wanted["content"]}
    ).json()  # fmt: skip
    assert views["given"] == [Statement.from_bytes(said.encode()).copy for said in told["statements"][:2]]
    assert blobs(jpn) == before


def test_views_that_no_round_completes_leave_nothing_behind(jpn: Served, talk: Talk) -> None:
    """They go with their preparation: by its time, for newer ones of the officer's, and where it is refused at once."""
    waiting, clock = jpn.waiting()
    wanted = assessing(jpn, talk)
    refused = assessing(jpn, talk, document(portion("x\n機密\ny", "USA")))
    before = blobs(jpn)
    assert prepared(jpn, refused).status == 403 and blobs(jpn) == before
    for _ in range(5):
        assert sign(jpn, prepared(jpn, wanted).json(), 0).status == 200
    assert len(blobs(jpn) - before) == 3 * 2, "three of one officer's wait at a time"
    clock.ahead = timedelta(minutes=6)
    waiting.sweep()
    assert blobs(jpn) == before and register(jpn.player) == {}


def test_a_view_is_told_to_who_speaks_alone_and_of_what_they_sent(jpn: Served, talk: Talk) -> None:
    content = {"content": assessing(jpn, talk)["content"]}
    path = f"/v1/consultations/{talk.id}/views"
    for role in (Role.REGISTRY, Role.SECURITY):
        assert jpn.ask("POST", path, jpn.player.by(role), content).status == 403
    assert jpn.ask("POST", path, jpn.player.by(Role.LEGAL), content).status == 400, "another's is not here"
    assert jpn.ask("POST", "/v1/consultations/nothing/views", officer(jpn), content).status == 404
    long = assessing(jpn, talk, b"#" * (2**20 + 1))
    answer = jpn.ask("POST", path, officer(jpn), {"content": long["content"]})
    assert answer.status == 400 and "at most 1 MiB" in answer.json()["detail"]


def lying(statement: Statement, **words: Any) -> Statement:
    """Another statement: its own words, or its body's."""
    own = {name: words.pop(name) for name in ("item", "parties", "type", "copy", "signers") if name in words}
    return replace(statement, **own, body={**statement.body, **words})


VIEW_LIES: dict[str, Any] = {
    "title": "x", "mime_type": "x", "level": "特定秘密", "plaintext_bytes": 9, "custody": "originator", "via": ["USA"],
    "destination": "USA", "holder": "USA", "originator": "KOR", "answers": "x", "cites": [{"item": "x"}],
    "contains": ["JPN", "KOR"], "item": "x", "parties": ("KOR", "USA"), "type": "release",
}  # fmt: skip
BOUND_LIES: dict[str, Any] = {
    "text": "0" * 64, "consultation": "x", "more": "x", "item": "x", "copy": "x", "parties": ("KOR",), "views": [],
    "type": "present-view",
}  # fmt: skip


@pytest.mark.parametrize("at", ["", BEFORE])
def test_a_command_signs_no_other_assessment_that_a_lying_node_prepared(stage: Stage, serve: Serve, at: str) -> None:
    talk = opened(stage(*THREE, **({"at": at} if at else {})))
    jpn = serve(talk.exercise, "JPN")
    asked = assessing(jpn, talk)
    answer = jpn.ask("POST", f"/v1/consultations/{talk.id}/views", officer(jpn), {"content": asked["content"]})
    views = read_views(DATA, answer.json()["views"], "JPN")
    told = prepared(jpn, asked).json()
    left = iter([Statement.from_bytes(said.encode()) for said in told["statements"]])
    kor, usa, bound = ([next(left) for _ in range(length)] for length in told["batches"])
    assert [one.type for one in kor] == (["consent", "transmit"] if at else ["transmit"])
    own = officer(jpn).key.public.fingerprint
    wanted = {**asked, "views": views, "keys": [own, own]}
    assert means_assessment([kor, usa, bound], wanted) and means_assessment([kor, usa, bound], {"act": "assess"})
    assert len(shown_views([kor, usa, bound], wanted)) == 2
    for name, word in VIEW_LIES.items():
        lie = [*kor[:-1], lying(kor[-1], **{name: word})]
        honest = (name, at) in (("via", BEFORE), ("holder", BEFORE))  # so it goes before 2016
        assert means_assessment([lie, usa, bound], wanted) is honest, name
    drawn = [replace(view, cites=True) for view in views]  # what draws on others may have another level, but its own
    for level in (views[0].level, "特定秘密"):
        lie = [*kor[:-1], lying(kor[-1], cites=[{"item": "x"}], level=level)]
        honest = level == views[0].level
        assert means_assessment([lie, usa, bound], {**wanted, "views": drawn}) is honest
        assert not means_assessment([lie, usa, bound], wanted), "it draws on nothing"
    for name, word in BOUND_LIES.items():
        assert not means_assessment([kor, usa, [lying(bound[0], **{name: word})]], wanted), name
    for batches in (
        [], [bound], [kor, bound], [usa, kor, bound], [kor, kor, bound], [kor + usa, bound], [kor, usa],
        [kor, [], bound], [kor, usa, bound, bound], [kor, usa, bound + bound], [kor + kor, usa, bound],
        [kor, usa + usa, bound],
    ):  # fmt: skip
        assert not means_assessment(batches, wanted)
    swapped = [{**one, "party": party} for one, party in zip(bound[0].body["views"], ("USA", "KOR"), strict=True)]
    texts = [one["text"] for one in bound[0].body["views"]]
    mixed = [{**one, "text": text} for one, text in zip(bound[0].body["views"], reversed(texts), strict=True)]
    # By way of the hub Korea's view is word for word the hub's own.
    for lies in (swapped, bound[0].body["views"][:1], *([] if at else [mixed])):
        assert not means_assessment([kor, usa, [lying(bound[0], views=lies)]], wanted)
    for keys in (["0" * 64, own], [own, "0" * 64]):
        assert not means_assessment([kor, usa, bound], {**wanted, "keys": keys})


def test_an_officer_with_a_passkey_signs_batch_by_batch(stage: Stage, serve: Serve) -> None:
    """One assertion for each: the preparation names the challenge of the next."""
    talk = opened(stage(*THREE), by="KOR")
    kor = talk.exercise["KOR"]
    old, device = kor.by(Role.DISCLOSURE), Authenticator()
    replace_officer_key(kor.node, old.officer, device.public, by=kor.by(Role.SECURITY))
    kor.officers[Role.DISCLOSURE] = replace(old, key=device)
    served = serve(talk.exercise, "KOR")
    browser = Browser(served, device)
    assert browser.sign_in().status == 201
    data = ('title = "Launch"\n' + portion("What all know.", "JPN", "USA", mark=MARKS["KOR"])).encode()
    name = hashlib.sha256(data).hexdigest()
    path, length = f"/v1/contents/{name}", {"upload-offset": "0", "upload-length": str(len(data))}
    assert served.ask("PATCH", path, None, data, length | browser.headers("PATCH", path)).status == 200
    told = browser.ask("POST", "/v1/preparations", {"act": "assess", "content": name, "consultation": talk.id}).json()
    challenges = []
    for place in range(3):
        (due,) = told["officers"]
        part = {"statements": [told["statements"][place]]}
        made = browser.over(part)
        challenges.append(json.loads(made.client_data)["challenge"])
        assert due["passkey"]["challenge"] == challenges[-1] and due["left"][0] == place
        signed = {"passkey": in_browser(made), "batch": place}
        told |= browser.ask("POST", f"/v1/preparations/{told['id']}/signatures", signed).json()
    assert told["status"] == "done" and len({*challenges}) == 3 and len(served.player.copies()) == 2


def rows(talk: Talk, data: bytes, author: str) -> list[dict[str, Any]]:
    """The views as a node tells of them, and as JSON brings them."""
    told: list[dict[str, Any]] = json.loads(
        json.dumps([view_row(view) for view in drafts(talk, data, author).values()])
    )
    return told


def test_every_honest_view_is_read(stage: Stage) -> None:
    """With sources, with a level that rose with them, through the hub, with the portion marks of the United States."""
    exercise = stage(*THREE)
    jpn, kor = exercise["JPN"], exercise["KOR"]
    copy = kor.transmit(b"report", to="JPN", level=MARKS["KOR"])
    own = jpn.transmit(b"track", to="KOR", level="秘")
    exercise.settle()
    finish(jpn, copy.id)
    ours = document(portion("Korea reports it.", "KOR", cites=[copy.id, own.id]), portion("For nobody.", mark="機密"))
    theirs = (
        b'title = "Launch"\n[[portion]]\nmark = "(C//REL TO USA, JPN, KOR)"\ntext = "What all know."\n'
        b'[[portion]]\nmark = "(S//REL TO USA, JPN)"\ntext = "For Japan."\n[[portion]]\nmark = "(S//NF)"\n'
        b'text = "For nobody."\n'
    )
    for author, data in (("JPN", ours), ("USA", theirs)):
        talk = opened(exercise, by=author)
        told = rows(talk, data, author)
        assert [view.text.decode() for view in read_views(data, told, author)] == [one["text"] for one in told]
    (korea, _) = read_views(ours, rows(opened(exercise), ours, "JPN"), "JPN")
    assert (korea.portions, korea.lacking, korea.cites, len(korea.sources)) == ((1, 2), (), True, 2)
    assert korea.level != "秘", "it rose with what it draws on"
    hub = opened(stage(*THREE, at=BEFORE))
    (korea, usa) = read_views(DATA, rows(hub, DATA, "JPN"), "JPN")
    assert (korea.via, korea.portions, korea.lacking, korea.unnamed) == (("USA",), (1, 3), (2,), (2,))
    assert (usa.via, usa.portions, usa.lacking) == ((), (1, 3), ())


def anew(view: dict[str, Any], data: bytes, **words: Any) -> dict[str, Any]:
    """A view with other words, whose text is what they give."""
    told = {**view, **words}
    assessment = read_assessment(data, "JPN")
    shown = [
        Shown(mark=one["mark"], to=portion.to, text=portion.text, numbers=tuple(one["sources"]))
        for one in told["portions"]
        for portion in assessment.portions[one["portion"] - 1 : one["portion"]]
    ]
    to = (*told["via"], told["party"])
    return told | {"text": render_view(assessment.title, shown, author="JPN", to=to, level=told["level"]).decode()}


def test_a_view_that_is_none_of_the_officer_s_own_file_is_not_read(talk: Talk) -> None:
    """Whole and well-made, and yet not what the file gives: a level, a mark, a portion, a source, a Party, or a way."""
    data = document(portion("For Korea.", "KOR", mark="極秘"), portion("Cited.", "KOR", "USA", cites=["x"]))
    plain = document(portion("For Korea.", "KOR", mark="極秘"), portion("For all again.", "KOR", "USA"))
    korea, usa = rows(talk, plain, "JPN")
    one, two, three = korea["portions"]
    source = "KOR-2018-000001"
    cited = anew(korea, data, portions=[one, two, {**three, "sources": [source]}])
    assert read_views(data, [cited, usa | anew(usa, data)], "JPN")[0].sources == (source,)
    lies: list[tuple[bytes, list[dict[str, Any]]]] = [
        (data, [anew(korea, data, portions=[one, two, {**three, "sources": sources}])])
        for sources in ([source, source], ["USA-2018-000001"], [f"{source}, and more"], ["KOR-2018-000001\n2. more"])
    ]
    others: list[dict[str, Any]] = [
        {"level": "特定秘密"}, {"level": "秘"}, {"level": "x"}, {"party": "USA"}, {"party": "JPN"},
        {"via": ["USA"]},
        {"portions": [two, three]}, {"portions": [one, three, two]}, {"portions": [one, two, two]},
        {"portions": []}, {"portions": [one, {**two, "mark": "秘"}, three]},
        {"portions": [one, two, {**three, "mark": "x"}]}, {"portions": [one, two, {**three, "mark": "極秘"}]},
        {"portions": [{**one, "sources": [source]}, two, three]},
    ]  # fmt: skip
    lies += [(plain, [anew(korea, plain, **words)]) for words in others]
    lies += [(plain, [{**korea, **words}]) for words in ({"text": "x"}, {"portions": [{**one, "portion": 9}]})]
    lies += [(plain, [{name: word for name, word in korea.items() if name != missing}]) for missing in ("via", "text")]
    lies += [(plain, []), (plain, [korea, korea])]
    for whose, told in lies:
        with pytest.raises(VerificationError):
            read_views(whose, told, "JPN")
    with pytest.raises(UsageError, match="is no TOML"):
        read_views(b"title =", [korea], "JPN")
