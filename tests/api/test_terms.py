"""Acts with terms over the API: what an officer signs elsewhere says the same as what is signed on the node's host."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import click
import pytest
from calling import Served
from stories import MARKS, Stage, finish, official, once

from gsomia.cli.address.signing import signed
from gsomia.cli.meaning.frame import Frame
from gsomia.cli.meaning.prepared import means
from gsomia.cli.meaning.unsaid import filled_in
from gsomia.errors import UsageError, VerificationError
from gsomia.node import (
    ACT_TYPES,
    Acting,
    Role,
    Statement,
    Terms,
    ask_consent,
    give_consent,
    notify_regrade,
    recall,
    step,
)
from gsomia.node.acts.signed import Signer
from gsomia.testing import Exercise

Serve = Callable[[Exercise, str], Served]


@pytest.fixture
@once
def three(stage: Stage) -> Exercise:
    """Three nodes; Korea has receipted one item of Japan's."""
    found = stage("JPN", "KOR", "USA")
    found["JPN"].transmit(b"EXERCISE", to="KOR", level=MARKS["JPN"])
    found.settle()
    finish(found["KOR"], found["KOR"].copies()[0].id)
    found.settle()
    return found


def asked(three: Exercise) -> str:
    """Korea asks Japan; the request's id."""
    korea = three["KOR"]
    (request,) = ask_consent(korea.node, korea.copies()[0].id, "USA", "w", by=korea.by(Role.DISCLOSURE))
    three.settle()
    return request.id


def test_consent_is_asked_for_a_purpose_and_a_part(three: Exercise, serve: Serve) -> None:
    """The request says what was asked."""
    korea = serve(three, "KOR")
    wanted = {"act": "request-consent", "item": korea.player.copies()[0].control_number, "to": "USA", "why": "w"}
    said = {"purpose": "defence", "part": "portion", "extent": "paragraphs 2 to 4"}
    assert korea.act(korea.player.by(Role.DISCLOSURE), wanted | said).status == 200
    with korea.player.node.store.reading() as reader:
        (request,) = reader.consents()
    assert {name: getattr(request, name) for name in said} == said


def test_consent_is_given_on_terms(three: Exercise, serve: Serve) -> None:
    """Conditions and end stand in the act that the officer signed elsewhere."""
    request, japan = asked(three), serve(three, "JPN")
    terms = {"conditions": ["paraphrased"], "expires": "2029-01-01T00:00:00+00:00", "form": "written"}
    answer = japan.act(japan.player.by(Role.DISCLOSURE), {"act": "consent", "request": request, **terms})
    assert answer.status == 200, answer
    with japan.player.node.store.reading() as reader:
        (given,) = reader.consents()
    assert (given.state, given.conditions) == ("granted", ("paraphrased",))
    assert given.expires is not None and given.expires.year == 2029


def test_a_condition_is_certified_in_the_release(three: Exercise, serve: Serve) -> None:
    """Without it the agreement refuses, and the question says so before."""
    request, japan = asked(three), three["JPN"]
    terms = Terms(conditions=("paraphrased",))
    give_consent(japan.node, request, terms, by=japan.by(Role.DISCLOSURE))
    three.settle()
    korea = serve(three, "KOR")
    disclosure, item = korea.player.by(Role.DISCLOSURE), korea.player.copies()[0].control_number
    for certify, outcome in (([], "refuse"), ([request], "permit")):
        question = {"item": item, "to": "USA", "certify": certify}
        told = korea.ask("POST", "/v1/verdicts/release", disclosure, question)
        assert (told.status, told.json()["outcome"]) == (200, outcome), told
        answer = korea.act(disclosure, {"act": "release", **question})
        assert answer.status == (200 if certify else 403), answer


@pytest.mark.parametrize("terms", [{"form": "oral"}, {"part": "half"}, {"expires": "2016-01-01T00:00:00+00:00"}])
def test_terms_that_are_none_are_not_prepared(three: Exercise, serve: Serve, terms: dict[str, str]) -> None:
    """An oral approval, a part that nobody knows, an end that is past."""
    request, japan = asked(three), serve(three, "JPN")
    wanted = {"act": "consent", "request": request, **terms}
    answer = japan.ask("POST", "/v1/preparations", japan.player.by(Role.DISCLOSURE), wanted)
    assert answer.status == (400 if "part" in terms else 403), answer


