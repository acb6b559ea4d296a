"""SPIF 2.1 policies: reading, showing, deciding, translating, writing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsomia.errors import DataError
from gsomia.marking import Category, Clearance, Label

etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")

from gsomia.marking.spif import (  # noqa: E402
    Row,
    access,
    check,
    export,
    faults,
    load,
    read_spiffy,
    render,
    scale,
    translate,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "marking" / "stanag4774"
AT = datetime(2026, 11, 23, 5, tzinfo=UTC)
NATO_BYTES = (VECTORS / "nato-4774-policy.xml").read_bytes()
NATO = load(NATO_BYTES)
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
TABLE_17 = [
    test
    for test in etree.parse(VECTORS / "tests.xml").getroot().findall("sequence")[3].iter("test")
    if (VECTORS / str(test.get("label"))).exists()
]


@pytest.mark.parametrize("test", TABLE_17, ids=lambda t: f"{t.get('label')}-{t.get(XML_LANG, '')}")
def test_table_17(test: Any) -> None:
    label = read_spiffy((VECTORS / test.get("label")).read_bytes(), NATO, created=AT)
    assert faults(NATO, label) == ()
    assert render(NATO, label, lang=test.get(XML_LANG, "en")) == test.get("label-marking")


def test_all_of_table_17_was_there() -> None:
    assert len(TABLE_17) == 10


def test_the_label_that_the_table_calls_invalid() -> None:
    label = read_spiffy((VECTORS / "nato-4774-17-5.xml").read_bytes(), NATO, created=AT)
    assert faults(NATO, label) == (
        "`EAPC` of `Releasable To` excludes CONFIDENTIAL",
        "`ISAF` of `Releasable To` excludes CONFIDENTIAL",
    )
    with pytest.raises(DataError, match=r"and 1 more"):
        check(NATO, label)
    everything = Clearance(policy="NATO", classifications=frozenset({"CONFIDENTIAL"}), categories={})
    assert not access(NATO, label, everything).permitted


def nato(classification: str = "SECRET", **tags: tuple[str, ...]) -> Label:
    names = {"context": "Context", "releasable": "Releasable To", "only": "Only"}
    return Label(
        policy="NATO",
        classification=classification,
        categories=tuple(Category(type="PERMISSIVE", tag=names[k], values=v) for k, v in tags.items()),
        created=AT,
    )


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (nato("SECERT"), "has no classification"),
        (nato(only=("ATLANTIS",)), "has no value"),
        (
            replace(nato(), categories=(Category(type="PERMISSIVE", tag="Rel To", values=("JPN",)),)),
            "has no permissive tag",
        ),
        (
            replace(nato(), categories=(Category(type="RESTRICTIVE", tag="Only", values=("JPN",)),)),
            "no restrictive tag",
        ),
        (replace(nato(), policy="KOR"), "not `NATO`"),
        (nato("TOP SECRET", releasable=("AFG",)), "excludes TOP SECRET"),
        (nato(context=("IP",)), "obsolete"),
        (
            replace(nato(), categories=(Category(type="PERMISSIVE", tag="Only", values=("JPN",), uri="urn:oid:1.2"),)),
            "has the identifier",
        ),
    ],
)
def test_labels_that_are_not_valid(label: Label, message: str) -> None:
    assert any(message in fault for fault in faults(NATO, label))


def test_deciding_by_a_policy() -> None:
    levels = scale(NATO)
    label = nato("SECRET", context=("NATO", "Releasable"), releasable=("NATO", "JPN"))
    held = {"Context": ["Releasable"], "Releasable To": ["JPN"]}
    assert access(NATO, label, levels.clearance("SECRET", held)).permitted
    assert not access(NATO, label, levels.clearance("CONFIDENTIAL", held)).permitted
    assert not access(NATO, label, levels.clearance("SECRET", {"Context": ["Releasable"]})).permitted


def test_nato_banners() -> None:
    assert render(NATO, nato("TOP SECRET")) == "COSMIC TOP SECRET"
    assert render(NATO, nato("SECRET", context=("NATO",))) == "NATO SECRET"
    assert render(NATO, nato("SECRET", context=("RUSSIA",)), lang="fr") == "NATO/RUSSIA SECRET"


def text(old: str, new: str, count: int = 1) -> bytes:
    whole = NATO_BYTES.decode()
    assert old in whole
    return whole.replace(old, new, count).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<SPIF/>", "is not a SPIF"),
        (text("http://www.xmlspif.org/spif", "http://www.xmslpif.org/spif", 9), "is not a SPIF"),
        (text('<spif:securityPolicyId name="NATO" id="1.3.26.1.3.1"/>', ""), "lacks `securityPolicyId`"),
        (text('id="1.3.26.1.3.1"', 'id="1.3.x"'), "may not be `1.3.x`"),
        (text(' schemaVersion="2.1"', ' schemaVersion="3.0"'), "may not be `3.0`"),
        (text(' name="RESTRICTED" lacv="2"', ' name="UNCLASSIFIED" lacv="2"'), "stands there twice"),
        (text(' name="RESTRICTED" lacv="2"', ' name="RESTRICTED" lacv="1"'), "stands there twice"),
        (text(' name="RESTRICTED" lacv="2"', ' name="RESTRICTED"'), "lacks the attribute `lacv`"),
        (text(' name="RESTRICTED" lacv="2"', ' name="RESTRICTED" lacv="two"'), "may not be `two`"),
        (text("<spif:excludedClass>UNCLASSIFIED<", "<spif:excludedClass>UNCLASIFIED<"), "UNCLASIFIED"),
        (text(' enumType="permissive"', ""), "an enumerated tag has"),
        (text('tagType="restrictive"', 'tagType="Restrictive"'), "may not be `Restrictive`"),
        (text("<spif:code>replacePolicy<", "<spif:code>replace<"), "not a marking code"),
        (text("<spif:securityCategoryTagSets>", "<spif:securityCategoryTagSets>stray"), "text stands"),
        (text(' hierarchy="1"', ' hierarchy="1" level="1"'), "has no attribute `level`"),
        (
            text("<spif:tagCategory", "<spif:category", 1).replace(b"</spif:tagCategory", b"</spif:category", 1),
            "is not expected",
        ),
        (text('name="AFG" lacv="004"', 'name="ALB" lacv="004"'), "stands there twice"),
        (b"<!DOCTYPE SPIF>" + NATO_BYTES[NATO_BYTES.index(b"<spif:SPIF") :], "document type"),
    ],
)
def test_malformed_policies(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        load(data)


def test_a_lenient_reader_lists_small_faults() -> None:
    data = (VECTORS / "tlp.xml").read_bytes()
    with pytest.raises(DataError, match="creationDate"):
        load(data)
    policy = load(data, lenient=True)
    assert len(policy.remarks) == 4
    label = Label(
        policy="TLP",
        classification="AMBER",
        categories=(
            Category(type="PERMISSIVE", tag="Regions", values=("EU",)),
            Category(type="INFORMATIVE", tag="Extra Warning", values=("Extra", "Foreign")),
        ),
        created=AT,
    )
    assert render(policy, label) == "TLP:AMBER [REGION=EU] [Additional Handling May Apply]/[Imported Data]"


# A table like an agreement's: two Japanese marks stand on one row, so the way back is the authority's choice.
KOR_FILE = export(
    name="KOR",
    oid="2.25.2",
    rows=[
        Row(mark="군사Ⅲ급비밀", lacv=1, hierarchy=1, portion="Ⅲ", equivalents=(("JPN", 1, "both"),)),
        Row(
            mark="군사Ⅱ급비밀",
            lacv=2,
            hierarchy=2,
            phrases={"en": "SECRET"},
            equivalents=(("JPN", 2, "decrypt"), ("JPN", 3, "decrypt")),
        ),
        Row(mark="군사Ⅰ급비밀", lacv=3, hierarchy=3),
    ],
    others={"JPN": "2.25.1"},
    at=AT,
    notes=[("agreement", "jpn-kor-2016"), ("article", "4.1")],
)
JPN_FILE = export(
    name="JPN",
    oid="2.25.1",
    rows=[
        Row(mark="秘", lacv=1, hierarchy=1, equivalents=(("KOR", 1, "both"),)),
        Row(mark="極秘", lacv=2, hierarchy=2, equivalents=(("KOR", 2, "both"),)),
        Row(mark="特定秘密", lacv=3, hierarchy=2, equivalents=(("KOR", 2, "encrypt"),)),
        Row(mark="機密", lacv=4, hierarchy=3),
    ],
    others={"KOR": "2.25.2"},
    at=AT,
)
KOR, JPN = load(KOR_FILE), load(JPN_FILE)


def test_what_is_exported_reads_back_with_its_articles() -> None:
    assert KOR.notes == (("agreement", "jpn-kor-2016"), ("article", "4.1"))
    assert [level.name for level in KOR.levels] == ["군사Ⅲ급비밀", "군사Ⅱ급비밀", "군사Ⅰ급비밀"]
    assert scale(JPN).levels == (("秘",), ("極秘", "特定秘密"), ("機密",))
    label = Label(policy="KOR", classification="군사Ⅱ급비밀", created=AT)
    assert render(KOR, label, lang="en") == "SECRET"
    assert render(KOR, label, lang="ko") == "군사Ⅱ급비밀"
    assert render(KOR, replace(label, classification="군사Ⅲ급비밀"), place="portionMarking") == "(Ⅲ)"


def test_translation_has_a_direction() -> None:
    def to_kor(mark: str, side: Any) -> str:
        return translate(
            JPN, KOR, Label(policy="JPN", classification=mark, created=AT), side=side, at=AT
        ).classification

    assert to_kor("秘", "encrypt") == to_kor("秘", "decrypt") == "군사Ⅲ급비밀"
    assert to_kor("特定秘密", "encrypt") == "군사Ⅱ급비밀"
    with pytest.raises(DataError, match="for the giver to apply"):
        to_kor("特定秘密", "decrypt")
    with pytest.raises(DataError, match="has no equivalent"):
        to_kor("機密", "encrypt")
    second = Label(policy="KOR", classification="군사Ⅱ급비밀", created=AT)
    with pytest.raises(DataError, match="several equivalents") as caught:
        translate(KOR, JPN, second, side="decrypt", at=AT)
    assert "competent authority" in caught.value.hint
    with pytest.raises(DataError, match="for the receiver to apply"):
        translate(KOR, JPN, second, side="encrypt", at=AT)
    with pytest.raises(DataError, match="no equivalence with `NATO`"):
        translate(KOR, NATO, second, side="encrypt", at=AT)


def test_categories_are_carried_discarded_or_refused() -> None:
    source = load(
        export(
            name="A",
            oid="2.25.7",
            rows=[Row(mark="S", lacv=1, hierarchy=1, equivalents=(("B", 1, "both"),))],
            others={"B": "2.25.8"},
            at=AT,
        ).replace(
            b"  <equivalentPolicies>",
            b"""<securityCategoryTagSets><securityCategoryTagSet name="Rel" id="2.25.7.1">
            <securityCategoryTag name="Rel" tagType="permissive">
              <tagCategory name="JPN" lacv="392">
                <equivalentSecCategoryTag policyRef="B" tagSetId="2.25.8.1" tagType="permissive" lacv="1"
                  applied="both"/>
              </tagCategory>
              <tagCategory name="KOR" lacv="410">
                <equivalentSecCategoryTag policyRef="B" tagSetId="2.25.8.1" tagType="permissive" lacv="1"
                  applied="both" action="discard"/>
              </tagCategory>
              <tagCategory name="NOR" lacv="578"/>
            </securityCategoryTag></securityCategoryTagSet></securityCategoryTagSets>  <equivalentPolicies>""",
        )
    )
    target = load(
        export(name="B", oid="2.25.8", rows=[Row(mark="Secret", lacv=1, hierarchy=1)], others={}, at=AT).replace(
            b"</securityClassifications>",
            b"""</securityClassifications><securityCategoryTagSets>
            <securityCategoryTagSet name="Release" id="2.25.8.1">
            <securityCategoryTag name="Release" tagType="permissive">
              <tagCategory name="Japan" lacv="1"/></securityCategoryTag></securityCategoryTagSet>
            </securityCategoryTagSets>""",
        )
    )

    def carried(*values: str) -> Label:
        category = Category(type="PERMISSIVE", tag="Rel", values=values)
        label = Label(policy="A", classification="S", categories=(category,), created=AT)
        return translate(source, target, label, side="encrypt", at=AT)

    assert carried("JPN").values("Release") == ("Japan",)
    assert carried("JPN", "KOR").values("Release") == ("Japan",)
    with pytest.raises(DataError, match="has no equivalent"):
        carried("JPN", "NOR")


@given(st.integers(0, len(NATO_BYTES) - 1), st.sampled_from([b"", b"x", b"<", b'"', b"&"]))
def test_a_damaged_policy_reads_or_is_refused_with_our_error(place: int, byte: bytes) -> None:
    for lenient in (False, True):
        try:
            policy = load(NATO_BYTES[:place] + byte + NATO_BYTES[place + 1 :], lenient=lenient)
        except DataError:
            continue
        assert len(policy.levels) == 5


@pytest.mark.parametrize(("name", "value"), [("lacv", "1u0"), ("hierarchy", "high"), ("version", "one")])
def test_a_lenient_reader_needs_the_numbers_too(name: str, value: str) -> None:
    data = re.sub(rf' {name}="[0-9]+"'.encode(), f' {name}="{value}"'.encode(), KOR_FILE, count=1)
    with pytest.raises(DataError, match=f"`{name}` is a whole number"):
        load(data, lenient=True)
