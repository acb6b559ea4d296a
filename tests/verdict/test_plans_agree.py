"""What is remembered is what is worked out: plans against the plain decision, and the bounds of `decide`."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from asking import INSTANTS, facts, request

from gsomia.agreement import LegalAct
from gsomia.cli.agreement import shipped
from gsomia.verdict import Facts, Item, Law, Request, decide
from gsomia.verdict.decision import _decide

LAW, RECORD = shipped()
ENDED = RECORD.without(["jpn-kor-2016/suspend-notice-kor-2019", "jpn-kor-2016/withdraw-notice-kor-2023"])
RESUMED = RECORD.plus(
    [
        LegalAct(
            id="jpn-kor-2016/resume",
            under="jpn-kor-2016",
            act="resume-notice",
            by="KOR",
            at=datetime(2020, 7, 1, tzinfo=UTC),
        )
    ]
)


@pytest.mark.parametrize("seed", range(6))
def test_plans_say_what_the_plain_decision_says(seed: int) -> None:
    rng = random.Random(seed)
    law = Law(LAW.agreements)
    outcomes = set()
    for record in (RECORD, ENDED, RESUMED):
        for _ in range(250):
            q, at = request(rng), rng.choice(INSTANTS)
            for _ in range(4):
                # The same label and route again and again with other facts, so that the plan is used.
                f = facts(rng, q, at)
                told = decide(law, replace(q), f, record, at)
                plain = _decide(law, q, f, record, at, None)
                assert (told.outcome, told.grounds, told.obligations) == (
                    plain.outcome,
                    plain.grounds,
                    plain.obligations,
                )
                outcomes.add(told.outcome)
                assert decide(law, q, f, record, at) == decide(law, q, f, record, at)
    assert outcomes == {"permit", "refuse", "uncertain"}


def test_the_same_verdict_from_another_law_object() -> None:
    rng = random.Random(7)
    for _ in range(300):
        q, at = request(rng), rng.choice(INSTANTS)
        f = facts(rng, q, at)
        one = decide(LAW, q, f, RECORD, at).to_json()
        assert one == decide(Law(LAW.agreements), q, f, RECORD, at).to_json()


def test_a_clause_that_raises_refuses_and_says_so() -> None:
    item = Item(originator="JPN", level="SECRET", subject="other", form="document", purpose="defence")
    q = Request(act="transmit", by="JPN", to="KOR", item=item)
    odd = Facts(assurance=True, channel="government", envelopes="two", outer_mark=False)  # type: ignore[arg-type]
    for _ in range(3):
        verdict = decide(LAW, q, odd, RECORD, INSTANTS[3])
        assert verdict.outcome == "refuse"
        assert [g.clause for g in verdict.grounds] == ["erroring"]


def test_two_parties_each_withdraw_and_the_other_notice_stays_in_memory() -> None:
    """A record that grew from another is not taken for it."""
    item = Item(originator="JPN", level="SECRET", subject="other", form="document", purpose="defence")
    q = Request(act="transmit", by="JPN", to="KOR", item=item)
    f = facts(random.Random(0), q, INSTANTS[3])
    f = replace(f, assurance=True, channel="government", envelopes=2, outer_mark=False)
    at = datetime(2020, 8, 1, tzinfo=UTC)
    assert [decide(LAW, q, f, record, at).outcome for record in (RECORD, ENDED, RESUMED, RECORD)] == [
        "permit",
        "refuse",
        "uncertain",
        "permit",
    ]


def test_no_instrument_no_permit() -> None:
    item = Item(originator="JPN", level="SECRET", subject="other", form="document")
    for q in (
        Request(act="transmit", by="JPN", to="KOR", item=item),
        Request(act="open", by="KOR", to="person", item=item),
        Request(act="sign", by="KOR"),
        Request(act="no-such-act", by="KOR", item=item),
    ):
        verdict = decide(Law({}), q, Facts(), RECORD, INSTANTS[3])
        assert verdict.outcome == "refuse"
        assert verdict.grounds
    verdict = decide(LAW, Request(act="no-such-act", by="KOR", to="JPN", item=item), Facts(), RECORD, INSTANTS[3])
    assert verdict.outcome == "refuse"