def test_a_level_is_notified(three: Exercise, serve: Serve) -> None:
    """By its originator's API; the register says the new level beside the first."""
    japan = serve(three, "JPN")
    disclosure, item = japan.player.by(Role.DISCLOSURE), japan.player.copies()[0].item
    answer = japan.act(disclosure, {"act": "notify-regrade", "item": item, "level": "秘", "why": "w"})
    assert answer.status == 200, answer
    (row,) = japan.ask("GET", "/v1/copies", disclosure).json()["copies"]
    assert (row["foreign_mark"], row["level"]) == (MARKS["JPN"], "秘")


def test_a_level_is_followed(three: Exercise, serve: Serve) -> None:
    """It waits in the holder's inbox until the holder's officer has followed, by the holder's API."""
    japan = three["JPN"]
    notify_regrade(japan.node, japan.copies()[0].item, "秘", "w", by=japan.by(Role.DISCLOSURE))
    three.settle()
    korea = serve(three, "KOR")
    registry, item = korea.player.by(Role.REGISTRY), korea.player.copies()[0].item
    assert len(korea.ask("GET", "/v1/inbox", registry).json()["regraded"]) == 1
    answer = korea.act(registry, {"act": "regrade", "item": item})
    assert answer.status == 200, answer
    assert korea.ask("GET", "/v1/inbox", registry).json()["regraded"] == []


def test_a_recall_is_answered(three: Exercise, serve: Serve) -> None:
    """It is a duty with a day until the holder's officer has answered, by the holder's API."""
    japan = three["JPN"]
    recall(japan.node, japan.copies()[0].item, "w", by=japan.by(Role.DISCLOSURE))
    three.settle()
    korea = serve(three, "KOR")
    registry, item = korea.player.by(Role.REGISTRY), korea.player.copies()[0].control_number
    assert [one["control_number"] for one in korea.ask("GET", "/v1/inbox", registry).json()["recalls"]] == [item]
    duties = korea.ask("GET", "/v1/duties?party=KOR", registry).json()["duties"]
    assert [(one["item"], bool(one["due"])) for one in duties if one["act"] == "answer-recall"] == [(item, True)]
    wanted = {"act": "answer-recall", "item": item, "answer": "cannot", "why": "w"}
    answer = korea.act(registry, wanted)
    assert answer.status == 200, answer
    assert korea.ask("GET", "/v1/inbox", registry).json()["recalls"] == []


def test_information_is_asked_for_and_refused(three: Exercise, serve: Serve) -> None:
    """By the asker's API and the other's; what is not notified is refused with its article."""
    korea, japan = serve(three, "KOR"), serve(three, "JPN")
    disclosure, other = korea.player.by(Role.DISCLOSURE), japan.player.by(Role.DISCLOSURE)
    wanted = {"act": "request", "to": "JPN", "under": "jpn-kor-2016", "subject": "dprk-missile", "what": "w"}
    refused = korea.act(disclosure, wanted)
    assert refused.status == 403 and "2(d)" in {g["article"] for g in refused.json()["verdict"]["grounds"]}
    answer = korea.act(disclosure, wanted | {"certify": ["authority-notified"], "due": "2029-01-01T00:00:00+00:00"})
    assert answer.status == 200, answer
    step(korea.player.node, "JPN")
    (told,) = japan.ask("GET", "/v1/inbox", other).json()["information"]
    assert (told["asker"], told["due"]) == ("KOR", "2029-01-01T00:00:00.000000Z")
    shown = japan.ask("GET", f"/v1/requests/{told['request'][:-1]}", other).json()
    assert (shown["state"], shown["verdict"]["outcome"]) == ("open", "refuse")
    answer = japan.act(other, {"act": "refuse-request", "request": told["request"], "why": "w"})
    assert answer.status == 200, answer
    step(japan.player.node, "KOR")
    (row,) = korea.ask("GET", "/v1/requests", disclosure).json()["requests"]
    assert (row["state"], row["why"]) == ("refused", "w")
    assert japan.act(other, {"act": "refuse-request", "request": "x", "why": "w"}).status == 400
    for by in (japan.player.by(Role.REGISTRY), japan.player.by(Role.LEGAL)):
        assert japan.act(by, {"act": "refuse-request", "request": told["request"], "why": "w"}).status == 403


