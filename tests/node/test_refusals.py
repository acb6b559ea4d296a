"""What is refused before anything moves: unknown words, missing facts, and where the reason can be read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from stories import Stage, finish, forget, holds, refusals, register, same_story, words_of

from gsomia.errors import NodeError, RefusedError, UsageError
from gsomia.keys import SigningKey
from gsomia.node import (
    Acting,
    Note,
    PersonDetails,
    Role,
    adopt_law,
    ask_consent,
    assure,
    enrol_officer,
    enrol_peer,
    enter_legal_acts,
    enter_person,
    fingerprint,
    identity,
    mark,
    release,
)
from gsomia.registry import CopyState

WORDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "a Party": ({"to": "PRK"}, "unknown Party `PRK`", "known: JPN, KOR, USA"),
    "a Party on the way": ({"via": ("CHN",)}, "unknown Party `CHN`", "known: JPN, KOR, USA"),
    "a level": ({"level": "COSMIC"}, "unknown level `COSMIC` of `JPN`", "極秘"),
    "the other Party's level": ({"level": "군사II급비밀"}, "unknown level `군사II급비밀` of `JPN`", "特定秘密"),
    "a subject": ({"subject": "weather"}, "unknown subject `weather`", "dprk-missile, dprk-nuclear"),
    "a purpose": ({"purpose": "fun"}, "unknown purpose `fun`", "defence, missile-defence"),
    "an agreement": ({"under": "un-charter"}, "unknown agreement `un-charter`", "adopted: jpn-kor-2016"),
    "a title": ({"title": "\x1b[2J"}, "a title is", "--title"),
}


@pytest.mark.parametrize("name", WORDS)
def test_an_unknown_word_is_named_with_those_that_are_known(stage: Stage, name: str) -> None:
    words, says, known = WORDS[name]
    both = stage()
    with pytest.raises(UsageError, match=re.escape(says)) as caught:
        both["JPN"].transmit(b"report", **({"to": "KOR", "level": "極秘"} | words))
    assert known in caught.value.hint
    assert register(both["JPN"]) == {} and both["JPN"].node.blobs.names() == []


def test_other_unknown_words_are_named_too(stage: Stage) -> None:
    both = stage()
    japan = both["JPN"]
    security, legal = japan.by(Role.SECURITY), japan.by(Role.LEGAL)
    with pytest.raises(UsageError, match="unknown clearance `ULTRA`") as caught:
        enter_person(japan.node, PersonDetails(id="x", clearance="ULTRA"), by=security)
    assert "SECRET" in caught.value.hint
    with pytest.raises(UsageError, match="unknown subject `weather`"):
        enter_person(japan.node, PersonDetails(id="x", clearance="SECRET", needs=("weather",)), by=security)
    with pytest.raises(UsageError, match="unknown agreement `nato`") as caught:
        adopt_law(japan.node, both.law, ["nato"], by=legal)
    assert "jpn-kor-2016" in caught.value.hint
    with pytest.raises(UsageError, match="unknown role `czar`"):
        enrol_officer(japan.node, "x", ["czar"], legal.key.public, by=security)
    with pytest.raises(UsageError, match="not an officer's id"):
        enrol_officer(japan.node, "a/b", [Role.LEGAL], legal.key.public, by=security)
    with pytest.raises(UsageError, match="`USA` is not an enrolled peer; enrolled: KOR"):
        assure(japan.node, "USA", "usa-jpn-2007", "SECRET", by=security)
    with pytest.raises(UsageError, match="has not adopted `nato`"):
        assure(japan.node, "KOR", "nato", "SECRET", by=security)


# --- each fact that a verdict needs ----------------------------------------

FACTS: dict[str, tuple[str, str, str]] = {
    "the holder's assurance, at the giver's": ("JPN", "kind = 'assure' AND party = 'KOR'", "7.5"),
    "the holder's assurance, at the holder's": ("KOR", "kind = 'assure' AND party = 'KOR'", "7.5"),
    "the giver's accreditation, at the giver's": ("JPN", "kind = 'accredit' AND party = 'JPN'", "12"),
    "the giver's accreditation, at the holder's": ("KOR", "kind = 'accredit' AND party = 'JPN'", "12"),
    "the holder's accreditation, at the giver's": ("JPN", "kind = 'accredit' AND party = 'KOR'", "12"),
    "the holder's accreditation, at the holder's": ("KOR", "kind = 'accredit' AND party = 'KOR'", "12"),
}


@pytest.mark.parametrize("name", FACTS)
def test_a_fact_that_no_record_establishes_refuses(stage: Stage, name: str) -> None:
    party, where, article = FACTS[name]
    both = stage()
    assert forget(both[party], f"UPDATE credential SET kind = 'withheld-' || kind WHERE {where}") >= 1
    if party == "JPN":
        with pytest.raises(RefusedError) as caught:
            both["JPN"].transmit(b"report", to="KOR", level="極秘")
        grounds = caught.value.verdict["grounds"]
        assert isinstance(grounds, list)
        assert register(both["JPN"]) == {} and both["JPN"].node.blobs.names() == []
    else:
        sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
        both.settle()
        assert register(both["JPN"])[sent.id][0].state is CopyState.REFUSED
        (kept,) = refusals(both["KOR"])
        grounds = kept.detail["grounds"]
    refusing = [g for g in grounds if g["effect"] != "permit"]
    assert refusing and all(g["clause"] == "fact-not-established" or g["effect"] == "refuse" for g in refusing)
    assert any(str(g["article"]).startswith(article) for g in refusing), refusing
    assert register(both["KOR"]) == {}
    same_story(both)
    # Given back before the register is verified: what was withheld stands in its acts.
    forget(both[party], "UPDATE credential SET kind = replace(kind, 'withheld-', '')")
    holds(both)


def test_an_assurance_given_to_another_is_none(stage: Stage) -> None:
    """Korea has assured the United States, and not Japan: Korea's own node refuses what Japan offers."""
    three = stage("JPN", "KOR", "USA")
    korea = three["KOR"]
    given = "kind = 'assure' AND party = 'KOR'"
    assert forget(korea, f"DELETE FROM credential WHERE {given} AND instrument = 'jpn-kor-2016'") == 1
    with korea.node.store.reading() as reader:
        assert [c.instrument for c in reader.credentials() if (c.kind, c.party) == ("assure", "KOR")] == [
            "usa-kor-1987"
        ]
    sent = three["JPN"].transmit(b"report", to="KOR", level="極秘")
    three.settle()
    assert register(three["JPN"])[sent.id][0].state is CopyState.REFUSED
    assert register(korea) == {}


