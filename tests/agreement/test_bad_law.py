"""Bad law files: each fault is named with its file, its key and what is allowed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gsomia.agreement import LegalAct, Record, check_legs, load_agreement, read_acts, shipped_record, state_at
from gsomia.config import shipped_law
from gsomia.errors import DataError

FILES = shipped_law()["jpn-kor-2016"]
TEXT = FILES["agreement.toml"].decode()
ACTS = FILES["acts.toml"].decode()


def load(text: str) -> None:
    load_agreement("jpn-kor-2016", {"agreement.toml": text.encode()})


@pytest.mark.parametrize(
    ("old", "new", "key", "allowed"),
    [
        ('is = "purpose-bound"', 'is = "purpos-bound"', "clause[1].is", "`purpose-bound`"),
        ('is = "only-forms", forms', 'is = "only-forms", form', "clause[2].form: unknown key", "`forms`"),
        ('acts = ["transmit", "disclose-orally", "accept"]', 'acts = ["transmitt"]', "clause[2].acts", "`transmit`"),
        ('acts = ["transmit", "disclose-orally", "accept"]', "acts = []", "clause[2].acts", "`transmit`"),
        ('"oral", "equipment", "track"]', '"oral", "equipmnt", "track"]', "clause[2].forms", "`equipment`"),
        ('what = "receipt"', 'what = "recipt"', "what", "`receipt`"),
        ('parties = ["JPN", "KOR"]', 'partys = ["JPN", "KOR"]', "partys: unknown key", "`parties`"),
        ("notice_days = 90", "notice_day = 90", "term.notice_day: unknown key", "`notice_days`"),
        ('romanised = "Hi"\nenglish =', 'romanised = "Hi"\nenglsh =', "englsh: unknown key", "`english`"),
        ('number = "6(c)"', 'nummer = "6(c)"', "nummer: unknown key", "`number`"),
        ('entry = "21.1"', 'entri = "21.1"', "cite.entri: unknown key", "`entry`"),
        ('{ is = "purpose-bound" }', '{ iss = "purpose-bound" }', "iss: unknown key", "`is`"),
        ('is = "purpose-bound"', 'is = "purpose-bound", strict = true', "strict", "`is`"),
        ('is = "purpose-bound"', 'is = "purpose-bound", since = "soon"', "since", ""),
        ("since = 2016-11-23", "since = 2016-11-23T00:00:00Z", "since", ""),
        ('zone = "+09:00"', 'zone = "Asia/Tokyo"', "zone", "+09:00"),
        ('english = "SECRET"', 'english = "SECRT"', "english", "`SECRET`"),
        ('gives = ["군사II급비밀"]', 'gives = ["군사IV급비밀"]', "gives", "군사III급비밀"),
        ('KOR = "immediate"', 'KOR = "at-once"', "KOR", "`fresh-notice`"),
        ('number = "6(c)"', 'number = "6(a)"', "number", "two articles claim `6(a)`"),
        ('number = "6(c)"', 'number = "six c"', "number", "`6(a)`"),
        ('parties = ["JPN", "KOR"]', 'parties = ["JPN", "Korea"]', "parties", "alpha-3"),
        ("binding = true", "binding = true\nbindin = true", "bindin", "`binding`"),
        ('entry = "21.1"', 'entry = "22"', "entry", "`21.1`"),
        ("years = 1", "years = 0", "years", "at least 1"),
        ('confidence = "A"', 'confidence = "D"', "confidence", "`A`"),
        ('acts = ["destroy"]', 'acts = ["destory"]', "acts", "`destroy`"),
        ('name = "jpn-kor-2016"', 'name = "jpn-kor"', "name", "folder"),
    ],
)
def test_a_fault_names_its_key_and_what_is_allowed(old: str, new: str, key: str, allowed: str) -> None:
    assert old in TEXT
    with pytest.raises(DataError) as caught:
        load(TEXT.replace(old, new, 1))
    said = f"{caught.value} {caught.value.hint}"
    assert "jpn-kor-2016/agreement.toml" in said
    assert key in said
    assert allowed in said


@pytest.mark.parametrize(
    ("name", "old", "new", "key", "allowed"),
    [
        ("tisa-2014", "above = 2", "above = 20", "above", "`2`"),
        ("tisa-2014", '"dprk-missile"', '"dprk-misile"', "subjects", "`dprk-missile`"),
        ("warning-2023", 'subjects = ["dprk-missile"]', "subjects = []", "subjects", "`dprk-missile`"),
    ],
)
def test_a_setting_holds_known_words_alone(name: str, old: str, new: str, key: str, allowed: str) -> None:
    text = shipped_law()[name]["agreement.toml"].decode()
    assert old in text
    with pytest.raises(DataError, match=key) as caught:
        load_agreement(name, {"agreement.toml": text.replace(old, new, 1).encode()})
    assert allowed in caught.value.hint


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"usa-jpn-2007"', '"usa-jpn-2008"', "unknown value `usa-jpn-2008`"),
        ('"usa-jpn-2007"', '"jpn-kor-2016"', "no agreement between the hub and another Party"),
    ],
)
def test_a_leg_is_an_agreement_of_the_hub(old: str, new: str, said: str) -> None:
    law = shipped_law()
    known = {name: load_agreement(name, files) for name, files in law.items()}
    check_legs(known["tisa-2014"], known)
    text = law["tisa-2014"]["agreement.toml"].decode()
    spoilt = load_agreement("tisa-2014", {"agreement.toml": text.replace(old, new, 1).encode()})
    with pytest.raises(DataError, match=said) as caught:
        check_legs(spoilt, known)
    assert str(caught.value).startswith("tisa-2014/agreement.toml: legs: ")
    assert caught.value.hint == "allowed: `usa-jpn-2007`, `usa-kor-1987`"


def test_an_article_has_a_clause_or_a_reason_and_not_both() -> None:
    both = TEXT.replace('clause = [{ is = "purpose-bound" }]', 'clause = [{ is = "purpose-bound" }]\nby_hand = "x"')
    with pytest.raises(DataError, match="by_hand"):
        load(both)
    with pytest.raises(DataError, match="by_hand"):
        load(TEXT.replace('clause = [{ is = "purpose-bound" }]', ""))


def test_overlapping_amendments_are_refused() -> None:
    one = '{ is = "purpose-bound" }, { is = "purpose-bound", since = 2030-01-01 }'
    load(TEXT.replace('{ is = "purpose-bound" }', one))
    with pytest.raises(DataError, match="begin on the same day"):
        load(TEXT.replace('{ is = "purpose-bound" }', one + ', { is = "purpose-bound", since = 2030-01-01 }'))


def test_not_toml_and_not_there() -> None:
    with pytest.raises(DataError, match="cannot be read as TOML"):
        load("name = ")
    with pytest.raises(DataError, match=r"no `agreement\.toml`"):
        load_agreement("x", {})
    with pytest.raises(DataError, match="cannot be read as TOML"):
        load_agreement("x", {"agreement.toml": b"\xff\xfe"})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('act = "give-notice"', 'act = "give-notce"', "give-notice"),
        ('by = "JPN"', 'by = "USA"', "`JPN`"),
        ("at = 2019-08-23T17:00:00+09:00", "at = 2019-08-23T17:00:00", "offset"),
        ("at = 2019-08-23T17:00:00+09:00", "at = 2029-08-23T17:00:00+09:00", "out of order"),
        ('act = "give-notice"', 'akt = "give-notice"', "akt: unknown key"),
        ('id = "jpn-kor-2016/sign"', 'id = "sign"', "does not begin with"),
        ('id = "jpn-kor-2016/sign"', 'id = "jpn-kor-2016/notify-entry-jpn"', "there twice"),
    ],
)
def test_a_bad_act_is_named(old: str, new: str, said: str) -> None:
    assert old in ACTS
    with pytest.raises(DataError) as caught:
        read_acts("jpn-kor-2016", ACTS.replace(old, new, 1).encode(), ("JPN", "KOR"))
    assert said in f"{caught.value} {caught.value.hint}"
    assert "jpn-kor-2016/acts.toml" in str(caught.value)


def test_the_version_is_of_what_decides() -> None:
    one = load_agreement("jpn-kor-2016", FILES)
    other = load_agreement("jpn-kor-2016", {**FILES, "README.md": b"other words", "cases.toml": b""})
    assert one.version == other.version
    assert len(one.version) == 64
    moved = load_agreement("jpn-kor-2016", {"agreement.toml": (TEXT + "\n# a comment\n").encode()})
    assert moved.version != one.version


def test_equivalents_by_direction_and_typed_any_way() -> None:
    a = load_agreement("jpn-kor-2016", FILES)
    assert a.equivalents("군사II급비밀", "KOR", "JPN") == ("極秘", "特定秘密")
    assert a.equivalents("군사Ⅱ급 비밀", "KOR", "JPN") == ("極秘", "特定秘密")
    assert a.equivalents("特定秘密", "JPN", "KOR") == ("군사II급비밀",)
    assert a.equivalents("SECRET", "JPN", "KOR") == ("군사II급비밀",)
    assert a.equivalents("機密", "JPN", "KOR") == ()
    level = a.level("KOR", "군사Ⅰ급비밀")
    assert level is not None and not level.covered


def test_bitemporal_what_was_known_then() -> None:
    a = load_agreement("jpn-kor-2016", FILES)
    record = shipped_record({"jpn-kor-2016": FILES})
    told = datetime(2024, 3, 1, tzinfo=UTC)
    late = LegalAct(
        id="jpn-kor-2016/late",
        under=a.name,
        act="give-notice",
        by="JPN",
        at=datetime(2024, 2, 1, tzinfo=UTC),
        known_at=told,
    )
    record = record.plus([late])
    at = datetime(2024, 2, 15, tzinfo=UTC)
    assert state_at(a, record, at).state == "notice-pending"
    assert state_at(a, record, at, known=at).state == "in-force"
    assert state_at(a, record, at, known=told).state == "notice-pending"


def test_a_record_refuses_an_id_twice_and_an_instant_without_zone() -> None:
    act = LegalAct(id="x/1", under="x", act="sign", by="JPN", at=datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(DataError, match="two acts"):
        Record([act, act])
    with pytest.raises(DataError, match="two acts"):
        Record([act]).plus([act])
    with pytest.raises(DataError, match="without a zone"):
        Record([LegalAct(id="x/2", under="x", act="sign", by="JPN", at=datetime(2020, 1, 1))])  # noqa: DTZ001
    with pytest.raises(DataError, match="no such act"):
        Record([act]).without(["x/9"])


def test_a_declared_reading_takes_the_place_of_the_default() -> None:
    a = load_agreement("jpn-kor-2016", FILES)
    record = shipped_record({"jpn-kor-2016": FILES})
    acts = [
        LegalAct(
            id=f"jpn-kor-2016/{kind}",
            under=a.name,
            act=kind,
            by="KOR",
            at=datetime(2020, month, 1, tzinfo=UTC),
            note=note,
        )
        for kind, month, note in (("resume-notice", 5, ""), ("declare-reading", 7, "fresh-notice"))
    ]
    record = record.plus(acts)
    assert state_at(a, record, datetime(2020, 6, 1, tzinfo=UTC)).views == {
        "JPN": "notice-suspended",
        "KOR": "terminated",
    }
    assert state_at(a, record, datetime(2020, 8, 1, tzinfo=UTC)).state == "notice-suspended"
