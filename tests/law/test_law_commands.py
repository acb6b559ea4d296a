"""The commands about the law, as a person types them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from gsomia.cli.ask import print_verdict
from gsomia.cli.law.agreement import agreement
from gsomia.cli.law.cases import cases
from gsomia.cli.law.routes import duties_command, matrix_command, routes_command
from gsomia.cli.law.shared import shipped
from gsomia.config import shipped_law
from gsomia.errors import DataError, UsageError
from gsomia.verdict import Item, Request, decide, granted

RUNNER = CliRunner()


def run(command: click.Command, *words: str) -> Result:
    return RUNNER.invoke(command, list(words), catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the Japan-Korea folder that a test may spoil."""
    here = tmp_path / "jpn-kor-2016"
    here.mkdir()
    for name, data in shipped_law()["jpn-kor-2016"].items():
        (here / name).write_bytes(data)
    return here


def test_state_and_timeline() -> None:
    said = run(agreement, "state", "--at", "2020-09-16T12:00+09:00", "--json")
    found = json.loads(said.stdout)
    assert (found["state"], found["cut_off"]) == ("notice-suspended", "2020-08-24T15:00:00+00:00")
    said = run(agreement, "state", "--at", "2024-01-01T00:00Z", "--reading", "KOR=strict", "--json")
    assert json.loads(said.stdout)["views"] == {"JPN": "in-force", "KOR": "terminated"}
    with pytest.raises(UsageError, match="is not a reading"):
        run(agreement, "state", "--reading", "KOR=tomorrow")
    assert "no sign: changes nothing" in run(agreement, "timeline").stdout
    assert run(agreement, "timeline", "--format", "svg").stdout.startswith("<svg")
    assert json.loads(run(agreement, "timeline", "--json").stdout)["periods"]
    assert run(agreement, "state", "--at", "2020-09-16").exit_code == 2


def test_show_and_the_names_that_are_known() -> None:
    assert "tisa-2014" in run(agreement, "show").stdout
    assert "特定秘密 (Tokutei Himitsu)" in run(agreement, "show", "jpn-kor-2016").stdout
    with pytest.raises(UsageError, match="no agreement `jpn-kor`") as caught:
        run(agreement, "show", "jpn-kor")
    assert "jpn-kor-2016" in caught.value.hint


def test_show_gives_each_article_its_clauses_parameters_and_day(folder: Path) -> None:
    law = folder / "agreement.toml"
    text = law.read_text(encoding="utf-8")
    law.write_text(text.replace('is = "purpose-bound"', 'is = "purpose-bound", since = 2020-02-01'), encoding="utf-8")
    said = json.loads(run(agreement, "show", str(folder), "--json").stdout)
    articles = {article["number"]: article for article in said["articles"]}
    assert all(article["since"] and article["source"] and article["confidence"] for article in said["articles"])
    assert (articles["6(a)"]["since"], articles["6(c)"]["since"], articles["19"]["since"]) == (
        "2016-11-23",
        "2020-02-01",
        "2016-11-23",
    )
    assert articles["6(c)"]["clauses"] == [{"is": "purpose-bound", "since": "2020-02-01"}]
    assert articles["2(a)"]["clauses"][1]["acts"] == ["transmit", "disclose-orally", "accept"]


def test_cases_run_counts_and_exits(tmp_path: Path) -> None:
    good = tmp_path / "cases.toml"
    text = shipped_law()["warning-2023"]["cases.toml"].decode()
    good.write_text(text, encoding="utf-8")
    said = run(cases, "run", str(good), str(good))
    assert said.exit_code == 0
    count = text.count("[[case]]")
    assert f"{count} cases: {count} hold, 0 do not, 0 not yet decided" in said.stdout
    good.write_text(text.replace('outcome = "permit"', 'outcome = "refuse"', 1), encoding="utf-8")
    said = run(cases, "run", str(good))
    assert said.exit_code == 1
    assert "permit where refuse was expected" in said.stdout
    for old, new, key in (
        ('act = "warn"', 'act = "wran"', "act"),
        ("expect = {", "expectt = {", "expectt: unknown key"),
        ("outcome = ", "outcom = ", "expect.outcom: unknown key"),
        ("form = ", "from = ", "item.from: unknown key"),
        ('stage = "launched"', 'stge = "launched"', "facts.stge"),
        ('level = "군사II급비밀"', 'level = "비밀"', "item.level"),
        ('by = "KOR"', 'by = "Korea"', "by"),
        ('under = "warning-2023"', 'under = "warning"', "under"),
    ):
        good.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(DataError, match=key):
            run(cases, "run", str(good))
    with pytest.raises(DataError, match="cannot be read"):
        run(cases, "run", str(tmp_path / "none.toml"))


