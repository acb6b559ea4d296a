"""What `--help` lists comes from the data that the command takes."""

from __future__ import annotations

import re

import pytest
from command import Run

from gsomia.agreement import RECORD_ACTS
from gsomia.node import CERTIFIED, HANDLING, TOLD, TOLD_CERTIFIED


@pytest.mark.parametrize(
    ("words", "known"),
    {
        "act record": ("act record", (*HANDLING, *TOLD, *CERTIFIED, *TOLD_CERTIFIED)),
        "act enter": ("act enter", RECORD_ACTS),
    }.values(),
)
def test_every_word_that_is_taken_is_listed(run: Run, words: str, known: tuple[str, ...]) -> None:
    status, out, _ = run(*words.split(), "--help")
    listed = {word.strip("`(),.:") for word in re.sub(r"-\n +", "-", out).split()}
    assert status == 0 and {*known} <= listed, {*known} - listed
