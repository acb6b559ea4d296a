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
        [{"act": ORDER, "by": "JPN", "why": "too\x1bmany", "sent_again": False}],
        [
            f"{ORDER} was refused by JPN: too\\x1bmany",
            "  nothing is marked or receipted by it",
            f"  send it again: gsomia act send {ORDER} --to JPN",
        ],
    ),
    "its end refused": (
        [{"act": END, "by": "JPN", "why": "no such order", "sent_again": False}],
        [
            f"the end of {ORDER} was refused by JPN: no such order",
            f"  send it again: gsomia act send {END} --to JPN",
        ],
    ),
    "sent again": (
        [{"act": END, "by": "JPN", "why": "no such order", "sent_again": True}],
        [
            f"the end of {ORDER} was refused by JPN: no such order",
            "  sent again, and not answered yet",
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