def test_check_a_folder_of_ones_own(folder: Path) -> None:
    assert run(agreement, "check", str(folder), "--no-cases").exit_code == 0
    law = folder / "agreement.toml"
    text = law.read_text(encoding="utf-8")
    other = '{ is = "only-forms", forms = ["document"], acts = ["transmit"] }'
    law.write_text(text.replace('{ is = "recorded" }', '{ is = "recorded" }, ' + other), encoding="utf-8")
    said = run(agreement, "check", str(folder), "--no-cases")
    assert said.exit_code == 1
    assert "contradiction" in said.stdout and "2(a)" in said.stdout and "6(f)" in said.stdout
    longer = 'forms = ["document", "electronic", "oral", "equipment", "track"]'
    shorter = longer.replace(', "track"', "")
    later = longer
    both = text.replace(
        longer + ', acts = ["transmit", "disclose-orally", "accept"] }',
        shorter
        + ', acts = ["transmit", "disclose-orally", "accept"] }, { is = "only-forms", since = 2030-01-01, '
        + later
        + ', acts = ["transmit", "disclose-orally", "accept"] }',
    )
    assert both != text
    law.write_text(both, encoding="utf-8")
    said = run(agreement, "check", str(folder), "--no-cases", "--json")
    lapse = next(f for f in json.loads(said.stdout)["findings"] if f["kind"] == "lapse")
    assert lapse["text"].startswith("from 2030-01-01")
    for old, new in (('acts = ["transmit", ', 'acts = ["transmitt", '), ("partys", "parties")):
        law.write_text(text.replace(old, new, 1) if old in text else text.replace(new, old, 1), encoding="utf-8")
        with pytest.raises(DataError, match=r"transmitt|partys") as caught:
            run(agreement, "check", str(folder))
        assert str(caught.value).startswith(f"{law}: ")


def test_diff_shows_what_is_newly_permitted(folder: Path) -> None:
    pytest.importorskip("z3", reason="proofs need the extra `prove`")
    law = folder / "agreement.toml"
    text = law.read_text(encoding="utf-8")
    said = run(agreement, "diff", "jpn-kor-2016", str(folder))
    assert "permit nothing" in said.stdout
    assert "case " not in said.stdout
    law.write_text(text.replace('{ is = "purpose-bound" }', '{ is = "protected-in-dispute" }'), encoding="utf-8")
    said = run(agreement, "diff", "jpn-kor-2016", str(folder))
    assert "newly permitted: use by " in said.stdout
    # Which of the purposes that are not its own stands for them all is the solver's choice.
    assert re.search(r"purpose: (trade|training|another)\b", said.stdout) and "all else granted" in said.stdout
    assert "old: jpn-kor-2016:6(c) [B] the use differs from the purpose" in said.stdout
    assert "article 6(c): purpose-bound [B; " in said.stdout
    assert "case jk-032: refuse to permit: Missile-defence material may not serve a trade case" in said.stdout
    changed = json.loads(run(agreement, "diff", "jpn-kor-2016", str(folder), "--json").stdout)["cases"]
    assert {"case": "jk-032", "old": "refuse", "new": "permit"}.items() <= changed[0].items()
    assert "jk-001" not in {change["case"] for change in changed}
    assert run(agreement, "prove", str(folder)).exit_code == 0
    law.write_text(
        text.replace('{ is = "no-third-party-without-consent" }', '{ is = "protected-in-dispute" }'), encoding="utf-8"
    )
    said = run(agreement, "prove", str(folder))
    assert said.exit_code == 5
    assert "BROKEN" in said.stdout
    # A request that can be asked, in words, with its verdict and grounds; not the attributes of the solver.
    broken = said.stdout.split("BROKEN")[1]
    assert re.search(r"transmit by (JPN|KOR) to (JPN|KOR) of \w+ `.+: permit\n", broken)
    assert "all else granted" in broken and "jpn-kor-2016:2(a) [A] " in broken
    assert "third_party" not in said.stdout and "covered_load" not in said.stdout
    proofs = json.loads(run(agreement, "prove", str(folder), "--json").stdout)["proofs"]
    shown = [p["example"] for p in proofs if not p["holds"]]
    assert all(e["verdict"]["outcome"] == "permit" and " by " in e["request"] for e in shown if e)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'english = "TOP SECRET"\ncovered = false',
            'english = "TOP SECRET"\ncovered = true',
            (
                "changed: level JPN 機密: not covered, TOP SECRET (Kimitsu) [B; S15] to covered",
                "newly permitted: transmit by JPN to KOR of JPN `機密`",
                "not the same: the new version newly permits transmit",
            ),
        ),
        (
            "notice_days = 90",
            "notice_days = 30",
            (
                "notice 90 x 24 hours, zone UTC+09:00, article 21.3 to years 1, notice 30 x 24",
                "case(s) newly permitted, see above",
            ),
        ),
        (
            'KOR = "immediate"',
            'KOR = "fresh-notice"',
            (
                "changed: readings: JPN fresh-notice, KOR immediate to JPN fresh-notice, KOR fresh-notice",
                "the readings, so its state",
            ),
        ),
        (
            'hub = "USA"',
            'hub = "KOR"',
            ("changed: hub: USA to KOR", "not the same: 1 case(s)", "says differs: the hub"),
        ),
    ],
)
def test_diff_proves_nothing_that_is_false(
    folder: Path, tmp_path: Path, old: str, new: str, said: tuple[str, ...]
) -> None:
    pytest.importorskip("z3", reason="proofs need the extra `prove`")
    if "hub" in old:
        folder = tmp_path / "warning-2023"
        folder.mkdir()
        for name, data in shipped_law()["warning-2023"].items():
            (folder / name).write_bytes(data)
    law = folder / "agreement.toml"
    text = law.read_text(encoding="utf-8")
    assert old in text
    law.write_text(text.replace(old, new, 1), encoding="utf-8")
    told = run(agreement, "diff", folder.name, str(folder)).stdout
    for line in said:
        assert line in told, told
    assert not any(line.startswith("proven") for line in told.splitlines())
    # In words, never as the program writes its own values.
    for raw in ("timedelta", "Level(", "Term(", "()", "False to True", "{'"):
        assert raw not in told