def test_what_is_told_is_recorded_and_shown(three: Exercise, serve: Serve) -> None:
    """By the API of who tells, and of who was told; a person whom nobody entered is said."""
    japan, korea = serve(three, "JPN"), serve(three, "KOR")
    disclosure, other = japan.player.by(Role.DISCLOSURE), korea.player.by(Role.DISCLOSURE)
    three.enter(official("ueda"), "JPN")
    wanted = {"act": "disclose-orally", "to": "KOR", "what": "w", "place": "p", "present": ["JPN:ueda", "KOR:han"]}
    wanted |= {"level": MARKS["JPN"], "subject": "dprk-missile"}
    assert japan.act(disclosure, wanted | {"present": ["JPN:aoki", "KOR:han"]}).status == 400
    assert japan.act(disclosure, wanted | {"level": "機密"}).status == 403
    assert japan.act(japan.player.by(Role.LEGAL), wanted).status == 403
    assert japan.act(disclosure, wanted).status == 200
    step(japan.player.node, "KOR")
    (row,) = korea.ask("GET", "/v1/disclosures", other).json()["disclosures"]
    told = korea.ask("GET", f"/v1/disclosures/{row['disclosure'][:-1]}", other).json()
    assert (told["verdict"]["outcome"], told["persons"][0]["why"]) == ("permit", "nobody entered this person")


def test_an_item_goes_to_a_contractor_and_comes_back(three: Exercise, serve: Serve) -> None:
    """By the holder's API: refused while its staff are nobody, and listed while it lies there."""
    korea = serve(three, "KOR")
    disclosure, registry, security = (korea.player.by(r) for r in (Role.DISCLOSURE, Role.REGISTRY, Role.SECURITY))
    item = korea.player.copies()[0].control_number
    assert korea.act(security, {"act": "clear-facility", **CLEARED}).status == 200
    wanted = {"act": "release-to-contractor", "item": item, "facility": "plant", "what": "w"}
    refused = korea.act(disclosure, wanted)
    assert refused.status == 403 and "16(c)" in {g["article"] for g in refused.json()["verdict"]["grounds"]}
    three.enter(official("yun", role="contractor", rosters=("plant",)), "KOR")
    assert korea.act(disclosure, wanted).status == 200
    told = korea.ask("GET", "/v1/contractors", registry).json()
    assert [row["control_number"] for row in told["copies"]] == [item]
    assert [(row["facility"], row["staff"]) for row in told["facilities"]] == [("plant", 1)]
    assert (
        korea.ask("GET", f"/v1/copies/{item}", registry).json()["copies"][0]["contractor"] == "Daehan Precision, plant"
    )
    assert korea.act(registry, {"act": "return-from-contractor", "item": item, "what": "w"}).status == 200
    assert korea.ask("GET", "/v1/contractors", registry).json()["copies"] == []
    for by, act in ((registry, wanted), (disclosure, {"act": "clear-facility", **CLEARED})):
        assert korea.act(by, act).status == 403


