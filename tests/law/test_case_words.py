"""Words in a case file that nobody knows: the error names the value, what is near or allowed, the file and the key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gsomia.cli.law.shared import shipped
from gsomia.errors import DataError
from gsomia.verdict import check_case, parse_cases, run_case
from gsomia.verdict.casewords import knows_article

CASE = """
[[case]]
id = "x-1"
title = "t"
at = 2019-08-24T10:00:00+09:00
ask = "act"
act = "{act}"
by = "{by}"
to = "{to}"
via = ["{via}"]
item = {{ originator = "{originator}", contains = ["{originator}", "{contains}"], level = "SECRET", subject = "other", form = "document" }}
facts = {{ consent = "written", consent-of = ["{of}"], consent-to = "{consent_to}", mark = {{ level = "SECRET", origin = "{origin}" }} }}
history = {{ plus = [{{ under = "jpn-kor-2016", act = "give-notice", by = "{plus}", at = 2018-01-01T00:00:00+09:00 }}] }}
readings = {{ {reading} = "strict" }}
expect = {{ outcome = "refuse", articles = ["{article}"] }}
"""  # noqa: E501  (TOML inline tables stand on one line)
GIVEN = {
    "act": "release", "by": "KOR", "to": "GBR", "via": "USA", "originator": "JPN", "contains": "AUS", "of": "JPN",
    "consent_to": "third-country", "origin": "", "plus": "KOR", "reading": "KOR", "article": "6(a)",
}  # fmt: skip


def answered(**words: str) -> str:
    """The outcome of the case with these words in place of its own."""
    law, record = shipped()
    (case,) = parse_cases(CASE.format(**GIVEN | words).encode(), "some.toml")
    check_case(law, case)
    return str(run_case(law, record, case).answer["outcome"])


KEYS = {
    "by": "by", "to": "to", "via": "via", "originator": "item.originator", "contains": "item.contains",
    "of": "facts.consent-of", "consent_to": "facts.consent-to", "origin": "facts.mark.origin",
    "plus": "history.plus.by", "reading": "readings",
}  # fmt: skip


@pytest.mark.parametrize("word", KEYS)
def test_an_unknown_party_is_named_with_its_key_and_those_that_are_near(word: str) -> None:
    with pytest.raises(DataError, match=re.escape(f"some.toml: x-1: {KEYS[word]}: unknown Party `KOX`")) as told:
        answered(**{word: "KOX"})
    assert "such as `KOR`, " in told.value.hint and "`JPN`, `USA`" in told.value.hint


@pytest.mark.parametrize("party", ["GBR", "AUS", "PRK", "CHN", "TWN", "ROU", "SSD", "XKX"])
def test_any_country_may_be_asked_about(party: str) -> None:
    # None of them is a Party, and no consent of its own is there.
    assert answered(to=party, contains=party) == "refuse"


@pytest.mark.parametrize(
    ("article", "says"),
    [
        ("99", "`99` is no article of `jpn-kor-2016`"),
        ("22", "`22` is no article of `jpn-kor-2016`"),
        ("6(z)", "`6(z)` is no article of `jpn-kor-2016`"),
        ("21.9", "`21.9` is no article of `jpn-kor-2016`"),
        ("jpn-kor-2016:21.5", "`21.5` is no article of `jpn-kor-2016`"),
        ("tisa-2041:1", "unknown instrument `tisa-2041`"),
    ],
)
def test_an_unknown_article_is_named_with_those_that_are_known(article: str, says: str) -> None:
    with pytest.raises(DataError, match=re.escape(f"some.toml: x-1: expect.articles: {says}")) as told:
        answered(article=article)
    assert "allowed: " in told.value.hint and ("21.4" in told.value.hint or "`tisa-2014`" in told.value.hint)


@pytest.mark.parametrize(
    ("instrument", "numbers"),
    [
        (
            "jpn-kor-2016",
            ["1", "2", "2(b)", "6", "6(a)", "7.5", "9(b)", "16(g)", "20", "21", "21.3", "21.3(a)", "18.2"],
        ),
        ("tisa-2014", ["1", "4", "8", "12"]),
        ("usa-kor-1987", ["1", "3", "17(c)"]),
        ("tscf-2024", ["1", "2.4"]),
    ],
)
def test_in_doubt_a_number_can_be_an_article(instrument: str, numbers: list[str]) -> None:
    agreement = shipped()[0].agreements[instrument]
    assert [number for number in numbers if not knows_article(agreement, number)] == []


def test_the_file_that_names_an_unknown_word_ends_the_run(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from gsomia.cli.main import cli

    file = tmp_path / "some.toml"
    file.write_text(CASE.format(**GIVEN | {"to": "KOX"}), encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(f"{file}: x-1: to: unknown Party `KOX`")):
        CliRunner().invoke(cli, ["cases", "run", str(file)], standalone_mode=False, catch_exceptions=False)


def test_one_article_is_shown_alone() -> None:
    from click.testing import CliRunner

    from gsomia.cli.law.agreement import agreement
    from gsomia.errors import UsageError

    shown = CliRunner().invoke(agreement, ["show", "jpn-kor-2016", "6(a)"])
    assert shown.exit_code == 0 and shown.stdout.startswith("6(a) [") and "6(b)" not in shown.stdout
    whole = CliRunner().invoke(agreement, ["show", "jpn-kor-2016", "21", "--json"]).stdout
    assert re.findall(r'"number": "(.*)"', whole) == ["21.1", "21.2", "21.3", "21.4"]
    with pytest.raises(UsageError, match=re.escape("`jpn-kor-2016` has no article `6(z)`")) as told:
        CliRunner().invoke(agreement, ["show", "jpn-kor-2016", "6(z)"], standalone_mode=False, catch_exceptions=False)
    assert "6(a), 6(b)" in told.value.hint
