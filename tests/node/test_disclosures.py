"""Told or shown, with nothing handed over (Article 2(a)): the record, who was there, and what each side finds."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from lying import OTHER_ITEM, act, message, send
from stories import MARKS, Stage, finish, forget, holds, official, once, refusals, same_story, words_of

from gsomia.config import shipped_law
from gsomia.errors import RefusedError, UsageError
from gsomia.node import (
    Role,
    SignedAct,
    Telling,
    Terms,
    TrustedKeys,
    ask_consent,
    audit,
    check_bundle,
    consent_views,
    disclose_orally,
    disclosure_view,
    give_consent,
    notify_regrade,
    recall,
    revoke_consent,
    strike_person,
    write_bundle,
)
from gsomia.node.acts.signed import pack
from gsomia.store import SqlStore
from gsomia.testing import Exercise, Player

DAY = timedelta(days=1)

TOLD = Telling(
    to="KOR",
    what="a briefing on the launch of 29 November",
    place="Tokyo, Ministry of Defence",
    present=("JPN:ueda", "KOR:han"),
    level="極秘",
    subject="dprk-missile",
)
"""What Japan tells Korea, as case jk-086 has it."""


def by(player: Player, role: str = Role.DISCLOSURE) -> Any:
    return player.by(role)


@pytest.fixture
@once
def both(stage: Stage) -> Exercise:
    """Two nodes; Ueda of Japan and Han of Korea may know it."""
    found = stage()
    found.enter(official("ueda"), "JPN")
    found.enter(official("han"), "KOR")
    found.settle()
    return found


def tell(exercise: Exercise, telling: Telling = TOLD, party: str = "JPN") -> SignedAct:
    """A disclosure officer records it."""
    said = disclose_orally(exercise[party].node, telling, by=by(exercise[party]))
    exercise.settle()
    return said


def shown(player: Player) -> dict[str, Any]:
    """The one disclosure that a register holds."""
    with player.node.store.reading() as reader:
        (one,) = reader.disclosures()
        return disclosure_view(player.node, reader, one, player.node.clock.now())


def count(player: Player) -> int:
    with player.node.store.reading() as reader:
        return len(reader.disclosures())


def grounds(caught: pytest.ExceptionInfo[RefusedError]) -> str:
    found = caught.value.verdict["grounds"]
    assert isinstance(found, list)
    return "\n".join(f"{g['article']}: {g['text']}" for g in found if g["effect"] != "permit")


def test_both_registers_hold_what_was_told_and_each_side_judges_it(both: Exercise) -> None:
    said = tell(both)
    for player in both.players.values():
        one = shown(player)
        assert (one["disclosure"], one["giver"], one["receiver"]) == (said.id, "JPN", "KOR")
        assert (one["originator"], one["level"], one["item"]) == ("JPN", "極秘", "")
        assert one["present"] == ["JPN:ueda", "KOR:han"]
        assert (one["verdict"]["outcome"], one["instrument"]) == ("permit", "jpn-kor-2016")
    assert shown(both["KOR"])["persons"] == [{"person": "han", "outcome": "permit", "why": ""}]
    assert shown(both["JPN"])["persons"] == []
    same_story(both)
    holds(both)


# Who of Korea was there, and what Korea's own node finds of them (Article 7).
PRESENT: dict[str, tuple[dict[str, Any] | None, str, str]] = {
    "cleared too low": ({"clearance": "CONFIDENTIAL"}, "refuse", "clearance"),
    "without need": ({"needs": ("other",)}, "refuse", "duties|need|alone"),
    "on no roster": ({"rosters": ()}, "refuse", "register"),
    "a legislator": ({"role": "legislator"}, "refuse", "official"),
    "unknown": (None, "", "nobody entered"),
}


@pytest.mark.parametrize("name", PRESENT)
def test_the_receivers_node_says_who_of_its_own_should_not_have_been_there(both: Exercise, name: str) -> None:
    words, outcome, why = PRESENT[name]
    if words is not None:
        both.enter(official("lim", **words), "KOR")
    tell(both, replace(TOLD, present=("JPN:ueda", "KOR:han", "KOR:lim")))
    found = {one["person"]: one for one in shown(both["KOR"])["persons"]}
    assert found["han"]["outcome"] == "permit"
    assert found["lim"]["outcome"] == outcome and re.search(why, found["lim"]["why"]), found["lim"]


def test_an_item_of_ones_own_is_told_of_by_its_own_words(both: Exercise) -> None:
    copy = both["JPN"].transmit(b"report", to="KOR", level="秘")
    both.settle()
    notify_regrade(both["JPN"].node, copy.item, "極秘", "more is known", by=by(both["JPN"]))
    both.settle()
    tell(both, replace(TOLD, item=copy.item, part="paragraphs 2 to 4", level="", subject=""))
    for player in both.players.values():
        one = shown(player)
        assert (one["item"], one["part"], one["level"], one["subject"]) == (
            copy.item,
            "paragraphs 2 to 4",
            "極秘",
            "dprk-missile",
        )
    holds(both)


# --- what the agreement says of it -----------------------------------------------------------------------------------


def top_secret(exercise: Exercise) -> Telling:
    return replace(TOLD, level="機密")


def unassured(exercise: Exercise) -> Telling:
    forget(exercise["JPN"], "DELETE FROM credential WHERE kind = 'assure' AND party = 'KOR'")
    return TOLD


def ended(exercise: Exercise) -> Telling:
    return replace(TOLD, under="tisa-2014", subject="chn-navy")


AGAINST: dict[str, tuple[Callable[[Exercise], Telling], str]] = {
    "a level that the agreement has not": (top_secret, r"4\.1"),
    "no assurance": (unassured, r"7\.5\(a\)"),
    "a subject that the arrangement has not": (ended, "1: "),
}


@pytest.mark.parametrize("name", AGAINST)
def test_what_the_agreement_does_not_permit_is_not_told(both: Exercise, name: str) -> None:
    change, says = AGAINST[name]
    telling = change(both)
    with pytest.raises(RefusedError) as caught:
        tell(both, telling)
    assert re.search(says, grounds(caught)), grounds(caught)
    assert "oral disclosure to KOR" in words_of(refusals(both["JPN"]))
    assert [count(player) for player in both.players.values()] == [0, 0]


def test_after_the_end_nothing_is_told(stage: Stage) -> None:
    """Before the agreement's entry into force, as after its end, there is nothing by which it could be told."""
    both = stage(at="2016-11-22T12:00:00+09:00")
    both.enter(official("ueda"), "JPN")
    with pytest.raises(RefusedError):
        tell(both)


