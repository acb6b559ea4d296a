"""The three tests that tie law to code, on the shipped agreements."""

from __future__ import annotations

import re

import pytest

from gsomia.cli.law.shared import shipped
from gsomia.config import shipped_law
from gsomia.verdict import Case, parse_cases, run_case
from gsomia.verdict.checking import check_agreement, idle_clauses

FILES = shipped_law()


def cases_of(name: str) -> list[Case]:
    return parse_cases(FILES[name]["cases.toml"], f"{name}/cases.toml", name)


ALL = [case for name in FILES for case in cases_of(name)]


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_every_case_holds(case: Case) -> None:
    law, record = shipped()
    result = run_case(law, record, case)
    assert result.holds, f"{case.title}: {result.text}"


def test_ids_stand_in_one_file_only() -> None:
    ids = [case.id for case in ALL]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", FILES)
def test_every_article_has_a_clause_or_a_reason(name: str) -> None:
    for article in shipped()[0].agreements[name].articles:
        assert bool(article.clauses) != bool(article.by_hand), article.number
        assert article.source and article.confidence in "ABCI"
        assert article.number == "unread" or re.match(r"\d", article.number)


@pytest.mark.parametrize("name", FILES)
def test_every_clause_decides_a_case(name: str) -> None:
    law, record = shipped()
    assert idle_clauses(law, name, record, cases_of(name)) == []


@pytest.mark.parametrize("name", FILES)
def test_check_finds_nothing_to_mend(name: str) -> None:
    law, record = shipped()
    found = check_agreement(law, name, record, cases_of(name))
    assert [f for f in found if f.kind in ("case", "contradiction", "lapse")] == []


def test_all_twenty_one_articles_are_there() -> None:
    agreement = shipped()[0].agreements["jpn-kor-2016"]
    heads = {re.match(r"\d+", a.number).group() for a in agreement.articles if a.number[0].isdigit()}  # type: ignore[union-attr]
    assert heads == {str(n) for n in range(1, 22)}


def test_a_verdict_on_unconfirmed_text_says_so() -> None:
    law, record = shipped()
    case = next(case for case in ALL if case.id == "jk-033")
    answer = run_case(law, record, case).answer
    assert "C" in {ground["confidence"] for ground in answer["grounds"]}
    case = next(case for case in ALL if case.id == "ti-005")
    answer = run_case(law, record, case).answer
    assert {g["binding"] for g in answer["grounds"] if g["instrument"] == "tisa-2014"} == {False}
    assert {g["binding"] for g in answer["grounds"] if g["instrument"] == "usa-jpn-2007"} == {True}
