"""What stands between the Parties: how high assurances and accreditations reach, readings declared, clocks apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from stories import Stage, finish, register

from gsomia.agreement import LegalAct
from gsomia.errors import PeerError, RefusedError, UsageError
from gsomia.keys import Envelope
from gsomia.node import (
    Case,
    Note,
    Role,
    Sending,
    accredit,
    ask_transmit,
    assure,
    audit,
    differences,
    enter_legal_acts,
    mark,
    receipt,
)
from gsomia.testing import Exercise, Fault, Player, SetClock
from gsomia.verdict import Verdict

PACT = "jpn-kor-2016"
SECRET = {"JPN": "極秘", "KOR": "군사II급비밀"}


def asked(player: Player, to: str, level: str, *via: str) -> Verdict:
    sending = Sending(to=to, via=via, level=level, subject="dprk-missile", purpose="defence")
    with player.node.store.reading() as reader:
        return ask_transmit(player.node, reader, sending, at=player.node.clock.now())[2]


def missing(verdict: Verdict) -> set[str]:
    """The facts that nothing established, of a refusal's grounds under the agreement of the two."""
    assert verdict.outcome == "refuse"
    return {ground.fact for ground in verdict.grounds if ground.instrument == PACT and ground.clause == NOT_KNOWN}


NOT_KNOWN = "fact-not-established"


def lower(both: Exercise, what: str, level: str) -> None:
    """Korea assures, or both have their systems accredited, up to a level alone."""
    if what == "assurance":
        korea = both["KOR"]
        assure(korea.node, "JPN", PACT, level, by=korea.by(Role.SECURITY))
    else:
        korea = both["KOR"]
        accredit(korea.node, "EXERCISE node", level, by=korea.by(Role.SECURITY))
    both.settle()


@pytest.mark.parametrize("what", ["assurance", "accredited"])
def test_what_was_stated_up_to_a_level_says_nothing_of_a_higher_one(stage: Stage, what: str) -> None:
    both = stage()
    assert asked(both["JPN"], "KOR", SECRET["JPN"]).outcome == "permit"
    lower(both, what, "CONFIDENTIAL")
    refused = asked(both["JPN"], "KOR", SECRET["JPN"])
    assert what in missing(refused)
    said = {ground.established_by for ground in refused.grounds if ground.fact == what and ground.clause == NOT_KNOWN}
    assert all(" up to CONFIDENTIAL only: " in one for one in said) and said
    assert asked(both["JPN"], "KOR", "秘").outcome == ("permit" if reaches(both, "秘") else "refuse")
    lower(both, what, "TOP SECRET")
    assert asked(both["JPN"], "KOR", SECRET["JPN"]).outcome == "permit"


def reaches(both: Exercise, level: str) -> bool:
    """Whether a mark is CONFIDENTIAL by the table."""
    node = both["JPN"].node
    with node.store.reading() as reader:
        found = Case.of(node, reader).law.agreements[PACT].level("JPN", level)
    return found is not None and found.rank == 1


def only_asked_by(party: str) -> Fault:
    """A wire on which one Party alone can ask; the answers come back."""

    def fault(direction: str, sender: str, envelope: Envelope) -> Envelope:
        if direction == "asked" and sender != party:
            raise PeerError("the wire is cut this way")
        return envelope

    return fault


def test_the_recipient_refuses_what_its_own_assurance_does_not_reach(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level=SECRET["JPN"])
    korea = both["KOR"]
    # Japan does not know yet of the narrower assurance; Korea's own answer is what stops it.
    assure(korea.node, "JPN", PACT, "CONFIDENTIAL", by=korea.by(Role.SECURITY))
    both.wire.fault = only_asked_by("JPN")
    both.settle(tolerate=True)
    copy, _ = register(both["JPN"])[sent.id]
    assert str(copy.state) == "refused"
    assert register(korea) == {}