@pytest.fixture
@once
def three(stage: Stage) -> Exercise:
    """Korea holds an item of Japan's; Han of Korea may know it, and America wants to hear of it."""
    found = stage("JPN", "KOR", "USA")
    found["JPN"].transmit(b"report", to="KOR", level=MARKS["JPN"])
    found.settle()
    finish(found["KOR"], found["KOR"].copies()[0].id)
    found.enter(official("han"), "KOR")
    found.enter(official("smith"), "USA")
    found.settle()
    return found


def of_japan(three: Exercise, **words: Any) -> Telling:
    """What Korea would tell America of Japan's item."""
    telling = replace(TOLD, to="USA", present=("KOR:han", "USA:smith"), level="", subject="", **words)
    return replace(telling, item=three["KOR"].copies()[0].item)


FOR_TRAINING = Terms(purpose="training")


def consented(three: Exercise, terms: Terms | None = None) -> str:
    korea, japan = three["KOR"], three["JPN"]
    (asked,) = ask_consent(korea.node, korea.copies()[0].id, "USA", "a meeting", by=by(korea))
    three.settle()
    give_consent(japan.node, asked.id, terms, by=by(japan))
    three.settle()
    return asked.id


def test_what_is_anothers_is_told_with_its_consent_and_it_learns_of_it(three: Exercise) -> None:
    with pytest.raises(RefusedError) as caught:
        tell(three, of_japan(three), "KOR")
    assert "approval" in grounds(caught)
    consent = consented(three, Terms(conditions=("nothing is written down",)))
    with pytest.raises(RefusedError):
        tell(three, of_japan(three), "KOR")
    said = tell(three, of_japan(three, met=(consent,)), "KOR")
    assert said.statement.parties == ("JPN", "USA")
    assert said.statement.body["met"] == {consent: ["nothing is written down"]}
    for player in three.players.values():
        one = shown(player)
        assert (one["giver"], one["receiver"], one["originator"]) == ("KOR", "USA", "JPN")
    assert shown(three["JPN"])["verdict"] is None
    assert shown(three["USA"])["verdict"]["outcome"] == shown(three["KOR"])["verdict"]["outcome"] == "permit"
    holds(three)


