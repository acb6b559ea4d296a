"""The changelog: each release has its sections once and in their order, and each entry once."""

from __future__ import annotations

import re
from pathlib import Path

CHANGELOG = Path(__file__).resolve().parents[2] / "CHANGELOG.md"
ORDER = ("Security", "Law", "Removed", "Deprecated", "Added", "Changed", "Fixed")


def test_each_release_has_its_sections_once_in_their_order() -> None:
    for release in CHANGELOG.read_text(encoding="utf-8").split("\n## ")[1:]:
        sections = re.findall(r"^### (.+)$", release, re.MULTILINE)
        assert sections == [name for name in ORDER if name in sections]


def test_no_entry_stands_twice_and_each_section_is_one_list() -> None:
    text = CHANGELOG.read_text(encoding="utf-8")
    sections = re.split(r"^### .+\n\n", text, flags=re.MULTILINE)[1:]
    entries = [entry for section in sections for entry in re.split(r"^- ", section.strip(), flags=re.MULTILINE)[1:]]
    assert [section[:60] for section in sections if "\n\n- " in section] == []
    begins = [" ".join(entry.split())[:60] for entry in entries]
    assert sorted(begins) == sorted({*begins})
