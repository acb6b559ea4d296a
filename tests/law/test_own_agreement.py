"""An agreement of one's own: what `agreement check` finds in a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gsomia.cli.law.agreement import agreement
from gsomia.cli.law.cases import cases
from gsomia.errors import DataError

RUNNER = CliRunner()

LAW = """
name = "nor-swe-2020"
title = "An agreement between Norway and Sweden that was never made"
kind = "agreement"
binding = true
parties = ["NOR", "SWE"]
languages = ["en"]
authentic = "English"
since = 2020-01-01
zone = "+01:00"
[cite]
entry = "9"

[[level]]
party = "NOR"
mark = "HEMMELIG"
english = "SECRET"
covered = true
source = "text"
confidence = "A"

[[level]]
party = "SWE"
mark = "HEMLIG"
english = "SECRET"
covered = true
source = "text"
confidence = "A"
"""
ARTICLES = {
    "1": '[{ is = "only-forms", forms = ["document"], acts = ["transmit"] }, { is = "is-marked-information" }]',
    "3": '[{ is = "listed-levels-only" }]',
    "6": '[{ is = "no-third-party-without-consent" }, { is = "purpose-bound" }]',
    "7": '[{ is = "officials-with-need-and-clearance" }, { is = "kept-on-roster" }]',
    "9": '[{ is = "in-force" }, { is = "enters-by-notification" }, { is = "runs-until-ended" }]',
}
ACTS = """
[[act]]
id = "nor-swe-2020/take-effect"
act = "take-effect"
by = "NOR"
at = 2020-01-01T00:00:00+01:00
source = "text"
confidence = "A"
"""
CASE = """
[[case]]
id = "ns-1"
title = "A top grade is not in the table"
at = 2021-01-01T12:00:00+01:00
ask = "act"
act = "transmit"
by = "NOR"
to = "SWE"
item = { originator = "NOR", level = "TOP SECRET", subject = "other", form = "document" }
expect = { outcome = "refuse", articles = ["3"] }
"""


def written(folder: Path, articles: dict[str, str], case: str = CASE) -> Path:
    folder = folder / "nor-swe-2020"
    folder.mkdir(exist_ok=True)
    law = LAW + "".join(
        f'\n[[article]]\nnumber = "{number}"\ntext = "..."\nsource = "text"\nconfidence = "A"\nclause = {clause}\n'
        for number, clause in articles.items()
    )
    (folder / "agreement.toml").write_text(law, encoding="utf-8")
    (folder / "acts.toml").write_text(ACTS, encoding="utf-8")
    (folder / "cases.toml").write_text(case, encoding="utf-8")
    return folder


def findings(folder: Path, *words: str) -> list[tuple[str, str, str]]:
    said = RUNNER.invoke(agreement, ["check", str(folder), "--json", *words], catch_exceptions=False)
    return [(f["kind"], f["place"], f["text"]) for f in json.loads(said.stdout)["findings"]]


def test_a_number_alone_is_an_article_of_the_folders_own_agreement(tmp_path: Path) -> None:
    assert not [f for f in findings(written(tmp_path, ARTICLES)) if f[0] == "case"]
    wrong = [f for f in findings(written(tmp_path, ARTICLES, CASE.replace('["3"]', '["6"]'))) if f[0] == "case"]
    assert wrong[0][2].endswith("not cited: nor-swe-2020:6")
    other = CASE.replace('["3"]', '["jpn-kor-2016:3"]')
    assert [f for f in findings(written(tmp_path, ARTICLES, other)) if f[0] == "case"]


def test_the_levels_that_may_be_meant_are_those_of_the_parties_concerned(tmp_path: Path) -> None:
    folder = written(tmp_path, ARTICLES, CASE.replace("TOP SECRET", "HEMMLIG"))
    with pytest.raises(DataError, match=r"ns-1: item.level: unknown level `HEMMLIG`") as caught:
        findings(folder)
    assert "`HEMMELIG`, `HEMLIG`" in caught.value.hint and "비밀" not in caught.value.hint


def test_cases_run_says_where_a_case_of_ones_own_agreement_runs(tmp_path: Path) -> None:
    folder = written(tmp_path, ARTICLES, CASE.replace('ask = "act"', 'ask = "act"\nunder = "nor-swe-2020"'))
    with pytest.raises(DataError, match="unknown instrument `nor-swe-2020`") as caught:
        RUNNER.invoke(cases, ["run", str(folder / "cases.toml")], catch_exceptions=False)
    assert "agreement check" in caught.value.hint


def test_without_its_cases_nothing_is_said_of_what_they_cover_and_they_are_read(tmp_path: Path) -> None:
    folder = written(tmp_path, ARTICLES)
    assert any("no case of the folder" in f[2] for f in findings(folder))
    assert not any("no case of the folder" in f[2] for f in findings(folder, "--no-cases"))
    written(tmp_path, ARTICLES, CASE.replace("title", "titel"))
    with pytest.raises(DataError, match="titel"):
        findings(folder, "--no-cases")


@pytest.mark.parametrize(
    ("articles", "place"),
    [
        # The same clause for other acts is no contradiction; for the same act it is.
        ({"4": '[{ is = "only-forms", forms = ["electronic"], acts = ["accept"] }]'}, None),
        ({"4": '[{ is = "only-forms", forms = ["electronic"], acts = ["transmit"] }]'}, "1 / 4: only-forms"),
        ({"4": '[{ is = "through-hub", acts = ["transmit"] }]'}, "4 / 3: transmit"),
        (
            {"4": '[{ is = "unread-final-clauses" }]', "5": '[{ is = "ends-on-notice" }]'},
            "4 / 5: unread-final-clauses, ends-on-notice",
        ),
        (
            {n: f'[{{ is = "top-level-unsettled", above = {n} }}]' for n in "12"} | {"3": ARTICLES["3"]},
            "1 / 2: top-level-unsettled",
        ),
    ],
)
def test_contradictions_are_shown_with_both_sources(
    tmp_path: Path, articles: dict[str, str], place: str | None
) -> None:
    found = [f for f in findings(written(tmp_path, {**ARTICLES, **articles}), "--no-cases") if f[0] == "contradiction"]
    assert [f[1] for f in found] == ([place] if place else [])
    assert all(f[2].count("(text)") == 2 for f in found)


def test_a_clause_that_begins_late_leaves_a_time_in_which_nothing_asked_it(tmp_path: Path) -> None:
    late = '[{ is = "no-third-party-without-consent" }, { is = "purpose-bound", since = 2022-03-01 }]'
    found = findings(written(tmp_path, {**ARTICLES, "6": late}), "--no-cases")
    text = "from 2020-01-01 to 2022-03-01 no article is `purpose-bound`: nothing barred what it bars"
    assert ("lapse", "6", text) in found
    # Where another article has it all the while there is no such time.
    found = findings(written(tmp_path, {**ARTICLES, "6": late, "8": '[{ is = "purpose-bound" }]'}), "--no-cases")
    assert not [f for f in found if f[0] == "lapse"]