@pytest.mark.parametrize(
    ("instrument", "to", "level", "says"),
    [
        (PACT, "JPN", "SECRETT", "unknown level `SECRETT`"),
        ("jpn-kor-2061", "JPN", "SECRET", "this node has not adopted `jpn-kor-2061`"),
        ("tisa-2014", "JPN", "SECRET", "`tisa-2014` is no agreement between `KOR` and `JPN`"),
        ("usa-kor-1987", "JPN", "SECRET", "`usa-kor-1987` is no agreement between `KOR` and `JPN`"),
    ],
)
def test_an_assurance_names_a_level_and_the_agreement_of_the_two(
    stage: Stage, instrument: str, to: str, level: str, says: str
) -> None:
    three = stage("JPN", "KOR", "USA")
    korea = three["KOR"]
    with pytest.raises(UsageError) as caught:
        assure(korea.node, to, instrument, level, by=korea.by(Role.SECURITY))
    assert says in str(caught.value) and caught.value.hint
    with pytest.raises(UsageError, match="unknown level `secret`"):
        accredit(korea.node, "EXERCISE node", "secret", by=korea.by(Role.SECURITY))


@pytest.mark.parametrize("ahead", [-45, -1, 1, 45])
def test_clocks_may_be_apart_by_less_than_a_minute(stage: Stage, ahead: int) -> None:
    three = stage("JPN", "KOR", "USA", at="2015-06-01T12:00:00+09:00")
    korea, america = three["KOR"], three["USA"]
    clock = SetClock(three.clock.at + timedelta(seconds=ahead))
    object.__setattr__(korea.node, "clock", clock)
    sent = korea.transmit(b"test", to="JPN", via=("USA",), level=SECRET["KOR"])
    three.settle()
    copy, _ = register(america)[sent.id]
    assert str(copy.state) == "delivered", copy.reason


def test_a_question_through_the_hub_is_answered_as_the_act_would_be(stage: Stage) -> None:
    three = stage("JPN", "KOR", "USA", at="2015-06-01T12:00:00+09:00")
    answer = asked(three["KOR"], "JPN", SECRET["KOR"], "USA")
    assert answer.outcome == "permit"
    with three["KOR"].node.store.reading() as reader:
        assert reader.consents() == []
    three["KOR"].transmit(b"test", to="JPN", via=("USA",), level=SECRET["KOR"])


def legal(kind: str, by: str, at: datetime, note: str = "EXERCISE") -> LegalAct:
    return LegalAct(id=f"{PACT}/{kind}-{at:%Y%m%d}", under=PACT, act=kind, by=by, at=at, note=note)


def test_a_reading_is_declared_by_its_own_party_and_counts_at_both_nodes(stage: Stage) -> None:
    both = stage(at="2019-12-01T12:00:00+09:00")
    note = Note.of_text("EXERCISE reading", b"EXERCISE", dated="2018-01-09")
    at = datetime(2019, 12, 1, tzinfo=UTC)
    japan, korea = both["JPN"], both["KOR"]

    def readings(player: Player) -> dict[str, str | None]:
        with player.node.store.reading() as reader:
            record = Case.of(player.node, reader).record
        return {party: record.reading(PACT, party, player.node.clock.now()) for party in ("JPN", "KOR")}

    with pytest.raises(UsageError, match="each Party declares its own"):
        enter_legal_acts(japan.node, [legal("declare-reading", "KOR", at, "clock")], note, by=japan.by(Role.LEGAL))
    with pytest.raises(UsageError, match="unknown reading `sooner`"):
        enter_legal_acts(japan.node, [legal("declare-reading", "JPN", at, "sooner")], note, by=japan.by(Role.LEGAL))
    with pytest.raises(UsageError, match="`USA` is no Party") as caught:
        enter_legal_acts(japan.node, [legal("give-notice", "USA", at)], note, by=japan.by(Role.LEGAL))
    assert caught.value.hint == "Parties: JPN, KOR"
    assert readings(japan) == readings(korea) == {"JPN": None, "KOR": None}
    enter_legal_acts(korea.node, [legal("declare-reading", "KOR", at, "clock")], note, by=korea.by(Role.LEGAL))
    both.settle()
    assert readings(japan) == readings(korea) == {"JPN": None, "KOR": "clock"}


@pytest.mark.parametrize(("kind", "article"), [("leave", "21.3"), ("take-effect", "21.1")])
def test_what_the_agreement_rules_out_is_not_entered(stage: Stage, kind: str, article: str) -> None:
    japan = stage(at="2019-12-01T12:00:00+09:00")["JPN"]
    with pytest.raises(RefusedError, match="has no effect under") as caught:
        enter(japan, legal(kind, "KOR", datetime(2019, 11, 30, tzinfo=UTC)))
    assert [ground["article"] for ground in caught.value.verdict["grounds"]] == [article]