class Reached:
    """A node reached in this process, as one officer; what a command has of one that it reaches over TLS."""

    def __init__(self, served: Served, by: Acting) -> None:
        self.served, self.by, self.key = served, by, by.key
        node = served.player.node
        self.frame = Frame(party=node.party, exercise=True, key=node.keys.signing.public.fingerprint)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Ask, and be told."""
        answer = self.served.ask("POST", f"/v1/{path}", self.by, dict(body))
        assert answer.status in (200, 201), answer
        told: dict[str, Any] = answer.json()
        return told


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("conditions", []),
        ("expires", None),
        ("purpose", "training"),
        ("part", "portion"),
        ("extent", "x"),
        ("request", "x"),
    ],
)
def test_a_command_signs_no_terms_but_those_it_was_given(
    three: Exercise, serve: Serve, name: str, meant: object
) -> None:
    """The terms as `gsomia consent give` sends them, what is left out being filled in by the node; then one altered."""
    japan = serve(three, "JPN")
    wanted: dict[str, Any] = {"act": "consent", "request": asked(three), "conditions": ["paraphrased"], "purpose": ""}
    wanted |= {"expires": "2029-01-01T00:00:00+00:00", "part": "", "extent": "", "form": "written"}
    remote: Any = Reached(japan, japan.player.by(Role.DISCLOSURE))
    told = remote.post("preparations", wanted)
    with pytest.raises(VerificationError, match="what was not asked for"):
        signed(remote, told, {**wanted, name: meant})
    (said,) = signed(remote, told, {**wanted, "expires": told_expiry(told)}, shown=True)
    assert said.body["conditions"] == ["paraphrased"]


def told_expiry(told: Mapping[str, Any]) -> str:
    """The end as the statement writes it, which is how a command writes it too."""
    return str(json.loads(told["statements"][0])["body"]["expires"])


LIES: dict[str, tuple[str, dict[str, Any]]] = {
    "another receiver": ("release", {"holder": "GBR", "parties": ["GBR"]}),
    "another Party is told": ("release", {"parties": ["JPN"]}),
    "a condition certified": ("release", {"met": {"x": ["paraphrased"]}}),
    "another receiver to ask for": ("request-consent", {"receivers": ["GBR"]}),
    "one receiver more": ("request-consent", {"receivers": ["USA", "GBR"]}),
    "another mark": ("mark", {"level": "군사III급비밀"}),
    "a mark of another copy": ("mark", {"copy": "0" * 8, "item": "1" * 8}),
    "a receipt of another number": ("receipted", {"control_number": "JPN-2018-000099"}),
    "a fact certified": ("use", {"certified": ["record-made"]}),
    "a use of another copy": ("use", {"copy": "0" * 8, "item": "1" * 8}),
    "another agreement": ("warn", {"instrument": "jpn-usa-2007"}),
    "another item": ("warn", {"item": "1" * 8}),
    "another Party asked": ("request", {"to": "USA"}),
    "a Party told of a request": ("request", {"parties": ["JPN", "USA"]}),
    "a Party on the way": ("request", {"via": ["USA"]}),
    "another subject": ("request", {"subject": "other"}),
    "another mark asked for": ("request", {"level": "機密"}),
    "a day that was not named": ("request", {"due": "2029-01-01T00:00:00.000000Z"}),
    "another request refused": ("refuse-request", {"request": "x"}),
    "told to another": ("disclose-orally", {"to": "GBR"}),
    "somebody else there": ("disclose-orally", {"present": ["KOR:han", "USA:jones"]}),
    "another minute": ("disclose-orally", {"what": "x"}),
    "another part": ("disclose-orally", {"part": "page 9"}),
    "another facility": ("release-to-contractor", {"facility": "depot"}),
    "another copy for a contractor": ("release-to-contractor", {"copy": "0" * 8, "item": "1" * 8}),
    "a longer clearance": ("clear-facility", {"until": "2099-01-01"}),
    "another firm": ("clear-facility", {"contractor": "Hanil Castings"}),
    "a higher clearance": ("clear-facility", {"level": "TOP SECRET"}),
    "another consent": ("revoke-consent", {"consent": "x", "item": "1" * 8}),
}


CLEARED = {
    "facility": "plant",
    "contractor": "Daehan Precision",
    "level": "SECRET",
    "inspected": "2017-06-01",
    "until": "2018-05-31",
    "basis": "",
    "part_of": "",
}


def statement_of(kind: str, copy: str, item: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """An act as it was asked for, and the body that an honest node gives it."""
    said: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "release": (
            {"item": item, "to": "USA", "certify": []},
            {"holder": "USA", "met": {}, "control_number": "KOR-2018-000001"},
        ),
        "request-consent": ({"item": item, "to": "USA", "why": "w"}, {"receivers": ["USA"], "why": "w"}),
        "request": (
            {"to": "JPN", "via": [], "under": "jpn-kor-2016", "subject": "dprk-missile", "what": "w", "level": "極秘"}
            | {"purpose": "defence", "due": None, "certify": []},
            {"to": "JPN", "via": [], "subject": "dprk-missile", "what": "w", "level": "極秘", "purpose": "defence"}
            | {"due": "", "certified": []},
        ),
        "release-to-contractor": ({"item": copy, "facility": "plant", "what": "w"}, {"facility": "plant", "what": "w"}),
        "disclose-orally": (
            {
                "to": "USA",
                "item": item,
                "present": ["KOR:han", "USA:smith"],
                "what": "w",
                "place": "p",
                "part": "page 2",
            },
            {"to": "USA", "contains": ["JPN"], "present": ["KOR:han", "USA:smith"], "what": "w", "place": "p"}
            | {"part": "page 2", "met": {}},
        ),
        "clear-facility": (CLEARED, CLEARED),
        "refuse-request": ({"request": "r", "why": "w"}, {"request": "r", "why": "w"}),
        "mark": ({"item": copy, "level": "군사ii급비밀"}, {"level": "군사II급비밀"}),
        "receipted": ({"item": "JPN-2018-000001"}, {"control_number": "JPN-2018-000001"}),
        "use": ({"item": copy, "what": "w", "certify": []}, {"what": "w", "certified": []}),
        "warn": (
            {"item": "", "what": "w", "under": "jpn-kor-2016", "certify": []},
            {"what": "w", "certified": []},
        ),
        "revoke-consent": (
            {"consent": "c", "why": "w"},
            {"consent": "c", "why": "w", "originator": "KOR", "asker": "USA", "receivers": ["GBR"]},
        ),
    }
    wanted, body = said[kind]
    return {"act": kind, **wanted}, body


@pytest.mark.parametrize("lie", LIES)
def test_a_command_signs_nothing_else_that_a_lying_node_prepared(lie: str) -> None:
    """To whom, which mark, which item, under what, what is certified: one word altered, and it is not signed."""
    kind, words = LIES[lie]
    copy, item = "0f1e2d3c-0000-4000-8000-000000000001", "0f1e2d3c-0000-4000-8000-000000000002"
    wanted, body = statement_of(kind, copy, item)
    about_item = "" if kind in ("warn", "request", "refuse-request", "clear-facility") else item
    about_copy = copy if kind in ("release", "mark", "receipted", "use", "release-to-contractor") else ""
    said = Statement(
        id="a",
        type=kind,
        at=datetime(2018, 1, 1, tzinfo=UTC),
        party="KOR",
        instrument="jpn-kor-2016",
        parties=("JPN",) if kind == "request" else ("USA",),
        item=about_item,
        copy=about_copy,
        signers=(),
        exercise=True,
        body=body,
    )
    assert means([said], wanted)
    outside = {name: word for name, word in words.items() if name not in body}
    lying = replace(said, **outside, body={name: words.get(name, word) for name, word in body.items()})
    if "parties" in outside:
        lying = replace(lying, parties=tuple(outside["parties"]))
    assert not means([lying], wanted)
    assert not means([said, said], wanted) or kind == "request-consent"


def test_nothing_that_the_node_filled_in_is_signed_unread(
    three: Exercise, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    """A control number is the register's word alone: item and copy are shown, and nobody there to read is no yes."""
    korea = serve(three, "KOR")
    copy, remote = korea.player.copies()[0], cast(Any, Reached(korea, korea.player.by(ACT_TYPES["use"].roles[0])))
    wanted = {"act": "use", "item": copy.control_number, "what": "w", "certify": []}
    with pytest.raises(UsageError, match="nobody is there"):
        signed(remote, remote.post("preparations", wanted), wanted)
    assert copy.id in capsys.readouterr().err
    wanted["item"] = copy.id
    (said,) = signed(remote, remote.post("preparations", wanted), wanted)
    assert said.copy == copy.id and capsys.readouterr().err == ""


