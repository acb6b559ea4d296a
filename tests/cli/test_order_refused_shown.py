"""`gsomia order list` tells what of an order the giver refused, and how to send it again."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from gsomia.cli.order import order_command

ORDER, END = "3f1c2b9a-0d5e-4c1f-8a77-5b6c7d8e9f01", "3f1c2b9a-0d5e-4c1f-8a77-5b6c7d8e9f02"
TOLD: dict[str, Any] = {
    "order": ORDER,
    "party": "KOR",
    "giver": "JPN",
    "instrument": "jpn-kor-2016",
    "marks": {"極秘": "군사II급비밀"},
    "subjects": [],
    "at": "2018-01-10T03:00:00.000000Z",
    "until": "2018-02-10T03:00:00.000000Z",
    "ended": None,
}
SHOWN = {
    "taken": ([], []),
    "refused": (
        [{"act": ORDER, "by": "JPN", "why": "too\x1bmany"}],
        [
            f"{ORDER} refused by JPN: too\\x1bmany; nothing is marked or receipted by it",
            f"  send it again: gsomia act send {ORDER} --to JPN",
        ],
    ),
    "its end refused": (
        [{"act": END, "by": "JPN", "why": "no such order"}],
        [
            f"{ORDER} refused by JPN: no such order; its end",
            f"  send it again: gsomia act send {END} --to JPN",
        ],
    ),
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_the_giver_refused_is_told_with_the_command(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    refused, lines = SHOWN[name]
    monkeypatch.setattr("gsomia.cli.order.asked", lambda *_: {"orders": [TOLD | {"refused": refused}]})
    done = CliRunner().invoke(order_command, ["list"])
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[2:] == lines
