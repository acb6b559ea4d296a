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


def rows(folder: Path, heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, without its head."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    section = text.split(f"\n## {heading}\n", 1)[-1].split("\n## ")[0] if f"\n## {heading}\n" in text else ""
    lines = re.findall(r"^\|.*\|$", section.strip().split("\n\n")[0], re.MULTILINE)[2:]
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
def test_each_act_of_the_record_stands_there_with_its_tag(folder: Path) -> None:
    said = [(name, by, tag, source) for name, by, _, tag, source, *_ in rows(folder, "Acts in the record")]
    acts = data(folder, "acts.toml")["act"]
    assert said == [(one["id"].partition("/")[2], one["by"], one["confidence"], one["source"]) for one in acts]