@pytest.mark.parametrize("party", ["JPN", "KOR"])
def test_without_the_law_or_the_record_nothing_moves(stage: Stage, party: str) -> None:
    for statement in ("DELETE FROM adopted", "DELETE FROM entered"):
        both = stage()
        assert forget(both[party], statement)
        if party == "JPN":
            with pytest.raises((RefusedError, UsageError)):
                both["JPN"].transmit(b"report", to="KOR", level="極秘")
        else:
            sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
            both.settle()
            assert register(both["JPN"])[sent.id][0].state is CopyState.REFUSED
        assert register(both["KOR"]) == {}


def test_what_only_a_peer_entered_is_reported_and_changes_nothing(stage: Stage) -> None:
    both = stage(at="2019-08-23T18:00:00+09:00")
    korea = both["KOR"]
    with both["JPN"].node.store.reading() as reader:
        known = [entered.legal for entered in reader.record() if entered.legal.act == "give-notice"]
    assert len(known) == 1
    legal = [replace(known[0], id="note-verbale-2")]
    enter_legal_acts(
        both["JPN"].node, legal, Note.of_text("note", b"text", dated="2016-11-23"), by=both["JPN"].by(Role.LEGAL)
    )
    both.settle()
    with korea.node.store.reading() as reader:
        entries = [entered for entered in reader.record() if entered.legal.id == legal[0].id]
    assert [entry.entered_by for entry in entries] == ["JPN"]