def consent_told(player: Player, consent: str) -> list[str]:
    with player.node.store.reading() as reader:
        (found,) = consent_views(reader, consent)
    return [row["disclosure"] for row in found["disclosed"]]


def test_what_was_told_under_a_consent_stands_beside_it_at_all_three(three: Exercise) -> None:
    consent, other = consented(three, Terms(conditions=("nothing is written down",))), consented(three, FOR_TRAINING)
    said = tell(three, of_japan(three, met=(consent,)), "KOR").id
    for player in three.players.values():
        assert (consent_told(player, consent), consent_told(player, other)) == ([said], [])
    revoke_consent(three["JPN"].node, consent, "no longer", by=by(three["JPN"]))
    three.settle()
    assert consent_told(three["JPN"], consent) == [said]


def test_what_was_told_of_a_document_that_draws_on_the_item_stands_there_too(three: Exercise) -> None:
    """Japan's register has no copy of Korea's document: that the officer certified Japan's consent says it."""
    korea = three["KOR"]
    consent = consented(three, Terms(part="portion", extent="par 2"))
    way = {"to": "USA", "level": "군사II급비밀", "cites": (korea.copies()[0].id,), "met": (consent,)}
    document = korea.transmit(b"figure", **way)
    three.settle()
    telling = of_japan(three, met=(consent,))
    with pytest.raises(RefusedError):
        tell(three, telling, "KOR")
    said = tell(three, replace(telling, item=document.item), "KOR").id
    assert [consent_told(player, consent) for player in three.players.values()] == [[said]] * 3
    holds(three)


def test_ones_own_who_may_not_know_anothers_item_is_not_there_when_it_is_told(three: Exercise) -> None:
    consented(three)
    three.enter(official("han", clearance="CONFIDENTIAL"), "KOR")
    with pytest.raises(RefusedError, match="`han` may not know what `KOR-2018-000001` holds") as caught:
        tell(three, of_japan(three), "KOR")
    assert "7.2" in grounds(caught)


def test_what_was_asked_back_is_not_told_of(three: Exercise) -> None:
    consented(three)
    recall(three["JPN"].node, three["JPN"].copies()[0].item, "found to be wrong", by=by(three["JPN"]))
    three.settle()
    with pytest.raises(RefusedError) as caught:
        tell(three, of_japan(three), "KOR")
    assert "recall" in grounds(caught)