def test_diff_asks_the_cases_of_a_version_under_another_name(folder: Path) -> None:
    pytest.importorskip("z3", reason="proofs need the extra `prove`")
    other = folder.rename(folder.with_name("next-2030"))
    for name in ("agreement.toml", "acts.toml"):
        text = (other / name).read_text(encoding="utf-8").replace("jpn-kor-2016", "next-2030")
        (other / name).write_text(text.replace("notice_days = 90", "notice_days = 200"), encoding="utf-8")
    (other / "cases.toml").unlink()
    changed = json.loads(run(agreement, "diff", "jpn-kor-2016", str(other), "--json").stdout)["cases"]
    found = {change["case"]: (change["old"], change["new"]) for change in changed}
    assert found["jk-150"] == ("terminated", "notice-pending")
    # Neither the route through the hub nor any other clause changed with the name.
    assert "jk-049" not in found and "jk-032" not in found


@pytest.mark.parametrize(
    ("words", "said", "allowed"),
    [
        (("--from", "JPN", "--to", "JPN"), "does not give to itself", "--to: KOR, USA"),
        (("--from", "JPX", "--to", "JPN"), "`JPX`", "--from: JPN, KOR, USA"),
        (("--from", "JPN", "--to", "KOR", "--item", "subject=foo"), "subject `foo`", "--item subject=: dprk-missile"),
        (("--from", "JPN", "--to", "KOR", "--item", "level=SECRT"), "level `SECRT`", "特定秘密"),
        (("--from", "JPN", "--to", "KOR", "--item", "form=letter"), "form `letter`", "--item form=: document"),
        (("--from", "JPN", "--to", "KOR", "--item", "purpose=fun"), "purpose `fun`", "--item purpose=: defence"),
        (("--from", "JPN", "--to", "KOR", "--item", "contains=JPN+us"), "originator `us`", "--item contains="),
        (("--from", "JPN", "--to", "KOR", "--item", "levl=秘"), "key `levl`", "--item: level"),
    ],
)
def test_a_word_that_is_not_known_is_no_answer(words: tuple[str, ...], said: str, allowed: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        run(routes_command, *words)
    assert allowed in caught.value.hint


def test_a_reading_is_of_a_party_to_the_instrument() -> None:
    for command in ("state", "timeline"):
        with pytest.raises(UsageError, match="`USA` is not a Party") as caught:
            run(agreement, command, "--reading", "USA=clock")
        assert caught.value.hint == "--reading: JPN, KOR"


def test_a_verdict_in_text_says_what_it_rests_on(capsys: pytest.CaptureFixture[str]) -> None:
    law, record = shipped()
    at = datetime(2024, 1, 10, tzinfo=UTC)
    item = Item(originator="JPN", level="秘", subject="dprk-missile", form="document", purpose="defence")
    q = Request(act="transmit", by="JPN", to="KOR", item=item, under="jpn-kor-2016")
    facts = replace(granted(q, at), established_by={"assurance": "act-7"})
    assert print_verdict(decide(law, q, facts, record, at).to_json(), False) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("  permit    jpn-kor-2016 12(a) [C]: ") for line in lines)
    assert any(
        line.startswith("  permit    jpn-kor-2016 7.5(c) [A]: ") and line.endswith("(by act-7)") for line in lines
    )
    assert any(line.startswith("  owed      jpn-kor-2016 ") and "]: KOR: " in line for line in lines)
    assert len(lines) == len(set(lines))
    through = replace(q, via=("USA",), under="tisa-2014")
    print_verdict(decide(law, through, granted(through, at), record, at).to_json(), False)
    assert "tisa-2014 1 [B] (not binding): " in capsys.readouterr().out


