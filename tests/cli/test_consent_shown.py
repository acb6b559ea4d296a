"""`gsomia consent show` tells copies of the item from documents that draw on it, at what level those are."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from gsomia.cli.consent import consent_command

ITEM, DOCUMENT = "3f1c2b9a-0d5e-4c1f-8a77-5b6c7d8e9f01", "3f1c2b9a-0d5e-4c1f-8a77-5b6c7d8e9f02"


def row(item: str, state: str) -> dict[str, Any]:
    return {"copy": f"{item}-KOR-1", "item": item, "from": "KOR", "to": "USA", "state": state, "level": "군사II급비밀"}


def spoken(name: str, item: str, part: str) -> dict[str, Any]:
    at = "2018-01-10T03:00:00Z"
    return {
        "disclosure": name,
        "item": item,
        "part": part,
        "from": "KOR",
        "to": "USA",
        "level": "군사II급비밀",
        "at": at,
    }


def test_a_document_that_draws_on_the_item_is_shown_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"request": "q", "item": ITEM, "passed": [row(ITEM, "delivered"), row(DOCUMENT, "refused")]}
    told |= {"disclosed": [spoken("d1", ITEM, "paragraph 2"), spoken("d2", DOCUMENT, "")]}
    monkeypatch.setattr("gsomia.cli.consent.asked", lambda *_: {"consents": [told | {"not_told_yet": []}]})
    done = CliRunner().invoke(consent_command, ["show", "q"])
    assert done.exit_code == 0, done.output
    assert [line for line in done.output.splitlines() if line.startswith("passed")] == [
        f"passed      {ITEM}-KOR-1 KOR to USA: delivered",
        f"passed      {DOCUMENT}-KOR-1 KOR to USA: refused, a document that draws on it, 군사II급비밀",
    ]
    assert [line for line in done.output.splitlines() if line.startswith("disclosed ")] == [
        "disclosed   d1 KOR to USA, 2018-01-10T03:00:00Z, paragraph 2",
        "disclosed   d2 KOR to USA, 2018-01-10T03:00:00Z, of a document that draws on it, 군사II급비밀",
    ]