def test_there_is_one_receipt(stage: Stage) -> None:
    both = stage()
    sent = both["JPN"].transmit(b"report", to="KOR", level=SECRET["JPN"])
    both.settle()
    korea = both["KOR"]
    finish(korea, sent.id)
    copy, _ = register(korea)[sent.id]
    signed = next(rung.act for rung in copy.rungs if rung.rung == "receipted")
    with pytest.raises(RefusedError, match=f"was receipted by act {signed}"):
        receipt(korea.node, sent.id, by=korea.by(Role.REGISTRY))
    with pytest.raises(RefusedError, match=f"was receipted by act {signed}"):
        mark(korea.node, sent.id, SECRET["KOR"], by=korea.by(Role.REGISTRY))


# --- what the one has entered and the other not yet, and what contradicts (protocol 4, Article 20) --------------------


def enter(player: Player, *acts: LegalAct) -> None:
    note = Note.of_text("EXERCISE", b"EXERCISE", dated="2018-01-09")
    enter_legal_acts(player.node, acts, note, by=player.by(Role.LEGAL))


def states(player: Player) -> list[tuple[str, str]]:
    with player.node.store.reading() as reader:
        return [(one.act.act, one.state) for one in differences(player.node, reader, PACT)]


NOTICED = datetime(2018, 1, 10, 1, tzinfo=UTC)
"""Two hours before the clocks."""


def test_an_entry_of_one_party_is_reported_and_not_disputed_until_the_other_contradicts_it(stage: Stage) -> None:
    both = stage()
    japan, korea = both["JPN"], both["KOR"]
    notice = legal("give-notice", "KOR", NOTICED)
    enter(korea, notice)
    both.settle()
    assert states(japan) == states(korea) == [("give-notice", "reported")]
    (check,) = [one for one in audit(japan.node) if one.name == "records of the Parties"]
    assert check.holds and "reported: `jpn-kor-2016/give-notice-20180110`, JPN has no entry, KOR has" in check.remark
    enter(japan, notice)
    both.settle()
    assert states(japan) == states(korea) == []
    enter(korea, legal("announce", "KOR", NOTICED))
    enter(japan, replace(legal("announce", "KOR", NOTICED), form="email"))
    both.settle()
    assert states(japan) == states(korea) == [("announce", "disputed")]


def test_readings_are_never_compared(stage: Stage) -> None:
    both = stage()
    enter(both["KOR"], legal("declare-reading", "KOR", NOTICED, "clock"))
    both.settle()
    assert states(both["JPN"]) == states(both["KOR"]) == []


def test_a_settlement_takes_effect_at_both_nodes_or_says_why_not(stage: Stage) -> None:
    both = stage()
    japan, korea = both["JPN"], both["KOR"]
    enter(korea, legal("give-notice", "KOR", NOTICED))
    enter(japan, replace(legal("give-notice", "KOR", NOTICED), form="email"))
    both.settle()
    early = replace(legal("settle-dispute", "JPN", NOTICED), id=f"{PACT}/settled")
    for player in (japan, korea):
        with pytest.raises(UsageError, match="would not settle `jpn-kor-2016/give-notice-20180110`"):
            enter(player, early)
    settled = replace(early, at=both.clock.at)
    enter(japan, settled)
    # Word of it comes to Korea hours later; what counts is when each entry was made.
    both.pass_time(timedelta(hours=5))
    both.settle()
    assert ("give-notice", "disputed") in states(japan) and ("settle-dispute", "reported") in states(korea)
    enter(korea, settled)
    both.settle()
    assert states(japan) == states(korea) == []


def test_what_is_replaced_names_its_successor(stage: Stage) -> None:
    both = stage()
    japan = both["JPN"]
    with pytest.raises(UsageError, match="names no agreement that takes the place"):
        enter(japan, legal("replace", "JPN", NOTICED, note=""))
    enter(japan, legal("replace", "JPN", NOTICED, note="jpn-kor-2018"))
    both.settle()
    for player in (japan, both["KOR"]):
        with player.node.store.reading() as reader:
            (entry,) = [one for one in reader.record() if one.legal.act == "replace"]
        assert entry.legal.note == "jpn-kor-2018"
