"""Proofs: the shipped law keeps the four properties, and planted faults are found."""

from __future__ import annotations

import os
import time
from datetime import date

import pytest
from asking import thinner

from gsomia.cli.law.shared import shipped
from gsomia.verdict import COVERS, Law, example, prove

pytest.importorskip("z3", reason="proofs need the extra `prove`")
DAY = date(2024, 8, 1)
DAYS = [date(year, 8, 1) for year in range(1988, 2027)] if os.environ.get("GSOMIA_EXAMPLES") else [DAY]
"""The long form (`make proofs`) proves for a day of each year since the first agreement."""

LAW, RECORD = shipped()
JK = LAW.agreements["jpn-kor-2016"]


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("name", LAW.agreements)
def test_the_shipped_law_keeps_the_properties(name: str, day: date) -> None:
    for proof in prove(LAW, name, day):
        assert proof.holds, proof


@pytest.mark.parametrize(
    ("clauses", "number"),
    [
        (("no-third-party-without-consent",), 1),
        (("runs-until-ended",), 2),
        (("in-force",), 2),
        (("listed-levels-only",), 3),
        (("officials-with-need-and-clearance", "no-access-by-rank"), 4),
        (("kept-on-roster",), 4),
    ],
)
@pytest.mark.parametrize("name", ["jpn-kor-2016", "usa-jpn-2007", "usa-kor-1987"])
def test_a_planted_fault_is_found(name: str, clauses: tuple[str, ...], number: int) -> None:
    law = Law({**LAW.agreements, name: thinner(LAW.agreements[name], *clauses)})
    broken = [p for p in prove(law, name, DAY) if not p.holds]
    assert {p.number for p in broken} == {number}
    assert all(p.request["act"] == p.act for p in broken)
    shown = [example(law, name, RECORD, p.request) for p in broken]
    assert any(found is not None for found in shown)
    for found in shown:
        assert found is None or found[3].permitted, (found[0], found[3].grounds)


def test_the_arrangement_needs_its_own_consent_clause() -> None:
    tisa = LAW.agreements["tisa-2014"]
    law = Law({**LAW.agreements, "tisa-2014": thinner(tisa, "no-third-party-without-consent")})
    assert {p.number for p in prove(law, "tisa-2014", DAY) if not p.holds} == {1}


def test_a_proof_takes_milliseconds_and_says_what_it_covers() -> None:
    start = time.process_time()  # of this process alone: what others take of the machine is no part of it
    proofs = prove(LAW, "jpn-kor-2016", DAY)
    assert (time.process_time() - start) / len(proofs) < 0.5
    assert "Not covered" in COVERS
