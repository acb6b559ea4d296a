"""A node does not start under a passphrase that everybody tries first."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import Run


@pytest.mark.parametrize("word", ["changeme", "Password123", "gsomia", "secret!"])
def test_start_refuses_a_word_that_everybody_tries(
    run: Run, node: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    given = tmp_path / "passphrase"
    given.write_text(word)
    monkeypatch.setenv("GSOMIA_PASSPHRASE_FILE", str(given))
    status, out, err = run("node", "run", node)
    assert status == 1 and "everybody tries first" in err and "answers at" not in out