@pytest.mark.parametrize("answer", [True, False])
def test_an_officer_who_reads_can_stop_it(
    three: Exercise, serve: Serve, monkeypatch: pytest.MonkeyPatch, answer: bool
) -> None:
    """On a terminal the question comes before the signature."""
    korea = serve(three, "KOR")
    remote = cast(Any, Reached(korea, korea.player.by(ACT_TYPES["use"].roles[0])))
    wanted = {"act": "use", "item": korea.player.copies()[0].control_number, "what": "w", "certify": []}
    told = remote.post("preparations", wanted)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", lambda *_, **__: answer)
    if answer:
        assert len(signed(remote, told, wanted)) == 1
    else:
        with pytest.raises(click.Abort):
            signed(remote, told, wanted)


NOW = datetime(2018, 1, 1, tzinfo=UTC)
FRAME = Frame(party="KOR", exercise=False, key="k")
OWN = Signer(role="node", key="k")


def framed(**words: Any) -> Statement:
    """A statement of that node."""
    said: dict[str, Any] = {"party": "KOR", "exercise": False, "at": NOW, "signers": (OWN,)} | words
    return Statement(id="a", type="warn", instrument="", parties=(), item="", copy="", **said)


@pytest.mark.parametrize(
    "lie",
    [
        {"party": "JPN"},
        {"exercise": True},
        {"at": NOW - timedelta(days=30)},
        {"at": NOW + timedelta(hours=1)},
        {"signers": ()},
        {"signers": (Signer(role="node", key="other"),)},
        {"signers": (OWN, Signer(role="node", key="other"))},
    ],
)
def test_a_statement_is_of_the_node_that_was_named_and_of_now(lie: dict[str, Any]) -> None:
    assert FRAME.fault([framed()], NOW) == ""
    assert FRAME.fault([framed(), framed(**lie)], NOW)
    exercise = replace(FRAME, exercise=True)
    assert exercise.fault([framed(exercise=True, at=NOW - timedelta(days=30))], NOW) == "", "its clock is set"


