"""What instruments share and remember: rules that are alike are held once, and nothing altered is taken for another."""

from __future__ import annotations

from dataclasses import replace

from gsomia.agreement import HANDLING_ACTS, load_agreement
from gsomia.cli.law.shared import shipped
from gsomia.config import shipped_law
from gsomia.verdict import Law
from gsomia.verdict.compiling import rules_for

LAW, _ = shipped()
JK = LAW.agreements["jpn-kor-2016"]
TEXT = shipped_law()["jpn-kor-2016"]["agreement.toml"]


def test_agreements_that_say_the_same_share_their_compiled_clauses() -> None:
    other = load_agreement("other", {"agreement.toml": TEXT.replace(b'"jpn-kor-2016"', b'"other"')})
    law = Law({"jpn-kor-2016": JK, "other": other})
    at = LAW.agreements["jpn-kor-2016"].since
    for act in HANDLING_ACTS:
        one, two = (rules_for(a, act, at) for a in law.agreements.values())
        assert [b.rule for b in one] == [b.rule for b in two]
        assert all(b.rule is c.rule for b, c in zip(one, two, strict=True))
        assert {b.agreement.name for b in two} <= {"other"}


def test_an_altered_agreement_has_its_own_rules() -> None:
    before = rules_for(JK, "transmit", JK.since)
    assert before
    bare = replace(JK, articles=(), version="without articles")
    assert rules_for(bare, "transmit", JK.since) == ()
    assert rules_for(JK, "transmit", JK.since) == before