def test_a_peer_that_is_not_enrolled_gets_nothing(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA")
    japan = three["JPN"]
    assert forget(japan, "DELETE FROM peer WHERE party = 'KOR'") == 1
    with pytest.raises((NodeError, RefusedError)):
        japan.transmit(b"report", to="KOR", level="極秘")
    assert register(japan) == {} and japan.node.blobs.names() == []
    sent = japan.transmit(b"report", to="USA", level="極秘", subject="chn-navy")
    three.settle()
    with pytest.raises((NodeError, RefusedError, UsageError)):
        release(three["USA"].node, sent.id, "KOR", by=three["USA"].by(Role.DISCLOSURE))


def test_between_act_and_sending_the_question_is_asked_again(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    forget(both["JPN"], "DELETE FROM credential WHERE kind = 'assure' AND party = 'KOR'")
    both.settle()
    copy, _ = register(both["JPN"])[sent.id]
    assert copy.state is CopyState.REFUSED and "refuse" in copy.reason
    assert both.wire.carried == [] or register(both["KOR"]) == {}
    same_story(both)


def test_in_the_gap_of_2019_what_was_authorised_before_it_stops(stage: Stage) -> None:
    """Authorised at 17:59 of the last day; by the counterfactual record without the second note, refused after it."""
    both = stage(at="2019-11-22T17:00:00+09:00")
    sent = both["JPN"].transmit(b"report", to="KOR", level="極秘")
    both.clock.at = datetime.fromisoformat("2019-11-23T00:00:30+09:00")
    both.settle()
    copy, _ = register(both["JPN"])[sent.id]
    assert copy.state is CopyState.REFUSED and "21.3" in words_of(refusals(both["JPN"]))
    assert register(both["KOR"]) == {}


def test_a_chain_of_agreements_carries_with_consent_before_the_arrangement(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA", at="2014-06-01T12:00:00+09:00")
    sent = three["KOR"].transmit(b"test", to="JPN", via=("USA",), level="군사II급비밀", subject="dprk-nuclear")
    assert sent.instrument == "usa-kor-1987+usa-jpn-2007"
    three.settle()
    assert register(three["USA"])[sent.id][0].state is CopyState.DELIVERED
    finish(three["USA"], sent.id)
    onward = release(three["USA"].node, sent.id, "JPN", by=three["USA"].by(Role.DISCLOSURE))
    three.settle()
    assert register(three["JPN"])[onward.id][0].state is CopyState.DELIVERED
    same_story(three)
    holds(three)


# --- enrolling ----------------------------------------


def test_a_peer_is_enrolled_by_its_fingerprint_alone(stage: Stage) -> None:
    both = stage()
    japan, by = both["JPN"].node, both["JPN"].by(Role.SECURITY)
    document = identity(both["KOR"].node, certificate="")
    good = fingerprint(document)

    def refused(change: Callable[[dict[str, Any]], Any], says: str, expected: str = "") -> None:
        altered = dict(document)
        change(altered)
        with pytest.raises(UsageError, match=says):
            enrol_peer(japan, altered, expected or fingerprint(altered), by=by)

    refused(lambda d: d.update(party="USA"), "the fingerprint of this identity is", good)
    refused(lambda d: d.update(more=1), "not an identity")
    refused(lambda d: d.update(v=2), "not an identity")
    refused(lambda d: d.pop("log"), "not an identity")
    refused(lambda d: d.update(sealing="AAAA"), "not an identity")
    refused(lambda d: d.update(exercise=False), "real and EXERCISE")
    refused(lambda d: d.update(party="JPN"), "own Party")
    refused(lambda d: d.update(party=["KOR"]), "not an identity")
    refused(lambda d: d.update(party="../x"), "not an identity")
    refused(lambda d: d.update(certificate=7), "not an identity")
    with pytest.raises(RefusedError, match="does not hold the role `security`"):
        enrol_peer(japan, document, good, by=both["JPN"].by(Role.LEGAL))
    spaced = " ".join(good.upper()[i : i + 8] for i in range(0, 64, 8))
    enrol_peer(japan, document, spaced, by=by)


def test_only_the_first_officer_enrols_alone(stage: Stage) -> None:
    both = stage()
    japan = both["JPN"]
    key = SigningKey.generate().public
    with pytest.raises(UsageError, match="there are officers already"):
        enrol_officer(japan.node, "usurper", [Role.SECURITY], key, by=None)
    with pytest.raises(RefusedError, match="does not hold the role `security`"):
        enrol_officer(japan.node, "usurper", [Role.SECURITY], key, by=japan.by(Role.LEGAL))
    stranger = Acting(officer="jpn-security", key=japan.by(Role.LEGAL).key)
    with pytest.raises(RefusedError, match="is not enrolled with this key"):
        enrol_officer(japan.node, "usurper", [Role.SECURITY], key, by=stranger)


def test_a_legal_act_is_not_entered_before_its_day(stage: Stage) -> None:
    both = stage(at="2019-08-20T12:00:00+09:00")
    later = stage(at="2019-08-23T18:00:00+09:00")
    with later["JPN"].node.store.reading() as reader:
        notice = [entered.legal for entered in reader.record() if entered.legal.act == "give-notice"]
    with pytest.raises(UsageError, match="lies in the future"):
        enter_legal_acts(
            both["JPN"].node, notice, Note.of_text("n", b"", dated="2016-11-23"), by=both["JPN"].by(Role.LEGAL)
        )


def test_asking_for_consent_of_what_is_not_held_names_it(stage: Stage) -> None:
    both = stage()
    korea = both["KOR"]
    with pytest.raises(UsageError, match="no item `KOR-2018-000001` is held here"):
        ask_consent(korea.node, "KOR-2018-000001", "USA", "why", by=korea.by(Role.DISCLOSURE))
    sent = both["JPN"].transmit(b"x", to="KOR", level="極秘")
    with pytest.raises(UsageError, match="is held here"):  # the giver's copy is the holder's, not its own
        mark(both["JPN"].node, sent.id, "極秘", by=both["JPN"].by(Role.REGISTRY))