def test_a_frame_that_does_not_hold_is_not_signed(three: Exercise, serve: Serve) -> None:
    """Neither what was asked for, nor what another officer prepared and this one saw."""
    korea = serve(three, "KOR")
    remote = cast(Any, Reached(korea, korea.player.by(ACT_TYPES["use"].roles[0])))
    wanted = {"act": "use", "item": korea.player.copies()[0].id, "what": "w", "certify": []}
    told = remote.post("preparations", wanted)
    honest: Frame = remote.frame
    for frame in (replace(honest, party="JPN"), replace(honest, exercise=False), replace(honest, key="x")):
        remote.frame = frame
        for shown in (False, True):
            with pytest.raises(VerificationError, match="the node prepared"):
                signed(remote, told, wanted, shown=shown)


ANSWER = {"request": "r", "originator": "KOR", "asker": "USA", "receivers": ["GBR"], "why": "w"}
GIVEN = ANSWER | {"purpose": "defence", "part": "whole", "extent": "", "conditions": [], "expires": "", "why": ""}
LEFT: dict[str, Any] = {"conditions": [], "purpose": "", "expires": None, "part": "", "extent": "", "form": "written"}


@pytest.mark.parametrize(
    ("wanted", "body"),
    [
        ({"act": "consent", "request": "r"} | LEFT, GIVEN | {"form": "written"}),
        ({"act": "refuse-consent", "request": "r", "why": "w"}, ANSWER),
        ({"act": "revoke-consent", "consent": "c", "why": "w"}, ANSWER | {"consent": "c"}),
    ],
)
def test_what_a_request_is_about_is_read_before_it_is_answered(wanted: dict[str, Any], body: dict[str, Any]) -> None:
    """The officer names its id alone: item, asker, receivers, part and purpose are shown; others are not told."""
    said = replace(framed(), type=wanted["act"], item="one", instrument="jpn-kor-2016", parties=("USA",), body=body)
    assert means([said], wanted)
    (line,) = filled_in([said], wanted)
    assert all(word in line for word in ("item one", "asker USA", "receivers GBR"))
    assert wanted["act"] != "consent" or ("part whole" in line and "purpose defence" in line)
    assert not means([replace(said, parties=("RUS", "USA"))], wanted)
    assert not means([replace(said, body={**body, "originator": "JPN"})], wanted)


def test_an_id_that_was_begun_is_shown_whole_and_is_no_other() -> None:
    wanted = {"act": "revoke-consent", "consent": "0160de02", "why": "w"}
    body = ANSWER | {"consent": "0160de02-9780"}
    said = replace(framed(), type=wanted["act"], item="one", instrument="jpn-kor-2016", parties=("USA",), body=body)
    assert means([said], wanted)
    (line,) = filled_in([said], wanted)
    assert "consent 0160de02-9780" in line
    for other in ("0160de03", "160de02", ""):
        assert not means([said], wanted | {"consent": other})


def test_a_level_that_was_left_to_the_node_is_read() -> None:
    wanted = {"act": "regrade", "item": "one", "level": "", "certify": []}
    said = replace(framed(), type="regrade", item="one", body={"level": "군사III급비밀", "certified": []})
    assert means([said], wanted)
    assert any("군사III급비밀" in line for line in filled_in([said], wanted))
    wanted["level"] = "군사III급비밀"
    assert filled_in([said], wanted) == []


@pytest.mark.parametrize("act", ["release", "recall"])
def test_an_id_is_the_item_s_or_nothing_is_signed(act: str) -> None:
    item, other = (f"0f1e2d3c-0000-4000-8000-00000000000{one}" for one in (1, 2))
    said = replace(framed(), type=act, item=item, body={"why": "w", "due": "d"})
    wanted = {"act": act, "why": "w"}
    assert means([said], {**wanted, "item": item})
    assert not means([said], {**wanted, "item": other})
