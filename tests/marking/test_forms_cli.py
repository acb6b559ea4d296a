"""`gsomia marking convert|decide`: forms told apart, the rules applied, no time of creation made up in silence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_marking_cli import STANAG, run, told

ISM = {"classification": "S", "ownerProducer": "USA"}
JOINT = "//JOINT SECRET JPN USA//REL TO USA, JPN"
EARLY = (
    '{"policy": "JPN", "classification": "秘", "categories": [], "created": "1970-01-01T00:00:00Z"}',
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<originatorConfidentialityLabel xmlns="urn:nato:stanag:4774:confidentialitymetadatalabel:1:0">'
    "<ConfidentialityInformation><PolicyIdentifier>JPN</PolicyIdentifier><Classification>秘</Classification>"
    "</ConfidentialityInformation><CreationDateTime>1970-01-01T00:00:00Z</CreationDateTime>"
    "</originatorConfidentialityLabel>",
)


def converted(folder: Path, text: str, *arguments: str) -> tuple[int, str, str]:
    (folder / "in").write_text(text, "utf-8")
    return told("convert", folder / "in", *arguments)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"SCIcontrols": "FOO", "disseminationControls": "NF"}, "`FOO` is not an SCI control"),
        ({"SCIcontrols": "SI-G"}, "`SI-G` stands without `SI`"),
        ({"disseminationControls": "NF REL", "releasableTo": "USA JPN"}, "exclude each other"),
        ({"disseminationControls": "REL", "releasableTo": "USA EUR"}, "`EUR` is not the code"),
        ({"disseminationControl": "NF"}, "did you mean `disseminationControls`?"),
        ({"ism:classification": "S"}, "stands there twice"),
        ({"createDate": "2026-02-30"}, "no such day"),
        ({"createDate": "yesterday"}, "a date like"),
        ({"resourceElement": "yes"}, "`true` or `false`"),
        ({"DESVersion": "x"}, "a number like"),
        ({"classification": 5}, "is text"),
    ],
)
@pytest.mark.parametrize("form", ["banner", "portion", "json"])
def test_attributes_are_held_against_the_rules(
    tmp_path: Path, attributes: dict[str, object], said: str, form: str
) -> None:
    code, output, beside = converted(tmp_path, json.dumps({**ISM, **attributes}), "--to", form, "--lenient")
    assert (code, output, said in beside) == (1, "", True), beside


@pytest.mark.parametrize(
    ("dissemination", "form"), [("RELIDO", "portion"), ("NF REL", "banner"), ("NF OC QQ", "portion"), ("QQ", "ism")]
)
def test_nothing_is_written_that_is_refused_when_read(tmp_path: Path, dissemination: str, form: str) -> None:
    label = {
        "policy": "USA",
        "classification": "SECRET",
        "categories": [
            {"type": "INFORMATIVE", "tag": "ownerProducer", "values": ["JPN"]},
            {"type": "RESTRICTIVE", "tag": "disseminationControls", "values": dissemination.split()},
        ],
        "created": "2026-11-23T05:00:00Z",
    }
    if "REL" in dissemination.split():
        label["categories"] = [
            {"type": "RESTRICTIVE", "tag": "disseminationControls", "values": dissemination.split()},
            {"type": "PERMISSIVE", "tag": "releasableTo", "values": ["USA", "JPN"]},
        ]
    code, output, beside = converted(tmp_path, json.dumps(label), "--to", form)
    assert (code, output) == (1, ""), beside


def test_our_own_json_is_known_by_its_keys(tmp_path: Path) -> None:
    code, output, _ = converted(tmp_path, JOINT, "--to", "json", "--created", "2026-11-23T05:00:00Z")
    assert (code, '"ownerProducer"' in output) == (0, True)
    assert converted(tmp_path, output, "--from", "json", "--to", "banner")[:2] == (0, JOINT + "\n")
    assert converted(tmp_path, '{"classification": "S"}', "--from", "ism", "--to", "json")[0] == 1


@pytest.mark.parametrize("text", EARLY, ids=["json", "xml"])
def test_a_label_really_of_1970(tmp_path: Path, text: str) -> None:
    pytest.importorskip("lxml", reason="lxml is not installed")
    for options in ([], ["--lenient"]):
        code, output, beside = converted(tmp_path, text, "--to", "json", *options)
        assert (code, json.loads(output)["created"], beside) == (0, "1970-01-01T00:00:00Z", "")


def test_the_time_that_a_label_lacks(tmp_path: Path) -> None:
    pytest.importorskip("lxml", reason="lxml is not installed")
    code, _, beside = converted(tmp_path, "SECRET//NOFORN\n", "--to", "xml")
    assert (code, "give it with --created" in beside) == (1, True)
    code, output, beside = converted(tmp_path, "SECRET\n", "--to", "xml", "--lenient")
    assert (code, "1970-01-01T00:00:00Z stands in for it" in beside) == (0, True)
    code, output, beside = converted(tmp_path, "SECRET\r\n", "--to", "xml", "--created", "2026-11-23T14:00+09:00")
    assert (code, "<CreationDateTime>2026-11-23T05:00:00Z<" in output, beside) == (0, True, "")
    code, output, beside = converted(tmp_path, "SECRET\n", "--to", "ism", "--lenient")
    assert (code, "createDate" in output, "1970" in beside) == (0, False, False)
    assert converted(tmp_path, "SECRET\n", "--to", "xml", "--created", "2026-11-23T14:00")[0] == 2


RESOURCE = (
    '<r:doc xmlns:r="urn:x"><!-- a comment --><head {whole}/><p xmlns:i="urn:us:gov:ic:ism" i:classification="S" '
    'i:ownerProducer="USA"/></r:doc>'
)
WHOLE = (
    'xmlns:ism="urn:us:gov:ic:ism" ism:resourceElement="true" ism:DESVersion="10" ism:createDate="2026-11-23" '
    'ism:classification="TS" ism:ownerProducer="USA" ism:disseminationControls="NF" ism:classifiedBy="Someone"'
)


def test_attributes_in_xml(tmp_path: Path) -> None:
    pytest.importorskip("lxml", reason="lxml is not installed")
    code, output, beside = converted(tmp_path, RESOURCE.format(whole=WHOLE), "--from", "ism-xml", "--to", "json")
    assert (code, json.loads(output)["created"]) == (0, "2026-11-23T00:00:00Z")
    assert "no place for `classifiedBy`" in beside
    assert converted(tmp_path, output, "--to", "banner")[1] == "TOP SECRET//NOFORN\n"
    first = converted(tmp_path, output, "--to", "ism-xml")[1]
    assert 'xmlns:ism="urn:us:gov:ic:ism"' in first
    assert converted(tmp_path, first, "--to", "ism-xml")[:2] == (0, first)
    attributes = converted(tmp_path, first, "--to", "ism")[1]
    assert json.loads(attributes)["createDate"] == "2026-11-23"
    assert converted(tmp_path, attributes, "--to", "ism")[:2] == (0, attributes)
    prefixed = json.dumps({f"ism:{name}": value for name, value in json.loads(attributes).items()})
    assert converted(tmp_path, prefixed, "--from", "ism", "--to", "ism-xml")[:2] == (0, first)


@pytest.mark.parametrize(
    ("whole", "said"),
    [
        ("", "no elements of the document carry"),
        (WHOLE.replace('"TS"', '"TSX"'), "`classification` is one of"),
        (WHOLE + ' ism:joint="true"', "`joint` is not an ISM attribute"),
        (f"{WHOLE}/><head {WHOLE}", "2 elements of the document carry"),
    ],
)
def test_documents_whose_marking_is_not_clear(tmp_path: Path, whole: str, said: str) -> None:
    pytest.importorskip("lxml", reason="lxml is not installed")
    code, _, beside = converted(tmp_path, RESOURCE.format(whole=whole), "--to", "banner")
    assert (code, said in beside) == (1, True), beside


HOLDS = ("--holds", "Releasable To=JPN", "--holds", "Context=NATO")
CLEARED = {
    "policy": "NATO",
    "classifications": ["RESTRICTED"],
    "categories": {"Releasable To": ["JPN"], "Context": ["NATO"]},
}


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({}, 0, "permitted"),
        ({"classifications": ["SECRET"]}, 3, "lacks the classification"),
        ({"categories": {}}, 3, "lacks one of"),
        ({"policy": "KOR"}, 3, "lacks a clearance under"),
        ({"level": "SECRET"}, 1, "has no key `level`"),
        ({"classifications": "SECRET"}, 1, "is a list"),
        ({"categories": []}, 1, "are lists of values by tag"),
        ({"policy": 5}, 1, "is text"),
    ],
)
def test_a_label_against_a_clearance(tmp_path: Path, changes: dict[str, object], code: int, said: str) -> None:
    pytest.importorskip("lxml", reason="lxml is not installed")
    (tmp_path / "clearance.json").write_text(json.dumps({**CLEARED, **changes}), "utf-8")
    label, policy = STANAG / "nato-4774-17-4.xml", STANAG / "nato-4774-policy.xml"
    found, output = run("decide", label, "--policy", policy, "--clearance", tmp_path / "clearance.json", "--lenient")
    assert (found, said in output) == (code, True), output


def test_a_clearance_on_the_command_line() -> None:
    pytest.importorskip("lxml", reason="lxml is not installed")
    label, policy = STANAG / "nato-4774-17-4.xml", STANAG / "nato-4774-policy.xml"
    whole = ("decide", label, "--policy", policy, "--lenient")
    assert run(*whole, "--level", "RESTRICTED", *HOLDS)[0] == 0
    code, output, _ = told(*whole, "--level", "RESTRICTED", "--json")
    assert (code, json.loads(output)["permitted"]) == (3, False)
    assert run(*whole, "--level", "RESTRICTED", "--holds", "Japan")[0] == 1
    assert run(*whole)[0] == 1
