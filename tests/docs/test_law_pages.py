"""The pages for lawyers: each agreement's README says of its articles, levels and acts what the data says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

FOLDERS = sorted((Path(__file__).resolve().parents[2] / "agreements").iterdir())


def data(folder: Path, name: str) -> dict[str, Any]:
    return tomllib.loads((folder / name).read_text(encoding="utf-8"))


def rows(folder: Path, heading: str, table: int = 0) -> list[list[str]]:
    """The rows of a table under a heading, the first one by default, without its head."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    section = text.split(f"\n## {heading}\n", 1)[-1].split("\n## ")[0] if f"\n## {heading}\n" in text else ""
    tables = [*section.strip().split("\n\n"), "", ""]
    lines = re.findall(r"^\|.*\|$", tables[table], re.MULTILINE)[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_article_stands_there_with_its_tag_and_source(folder: Path) -> None:
    said = [(number, text, tag, source) for number, text, tag, source, *_ in rows(folder, "Rules")]
    articles = data(folder, "agreement.toml")["article"]
    assert said == [(one["number"], one["text"], one["confidence"], one["source"]) for one in articles]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_case_that_is_named_is_there(folder: Path) -> None:
    named = {case for *_, cases in rows(folder, "Rules") for case in cases.split(", ") if case}
    assert named <= {case["id"] for case in data(folder, "cases.toml")["case"]}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_level_stands_there_with_what_it_becomes(folder: Path) -> None:
    """A mark without another reading is read as it is written; what is not covered stands there too."""
    agreement = data(folder, "agreement.toml")
    assert rows(folder, "Levels") == [
        [
            one["party"],
            one["mark"],
            one["romanised"] or one["mark"],
            one.get("english", "-"),
            "yes" if one["covered"] else "**no**",
            one["confidence"],
            one["source"],
        ]
        for one in agreement.get("level", [])
    ]
    assert rows(folder, "Levels", 1) == [
        [one["from"], one["mark"], one["to"], " or ".join(one["gives"])] for one in agreement.get("equivalence", [])
    ]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_act_of_the_record_stands_there_with_its_tag(folder: Path) -> None:
    said = [(name, by, tag, source) for name, by, _, tag, source, *_ in rows(folder, "Acts in the record")]
    acts = data(folder, "acts.toml")["act"]
    assert said == [(one["id"].partition("/")[2], one["by"], one["confidence"], one["source"]) for one in acts]