# --- bad input --------------------------------------------------------------------------------------------------------

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "nobody of the Party told": ({"present": ("JPN:ueda", "JPN:aoki")}, "who of `JPN` and of `KOR` is there"),
    "somebody of a third": ({"present": ("JPN:ueda", "KOR:han", "USA:smith")}, "who of `JPN` and of `KOR`"),
    "somebody of no Party": ({"present": ("JPN:ueda", "han")}, "`han` is not PARTY:PERSON"),
    "somebody without a name": ({"present": ("JPN:ueda", "KOR: ")}, "is not PARTY:PERSON"),
    "somebody twice": ({"present": ("JPN:ueda", "KOR:han", "KOR:han")}, "named twice"),
    "to oneself": ({"to": "JPN", "present": ("JPN:ueda",)}, "who of `JPN`"),
    "nothing": ({"level": "", "subject": ""}, "what is told"),
    "no minute": ({"what": " "}, "--what is one line"),
    "no place": ({"place": ""}, "--place is one line"),
    "a minute in two lines": ({"what": "a\nb"}, "--what is one line"),
    "a part of nothing": ({"part": "page 2"}, "a part of which item"),
    "an item at another level": ({"item": "x"}, "its own level and subject"),
    "an item that is none": ({"item": "x", "level": "", "subject": ""}, "no item `x` is registered"),
    "a mark that is none": ({"level": "COSMIC"}, "unknown level `COSMIC`"),
    "a subject that is none": ({"subject": "weather"}, "unknown subject `weather`"),
    "a purpose that is none": ({"purpose": "fun"}, "unknown purpose `fun`"),
    "an agreement that is none": ({"under": "x"}, "unknown agreement `x`"),
    "one's own whom nobody entered": ({"present": ("JPN:aoki", "KOR:han")}, "unknown person `aoki`"),
}


@pytest.mark.parametrize("name", BAD)
def test_words_that_will_not_do_are_said_and_nothing_is_signed(both: Exercise, name: str) -> None:
    words, says = BAD[name]
    with pytest.raises(UsageError, match=says):
        tell(both, replace(TOLD, **words))
    assert count(both["JPN"]) == 0


def test_who_has_left_tells_nothing_and_who_is_no_peer_is_told_nothing(both: Exercise) -> None:
    with pytest.raises(UsageError, match="`USA` is not an enrolled peer"):
        tell(both, replace(TOLD, to="USA", present=("JPN:ueda", "USA:smith")))
    strike_person(both["JPN"].node, "ueda", "retired", by=by(both["JPN"], Role.SECURITY))
    with pytest.raises(UsageError, match="`ueda` has left"):
        tell(both)


@pytest.mark.parametrize("role", [Role.REGISTRY, Role.SECURITY, Role.LEGAL])
def test_another_officer_tells_nothing(both: Exercise, role: str) -> None:
    with pytest.raises(RefusedError, match="does not hold the role `disclosure`"):
        disclose_orally(both["JPN"].node, TOLD, by=by(both["JPN"], role))


# --- lies, and a register that somebody was at -----------------------------------------------------------------------

BODY: dict[str, Any] = {
    "to": "KOR", "under": "jpn-kor-2016", "part": "", "originator": "JPN", "contains": ["JPN"], "level": "極秘",
    "mark": "", "subject": "dprk-missile", "purpose": "defence", "what": "x", "place": "Tokyo",
    "present": ["JPN:ueda", "KOR:han"], "met": {}, "verdict": "",
}  # fmt: skip
LIES: dict[str, tuple[dict[str, Any], str]] = {
    "to another": ({"to": "USA", "present": ["JPN:ueda", "USA:x"]}, "nothing of it concerns `KOR`"),
    "to its own Party": ({"to": "JPN"}, "somebody of both Parties"),
    "with nobody there": ({"present": []}, "somebody of both Parties"),
    "with a stranger there": ({"present": ["JPN:ueda", "KOR:han", "USA:x"]}, "no other's"),
    "with one twice": ({"present": ["JPN:ueda", "KOR:han", "KOR:han"]}, "nobody twice"),
    "with somebody of nowhere": ({"present": ["ueda", "KOR:han"]}, "does not fit"),
    "of nobody's information": ({"contains": []}, "whose information"),
    "of another's without an item": ({"originator": "USA", "contains": ["USA"]}, "named by its item"),
    "of no level": ({"level": ""}, "does not fit"),
    "of a subject that is none": ({"subject": "x"}, "does not fit"),
    "without a minute": ({"what": ""}, "does not fit"),
    "in two lines": ({"what": "a\nb"}, "does not fit"),
}


def why_not(both: Exercise, lie: SignedAct) -> str:
    said = send(both, "JPN", "KOR", message(both["JPN"], "KOR", "acts", {"acts": pack([lie])}))
    return str(said["body"]["refused"].get(lie.id, ""))


