"""United States banners and portion marks against the official renderer's, and the laws of reading and writing."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from us_markings import markings

from gsomia.errors import DataError
from gsomia.marking.us import (
    UsMarking,
    breaches,
    diagnose,
    from_label,
    parse_banner,
    parse_portion,
    render_banner,
    render_portion,
    to_label,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "marking"
ROWS = list(csv.DictReader((VECTORS / "ism" / "markings.csv").read_text("utf-8").splitlines()))
BAD = list(csv.DictReader((VECTORS / "bad" / "banners.csv").read_text("utf-8").splitlines()))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["portion"])
def test_official_rows(row: dict[str, str]) -> None:
    attributes = {name: value for name, value in row.items() if name not in ("banner", "portion")}
    marking = UsMarking.from_attributes(attributes)
    assert breaches(marking) == ()
    assert render_banner(marking) == row["banner"]
    assert render_portion(marking) == row["portion"]
    assert parse_banner(row["banner"]) == marking
    assert parse_portion(row["portion"]) == marking
    assert marking.to_attributes() == {name: value for name, value in attributes.items() if value}


@pytest.mark.parametrize(
    ("attributes", "banner", "portion"),
    [
        ({"classification": "S", "SCIcontrols": "SI SI-G SI-G-ABCD TK"}, "SECRET//SI-G ABCD/TK", "(S//SI-G ABCD/TK)"),
        ({"classification": "TS", "SCIcontrols": "KDK KDK-BLFH HCS"}, "TOP SECRET//KDK-BLFH/HCS", "(TS//KDK-BLFH/HCS)"),
        ({"classification": "S", "SCIcontrols": "SI-G"}, "SECRET//SI-G", "(S//SI-G)"),
        ({"classification": "S", "SARIdentifier": "BP BP-J12 BP-J12-J54 CD"}, "SECRET//SAR-BP-J12 J54/CD", ""),
        ({"classification": "S", "SARIdentifier": "BUTTER_POPCORN CD"}, "SECRET//SAR-BUTTER POPCORN/CD", ""),
        (
            {"classification": "S", "atomicEnergyMarkings": "RD RD-CNWDI RD-SG-14 RD-SG-18 FRD"},
            "SECRET//RD-CNWDI-SIGMA 14 18/FRD",
            "(S//RD-CNWDI-SG 14 18/FRD)",
        ),
        ({"classification": "U", "atomicEnergyMarkings": "DCNI"}, "UNCLASSIFIED//DOD UCNI", "(U//DCNI)"),
        ({"classification": "S", "FGIsourceProtected": "FGI"}, "SECRET//FGI", "(S//FGI)"),
        ({"classification": "S", "FGIsourceOpen": "UNKNOWN"}, "SECRET//FGI", "(S//FGI)"),
        (
            {"classification": "S", "disseminationControls": "EYES", "releasableTo": "USA GBR"},
            "SECRET//USA/GBR EYES ONLY",
            "(S//USA/GBR EYES ONLY)",
        ),
        (
            {"classification": "S", "disseminationControls": "RS OC IMC NF PR", "nonICmarkings": "DS LES"},
            "SECRET//RSEN/ORCON/IMCON/NOFORN/PROPIN//LIMDIS/LES",
            "(S//RS/OC/IMC/NF/PR//DS/LES)",
        ),
        ({"classification": "U", "nonICmarkings": "SBU-NF"}, "UNCLASSIFIED//SBU NOFORN", "(U//SBU-NF)"),
        ({"classification": "S", "nonICmarkings": "ACCM-TIN_DRUM"}, "SECRET//TIN DRUM", ""),
        (
            {"classification": "TS", "ownerProducer": "NATO", "nonUSControls": "ATOMAL BALK"},
            "//COSMIC TOP SECRET//ATOMAL/BALK",
            "(//CTS//ATOMAL/BALK)",
        ),
        ({"classification": "R", "ownerProducer": "NATO"}, "//NATO RESTRICTED", "(//NR)"),
        ({"classification": "R", "ownerProducer": "GBR"}, "//GBR RESTRICTED", "(//GBR R)"),
        ({"classification": "TS", "ownerProducer": "GBR USA"}, "//JOINT TOP SECRET GBR USA", "(//JOINT TS GBR USA)"),
        ({"classification": "S", "disseminationControls": "NF OC"}, "SECRET//NOFORN/ORCON", "(S//NF/OC)"),
    ],
)
def test_the_rest_of_the_grammar(attributes: dict[str, str], banner: str, portion: str) -> None:
    marking = UsMarking.from_attributes({"ownerProducer": "USA", **attributes})
    assert render_banner(marking) == banner
    if portion:
        assert render_portion(marking) == portion


@given(markings())
def test_reading_what_was_written(marking: UsMarking) -> None:
    assert parse_banner(render_banner(marking)) == marking
    assert parse_portion(render_portion(marking)) == marking
    assert UsMarking.from_attributes(marking.to_attributes()) == marking


@given(markings(), markings())
def test_a_portion_says_just_rel_where_the_banner_says_the_rest(portion: UsMarking, banner: UsMarking) -> None:
    text = render_portion(portion, banner=banner)
    assert parse_portion(text, banner=banner) == portion


def test_rel_is_short_where_the_banner_says_the_same() -> None:
    banner = parse_banner("TOP SECRET//ORCON/REL TO USA, JPN")
    portion = parse_portion("(S//REL)", banner=banner)
    assert portion.releasable_to == ("USA", "JPN")
    assert render_portion(portion, banner=banner) == "(S//REL)"
    with pytest.raises(DataError, match="column"):
        parse_portion("(S//REL)")


def test_nicknames_are_read_where_they_are_known() -> None:
    with pytest.raises(DataError, match="column 9: `TIN` is not expected"):
        parse_banner("SECRET//TIN DRUM")
    marking = parse_banner("SECRET//TIN DRUM", nicknames=frozenset({"TIN DRUM"}))
    assert marking.non_ic == ("ACCM-TIN_DRUM",)


@pytest.mark.parametrize("row", BAD, ids=lambda row: row["text"] or "empty")
def test_bad_marks_name_the_column_and_the_nearest_reading(row: dict[str, str]) -> None:
    text = row["text"].encode("ascii").decode("unicode_escape")
    portion = text.startswith("(")
    with pytest.raises(DataError) as caught:
        (parse_portion if portion else parse_banner)(text)
    found = diagnose(text[1:-1] if portion else text, portion=portion)
    assert (str(found.column), found.reading) == (row["column"], row["reading"])
    assert f"column {row['column']}: " in str(caught.value)
    if row["reading"]:
        assert caught.value.hint == f"did you mean `{row['reading']}`?"
        assert (parse_portion if portion else parse_banner)(row["reading"])


@pytest.mark.parametrize("text", ["SECRET//REL USA", "(S//REL TO USA)", "SECRET//NOFORN//REL TO USA", "SECRET//REL"])
def test_a_release_to_nobody_named_is_not_taken_for_its_contrary(text: str) -> None:
    with pytest.raises(DataError, match="needs a second country") as caught:
        (parse_portion if text.startswith("(") else parse_banner)(text)
    assert caught.value.hint.startswith("write `REL TO USA, ...` with everyone")


@given(st.text("ABCDEFGJKNOPRSTU", min_size=2, max_size=4))
def test_a_release_is_never_guessed(code: str) -> None:
    reading = diagnose(f"SECRET//REL TO USA, {code}").reading
    assert reading in ("", f"SECRET//REL TO USA, {ALIASES.get(code, code)}")


ALIASES = {"UK": "GBR", "GB": "GBR", "KR": "KOR", "ROK": "KOR", "JP": "JPN", "JAP": "JPN", "JNP": "JPN", "GER": "DEU"}
ALIASES |= {"AU": "AUS", "DE": "DEU", "FR": "FRA", "CA": "CAN"}


ALPHABET = "SECRTOPNFIADL/, -()UKJGB14 極ＳЕ\u200b"


@given(st.text(alphabet=ALPHABET, max_size=60) | st.text(max_size=40))
@example("//")
@example("(" * 50)
@example("SECRET//" + "REL TO " * 300)
def test_any_text_is_read_back_the_same_or_refused(text: str) -> None:
    for read, write in ((parse_banner, render_banner), (parse_portion, render_portion)):
        try:
            marking = read(text)
        except DataError as error:
            assert "column" in str(error)
        else:
            assert write(marking) == text


@given(markings(), st.data())
def test_a_damaged_mark_is_refused_or_reads_as_itself(marking: UsMarking, data: st.DataObject) -> None:
    text = render_banner(marking)
    place = data.draw(st.integers(0, len(text) - 1))
    damage = data.draw(st.sampled_from(["drop", "twice", "swap", "lower"]))
    damaged = {
        "drop": text[:place] + text[place + 1 :],
        "twice": text[:place] + text[place] + text[place:],
        "swap": text[:place] + text[place : place + 2][::-1] + text[place + 2 :],
        "lower": text[:place] + text[place].lower() + text[place + 1 :],
    }[damage]
    try:
        read = parse_banner(damaged)
    except DataError as error:
        assert "column" in str(error)
    else:
        assert render_banner(read) == damaged
    found = diagnose(damaged)
    assert 1 <= found.column <= len(damaged) + 1
    if found.reading:
        assert render_banner(parse_banner(found.reading)) == found.reading


@pytest.mark.parametrize(
    ("attributes", "rule"),
    [
        ({"disseminationControls": "REL", "releasableTo": "JPN KOR"}, "ISM-ID-00214"),
        ({"disseminationControls": "REL", "releasableTo": "USA KOR JPN"}, "ISM-ID-00041"),
        ({"disseminationControls": "REL", "releasableTo": "USA FVEY JPN"}, "ISM-ID-00041"),
        ({"disseminationControls": "NF REL", "releasableTo": "USA JPN"}, "ISM-ID-00033"),
        ({"disseminationControls": "NF DISPLAYONLY", "displayOnlyTo": "JPN"}, "ISM-ID-00169"),
        ({"disseminationControls": "OC", "classification": "U"}, "ISM-ID-00028"),
        ({"disseminationControls": "FOUO"}, "ISM-ID-00030"),
        ({"disseminationControls": "IMC", "classification": "C"}, "ISM-ID-00107"),
        ({"disseminationControls": "RELIDO", "FGIsourceOpen": "JPN"}, "ISM-ID-00233"),
        ({"disseminationControls": "RELIDO", "ownerProducer": "JPN"}, "ISM-ID-00124"),
        ({"disseminationControls": "NF OC"}, "dissemination-order"),
        ({"disseminationControls": "QQ"}, "dissemination"),
        ({"SCIcontrols": "SI-G"}, "sci-parent"),
        ({"SCIcontrols": "TK SI"}, "sci-order"),
        ({"SCIcontrols": "QQ"}, "sci"),
        ({"SCIcontrols": "SI", "classification": "U"}, "ISM-ID-00040"),
        ({"atomicEnergyMarkings": "UCNI"}, "aea-class"),
        ({"atomicEnergyMarkings": "RD-SG-14"}, "aea-parent"),
        ({"nonICmarkings": "XD DS"}, "non-ic-order"),
        ({"FGIsourceOpen": "USA"}, "fgi"),
        ({"ownerProducer": "USA JPN"}, "owner-order"),
        ({"disseminationControls": "REL", "releasableTo": "USA JNP"}, "government"),
    ],
)
def test_rules(attributes: dict[str, str], rule: str) -> None:
    marking = UsMarking.from_attributes({"classification": "S", "ownerProducer": "USA", **attributes})
    found = breaches(marking, portion=True)
    assert rule in [breach.rule for breach in found]
    if rule != "sci-parent":  # the text of `SI-G` alone reads with its parent
        with pytest.raises(DataError):
            parse_portion(render_portion(marking))


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"disseminationControls": "REL"}, "ISM-ID-00031"),
        ({"disseminationControls": "REL", "releasableTo": "USA"}, "ISM-ID-00031"),
        ({"releasableTo": "USA JPN"}, "ISM-ID-00032"),
        ({"disseminationControls": "DISPLAYONLY"}, "ISM-ID-00213"),
        ({"displayOnlyTo": "JPN"}, "ISM-ID-00168"),
        ({"classification": "R"}, "no classification `R`"),
        ({"classification": "X"}, "`classification` is one of"),
        ({"ownerProducer": ""}, "`ownerProducer` is missing"),
        ({"SCIcontrols": "SI SI"}, "holds `SI` twice"),
        ({"SCIcontrols": "S\u0399"}, "not such a code"),
        ({"ownerProducer": "JPN", "FGIsourceOpen": "KOR"}, "foreign information"),
        ({"nonUSControls": "ATOMAL"}, "NATO owns"),
        ({"level": "S"}, "not an ISM attribute"),
    ],
)
def test_attributes_that_belong_together(attributes: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        UsMarking.from_attributes({"classification": "S", "ownerProducer": "USA", **attributes})


@pytest.mark.parametrize(("owners", "banner"), [("JPN", "//JPN SECRET"), ("JPN USA", "//JOINT SECRET JPN USA")])
def test_an_unknown_source_hides_no_owner(owners: str, banner: str) -> None:
    attributes = {"classification": "S", "ownerProducer": owners, "FGIsourceOpen": "UNKNOWN"}
    assert render_banner(UsMarking.from_attributes(attributes, lenient=True)) == banner
    with pytest.raises(DataError, match="FGIsourceOpen"):
        UsMarking.from_attributes(attributes)


def test_a_lenient_reader_leaves_out_what_a_mark_does_not_show() -> None:
    attributes: dict[str, Any] = {"classification": "S", "ownerProducer": "JPN", "FGIsourceOpen": "KOR"}
    marking = UsMarking.from_attributes({**attributes, "releasableTo": "USA JPN"}, lenient=True)
    assert render_banner(marking) == "//JPN SECRET"


@given(markings())
def test_a_marking_as_a_label_and_back(marking: UsMarking) -> None:
    label = to_label(marking, created=datetime(2026, 11, 23, tzinfo=UTC))
    assert from_label(label) == marking
    assert ("NF" in marking.dissemination) == ("NF" in label.values("disseminationControls", "RESTRICTIVE"))
    assert label.values("releasableTo", "PERMISSIVE") == marking.releasable_to
