"""What is remembered is what is worked out: plans against the plain decision, and the bounds of `decide`."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from asking import INSTANTS, facts, request

from gsomia.agreement import LegalAct
from gsomia.cli.law.shared import shipped
from gsomia.verdict import Facts, Item, Law, Request, decide, granted
from gsomia.verdict.attributes import consents_needed
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


def test_no_request_is_taken_for_one_that_is_gone() -> None:
    """Objects that are dropped leave their place in memory to others: a verdict never comes from the one before."""
    law = Law(LAW.agreements)
    places: dict[int, set[str]] = {}
    for n in range(2_000):
        item = Item(originator="JPN", level=("SECRET", "TOP SECRET")[n % 2], subject="other", form="document")
        q = Request(act="transmit", by="JPN", to="KOR", item=item)
        f = replace(granted(q, INSTANTS[6]), assurance=n % 3 != 0)
        told = decide(law, q, f, RECORD, INSTANTS[6])
        assert told.permitted is (n % 2 == 0 and n % 3 != 0)
        places.setdefault(id(q), set()).add(item.level)
        del q, f, item
    assert any(len(levels) == 2 for levels in places.values()), "no place was used again, so nothing was shown"


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


def test_what_turns_on_the_instant_is_not_remembered_for_another() -> None:
    law = Law(LAW.agreements)
    q = Request(act="give-notice", by="JPN", to="KOR", under="jpn-kor-2016")
    f = replace(
        facts(random.Random(0), q, INSTANTS[6]),
        form_of_act="note",
        ends=datetime(2024, 11, 22, 15, tzinfo=UTC),
        note_received=None,
    )
    days = (datetime(2024, 8, 24, tzinfo=UTC), datetime(2024, 8, 26, tzinfo=UTC))
    told = [decide(law, q, f, RECORD, day).outcome for _ in range(4) for day in days]
    assert told == ["permit", "refuse"] * 4


@pytest.mark.parametrize(
    ("act", "by", "to", "via", "contains", "needed"),
    [
        ("transmit", "JPN", "KOR", (), ("JPN",), []),
        ("transmit", "JPN", "KOR", (), ("JPN", "KOR"), []),
        ("transmit", "JPN", "KOR", (), ("JPN", "USA"), [("USA", "KOR")]),
        ("transmit", "JPN", "KOR", ("USA",), ("JPN",), [("JPN", "USA"), ("JPN", "KOR")]),
        ("transmit", "JPN", "KOR", ("USA",), ("JPN", "USA"), [("JPN", "USA"), ("JPN", "KOR"), ("USA", "KOR")]),
        ("release", "USA", "JPN", (), ("KOR",), [("KOR", "JPN")]),
        ("release", "KOR", "JPN", (), ("KOR", "JPN"), []),
        ("accept", "KOR", None, (), ("JPN",), []),
        ("accept", "KOR", None, ("USA",), ("JPN",), [("JPN", "USA"), ("JPN", "KOR")]),
    ],
)
def test_whose_consent_is_needed_and_naming_whom(
    act: str,
    by: str,
    to: str | None,
    via: tuple[str, ...],
    contains: tuple[str, ...],
    needed: list[tuple[str, str]],
) -> None:
    item = Item(originator=contains[0], level="SECRET", subject="other", form="document", contains=contains)
    assert consents_needed(Request(act=act, by=by, to=to, via=via, item=item), item) == needed


def test_consent_that_does_not_name_the_hub_does_not_open_the_hub() -> None:
    item = Item(originator="JPN", level="SECRET", subject="dprk-missile", form="document", purpose="defence")
    q = Request(act="transmit", by="JPN", to="KOR", via=("USA",), item=item)
    f = granted(q, INSTANTS[6])
    assert decide(LAW, q, f, RECORD, INSTANTS[6]).permitted
    for naming in ({"KOR"}, {"USA"}, set[str]()):
        assert decide(LAW, q, replace(f, consent_to=frozenset(naming)), RECORD, INSTANTS[6]).outcome == "refuse"


def test_a_record_is_not_taken_for_another() -> None:
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