@pytest.mark.parametrize("name", LIES)
def test_what_is_no_record_of_a_disclosure_is_refused_and_kept(both: Exercise, name: str) -> None:
    words, says = LIES[name]
    lie = act(both["JPN"], "disclose-orally", roles=(Role.DISCLOSURE,), parties=("KOR",), body=BODY | words)
    assert re.search(says, why_not(both, lie)), why_not(both, lie)
    assert re.search(says, words_of(refusals(both["KOR"])))
    assert count(both["KOR"]) == 0


def test_an_honest_body_is_taken_and_one_without_its_officer_is_not(both: Exercise) -> None:
    made: dict[str, Any] = {"parties": ("KOR",), "body": BODY}
    lie = act(both["JPN"], "disclose-orally", roles=(Role.SECURITY,), **made)
    assert "needs an officer with the role `disclosure`" in why_not(both, lie)
    ahead = act(both["JPN"], "disclose-orally", roles=(Role.DISCLOSURE,), at=both.clock.at + DAY, **made)
    assert "ahead of this node's clock" in why_not(both, ahead)
    assert why_not(both, act(both["JPN"], "disclose-orally", roles=(Role.DISCLOSURE,), **made)) == ""


def test_a_disclosure_is_of_the_item_that_it_names(three: Exercise) -> None:
    """Korea tells America of Japan's item as if it were its own: Japan's node knows whose it is."""
    item = three["KOR"].copies()[0].item
    words = {"to": "USA", "present": ["KOR:han", "USA:smith"], "originator": "KOR", "contains": ["KOR", "JPN"]}
    made: dict[str, Any] = {"roles": (Role.DISCLOSURE,), "parties": ("JPN", "USA"), "item": item, "body": BODY | words}
    lie = act(three["KOR"], "disclose-orally", **made)
    said = send(three, "KOR", "JPN", message(three["KOR"], "JPN", "acts", {"acts": pack([lie])}))
    assert "registered here as another Party's" in said["body"]["refused"][lie.id]
    unknown = act(three["KOR"], "disclose-orally", **made | {"item": OTHER_ITEM})
    said = send(three, "KOR", "JPN", message(three["KOR"], "JPN", "acts", {"acts": pack([unknown])}))
    assert said["body"]["refused"] == {}


CHANGES = {
    "somebody more there": 'UPDATE oral_disclosure SET present = \'["JPN:ueda", "KOR:han", "KOR:lim"]\'',
    "another level": "UPDATE oral_disclosure SET level = '秘'",
    "taken out": "DELETE FROM oral_disclosure",
    "one that nobody recorded": "INSERT INTO oral_disclosure SELECT 'x', giver, receiver, instrument, item, part, "
    "originator, contains, level, mark, subject, purpose, what, place, present, at FROM oral_disclosure",
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_row_that_no_act_accounts_for_is_named(both: Exercise, name: str) -> None:
    tell(both)
    assert forget(both["KOR"], CHANGES[name]) == 1
    found = next(check for check in audit(both["KOR"].node) if check.name == "register rows")
    assert not found.holds and "oral_disclosure `" in found.fault, found.fault


def test_the_bundle_of_an_item_that_was_told_of_holds(both: Exercise) -> None:
    copy = both["JPN"].transmit(b"report", to="KOR", level=MARKS["JPN"])
    both.settle()
    finish(both["KOR"], copy.id)
    tell(both, replace(TOLD, item=copy.item, level="", subject=""))
    for player in both.players.values():
        sink, own = io.BytesIO(), player.node.keys
        write_bundle(player.node, copy.item, lambda name, _version: shipped_law()[name], sink)
        sink.seek(0)
        keys = {player.node.party: TrustedKeys(signing=own.signing.public, log=own.log.public)}
        found = check_bundle(sink, keys, at=both.clock.at, unwitnessed=DAY, scratch=SqlStore.scratch)
        assert found and [check.fault for check in found if not check.holds] == []
