"""`gsomia marking`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gsomia.cli.marking import marking

VECTORS = Path(__file__).parents[2] / "vectors" / "marking"
CSV = VECTORS / "ism" / "markings.csv"
HEAD = "classification,ownerProducer,disseminationControls,banner,portion"


def told(*arguments: str | Path, text: str | None = None) -> tuple[int, str, str]:
    """Exit status, what is printed, and what is told beside it."""
    result = CliRunner().invoke(marking, [str(a) for a in arguments], input=text)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def run(*arguments: str | Path, text: str | None = None) -> tuple[int, str]:
    code, output, beside = told(*arguments, text=text)
    return code, beside + output


def test_the_official_rows_are_the_same() -> None:
    assert run("check", CSV) == (0, "62 rows, all the same\n")


def test_rows_where_the_official_renderer_departs_from_the_register() -> None:
    code, output, beside = told("check", VECTORS / "ism" / "departures.csv")
    assert (code, output) == (0, "52 rows, all the same\n")
    assert "line 10: note: the register's portion is `(S//FGI//NF)`" in beside
    assert len({line.partition(":")[0] for line in beside.splitlines()}) == 49


ROW = "S,USA,NF,SECRET//NOFORN,(S//NF)"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (f"{HEAD},comment\n{ROW},x\n", 0, "ignored: `comment`"),
        (f"{HEAD},declassDate\n{ROW},2040-01-01\n", 0, "ignored: `declassDate`"),
        (f"{HEAD},Portion text\n{ROW},y\n", 0, "ignored: `Portion text`"),
        (f"{HEAD},SCIcontrol\n{ROW},SI\n", 2, "did you mean `SCIcontrols`?"),
        (f"{HEAD},SCIcontrol\n{ROW},\n", 0, "ignored: `SCIcontrol`"),
        (f"{HEAD},joint\n{ROW},true\n", 2, "column `joint` is no attribute"),
        (f"{HEAD},ism:level\n{ROW},5\n", 2, "column `ism:level` is no attribute"),
        (f"{HEAD},ism:classification\n{ROW},S\n", 2, "`classification` stands there twice"),
        ("ism:classification,ism:ownerProducer,banner,portion\nS,JPN,//JPN SECRET,(//JPN S)\n", 0, "1 rows, all"),
        ("ism:classification,ism:ownerProducer,banner,portion\nS,JPN,//JPN SECRET,(//JPN  S)\n", 1, "1 different"),
        ("classification;ownerProducer;banner;portion\nS;USA;SECRET;(S)\n", 2, "parted by commas"),
    ],
)
def test_columns(tmp_path: Path, text: str, code: int, said: str) -> None:
    (tmp_path / "rows.csv").write_text(text, "utf-8")
    found, output = run("check", tmp_path / "rows.csv")
    assert (found, said in output) == (code, True), output


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(S//NF)", "(S//NF) "),
        ("SECRET//NOFORN", "SECRET//NOFORN\u200b"),
        ("SECRET//ORCON/NOFORN", "SECRET//NOFORN/ORCON"),
        ("S,USA,,,NF", "C,USA,,,NF"),
        ("REL TO USA, AUS, CAN", "REL TO USA, CAN, AUS"),
        ("//NATO SECRET", "NATO SECRET"),
        ("S,NATO", "X,NATO"),
    ],
)
def test_one_changed_byte_is_found(tmp_path: Path, old: str, new: str) -> None:
    text = CSV.read_text("utf-8")
    assert old in text
    changed = tmp_path / "changed.csv"
    changed.write_text(text.replace(old, new, 1), "utf-8")
    code, output = run("check", changed)
    assert code == 1
    assert "1 different" in output
    code, output, _ = told("check", changed, "--json")
    assert code == 1
    assert len(json.loads(output)["different"]) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "classification,ownerProducer,banner,portion\n",
        "classification,ownerProducer,banner\nS,USA,SECRET\n",
        "classification,ownerProducer,sciControls,banner,portion\nS,USA,SI,SECRET,(S)\n",
        "classification,ownerProducer,banner,portion\nS,USA,SECRET\n",
        'classification,ownerProducer,banner,portion\nS,USA,"SECRET,(S)\n',
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(text, "utf-8")
    assert run("check", file)[0] == 2


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    assert run("check", tmp_path / "none.csv")[0] == 2
    (tmp_path / "latin.csv").write_bytes(b"classification,\xff\n")
    assert run("check", tmp_path / "latin.csv")[0] == 2


def test_reading_one_mark() -> None:
    code, output = run("read", "(S//REL TO USA, JPN)")
    assert code == 0
    assert "SECRET//REL TO USA, JPN" in output
    code, output = run("read", "SECERT//NOFORN")
    assert code == 1
    assert "column 1" in output
    assert "did you mean `SECRET//NOFORN`?" in output


def test_rolling_up_a_text(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("(U) One.\n\n(S//REL TO USA, JPN) Two.\n", "utf-8")
    assert run("rollup", file) == (0, "SECRET//REL TO USA, JPN\n")
    file.write_text("SECRET\n\n(U) One\nof two lines.\n\nSECRET\n", "utf-8")
    assert run("rollup", file) == (1, "error: line 1 shows `SECRET` and the portions give `UNCLASSIFIED`\n")


STANAG = VECTORS / "stanag4774"


@pytest.mark.parametrize("form", ["xml", "json", "ocl", "ism", "banner", "portion"])
def test_converting_to_a_form_and_back(tmp_path: Path, form: str) -> None:
    pytest.importorskip("lxml", reason="lxml is not installed")
    banner = "SECRET//SI/TK//FGI JPN//ORCON/REL TO USA, JPN"
    (tmp_path / "mark.txt").write_text(banner + "\n", "utf-8")
    code, output = run("convert", tmp_path / "mark.txt", "--to", form, "--lenient")
    assert code == 0
    assert "no time of creation" in output
    result = CliRunner().invoke(marking, ["convert", str(tmp_path / "mark.txt"), "--to", form, "--lenient"])
    (tmp_path / "form").write_text(result.stdout, "utf-8")
    code, output = run("convert", tmp_path / "form", "--to", "banner", "--lenient")
    assert code == 0
    assert output.splitlines()[-1] == banner
    assert run("convert", tmp_path / "mark.txt", "--to", form)[0] == 1


def test_a_label_of_table_17_is_shown_with_lenient_and_says_so() -> None:
    pytest.importorskip("lxml", reason="lxml is not installed")
    arguments: list[str | Path] = [
        "convert",
        STANAG / "nato-4774-17-4.xml",
        "--to",
        "text",
        "--policy",
        STANAG / "nato-4774-policy.xml",
    ]
    code, output = run(*arguments)
    assert (code, "no time of creation" in output) == (1, True)
    code, output = run(*arguments, "--lenient")
    assert code == 0
    assert output.splitlines()[-1] == "NATO RESTRICTED Releasable to Japan, Switzerland, Ukraine"
    assert "note: the label has no time of creation" in output


def test_a_policy_is_checked() -> None:
    pytest.importorskip("lxml", reason="lxml is not installed")
    assert run("policy", STANAG / "nato-4774-policy.xml")[0] == 0
    assert run("policy", STANAG / "tlp.xml")[0] == 1
    code, output = run("policy", STANAG / "tlp.xml", "--lenient")
    assert (code, output.count("note:")) == (1, 4)


@pytest.mark.parametrize(
    "text", ["{", '{"a": 1, "a": 2}', "[1]", "<x/>", "SECERT", "\ud800".encode("utf-8", "surrogatepass")]
)
def test_what_is_no_label(tmp_path: Path, text: str | bytes) -> None:
    pytest.importorskip("lxml", reason="lxml is not installed")
    (tmp_path / "bad").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert run("convert", tmp_path / "bad", "--to", "json", "--lenient")[0] == 1


def test_a_form_that_was_promised(tmp_path: Path) -> None:
    (tmp_path / "mark").write_text("SECRET//NOFORN\n", "utf-8")
    assert run("convert", tmp_path / "mark", "--from", "banner", "--to", "portion", "--lenient")[0] == 0
    code, output = run("convert", tmp_path / "mark", "--from", "xml", "--to", "portion", "--lenient")
    assert (code, "is `banner`, not `xml`" in output) == (1, True)
