"""The walk of an item: transmit, mark, receipt, open; directly, through a hub, and on to a third Party."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from stories import Stage, finish, holds, official, refusals, register, same_story, words_of

from gsomia.errors import RefusedError, UsageError
from gsomia.node import (
    Case,
    Role,
    ask_consent,
    audit,
    give_consent,
    holdings,
    mark,
    open_item,
    receipt,
    refuse_consent,
    release,
    waiting,
)
from gsomia.registry import CopyState, Direction, Rung
from gsomia.verdict import UNKNOWN, decide

NAMED = {"JPN": "極秘", "KOR": "군사II급비밀"}


@pytest.mark.parametrize(("giver", "holder"), [("JPN", "KOR"), ("KOR", "JPN")])
def test_a_document_goes_its_whole_way_and_both_registers_agree(stage: Stage, giver: str, holder: str) -> None:
    with_both = stage()
    here, there = with_both[giver], with_both[holder]
    with_both.enter(official("reader"), holder)
    sent = here.transmit("発射 발사".encode(), to=holder, level=NAMED[giver])
    assert (sent.state, sent.custodian, sent.control_number) == (CopyState.AUTHORISED, giver, f"{giver}-2018-000001")
    with_both.settle()
    same_story(with_both)
    copy, item = register(there)[sent.id]
    assert (copy.state, copy.direction, copy.custodian) == (CopyState.DELIVERED, Direction.RECEIVED, giver)
    assert item.title == "report" and copy.control_number == f"{holder}-2018-000001"

    assert finish(there, copy.control_number, "reader").decode() == "発射 발사"
    with_both.settle()
    same_story(with_both)
    copy, _ = register(here)[sent.id]
    assert (copy.state, copy.custodian, copy.origin_mark) == (CopyState.RECEIPTED, holder, giver)
    assert [entry.rung for entry in copy.rungs if entry.party == giver] == [Rung.DISPATCHED]
    assert {entry.rung for entry in copy.rungs} == set(Rung)
    holds(with_both)


def test_opening_before_the_receipt_leaves_the_receipt_to_come(stage: Stage) -> None:
    both = stage()
    both.enter(official("reader"), "KOR")
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    mark(both["KOR"].node, sent.id, "군사II급비밀", by=both["KOR"].by(Role.REGISTRY))
    open_item(both["KOR"].node, sent.id, "reader", io.BytesIO())
    both.settle()
    copy, _ = register(both["JPN"])[sent.id]
    assert (copy.state, copy.custodian) == (CopyState.OPENED, "JPN")
    receipt(both["KOR"].node, sent.id, by=both["KOR"].by(Role.REGISTRY))
    both.settle()
    copy, _ = register(both["JPN"])[sent.id]
    assert (copy.state, copy.custodian) == (CopyState.RECEIPTED, "KOR")
    same_story(both)
    holds(both)


def test_the_originator_hears_of_the_first_opening_and_never_by_whom(stage: Stage) -> None:
    both = stage()
    both.enter(official("reader"), "KOR")
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    finish(both["KOR"], sent.id, "reader")
    open_item(both["KOR"].node, sent.id, "reader", io.BytesIO())
    both.settle()
    with both["JPN"].node.store.reading() as reader:
        opened = list(reader.acts(types=["opened"]))
        assert len(opened) == 1 and b"reader" not in opened[0].data
    with both["KOR"].node.store.reading() as reader:
        assert len(list(reader.acts(types=["access"]))) == 2


@pytest.mark.parametrize(
    ("words", "article"),
    [
        pytest.param({"clearance": "CONFIDENTIAL"}, "7", id="the clearance is too low"),
        pytest.param({"clearance": "none", "rank": "general"}, "7", id="a general without clearance"),
        pytest.param({"needs": ()}, "7.2", id="no need to know"),
        pytest.param({"needs": ("chn-navy",), "rank": "minister"}, "7", id="a minister with another need"),
        pytest.param({"rosters": ()}, "6(e)", id="no place on the roster"),
    ],
)
def test_who_may_not_read(stage: Stage, words: dict[str, object], article: str) -> None:
    both = stage()
    both.enter(official("reader", **words), "KOR")
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    finish(both["KOR"], sent.id)
    sink = io.BytesIO()
    with pytest.raises(RefusedError) as caught:
        open_item(both["KOR"].node, sent.id, "reader", sink)
    grounds = caught.value.verdict["grounds"]
    assert isinstance(grounds, list)
    assert any(str(g["article"]).startswith(article) for g in grounds if g["effect"] == "refuse"), grounds
    assert sink.getvalue() == b""
    assert "for reader" in words_of(refusals(both["KOR"]))
    with both["KOR"].node.store.reading() as reader:
        assert not list(reader.acts(types=["access", "opened"]))


def test_a_person_nobody_entered_is_named_with_those_who_were(stage: Stage) -> None:
    both = stage()
    both.enter(official("kim"), "KOR")
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    with pytest.raises(UsageError, match="unknown person `lee`") as caught:
        open_item(both["KOR"].node, sent.id, "lee", io.BytesIO())
    assert "kim" in caught.value.hint


def test_an_unmarked_item_is_neither_opened_nor_receipted(stage: Stage) -> None:
    both = stage()
    both.enter(official("reader"), "KOR")
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    with pytest.raises(RefusedError, match="not been marked"):
        receipt(both["KOR"].node, sent.id, by=both["KOR"].by(Role.REGISTRY))
    with pytest.raises(RefusedError, match="not been marked"):
        open_item(both["KOR"].node, sent.id, "reader", io.BytesIO())
    with pytest.raises(RefusedError):
        mark(both["KOR"].node, sent.id, "군사III급비밀", by=both["KOR"].by(Role.REGISTRY))
    assert register(both["KOR"])[sent.id][0].own_mark == ""


def test_only_an_officer_with_the_role_signs(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    korea = both["KOR"]
    with pytest.raises(RefusedError, match="does not hold the role `registry`"):
        mark(korea.node, sent.id, "군사II급비밀", by=korea.by(Role.DISCLOSURE))
    with pytest.raises(RefusedError, match="is not enrolled with this key"):
        mark(korea.node, sent.id, "군사II급비밀", by=both["JPN"].by(Role.REGISTRY))
    with pytest.raises(RefusedError, match="does not hold the role `disclosure`"):
        both["JPN"].officers[Role.DISCLOSURE] = both["JPN"].by(Role.LEGAL)
        both["JPN"].transmit(b"x", to="KOR", level="極秘")
    assert len(register(both["JPN"])) == 1


# --- through the hub, and to a third Party ---------------------------------------------------------------------------


def test_through_the_hub_there_are_two_legs_and_two_receipts(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA", at="2015-06-01T12:00:00+09:00")
    korea, america, japan = three["KOR"], three["USA"], three["JPN"]
    three.enter(official("reader"), "JPN")
    with pytest.raises(RefusedError):
        korea.transmit(b"test", to="JPN", level="군사II급비밀")
    first = korea.transmit(b"test", to="JPN", via=("USA",), level="군사II급비밀")
    three.settle()
    finish(america, first.id)
    second = release(america.node, first.id, "JPN", by=america.by(Role.DISCLOSURE))
    three.settle()
    assert finish(japan, second.id, "reader") == b"test"
    three.settle()
    same_story(three)
    holds(three)
    assert second.item == first.item and second.id == f"{first.item}-USA-1"
    in_korea = register(korea)
    assert {copy.id: (copy.direction, copy.state, copy.custodian) for copy, _ in in_korea.values()} == {
        first.id: (Direction.SENT, CopyState.RECEIPTED, "USA"),
        second.id: (Direction.REPORTED, CopyState.RECEIPTED, "JPN"),
    }
    digests = {
        register(p)[c][1].payload_digest for p, c in ((korea, first.id), (america, first.id), (japan, second.id))
    }
    assert len(digests) == 1


def test_what_waits_at_the_hub_is_asked_with_what_its_records_establish(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA", at="2015-06-01T12:00:00+09:00")
    korea, america = three["KOR"], three["USA"]
    first = korea.transmit(b"test", to="JPN", via=("USA",), level="군사II급비밀")
    with korea.node.store.reading() as reader:
        ((asked, _),) = waiting(korea.node, reader, korea.node.clock.now())
    assert (asked.act, asked.to, asked.via) == ("transmit", "JPN", ("USA",))
    three.settle()
    finish(america, first.id)
    release(america.node, first.id, "JPN", by=america.by(Role.DISCLOSURE))
    at = america.node.clock.now()
    with america.node.store.reading() as reader:
        ((asked, facts),) = waiting(america.node, reader, at)
        case = Case.of(america.node, reader)
        ((holder, item),) = holdings(reader)
    assert (holder, item.originator) == ("USA", "KOR")
    verdict = decide(case.law, asked, facts, case.record, at)
    assert verdict.outcome == "permit"
    assert {**facts.established_by}["consent"]
    # The same question with a fact that no record establishes is not permitted.
    assert (
        decide(
            case.law, asked, replace(facts, accredited=UNKNOWN, assurance=UNKNOWN, consent=UNKNOWN), case.record, at
        ).outcome
        == "refuse"
    )


def test_the_hub_cannot_hand_on_what_the_originator_did_not_send_on(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA", at="2015-06-01T12:00:00+09:00")
    sent = three["KOR"].transmit(b"for you alone", to="USA", level="군사II급비밀")
    three.settle()
    finish(three["USA"], sent.id)
    with pytest.raises(RefusedError):
        release(three["USA"].node, sent.id, "JPN", by=three["USA"].by(Role.DISCLOSURE))
    three.settle()
    assert register(three["JPN"]) == {}


def test_a_third_party_gets_it_only_after_written_consent(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    japan, korea, america = three["JPN"], three["KOR"], three["USA"]
    sent = japan.transmit(b"report", to="KOR", level="極秘")
    three.settle()
    finish(korea, sent.id)
    by = korea.by(Role.DISCLOSURE)
    with pytest.raises(RefusedError) as caught:
        release(korea.node, sent.id, "USA", by=by)
    assert "6(a)" in str(caught.value.verdict)
    (asked,) = ask_consent(korea.node, sent.id, "USA", "missile defence", by=by)
    three.settle()
    with pytest.raises(RefusedError):  # a request is no consent
        release(korea.node, sent.id, "USA", by=by)
    give_consent(japan.node, asked.id, by=japan.by(Role.DISCLOSURE))
    three.settle()
    onward = release(korea.node, sent.id, "USA", by=by)
    three.settle()
    finish(america, onward.id)
    three.settle()
    same_story(three)
    holds(three)
    reported, _ = register(japan)[onward.id]
    assert (reported.direction, reported.holder, reported.custodian) == (Direction.REPORTED, "USA", "USA")


def test_a_refusal_in_writing_is_no_consent_and_is_final(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    japan, korea = three["JPN"], three["KOR"]
    sent = japan.transmit(b"report", to="KOR", level="極秘")
    three.settle()
    finish(korea, sent.id)
    (asked,) = ask_consent(korea.node, sent.id, "USA", "why", by=korea.by(Role.DISCLOSURE))
    three.settle()
    refuse_consent(japan.node, asked.id, "no", by=japan.by(Role.DISCLOSURE))
    three.settle()
    with pytest.raises(RefusedError):
        release(korea.node, sent.id, "USA", by=korea.by(Role.DISCLOSURE))
    with pytest.raises(UsageError, match="no one request"):
        give_consent(japan.node, asked.id, by=japan.by(Role.DISCLOSURE))


def test_consent_for_one_item_is_none_for_another(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    japan, korea = three["JPN"], three["KOR"]
    one, other = (japan.transmit(text, to="KOR", level="極秘") for text in (b"one", b"other"))
    three.settle()
    for copy in (one, other):
        finish(korea, copy.id)
    (asked,) = ask_consent(korea.node, one.id, "USA", "why", by=korea.by(Role.DISCLOSURE))
    three.settle()
    give_consent(japan.node, asked.id, by=japan.by(Role.DISCLOSURE))
    three.settle()
    with pytest.raises(RefusedError) as caught:
        release(korea.node, other.id, "USA", by=korea.by(Role.DISCLOSURE))
    assert "6(a)" in str(caught.value.verdict)
    release(korea.node, one.id, "USA", by=korea.by(Role.DISCLOSURE))


def test_an_item_that_came_twice_is_named_by_its_control_number_and_still_goes_on(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    japan, korea, america = three["JPN"], three["KOR"], three["USA"]
    sent = japan.transmit(b"report", to="KOR", level="極秘")
    three.settle()
    finish(korea, sent.id)
    (asked,) = ask_consent(korea.node, sent.id, "USA", "why", by=korea.by(Role.DISCLOSURE))
    three.settle()
    give_consent(japan.node, asked.id, by=japan.by(Role.DISCLOSURE))
    three.settle()
    copies = [release(korea.node, sent.id, "USA", by=korea.by(Role.DISCLOSURE)) for _ in range(2)]
    three.settle()
    assert [copy.id for copy in copies] == [f"{sent.item}-KOR-1", f"{sent.item}-KOR-2"]
    for copy in copies:
        finish(america, copy.id)
    three.settle()
    with pytest.raises(UsageError, match="names 2 copies") as caught:
        receipt(america.node, sent.item, by=america.by(Role.REGISTRY))
    assert "USA-2018-000001, USA-2018-000002" in caught.value.hint
    back = release(america.node, copies[0].id, "JPN", by=america.by(Role.DISCLOSURE))
    three.settle()
    assert register(japan)[back.id][0].state is CopyState.DELIVERED
    same_story(three)
    holds(three)


# --- what verify sees -------------------------------------------------------------------------------------------------


def test_verify_counts_what_it_checked(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.settle()
    finish(both["KOR"], sent.id)
    both.settle()
    counted = {check.name: check.counted for check in audit(both["JPN"].node)}
    assert counted["register rows"] > 30 and counted["sealed items"] == 1
    assert counted["log exercise.gsomia/JPN/KOR"] > 5 and counted["signatures of acts"] > 30


def test_what_holds_another_party_s_information_asks_that_party(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    japan = three["JPN"]
    with pytest.raises(RefusedError) as caught:
        japan.transmit(b"report with an American paragraph", to="KOR", level="極秘", contains=("USA",))
    grounds: Any = caught.value.verdict["grounds"]
    assert "usa-jpn-2007" in {ground["instrument"] for ground in grounds if ground["effect"] == "refuse"}
    with pytest.raises(UsageError, match="unknown Party `XXX`"):
        japan.transmit(b"report", to="KOR", level="極秘", contains=("XXX",))
    assert register(japan) == {}
    # To the Party whose information it is, nothing is asked of anybody else.
    sent = japan.transmit(b"report with an American paragraph", to="USA", level="極秘", contains=("USA",))
    three.settle()
    assert register(three["USA"])[sent.id][1].contains == ("JPN", "USA")
