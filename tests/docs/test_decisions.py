"""The decisions: each has a number of its own, a head of one form, and a row in their list."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "adr"
DECISIONS = [page for page in sorted(FOLDER.glob("0*.md")) if not page.name.startswith("0000-")]


def test_each_number_is_given_once() -> None:
    numbers = [page.name[:4] for page in DECISIONS]
    assert len(numbers) == len({*numbers})


def test_each_head_says_number_question_day_and_status() -> None:
    malformed = []
    for page in DECISIONS:
        title, empty, status, *_ = page.read_text(encoding="utf-8").split("\n")
        if not (
            title.startswith(f"# {page.name[:4]}: ")
            and empty == ""
            and re.match(r"20\d\d-\d\d-\d\d, (proposed|accepted|replaced by \[\d{4}\])", status)
        ):
            malformed.append(page.name)
    assert malformed == []


def test_the_list_has_each_decision_once_under_its_title() -> None:
    rows = re.findall(
        r"^\| \[(\d{4})\]\(([^)]+)\) \| (.+) \|$", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE
    )
    titles = [page.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# ") for page in DECISIONS]
    assert [(name, f"{number}: {title}") for number, name, title in rows] == [
        (page.name, title) for page, title in zip(DECISIONS, titles, strict=True)
    ]
