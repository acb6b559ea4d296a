"""Each shipped agreement's table of levels as SPIF files: valid for our reader, and translating as the table says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from gsomia.agreement import Agreement, load_agreement, policies
from gsomia.cli.main import cli
from gsomia.config import shipped_law
from gsomia.errors import DataError
from gsomia.marking import Category, Label, fold

pytest.importorskip("lxml", reason="lxml is not installed")

from gsomia.marking import check_label, load_spif, policy_scale, render_label, translate_label

AT = datetime(2026, 11, 23, 5, tzinfo=UTC)
LAW = {name: load_agreement(name, files) for name, files in shipped_law().items()}
WITH_LEVELS = ["jpn-kor-2016", "usa-jpn-2007", "usa-kor-1987"]


def label(agreement: Agreement, party: str, mark: str) -> Label:
    """A label as a node puts it on an item."""
    return Label(
        policy=party,
        classification=mark,
        categories=(
            Category(type="PERMISSIVE", tag="Releasable To", values=agreement.parties),
            Category(type="INFORMATIVE", tag="Context", values=("EXERCISE",)),
        ),
        created=AT,
    )


def test_there_are_six_agreements_and_three_have_levels() -> None:
    assert [name for name, agreement in sorted(LAW.items()) if agreement.levels] == WITH_LEVELS
    assert len(LAW) == 6


@pytest.mark.parametrize("name", WITH_LEVELS)
def test_every_row_of_the_table_is_translated_in_its_direction(name: str) -> None:
    agreement = LAW[name]
    made = {party: load_spif(data) for party, data in policies(agreement, AT).items()}
    assert set(made) == set(agreement.parties)
    rows = 0
    for level in (x for x in agreement.levels if x.rank):
        (other,) = (party for party in agreement.parties if party != level.party)
        source, target = made[level.party], made[other]
        given = label(agreement, level.party, level.mark)
        check_label(source, given)
        wanted = agreement.equivalents(level.mark, level.party, other)
        if len(wanted) == 1:
            found = translate_label(source, target, given, side="decrypt", at=AT)
            assert fold(found.classification) == fold(wanted[0])
            assert found.categories[0].values == agreement.parties
            assert found.values("Context") == ("EXERCISE",)
            assert (found.policy, found.policy_uri) == (other, target.uri)
            rows += 1
        else:
            says = "several equivalents" if wanted else "has no equivalent"
            with pytest.raises(DataError, match=says):
                translate_label(source, target, given, side="decrypt", at=AT)
        if wanted:
            with pytest.raises(DataError, match="for the receiver to apply"):
                translate_label(source, target, given, side="encrypt", at=AT)
    assert rows >= 4


@pytest.mark.parametrize("name", WITH_LEVELS)
def test_levels_stand_in_native_script_with_their_language_and_in_order(name: str) -> None:
    agreement = LAW[name]
    for party, data in policies(agreement, AT).items():
        policy = load_spif(data)
        language = agreement.governments[party].language
        for level in (x for x in agreement.levels if x.party == party and x.rank):
            shown = render_label(policy, replace(label(agreement, party, level.mark), categories=()), lang=language)
            assert shown == level.mark
            whole = render_label(policy, label(agreement, party, level.mark), lang=language)
            assert whole == f"{level.mark} Releasable to {', '.join(agreement.parties)} EXERCISE"
            assert policy_scale(policy).rank(level.mark) == level.rank - 1


@pytest.mark.parametrize("name", WITH_LEVELS)
def test_the_articles_and_what_they_rest_on_are_inside(name: str) -> None:
    agreement = LAW[name]
    for data in policies(agreement, AT).values():
        notes = load_spif(data).notes
        assert ("agreement", name) in notes
        assert ("version", agreement.version) in notes
        articles = [text for key, text in notes if key.startswith("article ")]
        assert len(articles) == len(agreement.articles)
        for article, text in zip(agreement.articles, articles, strict=True):
            assert text == f"{article.text} ({article.confidence}; {article.source})"


def test_a_mark_outside_the_table_is_known_and_has_no_equivalent() -> None:
    agreement = LAW["jpn-kor-2016"]
    found = agreement.level("KOR", " 대 외 비")
    assert found is not None
    assert (found.mark, found.english, found.rank, found.covered) == ("대외비", "", 0, False)
    assert agreement.equivalents("대외비", "KOR", "JPN") == ()
    assert agreement.level("KOR", "") is None
    assert "대외비" not in policies(agreement, AT)["KOR"].decode()


@pytest.mark.parametrize("name", sorted(set(LAW) - set(WITH_LEVELS)))
def test_an_instrument_without_levels_says_so(name: str) -> None:
    with pytest.raises(DataError, match=f"`{name}` has no table of levels"):
        policies(LAW[name], AT)


def test_the_command_writes_them(tmp_path: Path) -> None:
    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli, ["agreement", "export", *words])
        return (done.exit_code or bool(done.exception)), done.output

    assert run("jpn-kor-2016", "--spif", "-o", str(tmp_path)) == (
        0,
        "".join(f"{tmp_path}/jpn-kor-2016-{party}.xml\n" for party in ("JPN", "KOR")),
    )
    status, text = run("jpn-kor-2016", "--spif", "--party", "KOR", "--at", "2026-11-23T05:00:00Z")
    assert status == 0
    assert load_spif(text.encode()).name == "KOR"
    assert load_spif((tmp_path / "jpn-kor-2016-JPN.xml").read_bytes()).name == "JPN"
    for words in (("--spif",), ("--spif", "--party", "USA"), ("--party", "KOR")):
        assert run("jpn-kor-2016", *words)[0] != 0