def test_what_if_names_the_forms_and_tells_one_zone() -> None:
    words = ("what-if", "give-notice", "--by", "KOR", "--at", "2024-01-10T00:00Z")
    assert run(agreement, *words, "--form", "fax").exit_code == 2
    assert "'signature'" in run(agreement, *words, "--form", "fax").output
    told = run(agreement, *words).stdout
    closes = next(line for line in told.splitlines() if line.startswith("  closes: JPN to KOR"))
    assert "+0900" in closes and "SECRET, CONFIDENTIAL; dprk-missile" in closes and "kinds of item" not in closes
    assert "read as as" not in told and "+00:00" not in told


@pytest.mark.parametrize(
    ("words", "schema"),
    [
        (("state",), "agreement-state"),
        (("show",), "agreements"),
        (("show", "jpn-kor-2016"), "agreement"),
        (("show", "jpn-kor-2016", "21"), "agreement"),
        (("timeline",), "agreement-timeline"),
        (("path", "--to", "terminated"), "agreement-path"),
        (("what-if", "give-notice", "--by", "KOR"), "what-if"),
    ],
)
def test_what_a_program_reads_of_an_agreement_is_one_object_with_its_schema(
    words: tuple[str, ...], schema: str
) -> None:
    assert json.loads(run(agreement, *words, "--json").stdout)["schema"] == f"gsomia/{schema}/v1"


def test_what_rests_on_unread_text_says_so_in_each_row() -> None:
    at = ("--at", "2024-01-10T00:00Z")
    assert "articles 21.1 [A], 21.3 [A]" in run(agreement, "state", *at).stdout
    assert "articles unread [B]" in run(agreement, "state", "usa-kor-1987", *at).stdout
    told = json.loads(run(agreement, "state", "usa-kor-1987", *at, "--json").stdout)
    assert told["confidence"] == "B"
    rows = run(matrix_command, *at).stdout.splitlines()
    assert all(
        re.search(r"(permit|refuse|uncertain) \[[ABCI]\]", row) for row in rows if row[0].isupper() and " - " in row
    )
    ways = run(routes_command, "--from", "KOR", "--to", "USA", "--item", "level=SECRET", *at).stdout
    assert re.search(r"permit \[[BCI]\]\s+KOR - USA\s+transmit\s+usa-kor-1987", ways)


def test_what_if_tells_no_list_of_choices_and_no_until_open() -> None:
    assert "what-if [OPTIONS] ACT" in run(agreement, "what-if", "--help").stdout
    told = run(agreement, "what-if", "leave", "--under", "tisa-2014", "--by", "KOR", "--at", "2024-01-10T00:00Z").stdout
    assert "with the act: terminated with no end in sight" in told and "until open" not in told
    told = run(agreement, "what-if", "leave", "--by", "KOR", "--at", "2024-01-10T00:00Z").stdout
    assert "refuse\n  jpn-kor-2016:21.3 [A]: how it ends stands in its own article" in told


def test_an_instant_without_its_offset_is_shown_in_a_form_that_is_read() -> None:
    for given in ("2019-08-24", "2019-08-24T10:00"):
        said = run(agreement, "state", "--at", given)
        form = re.search(r"such as (\S+) or (\S+)", said.stderr)
        assert said.exit_code == 2 and form is not None
        for one in form.groups():
            assert run(agreement, "state", "--at", one).exit_code == 0


def test_routes_duties_matrix_and_export() -> None:
    at = ("--at", "2024-01-10T00:00Z", "--json")
    found = json.loads(run(routes_command, "--from", "JPN", "--to", "KOR", "--item", "level=秘", *at).stdout)
    assert found["schema"] == "gsomia/routes/v1" and found["routes"][0]["instrument"] == "jpn-kor-2016"
    cells = json.loads(run(matrix_command, *at).stdout)
    assert cells["schema"] == "gsomia/matrix/v1" and len(cells["rows"]) == 216
    owed = json.loads(run(duties_command, "--party", "KOR", *at).stdout)
    assert owed["schema"] == "gsomia/duties/v1" and owed["duties"]
    with pytest.raises(UsageError, match="no Party"):
        run(duties_command, "--party", "GBR")
    with pytest.raises(UsageError, match="unknown key"):
        run(routes_command, "--from", "JPN", "--to", "KOR", "--item", "lvl=秘")
    assert '@article("jpn-kor-2016:6(a)")' in run(agreement, "export", "--cedar").stdout


def test_a_path_says_when_the_law_itself_gets_there() -> None:
    words = ("path", "--to", "terminated", "--at", "2019-09-01T00:00:00+09:00")
    said = run(agreement, *words)
    assert said.exit_code == 0
    assert (
        "no act is needed" in said.stdout and "from 2019-11-23 00:00:00+0900 on (21.3 [A]): terminated" in said.stdout
    )
    found = json.loads(run(agreement, *words, "--json").stdout)
    assert found["reached"] == found["steps"][0]["reached"] == "2019-11-22T15:00:00+00:00"
    suspended = json.loads(
        run(agreement, "path", "--to", "notice-suspended", "--at", "2024-01-01T00:00Z", "--json").stdout
    )
    assert [step["by_when"] for step in suspended["steps"]] == [
        "2024-08-24T15:00:00+00:00",
        "2024-11-22T15:00:00+00:00",
    ]


def test_what_if_assumes_consent_and_a_day_that_a_notice_names() -> None:
    at = ("--by", "KOR", "--at", "2024-01-10T00:00Z")
    for more, outcome in ((("amend",), "refuse"), (("amend", "--consent"), "permit")):
        assert run(agreement, "what-if", *more, *at).stdout.splitlines()[0].endswith(f": {outcome}")
    for day, outcome in (("2024-11-23", "permit"), ("2024-12-01", "refuse"), ("2025-11-23", "uncertain")):
        said = run(agreement, "what-if", "give-notice", "--ends", f"{day}T00:00+09:00", *at).stdout
        assert said.splitlines()[0].endswith(f": {outcome}"), (day, said.splitlines()[:3])
    with pytest.raises(UsageError, match="names no day"):
        run(agreement, "what-if", "amend", "--ends", "2024-11-23T00:00+09:00", *at)


def test_what_if_says_what_a_reading_means_and_each_duty_once() -> None:
    said = run(agreement, "what-if", "give-notice", "--by", "KOR", "--at", "2024-01-10T00:00Z").stdout
    strict = next(line for line in said.splitlines() if "read as strict" in line)
    assert "a suspension never stopped the clock" in strict
    assert "terminated since 2019-11-23 00:00:00+0900 already" in strict
    duties = [line for line in said.splitlines() if "goes on" in line]
    assert len(duties) == len(set(duties)) < 12
    assert any("return, destroy (jpn-kor-2016:6(h)) to JPN, KOR" in line for line in duties)


def test_what_if_and_path() -> None:
    said = run(agreement, "what-if", "give-notice", "--by", "JPN", "--at", "2024-01-10T00:00Z")
    assert "JPN give-notice" in said.stdout and "closes: JPN to KOR (direct)" in said.stdout
    assert "nothing changes" in run(agreement, "what-if", "announce", "--by", "KOR").stdout
    assert run(agreement, "path", "--to", "in-force", "--at", "2021-01-01T00:00Z").exit_code == 0
    with pytest.raises(UsageError, match="not a Party"):
        run(agreement, "what-if", "give-notice", "--by", "USA")
